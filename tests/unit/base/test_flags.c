#include "base/flags.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
enum {
    MAX_ARGUMENTS = 6
};

/* A program with a flag of each kind. */
struct program {
    const char *address, *selector;
    bool insecure, quiet;
    int64_t port, verbosity, resolution_ns;
    struct string_list types;
    struct string_list args;
    struct flags *flags;
};

static void start(struct program *p)
{
    *p = (struct program){.address = "0.0.0.0", .port = 443, .resolution_ns = 60 * NS_PER_S};
    string_list_add(&p->types, STR("Hostname"));
    string_list_add(&p->types, STR("InternalIP"));
    p->flags = flags_new("metrics-server", "Serves usage.\nIn two lines.");
    flags_group(p->flags, "kubelet client");
    flags_int(p->flags, "kubelet-port", 0, &p->port, "The port to use to connect to kubelets.");
    flags_list(p->flags, "kubelet-types", 't', &p->types, "The `list` of types,\nin order.");
    flags_bool(p->flags, "insecure", 'i', &p->insecure, "Don't check.");
    flags_bool(p->flags, "old", 0, &p->insecure, "Gone.");
    flags_deprecated(p->flags, "use --insecure.");
    flags_group(p->flags, "Secure serving flags");
    flags_string(p->flags, "bind-address", 0, &p->address, "Where to listen.");
    flags_string(p->flags, "selector", 'l', &p->selector, "Which nodes.");
    flags_group(p->flags, "global");
    flags_int(p->flags, "v", 'v', &p->verbosity, "number for the log `level` verbosity");
    flags_bool(p->flags, "quiet", 'q', &p->quiet, "Say nothing.");
    flags_group(p->flags, "kubelet client");
    flags_duration(p->flags, "metric-resolution", 0, &p->resolution_ns, "How often.");
}

static void stop(struct program *p)
{
    flags_free(p->flags);
    string_list_free(&p->types);
    string_list_free(&p->args);
}

static enum flags_result parse(struct program *p, const char *const *words, bool takes_args, struct error *err)
{
    char *argv[MAX_ARGUMENTS + 2] = {(char[]){"program"}};
    int argc = 1;

    for (; *words != NULL; words++)
        argv[argc++] = mem_strdup(*words);
    enum flags_result result = flags_parse(p->flags, argc, argv, takes_args ? &p->args : NULL, err);
    while (argc > 1)
        free(argv[--argc]);
    return result;
}

/* The whole state in one line, so that a case is one line too. */
static void describe(const struct program *p, struct buf *to)
{
    buf_printf(to, "%s l=%s i=%d q=%d %lld v=%lld %llds", p->address, p->selector != NULL ? p->selector : "-",
               p->insecure, p->quiet, (long long)p->port, (long long)p->verbosity,
               (long long)(p->resolution_ns / NS_PER_S));
    for (size_t i = 0; i < p->types.count; i++)
        buf_printf(to, "%c%s", i == 0 ? ' ' : '|', p->types.items[i]);
    for (size_t i = 0; i < p->args.count; i++)
        buf_printf(to, " <%s>", p->args.items[i]);
}

static void test_values(void **state)
{
    static const struct {
        const char *words[MAX_ARGUMENTS + 1], *want;
    } cases[] = {
        {{NULL}, "0.0.0.0 l=- i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"--bind-address=::", "--kubelet-port", "10250"}, ":: l=- i=0 q=0 10250 v=0 60s Hostname|InternalIP"},
        {{"--bind-address", "--selector"}, "--selector l=- i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"--bind-address="}, " l=- i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"--selector=a=b"}, "0.0.0.0 l=a=b i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"-l", "a=b"}, "0.0.0.0 l=a=b i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"-l=a=b"}, "0.0.0.0 l=a=b i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"-la=b"}, "0.0.0.0 l=a=b i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"-l="}, "0.0.0.0 l== i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"-l", "one", "-l", "two"}, "0.0.0.0 l=two i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"-v=2"}, "0.0.0.0 l=- i=0 q=0 443 v=2 60s Hostname|InternalIP"},
        {{"-v2"}, "0.0.0.0 l=- i=0 q=0 443 v=2 60s Hostname|InternalIP"},
        {{"-v", "2"}, "0.0.0.0 l=- i=0 q=0 443 v=2 60s Hostname|InternalIP"},
        {{"--v=2"}, "0.0.0.0 l=- i=0 q=0 443 v=2 60s Hostname|InternalIP"},
        {{"--v", "-2"}, "0.0.0.0 l=- i=0 q=0 443 v=-2 60s Hostname|InternalIP"},
        {{"-iqv", "3"}, "0.0.0.0 l=- i=1 q=1 443 v=3 60s Hostname|InternalIP"},
        {{"-iqv=3"}, "0.0.0.0 l=- i=1 q=1 443 v=3 60s Hostname|InternalIP"},
        {{"-iq=false"}, "0.0.0.0 l=- i=1 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"--insecure"}, "0.0.0.0 l=- i=1 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"--insecure=F"}, "0.0.0.0 l=- i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"--insecure", "false"}, "0.0.0.0 l=- i=1 q=0 443 v=0 60s Hostname|InternalIP <false>"},
        {{"-i", "false"}, "0.0.0.0 l=- i=1 q=0 443 v=0 60s Hostname|InternalIP <false>"},
        {{"--bind_address=::"}, ":: l=- i=0 q=0 443 v=0 60s Hostname|InternalIP"},
        {{"--metric-resolution=1m30s"}, "0.0.0.0 l=- i=0 q=0 443 v=0 90s Hostname|InternalIP"},
        {{"--kubelet-types=a"}, "0.0.0.0 l=- i=0 q=0 443 v=0 60s a"},
        {{"--kubelet-types=a,b", "-tc", "-t", "d,e"}, "0.0.0.0 l=- i=0 q=0 443 v=0 60s a|b|c|d|e"},
        {{"--kubelet-types=\"a,\"\"b\",c"}, "0.0.0.0 l=- i=0 q=0 443 v=0 60s a,\"b|c"},
        {{"--kubelet-types=a,,b,"}, "0.0.0.0 l=- i=0 q=0 443 v=0 60s a||b|"},
        {{"--kubelet-types="}, "0.0.0.0 l=- i=0 q=0 443 v=0 60s"},
        {{"one", "-i", "two", "-", "--", "-q"},
         "0.0.0.0 l=- i=1 q=0 443 v=0 60s Hostname|InternalIP <one> <two> <-> <-q>"},
        {{"--kubelet-port=0x1F"}, "0.0.0.0 l=- i=0 q=0 31 v=0 60s Hostname|InternalIP"},
        {{"--kubelet-port=0b11"}, "0.0.0.0 l=- i=0 q=0 3 v=0 60s Hostname|InternalIP"},
        {{"--kubelet-port=017"}, "0.0.0.0 l=- i=0 q=0 15 v=0 60s Hostname|InternalIP"},
        {{"--kubelet-port=0o17"}, "0.0.0.0 l=- i=0 q=0 15 v=0 60s Hostname|InternalIP"},
        {{"--kubelet-port=0"}, "0.0.0.0 l=- i=0 q=0 0 v=0 60s Hostname|InternalIP"},
        {{"--kubelet-port=+10_250"}, "0.0.0.0 l=- i=0 q=0 10250 v=0 60s Hostname|InternalIP"},
        {{"--kubelet-port=-9223372036854775808"},
         "0.0.0.0 l=- i=0 q=0 -9223372036854775808 v=0 60s Hostname|InternalIP"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_error struct error err = {0};
        auto_buf struct buf got = {0};
        struct program p;
        start(&p);
        assert_int_equal(parse(&p, cases[i].words, true, &err), FLAGS_OK);
        describe(&p, &got);
        assert_string_equal(buf_cstr(&got), cases[i].want);
        stop(&p);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *words[MAX_ARGUMENTS + 1], *want;
    } cases[] = {
        {{"--x"}, "unknown flag: --x"},
        {{"--x_y=2"}, "unknown flag: --x_y"},
        {{"--x=%n%s"}, "unknown flag: --x"},
        {{"---x"}, "bad flag syntax: ---x"},
        {{"--=x"}, "bad flag syntax: --=x"},
        {{"-x"}, "unknown shorthand flag: 'x' in -x"},
        {{"-iqx"}, "unknown shorthand flag: 'x' in -x"},
        {{"-i="}, "unknown shorthand flag: '=' in -="},
        {{"--selector"}, "flag needs an argument: --selector"},
        {{"-il"}, "flag needs an argument: 'l' in -l"},
        {{"--insecure=yes"},
         "invalid argument \"yes\" for \"-i, --insecure\" flag: strconv.ParseBool: parsing \"yes\": invalid syntax"},
        {{"--insecure="},
         "invalid argument \"\" for \"-i, --insecure\" flag: strconv.ParseBool: parsing \"\": invalid syntax"},
        {{"-v", "x"}, "invalid argument \"x\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"},
        {{"-v="}, "invalid argument \"=\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"=\": invalid syntax"},
        {{"--kubelet-port=\"1"},
         "invalid argument \"\\\"1\" for \"--kubelet-port\" flag: strconv.ParseInt: parsing \"\\\"1\": invalid syntax"},
        {{"--kubelet-port=9223372036854775808"},
         "invalid argument \"9223372036854775808\" for \"--kubelet-port\" flag: "
         "strconv.ParseInt: parsing \"9223372036854775808\": value out of range"},
        {{"--kubelet-port=0x"},
         "invalid argument \"0x\" for \"--kubelet-port\" flag: strconv.ParseInt: parsing \"0x\": invalid syntax"},
        {{"--kubelet-port=08"},
         "invalid argument \"08\" for \"--kubelet-port\" flag: strconv.ParseInt: parsing \"08\": invalid syntax"},
        {{"--kubelet-port=1__0"},
         "invalid argument \"1__0\" for \"--kubelet-port\" flag: strconv.ParseInt: parsing \"1__0\": invalid syntax"},
        {{"--kubelet-port=_1"},
         "invalid argument \"_1\" for \"--kubelet-port\" flag: strconv.ParseInt: parsing \"_1\": invalid syntax"},
        {{"--metric-resolution=15"},
         "invalid argument \"15\" for \"--metric-resolution\" flag: time: missing unit in duration \"15\""},
        {{"--kubelet-types=a\"b"},
         "invalid argument \"a\\\"b\" for \"-t, --kubelet-types\" flag: parse error on line 1, column 2: bare \" in "
         "non-quoted-field"},
        {{"--kubelet-types=\"ab"},
         "invalid argument \"\\\"ab\" for \"-t, --kubelet-types\" flag: parse error on line 1, column 4: extraneous or "
         "missing \" in quoted-field"},
        {{"--kubelet-types=\"a\"b"},
         "invalid argument \"\\\"a\\\"b\" for \"-t, --kubelet-types\" flag: parse error on line 1, column 3: "
         "extraneous or "
         "missing \" in quoted-field"},
        {{"--insecure", "false"}, "unknown command \"false\" for \"metrics-server\""},
        {{"--", "-q"}, "unknown command \"-q\" for \"metrics-server\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_error struct error err = {0};
        struct program p;
        start(&p);
        assert_int_equal(parse(&p, cases[i].words, false, &err), FLAGS_ERROR);
        assert_string_equal(error_text(&err), cases[i].want);
        /* what was refused left nothing behind */
        assert_int_equal(p.types.count, 2);
        assert_int_equal(p.port, 443);
        assert_int_equal(p.resolution_ns, 60 * NS_PER_S);
        stop(&p);
    }
}

static void test_help_wanted(void **state)
{
    static const char *const cases[][3] = {{"--help"}, {"-h"}, {"-ih"}, {"-i", "--help"}, {"--help", "--x"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_error struct error err = {0};
        struct program p;
        start(&p);
        assert_int_equal(parse(&p, cases[i], false, &err), FLAGS_HELP);
        assert_false(error_is_set(&err));
        stop(&p);
    }
}

static void test_help_text(void **state)
{
    struct program p;

    (void)state;
    start(&p);
    p.port = 1; /* the help shows defaults, not what came after */
    auto_free char *text = flags_help(p.flags);
    assert_string_equal(text,
                        "Serves usage.\nIn two lines.\n\n"
                        "Usage:\n"
                        "  metrics-server [flags]\n\n"
                        "Kubelet client flags:\n\n"
                        "  -i, --insecure                     Don't check.\n"
                        "      --kubelet-port int             The port to use to connect to kubelets. (default 443)\n"
                        "  -t, --kubelet-types list           The list of types,\n"
                        "                                     in order. (default [Hostname,InternalIP])\n"
                        "      --metric-resolution duration   How often. (default 1m0s)\n\n"
                        "Secure serving flags:\n\n"
                        "      --bind-address string   Where to listen. (default \"0.0.0.0\")\n"
                        "  -l, --selector string       Which nodes.\n\n"
                        "Global flags:\n\n"
                        "  -h, --help      help for metrics-server\n"
                        "  -q, --quiet     Say nothing.\n"
                        "  -v, --v level   number for the log level verbosity\n");
    auto_free char *wrapped = flags_help_wrapped(p.flags, 44);
    assert_non_null(strstr(wrapped, "      --kubelet-port int\n"
                                    "                The port to use to connect\n"
                                    "                to kubelets. (default 443)\n"));
    assert_non_null(strstr(wrapped, "  -t, --kubelet-types list\n"
                                    "                The list of types,\n"
                                    "                in order. (default\n"
                                    "                [Hostname,InternalIP])\n"));
    stop(&p);
}

static void test_help_without_groups(void **state)
{
    struct flags *f = flags_new("tacho down", NULL);
    bool purge = true;

    (void)state;
    flags_bool(f, "purge", 0, &purge, "Remove the files too.");
    flags_arguments(f, "[NAME]");
    auto_free char *text = flags_help(f);
    assert_string_equal(text, "Usage:\n"
                              "  tacho down [NAME] [flags]\n\n"
                              "Flags:\n\n"
                              "  -h, --help    help for tacho down\n"
                              "      --purge   Remove the files too. (default true)\n");
    flags_free(f);
    flags_free(NULL);
}

static void test_changed_and_deprecated(void **state)
{
    static const char *const words[] = {"--kubelet-port=443", "--old", NULL};
    int ends[2];
    char line[256] = {0};
    struct program p;

    (void)state;
    start(&p);
    assert_int_equal(pipe(ends), 0);
    log_set_fd(ends[1]);
    assert_int_equal(parse(&p, words, false, NULL), FLAGS_OK);
    log_set_fd(STDERR_FILENO);
    assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
    assert_int_equal(line[0], 'W');
    assert_non_null(strstr(line, "] Flag --old has been deprecated, use --insecure.\n"));
    close(ends[0]);
    close(ends[1]);
    assert_true(p.insecure);
    assert_true(flags_changed(p.flags, "kubelet-port"));
    assert_true(flags_changed(p.flags, "old"));
    assert_false(flags_changed(p.flags, "insecure"));
    assert_false(flags_changed(p.flags, "nothing"));
    stop(&p);
}

static void test_string_list(void **state)
{
    struct string_list list = {0};

    (void)state;
    assert_false(string_list_has(&list, STR("a")));
    string_list_add(&list, str_head(STR("abc"), 2));
    assert_true(string_list_has(&list, STR("ab")));
    assert_false(string_list_has(&list, STR("abc")));
    string_list_free(&list);
    assert_int_equal(list.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_help_wanted),
        cmocka_unit_test(test_help_text),
        cmocka_unit_test(test_help_without_groups),
        cmocka_unit_test(test_changed_and_deprecated),
        cmocka_unit_test(test_string_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
