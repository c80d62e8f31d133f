#include "apiserver/health.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool is_storage_ready, is_synced;

static bool check_storage(void *arg, struct error *err)
{
    (void)arg;
    return is_storage_ready || error_set(err, 0, "no metrics to serve: 3 of 3 nodes failed");
}

static bool check_synced(void *arg, struct error *err)
{
    (void)arg;
    return is_synced || error_set(err, 0, "secret reason");
}

static const struct health_check checks[] = {
    {.name = "ping", .endpoints = HEALTH_ALL},
    {.name = "metric-storage-ready", .endpoints = HEALTH_READYZ, .is_public = true, .check = check_storage},
    {.name = "metadata-informer-sync", .endpoints = HEALTH_ALL, .check = check_synced},
};

static const struct {
    enum health_endpoint endpoint;
    bool storage, synced;
    const char *query;
    int code;
    const char *body;
} cases[] = {
    {HEALTH_READYZ, true, true, "", 200, "ok"},
    {HEALTH_LIVEZ, false, true, "", 200, "ok"},
    {HEALTH_READYZ, true, true, "verbose", 200,
     "[+]ping ok\n[+]metric-storage-ready ok\n[+]metadata-informer-sync ok\nreadyz check passed\n"},
    {HEALTH_HEALTHZ, true, true, "verbose=0", 200, "[+]ping ok\n[+]metadata-informer-sync ok\nhealthz check passed\n"},
    {HEALTH_LIVEZ, true, false, "", 500,
     "[+]ping ok\n[-]metadata-informer-sync failed: reason withheld\nlivez check failed\n"},
    {HEALTH_READYZ, false, true, "", 500,
     "[+]ping ok\n[-]metric-storage-ready failed: no metrics to serve: 3 of 3 nodes failed\n"
     "[+]metadata-informer-sync ok\nreadyz check failed\n"},
    {HEALTH_READYZ, false, true, "exclude=metric-storage-ready", 200, "ok"},
    {HEALTH_READYZ, false, false, "exclude=metric-storage-ready&exclude=metadata-informer-sync&verbose", 200,
     "[+]ping ok\n[+]metric-storage-ready excluded: ok\n[+]metadata-informer-sync excluded: ok\nreadyz check "
     "passed\n"},
    {HEALTH_READYZ, true, true, "exclude=no%0Asuch&verbose&exclude=ping&exclude=no%0Asuch&exclude=b", 200,
     "[+]ping excluded: ok\n[+]metric-storage-ready ok\n[+]metadata-informer-sync ok\nwarn: some health checks cannot "
     "be excluded: no matches for \"b\",\"no\\nsuch\"\nreadyz check passed\n"},
    {HEALTH_LIVEZ, true, true, "exclude=metric-storage-ready&verbose", 200,
     "[+]ping ok\n[+]metadata-informer-sync ok\nwarn: some health checks cannot be excluded: no matches for "
     "\"metric-storage-ready\"\nlivez check passed\n"},
};

static struct health *make(void)
{
    struct health *h = health_new();

    for (size_t i = 0; i < COUNT(checks); i++)
        health_add(h, &checks[i]);
    return h;
}

static void test_answers(void **state)
{
    struct health *h = make();

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_arena struct arena arena = {0};
        auto_buf struct buf body = {0};
        struct query query = query_parse(&arena, str_of(cases[i].query));

        is_storage_ready = cases[i].storage;
        is_synced = cases[i].synced;
        assert_int_equal(health_print(h, cases[i].endpoint, &query, &body), cases[i].code);
        assert_string_equal(buf_cstr(&body), cases[i].body);
    }
    health_free(h);
}

static void test_passes(void **state)
{
    struct health *h = make();
    auto_error struct error err = {0};

    (void)state;
    is_storage_ready = is_synced = true;
    assert_true(health_passes(h, HEALTH_READYZ, &err));
    is_storage_ready = false;
    assert_false(health_passes(h, HEALTH_READYZ, &err));
    assert_string_equal(error_text(&err), "metric-storage-ready: no metrics to serve: 3 of 3 nodes failed");
    assert_true(health_passes(h, HEALTH_LIVEZ, &err));
    health_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_passes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
