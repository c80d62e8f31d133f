#include "base/flag_types.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every kind of flag, and what one command line makes of it. */
struct values {
    struct flag_ip ip;
    double fraction;
    int64_t level;
    struct flag_numbers numbers;
};

static enum flags_result parse(struct values *v, const char *argument, struct error *err)
{
    char *argv[] = {mem_strdup("x"), mem_strdup(argument)};
    struct flags *f = flags_new("x", NULL);

    *v = (struct values){.ip = {"0.0.0.0"}, .fraction = 0.5, .numbers = {.items = {7}, .count = 1}};
    flags_value(f, "ip", 0, &flag_type_ip, &v->ip, "");
    flags_value(f, "fraction", 0, &flag_type_float, &v->fraction, "");
    flags_value(f, "v", 'v', &flag_type_level, &v->level, "");
    flags_value(f, "numbers", 0, &flag_type_int32_slice, &v->numbers, "");
    enum flags_result result = flags_parse(f, 2, argv, NULL, err);
    flags_free(f);
    free(argv[0]);
    free(argv[1]);
    return result;
}

static const struct {
    const char *argument;
    const char *error; /* NULL: all is well */
} cases[] = {
    {"--ip=10.0.0.7", NULL},
    {"--ip=::1", NULL},
    {"--ip=", NULL},
    {"--ip=10.0.0", "invalid argument \"10.0.0\" for \"--ip\" flag: failed to parse IP: \"10.0.0\""},
    {"--ip=host", "invalid argument \"host\" for \"--ip\" flag: failed to parse IP: \"host\""},
    {"--fraction=.02", NULL},
    {"--fraction=1e-3", NULL},
    {"--fraction=half",
     "invalid argument \"half\" for \"--fraction\" flag: strconv.ParseFloat: parsing \"half\": invalid syntax"},
    {"--fraction= 1",
     "invalid argument \" 1\" for \"--fraction\" flag: strconv.ParseFloat: parsing \" 1\": invalid syntax"},
    {"--fraction=1e999",
     "invalid argument \"1e999\" for \"--fraction\" flag: strconv.ParseFloat: parsing \"1e999\": value out of range"},
    {"--fraction=nan",
     "invalid argument \"nan\" for \"--fraction\" flag: strconv.ParseFloat: parsing \"nan\": value out of range"},
    {"-v=4", NULL},
    {"-v10", NULL},
    {"--v=-1", "invalid argument \"-1\" for \"-v, --v\" flag: strconv.ParseUint: parsing \"-1\": invalid syntax"},
    {"--v=2147483648",
     "invalid argument \"2147483648\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"2147483648\": value out of "
     "range"},
    {"--numbers=23, 29", NULL},
    {"--numbers=x", "invalid argument \"x\" for \"--numbers\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"},
};

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct values v;
        auto_error struct error err = {0};
        enum flags_result result = parse(&v, cases[i].argument, &err);
        if (result != (cases[i].error == NULL ? FLAGS_OK : FLAGS_ERROR) ||
            strcmp(error_text(&err), cases[i].error != NULL ? cases[i].error : "") != 0)
            fail_msg("%s: %s", cases[i].argument, error_text(&err));
    }
}

static void test_values(void **state)
{
    struct values v;

    (void)state;
    parse(&v, "--ip=2001:db8::1", NULL);
    assert_string_equal(v.ip.text, "2001:db8::1");
    parse(&v, "--ip=bad", NULL);
    assert_string_equal(v.ip.text, "0.0.0.0");
    parse(&v, "--fraction=.25", NULL);
    assert_true(v.fraction > 0.24 && v.fraction < 0.26);
    parse(&v, "-v7", NULL);
    assert_int_equal(v.level, 7);
    parse(&v, "--numbers=23,29", NULL);
    assert_int_equal(v.numbers.count, 2);
    assert_int_equal(v.numbers.items[1], 29);
}

static void test_help(void **state)
{
    struct flags *f = flags_new("x", NULL);
    struct flag_ip ip = {"0.0.0.0"};
    struct flag_numbers none = {0};
    double zero = 0, qps = 10;

    (void)state;
    flags_value(f, "address", 0, &flag_type_ip, &ip, "Where.");
    flags_value(f, "curves", 0, &flag_type_int32_slice, &none, "Which.");
    flags_value(f, "chance", 0, &flag_type_float, &zero, "How often.");
    flags_value(f, "qps", 0, &flag_type_float32, &qps, "How many.");
    auto_free char *help = flags_help(f);
    assert_non_null(strstr(help, "--address ip          Where. (default 0.0.0.0)\n"));
    assert_non_null(strstr(help, "--curves int32Slice   Which. (default [])\n"));
    assert_non_null(strstr(help, "--chance float        How often.\n"));
    assert_non_null(strstr(help, "--qps float32         How many. (default 10)\n"));
    flags_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
