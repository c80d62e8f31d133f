#include "net/tcp_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/log.h"

#define BACKLOG 1024
#define RETRY_MS 100
/* Connections taken at once, before those that are there get their turn. */
#define ACCEPTS_PER_TURN 64

struct tcp_listener {
    uv_poll_t poll;
    uv_timer_t retry;
    int fd;           /* owned */
    int open_handles; /* of the two above */
    bool is_short;    /* of descriptors or memory: said so */
    const struct tcp_listener_events *events;
    void *arg;
};

static void on_readable(uv_poll_t *poll, int status, int events);
static void take_connections(struct tcp_listener *l);

static void on_retry(uv_timer_t *timer)
{
    struct tcp_listener *l = timer->data;
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
    take_connections(l);
}

/* True: the error concerns one connection that is gone already (accept(2)). */
static bool is_passing(int error)
{
    return error == ECONNABORTED || error == EINTR || error == EPROTO || error == ENETDOWN || error == ENOPROTOOPT ||
           error == EHOSTDOWN || error == ENONET || error == EHOSTUNREACH || error == EOPNOTSUPP ||
           error == ENETUNREACH || error == EPERM;
}

static void rest(struct tcp_listener *l, int error)
{
    if (!l->is_short) {
        struct error err = {0};
        error_set_errno(&err, error, "accept");
        log_warning("Can't take new connections, trying again until I can", LOG_NUM("port", tcp_listener_port(l)),
                    LOG_ERR(&err));
        error_clear(&err);
    }
    l->is_short = true;
    uv_poll_stop(&l->poll);
    uv_timer_start(&l->retry, on_retry, RETRY_MS, 0);
}

static void take_connections(struct tcp_listener *l)
{
    for (int i = 0; i < ACCEPTS_PER_TURN && !uv_is_closing((uv_handle_t *)&l->poll); i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->events->on_accept(l->arg, fd);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (l->is_short)
                log_info("Taking connections again", LOG_NUM("port", tcp_listener_port(l)));
            l->is_short = false; /* only now: none is left waiting */
            return;
        } else if (!is_passing(errno)) {
            rest(l, errno);
            return;
        }
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct tcp_listener *l = poll->data;
    (void)events;
    if (status < 0)
        rest(l, -status);
    else
        take_connections(l);
}

struct tcp_listener *tcp_listener_adopt(uv_loop_t *loop, int fd, const struct tcp_listener_events *events, void *arg,
                                        struct error *err)
{
    struct tcp_listener *l = mem_zalloc(sizeof(*l));
    l->fd = fd;
    l->events = events;
    l->arg = arg;
    l->open_handles = 2;
    int status = uv_poll_init(loop, &l->poll, fd); /* makes it non-blocking, too */
    if (status < 0) {
        error_set_errno(err, -status, "listen");
        close(fd);
        free(l);
        return NULL;
    }
    uv_timer_init(loop, &l->retry);
    l->poll.data = l;
    l->retry.data = l;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
    return l;
}

static bool make_address(const char *address, uint16_t port, struct sockaddr_storage *out, socklen_t *len)
{
    struct sockaddr_in *in4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, address, &in4->sin_addr) == 1) {
        in4->sin_family = AF_INET;
        in4->sin_port = htons(port);
        *len = sizeof(*in4);
        return true;
    }
    if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        *len = sizeof(*in6);
        return true;
    }
    return false;
}

int tcp_listener_socket(const char *address, uint16_t port, bool shares_port, struct error *err)
{
    struct sockaddr_storage where;
    socklen_t len;
    bool is_ip6 = strchr(address, ':') != NULL;
    if (!make_address(address, port, &where, &len)) {
        error_set(err, EINVAL, "listen on %s: not an IP address", address);
        return -1;
    }
    int on = 1, off = 0;
    int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (shares_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
        (is_ip6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
        bind(fd, (const struct sockaddr *)&where, len) != 0 || listen(fd, BACKLOG) != 0) {
        int cause = errno;
        if (fd >= 0)
            close(fd);
        error_set_errno(err, cause, is_ip6 ? "listen on [%s]:%u" : "listen on %s:%u", address, port);
        return -1;
    }
    return fd;
}

struct tcp_listener *tcp_listener_open(uv_loop_t *loop, const char *address, uint16_t port,
                                       const struct tcp_listener_events *events, void *arg, struct error *err)
{
    int fd = tcp_listener_socket(address, port, false, err);
    return fd >= 0 ? tcp_listener_adopt(loop, fd, events, arg, err) : NULL;
}

uint16_t tcp_listener_port(const struct tcp_listener *l)
{
    struct sockaddr_storage where;
    socklen_t len = sizeof(where);
    if (getsockname(l->fd, (struct sockaddr *)&where, &len) != 0)
        return 0;
    return ntohs(where.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&where)->sin6_port
                                             : ((struct sockaddr_in *)&where)->sin_port);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct tcp_listener *l = handle->data;
    if (--l->open_handles > 0)
        return;
    close(l->fd);
    l->events->on_closed(l->arg);
    free(l);
}

void tcp_listener_close(struct tcp_listener *l)
{
    uv_close((uv_handle_t *)&l->poll, on_handle_closed);
    uv_close((uv_handle_t *)&l->retry, on_handle_closed);
}
