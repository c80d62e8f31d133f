#include "scrape/trouble.h"

#include "base/alloc.h"
#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char log_path[] = "/tmp/test_trouble.XXXXXX";
static int log_fd = -1;

static int set_up(void **state)
{
    (void)state;
    log_fd = mkstemp(log_path);
    log_set_fd(log_fd);
    return log_fd < 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_set_fd(2);
    close(log_fd);
    return unlink(log_path);
}

/* Lines since the last call. */
static unsigned new_lines(void)
{
    auto_buf struct buf log = {0};
    static size_t seen;
    unsigned lines = 0;

    assert_true(file_read(log_path, 1 << 20, &log, NULL));
    for (; seen < log.len; seen++)
        lines += log.ptr[seen] == '\n';
    return lines;
}

static void begin(struct trouble *t, enum trouble_kind kind, const char *cause)
{
    struct error err = {0};

    error_set(&err, 0, "%s", cause);
    trouble_begin(t, "a", "https://a:10250/metrics/resource", kind, cause, false, &err);
    assert_string_equal(error_text(&t->now), cause);
    assert_false(error_is_set(&err));
}

static void test_each_cause_once(void **state)
{
    struct trouble t;

    (void)state;
    trouble_init(&t);
    trouble_end(&t, "a");
    assert_int_equal(new_lines(), 0);
    begin(&t, TROUBLE_CONNECTION, "refused");
    begin(&t, TROUBLE_CONNECTION, "refused");
    assert_int_equal(new_lines(), 1);
    begin(&t, TROUBLE_TIME, "timed out");
    begin(&t, TROUBLE_CONNECTION, "refused");
    begin(&t, TROUBLE_TIME, "timed out");
    assert_int_equal(new_lines(), 1);
    begin(&t, TROUBLE_CONTENT, "line 1: garbage");
    begin(&t, TROUBLE_CONTENT, "line 2: other garbage");
    assert_int_equal(new_lines(), 1);
    /* a reset is seen as such or as an end, as the moment will have it */
    begin(&t, TROUBLE_TRANSPORT, "connection reset by peer");
    begin(&t, TROUBLE_TRANSPORT, "the connection was cut off within the answer");
    assert_int_equal(new_lines(), 1);
    begin(&t, TROUBLE_SIZE, "the answer is larger than the limit");
    begin(&t, TROUBLE_SIZE, "the answer is larger than the limit");
    assert_int_equal(new_lines(), 1);
    trouble_end(&t, "a");
    trouble_end(&t, "a");
    assert_int_equal(new_lines(), 1);
    assert_string_equal(error_text(&t.now), "");
    begin(&t, TROUBLE_CONNECTION, "refused");
    assert_int_equal(new_lines(), 1);
    /* the same cause in other words */
    struct error err = {0};
    error_set(&err, 0, "lookup a: temporary failure; then refused");
    trouble_begin(&t, "a", "https://a:10250/metrics/resource", TROUBLE_CONNECTION, "refused", false, &err);
    assert_int_equal(new_lines(), 0);
    trouble_free(&t);
}

/* A node that changes its mind every time doesn't fill the log. */
static void test_restless_node(void **state)
{
    struct trouble t;
    unsigned lines;

    (void)state;
    trouble_init(&t);
    for (int i = 0; i < 1000; i++) {
        char cause[32];
        snprintf(cause, sizeof(cause), "cause %d", i);
        begin(&t, TROUBLE_STATUS, cause);
        if (i % 3 == 0)
            trouble_end(&t, "a");
    }
    lines = new_lines();
    assert_in_range(lines, 10, 60);
    trouble_free(&t);
}

static void test_remedies(void **state)
{
    static const struct {
        enum trouble_kind kind;
        const char *cause;
        const char *remedy; /* a part; NULL: none */
    } cases[] = {
        {TROUBLE_TLS, "certificate of a isn't valid for 10.0.0.7: it has DNS a", "--kubelet-preferred-address-types"},
        {TROUBLE_TLS, "certificate of a is self-signed and not trusted", "serverTLSBootstrap"},
        {TROUBLE_TLS, "certificate of a was issued by b, which is not trusted", "--kubelet-certificate-authority"},
        {TROUBLE_TLS, "certificate of a expired at 2024-01-01T00:00:00Z", NULL},
        {TROUBLE_TLS, "TLS handshake: tlsv1 alert internal error", "kubectl certificate approve"},
        {TROUBLE_ADDRESS, "lookup a: unknown node or service", "--kubelet-preferred-address-types=InternalIP"},
        {TROUBLE_STATUS, "request failed, status: \"403 Forbidden\"", "nodes/metrics"},
        {TROUBLE_STATUS, "request failed, status: \"401 Unauthorized\"", "authentication.webhook.enabled"},
        {TROUBLE_STATUS, "request failed, status: \"500 x\"", NULL},
        {TROUBLE_CONNECTION, "connection refused", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *remedy = trouble_remedy(cases[i].kind, cases[i].cause);
        if (cases[i].remedy == NULL ? remedy != NULL : remedy == NULL || strstr(remedy, cases[i].remedy) == NULL)
            fail_msg("%s: %s", cases[i].cause, remedy != NULL ? remedy : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_cause_once),
        cmocka_unit_test(test_restless_node),
        cmocka_unit_test(test_remedies),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
