#include "kube/credentials.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <fcntl.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char folder[] = "/tmp/credentials-XXXXXX";

static char *in_folder(const char *name)
{
    struct buf path = {0};

    buf_printf(&path, "%s/%s", folder, name);
    return buf_take(&path);
}

static void put(const char *name, const char *text)
{
    auto_free char *path = in_folder(name);

    assert_true(file_write_atomically(path, str_of(text), 0600, NULL));
}

static void remove_file(const char *name)
{
    auto_free char *path = in_folder(name);

    assert_int_equal(unlink(path), 0);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_file("token");
    remove_file("cert");
    remove_file("key");
    return rmdir(folder);
}

static void test_refresh(void **state)
{
    static const struct {
        const char *name;
        int64_t at_s;
        bool was_refused;
        const char *put_token, *put_cert, *put_key; /* NULL: leave it; "-": remove it */
        bool is_new;
        const char *token, *cert, *key;
    } steps[] = {
        {"nothing changed, but now it's known", 60, false, NULL, NULL, NULL, false, "t0", "c0", "k0"},
        {"not yet time", 100, false, "t1\n", NULL, NULL, false, "t0", "c0", "k0"},
        {"time", 120, false, NULL, NULL, NULL, true, "t1", "c0", "k0"},
        {"same text, new file", 180, false, "t1", NULL, NULL, false, "t1", "c0", "k0"},
        {"refused too soon", 185, true, "t2", NULL, NULL, false, "t1", "c0", "k0"},
        {"refused", 190, true, NULL, NULL, NULL, true, "t2", "c0", "k0"},
        {"refused again", 199, true, "t3", NULL, NULL, false, "t2", "c0", "k0"},
        {"a minute after the last look", 250, false, NULL, NULL, NULL, true, "t3", "c0", "k0"},
        {"certificate and key", 310, false, NULL, "c1", "k1", true, "t3", "c1", "k1"},
        {"gone", 370, false, "-", "-", NULL, false, "t3", "c1", "k1"},
        {"empty", 430, false, "", "c1", NULL, false, "t3", "c1", "k1"},
        {"there again", 490, false, "t4", "c2", "k2", true, "t4", "c2", "k2"},
    };
    struct client_config config = {.token_file = in_folder("token"),
                                   .cert_file = in_folder("cert"),
                                   .key_file = in_folder("key"),
                                   .token = mem_strdup("t0"),
                                   .cert = mem_strdup("c0"),
                                   .key = mem_strdup("k0")};
    struct credentials c;
    auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)state;
    log_set_fd(null);
    put("token", "t0\n");
    put("cert", "c0");
    put("key", "k0");
    credentials_init(&c, &config, 0);
    client_config_free(&config);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const char *const names[] = {"token", "cert", "key"};
        const char *const texts[] = {steps[i].put_token, steps[i].put_cert, steps[i].put_key};
        print_message("  %s\n", steps[i].name);
        for (size_t j = 0; j < 3; j++) {
            if (texts[j] != NULL && strcmp(texts[j], "-") == 0)
                remove_file(names[j]);
            else if (texts[j] != NULL)
                put(names[j], texts[j]);
        }
        assert_int_equal(credentials_refresh(&c, steps[i].at_s * NS_PER_S, steps[i].was_refused), steps[i].is_new);
        assert_string_equal(c.config.token, steps[i].token);
        assert_string_equal(c.config.cert, steps[i].cert);
        assert_string_equal(c.config.key, steps[i].key);
    }
    credentials_free(&c);
    log_set_fd(2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_refresh)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
