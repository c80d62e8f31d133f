#include "node/pod_object.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "kube/pod_qos.h"
#include "node/json_text.h"

#define MIRROR_ANNOTATION "kubernetes.io/config.mirror"
#define ID_PREFIX "tacho://"
#define UNKNOWN_EXIT_CODE 137

static json_t *id_json(const struct container_incarnation *i)
{
    auto_buf struct buf text = {0};

    buf_printf(&text, ID_PREFIX "%s", i->id);
    return json_from_str(buf_str(&text));
}

static json_t *terminated_json(const struct container_incarnation *i)
{
    return json_pack("{s:{s:o, s:i, s:o, s:s, s:s, s:o}}", "terminated", "containerID", id_json(i), "exitCode",
                     UNKNOWN_EXIT_CODE, "finishedAt", json_from_time(i->ended_unix_ns), "message",
                     "the process is gone; whoever started it knows its exit status", "reason",
                     "ContainerStatusUnknown", "startedAt", json_from_time(i->started_unix_ns));
}

static json_t *state_json(const struct pod_container *c)
{
    auto_buf struct buf message = {0};

    switch (c->run.phase) {
    case RUN_RUNNING:
        return json_pack("{s:{s:o}}", "running", "startedAt", json_from_time(c->run.now.started_unix_ns));
    case RUN_ENDED:
        return terminated_json(&c->run.now);
    case RUN_WAITING:
        break;
    }
    if (c->spec->pid_file.len > 0)
        buf_printf(&message, "no process yet: %.*s", STR_ARG(c->spec->pid_file));
    else
        buf_printf(&message, "no such cgroup yet: %.*s", STR_ARG(c->spec->cgroup));
    return json_pack("{s:{s:o, s:s}}", "waiting", "message", json_from_str(buf_str(&message)), "reason",
                     "ContainerCreating");
}

static json_t *container_status(const struct pod_container *c)
{
    bool is_running = c->run.phase == RUN_RUNNING;
    json_t *status = json_pack(
        "{s:o, s:s, s:o, s:o, s:b, s:I, s:b, s:o}", "image", json_from_str(c->spec->image), "imageID", "", "lastState",
        c->run.has_last ? terminated_json(&c->run.last) : json_object(), "name", json_from_str(c->spec->name), "ready",
        is_running, "restartCount", (json_int_t)c->run.restart_count, "started", is_running, "state", state_json(c));

    if (c->run.phase != RUN_WAITING)
        json_object_set_new(status, "containerID", id_json(&c->run.now));
    return status;
}

/* By the containers' names, as kubelets list them. */
static json_t *container_statuses(const struct node_pod *pod)
{
    json_t *list = json_array();

    for (size_t i = 0; i < pod->spec->container_count; i++) {
        struct str name = pod->containers[i]->spec->name;
        size_t at = 0;
        while (at < json_array_size(list) && str_cmp(json_member_text(json_array_get(list, at), "name"), name) < 0)
            at++;
        json_array_insert_new(list, at, container_status(pod->containers[i]));
    }
    return list;
}

static json_t *condition(const char *type, int64_t since_unix_ns, const char *reason, struct str message)
{
    json_t *c = json_pack("{s:n, s:o, s:s, s:s}", "lastProbeTime", "lastTransitionTime", json_from_time(since_unix_ns),
                          "status", reason == NULL ? "True" : "False", "type", type);

    if (reason != NULL) {
        json_object_set_new(c, "message", json_from_str(message));
        json_object_set_new(c, "reason", json_string(reason));
    }
    return c;
}

/* "containers with unready status: [a b]", "" when all are ready. SINCE gets when that came to be. */
static void readiness(const struct node_pod *pod, struct buf *message, int64_t *since_unix_ns)
{
    *since_unix_ns = pod->first_seen_unix_ns;
    for (size_t i = 0; i < pod->spec->container_count; i++) {
        const struct container_run *r = &pod->containers[i]->run;
        int64_t at = r->phase == RUN_RUNNING ? r->now.started_unix_ns
                     : r->phase == RUN_ENDED ? r->now.ended_unix_ns
                                             : 0;
        if (at > *since_unix_ns)
            *since_unix_ns = at;
        if (r->phase == RUN_RUNNING)
            continue;
        buf_printf(message, "%s%.*s", message->len == 0 ? "containers with unready status: [" : " ",
                   STR_ARG(pod->containers[i]->spec->name));
    }
    if (message->len > 0)
        buf_add_char(message, ']');
}

static json_t *conditions(const struct node_pod *pod)
{
    auto_buf struct buf unready = {0};
    const char *reason;
    int64_t since;

    readiness(pod, &unready, &since);
    reason = unready.len > 0 ? "ContainersNotReady" : NULL;
    return json_pack("[o, o, o, o]", condition("Initialized", pod->first_seen_unix_ns, NULL, STR("")),
                     condition("Ready", since, reason, buf_str(&unready)),
                     condition("ContainersReady", since, reason, buf_str(&unready)),
                     condition("PodScheduled", pod->first_seen_unix_ns, NULL, STR("")));
}

static const char *phase(const struct node_pod *pod)
{
    for (size_t i = 0; i < pod->spec->container_count; i++)
        if (pod->containers[i]->run.phase == RUN_WAITING)
            return "Pending";
    return "Running";
}

json_t *pod_status_new(const struct node_pod *pod, struct str node_ip)
{
    return json_pack("{s:o, s:o, s:o, s:s, s:o, s:[{s:o}], s:s, s:o}", "conditions", conditions(pod),
                     "containerStatuses", container_statuses(pod), "hostIP", json_from_str(node_ip), "phase",
                     phase(pod), "podIP", json_from_str(node_ip), "podIPs", "ip", json_from_str(node_ip), "qosClass",
                     pod_qos_class(json_object_get(pod->spec->object, "spec")), "startTime",
                     json_from_time(pod->first_seen_unix_ns));
}

json_t *pod_object_new(const struct node_pod *pod, struct str node_ip)
{
    json_t *object = json_deep_copy(pod->spec->object);

    json_object_set_new(json_object_get(object, "metadata"), "creationTimestamp", json_null());
    json_object_set_new(object, "status", pod_status_new(pod, node_ip));
    return object;
}

json_t *pod_mirror_new(const struct node_pod *pod, struct str node_name, struct str node_uid)
{
    json_t *object = json_deep_copy(pod->spec->object);
    json_t *metadata = json_object_get(object, "metadata");

    json_object_del(metadata, "uid"); /* the API server gives it another */
    json_object_set_new(json_object_get(metadata, "annotations"), MIRROR_ANNOTATION, json_from_str(pod->spec->hash));
    json_object_set_new(metadata, "ownerReferences",
                        json_pack("[{s:s, s:b, s:s, s:o, s:o}]", "apiVersion", "v1", "controller", 1, "kind", "Node",
                                  "name", json_from_str(node_name), "uid", json_from_str(node_uid)));
    return object;
}

struct str pod_mirror_hash(const json_t *object)
{
    return json_member_text(json_object_get(json_object_get(object, "metadata"), "annotations"), MIRROR_ANNOTATION);
}

static bool read_id(const json_t *object, struct container_incarnation *out)
{
    struct str id = json_member_text(object, "containerID");

    if (!str_starts_with(id, STR(ID_PREFIX)))
        return false;
    id = str_skip(id, sizeof(ID_PREFIX) - 1);
    if (id.len != RUN_ID_SIZE - 1)
        return false;
    snprintf(out->id, sizeof(out->id), "%.*s", STR_ARG(id));
    return true;
}

/* Reads state or lastState. The id of a running one is beside it, in STATUS. */
static bool read_incarnation(const json_t *status, const char *member, struct container_incarnation *out)
{
    const json_t *state = json_object_get(status, member);
    const json_t *terminated = json_object_get(state, "terminated"), *running = json_object_get(state, "running");

    *out = (struct container_incarnation){0};
    if (json_is_object(running) && read_id(status, out)) {
        out->started_unix_ns = json_member_unix_ns(running, "startedAt", 0);
        return true;
    }
    if (!json_is_object(terminated) || !read_id(terminated, out))
        return false;
    out->started_unix_ns = json_member_unix_ns(terminated, "startedAt", 0);
    out->ended_unix_ns = json_member_unix_ns(terminated, "finishedAt", 0);
    return true;
}

static void resume_container(struct pod_container *c, const json_t *status, int64_t now_unix_ns)
{
    struct container_incarnation before, last;
    json_int_t restarts = json_integer_value(json_object_get(status, "restartCount"));

    if (!read_incarnation(status, "state", &before))
        return;
    container_run_resume(&c->run, &before, read_incarnation(status, "lastState", &last) ? &last : NULL,
                         restarts > 0 ? restarts : 0, now_unix_ns);
}

void pod_resume(struct node_pod *pod, const json_t *mirror, int64_t now_unix_ns)
{
    const json_t *status = json_object_get(mirror, "status"), *container;
    size_t at;

    pod->first_seen_unix_ns = json_member_unix_ns(status, "startTime", pod->first_seen_unix_ns);
    json_array_foreach (json_object_get(status, "containerStatuses"), at, container) {
        for (size_t i = 0; i < pod->spec->container_count; i++)
            if (str_eq(pod->containers[i]->spec->name, json_member_text(container, "name")))
                resume_container(pod->containers[i], container, now_unix_ns);
    }
}
