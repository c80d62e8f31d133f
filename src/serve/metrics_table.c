#include "serve/metrics_table.h"

void metrics_table_open(struct metrics_table *t, struct json_writer *w, struct str resource_version)
{
    static const struct table_column columns[] = {
        {.name = "Name", .type = "string", .format = "name", .description = "Name of the resource"},
        {.name = "cpu", .type = "string", .format = "quantity", .description = ""},
        {.name = "memory", .type = "string", .format = "quantity", .description = ""},
        {.name = "Window", .type = "string", .format = "duration", .description = ""},
    };
    static const struct table_column bare[] = {
        {.name = "Name", .type = "string", .format = "name", .description = "Name of the resource"},
        {.name = "Window", .type = "string", .format = "duration", .description = ""},
    };
    const struct list_meta meta = {.resource_version = resource_version};

    size_t count = t->leaves_columns_out ? 0 : t->is_bare ? 2 : 4;

    table_open(w, t->version, &meta, t->is_bare ? bare : columns, count);
}

void metrics_table_add(struct metrics_table *t, struct json_writer *w, const struct metrics_object *m)
{
    buf_clear(&t->metadata);
    buf_clear(&t->object);
    if (t->include == TABLE_INCLUDE_METADATA) {
        struct json_writer own = json_writer_to(&t->metadata);
        metrics_object_write_metadata(&own, m);
    } else if (t->include == TABLE_INCLUDE_OBJECT) {
        struct json_writer own = json_writer_to(&t->object);
        metrics_object_write(&own, m, false);
    }
    table_open_row(w);
    metrics_object_write_cells(w, m, t->is_bare);
    table_close_row(w, t->version, t->include, buf_str(&t->metadata), buf_str(&t->object));
}

void metrics_table_close(struct json_writer *w)
{
    table_close(w);
}

void metrics_table_free(struct metrics_table *t)
{
    buf_free(&t->metadata);
    buf_free(&t->object);
}
