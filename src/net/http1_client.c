#include "net/http1_client.h"

#include <assert.h>
#include <errno.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"
#include "net/tls_stream.h"

enum {
    MAX_ADDRESSES = 16, /* of one name */
};

enum state {
    STATE_IDLE,
    STATE_LOOKING_UP,
    STATE_CONNECTING,
    STATE_ANSWERING,
};

/* A stream tells of its end when its client may be long gone, or have a newer one. */
struct connection {
    struct http1_client *client; /* NULL: given up */
    struct tls_stream *stream;
};

/* Likewise. */
struct lookup {
    uv_getaddrinfo_t request;
    struct http1_client *client;
};

struct http1_client {
    uv_loop_t *loop;
    struct tls_client *tls;
    uv_timer_t timer; /* the deadline of the state; or at once, to report an error from the loop */
    enum state state;
    struct connection *connection;
    bool is_connected;
    struct lookup *lookup;
    char *host; /* of the connection; owned */
    uint16_t port;
    struct sockaddr_storage *addresses; /* MAX_ADDRESSES; owned; NULL while none are needed */
    size_t address_count;
    size_t next_address;

    struct http1_request request; /* of its strings only HOST is good: it is C->host */
    struct buf head;              /* as it is sent */
    int64_t deadline_ns;          /* by clock_mono_ns */
    bool is_reused;               /* the request went out on a kept connection */
    struct http1_answer answer;
    struct error error; /* that a callback found, or that the loop shall report */
};

static void look_up(struct http1_client *c);
static void connect_next(struct http1_client *c);

/* --- ends --- */

static void drop_connection(struct http1_client *c)
{
    if (c->connection == NULL)
        return;
    c->connection->client = NULL;
    tls_stream_abort(c->connection->stream);
    c->connection = NULL;
    c->is_connected = false;
}

static void drop_lookup(struct http1_client *c)
{
    if (c->lookup == NULL)
        return;
    c->lookup->client = NULL;
    uv_cancel((uv_req_t *)&c->lookup->request); /* too late for one that runs: its end is ignored then */
    c->lookup = NULL;
}

/* The request is over; an idle connection keeps no memory of it. */
static void clear_request(struct http1_client *c)
{
    c->state = STATE_IDLE;
    uv_timer_stop(&c->timer);
    buf_free(&c->head);
    free(c->addresses);
    c->addresses = NULL;
    http1_answer_free(&c->answer);
    c->answer = (struct http1_answer){0};
    error_clear(&c->error);
}

static void finish(struct http1_client *c, struct error *err)
{
    struct http1_request request = c->request;
    auto_error struct error cause = {0};

    if (err != NULL)
        error_move(&cause, err);
    if (err != NULL || !c->is_connected)
        drop_connection(c);
    drop_lookup(c);
    clear_request(c);
    request.on_done(request.arg, err != NULL ? &cause : NULL);
}

static void finish_timed_out(struct http1_client *c)
{
    static const char *const doing[] = {[STATE_LOOKING_UP] = "looking up the address of",
                                        [STATE_CONNECTING] = "connecting to",
                                        [STATE_ANSWERING] = "waiting for the answer of"};
    bool is_in_time = clock_mono_ns() < c->deadline_ns;
    bool is_reading = c->state == STATE_ANSWERING && c->answer.has_begun;
    auto_buf struct buf after = {0};
    auto_error struct error err = {0};

    int64_t after_ns = is_in_time ? c->request.connect_timeout_ns : c->request.timeout_ns;
    /* "10s", also of what was left of 10 s: equal causes shall read equal */
    int64_t unit_ns = after_ns >= NS_PER_S ? 100 * NS_PER_MS : 10 * NS_PER_MS;
    after_ns = (after_ns + unit_ns / 2) / unit_ns * unit_ns;
    duration_print(&after, after_ns);
    error_set(&err, c->state == STATE_ANSWERING ? HTTP1_TIMED_OUT : HTTP1_NO_CONNECTION,
              "timed out after %s while %s %s", buf_cstr(&after),
              is_reading ? "reading the answer of" : doing[c->state], c->host);
    finish(c, &err);
}

static void on_timer(uv_timer_t *timer)
{
    struct http1_client *c = timer->data;

    if (error_is_set(&c->error))
        finish(c, &c->error);
    else
        finish_timed_out(c);
}

static void start_timer(struct http1_client *c, int64_t until_ns)
{
    int64_t left_ns = until_ns - clock_mono_ns();

    uv_update_time(c->loop);
    uv_timer_start(&c->timer, on_timer, left_ns > 0 ? (uint64_t)((left_ns + NS_PER_MS - 1) / NS_PER_MS) : 0, 0);
}

/* For failures inside of the owner's call: C->error is told by the loop's next turn. */
static void finish_soon(struct http1_client *c)
{
    start_timer(c, 0);
}

/* --- the answer --- */

static void finish_broken(struct http1_client *c, const char *cause)
{
    auto_error struct error err = {0};

    error_set(&err, HTTP1_BROKEN, "%s", cause);
    finish(c, &err);
}

/* The kept connection was closed by the server, perhaps before it saw the request: a GET may be sent again. */
static bool is_stale(const struct http1_client *c)
{
    return c->state == STATE_ANSWERING && c->is_reused && !c->answer.has_begun;
}

static void start_over(struct http1_client *c)
{
    drop_connection(c);
    c->is_reused = false;
    look_up(c);
}

static void take_answer(struct http1_client *c, enum http1_answer_state state, struct error *err)
{
    if (state == HTTP1_ANSWER_FAILED) {
        finish(c, err);
    } else if (state == HTTP1_ANSWER_WHOLE) {
        if (!http1_answer_keeps_connection(&c->answer))
            drop_connection(c);
        finish(c, NULL);
    }
}

/* --- the stream --- */

static void send_request(struct http1_client *c)
{
    c->state = STATE_ANSWERING;
    http1_answer_free(&c->answer); /* the one that a dead connection didn't give */
    http1_answer_init(&c->answer, &c->request.answer, c->request.arg, c->request.max_body_bytes);
    start_timer(c, c->deadline_ns);
    tls_stream_write(c->connection->stream, buf_str(&c->head));
    tls_stream_flush(c->connection->stream);
}

static void on_ready(void *arg, struct tls_stream *s)
{
    struct connection *connection = arg;
    struct http1_client *c = connection->client;

    (void)s;
    if (c == NULL)
        return;
    c->is_connected = true;
    send_request(c);
}

static void on_bytes(void *arg, struct tls_stream *s, struct str plain)
{
    struct connection *connection = arg;
    struct http1_client *c = connection->client;

    (void)s;
    if (c == NULL)
        return;
    if (c->state != STATE_ANSWERING) { /* nobody asked */
        drop_connection(c);
        return;
    }
    auto_error struct error err = {0};
    take_answer(c, http1_answer_feed(&c->answer, plain, &err), &err);
}

static void on_end(void *arg, struct tls_stream *s, bool is_clean)
{
    struct connection *connection = arg;
    struct http1_client *c = connection->client;
    auto_error struct error err = {0};

    (void)s;
    if (c == NULL)
        return;
    if (c->state != STATE_ANSWERING)
        drop_connection(c);
    else if (is_stale(c))
        start_over(c);
    else if (!is_clean && c->answer.has_begun)
        finish_broken(c, "the connection was cut off within the answer");
    else
        take_answer(c, http1_answer_end(&c->answer, &err), &err);
}

static void on_closed(void *arg, struct tls_stream *s, const struct error *err)
{
    struct connection *connection = arg;
    struct http1_client *c = connection->client;

    (void)s;
    free(connection);
    if (c == NULL)
        return;
    c->connection = NULL;
    c->is_connected = false;
    if (c->state == STATE_IDLE)
        return;
    if (is_stale(c)) {
        start_over(c);
        return;
    }
    if (c->state == STATE_CONNECTING && c->next_address < c->address_count) {
        connect_next(c);
        return;
    }
    auto_error struct error cause = {0};
    int code = c->state == STATE_ANSWERING          ? HTTP1_BROKEN
               : err != NULL && err->code == EPROTO ? HTTP1_NO_TLS
                                                    : HTTP1_NO_CONNECTION;
    error_set(&cause, code, "%s", err != NULL ? error_text(err) : "the connection was closed");
    finish(c, &cause);
}

static const struct tls_stream_events stream_events = {
    .on_ready = on_ready, .on_bytes = on_bytes, .on_end = on_end, .on_closed = on_closed};

/* --- connecting --- */

static void connect_next(struct http1_client *c)
{
    const struct sockaddr_storage *address = &c->addresses[c->next_address++];
    SSL *ssl = c->tls != NULL ? tls_client_ssl(c->tls, c->host, &c->error) : NULL;

    c->state = STATE_CONNECTING;
    if (ssl == NULL && c->tls != NULL) {
        c->error.code = HTTP1_NO_TLS;
        finish_soon(c);
        return;
    }
    struct connection *connection = mem_zalloc(sizeof(*connection));
    connection->client = c;
    connection->stream = tls_stream_new(c->loop, ssl, &stream_events, connection);
    c->connection = connection;
    tls_stream_connect(connection->stream, (const struct sockaddr *)address);
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct lookup *lookup = request->data;
    struct http1_client *c = lookup->client;

    free(lookup);
    if (c != NULL) {
        c->lookup = NULL;
        for (const struct addrinfo *a = found; a != NULL && c->address_count < MAX_ADDRESSES; a = a->ai_next) {
            if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
                continue;
            struct sockaddr_storage *address = &c->addresses[c->address_count++];
            memcpy(address, a->ai_addr, a->ai_addrlen);
            set_port(address, c->port);
        }
        if (c->address_count > 0) {
            connect_next(c);
        } else {
            error_set(&c->error, HTTP1_NO_ADDRESS, "lookup %s: %s", c->host,
                      status < 0 ? uv_strerror(status) : "no addresses");
            finish(c, &c->error);
        }
    }
    uv_freeaddrinfo(found);
}

static bool is_numeric(const char *host, uint16_t port, struct sockaddr_storage *out)
{
    return uv_ip4_addr(host, port, (struct sockaddr_in *)(void *)out) == 0 ||
           uv_ip6_addr(host, port, (struct sockaddr_in6 *)(void *)out) == 0;
}

static void look_up(struct http1_client *c)
{
    int64_t until_ns = clock_mono_ns() + c->request.connect_timeout_ns;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};

    c->state = STATE_LOOKING_UP;
    c->address_count = c->next_address = 0;
    if (c->addresses == NULL)
        c->addresses = mem_alloc(MAX_ADDRESSES * sizeof(*c->addresses));
    start_timer(c, until_ns < c->deadline_ns ? until_ns : c->deadline_ns);
    if (is_numeric(c->host, c->port, &c->addresses[0])) {
        c->address_count = 1;
        connect_next(c);
        return;
    }
    struct lookup *lookup = mem_zalloc(sizeof(*lookup));
    lookup->client = c;
    lookup->request.data = lookup;
    int status = uv_getaddrinfo(c->loop, &lookup->request, on_looked_up, c->host, NULL, &hints);
    if (status == 0) {
        c->lookup = lookup;
        return;
    }
    free(lookup);
    error_set(&c->error, HTTP1_NO_ADDRESS, "lookup %s: %s", c->host, uv_strerror(status));
    finish_soon(c);
}

/* --- the owner's side --- */

struct http1_client *http1_client_new(uv_loop_t *loop, struct tls_client *tls)
{
    struct http1_client *c = mem_zalloc(sizeof(*c));

    c->loop = loop;
    c->tls = tls;
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    return c;
}

void http1_client_set_tls(struct http1_client *c, struct tls_client *tls)
{
    c->tls = tls;
    http1_client_disconnect(c);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct http1_client *c = handle->data;

    free(c->host);
    free(c);
}

void http1_client_cancel(struct http1_client *c)
{
    if (c->state == STATE_IDLE)
        return;
    drop_connection(c);
    drop_lookup(c);
    clear_request(c);
}

void http1_client_free(struct http1_client *c)
{
    if (c == NULL)
        return;
    http1_client_cancel(c);
    drop_connection(c);
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

static bool has_line_break(struct str s)
{
    return str_index(s, '\r') >= 0 || str_index(s, '\n') >= 0 || str_index(s, '\0') >= 0;
}

static void print_head(struct http1_client *c, const struct http1_request *request)
{
    bool is_ipv6 = strchr(c->host, ':') != NULL;
    bool is_bad = has_line_break(request->path) || has_line_break(str_of(c->host));

    buf_printf(&c->head, "GET %.*s HTTP/1.1\r\nHost: %s%s%s:%u\r\n", STR_ARG(request->path), is_ipv6 ? "[" : "",
               c->host, is_ipv6 ? "]" : "", c->port);
    for (size_t i = 0; i < request->headers.count; i++) {
        const struct http_header *header = &request->headers.items[i];
        is_bad = is_bad || has_line_break(header->name) || has_line_break(header->value);
        buf_printf(&c->head, "%.*s: %.*s\r\n", STR_ARG(header->name), STR_ARG(header->value));
    }
    buf_add_cstr(&c->head, "\r\n");
    if (is_bad)
        error_set(&c->error, HTTP1_STOPPED, "a header of the request holds a line break");
}

void http1_client_get(struct http1_client *c, const struct http1_request *request)
{
    bool is_same = c->host != NULL && strcmp(c->host, request->host) == 0 && c->port == request->port;

    assert(c->state == STATE_IDLE);
    if (!is_same) {
        drop_connection(c);
        free(c->host);
        c->host = mem_strdup(request->host);
        c->port = request->port;
    }
    c->request = *request;
    c->request.host = c->host;
    c->request.path = (struct str){NULL, 0};
    c->request.headers = (struct http_headers){0};
    if (c->request.connect_timeout_ns == 0)
        c->request.connect_timeout_ns = request->timeout_ns;
    c->deadline_ns = clock_mono_ns() + request->timeout_ns;
    c->state = STATE_LOOKING_UP;
    print_head(c, request);
    if (error_is_set(&c->error)) {
        finish_soon(c);
        return;
    }
    c->is_reused = c->is_connected;
    if (c->is_connected)
        send_request(c);
    else
        look_up(c);
}

void http1_client_disconnect(struct http1_client *c)
{
    if (c->state == STATE_IDLE)
        drop_connection(c);
}

bool http1_client_is_connected(const struct http1_client *c)
{
    return c->is_connected && c->state == STATE_IDLE;
}
