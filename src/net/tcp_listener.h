/*
 * A listening TCP socket on the event loop. Running out of descriptors or memory doesn't end it: it stops accepting,
 * says so once, and tries again shortly, while connections wait in the kernel's queue. Owner: whoever called
 * tcp_listener_open, until on_closed. Loop thread only.
 */
#ifndef NET_TCP_LISTENER_H
#define NET_TCP_LISTENER_H

#include <uv.h>

#include "base/error.h"

struct tcp_listener;

struct tcp_listener_events {
    void (*on_accept)(void *arg, int fd); /* non-blocking, close-on-exec; the callee owns it */
    void (*on_closed)(void *arg);         /* after tcp_listener_close; the listener is gone */
};

/*
 * Listens on ADDRESS (an IP address; "::" takes IPv4 too) and PORT (0: any free one). NULL with the errno as code:
 * "listen on 127.0.0.1:6443: address already in use". EVENTS is borrowed, static.
 */
struct tcp_listener *tcp_listener_open(uv_loop_t *loop, const char *address, uint16_t port,
                                       const struct tcp_listener_events *events, void *arg, struct error *err);

/*
 * A socket that listens so, for tcp_listener_adopt; -1 with the errno as code. SHARES_PORT: other sockets that say so
 * too may listen on the same port (SO_REUSEPORT), and the kernel spreads connections over them.
 */
int tcp_listener_socket(const char *address, uint16_t port, bool shares_port, struct error *err);

/* As tcp_listener_open, on FD, which listens already and is owned by the listener from then on, also on failure. */
struct tcp_listener *tcp_listener_adopt(uv_loop_t *loop, int fd, const struct tcp_listener_events *events, void *arg,
                                        struct error *err);

uint16_t tcp_listener_port(const struct tcp_listener *l);

/* Stops at once; on_closed follows from the loop. */
void tcp_listener_close(struct tcp_listener *l);

#endif
