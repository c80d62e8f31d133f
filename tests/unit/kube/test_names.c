#include "kube/names.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define A16 "aaaaaaaaaaaaaaaa"
#define A63 A16 A16 A16 "aaaaaaaaaaaaaaa"
#define A64 A63 "a"
#define LABEL                                                                                                       \
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " \
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "                  \
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
#define SUBDOMAIN                                                                                                    \
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " \
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "                      \
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define DNS1035                                                                                                        \
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " \
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "             \
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
#define KEY                                                                                                            \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " \
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "                                      \
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
#define VALUE                                                                                                         \
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "   \
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation " \
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
#define CONFIG                                                                                                        \
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  " \
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

typedef struct name_faults check_fn(struct str value);

static void test_names(void **state)
{
    static const struct {
        check_fn *check;
        const char *value;
        const char *faults; /* joined by " & " */
    } cases[] = {
        {name_check_dns1123_label, "kube-system", ""},
        {name_check_dns1123_label, "0", ""},
        {name_check_dns1123_label, A63, ""},
        {name_check_dns1123_label, A64, "must be no more than 63 characters"},
        {name_check_dns1123_label, "", LABEL},
        {name_check_dns1123_label, "Kube", LABEL},
        {name_check_dns1123_label, "-a", LABEL},
        {name_check_dns1123_label, "a-", LABEL},
        {name_check_dns1123_label, "a_b", LABEL},
        {name_check_dns1123_label, "a.b", "must not contain dots"},
        {name_check_dns1123_label, "a\n", LABEL},
        {name_check_dns1123_subdomain, "web-1.example", ""},
        {name_check_dns1123_subdomain, A63 "." A63 "." A63 "." A16 A16 A16 "aaaaaaaaaaaaa", ""},
        {name_check_dns1123_subdomain, A63 "." A63 "." A63 "." A63, "must be no more than 253 characters"},
        {name_check_dns1123_subdomain, "a..b", SUBDOMAIN},
        {name_check_dns1123_subdomain, ".a", SUBDOMAIN},
        {name_check_dns1123_subdomain, "a.", SUBDOMAIN},
        {name_check_dns1123_subdomain, "a.-b", SUBDOMAIN},
        {name_check_dns1123_subdomain, "Foo", SUBDOMAIN},
        {name_check_dns1123_subdomain, "", SUBDOMAIN},
        {name_check_dns1035_label, "web1", ""},
        {name_check_dns1035_label, "1web", DNS1035},
        {name_check_dns1035_label, "", DNS1035},
        {name_check_dns1035_label, A63, ""},
        {name_check_dns1035_label, A64, "must be no more than 63 characters"},
        {name_check_path_segment, "system:node", ""},
        {name_check_path_segment, "", ""},
        {name_check_path_segment, ".", "may not be '.'"},
        {name_check_path_segment, "..", "may not be '..'"},
        {name_check_path_segment, "a/%b", "may not contain '/' & may not contain '%'"},
        {name_check_qualified, "app", ""},
        {name_check_qualified, "kubernetes.io/os", ""},
        {name_check_qualified, "A_b.c-D", ""},
        {name_check_qualified, "", "name part must be non-empty & name part " KEY},
        {name_check_qualified, "/a", "prefix part must be non-empty"},
        {name_check_qualified, "a/", "name part must be non-empty & name part " KEY},
        {name_check_qualified, "A/b", "prefix part " SUBDOMAIN},
        {name_check_qualified, "a/b/c",
         "a valid label key " KEY " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"},
        {name_check_qualified, "a b", "name part " KEY},
        {name_check_qualified, A63, ""},
        {name_check_qualified, A64, "name part must be no more than 63 bytes"},
        {name_check_qualified, A63 "." A63 "." A63 "." A63 "./" A64 "-",
         "prefix part must be no more than 253 bytes & prefix part " SUBDOMAIN
         " & name part must be no more than 63 bytes & name part " KEY},
        {name_check_label_value, "", ""},
        {name_check_label_value, "v1.2_3", ""},
        {name_check_label_value, "-", VALUE},
        {name_check_label_value, "a b", VALUE},
        {name_check_label_value, A63, ""},
        {name_check_label_value, A64, "must be no more than 63 bytes"},
        {name_check_config_key, "key.name", ""},
        {name_check_config_key, "..data", "must not start with '..'"},
        {name_check_config_key, "..", "must not be '..'"},
        {name_check_config_key, ".", "must not be '.'"},
        {name_check_config_key, "a/b", CONFIG},
        {name_check_config_key, "", CONFIG},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct name_faults faults = cases[i].check(str_of(cases[i].value));
        auto_buf struct buf text = {0};

        name_faults_join(&text, &faults, " & ");
        if (strcmp(buf_cstr(&text), cases[i].faults) != 0)
            fail_msg("case %zu, '%s': %s", i, cases[i].value, buf_cstr(&text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
