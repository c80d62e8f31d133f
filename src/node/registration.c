#include "node/registration.h"

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "kube/reflector.h"
#include "node/json_text.h"

#define INTERVAL_MS 10000
#define REPORT_MS 300000
#define CALL_TIMEOUT_MS 10000

struct registration {
    struct registration_options options;
    char *node_name;
    char *path; /* of the Node */
    char *status_path;
    char *uid;    /* "" while it isn't known */
    json_t *node; /* as last written or read; NULL: never */
    struct rest_call *call;
    struct reflector *watch; /* of this one Node */
    struct backoff backoff;
    int64_t written_mono_ns;
    bool has_written;
    bool has_failed;                   /* logged */
    const char *news[NODE_CONDITIONS]; /* conditions of a Node being made: events when it is there */
    size_t news_count;
    uv_timer_t *timer;
};

static void read_node(struct registration *r);

static void on_tick(uv_timer_t *timer);

static void tick_after(struct registration *r, int64_t ms)
{
    uv_timer_start(r->timer, on_tick, (uint64_t)ms, 0);
}

static void fail(struct registration *r, const struct error *err)
{
    if (!r->has_failed)
        log_error(r->uid[0] == '\0' ? "Unable to register node with API server" : "Unable to update node status",
                  LOG_CSTR("node", r->node_name), LOG_ERR(err));
    r->has_failed = true;
    tick_after(r, backoff_next(&r->backoff, random_fraction()) / NS_PER_MS);
}

static void tell_events(struct registration *r, const char *const *reasons, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        auto_buf struct buf message = {0};
        buf_printf(&message, "Node %s status is now: %s", r->node_name, reasons[i]);
        r->options.on_event(r->options.arg, false, reasons[i], buf_str(&message));
    }
}

/* Takes what the API server answered as the Node. Tells when it is another than before. */
static bool take_node(struct registration *r, struct str body)
{
    json_t *node = json_loadb(body.ptr, body.len, 0, NULL);
    struct str uid = json_member_text(json_object_get(node, "metadata"), "uid");

    if (uid.len == 0) {
        json_decref(node);
        return false;
    }
    json_decref(r->node);
    r->node = node;
    if (str_eq_cstr(uid, r->uid))
        return true;
    free(r->uid);
    r->uid = str_dup(uid);
    log_info("Successfully registered node", LOG_CSTR("node", r->node_name));
    r->options.on_known(r->options.arg, str_of(r->uid));
    return true;
}

static void on_status_written(void *owner, const struct rest_result *result)
{
    struct registration *r = owner;

    r->call = NULL;
    if (!result->ok || !take_node(r, result->body)) {
        if (result->status == 409 || result->status == 404) {
            read_node(r); /* someone was faster */
            return;
        }
        fail(r, result->err);
        return;
    }
    if (r->has_failed)
        log_info("The node's status is written again", LOG_CSTR("node", r->node_name));
    r->has_failed = false;
    r->has_written = true;
    r->written_mono_ns = clock_mono_ns();
    backoff_reset(&r->backoff);
    tick_after(r, r->options.interval_ms);
}

/* Writes the status into the Node just read. */
static void write_status(struct registration *r)
{
    const char *reasons[NODE_CONDITIONS];
    struct node_facts facts;
    auto_free char *body = NULL;
    auto_buf struct buf message = {0};
    bool is_other_boot;
    size_t count;

    r->options.gather(r->options.arg, &facts);
    node_object_set_status(r->node, &facts, clock_unix_ns(), reasons, &count, &is_other_boot);
    tell_events(r, reasons, count);
    if (is_other_boot) {
        buf_printf(&message, "Node %s has been rebooted, boot id: %.*s", r->node_name, STR_ARG(facts.machine->boot_id));
        r->options.on_event(r->options.arg, true, "Rebooted", buf_str(&message));
    }
    body = json_dumps(r->node, JSON_COMPACT);
    struct rest_request put = {.method = STR("PUT"),
                               .path = str_of(r->status_path),
                               .body = str_of(body),
                               .timeout_ms = CALL_TIMEOUT_MS,
                               .max_attempts = 1,
                               .owner = r,
                               .on_done = on_status_written};
    r->call = rest_start(r->options.client, &put);
}

/* The Node is there now, with our labels: the status is a write of its own. */
static void on_made(void *owner, const struct rest_result *result)
{
    struct registration *r = owner;

    r->call = NULL;
    if (result->ok && take_node(r, result->body)) {
        tell_events(r, r->news, r->news_count);
        r->news_count = 0;
        write_status(r);
    } else if (result->status == 409 || result->status == 404) {
        read_node(r);
    } else {
        fail(r, result->err);
    }
}

static void write_node(struct registration *r, json_t *node, bool is_new)
{
    auto_free char *body = json_dumps(node, JSON_COMPACT);
    struct rest_request write = {.method = is_new ? STR("POST") : STR("PUT"),
                                 .path = is_new ? STR("/api/v1/nodes") : str_of(r->path),
                                 .body = str_of(body),
                                 .timeout_ms = CALL_TIMEOUT_MS,
                                 .max_attempts = 1,
                                 .owner = r,
                                 .on_done = on_made};

    r->call = rest_start(r->options.client, &write);
}

static void create_node(struct registration *r)
{
    struct node_facts facts;
    json_t *node;

    log_info("Attempting to register node", LOG_CSTR("node", r->node_name));
    r->options.gather(r->options.arg, &facts);
    node = node_object_new(&facts, clock_unix_ns(), r->news, &r->news_count);
    write_node(r, node, true);
    json_decref(node);
}

static void on_read(void *owner, const struct rest_result *result)
{
    struct registration *r = owner;
    struct node_facts facts;

    r->call = NULL;
    if (result->status == 404) {
        create_node(r);
        return;
    }
    if (!result->ok || !take_node(r, result->body)) {
        fail(r, result->err);
        return;
    }
    r->options.gather(r->options.arg, &facts);
    if (node_object_set_labels(r->node, &facts))
        write_node(r, r->node, false);
    else
        write_status(r);
}

static void read_node(struct registration *r)
{
    struct rest_request get = {
        .path = str_of(r->path), .timeout_ms = CALL_TIMEOUT_MS, .max_attempts = 1, .owner = r, .on_done = on_read};

    r->call = rest_start(r->options.client, &get);
}

/* Whether the Node as we know it differs from the facts in more than heartbeats. */
static bool has_news(struct registration *r)
{
    const char *reasons[NODE_CONDITIONS];
    json_t *copy = json_deep_copy(r->node);
    struct node_facts facts;
    size_t count;
    bool changed;

    r->options.gather(r->options.arg, &facts);
    changed = node_object_set_status(copy, &facts, clock_unix_ns(), reasons, &count, NULL);
    json_decref(copy);
    return changed;
}

static void on_tick(uv_timer_t *timer)
{
    struct registration *r = timer->data;
    int64_t age_ms = (clock_mono_ns() - r->written_mono_ns) / NS_PER_MS;

    if (r->call != NULL)
        return;
    if (r->has_failed || !r->has_written || age_ms >= r->options.report_ms || has_news(r))
        read_node(r);
    else
        tick_after(r, r->options.interval_ms);
}

static void on_node_gone(void *owner, const struct reflector_object *object)
{
    struct registration *r = owner;

    (void)object;
    if (!r->has_written)
        return;
    log_warning("The node was deleted from the API server; registering again", LOG_CSTR("node", r->node_name));
    r->has_written = false;
    if (r->call == NULL)
        tick_after(r, 0);
}

struct registration *registration_new(const struct registration_options *options)
{
    struct registration *r = mem_zalloc(sizeof(*r));
    struct rest_path path = {.version = STR("v1"), .resource = STR("nodes"), .name = options->node_name};
    auto_buf struct buf selector = {0};
    struct buf text = {0};

    r->options = *options;
    r->options.interval_ms = options->interval_ms > 0 ? options->interval_ms : INTERVAL_MS;
    r->options.report_ms = options->report_ms > 0 ? options->report_ms : REPORT_MS;
    r->node_name = str_dup(options->node_name);
    r->uid = mem_strdup("");
    rest_path_add(&text, &path);
    r->path = buf_take(&text);
    path.subresource = STR("status");
    rest_path_add(&text, &path);
    r->status_path = buf_take(&text);
    r->backoff = (struct backoff){.min_ns = 100 * NS_PER_MS, .max_ns = 7 * NS_PER_S, .factor = 2, .jitter = 0.2};
    r->timer = mem_zalloc(sizeof(*r->timer));
    uv_timer_init(options->loop, r->timer);
    r->timer->data = r;
    buf_printf(&selector, "metadata.name=%s", r->node_name);
    r->watch = reflector_new(options->loop, options->client,
                             &(struct reflector_options){.path = STR("/api/v1/nodes"),
                                                         .field_selector = buf_str(&selector),
                                                         .events = {.on_gone = on_node_gone},
                                                         .owner = r});
    read_node(r);
    return r;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

void registration_free(struct registration *r)
{
    if (r == NULL)
        return;
    reflector_free(r->watch);
    if (r->call != NULL)
        rest_cancel(r->call);
    uv_close((uv_handle_t *)r->timer, on_timer_closed);
    json_decref(r->node);
    free(r->node_name);
    free(r->path);
    free(r->status_path);
    free(r->uid);
    free(r);
}

bool registration_is_known(const struct registration *r)
{
    return r->uid[0] != '\0';
}
