#include "scrape/fleet.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "net/http1_client.h"
#include "scrape/schedule.h"
#include "scrape/shelf_life.h"

enum {
    REFRESH_MS = 60 * 1000, /* how often credentials are looked at again */
};
#define START_GAP_NS \
    (NS_PER_MS / 2) /* between the first scrapes of nodes that come together: a handshake's worth of CPU */
#define TIMELY_MIN_NS (5 * NS_PER_S) /* nobody is killed for less, however short the interval */
#define START_SPREAD_MAX_NS (3 * NS_PER_S)
#define RATES_REFUSED_GAP_NS (600 * NS_PER_S)
#define REFUSED_GAP_NS (10 * NS_PER_S) /* credentials are looked at after a refusal, but not more often than this */

struct member {
    struct fleet *fleet;
    char *name;            /* owned */
    struct target *target; /* NULL: the Node has no usable address */
    uv_timer_t timer;
    struct schedule schedule;
    struct error cause; /* of the last failure, with the URL */
    bool is_failing;
    bool has_ended;           /* a scrape, once */
    int64_t due_ns;           /* by clock_mono_ns; 0: none is due */
    int64_t began_ns;         /* the last scrape, likewise */
    struct shelf_entry shelf; /* listed while its figures may be shown */
};

struct fleet {
    struct fleet_options options;
    struct map members; /* by name */
    struct shelf shelf; /* of those with figures */
    uv_timer_t refresh, expiry;
    int64_t first_end_ns; /* of a scrape */
    uint64_t scrapes;
    uint64_t failures;
    int64_t start_ns;        /* when the last node to come is scraped first */
    int64_t last_refresh_ns; /* because of a refusal */
    int64_t rates_refused_ns;
    unsigned handles; /* open timers: the fleet's memory is given back with the last */
};

/* --- schedule --- */

static void free_fleet_if_done(struct fleet *f)
{
    if (--f->handles == 0)
        free(f);
}

/* Whether M has no figures, and its kubelet may have some that need no second sample. */
static bool wants_rates(const struct member *m)
{
    const struct fleet *f = m->fleet;
    bool was_refused = f->rates_refused_ns != 0 && clock_mono_ns() - f->rates_refused_ns < RATES_REFUSED_GAP_NS;

    return !m->shelf.is_listed && !was_refused;
}

static void on_due(uv_timer_t *timer)
{
    struct member *m = timer->data;

    m->due_ns = 0;
    m->began_ns = clock_mono_ns();
    target_scrape(m->target, wants_rates(m));
}

static void set_due(struct member *m, int64_t wait_ns)
{
    m->due_ns = clock_mono_ns() + wait_ns;
    uv_update_time(m->fleet->options.target.loop);
    uv_timer_start(&m->timer, on_due, (uint64_t)((wait_ns + NS_PER_MS - 1) / NS_PER_MS), 0);
}

static void set_next(struct member *m, bool is_settled)
{
    set_due(m, schedule_next(&m->schedule, is_settled, clock_unix_ns(), clock_mono_ns() - m->began_ns));
}

/* Nodes that come together, as at the start, take turns. */
static int64_t first_wait_ns(struct fleet *f)
{
    int64_t now_ns = clock_mono_ns();

    if (f->start_ns < now_ns)
        f->start_ns = now_ns;
    else if (f->start_ns < now_ns + START_SPREAD_MAX_NS)
        f->start_ns += START_GAP_NS;
    return f->start_ns - now_ns;
}

/* --- credentials --- */

static void refresh_credentials(struct fleet *f)
{
    size_t at = 0;
    void *value;

    if (!kubelet_credentials_refresh(f->options.target.credentials))
        return;
    while (map_next(&f->members, &at, NULL, &value)) {
        const struct member *m = value;
        if (m->target != NULL)
            target_set_credentials(m->target);
    }
}

static void on_refresh(uv_timer_t *timer)
{
    refresh_credentials(timer->data);
}

/* A kubelet doesn't take our token, or shows a certificate of another CA: newer ones may lie ready. */
static void note_refusal(struct fleet *f)
{
    int64_t now_ns = clock_mono_ns();

    if (f->last_refresh_ns != 0 && now_ns - f->last_refresh_ns < REFUSED_GAP_NS)
        return;
    f->last_refresh_ns = now_ns;
    refresh_credentials(f);
}

/* --- figures that get too old --- */

static void on_expiry(uv_timer_t *timer);

static void set_expiry(struct fleet *f)
{
    int64_t wait_ns = shelf_wait_ns(&f->shelf, clock_mono_ns());

    if (wait_ns < 0)
        return;
    uv_update_time(f->options.target.loop);
    uv_timer_start(&f->expiry, on_expiry, (uint64_t)(wait_ns / NS_PER_MS + 1), 0);
}

static void on_expiry(uv_timer_t *timer)
{
    struct fleet *f = timer->data;
    struct member *m;

    while ((m = shelf_take_expired(&f->shelf, clock_mono_ns())) != NULL) {
        log_info("Node's figures are too old to be shown", LOG_CSTR("node", m->name));
        f->options.events.on_lost(f->options.arg, str_of(m->name), false);
    }
    set_expiry(f);
}

/* --- what targets tell --- */

static void tell_scraped(const struct member *m, bool is_ok)
{
    const struct fleet_options *o = &m->fleet->options;

    if (m->fleet->first_end_ns == 0)
        m->fleet->first_end_ns = clock_mono_ns();
    if (o->events.on_scraped != NULL)
        o->events.on_scraped(o->arg, str_of(m->name), is_ok, clock_mono_ns() - m->began_ns);
}

/* One kubelet's answer stands for all: who may read what is the cluster's to say. */
static void note_rates(struct fleet *f, const struct target *t)
{
    if (!target_has_refused_rates(t))
        return;
    if (f->rates_refused_ns == 0)
        log_info("Kubelets' summaries may not be read, so first figures take two samples; a ClusterRole that lets this "
                 "server's user get nodes/stats would make them immediate",
                 LOG_CSTR("node", target_name(t)));
    f->rates_refused_ns = clock_mono_ns();
}

static void on_batch(void *arg, struct target *t, struct batch *before, struct batch *batch)
{
    struct member *m = arg;
    struct fleet *f = m->fleet;

    note_rates(f, t);
    f->scrapes++;
    m->has_ended = true;
    m->is_failing = false;
    tell_scraped(m, true);
    error_clear(&m->cause);
    shelf_note(&f->shelf, &m->shelf, m, clock_mono_ns());
    if (!uv_is_active((uv_handle_t *)&f->expiry))
        set_expiry(f);
    set_next(m, f->options.events.on_batch(f->options.arg, str_of(m->name), before, batch));
}

/* What was known of M before stays, until it is too old. */
static void set_failed(struct member *m, const struct error *err)
{
    m->has_ended = true;
    m->is_failing = true;
    error_set(&m->cause, err->code, "%s", error_text(err));
}

static void on_failed(void *arg, struct target *t, const struct error *err)
{
    struct member *m = arg;
    struct fleet *f = m->fleet;

    (void)t;
    f->scrapes++;
    f->failures++;
    tell_scraped(m, false);
    set_next(m, false);
    if (err->code == 401 || err->code == HTTP1_NO_TLS)
        note_refusal(f);
    set_failed(m, err);
}

static const struct target_events target_events = {.on_batch = on_batch, .on_failed = on_failed};

/* --- nodes --- */

static void on_member_closed(uv_handle_t *handle)
{
    struct member *m = handle->data;
    struct fleet *f = m->fleet;

    error_clear(&m->cause);
    free(m->name);
    free(m);
    free_fleet_if_done(f);
}

static void close_member(struct member *m)
{
    target_free(m->target);
    m->target = NULL;
    uv_close((uv_handle_t *)&m->timer, on_member_closed);
}

static struct member *add_member(struct fleet *f, struct str name)
{
    struct member *m = mem_zalloc(sizeof(*m));

    m->fleet = f;
    m->name = str_dup(name);
    m->schedule = schedule_of(name, f->options.interval_ns);
    uv_timer_init(f->options.target.loop, &m->timer);
    m->timer.data = m;
    f->handles++;
    map_put(&f->members, str_of(m->name), m);
    return m;
}

/* The Node can't be asked at all. */
static void set_unusable(struct member *m, const struct error *err)
{
    bool is_news = !m->is_failing || strcmp(error_text(&m->cause), error_text(err)) != 0;

    if (is_news)
        log_error("Failed to scrape node", LOG_ERR(err), LOG_CSTR("node", m->name));
    target_free(m->target);
    m->target = NULL;
    m->due_ns = 0;
    uv_timer_stop(&m->timer);
    set_failed(m, err);
}

void fleet_set_node(struct fleet *f, struct str name, struct str node)
{
    struct member *m = map_get(&f->members, name);
    auto_error struct error err = {0};
    struct node_endpoint endpoint;

    if (m == NULL)
        m = add_member(f, name);
    if (!node_endpoint_read(node, &f->options.rules, &endpoint, &err)) {
        set_unusable(m, &err);
    } else if (m->target != NULL) {
        if (target_set_endpoint(m->target, &endpoint) && !target_is_scraping(m->target))
            set_due(m, first_wait_ns(f));
    } else {
        m->target = target_new(&f->options.target, &endpoint, &target_events, m);
        set_due(m, first_wait_ns(f));
    }
    node_endpoint_free(&endpoint);
}

void fleet_remove_node(struct fleet *f, struct str name)
{
    struct member *m = map_remove(&f->members, name);

    if (m == NULL)
        return;
    shelf_remove(&f->shelf, &m->shelf);
    f->options.events.on_lost(f->options.arg, str_of(m->name), true);
    close_member(m);
}

/* --- life --- */

static int64_t life_of(const struct fleet_options *o)
{
    if (o->life_ns != 0)
        return o->life_ns;
    return 2 * o->interval_ns > FLEET_LIFE_MIN_NS ? 2 * o->interval_ns : FLEET_LIFE_MIN_NS;
}

struct fleet *fleet_new(const struct fleet_options *options)
{
    struct fleet *f = mem_zalloc(sizeof(*f));

    f->options = *options;
    f->shelf.life_ns = life_of(options);
    uv_timer_init(options->target.loop, &f->refresh);
    uv_timer_init(options->target.loop, &f->expiry);
    f->refresh.data = f->expiry.data = f;
    uv_timer_start(&f->refresh, on_refresh, REFRESH_MS, REFRESH_MS);
    f->handles = 2;
    return f;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free_fleet_if_done(handle->data);
}

void fleet_free(struct fleet *f)
{
    size_t at = 0;
    void *value;

    if (f == NULL)
        return;
    while (map_next(&f->members, &at, NULL, &value))
        close_member(value);
    map_free(&f->members);
    uv_close((uv_handle_t *)&f->refresh, on_timer_closed);
    uv_close((uv_handle_t *)&f->expiry, on_timer_closed);
}

struct fleet_status fleet_status(const struct fleet *f)
{
    struct fleet_status status = {
        .nodes = f->members.count, .first_end_ns = f->first_end_ns, .scrapes = f->scrapes, .failures = f->failures};
    size_t at = 0;
    void *value;

    while (map_next(&f->members, &at, NULL, &value)) {
        const struct member *m = value;
        status.pending += !m->has_ended;
        if (!m->is_failing)
            continue;
        status.failed++;
        if (status.first_node == NULL || strcmp(m->name, status.first_node) < 0) {
            status.first_node = m->name;
            status.first_cause = error_text(&m->cause);
        }
    }
    return status;
}

bool fleet_is_timely(const struct fleet *f)
{
    int64_t half_ns = f->options.interval_ns / 2;
    int64_t late_ns = clock_mono_ns() - (half_ns > TIMELY_MIN_NS ? half_ns : TIMELY_MIN_NS);
    size_t at = 0;
    void *value;

    while (map_next(&f->members, &at, NULL, &value)) {
        const struct member *m = value;
        if (m->due_ns != 0 && m->due_ns < late_ns)
            return false;
    }
    return true;
}
