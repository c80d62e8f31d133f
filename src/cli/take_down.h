/* Stopping a cluster's processes, whoever started them. Blocking: for the command line. */
#ifndef CLI_TAKE_DOWN_H
#define CLI_TAKE_DOWN_H

#include "base/error.h"

/*
 * Stops the cluster in FOLDER: the supervisor, which stops the others in order, its keeper first; then what is left.
 * True when nothing runs any more; what doesn't stop in time is killed.
 */
bool cluster_take_down(const char *folder, struct error *err);

/* Stops processes of FOLDER's cluster that lost both supervisor and keeper. */
bool cluster_stop_leftovers(const char *folder, struct error *err);

#endif
