#include "node/disk_usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "machine_tree.h"

#define MOUNTS "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"

static int64_t pids[] = {7, 8, 9}; /* 9 is gone */
static const struct pid_list processes = {.pids = pids, .count = 3};

static int setup(void **state)
{
    struct machine_tree *m = mem_zalloc(sizeof(*m));

    machine_tree_open(m);
    machine_tree_file(m, "log", "said");
    machine_tree_file(m, "errors", "said, too");
    machine_tree_file(m, "database", "kept");
    machine_tree_file(m, "journal", "kept, too");
    machine_tree_file(m, "bin/server", "the program");
    machine_tree_file(m, "bin/agent", "ours");
    for (int pid = 7; pid <= 8; pid++) {
        char path[64];
        snprintf(path, sizeof(path), "proc/%d/mountinfo", pid);
        machine_tree_file(m, path, MOUNTS);
        snprintf(path, sizeof(path), "proc/%d/root", pid);
        machine_tree_link(m, path, m->root);
        snprintf(path, sizeof(path), "proc/%d/exe", pid);
        machine_tree_link(m, path, "../../bin/server");
    }
    machine_tree_descriptor(m, 7, 0, "/dev/null", "0", 21);
    machine_tree_descriptor(m, 7, 1, "/log", "0100001", 21);
    machine_tree_descriptor(m, 7, 2, "/errors", "0100001", 21);
    machine_tree_descriptor(m, 7, 5, "/database", "02", 21);
    machine_tree_descriptor(m, 8, 1, "/log", "0100001", 21);
    machine_tree_descriptor(m, 8, 5, "/database", "02", 21);
    machine_tree_descriptor(m, 8, 6, "/journal", "02", 21);
    machine_tree_link(m, "proc/self/exe", "../../bin/agent");
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    machine_tree_close(*state);
    free(*state);
    return 0;
}

static int64_t bytes_of(struct machine_tree *m, const char *name)
{
    auto_buf struct buf path = {0};
    struct stat st;

    machine_tree_path(m, name, &path);
    assert_int_equal(stat(buf_cstr(&path), &st), 0);
    return st.st_blocks * 512;
}

static void test_container(void **state)
{
    struct machine_tree *m = *state;
    struct container_disk disk;
    struct filesystem fs;

    container_disk_read(m->root, &processes, &disk);
    assert_true(disk.has_logs && disk.has_rootfs);
    assert_int_equal(disk.logs.used_bytes, bytes_of(m, "log") + bytes_of(m, "errors"));
    assert_int_equal(disk.logs.inodes_used, 2);
    assert_int_equal(disk.rootfs.used_bytes, bytes_of(m, "database") + bytes_of(m, "journal"));
    assert_int_equal(disk.rootfs.inodes_used, 2);
    assert_true(filesystem_read(m->root, &fs, NULL));
    assert_int_equal(disk.rootfs.capacity_bytes, fs.capacity_bytes);
    assert_int_equal(disk.logs.inodes, fs.inodes);
}

static void test_one_log_for_both(void **state)
{
    struct machine_tree *m = *state;
    struct container_disk disk;

    machine_tree_descriptor(m, 7, 2, "/log", "0100001", 21);
    container_disk_read(m->root, &processes, &disk);
    assert_int_equal(disk.logs.used_bytes, bytes_of(m, "log"));
    assert_int_equal(disk.logs.inodes_used, 1);
    machine_tree_descriptor(m, 7, 1, "pipe:[1]", "0100001", 21);
    container_disk_read(m->root, &processes, &disk);
    assert_int_equal(disk.logs.inodes_used, 1);
    assert_true(disk.logs.capacity_bytes > 0);
}

/* Output that goes elsewhere is no log of nothing; a container that writes nothing uses a measured zero. */
static void test_nothing_written(void **state)
{
    struct machine_tree *m = *state;
    const struct pid_list one = {.pids = pids, .count = 1};
    struct container_disk disk;

    machine_tree_descriptor(m, 7, 1, "pipe:[1]", "0100001", 21);
    machine_tree_descriptor(m, 7, 2, "/dev/pts/0", "02", 22);
    machine_tree_descriptor(m, 7, 5, "/database", "0", 21);
    container_disk_read(m->root, &one, &disk);
    assert_false(disk.has_logs);
    assert_true(disk.has_rootfs);
    assert_int_equal(disk.rootfs.used_bytes, 0);
    assert_int_equal(disk.rootfs.inodes_used, 0);
}

static void test_refused(void **state)
{
    struct machine_tree *m = *state;
    auto_buf struct buf path = {0};
    struct container_disk disk;
    struct filesystem fs;

    pids[2] = 10;
    machine_tree_file(m, "proc/10/fd", "no folder: as good as not permitted");
    container_disk_read(m->root, &processes, &disk);
    assert_false(disk.has_rootfs || disk.has_logs);
    /* of somebody's program nothing is known: the file system is there, the use of it isn't */
    machine_tree_link(m, "proc/10/exe", "../../bin/server/not/a/folder");
    assert_true(image_filesystem_read(m->root, &processes, &fs));
    assert_true(fs.capacity_bytes > 0);
    assert_int_equal(fs.used_bytes, NOT_MEASURED);
    assert_int_equal(fs.inodes_used, NOT_MEASURED);
    pids[2] = 9;
    machine_tree_path(m, "proc/7/root", &path);
    assert_int_equal(unlink(buf_cstr(&path)), 0);
    container_disk_read(m->root, &processes, &disk);
    assert_false(disk.has_rootfs);
    container_disk_read(m->root, &(struct pid_list){0}, &disk);
    assert_false(disk.has_rootfs || disk.has_logs);
}

static void test_images(void **state)
{
    struct machine_tree *m = *state;
    auto_buf struct buf path = {0};
    struct filesystem fs;

    assert_true(image_filesystem_read(m->root, &processes, &fs));
    assert_int_equal(fs.used_bytes, bytes_of(m, "bin/server")); /* once, though two run it */
    assert_int_equal(fs.inodes_used, 1);
    machine_tree_link(m, "proc/8/exe", "/proc/version"); /* on another file system */
    assert_true(image_filesystem_read(m->root, &processes, &fs));
    assert_int_equal(fs.inodes_used, 1);
    machine_tree_link(m, "proc/8/exe", "../../bin/agent");
    assert_true(image_filesystem_read(m->root, &processes, &fs));
    assert_int_equal(fs.inodes_used, 2);
    machine_tree_path(m, "proc/self/exe", &path);
    assert_int_equal(unlink(buf_cstr(&path)), 0);
    assert_false(image_filesystem_read(m->root, &processes, &fs));
}

static void test_sum_of_pod(void **state)
{
    const struct filesystem node = {.time_unix_ns = 99, .capacity_bytes = 1000, .available_bytes = 900, .inodes = 50};
    struct container_sample containers[] = {
        {.disk = {.has_rootfs = true, .rootfs = {.time_unix_ns = 5, .used_bytes = 10, .inodes_used = 1, .inodes = 3}}},
        {.disk = {.has_rootfs = true,
                  .rootfs = {.time_unix_ns = 4, .used_bytes = 20, .inodes_used = 2},
                  .has_logs = true,
                  .logs = {.time_unix_ns = 6, .used_bytes = 40, .inodes_used = 4}}},
    };
    struct pod_sample pod = {.containers = containers, .container_count = 2};
    struct filesystem sum;

    (void)state;
    assert_true(ephemeral_storage_sum(&pod, &node, &sum));
    assert_int_equal(sum.used_bytes, 70);
    assert_int_equal(sum.inodes_used, 7);
    assert_int_equal(sum.time_unix_ns, 6);
    assert_int_equal(sum.capacity_bytes, 1000);
    assert_int_equal(sum.inodes, 50);
    containers[0].disk.has_rootfs = false;
    assert_false(ephemeral_storage_sum(&pod, &node, &sum));
    pod.container_count = 0;
    assert_false(ephemeral_storage_sum(&pod, &node, &sum));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_container, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_log_for_both, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_images, setup, teardown),
        cmocka_unit_test(test_sum_of_pod),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
