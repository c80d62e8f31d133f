#include "base/alloc.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/pod_rules.h"
#include "kube/human_duration.h"
#include "kube/time.h"

/* What the columns Ready, Status and Restarts show, gathered in one walk over the container statuses. */
struct pod_summary {
    struct buf reason;
    size_t total, ready;
    int64_t restarts;
    int64_t last_restart_ns; /* KUBE_TIME_ZERO: none known */
};

static bool condition_is_true(const json_t *object, const char *type)
{
    size_t i;
    json_t *condition;
    json_array_foreach (json_at(object, "status.conditions"), i, condition) {
        if (str_eq_cstr(json_text_at(condition, "type"), type))
            return str_eq(json_text_at(condition, "status"), STR("True"));
    }
    return false;
}

static void set_reason(struct buf *reason, const char *prefix, struct str text)
{
    buf_clear(reason);
    buf_add_cstr(reason, prefix);
    buf_add_str(reason, text);
}

/* "Error", or "Signal:9", "ExitCode:1" when the runtime gave no reason. */
static void set_exit(struct buf *reason, const char *prefix, const json_t *terminated)
{
    struct str text = json_text_at(terminated, "reason");
    int64_t signal = json_integer_at(terminated, "signal", 0);
    set_reason(reason, prefix, text);
    if (text.len == 0 && signal != 0)
        buf_printf(reason, "Signal:%d", (int)signal);
    else if (text.len == 0)
        buf_printf(reason, "ExitCode:%d", (int)json_integer_at(terminated, "exitCode", 0));
}

static void count_restarts(struct pod_summary *s, const json_t *status)
{
    int64_t finished = KUBE_TIME_ZERO;
    s->restarts += json_integer_at(status, "restartCount", 0);
    if (kube_time_parse(json_text_at(status, "lastState.terminated.finishedAt"), &finished) &&
        finished > s->last_restart_ns)
        s->last_restart_ns = finished;
}

static bool is_sidecar(const json_t *object, struct str name)
{
    size_t i;
    json_t *container;
    json_array_foreach (json_at(object, "spec.initContainers"), i, container) {
        if (str_eq(json_text_at(container, "name"), name))
            return str_eq(json_text_at(container, "restartPolicy"), STR("Always"));
    }
    return false;
}

/* Walks the init containers; true while the pod hasn't got past them. Sidecars count as containers. */
static bool summarise_init(const json_t *object, struct pod_summary *s, struct pod_summary *sidecars)
{
    size_t total = json_array_size(json_at(object, "spec.initContainers")), i;
    json_t *status;
    json_array_foreach (json_at(object, "status.initContainerStatuses"), i, status) {
        const json_t *terminated = json_at(status, "state.terminated"), *waiting = json_at(status, "state.waiting");
        bool is_side = is_sidecar(object, json_text_at(status, "name"));
        count_restarts(s, status);
        if (is_side) {
            count_restarts(sidecars, status);
            sidecars->ready += json_true_at(status, "ready");
        }
        if (terminated != NULL && json_integer_at(terminated, "exitCode", 0) == 0)
            continue;
        if (is_side && json_true_at(status, "started"))
            continue;
        struct str reason = json_text_at(waiting, "reason");
        if (terminated != NULL) {
            set_exit(&s->reason, "Init:", terminated);
        } else if (reason.len > 0 && !str_eq(reason, STR("PodInitializing"))) {
            set_reason(&s->reason, "Init:", reason);
        } else {
            buf_clear(&s->reason);
            buf_printf(&s->reason, "Init:%zu/%zu", i, total);
        }
        return true;
    }
    return false;
}

static void summarise_containers(const json_t *object, struct pod_summary *s)
{
    const json_t *statuses = json_at(object, "status.containerStatuses");
    bool has_running = false;
    for (size_t i = json_array_size(statuses); i-- > 0;) {
        const json_t *status = json_array_get(statuses, i);
        const json_t *terminated = json_at(status, "state.terminated");
        struct str waiting = json_text_at(status, "state.waiting.reason");
        count_restarts(s, status);
        if (waiting.len > 0) {
            set_reason(&s->reason, "", waiting);
        } else if (terminated != NULL) {
            set_exit(&s->reason, "", terminated);
        } else if (json_true_at(status, "ready") && json_at(status, "state.running") != NULL) {
            has_running = true;
            s->ready++;
        }
    }
    if (has_running && str_eq(buf_str(&s->reason), STR("Completed")))
        set_reason(&s->reason, "", condition_is_true(object, "Ready") ? STR("Running") : STR("NotReady"));
}

static struct pod_summary summarise(const json_t *object)
{
    struct pod_summary s = {.last_restart_ns = KUBE_TIME_ZERO};
    struct pod_summary sidecars = {.last_restart_ns = KUBE_TIME_ZERO};
    struct str phase = json_text_at(object, "status.phase"), reason = json_text_at(object, "status.reason");
    set_reason(&s.reason, "", reason.len > 0 ? reason : phase);
    s.total = json_array_size(json_at(object, "spec.containers"));
    size_t i;
    json_t *container;
    json_array_foreach (json_at(object, "spec.initContainers"), i, container)
        s.total += str_eq(json_text_at(container, "restartPolicy"), STR("Always"));
    bool is_initializing = summarise_init(object, &s, &sidecars);
    s.ready += sidecars.ready;
    if (!is_initializing || condition_is_true(object, "Initialized")) {
        s.restarts = sidecars.restarts;
        s.last_restart_ns = sidecars.last_restart_ns;
        summarise_containers(object, &s);
    }
    bool is_over = str_eq(phase, STR("Succeeded")) || str_eq(phase, STR("Failed"));
    if (json_at(object, "metadata.deletionTimestamp") != NULL) {
        if (str_eq(reason, STR("NodeLost")))
            set_reason(&s.reason, "", STR("Unknown"));
        else if (!is_over)
            set_reason(&s.reason, "", STR("Terminating"));
    }
    return s;
}

static void cell_ready(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    struct pod_summary s = summarise(object);
    buf_printf(cell, "%zu/%zu", s.ready, s.total);
    buf_free(&s.reason);
}

static void cell_status(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    struct pod_summary s = summarise(object);
    buf_add_str(cell, buf_str(&s.reason));
    buf_free(&s.reason);
}

static void cell_restarts(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    struct pod_summary s = summarise(object);
    buf_add_i64(cell, s.restarts);
    if (s.restarts != 0 && s.last_restart_ns != KUBE_TIME_ZERO) {
        buf_add_cstr(cell, " (");
        human_age_print(cell, now_unix_ns, s.last_restart_ns);
        buf_add_cstr(cell, " ago)");
    }
    buf_free(&s.reason);
}

static void cell_ip(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    const json_t *first = json_array_get(json_at(object, "status.podIPs"), 0);
    if (first != NULL)
        cell_text(first, "ip", "<none>", cell);
    else
        cell_text(object, "status.podIP", "<none>", cell);
}

static void cell_node(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "spec.nodeName", "<none>", cell);
}

static void cell_nominated(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "status.nominatedNodeName", "<none>", cell);
}

static void cell_gates(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    const json_t *gates = json_at(object, "spec.readinessGates");
    size_t passed = 0, i;
    json_t *gate;
    json_array_foreach (gates, i, gate) {
        auto_buf struct buf type = {0};
        buf_add_str(&type, json_text_at(gate, "conditionType"));
        passed += condition_is_true(object, buf_cstr(&type));
    }
    if (json_array_size(gates) == 0)
        buf_add_cstr(cell, "<none>");
    else
        buf_printf(cell, "%zu/%zu", passed, json_array_size(gates));
}

const struct resource_column pod_columns[] = {
    COLUMN_NAME,
    COLUMN("Ready", "string", 0, cell_ready, "Containers that are ready, of all."),
    COLUMN("Status", "string", 0, cell_status, "What the pod is doing, or why it isn't."),
    COLUMN("Restarts", "string", 0, cell_restarts, "How often its containers were restarted, and when last."),
    COLUMN_AGE,
    COLUMN("IP", "string", 1, cell_ip, "Its address."),
    COLUMN("Node", "string", 1, cell_node, "Where it runs."),
    COLUMN("Nominated Node", "string", 1, cell_nominated, "Where room is being made for it."),
    COLUMN("Readiness Gates", "string", 1, cell_gates, "Further conditions for being ready that hold, of all."),
    COLUMNS_END,
};
