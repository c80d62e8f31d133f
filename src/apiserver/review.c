#include "apiserver/review.h"

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/lru.h"
#include "base/map.h"
#include "base/random.h"
#include "base/token_bucket.h"

#include <assert.h>

enum {
    KEY_BYTES = 32,
    MAX_ATTEMPTS = 5,
    ATTEMPT_TIMEOUT_MS = 10 * 1000,
    MAX_KEPT_ANSWER_BYTES = 16 * 1024,
    MAX_ANSWER_BYTES = 1024 * 1024,
    MAX_ASKING_BYTES = 16 * 1024 * 1024, /* of all questions under way */
};

struct review {
    uv_loop_t *loop;
    struct review_options options;
    struct map asking;     /* key -> struct question, those with a key */
    struct question *open; /* all that are under way */
    size_t open_count;
    size_t open_bytes; /* their bodies */
    struct lru *kept;  /* key -> struct kept_answer */
    uint64_t calls;
    struct token_bucket budget;
    unsigned char secret[KEY_BYTES]; /* so that keys tell nothing about tokens */
};

struct kept_answer {
    struct str text; /* owned, behind the struct */
};

/* A request that waits; in its arena, linked into its question. */
struct asker {
    struct question *question;
    struct asker *next, **link; /* LINK: what points to this */
    struct api_request *r;
    review_done *done;
    void *done_arg;
    int64_t asked_ns;
    bool is_blocked; /* joined others */
};

/* A call under way; owned by the review until its timer has closed. */
struct question {
    struct review *review;
    struct question *next, **link;
    struct asker *askers; /* newest first */
    char key[KEY_BYTES];
    bool has_key;
    struct buf body;
    struct rest_call *call; /* NULL between attempts */
    uv_timer_t timer;
    struct backoff backoff;
    int attempts;
    int64_t sent_ns; /* the last attempt */
};

static int64_t now_ns(const struct review *v)
{
    return v->options.now_ns != NULL ? v->options.now_ns() : clock_mono_ns();
}

struct review *review_new(uv_loop_t *loop, const struct review_options *options)
{
    struct review *v = mem_zalloc(sizeof(*v));

    v->loop = loop;
    v->options = *options;
    if (v->options.max_kept == 0)
        v->options.max_kept = 8192;
    if (v->options.max_asking == 0)
        v->options.max_asking = 1024;
    if (v->options.backoff_ms == 0)
        v->options.backoff_ms = 500;
    v->budget = (struct token_bucket)TOKEN_BUCKET(v->options.calls_per_second > 0 ? v->options.calls_per_second : 200,
                                                  v->options.call_burst > 0 ? v->options.call_burst : 400);
    v->kept = lru_new(v->options.max_kept, free);
    random_bytes(v->secret, sizeof(v->secret));
    return v;
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct question *q = timer->data;

    buf_free(&q->body);
    free(q);
}

/* Takes Q out of the review; its askers are the caller's. */
static void drop_question(struct question *q)
{
    struct review *v = q->review;

    if (q->has_key)
        map_remove(&v->asking, str_from(q->key, KEY_BYTES));
    *q->link = q->next;
    if (q->next != NULL)
        q->next->link = q->link;
    v->open_count--;
    metric_add(v->options.metrics.in_flight, -1);
    v->open_bytes -= q->body.len;
    if (q->call != NULL)
        rest_cancel(q->call);
    q->call = NULL;
    uv_close((uv_handle_t *)&q->timer, on_timer_closed);
}

void review_free(struct review *v)
{
    if (v == NULL)
        return;
    while (v->open != NULL) {
        assert(v->open->askers == NULL);
        drop_question(v->open);
    }
    map_free(&v->asking);
    lru_free(v->kept);
    free(v);
}

static void unlink_asker(struct asker *a)
{
    if (a->is_blocked)
        metric_add(a->question->review->options.metrics.blocked, -1);
    *a->link = a->next;
    if (a->next != NULL)
        a->next->link = a->link;
}

/* The request closed. A call whose answer nobody will keep ends with its last asker. */
static void on_asker_gone(void *arg)
{
    struct asker *a = arg;
    struct question *q = a->question;

    unlink_asker(a);
    if (q->askers == NULL && !q->has_key)
        drop_question(q);
}

/* Q is over. Those who wait are told, each out of its own copy: whatever they do, Q and the review are left alone. */
static void tell_askers(struct question *q, struct str answer, const struct error *err)
{
    struct asker *askers = q->askers, *a;

    q->askers = NULL;
    if (askers != NULL)
        askers->link = &askers;
    while ((a = askers) != NULL) { /* one that is told may close others: the list stays linked */
        unlink_asker(a);
        metric_observe_ns(q->review->options.metrics.miss_duration, clock_mono_ns() - a->asked_ns);
        api_request_resume(a->r);
        a->done(a->done_arg, err == NULL ? arena_str(a->r->arena, answer) : STR(""), err);
    }
}

static void keep(struct question *q, struct str answer)
{
    struct review *v = q->review;
    int64_t ttl_ns = v->options.ttl_ns(v->options.arg, answer);

    if (!q->has_key || ttl_ns <= 0 || answer.len > MAX_KEPT_ANSWER_BYTES)
        return;
    struct kept_answer *kept = mem_alloc(sizeof(*kept) + answer.len + 1);
    char *copy = (char *)(kept + 1);
    memcpy(copy, answer.ptr, answer.len);
    kept->text = str_from(copy, answer.len);
    lru_put(v->kept, str_from(q->key, KEY_BYTES), kept, now_ns(v) + ttl_ns);
}

/* Whether the server, or the way to it, may do better next time. */
static bool is_worth_repeating(const struct rest_result *result)
{
    if (result->status == 0)
        return result->err->code == FETCH_BROKEN;
    if (result->status == 429 || result->retry_after_s >= 0)
        return true;
    return (result->status == 500 && str_eq(result->reason, STR("InternalError"))) ||
           (result->status == 504 && str_eq(result->reason, STR("Timeout")));
}

static void start_attempt(struct question *q);

static void on_backoff_over(uv_timer_t *timer)
{
    start_attempt(timer->data);
}

static void on_answer(void *owner, const struct rest_result *result)
{
    struct question *q = owner;

    q->call = NULL;
    review_metrics_called(&q->review->options.metrics, result->status, clock_mono_ns() - q->sent_ns);
    if (!result->ok && q->attempts < MAX_ATTEMPTS && is_worth_repeating(result)) {
        int64_t wait_ns = backoff_next(&q->backoff, random_fraction());
        int64_t asked_ns = result->retry_after_s * NS_PER_S;
        if (wait_ns < asked_ns && asked_ns <= q->backoff.max_ns)
            wait_ns = asked_ns;
        uv_timer_start(&q->timer, on_backoff_over, (uint64_t)(wait_ns / NS_PER_MS), 0);
        return;
    }
    metric_inc(result->ok ? q->review->options.metrics.fetched : q->review->options.metrics.failed);
    if (result->ok)
        keep(q, result->body);
    drop_question(q); /* freed after this turn of the loop */
    tell_askers(q, result->body, result->err);
}

static void send_question(struct question *q)
{
    struct review *v = q->review;
    struct rest_request request = {
        .method = STR("POST"),
        .path = v->options.path,
        .body = buf_str(&q->body),
        .max_body_bytes = MAX_ANSWER_BYTES,
        .timeout_ms = ATTEMPT_TIMEOUT_MS,
        .max_attempts = 1,
        .owner = q,
        .on_done = on_answer,
    };

    v->calls++;
    q->sent_ns = clock_mono_ns();
    q->call = rest_start(v->options.client, &request);
}

static void on_turn(uv_timer_t *timer)
{
    send_question(timer->data);
}

/* At once, or when the review's budget of calls allows it. */
static void start_attempt(struct question *q)
{
    int64_t wait_ns = token_bucket_reserve(&q->review->budget, now_ns(q->review));

    q->attempts++;
    if (wait_ns > 0)
        uv_timer_start(&q->timer, on_turn, (uint64_t)(wait_ns / NS_PER_MS + 1), 0);
    else
        send_question(q);
}

static struct question *question_new(struct review *v, const char *key, struct str body)
{
    struct question *q = mem_zalloc(sizeof(*q));

    q->review = v;
    q->link = &v->open;
    q->next = v->open;
    if (q->next != NULL)
        q->next->link = &q->next;
    v->open = q;
    v->open_count++;
    metric_add(v->options.metrics.in_flight, 1);
    if (key != NULL) {
        memcpy(q->key, key, KEY_BYTES);
        q->has_key = true;
        map_put(&v->asking, str_from(q->key, KEY_BYTES), q);
    }
    buf_add_str(&q->body, body);
    v->open_bytes += body.len;
    q->backoff = (struct backoff){.min_ns = v->options.backoff_ms * NS_PER_MS,
                                  .max_ns = ATTEMPT_TIMEOUT_MS * NS_PER_MS,
                                  .factor = 1.5,
                                  .jitter = 0.2};
    uv_timer_init(v->loop, &q->timer);
    q->timer.data = q;
    start_attempt(q);
    return q;
}

static void join(struct question *q, struct api_request *r, int64_t asked_ns, review_done *done, void *done_arg)
{
    struct asker *a = arena_zalloc(r->arena, sizeof(*a));

    *a = (struct asker){.question = q,
                        .next = q->askers,
                        .link = &q->askers,
                        .r = r,
                        .done = done,
                        .done_arg = done_arg,
                        .asked_ns = asked_ns,
                        .is_blocked = q->askers != NULL};
    if (a->is_blocked)
        metric_add(q->review->options.metrics.blocked, 1);
    if (a->next != NULL)
        a->next->link = &a->next;
    q->askers = a;
    api_request_await(r, on_asker_gone, a);
}

/* SHA-256 of the secret and KEY. */
static void hash_key(const struct review *v, struct str key, char out[KEY_BYTES])
{
    unsigned length = KEY_BYTES;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(ctx, v->secret, sizeof(v->secret)) == 1 &&
              EVP_DigestUpdate(ctx, key.ptr, key.len) == 1 &&
              EVP_DigestFinal_ex(ctx, (unsigned char *)out, &length) == 1;

    EVP_MD_CTX_free(ctx);
    assert(ok); /* fails only for want of memory */
}

void review_ask(struct review *v, struct api_request *r, struct str key, struct str body, review_done *done,
                void *done_arg)
{
    const struct review_metrics *m = &v->options.metrics;
    int64_t asked_ns = clock_mono_ns();
    char hash[KEY_BYTES];
    struct question *q = NULL;

    if (key.len > 0) {
        hash_key(v, key, hash);
        const struct kept_answer *kept = lru_get(v->kept, str_from(hash, KEY_BYTES), now_ns(v));
        if (kept != NULL) {
            metric_inc(m->hits);
            metric_observe_ns(m->hit_duration, clock_mono_ns() - asked_ns);
            done(done_arg, arena_str(r->arena, kept->text), NULL);
            return;
        }
        q = map_get(&v->asking, str_from(hash, KEY_BYTES));
    }
    metric_inc(m->misses);
    bool is_full = v->open_count >= v->options.max_asking || body.len > MAX_ASKING_BYTES - v->open_bytes;
    if (q == NULL && is_full) {
        auto_error struct error err = {0};
        error_set(&err, 0, "%zu questions to %.*s are waiting for an answer already", v->open_count,
                  STR_ARG(v->options.path));
        done(done_arg, STR(""), &err);
        return;
    }
    if (q == NULL)
        q = question_new(v, key.len > 0 ? hash : NULL, body);
    join(q, r, asked_ns, done, done_arg);
}

uint64_t review_calls(const struct review *v)
{
    return v->calls;
}

size_t review_kept(const struct review *v)
{
    return lru_count(v->kept);
}
