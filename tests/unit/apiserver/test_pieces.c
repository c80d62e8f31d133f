#include "apiserver/pieces.h"

#include "apiserver/response.h"
#include "base/alloc.h"
#include "kube/json_indent.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "inflate.h"

/* --- a source of PIECES pieces of BYTES each: a JSON array of numbers --- */

static struct {
    size_t pieces, bytes;
    size_t made;         /* since the request came */
    size_t made_at_once; /* before the loop went on */
    unsigned freed, closed;
    bool is_finished_body; /* all at once */
} source;

static bool next_piece(void *arg, struct buf *to)
{
    size_t goal = to->len + source.bytes;

    assert_ptr_equal(arg, &source);
    buf_add_char(to, source.made == 0 ? '[' : ',');
    while (to->len < goal)
        buf_add_cstr(to, "1,");
    buf_add_char(to, '2');
    source.made++;
    if (source.made == source.pieces)
        buf_add_char(to, ']');
    return source.made < source.pieces;
}

static void free_source(void *arg)
{
    assert_ptr_equal(arg, &source);
    source.freed++;
}

static void on_closed(void *arg, struct api_request *r)
{
    (void)arg;
    (void)r;
    source.closed++;
}

static void handle(void *arg, struct api_request *r)
{
    static const struct api_request_events events = {.on_closed = on_closed};
    struct accept_choice choice;

    (void)arg;
    source.made = 0;
    api_request_listen(r, &events, NULL);
    if (!api_negotiate(r, 0, &choice))
        return;
    if (!source.is_finished_body) {
        api_respond_pieces(r, 200, &choice, (struct http_headers){0},
                           (struct api_pieces){.next = next_piece, .free = free_source, .arg = &source});
        source.made_at_once = source.made;
        return;
    }
    auto_buf struct buf body = {0};
    while (next_piece(&source, &body))
        continue;
    api_respond_chosen(r, 200, &choice, &body);
}

static void route(struct world *w)
{
    api_server_route(w->server, "/pieces", handle, NULL);
}

static struct world *make(bool is_http1, size_t pieces, size_t bytes)
{
    memset(&source, 0, sizeof(source));
    source.pieces = pieces;
    source.bytes = bytes;
    return world_new(&(struct world_options){.route = route, .allows_all = true, .is_http1 = is_http1});
}

/* What a source gives in all. */
static void print_all(struct buf *to)
{
    source.made = 0;
    while (next_piece(&source, to))
        continue;
}

/* --- lengths and encodings --- */

static void test_answers(void **state)
{
    static const struct {
        const char *name;
        size_t pieces, bytes;
        const char *query, *encoding;
        bool is_gzip, has_length;
    } cases[] = {
        {"one short piece", 1, 10, "", "gzip", false, true},
        {"short pieces", 10, 1000, "", "gzip", false, true},
        {"short pieces, indented", 10, 1000, "?pretty=1", "gzip", false, true},
        {"as long as isn't compressed", 1, 131072 - 4, "", "gzip", false, true},
        {"a byte or two longer", 1, 131072 - 1, "", "gzip", true, false},
        {"long pieces", 10, 100000, "", "gzip", true, false},
        {"long pieces, indented", 10, 100000, "?pretty=1", "deflate, gzip", true, false},
        {"long pieces, no gzip wanted", 10, 100000, "", "gzip;q=0.9", false, false},
        {"one very long piece", 1, 2000000, "", "gzip", true, false},
        {"many", 60, 100000, "", "gzip", true, false},
        {"many, as they are", 60, 100000, "", "identity", false, false},
    };

    (void)state;
    for (size_t i = 0; i < 4 * sizeof(cases) / sizeof(cases[0]); i++) {
        size_t c = i / 4;
        bool is_indented = cases[c].query[0] != '\0';
        auto_buf struct buf all = {0}, want = {0}, path = {0}, body = {0};
        auto_answer struct answer a = {0};
        struct world *w = make(i % 2 == 0, cases[c].pieces, cases[c].bytes);
        source.is_finished_body = i % 4 >= 2;
        print_message("%s, HTTP/%s, %s\n", cases[c].name, i % 2 == 0 ? "1.1" : "2",
                      source.is_finished_body ? "finished" : "in pieces");
        print_all(&all);
        if (is_indented)
            json_indent(&want, buf_str(&all));
        else
            buf_printf(&want, "%.*s\n", STR_ARG(buf_str(&all)));
        buf_printf(&path, "/pieces%s", cases[c].query);
        world_ask(w, &(struct question){.path = buf_cstr(&path), .headers = {"Accept-Encoding", cases[c].encoding}},
                  &a);
        assert_int_equal(a.status, 200);
        assert_false(a.is_broken);
        assert_string_equal(answer_header(&a, "content-encoding"), cases[c].is_gzip ? "gzip" : "");
        assert_string_equal(answer_header(&a, "vary"), cases[c].is_gzip ? "Accept-Encoding" : "");
        assert_string_equal(answer_header(&a, "content-type"), "application/json");
        if (!source.is_finished_body || cases[c].is_gzip)
            assert_int_equal(answer_header(&a, "content-length")[0] != '\0', cases[c].has_length);
        if (cases[c].is_gzip)
            assert_inflate(&body, buf_str(&a.body));
        else
            buf_add_str(&body, buf_str(&a.body));
        assert_int_equal(body.len, want.len);
        assert_memory_equal(body.ptr, want.ptr, want.len);
        answer_free(&a);
        world_free(w);
        assert_int_equal(source.freed, source.is_finished_body ? 0 : 1);
        assert_int_equal(source.closed, 1);
        if (cases[c].pieces > 1)
            assert_true(source.made_at_once * source.bytes < 2 * 1024 * 1024);
    }
}

/* --- a peer that doesn't read --- */

struct reader {
    struct fetch *fetch;
    size_t bytes;
    bool is_pausing, is_done;
};

static void on_data(void *owner, struct str chunk)
{
    struct reader *reader = owner;

    reader->bytes += chunk.len;
    if (reader->is_pausing)
        fetch_pause(reader->fetch);
}

static void on_done(void *owner, const struct error *err)
{
    struct reader *reader = owner;

    assert_null(err);
    reader->is_done = true;
}

static void start_reading(struct world *w, struct reader *reader)
{
    auto_buf struct buf url = {0};
    struct fetch_options options = {.owner = reader, .on_data = on_data, .on_done = on_done, .may_pause = true};

    buf_printf(&url, "https://127.0.0.1:%u/pieces", api_server_port(w->server));
    options.url = buf_str(&url);
    options.tls.ca = buf_str(&w->serving.certificate);
    reader->is_pausing = true;
    reader->fetch = fetch_start(w->pool, &options);
    while (reader->bytes == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    for (size_t turns = 0, before; turns < 20; turns = source.made == before ? turns + 1 : 0) {
        before = source.made; /* until the system's buffers are full */
        uv_run(&w->loop, UV_RUN_NOWAIT);
    }
}

static void test_slow_reader(void **state)
{
    enum {
        PIECES = 1000
    };
    struct world *w = make(true, PIECES, 64 * 1024);
    struct reader reader = {0};

    (void)state;
    start_reading(w, &reader);
    assert_in_range(source.made, 4, PIECES / 2);
    reader.is_pausing = false;
    fetch_resume(reader.fetch);
    while (!reader.is_done)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(source.made, PIECES);
    assert_true(reader.bytes > (size_t)PIECES * 64 * 1024);
    world_free(w);
    assert_int_equal(source.freed, 1);
}

static void test_reader_goes_away(void **state)
{
    struct world *w = make(true, 1000, 64 * 1024);
    struct reader reader = {0};

    (void)state;
    start_reading(w, &reader);
    assert_int_equal(source.freed, 0);
    fetch_cancel(reader.fetch);
    world_wait_for(w, &source.freed, 1);
    assert_true(source.made < 1000);
    world_free(w);
    assert_int_equal(source.freed, 1);
    assert_int_equal(source.closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_reader_goes_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
