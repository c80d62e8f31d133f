#include "scrape/target.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "net/http1_client.h"
#include "scrape/prometheus_text.h"
#include "scrape/rates.h"
#include "scrape/summary.h"
#include "scrape/trouble.h"

#define SUMMARY_PATH "/stats/summary?only_cpu_and_memory=true"

enum {
    MAX_EXCERPT = 200, /* of the body of an answer that isn't 200 */
};

struct target {
    const struct target_settings *settings;
    struct node_endpoint endpoint;
    const struct target_events *events;
    void *arg;
    struct http1_client *client;
    struct roster *roster; /* of the last batch; NULL at the start */
    struct trouble trouble;
    size_t host;     /* the one that worked last */
    bool is_summary; /* the kubelet has no /metrics/resource */
    bool is_summary_told;
    bool is_missing_told; /* that the node's own figures are missing */
    int64_t took_ns;

    /* the scrape under way */
    bool is_scraping;
    size_t tried; /* hosts, before the one being asked */
    int64_t start_unix_ns;
    int64_t start_ns;
    struct error first_error; /* of the host tried first */
    int status;               /* HTTP's; 0: none yet */
    struct buf excerpt;
    enum trouble_kind trouble_kind; /* when the error is ours */
    struct batch_builder builder;   /* in use when either decoder is there */
    struct prometheus_text *text;
    struct summary *summary;
    bool wants_rates;
    bool has_refused_rates; /* last time */
    struct batch *held;     /* there while its rates are asked for; owned */
    struct rates *rates;
};

static void ask(struct target *t);

static const char *current_host(const struct target *t)
{
    return t->endpoint.hosts.items[(t->host + t->tried) % t->endpoint.hosts.count];
}

static const char *current_path(const struct target *t)
{
    return t->is_summary || t->held != NULL ? SUMMARY_PATH : t->endpoint.path;
}

static void print_url(const struct target *t, struct buf *to)
{
    const char *host = current_host(t);
    bool is_ipv6 = strchr(host, ':') != NULL;

    buf_printf(to, "%s://%s%s%s:%u%s", kubelet_credentials_tls(t->settings->credentials) != NULL ? "https" : "http",
               is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", t->endpoint.port, current_path(t));
}

/* --- the answer --- */

static void drop_decoder(struct target *t)
{
    rates_free(t->rates);
    t->rates = NULL;
    if (t->text == NULL && t->summary == NULL)
        return;
    prometheus_text_free(t->text);
    summary_free(t->summary);
    t->text = NULL;
    t->summary = NULL;
    batch_builder_free(&t->builder);
}

/* "text/plain; version=0.0.4" is "text/plain"; nothing is what servers that don't say send. */
static bool is_media_type(struct str content_type, struct str wanted)
{
    struct str type;

    str_cut(content_type, ';', &type, &content_type);
    type = str_trim(type);
    return type.len == 0 || str_eq_ignore_case(type, wanted);
}

static bool begin_body(struct target *t, const struct http1_answer_head *head, struct error *err)
{
    bool is_json = t->is_summary || t->held != NULL;
    struct str wanted = is_json ? STR("application/json") : STR("text/plain");

    if (head->content_encoding.len > 0 && !str_eq_ignore_case(head->content_encoding, STR("identity"))) {
        t->trouble_kind = TROUBLE_CONTENT;
        return error_set(err, 0, "the answer is encoded (%.*s), which wasn't asked for",
                         STR_ARG(head->content_encoding));
    }
    if (!is_media_type(head->content_type, wanted)) {
        t->trouble_kind = TROUBLE_CONTENT;
        return error_set(err, 0, "the answer's content type is %.*s, not %.*s: is this a kubelet?",
                         STR_ARG(str_head(head->content_type, 80)), STR_ARG(wanted));
    }
    if (t->held != NULL) {
        t->rates = rates_new(t->held);
        return true;
    }
    batch_builder_init(&t->builder, t->roster);
    if (t->is_summary)
        t->summary = summary_new(&t->builder, t->start_unix_ns);
    else
        t->text = prometheus_text_new(&t->builder, t->start_unix_ns);
    return true;
}

static bool on_head(void *arg, const struct http1_answer_head *head, struct error *err)
{
    struct target *t = arg;

    t->status = head->status;
    if (head->status == 200)
        return begin_body(t, head, err);
    buf_clear(&t->excerpt);
    buf_printf(&t->excerpt, "\"%d %.*s\"", head->status, STR_ARG(str_head(head->reason, 80)));
    return true;
}

static bool on_body(void *arg, struct str chunk, struct error *err)
{
    struct target *t = arg;
    bool is_good = true;

    if (t->text != NULL)
        is_good = prometheus_text_feed(t->text, chunk, err);
    else if (t->summary != NULL)
        is_good = summary_feed(t->summary, chunk, err);
    else if (t->rates != NULL)
        is_good = rates_feed(t->rates, chunk, err);
    else if (t->excerpt.len < MAX_EXCERPT) {
        if (str_index(buf_str(&t->excerpt), ':') < 0)
            buf_add_cstr(&t->excerpt, ": ");
        buf_add_str(&t->excerpt, str_head(chunk, MAX_EXCERPT - t->excerpt.len));
    }
    if (!is_good)
        t->trouble_kind = TROUBLE_CONTENT;
    return is_good;
}

/* --- ends --- */

static void end_scrape(struct target *t)
{
    drop_decoder(t);
    batch_free(t->held);
    t->held = NULL;
    buf_free(&t->excerpt);
    error_clear(&t->first_error);
    t->is_scraping = false;
    t->took_ns = clock_mono_ns() - t->start_ns;
}

static void fail_scrape(struct target *t, enum trouble_kind kind, const struct error *err)
{
    auto_buf struct buf url = {0};
    auto_error struct error cause = {0}, told = {0};

    /* of several hosts the preferred one's trouble is what the operator wants to know about first */
    t->tried = 0;
    print_url(t, &url);
    if (error_is_set(&t->first_error))
        error_set(&cause, err->code, "%s; then %s", error_text(&t->first_error), error_text(err));
    else
        error_set(&cause, err->code, "%s", error_text(err));
    error_set(&told, err->code, "%s (%s)", error_text(&cause), buf_cstr(&url));
    trouble_begin(&t->trouble, t->endpoint.name, buf_cstr(&url), kind, error_text(err), !t->endpoint.is_ready, &cause);
    t->is_summary = false;
    end_scrape(t);
    t->events->on_failed(t->arg, t, &told);
}

/* Another host than the one asked first has answered. */
static void settle_on_host(struct target *t)
{
    auto_buf struct buf url = {0};

    print_url(t, &url);
    log_warning("Node doesn't answer at its preferred address, but at another one", LOG_ERR(&t->first_error),
                LOG_CSTR("node", t->endpoint.name), LOG_CSTR("url", buf_cstr(&url)));
    t->host = (t->host + t->tried) % t->endpoint.hosts.count;
    t->tried = 0;
}

static void note_missing_node(struct target *t, const struct batch *batch)
{
    bool is_missing = !usage_point_is_set(&batch->node);

    if (is_missing && !t->is_missing_told)
        log_warning("Kubelet reports no CPU or memory figures of the node itself", LOG_CSTR("node", t->endpoint.name));
    t->is_missing_told = is_missing;
}

static void finish_batch(struct target *t)
{
    struct batch *batch = batch_builder_finish(&t->builder);

    batch->came_ns = t->start_ns;
    if (t->tried > 0)
        settle_on_host(t);
    note_missing_node(t, batch);
    roster_unref(t->roster);
    t->roster = roster_ref(batch->roster);
    trouble_end(&t->trouble, t->endpoint.name);
    if (t->wants_rates) {
        t->held = batch;
        ask(t);
        return;
    }
    end_scrape(t);
    t->events->on_batch(t->arg, t, NULL, batch);
}

/* The answer about rates has come, or not: ERR says why. */
static void finish_rates(struct target *t, const struct error *err)
{
    auto_error struct error cause = {0};
    struct batch *batch = t->held;
    struct batch *before = NULL;

    if (err != NULL)
        error_set(&cause, err->code, "%s", error_text(err));
    else if (t->status != 200)
        error_set(&cause, t->status, "request failed, status: %.*s", STR_ARG(str_trim(buf_str(&t->excerpt))));
    else
        before = rates_finish(t->rates, &cause);
    if (before == NULL)
        log_verbose(1, "Kubelet tells no rates, first figures take two samples", LOG_ERR(&cause),
                    LOG_CSTR("node", t->endpoint.name));
    t->has_refused_rates = err == NULL && (t->status == 401 || t->status == 403);
    t->held = NULL;
    end_scrape(t);
    t->events->on_batch(t->arg, t, before, batch);
}

static void finish_body(struct target *t)
{
    auto_error struct error err = {0};
    bool is_good = t->text != NULL ? prometheus_text_finish(t->text, &err) : summary_finish(t->summary, &err);

    if (is_good && t->builder.node.time_ns == 0 && t->builder.seen_count == 0)
        is_good = error_set(&err, 0, "the answer holds no figures, neither of the node nor of containers");
    if (is_good)
        finish_batch(t);
    else
        fail_scrape(t, TROUBLE_CONTENT, &err);
}

/* An answer other than 200 has come whole. */
static void finish_refused(struct target *t)
{
    auto_error struct error err = {0};

    if (t->status == 404 && !t->is_summary) {
        t->is_summary = true;
        ask(t);
        return;
    }
    error_set(&err, t->status, "request failed, status: %.*s", STR_ARG(str_trim(buf_str(&t->excerpt))));
    fail_scrape(t, TROUBLE_STATUS, &err);
}

static enum trouble_kind kind_of(const struct target *t, const struct error *err)
{
    switch ((enum http1_failure)err->code) {
    case HTTP1_NO_ADDRESS:
        return TROUBLE_ADDRESS;
    case HTTP1_NO_CONNECTION:
        return TROUBLE_CONNECTION;
    case HTTP1_NO_TLS:
        return TROUBLE_TLS;
    case HTTP1_TIMED_OUT:
        return TROUBLE_TIME;
    case HTTP1_BROKEN:
        return TROUBLE_TRANSPORT;
    case HTTP1_TOO_LARGE:
        return TROUBLE_SIZE;
    case HTTP1_STOPPED:
        return t->trouble_kind;
    }
    return TROUBLE_TRANSPORT;
}

/* The request never reached a kubelet: another address of the node may be better. */
static bool may_try_next_host(const struct target *t, const struct error *err)
{
    return (err->code == HTTP1_NO_ADDRESS || err->code == HTTP1_NO_CONNECTION || err->code == HTTP1_NO_TLS) &&
           t->tried + 1 < t->endpoint.hosts.count && clock_mono_ns() - t->start_ns < t->settings->timeout_ns;
}

static void on_done(void *arg, const struct error *err)
{
    struct target *t = arg;

    if (t->held != NULL) {
        finish_rates(t, err);
    } else if (err == NULL && t->status == 200) {
        finish_body(t);
    } else if (err == NULL) {
        finish_refused(t);
    } else if (may_try_next_host(t, err)) {
        if (!error_is_set(&t->first_error))
            error_set(&t->first_error, err->code, "%s", error_text(err));
        t->tried++;
        ask(t);
    } else {
        fail_scrape(t, kind_of(t, err), err);
    }
}

/* --- asking --- */

static void ask(struct target *t)
{
    struct http_header items[4];
    struct http1_request request = {
        .host = current_host(t),
        .port = t->endpoint.port,
        .path = str_of(current_path(t)),
        .headers = {.items = items},
        .max_body_bytes = t->settings->max_body_bytes != 0 ? t->settings->max_body_bytes : TARGET_MAX_BODY_BYTES,
        .answer = {.on_head = on_head, .on_body = on_body},
        .on_done = on_done,
        .arg = t,
    };
    auto_buf struct buf authorization = {0};
    struct str token = kubelet_credentials_token(t->settings->credentials);

    drop_decoder(t);
    t->status = 0;
    t->trouble_kind = TROUBLE_TRANSPORT;
    request.timeout_ns = t->start_ns + t->settings->timeout_ns - clock_mono_ns();
    if (t->held != NULL && request.timeout_ns > TARGET_RATES_TIMEOUT_NS)
        request.timeout_ns = TARGET_RATES_TIMEOUT_NS;
    if (request.timeout_ns < NS_PER_MS)
        request.timeout_ns = NS_PER_MS;
    request.connect_timeout_ns = t->settings->timeout_ns / (int64_t)t->endpoint.hosts.count; /* each has its chance */
    items[request.headers.count++] = (struct http_header){STR("User-Agent"), str_of(t->settings->user_agent)};
    items[request.headers.count++] = (struct http_header){
        STR("Accept"), t->is_summary || t->held != NULL ? STR("application/json") : STR("text/plain;version=0.0.4")};
    if (token.len > 0) {
        buf_printf(&authorization, "Bearer %.*s", STR_ARG(token));
        items[request.headers.count++] = (struct http_header){STR("Authorization"), buf_str(&authorization)};
    }
    if (t->is_summary && !t->is_summary_told) {
        t->is_summary_told = true;
        log_info("Kubelet has no " NODE_ENDPOINT_RESOURCE_PATH ", asking for its summary instead",
                 LOG_CSTR("node", t->endpoint.name));
    }
    http1_client_get(t->client, &request);
}

void target_scrape(struct target *t, bool wants_rates)
{
    if (t->is_scraping)
        return;
    t->wants_rates = wants_rates;
    if (t->is_summary && !http1_client_is_connected(t->client)) /* perhaps it was restarted, as another version */
        t->is_summary = false;
    t->is_scraping = true;
    t->tried = 0;
    t->start_unix_ns = clock_unix_ns();
    t->start_ns = clock_mono_ns();
    ask(t);
}

/* --- life --- */

struct target *target_new(const struct target_settings *settings, struct node_endpoint *endpoint,
                          const struct target_events *events, void *arg)
{
    struct target *t = mem_zalloc(sizeof(*t));

    t->settings = settings;
    t->endpoint = *endpoint;
    *endpoint = (struct node_endpoint){0};
    t->events = events;
    t->arg = arg;
    trouble_init(&t->trouble);
    t->client = http1_client_new(settings->loop, kubelet_credentials_tls(settings->credentials));
    return t;
}

void target_free(struct target *t)
{
    if (t == NULL)
        return;
    http1_client_free(t->client);
    end_scrape(t);
    trouble_free(&t->trouble);
    roster_unref(t->roster);
    node_endpoint_free(&t->endpoint);
    free(t);
}

const char *target_name(const struct target *t)
{
    return t->endpoint.name;
}

bool target_set_endpoint(struct target *t, struct node_endpoint *endpoint)
{
    bool is_same = node_endpoint_is_same(&t->endpoint, endpoint);
    bool was_scraping = t->is_scraping;
    bool has_become_ready = !t->endpoint.is_ready && endpoint->is_ready;

    if (!is_same && was_scraping) {
        http1_client_cancel(t->client);
        end_scrape(t);
    }
    node_endpoint_free(&t->endpoint);
    t->endpoint = *endpoint;
    *endpoint = (struct node_endpoint){0};
    if (is_same)
        return has_become_ready && error_is_set(&t->trouble.now);
    t->host = 0;
    t->is_summary = false;
    if (was_scraping)
        target_scrape(t, t->wants_rates);
    return true;
}

void target_set_credentials(struct target *t)
{
    http1_client_set_tls(t->client, kubelet_credentials_tls(t->settings->credentials));
}

bool target_is_scraping(const struct target *t)
{
    return t->is_scraping;
}

bool target_has_refused_rates(const struct target *t)
{
    return t->has_refused_rates;
}

const char *target_trouble(const struct target *t)
{
    return error_text(&t->trouble.now);
}

int64_t target_last_start_unix_ns(const struct target *t)
{
    return t->start_unix_ns;
}

int64_t target_last_took_ns(const struct target *t)
{
    return t->took_ns;
}
