/*
 * How schema tables are written. ONE, LIST and MAP are of a plain type, OBJECT, OBJECTS and OBJECT_MAP of another
 * table; what follows the type is REQUIRED and how patches treat it. Only for the schema_*.c files.
 */
#ifndef CLUSTER_SCHEMA_MACROS_H
#define CLUSTER_SCHEMA_MACROS_H

#define SCHEMA_FIELD(field, field_type, field_shape, number, ...)                                                 \
    {                                                                                                             \
        .name = (field), .type = SCHEMA_##field_type, .shape = SCHEMA_##field_shape, .tag = (number), __VA_ARGS__ \
    }
#define ONE(field, field_type, number, ...) SCHEMA_FIELD(field, field_type, ONE, number, __VA_ARGS__)
#define LIST(field, field_type, number, ...) SCHEMA_FIELD(field, field_type, LIST, number, __VA_ARGS__)
#define MAP(field, field_type, number, ...) SCHEMA_FIELD(field, field_type, MAP, number, __VA_ARGS__)
#define OBJECT(field, table, number, ...) SCHEMA_FIELD(field, OBJECT, ONE, number, .of = &schema_##table, __VA_ARGS__)
#define OBJECTS(field, table, number, ...) SCHEMA_FIELD(field, OBJECT, LIST, number, .of = &schema_##table, __VA_ARGS__)
#define OBJECT_MAP(field, table, number, ...) \
    SCHEMA_FIELD(field, OBJECT, MAP, number, .of = &schema_##table, __VA_ARGS__)

#define REQUIRED .is_required = true
#define POINTER .is_pointer = true
#define INSIDE(number) .inside_tag = (number)
#define MERGE(key) .patch = SCHEMA_MERGE, .merge_key = (key)
#define MERGE_SET .patch = SCHEMA_MERGE
#define MERGE_RETAIN(key) .patch = SCHEMA_RETAIN_KEYS, .merge_key = (key)
#define RETAIN_KEYS .patch = SCHEMA_RETAIN_KEYS

#define END          \
    {                \
        .name = NULL \
    }

#endif
