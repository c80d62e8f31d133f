#include "apiserver/pages.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "kube/time.h"

#include <inttypes.h>

enum {
    MAX_VERBOSITY_BYTES = 16,
};

static bool is_get(struct api_request *r)
{
    if (str_eq(r->http->method, STR("GET")))
        return true;
    struct status s = status_method_not_allowed();
    api_respond_status(r, &s);
    return false;
}

/* --- /statusz --- */

void pages_print_status(struct buf *to, const struct pages *p, int64_t now_unix_ns)
{
    int64_t up_s = now_unix_ns > p->started_unix_ns ? (now_unix_ns - p->started_unix_ns) / NS_PER_S : 0;

    buf_printf(to,
               "%s statusz\n"
               "For people: the form of this page may change.\n\n"
               "Started: ",
               p->component);
    kube_time_print(to, p->started_unix_ns);
    buf_printf(to, "\nUp: %" PRId64 " hr %02" PRId64 " min %02" PRId64 " sec\n", up_s / 3600, up_s / 60 % 60,
               up_s % 60);
    buf_printf(to, "Binary version: %s\nPaths: /healthz /livez /metrics /readyz /statusz /version\n",
               p->version->git_version);
}

/* Whether a client that sent ACCEPT takes plain text. */
static bool takes_text(struct str accept)
{
    struct str one, type, parameters;

    if (accept.len == 0)
        return true;
    while (accept.len > 0) {
        str_cut(accept, ',', &one, &accept);
        str_cut(one, ';', &type, &parameters);
        type = str_trim(type);
        if (str_eq(type, STR("text/plain")) || str_eq(type, STR("text/*")) || str_eq(type, STR("*/*")))
            return true;
    }
    return false;
}

static void handle_statusz(void *arg, struct api_request *r)
{
    static const struct str types[] = {STR_INIT("text/plain")};
    auto_buf struct buf text = {0};

    if (!is_get(r))
        return;
    if (!takes_text(r->accept)) {
        struct status s = status_not_acceptable(r->arena, types, 1);
        api_respond_status(r, &s);
        return;
    }
    pages_print_status(&text, arg, clock_unix_ns());
    api_respond_text(r, 200, buf_str(&text));
}

/* --- /debug --- */

static void handle_profiles(void *arg, struct api_request *r)
{
    const struct pages *p = arg;

    api_respond_text(
        r, 404,
        arena_printf(r->arena, "404 page not found: %s is no Go program and has no profiles to show\n", p->component));
}

static void on_verbosity(void *arg, struct api_request *r, struct str media_type, struct str body)
{
    int64_t level;

    (void)arg;
    (void)media_type;
    if (!str_to_i64(str_trim(body), &level) || level < 0 || level > INT32_MAX) {
        api_respond_text(r, 400,
                         arena_printf(r->arena, "failed set klog.logging.verbosity %.*s: not a number\n",
                                      STR_ARG(str_head(body, MAX_VERBOSITY_BYTES))));
        return;
    }
    log_set_verbosity((int)level);
    log_info("Verbosity was set", LOG_NUM("v", level), LOG_STR("user", r->user.name));
    api_respond_text(r, 200, arena_printf(r->arena, "successfully set klog.logging.verbosity to %d", (int)level));
}

static void handle_verbosity(void *arg, struct api_request *r)
{
    static const struct str any[] = {STR_INIT("text/plain"), STR_INIT("application/x-www-form-urlencoded"),
                                     STR_INIT("application/octet-stream"), STR_INIT("application/json")};
    static const struct api_body_rules rules = {
        .max_bytes = 4096, .media_types = any, .media_type_count = sizeof(any) / sizeof(any[0])};

    if (str_eq(r->http->method, STR("PUT")))
        api_request_read_body(r, &rules, on_verbosity, arg);
    else
        api_respond_text(r, 406, STR("unsupported http method\n"));
}

void pages_install(const struct pages *p, struct api_server *server)
{
    void *pages = (void *)(uintptr_t)p;

    build_version_install(p->version, server);
    api_server_route(server, "/statusz", handle_statusz, pages);
    api_server_route(server, "/debug/flags/v", handle_verbosity, pages);
    api_server_route_unlisted(server, "/debug/pprof", handle_profiles, pages);
    api_server_route_unlisted(server, "/debug/pprof/", handle_profiles, pages);
}
