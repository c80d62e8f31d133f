#include "net/curl_loop.h"

#include "base/alloc.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

enum {
    MAX_IDLE_CONNECTIONS = 32,
    MAX_NUDGED = 64, /* sockets at once */
};

/* What woke us is an idle handle: timers that set each other to "now" keep libuv from ever polling its sockets. */
struct curl_loop {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timeout;     /* libcurl's */
    uv_idle_t later;        /* on_turn and all else that is due in the next turn */
    struct socket *sockets; /* doubly linked; that libcurl waits for now */
    const struct curl_loop_events *events;
    void *owner;
    size_t open_handles;
    bool is_awake; /* on_turn is due */
    bool is_due;   /* libcurl's timeout is */
    bool must_nudge;
    bool is_closing;
};

struct socket {
    uv_poll_t poll;
    struct curl_loop *l;
    struct socket *next, *previous;
    curl_socket_t fd;
};

static void on_later(uv_idle_t *idle);

static void read_messages(struct curl_loop *l)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(l->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            l->events->on_result(l->owner, message->easy_handle, message->data.result);
}

/* --- sockets --- */

static void on_socket_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
    struct socket *s = poll->data;
    struct curl_loop *l = s->l;
    int flags = 0;
    int running;

    if (status < 0) /* libcurl finds out by itself what is wrong with the socket */
        flags = CURL_CSELECT_IN | CURL_CSELECT_OUT;
    if ((events & UV_READABLE) != 0)
        flags |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(l->multi, s->fd, flags, &running);
    read_messages(l);
}

static struct socket *socket_new(struct curl_loop *l, curl_socket_t fd)
{
    struct socket *s = mem_zalloc(sizeof(*s));

    if (uv_poll_init(l->loop, &s->poll, fd) != 0) {
        free(s);
        return NULL;
    }
    s->poll.data = s;
    s->l = l;
    s->fd = fd;
    s->next = l->sockets;
    if (s->next != NULL)
        s->next->previous = s;
    l->sockets = s;
    return s;
}

static void socket_close(struct socket *s)
{
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        s->l->sockets = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    uv_close((uv_handle_t *)&s->poll, on_socket_closed);
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner)
{
    struct curl_loop *l = owner;
    struct socket *s = socket_owner;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s != NULL) {
            curl_multi_assign(l->multi, fd, NULL);
            socket_close(s);
        }
        return 0;
    }
    if (s == NULL) {
        s = socket_new(l, fd);
        if (s == NULL)
            return -1; /* libcurl ends all transfers: nothing could ever wake them */
        curl_multi_assign(l->multi, fd, s);
    }
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) | ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    return uv_poll_start(&s->poll, events, on_socket_ready) == 0 ? 0 : -1;
}

/* --- time --- */

static void act_on_timeout(struct curl_loop *l)
{
    int running;

    curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    read_messages(l);
}

static void on_timeout(uv_timer_t *timer)
{
    act_on_timeout(timer->data);
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *owner)
{
    struct curl_loop *l = owner;

    (void)multi;
    if (l->is_closing)
        return 0;
    l->is_due = timeout_ms == 0;
    if (timeout_ms > 0)
        uv_timer_start(&l->timeout, on_timeout, (uint64_t)timeout_ms, 0);
    else
        uv_timer_stop(&l->timeout);
    if (l->is_due)
        uv_idle_start(&l->later, on_later);
    return 0;
}

/* --- the next turn --- */

static void nudge(struct curl_loop *l)
{
    curl_socket_t fds[MAX_NUDGED];
    size_t count = 0;
    int running;

    for (struct socket *s = l->sockets; s != NULL && count < MAX_NUDGED; s = s->next)
        fds[count++] = s->fd; /* first: sockets come and go meanwhile; libcurl ignores those that are gone */
    for (size_t i = 0; i < count; i++)
        curl_multi_socket_action(l->multi, fds[i], CURL_CSELECT_IN, &running);
    read_messages(l);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct curl_loop *l = handle->data;

    if (--l->open_handles == 0)
        free(l);
}

static void close_now(struct curl_loop *l)
{
    l->events->on_close(l->owner);
    curl_multi_cleanup(l->multi);
    uv_close((uv_handle_t *)&l->timeout, on_handle_closed);
    uv_close((uv_handle_t *)&l->later, on_handle_closed);
}

static bool take(bool *flag)
{
    bool was_set = *flag;

    *flag = false;
    return was_set;
}

static void on_later(uv_idle_t *idle)
{
    struct curl_loop *l = idle->data;

    uv_idle_stop(idle);
    if (!l->is_closing && take(&l->is_awake))
        l->events->on_turn(l->owner);
    if (!l->is_closing && take(&l->must_nudge))
        nudge(l);
    if (!l->is_closing && take(&l->is_due))
        act_on_timeout(l);
    if (l->is_closing)
        close_now(l);
}

void curl_loop_wake(struct curl_loop *l)
{
    l->is_awake = true;
    uv_idle_start(&l->later, on_later);
}

void curl_loop_nudge(struct curl_loop *l)
{
    l->must_nudge = true;
    uv_idle_start(&l->later, on_later);
}

/* --- life --- */

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct curl_loop *curl_loop_new(uv_loop_t *loop, const struct curl_loop_events *events, void *owner)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct curl_loop *l = mem_zalloc(sizeof(*l));

    pthread_once(&once, start_curl);
    l->loop = loop;
    l->events = events;
    l->owner = owner;
    l->multi = curl_multi_init();
    assert(l->multi != NULL);
    curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IDLE_CONNECTIONS);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
    uv_timer_init(loop, &l->timeout);
    uv_idle_init(loop, &l->later);
    l->timeout.data = l->later.data = l;
    l->open_handles = 2;
    return l;
}

void curl_loop_close(struct curl_loop *l)
{
    l->is_closing = true;
    uv_idle_start(&l->later, on_later);
}

CURLM *curl_loop_multi(struct curl_loop *l)
{
    return l->multi;
}

uv_loop_t *curl_loop_uv(const struct curl_loop *l)
{
    return l->loop;
}
