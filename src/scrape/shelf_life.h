/*
 * How long figures may be shown: a list of what has been heard of, in the order of when it was last, and what of it is
 * too old. Time is a parameter and must never go back (the clock of a node or of this machine can: it is no use here).
 * Adding, taking out and finding the oldest cost the same however many there are.
 *
 * Entries live in their owner's structs, zeroed at first. One thread.
 */
#ifndef SCRAPE_SHELF_LIFE_H
#define SCRAPE_SHELF_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct shelf_entry {
    struct shelf_entry *older, *newer;
    void *owner;
    int64_t heard_ns; /* when something was last heard of it */
    bool is_listed;
};

struct shelf {
    int64_t life_ns; /* after which an entry is too old */
    struct shelf_entry *oldest, *newest;
};

/* Something was heard of OWNER at NOW_NS. */
void shelf_note(struct shelf *s, struct shelf_entry *e, void *owner, int64_t now_ns);

/* Takes E out; nothing happens when it isn't there. */
void shelf_remove(struct shelf *s, struct shelf_entry *e);

/* Takes out one that is too old and returns its owner; NULL when none is. */
void *shelf_take_expired(struct shelf *s, int64_t now_ns);

/* How long until the next one is too old, 0 when one is; -1 when there are none. */
int64_t shelf_wait_ns(const struct shelf *s, int64_t now_ns);

#endif
