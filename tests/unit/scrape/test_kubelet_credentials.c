#include "scrape/kubelet_credentials.h"

#include "../net/fake_pki.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"

#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    CA,
    CERTIFICATE,
    KEY,
    TOKEN,
    FILES
};

static char folder[] = "/tmp/test_credentials.XXXXXX";
static char paths[FILES][64];

static void put(int file, struct str bytes)
{
    assert_true(file_write_atomically(paths[file], bytes, 0600, NULL));
}

static int set_up(void **state)
{
    static const char *const names[FILES] = {"ca", "cert", "key", "token"};

    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    for (int i = 0; i < FILES; i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++)
        unlink(paths[i]);
    return rmdir(folder);
}

static bool has_token(const struct kubelet_credentials *c, const char *token)
{
    return str_eq_cstr(kubelet_credentials_token(c), token);
}

static void test_rotation(void **state)
{
    struct fake_pki *pki = fake_pki_new("ca-1"), *other = fake_pki_new("ca-2");
    auto_buf struct buf ca = {0}, other_ca = {0}, cert = {0}, key = {0}, new_cert = {0}, new_key = {0};
    auto_error struct error err = {0};

    (void)state;
    fake_pki_ca(pki, &ca);
    fake_pki_ca(other, &other_ca);
    fake_pki_issue(pki, "me", NULL, &cert, &key);
    fake_pki_issue(pki, "me", NULL, &new_cert, &new_key);
    put(CA, buf_str(&ca));
    put(CERTIFICATE, buf_str(&cert));
    put(KEY, buf_str(&key));
    put(TOKEN, STR(" one\n"));
    const struct kubelet_credentials_options options = {.ca = "overridden",
                                                        .ca_file = paths[CA],
                                                        .certificate_file = paths[CERTIFICATE],
                                                        .key_file = paths[KEY],
                                                        .token_file = paths[TOKEN]};
    struct kubelet_credentials *c = kubelet_credentials_new(&options, &err);
    assert_non_null(c);
    assert_true(has_token(c, "one"));
    assert_false(kubelet_credentials_refresh(c));

    put(TOKEN, STR("two")); /* goes into the next request; connections stay */
    assert_false(kubelet_credentials_refresh(c));
    assert_true(has_token(c, "two"));
    unlink(paths[TOKEN]);
    assert_false(kubelet_credentials_refresh(c));
    assert_true(has_token(c, "two"));

    struct tls_client *tls = kubelet_credentials_tls(c);
    put(CERTIFICATE, buf_str(&new_cert)); /* its key isn't there yet */
    assert_false(kubelet_credentials_refresh(c));
    assert_ptr_equal(kubelet_credentials_tls(c), tls);
    put(KEY, buf_str(&new_key));
    assert_true(kubelet_credentials_refresh(c));
    assert_false(kubelet_credentials_refresh(c));

    put(CA, STR("no certificate"));
    assert_false(kubelet_credentials_refresh(c));
    put(CA, buf_str(&other_ca));
    assert_true(kubelet_credentials_refresh(c));
    kubelet_credentials_free(c);
    fake_pki_free(pki);
    fake_pki_free(other);
}

static void test_what_is_wrong(void **state)
{
    static const struct {
        struct kubelet_credentials_options options;
        const char *error; /* a part; NULL: all is well */
    } cases[] = {
        {{.is_insecure = true}, NULL},
        {{.ca = "", .token = "t"}, NULL}, /* the system's CAs */
        {{.ca = "x"}, "no CA certificate in PEM format"},
        {{.ca_file = "/nonexistent/ca"}, "/nonexistent/ca: no such file"},
        {{.is_insecure = true, .token_file = "/nonexistent/token"}, "/nonexistent/token: no such file"},
        {{.is_insecure = true, .certificate = "x", .key = "y"}, "credentials for kubelets: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        struct kubelet_credentials *c = kubelet_credentials_new(&cases[i].options, &err);
        bool is_right =
            cases[i].error == NULL ? c != NULL : c == NULL && strstr(error_text(&err), cases[i].error) != NULL;
        if (!is_right)
            fail_msg("case %zu: %s", i, error_text(&err));
        kubelet_credentials_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
