#include "cmd/metrics_server_flags.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"

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
    {{"--metric-resolution=1s", NULL}, NULL},
    {{"--metric-resolution=999ms", NULL},
     "metric-resolution should be a time duration at least 1s, but value 999ms provided"},
    {{"--metric-resolution=10s", "--kubelet-request-timeout=10s", NULL},
     "metric-resolution should be larger than kubelet-request-timeout, but metric-resolution value 10s "
     "kubelet-request-timeout value 10s provided"},
    {{"--metric-resolution=10s", "--kubelet-request-timeout=9s", NULL}, NULL},
    {{"--metric-resolution=10s", "--kubelet-request-timeout=9001ms", NULL},
     "metric-resolution should be larger than kubelet-request-timeout, but metric-resolution value 10s "
     "kubelet-request-timeout value 9.001s provided"},
    {{"--kubelet-request-timeout=0s", NULL}, "kubelet-request-timeout should be positive"},
    {{"--kubelet-certificate-authority=x", "--kubelet-insecure-tls", NULL},
     "cannot use both --kubelet-certificate-authority and --kubelet-insecure-tls"},
    {{"--kubelet-client-certificate=x", NULL}, "need both --kubelet-client-key and --kubelet-client-certificate"},
    {{"--kubelet-insecure-tls", "--deprecated-kubelet-completely-insecure", NULL},
     "cannot use both --kubelet-insecure-tls and --deprecated-kubelet-completely-insecure"},
    {{"--kubelet-client-certificate=x", "--kubelet-client-key=x", "--deprecated-kubelet-completely-insecure", NULL},
     "cannot use both --kubelet-client-key and --deprecated-kubelet-completely-insecure"},
    {{"--kubelet-certificate-authority=x", "--deprecated-kubelet-completely-insecure", NULL},
     "cannot use both --kubelet-certificate-authority and --deprecated-kubelet-completely-insecure"},
    {{"--kubelet-port=0", NULL}, "--kubelet-port 0 must be between 1 and 65535, inclusive"},
    /* serving */
    {{"--tls-private-key-file=x", NULL}, "need both --tls-cert-file and --tls-private-key-file"},
    {{"--tls-min-version=VersionTLS13", NULL}, NULL},
    {{"--tls-min-version=TLS1.3", NULL}, "unknown tls version \"TLS1.3\""},
    {{"--tls-cipher-suites=TLS_NO", NULL}, "Cipher suite TLS_NO not supported or doesn't exist"},
    {{"--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", NULL}, NULL},
    {{"--tls-cipher-suites=TLS_ECDHE_RSA_WITH_RC4_128_SHA", NULL},
     "Cipher suite TLS_ECDHE_RSA_WITH_RC4_128_SHA is left out of this OpenSSL as too weak"},
    {{"--tls-curve-preferences=23,29", NULL}, NULL},
    {{"--tls-curve-preferences=4588", NULL},
     "Curve preference 4588 not supported or doesn't exist: there are 23 (P-256), 24 (P-384), 25 (P-521), 29 "
     "(X25519)"},
    {{"--tls-sni-cert-key=a.crt", NULL},
     "invalid argument \"a.crt\" for \"--tls-sni-cert-key\" flag: expected comma separated certificate and key file "
     "paths"},
    {{"--tls-sni-cert-key=a.crt,a.key:", NULL},
     "invalid argument \"a.crt,a.key:\" for \"--tls-sni-cert-key\" flag: empty names list is not allowed"},
    {{"--secure-port=65536", NULL},
     "--secure-port 65536 must be between 0 and 65535, inclusive. 0 for turning off secure port"},
    {{"--bind-address=localhost", NULL},
     "invalid argument \"localhost\" for \"--bind-address\" flag: failed to parse IP: \"localhost\""},
    {{"--http2-max-streams-per-connection=-1", NULL},
     "--http2-max-streams-per-connection must be between 0 and 2147483647"},
    /* generic */
    {{"--request-timeout=-1s", NULL}, "--request-timeout can not be negative value"},
    {{"--request-timeout=0", NULL}, "--request-timeout 0s would time out every request"},
    {{"--max-requests-inflight=-1", NULL}, "--max-requests-inflight can not be negative value"},
    {{"--max-mutating-requests-inflight=-1", NULL}, "--max-mutating-requests-inflight can not be negative value"},
    {{"--goaway-chance=.03", NULL}, "--goaway-chance can not be less than 0 or greater than 0.02"},
    {{"--livez-grace-period=-1s", NULL}, "--livez-grace-period can not be a negative value"},
    {{"--min-request-timeout=-1", NULL}, "--min-request-timeout can not be negative value"},
    {{"--shutdown-delay-duration=-1s", NULL}, "--shutdown-delay-duration can not be negative value"},
    {{"--shutdown-watch-termination-grace-period=-1s", NULL},
     "shutdown-watch-termination-grace-period, if provided, can not be a negative value"},
    {{"--storage-initialization-timeout=-1s", NULL}, "--storage-initialization-timeout can not be negative value"},
    {{"--strict-transport-security-directives=", NULL}, NULL},
    {{"--strict-transport-security-directives=max-age=1,nonsense", NULL},
     "--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. "
     "see https://tools.ietf.org/html/rfc6797#section-6.1 for more information"},
    {{"--cors-allowed-origins=example.com", NULL},
     "--cors-allowed-origins has an invalid regular expression: regular expression does not pin to start/end of host "
     "in the origin header"},
    {{"--cors-allowed-origins=//(:|$", NULL},
     "--cors-allowed-origins has an invalid regular expression: //(:|$: Unmatched ( or \\("},
    {{"--feature-gates=A=true", NULL}, "component not registered: kube"},
    {{"--feature-gates=wardle:A=true", NULL}, "component not registered: wardle"},
    {{"--feature-gates=A", NULL},
     "invalid argument \"A\" for \"--feature-gates\" flag: malformed pair, expect string=string"},
    {{"--emulated-version=kube=1.35", NULL}, "component not registered: kube"},
    {{"--min-compatibility-version=1.35", NULL}, "component not registered: kube"},
    {{"--authorization-always-allow-paths=/a*b", NULL}, "only trailing * allowed in \"/a*b\""},
    {{"--requestheader-group-headers= ", NULL}, "--requestheader-group-headers: empty value"},
    /* audit */
    {{"--audit-log-path=-", "--audit-log-mode=often", NULL},
     "invalid audit log mode often, allowed modes are \"batch,blocking,blocking-strict\""},
    {{"--audit-log-path=-", "--audit-log-format=xml", NULL},
     "invalid audit log format xml, allowed formats are \"legacy,json\""},
    {{"--audit-log-path=-", "--audit-log-maxage=-1", NULL}, "--audit-log-maxage -1 can't be a negative number"},
    {{"--audit-log-path=-", "--audit-log-mode=batch", "--audit-log-batch-buffer-size=0", NULL},
     "invalid audit batch log buffer size 0, must be a positive number"},
    {{"--audit-log-path=-", "--audit-log-truncate-max-batch-size=1", NULL},
     "invalid audit truncate log max batch size 1, must be greater than max event size (102400)"},
    {{"--audit-log-path=-", "--audit-log-version=audit.k8s.io/v1beta1", NULL},
     "invalid group version, allowed versions are [\"audit.k8s.io/v1\"]"},
    {{"--audit-webhook-config-file=x", "--audit-webhook-batch-throttle-qps=0", NULL},
     "invalid audit batch webhook throttle QPS 0, must be a positive number"},
    {{"--audit-log-mode=often", NULL}, NULL}, /* without a path there is no log */
    /* features and logging */
    {{"--enable-priority-and-fairness=false", "--profiling=false", "--contention-profiling", NULL}, NULL},
    {{"--logging-format=json", NULL}, NULL},
    {{"--logging-format=xml", NULL}, "format: Invalid value: \"xml\": Unsupported log format"},
    {{"--logging-format=json", "--vmodule=a=1", NULL}, "vmodule: Forbidden: Only supported for text log format"},
    {{"--vmodule=a", NULL}, "\"a\" does not have the pattern=N format"},
    {{"--log-flush-frequency=0s", NULL}, "flushFrequency: Invalid value: \"0s\": Must be greater than zero"},
    {{"--log-json-split-stream", NULL}, "options.json.splitStream: Forbidden: Feature LoggingAlphaOptions is disabled"},
    {{"--log-text-info-buffer-size=64Ki", NULL},
     "options.text.infoBufferSize: Forbidden: Feature LoggingAlphaOptions is disabled"},
    {{"--log-text-info-buffer-size=0", NULL}, NULL},
    {{"--v=x", NULL}, "invalid argument \"x\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"},
    {{"--metric-resolution=1ms", "--version", NULL}, NULL},
    {{"--no-such-flag", NULL}, "unknown flag: --no-such-flag"},
    {{"--tracing-config-file=x", NULL}, "unknown flag: --tracing-config-file"},
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
    assert_string_equal(f.bind_address.text, "0.0.0.0");
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

/* The default of the timeout is lowered to fit the resolution; what was given isn't. */
static void test_timeout_fits(void **state)
{
    static const struct {
        const char *resolution;
        int64_t timeout_ns;
    } fits[] = {
        {"--metric-resolution=60s", 10 * NS_PER_S},
        {"--metric-resolution=15s", 10 * NS_PER_S},
        {"--metric-resolution=10s", 9 * NS_PER_S},
        {"--metric-resolution=1s", 900 * NS_PER_MS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
        struct metrics_server_flags f;
        assert_int_equal(parse(&f, (const char *const[]){fits[i].resolution, NULL}, NULL), FLAGS_OK);
        assert_int_equal(f.kubelet_request_timeout_ns, fits[i].timeout_ns);
        metrics_server_flags_free(&f);
    }
}

/* --- docs/flags.md --- */

/* "  -v, --v Level   number ... (default 1)": the name; and the default, "" when there is none. */
static bool parse_help_line(struct str line, struct str *name, struct str *value)
{
    ptrdiff_t dashes = str_find(str_head(line, 10), STR("--"));
    struct str rest;

    if (dashes < 0)
        return false;
    str_cut(str_skip(line, (size_t)dashes + 2), ' ', name, &rest);
    ptrdiff_t at = str_find(line, STR(" (default "));
    *value = at >= 0 ? str_skip(line, (size_t)at + 10) : STR("");
    value->len -= value->len > 0;
    return true;
}

/* A row of the table begins "| `--NAME` | DEFAULT |". */
static void check_row(struct str docs, struct str name, struct str value)
{
    auto_buf struct buf row = {0};

    buf_printf(&row, "\n| `--%.*s` | %s%.*s%s |", STR_ARG(name), value.len > 0 ? "`" : "", STR_ARG(value),
               value.len > 0 ? "`" : "");
    if (str_find(docs, buf_str(&row)) < 0)
        fail_msg("docs/flags.md lacks the row%s", buf_cstr(&row));
}

/* The last column names files that there are, in back quotes. */
static void check_tests(struct str row)
{
    struct str before, path;
    size_t cells = 0;

    while (str_cut(row, '|', &before, &row) && cells < 4)
        cells++;
    assert_int_equal(cells, 4);
    struct str cell = before;
    assert_true(str_index(cell, '`') >= 0);
    while (str_cut(cell, '`', &before, &cell) && str_cut(cell, '`', &path, &cell)) {
        auto_buf struct buf full = {0};
        buf_printf(&full, SOURCE_ROOT "/tests/%.*s", STR_ARG(path));
        if (access(buf_cstr(&full), R_OK) != 0)
            fail_msg("docs/flags.md names %s", buf_cstr(&full));
    }
}

static void test_documentation(void **state)
{
    auto_buf struct buf docs = {0};
    auto_error struct error err = {0};
    struct metrics_server_flags f;
    struct str rest, line, name, value;
    size_t in_help = 0, in_docs = 0;

    (void)state;
    assert_true(file_read(SOURCE_ROOT "/docs/flags.md", 1 << 20, &docs, &err));
    parse(&f, (const char *const[]){NULL}, &err);
    auto_free char *help = flags_help(f.flags);
    rest = str_of(help);
    for (bool has_more = true; has_more;) {
        has_more = str_cut(rest, '\n', &line, &rest);
        if (parse_help_line(line, &name, &value)) {
            check_row(buf_str(&docs), name, value);
            in_help++;
        }
    }
    rest = buf_str(&docs);
    for (bool has_more = true; has_more;) {
        has_more = str_cut(rest, '\n', &line, &rest);
        if (str_starts_with(line, STR("| `--"))) {
            check_tests(line);
            in_docs++;
        }
    }
    assert_int_equal(in_help, in_docs);
    metrics_server_flags_free(&f);
}

/* In a pod the server stays for a while after SIGTERM, unless a flag says how long. */
static void test_shutdown_delay(void **state)
{
    static const struct {
        const char *arguments[MAX_ARGUMENTS];
        bool is_in_pod;
        int64_t delay_ns;
    } delays[] = {
        {{NULL}, false, 0},
        {{NULL}, true, 5 * NS_PER_S},
        {{"--shutdown-delay-duration=0s", NULL}, true, 0},
        {{"--shutdown-delay-duration=9s", NULL}, true, 9 * NS_PER_S},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        struct metrics_server_flags f;
        auto_error struct error err = {0};
        if (delays[i].is_in_pod)
            setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
        else
            unsetenv("KUBERNETES_SERVICE_HOST");
        assert_int_equal(parse(&f, delays[i].arguments, &err), FLAGS_OK);
        assert_int_equal(f.shutdown_delay_ns, delays[i].delay_ns);
        metrics_server_flags_free(&f);
    }
    unsetenv("KUBERNETES_SERVICE_HOST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shutdown_delay),     cmocka_unit_test(test_checks),
        cmocka_unit_test(test_defaults_and_lists), cmocka_unit_test(test_timeout_fits),
        cmocka_unit_test(test_documentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
