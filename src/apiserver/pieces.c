#include "apiserver/pieces.h"

#include "apiserver/gzip.h"
#include "apiserver/response.h"
#include "base/alloc.h"
#include "kube/json_indent.h"

enum {
    QUEUE_BYTES = 256 * 1024, /* that may wait for the peer; below half of what the server allows */
    TURN_BYTES = 1024 * 1024, /* made in one turn of the loop, before compression */
    SLICE_BYTES = 128 * 1024, /* of a finished body */
};

/* One answer on its way. In R's arena. */
struct sender {
    struct api_request *r;
    struct api_pieces pieces;
    int code;
    struct http_headers headers;
    bool is_indented;
    bool ends_line;
    struct json_indent indent;
    struct gzip *gzip; /* owned; NULL: not compressed */
    struct buf held;   /* owned: what there is before the start */
    bool has_started;
    bool is_last; /* the last piece was taken */
    /* What the handler listens to, whose on_closed may have something to free. */
    const struct api_request_events *before;
    void *before_arg;
};

static void take_piece(struct sender *s, struct buf *to)
{
    auto_buf struct buf raw = {0};

    s->is_last = !s->pieces.next(s->pieces.arg, s->is_indented ? &raw : to);
    if (s->is_indented)
        json_indent_add(&s->indent, to, buf_str(&raw));
    if (s->is_last && s->ends_line)
        buf_add_char(to, '\n');
}

static bool is_gzip_accepted(const struct api_request *r)
{
    return gzip_is_accepted(http_headers_get(&r->http->headers, STR("Accept-Encoding")));
}

static void start(struct sender *s)
{
    if (s->held.len > API_GZIP_MIN_BYTES && is_gzip_accepted(s->r)) {
        s->gzip = gzip_new();
        http_headers_add(&s->headers, s->r->arena, STR("Content-Encoding"), STR("gzip"));
        http_headers_add(&s->headers, s->r->arena, STR("Vary"), STR("Accept-Encoding"));
    }
    s->has_started = true;
    api_start(s->r, s->code, &s->headers, s->is_last && s->gzip == NULL ? (int64_t)s->held.len : -1);
}

/* BYTES is emptied. */
static void send_piece(struct sender *s, struct buf *bytes)
{
    auto_buf struct buf packed = {0};

    if (s->gzip != NULL) {
        gzip_add(s->gzip, &packed, buf_str(bytes));
        if (s->is_last)
            gzip_finish(s->gzip, &packed);
        buf_free(bytes);
        bytes = &packed;
    }
    if (bytes->len > 0)
        api_write_buf(s->r, bytes);
}

/* Sends what may be sent now. Compression may swallow a whole turn's bytes: on_writable comes only after a write. */
static void pump(struct sender *s)
{
    size_t made = 0;
    uint64_t written = s->r->body_bytes;

    while (!s->is_last && http_exchange_queued_bytes(s->r->exchange) < QUEUE_BYTES &&
           (made < TURN_BYTES || s->r->body_bytes == written)) {
        auto_buf struct buf piece = {0};
        struct buf *bytes = s->has_started ? &piece : &s->held;
        take_piece(s, bytes);
        made += bytes->len;
        if (!s->has_started && !s->is_last && s->held.len <= API_GZIP_MIN_BYTES)
            continue;
        if (!s->has_started)
            start(s);
        send_piece(s, bytes);
    }
    if (s->is_last)
        api_end(s->r);
}

static void on_writable(void *arg, struct api_request *r)
{
    (void)r;
    pump(arg);
}

static void on_closed(void *arg, struct api_request *r)
{
    struct sender *s = arg;

    gzip_free(s->gzip);
    buf_free(&s->held);
    if (s->pieces.free != NULL)
        s->pieces.free(s->pieces.arg);
    if (s->before != NULL && s->before->on_closed != NULL)
        s->before->on_closed(s->before_arg, r);
}

static void run(const struct sender *from)
{
    static const struct api_request_events events = {.on_writable = on_writable, .on_closed = on_closed};
    struct sender *s = arena_alloc(from->r->arena, sizeof(*s));

    *s = *from;
    s->before = s->r->events;
    s->before_arg = s->r->events_arg;
    api_request_listen(s->r, &events, s);
    pump(s);
}

void api_respond_pieces(struct api_request *r, int code, const struct accept_choice *choice,
                        struct http_headers headers, struct api_pieces pieces)
{
    bool is_json = choice->media == ACCEPT_JSON;

    if (http_headers_get(&headers, STR("Content-Type")).ptr == NULL)
        http_headers_add(&headers, r->arena, STR("Content-Type"), accept_media_type(choice->media));
    run(&(struct sender){
        .r = r,
        .pieces = pieces,
        .code = code,
        .headers = headers,
        .is_indented = is_json && choice->is_pretty,
        .ends_line = is_json && !choice->is_pretty,
    });
}

/* --- finished bodies --- */

struct finished {
    struct buf body; /* owned */
    size_t at;
};

static bool next_slice(void *arg, struct buf *to)
{
    struct finished *f = arg;
    struct str slice = str_head(str_skip(buf_str(&f->body), f->at), SLICE_BYTES);

    buf_add_str(to, slice);
    f->at += slice.len;
    return f->at < f->body.len;
}

static void free_finished(void *arg)
{
    struct finished *f = arg;

    buf_free(&f->body);
}

void api_respond_finished(struct api_request *r, int code, struct http_headers headers, struct buf *body)
{
    if (body->len <= API_GZIP_MIN_BYTES || !is_gzip_accepted(r)) {
        api_start(r, code, &headers, (int64_t)body->len);
        api_write_buf(r, body);
        api_end(r);
        return;
    }
    struct finished *f = arena_zalloc(r->arena, sizeof(*f));
    f->body = *body;
    *body = (struct buf){0};
    run(&(struct sender){
        .r = r, .pieces = {.next = next_slice, .free = free_finished, .arg = f}, .code = code, .headers = headers});
}
