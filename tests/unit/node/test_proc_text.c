#include "node/proc_text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/usage.h"

static void test_numbers(void **state)
{
    static const struct {
        const char *name, *text, *key;
        int64_t expected;
    } cases[] = {
        {"cgroup table", "anon 12\nfile 7\n", "file", 7},
        {"longer key first", "inactive_file_x 1\ninactive_file 2\n", "inactive_file", 2},
        {"key inside another", "total_rss 5\nrss 6\n", "rss", 6},
        {"meminfo", "MemTotal:        3880208 kB\n", "MemTotal", INT64_C(3880208) * 1024},
        {"meminfo without unit", "HugePages_Total:       8\n", "HugePages_Total", 8},
        {"parentheses", "Inactive(file):  10 kB\nInactive: 20 kB\n", "Inactive", 20480},
        {"tabs", "RssAnon:\t    8000 kB\n", "RssAnon", 8192000},
        {"no newline at the end", "usage_usec 9", "usage_usec", 9},
        {"absent", "a 1\nb 2\n", "c", NOT_MEASURED},
        {"empty", "", "c", NOT_MEASURED},
        {"no number", "a x\n", "a", NOT_MEASURED},
        {"no value", "a\n", "a", NOT_MEASURED},
        {"negative", "a -1\n", "a", NOT_MEASURED},
        {"too large", "a 9223372036854775808\n", "a", NOT_MEASURED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i].name);
        assert_int_equal(proc_keyed_number(str_of(cases[i].text), str_of(cases[i].key)), cases[i].expected);
    }
}

static void test_lines_and_words(void **state)
{
    struct str rest = STR("a  b\tc\n\n d "), line, word;

    (void)state;
    assert_true(proc_next_line(&rest, &line));
    assert_true(proc_next_word(&line, &word) && str_eq(word, STR("a")));
    assert_true(proc_next_word(&line, &word) && str_eq(word, STR("b")));
    assert_true(proc_next_word(&line, &word) && str_eq(word, STR("c")));
    assert_false(proc_next_word(&line, &word));
    assert_true(proc_next_line(&rest, &line));
    assert_int_equal(line.len, 0);
    assert_true(proc_next_line(&rest, &line));
    assert_true(proc_next_word(&line, &word) && str_eq(word, STR("d")));
    assert_false(proc_next_word(&line, &word));
    assert_false(proc_next_line(&rest, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_lines_and_words)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
