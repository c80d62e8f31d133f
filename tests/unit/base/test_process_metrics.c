#include "base/process_metrics.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

static double number_of(struct metrics *m, const char *name)
{
    auto_buf struct buf text = {0}, line = {0};
    const char *at;

    metrics_print(m, &text);
    buf_printf(&line, "\n%s ", name);
    at = strstr(buf_cstr(&text), buf_cstr(&line));
    return at != NULL ? strtod(at + line.len, NULL) : -1;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%s", folder, name);
    FILE *f = fopen(buf_cstr(&path), "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void make_folder(const char *folder, const char *name)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%s", folder, name);
    assert_int_equal(mkdir(buf_cstr(&path), 0700), 0);
}

/* A /proc that says what it says: a command with brackets and spaces in its name too. */
static void test_fixture(void **state)
{
    char folder[] = "/tmp/test_process_metrics.XXXXXX";
    struct metrics *m = metrics_new();
    auto_buf struct buf boot = {0}, command = {0};
    double tick = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);

    (void)state;
    assert_non_null(mkdtemp(folder));
    make_folder(folder, "fd");
    make_folder(folder, "net");
    write_file(folder, "fd/0", "");
    write_file(folder, "fd/17", "");
    write_file(folder, "fd/3", "");
    write_file(folder, "stat",
               "123 (a b) c) S 1 123 123 0 -1 4194560 1030 0 5 0 250 50 0 0 20 0 3 0 6000 7348224 512 "
               "18446744073709551615 1 1\n");
    write_file(folder, "limits",
               "Limit                     Soft Limit           Hard Limit           Units     \n"
               "Max open files            1024                 1048576              files     \n"
               "Max address space         unlimited            unlimited            bytes     \n");
    write_file(folder, "net/netstat",
               "TcpExt: A B\nTcpExt: 1 2\nIpExt: InNoRoutes InOctets OutOctets X\nIpExt: 7 1000 2000 9\n");
    write_file(folder, "boot", "cpu  1 2 3\nbtime 1700000000\nprocesses 5\n");
    buf_printf(&boot, "%s/boot", folder);
    process_metrics_add(m, folder, buf_cstr(&boot));
    assert_true(number_of(m, "process_cpu_seconds_total") == 300 / tick);
    assert_true(number_of(m, "process_virtual_memory_bytes") == 7348224);
    assert_true(number_of(m, "process_resident_memory_bytes") == 512 * page);
    assert_true(number_of(m, "process_start_time_seconds") == 1700000000 + 6000 / tick);
    assert_true(number_of(m, "process_max_fds") == 1024);
    assert_true(number_of(m, "process_virtual_memory_max_bytes") == (double)UINT64_MAX);
    assert_true(number_of(m, "process_open_fds") == 2);
    assert_true(number_of(m, "process_network_receive_bytes_total") == 1000);
    assert_true(number_of(m, "process_network_transmit_bytes_total") == 2000);
    write_file(folder, "stat", "garbage"); /* what can't be read stays */
    assert_true(number_of(m, "process_virtual_memory_bytes") == 7348224);
    metrics_free(m);
    buf_printf(&command, "rm -r %s", folder);
    assert_int_equal(system(buf_cstr(&command)), 0);
}

/* This very process. */
static void test_self(void **state)
{
    struct metrics *m = metrics_new();

    (void)state;
    process_metrics_add(m, "/proc/self", "/proc/stat");
    double now_s = (double)clock_unix_ns() / 1e9, before = number_of(m, "process_open_fds");
    int fd = open("/dev/null", O_RDONLY);
    assert_true(number_of(m, "process_open_fds") == before + 1);
    close(fd);
    assert_true(number_of(m, "process_open_fds") == before);
    assert_true(number_of(m, "process_resident_memory_bytes") > 100000);
    assert_true(number_of(m, "process_virtual_memory_bytes") > number_of(m, "process_resident_memory_bytes"));
    assert_true(number_of(m, "process_start_time_seconds") < now_s + 2);
    assert_true(number_of(m, "process_start_time_seconds") > now_s - 1000);
    assert_true(number_of(m, "process_max_fds") >= 3);
    assert_true(number_of(m, "process_cpu_seconds_total") >= 0);
    metrics_free(m);
}

static void test_build_info(void **state)
{
    struct metrics *m = metrics_new();

    (void)state;
    build_info_metrics_add(m, &(struct build_labels){.major = "1", .git_version = "v1.2", .compiler = "gcc"});
    assert_true(number_of(m,
                          "kubernetes_build_info{build_date=\"\",compiler=\"gcc\",git_commit=\"\",git_tree_state=\"\","
                          "git_version=\"v1.2\",go_version=\"\",major=\"1\",minor=\"\",platform=\"\"}") == 1);
    metrics_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixture),
        cmocka_unit_test(test_self),
        cmocka_unit_test(test_build_info),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
