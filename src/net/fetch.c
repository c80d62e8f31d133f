#include "net/fetch.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "net/curl_loop.h"
#include "net/fetch_easy.h"

#include <assert.h>

enum {
    MAX_HEAD_BYTES = 256 << 10,
    PATIENCE_MS = 50, /* over the connect timeout: whoever does connect hears libcurl's reason */
};

/* A curl_loop and the fetches in it. The functions of the header only note what is wanted (todo); settle() does it. */
struct engine {
    struct curl_loop *curl;
    uv_timer_t patience; /* until the first fetch has waited too long for a connection */
    struct fetch *all;   /* doubly linked */
    struct fetch *todo;  /* singly linked, newest first */
    struct fetch_observer observer;
    bool is_observed;
    bool is_closing;
};

/*
 * Fetches that may pause are kept apart: libcurl doesn't multiplex to a server that it also has an HTTP/1.1 connection
 * to.
 */
struct fetch_pool {
    struct engine *shared;
    struct engine *pausable;
};

struct fetch {
    struct engine *engine;
    struct fetch *next, *previous;
    struct fetch *next_todo;
    struct fetch_easy easy;
    struct error failure; /* found by us; takes precedence over libcurl's */
    struct buf head;      /* header lines until on_head */
    char method[12];      /* for the observer; cut */
    int64_t started_ns;
    int64_t timeout_ms;
    uint64_t connect_by_ms; /* in the loop's time; 0: it is connected, or not yet added */
    int64_t connect_timeout_ms;
    void *owner;
    void (*on_head)(void *owner, const struct fetch_head *head);
    void (*on_data)(void *owner, struct str chunk);
    void (*on_done)(void *owner, const struct error *err);
    bool may_pause;
    bool is_todo;
    bool is_added;     /* libcurl has it */
    bool is_ended;     /* cancelled or done: no callback any more, settle() frees it */
    bool has_head;     /* on_head was called */
    bool is_http2;     /* known from the head on */
    bool is_paused;    /* as the caller wants it */
    bool is_held_back; /* libcurl holds a chunk that on_data didn't get while paused */
};

static void enqueue(struct fetch *f)
{
    if (!f->is_todo) {
        f->is_todo = true;
        f->next_todo = f->engine->todo;
        f->engine->todo = f;
    }
    if (!f->engine->is_closing)
        curl_loop_wake(f->engine->curl);
}

static void unlink_fetch(struct fetch *f)
{
    if (f->previous != NULL)
        f->previous->next = f->next;
    else
        f->engine->all = f->next;
    if (f->next != NULL)
        f->next->previous = f->previous;
}

static void free_fetch(struct fetch *f)
{
    if (f->is_added) {
        /*
         * An HTTP/2 stream is reset by libcurl 7.88 only when its connection sends or receives something else; one with
         * no other streams is closed, so that the server notices.
         */
        curl_easy_setopt(f->easy.handle, CURLOPT_FORBID_REUSE, 1L);
        curl_multi_remove_handle(curl_loop_multi(f->engine->curl), f->easy.handle);
        curl_loop_nudge(f->engine->curl);
    }
    fetch_easy_close(&f->easy);
    error_clear(&f->failure);
    buf_free(&f->head);
    free(f);
}

static void tell_answered(const struct fetch *f, int status)
{
    const struct fetch_observer *o = &f->engine->observer;

    if (f->engine->is_observed)
        o->on_answered(o->arg, str_of(f->method), str_of(f->easy.where), status);
}

static void tell_took(const struct fetch *f)
{
    const struct fetch_observer *o = &f->engine->observer;

    if (f->engine->is_observed)
        o->on_took(o->arg, str_of(f->method), str_of(f->easy.where), clock_mono_ns() - f->started_ns);
}

/* The end of F, in the loop and outside libcurl. */
static void finish(struct fetch *f, CURLcode result)
{
    auto_error struct error err = {0};

    if (f->is_ended)
        return;
    if (error_is_set(&f->failure))
        error_move(&err, &f->failure);
    else if (result != CURLE_OK)
        fetch_easy_explain(&f->easy, result, f->timeout_ms, &err);
    else if (!f->has_head)
        error_set(&err, FETCH_BROKEN, "%s: the answer has no head", f->easy.where);
    if (f->is_added) {
        /* at once: whoever starts the next fetch from on_done finds the connection free */
        curl_multi_remove_handle(curl_loop_multi(f->engine->curl), f->easy.handle);
        curl_loop_nudge(f->engine->curl);
        f->is_added = false;
    }
    f->is_ended = true;
    if (!f->has_head)
        tell_answered(f, 0);
    if (!f->has_head || f->timeout_ms > 0)
        tell_took(f);
    f->on_done(f->owner, error_is_set(&err) ? &err : NULL);
    enqueue(f);
}

static void on_result(void *owner, CURL *easy, CURLcode result)
{
    struct fetch *f = NULL;

    (void)owner;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&f);
    finish(f, result);
}

/* The answer, from inside libcurl. */

static void add_head_line(struct http_headers *headers, struct arena *arena, struct str line)
{
    struct str name, value;

    if (!str_cut(line, ':', &name, &value) || str_is_empty(name))
        return; /* a folded line: obsolete, and nobody who sends it means a header of ours */
    http_headers_add(headers, arena, str_trim(name), str_trim(value));
}

static void deliver_head(struct fetch *f, int status)
{
    auto_arena struct arena arena = {0};
    struct fetch_head head = {.status = status};
    struct str rest = buf_str(&f->head);
    struct str line;
    long version = 0;

    curl_easy_getinfo(f->easy.handle, CURLINFO_HTTP_VERSION, &version);
    head.is_http2 = f->is_http2 = version == CURL_HTTP_VERSION_2_0;
    str_cut(rest, '\n', &line, &rest); /* the status line */
    while (str_cut(rest, '\n', &line, &rest))
        if (!str_starts_with(line, STR(" ")) && !str_starts_with(line, STR("\t")))
            add_head_line(&head.headers, &arena, str_trim(line));
    f->has_head = true;
    tell_answered(f, status);
    if (f->timeout_ms == 0)
        tell_took(f);
    if (f->on_head != NULL)
        f->on_head(f->owner, &head);
    buf_free(&f->head);
}

static size_t on_head_line(char *bytes, size_t size, size_t count, void *owner)
{
    struct fetch *f = owner;
    struct str line = str_from(bytes, size * count);
    long status = 0;

    if (f->is_ended)
        return CURL_WRITEFUNC_ERROR;
    if (f->has_head)
        return line.len; /* trailers */
    if (str_starts_with(line, STR("HTTP/")))
        buf_clear(&f->head);
    if (f->head.len + line.len > MAX_HEAD_BYTES) {
        error_set(&f->failure, FETCH_BROKEN, "%s: the answer's headers are larger than %d KiB", f->easy.where,
                  MAX_HEAD_BYTES >> 10);
        return CURL_WRITEFUNC_ERROR;
    }
    if (line.len > 2) {
        buf_add_str(&f->head, line);
        return line.len;
    }
    curl_easy_getinfo(f->easy.handle, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200)
        deliver_head(f, (int)status);
    if (f->is_http2)
        curl_loop_nudge(f->engine->curl);
    return f->is_ended ? CURL_WRITEFUNC_ERROR : line.len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct fetch *f = owner;
    size_t len = size * count;

    if (f->is_http2)
        curl_loop_nudge(f->engine->curl);
    if (f->is_ended)
        return CURL_WRITEFUNC_ERROR;
    if (f->is_paused) {
        f->is_held_back = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (f->on_data != NULL)
        f->on_data(f->owner, str_from(bytes, len));
    return f->is_ended ? CURL_WRITEFUNC_ERROR : len;
}

/* What was wanted since the last round, in the loop and outside libcurl. */

/*
 * libcurl doesn't count the time that a fetch waits for another's connection to share it: a server that hangs would
 * make them fail one after the other.
 */
static void on_patience_ends(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    uint64_t now_ms = uv_now(curl_loop_uv(engine->curl));
    uint64_t next_ms = UINT64_MAX;
    struct fetch *next;

    for (struct fetch *f = engine->all; f != NULL; f = next) {
        next = f->next; /* nothing is freed before settle() */
        if (f->is_ended || f->connect_by_ms == 0)
            continue;
        if (fetch_easy_is_connected(&f->easy)) {
            f->connect_by_ms = 0;
        } else if (f->connect_by_ms <= now_ms) {
            error_set(&f->failure, FETCH_NO_CONNECTION, "connect to %s: timed out", f->easy.where);
            finish(f, CURLE_OK);
        } else if (f->connect_by_ms < next_ms) {
            next_ms = f->connect_by_ms;
        }
    }
    if (next_ms != UINT64_MAX && !engine->is_closing)
        uv_timer_start(&engine->patience, on_patience_ends, next_ms - now_ms, 0);
}

static void lend_patience(struct fetch *f)
{
    uv_timer_t *timer = &f->engine->patience;
    uint64_t wait_ms = (uint64_t)f->connect_timeout_ms + PATIENCE_MS;

    f->connect_by_ms = uv_now(curl_loop_uv(f->engine->curl)) + wait_ms;
    if (!uv_is_active((uv_handle_t *)timer) || uv_timer_get_due_in(timer) > wait_ms)
        uv_timer_start(timer, on_patience_ends, wait_ms, 0);
}

static void add(struct fetch *f)
{
    CURL *h = f->easy.handle;

    if (h == NULL) { /* its options were refused */
        finish(f, CURLE_OK);
        return;
    }
    curl_easy_setopt(h, CURLOPT_PRIVATE, f);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_head_line);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, f);
    CURLMcode code = curl_multi_add_handle(curl_loop_multi(f->engine->curl), h);
    if (code == CURLM_OK) {
        f->is_added = true;
        lend_patience(f);
        return;
    }
    error_set(&f->failure, FETCH_BAD_OPTIONS, "%s: %s", f->easy.where, curl_multi_strerror(code));
    finish(f, CURLE_OK);
}

static void settle_one(struct fetch *f)
{
    if (f->is_ended) {
        unlink_fetch(f);
        free_fetch(f);
    } else if (!f->is_added) {
        add(f);
    } else if (f->is_held_back && !f->is_paused) {
        f->is_held_back = false;
        curl_easy_pause(f->easy.handle, CURLPAUSE_CONT);
    }
}

static void settle(void *owner)
{
    struct engine *engine = owner;
    struct fetch *oldest = NULL;

    while (engine->todo != NULL) { /* turned round: first come, first served */
        struct fetch *f = engine->todo;
        engine->todo = f->next_todo;
        f->next_todo = oldest;
        oldest = f;
    }
    while (oldest != NULL) {
        struct fetch *f = oldest;
        oldest = f->next_todo;
        f->is_todo = false;
        settle_one(f);
    }
}

static void on_patience_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_close(void *owner)
{
    struct engine *engine = owner;
    struct fetch *next;

    for (struct fetch *f = engine->all; f != NULL; f = next) {
        next = f->next;
        free_fetch(f);
    }
    uv_close((uv_handle_t *)&engine->patience, on_patience_closed);
}

static const struct curl_loop_events curl_events = {settle, on_result, on_close};

static struct engine *engine_new(uv_loop_t *loop)
{
    struct engine *engine = mem_zalloc(sizeof(*engine));

    engine->curl = curl_loop_new(loop, &curl_events, engine);
    uv_timer_init(loop, &engine->patience);
    uv_unref((uv_handle_t *)&engine->patience); /* whoever waits for a connection waits for another fetch */
    engine->patience.data = engine;
    return engine;
}

static void engine_free(struct engine *engine)
{
    for (struct fetch *f = engine->all; f != NULL; f = f->next)
        f->is_ended = true;
    engine->is_closing = true;
    curl_loop_close(engine->curl);
}

struct fetch_pool *fetch_pool_new(uv_loop_t *loop)
{
    struct fetch_pool *pool = mem_zalloc(sizeof(*pool));

    pool->shared = engine_new(loop);
    pool->pausable = engine_new(loop);
    return pool;
}

void fetch_pool_observe(struct fetch_pool *pool, const struct fetch_observer *observer)
{
    struct engine *const engines[] = {pool->shared, pool->pausable};

    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        engines[i]->is_observed = observer != NULL;
        if (observer != NULL)
            engines[i]->observer = *observer;
    }
}

uv_loop_t *fetch_pool_loop(const struct fetch_pool *pool)
{
    return curl_loop_uv(pool->shared->curl);
}

void fetch_pool_free(struct fetch_pool *pool)
{
    if (pool == NULL)
        return;
    engine_free(pool->shared);
    engine_free(pool->pausable);
    free(pool);
}

struct fetch *fetch_start(struct fetch_pool *pool, const struct fetch_options *options)
{
    struct fetch *f = mem_zalloc(sizeof(*f));

    assert(options->on_done != NULL);
    f->engine = options->may_pause ? pool->pausable : pool->shared;
    f->owner = options->owner;
    f->on_head = options->on_head;
    f->on_data = options->on_data;
    f->on_done = options->on_done;
    f->may_pause = options->may_pause;
    struct str method = str_head(options->method.len > 0 ? options->method : STR("GET"), sizeof(f->method) - 1);
    memcpy(f->method, method.ptr, method.len);
    f->started_ns = clock_mono_ns();
    f->timeout_ms = options->timeout_ms;
    f->connect_timeout_ms = fetch_connect_timeout_ms(options);
    f->next = f->engine->all;
    if (f->next != NULL)
        f->next->previous = f;
    f->engine->all = f;
    fetch_easy_open(&f->easy, options, &f->failure);
    enqueue(f);
    return f;
}

void fetch_pause(struct fetch *f)
{
    assert(f->may_pause);
    f->is_paused = true;
}

void fetch_resume(struct fetch *f)
{
    if (!f->is_paused)
        return;
    f->is_paused = false;
    if (f->is_held_back && !f->is_ended)
        enqueue(f);
}

void fetch_cancel(struct fetch *f)
{
    if (f->is_ended)
        return; /* in its own on_done */
    f->is_ended = true;
    enqueue(f);
}
