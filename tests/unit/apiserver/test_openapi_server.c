#include "apiserver/openapi_server.h"

#include "apiserver/etag.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "inflate.h"

#define V2 "{\"swagger\":\"2.0\",\"info\":{\"title\":\"t\",\"version\":\"v\"},\"paths\":{},\"definitions\":{}}"
#define V3 "{\"openapi\":\"3.0.0\"}"
#define PROTOBUF "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
#define PROTOBUF_V3 "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"
#define OLD_PROTOBUF "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
#define MODIFIED "Sat, 31 Jan 2026 12:00:05 GMT"

static struct openapi_server *openapi;
static char v2_tag[160], v3_hash[160], index_text[512];

static void route(struct world *w)
{
    openapi_server_install(openapi, w->server);
}

static struct world *make(const char *v2)
{
    auto_arena struct arena arena = {0};
    struct buf json = {0};

    openapi = openapi_server_new(INT64_C(1769860805) * NS_PER_S);
    snprintf(v2_tag, sizeof(v2_tag), "%.*s", STR_ARG(etag_of(&arena, str_of(v2))));
    snprintf(v3_hash, sizeof(v3_hash), "%.*s", STR_ARG(etag_hash(etag_of(&arena, STR(V3)))));
    snprintf(index_text, sizeof(index_text),
             "{\"paths\":{\"apis/g/v1\":{\"serverRelativeURL\":\"/openapi/v3/apis/g/v1?hash=%s\"}}}", v3_hash);
    buf_add_cstr(&json, v2);
    openapi_server_set_v2(openapi, &json);
    buf_add_cstr(&json, V3);
    openapi_server_add_v3(openapi, "apis/g/v1", &json);
    return world_new(&(struct world_options){.route = route, .allows_all = true});
}

static void finish(struct world *w)
{
    world_free(w);
    openapi_server_free(openapi);
}

static void test_answers(void **state)
{
    const struct {
        struct question q;
        int status;
        const char *type, *body; /* NULL: not looked at */
    } cases[] = {
        {{.path = "/openapi/v2"}, 200, "application/json", V2},
        {{.path = "/openapi/v2", .headers = {"Accept", "application/json"}}, 200, "application/json", V2},
        {{.path = "/openapi/v2", .headers = {"Accept", "text/html, */*;q=0.1"}}, 200, "application/json", V2},
        {{.path = "/openapi/v2", .headers = {"Accept", PROTOBUF}}, 200, PROTOBUF, NULL},
        {{.path = "/openapi/v2", .headers = {"Accept", OLD_PROTOBUF}}, 200, PROTOBUF, NULL},
        {{.path = "/openapi/v2", .headers = {"Accept", OLD_PROTOBUF ";q=0.5, application/json"}},
         200,
         "application/json",
         V2},
        {{.path = "/openapi/v2", .headers = {"Accept", "text/html"}}, 406, "", ""},
        {{.path = "/openapi/v2", .headers = {"If-None-Match", v2_tag}}, 304, NULL, ""},
        {{.path = "/openapi/v2", .headers = {"If-None-Match", "\"x\""}}, 200, "application/json", V2},
        {{.path = "/openapi/v2", .headers = {"If-Modified-Since", MODIFIED}}, 304, NULL, ""},
        {{.path = "/openapi/v2", .headers = {"If-Modified-Since", MODIFIED, "If-None-Match", "\"x\""}}, 200, NULL, V2},
        {{.path = "/openapi/v2", .headers = {"Accept-Encoding", "gzip"}}, 200, "application/json", V2}, /* too short */
        {{.path = "/openapi/v2", .method = "POST"}, 405, "application/json", NULL},
        {{.path = "/openapi/v3"}, 200, "application/json", index_text},
        {{.path = "/openapi/v3/"}, 200, "application/json", index_text},
        {{.path = "/openapi/v3", .headers = {"Accept", "text/html"}}, 406, "", ""},
        {{.path = "/openapi/v3/apis/g/v1"}, 200, "application/json", V3},
        {{.path = "/openapi/v3/apis/g/v1", .headers = {"Accept", PROTOBUF_V3}}, 200, PROTOBUF_V3, NULL},
        {{.path = "/openapi/v3/apis/g/v1", .headers = {"Accept", PROTOBUF}}, 406, "", ""},
        {{.path = "/openapi/v3", .headers = {"Accept", PROTOBUF_V3}}, 406, "", ""},
        {{.path = "/openapi/v3/apis/g/v2"}, 200, NULL, ""},
        {{.path = "/openapi/v3/apis/g/v1?hash=0"}, 301, NULL, ""},
    };
    struct world *w = make(V2);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_answer struct answer a = {0};
        world_ask(w, &cases[i].q, &a);
        if (a.status != cases[i].status ||
            (cases[i].type != NULL && strcmp(answer_header(&a, "content-type"), cases[i].type) != 0) ||
            (cases[i].body != NULL && strcmp(buf_cstr(&a.body), cases[i].body) != 0))
            fail_msg("%zu %s: %d %s\n%s", i, cases[i].q.path, a.status, answer_header(&a, "content-type"),
                     buf_cstr(&a.body));
    }
    finish(w);
}

static void test_headers(void **state)
{
    struct world *w = make(V2);
    auto_answer struct answer v2 = {0}, known = {0}, other = {0};
    char path[256];

    (void)state;
    world_ask(w, &(struct question){.path = "/openapi/v2"}, &v2);
    assert_string_equal(answer_header(&v2, "etag"), v2_tag);
    assert_string_equal(answer_header(&v2, "last-modified"), MODIFIED);
    assert_non_null(strstr(buf_cstr(&v2.head), "vary: Accept\n"));

    snprintf(path, sizeof(path), "/openapi/v3/apis/g/v1?hash=%s", v3_hash);
    world_ask(w, &(struct question){.path = path}, &known);
    assert_int_equal(known.status, 200);
    assert_string_equal(answer_header(&known, "cache-control"), "public, immutable");
    assert_int_equal(strlen(answer_header(&known, "expires")), strlen(MODIFIED));

    world_ask(w, &(struct question){.path = "/openapi/v3/apis/g/v1?hash=0"}, &other);
    assert_string_equal(answer_header(&other, "location"), path);
    finish(w);
}

static void test_gzip(void **state)
{
    static const char *const encodings[] = {"gzip", "gzip;q=0.5, br", "br, gzip"};
    static const char *const none[] = {"gzip;q=0", "identity", "br"};
    char v2[4000];

    (void)state;
    memset(v2, ' ', sizeof(v2));
    memcpy(v2, "{}", 2);
    v2[sizeof(v2) - 1] = '\0';
    struct world *w = make(v2);
    for (size_t i = 0; i < 6; i++) {
        auto_answer struct answer a = {0};
        auto_buf struct buf out = {0};
        const char *encoding = i < 3 ? encodings[i] : none[i - 3];
        world_ask(w, &(struct question){.path = "/openapi/v2", .headers = {"Accept-Encoding", encoding}}, &a);
        assert_string_equal(answer_header(&a, "content-encoding"), i < 3 ? "gzip" : "");
        if (i < 3)
            assert_inflate(&out, buf_str(&a.body));
        else
            buf_add_str(&out, buf_str(&a.body));
        assert_string_equal(buf_cstr(&out), v2);
    }
    finish(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_gzip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
