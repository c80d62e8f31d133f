#include "scrape/shelf_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    ENTRIES = 4,
    LIFE_NS = 30,
};

/* What happens to the entries a, b, c, d: "a10" is heard of at 10, "-b" is taken out, "!40" lists what has expired at
 * 40, "?40" asks how long that will take. */
static const struct {
    const char *name;
    const char *steps;
    const char *expected;
} cases[] = {
    {"nothing", "!100 ?100", ";-1;"},
    {"younger than its life", "a10 ?10 ?39 !39", "30;1;;"},
    {"just as old", "a10 ?40 !40 ?40", "0;a;-1;"},
    {"in the order they were heard of", "b10 a11 c12 !100", "bac;"},
    {"only those that are too old", "a10 b20 c30 !50 ?50", "ab;10;"},
    {"heard of again", "a10 b11 a20 !45 ?45 !50", "b;5;a;"},
    {"the only one heard of again", "a10 a20 !45 !50", ";a;"},
    {"taken out: first", "a10 b11 c12 -a !100", "bc;"},
    {"taken out: middle", "a10 b11 c12 -b !100", "ac;"},
    {"taken out: last", "a10 b11 c12 -c d13 !100", "abd;"},
    {"taken out twice", "a10 -a -a b11 !100", "b;"},
    {"expired, then heard of again", "a10 !40 a50 !79 !80", "a;;a;"},
};

static int number(const char **at)
{
    int n = 0;

    for (; **at >= '0' && **at <= '9'; ++*at)
        n = n * 10 + (**at - '0');
    return n;
}

static void run(const char *steps, char *out)
{
    struct shelf shelf = {.life_ns = LIFE_NS};
    struct shelf_entry entries[ENTRIES] = {0};

    for (const char *at = steps; *at != '\0'; at += *at == ' ') {
        char what = *at++;
        if (what == '-') {
            shelf_remove(&shelf, &entries[*at++ - 'a']);
        } else if (what == '!') {
            int64_t now_ns = number(&at);
            for (const struct shelf_entry *e; (e = shelf_take_expired(&shelf, now_ns)) != NULL;)
                *out++ = (char)('a' + (e - entries));
            *out++ = ';';
        } else if (what == '?') {
            int wait = (int)shelf_wait_ns(&shelf, number(&at));
            out += sprintf(out, "%d;", wait);
        } else {
            struct shelf_entry *e = &entries[what - 'a'];
            shelf_note(&shelf, e, e, number(&at));
        }
    }
    *out = '\0';
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[64];
        run(cases[i].steps, out);
        if (strcmp(out, cases[i].expected) != 0)
            fail_msg("%s: %s instead of %s", cases[i].name, out, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
