#include "cmd/service_notify.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A service manager's socket; NAME begins with "@" in the abstract namespace. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
    return fd;
}

static void test_ready(void **state)
{
    char names[2][64];

    (void)state;
    snprintf(names[0], sizeof(names[0]), "@tacho-test-%d", (int)getpid());
    snprintf(names[1], sizeof(names[1]), "/tmp/tacho-test-%d", (int)getpid());
    for (size_t i = 0; i < 2; i++) {
        auto_error struct error err = {0};
        char got[32] = "";
        int fd = listen_at(names[i]);

        setenv("NOTIFY_SOCKET", names[i], 1);
        assert_true(service_notify_ready(&err));
        assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 8);
        assert_string_equal(got, "READY=1\n");
        assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
        close(fd);
    }
    unlink(names[1]);
}

static void test_nobody(void **state)
{
    auto_error struct error err = {0};

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    assert_true(service_notify_ready(&err));
    setenv("NOTIFY_SOCKET", "", 1);
    assert_true(service_notify_ready(&err));
}

static void test_troubles(void **state)
{
    static const struct {
        const char *name, *error;
    } cases[] = {
        {"relative", "NOTIFY_SOCKET: not a socket's name: relative"},
        {"/no/such/socket", "NOTIFY_SOCKET: /no/such/socket: no such file or directory"},
    };
    char longest[200];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        setenv("NOTIFY_SOCKET", cases[i].name, 1);
        assert_false(service_notify_ready(&err));
        assert_string_equal(error_text(&err), cases[i].error);
    }
    auto_error struct error err = {0};
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    setenv("NOTIFY_SOCKET", longest, 1);
    assert_false(service_notify_ready(&err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ready), cmocka_unit_test(test_nobody),
                                       cmocka_unit_test(test_troubles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
