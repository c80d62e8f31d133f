#include "net/http2_state.h"

#include "base/alloc.h"
#include "base/clock.h"

static ssize_t read_output(nghttp2_session *session, int32_t stream_id, uint8_t *to, size_t len, uint32_t *flags,
                           nghttp2_data_source *source, void *arg)
{
    struct http_exchange *x = source->ptr;
    (void)session, (void)stream_id, (void)arg;
    size_t done = 0;
    while (done < len && x->output.len > 0) {
        struct str head = str_head(byte_queue_head(&x->output), len - done);
        memcpy(to + done, head.ptr, head.len);
        byte_queue_drop(&x->output, head.len);
        done += head.len;
    }
    if (done > 0)
        x->output_since_ns = http_connection_now_ns(x->connection);
    if (x->output.len == 0 && x->has_ended)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    else if (done == 0) {
        x->is_output_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    return (ssize_t)done;
}

static nghttp2_nv field(struct str name, struct str value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name.ptr,
                        .value = (uint8_t *)(uintptr_t)value.ptr,
                        .namelen = name.len,
                        .valuelen = value.len};
}

/* HTTP/2 wants lower case names, and values without control characters whatever the handler passed on. */
static nghttp2_nv clean_field(struct arena *arena, struct http_header header)
{
    char *name = arena_cstr(arena, header.name);
    char *value = arena_cstr(arena, header.value);
    for (size_t i = 0; i < header.name.len; i++) {
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] - 'A' + 'a');
    }
    for (size_t i = 0; i < header.value.len; i++) {
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            value[i] = ' ';
    }
    return field(str_from(name, header.name.len), str_from(value, header.value.len));
}

void http2_start(struct http_exchange *x, int status, const struct http_headers *headers)
{
    struct http2_connection *h = http2_of(x->connection);
    auto_buf struct buf date = {0};
    size_t n = 0;
    nghttp2_nv *fields = arena_alloc(&x->arena, (headers->count + 3) * sizeof(*fields));
    fields[n++] = field(STR(":status"), arena_printf(&x->arena, "%03d", status));
    for (size_t i = 0; i < headers->count; i++) {
        if (!http_is_hop_header(headers->items[i].name))
            fields[n++] = clean_field(&x->arena, headers->items[i]);
    }
    http_add_date(&date, clock_unix_ns() / NS_PER_S);
    fields[n++] = field(STR("date"), buf_str(&date));
    if (x->length >= 0 && status != 204)
        fields[n++] = field(STR("content-length"), arena_printf(&x->arena, "%lld", (long long)x->length));
    nghttp2_data_provider provider = {.source.ptr = x, .read_callback = read_output};
    nghttp2_submit_response(h->session, x->stream_id, fields, n, &provider);
}

static void resume_output(struct http_exchange *x)
{
    if (!x->is_output_deferred)
        return;
    x->is_output_deferred = false;
    nghttp2_session_resume_data(http2_of(x->connection)->session, x->stream_id);
}

/* The peer's time to take output begins when there is some. */
static void note_output(struct http_exchange *x)
{
    if (x->output.len == 0)
        x->output_since_ns = http_connection_now_ns(x->connection);
}

void http2_write(struct http_exchange *x, struct str bytes)
{
    note_output(x);
    byte_queue_add(&x->output, bytes);
    resume_output(x);
}

void http2_write_buf(struct http_exchange *x, struct buf *b)
{
    note_output(x);
    byte_queue_add_buf(&x->output, b);
    resume_output(x);
}

void http2_end(struct http_exchange *x)
{
    resume_output(x);
}

static void reset_stream(struct http_exchange *x, uint32_t code)
{
    nghttp2_submit_rst_stream(http2_of(x->connection)->session, NGHTTP2_FLAG_NONE, x->stream_id, code);
}

void http2_abort(struct http_exchange *x)
{
    reset_stream(x, NGHTTP2_INTERNAL_ERROR);
}

size_t http2_queued_bytes(const struct http_exchange *x)
{
    return x->output.len;
}

void http2_refuse(struct http_exchange *x, int status, const char *reason)
{
    static struct http_header content_type[] = {
        {STR_INIT("content-type"), STR_INIT("text/plain; charset=utf-8")},
        {STR_INIT("x-content-type-options"), STR_INIT("nosniff")},
    };
    static const struct http_headers headers = {.items = content_type, .count = 2};
    if (x->is_dead)
        return;
    if (x->has_started) {
        http_exchange_abort(x);
        return;
    }
    struct str body = arena_printf(&x->arena, "%d %s: %s\n", status, http_status_text(status), reason);
    http_exchange_respond(x, status, &headers, body);
    x->is_dead = true;
}

void http2_want_body(struct http_exchange *x)
{
    if (!x->expects_continue || x->has_started)
        return;
    x->expects_continue = false;
    nghttp2_nv status = field(STR(":status"), STR("100"));
    nghttp2_submit_headers(http2_of(x->connection)->session, NGHTTP2_FLAG_NONE, x->stream_id, NULL, &status, 1, NULL);
}

void http2_cut_off(struct http_exchange *x)
{
    byte_queue_free(&x->output);
    x->is_dead = true;
    reset_stream(x, NGHTTP2_CANCEL);
    http_connection_schedule(x->connection);
}
