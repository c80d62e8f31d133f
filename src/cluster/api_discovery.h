/*
 * The discovery table of the embedded cluster (apiserver/discovery.h): the kinds of resources[], the virtual resources
 * that exist only as requests (reviews, serviceaccounts/token), and the groups of aggregated servers, which come and
 * go. The table is rebuilt when one does. Loop thread only.
 */
#ifndef CLUSTER_API_DISCOVERY_H
#define CLUSTER_API_DISCOVERY_H

#include "apiserver/discovery.h"

struct api_discovery;

/* SERVER_ADDRESS ("127.0.0.1:6443") is copied. */
struct api_discovery *api_discovery_new(struct str server_address);
void api_discovery_free(struct api_discovery *d);

/* The table now; borrowed until the loop turns. */
const struct discovery *api_discovery_table(const struct api_discovery *d);

/*
 * Sets what an aggregated server serves as GROUP/VERSION (all copied), after the built-in groups, in the order of first
 * appearance. IS_STALE: it doesn't answer now.
 */
void api_discovery_set(struct api_discovery *d, struct str group, const struct discovery_version *version);
void api_discovery_remove(struct api_discovery *d, struct str group, struct str version);

/* Whether this server itself serves GROUP/VERSION. */
bool api_discovery_is_local(const struct api_discovery *d, struct str group, struct str version);

/* The group versions that this server itself serves; false after the last. Start with *AT = 0. */
bool api_discovery_next_local(const struct api_discovery *d, size_t *at, struct str *group, struct str *version);

#endif
