/* `metrics-server`: parses the flags, wires the parts, runs the loop. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "apiserver/cors.h"
#include "apiserver/health.h"
#include "apiserver/pages.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "cmd/access.h"
#include "cmd/auditing.h"
#include "cmd/collection.h"
#include "cmd/listening.h"
#include "cmd/serving.h"
#include "cmd/telemetry.h"
#include "serve/metrics_api.h"
#include "serve/metrics_openapi.h"

/* Everything there is one of. Static, so that it is valid for as long as anything may point to it. */
static struct server {
    struct metrics_server_flags flags;
    uv_loop_t loop;
    uv_signal_t sigterm, sigint;
    uv_timer_t delay;

    struct api_clients clients;
    struct telemetry telemetry;
    struct collection collection;
    struct access access;
    struct serving serving;
    struct auditing auditing;
    struct buf hsts;
    struct cors *cors;
    struct api_server *server;
    struct health *health;
    struct readiness readiness;
    struct metrics_api *api;
    struct pages pages;
    struct openapi_server *openapi;
} the_server;

static const struct build_version version = {.major = "0",
                                             .minor = "1",
                                             .git_version = "v" TACHO_VERSION,
                                             .git_commit = "",
                                             .build_date = "1970-01-01T00:00:00Z"};

/* --- serving --- */

/* 0 means that there is no limit. */
static unsigned limit_of(int64_t flag)
{
    return flag > 0 ? (unsigned)flag : UINT_MAX;
}

static void list_paths(void *arg, struct path_list *to)
{
    const struct server *s = arg;

    health_list_paths(s->health, to);
}

static bool make_server(struct server *s, struct error *err)
{
    struct http_limits limits = http_limits_default;

    listening_print_hsts(&s->flags, &s->hsts);
    s->cors = cors_new(s->flags.cors_origins.items, s->flags.cors_origins.count, err);
    if (s->cors == NULL)
        return error_wrap(err, "--cors-allowed-origins has an invalid regular expression");

    if (s->flags.max_streams > 0)
        limits.max_streams = (unsigned)s->flags.max_streams;
    const struct api_server_options options = {
        .tls = serving_server(&s->serving),
        .limits = &limits,
        .authn = access_authenticator(&s->access),
        .authz = access_authorizer(&s->access),
        .max_in_flight = limit_of(s->flags.max_in_flight),
        .max_mutating_in_flight = limit_of(s->flags.max_mutating_in_flight),
        .deadline_ns = s->flags.request_timeout_ns,
        .list_paths = list_paths,
        .hsts = buf_str(&s->hsts),
        .cors = s->cors,
        .goaway_chance = s->flags.goaway_chance,
        .sends_retry_after = s->flags.shutdown_sends_retry_after,
        .long_running_grace_ns = s->flags.shutdown_watch_grace_ns,
        .arg = s,
    };

    s->serving.server = s->server = api_server_new(&s->loop, &options);
    return true;
}

static void add_routes(struct server *s)
{
    auto_buf struct buf address = {0};

    listening_print_address(&s->flags, &address);
    s->api = metrics_api_new(&s->loop, s->collection.ledger, buf_str(&address));
    metrics_api_set_min_watch(s->api, s->flags.min_request_timeout_s);
    metrics_api_set_freshness(s->api, own_metrics_freshness(s->collection.metrics));
    metrics_api_install(s->api, s->server);
    s->health = health_new();
    readiness_add_checks(&s->readiness, s->health);
    health_install(s->health, s->server);
    telemetry_serve(&s->telemetry, s->server);
    s->pages = (struct pages){.component = "metrics-server", .version = &version, .started_unix_ns = clock_unix_ns()};
    pages_install(&s->pages, s->server);
    s->openapi = metrics_openapi_new(version.git_version, clock_unix_ns());
    openapi_server_install(s->openapi, s->server);
}

static bool start_serving(struct server *s, struct error *err)
{
    if (!serving_open(&s->serving, &s->loop, &s->flags, err) ||
        !auditing_open(&s->auditing, &s->loop, &s->flags.audit, s->telemetry.registry, err) ||
        !access_open(&s->access, &s->loop, &s->flags, &s->clients, s->telemetry.registry, &s->readiness, err) ||
        !make_server(s, err))
        return false;
    auditing_observe(&s->auditing, s->server);
    add_routes(s);
    return listening_open(s->server, &s->flags, err);
}

/* --- life --- */

static void on_server_closed(void *arg)
{
    struct server *s = arg;

    metrics_api_free(s->api);
    collection_close(&s->collection);
    access_close(&s->access);
    api_clients_close(&s->clients);
    serving_close(&s->serving);
    auditing_close(&s->auditing);
    uv_close((uv_handle_t *)&s->sigterm, NULL);
    uv_close((uv_handle_t *)&s->sigint, NULL);
    uv_close((uv_handle_t *)&s->delay, NULL);
}

static void on_delayed(uv_timer_t *timer)
{
    struct server *s = timer->data;

    if (s->flags.shutdown_watch_grace_ns == 0) /* else the server ends them when that is over */
        metrics_api_end_watches(s->api);
    api_server_close(s->server, s->flags.request_timeout_ns, on_server_closed, s);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *s = handle->data;

    if (s->readiness.is_stopping)
        exit(1); /* the second one: whoever sends it doesn't want to wait */
    s->readiness.is_stopping = true;
    log_info("Shutting down", LOG_CSTR("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
    api_server_drain(s->server);
    uv_timer_start(&s->delay, on_delayed, (uint64_t)(s->flags.shutdown_delay_ns / NS_PER_MS), 0);
}

static void init_loop(struct server *s)
{
    uv_loop_init(&s->loop);
    uv_timer_init(&s->loop, &s->delay);
    uv_signal_init(&s->loop, &s->sigterm);
    uv_signal_init(&s->loop, &s->sigint);
    s->delay.data = s->sigterm.data = s->sigint.data = s;
    uv_signal_start(&s->sigterm, on_signal, SIGTERM);
    uv_signal_start(&s->sigint, on_signal, SIGINT);
}

/* Names are looked up in libuv's threads: some slow ones shall not hold up the rest. */
static void add_threads(void)
{
    setenv("UV_THREADPOOL_SIZE", "16", 0);
}

/* A connection for each kubelet and each client: as many as the system allows. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* when it may not be raised, the old one has to do */
}

static bool run(struct server *s, struct error *err)
{
    add_threads();
    raise_file_limit();
    init_loop(s);
    telemetry_open(&s->telemetry, &version);
    if (!api_clients_open(&s->clients, &s->loop, &s->flags, err))
        return false;
    telemetry_watch_calls(&s->telemetry, s->clients.pool);
    if (!collection_open(&s->collection, &s->loop, &s->flags, &s->clients, s->telemetry.registry, &s->readiness, err) ||
        !start_serving(s, err))
        return false;
    collection_start(&s->collection, &s->loop, &s->clients, &s->readiness);
    uv_run(&s->loop, UV_RUN_DEFAULT);

    openapi_server_free(s->openapi);
    health_free(s->health);
    telemetry_close(&s->telemetry);
    collection_free(&s->collection);
    cors_free(s->cors);
    buf_free(&s->hsts);
    api_clients_free(&s->clients);
    uv_loop_close(&s->loop);
    return true;
}

int main(int argc, char **argv)
{
    struct server *s = &the_server;
    auto_error struct error err = {0};

    signal(SIGPIPE, SIG_IGN);
    switch (metrics_server_flags_parse(&s->flags, argc, argv, &err)) {
    case FLAGS_HELP: {
        struct winsize window = {0}; /* not a terminal: no columns to keep to */
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
        auto_free char *help = flags_help_wrapped(s->flags.flags, window.ws_col);
        fputs(help, stdout);
        return 0;
    }
    case FLAGS_ERROR:
        fprintf(stderr, "Error: %s\n", error_text(&err));
        return 1;
    case FLAGS_OK:
        break;
    }
    if (s->flags.is_version_wanted) {
        printf("v" TACHO_VERSION "\n");
        return 0;
    }
    log_set_verbosity((int)s->flags.verbosity);
    log_set_vmodule(str_of(s->flags.vmodule));
    log_set_format(strcmp(s->flags.logging_format, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT);
    if (!run(s, &err)) {
        log_fatal("metrics-server can't start", LOG_ERR(&err));
        return 1;
    }
    metrics_server_flags_free(&s->flags);
    return 0;
}
