#include "apiserver/token_review.h"

#include "apiserver/review.h"
#include "base/alloc.h"
#include "base/clock.h"

struct token_review {
    struct review *review;
    int64_t ttl_ns;
};

/* A request's lookup; in its arena. */
struct lookup {
    struct arena *arena;
    authn_done *done;
    void *done_arg;
};

void token_review_print(struct buf *to, struct str token)
{
    struct json_writer w = json_writer_to(to);

    json_open_object(&w);
    json_member_str(&w, STR("kind"), STR("TokenReview"));
    json_member_str(&w, STR("apiVersion"), STR("authentication.k8s.io/v1"));
    json_write_key(&w, STR("spec"));
    json_open_object(&w);
    json_member_str(&w, STR("token"), token);
    json_close_object(&w);
    json_close_object(&w);
}

struct review_status {
    bool is_authenticated;
    struct user user;
    struct str error;
};

static bool scan_status(struct json_scan *s, struct review_status *out)
{
    struct str key;

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("authenticated")))
            json_scan_bool(s, &out->is_authenticated);
        else if (str_eq(key, STR("user")))
            user_scan(s, &out->user);
        else if (str_eq(key, STR("error")))
            json_scan_str(s, &out->error);
    }
    return s->fault == NULL;
}

bool token_review_parse(struct arena *arena, struct str json, struct authn_result *out, bool *is_plain,
                        struct error *err)
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
        return error_set(err, 0, "not a TokenReview with a status: %s", json_scan_fault(&s));
    *is_plain = status.error.len == 0;
    if (status.is_authenticated && status.user.name.len > 0) {
        *is_plain = true;
        *out = (struct authn_result){.verdict = AUTHN_USER, .user = status.user};
        return true;
    }
    error_set(err, 0, "%.*s", STR_ARG(*is_plain ? STR("invalid bearer token") : status.error));
    *out = (struct authn_result){.verdict = AUTHN_REFUSED, .err = err};
    return true;
}

static int64_t ttl_of(void *arg, struct str answer)
{
    const struct token_review *t = arg;
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct authn_result result;
    bool is_plain;

    return token_review_parse(&arena, answer, &result, &is_plain, &err) && is_plain ? t->ttl_ns : 0;
}

struct token_review *token_review_new(uv_loop_t *loop, const struct token_review_options *options)
{
    struct token_review *t = mem_zalloc(sizeof(*t));

    t->ttl_ns = options->ttl_ns != 0 ? options->ttl_ns : 10 * NS_PER_S;
    t->review = review_new(loop, &(struct review_options){
                                     .client = options->client,
                                     .path = STR("/apis/authentication.k8s.io/v1/tokenreviews"),
                                     .ttl_ns = ttl_of,
                                     .arg = t,
                                     .metrics = options->registry != NULL ? token_review_metrics(options->registry)
                                                                          : (struct review_metrics){0},
                                 });
    return t;
}

void token_review_free(struct token_review *t)
{
    if (t == NULL)
        return;
    review_free(t->review);
    free(t);
}

static void on_answer(void *arg, struct str answer, const struct error *err)
{
    const struct lookup *l = arg;
    auto_error struct error why = {0};
    struct authn_result result;
    bool is_plain;

    if (err != NULL)
        result = (struct authn_result){.verdict = AUTHN_REFUSED, .err = err};
    else if (!token_review_parse(l->arena, answer, &result, &is_plain, &why))
        result = (struct authn_result){.verdict = AUTHN_REFUSED, .err = &why};
    l->done(l->done_arg, &result);
}

static void look_up(void *arg, struct api_request *r, struct str token, authn_done *done, void *done_arg)
{
    struct token_review *t = arg;
    auto_buf struct buf body = {0};
    struct lookup *l = arena_alloc(r->arena, sizeof(*l));

    *l = (struct lookup){r->arena, done, done_arg};
    token_review_print(&body, token);
    review_ask(t->review, r, token, buf_str(&body), on_answer, l);
}

struct token_lookup token_review_lookup(struct token_review *t)
{
    return (struct token_lookup){look_up, t};
}
