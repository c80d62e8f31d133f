#include "cluster/present.h"

#include "base/alloc.h"
#include "cluster/json_path.h"
#include "kube/json_scan.h"

#include <inttypes.h>

#define MAX_COLUMNS 16

static struct str metadata_of(const struct object *o)
{
    static const struct str path[] = {STR_INIT("metadata")};
    return json_scan_path(o->json, path, 1);
}

static void write_row(struct json_writer *w, const struct present *p, const struct object *o)
{
    auto_dom json_t *dom = object_dom(o);
    auto_buf struct buf cell = {0};
    table_open_row(w);
    for (const struct resource_column *c = p->kind->columns; c->name != NULL; c++) {
        buf_clear(&cell);
        c->write(dom, p->now_unix_ns, &cell);
        if (strcmp(c->type, "integer") == 0)
            json_write_raw(w, buf_str(&cell));
        else
            json_write_str(w, buf_str(&cell));
    }
    bool needs_metadata = p->include == TABLE_INCLUDE_METADATA;
    table_close_row(w, p->choice.as_version, p->include, needs_metadata ? metadata_of(o) : STR(""), o->json);
}

static void write_table(struct buf *to, const struct present *p, struct object *const *items, size_t count,
                        const struct list_meta *meta)
{
    struct table_column columns[MAX_COLUMNS];
    size_t n = 0;
    for (const struct resource_column *c = p->kind->columns; c->name != NULL && n < MAX_COLUMNS; c++)
        columns[n++] = (struct table_column){c->name, c->type, c->format, c->description, c->priority};
    struct json_writer w = json_writer_to(to);
    table_open(&w, p->choice.as_version, meta, columns, p->leaves_columns_out ? 0 : n);
    for (size_t i = 0; i < count; i++)
        write_row(&w, p, items[i]);
    table_close(&w);
}

static void write_partial(struct json_writer *w, const struct present *p, const struct object *o)
{
    auto_buf struct buf version = {0};
    buf_printf(&version, "meta.k8s.io/%s", p->choice.as_version);
    json_open_object(w);
    json_member_cstr(w, STR("kind"), "PartialObjectMetadata");
    json_member_str(w, STR("apiVersion"), buf_str(&version));
    json_member_raw(w, STR("metadata"), metadata_of(o));
    json_close_object(w);
}

void present_object(struct buf *to, const struct present *p, const struct object *o)
{
    struct object *one = (struct object *)(uintptr_t)o;
    struct json_writer w = json_writer_to(to);
    if (p->choice.as == ACCEPT_AS_TABLE) {
        auto_buf struct buf version = {0};
        buf_printf(&version, "%" PRIu64, o->version);
        struct list_meta meta = {.resource_version = buf_str(&version)};
        write_table(to, p, &one, 1, &meta);
    } else if (p->choice.as == ACCEPT_AS_PARTIAL) {
        write_partial(&w, p, o);
    } else {
        buf_add_str(to, o->json);
    }
}

void present_list(struct buf *to, const struct present *p, struct object *const *items, size_t count,
                  const struct list_meta *meta)
{
    if (p->choice.as == ACCEPT_AS_TABLE) {
        write_table(to, p, items, count, meta);
        return;
    }
    bool is_partial = p->choice.as == ACCEPT_AS_PARTIAL_LIST;
    auto_buf struct buf version = {0};
    if (is_partial)
        buf_printf(&version, "meta.k8s.io/%s", p->choice.as_version);
    else
        resource_api_version(&version, p->kind);
    struct json_writer w = json_writer_to(to);
    json_open_object(&w);
    buf_printf(to, "\"kind\":\"%sList\",\"apiVersion\":\"%s\",\"metadata\":",
               is_partial ? "PartialObjectMetadata" : p->kind->kind, buf_cstr(&version));
    list_meta_write(&w, meta);
    w.needs_comma = true;
    json_write_key(&w, STR("items"));
    json_open_array(&w);
    for (size_t i = 0; i < count; i++) {
        if (is_partial)
            write_partial(&w, p, items[i]);
        else
            json_write_raw(&w, items[i]->json);
    }
    json_close_array(&w);
    json_close_object(&w);
}

void present_bookmark(struct buf *to, const struct present *p, uint64_t version, bool is_end_of_initial_events)
{
    auto_buf struct buf text = {0}, api_version = {0};
    buf_printf(&text, "%" PRIu64, version);
    if (p->choice.as == ACCEPT_AS_TABLE) {
        struct list_meta meta = {.resource_version = buf_str(&text)};
        write_table(to, p, NULL, 0, &meta);
        return;
    }
    bool is_partial = p->choice.as == ACCEPT_AS_PARTIAL;
    if (is_partial)
        buf_printf(&api_version, "meta.k8s.io/%s", p->choice.as_version);
    else
        resource_api_version(&api_version, p->kind);
    buf_printf(to,
               "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%s\","
               "\"creationTimestamp\":null%s}}",
               is_partial ? "PartialObjectMetadata" : p->kind->kind, buf_cstr(&api_version), buf_cstr(&text),
               is_end_of_initial_events ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");
}
