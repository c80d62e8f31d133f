/*
 * Waits, on the event loop, until a cluster that was just started is whole: API server ready, metrics-server's objects
 * there, node Ready, Metrics API available, first figures. One progress line a step with the time it took.
 *
 * The steps ask the API server as the administrator, every 50 ms until they hold; a step that fails for good, a
 * supervisor that has died, or the deadline ends it with the last cause. Source of the order: what depends on what.
 */
#ifndef CLI_BRING_UP_H
#define CLI_BRING_UP_H

#include <stdio.h>
#include <sys/types.h>

#include "cli/cluster_folder.h"

/*
 * Blocks until the cluster in FOLDER is whole. Progress goes to OUT. SUPERVISOR is watched. False with the cause in
 * ERR; code EINTR when the user interrupted it (SIGINT, SIGTERM).
 */
bool cluster_bring_up(const char *folder, const struct cluster_settings *s, pid_t supervisor, int64_t deadline_ms,
                      FILE *out, struct error *err);

#endif
