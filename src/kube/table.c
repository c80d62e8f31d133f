#include "kube/table.h"

void list_meta_write(struct json_writer *w, const struct list_meta *m)
{
    json_open_object(w);
    if (m != NULL) {
        json_member_nonempty(w, STR("resourceVersion"), m->resource_version);
        json_member_nonempty(w, STR("continue"), m->continue_token);
        if (m->remaining_items > 0)
            json_member_i64(w, STR("remainingItemCount"), m->remaining_items);
    }
    json_close_object(w);
}

bool table_include_parse(struct str text, enum table_include *out)
{
    if (text.len == 0 || str_eq(text, STR("Metadata")))
        *out = TABLE_INCLUDE_METADATA;
    else if (str_eq(text, STR("None")))
        *out = TABLE_INCLUDE_NONE;
    else if (str_eq(text, STR("Object")))
        *out = TABLE_INCLUDE_OBJECT;
    else
        return false;
    return true;
}

/* "meta.k8s.io/v1" as a value. */
static void write_version(struct json_writer *w, const char *version)
{
    json_write_key(w, STR("apiVersion"));
    json_write_raw(w, STR("\"meta.k8s.io/"));
    buf_add_cstr(w->to, version);
    buf_add_char(w->to, '"');
}

static void open_document(struct json_writer *w, const char *version, const struct list_meta *meta)
{
    json_open_object(w);
    json_member_str(w, STR("kind"), STR("Table"));
    write_version(w, version);
    json_write_key(w, STR("metadata"));
    list_meta_write(w, meta);
    json_write_key(w, STR("columnDefinitions"));
}

void table_open(struct json_writer *w, const char *version, const struct list_meta *meta,
                const struct table_column *columns, size_t count)
{
    open_document(w, version, meta);
    json_open_array(w);
    for (size_t i = 0; i < count; i++) {
        json_open_object(w);
        json_member_cstr(w, STR("name"), columns[i].name);
        json_member_cstr(w, STR("type"), columns[i].type);
        json_member_cstr(w, STR("format"), columns[i].format);
        json_member_cstr(w, STR("description"), columns[i].description);
        json_member_i64(w, STR("priority"), columns[i].priority);
        json_close_object(w);
    }
    json_close_array(w);
    json_write_key(w, STR("rows"));
    json_open_array(w);
}

void table_close(struct json_writer *w)
{
    json_close_array(w);
    json_close_object(w);
}

void table_write_null(struct json_writer *w, const char *version, const struct list_meta *meta)
{
    open_document(w, version, meta);
    json_write_null(w);
    json_member_raw(w, STR("rows"), STR("null"));
    json_close_object(w);
}

void table_open_row(struct json_writer *w)
{
    json_open_object(w);
    json_write_key(w, STR("cells"));
    json_open_array(w);
}

void table_close_row_conditions(struct json_writer *w, const char *version, enum table_include include,
                                struct str conditions, struct str metadata, struct str object)
{
    json_close_array(w);
    if (conditions.len > 0)
        json_member_raw(w, STR("conditions"), conditions);
    json_write_key(w, STR("object"));
    switch (include) {
    case TABLE_INCLUDE_METADATA:
        json_open_object(w);
        json_member_str(w, STR("kind"), STR("PartialObjectMetadata"));
        write_version(w, version);
        json_member_raw(w, STR("metadata"), metadata);
        json_close_object(w);
        break;
    case TABLE_INCLUDE_NONE:
        json_write_null(w);
        break;
    case TABLE_INCLUDE_OBJECT:
        json_write_raw(w, object);
        break;
    }
    json_close_object(w);
}

void table_close_row(struct json_writer *w, const char *version, enum table_include include, struct str metadata,
                     struct str object)
{
    table_close_row_conditions(w, version, include, STR(""), metadata, object);
}
