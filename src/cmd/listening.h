/*
 * Where metrics-server listens, and what address it tells others. 0.0.0.0 and :: mean all interfaces, IPv6 too where
 * there is any: as Go's servers understand it.
 */
#ifndef CMD_LISTENING_H
#define CMD_LISTENING_H

#include "apiserver/server.h"

/* Listens on ADDRESS and PORT, and logs where. Errors as api_server_listen's. */
bool listening_open(struct api_server *server, const char *address, uint16_t port, struct error *err);

/* Appends what discovery tells clients, "10.0.0.7:10250": ADDRESS, or of all the first that others can reach. */
void listening_print_address(const char *address, uint16_t port, struct buf *to);

#endif
