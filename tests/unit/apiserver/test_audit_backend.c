#include "apiserver/audit_backend.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "../net/fake_peer.h"
#include "../net/run_until.h"
#include "base/alloc.h"
#include "base/file.h"

static char folder[] = "/tmp/test-audit-log-XXXXXX";
static char path[64];

static unsigned closed;

static void on_closed(void *arg)
{
    (void)arg;
    closed++;
}

static void close_all(struct audit_backend *b, uv_loop_t *loop)
{
    closed = 0;
    audit_backend_close(b, NS_PER_S, on_closed, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
    assert_int_equal(uv_loop_close(loop), 0);
}

static struct audit_backend *open_log(uv_loop_t *loop, const struct audit_log_options *file,
                                      struct audit_backend_options options)
{
    auto_error struct error err = {0};

    uv_loop_init(loop);
    options.log = audit_log_open(loop, file, &err);
    assert_non_null(options.log);
    return audit_backend_new(loop, &options);
}

/* How many files there are beside the log itself, and how many of them end in .gz. */
static size_t count_backups(size_t *compressed)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    size_t count = 0;

    *compressed = 0;
    while ((e = readdir(d)) != NULL) {
        count += str_starts_with(str_of(e->d_name), STR("audit-"));
        *compressed += str_ends_with(str_of(e->d_name), STR(".gz"));
    }
    closedir(d);
    return count;
}

static void empty_folder(void)
{
    DIR *d = opendir(folder);
    const struct dirent *e;

    while ((e = readdir(d)) != NULL) {
        auto_buf struct buf name = {0};
        buf_printf(&name, "%s/%s", folder, e->d_name);
        unlink(buf_cstr(&name));
    }
    closedir(d);
}

static void lines_are_written_at_once(void **state)
{
    (void)state;
    uv_loop_t loop;
    auto_buf struct buf text = {0};
    struct stat st;
    struct audit_backend *b =
        open_log(&loop, &(struct audit_log_options){.path = path}, (struct audit_backend_options){0});

    audit_backend_add(b, STR("{\"a\":1}"));
    audit_backend_add(b, STR("{\"b\":2}"));
    assert_true(file_read(path, 1024, &text, NULL));
    assert_string_equal(buf_cstr(&text), "{\"a\":1}\n{\"b\":2}\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    close_all(b, &loop);
    empty_folder();
}

/* Three lines fit into a file; of the predecessors two are kept, compressed. */
static void files_are_rotated(void **state)
{
    (void)state;
    uv_loop_t loop;
    size_t compressed;
    char content[64] = "";
    const struct audit_log_options file = {.path = path, .max_bytes = 30, .max_backups = 2, .is_compressed = true};
    struct audit_backend *b = open_log(&loop, &file, (struct audit_backend_options){0});

    for (int i = 0; i < 12; i++) {
        auto_buf struct buf line = {0};
        buf_printf(&line, "line %03d", i);
        audit_backend_add(b, buf_str(&line));
        int64_t until_ns = clock_mono_ns() + 3 * NS_PER_MS; /* their names have milliseconds */
        run_until(&loop, clock_mono_ns() >= until_ns);
    }
    run_until(&loop, count_backups(&compressed) == 2 && compressed == 2);
    auto_buf struct buf text = {0};
    assert_true(file_read(path, 1024, &text, NULL));
    assert_string_equal(buf_cstr(&text), "line 009\nline 010\nline 011\n");
    close_all(b, &loop);
    DIR *d = opendir(folder);
    const struct dirent *e;
    bool has_newest = false;
    while ((e = readdir(d)) != NULL) {
        auto_buf struct buf name = {0};
        buf_printf(&name, "%s/%s", folder, e->d_name);
        gzFile gz = str_ends_with(str_of(e->d_name), STR(".gz")) ? gzopen(buf_cstr(&name), "rb") : NULL;
        if (gz == NULL)
            continue;
        content[gzread(gz, content, sizeof(content) - 1)] = '\0';
        gzclose(gz);
        has_newest = has_newest || strcmp(content, "line 006\nline 007\nline 008\n") == 0;
    }
    closedir(d);
    assert_true(has_newest);
    empty_folder();
}

/* By the time in their names; whatever else lies there is left alone. */
static void old_files_are_removed(void **state)
{
    (void)state;
    uv_loop_t loop;
    auto_buf struct buf old = {0}, other = {0};
    const struct audit_log_options file = {.path = path, .max_bytes = 10, .max_age_days = 7};
    struct audit_backend *b = open_log(&loop, &file, (struct audit_backend_options){0});

    buf_printf(&old, "%s/audit-2020-01-31T12-00-05.123.log", folder);
    buf_printf(&other, "%s/audit-of-somebody-else-2020-.log", folder);
    assert_true(file_write_atomically(buf_cstr(&old), STR("x"), 0600, NULL));
    assert_true(file_write_atomically(buf_cstr(&other), STR("x"), 0600, NULL));
    audit_backend_add(b, STR("line one"));
    audit_backend_add(b, STR("line two"));
    run_until(&loop, !file_exists(buf_cstr(&old)));
    assert_true(file_exists(buf_cstr(&other)));
    close_all(b, &loop);
    empty_folder();
}

static void batches_wait_and_overflow(void **state)
{
    (void)state;
    uv_loop_t loop;
    auto_buf struct buf text = {0};
    const struct audit_backend_options options = {
        .is_batched = true, .buffer_size = 4, .max_batch_size = 3, .max_wait_ns = 60 * NS_PER_S, .max_event_bytes = 8};
    struct audit_backend *b = open_log(&loop, &(struct audit_log_options){.path = path}, options);

    audit_backend_add(b, STR("too long a line"));
    assert_int_equal(audit_backend_lost(b), 1);
    for (int i = 0; i < 5; i++)
        audit_backend_add(b, STR("line"));
    assert_int_equal(audit_backend_lost(b), 2); /* the buffer takes four */
    run_until(&loop, text.len > 0 || (file_read(path, 1024, &text, NULL) && text.len > 0));
    assert_string_equal(buf_cstr(&text), "line\nline\nline\n"); /* a full batch; the rest waits its time */
    close_all(b, &loop);
    buf_clear(&text);
    assert_true(file_read(path, 1024, &text, NULL));
    assert_string_equal(buf_cstr(&text), "line\nline\nline\nline\n"); /* nothing is left behind */
    empty_folder();
}

/* --- webhook --- */

struct hook {
    unsigned requests;
    unsigned failures; /* to be answered first */
    struct buf last;
};

static void on_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct hook *h = owner;

    h->requests++;
    buf_clear(&h->last);
    buf_add_str(&h->last, request);
    fake_conn_answer(conn, h->requests <= h->failures ? 500 : 200, STR("{}"));
}

static void a_webhook_gets_lists(void **state)
{
    (void)state;
    static const struct fake_peer_events events = {.on_request = on_request};
    uv_loop_t loop;
    struct hook hook = {.failures = 2};
    char server[64];

    uv_loop_init(&loop);
    struct fake_peer *peer = fake_peer_new(&loop, NULL, &events, &hook);
    struct fetch_pool *pool = fetch_pool_new(&loop);
    snprintf(server, sizeof(server), "http://127.0.0.1:%u/audit", fake_peer_port(peer));
    struct client_config config = {.server = server, .source = server};
    struct rest_client *client = rest_client_new(pool, &config, NULL);
    const struct audit_backend_options options = {.webhook = client,
                                                  .buffer_size = 10,
                                                  .max_batch_size = 2,
                                                  .max_wait_ns = 10 * NS_PER_MS,
                                                  .throttle_qps = 1000,
                                                  .throttle_burst = 5,
                                                  .backoff_ns = NS_PER_MS};
    struct audit_backend *b = audit_backend_new(&loop, &options);
    audit_backend_add(b, STR("{\"a\":1}"));
    audit_backend_add(b, STR("{\"b\":2}"));
    audit_backend_add(b, STR("{\"c\":3}"));
    run_until(&loop, hook.requests >= 4);
    assert_true(str_starts_with(buf_str(&hook.last), STR("POST /audit HTTP/1.1\r\n")));
    assert_non_null(strstr(buf_cstr(&hook.last),
                           "\r\n\r\n{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{},"
                           "\"items\":[{\"c\":3}]}"));
    assert_int_equal(hook.requests, 4); /* the first of two events twice in vain, then once each */
    audit_backend_add(b, STR("{\"d\":4}"));
    closed = 0;
    audit_backend_close(b, NS_PER_S, on_closed, NULL);
    run_until(&loop, closed == 1);
    assert_non_null(strstr(buf_cstr(&hook.last), "{\"d\":4}")); /* sent before the end */
    rest_client_free(client);
    fetch_pool_free(pool);
    fake_peer_free(peer);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    buf_free(&hook.last);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/audit.log", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    empty_folder();
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_written_at_once), cmocka_unit_test(files_are_rotated),
        cmocka_unit_test(old_files_are_removed),     cmocka_unit_test(batches_wait_and_overflow),
        cmocka_unit_test(a_webhook_gets_lists),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
