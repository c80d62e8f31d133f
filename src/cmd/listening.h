/*
 * Where metrics-server listens, and what address it tells others. 0.0.0.0 and :: mean all interfaces, IPv6 too where
 * there is any: as Go's servers understand it.
 */
#ifndef CMD_LISTENING_H
#define CMD_LISTENING_H

#include "apiserver/server.h"
#include "cmd/metrics_server_flags.h"

/* Listens on --bind-address and --secure-port, and logs where; port 0 is: nowhere. Errors as api_server_listen's. */
bool listening_open(struct api_server *server, const struct metrics_server_flags *flags, struct error *err);

/*
 * Appends what discovery tells clients, "10.0.0.7:10250": --external-hostname, else --advertise-address, else
 * --bind-address, or when that means all addresses the first that others can reach. The port is --secure-port unless
 * the host name brings one along.
 */
void listening_print_address(const struct metrics_server_flags *flags, struct buf *to);

/* Appends what Strict-Transport-Security says in answers: "max-age=31536000; includeSubDomains", or nothing. */
void listening_print_hsts(const struct metrics_server_flags *flags, struct buf *to);

#endif
