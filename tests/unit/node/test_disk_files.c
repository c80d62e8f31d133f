#include "node/disk_files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine_tree.h"

#define MOUNTS                                                         \
    "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"          \
    "22 21 0:40 / /home rw - btrfs /dev/sdb1 rw,subvol=/home\n"        \
    "23 21 0:41 / /tmp rw shared:2 master:3 - tmpfs tmpfs rw\n"        \
    "24 21 0:42 / /net rw - nfs4 server:/export rw\n"                  \
    "25 21 0:43 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/b\n" \
    "26 21 0:44 / /short rw -\n"

static int setup(void **state)
{
    struct machine_tree *m = mem_zalloc(sizeof(*m));

    machine_tree_open(m);
    machine_tree_file(m, "proc/7/mountinfo", MOUNTS);
    machine_tree_file(m, "data/a", "some bytes");
    machine_tree_file(m, "data/b", "more bytes");
    assert_true(file_make_folders(m->root, 0755, NULL));
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    machine_tree_close(*state);
    free(*state);
    return 0;
}

/* Which descriptors are of files that are written on disk. */
static void test_which(void **state)
{
    static const struct {
        const char *name;
        const char *target;
        const char *flags;
        int mount;
        bool counts;
    } cases[] = {
        {"written on ext4", "/data/a", "0100001", 21, true},
        {"read and written", "/data/a", "02", 21, true},
        {"appended to", "/data/a", "0102001", 21, true},
        {"read", "/data/a", "0100000", 21, false},
        {"a path only", "/data/a", "010000000", 21, false},
        {"on btrfs, which has no device number", "/data/a", "01", 22, true},
        {"on overlay", "/data/a", "01", 25, true},
        {"in memory", "/data/a", "01", 23, false},
        {"on a server", "/data/a", "01", 24, false},
        {"a mount without a type", "/data/a", "01", 26, false},
        {"a mount that isn't in the table: memfd's", "/data/a", "01", 99, false},
        {"a mount that another one begins with", "/data/a", "01", 2, false},
        {"a folder", "/data", "01", 21, false},
        {"gone", "/data/gone", "01", 21, false},
        {"a pipe", "pipe:[4711]", "01", 21, false},
        {"no flags", "/data/a", "", 21, false},
    };
    struct machine_tree *m = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct disk_files written = {0};
        struct disk_output output;
        machine_tree_descriptor(m, 7, 5, cases[i].target, cases[i].flags, cases[i].mount);
        assert_int_equal(disk_files_of_process(m->root, 7, &written, &output), DISK_FILES_READ);
        if (written.count != cases[i].counts)
            fail_msg("%s", cases[i].name);
        assert_false(output.has_file[0] || output.has_file[1]);
        disk_files_free(&written);
    }
}

static void test_output(void **state)
{
    struct machine_tree *m = *state;
    struct disk_files written = {0};
    struct disk_output output;

    machine_tree_descriptor(m, 7, 1, "pipe:[1]", "01", 12);
    machine_tree_descriptor(m, 7, 2, "/data/b", "01", 21);
    machine_tree_descriptor(m, 7, 12, "/data/a", "01", 21);
    machine_tree_descriptor(m, 7, 21, "/data/a", "01", 21);
    assert_int_equal(disk_files_of_process(m->root, 7, &written, &output), DISK_FILES_READ);
    assert_int_equal(written.count, 3);
    assert_false(output.has_file[0]);
    assert_true(output.has_file[1]);
    disk_files_settle(&written, NULL);
    assert_int_equal(written.count, 2);
    assert_int_equal(disk_files_bytes(&written), written.items[0].bytes + written.items[1].bytes);
    struct disk_files logs = {.items = &output.file[1], .count = 1};
    disk_files_settle(&written, &logs);
    assert_int_equal(written.count, 1);
    assert_int_not_equal(written.items[0].inode, output.file[1].inode);
    disk_files_free(&written);
}

static void test_gone_and_refused(void **state)
{
    struct machine_tree *m = *state;
    struct disk_files written = {0};
    struct disk_file program;

    assert_int_equal(disk_files_of_process(m->root, 8, &written, NULL), DISK_FILES_GONE);
    machine_tree_file(m, "proc/9/fd", "no folder");
    assert_int_equal(disk_files_of_process(m->root, 9, &written, NULL), DISK_FILES_REFUSED);
    assert_int_equal(disk_files_program(m->root, "8", &program), DISK_FILES_GONE);
    machine_tree_link(m, "proc/9/exe", m->root);
    assert_int_equal(disk_files_program(m->root, "9", &program), DISK_FILES_GONE); /* no file */
    assert_int_equal(written.count, 0);
}

/* The kernel's own files: this process. */
static void test_live(void **state)
{
    struct machine_tree *m = *state;
    auto_buf struct buf path = {0};
    struct disk_files before = {0}, after = {0};
    struct disk_file program;
    struct stat st;
    char bytes[10000] = {1};

    assert_int_equal(disk_files_of_process("", getpid(), &before, NULL), DISK_FILES_READ);
    disk_files_settle(&before, NULL);
    machine_tree_path(m, "live", &path);
    auto_close int fd = open(buf_cstr(&path), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    auto_close int again = dup(fd);
    auto_close int reading = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    auto_close int memory = memfd_create("x", MFD_CLOEXEC);
    assert_int_equal(write(memory, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(unlink(buf_cstr(&path)), 0); /* its blocks stay taken */
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(again >= 0 && reading >= 0);
    assert_int_equal(disk_files_of_process("", getpid(), &after, NULL), DISK_FILES_READ);
    disk_files_settle(&after, &before);
    if (is_in_memory(m->root)) {
        assert_int_equal(after.count, 0);
    } else {
        assert_int_equal(after.count, 1);
        assert_int_equal(after.items[0].inode, st.st_ino);
        assert_int_equal(after.items[0].bytes, st.st_blocks * 512);
    }
    assert_int_equal(disk_files_program("", "self", &program), DISK_FILES_READ);
    assert_int_equal(stat("/proc/self/exe", &st), 0);
    assert_int_equal(program.inode, st.st_ino);
    disk_files_free(&before);
    disk_files_free(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_which, setup, teardown),
        cmocka_unit_test_setup_teardown(test_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gone_and_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_live, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
