/*
 * Tells the service manager that this process serves: READY=1 to the datagram socket that NOTIFY_SOCKET names (a path,
 * or "@name" in the abstract namespace). Without that variable nobody wants to know. Source: systemd's sd_notify(3),
 * "Protocol".
 */
#ifndef CMD_SERVICE_NOTIFY_H
#define CMD_SERVICE_NOTIFY_H

#include "base/error.h"

/* Doesn't block. False when there is somebody to tell and they can't be told. */
bool service_notify_ready(struct error *err);

#endif
