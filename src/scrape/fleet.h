/*
 * All kubelets: a target for each Node, each scraped on its own schedule (scrape/schedule.h). A new node is scraped at
 * once, many new ones within some seconds of each other; slow, hanging and failing kubelets hold up nobody but
 * themselves.
 *
 * A node without figures is asked for its own rates, once; when one kubelet refuses that (it takes nodes/stats), none
 * is asked for ten minutes.
 *
 * A scrape that fails takes nothing away: the figures of the last good one count until two intervals (at least
 * FLEET_LIFE_MIN_NS) have passed since they came, by the monotonic clock. Then they are lost.
 *
 * Owner: whoever called fleet_new. Loop thread only.
 */
#ifndef SCRAPE_FLEET_H
#define SCRAPE_FLEET_H

#include "scrape/target.h"

/* Kubelets take samples every ten seconds or so: no sooner is one too old, however short the interval. */
#define FLEET_LIFE_MIN_NS (INT64_C(10) * 1000 * 1000 * 1000)

struct fleet;

struct fleet_events {
    /* A scrape of NODE has ended, well or not, after TOOK_NS; before one of the two below. May be NULL. */
    void (*on_scraped)(void *arg, struct str node, bool is_ok, int64_t took_ns);
    /*
     * A scrape of NODE has succeeded; BATCH is the callee's. So is BEFORE, which comes with the first batch of a node
     * whose kubelet tells its own rates; else NULL. True when the node is settled: there are two points of it. Until
     * then it is scraped more often.
     */
    bool (*on_batch)(void *arg, struct str node, struct batch *before, struct batch *batch);
    /*
     * What is known of NODE counts no more: the Node is gone, or the last good scrape is so long ago that its figures
     * are too old.
     */
    void (*on_lost)(void *arg, struct str node, bool is_gone);
};

/* Everything is copied, what pointers point to is borrowed and outlives the fleet. */
struct fleet_options {
    struct target_settings target;
    struct node_endpoint_rules rules;
    int64_t interval_ns; /* --metric-resolution */
    int64_t life_ns;     /* how long figures count after they came; 0: two intervals, at least FLEET_LIFE_MIN_NS */
    struct fleet_events events;
    void *arg;
};

struct fleet *fleet_new(const struct fleet_options *options);

/* No callback comes after; the loop's next turns give the memory back. */
void fleet_free(struct fleet *f);

/* A Node (its JSON) was added or has changed. One without a usable address is logged, and kept as failing. */
void fleet_set_node(struct fleet *f, struct str name, struct str node);

/* A Node is gone, or isn't to be scraped any more. */
void fleet_remove_node(struct fleet *f, struct str name);

/* How the fleet does. */
struct fleet_status {
    size_t nodes;
    size_t failed;           /* of those scraped at least once */
    size_t pending;          /* never scraped to an end yet */
    const char *first_node;  /* that failed, by name; NULL: none. Borrowed until the fleet changes */
    const char *first_cause; /* "connect to 10.0.0.7:10250: connection refused (https://...)" */
    int64_t first_end_ns;    /* of the first scrape of all, by clock_mono_ns; 0: none yet */
    uint64_t scrapes;        /* ended, since the start */
    uint64_t failures;       /* of those */
};
struct fleet_status fleet_status(const struct fleet *f);

/* Whether no scrape that is due has been kept waiting for more than half an interval (at least five seconds): the loop
 * keeps up. */
bool fleet_is_timely(const struct fleet *f);

#endif
