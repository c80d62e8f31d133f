#include "base/log.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/time.h>
#include <time.h>

#include <cmocka.h>

/* Everything that is logged between start and stop. */
struct recorder {
    int ends[2];
    pthread_t reader;
    struct buf text;
};

static void *read_all(void *arg)
{
    struct recorder *recorder = arg;
    ssize_t n;

    while ((n = read(recorder->ends[0], buf_reserve(&recorder->text, 4096), 4096)) != 0) {
        if (n > 0)
            buf_grow_by(&recorder->text, (size_t)n);
        else if (errno != EINTR)
            break;
    }
    return NULL;
}

static void start(struct recorder *recorder)
{
    *recorder = (struct recorder){0};
    assert_int_equal(pipe(recorder->ends), 0);
    assert_int_equal(pthread_create(&recorder->reader, NULL, read_all, recorder), 0);
    log_set_fd(recorder->ends[1]);
}

static void stop(struct recorder *recorder)
{
    log_set_fd(STDERR_FILENO);
    close(recorder->ends[1]);
    pthread_join(recorder->reader, NULL);
    close(recorder->ends[0]);
}

#define HEAD "[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6} +[0-9]+ test_log\\.c:[0-9]+\\] "

static void check(const char *got, const char *pattern)
{
    regex_t regex;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int result = regexec(&regex, got, 0, NULL, 0);
    regfree(&regex);
    if (result != 0)
        fail_msg("%s doesn't match %s", got, pattern);
}

static void test_fields(void **state)
{
    auto_error struct error err = {0};
    struct recorder recorder;
    const char *nothing = NULL;

    (void)state;
    error_set(&err, 0, "say \"no\"\nin two lines");
    start(&recorder);
    log_info("Serving securely", LOG_CSTR("address", "[::]:4443"), LOG_NUM("port", 4443), LOG_NUM("left", -1),
             LOG_BOOL("insecure", false), LOG_BOOL("ready", true), LOG_STR("part", str_head(STR("abc"), 2)),
             LOG_CSTR("nothing", nothing));
    log_warning("A \"message\" of\nits own");
    log_error("Failed", LOG_ERR(&err));
    log_fatal("Gone");
    stop(&recorder);
    check(buf_cstr(&recorder.text),
          "^I" HEAD "\"Serving securely\" address=\"\\[::\\]:4443\" port=4443 left=-1 insecure=false ready=true "
          "part=\"ab\" nothing=\"\"\n"
          "W" HEAD "\"A \\\\\"message\\\\\" of\\\\nits own\"\n"
          "E" HEAD "\"Failed\" err=\"say \\\\\"no\\\\\"\\\\nin two lines\"\n"
          "F" HEAD "\"Gone\"\n$");
    buf_free(&recorder.text);
}

static void test_plain(void **state)
{
    struct recorder recorder;

    (void)state;
    start(&recorder);
    log_plain(LOG_LEVEL_WARNING, "Flag --%s has \"gone\"\n", "x");
    log_plain(LOG_LEVEL_INFO, "%s", "one\nI1123 forged\x1b[2J");
    stop(&recorder);
    check(buf_cstr(&recorder.text), "^W" HEAD "Flag --x has \"gone\"\nI" HEAD "one\\\\nI1123 forged\\\\x1b\\[2J\n$");
    buf_free(&recorder.text);
}

/* Local time and the process, in klog's columns. */
static void test_head(void **state)
{
    struct recorder recorder;
    char want[64];
    struct tm utc;
    time_t before, after;

    (void)state;
    setenv("TZ", "ABC-5:30", 1); /* east of Greenwich */
    tzset();
    before = (time_t)(clock_unix_ns() / NS_PER_S) + 5 * 3600 + 1800;
    start(&recorder);
    log_info("now");
    stop(&recorder);
    after = (time_t)(clock_unix_ns() / NS_PER_S) + 5 * 3600 + 1800;
    unsetenv("TZ");
    tzset();
    bool is_right = false;
    for (time_t at = before; at <= after; at++) {
        gmtime_r(&at, &utc);
        strftime(want, sizeof(want), "I%m%d %H:%M:%S.", &utc);
        is_right = is_right || strncmp(want, buf_cstr(&recorder.text), 15) == 0;
    }
    assert_true(is_right);
    snprintf(want, sizeof(want), " %7d test_log.c:", getpid());
    assert_int_equal(strncmp(buf_cstr(&recorder.text) + 21, want, strlen(want)), 0);
    buf_free(&recorder.text);
}

static int evaluated;

static struct str count_evaluation(void)
{
    evaluated++;
    return STR("x");
}

static void test_verbosity(void **state)
{
    struct recorder recorder;

    (void)state;
    start(&recorder);
    log_verbose(0, "zero");
    log_verbose(1, "hidden", LOG_STR("x", count_evaluation()));
    assert_int_equal(evaluated, 0);
    log_set_verbosity(2);
    log_verbose(2, "two", LOG_STR("x", count_evaluation()));
    log_verbose(3, "hidden");
    assert_int_equal(evaluated, 1);
    log_set_verbosity(0);
    assert_false(log_is_verbose(1));
    stop(&recorder);
    check(buf_cstr(&recorder.text), "^I" HEAD "\"zero\"\nI" HEAD "\"two\" x=\"x\"\n$");
    buf_free(&recorder.text);
}

static void on_alarm(int number)
{
    (void)number;
}

/* A pipe that takes a few kilobytes at a time, a storm of signals, and then a non-blocking pipe: nothing gets lost. */
static void check_long_line(bool is_blocking)
{
    static char value[1 << 20];
    struct recorder recorder;
    struct sigaction act = {.sa_handler = on_alarm}, old;
    struct itimerval often = {.it_interval.tv_usec = 200, .it_value.tv_usec = 200}, never = {0};

    memset(value, 'x', sizeof(value) - 1);
    start(&recorder);
    fcntl(recorder.ends[1], F_SETPIPE_SZ, 4096);
    if (!is_blocking)
        assert_int_equal(fcntl(recorder.ends[1], F_SETFL, O_NONBLOCK), 0);
    sigaction(SIGALRM, &act, &old); /* no SA_RESTART: writes and polls return early */
    setitimer(ITIMER_REAL, &often, NULL);
    log_info("long", LOG_CSTR("value", value));
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &old, NULL);
    stop(&recorder);
    struct str text = buf_str(&recorder.text);
    assert_true(str_ends_with(text, STR("x\"\n")));
    ptrdiff_t at = str_find(text, STR("\"long\" value=\""));
    assert_true(at > 0);
    assert_int_equal(text.len - (size_t)at, strlen("\"long\" value=\"\"\n") + sizeof(value) - 1);
    buf_free(&recorder.text);
}

static void test_interrupted_writes(void **state)
{
    (void)state;
    check_long_line(true);
    check_long_line(false);
}

enum {
    THREADS = 4,
    LINES = 300
};

static void *log_much(void *arg)
{
    for (int i = 0; i < LINES; i++)
        log_info("whole line", LOG_NUM("thread", (intptr_t)arg), LOG_NUM("number", i), LOG_CSTR("end", "here"));
    return NULL;
}

static void test_threads(void **state)
{
    struct recorder recorder;
    pthread_t threads[THREADS];
    int next[THREADS] = {0}, thread, number;
    struct str text, line;

    (void)state;
    start(&recorder);
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_much, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    stop(&recorder);
    text = buf_str(&recorder.text);
    for (int lines = 0; lines < THREADS * LINES; lines++) {
        assert_true(str_cut(text, '\n', &line, &text));
        ptrdiff_t at = str_find(line, STR("] \"whole line\" thread="));
        assert_true(at > 0 && str_ends_with(line, STR(" end=\"here\"")));
        assert_int_equal(sscanf(line.ptr + at, "] \"whole line\" thread=%d number=%d ", &thread, &number), 2);
        assert_int_equal(number, next[thread]++);
    }
    assert_int_equal(text.len, 0);
    buf_free(&recorder.text);
}

/* Where nobody reads, logging goes on without a word, and errno is whatever the caller left there. */
static void test_lost_lines(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    log_set_fd(ends[1]);
    errno = ENOTTY;
    log_info("lost");
    log_plain(LOG_LEVEL_INFO, "lost");
    assert_int_equal(errno, ENOTTY);
    log_set_fd(STDERR_FILENO);
    signal(SIGPIPE, SIG_DFL);
    close(ends[1]);
}

static void test_json(void **state)
{
    struct recorder recorder;

    (void)state;
    start(&recorder);
    log_set_format(LOG_FORMAT_JSON);
    log_info("Serving \"securely\"\n", LOG_CSTR("address", "[::]:4443"), LOG_NUM("port", -1), LOG_BOOL("ready", true));
    log_error("bad", LOG_STR("bytes", str_from("a\xff\xc3\xa9\x01", 5)));
    log_plain(LOG_LEVEL_WARNING, "plain %d", 7);
    log_set_format(LOG_FORMAT_TEXT);
    stop(&recorder);
    check(buf_cstr(&recorder.text),
          "^\\{\"ts\":[0-9]{13}\\.[0-9]{3},\"caller\":\"test_log.c:[0-9]+\",\"msg\":\"Serving "
          "\\\\\"securely\\\\\"\\\\n\","
          "\"v\":0,\"address\":\"\\[::\\]:4443\",\"port\":-1,\"ready\":true\\}\n"
          "\\{\"ts\":[0-9.]+,\"caller\":\"test_log.c:[0-9]+\",\"msg\":\"bad\",\"bytes\":"
          "\"a\\\\ufffd\xc3\xa9\\\\u0001\"\\}\n"
          "\\{\"ts\":[0-9.]+,\"caller\":\"test_log.c:[0-9]+\",\"msg\":\"plain 7\",\"v\":0\\}\n$");
    buf_free(&recorder.text);
}

static const struct {
    const char *vmodule;
    const char *file;
    bool is_verbose; /* at 3 */
} modules[] = {
    {"", "../src/net/server.c", false},
    {"server=3", "../src/net/server.c", true},
    {"server=2", "../src/net/server.c", false},
    {"ser*=3", "../src/net/server.c", true},
    {"other=9,server=3", "../src/net/server.c", true},
    {"server=0,s*=9", "../src/net/server.c", false},
    {"net=9", "../src/net/server.c", false},
    {"../src/net/server=3", "../src/net/server.c", true},
    {"*/net/server=3", "../src/net/server.c", false},
};

static void test_vmodule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        log_set_vmodule(str_of(modules[i].vmodule));
        if (log_file_is_verbose(3, modules[i].file) != modules[i].is_verbose)
            fail_msg("%s", modules[i].vmodule);
    }
    log_set_vmodule(STR("test_log=5"));
    assert_true(log_is_verbose(5));
    assert_false(log_is_verbose(6));
    log_set_vmodule(STR(""));
    assert_false(log_is_verbose(1));
}

static void test_vmodule_faults(void **state)
{
    static const struct {
        const char *vmodule;
        const char *error;
    } faults[] = {
        {"a", "\"a\" does not have the pattern=N format"},
        {"a=1,=2", "\"=2\" does not have the pattern=N format"},
        {"a=1=2", "\"a=1=2\" does not have the pattern=N format"},
        {"a=-1", "parsing verbosity in \"a=-1\": invalid syntax"},
    };

    (void)state;
    assert_true(log_check_vmodule(STR("a=1,,b=2"), NULL));
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        auto_error struct error err = {0};
        assert_false(log_check_vmodule(str_of(faults[i].vmodule), &err));
        assert_string_equal(error_text(&err), faults[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),     cmocka_unit_test(test_plain),
        cmocka_unit_test(test_head),       cmocka_unit_test(test_verbosity),
        cmocka_unit_test(test_threads),    cmocka_unit_test(test_interrupted_writes),
        cmocka_unit_test(test_lost_lines), cmocka_unit_test(test_json),
        cmocka_unit_test(test_vmodule),    cmocka_unit_test(test_vmodule_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
