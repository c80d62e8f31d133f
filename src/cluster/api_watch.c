#include "cluster/api_call.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "cluster/json_path.h"

#include <inttypes.h>

/* Above this a watch waits for its client to read; the history keeps the events meanwhile, or the watch ends. */
#define QUEUED_MAX_BYTES ((size_t)256 * 1024)

#define BOOKMARK_INTERVAL_MS 60000
#define DEFAULT_TIMEOUT_MIN_S 1800

/*
 * A watch: STARTED → the initial objects, if asked for → live. Lives on the heap from the request until the request is
 * closed and the timers too. States of the client being slow are no states: on_writable goes on wherever it was.
 */
struct watch {
    struct api_call call;
    struct present present;
    struct selection selection;
    struct storage_watch *events; /* NULL: nothing more comes */
    struct object **initial;      /* one reference each; those before NEXT_INITIAL are given back */
    size_t initial_count, next_initial;
    bool is_dry; /* everything that happened has been sent */
    bool wants_bookmarks;
    bool owes_initial_end; /* the bookmark that says so hasn't been sent */
    uint64_t start_version;
    uint64_t last_version; /* the client knows of everything up to here */
    uv_timer_t bookmark_timer, end_timer;
    unsigned open_timers;
    bool has_ended;
};

static void write_line(struct watch *w, const char *type, struct buf *object)
{
    struct buf line = {0};
    buf_printf(&line, "{\"type\":\"%s\",\"object\":", type);
    buf_add_str(&line, buf_str(object));
    buf_add_cstr(&line, "}\n");
    api_write_buf(w->call.request, &line);
    buf_free(&line);
}

static void send_object(struct watch *w, const char *type, const struct object *o)
{
    auto_buf struct buf json = {0};
    present_object(&json, &w->present, o);
    write_line(w, type, &json);
    w->present.leaves_columns_out = true;
    w->last_version = o->version > w->last_version ? o->version : w->last_version;
}

static void send_bookmark(struct watch *w, uint64_t version, bool is_initial_end)
{
    auto_buf struct buf json = {0};
    present_bookmark(&json, &w->present, version, is_initial_end);
    write_line(w, "BOOKMARK", &json);
    w->present.leaves_columns_out = true;
    w->last_version = version;
}

/* What no longer matches looks deleted to the client: its last matching state, with the version of the change. */
static void send_vanished(struct watch *w, const struct storage_event *e)
{
    auto_dom json_t *dom = object_dom(e->previous);
    char version[24];
    snprintf(version, sizeof(version), "%" PRIu64, e->version);
    json_object_set_new(json_own_object(dom, "metadata"), "resourceVersion", json_string(version));
    struct object *o = object_new(dom, w->call.kind->field_paths, NULL);
    send_object(w, "DELETED", o);
    object_unref(o);
}

static void send_event(struct watch *w, const struct storage_event *e)
{
    bool was = e->previous != NULL && selection_has(&w->selection, e->previous);
    bool is = selection_has(&w->selection, e->object);
    w->last_version = e->version;
    if (e->type == STORAGE_DELETED) {
        if (was)
            send_object(w, "DELETED", e->object);
    } else if (is) {
        send_object(w, was ? "MODIFIED" : "ADDED", e->object);
    } else if (was) {
        send_vanished(w, e);
    }
}

static void end(struct watch *w)
{
    if (w->has_ended)
        return;
    w->has_ended = true;
    api_end(w->call.request);
}

static void send_gone(struct watch *w, const char *message)
{
    struct status s = status_expired(str_of(message));
    auto_buf struct buf json = {0};
    status_print(&json, &s);
    write_line(w, "ERROR", &json);
    end(w);
}

/* Sends as much as the client takes. W may be gone afterwards. */
static void pump(struct watch *w)
{
    while (!w->has_ended && http_exchange_queued_bytes(w->call.request->exchange) < QUEUED_MAX_BYTES) {
        if (w->next_initial < w->initial_count) {
            struct object *o = w->initial[w->next_initial++];
            send_object(w, "ADDED", o);
            object_unref(o);
            continue;
        }
        if (w->owes_initial_end) {
            w->owes_initial_end = false;
            send_bookmark(w, w->start_version, true);
            continue;
        }
        struct storage_event e;
        enum storage_watch_result result = storage_watch_next(w->events, &e);
        w->is_dry = result == STORAGE_WATCH_DRY;
        if (w->is_dry)
            return;
        if (result == STORAGE_WATCH_GONE) {
            send_gone(w, "too old resource version: the watch could not keep up");
            return;
        }
        send_event(w, &e);
    }
}

static void on_ready(void *ctx)
{
    struct watch *w = ctx;
    w->is_dry = false;
    pump(w);
}

static void on_writable(void *arg, struct api_request *r)
{
    (void)r;
    pump(arg);
}

static void on_bookmark_due(uv_timer_t *timer)
{
    struct watch *w = timer->data;
    uint64_t now = storage_version(registry_storage(w->call.api->options.registry));
    if (w->is_dry && now > w->last_version)
        send_bookmark(w, now, false);
}

static void on_time_is_up(uv_timer_t *timer)
{
    end(timer->data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    if (--w->open_timers == 0)
        free(w);
}

static void on_closed(void *arg, struct api_request *r)
{
    (void)r;
    struct watch *w = arg;
    w->has_ended = true;
    w->call.api->watches--;
    storage_watch_free(w->events);
    while (w->next_initial < w->initial_count)
        object_unref(w->initial[w->next_initial++]);
    free(w->initial);
    uv_close((uv_handle_t *)&w->bookmark_timer, on_timer_closed);
    uv_close((uv_handle_t *)&w->end_timer, on_timer_closed);
}

static void collect_initial(struct watch *w, struct storage_range range)
{
    w->initial = mem_alloc((range.count + 1) * sizeof(*w->initial));
    for (size_t i = 0; i < range.count; i++) {
        if (selection_has(&w->selection, range.items[i]))
            w->initial[w->initial_count++] = object_ref(range.items[i]);
    }
}

struct watch_options {
    uint64_t version;
    bool wants_initial; /* the objects that are there come first */
    bool wants_initial_end;
    bool wants_bookmarks;
    uint64_t timeout_s;
};

static bool read_options(const struct api_request *r, struct watch_options *out, struct failure *f)
{
    struct str version = query_get(&r->query, STR("resourceVersion"));
    struct str timeout = query_get(&r->query, STR("timeoutSeconds"));
    struct str match = query_get(&r->query, STR("resourceVersionMatch"));
    bool has_initial = query_has(&r->query, STR("sendInitialEvents"));
    *out = (struct watch_options){.wants_bookmarks = query_is_true(&r->query, STR("allowWatchBookmarks"))};
    if (version.len > 0 && !str_to_u64(version, &out->version))
        return failure_bad_request(f, "Invalid value: \"%.*s\": strconv.ParseUint: parsing \"%.*s\": invalid syntax",
                                   STR_ARG(version), STR_ARG(version));
    if (timeout.len > 0 && !str_to_u64(timeout, &out->timeout_s))
        return failure_bad_request(f, "timeoutSeconds: Invalid value: \"%.*s\"", STR_ARG(timeout));
    if (out->timeout_s == 0)
        out->timeout_s = DEFAULT_TIMEOUT_MIN_S + random_below(DEFAULT_TIMEOUT_MIN_S);
    if (has_initial && !str_eq(match, STR("NotOlderThan")))
        return failure_bad_request(f, "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: "
                                      "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    if (!has_initial && match.len > 0)
        return failure_bad_request(f,
                                   "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: "
                                   "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    bool is_asked = query_is_true(&r->query, STR("sendInitialEvents"));
    out->wants_initial = has_initial ? is_asked : out->version == 0;
    out->wants_initial_end = is_asked && out->wants_bookmarks;
    return true;
}

static void start_timers(struct watch *w, const struct watch_options *o)
{
    uv_loop_t *loop = w->call.api->options.loop;
    uv_timer_init(loop, &w->bookmark_timer);
    uv_timer_init(loop, &w->end_timer);
    w->bookmark_timer.data = w->end_timer.data = w;
    w->open_timers = 2;
    uv_timer_start(&w->end_timer, on_time_is_up, o->timeout_s * 1000, 0);
    if (w->wants_bookmarks)
        uv_timer_start(&w->bookmark_timer, on_bookmark_due, BOOKMARK_INTERVAL_MS, BOOKMARK_INTERVAL_MS);
}

static void start(struct watch *w, const struct watch_options *o)
{
    static const struct api_request_events events = {.on_writable = on_writable, .on_closed = on_closed};
    struct api_request *r = w->call.request;
    struct registry *registry = w->call.api->options.registry;
    struct storage_kind *k = registry_kind(registry, w->call.kind);
    auto_error struct error err = {0};
    w->start_version = storage_version(registry_storage(registry));
    /* With the present objects first there is nothing to catch up on; otherwise the client says where it is. */
    uint64_t since = o->wants_initial || o->version == 0 ? w->start_version : o->version;
    w->last_version = o->wants_initial ? 0 : since;
    w->events = storage_watch_new(k, since, on_ready, w, &err);
    if (o->wants_initial)
        collect_initial(w, storage_list(k, w->selection.namespace));
    w->wants_bookmarks = o->wants_bookmarks;
    w->owes_initial_end = o->wants_initial_end;
    w->call.api->watches++;
    start_timers(w, o);
    api_request_listen(r, &events, w);
    struct http_headers headers = {0};
    http_headers_add(&headers, r->arena, STR("Content-Type"), STR("application/json"));
    api_start(r, 200, &headers, -1);
    if (w->events == NULL && !w->has_ended)
        send_gone(w, error_text(&err));
    else
        pump(w);
}

void api_watch(struct api_call *c)
{
    struct present p;
    struct failure f = {0};
    struct watch_options options;
    struct selection selection;
    struct api_request *r = c->request;
    if (!api_call_present(c, false, &p))
        return;
    if (!selection_read(r->arena, c->kind, &r->attributes, &selection, &f) || !read_options(r, &options, &f)) {
        api_call_fail(r, &f);
        return;
    }
    struct watch *w = mem_zalloc(sizeof(*w));
    w->call = *c;
    w->present = p;
    w->selection = selection;
    start(w, &options);
}
