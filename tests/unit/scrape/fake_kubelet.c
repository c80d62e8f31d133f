#include "fake_kubelet.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <assert.h>
#include <time.h>

enum {
    FLOOD_BYTES = 100 * 1024 * 1024,
};

static void print_body(struct fake_kubelet *k, struct buf *body)
{
    uint64_t ms = (uint64_t)(clock_unix_ns() / NS_PER_MS);

    buf_printf(body,
               "# TYPE node_cpu_usage_seconds_total counter\nnode_cpu_usage_seconds_total %u %llu\n"
               "node_memory_working_set_bytes 1000 %llu\n"
               "container_cpu_usage_seconds_total{container=\"c\",namespace=\"n\",pod=\"p\"} %u %llu\n"
               "container_memory_working_set_bytes{container=\"c\",namespace=\"n\",pod=\"p\"} 5 %llu\n",
               k->requests, (unsigned long long)ms, (unsigned long long)ms, k->requests, (unsigned long long)ms,
               (unsigned long long)ms);
}

void fake_kubelet_answers_well(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    auto_buf struct buf body = {0};

    if (str_starts_with(path, STR("/stats/summary"))) { /* which we are asked for once, for rates */
        fake_conn_printf(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\n404 page not found");
        return;
    }
    print_body(k, &body);
    fake_conn_printf(
        conn,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %zu\r\n\r\n",
        body.len);
    fake_conn_send(conn, buf_str(&body));
}

void fake_kubelet_answers_never(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    (void)k, (void)conn, (void)path;
}

void fake_kubelet_answers_half(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    auto_buf struct buf body = {0};

    (void)path;
    print_body(k, &body);
    fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", body.len);
    fake_conn_send(conn, str_head(buf_str(&body), body.len / 2));
    fake_conn_reset(conn);
}

void fake_kubelet_answers_garbage(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    (void)path;
    fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\n\x01\x02%06u",
                     k->requests);
}

void fake_kubelet_answers_html(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    (void)k, (void)path;
    fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
}

void fake_kubelet_answers_forbidden(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    (void)k, (void)path;
    fake_conn_printf(conn, "HTTP/1.1 403 Forbidden\r\nContent-Length: 22\r\n\r\nForbidden (user=jane)\n");
}

void fake_kubelet_answers_empty(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    (void)k, (void)path;
    fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

void fake_kubelet_answers_encoded(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    (void)k, (void)path;
    fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx");
}

/* No /metrics/resource, as before 1.18. */
void fake_kubelet_answers_summary(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    auto_buf struct buf body = {0};
    char time[32];
    time_t now = (time_t)(clock_unix_ns() / NS_PER_S) + k->requests;
    struct tm tm;

    if (!str_starts_with(path, STR("/stats/summary"))) {
        fake_conn_printf(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\n404 page not found");
        return;
    }
    gmtime_r(&now, &tm);
    strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_printf(
        &body,
        "{\"node\":{\"cpu\":{\"time\":\"%s\",\"usageCoreNanoSeconds\":%u},\"memory\":{\"workingSetBytes\":5}},\"pods\":"
        "["
        "{\"podRef\":{\"name\":\"p\",\"namespace\":\"n\"},\"containers\":[{\"name\":\"c\",\"cpu\":{\"time\":\"%s\","
        "\"usageCoreNanoSeconds\":%u},\"memory\":{\"workingSetBytes\":5}}]}]}",
        time, k->requests, time, k->requests);
    fake_conn_answer(conn, 200, buf_str(&body));
}

/* 100 MiB of lines that are all right, as fast as they are taken. */
struct flood {
    struct fake_kubelet *kubelet;
    struct fake_conn *conn;
    uv_timer_t timer;
    uint64_t sent;
};

static void on_flood_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void end_flood(struct flood *flood)
{
    struct fake_kubelet *k = flood->kubelet;

    *fake_conn_note(flood->conn) = NULL;
    if (flood->sent > k->most_sent_bytes)
        k->most_sent_bytes = flood->sent;
    uv_close((uv_handle_t *)&flood->timer, on_flood_closed);
}

static void on_flood(uv_timer_t *timer)
{
    static char lines[16384];
    struct flood *flood = timer->data;

    memset(lines, 'x', sizeof(lines));
    for (size_t i = 63; i < sizeof(lines); i += 64)
        memcpy(&lines[i - 2], " 1\n", 3);
    /* A connection that has just broken queues nothing, and its end is told in the loop's next turn. */
    for (int i = 0; i < 64 && fake_conn_queued(flood->conn) < 256 * 1024 && flood->sent < FLOOD_BYTES; i++) {
        fake_conn_chunk(flood->conn, str_from(lines, sizeof(lines)));
        flood->sent += sizeof(lines);
    }
}

void fake_kubelet_answers_flood(struct fake_kubelet *k, struct fake_conn *conn, struct str path)
{
    struct flood *flood = mem_zalloc(sizeof(*flood));

    (void)path;
    fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
    flood->kubelet = k;
    flood->conn = conn;
    uv_timer_init(k->loop, &flood->timer);
    flood->timer.data = flood;
    uv_timer_start(&flood->timer, on_flood, 1, 1);
    *fake_conn_note(conn) = flood;
}

static void on_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct fake_kubelet *k = owner;
    struct str method, path, rest;

    k->requests++;
    str_cut(request, ' ', &method, &rest);
    str_cut(rest, ' ', &path, &rest);
    snprintf(k->last_path, sizeof(k->last_path), "%.*s", STR_ARG(path));
    ptrdiff_t at = str_find(request, STR("Authorization: "));
    str_cut(str_skip(request, at < 0 ? request.len : (size_t)at), '\r', &rest, &request);
    snprintf(k->last_authorization, sizeof(k->last_authorization), "%.*s", STR_ARG(rest));
    k->answer(k, conn, path);
}

static void on_conn_closed(void *owner, struct fake_conn *conn)
{
    (void)owner;
    if (*fake_conn_note(conn) != NULL)
        end_flood(*fake_conn_note(conn));
}

static const struct fake_peer_events peer_events = {.on_request = on_request, .on_closed = on_conn_closed};

void fake_kubelet_start(struct fake_kubelet *k, uv_loop_t *loop, struct fake_pki *pki)
{
    auto_buf struct buf cert = {0}, key = {0};

    k->loop = loop;
    fake_pki_issue(pki, k->name, k->san != NULL ? k->san : "IP:127.0.0.1", &cert, &key);
    const struct tls_server_options options = {.certificate_pem = buf_str(&cert), .key_pem = buf_str(&key)};
    k->tls = tls_server_new(&options, NULL);
    assert(k->tls != NULL);
    k->peer = fake_peer_new(loop, k->is_plain ? NULL : k->tls, &peer_events, k);
    k->port = fake_peer_port(k->peer);
    if (k->answer == NULL) { /* nobody listens there any more */
        fake_peer_free(k->peer);
        k->peer = NULL;
    }
}

void fake_kubelet_stop(struct fake_kubelet *k)
{
    if (k->peer != NULL)
        fake_peer_free(k->peer);
    k->peer = NULL;
}

void fake_kubelet_free(struct fake_kubelet *k)
{
    tls_server_free(k->tls);
}
