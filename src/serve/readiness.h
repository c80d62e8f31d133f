/*
 * What metrics-server's health endpoints look at, by the names and in the order that its users know:
 *
 *     ping                      all      always
 *     log                       all      see below
 *     poststarthook/...         all      see below
 *     metric-storage-ready      readyz   At least one node and one pod have figures, and, at first, so has every node
 *                                        that answers: who takes over from another replica serves what that served.
 *                                        Nodes that let the others wait are not waited for longer than
 *                                        READINESS_PATIENCE_NS. Says why not, to everybody: the first cause of a
 *                                        failing node is what whoever looks at a failed probe needs to know.
 *     metric-informer-sync      readyz   nodes and pods were listed
 *     metric-collection-timely  livez    scrapes that are due begin
 *     metadata-informer-sync    all      pods were listed
 *     authentication-lookup     readyz   whom to trust as the front proxy is known, unless that isn't needed
 *     shutdown                  readyz   termination hasn't begun
 *
 * Log lines are written by the thread that answers, as they come: where they can't be written there is no answer, so an
 * answer says that "log" is well. The two hooks are what upstream starts behind its back (it counts requests in flight,
 * and stored objects); here both is ready before the server listens, so they have finished whenever somebody asks.
 *
 * Loop thread only. Source: metrics-server's documentation.
 */
#ifndef SERVE_READINESS_H
#define SERVE_READINESS_H

#include "apiserver/health.h"
#include "kube/reflector.h"
#include "scrape/fleet.h"
#include "store/usage.h"

#define READINESS_PATIENCE_NS (INT64_C(5) * 1000 * 1000 * 1000) /* more than the first scrapes are spread over */

/* All is borrowed but the error; set before the first request comes. */
struct readiness {
    const struct usage_store *store;
    const struct fleet *fleet;
    const struct reflector *nodes;
    const struct reflector *pods;
    bool needs_authentication;
    bool is_authentication_known;
    struct error authentication_trouble; /* why not */
    bool is_stopping;
    bool was_complete; /* the nodes had figures once; kept by the check */
};

/* Adds the checks, "ping" before them. R outlives H. */
void readiness_add_checks(struct readiness *r, struct health *h);

/* Why there are no figures, from what is known of the fleet: "no metrics to serve: 3 of 3 nodes failed, first: ...".
 * Pure. */
bool readiness_explain(struct usage_counts counts, const struct fleet_status *fleet, struct error *err);

/* Whether all nodes that may be expected to have figures do, at NOW_NS by clock_mono_ns; else how many don't. Pure. */
bool readiness_is_complete(struct usage_counts counts, const struct fleet_status *fleet, int64_t now_ns,
                           struct error *err);

#endif
