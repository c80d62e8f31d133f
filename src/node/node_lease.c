#include "node/node_lease.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "node/json_text.h"

#define NAMESPACE "kube-node-lease"
#define CALL_TIMEOUT_MS 10000

struct node_lease {
    struct rest_client *client;
    char *node_name;
    char *node_uid; /* "" while unknown */
    char *path;     /* of the lease */
    char *collection;
    json_t *lease;  /* as the API server has it; NULL: not known */
    bool is_absent; /* the API server said so: to be created */
    struct rest_call *call;
    struct backoff backoff;
    int64_t interval_ms;
    uv_timer_t *timer; /* the next step; closes on its own */
    bool has_failed;   /* logged */
};

static void take_step(struct node_lease *l);

static void on_timer(uv_timer_t *timer)
{
    take_step(timer->data);
}

struct node_lease *node_lease_new(uv_loop_t *loop, struct rest_client *client, struct str node_name,
                                  int64_t interval_ms)
{
    struct node_lease *l = mem_zalloc(sizeof(*l));
    struct rest_path path = {
        .group = STR("coordination.k8s.io"), .version = STR("v1"), .ns = STR(NAMESPACE), .resource = STR("leases")};
    struct buf text = {0};

    l->client = client;
    l->node_name = str_dup(node_name);
    l->node_uid = mem_strdup("");
    rest_path_add(&text, &path);
    l->collection = buf_take(&text);
    path.name = node_name;
    rest_path_add(&text, &path);
    l->path = buf_take(&text);
    l->interval_ms = interval_ms > 0 ? interval_ms : NODE_LEASE_INTERVAL_MS;
    l->backoff = (struct backoff){.min_ns = 200 * NS_PER_MS, .max_ns = 7 * NS_PER_S, .factor = 2, .jitter = 0.2};
    l->timer = mem_zalloc(sizeof(*l->timer));
    uv_timer_init(loop, l->timer);
    l->timer->data = l;
    take_step(l);
    return l;
}

void node_lease_set_owner(struct node_lease *l, struct str node_uid)
{
    if (str_eq_cstr(node_uid, l->node_uid))
        return;
    free(l->node_uid);
    l->node_uid = str_dup(node_uid);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

void node_lease_free(struct node_lease *l)
{
    if (l == NULL)
        return;
    if (l->call != NULL)
        rest_cancel(l->call);
    uv_close((uv_handle_t *)l->timer, on_timer_closed);
    json_decref(l->lease);
    free(l->node_name);
    free(l->node_uid);
    free(l->path);
    free(l->collection);
    free(l);
}

static void step_after(struct node_lease *l, int64_t ms)
{
    uv_timer_start(l->timer, on_timer, (uint64_t)ms, 0);
}

/* Keeps what the API server answered. False when that is no object. */
static bool take_answer(struct node_lease *l, struct str body)
{
    json_t *lease = json_loadb(body.ptr, body.len, 0, NULL);

    if (!json_is_object(lease)) {
        json_decref(lease);
        return false;
    }
    json_decref(l->lease);
    l->lease = lease;
    return true;
}

static void fail(struct node_lease *l, const struct error *err)
{
    if (!l->has_failed)
        log_error("Failed to renew the node's lease; trying again", LOG_CSTR("lease", NAMESPACE "/"),
                  LOG_CSTR("node", l->node_name), LOG_ERR(err));
    l->has_failed = true;
    step_after(l, backoff_next(&l->backoff, random_fraction()) / NS_PER_MS);
}

static void succeed(struct node_lease *l)
{
    if (l->has_failed)
        log_info("The node's lease is renewed again", LOG_CSTR("node", l->node_name));
    l->has_failed = false;
    backoff_reset(&l->backoff);
    step_after(l, l->interval_ms);
}

static void on_read(void *owner, const struct rest_result *result)
{
    struct node_lease *l = owner;

    l->call = NULL;
    if (result->status == 404) {
        l->is_absent = true;
        take_step(l);
    } else if (result->ok && take_answer(l, result->body)) {
        take_step(l);
    } else {
        fail(l, result->err);
    }
}

static void on_written(void *owner, const struct rest_result *result)
{
    struct node_lease *l = owner;
    bool was_absent = l->is_absent;

    l->call = NULL;
    l->is_absent = false;
    if (result->ok && take_answer(l, result->body)) {
        succeed(l);
        return;
    }
    json_decref(l->lease);
    l->lease = NULL; /* read it again */
    if (!was_absent && (result->status == 404 || result->status == 409))
        take_step(l);
    else
        fail(l, result->err);
}

static void set_spec(struct node_lease *l, json_t *lease)
{
    json_t *spec = json_member_object(lease, "spec");

    json_object_set_new(spec, "holderIdentity", json_string(l->node_name));
    json_object_set_new(spec, "leaseDurationSeconds", json_integer(NODE_LEASE_DURATION_S));
    json_object_set_new(spec, "renewTime", json_from_micro_time(clock_unix_ns()));
}

static void set_owner(struct node_lease *l, json_t *lease)
{
    if (l->node_uid[0] != '\0')
        json_object_set_new(json_member_object(lease, "metadata"), "ownerReferences",
                            json_pack("[{s:s, s:s, s:s, s:s}]", "apiVersion", "v1", "kind", "Node", "name",
                                      l->node_name, "uid", l->node_uid));
}

static void take_step(struct node_lease *l)
{
    auto_free char *body = NULL;
    json_t *lease;

    if (l->lease == NULL && !l->is_absent) {
        struct rest_request get = {
            .path = str_of(l->path), .timeout_ms = CALL_TIMEOUT_MS, .max_attempts = 1, .owner = l, .on_done = on_read};
        l->call = rest_start(l->client, &get);
        return;
    }
    lease = l->is_absent ? json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "coordination.k8s.io/v1", "kind",
                                     "Lease", "metadata", "name", l->node_name, "namespace", NAMESPACE)
                         : json_incref(l->lease);
    set_owner(l, lease);
    set_spec(l, lease);
    body = json_dumps(lease, JSON_COMPACT);
    json_decref(lease);
    struct rest_request write = {.method = l->is_absent ? STR("POST") : STR("PUT"),
                                 .path = str_of(l->is_absent ? l->collection : l->path),
                                 .body = str_of(body),
                                 .timeout_ms = CALL_TIMEOUT_MS,
                                 .max_attempts = 1,
                                 .owner = l,
                                 .on_done = on_written};
    l->call = rest_start(l->client, &write);
}
