#include "cluster/reviews.h"

#include "base/alloc.h"
#include "apiserver/response.h"
#include "cluster/json_path.h"
#include "cluster/kinds/schema_types.h"
#include "cluster/request_object.h"

#define AUTHENTICATION STR_INIT("authentication.k8s.io")
#define AUTHORIZATION STR_INIT("authorization.k8s.io")
#define MAX_AUDIENCES 64

struct reviews {
    struct service_account_tokens *tokens;
    struct rbac *rbac;
    struct authorizer authorizer;
};

struct question_kind;

/* One question, in its request's arena. */
struct question {
    struct reviews *reviews;
    const struct question_kind *kind;
    struct api_request *request;
    json_t *object;   /* what was sent; owned until the request closes */
    struct user user; /* whom a SubjectAccessReview is about */
    struct api_attributes what;
};

struct question_kind {
    struct str group;
    struct str resource;
    const char *kind;
    const struct schema *schema;
    bool is_namespaced;
    bool is_about_requester; /* the user isn't in the spec */
    void (*answer)(struct question *q);
};

/* --- answering --- */

static void fail(struct question *q, struct failure *f)
{
    api_respond_status(q->request, &f->status);
    failure_clear(f);
}

/* The object sent, with what is sure about it and with STATUS (owned from here on). */
static void respond(struct question *q, json_t *status)
{
    json_t *metadata = json_object_get(q->object, "metadata");
    json_t *answer = json_object();

    json_object_set_new(answer, "kind", json_string(q->kind->kind));
    json_object_set_new(answer, "apiVersion", json_sprintf("%.*s/v1", STR_ARG(q->kind->group)));
    json_object_set_new(answer, "metadata", json_is_object(metadata) ? json_incref(metadata) : json_object());
    if (json_is_object(json_object_get(q->object, "spec")))
        json_object_set(answer, "spec", json_object_get(q->object, "spec"));
    json_object_set_new(answer, "status", status);
    char *text = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    api_respond_object(q->request, 201, str_of(text));
    free(text);
}

/* 422 about one field of the spec. */
static void fail_invalid(struct question *q, const char *field, const char *value, const char *why)
{
    struct arena *arena = q->request->arena;
    struct status_cause cause = cause_invalid_json(arena, str_of(field), str_of(value), str_of(why));
    struct status s =
        status_invalid(arena, (struct group_resource){q->kind->group, str_of(q->kind->kind)}, STR(""), &cause, 1);
    struct failure f = {0};

    failure_of(&f, &s);
    fail(q, &f);
}

/* --- users in JSON --- */

static struct str_list read_texts(const json_t *array, struct arena *arena)
{
    size_t i, count = json_array_size(array);
    struct str *items = arena_alloc(arena, (count + 1) * sizeof(*items));
    json_t *item;

    json_array_foreach (array, i, item)
        items[i] = json_text(item);
    return (struct str_list){items, count};
}

static void read_extra(const json_t *extra, struct user *user, struct arena *arena)
{
    struct user_extra *items = arena_zalloc(arena, (json_object_size(extra) + 1) * sizeof(*items));
    const char *key;
    json_t *values;

    user->extra = items;
    json_object_foreach ((json_t *)(uintptr_t)extra, key, values) {
        struct str_list list = read_texts(values, arena);
        items[user->extra_count++] = (struct user_extra){str_of(key), list.items, list.count};
    }
}

static json_t *text(struct str s)
{
    return json_stringn(s.len > 0 ? s.ptr : "", s.len);
}

static json_t *texts(const struct str *items, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, text(items[i]));
    return array;
}

static json_t *user_json(const struct user *user)
{
    json_t *json = json_object(), *extra = json_object();

    json_object_set_new(json, "username", text(user->name));
    if (user->uid.len > 0)
        json_object_set_new(json, "uid", text(user->uid));
    if (user->group_count > 0)
        json_object_set_new(json, "groups", texts(user->groups, user->group_count));
    for (size_t i = 0; i < user->extra_count; i++)
        json_object_setn_new(extra, user->extra[i].key.ptr, user->extra[i].key.len,
                             texts(user->extra[i].values, user->extra[i].value_count));
    if (json_object_size(extra) > 0)
        json_object_set(json, "extra", extra);
    json_decref(extra);
    return json;
}

/* --- authentication.k8s.io --- */

static void answer_token(struct question *q)
{
    const json_t *spec = json_object_get(q->object, "spec");
    struct str token = json_text_at(spec, "token");
    struct str_list audiences = read_texts(json_object_get(spec, "audiences"), q->request->arena), matched;
    auto_error struct error err = {0};
    struct failure f = {0};
    struct user user;

    if (token.len == 0 || audiences.count > MAX_AUDIENCES) {
        failure_bad_request(&f, token.len == 0 ? "token is required for TokenReview in authentication"
                                               : "too many audiences");
        fail(q, &f);
        return;
    }
    json_t *status = json_object();
    if (q->reviews->tokens != NULL &&
        service_account_tokens_verify(q->reviews->tokens, token, audiences, q->request->arena, &user, &matched, &err)) {
        user_add_group(&user, q->request->arena, GROUP_AUTHENTICATED);
        json_object_set_new(status, "authenticated", json_true());
        json_object_set_new(status, "user", user_json(&user));
        json_object_set_new(status, "audiences", texts(matched.items, matched.count));
    } else {
        json_object_set_new(status, "user", json_object());
        json_object_set_new(status, "error", json_sprintf("[invalid bearer token, %s]", error_text(&err)));
    }
    respond(q, status);
}

static void answer_self(struct question *q)
{
    respond(q, json_pack("{s:o}", "userInfo", user_json(&q->request->user)));
}

/* --- authorization.k8s.io --- */

static void on_authorized(void *arg, const struct authz_answer *a)
{
    struct question *q = arg;
    json_t *status = json_pack("{s:b}", "allowed", a->decision == AUTHZ_ALLOW);

    if (a->decision == AUTHZ_DENY)
        json_object_set_new(status, "denied", json_true());
    if (a->reason.len > 0)
        json_object_set_new(status, "reason", text(a->reason));
    if (a->decision == AUTHZ_FAILED)
        json_object_set_new(status, "evaluationError", json_string(error_text(a->err)));
    respond(q, status);
}

static void read_resource(const json_t *spec, struct api_attributes *out)
{
    *out = (struct api_attributes){
        .is_resource = true,
        .verb = json_text_at(spec, "verb"),
        .api_prefix = json_text_at(spec, "group").len > 0 ? STR("apis") : STR("api"),
        .group = json_text_at(spec, "group"),
        .version = json_text_at(spec, "version"),
        .namespace = json_text_at(spec, "namespace"),
        .resource = json_text_at(spec, "resource"),
        .subresource = json_text_at(spec, "subresource"),
        .name = json_text_at(spec, "name"),
    };
}

/* Who is meant; false when it was refused. */
static bool read_subject(struct question *q, const json_t *spec)
{
    struct arena *arena = q->request->arena;

    if (q->kind->is_about_requester) {
        q->user = q->request->user;
        return true;
    }
    struct str_list groups = read_texts(json_object_get(spec, "groups"), arena);
    q->user = (struct user){
        .name = json_text_at(spec, "user"),
        .uid = json_text_at(spec, "uid"),
        .groups = groups.items,
        .group_count = groups.count,
    };
    read_extra(json_object_get(spec, "extra"), &q->user, arena);
    if (q->user.name.len > 0 || groups.count > 0)
        return true;
    fail_invalid(q, "spec.user", "\"\"", "at least one of user or group must be specified");
    return false;
}

static void answer_access(struct question *q)
{
    const json_t *spec = json_object_get(q->object, "spec");
    const json_t *resource = json_object_get(spec, "resourceAttributes");
    const json_t *path = json_object_get(spec, "nonResourceAttributes");
    bool has_resource = json_is_object(resource), has_path = json_is_object(path);

    if (q->kind->is_namespaced && has_path) {
        fail_invalid(q, "spec.nonResourceAttributes", "{}", "disallowed on this kind of request");
    } else if (has_resource == has_path) {
        fail_invalid(q, "spec.resourceAttributes", "null",
                     has_path ? "cannot be specified in combination with resourceAttributes"
                              : "exactly one of nonResourceAttributes or resourceAttributes must be specified");
    } else if (read_subject(q, spec)) {
        if (has_resource)
            read_resource(resource, &q->what);
        else
            q->what = (struct api_attributes){.verb = json_text_at(path, "verb"), .path = json_text_at(path, "path")};
        if (q->kind->is_namespaced && !str_eq(q->what.namespace, q->request->attributes.namespace)) {
            fail_invalid(q, "spec.resourceAttributes.namespace", "\"\"", "must match the namespace of the request");
            return;
        }
        struct authorizer a = q->reviews->authorizer;
        a.authorize(a.arg, q->request, &q->user, &q->what, on_authorized, q);
    }
}

static json_t *rule_json(const struct rbac_rule *rule)
{
    json_t *json = json_pack("{s:o}", "verbs", texts(rule->verbs.items, rule->verbs.count));

    if (rule->urls.count > 0) {
        json_object_set_new(json, "nonResourceURLs", texts(rule->urls.items, rule->urls.count));
        return json;
    }
    json_object_set_new(json, "apiGroups", texts(rule->groups.items, rule->groups.count));
    json_object_set_new(json, "resources", texts(rule->resources.items, rule->resources.count));
    if (rule->names.count > 0)
        json_object_set_new(json, "resourceNames", texts(rule->names.items, rule->names.count));
    return json;
}

static void answer_rules(struct question *q)
{
    struct str namespace = json_text_at(q->object, "spec.namespace");
    struct failure f = {0};

    if (namespace.len == 0) {
        failure_bad_request(&f, "no namespace on request");
        fail(q, &f);
        return;
    }
    struct rbac_rules rules = rbac_rules_of(q->reviews->rbac, &q->request->user, namespace, q->request->arena);
    json_t *of_resources = json_array(), *of_paths = json_array();
    for (size_t i = 0; i < rules.count; i++)
        json_array_append_new(rules.items[i].urls.count > 0 ? of_paths : of_resources, rule_json(&rules.items[i]));
    respond(q,
            json_pack("{s:o, s:o, s:b}", "resourceRules", of_resources, "nonResourceRules", of_paths, "incomplete", 0));
}

/* --- requests --- */

static const struct question_kind kinds[] = {
    {AUTHENTICATION, STR_INIT("tokenreviews"), "TokenReview", &schema_token_review, .answer = answer_token},
    {AUTHENTICATION, STR_INIT("selfsubjectreviews"), "SelfSubjectReview", &schema_self_subject_review,
     .answer = answer_self},
    {AUTHORIZATION, STR_INIT("subjectaccessreviews"), "SubjectAccessReview", &schema_subject_access_review,
     .answer = answer_access},
    {AUTHORIZATION, STR_INIT("localsubjectaccessreviews"), "LocalSubjectAccessReview",
     &schema_local_subject_access_review, .is_namespaced = true, .answer = answer_access},
    {AUTHORIZATION, STR_INIT("selfsubjectaccessreviews"), "SelfSubjectAccessReview", &schema_self_subject_access_review,
     .is_about_requester = true, .answer = answer_access},
    {AUTHORIZATION, STR_INIT("selfsubjectrulesreviews"), "SelfSubjectRulesReview", &schema_self_subject_rules_review,
     .answer = answer_rules},
};

static bool is_object_of(const json_t *object, const struct question_kind *kind)
{
    struct str group, version, api_version = json_text_at(object, "apiVersion");
    struct str name = json_text_at(object, "kind");

    str_cut(api_version, '/', &group, &version);
    return json_is_object(object) && (name.len == 0 || str_eq_cstr(name, kind->kind)) &&
           (api_version.len == 0 || (str_eq(group, kind->group) && str_eq(version, STR("v1"))));
}

static void on_closed(void *arg, struct api_request *r)
{
    struct question *q = arg;

    (void)r;
    json_decref(q->object);
}

static const struct api_request_events events = {.on_closed = on_closed};

static void on_body(void *arg, struct api_request *r, struct str media_type, struct str body)
{
    struct question *q = arg;
    auto_error struct error err = {0};
    struct failure f = {0};

    api_request_listen(r, &events, q);
    q->object = request_object(q->kind->schema, media_type, body, &f);
    if (q->object != NULL && !is_object_of(q->object, q->kind))
        failure_bad_request(&f, "the object provided is unrecognized (must be of type %s)", q->kind->kind);
    else if (q->object != NULL && !schema_decode(q->kind->schema, q->object, NULL, &err))
        failure_bad_request(&f, "%s", error_text(&err));
    if (failure_is_set(&f))
        fail(q, &f);
    else
        q->kind->answer(q);
}

static const struct question_kind *find_kind(const struct api_attributes *a)
{
    if (!a->is_resource || !str_eq(a->version, STR("v1")) || a->subresource.len > 0)
        return NULL;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (str_eq(a->group, kinds[i].group) && str_eq(a->resource, kinds[i].resource) &&
            kinds[i].is_namespaced == (a->namespace.len > 0))
            return &kinds[i];
    }
    return NULL;
}

bool reviews_handle(struct reviews *v, struct api_request *r)
{
    const struct question_kind *kind = find_kind(&r->attributes);

    if (kind == NULL)
        return false;
    if (!str_eq(r->http->method, STR("POST")) || r->attributes.name.len > 0) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
        return true;
    }
    struct question *q = arena_zalloc(r->arena, sizeof(*q));
    *q = (struct question){.reviews = v, .kind = kind, .request = r};
    api_request_read_body(r, &request_object_rules, on_body, q);
    return true;
}

struct reviews *reviews_new(struct service_account_tokens *tokens, struct rbac *rbac, struct authorizer authorizer)
{
    struct reviews *v = mem_zalloc(sizeof(*v));

    *v = (struct reviews){.tokens = tokens, .rbac = rbac, .authorizer = authorizer};
    return v;
}

void reviews_free(struct reviews *v)
{
    free(v);
}
