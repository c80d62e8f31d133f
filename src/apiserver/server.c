#include "apiserver/server.h"

#include "apiserver/server_state.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "kube/json_indent.h"

#include <assert.h>

#if defined(__x86_64__)
const char build_platform[] = "linux/amd64";
#elif defined(__aarch64__)
const char build_platform[] = "linux/arm64";
#else
const char build_platform[] = "linux/unknown";
#endif

struct api_server *api_server_new(uv_loop_t *loop, const struct api_server_options *options)
{
    struct api_server *s = mem_zalloc(sizeof(*s));

    assert(options->authn.authenticate != NULL && options->authz.authorize != NULL);
    s->options = *options;
    if (s->options.max_in_flight == 0)
        s->options.max_in_flight = 400;
    if (s->options.max_mutating_in_flight == 0)
        s->options.max_mutating_in_flight = 200;
    if (s->options.deadline_ns == 0)
        s->options.deadline_ns = 60 * NS_PER_S;
    uv_timer_init(loop, &s->deadline_timer);
    uv_timer_init(loop, &s->closing_timer);
    s->deadline_timer.data = s->closing_timer.data = s;
    s->open_timers = 2;
    s->http = http_server_new(loop, options->tls, options->limits,
                              (struct http_handler){.on_request = api_server_on_request, .arg = s});
    return s;
}

void api_server_route(struct api_server *s, const char *path, api_handler *handler, void *arg)
{
    routes_add(&s->routes, &(struct route){str_of(path), handler, arg, true});
}

void api_server_route_unlisted(struct api_server *s, const char *path, api_handler *handler, void *arg)
{
    routes_add(&s->routes, &(struct route){str_of(path), handler, arg, false});
}

void api_server_list_path(struct api_server *s, struct str path)
{
    path_list_add(&s->listed, path);
}

bool api_server_listen(struct api_server *s, const char *address, uint16_t port, struct error *err)
{
    return http_server_listen(s->http, address, port, err);
}

bool api_server_adopt(struct api_server *s, int fd, struct error *err)
{
    return http_server_adopt(s->http, fd, err);
}

uint16_t api_server_port(const struct api_server *s)
{
    return http_server_port(s->http);
}

void api_server_set_tls(struct api_server *s, struct tls_server *tls)
{
    http_server_set_tls(s->http, tls);
}

void api_server_drain(struct api_server *s)
{
    s->is_draining = true;
}

bool api_server_is_draining(const struct api_server *s)
{
    return s->is_draining;
}

unsigned api_server_in_flight(const struct api_server *s)
{
    return s->in_flight;
}

void api_server_load(const struct api_server *s, unsigned *reading, unsigned *mutating)
{
    *reading = s->reading;
    *mutating = s->mutating;
}

uint64_t api_server_handshake_failures(const struct api_server *s)
{
    return http_server_handshake_failures(s->http);
}

static void print_version(struct buf *to, const struct build_version *v)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_cstr(&w, STR("major"), v->major);
    json_member_cstr(&w, STR("minor"), v->minor);
    /* It is what it says it is: no other version is emulated. */
    json_member_cstr(&w, STR("emulationMajor"), v->major);
    json_member_cstr(&w, STR("emulationMinor"), v->minor);
    json_member_cstr(&w, STR("minCompatibilityMajor"), v->major);
    json_member_cstr(&w, STR("minCompatibilityMinor"), v->minor);
    json_member_cstr(&w, STR("gitVersion"), v->git_version);
    json_member_cstr(&w, STR("gitCommit"), v->git_commit);
    json_member_cstr(&w, STR("gitTreeState"), v->git_commit != NULL && *v->git_commit != '\0' ? "clean" : "");
    json_member_cstr(&w, STR("buildDate"), v->build_date);
    json_member_cstr(&w, STR("goVersion"), "");
    json_member_cstr(&w, STR("compiler"), "cc");
    json_member_cstr(&w, STR("platform"), build_platform);
    json_close_object(&w);
}

void build_version_handle(void *arg, struct api_request *r)
{
    struct status s;
    auto_buf struct buf json = {0}, text = {0};
    bool is_known = str_eq(r->attributes.path, STR("/version")) || str_eq(r->attributes.path, STR("/version/"));

    if (!is_known || !str_eq(r->http->method, STR("GET"))) {
        s = is_known ? status_method_not_allowed() : status_no_such_path();
        api_respond_status(r, &s);
        return;
    }
    print_version(&json, arg);
    json_indent(&text, buf_str(&json));
    api_respond_bytes(r, 200, STR("application/json"), buf_str(&text));
}

void build_version_install(const struct build_version *v, struct api_server *server)
{
    api_server_route(server, "/version", build_version_handle, (void *)(uintptr_t)v);
    api_server_route_unlisted(server, "/version/", build_version_handle, (void *)(uintptr_t)v);
}
