#include "base/file.h"

#include "base/alloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* Each test has a folder of its own, emptied afterwards. */
static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/test_file.XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static void path_of(struct buf *path, const char *name)
{
    buf_clear(path);
    buf_printf(path, "%s/%s", folder, name);
}

/* The number of entries; with REMOVE they are gone afterwards (one level of folders is enough here). */
static int entries(const char *path, bool remove_them)
{
    DIR *dir = opendir(path);
    int count = 0;

    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        auto_buf struct buf child = {0};
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        buf_printf(&child, "%s/%s", path, entry->d_name);
        if (remove_them && unlink(buf_cstr(&child)) != 0) {
            entries(buf_cstr(&child), true);
            rmdir(buf_cstr(&child));
        }
    }
    closedir(dir);
    return count;
}

static int remove_folder(void **state)
{
    (void)state;
    entries(folder, true);
    return rmdir(folder);
}

static void check_contents(const char *path, const char *want)
{
    auto_error struct error err = {0};
    auto_buf struct buf got = {0};

    if (!file_read(path, 1 << 20, &got, &err))
        fail_msg("%s", error_text(&err));
    assert_string_equal(buf_cstr(&got), want);
}

static void test_reading(void **state)
{
    auto_buf struct buf path = {0}, out = {0};
    auto_error struct error err = {0};

    (void)state;
    path_of(&path, "file");
    assert_false(file_exists(buf_cstr(&path)));
    assert_true(file_write_atomically(buf_cstr(&path), STR("12345"), 0600, &err));
    assert_true(file_exists(buf_cstr(&path)));

    buf_add_cstr(&out, ">");
    assert_true(file_read(buf_cstr(&path), 5, &out, &err)); /* exactly the limit */
    assert_string_equal(buf_cstr(&out), ">12345");
    assert_true(file_read(buf_cstr(&path), SIZE_MAX, &out, &err));
    assert_string_equal(buf_cstr(&out), ">1234512345");

    assert_false(file_read(buf_cstr(&path), 4, &out, &err));
    assert_int_equal(err.code, EFBIG);
    assert_non_null(strstr(error_text(&err), "/file: larger than 4 bytes"));
    assert_string_equal(buf_cstr(&out), ">1234512345");

    assert_true(file_write_atomically(buf_cstr(&path), STR(""), 0600, &err));
    assert_true(file_read(buf_cstr(&path), 0, &out, &err));
    assert_string_equal(buf_cstr(&out), ">1234512345");
}

static void test_reading_large(void **state)
{
    auto_buf struct buf path = {0}, bytes = {0}, out = {0};

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        buf_add_u64(&bytes, i);
    path_of(&path, "file");
    assert_true(file_write_atomically(buf_cstr(&path), buf_str(&bytes), 0600, NULL));
    assert_true(file_read(buf_cstr(&path), bytes.len, &out, NULL));
    assert_true(str_eq(buf_str(&out), buf_str(&bytes)));
    assert_false(file_read(buf_cstr(&path), bytes.len - 1, &out, NULL));
}

/* procfs says 0 bytes, whatever there is. */
static void test_reading_procfs(void **state)
{
    auto_buf struct buf out = {0};

    (void)state;
    assert_true(file_read("/proc/self/status", 1 << 16, &out, NULL));
    assert_true(str_find(buf_str(&out), STR("\nVmRSS:")) > 0);
}

static void test_unreadable(void **state)
{
    static const struct {
        const char *path, *want;
        int code;
    } cases[] = {
        {"/nowhere/file", "open /nowhere/file: no such file or directory", ENOENT},
        {"/proc", "read /proc: is a directory", EISDIR},
        {"/proc/version/x", "open /proc/version/x: not a directory", ENOTDIR},
        {"/proc/self/mem", "read /proc/self/mem: input/output error", EIO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        auto_buf struct buf out = {0};
        buf_add_cstr(&out, "kept");
        assert_false(file_read(cases[i].path, 1000, &out, &err));
        assert_string_equal(error_text(&err), cases[i].want);
        assert_int_equal(err.code, cases[i].code);
        assert_string_equal(buf_cstr(&out), "kept");
    }
}

static void test_replacing(void **state)
{
    auto_buf struct buf path = {0};
    char old[8] = {0};
    struct stat st;
    mode_t mask = umask(0077);

    (void)state;
    path_of(&path, "file");
    assert_true(file_write_atomically(buf_cstr(&path), STR("old"), 0644, NULL));
    umask(mask);
    assert_int_equal(stat(buf_cstr(&path), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644); /* as told, whatever the umask */
    auto_close int reader = open(buf_cstr(&path), O_RDONLY);
    assert_true(file_write_atomically(buf_cstr(&path), STR("new one"), 0600, NULL));
    check_contents(buf_cstr(&path), "new one");
    assert_int_equal(stat(buf_cstr(&path), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(read(reader, old, sizeof(old)), 3); /* who reads the old file goes on reading it */
    assert_string_equal(old, "old");
    assert_int_equal(entries(folder, false), 1);
}

static void test_relative_path(void **state)
{
    auto_buf struct buf path = {0};
    auto_close int before = open(".", O_RDONLY | O_DIRECTORY);

    (void)state;
    assert_int_equal(chdir(folder), 0);
    assert_true(file_write_atomically("file", STR("x"), 0600, NULL));
    assert_int_equal(fchdir(before), 0);
    path_of(&path, "file");
    check_contents(buf_cstr(&path), "x");
}

static void test_unwritable(void **state)
{
    auto_error struct error err = {0};
    auto_buf struct buf path = {0};

    (void)state;
    path_of(&path, "nowhere/file");
    assert_false(file_write_atomically(buf_cstr(&path), STR("x"), 0600, &err));
    assert_int_equal(err.code, ENOENT);
    assert_true(str_starts_with(str_of(error_text(&err)), STR("create /tmp/test_file.")));
    assert_true(str_ends_with(str_of(error_text(&err)), STR("/nowhere/file: no such file or directory")));

    path_of(&path, "folder"); /* a folder in the way */
    assert_int_equal(mkdir(buf_cstr(&path), 0700), 0);
    assert_false(file_write_atomically(buf_cstr(&path), STR("x"), 0600, &err));
    assert_int_equal(err.code, EISDIR);
    assert_int_equal(entries(folder, false), 1); /* the temporary file is gone */

    path_of(&path, "file"); /* a folder that belongs to somebody else */
    assert_int_equal(chmod(folder, 0555), 0);
    if (geteuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    bool is_written = file_write_atomically(buf_cstr(&path), STR("x"), 0600, &err);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_false(is_written);
    assert_int_equal(err.code, EACCES);
}

/* Runs WRITE in a child, whose limits and mounts are its own. Returns its exit code. */
static int in_child(int (*write_there)(const char *path), const char *path)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(write_there(path));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int write_beyond_limit(const char *path)
{
    struct rlimit limit = {.rlim_cur = 2000, .rlim_max = 2000};
    auto_error struct error err = {0};
    char bytes[5000];

    memset(bytes, 'n', sizeof(bytes));
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 100;
    return file_write_atomically(path, str_from(bytes, sizeof(bytes)), 0600, &err) ? 0 : err.code;
}

/* The write stops half-way: first a short one, then the error. */
static void test_limited_size(void **state)
{
    auto_buf struct buf path = {0};

    (void)state;
    path_of(&path, "file");
    assert_true(file_write_atomically(buf_cstr(&path), STR("old"), 0600, NULL));
    assert_int_equal(in_child(write_beyond_limit, buf_cstr(&path)), EFBIG);
    check_contents(buf_cstr(&path), "old");
    assert_int_equal(entries(folder, false), 1);
}

enum {
    NO_MOUNTS = 99,
    LEFTOVERS = 98,
    OLD_FILE_GONE = 97
};

static int write_on_full_disk(const char *path)
{
    static char bytes[64 << 10];
    auto_error struct error err = {0};
    auto_buf struct buf got = {0};

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", folder, "tmpfs", 0, "size=32k") != 0)
        return NO_MOUNTS;
    memset(bytes, 'n', sizeof(bytes));
    if (!file_write_atomically(path, STR("old"), 0600, &err))
        return err.code;
    if (file_write_atomically(path, str_from(bytes, sizeof(bytes)), 0600, &err))
        return 0;
    if (entries(folder, false) != 1)
        return LEFTOVERS;
    if (!file_read(path, 100, &got, NULL) || !str_eq(buf_str(&got), STR("old")))
        return OLD_FILE_GONE;
    return err.code;
}

static void test_full_disk(void **state)
{
    auto_buf struct buf path = {0};

    (void)state;
    path_of(&path, "file");
    int code = in_child(write_on_full_disk, buf_cstr(&path));
    if (code == NO_MOUNTS)
        skip(); /* not root, or not allowed to mount */
    assert_int_equal(code, ENOSPC);
}

static void test_folders(void **state)
{
    auto_error struct error err = {0};
    auto_buf struct buf path = {0};
    struct stat st;

    (void)state;
    path_of(&path, "a//b/c/");
    assert_true(file_make_folders(buf_cstr(&path), 0700, &err));
    assert_true(file_make_folders(buf_cstr(&path), 0700, &err));
    assert_int_equal(stat(buf_cstr(&path), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_true(file_make_folders("/", 0700, &err));
    assert_true(file_make_folders(".", 0700, &err));

    path_of(&path, "file");
    assert_true(file_write_atomically(buf_cstr(&path), STR("x"), 0600, &err));
    path_of(&path, "file/b/c");
    assert_false(file_make_folders(buf_cstr(&path), 0700, &err));
    assert_int_equal(err.code, ENOTDIR);
    assert_true(str_ends_with(str_of(error_text(&err)), STR("/file: not a directory")));
    assert_false(file_make_folders("", 0700, &err));
    assert_int_equal(err.code, ENOENT);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_reading),           IN_FOLDER(test_reading_large), cmocka_unit_test(test_reading_procfs),
        cmocka_unit_test(test_unreadable), IN_FOLDER(test_replacing),     IN_FOLDER(test_relative_path),
        IN_FOLDER(test_unwritable),        IN_FOLDER(test_limited_size),  IN_FOLDER(test_full_disk),
        IN_FOLDER(test_folders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
