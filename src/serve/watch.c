#include "serve/watch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "serve/watch_channel.h"

#include <assert.h>

enum {
    TICK_MS = 1000, /* how exact ends and bookmarks are */
    MAX_FLUSH_DELAY_MS = 1000,
};

enum watcher_state {
    WATCHER_INITIAL,
    WATCHER_BEHIND,
    WATCHER_LIVE,
    WATCHER_ENDED,
};

/* In its request's arena. */
struct watcher {
    struct watcher *previous, *next; /* of the channel's */
    struct watch_hub *hub;
    struct watch_channel *channel; /* NULL once it has ended */
    struct api_request *request;
    enum watcher_state state;
    uint64_t start;             /* the version it began with */
    uint64_t version;           /* it knows of everything up to here; of a live one the channel knows */
    uint64_t since;             /* what became an item after that is new to it */
    struct buf namespace, name; /* INITIAL: of the last object that was looked at */
    bool needs_columns;         /* of its Table */
    bool wants_bookmarks;
    bool owes_initial_end;
    int64_t slow_since_ns; /* 0: it has all that there is */
    int64_t bookmark_ns;   /* when the next one is due */
    int64_t end_ns;
};

struct watch_hub {
    struct ledger *ledger;
    int64_t min_timeout_s;
    struct watch_channels channels;
    size_t count;
    int64_t keep_until_ns; /* what tracking goes on for without a watcher */
    bool is_flush_due;
    bool is_closed;
    uv_timer_t flush, tick;
    unsigned open_timers;
};

/* --- changes --- */

static void on_flush(uv_timer_t *timer);
static void on_tick(uv_timer_t *timer);

static void on_change(void *arg, const struct ledger_change *change)
{
    struct watch_hub *h = arg;

    if (!watch_channels_tell(&h->channels, change, clock_unix_ns()) || h->is_flush_due)
        return;
    h->is_flush_due = true;
    uv_timer_start(&h->flush, on_flush, h->count < MAX_FLUSH_DELAY_MS ? h->count : MAX_FLUSH_DELAY_MS, 0);
}

/* --- one watcher --- */

static bool is_full(const struct watcher *w, const struct buf *out)
{
    return http_exchange_queued_bytes(w->request->exchange) + out->len >= WATCH_QUEUE_BYTES;
}

/* W gets nothing more; its request closes by itself. */
static void leave(struct watcher *w)
{
    struct watch_hub *h = w->hub;
    struct watch_channel *c = w->channel;

    if (w->state == WATCHER_ENDED)
        return;
    w->state = WATCHER_ENDED;
    w->channel = NULL;
    *(w->previous != NULL ? &w->previous->next : &c->watchers) = w->next;
    if (w->next != NULL)
        w->next->previous = w->previous;
    if (c->watchers == NULL && !c->is_busy)
        watch_channels_drop(&h->channels, c);
    if (--h->count > 0)
        return;
    ledger_listen(h->ledger, NULL, NULL);
    h->keep_until_ns = clock_mono_ns() + WATCH_KEEP_NS;
}

static void end(struct watcher *w)
{
    struct api_request *r = w->request;

    leave(w);
    api_end(r);
}

static void end_expired(struct watcher *w, uint64_t asked, uint64_t oldest)
{
    auto_buf struct buf out = {0};
    struct status s = status_too_old(w->request->arena, asked, oldest);

    watch_form_print_error(&out, &w->channel->encoding->form, &s);
    api_write_buf(w->request, &out);
    end(w);
}

static void print(struct watcher *w, struct buf *out, const struct ledger_change *change)
{
    const char *type = watch_channel_select(w->channel, change);

    if (type == NULL)
        return;
    /* of several changes of one object, all of which show it as it is now, the last one is enough */
    if (change->before != NULL && change->now != NULL && change->now->version > change->version &&
        strcmp(type, "MODIFIED") == 0)
        return;
    watch_channel_print(w->channel, out, change, type, w->needs_columns, clock_unix_ns());
    w->needs_columns = false;
}

/* What was there at the start, in order. What has vanished since is left out, what has changed is as it is now. */
static void print_initial(struct watcher *w, struct buf *out)
{
    const struct catalog *catalog = ledger_catalog(w->hub->ledger);
    bool is_pods = w->channel->encoding->form.is_pods;
    const struct catalog_object *o;
    struct catalog_walk walk = {0};
    struct ledger_change change;

    if (w->name.len > 0)
        catalog_walk_behind(catalog, is_pods, buf_str(&w->namespace), buf_str(&w->name), &walk);
    while (!is_full(w, out)) {
        o = is_pods ? catalog_next_pod(catalog, w->channel->namespace, &walk) : catalog_next_node(catalog, &walk);
        if (o == NULL) {
            w->state = WATCHER_BEHIND;
            return;
        }
        if (ledger_item(w->hub->ledger, is_pods, o, w->start, &change))
            print(w, out, &change);
        buf_clear(&w->namespace);
        buf_clear(&w->name);
        buf_add_str(&w->namespace, o->namespace);
        buf_add_str(&w->name, o->name);
    }
}

/* What came after its version. True when that is all. */
static bool print_missed(struct watcher *w, struct buf *out)
{
    uint64_t resumed = w->version;
    struct ledger_change change;

    while (!is_full(w, out)) {
        if (!ledger_next(w->hub->ledger, &w->version, w->since, &change))
            return true;
        /* what came and went meanwhile it has never seen */
        if (change.now == NULL && change.created > w->since && change.created > resumed)
            continue;
        print(w, out, &change);
    }
    return false;
}

/* Gives W as much as its client takes. False: it has ended, and may be gone with its request. */
static bool pump(struct watcher *w)
{
    auto_buf struct buf out = {0};
    uint64_t oldest;
    bool has_all = false;

    if (w->state == WATCHER_LIVE || w->state == WATCHER_ENDED)
        return w->state == WATCHER_LIVE;
    if (!ledger_knows(w->hub->ledger, w->version, &oldest)) {
        end_expired(w, w->version, oldest);
        return false;
    }
    if (w->state == WATCHER_INITIAL)
        print_initial(w, &out);
    if (w->state == WATCHER_BEHIND)
        has_all = print_missed(w, &out);
    if (has_all && w->owes_initial_end) {
        watch_form_print_bookmark(&out, &w->channel->encoding->form, w->version, true);
        w->owes_initial_end = false;
    }
    if (has_all)
        w->slow_since_ns = 0;
    else if (w->slow_since_ns == 0)
        w->slow_since_ns = clock_mono_ns();
    if (out.len > 0)
        api_write_buf(w->request, &out);
    return true;
}

/* The channel's events, all of which came after what W has. */
static void deliver(struct watcher *w)
{
    struct watch_channel *c = w->channel;
    static const struct buf nothing = {0};

    if (w->state == WATCHER_LIVE && !is_full(w, &nothing)) {
        api_write(w->request, buf_str(&c->pending));
        return;
    }
    if (w->state == WATCHER_LIVE) {
        w->state = WATCHER_BEHIND;
        w->version = w->since = c->sent_version;
        w->slow_since_ns = clock_mono_ns();
        return;
    }
    if (pump(w) && w->state == WATCHER_BEHIND && w->slow_since_ns == 0 && !w->needs_columns)
        w->state = WATCHER_LIVE;
}

static void flush_channel(struct watch_hub *h, struct watch_channel *c)
{
    struct watcher *next;

    c->is_busy = true;
    for (struct watcher *w = c->watchers; w != NULL; w = next) {
        next = w->next;
        deliver(w);
    }
    c->is_busy = false;
    c->sent_version = ledger_version(h->ledger);
    buf_clear(&c->pending);
    if (c->pending.cap > WATCH_QUEUE_BYTES)
        buf_free(&c->pending);
    if (c->watchers == NULL)
        watch_channels_drop(&h->channels, c);
}

static void on_flush(uv_timer_t *timer)
{
    struct watch_hub *h = timer->data;
    struct watch_channel *next;

    h->is_flush_due = false;
    for (struct watch_channel *c = h->channels.first; c != NULL; c = next) {
        next = c->next;
        if (c->pending.len > 0)
            flush_channel(h, c);
    }
}

/* --- time --- */

static void send_bookmark(struct watcher *w)
{
    auto_buf struct buf out = {0};

    w->bookmark_ns += WATCH_BOOKMARK_NS;
    watch_form_print_bookmark(&out, &w->channel->encoding->form, ledger_version(w->hub->ledger), false);
    api_write_buf(w->request, &out);
}

static void tick_watcher(struct watcher *w, int64_t now_ns)
{
    struct api_request *r = w->request;

    if (now_ns >= w->end_ns) {
        end(w);
    } else if (w->slow_since_ns != 0 && now_ns - w->slow_since_ns >= WATCH_SLOW_NS) {
        leave(w);
        api_abort(r);
    } else if (w->wants_bookmarks && now_ns >= w->bookmark_ns && w->channel->pending.len == 0) {
        if (pump(w) && w->slow_since_ns == 0) /* who isn't live has come up to now */
            send_bookmark(w);
    }
}

/* Calls WHAT for all of H's watchers, each of which may end there. */
static void for_all(struct watch_hub *h, void (*what)(struct watcher *w, int64_t now_ns), int64_t now_ns)
{
    struct watch_channel *next_channel;
    struct watcher *next;

    for (struct watch_channel *c = h->channels.first; c != NULL; c = next_channel) {
        next_channel = c->next;
        for (struct watcher *w = c->watchers; w != NULL; w = next) {
            next = w->next;
            what(w, now_ns);
        }
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct watch_hub *h = timer->data;
    int64_t now_ns = clock_mono_ns();

    for_all(h, tick_watcher, now_ns);
    if (h->count > 0 || now_ns < h->keep_until_ns)
        return;
    ledger_track(h->ledger, false);
    uv_timer_stop(&h->tick);
}

static void start_tracking(struct watch_hub *h)
{
    ledger_track(h->ledger, true);
    if (!uv_is_active((uv_handle_t *)&h->tick))
        uv_timer_start(&h->tick, on_tick, TICK_MS, TICK_MS);
}

/* --- requests --- */

static void on_writable(void *arg, struct api_request *r)
{
    (void)r;
    pump(arg);
}

static void on_closed(void *arg, struct api_request *r)
{
    struct watcher *w = arg;

    (void)r;
    leave(w);
    buf_free(&w->namespace);
    buf_free(&w->name);
}

static void enter(struct watcher *w, const struct watch_form *form, const struct list_options *options)
{
    struct watch_hub *h = w->hub;
    struct watch_channel *c = watch_channels_get(&h->channels, form, w->request->attributes.namespace, options);

    if (c->watchers == NULL)
        c->sent_version = ledger_version(h->ledger);
    w->channel = c;
    w->next = c->watchers;
    if (c->watchers != NULL)
        c->watchers->previous = w;
    c->watchers = w;
    if (h->count++ == 0)
        ledger_listen(h->ledger, on_change, h);
}

static int64_t timeout_ns(const struct watch_hub *h, const struct list_options *options)
{
    int64_t s = options->timeout_s;

    if (s <= 0)
        s = h->min_timeout_s + (int64_t)random_below((uint64_t)h->min_timeout_s);
    return s < INT64_MAX / NS_PER_S / 2 ? s * NS_PER_S : INT64_MAX / 2;
}

void watch_hub_serve(struct watch_hub *h, struct api_request *r, const struct watch_form *form,
                     const struct list_options *options)
{
    static const struct api_request_events events = {.on_writable = on_writable, .on_closed = on_closed};
    struct watcher *w = arena_zalloc(r->arena, sizeof(*w));
    struct http_headers headers = {0};
    int64_t now_ns = clock_mono_ns();

    start_tracking(h);
    *w = (struct watcher){
        .hub = h,
        .request = r,
        .state = options->wants_initial ? WATCHER_INITIAL : WATCHER_BEHIND,
        .start = ledger_version(h->ledger),
        .needs_columns = form->choice.as == ACCEPT_AS_TABLE,
        .wants_bookmarks = options->wants_bookmarks,
        .owes_initial_end = options->wants_initial_end,
        .bookmark_ns = now_ns + WATCH_BOOKMARK_NS,
        .end_ns = now_ns + timeout_ns(h, options),
    };
    /* with what is there first there is nothing to go on from */
    w->version = w->since = options->wants_initial || options->version == 0 ? w->start : options->version;
    enter(w, form, options);
    api_request_listen(r, &events, w);
    http_headers_add(&headers, r->arena, STR("Content-Type"), watch_form_content_type(&form->choice));
    api_start(r, 200, &headers, -1);
    if (h->is_closed)
        end(w);
    else
        pump(w);
}

void watch_hub_expect(struct watch_hub *h)
{
    int64_t until_ns = clock_mono_ns() + WATCH_KEEP_NS;

    if (h->is_closed)
        return;
    h->keep_until_ns = until_ns > h->keep_until_ns ? until_ns : h->keep_until_ns;
    start_tracking(h);
}

size_t watch_hub_watchers(const struct watch_hub *h)
{
    return h->count;
}

/* --- life --- */

struct watch_hub *watch_hub_new(uv_loop_t *loop, struct ledger *ledger)
{
    struct watch_hub *h = mem_zalloc(sizeof(*h));

    h->ledger = ledger;
    h->min_timeout_s = WATCH_MIN_TIMEOUT_S;
    uv_timer_init(loop, &h->flush);
    uv_timer_init(loop, &h->tick);
    h->flush.data = h->tick.data = h;
    h->open_timers = 2;
    return h;
}

void watch_hub_set_min_timeout(struct watch_hub *h, int64_t seconds)
{
    h->min_timeout_s = seconds > 0 ? seconds : WATCH_MIN_TIMEOUT_S;
}

static void end_now(struct watcher *w, int64_t now_ns)
{
    (void)now_ns;
    end(w);
}

void watch_hub_close(struct watch_hub *h)
{
    if (h->is_flush_due)
        on_flush(&h->flush);
    h->is_closed = true;
    for_all(h, end_now, 0);
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct watch_hub *h = timer->data;

    if (--h->open_timers == 0)
        free(h);
}

void watch_hub_free(struct watch_hub *h)
{
    if (h == NULL)
        return;
    assert(h->count == 0);
    ledger_listen(h->ledger, NULL, NULL);
    uv_close((uv_handle_t *)&h->flush, on_timer_closed);
    uv_close((uv_handle_t *)&h->tick, on_timer_closed);
}
