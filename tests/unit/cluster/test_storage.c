#include "cluster/storage.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static const char *const pod_fields[] = {"spec.nodeName", "?spec.unschedulable", NULL};
static const struct storage_kind_options kinds[] = {{"pods", pod_fields}, {"nodes", NULL}};

struct fixture {
    uv_loop_t loop;
    char folder[64];
    char path[80];
    struct storage *storage;
    struct storage_options options;
};

static bool open_again(struct fixture *f, struct error *err)
{
    f->storage = storage_open(&f->loop, &f->options, err);
    return f->storage != NULL;
}

static void close_storage(struct fixture *f)
{
    storage_close(f->storage, NULL, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    f->storage = NULL;
}

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));
    strcpy(f->folder, "/tmp/storage-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/db", f->folder);
    f->options = (struct storage_options){.path = f->path, .kinds = kinds, .kind_count = 2};
    uv_loop_init(&f->loop);
    struct error err = {0};
    if (!open_again(f, &err))
        fail_msg("%s", error_text(&err));
    *state = f;
    return 0;
}

static void remove_files(const struct fixture *f)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < 4; i++) {
        char path[100];
        snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
        unlink(path);
    }
    rmdir(f->folder);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    if (f->storage != NULL)
        close_storage(f);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    remove_files(f);
    free(f);
    return 0;
}

static struct object *make(struct storage *s, const char *namespace, const char *name, const char *node, size_t padding)
{
    char version[24];
    snprintf(version, sizeof(version), "%llu", (unsigned long long)storage_reserve_version(s));
    char *pad = mem_alloc(padding + 1);
    memset(pad, 'x', padding);
    pad[padding] = '\0';
    json_t *dom = json_pack("{s:{s:s,s:s,s:s,s:{s:s}},s:{s:s},s:s}", "metadata", "name", name, "namespace", namespace,
                            "resourceVersion", version, "labels", "app", name, "spec", "nodeName", node, "pad", pad);
    free(pad);
    struct error err = {0};
    struct object *o = object_new(dom, pod_fields, &err);
    assert_non_null(o);
    json_decref(dom);
    return o;
}

struct outcome {
    int calls;
    int code;
};

static void on_done(void *ctx, const struct error *err)
{
    struct outcome *outcome = ctx;
    outcome->calls++;
    outcome->code = err != NULL ? err->code : 0;
}

static void wait_for(struct fixture *f, const int *counter, int value)
{
    while (*counter < value)
        uv_run(&f->loop, UV_RUN_ONCE);
}

static int put(struct fixture *f, const char *namespace, const char *name, const char *node, size_t padding)
{
    struct object *o = make(f->storage, namespace, name, node, padding);
    struct outcome outcome = {0};
    storage_write(storage_kind(f->storage, "pods"), STORAGE_PUT, o, on_done, &outcome);
    object_unref(o);
    assert_int_equal(outcome.calls, 0);
    wait_for(f, &outcome.calls, 1);
    return outcome.code;
}

static int drop(struct fixture *f, const char *namespace, const char *name)
{
    struct object *o = make(f->storage, namespace, name, "", 0);
    struct outcome outcome = {0};
    storage_write(storage_kind(f->storage, "pods"), STORAGE_REMOVE, o, on_done, &outcome);
    object_unref(o);
    wait_for(f, &outcome.calls, 1);
    return outcome.code;
}

static const struct object *get(struct fixture *f, const char *namespace, const char *name)
{
    return storage_get(storage_kind(f->storage, "pods"), str_of(namespace), str_of(name));
}

static void test_reads_see_committed_writes(void **state)
{
    struct fixture *f = *state;
    struct storage_kind *pods = storage_kind(f->storage, "pods");
    assert_null(storage_kind(f->storage, "widgets"));
    struct object *o = make(f->storage, "a", "one", "n1", 0);
    struct outcome outcome = {0};
    storage_write(pods, STORAGE_PUT, o, on_done, &outcome);
    assert_null(get(f, "a", "one"));
    assert_int_equal(storage_version(f->storage), 0);
    wait_for(f, &outcome.calls, 1);
    assert_ptr_equal(get(f, "a", "one"), o);
    assert_int_equal(storage_version(f->storage), o->version);
    struct str value;
    assert_true(object_field(o, STR("spec.nodeName"), &value) && str_eq(value, STR("n1")));
    assert_true(object_field(o, STR("spec.unschedulable"), &value) && str_eq(value, STR("false")));
    assert_true(object_field(o, STR("metadata.namespace"), &value) && str_eq(value, STR("a")));
    assert_false(object_field(o, STR("status.phase"), &value));
    assert_true(object_label(o, STR("app"), &value) && str_eq(value, STR("one")));
    object_unref(o);
}

static void test_lists_in_order(void **state)
{
    struct fixture *f = *state;
    static const char *const keys[][2] = {{"b", "x"}, {"a", "z"}, {"ab", "a"}, {"a", "b"}, {"a", "bb"}};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(put(f, keys[i][0], keys[i][1], "", 0), 0);
    static const struct {
        const char *namespace, *after[2], *want;
    } cases[] = {
        {"", {"", ""}, "a/b a/bb a/z ab/a b/x "},
        {"a", {"", ""}, "a/b a/bb a/z "},
        {"ab", {"", ""}, "ab/a "},
        {"zz", {"", ""}, ""},
        {"a", {"a", "b"}, "a/bb a/z "},
        {"a", {"a", "z"}, ""},
        {"", {"a", "c"}, "a/z ab/a b/x "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct storage_kind *pods = storage_kind(f->storage, "pods");
        struct storage_range r =
            storage_list_after(pods, str_of(cases[i].namespace), str_of(cases[i].after[0]), str_of(cases[i].after[1]));
        struct buf got = {0};
        for (size_t n = 0; n < r.count; n++)
            buf_printf(&got, "%s/%s ", r.items[n]->namespace.ptr, r.items[n]->name.ptr);
        assert_string_equal(buf_cstr(&got), cases[i].want);
        if (cases[i].after[0][0] == '\0')
            assert_int_equal(storage_list(pods, str_of(cases[i].namespace)).count, r.count);
        buf_free(&got);
    }
}

static void test_survives_reopening(void **state)
{
    struct fixture *f = *state;
    put(f, "a", "one", "n1", 0);
    put(f, "a", "two", "n1", 0);
    put(f, "a", "one", "n2", 0);
    drop(f, "a", "two");
    uint64_t version = storage_version(f->storage);
    close_storage(f);
    struct error err = {0};
    assert_true(open_again(f, &err));
    assert_int_equal(storage_version(f->storage), version);
    assert_int_equal(storage_list(storage_kind(f->storage, "pods"), STR("")).count, 1);
    struct str value;
    assert_true(object_field(get(f, "a", "one"), STR("spec.nodeName"), &value) && str_eq(value, STR("n2")));
    assert_int_equal(storage_reserve_version(f->storage), version + 1);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

struct step {
    struct fixture *fixture;
    int *order;
    int place;
    struct outcome outcome;
};

static void on_settled(void *ctx)
{
    struct step *step = ctx;
    step->place = ++*step->order;
    const struct object *now = get(step->fixture, "a", "one");
    assert_non_null(now);
    char node[8];
    snprintf(node, sizeof(node), "n%d", step->place);
    struct str value;
    assert_true(object_field(now, STR("spec.nodeName"), &value));
    assert_int_equal(value.ptr[1] - '0', step->place - 1); /* it reads what the one before wrote */
    struct object *o = make(step->fixture->storage, "a", "one", node, 0);
    storage_write(storage_kind(step->fixture->storage, "pods"), STORAGE_PUT, o, on_done, &step->outcome);
    object_unref(o);
}

static void test_writes_of_a_key_queue(void **state)
{
    struct fixture *f = *state;
    int order = 0;
    put(f, "a", "one", "n0", 0);
    struct step steps[4];
    for (int i = 0; i < 4; i++) {
        steps[i] = (struct step){.fixture = f, .order = &order};
        storage_when_settled(storage_kind(f->storage, "pods"), STR("a"), STR("one"), on_settled, &steps[i]);
    }
    assert_int_equal(order, 1);
    wait_for(f, &steps[3].outcome.calls, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(steps[i].place, i + 1);
}

static void on_event(void *ctx, const struct storage_event *event)
{
    buf_printf(ctx, "%d:%s:%s ", event->type, event->object->name.ptr, event->previous != NULL ? "had" : "new");
}

static void on_ready(void *ctx)
{
    ++*(int *)ctx;
}

static void test_watch_and_subscription(void **state)
{
    struct fixture *f = *state;
    struct storage_kind *pods = storage_kind(f->storage, "pods");
    put(f, "a", "one", "", 0);
    uint64_t since = storage_version(f->storage);
    struct buf heard = {0};
    int ready = 0;
    struct storage_subscription *sub = storage_subscribe(pods, on_event, &heard);
    struct error err = {0};
    struct storage_watch *w = storage_watch_new(pods, since, on_ready, &ready, &err);
    struct storage_event e;
    assert_int_equal(storage_watch_next(w, &e), STORAGE_WATCH_DRY);
    put(f, "a", "two", "", 0);
    assert_int_equal(ready, 1);
    put(f, "a", "one", "n", 0);
    assert_int_equal(ready, 1); /* not asked again until it is dry */
    drop(f, "a", "one");
    static const enum storage_event_type want[] = {STORAGE_ADDED, STORAGE_MODIFIED, STORAGE_DELETED};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(storage_watch_next(w, &e), STORAGE_WATCH_EVENT);
        assert_int_equal(e.type, want[i]);
        assert_int_equal(e.version, since + 1 + (uint64_t)i);
    }
    assert_int_equal(storage_watch_next(w, &e), STORAGE_WATCH_DRY);
    assert_string_equal(buf_cstr(&heard), "0:two:new 1:one:had 2:one:had ");
    storage_unsubscribe(sub);
    storage_watch_free(w);

    w = storage_watch_new(pods, since + 1, on_ready, &ready, &err);
    assert_int_equal(storage_watch_next(w, &e), STORAGE_WATCH_EVENT);
    assert_int_equal(e.version, since + 2);
    storage_watch_free(w);
    assert_null(storage_watch_new(pods, since + 100, on_ready, &ready, &err));
    assert_int_equal(err.code, 410);
    error_clear(&err);
    buf_free(&heard);
}

static void test_history_is_bounded(void **state)
{
    struct fixture *f = *state;
    close_storage(f);
    f->options.history_bytes = 20000;
    struct error err = {0};
    assert_true(open_again(f, &err));
    struct storage_kind *pods = storage_kind(f->storage, "pods");
    int ready = 0;
    struct storage_watch *slow = storage_watch_new(pods, 0, on_ready, &ready, &err);
    for (int i = 0; i < 40; i++)
        put(f, "a", "one", "", 1000);
    struct storage_event e;
    assert_int_equal(storage_watch_next(slow, &e), STORAGE_WATCH_GONE);
    storage_watch_free(slow);
    assert_null(storage_watch_new(pods, 3, on_ready, &ready, &err));
    assert_int_equal(err.code, 410);
    assert_non_null(strstr(error_text(&err), "too old resource version: 3 ("));
    error_clear(&err);
    struct storage_watch *w = storage_watch_new(pods, 38, on_ready, &ready, &err);
    assert_non_null(w);
    assert_int_equal(storage_watch_next(w, &e), STORAGE_WATCH_EVENT);
    assert_int_equal(e.version, 39);
    storage_watch_free(w);

    /* History doesn't outlive the process: who was behind has to list again, who wasn't goes on. */
    close_storage(f);
    assert_true(open_again(f, &err));
    pods = storage_kind(f->storage, "pods");
    assert_null(storage_watch_new(pods, 39, on_ready, &ready, &err));
    error_clear(&err);
    w = storage_watch_new(pods, 40, on_ready, &ready, &err);
    assert_non_null(w);
    storage_watch_free(w);
}

static void test_full_database_changes_nothing(void **state)
{
    struct fixture *f = *state;
    close_storage(f);
    f->options.max_bytes = 200 * 1024;
    struct error err = {0};
    assert_true(open_again(f, &err));
    int i = 0, code = 0;
    for (char name[16]; i < 100 && code == 0; i++) {
        snprintf(name, sizeof(name), "p%03d", i);
        code = put(f, "a", name, "", 20000);
    }
    assert_int_equal(code, 507);
    size_t there = storage_list(storage_kind(f->storage, "pods"), STR("")).count;
    assert_int_equal(there, i - 1);

    /* In one group with a write that doesn't fit, the others still happen. */
    struct outcome big = {0}, gone = {0};
    struct object *too_big = make(f->storage, "a", "big", "", 100000);
    storage_write(storage_kind(f->storage, "pods"), STORAGE_PUT, too_big, on_done, &big);
    struct object *first = make(f->storage, "a", "p000", "", 0);
    storage_write(storage_kind(f->storage, "pods"), STORAGE_REMOVE, first, on_done, &gone);
    object_unref(too_big);
    object_unref(first);
    wait_for(f, &gone.calls, 1);
    assert_int_equal(big.code, 507);
    assert_int_equal(gone.code, 0);
    assert_null(get(f, "a", "p000"));
    assert_null(get(f, "a", "big"));
    assert_int_equal(put(f, "a", "small", "", 100), 0);
    close_storage(f);
    assert_true(open_again(f, &err));
    assert_int_equal(storage_list(storage_kind(f->storage, "pods"), STR("")).count, there);
}

static void write_file(const char *path, struct str bytes)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite(bytes.ptr, 1, bytes.len, file);
    fclose(file);
}

static void test_bad_files_have_one_clear_line(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct storage *second = storage_open(&f->loop, &f->options, &err);
    assert_null(second);
    assert_non_null(strstr(error_text(&err), "in use by another process"));
    assert_non_null(strstr(error_text(&err), f->path));
    error_clear(&err);
    for (int i = 0; i < 60; i++) {
        char name[16];
        snprintf(name, sizeof(name), "p%03d", i);
        put(f, "a", name, "", 3000);
    }
    close_storage(f);

    struct buf good = {0};
    assert_true(file_read(f->path, 1 << 24, &good, &err));
    struct buf bad = {0};
    buf_add_str(&bad, buf_str(&good));
    memset(bad.ptr + 8192, 0x5a, 4096 * 3);
    write_file(f->path, buf_str(&bad));
    assert_false(open_again(f, &err));
    assert_non_null(strstr(error_text(&err), "damaged"));
    assert_non_null(strstr(error_text(&err), f->path));
    error_clear(&err);
    memset(bad.ptr, 'G', 100);
    write_file(f->path, buf_str(&bad));
    assert_false(open_again(f, &err));
    assert_non_null(strstr(error_text(&err), "not a database"));
    error_clear(&err);

    /* Another program's: its application_id (bytes 68..71 of the header). */
    buf_clear(&bad);
    buf_add_str(&bad, buf_str(&good));
    memcpy(bad.ptr + 68, "abcd", 4);
    write_file(f->path, buf_str(&bad));
    assert_false(open_again(f, &err));
    assert_non_null(strstr(error_text(&err), "another program"));
    error_clear(&err);
    write_file(f->path, buf_str(&good));
    assert_true(open_again(f, &err));
    buf_free(&good);
    buf_free(&bad);

    struct storage_options missing = f->options;
    missing.path = "/nonexistent/folder/db";
    assert_null(storage_open(&f->loop, &missing, &err));
    assert_non_null(strstr(error_text(&err), "/nonexistent/folder/db"));
    error_clear(&err);
}

struct child_write {
    uint64_t version;
    int fd;
};

static void on_child_done(void *ctx, const struct error *err)
{
    struct child_write *w = ctx;
    if (err == NULL && write(w->fd, &w->version, sizeof(w->version)) != sizeof(w->version))
        _exit(2);
    free(w);
}

/* Writes without end, several at a time, and tells which versions were acknowledged. */
static void child(struct fixture *f, int fd)
{
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct error err = {0};
    struct storage *s = storage_open(&loop, &f->options, &err);
    if (s == NULL)
        _exit(1);
    for (unsigned round = 0;; round++) {
        for (unsigned i = 0; i < 5; i++) {
            char name[32];
            snprintf(name, sizeof(name), "p%u-%u", round, i);
            struct object *o = make(s, "a", name, "", 500);
            struct child_write *w = mem_alloc(sizeof(*w));
            *w = (struct child_write){.version = o->version, .fd = fd};
            storage_write(storage_kind(s, "pods"), STORAGE_PUT, o, on_child_done, w);
            object_unref(o);
        }
        uv_run(&loop, UV_RUN_ONCE);
    }
}

static void test_kill_loses_nothing_acknowledged(void **state)
{
    struct fixture *f = *state;
    close_storage(f);
    for (int round = 0; round < 3; round++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(fds[0]);
            child(f, fds[1]);
        }
        close(fds[1]);
        uint64_t acknowledged = 0, version;
        int count = 0;
        while (count < 150 + 40 * round && read(fds[0], &version, sizeof(version)) == sizeof(version)) {
            count++;
            acknowledged = version;
        }
        kill(pid, SIGKILL);
        while (read(fds[0], &version, sizeof(version)) == sizeof(version))
            acknowledged = version;
        close(fds[0]);
        int status;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
        struct error err = {0};
        if (!open_again(f, &err))
            fail_msg("%s", error_text(&err));
        /* Each write put an object of its own, so every version up to the last acknowledged one must be there. */
        struct storage_range r = storage_list(storage_kind(f->storage, "pods"), STR(""));
        uint64_t up_to = 0;
        for (size_t i = 0; i < r.count; i++)
            up_to += r.items[i]->version <= acknowledged;
        assert_int_equal(up_to, acknowledged);
        assert_true(storage_version(f->storage) >= acknowledged);
        for (size_t i = 0; i < r.count; i++)
            object_ref(r.items[i]);
        size_t n = r.count;
        struct object **all = mem_alloc(n * sizeof(*all));
        memcpy(all, r.items, n * sizeof(*all));
        for (size_t i = 0; i < n; i++) {
            drop(f, "a", all[i]->name.ptr);
            object_unref(all[i]);
        }
        free(all);
        /* The next round counts from 1 again. */
        close_storage(f);
        remove_files(f);
        mkdir(f->folder, 0700);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_see_committed_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lists_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_survives_reopening, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writes_of_a_key_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(test_watch_and_subscription, setup, teardown),
        cmocka_unit_test_setup_teardown(test_history_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_database_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_files_have_one_clear_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kill_loses_nothing_acknowledged, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
