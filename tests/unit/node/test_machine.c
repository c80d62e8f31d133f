#include "node/machine.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/alloc.h"

#define ROOT(layout) FIXTURES "/cgroup/" layout

#define assert_str(actual, expected) assert_true(str_eq_cstr(actual, expected))

static void test_identity(void **state)
{
    auto_arena struct arena arena = {0};
    struct machine m;

    (void)state;
    assert_true(machine_read(ROOT("hybrid"), &arena, &m, NULL));
    assert_str(m.machine_id, "3d1219c7c4c5404aaa1f6d2a48adfda4");
    assert_str(m.system_uuid, "3d1219c7c4c5404aaa1f6d2a48adfda4"); /* no board to ask */
    assert_str(m.boot_id, "2dbf927b-cbaf-4018-a1db-7a2eebbd5ee9");
    assert_str(m.kernel_version, "6.18.44");
    assert_str(m.os_image, "Debian GNU/Linux 12 (bookworm)");
    assert_str(m.operating_system, "linux");
    assert_int_equal(m.cpus, 2);
    assert_int_equal(m.memory_bytes, INT64_C(24684084) * 1024);
    assert_int_equal(m.hugepages_2mi_bytes, NOT_MEASURED);
}

static void test_holes(void **state)
{
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct machine m;

    (void)state;
    assert_true(machine_read(ROOT("v2"), &arena, &m, NULL));
    assert_int_equal(m.machine_id.len, 0);
    assert_str(m.os_image, "Linux");
    assert_int_equal(m.hugepages_2mi_bytes, INT64_C(16) << 20);
    assert_int_equal(m.hugepages_1gi_bytes, NOT_MEASURED);
    assert_false(machine_read(FIXTURES "/nowhere", &arena, &m, &err));
    assert_non_null(strstr(error_text(&err), "count CPUs: "));
}

static void test_architectures(void **state)
{
    (void)state;
    assert_str(machine_architecture(STR("x86_64")), "amd64");
    assert_str(machine_architecture(STR("aarch64")), "arm64");
    assert_str(machine_architecture(STR("sparc64")), "sparc64");
}

static void test_network(void **state)
{
    auto_arena struct arena arena = {0};
    struct network_device *devices;
    size_t count;

    (void)state;
    assert_true(network_devices_read(ROOT("hybrid"), &arena, &devices, &count));
    assert_int_equal(count, 3); /* without lo */
    assert_str(devices[0].name, "ifb0");
    assert_str(devices[2].name, "eth0");
    assert_true(devices[2].rx_bytes > devices[2].tx_bytes && devices[2].tx_bytes > 0);
    assert_int_equal(devices[2].rx_errors, 0);
    assert_str(network_default_device(ROOT("hybrid"), &arena), "eth0");
    assert_int_equal(network_default_device(ROOT("v1"), &arena).len, 0);
    assert_false(network_devices_read(ROOT("v1"), &arena, &devices, &count));
    assert_int_equal(count, 0);
}

static void test_filesystem(void **state)
{
    auto_error struct error err = {0};
    struct filesystem fs;

    (void)state;
    assert_true(filesystem_read("/", &fs, NULL));
    assert_true(fs.capacity_bytes > 0 && fs.used_bytes > 0 && fs.available_bytes <= fs.capacity_bytes);
    assert_int_equal(fs.inodes_used, is_measured(fs.inodes) ? fs.inodes - fs.inodes_free : NOT_MEASURED);
    assert_false(filesystem_read(FIXTURES "/nowhere", &fs, &err));
    assert_non_null(strstr(error_text(&err), "no such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity), cmocka_unit_test(test_holes),      cmocka_unit_test(test_architectures),
        cmocka_unit_test(test_network),  cmocka_unit_test(test_filesystem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
