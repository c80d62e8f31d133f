#include "net/tcp_listener.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "run_until.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct world {
    uv_loop_t loop;
    struct tcp_listener *listener;
    int accepted, closed;
    int fds[600];
};

static void on_accept(void *arg, int fd)
{
    struct world *w = arg;
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    w->fds[w->accepted++] = fd;
}

static void on_closed(void *arg)
{
    struct world *w = arg;
    w->closed++;
    w->listener = NULL;
}

static const struct tcp_listener_events events = {.on_accept = on_accept, .on_closed = on_closed};

static void open_world(struct world *w)
{
    memset(w, 0, sizeof(*w));
    uv_loop_init(&w->loop);
    w->listener = tcp_listener_open(&w->loop, "127.0.0.1", 0, &events, w, NULL);
    assert_non_null(w->listener);
}

static void close_world(struct world *w)
{
    if (w->listener != NULL)
        tcp_listener_close(w->listener);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->closed, 1);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    for (int i = 0; i < w->accepted; i++)
        close(w->fds[i]);
}

static void connect_to(int fd, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
}

static void test_accept(void **state)
{
    struct world w;
    int fds[200];
    (void)state;
    open_world(&w);
    for (int i = 0; i < 200; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        connect_to(fds[i], tcp_listener_port(w.listener));
    }
    run_until(&w.loop, w.accepted == 200);
    for (int i = 0; i < 200; i++)
        close(fds[i]);
    close_world(&w);
}

static void test_errors(void **state)
{
    struct world w;
    char want[100];
    auto_error struct error err = {0};
    (void)state;
    open_world(&w);
    unsigned port = tcp_listener_port(w.listener);
    assert_null(tcp_listener_open(&w.loop, "127.0.0.1", (uint16_t)port, &events, &w, &err));
    snprintf(want, sizeof(want), "listen on 127.0.0.1:%u: address already in use", port);
    assert_string_equal(error_text(&err), want);
    assert_int_equal(err.code, EADDRINUSE);
    assert_null(tcp_listener_open(&w.loop, "localhost", 0, &events, &w, &err));
    assert_string_equal(error_text(&err), "listen on localhost: not an IP address");
    assert_null(tcp_listener_open(&w.loop, "203.0.113.1", 1, &events, &w, &err)); /* nobody's here */
    assert_int_equal(err.code, EADDRNOTAVAIL);
    close_world(&w);
}

static void test_adopt(void **state)
{
    struct world w = {0};
    (void)state;
    uv_loop_init(&w.loop);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 5), 0);
    w.listener = tcp_listener_adopt(&w.loop, fd, &events, &w, NULL);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connect_to(client, tcp_listener_port(w.listener));
    run_until(&w.loop, w.accepted == 1);
    close(client);
    close_world(&w);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed with the listener */
}

static int open_until_full(int fds[], int max)
{
    int n = 0;
    while (n < max && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        n++;
    return n;
}

/* Out of descriptors: no spinning, one line in the log, and all is well when there are some again. */
static void test_out_of_descriptors(void **state)
{
    struct world w;
    struct rlimit before, low;
    static int fillers[1024];
    int log[2];
    char text[4000];
    (void)state;
    open_world(&w);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(pipe2(log, O_NONBLOCK | O_CLOEXEC), 0);
    log_set_fd(log[1]);
    run_turn(&w.loop, 0);
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    int filled = open_until_full(fillers, 1024);
    connect_to(client, tcp_listener_port(w.listener));
    int turns = 0;
    for (int64_t end_ns = clock_mono_ns() + 350 * NS_PER_MS; clock_mono_ns() < end_ns; turns++)
        run_turn(&w.loop, 20);
    int accepted = w.accepted;
    close(fillers[--filled]);
    run_until(&w.loop, w.accepted == 1);
    while (filled > 0)
        close(fillers[--filled]);
    setrlimit(RLIMIT_NOFILE, &before);
    for (int64_t end_ns = clock_mono_ns() + 250 * NS_PER_MS; clock_mono_ns() < end_ns;)
        run_turn(&w.loop, 20);
    log_set_fd(2);
    ssize_t n = read(log[0], text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    assert_int_equal(accepted, 0);
    assert_in_range(turns, 1, 60);
    char *first = strstr(text, "Can't take new connections");
    assert_non_null(first);
    assert_null(strstr(first + 1, "Can't take new connections"));
    assert_non_null(strstr(text, "err=\"accept: too many open files\""));
    assert_non_null(strstr(text, "Taking connections again"));
    close(log[0]);
    close(log[1]);
    close(client);
    close_world(&w);
}

static void test_ipv6_takes_ipv4(void **state)
{
    struct world w = {0};
    auto_error struct error err = {0};
    (void)state;
    uv_loop_init(&w.loop);
    w.listener = tcp_listener_open(&w.loop, "::", 0, &events, &w, &err);
    if (w.listener == NULL) { /* no IPv6 on this machine */
        uv_loop_close(&w.loop);
        skip();
    }
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connect_to(client, tcp_listener_port(w.listener));
    run_until(&w.loop, w.accepted == 1);
    close(client);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),          cmocka_unit_test(test_errors),
        cmocka_unit_test(test_adopt),           cmocka_unit_test(test_out_of_descriptors),
        cmocka_unit_test(test_ipv6_takes_ipv4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
