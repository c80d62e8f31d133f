#include "cmd/metrics_server_flags.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    MAX_ARGUMENTS = 8,
};

static enum flags_result parse(struct metrics_server_flags *f, const char *const *arguments, struct error *err)
{
    char *argv[MAX_ARGUMENTS + 1] = {mem_strdup("metrics-server")};
    int argc = 1;

    for (; arguments[argc - 1] != NULL; argc++)
        argv[argc] = mem_strdup(arguments[argc - 1]);
    enum flags_result result = metrics_server_flags_parse(f, argc, argv, err);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return result;
}

static const struct {
    const char *arguments[MAX_ARGUMENTS];
    const char *error; /* NULL: all is well */
} cases[] = {
    {{NULL}, NULL},
    {{"--metric-resolution=15s", "--kubelet-request-timeout=10s", NULL}, NULL},
    {{"--metric-resolution=9s", NULL},
     "metric-resolution should be a time duration at least 10s, but value 9s provided"},
    {{"--metric-resolution=10s", NULL},
     "metric-resolution should be larger than kubelet-request-timeout, but metric-resolution value 10s "
     "kubelet-request-timeout "
     "value 10s provided"},
    {{"--metric-resolution=10s", "--kubelet-request-timeout=9s", NULL}, NULL},
    {{"--metric-resolution=10s", "--kubelet-request-timeout=9001ms", NULL},
     "metric-resolution should be larger than kubelet-request-timeout, but metric-resolution value 10s "
     "kubelet-request-timeout "
     "value 9.001s provided"},
    {{"--kubelet-request-timeout=0s", NULL},
     "kubelet-request-timeout should be a positive time duration, but value 0s provided"},
    {{"--kubelet-certificate-authority=x", "--kubelet-insecure-tls", NULL},
     "cannot use both --kubelet-certificate-authority and --kubelet-insecure-tls"},
    {{"--kubelet-client-certificate=x", NULL}, "need both --kubelet-client-certificate and --kubelet-client-key"},
    {{"--tls-private-key-file=x", NULL}, "need both --tls-cert-file and --tls-private-key-file"},
    {{"--tls-min-version=VersionTLS13", NULL}, NULL},
    {{"--tls-min-version=TLS1.3", NULL}, "unknown tls version \"TLS1.3\""},
    {{"--secure-port=65536", NULL}, "--secure-port 65536 must be between 0 and 65535, inclusive"},
    {{"--kubelet-port=0", NULL}, "--kubelet-port 0 must be between 1 and 65535, inclusive"},
    {{"--enable-priority-and-fairness=false", "--profiling=false", "--contention-profiling", NULL}, NULL},
    {{"--metric-resolution=1s", "--version", NULL}, NULL},
    {{"--no-such-flag", NULL}, "unknown flag: --no-such-flag"},
};

static void test_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct metrics_server_flags f;
        auto_error struct error err = {0};
        enum flags_result result = parse(&f, cases[i].arguments, &err);
        if (result != (cases[i].error == NULL ? FLAGS_OK : FLAGS_ERROR) ||
            strcmp(error_text(&err), cases[i].error != NULL ? cases[i].error : "") != 0)
            fail_msg("%s: %s", cases[i].arguments[0], error_text(&err));
        metrics_server_flags_free(&f);
    }
}

static void test_defaults_and_lists(void **state)
{
    struct metrics_server_flags f;
    auto_error struct error err = {0};

    (void)state;
    assert_int_equal(parse(&f, (const char *const[]){NULL}, &err), FLAGS_OK);
    assert_int_equal(f.metric_resolution_ns, 60 * NS_PER_S);
    assert_int_equal(f.address_types.count, 5);
    assert_string_equal(f.address_types.items[0], "Hostname");
    assert_string_equal(f.bind_address, "0.0.0.0");
    assert_int_equal(f.secure_port, 443);
    metrics_server_flags_free(&f);
    assert_int_equal(parse(&f,
                           (const char *const[]){"--kubelet-preferred-address-types=InternalIP,ExternalIP", "-l", "a=b",
                                                 "--kubelet-use-node-status-port", NULL},
                           &err),
                     FLAGS_OK);
    assert_int_equal(f.address_types.count, 2);
    assert_string_equal(f.address_types.items[1], "ExternalIP");
    assert_string_equal(f.node_selector, "a=b");
    assert_true(f.uses_status_port);
    metrics_server_flags_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_defaults_and_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
