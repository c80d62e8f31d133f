#include "net/fetch.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "net/fetch_easy.h"

#include <assert.h>
#include <pthread.h>

enum {
    MAX_HEAD_BYTES = 256 << 10,
    MAX_IDLE_CONNECTIONS = 32,
    PATIENCE_MS = 50, /* over the connect timeout: whoever does connect hears libcurl's reason */
};

/*
 * A libcurl multi handle on the loop. libcurl may not be called from inside its own callbacks, and ours run there. So
 * the functions of the header only note what is wanted (todo) and wake the idle handle `later`; settle() does it from
 * the loop. An idle handle, because timers that set each other to "now" keep libuv from ever polling its sockets.
 */
struct engine {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timeout;  /* libcurl's */
    uv_timer_t patience; /* until the first fetch has waited too long for a connection */
    uv_idle_t later;     /* settle() in the loop's next round */
    struct fetch *all;   /* doubly linked */
    struct fetch *todo;  /* singly linked, newest first */
    size_t open_handles;
    bool is_due; /* libcurl's timeout is now */
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
    bool is_paused;    /* as the caller wants it */
    bool is_held_back; /* libcurl holds a chunk that on_data didn't get while paused */
};

static void on_later(uv_idle_t *idle);

static void enqueue(struct fetch *f)
{
    if (!f->is_todo) {
        f->is_todo = true;
        f->next_todo = f->engine->todo;
        f->engine->todo = f;
    }
    if (!f->engine->is_closing)
        uv_idle_start(&f->engine->later, on_later);
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
        curl_multi_remove_handle(f->engine->multi, f->easy.handle);
    }
    fetch_easy_close(&f->easy);
    error_clear(&f->failure);
    buf_free(&f->head);
    free(f);
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
        curl_multi_remove_handle(f->engine->multi, f->easy.handle);
        f->is_added = false;
    }
    f->is_ended = true;
    f->on_done(f->owner, error_is_set(&err) ? &err : NULL);
    enqueue(f);
}

static void read_messages(struct engine *engine)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
        struct fetch *f = NULL;
        CURLcode result = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&f);
        finish(f, result);
    }
}

/* Sockets and time: libcurl says what to wait for, libuv waits. */

static void on_socket_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
    struct engine *engine = poll->data;
    uv_os_fd_t fd;
    int flags = 0;
    int running;

    if (uv_fileno((uv_handle_t *)poll, &fd) != 0)
        return;
    if (status < 0) /* libcurl finds out by itself what is wrong with the socket */
        flags = CURL_CSELECT_IN | CURL_CSELECT_OUT;
    if ((events & UV_READABLE) != 0)
        flags |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(engine->multi, fd, flags, &running);
    read_messages(engine);
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner)
{
    struct engine *engine = owner;
    uv_poll_t *poll = socket_owner;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (poll != NULL) {
            curl_multi_assign(engine->multi, fd, NULL);
            uv_close((uv_handle_t *)poll, on_socket_closed);
        }
        return 0;
    }
    if (poll == NULL) {
        poll = mem_zalloc(sizeof(*poll));
        if (uv_poll_init(engine->loop, poll, fd) != 0) {
            free(poll);
            return -1; /* libcurl ends all transfers: nothing could ever wake them */
        }
        poll->data = engine;
        curl_multi_assign(engine->multi, fd, poll);
    }
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) | ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    return uv_poll_start(poll, events, on_socket_ready) == 0 ? 0 : -1;
}

static void act_on_timeout(struct engine *engine)
{
    int running;

    curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    read_messages(engine);
}

static void on_timeout(uv_timer_t *timer)
{
    act_on_timeout(timer->data);
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *owner)
{
    struct engine *engine = owner;

    (void)multi;
    if (engine->is_closing)
        return 0;
    engine->is_due = timeout_ms == 0;
    if (timeout_ms > 0)
        uv_timer_start(&engine->timeout, on_timeout, (uint64_t)timeout_ms, 0);
    else
        uv_timer_stop(&engine->timeout);
    if (engine->is_due)
        uv_idle_start(&engine->later, on_later);
    return 0;
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
    head.is_http2 = version == CURL_HTTP_VERSION_2_0;
    str_cut(rest, '\n', &line, &rest); /* the status line */
    while (str_cut(rest, '\n', &line, &rest))
        if (!str_starts_with(line, STR(" ")) && !str_starts_with(line, STR("\t")))
            add_head_line(&head.headers, &arena, str_trim(line));
    f->has_head = true;
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
    return f->is_ended ? CURL_WRITEFUNC_ERROR : line.len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct fetch *f = owner;
    size_t len = size * count;

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
    uint64_t now_ms = uv_now(engine->loop);
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

    f->connect_by_ms = uv_now(f->engine->loop) + wait_ms;
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
    CURLMcode code = curl_multi_add_handle(f->engine->multi, h);
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

static void settle(struct engine *engine)
{
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

static void on_handle_closed(uv_handle_t *handle)
{
    struct engine *engine = handle->data;

    if (--engine->open_handles == 0)
        free(engine);
}

static void close_engine(struct engine *engine)
{
    struct fetch *next;

    for (struct fetch *f = engine->all; f != NULL; f = next) {
        next = f->next;
        free_fetch(f);
    }
    curl_multi_cleanup(engine->multi);
    uv_close((uv_handle_t *)&engine->timeout, on_handle_closed);
    uv_close((uv_handle_t *)&engine->patience, on_handle_closed);
    uv_close((uv_handle_t *)&engine->later, on_handle_closed);
}

static void on_later(uv_idle_t *idle)
{
    struct engine *engine = idle->data;

    uv_idle_stop(idle);
    if (!engine->is_closing)
        settle(engine);
    if (!engine->is_closing && engine->is_due) {
        engine->is_due = false;
        act_on_timeout(engine);
    }
    if (engine->is_closing)
        close_engine(engine);
}

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct engine *engine_new(uv_loop_t *loop)
{
    struct engine *engine = mem_zalloc(sizeof(*engine));

    engine->loop = loop;
    engine->multi = curl_multi_init();
    assert(engine->multi != NULL);
    curl_multi_setopt(engine->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IDLE_CONNECTIONS);
    curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
    curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
    uv_timer_init(loop, &engine->timeout);
    uv_timer_init(loop, &engine->patience);
    uv_unref((uv_handle_t *)&engine->patience); /* whoever waits for a connection waits for another fetch */
    uv_idle_init(loop, &engine->later);
    engine->timeout.data = engine->patience.data = engine->later.data = engine;
    engine->open_handles = 3;
    return engine;
}

static void engine_free(struct engine *engine)
{
    for (struct fetch *f = engine->all; f != NULL; f = f->next)
        f->is_ended = true;
    engine->is_closing = true;
    uv_idle_start(&engine->later, on_later);
}

struct fetch_pool *fetch_pool_new(uv_loop_t *loop)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct fetch_pool *pool = mem_zalloc(sizeof(*pool));

    pthread_once(&once, start_curl);
    pool->shared = engine_new(loop);
    pool->pausable = engine_new(loop);
    return pool;
}

uv_loop_t *fetch_pool_loop(const struct fetch_pool *pool)
{
    return pool->shared->loop;
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
