#include "net/byte_queue.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Takes everything out in steps of STEP bytes. */
static void take_all(struct byte_queue *q, size_t step, struct buf *out)
{
    while (q->len > 0) {
        struct str head = str_head(byte_queue_head(q), step);
        assert_true(head.len > 0);
        buf_add_str(out, head);
        byte_queue_drop(q, head.len);
    }
    assert_int_equal(byte_queue_head(q).len, 0);
}

static void test_order(void **state)
{
    static const size_t steps[] = {1, 3, 16 * 1024, 100000};
    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        struct byte_queue q = {0};
        auto_buf struct buf want = {0}, got = {0};
        for (unsigned n = 0; n < 400; n++) {
            struct buf piece = {0};
            for (unsigned k = 0; k < n % 97 * (n % 7 == 0 ? 40 : 1); k++)
                buf_add_char(&piece, (char)(n + k));
            buf_add_str(&want, buf_str(&piece));
            if (n % 2 == 0)
                byte_queue_add(&q, buf_str(&piece));
            else
                byte_queue_add_buf(&q, &piece);
            if (n % 2 == 1) {
                assert_null(piece.ptr);
                assert_int_equal(piece.len, 0);
            }
            buf_free(&piece);
            assert_int_equal(q.len, want.len);
        }
        take_all(&q, steps[i], &got);
        assert_true(str_eq(buf_str(&want), buf_str(&got)));
        byte_queue_free(&q);
    }
}

static void test_big_buffers_are_not_copied(void **state)
{
    struct byte_queue q = {0};
    struct buf big = {0};
    (void)state;
    memset(buf_reserve(&big, 50000), 'x', 50000);
    buf_grow_by(&big, 50000);
    const char *ptr = big.ptr;
    byte_queue_add_buf(&q, &big);
    assert_ptr_equal(byte_queue_head(&q).ptr, ptr);
    byte_queue_free(&q);
    assert_int_equal(q.len, 0);
}

static void test_drop_across_segments(void **state)
{
    struct byte_queue q = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct buf b = {0};
        memset(buf_reserve(&b, 2000), 'a' + i, 2000);
        buf_grow_by(&b, 2000);
        byte_queue_add_buf(&q, &b);
    }
    byte_queue_drop(&q, 4500);
    assert_int_equal(q.len, 1500);
    assert_int_equal(byte_queue_head(&q).ptr[0], 'c');
    byte_queue_add(&q, STR("end"));
    byte_queue_drop(&q, 1500);
    assert_true(str_eq(byte_queue_head(&q), STR("end")));
    byte_queue_drop(&q, 3);
    assert_null(q.first);
    assert_null(q.last);
    byte_queue_add(&q, STR("")); /* leaves it empty */
    assert_null(q.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_big_buffers_are_not_copied),
        cmocka_unit_test(test_drop_across_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
