/*
 * The last states of what is gone, and the former labels of what has others now: a ring in the order of versions, of
 * LEDGER_LOG_MAX entries at most; the oldest makes room. Part of serve/ledger.h.
 */
#ifndef SERVE_LEDGER_LOG_H
#define SERVE_LEDGER_LOG_H

#include "serve/catalog.h"
#include "store/usage.h"

enum ledger_entry_kind {
    LEDGER_GONE,
    LEDGER_RELABELLED, /* OBJECT has the labels it had before */
    LEDGER_APPEARED,   /* between two batches; no figures */
};

struct ledger_entry {
    enum ledger_entry_kind kind;
    bool is_pod;
    uint64_t version;
    uint64_t created; /* since when it was an item */
    struct catalog_object object;
    struct usage node;    /* a node's last figures, or */
    struct pod_usage pod; /* a pod's */
};

/* Zeroed: empty and ready. */
struct ledger_log {
    struct ledger_entry **ring;
    size_t first;
    size_t count;
    size_t capacity;
    uint64_t forgotten; /* nothing is known of this version and before */
};

/* Adds a copy of ENTRY; its version is later than all others'. Valid until it makes room. */
const struct ledger_entry *ledger_log_add(struct ledger_log *log, const struct ledger_entry *entry);

/* The place, oldest first, of the first entry after VERSION; COUNT when there is none. */
size_t ledger_log_find(const struct ledger_log *log, uint64_t version);
const struct ledger_entry *ledger_log_at(const struct ledger_log *log, size_t place);

/* Empties it; FORGOTTEN as above. */
void ledger_log_clear(struct ledger_log *log, uint64_t forgotten);

#endif
