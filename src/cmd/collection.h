/*
 * metrics-server's collecting half: the cluster's nodes and pods (watched) are the targets of the fleet, whose samples
 * go into the store. Owner: main. Loop thread only.
 */
#ifndef CMD_COLLECTION_H
#define CMD_COLLECTION_H

#include "cmd/api_clients.h"
#include "kube/reflector.h"
#include "scrape/fleet.h"
#include "serve/ledger.h"
#include "serve/own_metrics.h"
#include "serve/readiness.h"

struct collection {
    struct catalog *catalog;
    struct usage_store *store;
    struct ledger *ledger; /* through which both are changed */
    struct kubelet_credentials *credentials;
    struct own_metrics *metrics;
    struct fleet *fleet;
    struct reflector *nodes, *pods;
};

/* Everything but the watches; C must stay where it is. READINESS is told what to look at. False when a flag or one of
 * its files is no good. */
bool collection_open(struct collection *c, uv_loop_t *loop, const struct metrics_server_flags *flags,
                     const struct api_clients *clients, struct metrics *registry, struct readiness *readiness,
                     struct error *err);

/* Watches nodes and pods from now on, and so scrapes. */
void collection_start(struct collection *c, uv_loop_t *loop, const struct api_clients *clients,
                      struct readiness *readiness);

/* Ends the watches and the scrapes. What was collected stays until collection_free, after the loop. */
void collection_close(struct collection *c);
void collection_free(struct collection *c);

#endif
