#include "kube/quantity.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct quantity parsed(const char *text)
{
    struct quantity q;

    if (!quantity_parse(str_of(text), &q))
        fail_msg("%s: refused", text);
    return q;
}

static void assert_prints(struct quantity q, const char *expected)
{
    char text[QUANTITY_MAX];

    assert_int_equal(quantity_format(text, q), strlen(expected));
    assert_string_equal(text, expected);
}

static void test_canonical_form(void **state)
{
    static const struct {
        const char *text;
        const char *canonical;
        enum quantity_form form;
    } cases[] = {
        {"0", "0", QUANTITY_DECIMAL},
        {"-0.0", "0", QUANTITY_DECIMAL},
        {"0e1000", "0", QUANTITY_EXPONENT},
        {"250m", "250m", QUANTITY_DECIMAL},
        {"0.25", "250m", QUANTITY_DECIMAL},
        {".5", "500m", QUANTITY_DECIMAL},
        {"5.", "5", QUANTITY_DECIMAL},
        {"+2", "2", QUANTITY_DECIMAL},
        {"-100m", "-100m", QUANTITY_DECIMAL},
        {"1000m", "1", QUANTITY_DECIMAL},
        {"1000", "1k", QUANTITY_DECIMAL},
        {"120000u", "120m", QUANTITY_DECIMAL},
        {"137250213n", "137250213n", QUANTITY_DECIMAL},
        {"1500000n", "1500u", QUANTITY_DECIMAL},
        {"12345678901234567n", "12345678901234567n", QUANTITY_DECIMAL},
        {"1000000000000n", "1k", QUANTITY_DECIMAL},
        {"10M", "10M", QUANTITY_DECIMAL},
        {"1000G", "1T", QUANTITY_DECIMAL},
        {"3P", "3P", QUANTITY_DECIMAL},
        {"17E", "17E", QUANTITY_DECIMAL},
        {"0.1n", "1n", QUANTITY_DECIMAL}, /* some is not none */
        {"-0.1n", "-1n", QUANTITY_DECIMAL},
        {"1.0000000001", "1000000001n", QUANTITY_DECIMAL},
        {"0000000000000000000000000000001", "1", QUANTITY_DECIMAL},
        {"1.00000000000000000000000000000000", "1", QUANTITY_DECIMAL},
        {"1Ki", "1Ki", QUANTITY_BINARY},
        {"1024Ki", "1Mi", QUANTITY_BINARY},
        {"1000Ki", "1000Ki", QUANTITY_BINARY},
        {"1025Ki", "1025Ki", QUANTITY_BINARY},
        {"0.5Mi", "512Ki", QUANTITY_BINARY},
        {"1.5Gi", "1536Mi", QUANTITY_BINARY},
        {"0.1Ki", "102400m", QUANTITY_BINARY}, /* no whole number of bytes */
        {"0.5Ki", "512", QUANTITY_BINARY},     /* under 1024 prints decimal */
        {"0.0001Ki", "102400u", QUANTITY_DECIMAL},
        {"-1Mi", "-1Mi", QUANTITY_BINARY},
        {"7Ei", "7Ei", QUANTITY_BINARY},
        {"8Ei", "9223372036854775807", QUANTITY_BINARY}, /* the cap */
        {"9999999999999Ti", "9223372036854775807", QUANTITY_BINARY},
        {"1e3", "1e3", QUANTITY_EXPONENT},
        {"1E3", "1e3", QUANTITY_EXPONENT},
        {"12e-1", "1200e-3", QUANTITY_EXPONENT},
        {"1e4", "10e3", QUANTITY_EXPONENT},
        {"1e+2", "100", QUANTITY_EXPONENT},
        {"1e127", "10e126", QUANTITY_EXPONENT},
        {"1000E", "1e21", QUANTITY_DECIMAL},
        {"1e-20", "1e-9", QUANTITY_EXPONENT},
        {"1e100", "10e99", QUANTITY_EXPONENT},
        {"1e-999999999", "1e-9", QUANTITY_EXPONENT},
        {"1E", "1E", QUANTITY_DECIMAL},
        {"9223372036854775807", "9223372036854775807", QUANTITY_DECIMAL},
        {"-9223372036854775807", "-9223372036854775807", QUANTITY_DECIMAL},
        {"92233720368547758070", "92233720368547758070", QUANTITY_DECIMAL},
        {"9223372036854775808", "9223372036854775810", QUANTITY_DECIMAL},             /* 64 bits: rounded up */
        {"99999999999999999999999999999999999999999999", "100e42", QUANTITY_DECIMAL}, /* no suffix is so large */
        {"k", "0", QUANTITY_DECIMAL},                                                 /* upstream takes these, too */
        {"+", "0", QUANTITY_DECIMAL},
        {".", "0", QUANTITY_DECIMAL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct quantity q;
        char text[QUANTITY_MAX];

        if (!quantity_parse(str_of(cases[i].text), &q))
            fail_msg("%s: refused", cases[i].text);
        quantity_format(text, q);
        if (strcmp(text, cases[i].canonical) != 0)
            fail_msg("%s: %s, not %s", cases[i].text, text, cases[i].canonical);
        if (q.form != cases[i].form)
            fail_msg("%s: form %d", cases[i].text, q.form);
        assert_null(quantity_fault(str_of(cases[i].text)));
    }
}

static void test_refused(void **state)
{
    static const char form[] =
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    static const char suffix[] = "unable to parse quantity's suffix";
    static const char number[] = "unable to parse numeric part of quantity";
    static const char size[] = "the quantity is too large";
    static const struct {
        const char *text;
        const char *fault;
    } cases[] = {
        {"", form},
        {" 1", form},
        {"1 ", form},
        {"1.2.3", form},
        {"--1", suffix},
        {"1x", form},
        {"abc", form},
        {"0x10", form},
        {"1e5x", form},
        {"1_000", form},
        {"1i", suffix},
        {"1K", suffix},
        {"1ki", suffix},
        {"1mi", suffix},
        {"1e", suffix},
        {"1e+", suffix},
        {"1Ki5", suffix},
        {"1n5", suffix},
        {"1e99999999999999999999", suffix},
        {"e-10", number},
        {"Pi", number},
        {"1e1000", size},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct quantity q = {.value = 42, .scale = 1};

        if (quantity_parse(str_of(cases[i].text), &q))
            fail_msg("'%s': taken", cases[i].text);
        assert_int_equal(q.value, 42);
        assert_int_equal(q.scale, 1);
        assert_string_equal(quantity_fault(str_of(cases[i].text)), cases[i].fault);
    }
    assert_false(quantity_parse(str_from("1\0", 2), &(struct quantity){0}));
}

static void test_json(void **state)
{
    static const struct {
        const char *json;
        const char *canonical; /* NULL: refused */
    } cases[] = {
        {"\"250m\"", "250m"}, {"2", "2"},   {"0.5", "500m"}, {"1e3", "1e3"}, {"-1", "-1"}, {"null", "0"},
        {"\" 1Gi \"", "1Gi"}, {"\"", NULL}, {"\"\"", NULL},  {"true", NULL}, {"{}", NULL}, {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct quantity q;

        if (quantity_parse_json(str_of(cases[i].json), &q) != (cases[i].canonical != NULL))
            fail_msg("%s", cases[i].json);
        if (cases[i].canonical != NULL)
            assert_prints(q, cases[i].canonical);
    }
}

/* What Kubernetes' serialisers write for a quantity that was read and not changed. */
static void test_rewrite(void **state)
{
    static const struct {
        const char *text;
        const char *written;
    } cases[] = {
        {"0", "0"},
        {"00", "0"},
        {"500m", "500m"},
        {"0.5", "500m"},
        {"1.5", "1500m"},
        {"12.345", "12.345"},
        {"12.3450", "12345m"},
        {"+5", "+5"},
        {"1000m", "1"},
        {"1000", "1k"},
        {"1.500", "1.500"},
        {"0.125", "125m"},
        {"1025Ki", "1025Ki"},
        {"1024Ki", "1Mi"},
        {"+3Ki", "+3Ki"},
        {"8Ki", "8Ki"},
        {"1.0Ki", "1Ki"},
        {"1E3", "1E3"},
        {"10e2", "1e3"},
        {"12345Ti", "12345Ti"},
        {"1Ei", "1Ei"},
        {"0.000", "0"},
        {"123456789012345678901m", "123456789012345679"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        auto_buf struct buf out = {0};

        assert_true(quantity_rewrite(&out, str_of(cases[i].text)));
        if (!str_eq_cstr(buf_str(&out), cases[i].written))
            fail_msg("%s: %s, not %s", cases[i].text, buf_cstr(&out), cases[i].written);
    }
}

static void test_made_from_numbers(void **state)
{
    (void)state;
    assert_prints(quantity_from_nanocores(137250213), "137250213n");
    assert_prints(quantity_from_nanocores(250000000), "250m");
    assert_prints(quantity_from_nanocores(1500000), "1500u");
    assert_prints(quantity_from_nanocores(2000000000), "2");
    assert_prints(quantity_from_nanocores(1000000000000), "1k");
    assert_prints(quantity_from_nanocores(1), "1n");
    assert_prints(quantity_from_nanocores(120000), "120u");
    assert_prints(quantity_from_nanocores(0), "0");
    assert_prints(quantity_from_nanocores(UINT64_MAX), "18446744073709551610n");
    assert_prints(quantity_from_bytes(1049600), "1025Ki");
    assert_prints(quantity_from_bytes(1048577), "1048577");
    assert_prints(quantity_from_bytes(1073741824), "1Gi");
    assert_prints(quantity_from_bytes(1000), "1k");
    assert_prints(quantity_from_bytes(512), "512");
    assert_prints(quantity_from_bytes(1023), "1023");
    assert_prints(quantity_from_bytes(1024), "1Ki");
    assert_prints(quantity_from_bytes(UINT64_C(1) << 62), "4Ei");
    assert_prints(quantity_from_bytes(UINT64_MAX), "18446744073709551610");
    assert_prints(quantity_from_milli(-1500), "-1500m");
    assert_prints(quantity_from_whole(INT64_MIN), "-9223372036854775808");
    assert_prints((struct quantity){.value = INT64_MIN, .scale = -9}, "-9223372036854775808n");
    assert_prints((struct quantity){.value = INT64_MAX, .scale = 127, .form = QUANTITY_EXPONENT},
                  "92233720368547758070e126");
    assert_prints((struct quantity){.value = INT64_MAX, .scale = 2, .form = QUANTITY_BINARY}, "922337203685477580700");
    assert_prints((struct quantity){.value = INT64_MAX, .scale = 20, .form = QUANTITY_BINARY},
                  "922337203685477580700E"); /* 2^63 * 10^20 is beyond 128 bits */
}

static void test_narrowing_rounds_up(void **state)
{
    static const struct {
        const char *text;
        int64_t nano, milli, whole;
    } cases[] = {
        {"0", 0, 0, 0},
        {"1n", 1, 1, 1},
        {"-1n", -1, -1, -1},
        {"1000001n", 1000001, 2, 1},
        {"1", 1000000000, 1000, 1},
        {"1001m", 1001000000, 1001, 2},
        {"-1001m", -1001000000, -1001, -2},
        {"137250213n", 137250213, 138, 1},
        {"100Mi", 104857600000000000, 104857600000, 104857600},
        {"0.1Ki", 102400000000, 102400, 103},
        {"1e17", INT64_MAX, INT64_MAX, 100000000000000000}, /* saturates */
        {"-1e17", INT64_MIN, INT64_MIN, -100000000000000000},
        {"1e120", INT64_MAX, INT64_MAX, INT64_MAX},
        {"-1e120", INT64_MIN, INT64_MIN, INT64_MIN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct quantity q = parsed(cases[i].text);

        if (quantity_nano(q) != cases[i].nano || quantity_milli(q) != cases[i].milli ||
            quantity_whole(q) != cases[i].whole)
            fail_msg("%s: %lld %lld %lld", cases[i].text, (long long)quantity_nano(q), (long long)quantity_milli(q),
                     (long long)quantity_whole(q));
    }
    assert_int_equal(quantity_scaled(parsed("1e100"), 99), 10);
    assert_int_equal(quantity_scaled(parsed("1n"), 100), 1);
    assert_prints(quantity_round_up(parsed("0.0005"), QUANTITY_MILLI), "1m");
    assert_prints(quantity_round_up(parsed("1.5"), QUANTITY_MILLI), "1500m");
    assert_prints(quantity_round_up(parsed("1Gi"), QUANTITY_MILLI), "1Gi");
    assert_prints(quantity_round_up(parsed("1.1"), QUANTITY_WHOLE), "2");
}

static void test_arithmetic(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        const char *sum; /* NULL: doesn't fit */
        const char *difference;
        int order;
    } cases[] = {
        {"250m", "750m", "1", "-500m", -1},
        {"1", "1n", "1000000001n", "999999999n", 1},
        {"0", "1Mi", "1Mi", "-1Mi", -1}, /* the form of the first that isn't zero */
        {"1Mi", "0", "1Mi", "1Mi", 1},
        {"1Mi", "1k", "1049576", "1047576", 1},
        {"1k", "1Mi", "1049576", "-1047576", -1},
        {"1Ki", "1Ki", "2Ki", "0", 0},
        {"1000m", "1", "2", "0", 0},
        {"1e3", "1k", "2e3", "0", 0},
        {"-1", "1", "0", "-2", -1},
        {"-1", "-2", "-3", "1", 1},
        {"9223372036854775807", "1", NULL, "9223372036854775806", 1}, /* 2^63 has no factor of ten to give */
        {"9223372036854775800", "10", "9223372036854775810", "9223372036854775790", 1},
        {"9223372036854775807n", "9223372036854775807n", NULL, "0", 0},
        {"1E", "1n", NULL, NULL, 1},
        {"1000000000000000000", "1E", "2E", "0", 0},
        {"1e100", "1n", NULL, NULL, 1},
        {"-1e100", "1", NULL, NULL, -1},
        {"1", "1e100", NULL, NULL, -1},
        {"1e100", "1e101", "110e99", "-90e99", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct quantity a = parsed(cases[i].a), b = parsed(cases[i].b);
        struct quantity sum = a, difference = a;
        int order = quantity_cmp(a, b);

        if ((order > 0) - (order < 0) != cases[i].order)
            fail_msg("%s, %s: order %d", cases[i].a, cases[i].b, order);
        order = quantity_cmp(b, a);
        assert_int_equal((order < 0) - (order > 0), cases[i].order);
        if (quantity_add(&sum, b) != (cases[i].sum != NULL))
            fail_msg("%s + %s", cases[i].a, cases[i].b);
        if (cases[i].sum != NULL)
            assert_prints(sum, cases[i].sum);
        else
            assert_memory_equal(&sum, &a, sizeof(a));
        if (quantity_sub(&difference, b) != (cases[i].difference != NULL))
            fail_msg("%s - %s", cases[i].a, cases[i].b);
        if (cases[i].difference != NULL)
            assert_int_equal(quantity_cmp(difference, parsed(cases[i].difference)), 0);
    }
}

static void test_double(void **state)
{
    (void)state;
    assert_true(quantity_double(parsed("250m")) == 0.25);
    assert_true(quantity_double(parsed("-1500u")) == -0.0015);
    assert_true(quantity_double(parsed("1Gi")) == 1073741824.0);
    assert_true(quantity_double(parsed("0")) == 0.0);
}

static void test_print_appends(void **state)
{
    auto_buf struct buf out = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        quantity_print(&out, quantity_from_nanocores((uint64_t)i * 1000000));
    assert_memory_equal(buf_cstr(&out), "01m2m3m4m", 9);
    assert_int_equal(out.ptr[out.len], '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_form),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_rewrite),
        cmocka_unit_test(test_made_from_numbers),
        cmocka_unit_test(test_narrowing_rounds_up),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_double),
        cmocka_unit_test(test_print_appends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
