/*
 * meta.k8s.io/v1 Tables, written as a stream: what `kubectl get` asks servers for. Usage:
 *
 *     table_open(&w, "v1", &list_meta, columns, count);
 *     for each object:
 *         table_open_row(&w);
 *         json_write_...(&w, ...) once per column
 *         table_close_row(&w, "v1", include, raw metadata, raw object);
 *     table_close(&w);
 *
 * A table without objects differs by server: the Metrics API writes null for columns and rows
 * (table_write_null), the core API its columns and an empty array. Source: Kubernetes docs, "Receiving resources as
 * Tables".
 */
#ifndef KUBE_TABLE_H
#define KUBE_TABLE_H

#include "kube/json_writer.h"

struct table_column {
    const char *name;
    const char *type;        /* string, integer, number, boolean, date */
    const char *format;      /* "", name, quantity, duration, ... */
    const char *description; /* may be "" */
    int32_t priority;        /* 0: shown without -o wide */
};

/* metadata of lists and tables; absent parts are left out. */
struct list_meta {
    struct str resource_version;
    struct str continue_token;
    int64_t remaining_items; /* 0: unknown or none */
};

void list_meta_write(struct json_writer *w, const struct list_meta *m);

/* The includeObject parameter. */
enum table_include {
    TABLE_INCLUDE_METADATA, /* the default: a PartialObjectMetadata */
    TABLE_INCLUDE_NONE,     /* null */
    TABLE_INCLUDE_OBJECT,   /* the whole object */
};

/* "" and "Metadata", "None", "Object". False for anything else. */
bool table_include_parse(struct str text, enum table_include *out);

/* VERSION: "v1" or "v1beta1" of meta.k8s.io. META may be NULL. */
void table_open(struct json_writer *w, const char *version, const struct list_meta *meta,
                const struct table_column *columns, size_t count);
void table_close(struct json_writer *w);

/* A table with "columnDefinitions":null,"rows":null. */
void table_write_null(struct json_writer *w, const char *version, const struct list_meta *meta);

void table_open_row(struct json_writer *w);

/* Closes the cells and writes the row's object: METADATA and OBJECT are raw JSON; only what INCLUDE asks for is looked
 * at. */
void table_close_row(struct json_writer *w, const char *version, enum table_include include, struct str metadata,
                     struct str object);

/* The same with conditions between ([{"type":"Completed",...}], raw JSON; "" for none): finished pods have one. */
void table_close_row_conditions(struct json_writer *w, const char *version, enum table_include include,
                                struct str conditions, struct str metadata, struct str object);

#endif
