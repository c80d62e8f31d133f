/*
 * An HTTP/2 connection with fake surroundings, and a client that writes frames by hand, right or wrong, and notes what
 * comes back. Shared by the tests of its requests and of its limits.
 */
#ifndef TEST_HTTP2_WORLD_H
#define TEST_HTTP2_WORLD_H

#include <nghttp2/nghttp2.h>

#include "base/alloc.h"
#include "fake_handler.h"
#include "fake_transport.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MAX_STREAM_ID 8192

/* What the server said on one stream. */
struct seen_stream {
    int status; /* of the last HEADERS; 0: none */
    int informational;
    struct buf body;
    struct buf headers; /* "name: value\n" each */
    bool is_ended;
    bool is_reset;
    uint32_t reset_code;
    uint64_t window_bytes; /* given by WINDOW_UPDATE */
};

struct world {
    struct fake_transport t;
    struct fake_handler h;
    struct http_limits limits;
    struct http_connection *c;
    nghttp2_hd_deflater *deflater;
    nghttp2_hd_inflater *inflater;
    struct buf in; /* to be sent to the server */
    size_t parsed; /* bytes of t.out */
    struct seen_stream streams[MAX_STREAM_ID];
    int goaways;
    uint32_t goaway_code, goaway_last;
    int settings, settings_acks, ping_acks;
};

static inline struct seen_stream *seen(struct world *w, uint32_t id)
{
    assert_true(id < MAX_STREAM_ID);
    return &w->streams[id];
}

static inline uint32_t get_u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline void see_headers(struct world *w, struct seen_stream *s, struct str block)
{
    while (true) {
        nghttp2_nv nv;
        int flags = 0;
        ssize_t n = nghttp2_hd_inflate_hd2(w->inflater, &nv, &flags, (const uint8_t *)block.ptr, block.len, 1);
        assert_true(n >= 0);
        block = str_skip(block, (size_t)n);
        if (flags & NGHTTP2_HD_INFLATE_EMIT) {
            buf_printf(&s->headers, "%.*s: %.*s\n", (int)nv.namelen, (char *)nv.name, (int)nv.valuelen,
                       (char *)nv.value);
            if (nv.namelen == 7 && memcmp(nv.name, ":status", 7) == 0) {
                s->status = atoi((const char *)nv.value);
                s->informational += s->status < 200 ? 1 : 0;
            }
        }
        if (flags & NGHTTP2_HD_INFLATE_FINAL)
            break;
    }
    nghttp2_hd_inflate_end_headers(w->inflater);
}

static inline void see_frame(struct world *w, unsigned type, unsigned flags, uint32_t id, struct str payload)
{
    switch (type) {
    case NGHTTP2_DATA:
        buf_add_str(&seen(w, id)->body, payload);
        break;
    case NGHTTP2_HEADERS:
        assert_true((flags & NGHTTP2_FLAG_END_HEADERS) != 0);
        see_headers(w, seen(w, id), payload);
        break;
    case NGHTTP2_RST_STREAM:
        seen(w, id)->is_reset = true;
        seen(w, id)->reset_code = get_u32(payload.ptr);
        break;
    case NGHTTP2_SETTINGS:
        (*((flags & NGHTTP2_FLAG_ACK) != 0 ? &w->settings_acks : &w->settings))++;
        break;
    case NGHTTP2_PING:
        w->ping_acks++;
        break;
    case NGHTTP2_GOAWAY:
        w->goaways++;
        w->goaway_last = get_u32(payload.ptr);
        w->goaway_code = get_u32(payload.ptr + 4);
        break;
    case NGHTTP2_WINDOW_UPDATE:
        seen(w, id)->window_bytes += get_u32(payload.ptr);
        break;
    default:
        fail_msg("frame of type %u", type);
    }
    if ((type == NGHTTP2_DATA || type == NGHTTP2_HEADERS) && (flags & NGHTTP2_FLAG_END_STREAM) != 0)
        seen(w, id)->is_ended = true;
}

static inline void see(struct world *w)
{
    struct str rest = str_skip(buf_str(&w->t.out), w->parsed);
    while (rest.len >= 9) {
        size_t len = get_u32(rest.ptr) >> 8;
        if (rest.len < 9 + len)
            break;
        see_frame(w, (unsigned char)rest.ptr[3], (unsigned char)rest.ptr[4], get_u32(rest.ptr + 5) & 0x7fffffff,
                  str_from(rest.ptr + 9, len));
        rest = str_skip(rest, 9 + len);
        w->parsed += 9 + len;
    }
}

/* Sends what the test has put together, and lets the server work. */
static inline void flow(struct world *w)
{
    if (w->in.len > 0 && !w->t.is_closed && !w->t.is_aborted)
        http_connection_receive(w->c, buf_str(&w->in));
    buf_clear(&w->in);
    fake_turn(&w->t, w->c);
    see(w);
}

static inline void add_frame(struct world *w, unsigned type, unsigned flags, uint32_t id, struct str payload)
{
    const char head[9] = {
        (char)(payload.len >> 16), (char)(payload.len >> 8), (char)payload.len, (char)type, (char)flags,
        (char)(id >> 24),          (char)(id >> 16),         (char)(id >> 8),   (char)id};
    buf_add(&w->in, head, sizeof(head));
    buf_add_str(&w->in, payload);
}

static inline void add_u32_frame(struct world *w, unsigned type, uint32_t id, uint32_t value)
{
    const char payload[4] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
    add_frame(w, type, 0, id, str_from(payload, 4));
}

/* A header block of FIELDS: "name: value" lines, name and value as they are. */
static inline void make_block(struct world *w, const char *fields, struct buf *block)
{
    nghttp2_nv nv[64];
    size_t n = 0;
    struct str rest = str_of(fields), line;
    while (!str_is_empty(rest)) {
        str_cut(rest, '\n', &line, &rest);
        ptrdiff_t colon = str_find(str_skip(line, 1), STR(": "));
        assert_true(colon >= 0 && n < 64);
        struct str value = str_skip(line, (size_t)colon + 3);
        nv[n++] = (nghttp2_nv){(uint8_t *)(uintptr_t)line.ptr, (uint8_t *)(uintptr_t)value.ptr, (size_t)colon + 1,
                               value.len, NGHTTP2_NV_FLAG_NO_INDEX};
    }
    size_t room = nghttp2_hd_deflate_bound(w->deflater, nv, n);
    ssize_t len = nghttp2_hd_deflate_hd(w->deflater, (uint8_t *)buf_reserve(block, room), room, nv, n);
    assert_true(len >= 0);
    buf_grow_by(block, (size_t)len);
}

static inline void add_headers(struct world *w, uint32_t id, unsigned flags, const char *fields)
{
    auto_buf struct buf block = {0};
    make_block(w, fields, &block);
    add_frame(w, NGHTTP2_HEADERS, flags | NGHTTP2_FLAG_END_HEADERS, id, buf_str(&block));
}

/* A whole request, or its head when HAS_BODY. */
static inline void add_request(struct world *w, uint32_t id, const char *method, const char *path, bool has_body)
{
    auto_buf struct buf fields = {0};
    buf_printf(&fields, ":method: %s\n:scheme: https\n:path: %s\n:authority: h", method, path);
    add_headers(w, id, has_body ? 0 : NGHTTP2_FLAG_END_STREAM, buf_cstr(&fields));
}

static inline void add_body(struct world *w, uint32_t id, size_t len, bool is_end)
{
    static const char bytes[16384] = {0};
    do {
        struct str part = str_head(str_from(bytes, sizeof(bytes)), len);
        len -= part.len;
        add_frame(w, NGHTTP2_DATA, is_end && len == 0 ? NGHTTP2_FLAG_END_STREAM : 0, id, part);
    } while (len > 0);
}

static inline struct world *open_world(const struct http_limits *limits)
{
    struct world *w = mem_zalloc(sizeof(*w));
    w->limits = limits != NULL ? *limits : http_limits_default;
    w->t.now_ns = 1000 * NS_PER_S;
    w->c = http2_connection_new(&(struct http_connection_options){
        .transport = &fake_transport_calls,
        .transport_arg = &w->t,
        .limits = &w->limits,
        .handler = {fake_on_request, &w->h},
        .peer = STR("10.0.0.1:5"),
        .peer_host = STR("10.0.0.1"),
    });
    nghttp2_hd_deflate_new(&w->deflater, 4096);
    nghttp2_hd_inflate_new(&w->inflater);
    buf_add_cstr(&w->in, NGHTTP2_CLIENT_MAGIC);
    add_frame(w, NGHTTP2_SETTINGS, 0, 0, STR(""));
    add_frame(w, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, STR(""));
    flow(w);
    assert_int_equal(w->settings, 1);
    return w;
}

static inline void close_world(struct world *w)
{
    http_connection_free(w->c);
    assert_int_equal(w->h.requests, w->h.closed);
    fake_handler_free(&w->h);
    fake_transport_free(&w->t);
    nghttp2_hd_deflate_del(w->deflater);
    nghttp2_hd_inflate_del(w->inflater);
    buf_free(&w->in);
    for (size_t i = 0; i < MAX_STREAM_ID; i++) {
        buf_free(&w->streams[i].body);
        buf_free(&w->streams[i].headers);
    }
    free(w);
}

static inline void assert_answer(struct world *w, uint32_t id, int status, const char *body)
{
    struct seen_stream *s = seen(w, id);
    if (s->status != status || strcmp(buf_cstr(&s->body), body) != 0 || !s->is_ended)
        fail_msg("stream %u: status %d, body \"%s\", %s, %s %u", id, s->status, buf_cstr(&s->body),
                 s->is_ended ? "ended" : "open", s->is_reset ? "reset" : "not reset", s->reset_code);
}

static inline void assert_reset(struct world *w, uint32_t id, uint32_t code)
{
    struct seen_stream *s = seen(w, id);
    if (!s->is_reset || s->reset_code != code)
        fail_msg("stream %u: status %d, %s %u, want reset %u", id, s->status, s->is_reset ? "reset" : "not reset",
                 s->reset_code, code);
}

/* The connection was ended with CODE and closed. */
static inline void assert_goaway(struct world *w, uint32_t code)
{
    if (w->goaways == 0 || w->goaway_code != code || !w->t.is_closed)
        fail_msg("%d GOAWAY, code %u (want %u), %s", w->goaways, w->goaway_code, code,
                 w->t.is_closed ? "closed" : "open");
}

#endif
