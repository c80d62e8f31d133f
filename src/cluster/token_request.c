#include "apiserver/response.h"
#include "base/clock.h"
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"
#include "cluster/request_object.h"
#include "cluster/service_account_tokens_state.h"

#include <assert.h>

#define MIN_SECONDS 600
#define MAX_SECONDS (INT64_C(1) << 32)
#define DEFAULT_SECONDS 3600
#define MAX_AUDIENCES 64

static void fail(struct api_request *r, struct failure *f)
{
    api_respond_status(r, &f->status);
    failure_clear(f);
}

/* 422 about one field. */
static bool invalid(struct failure *f, const char *field, const char *value, const char *why)
{
    auto_arena struct arena arena = {0};
    struct status_cause cause = cause_invalid_json(&arena, str_of(field), str_of(value), str_of(why));
    struct status s = status_invalid(&arena, (struct group_resource){STR("authentication.k8s.io"), STR("TokenRequest")},
                                     STR(""), &cause, 1);
    return failure_of(f, &s);
}

static bool read_expiration(const json_t *spec, int64_t *out, struct failure *f)
{
    const json_t *asked = json_object_get(spec, "expirationSeconds");
    char text[24];

    *out = DEFAULT_SECONDS;
    if (asked == NULL || json_is_null(asked))
        return true;
    *out = json_integer_value(asked);
    snprintf(text, sizeof(text), "%lld", (long long)*out);
    if (*out < MIN_SECONDS)
        return invalid(f, "spec.expirationSeconds", text, "may not specify a duration less than 10 minutes");
    if (*out > MAX_SECONDS)
        return invalid(f, "spec.expirationSeconds", text, "may not specify a duration larger than 2^32 seconds");
    return true;
}

static bool read_audiences(struct service_account_tokens *t, const json_t *spec, struct arena *arena,
                           struct str_list *out, struct failure *f)
{
    const json_t *asked = json_object_get(spec, "audiences");
    size_t i, count = json_array_size(asked);
    struct str *items = arena_alloc(arena, (count + 1) * sizeof(*items));
    json_t *audience;

    if (count > MAX_AUDIENCES)
        return failure_bad_request(f, "too many audiences");
    json_array_foreach (asked, i, audience) {
        items[i] = json_text(audience);
    }
    *out = count > 0 ? (struct str_list){items, count} : t->audiences;
    return true;
}

/* The object that the token is to be bound to. */
static bool read_bound(struct service_account_tokens *t, const json_t *spec, struct service_account_token_request *out,
                       struct failure *f)
{
    const json_t *reference = json_object_get(spec, "boundObjectRef");
    struct str kind_name = json_text_at(reference, "kind"), uid = json_text_at(reference, "uid");

    if (reference == NULL || json_is_null(reference))
        return true;
    const struct resource *kind = resource_find_kind(STR(""), STR("v1"), kind_name);
    if (kind != &resource_pods && kind != &resource_secrets && kind != &resource_nodes)
        return failure_bad_request(f, "cannot bind token to object of type %.*s", STR_ARG(kind_name));
    struct str name = json_text_at(reference, "name");
    const struct object *o = registry_get(t->registry, kind, out->account->namespace, name);
    if (o == NULL)
        return failure_not_found(f, kind, name);
    if (uid.len > 0 && !str_eq(uid, o->uid)) {
        auto_arena struct arena arena = {0};
        return failure_conflict(f, kind, name,
                                arena_printf(&arena,
                                             "the UID in the bound object reference (%.*s) does not match the UID in "
                                             "record. The object might have been deleted and then recreated",
                                             STR_ARG(uid))
                                    .ptr);
    }
    if (kind == &resource_pods) {
        auto_dom json_t *pod = object_dom(o);
        struct str account = json_text_at(pod, "spec.serviceAccountName");
        if (!str_eq(account, out->account->name))
            return failure_bad_request(f,
                                       "cannot bind token for serviceaccount \"%.*s\" to pod running with different "
                                       "serviceaccount name.",
                                       STR_ARG(out->account->name));
    }
    out->bound_kind = str_of(kind->kind);
    out->bound_name = o->name;
    out->bound_uid = o->uid;
    return true;
}

static bool check_head(const struct api_request *r, json_t *json, struct failure *f)
{
    auto_error struct error err = {0};
    struct str version = json_text_at(json, "apiVersion"), kind = json_text_at(json, "kind");
    struct str name = json_text_at(json, "metadata.name"), namespace = json_text_at(json, "metadata.namespace");

    if (!json_is_object(json))
        return failure_bad_request(f, "a TokenRequest is needed");
    if ((version.len > 0 && !str_eq(version, STR("authentication.k8s.io/v1"))) ||
        (kind.len > 0 && !str_eq(kind, STR("TokenRequest"))))
        return failure_bad_request(f, "%.*s %.*s is not a TokenRequest of authentication.k8s.io/v1", STR_ARG(version),
                                   STR_ARG(kind));
    if (!schema_decode(&schema_token_request, json, NULL, &err))
        return failure_bad_request(f, "%s", error_text(&err));
    if (name.len > 0 && !str_eq(name, r->attributes.name))
        return failure_bad_request(f, "the name of the object (%.*s) does not match the name on the URL (%.*s)",
                                   STR_ARG(name), STR_ARG(r->attributes.name));
    if (namespace.len > 0 && !str_eq(namespace, r->attributes.namespace))
        return failure_bad_request(
            f, "the namespace of the provided object does not match the namespace sent on the request");
    return true;
}

static void write_spec(struct json_writer *w, const struct service_account_token_request *what)
{
    json_write_key(w, STR("spec"));
    json_open_object(w);
    json_write_key(w, STR("audiences"));
    json_open_array(w);
    for (size_t i = 0; i < what->audiences.count; i++)
        json_write_str(w, what->audiences.items[i]);
    json_close_array(w);
    json_member_i64(w, STR("expirationSeconds"), what->expiration_seconds);
    json_write_key(w, STR("boundObjectRef"));
    if (what->bound_kind.len > 0) {
        json_open_object(w);
        json_member_str(w, STR("kind"), what->bound_kind);
        json_member_cstr(w, STR("apiVersion"), "v1");
        json_member_str(w, STR("name"), what->bound_name);
        json_member_str(w, STR("uid"), what->bound_uid);
        json_close_object(w);
    } else {
        json_write_null(w);
    }
    json_close_object(w);
}

static void write_answer(struct buf *to, const struct service_account_token_request *what, struct str token,
                         int64_t now_unix_ns)
{
    struct json_writer w = json_writer_to(to);

    assert(what->account != NULL);
    json_open_object(&w);
    json_member_cstr(&w, STR("kind"), "TokenRequest");
    json_member_cstr(&w, STR("apiVersion"), "authentication.k8s.io/v1");
    json_write_key(&w, STR("metadata"));
    json_open_object(&w);
    json_member_str(&w, STR("name"), what->account->name);
    json_member_str(&w, STR("namespace"), what->account->namespace);
    json_member_time(&w, STR("creationTimestamp"), now_unix_ns);
    json_close_object(&w);
    write_spec(&w, what);
    json_write_key(&w, STR("status"));
    json_open_object(&w);
    json_member_str(&w, STR("token"), token);
    json_member_time(&w, STR("expirationTimestamp"), now_unix_ns + what->expiration_seconds * NS_PER_S);
    json_close_object(&w);
    json_close_object(&w);
}

static void on_body(void *arg, struct api_request *r, struct str media_type, struct str body)
{
    struct service_account_tokens *t = arg;
    auto_failure struct failure f = {0};
    auto_error struct error err = {0};
    auto_buf struct buf token = {0}, answer = {0};
    auto_dom json_t *json = request_object(&schema_token_request, media_type, body, &f);
    struct service_account_token_request what = {0};
    int64_t now = t->now_unix_ns();

    if (json == NULL || !check_head(r, json, &f)) {
        fail(r, &f);
        return;
    }
    const json_t *spec = json_object_get(json, "spec");
    what.account = registry_get(t->registry, &resource_serviceaccounts, r->attributes.namespace, r->attributes.name);
    if (what.account == NULL || what.account->is_terminating)
        failure_not_found(&f, &resource_serviceaccounts, r->attributes.name);
    else if (read_expiration(spec, &what.expiration_seconds, &f) &&
             read_audiences(t, spec, r->arena, &what.audiences, &f) && read_bound(t, spec, &what, &f) &&
             !service_account_tokens_issue(t, &what, now, &token, &err))
        failure_internal(&f, "%s", error_text(&err));
    if (failure_is_set(&f)) {
        fail(r, &f);
        return;
    }
    write_answer(&answer, &what, buf_str(&token), now);
    api_respond_object(r, 201, buf_str(&answer));
}

void service_account_tokens_handle_request(struct service_account_tokens *t, struct api_request *r)
{
    if (!str_eq(r->http->method, STR("POST"))) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
        return;
    }
    api_request_read_body(r, &request_object_rules, on_body, t);
}
