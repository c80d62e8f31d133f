#include "fake_api.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void end_body(struct fake_conn *conn, const struct step *step)
{
    switch (step->deed) {
    case WATCH_END:
        fake_conn_chunk(conn, STR(""));
        break;
    case WATCH_CUT:
        fake_conn_close(conn);
        break;
    case WATCH_RESET:
        fake_conn_reset(conn);
        break;
    default:
        break;
    }
}

static void on_drip(uv_timer_t *timer)
{
    struct fake_api *api = timer->data;

    if (*api->drip_text != '\0') {
        fake_conn_chunk(api->drip_conn, str_from(api->drip_text, 1));
        api->drip_text++;
        return;
    }
    uv_timer_stop(timer);
    if (str_starts_with(str_of(api->steps[api->step - 1].wants), STR("limit")))
        fake_conn_chunk(api->drip_conn, STR(""));
}

static void begin_body(struct fake_api *api, struct fake_conn *conn, const struct step *step)
{
    fake_conn_send(conn, STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    if (step->deed == WATCH_DRIP) {
        api->drip_conn = conn;
        api->drip_text = step->text;
        uv_timer_start(&api->drip, on_drip, 0, 1);
        return;
    }
    if (step->text[0] != '\0')
        fake_conn_chunk(conn, str_of(step->text));
    end_body(conn, step);
}

/* The query of REQUEST without "timeoutSeconds=N&". */
static void read_query(struct fake_api *api, struct buf *to, struct str request)
{
    static const char timeout[] = "timeoutSeconds=";
    struct str line, rest;

    str_cut(request, '\r', &line, &rest);
    assert_true(str_starts_with(line, STR("GET /api/v1/things?")));
    str_cut(line, '?', &rest, &line);
    str_cut(line, ' ', &line, &rest);
    ptrdiff_t at = str_find(line, str_of(timeout));
    if (at < 0) {
        buf_add_str(to, line);
        return;
    }
    struct str number;
    uint64_t seconds;
    str_cut(str_skip(line, (size_t)at + strlen(timeout)), '&', &number, &rest);
    assert_true(str_to_u64(number, &seconds) && seconds >= api->watch_min_s && seconds <= 2 * api->watch_min_s);
    buf_add_str(to, str_head(line, (size_t)at));
    buf_add_str(to, rest);
}

static void on_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct fake_api *api = owner;
    const struct step *step = &api->steps[api->step];
    auto_buf struct buf query = {0};

    if (step->deed == END)
        fail_msg("a request more than expected: %.*s", STR_ARG(request));
    api->step++;
    read_query(api, &query, request);
    if (step->wants != NULL)
        assert_string_equal(buf_cstr(&query), step->wants);
    switch (step->deed) {
    case ANSWER:
        fake_conn_answer(conn, step->status, str_of(step->text));
        break;
    case RAW:
        fake_conn_send(conn, str_of(step->text));
        fake_conn_close(conn);
        break;
    case REFUSE:
        fake_conn_close(conn);
        break;
    case HANG:
        fake_conn_send(conn, str_of(step->text));
        break;
    default:
        begin_body(api, conn, step);
        break;
    }
}

static const struct fake_peer_events peer_events = {.on_request = on_request};

void fake_api_open(struct fake_api *api, uv_loop_t *loop, unsigned port, const struct step *steps)
{
    *api = (struct fake_api){.steps = steps, .watch_min_s = 300};
    uv_timer_init(loop, &api->drip);
    api->drip.data = api;
    api->peer =
        port == 0 ? fake_peer_new(loop, NULL, &peer_events, api) : fake_peer_new_at(loop, port, &peer_events, api);
}

void fake_api_close(struct fake_api *api)
{
    fake_peer_free(api->peer);
    api->peer = NULL;
    uv_close((uv_handle_t *)&api->drip, NULL);
}
