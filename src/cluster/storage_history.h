/*
 * The last events of one kind, for watches: a ring, bounded in bytes. Only storage.c uses this. An event is named by
 * its number, which only grows.
 */
#ifndef CLUSTER_STORAGE_HISTORY_H
#define CLUSTER_STORAGE_HISTORY_H

#include "cluster/storage.h"

struct past_event {
    enum storage_event_type type;
    struct object *object;
    struct object *previous;
};

/* Number n is at n % capacity. A zeroed one is empty and ready. */
struct storage_history {
    struct past_event *events;
    size_t capacity;
    uint64_t first, end;    /* numbers of the oldest event and of the next one */
    size_t bytes;           /* of the objects held */
    uint64_t floor_version; /* nothing is known about changes up to here */
};

/* Takes over the references in E. The oldest are forgotten as long as there are more than MAX_BYTES; the newest stays.
 */
void storage_history_add(struct storage_history *h, struct past_event e, size_t max_bytes);

/* The number of the first event after VERSION. */
uint64_t storage_history_place(const struct storage_history *h, uint64_t version);

/* Event NUMBER, which must be one of first..end-1. */
struct past_event *storage_history_event(const struct storage_history *h, uint64_t number);

void storage_history_free(struct storage_history *h);

#endif
