#include "apiserver/authz.h"

static void allow_masters(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                          authz_done *done, void *done_arg)
{
    (void)arg, (void)r, (void)what;
    bool is_master = user_is_in_group(user, GROUP_MASTERS);
    done(done_arg, &(struct authz_answer){.decision = is_master ? AUTHZ_ALLOW : AUTHZ_NO_OPINION});
}
const struct authorizer authz_masters = {allow_masters, NULL};

static void allow_all(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                      authz_done *done, void *done_arg)
{
    (void)arg, (void)r, (void)user, (void)what;
    done(done_arg, &(struct authz_answer){.decision = AUTHZ_ALLOW});
}
const struct authorizer authz_always = {allow_all, NULL};

static const struct str health_paths[] = {STR_INIT("/healthz"), STR_INIT("/livez"), STR_INIT("/readyz")};
const struct authz_paths authz_health_paths = {health_paths, sizeof(health_paths) / sizeof(health_paths[0])};

bool authz_paths_match(const struct authz_paths *p, struct str path)
{
    for (size_t i = 0; i < p->count; i++) {
        struct str free_path = p->items[i];
        bool is_prefix = str_ends_with(free_path, STR("*"));
        if (is_prefix ? str_starts_with(path, str_head(free_path, free_path.len - 1)) : str_eq(path, free_path))
            return true;
    }
    return false;
}

static void allow_paths(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                        authz_done *done, void *done_arg)
{
    const struct authz_paths *p = arg;

    (void)r, (void)user;
    bool is_free = !what->is_resource && authz_paths_match(p, what->path);
    done(done_arg, &(struct authz_answer){.decision = is_free ? AUTHZ_ALLOW : AUTHZ_NO_OPINION});
}

struct authorizer authz_paths_authorizer(const struct authz_paths *p)
{
    return (struct authorizer){allow_paths, (void *)(uintptr_t)p};
}

/* A question to a pair; in the request's arena. */
struct pair_question {
    const struct authz_pair *pair;
    struct api_request *r;
    const struct user *user;
    const struct api_attributes *what;
    authz_done *done;
    void *done_arg;
    struct str first_reason;
    struct str first_fault; /* "": the first didn't fail */
};

static void on_second(void *arg, const struct authz_answer *answer)
{
    const struct pair_question *q = arg;
    struct authz_answer both = *answer;
    struct error err = {.message = (char *)(uintptr_t)q->first_fault.ptr}; /* borrowed from the arena */

    if (both.decision == AUTHZ_NO_OPINION && q->first_fault.len > 0) {
        both.decision = AUTHZ_FAILED;
        both.err = &err;
    }
    if (both.reason.len == 0)
        both.reason = q->first_reason;
    else if (q->first_reason.len > 0 && both.decision == AUTHZ_NO_OPINION)
        both.reason = arena_printf(q->r->arena, "%.*s\n%.*s", STR_ARG(q->first_reason), STR_ARG(answer->reason));
    q->done(q->done_arg, &both);
}

static void on_first(void *arg, const struct authz_answer *answer)
{
    struct pair_question *q = arg;

    if (answer->decision == AUTHZ_ALLOW || answer->decision == AUTHZ_DENY) {
        q->done(q->done_arg, answer);
        return;
    }
    q->first_reason = arena_str(q->r->arena, answer->reason);
    if (answer->decision == AUTHZ_FAILED)
        q->first_fault = arena_str(q->r->arena, str_of(error_text(answer->err)));
    const struct authorizer *second = &q->pair->second;
    second->authorize(second->arg, q->r, q->user, q->what, on_second, q);
}

static void ask_pair(void *arg, struct api_request *r, const struct user *user, const struct api_attributes *what,
                     authz_done *done, void *done_arg)
{
    const struct authz_pair *p = arg;
    struct pair_question *q = arena_zalloc(r->arena, sizeof(*q));

    *q = (struct pair_question){.pair = p, .r = r, .user = user, .what = what, .done = done, .done_arg = done_arg};
    p->first.authorize(p->first.arg, r, user, what, on_first, q);
}

struct authorizer authz_pair_authorizer(struct authz_pair *p)
{
    return (struct authorizer){ask_pair, p};
}
