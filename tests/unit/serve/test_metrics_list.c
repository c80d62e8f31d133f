/* Lists that are longer than what goes out at once, over TLS, in all their forms. */
#include "serve/metrics_list.h"

#include "../apiserver/world.h"
#include "apiserver/yaml_print.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "kube/json_indent.h"
#include "scrape/batch_builder.h"
#include "serve/metrics_api.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../apiserver/inflate.h"

#define PODS_PATH "/apis/metrics.k8s.io/v1beta1/pods"

enum {
    PODS = 3000,
    NAMESPACES = 3,
};

static struct metrics_api *the_api;
static struct usage_store *the_store;
static struct catalog *the_catalog;
static struct ledger *the_ledger;

static void put_batch(int64_t time_s)
{
    struct batch_builder b;

    batch_builder_init(&b, NULL);
    b.node = (struct usage_point){.time_ns = time_s * NS_PER_S, .cpu_ns = (uint64_t)time_s, .memory_bytes = 1};
    for (unsigned i = 0; i < PODS; i++) {
        char name[16], namespace[16];
        snprintf(name, sizeof(name), "p%04u", i);
        snprintf(namespace, sizeof(namespace), "ns%u", i % NAMESPACES);
        struct container_names names = {STR("c"), str_of(name), str_of(namespace)};
        *batch_builder_take(&b, names) = (struct usage_point){.time_ns = time_s * NS_PER_S,
                                                              .cpu_ns = (uint64_t)(time_s * (i + 1)),
                                                              .memory_bytes = (uint64_t)(i + 1) * 1000};
    }
    usage_store_put(the_store, STR("n1"), batch_builder_finish(&b));
}

static void route(struct world *w)
{
    the_api = metrics_api_new(&w->loop, the_ledger, STR(""));
    metrics_api_install(the_api, w->server);
}

static struct world *start(void)
{
    the_store = usage_store_new(15 * NS_PER_S);
    the_catalog = catalog_new(STR(""), NULL);
    put_batch(1000);
    put_batch(1015);
    for (unsigned i = 0; i < PODS; i++) {
        char json[256];
        snprintf(json, sizeof(json),
                 "{\"metadata\":{\"name\":\"p%04u\",\"namespace\":\"ns%u\",\"labels\":{\"app\":\"a&b\",\"n\":\"%u\"}},"
                 "\"spec\":{\"nodeName\":\"n1\"}}",
                 i, i % NAMESPACES, i);
        assert_non_null(catalog_set_pod(the_catalog, str_of(json), NULL));
    }
    the_ledger = ledger_new(&(struct ledger_options){.catalog = the_catalog, .store = the_store});
    return world_new(&(struct world_options){.route = route, .allows_all = true});
}

static void stop(struct world *w)
{
    metrics_api_free(the_api);
    world_free(w);
    ledger_free(the_ledger);
    catalog_free(the_catalog);
    usage_store_free(the_store);
}

static void ask(struct world *w, const char *path, const char *accept, const char *encoding, struct answer *a)
{
    world_ask(w, &(struct question){.path = path, .headers = {"Accept", accept, "Accept-Encoding", encoding}}, a);
    assert_int_equal(a->status, 200);
    assert_false(a->is_broken);
}

static size_t count(struct str text, const char *what)
{
    size_t n = 0;

    for (ptrdiff_t at; (at = str_find(text, str_of(what))) >= 0; n++)
        text = str_skip(text, (size_t)at + 1);
    return n;
}

/* The times of requests, which differ, out of BODY. */
static void mask(struct buf *body)
{
    static const char prefix[] = "creationTimestamp";

    for (size_t at = 0; at + 50 < body->len; at++)
        if (memcmp(body->ptr + at, prefix, sizeof(prefix) - 1) == 0)
            memset(body->ptr + at + sizeof(prefix) - 1 + 3, 'x', 20);
}

static void test_json(void **state)
{
    struct world *w = start();
    auto_answer struct answer a = {0}, packed = {0}, indented = {0};
    auto_buf struct buf unpacked = {0}, want = {0};
    const char *fault = NULL;

    (void)state;
    ask(w, PODS_PATH, "application/json", "identity", &a);
    assert_string_equal(answer_header(&a, "content-encoding"), "");
    if (!json_is_valid(buf_str(&a.body), &fault))
        fail_msg("%s", fault);
    assert_int_equal(count(buf_str(&a.body), "\"window\":\"15s\""), PODS);
    mask(&a.body);

    ask(w, PODS_PATH, "application/json", "gzip", &packed);
    assert_string_equal(answer_header(&packed, "content-encoding"), "gzip");
    assert_inflate(&unpacked, buf_str(&packed.body));
    mask(&unpacked);
    assert_string_equal(buf_cstr(&unpacked), buf_cstr(&a.body));

    ask(w, PODS_PATH "?pretty=true", "application/json", "identity", &indented);
    mask(&indented.body);
    json_indent(&want, buf_str(&a.body));
    mask(&want);
    assert_int_equal(indented.body.len, want.len);
    stop(w);
}

/* Item by item it is the same YAML as of the whole. */
static void test_yaml(void **state)
{
    static const char *const paths[] = {PODS_PATH, PODS_PATH "?labelSelector=none",
                                        "/apis/metrics.k8s.io/v1/namespaces/ns1/pods?labelSelector=n%3D1"};
    static const char *const as[] = {"", ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
                                     ";as=Table;g=meta.k8s.io;v=v1"};
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        auto_answer struct answer json = {0}, yaml = {0};
        auto_buf struct buf want = {0}, accept_json = {0}, accept_yaml = {0};
        buf_printf(&accept_json, "application/json%s", as[i / 3]);
        buf_printf(&accept_yaml, "application/yaml%s", as[i / 3]);
        ask(w, paths[i % 3], buf_cstr(&accept_json), "identity", &json);
        ask(w, paths[i % 3], buf_cstr(&accept_yaml), "identity", &yaml);
        assert_string_equal(answer_header(&yaml, "content-type"), "application/yaml");
        assert_true(yaml_print_json(&want, buf_str(&json.body), NULL));
        mask(&want);
        mask(&yaml.body);
        assert_string_equal(buf_cstr(&yaml.body), buf_cstr(&want));
    }
    stop(w);
}

static void test_table(void **state)
{
    struct world *w = start();
    auto_answer struct answer a = {0};

    (void)state;
    ask(w, PODS_PATH, "application/json;as=Table;g=meta.k8s.io;v=v1", "identity", &a);
    assert_true(json_is_valid(buf_str(&a.body), NULL));
    assert_int_equal(count(buf_str(&a.body), "\"cells\":["), PODS);
    stop(w);
}

/* The length in the envelope is that of what follows, in one chunk and in several. */
static void test_protobuf(void **state)
{
    static const char *const paths[] = {PODS_PATH, PODS_PATH "?labelSelector=none"};
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        auto_answer struct answer a = {0};
        auto_buf struct buf body = {0};
        ask(w, paths[i % 2], "application/vnd.kubernetes.protobuf", i < 2 ? "identity" : "gzip", &a);
        if (answer_header(&a, "content-encoding")[0] != '\0')
            assert_inflate(&body, buf_str(&a.body));
        else
            buf_add_str(&body, buf_str(&a.body));
        size_t at = 4 + 2 + (unsigned char)body.ptr[5];
        assert_int_equal(body.ptr[at++], 0x12);
        size_t length = 0;
        for (unsigned shift = 0, more = 1; more; shift += 7) {
            length |= (size_t)(body.ptr[at] & 0x7f) << shift;
            more = (body.ptr[at++] & 0x80) != 0;
        }
        assert_int_equal(at + length + 4, body.len);
        assert_memory_equal(body.ptr + body.len - 4, "\x1a\0\x22\0", 4);
        assert_int_equal(count(buf_str(&body), "memory"), i % 2 == 0 ? PODS : 0);
    }
    stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_yaml),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_protobuf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
