#include "serve/metrics_object.h"

#include "base/alloc.h"
#include "kube/time.h"

void metrics_object_write_metadata(struct json_writer *w, const struct metrics_object *m)
{
    json_open_object(w);
    json_member_str(w, STR("name"), m->object->name);
    json_member_nonempty(w, STR("namespace"), m->object->namespace);
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
    json_open_object(w);
    if (!is_item) {
        json_member_cstr(w, STR("kind"), m->pod != NULL ? "PodMetrics" : "NodeMetrics");
        json_member_cstr(w, STR("apiVersion"), METRICS_API_VERSION);
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
    auto_buf struct buf api_version = {0};

    buf_printf(&api_version, "meta.k8s.io/%s", version);
    json_open_object(w);
    json_member_cstr(w, STR("kind"), "PartialObjectMetadata");
    json_member_str(w, STR("apiVersion"), buf_str(&api_version));
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
