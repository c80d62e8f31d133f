/*
 * A fleet of fake kubelets on 127.0.0.1 and its owner, who counts what the fleet tells. Names don't resolve, the log
 * goes into a file, the bearer token comes from one.
 */
#ifndef TESTS_UNIT_SCRAPE_FLEET_WORLD_H
#define TESTS_UNIT_SCRAPE_FLEET_WORLD_H

#include "fake_kubelet.h"
#include "scrape/fleet.h"

enum {
    MAX_KUBELETS = 20,
    MAX_BODY_BYTES = 2 * 1024 * 1024,
};
#define INTERVAL_NS (INT64_C(1000) * 1000 * 1000)
#define TIMEOUT_NS (INT64_C(900) * 1000 * 1000)
#define LIFE_NS (2 * INTERVAL_NS)

struct kubelet {
    struct fake_kubelet fake;
    const char *hosts; /* addresses, by comma; "a.invalid" is a name that doesn't resolve */
    bool is_untrusted; /* its certificate is from a CA that nobody knows */
    const char *cause; /* what the log must say; NULL: nothing */
    /* what the fleet said */
    unsigned batches, failures, losses;
    int64_t last_batch_ns, longest_gap_ns, lost_ns;
    uint64_t rated_ns; /* CPU time that the first batch has over the one before it */
    uint32_t containers;
};

struct world {
    uv_loop_t loop;
    struct fake_pki *pki, *other_pki;
    struct buf ca;
    struct kubelet_credentials *credentials;
    struct string_list types;
    struct fleet *fleet;
    struct kubelet kubelets[MAX_KUBELETS];
    size_t count;
    uv_timer_t watchdog, poll;
    bool (*is_enough)(struct world *w);
    char folder[32];
    char log_path[64];
    int log_fd;
};

/* For cmocka: STATE is a struct world. */
int fleet_world_set_up(void **state);
int fleet_world_set_up_plain(void **state); /* kubelets speak HTTP without TLS */
int fleet_world_tear_down(void **state);

/* Starts a kubelet and tells the fleet its Node. */
struct kubelet *fleet_world_add(struct world *w, const struct kubelet *like);

/* The Node of K has changed. */
void fleet_world_set_node(struct world *w, const struct kubelet *k, bool is_ready);

struct kubelet *fleet_world_kubelet(struct world *w, struct str name);

/* Runs the loop until that is true; fails the test after a minute. */
void fleet_world_run_until(struct world *w, bool (*is_enough)(struct world *w));

/* The log's lines that hold TEXT and the node's name; the last one goes to LINE_OUT, which may be NULL. */
unsigned fleet_world_count_lines(const struct world *w, const char *text, const char *node, struct buf *line_out);

/* Of the first kubelet. */
bool fleet_world_has_a_failure(struct world *w);
bool fleet_world_has_two_failures(struct world *w);
bool fleet_world_has_a_third_failure(struct world *w);
bool fleet_world_has_two_batches(struct world *w);

#endif
