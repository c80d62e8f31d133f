#include "cluster/api_service_probe.h"

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "cluster/aggregation_proxy.h"

#define PERIOD_MS 30000
#define TIMEOUT_MS 5000
#define MAX_ANSWER_BYTES ((size_t)4 * 1024 * 1024)

struct api_service_probe {
    struct api_service_probe_options options;
    uv_timer_t timer;
    struct backoff backoff;
    struct fetch *fetch; /* NULL: waiting */
    struct arena arena;  /* of the question under way */
    struct str base_url; /* "https://HOST:PORT" */
    struct str url;      /* what is asked for */
    int status;
    struct buf answer;
};

struct fetch_tls api_service_tls(const struct api_service *service, struct str cert_pem, struct str key_pem,
                                 struct arena *arena)
{
    return (struct fetch_tls){
        .ca = service->ca_pem,
        .cert = cert_pem,
        .key = key_pem,
        .server_name = api_service_host(service, arena),
        .insecure = service->is_insecure,
    };
}

static void on_timer(uv_timer_t *timer);

static void report(struct api_service_probe *p, const struct api_service_finding *finding)
{
    int64_t wait_ms = PERIOD_MS;

    if (finding->is_available)
        backoff_reset(&p->backoff);
    else
        wait_ms = backoff_next(&p->backoff, random_fraction()) / NS_PER_MS;
    uv_timer_start(&p->timer, on_timer, (uint64_t)wait_ms, 0);
    p->options.on_finding(p->options.arg, finding); /* may free P */
}

static void report_failure(struct api_service_probe *p, const char *reason, struct str message)
{
    report(p, &(struct api_service_finding){.reason = reason, .message = message});
}

static void on_head(void *owner, const struct fetch_head *head)
{
    struct api_service_probe *p = owner;
    p->status = head->status;
}

static void on_data(void *owner, struct str chunk)
{
    struct api_service_probe *p = owner;

    if (p->answer.len + chunk.len <= MAX_ANSWER_BYTES) {
        buf_add_str(&p->answer, chunk);
        return;
    }
    fetch_cancel(p->fetch);
    p->fetch = NULL;
    report_failure(
        p, "FailedDiscoveryCheck",
        arena_printf(&p->arena, "failing or missing response from %.*s: the answer is too long", STR_ARG(p->url)));
}

static void on_done(void *owner, const struct error *err)
{
    struct api_service_probe *p = owner;
    struct str url = p->url, why;

    p->fetch = NULL;
    if (err == NULL && p->status >= 200 && p->status <= 299) {
        report(p, &(struct api_service_finding){
                      .is_available = true,
                      .reason = "Passed",
                      .message = STR("all checks passed"),
                      .url = p->base_url,
                      .answer = buf_str(&p->answer),
                  });
        return;
    }
    if (err != NULL && err->code == FETCH_TIMED_OUT)
        why = arena_printf(&p->arena, "timed out waiting for %.*s", STR_ARG(url));
    else if (err != NULL)
        why = arena_printf(&p->arena, "failing or missing response from %.*s: %s", STR_ARG(url), error_text(err));
    else
        why = arena_printf(&p->arena, "failing or missing response from %.*s: bad status from %.*s: %d", STR_ARG(url),
                           STR_ARG(url), p->status);
    report_failure(p, "FailedDiscoveryCheck", why);
}

static void ask(struct api_service_probe *p)
{
    static const struct str masters[] = {STR_INIT("system:masters")};
    static const struct user aggregator = {
        .name = STR_INIT("system:kube-aggregator"), .groups = masters, .group_count = 1};
    const struct api_service *s = p->options.service;
    struct http_headers headers = {0};

    aggregation_proxy_identity(&aggregator, &p->arena, &headers);
    http_headers_add(&headers, &p->arena, STR("Accept"), STR("application/json"));
    http_headers_add(&headers, &p->arena, STR("User-Agent"), STR("kube-aggregator (tacho/" TACHO_VERSION ")"));
    p->url =
        arena_printf(&p->arena, "%.*s/apis/%.*s/%.*s", STR_ARG(p->base_url), STR_ARG(s->group), STR_ARG(s->version));
    const struct fetch_options options = {
        .url = p->url,
        .headers = headers,
        .tls = api_service_tls(s, p->options.proxy_cert_pem, p->options.proxy_key_pem, &p->arena),
        .timeout_ms = TIMEOUT_MS,
        .owner = p,
        .on_head = on_head,
        .on_data = on_data,
        .on_done = on_done,
    };
    p->fetch = fetch_start(p->options.pool, &options);
}

static void on_timer(uv_timer_t *timer)
{
    struct api_service_probe *p = timer->data;
    struct api_service_fault fault = {0};
    auto_buf struct buf url = {0};

    if (p->fetch != NULL)
        fetch_cancel(p->fetch);
    p->fetch = NULL;
    arena_reset(&p->arena);
    buf_clear(&p->answer);
    p->status = 0;
    if (!api_service_resolve(p->options.service, p->options.registry, &p->arena, &url, &fault)) {
        report_failure(p, fault.reason, fault.message);
        return;
    }
    p->base_url = arena_str(&p->arena, buf_str(&url));
    ask(p);
}

struct api_service_probe *api_service_probe_new(const struct api_service_probe_options *options)
{
    struct api_service_probe *p = mem_zalloc(sizeof(*p));

    p->options = *options;
    p->backoff = (struct backoff){
        .min_ns = 100 * NS_PER_MS,
        .max_ns = 5 * NS_PER_S,
        .factor = 1.25,
        .jitter = 0.1,
    };
    uv_timer_init(options->loop, &p->timer);
    p->timer.data = p;
    uv_timer_start(&p->timer, on_timer, 0, 0);
    return p;
}

void api_service_probe_now(struct api_service_probe *p)
{
    backoff_reset(&p->backoff);
    uv_timer_start(&p->timer, on_timer, 0, 0);
}

void api_service_probe_soon(struct api_service_probe *p)
{
    if (p->fetch == NULL)
        uv_timer_start(&p->timer, on_timer, 0, 0);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct api_service_probe *p = handle->data;

    buf_free(&p->answer);
    arena_free(&p->arena);
    free(p);
}

void api_service_probe_free(struct api_service_probe *p)
{
    if (p == NULL)
        return;
    if (p->fetch != NULL)
        fetch_cancel(p->fetch);
    p->fetch = NULL;
    uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}
