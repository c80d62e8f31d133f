#include "certs/serving_tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "certs/serving.h"
#include "run_until.h"

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

/* The common name of what TLS shows to a client that asks for NAME. */
static void check_shown(struct tls_server *tls, const char *name, const char *common_name)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *server = tls_server_ssl(tls, -1), *client = SSL_new(context);
    BIO *ends[2];
    char shown[64] = "";

    assert_int_equal(BIO_new_bio_pair(&ends[0], 0, &ends[1], 0), 1);
    SSL_set_bio(server, ends[0], ends[0]);
    SSL_set_bio(client, ends[1], ends[1]);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    if (name != NULL)
        SSL_set_tlsext_host_name(client, name);
    for (int i = 0; i < 10 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    X509 *certificate = SSL_get0_peer_certificate(client);
    assert_non_null(certificate);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, shown, sizeof(shown));
    if (strcmp(shown, common_name) != 0)
        fail_msg("%s shows %s", name != NULL ? name : "no name", shown);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(context);
}

struct renewals {
    unsigned count;
    struct tls_server *tls;
};

static void on_renewed(void *arg, struct tls_server *tls)
{
    struct renewals *r = arg;

    r->count++;
    r->tls = tls;
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
    check_shown(serving_tls_server(s), NULL, "a");
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

/* As kubelets update a Secret's volume: files are links into "..data", which is a link that is replaced by renaming. */
static void a_swapped_volume_is_seen(void **state)
{
    (void)state;
    uv_loop_t loop;
    auto_error struct error err = {0};
    struct renewals renewals = {0};
    char versions[2][64], data[64], next[64], paths[2][64], files[4][64];

    uv_loop_init(&loop);
    snprintf(data, sizeof(data), "%s/..data", folder);
    snprintf(next, sizeof(next), "%s/..data_tmp", folder);
    snprintf(paths[0], sizeof(paths[0]), "%s/tls.crt", folder);
    snprintf(paths[1], sizeof(paths[1]), "%s/tls.key", folder);
    for (int i = 0; i < 2; i++) {
        snprintf(versions[i], sizeof(versions[i]), "%s/..%d", folder, i);
        assert_int_equal(mkdir(versions[i], 0755), 0);
        write_pair(i == 0 ? "old" : "new");
        snprintf(files[2 * i], sizeof(files[0]), "%s/..%d/tls.crt", folder, i);
        snprintf(files[2 * i + 1], sizeof(files[0]), "%s/..%d/tls.key", folder, i);
        assert_int_equal(rename(crt, files[2 * i]), 0);
        assert_int_equal(rename(key, files[2 * i + 1]), 0);
    }
    assert_int_equal(symlink("..0", data), 0);
    assert_int_equal(symlink("..data/tls.crt", paths[0]), 0);
    assert_int_equal(symlink("..data/tls.key", paths[1]), 0);

    const struct serving_tls_options options = {
        .certificate_file = paths[0], .key_file = paths[1], .on_renewed = on_renewed, .arg = &renewals};
    struct serving_tls *s = serving_tls_new(&loop, &options, &err);
    assert_non_null(s);
    check_shown(serving_tls_server(s), NULL, "old");
    assert_int_equal(symlink("..1", next), 0);
    assert_int_equal(rename(next, data), 0);
    run_until(&loop, renewals.count == 1);
    check_shown(renewals.tls, NULL, "new");
    serving_tls_free(s);
    run_out(&loop);
    for (int i = 0; i < 4; i++)
        unlink(files[i]);
    rmdir(versions[0]), rmdir(versions[1]);
    unlink(data), unlink(paths[0]), unlink(paths[1]);
}

/* Half a renewal changes nothing; the other half does. */
static void half_a_pair_is_waited_for(void **state)
{
    (void)state;
    uv_loop_t loop;
    auto_error struct error err = {0};
    auto_buf struct buf old_key = {0}, new_key = {0};
    struct renewals renewals = {0};

    uv_loop_init(&loop);
    write_pair("old");
    assert_true(file_read(key, 1 << 16, &old_key, &err));
    const struct serving_tls_options options = {
        .certificate_file = crt, .key_file = key, .on_renewed = on_renewed, .arg = &renewals};
    struct serving_tls *s = serving_tls_new(&loop, &options, &err);
    write_pair("new");
    assert_true(file_read(key, 1 << 16, &new_key, &err));
    assert_true(file_write_atomically(key, buf_str(&old_key), 0600, &err));
    int64_t until_ns = clock_mono_ns() + 400 * NS_PER_MS;
    run_until(&loop, clock_mono_ns() >= until_ns);
    assert_int_equal(renewals.count, 0);
    assert_true(file_write_atomically(key, buf_str(&new_key), 0600, &err));
    run_until(&loop, renewals.count == 1);
    check_shown(renewals.tls, NULL, "new");
    serving_tls_free(s);
    run_out(&loop);
}

/* A certificate of its own for each name: exact before wildcard, given before the certificate's own. */
static void names_choose_the_certificate(void **state)
{
    (void)state;
    static const struct {
        const char *asked;
        const char *shown;
    } cases[] = {
        {"foo.example", "sni"},          {"FOO.example", "sni"}, {"a.wild.example", "sni"},
        {"a.b.wild.example", "default"}, {"sni", "default"},     {"bar.example", "default"},
        {"wild.example", "default"},     {NULL, "default"},
    };
    uv_loop_t loop;
    auto_error struct error err = {0};
    char sni_crt[64], sni_key[64];
    const struct str names[] = {STR("foo.example"), STR("*.wild.example")};

    uv_loop_init(&loop);
    snprintf(sni_crt, sizeof(sni_crt), "%s/sni.crt", folder);
    snprintf(sni_key, sizeof(sni_key), "%s/sni.key", folder);
    write_pair("sni");
    assert_int_equal(rename(crt, sni_crt), 0);
    assert_int_equal(rename(key, sni_key), 0);
    write_pair("default");
    const struct serving_tls_pair pair = {sni_crt, sni_key, names, 2};
    const struct serving_tls_options options = {
        .certificate_file = crt, .key_file = key, .pairs = &pair, .pair_count = 1, .on_renewed = never_renewed};
    struct serving_tls *s = serving_tls_new(&loop, &options, &err);
    assert_non_null(s);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_shown(serving_tls_server(s), cases[i].asked, cases[i].shown);
    serving_tls_free(s);
    /* without names: the certificate's own */
    const struct serving_tls_pair own = {sni_crt, sni_key, NULL, 0};
    const struct serving_tls_options again = {
        .certificate_file = crt, .key_file = key, .pairs = &own, .pair_count = 1, .on_renewed = never_renewed};
    s = serving_tls_new(&loop, &again, &err);
    check_shown(serving_tls_server(s), "sni", "sni");
    check_shown(serving_tls_server(s), "foo.example", "default");
    serving_tls_free(s);
    unlink(sni_crt), unlink(sni_key);
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
        cmocka_unit_test(a_pair_of_files_is_loaded), cmocka_unit_test(without_files_the_pair_is_self_signed),
        cmocka_unit_test(a_missing_file_is_named),   cmocka_unit_test(a_swapped_volume_is_seen),
        cmocka_unit_test(half_a_pair_is_waited_for), cmocka_unit_test(names_choose_the_certificate),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
