#include "base/arena.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#endif

/* Pieces of all sizes don't overlap, are aligned and keep what was written. */
static void test_pieces(void **state)
{
    enum {
        PIECES = 2000
    };
    static unsigned char *pieces[PIECES];
    struct arena a = {0};

    (void)state;
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < PIECES; i++) {
            size_t size = i * 37 % 500;
            pieces[i] = arena_alloc(&a, size);
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            memset(pieces[i], (int)(i % 251), size);
        }
        for (size_t i = 0; i < PIECES; i++) {
            for (size_t j = 0; j < i * 37 % 500; j++)
                assert_int_equal(pieces[i][j], i % 251);
        }
        arena_reset(&a);
    }
    arena_free(&a);
    assert_null(a.blocks);
}

static void test_large_pieces(void **state)
{
    struct arena a = {0};
    char *small = arena_alloc(&a, 10);
    char *large = arena_zalloc(&a, 5 << 20);

    (void)state;
    memset(small, 'x', 10);
    assert_int_equal(large[0], 0);
    assert_int_equal(large[(5 << 20) - 1], 0);
    assert_true(a.total_bytes >= 5 << 20);
    arena_free(&a);
    assert_int_equal(a.total_bytes, 0);
}

/* Rounds of equal size end up in one block and stop allocating. */
static void test_reset(void **state)
{
    struct arena a = {0};
    size_t held = 0;

    (void)state;
    arena_reset(&a);
    for (int round = 0; round < 5; round++) {
        arena_reset(&a);
        held = a.total_bytes;
        for (int i = 0; i < 1000; i++)
            arena_zalloc(&a, 100);
    }
    assert_true(held >= 100 * 1000);
    assert_int_equal(a.total_bytes, held);
    arena_free(&a);
}

static void test_texts(void **state)
{
    struct arena a = {0};
    char source[] = "abc";
    struct str copy = arena_str(&a, str_of(source));
    char *cstr = arena_cstr(&a, str_head(str_of(source), 2));
    struct str printed = arena_printf(&a, "%s-%d", "pod", 42);
    struct str nothing = arena_str(&a, (struct str){0});

    (void)state;
    source[0] = 'x';
    assert_true(str_eq(copy, STR("abc")));
    assert_int_equal(copy.ptr[3], '\0');
    assert_string_equal(cstr, "ab");
    assert_true(str_eq(printed, STR("pod-42")));
    assert_int_equal(printed.ptr[printed.len], '\0');
    assert_int_equal(nothing.len, 0);
    assert_string_equal(nothing.ptr, "");
    arena_free(&a);
}

/* Distinct addresses even for empty pieces: callers compare pointers. */
static void test_empty_pieces(void **state)
{
    auto_arena struct arena a = {0};

    (void)state;
    assert_ptr_not_equal(arena_alloc(&a, 0), arena_alloc(&a, 0));
}

static void test_overruns_are_seen(void **state)
{
    (void)state;
#ifdef WITH_ASAN
    struct arena a = {0};
    char *first = arena_alloc(&a, 16);
    char *second = arena_alloc(&a, 5);
    assert_false(__asan_address_is_poisoned(first + 15));
    assert_true(__asan_address_is_poisoned(first + 16));
    assert_false(__asan_address_is_poisoned(second + 4));
    assert_true(__asan_address_is_poisoned(second + 5));
    arena_reset(&a);
    assert_true(__asan_address_is_poisoned(first));
    arena_free(&a);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_large_pieces), cmocka_unit_test(test_reset),
        cmocka_unit_test(test_texts),  cmocka_unit_test(test_empty_pieces), cmocka_unit_test(test_overruns_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
