#include "kube/reflector.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "kube/line_split.h"
#include "kube/list_split.h"
#include "kube/object_index.h"
#include "kube/watch_event.h"

enum {
    DEFAULT_PAGE_SIZE = 500,
    DEFAULT_MAX_OBJECT_BYTES = 8 << 20,
    DEFAULT_BACKOFF_MIN_MS = 800,
    DEFAULT_BACKOFF_MAX_MS = 30000,
    DEFAULT_HEALTHY_MS = 60000,
    DEFAULT_WATCH_MIN_S = 300,
    DEFAULT_WATCH_GRACE_MS = 30000,
    DEFAULT_STALL_MS = 60000,
    EVENT_FRAME_BYTES = 256,        /* around the object of a watch event */
    MAX_FAILURE_BODY_BYTES = 65536, /* kept of an answer that isn't 200 */
    SHORTEST_WATCH_NS = 1000000000, /* one that the server ends sooner, without an event, is a failure */
};

enum state {
    LISTING,  /* a page is under way; the timer looks for a stall */
    WATCHING, /* the timer drops a watch that the server doesn't end */
    WAITING,  /* for the timer, to try again */
};

struct reflector {
    struct rest_client *client;
    struct reflector_options options; /* with defaults; its strings are in kept */
    struct arena kept;
    uv_timer_t timer;
    enum state state;
    struct fetch *fetch; /* NULL while waiting */
    bool is_freed;       /* no callback any more; the memory goes when the timer is closed */

    /* the answer that is coming in */
    int status;
    int64_t retry_after_s;
    struct buf failure_body;
    struct list_split list;
    struct line_split lines;
    struct arena arena; /* one item or event at a time */
    struct error cut;   /* why we ended it ourselves */
    int64_t begun_ns;   /* of a watch: when it was asked for */
    int64_t last_byte_ns;
    int64_t watch_s;    /* what the server was asked for */
    size_t event_count; /* in this watch */

    /* what is known */
    struct object_index index;
    struct buf version;        /* where to watch from */
    struct buf continue_token; /* of the next page */
    bool must_list;            /* no watch before another list */
    bool is_consistent;        /* that list must be up to date: no resourceVersion=0 */
    bool has_synced;

    struct backoff backoff;
    struct buf trouble; /* empty: none */
    struct buf logged;  /* the trouble that was logged last; forgotten after a healthy watch */
    bool is_end_due;    /* trouble was logged, its end wasn't */
};

static void request(struct reflector *r);
static void on_timer(uv_timer_t *timer);

/* --- troubles --- */

static struct str subject(const struct reflector *r)
{
    return r->options.path;
}

static void note_trouble(struct reflector *r, const char *text)
{
    buf_clear(&r->trouble);
    buf_add_cstr(&r->trouble, text);
    if (str_eq(buf_str(&r->trouble), buf_str(&r->logged)))
        return;
    buf_clear(&r->logged);
    buf_add_cstr(&r->logged, text);
    r->is_end_due = true;
    log_warning("Cannot list or watch; trying again", LOG_STR("resource", subject(r)), LOG_CSTR("err", text));
}

static void note_health(struct reflector *r)
{
    buf_clear(&r->trouble);
    if (!r->is_end_due)
        return;
    r->is_end_due = false;
    log_info("Listing and watching again", LOG_STR("resource", subject(r)));
}

static void start_timer(struct reflector *r, int64_t ms)
{
    uv_timer_start(&r->timer, on_timer, (uint64_t)ms, 0);
}

/* Between an eighth of the current wait and all of it, so that those who failed together don't come back together. */
static int64_t next_wait_ms(struct reflector *r)
{
    int64_t most_ms = backoff_next(&r->backoff, 0) / NS_PER_MS;
    int64_t least_ms = most_ms / 8;
    int64_t wait_ms = least_ms + (int64_t)r->options.random_below((uint64_t)(most_ms - least_ms) + 1);

    if (r->retry_after_s * 1000 > wait_ms)
        wait_ms = r->retry_after_s * 1000;
    return wait_ms;
}

static void try_again_later(struct reflector *r)
{
    r->state = WAITING;
    buf_clear(&r->continue_token); /* a list starts over */
    list_split_free(&r->list);
    start_timer(r, next_wait_ms(r));
}

/* --- what changed --- */

static void tell(struct reflector *r, void (*on_event)(void *owner, const struct reflector_object *object),
                 const struct reflector_object *object)
{
    if (on_event != NULL)
        on_event(r->options.owner, object);
}

static void put_object(struct reflector *r, const struct object_head *head, struct str bytes)
{
    const struct object_meta *meta = &head->meta;
    struct reflector_object object = {meta->namespace, meta->name, meta->resource_version, bytes};

    switch (object_index_put(&r->index, object.ns, object.name, object.resource_version)) {
    case OBJECT_NEW:
        tell(r, r->options.events.on_added, &object);
        break;
    case OBJECT_CHANGED:
        tell(r, r->options.events.on_changed, &object);
        break;
    case OBJECT_UNCHANGED:
        break;
    }
}

static void drop_object(struct reflector *r, const struct object_head *head, struct str bytes)
{
    const struct object_meta *meta = &head->meta;
    struct reflector_object object = {meta->namespace, meta->name, meta->resource_version, bytes};
    struct object_entry *entry = object_index_take(&r->index, object.ns, object.name);

    if (entry != NULL)
        tell(r, r->options.events.on_gone, &object);
    object_entry_free(entry);
}

static void keep_version(struct reflector *r, struct str version)
{
    buf_clear(&r->version);
    buf_add_str(&r->version, version);
}

/* --- lists --- */

static bool on_item(void *owner, struct str item)
{
    struct reflector *r = owner;
    struct object_head head;

    arena_reset(&r->arena);
    if (!object_head_read(&r->arena, item, &head, &r->cut))
        return error_wrap(&r->cut, "malformed list");
    if (str_is_empty(head.meta.name) || str_is_empty(head.meta.resource_version))
        return error_set(&r->cut, 0, "malformed list: an item lacks name or resourceVersion");
    put_object(r, &head, item);
    return !r->is_freed;
}

static bool leave_out(struct reflector *r)
{
    log_warning("Object is too large and is left out", LOG_STR("resource", subject(r)),
                LOG_NUM("maxBytes", r->options.max_object_bytes));
    return true;
}

static bool on_large_item(void *owner)
{
    return leave_out(owner);
}

static void begin_page(struct reflector *r)
{
    if (r->continue_token.len == 0)
        object_index_begin(&r->index);
    list_split_free(&r->list);
    r->list = (struct list_split){
        .max_item_bytes = r->options.max_object_bytes, .owner = r, .on_item = on_item, .on_large_item = on_large_item};
}

/* Reads metadata of the list: where it stands, and how to get the next page. */
static bool read_envelope(struct reflector *r, struct str *version, struct str *next, struct error *err)
{
    struct json_scan s = json_scan_of(list_split_envelope(&r->list), &r->arena);
    struct str key;

    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (!str_eq(key, STR("metadata")))
            continue;
        json_scan_enter_object(&s);
        while (json_scan_next_member(&s, &key)) {
            if (str_eq(key, STR("resourceVersion")))
                json_scan_str(&s, version);
            else if (str_eq(key, STR("continue")))
                json_scan_str(&s, next);
        }
    }
    if (!json_scan_finish(&s))
        return error_set(err, 0, "malformed list: %s", json_scan_fault(&s));
    if (str_is_empty(*version))
        return error_set(err, 0, "malformed list: it has no resourceVersion");
    return true;
}

/* What the whole list didn't have is gone. False when the reflector was freed meanwhile. */
static bool sweep(struct reflector *r)
{
    size_t count;
    auto_free struct object_entry **gone = object_index_sweep(&r->index, &count);

    for (size_t i = 0; i < count; i++) {
        struct reflector_object object = {object_entry_ns(gone[i]), object_entry_name(gone[i]),
                                          object_entry_version(gone[i]), STR("")};
        if (!r->is_freed)
            tell(r, r->options.events.on_gone, &object);
        object_entry_free(gone[i]);
    }
    return !r->is_freed;
}

static void end_list(struct reflector *r, struct str version)
{
    keep_version(r, version);
    list_split_free(&r->list);
    if (!sweep(r))
        return;
    r->must_list = false;
    note_health(r);
    if (!r->has_synced) {
        r->has_synced = true;
        if (r->options.events.on_synced != NULL)
            r->options.events.on_synced(r->options.owner);
    }
    if (!r->is_freed)
        request(r);
}

static bool end_page(struct reflector *r, struct error *err)
{
    struct str version = {0};
    struct str next = {0};

    arena_reset(&r->arena);
    if (!list_split_finish(&r->list, err) || !read_envelope(r, &version, &next, err))
        return false;
    buf_clear(&r->continue_token);
    buf_add_str(&r->continue_token, next);
    if (!str_is_empty(next))
        request(r);
    else
        end_list(r, version);
    return true;
}

/* --- watches --- */

/* The server ended the watch by an event. */
static bool take_error(struct reflector *r, const struct status *status)
{
    r->must_list = status->code != 429 && status->code != 500;
    return error_set(&r->cut, status->code, "%.*s", STR_ARG(status->message));
}

static bool on_line(void *owner, struct str line)
{
    struct reflector *r = owner;
    struct watch_event event;

    arena_reset(&r->arena);
    if (!watch_event_parse(&r->arena, line, &event, &r->cut))
        return false;
    if (event.type == WATCH_EVENT_ERROR)
        return take_error(r, &event.status);
    r->event_count++;
    keep_version(r, event.head.meta.resource_version);
    if (event.type == WATCH_EVENT_DELETED)
        drop_object(r, &event.head, event.object);
    else if (event.type != WATCH_EVENT_BOOKMARK)
        put_object(r, &event.head, event.object);
    return !r->is_freed;
}

static bool on_large_line(void *owner)
{
    return leave_out(owner);
}

/* --- one answer --- */

/* The answer was a failure: what it means for what comes next. */
static void read_failure(struct reflector *r, struct error *err)
{
    arena_reset(&r->arena);
    struct status status = status_of_response(&r->arena, r->status, buf_str(&r->failure_body));

    error_set(err, r->status, "%.*s (%d)", STR_ARG(status.message), r->status);
    if (status.details.retry_after_seconds > r->retry_after_s)
        r->retry_after_s = status.details.retry_after_seconds;
    switch (r->status) {
    case 401:
        rest_client_was_refused(r->client);
        break;
    case 403:
    case 404:
    case 429:
    case 500:
    case 502:
    case 503:
        break; /* the same again, later */
    default:
        r->must_list = true;
        break;
    }
}

/* The watch ended, as they all do. Returns whether the next one may follow at once. */
static bool end_watch(struct reflector *r, struct error *err)
{
    int64_t lived_ns = clock_mono_ns() - r->begun_ns;
    bool was_healthy = lived_ns >= r->options.healthy_ms * NS_PER_MS;

    if (was_healthy && r->status == 200) {
        backoff_reset(&r->backoff);
        buf_clear(&r->logged);
    }
    if (error_is_set(err))
        return false;
    if (lived_ns < SHORTEST_WATCH_NS && r->event_count == 0)
        error_set(err, 0, "the server ends the watch at once");
    return was_healthy;
}

/* No more of this answer. ERR says why, when it ended badly. */
static void end_answer(struct reflector *r, struct error *err)
{
    bool is_watch = r->state == WATCHING;

    r->fetch = NULL;
    if (!error_is_set(err) && r->status != 200)
        read_failure(r, err);
    if (!is_watch && !error_is_set(err) && end_page(r, err))
        return; /* R may be on its next request, or freed */
    if (is_watch && end_watch(r, err)) {
        request(r);
        return;
    }
    if (err->code == 410 || (is_watch && r->must_list)) {
        log_verbose(2, "Listing again", LOG_STR("resource", subject(r)), LOG_ERR(err));
        r->must_list = r->is_consistent = true;
    }
    if (error_is_set(err) && err->code != 410)
        note_trouble(r, error_text(err));
    try_again_later(r);
}

/* Ends the answer before the server did. */
static void cut_answer(struct reflector *r)
{
    auto_error struct error err = {0};

    error_move(&err, &r->cut);
    fetch_cancel(r->fetch);
    end_answer(r, &err);
}

static void on_head(void *owner, const struct fetch_head *head)
{
    struct reflector *r = owner;
    uint64_t seconds;

    r->status = head->status;
    if (str_to_u64(http_headers_get(&head->headers, STR("Retry-After")), &seconds) && seconds < 3600)
        r->retry_after_s = (int64_t)seconds;
    if (r->status == 200 && r->state == WATCHING)
        note_health(r);
}

static void on_data(void *owner, struct str chunk)
{
    struct reflector *r = owner;
    bool ok;

    r->last_byte_ns = clock_mono_ns();
    if (r->status != 200) {
        buf_add_str(&r->failure_body, str_head(chunk, MAX_FAILURE_BODY_BYTES - r->failure_body.len));
        return;
    }
    if (r->state == LISTING)
        ok = list_split_feed(&r->list, chunk, &r->cut);
    else
        ok = line_split_feed(&r->lines, chunk);
    if (!ok && !r->is_freed)
        cut_answer(r);
}

static void on_done(void *owner, const struct error *err)
{
    struct reflector *r = owner;
    auto_error struct error why = {0};

    if (err != NULL)
        error_set(&why, err->code, "%s", error_text(err));
    end_answer(r, &why);
}

static void add_list_query(struct reflector *r, struct buf *query)
{
    buf_printf(query, "limit=%zu", r->options.page_size);
    if (r->continue_token.len > 0)
        rest_query_add(query, "continue", buf_str(&r->continue_token));
    else if (!r->is_consistent)
        buf_add_cstr(query, "&resourceVersion=0");
}

static void add_watch_query(struct reflector *r, struct buf *query)
{
    r->watch_s = r->options.watch_min_s + (int64_t)r->options.random_below((uint64_t)r->options.watch_min_s + 1);
    buf_printf(query, "watch=true&allowWatchBookmarks=true&timeoutSeconds=%lld", (long long)r->watch_s);
    rest_query_add(query, "resourceVersion", buf_str(&r->version));
}

/* Asks for the next page, or to watch. */
static void request(struct reflector *r)
{
    auto_buf struct buf query = {0};
    struct fetch_options options = {.owner = r, .on_head = on_head, .on_data = on_data, .on_done = on_done};

    r->state = r->must_list ? LISTING : WATCHING;
    r->status = 0;
    r->retry_after_s = 0;
    r->event_count = 0;
    r->begun_ns = r->last_byte_ns = clock_mono_ns();
    buf_free(&r->failure_body);
    line_split_reset(&r->lines);
    if (r->state == LISTING) {
        begin_page(r);
        add_list_query(r, &query);
        start_timer(r, r->options.stall_ms);
    } else {
        add_watch_query(r, &query);
        start_timer(r, r->watch_s * 1000 + r->options.watch_grace_ms);
    }
    if (!str_is_empty(r->options.label_selector))
        rest_query_add(&query, "labelSelector", r->options.label_selector);
    if (!str_is_empty(r->options.field_selector))
        rest_query_add(&query, "fieldSelector", r->options.field_selector);
    r->fetch =
        rest_stream(r->client, &(struct rest_request){.path = r->options.path, .query = buf_str(&query)}, &options);
}

static void on_timer(uv_timer_t *timer)
{
    struct reflector *r = timer->data;
    int64_t left_ms;

    switch (r->state) {
    case WAITING:
        request(r);
        return;
    case LISTING:
        left_ms = r->options.stall_ms - (clock_mono_ns() - r->last_byte_ns) / NS_PER_MS;
        if (left_ms > 0) {
            start_timer(r, left_ms);
            return;
        }
        error_set(&r->cut, FETCH_TIMED_OUT, "the list stalls: nothing arrived for %g s",
                  (double)r->options.stall_ms / 1000);
        break;
    case WATCHING:
        error_set(&r->cut, FETCH_TIMED_OUT, "the server doesn't end the watch in time");
        break;
    }
    cut_answer(r);
}

/* --- life --- */

static int64_t or_default(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

static void keep_options(struct reflector *r, const struct reflector_options *options)
{
    struct reflector_options *o = &r->options;

    *o = *options;
    o->path = arena_str(&r->kept, options->path);
    o->label_selector = arena_str(&r->kept, options->label_selector);
    o->field_selector = arena_str(&r->kept, options->field_selector);
    o->page_size = o->page_size > 0 ? o->page_size : DEFAULT_PAGE_SIZE;
    o->max_object_bytes = o->max_object_bytes > 0 ? o->max_object_bytes : DEFAULT_MAX_OBJECT_BYTES;
    o->backoff_min_ms = or_default(o->backoff_min_ms, DEFAULT_BACKOFF_MIN_MS);
    o->backoff_max_ms = or_default(o->backoff_max_ms, DEFAULT_BACKOFF_MAX_MS);
    o->healthy_ms = or_default(o->healthy_ms, DEFAULT_HEALTHY_MS);
    o->watch_min_s = or_default(o->watch_min_s, DEFAULT_WATCH_MIN_S);
    o->watch_grace_ms = or_default(o->watch_grace_ms, DEFAULT_WATCH_GRACE_MS);
    o->stall_ms = or_default(o->stall_ms, DEFAULT_STALL_MS);
    if (o->random_below == NULL)
        o->random_below = random_below;
}

struct reflector *reflector_new(uv_loop_t *loop, struct rest_client *client, const struct reflector_options *options)
{
    struct reflector *r = mem_zalloc(sizeof(*r));

    r->client = client;
    keep_options(r, options);
    uv_timer_init(loop, &r->timer);
    r->timer.data = r;
    r->must_list = true;
    r->backoff = (struct backoff){
        .min_ns = r->options.backoff_min_ms * NS_PER_MS, .max_ns = r->options.backoff_max_ms * NS_PER_MS, .factor = 2};
    r->lines = (struct line_split){.max_line_bytes = r->options.max_object_bytes + EVENT_FRAME_BYTES,
                                   .owner = r,
                                   .on_line = on_line,
                                   .on_large_line = on_large_line};
    request(r);
    return r;
}

static void on_closed(uv_handle_t *handle)
{
    struct reflector *r = handle->data;

    object_index_free(&r->index);
    list_split_free(&r->list);
    line_split_free(&r->lines);
    buf_free(&r->failure_body);
    buf_free(&r->version);
    buf_free(&r->continue_token);
    buf_free(&r->trouble);
    buf_free(&r->logged);
    error_clear(&r->cut);
    arena_free(&r->arena);
    arena_free(&r->kept);
    free(r);
}

void reflector_free(struct reflector *r)
{
    if (r == NULL || r->is_freed)
        return;
    r->is_freed = true;
    if (r->fetch != NULL)
        fetch_cancel(r->fetch);
    uv_close((uv_handle_t *)&r->timer, on_closed);
}

bool reflector_has_synced(const struct reflector *r)
{
    return r->has_synced;
}

size_t reflector_count(const struct reflector *r)
{
    return object_index_count(&r->index);
}

struct str reflector_resource_version(const struct reflector *r)
{
    return buf_str(&r->version);
}

const char *reflector_trouble(const struct reflector *r)
{
    return buf_cstr(&r->trouble);
}
