#include "node/sampler.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "machine_tree.h"

/* A sampler over one of the fixture machines, with manifests in a folder of its own. */
struct fixture {
    uv_loop_t loop;
    char folder[64];
    struct container_surroundings around;
    struct static_pods *pods;
    struct sampler *sampler;
};

static void open_machine(struct fixture *f, const char *machine_root)
{
    struct static_pods_options pods = {
        .loop = &f->loop, .folder = f->folder, .node_name = STR("n"), .around = &f->around};
    struct sampler_options options = {.machine_root = machine_root,
                                      .node_name = STR("n"),
                                      .root_folder = "/nowhere/at/all",
                                      .around = &f->around,
                                      .memory_capacity_bytes = 1000};

    f->around = (struct container_surroundings){
        .loop = &f->loop, .machine_root = machine_root, .boot_id = STR("boot"), .boot_unix_ns = 100 * NS_PER_S};
    assert_true(cgroups_detect(machine_root, &f->around.trees, NULL));
    f->pods = static_pods_new(&pods);
    options.pods = f->pods;
    f->sampler = sampler_new(&options);
}

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));

    uv_loop_init(&f->loop);
    snprintf(f->folder, sizeof(f->folder), "/tmp/tacho-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    auto_buf struct buf command = {0};

    sampler_free(f->sampler);
    static_pods_free(f->pods);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    cgroups_free(&f->around.trees);
    buf_printf(&command, "rm -rf %s", f->folder);
    assert_int_equal(system(buf_cstr(&command)), 0);
    free(f);
    return 0;
}

static void put(struct fixture *f, const char *name, const char *text)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%s", f->folder, name);
    assert_true(file_write_atomically(buf_cstr(&path), str_of(text), 0644, NULL));
}

static void put_pod(struct fixture *f, const char *name, const char *annotations, const char *containers)
{
    auto_buf struct buf text = {0}, file = {0};

    buf_printf(&file, "%s.json", name);
    buf_printf(&text,
               "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"annotations\":{%s}},\"spec\":{"
               "\"containers\":[%s]}}",
               name, annotations, containers);
    put(f, buf_cstr(&file), buf_cstr(&text));
}

static void test_v2(void **state)
{
    struct fixture *f = *state;
    auto_arena struct arena arena = {0};
    struct node_sample sample;

    open_machine(f, FIXTURES "/cgroup/v2");
    put_pod(f, "web", "\"tacho.dev/cgroup\":\"/tacho/podbb/web\"", "{\"name\":\"c\"}");
    put_pod(f, "hole", "\"tacho.dev/cgroup\":\"/user.slice/session-1.scope\"", "{\"name\":\"c\"}");
    put_pod(f, "gone", "\"tacho.dev/cgroup\":\"/not/there\"", "{\"name\":\"c\"}");
    static_pods_look(f->pods);
    sampler_view(f->sampler, &arena, false, &sample); /* before the first pass there is nothing, and no zero */
    assert_int_equal(sample.pod_count, 0);
    assert_int_equal(sample.usage.cpu_ns, NOT_MEASURED);
    sampler_take(f->sampler, 1);
    sampler_view(f->sampler, &arena, false, &sample);

    assert_false(sampler_has_failed(f->sampler));
    assert_int_equal(sample.usage.cpu_ns, 5291331442000);
    assert_int_equal(sample.usage.working_set_bytes, (int64_t)(8129188 - 4211308 - 1681752) * 1024);
    assert_int_equal(sample.usage.rss_bytes, 432013312);
    assert_int_equal(sample.start_unix_ns, 100 * NS_PER_S);
    assert_false(sample.has_pods_cgroup);
    assert_int_equal(sample.network_time_unix_ns, NOT_MEASURED);

    assert_int_equal(sample.pod_count, 2); /* "gone" has nothing to show */
    assert_true(str_eq_cstr(sample.pods[0].name, "hole-n"));
    assert_int_equal(sample.pods[0].containers[0].usage.cpu_ns, 3120000000);
    assert_int_equal(sample.pods[0].containers[0].usage.working_set_bytes, NOT_MEASURED);
    assert_int_equal(sample.pods[0].usage.working_set_bytes, NOT_MEASURED);
    assert_true(str_eq_cstr(sample.pods[1].name, "web-n"));
    assert_int_equal(sample.pods[1].containers[0].usage.working_set_bytes, 26214400 - 1048576);
    assert_int_equal(sample.pods[1].usage.cpu_ns, 9000500000); /* the sum over its containers */
    assert_int_equal(sample.pods[1].nano_cores, NOT_MEASURED); /* one point is no rate */
}

/* Containers that are processes in somebody else's cgroup are measured by /proc. */
static void test_by_proc(void **state)
{
    struct fixture *f = *state;
    auto_arena struct arena arena = {0};
    auto_buf struct buf annotations = {0};
    struct node_sample sample;

    open_machine(f, FIXTURES "/cgroup/hybrid");
    put(f, "web.pid", "900\n150000\n");
    put(f, "other.pid", "950\n9000\n");
    buf_printf(&annotations, "\"tacho.dev/pid-file\":\"%s/web.pid\",\"pid-file.tacho.dev/o\":\"%s/other.pid\"",
               f->folder, f->folder);
    put_pod(f, "a", buf_cstr(&annotations), "{\"name\":\"web\"},{\"name\":\"o\"}");
    static_pods_look(f->pods);
    sampler_take(f->sampler, 1);
    sampler_view(f->sampler, &arena, true, &sample);
    assert_int_equal(sample.pod_count, 1);
    assert_int_equal(sample.pods[0].container_count, 2);
    assert_int_equal(sample.pods[0].containers[0].usage.cpu_ns, INT64_C(23100) * NS_PER_MS);
    assert_int_equal(sample.pods[0].containers[0].start_unix_ns, (100 + 1500) * NS_PER_S);
    assert_int_equal(sample.pods[0].containers[1].usage.cpu_ns, INT64_C(180) * NS_PER_S);
    assert_int_equal(sample.pods[0].usage.cpu_ns, INT64_C(203100) * NS_PER_MS);
    assert_int_equal(sample.pods[0].usage.process_count, 5);
    assert_int_equal(sample.pods[0].usage.rss_bytes, (8000 + 6000 + 1000 + 20000) * 1024);
    assert_int_equal(sample.device_count, 3);
    assert_true(str_eq_cstr(sample.default_device, "eth0"));
    assert_true(sample.has_filesystem); /* of the next folder upwards that is there */
    assert_int_equal(sample.limits.tasks, 188);
    /* the fixture's processes have no descriptors: nothing is known of their disk, and no zero */
    assert_false(sample.pods[0].containers[0].disk.has_rootfs || sample.pods[0].has_ephemeral_storage);
    assert_false(sample.has_image_filesystem);
}

/* What a real process, this test, has on disk: in the full view only. */
static void test_disk(void **state)
{
    struct fixture *f = *state;
    auto_arena struct arena arena = {0};
    auto_buf struct buf annotations = {0}, pid = {0}, file = {0};
    struct node_sample sample;
    const struct container_disk *disk;
    struct stat st;

    open_machine(f, "");
    f->around.boot_unix_ns = proc_boot_unix_ns();
    buf_printf(&pid, "%lld\n", (long long)getpid());
    put(f, "self.pid", buf_cstr(&pid));
    buf_printf(&annotations, "\"tacho.dev/pid-file\":\"%s/self.pid\"", f->folder);
    put_pod(f, "self", buf_cstr(&annotations), "{\"name\":\"c\"}");
    buf_printf(&file, "%s/kept", f->folder);
    auto_close int kept = open(buf_cstr(&file), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    assert_int_equal(write(kept, "kept", 4), 4);
    static_pods_look(f->pods);
    sampler_take(f->sampler, 1);
    sampler_view(f->sampler, &arena, false, &sample);
    assert_int_equal(sample.pod_count, 1);
    disk = &sample.pods[0].containers[0].disk;
    assert_false(disk->has_rootfs || disk->has_logs || sample.pods[0].has_ephemeral_storage);
    assert_false(sample.has_image_filesystem);
    sampler_view(f->sampler, &arena, true, &sample);
    disk = &sample.pods[0].containers[0].disk;
    assert_true(disk->has_rootfs && (disk->rootfs.inodes_used >= 1 || is_in_memory(f->folder)));
    assert_true(sample.pods[0].has_ephemeral_storage);
    assert_int_equal(sample.pods[0].ephemeral_storage.used_bytes,
                     disk->rootfs.used_bytes + (disk->has_logs ? disk->logs.used_bytes : 0));
    assert_int_equal(sample.pods[0].ephemeral_storage.capacity_bytes, sample.filesystem.capacity_bytes);
    assert_int_equal(stat("/proc/self/exe", &st), 0);
    assert_true(sample.has_image_filesystem);
    assert_int_equal(sample.image_filesystem.used_bytes, st.st_blocks * 512);
    assert_int_equal(sample.image_filesystem.inodes_used, 1);
}

/* Of a process that was moved while it ran, its cgroup knows a part. */
static void test_moved(void **state)
{
    struct fixture *f = *state;
    auto_arena struct arena arena = {0};
    auto_buf struct buf annotations = {0}, dir = {0};
    struct node_sample sample;
    struct pod_container *c;

    open_machine(f, FIXTURES "/cgroup/hybrid");
    put(f, "other.pid", "950\n9000\n");
    buf_printf(&annotations, "\"tacho.dev/pid-file\":\"%s/other.pid\"", f->folder);
    put_pod(f, "a", buf_cstr(&annotations), "{\"name\":\"c\"}");
    static_pods_look(f->pods);
    c = static_pods_at(f->pods, 0)->containers[0];
    buf_printf(&dir, "%s/cg", f->folder);
    assert_true(file_make_folders(buf_cstr(&dir), 0755, NULL));
    put(f, "cg/cpuacct.usage", "5000\n");
    put(f, "cg/memory.usage_in_bytes", "3000000\n");
    put(f, "cg/memory.stat", "total_inactive_file 1000000\ntotal_rss 480000\n");
    c->cgroup = (struct cgroup){.cpu_dir = mem_strdup(buf_cstr(&dir)), .memory_dir = mem_strdup(buf_cstr(&dir))};
    c->is_moved = true;
    c->moved_cpu_ns = 7000000;
    sampler_take(f->sampler, 1);
    sampler_view(f->sampler, &arena, false, &sample);
    assert_int_equal(sample.pods[0].usage.cpu_ns, 7005000);
    assert_int_equal(sample.pods[0].usage.working_set_bytes, 2000000 + (20000 * 1024 - 480000));
    assert_int_equal(sample.pods[0].usage.rss_bytes, 20000 * 1024);

    put(f, "cg/memory.stat", "total_inactive_file 1000000\ntotal_rss 99000000\n"); /* all of it is charged here */
    sampler_take(f->sampler, 1 + SAMPLER_MIN_GAP_NS);
    sampler_view(f->sampler, &arena, false, &sample);
    assert_int_equal(sample.pods[0].usage.working_set_bytes, 2000000);
}

/* Two passes make a rate; a pass too soon is none; a counter that goes back has no rate. */
static void test_rates(void **state)
{
    struct fixture *f = *state;
    auto_arena struct arena arena = {0};
    auto_buf struct buf root = {0}, dir = {0};
    struct node_sample sample;

    buf_printf(&root, "%s/machine", f->folder);
    buf_printf(&dir, "%s/machine/proc/self", f->folder);
    assert_true(file_make_folders(buf_cstr(&dir), 0755, NULL));
    buf_clear(&dir);
    buf_printf(&dir, "%s/machine/cg/svc", f->folder);
    assert_true(file_make_folders(buf_cstr(&dir), 0755, NULL));
    put(f, "machine/proc/self/mountinfo", "28 24 0:24 / /cg rw - cgroup cgroup rw,cpuacct\n");
    put(f, "machine/cg/cpuacct.usage", "0\n");
    put(f, "machine/cg/svc/cpuacct.usage", "1000\n");
    open_machine(f, buf_cstr(&root));
    put_pod(f, "a", "\"tacho.dev/cgroup\":\"/svc\"", "{\"name\":\"c\"}");
    static_pods_look(f->pods);
    sampler_take(f->sampler, 1);
    assert_true(sampler_has_failed(f->sampler)); /* no memory anywhere */
    usleep(2000);
    put(f, "machine/cg/cpuacct.usage", "5000\n");
    put(f, "machine/cg/svc/cpuacct.usage", "2001000\n");
    sampler_take(f->sampler, SAMPLER_MIN_GAP_NS); /* too soon */
    sampler_view(f->sampler, &arena, false, &sample);
    assert_int_equal(sample.pods[0].usage.cpu_ns, 1000);
    assert_int_equal(sample.usage.cpu_ns, 0); /* a zero that was read */
    sampler_take(f->sampler, SAMPLER_MIN_GAP_NS + 1);
    sampler_view(f->sampler, &arena, false, &sample);
    assert_int_equal(sample.pods[0].usage.cpu_ns, 2001000);
    assert_true(sample.pods[0].nano_cores > 0 && sample.pods[0].nano_cores <= NS_PER_S); /* 2 ms in at least 2 ms */
    assert_true(sample.pods[0].containers[0].nano_cores > 0);
    put(f, "machine/cg/svc/cpuacct.usage", "3\n");
    sampler_take(f->sampler, 3 * SAMPLER_MIN_GAP_NS);
    sampler_view(f->sampler, &arena, false, &sample);
    assert_int_equal(sample.pods[0].usage.cpu_ns, 3);
    assert_int_equal(sample.pods[0].nano_cores, NOT_MEASURED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_v2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_by_proc, setup, teardown),
        cmocka_unit_test_setup_teardown(test_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_moved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rates, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
