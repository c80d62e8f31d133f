#include "kube/status.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "hex.h"

/* The bytes come from an encoder of its own, written down by the messages' field numbers. */
static void test_bytes(void **state)
{
    static const struct status_cause cause = {
        .reason = STR_INIT("r"), .message = STR_INIT("m"), .field = STR_INIT("f")};
    struct status s = status_failure(422, "Invalid", STR("no"));
    auto_buf struct buf failure = {0}, success = {0};

    (void)state;
    s.has_details = true;
    s.details.name = STR("x");
    s.details.group = STR("g");
    s.details.kind = STR("k");
    s.details.uid = STR("u");
    s.details.causes = &cause;
    s.details.cause_count = 1;
    s.details.retry_after_seconds = 3;
    status_print_protobuf(&failure, &s);
    assert_hex(
        buf_str(&failure),
        "6b3873000a0c0a0276311206537461747573123c0a060a0012001a0012074661696c7572651a026e6f2207496e76616c69642a19"
        "0a01781201671a016b22090a017212016d1a0166280332017530a6031a002200");

    s = (struct status){.is_success = true};
    status_print_protobuf(&success, &s);
    assert_hex(buf_str(&success),
               "6b3873000a0c0a027631120653746174757312170a060a0012001a001207537563636573731a00220030001a002200");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
