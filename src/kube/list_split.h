/*
 * Splits a Kubernetes list, {"kind":"PodList","metadata":{...},"items":[{...},{...}]}, into its items while its bytes
 * arrive, in pieces of any size. Each item is handed over whole; what is around them (the envelope) is kept, with an
 * empty items array, and can be read at the end. Memory is the largest item, not the list.
 *
 *     feed, feed, ... feed -> on_item for each -> finish -> envelope
 *
 * Structure is checked here: brackets that match, at most LIST_SPLIT_MAX_DEPTH levels, strings that end, commas between
 * items, nothing after the end. What is inside of an item is its reader's to check, as is the envelope. A zeroed struct
 * with its first part filled in is ready. Owner: one; one thread.
 */
#ifndef KUBE_LIST_SPLIT_H
#define KUBE_LIST_SPLIT_H

#include "base/buf.h"
#include "base/error.h"

#define LIST_SPLIT_MAX_DEPTH 512
#define LIST_SPLIT_MAX_ENVELOPE_BYTES ((size_t)1 << 20)

struct list_split {
    /* filled in by the owner */
    size_t max_item_bytes;
    void *owner;
    /* ITEM is valid during the call. False: stop; list_split_feed returns false then, without an error. */
    bool (*on_item)(void *owner, struct str item);
    /* An item was larger than max_item_bytes and is left out. Returns as on_item. */
    bool (*on_large_item)(void *owner);

    /* the splitter's own */
    struct buf item;     /* of an item that began in an earlier piece */
    struct buf envelope; /* everything but the items */
    unsigned depth;
    bool is_stopped; /* by an error, or by on_item */
    bool is_in_string;
    bool is_escaped;  /* the next byte of the string */
    bool is_done;     /* the list's last brace was read */
    bool is_in_items; /* at the level between the items, or inside of one */
    bool is_in_item;
    bool is_item_large;
    bool is_item_due;                           /* a comma was read: an item must follow */
    bool is_item_read;                          /* an item was read: a comma or the end must follow */
    bool is_key;                                /* at the outermost level: the next string is a member's name */
    bool is_items_key;                          /* the name read last is "items" */
    size_t key_start;                           /* in the envelope, of the string being read there */
    uint8_t brackets[LIST_SPLIT_MAX_DEPTH / 8]; /* a bit a level: 1 for [, 0 for { */
};

/* Takes the next piece. False: the list is malformed (ERR says at what) or on_item said stop; nothing may follow. */
bool list_split_feed(struct list_split *s, struct str piece, struct error *err);

/* No more pieces: false when the list isn't whole. */
bool list_split_finish(struct list_split *s, struct error *err);

/* After list_split_finish: the list without its items. Borrowed. */
struct str list_split_envelope(const struct list_split *s);

void list_split_free(struct list_split *s);

#endif
