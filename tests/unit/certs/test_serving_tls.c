#include "certs/serving_tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "certs/serving.h"

static char folder[] = "/tmp/test-serving-tls-XXXXXX";
static char crt[64], key[64];

static void run_out(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

static void write_pair(const char *common_name)
{
    auto_error struct error err = {0};
    struct certs_pair pair = {0};
    const struct certs_subject subject = {.common_name = common_name, .is_server = true};

    assert_true(certs_issue(NULL, &subject, clock_unix_ns() / NS_PER_S, 3600, &pair, &err));
    assert_true(file_write_atomically(crt, buf_str(&pair.certificate), 0644, &err));
    assert_true(file_write_atomically(key, buf_str(&pair.key), 0600, &err));
    certs_pair_free(&pair);
}

static void never_renewed(void *arg, struct tls_server *tls)
{
    (void)arg, (void)tls;
    fail_msg("nothing was to be renewed");
}

static void a_pair_of_files_is_loaded(void **state)
{
    (void)state;
    uv_loop_t loop;
    auto_error struct error err = {0};

    uv_loop_init(&loop);
    write_pair("a");
    const struct serving_tls_options options = {.certificate_file = crt, .key_file = key, .on_renewed = never_renewed};
    struct serving_tls *s = serving_tls_new(&loop, &options, &err);
    assert_non_null(s);
    assert_non_null(serving_tls_server(s));
    serving_tls_free(s);
    run_out(&loop);
}

static void without_files_the_pair_is_self_signed(void **state)
{
    (void)state;
    uv_loop_t loop;
    auto_error struct error err = {0};

    uv_loop_init(&loop);
    unlink(crt), unlink(key);
    const struct serving_tls_options options = {.folder = folder, .on_renewed = never_renewed};
    struct serving_tls *s = serving_tls_new(&loop, &options, &err);
    assert_non_null(s);
    assert_int_equal(access(crt, R_OK), 0);
    serving_tls_free(s);
    run_out(&loop);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    uv_loop_t loop;
    auto_error struct error err = {0};

    uv_loop_init(&loop);
    const struct serving_tls_options options = {.certificate_file = "/nowhere/a.crt", .key_file = key};
    assert_null(serving_tls_new(&loop, &options, &err));
    assert_non_null(strstr(error_text(&err), "serving certificate: "));
    assert_non_null(strstr(error_text(&err), "/nowhere/a.crt"));
    run_out(&loop);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(crt, sizeof(crt), "%s/apiserver.crt", folder);
    snprintf(key, sizeof(key), "%s/apiserver.key", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(crt), unlink(key);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_of_files_is_loaded),
        cmocka_unit_test(without_files_the_pair_is_self_signed),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
