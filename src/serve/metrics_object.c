#include "serve/metrics_object.h"

#include "kube/proto_writer.h"
#include "kube/time.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    API_VERSION_MAX = 32,
};

static struct str format_api_version(char out[API_VERSION_MAX], const char *group, const char *version)
{
    snprintf(out, API_VERSION_MAX, "%s/%s", group, version);
    return str_of(out);
}

const char *metrics_object_kind(bool is_pod)
{
    return is_pod ? "PodMetrics" : "NodeMetrics";
}

void metrics_object_write_metadata(struct json_writer *w, const struct metrics_object *m)
{
    char version[24];

    json_open_object(w);
    json_member_str(w, STR("name"), m->object->name);
    json_member_nonempty(w, STR("namespace"), m->object->namespace);
    if (m->resource_version != 0) {
        snprintf(version, sizeof(version), "%" PRIu64, m->resource_version);
        json_member_cstr(w, STR("resourceVersion"), version);
    }
    json_member_time(w, STR("creationTimestamp"), m->now_ns);
    if (m->object->labels_json.len > 0)
        json_member_raw(w, STR("labels"), m->object->labels_json);
    json_close_object(w);
}

static void write_usage(struct json_writer *w, uint64_t cpu_nanocores, uint64_t memory_bytes)
{
    json_write_key(w, STR("usage"));
    json_open_object(w);
    json_member_quantity(w, STR("cpu"), quantity_from_nanocores(cpu_nanocores));
    json_member_quantity(w, STR("memory"), quantity_from_bytes(memory_bytes));
    json_close_object(w);
}

static void write_containers(struct json_writer *w, const struct pod_usage *pod)
{
    json_write_key(w, STR("containers"));
    json_open_array(w);
    for (size_t i = 0; i < pod->count; i++) {
        json_open_object(w);
        json_member_str(w, STR("name"), pod->containers[i].name);
        write_usage(w, pod->containers[i].cpu_nanocores, pod->containers[i].memory_bytes);
        json_close_object(w);
    }
    json_close_array(w);
}

static int64_t window_ns(const struct metrics_object *m)
{
    return m->pod != NULL ? m->pod->window_ns : m->node.window_ns;
}

static int64_t timestamp_ns(const struct metrics_object *m)
{
    int64_t time_ns = m->pod != NULL ? m->pod->time_ns : m->node.time_ns;

    return time_ns != 0 ? time_ns : KUBE_TIME_ZERO;
}

void metrics_object_write(struct json_writer *w, const struct metrics_object *m, bool is_item)
{
    char api_version[API_VERSION_MAX];

    json_open_object(w);
    if (!is_item) {
        json_member_cstr(w, STR("kind"), metrics_object_kind(m->pod != NULL));
        json_member_str(w, STR("apiVersion"), format_api_version(api_version, "metrics.k8s.io", m->version));
    }
    json_write_key(w, STR("metadata"));
    metrics_object_write_metadata(w, m);
    json_member_time(w, STR("timestamp"), timestamp_ns(m));
    json_write_key(w, STR("window"));
    json_write_duration(w, window_ns(m));
    if (m->pod != NULL)
        write_containers(w, m->pod);
    else
        write_usage(w, m->node.cpu_nanocores, m->node.memory_bytes);
    json_close_object(w);
}

void metrics_object_write_partial(struct json_writer *w, const struct metrics_object *m, const char *version)
{
    char api_version[API_VERSION_MAX];

    json_open_object(w);
    json_member_cstr(w, STR("kind"), "PartialObjectMetadata");
    json_member_str(w, STR("apiVersion"), format_api_version(api_version, "meta.k8s.io", version));
    json_write_key(w, STR("metadata"));
    metrics_object_write_metadata(w, m);
    json_close_object(w);
}

bool metrics_object_has_usage(const struct metrics_object *m)
{
    return m->pod == NULL || m->pod->count > 0;
}

void metrics_object_write_cells(struct json_writer *w, const struct metrics_object *m, bool is_bare)
{
    struct quantity cpu = quantity_from_nanocores(m->pod == NULL ? m->node.cpu_nanocores : 0);
    struct quantity memory = quantity_from_bytes(m->pod == NULL ? m->node.memory_bytes : 0);

    for (size_t i = 0; m->pod != NULL && i < m->pod->count; i++) {
        quantity_add(&cpu, quantity_from_nanocores(m->pod->containers[i].cpu_nanocores));
        quantity_add(&memory, quantity_from_bytes(m->pod->containers[i].memory_bytes));
    }
    json_write_str(w, m->object->name);
    if (!is_bare) {
        json_write_quantity(w, cpu);
        json_write_quantity(w, memory);
    }
    json_write_duration(w, window_ns(m));
}

static void print_protobuf(struct buf *to, const struct metrics_object *m, const char *partial_version)
{
    const char *group = partial_version != NULL ? "meta.k8s.io" : "metrics.k8s.io";
    const char *kind = partial_version != NULL ? "PartialObjectMetadata" : metrics_object_kind(m->pod != NULL);
    char api_version[API_VERSION_MAX];
    size_t at = proto_open_object(
        to, format_api_version(api_version, group, partial_version != NULL ? partial_version : m->version),
        str_of(kind));

    if (partial_version != NULL)
        metrics_object_add_partial_protobuf(to, m);
    else
        metrics_object_add_protobuf(to, m);
    proto_close_object(to, at);
}

void metrics_object_print(struct buf *to, const struct metrics_object *m, const struct accept_choice *choice)
{
    bool is_partial = choice->as == ACCEPT_AS_PARTIAL || choice->as == ACCEPT_AS_PARTIAL_LIST;
    struct json_writer w = json_writer_to(to);

    if (choice->media == ACCEPT_PROTOBUF)
        print_protobuf(to, m, is_partial ? choice->as_version : NULL);
    else if (is_partial)
        metrics_object_write_partial(&w, m, choice->as_version);
    else
        metrics_object_write(&w, m, false);
}
