#include "certs/serving.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <assert.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

#define NOW INT64_C(1800000000)

static char folder[] = "/tmp/test-serving-XXXXXX";
static char crt[64], key[64];

static void a_pair_is_made_once_and_used_again(void **state)
{
    (void)state;
    struct certs_pair first = {0}, second = {0}, third = {0};
    struct error err = {0};
    struct stat st;
    assert_true(certs_serving_pair(folder, "node-1", NOW, &first, &err));
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(certs_serving_pair(folder, "node-1", NOW + 10, &second, &err));
    assert_true(str_eq(buf_str(&first.certificate), buf_str(&second.certificate)));
    /* expired: made anew */
    assert_true(certs_serving_pair(folder, "node-1", NOW + INT64_C(366) * 86400, &third, &err));
    assert_false(str_eq(buf_str(&first.certificate), buf_str(&third.certificate)));
    certs_pair_free(&first);
    certs_pair_free(&second);
    certs_pair_free(&third);
}

static void a_damaged_pair_is_replaced(void **state)
{
    (void)state;
    struct certs_pair pair = {0};
    struct error err = {0};
    assert_true(file_write_atomically(crt, STR("junk"), 0644, &err));
    assert_true(certs_serving_pair(folder, "node-1", NOW, &pair, &err));
    assert_true(certs_check_pair(buf_str(&pair.certificate), buf_str(&pair.key), buf_str(&pair.certificate), &err));
    certs_pair_free(&pair);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    struct certs_pair pair = {0};
    struct error err = {0};
    assert_false(certs_serving_pair("/proc/nowhere", "node-1", NOW, &pair, &err));
    assert_non_null(strstr(err.message, "/proc/nowhere"));
    error_clear(&err);
}

int main(void)
{
    assert(mkdtemp(folder) != NULL);
    snprintf(crt, sizeof crt, "%s/apiserver.crt", folder);
    snprintf(key, sizeof key, "%s/apiserver.key", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_made_once_and_used_again),
        cmocka_unit_test(a_damaged_pair_is_replaced),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(crt);
    unlink(key);
    rmdir(folder);
    return failed;
}
