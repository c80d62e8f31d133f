#include "apiserver/server_state.h"

#include "base/alloc.h"

void api_respond_paths(struct api_request *r, int code)
{
    struct api_server *s = r->server;
    struct path_list list = {0};
    auto_buf struct buf json = {0};

    for (size_t i = 0; i < s->routes.count; i++)
        if (s->routes.items[i].is_listed)
            path_list_add(&list, s->routes.items[i].path);
    for (size_t i = 0; i < s->listed.count; i++)
        path_list_add(&list, s->listed.items[i]);
    if (s->options.list_paths != NULL)
        s->options.list_paths(s->options.arg, &list);
    path_list_print(&list, &json);
    path_list_free(&list);
    api_respond_bytes(r, code, STR("application/json"), buf_str(&json));
}

static void fail_forbidden(struct api_request *r, const struct api_failure *f)
{
    struct http_headers headers = {0};
    struct status s;

    if (f->what->is_resource)
        s = status_forbidden_resource(r->arena, &(struct forbidden_request){
                                                    .user = f->user->name,
                                                    .verb = f->what->verb,
                                                    .group = f->what->group,
                                                    .resource = f->what->resource,
                                                    .subresource = f->what->subresource,
                                                    .namespace = f->what->namespace,
                                                    .name = f->what->name,
                                                    .reason = f->reason,
                                                });
    else
        s = status_forbidden_path(r->arena, f->user->name, f->what->verb, f->what->path, f->reason);
    http_headers_add(&headers, r->arena, STR("X-Content-Type-Options"), STR("nosniff"));
    api_respond_status_headers(r, &s, headers);
}

static void fail_draining(struct api_request *r)
{
    struct http_headers headers = {0};
    struct status s = status_service_unavailable(STR("apiserver is shutting down"));

    http_headers_add(&headers, r->arena, STR("Retry-After"), STR("1"));
    api_respond_status_headers(r, &s, headers);
}

static void fail_busy(struct api_request *r)
{
    static const struct str text = STR_INIT("Too many requests, please try again later.\n");
    struct http_headers headers = {0};

    http_headers_add(&headers, r->arena, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    http_headers_add(&headers, r->arena, STR("X-Content-Type-Options"), STR("nosniff"));
    http_headers_add(&headers, r->arena, STR("Retry-After"), STR("1"));
    api_start(r, 429, &headers, (int64_t)text.len);
    api_write(r, text);
    api_end(r);
}

/* As upstream: a Status without kind and apiVersion, and no JSON by its content type. */
static void fail_deadline(struct api_request *r)
{
    api_respond_bytes(r, 504, STR("text/plain; charset=utf-8"),
                      STR("{\"metadata\":{},\"status\":\"Failure\",\"message\":\"Timeout: request did not complete "
                          "within the allotted timeout\",\"reason\":\"Timeout\",\"details\":{},\"code\":504}"));
}

void api_fail(struct api_request *r, const struct api_failure *f)
{
    struct status s;

    switch (f->kind) {
    case API_FAILURE_MALFORMED:
    case API_FAILURE_IMPERSONATION:
        if (f->err->code == 400)
            api_respond_error(r, f->err);
        else
            api_respond_broken(r, str_of(error_text(f->err)));
        break;
    case API_FAILURE_DRAINING:
        fail_draining(r);
        break;
    case API_FAILURE_UNAUTHORIZED:
        s = status_unauthorized();
        api_respond_status(r, &s);
        break;
    case API_FAILURE_FORBIDDEN:
        fail_forbidden(r, f);
        break;
    case API_FAILURE_AUTHORIZER:
        api_respond_broken(r, str_of(error_text(f->err)));
        break;
    case API_FAILURE_BUSY:
        fail_busy(r);
        break;
    case API_FAILURE_NO_ROUTE:
        api_respond_paths(r, 404);
        break;
    case API_FAILURE_DEADLINE:
        fail_deadline(r);
        break;
    }
}
