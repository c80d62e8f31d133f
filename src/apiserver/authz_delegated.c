#include "apiserver/authz_delegated.h"

#include "apiserver/review.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "kube/selector.h"

/* Longer questions aren't remembered: a peer could make each of them different. */
enum {
    MAX_KEY_BYTES = 10000
};

struct authz_delegated {
    struct review *review;
    int64_t allowed_ttl_ns;
    int64_t denied_ttl_ns;
};

/* A request's question; in its arena. */
struct question {
    struct arena *arena;
    authz_done *done;
    void *done_arg;
};

/* The operator's name in a review, or NULL for those that it doesn't have: the question is then a wider one. */
static const char *operator_name(enum selector_operator op)
{
    switch (op) {
    case SELECTOR_EXISTS:
        return "Exists";
    case SELECTOR_NOT_EXISTS:
        return "DoesNotExist";
    case SELECTOR_EQUALS:
    case SELECTOR_DOUBLE_EQUALS:
    case SELECTOR_IN:
        return "In";
    case SELECTOR_NOT_EQUALS:
    case SELECTOR_NOT_IN:
        return "NotIn";
    case SELECTOR_GREATER:
    case SELECTOR_LESS:
        break;
    }
    return NULL;
}

static void write_requirement(struct json_writer *w, const struct selector_requirement *requirement)
{
    json_open_object(w);
    json_member_str(w, STR("key"), requirement->key);
    json_member_cstr(w, STR("operator"), operator_name(requirement->op));
    if (requirement->value_count > 0) {
        json_write_key(w, STR("values"));
        json_open_array(w);
        for (size_t i = 0; i < requirement->value_count; i++)
            json_write_str(w, requirement->values[i]);
        json_close_array(w);
    }
    json_close_object(w);
}

static void write_selector(struct json_writer *w, struct str key, const struct selector *s)
{
    size_t expressible = 0;

    for (size_t i = 0; i < s->count; i++)
        expressible += operator_name(s->requirements[i].op) != NULL;
    if (expressible == 0)
        return;
    json_write_key(w, key);
    json_open_object(w);
    json_write_key(w, STR("requirements"));
    json_open_array(w);
    for (size_t i = 0; i < s->count; i++)
        if (operator_name(s->requirements[i].op) != NULL)
            write_requirement(w, &s->requirements[i]);
    json_close_array(w);
    json_close_object(w);
}

/* Selectors that can't be parsed are left out: the request as a whole is refused later. */
static void write_selectors(struct json_writer *w, const struct api_attributes *what)
{
    auto_arena struct arena arena = {0};
    struct selector s;

    if (what->field_selector.len > 0 && field_selector_parse(&arena, what->field_selector, &s, NULL))
        write_selector(w, STR("fieldSelector"), &s);
    if (what->label_selector.len > 0 && label_selector_parse(&arena, what->label_selector, &s, NULL))
        write_selector(w, STR("labelSelector"), &s);
}

static void write_attributes(struct json_writer *w, const struct api_attributes *what)
{
    json_write_key(w, what->is_resource ? STR("resourceAttributes") : STR("nonResourceAttributes"));
    json_open_object(w);
    if (what->is_resource) {
        json_member_nonempty(w, STR("namespace"), what->namespace);
        json_member_nonempty(w, STR("verb"), what->verb);
        json_member_nonempty(w, STR("group"), what->group);
        json_member_nonempty(w, STR("version"), what->version);
        json_member_nonempty(w, STR("resource"), what->resource);
        json_member_nonempty(w, STR("subresource"), what->subresource);
        json_member_nonempty(w, STR("name"), what->name);
        write_selectors(w, what);
    } else {
        json_member_nonempty(w, STR("path"), what->path);
        json_member_nonempty(w, STR("verb"), what->verb);
    }
    json_close_object(w);
}

void subject_access_review_print(struct buf *to, const struct user *user, const struct api_attributes *what)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_str(&w, STR("kind"), STR("SubjectAccessReview"));
    json_member_str(&w, STR("apiVersion"), STR("authorization.k8s.io/v1"));
    json_write_key(&w, STR("spec"));
    json_open_object(&w);
    write_attributes(&w, what);
    user_write_members(&w, STR("user"), user);
    json_close_object(&w);
    json_close_object(&w);
}

struct review_status {
    bool is_allowed;
    bool is_denied;
    struct str reason;
};

static bool scan_status(struct json_scan *s, struct review_status *out)
{
    struct str key;

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("allowed")))
            json_scan_bool(s, &out->is_allowed);
        else if (str_eq(key, STR("denied")))
            json_scan_bool(s, &out->is_denied);
        else if (str_eq(key, STR("reason")))
            json_scan_str(s, &out->reason);
    }
    return s->fault == NULL;
}

bool subject_access_review_parse(struct arena *arena, struct str json, struct authz_answer *out, struct error *err)
{
    struct json_scan s = json_scan_of(json, arena);
    struct review_status status = {0};
    struct str key;
    bool has_status = false;

    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key))
        if (str_eq(key, STR("status")))
            has_status = scan_status(&s, &status);
    if (!json_scan_finish(&s) || !has_status)
        return error_set(err, 0, "not a SubjectAccessReview with a status: %s", json_scan_fault(&s));
    if (status.is_allowed && status.is_denied)
        return error_set(err, 0, "the SubjectAccessReview says both allowed and denied");
    *out = (struct authz_answer){.decision = AUTHZ_NO_OPINION, .reason = status.reason};
    if (status.is_denied)
        out->decision = AUTHZ_DENY;
    else if (status.is_allowed)
        out->decision = AUTHZ_ALLOW;
    return true;
}

static int64_t ttl_of(void *arg, struct str answer)
{
    const struct authz_delegated *d = arg;
    auto_arena struct arena arena = {0};
    struct authz_answer a;

    if (!subject_access_review_parse(&arena, answer, &a, NULL))
        return 0;
    return a.decision == AUTHZ_ALLOW ? d->allowed_ttl_ns : d->denied_ttl_ns;
}

struct authz_delegated *authz_delegated_new(uv_loop_t *loop, const struct authz_delegated_options *options)
{
    struct authz_delegated *d = mem_zalloc(sizeof(*d));

    d->allowed_ttl_ns = options->allowed_ttl_ns != 0 ? options->allowed_ttl_ns : 10 * NS_PER_S;
    d->denied_ttl_ns = options->denied_ttl_ns != 0 ? options->denied_ttl_ns : 10 * NS_PER_S;
    d->review = review_new(loop, &(struct review_options){
                                     .client = options->client,
                                     .path = STR("/apis/authorization.k8s.io/v1/subjectaccessreviews"),
                                     .ttl_ns = ttl_of,
                                     .arg = d,
                                     .metrics = options->registry != NULL ? access_review_metrics(options->registry)
                                                                          : (struct review_metrics){0},
                                 });
    return d;
}

void authz_delegated_free(struct authz_delegated *d)
{
    if (d == NULL)
        return;
    review_free(d->review);
    free(d);
}

static void on_answer(void *arg, struct str answer, const struct error *err)
{
    const struct question *q = arg;
    auto_error struct error why = {0};
    struct authz_answer result;

    if (err != NULL)
        result = (struct authz_answer){.decision = AUTHZ_FAILED, .err = err};
    else if (!subject_access_review_parse(q->arena, answer, &result, &why))
        result = (struct authz_answer){.decision = AUTHZ_FAILED, .err = &why};
    q->done(q->done_arg, &result);
}

static void authorize(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                      authz_done *done, void *done_arg)
{
    struct authz_delegated *d = arg;
    auto_buf struct buf body = {0};
    struct question *q = arena_alloc(r->arena, sizeof(*q));

    *q = (struct question){r->arena, done, done_arg};
    subject_access_review_print(&body, user, what);
    struct str key = body.len <= MAX_KEY_BYTES ? buf_str(&body) : STR("");
    review_ask(d->review, r, key, buf_str(&body), on_answer, q);
}

struct authorizer authz_delegated_authorizer(struct authz_delegated *d)
{
    return (struct authorizer){authorize, d};
}
