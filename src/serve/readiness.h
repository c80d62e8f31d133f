/*
 * What metrics-server's health endpoints look at, by the names that its users know:
 *
 *     metric-storage-ready      readyz    at least one node and one pod have figures. Says why not, to everybody: the
 * first cause of a failing node is what whoever looks at a failed probe needs to know metric-informer-sync      readyz
 * nodes and pods were listed metric-collection-timely  livez     scrapes that are due begin metadata-informer-sync all
 * pods were listed authentication-lookup     readyz    whom to trust as the front proxy is known, unless that isn't
 * needed shutdown                  readyz    termination hasn't begun
 *
 * Loop thread only. Source: metrics-server's documentation.
 */
#ifndef SERVE_READINESS_H
#define SERVE_READINESS_H

#include "apiserver/health.h"
#include "kube/reflector.h"
#include "scrape/fleet.h"
#include "store/usage.h"

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
};

/* Adds the checks, "ping" before them. R outlives H. */
void readiness_add_checks(struct readiness *r, struct health *h);

/* Why there are no figures, from what is known of the fleet: "no metrics to serve: 3 of 3 nodes failed, first: ...".
 * Pure. */
bool readiness_explain(struct usage_counts counts, const struct fleet_status *fleet, struct error *err);

#endif
