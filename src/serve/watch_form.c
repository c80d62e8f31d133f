#include "serve/watch_form.h"

#include "base/alloc.h"
#include "kube/proto_writer.h"
#include "serve/metrics_table.h"

#include <inttypes.h>

#define INITIAL_END "k8s.io/initial-events-end"

struct str watch_form_content_type(const struct accept_choice *choice)
{
    switch (choice->media) {
    case ACCEPT_JSON:
        return STR("application/json");
    case ACCEPT_PROTOBUF:
        return STR("application/vnd.kubernetes.protobuf;stream=watch");
    case ACCEPT_YAML:
        break;
    }
    return STR("");
}

static void print_table(struct buf *to, const struct watch_form *f, const struct metrics_object *m, uint64_t version,
                        bool has_columns)
{
    auto_buf struct buf text = {0};
    struct json_writer w = json_writer_to(to);
    struct metrics_table t = {
        .version = f->choice.as_version, .include = f->include, .leaves_columns_out = !has_columns};

    buf_add_u64(&text, version);
    metrics_table_open(&t, &w, buf_str(&text));
    if (m != NULL)
        metrics_table_add(&t, &w, m);
    metrics_table_close(&w);
    metrics_table_free(&t);
}

void watch_form_print_object(struct buf *to, const struct watch_form *f, const struct metrics_object *m,
                             bool has_columns)
{
    struct metrics_object object = *m;

    object.version = f->version;
    if (f->choice.as == ACCEPT_AS_TABLE)
        print_table(to, f, &object, m->resource_version, has_columns);
    else
        metrics_object_print(to, &object, &f->choice);
}

static void print_protobuf_event(struct buf *to, const char *type, struct str object)
{
    size_t start = to->len;

    buf_add(to, "\0\0\0", 4);
    proto_add_str(to, 1, str_of(type));
    size_t extension = proto_open(to, 2);
    proto_add_str(to, 1, object);
    proto_close(to, extension);
    size_t length = to->len - start - 4;
    for (unsigned i = 0; i < 4; i++)
        to->ptr[start + i] = (char)(length >> (24 - 8 * i) & 0xff);
}

void watch_form_print_event(struct buf *to, const struct watch_form *f, const char *type, struct str object)
{
    if (f->choice.media == ACCEPT_PROTOBUF) {
        print_protobuf_event(to, type, object);
        return;
    }
    buf_add_cstr(to, "{\"type\":\"");
    buf_add_cstr(to, type);
    buf_add_cstr(to, "\",\"object\":");
    buf_add_str(to, object);
    buf_add_cstr(to, "}\n");
}

/* --- bookmarks --- */

static struct str bookmark_kind(const struct watch_form *f)
{
    return str_of(f->choice.as == ACCEPT_AS_PARTIAL ? "PartialObjectMetadata" : metrics_object_kind(f->is_pods));
}

static void print_api_version(struct buf *to, const struct watch_form *f)
{
    bool is_partial = f->choice.as == ACCEPT_AS_PARTIAL;

    buf_printf(to, "%s/%s", is_partial ? "meta.k8s.io" : "metrics.k8s.io",
               is_partial ? f->choice.as_version : f->version);
}

static void print_json_bookmark(struct buf *to, const struct watch_form *f, uint64_t version, bool is_initial_end)
{
    buf_printf(to, "{\"kind\":\"%.*s\",\"apiVersion\":\"", STR_ARG(bookmark_kind(f)));
    print_api_version(to, f);
    buf_printf(to, "\",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"%s}", version,
               is_initial_end ? ",\"annotations\":{\"" INITIAL_END "\":\"true\"}" : "");
    if (f->choice.as != ACCEPT_AS_PARTIAL)
        buf_printf(to, ",\"timestamp\":null,\"window\":\"0s\",\"%s\":null", f->is_pods ? "containers" : "usage");
    buf_add_char(to, '}');
}

static void print_protobuf_bookmark(struct buf *to, const struct watch_form *f, uint64_t version, bool is_initial_end)
{
    auto_buf struct buf text = {0}, api_version = {0};
    size_t at, metadata;

    print_api_version(&api_version, f);
    buf_add_u64(&text, version);
    at = proto_open_object(to, buf_str(&api_version), bookmark_kind(f));
    metadata = proto_open(to, 1);
    proto_add_str(to, 6, buf_str(&text));
    if (is_initial_end) {
        size_t annotation = proto_open(to, 12);
        proto_add_str(to, 1, STR(INITIAL_END));
        proto_add_str(to, 2, STR("true"));
        proto_close(to, annotation);
    }
    proto_close(to, metadata);
    if (f->choice.as != ACCEPT_AS_PARTIAL) { /* no time, no window */
        proto_close(to, proto_open(to, 2));
        proto_close(to, proto_open(to, 3));
    }
    proto_close_object(to, at);
}

/* A Table can say that the initial events have ended only by a row of nothing but metadata. */
static void print_table_bookmark(struct buf *to, const struct watch_form *f, uint64_t version, bool is_initial_end)
{
    struct watch_form partial = *f;
    auto_buf struct buf object = {0}, text = {0};
    struct json_writer w = json_writer_to(to);
    struct list_meta meta = {.resource_version = STR("")};

    if (!is_initial_end) {
        print_table(to, f, NULL, version, false);
        return;
    }
    partial.choice.as = ACCEPT_AS_PARTIAL;
    print_json_bookmark(&object, &partial, version, true);
    buf_add_u64(&text, version);
    meta.resource_version = buf_str(&text);
    table_open(&w, f->choice.as_version, &meta, NULL, 0);
    table_open_row(&w);
    json_write_cstr(&w, "");
    json_write_quantity(&w, quantity_from_nanocores(0));
    json_write_quantity(&w, quantity_from_bytes(0));
    json_write_duration(&w, 0);
    table_close_row(&w, f->choice.as_version,
                    f->include == TABLE_INCLUDE_NONE ? TABLE_INCLUDE_NONE : TABLE_INCLUDE_OBJECT, STR(""),
                    buf_str(&object));
    table_close(&w);
}

void watch_form_print_bookmark(struct buf *to, const struct watch_form *f, uint64_t version, bool is_initial_end)
{
    auto_buf struct buf object = {0};

    if (f->choice.as == ACCEPT_AS_TABLE)
        print_table_bookmark(&object, f, version, is_initial_end);
    else if (f->choice.media == ACCEPT_PROTOBUF)
        print_protobuf_bookmark(&object, f, version, is_initial_end);
    else
        print_json_bookmark(&object, f, version, is_initial_end);
    watch_form_print_event(to, f, "BOOKMARK", buf_str(&object));
}

void watch_form_print_error(struct buf *to, const struct watch_form *f, const struct status *s)
{
    auto_buf struct buf object = {0};

    if (f->choice.media == ACCEPT_PROTOBUF)
        status_print_protobuf(&object, s);
    else
        status_print(&object, s);
    watch_form_print_event(to, f, "ERROR", buf_str(&object));
}
