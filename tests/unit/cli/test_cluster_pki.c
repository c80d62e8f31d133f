#include "cli/cluster_pki.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "kube/client_config.h"

#define NOW INT64_C(1800000000)

static char folder[] = "/tmp/test-pki-XXXXXX";
static char address[] = "127.0.0.1", node[] = "n1";
static struct cluster_settings settings = {
    .address = address, .node_name = node, .port = 7443, .kubelet_port = 10250, .metrics_port = 4443};

static struct buf read_all(const char *name)
{
    struct buf out = {0};
    auto_free char *path = cluster_folder_file(folder, name);
    assert_true(file_read(path, 1 << 20, &out, NULL));
    return out;
}

static void a_cluster_gets_its_keys(void **state)
{
    (void)state;
    struct error err = {0};
    assert_true(cluster_pki_make(folder, &settings, NOW, &err));
    static const char *const secret[] = {"kubeconfig", "kubelet.kubeconfig", "pki/ca.key", "pki/sa.key",
                                         "pki/apiserver.key"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        struct stat st;
        auto_free char *path = cluster_folder_file(folder, secret[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    struct client_config config = {0};
    auto_free char *kubeconfig = cluster_folder_file(folder, "kubeconfig");
    assert_true(client_config_read(&config, kubeconfig, NULL, &err));
    assert_string_equal(config.server, "https://127.0.0.1:7443");
    assert_non_null(config.cert);
    client_config_free(&config);
}

static void roots_stay_and_the_rest_follows_the_settings(void **state)
{
    (void)state;
    struct error err = {0};
    auto_buf struct buf ca = read_all("pki/ca.crt");
    auto_buf struct buf sa = read_all("pki/sa.pub");
    settings.port = 7444;
    assert_true(cluster_pki_make(folder, &settings, NOW + 60, &err));
    auto_buf struct buf ca_after = read_all("pki/ca.crt");
    auto_buf struct buf sa_after = read_all("pki/sa.pub");
    assert_true(str_eq(buf_str(&ca), buf_str(&ca_after)));
    assert_true(str_eq(buf_str(&sa), buf_str(&sa_after)));
    auto_buf struct buf kubeconfig = read_all("kubeconfig");
    assert_non_null(strstr(kubeconfig.ptr, "https://127.0.0.1:7444"));
}

static void damaged_roots_are_told(void **state)
{
    (void)state;
    static const char *const names[] = {"pki/ca.key", "pki/front-proxy-ca.crt", "pki/sa.key"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct error err = {0};
        auto_buf struct buf good = read_all(names[i]);
        auto_free char *path = cluster_folder_file(folder, names[i]);
        assert_true(file_write_atomically(path, STR("junk"), 0600, &err));
        assert_false(cluster_pki_make(folder, &settings, NOW, &err));
        assert_non_null(strstr(err.message, "are damaged"));
        error_clear(&err);
        unlink(path);
        assert_false(cluster_pki_make(folder, &settings, NOW, &err));
        assert_non_null(strstr(err.message, path));
        error_clear(&err);
        assert_true(file_write_atomically(path, buf_str(&good), 0600, &err));
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_gets_its_keys),
        cmocka_unit_test(roots_stay_and_the_rest_follows_the_settings),
        cmocka_unit_test(damaged_roots_are_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
