#include "cli/bring_up.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/cluster_plan.h"
#include "cli/metrics_addon.h"
#include "kube/rest_client.h"

#define ASK_AGAIN_MS 50
#define ASK_TIMEOUT_MS 5000
#define MAX_PEM_BYTES ((size_t)1 << 20)

struct bring_up;

/* A step holds when IS_DONE says so of the answer to GET PATH. ADDON is the one that writes instead. */
struct step {
    const char *name;
    const char *log; /* whose log to look at when it fails */
    struct str path;
    bool (*is_done)(const struct rest_result *result, struct error *why);
};
#define STEPS 5
#define ADDON_STEP 1

struct bring_up {
    uv_loop_t loop;
    struct arena arena;
    struct fetch_pool *pool;
    struct rest_client *client;
    struct rest_call *call; /* NULL: none under way */
    uv_timer_t timer;       /* when to ask again */
    uv_timer_t deadline;
    uv_signal_t on_int;
    uv_signal_t on_term;
    struct step steps[STEPS];
    size_t at;
    struct addon_object addon[METRICS_ADDON_OBJECTS];
    size_t addon_at;
    const char *folder;
    pid_t supervisor;
    FILE *out;
    int64_t begun_ns;
    struct error last;   /* why the current step doesn't hold yet */
    struct error failed; /* why it was given up */
    bool is_over;
};

static void ask(struct bring_up *b);

static bool is_ok(const struct rest_result *result, struct error *why)
{
    return result->ok || error_set(why, result->status, "%s", error_text(result->err));
}

/* Whether status.conditions of the object has TYPE with status True; WHY gets the condition's message otherwise. */
static bool has_condition(const struct rest_result *result, const char *type, struct error *why)
{
    if (!is_ok(result, why))
        return false;
    json_error_t where;
    json_t *root = json_loadb(result->body.ptr, result->body.len, 0, &where);
    json_t *conditions = json_object_get(json_object_get(root, "status"), "conditions");
    bool holds = false;
    size_t i;
    json_t *condition;
    error_set(why, 0, "no condition %s", type);
    json_array_foreach (conditions, i, condition) {
        const char *name = json_string_value(json_object_get(condition, "type"));
        const char *status = json_string_value(json_object_get(condition, "status"));
        const char *message = json_string_value(json_object_get(condition, "message"));
        if (name == NULL || status == NULL || !str_eq_cstr(str_of(name), type))
            continue;
        holds = str_eq_cstr(STR("True"), status);
        if (!holds)
            error_set(why, 0, "%s", message != NULL ? message : "not ready");
    }
    json_decref(root);
    return holds;
}

static bool is_ready(const struct rest_result *result, struct error *why)
{
    return has_condition(result, "Ready", why);
}

static bool is_available(const struct rest_result *result, struct error *why)
{
    return has_condition(result, "Available", why);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void finish(struct bring_up *b)
{
    if (b->is_over)
        return;
    b->is_over = true;
    if (b->call != NULL)
        rest_cancel(b->call);
    b->call = NULL;
    rest_client_free(b->client);
    fetch_pool_free(b->pool);
    close_handle((uv_handle_t *)&b->timer);
    close_handle((uv_handle_t *)&b->deadline);
    close_handle((uv_handle_t *)&b->on_int);
    close_handle((uv_handle_t *)&b->on_term);
}

static void on_timer(uv_timer_t *timer)
{
    struct bring_up *b = timer->data;
    if (kill(b->supervisor, 0) != 0) {
        error_set(&b->failed, 0, "the supervisor ended: see %s/run/supervise.log", b->folder);
        finish(b);
        return;
    }
    ask(b);
}

static void ask_later(struct bring_up *b)
{
    uv_timer_start(&b->timer, on_timer, ASK_AGAIN_MS, 0);
}

/* From here on metrics-server may start (cli/cluster_plan.h). */
static void mark_objects(struct bring_up *b)
{
    auto_free char *mark = cluster_folder_file(b->folder, CLUSTER_OBJECTS_MARK);
    if (!file_write_atomically(mark, STR(""), 0644, &b->failed))
        finish(b);
}

static void next_step(struct bring_up *b)
{
    if (b->at == ADDON_STEP)
        mark_objects(b);
    if (b->is_over)
        return;
    double seconds = (double)(clock_mono_ns() - b->begun_ns) / (double)NS_PER_S;
    fprintf(b->out, "  %-24s %6.2f s\n", b->steps[b->at].name, seconds);
    fflush(b->out);
    error_clear(&b->last);
    if (++b->at == STEPS)
        finish(b);
    else
        ask(b);
}

static void on_answer(void *owner, const struct rest_result *result)
{
    struct bring_up *b = owner;
    b->call = NULL;
    if (b->steps[b->at].is_done(result, &b->last))
        next_step(b);
    else
        ask_later(b);
}

static void on_addon_patched(void *owner, const struct rest_result *result)
{
    struct bring_up *b = owner;
    b->call = NULL;
    if (!result->ok) {
        error_set(&b->last, 0, "%s", error_text(result->err));
        ask_later(b);
    } else if (++b->addon_at == METRICS_ADDON_OBJECTS) {
        next_step(b);
    } else {
        ask(b);
    }
}

static void on_addon_created(void *owner, const struct rest_result *result)
{
    struct bring_up *b = owner;
    if (result->status != 409) {
        on_addon_patched(owner, result);
        return;
    }
    const struct addon_object *o = &b->addon[b->addon_at];
    auto_buf struct buf path = {0};
    buf_printf(&path, "%.*s/%.*s", STR_ARG(o->collection), STR_ARG(o->name));
    b->call = rest_patch(b->client, buf_str(&path), REST_PATCH_MERGE, o->body, on_addon_patched, b);
}

static void ask(struct bring_up *b)
{
    if (b->at == ADDON_STEP) {
        const struct addon_object *o = &b->addon[b->addon_at];
        b->call = rest_create(b->client, o->collection, o->body, on_addon_created, b);
        return;
    }
    const struct rest_request request = {.path = b->steps[b->at].path,
                                         .timeout_ms = ASK_TIMEOUT_MS,
                                         .max_attempts = 1,
                                         .owner = b,
                                         .on_done = on_answer};
    b->call = rest_start(b->client, &request);
}

static void on_deadline(uv_timer_t *timer)
{
    struct bring_up *b = timer->data;
    const struct step *step = &b->steps[b->at];
    error_set(&b->failed, ETIMEDOUT, "%s: not there in time: %s (see %s/run/%s.log)", step->name, error_text(&b->last),
              b->folder, step->log);
    finish(b);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct bring_up *b = handle->data;
    error_set(&b->failed, EINTR, "interrupted by signal %d", number);
    finish(b);
}

static void plan_steps(struct bring_up *b, const struct cluster_settings *s)
{
    const struct step steps[STEPS] = {
        {"API server", "apiserver", STR_INIT("/readyz"), is_ok},
        [ADDON_STEP] = {"metrics-server's objects", "apiserver", {0}, NULL},
        {"node", "kubelet", arena_printf(&b->arena, "/api/v1/nodes/%s", s->node_name), is_ready},
        {"Metrics API", "metrics-server",
         STR_INIT("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"), is_available},
        /* of the youngest pod: then all have some */
        {"first figures", "metrics-server",
         arena_printf(&b->arena, "/apis/metrics.k8s.io/v1beta1/namespaces/kube-system/pods/metrics-server-%s",
                      s->node_name),
         is_ok},
    };
    for (size_t i = 0; i < STEPS; i++)
        b->steps[i] = steps[i];
}

static void start_timers(struct bring_up *b, int64_t deadline_ms)
{
    uv_timer_init(&b->loop, &b->timer);
    uv_timer_init(&b->loop, &b->deadline);
    uv_signal_init(&b->loop, &b->on_int);
    uv_signal_init(&b->loop, &b->on_term);
    b->timer.data = b->deadline.data = b->on_int.data = b->on_term.data = b;
    uv_timer_start(&b->deadline, on_deadline, (uint64_t)deadline_ms, 0);
    uv_signal_start(&b->on_int, on_signal, SIGINT);
    uv_signal_start(&b->on_term, on_signal, SIGTERM);
}

bool cluster_bring_up(const char *folder, const struct cluster_settings *s, pid_t supervisor, int64_t deadline_ms,
                      FILE *out, struct error *err)
{
    auto_free char *kubeconfig = cluster_folder_file(folder, "kubeconfig");
    auto_free char *ca_path = cluster_folder_file(folder, "pki/ca.crt");
    auto_buf struct buf ca = {0};
    struct client_config config = {0};
    if (!file_read(ca_path, MAX_PEM_BYTES, &ca, err) || !client_config_read(&config, kubeconfig, NULL, err))
        return false;
    struct bring_up b = {.folder = folder, .supervisor = supervisor, .out = out, .begun_ns = clock_mono_ns()};
    uv_loop_init(&b.loop);
    b.pool = fetch_pool_new(&b.loop);
    b.client = rest_client_new(b.pool, &config, NULL);
    client_config_free(&config);
    metrics_addon_objects(s, buf_str(&ca), &b.arena, b.addon);
    plan_steps(&b, s);
    start_timers(&b, deadline_ms);
    ask(&b);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    uv_loop_close(&b.loop);
    arena_free(&b.arena);
    error_clear(&b.last);
    bool is_whole = !error_is_set(&b.failed);
    error_move(err, &b.failed);
    return is_whole;
}
