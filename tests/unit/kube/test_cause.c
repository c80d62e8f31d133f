#include "kube/cause.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_cause(struct status_cause c, const char *reason, const char *message)
{
    assert_true(str_eq_cstr(c.field, "spec.x"));
    assert_true(str_eq_cstr(c.reason, reason));
    if (!str_eq_cstr(c.message, message))
        fail_msg("%.*s, not %s", STR_ARG(c.message), message);
}

static void test_causes(void **state)
{
    static const struct str supported[] = {STR_INIT("Always"), STR_INIT("Never")};
    auto_arena struct arena arena = {0};
    struct arena *a = &arena;
    struct str field = STR("spec.x");

    (void)state;
    assert_cause(cause_required(a, field, STR("")), "FieldValueRequired", "Required value");
    assert_cause(cause_required(a, field, STR("name or generateName is required")), "FieldValueRequired",
                 "Required value: name or generateName is required");
    assert_cause(cause_forbidden(a, field, STR("no")), "FieldValueForbidden", "Forbidden: no");
    assert_cause(cause_invalid(a, field, STR("a\"b\n"), STR("why")), "FieldValueInvalid",
                 "Invalid value: \"a\\\"b\\n\": why");
    assert_cause(cause_invalid_json(a, field, STR("-1"), STR("must be greater than or equal to 0")),
                 "FieldValueInvalid", "Invalid value: -1: must be greater than or equal to 0");
    assert_cause(cause_duplicate(a, field, STR("x")), "FieldValueDuplicate", "Duplicate value: \"x\"");
    assert_cause(cause_not_found(a, field, STR("x")), "FieldValueNotFound", "Not found: \"x\"");
    assert_cause(cause_not_supported(a, field, STR("x"), supported, 2), "FieldValueNotSupported",
                 "Unsupported value: \"x\": supported values: \"Always\", \"Never\"");
    assert_cause(cause_not_supported(a, field, STR("x"), NULL, 0), "FieldValueNotSupported",
                 "Unsupported value: \"x\"");
    assert_cause(cause_too_long(a, field, 63), "FieldValueTooLong", "Too long: may not be more than 63 bytes");
    assert_cause(cause_too_long(a, field, 1), "FieldValueTooLong", "Too long: may not be more than 1 byte");
    assert_cause(cause_too_many(a, field, 4, 3), "FieldValueTooMany", "Too many: 4: must have at most 3 items");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_causes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
