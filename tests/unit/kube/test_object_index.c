#include "kube/object_index.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect_put(struct object_index *index, const char *ns, const char *name, const char *version,
                       enum object_news news)
{
    assert_int_equal((int)object_index_put(index, str_of(ns), str_of(name), str_of(version)), (int)news);
}

static void test_put_and_take(void **state)
{
    struct object_index index = {0};

    (void)state;
    expect_put(&index, "n", "a", "1", OBJECT_NEW);
    expect_put(&index, "", "a", "1", OBJECT_NEW);
    expect_put(&index, "m", "a", "", OBJECT_NEW);
    expect_put(&index, "n", "a", "1", OBJECT_UNCHANGED);
    expect_put(&index, "n", "a", "2", OBJECT_CHANGED);
    expect_put(&index, "n", "a", "2", OBJECT_UNCHANGED);
    assert_int_equal(object_index_count(&index), 3);
    struct object_entry *e = object_index_take(&index, STR("n"), STR("a"));
    assert_true(str_eq(object_entry_ns(e), STR("n")));
    assert_true(str_eq(object_entry_name(e), STR("a")));
    assert_true(str_eq(object_entry_version(e), STR("2")));
    object_entry_free(e);
    assert_null(object_index_take(&index, STR("n"), STR("a")));
    expect_put(&index, "n", "a", "2", OBJECT_NEW);
    object_index_free(&index);
}

/* Of many objects each list lacks some: just those are swept, once. */
static void test_rounds(void **state)
{
    struct object_index index = {0};

    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        size_t count, wanted = 0;
        object_index_begin(&index);
        for (unsigned i = 0; i < 1000; i++) {
            auto_buf struct buf name = {0};
            bool was_there = round > 0 && i % (round + 1) != 0;
            bool is_there = i % (round + 2) != 0;
            buf_printf(&name, "object-%u", i);
            if (is_there)
                expect_put(&index, "ns", buf_cstr(&name), "1", was_there ? OBJECT_UNCHANGED : OBJECT_NEW);
            wanted += was_there && !is_there;
        }
        struct object_entry **gone = object_index_sweep(&index, &count);
        assert_int_equal(count, wanted);
        for (size_t i = 0; i < count; i++) {
            struct str name = object_entry_name(gone[i]);
            uint64_t n = 0;
            assert_true(str_to_u64(str_skip(name, strlen("object-")), &n));
            assert_true(n % (round + 1) != 0 && n % (round + 2) == 0);
            assert_null(object_index_take(&index, STR("ns"), name));
            object_entry_free(gone[i]);
        }
        free(gone);
        assert_null(object_index_sweep(&index, &count));
    }
    object_index_free(&index);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_take),
        cmocka_unit_test(test_rounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
