#include "serve/metrics_object.h"

#include "kube/json_scan.h"
#include "kube/proto_writer.h"
#include "kube/time.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_S INT64_C(1000000000)

/* Seconds, cut, and never nanoseconds, as upstream; no time at all is an empty message. */
static void add_time(struct buf *to, unsigned field, int64_t unix_ns)
{
    size_t at = proto_open(to, field);
    int64_t unix_s = unix_ns / NS_PER_S - (unix_ns % NS_PER_S < 0 ? 1 : 0);

    if (unix_ns != KUBE_TIME_ZERO) {
        proto_add_i64(to, 1, unix_s);
        proto_add_i64(to, 2, 0);
    }
    proto_close(to, at);
}

/* An entry of a map<string, string> or, with the value wrapped in a message, <string, Quantity>. */
static void add_label(struct buf *to, unsigned field, struct str key, struct str value)
{
    size_t at = proto_open(to, field);

    proto_add_str(to, 1, key);
    proto_add_str(to, 2, value);
    proto_close(to, at);
}

static void add_quantity(struct buf *to, unsigned field, struct str key, struct quantity q)
{
    char text[QUANTITY_MAX];
    size_t length = quantity_format(text, q);
    size_t entry = proto_open(to, field);

    proto_add_str(to, 1, key);
    size_t value = proto_open(to, 2);
    proto_add_str(to, 1, str_from(text, length));
    proto_close(to, value);
    proto_close(to, entry);
}

static void add_usage(struct buf *to, unsigned field, uint64_t cpu_nanocores, uint64_t memory_bytes)
{
    add_quantity(to, field, STR("cpu"), quantity_from_nanocores(cpu_nanocores));
    add_quantity(to, field, STR("memory"), quantity_from_bytes(memory_bytes));
}

/* The catalog wrote LABELS itself, sorted by key: a fault in them can't be. */
static void add_labels(struct buf *to, unsigned field, struct str labels)
{
    struct arena arena = {0}; /* only labels with escapes touch it */
    struct json_scan s = json_scan_of(labels, &arena);
    struct str key, value;

    if (labels.len == 0)
        return;
    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key))
        if (json_scan_str(&s, &value))
            add_label(to, field, key, value);
    arena_free(&arena);
}

static void add_metadata(struct buf *to, unsigned field, const struct metrics_object *m)
{
    static const struct str none = {0};
    char version[24] = "";
    size_t at = proto_open(to, field);

    if (m->resource_version != 0)
        snprintf(version, sizeof(version), "%" PRIu64, m->resource_version);
    proto_add_str(to, 1, m->object->name);
    proto_add_str(to, 2, none); /* generateName */
    proto_add_str(to, 3, m->object->namespace);
    proto_add_str(to, 4, none); /* selfLink */
    proto_add_str(to, 5, none); /* uid */
    proto_add_str(to, 6, str_of(version));
    proto_add_i64(to, 7, 0); /* generation */
    add_time(to, 8, m->now_ns);
    add_labels(to, 11, m->object->labels_json);
    proto_close(to, at);
}

static void add_window(struct buf *to, unsigned field, int64_t window_ns)
{
    size_t at = proto_open(to, field);

    proto_add_i64(to, 1, window_ns);
    proto_close(to, at);
}

static void add_container(struct buf *to, unsigned field, const struct container_usage *c)
{
    size_t at = proto_open(to, field);

    proto_add_str(to, 1, c->name);
    add_usage(to, 2, c->cpu_nanocores, c->memory_bytes);
    proto_close(to, at);
}

void metrics_object_add_protobuf(struct buf *to, const struct metrics_object *m)
{
    int64_t time_ns = m->pod != NULL ? m->pod->time_ns : m->node.time_ns;

    add_metadata(to, 1, m);
    add_time(to, 2, time_ns != 0 ? time_ns : KUBE_TIME_ZERO);
    add_window(to, 3, m->pod != NULL ? m->pod->window_ns : m->node.window_ns);
    if (m->pod == NULL)
        add_usage(to, 4, m->node.cpu_nanocores, m->node.memory_bytes);
    for (size_t i = 0; m->pod != NULL && i < m->pod->count; i++)
        add_container(to, 4, &m->pod->containers[i]);
}

void metrics_object_add_partial_protobuf(struct buf *to, const struct metrics_object *m)
{
    add_metadata(to, 1, m);
}
