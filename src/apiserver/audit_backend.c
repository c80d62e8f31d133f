#include "apiserver/audit_backend.h"

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log_limit.h"
#include "base/random.h"
#include "base/token_bucket.h"

enum {
    MAX_ATTEMPTS = 5,
    ATTEMPT_MS = 10 * 1000,
};

struct event {
    struct event *next;
    size_t len;
    char text[];
};

struct audit_backend {
    struct audit_backend_options options;
    struct event *first, *last; /* owned */
    size_t count;
    uv_timer_t timer; /* the next batch, or the next attempt */
    uv_timer_t grace; /* of closing */
    struct token_bucket throttle;
    struct backoff backoff;
    struct buf batch; /* being sent to the webhook */
    size_t batch_count;
    unsigned attempts;
    struct rest_call *call; /* owned while it runs */
    bool is_timer_set;
    bool is_closing;
    uint64_t lost;
    unsigned open_handles;
    void (*on_closed)(void *arg);
    void *on_closed_arg;
};

static struct log_limit limit_of_losses = LOG_LIMIT(1, 5);

static void lose(struct audit_backend *b, size_t count, const char *why)
{
    auto_error struct error err = {0};

    b->lost += count;
    error_set(&err, 0, "%s", why);
    log_limited(&limit_of_losses, LOG_LEVEL_ERROR, "Audit events were lost", LOG_NUM("count", count), LOG_ERR(&err));
}

static void on_timer(uv_timer_t *timer);

static void set_timer(struct audit_backend *b, int64_t after_ns)
{
    b->is_timer_set = true;
    uv_timer_start(&b->timer, on_timer, (uint64_t)((after_ns + NS_PER_MS - 1) / NS_PER_MS), 0);
}

/* How many of those that wait make the next batch. */
static size_t next_batch(const struct audit_backend *b)
{
    size_t count = 0, bytes = 0, most = b->options.max_batch_bytes;

    for (const struct event *e = b->first; e != NULL && count < b->options.max_batch_size; e = e->next) {
        bytes += e->len;
        if (most > 0 && bytes > most && count > 0)
            break;
        count++;
    }
    return count;
}

static void take_first(struct audit_backend *b)
{
    struct event *e = b->first;

    b->first = e->next;
    if (b->first == NULL)
        b->last = NULL;
    b->count--;
    free(e);
}

static void write_lines(struct audit_backend *b, struct str lines, size_t count)
{
    auto_error struct error err = {0};

    if (!audit_log_write(b->options.log, lines, &err))
        lose(b, count, error_text(&err));
}

static void send_to_log(struct audit_backend *b)
{
    auto_buf struct buf lines = {0};
    size_t count = next_batch(b);

    for (size_t i = 0; i < count; i++) {
        buf_add(&lines, b->first->text, b->first->len);
        buf_add_char(&lines, '\n');
        take_first(b);
    }
    write_lines(b, buf_str(&lines), count);
}

/* Sends the next batch when it is due, or sees to it that somebody comes back for it. */
static void go_on(struct audit_backend *b);
static void finish_closing(struct audit_backend *b);

static bool may_be_repeated(const struct rest_result *result)
{
    return result->status == 0 || result->status == 429 || result->status >= 500;
}

static void post(struct audit_backend *b);

static void on_posted(void *owner, const struct rest_result *result)
{
    struct audit_backend *b = owner;

    b->call = NULL;
    if (!result->ok && may_be_repeated(result) && b->attempts < MAX_ATTEMPTS && !b->is_closing) {
        set_timer(b, backoff_next(&b->backoff, random_fraction()));
        return;
    }
    if (!result->ok)
        lose(b, b->batch_count, error_text(result->err));
    buf_clear(&b->batch);
    backoff_reset(&b->backoff);
    go_on(b);
}

static void post(struct audit_backend *b)
{
    const struct rest_request request = {
        .method = STR("POST"),
        .path = STR(""),
        .body = buf_str(&b->batch),
        .timeout_ms = ATTEMPT_MS,
        .max_attempts = 1,
        .owner = b,
        .on_done = on_posted,
    };

    b->attempts++;
    b->call = rest_start(b->options.webhook, &request);
}

static void send_to_webhook(struct audit_backend *b)
{
    size_t count = next_batch(b);

    buf_add_cstr(&b->batch, "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{},\"items\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(&b->batch, ',');
        buf_add(&b->batch, b->first->text, b->first->len);
        take_first(b);
    }
    buf_add_cstr(&b->batch, "]}");
    b->batch_count = count;
    b->attempts = 0;
    post(b);
}

static void send_batch(struct audit_backend *b)
{
    if (b->options.webhook != NULL)
        send_to_webhook(b);
    else
        send_to_log(b);
}

static bool is_busy(const struct audit_backend *b)
{
    return b->call != NULL || b->batch.len > 0;
}

static void go_on(struct audit_backend *b)
{
    if (b->is_closing) {
        while (b->count > 0 && !is_busy(b))
            send_batch(b);
        if (!is_busy(b))
            finish_closing(b);
        return;
    }
    if (b->count == 0 || is_busy(b) || b->is_timer_set)
        return;
    if (b->count < b->options.max_batch_size) {
        set_timer(b, b->options.max_wait_ns);
        return;
    }
    set_timer(b, b->options.throttle_qps > 0 ? token_bucket_reserve(&b->throttle, clock_mono_ns()) : 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct audit_backend *b = timer->data;

    b->is_timer_set = false;
    if (b->batch.len > 0 && b->call == NULL)
        post(b); /* once more */
    else if (b->count > 0 && !is_busy(b))
        send_batch(b);
    go_on(b);
}

struct audit_backend *audit_backend_new(uv_loop_t *loop, const struct audit_backend_options *options)
{
    struct audit_backend *b = mem_zalloc(sizeof(*b));

    b->options = *options;
    b->options.is_batched = options->is_batched || options->webhook != NULL;
    if (options->throttle_qps > 0)
        b->throttle = (struct token_bucket)TOKEN_BUCKET(options->throttle_qps, options->throttle_burst);
    b->backoff = (struct backoff){
        .min_ns = options->backoff_ns, .max_ns = 60 * options->backoff_ns, .factor = 1.5, .jitter = 0.2};
    uv_timer_init(loop, &b->timer);
    uv_timer_init(loop, &b->grace);
    b->timer.data = b->grace.data = b;
    b->open_handles = 2;
    return b;
}

static void enqueue(struct audit_backend *b, struct str text)
{
    struct event *e = mem_alloc(sizeof(*e) + text.len);

    *e = (struct event){.len = text.len};
    memcpy(e->text, text.ptr, text.len);
    *(b->last != NULL ? &b->last->next : &b->first) = e;
    b->last = e;
    b->count++;
}

void audit_backend_add(struct audit_backend *b, struct str event)
{
    if (b->options.max_event_bytes > 0 && event.len > b->options.max_event_bytes) {
        lose(b, 1, "longer than audit-...-truncate-max-event-size");
        return;
    }
    if (!b->options.is_batched) {
        auto_buf struct buf line = {0};
        buf_add_str(&line, event);
        buf_add_char(&line, '\n');
        write_lines(b, buf_str(&line), 1);
        return;
    }
    if (b->count >= b->options.buffer_size) {
        lose(b, 1, "the buffer is full");
        return;
    }
    enqueue(b, event);
    if (b->count == b->options.max_batch_size && b->is_timer_set && !is_busy(b)) {
        uv_timer_stop(&b->timer); /* it need not wait for its time */
        b->is_timer_set = false;
    }
    go_on(b);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct audit_backend *b = handle->data;

    if (--b->open_handles > 0)
        return;
    void (*on_closed)(void *arg) = b->on_closed;
    void *arg = b->on_closed_arg;
    free(b);
    if (on_closed != NULL)
        on_closed(arg);
}

static void finish_closing(struct audit_backend *b)
{
    if (uv_is_closing((uv_handle_t *)&b->timer))
        return;
    if (b->call != NULL)
        rest_cancel(b->call);
    b->call = NULL;
    if (b->count > 0 || b->batch.len > 0)
        lose(b, b->count + (b->batch.len > 0 ? b->batch_count : 0), "the server ends");
    while (b->count > 0)
        take_first(b);
    buf_free(&b->batch);
    audit_log_close(b->options.log);
    uv_close((uv_handle_t *)&b->timer, on_handle_closed);
    uv_close((uv_handle_t *)&b->grace, on_handle_closed);
}

static void on_grace_over(uv_timer_t *timer)
{
    finish_closing(timer->data);
}

void audit_backend_close(struct audit_backend *b, int64_t grace_ns, void (*on_closed)(void *arg), void *arg)
{
    b->is_closing = true;
    b->on_closed = on_closed;
    b->on_closed_arg = arg;
    uv_timer_stop(&b->timer);
    uv_timer_start(&b->grace, on_grace_over, (uint64_t)(grace_ns / NS_PER_MS), 0);
    if (b->batch.len > 0 && b->call == NULL)
        post(b);
    go_on(b);
}

uint64_t audit_backend_lost(const struct audit_backend *b)
{
    return b->lost;
}
