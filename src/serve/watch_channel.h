/*
 * Channels: what watchers share that ask for the same (serve/watch.h). A channel is matched, encoded and filled here;
 * who reads it is the hub's business.
 */
#ifndef SERVE_WATCH_CHANNEL_H
#define SERVE_WATCH_CHANNEL_H

#include "base/map.h"
#include "serve/ledger.h"
#include "serve/list_options.h"
#include "serve/watch_form.h"

struct watcher;

/* A form that channels need, and the object that was last encoded in it. */
struct watch_encoding {
    struct watch_encoding *next;
    struct watch_form form;
    unsigned channels;
    uint64_t version;                    /* of the change whose object is in BYTES; 0: none */
    const struct catalog_object *object; /* and whether it was as before or as now */
    struct buf bytes;
};

struct watch_channel {
    struct watch_channel *previous, *next; /* of the hub's */
    struct watch_encoding *encoding;
    struct arena arena; /* holds the channel's strings and selectors; and itself */
    struct str key;
    struct str namespace;
    struct selector labels, fields;
    struct watcher *watchers; /* the hub's */
    bool is_busy;             /* the hub walks over them: not to be given back */
    struct buf pending;       /* events that its live watchers haven't been sent */
    uint64_t sent_version;    /* what they have been sent is all up to here */
};

/* Zeroed: empty and ready. */
struct watch_channels {
    struct map by_key;
    struct watch_channel *first;
    struct watch_encoding *encodings;
};

/* The channel for FORM and OPTIONS in NAMESPACE; a new one when there is none yet. */
struct watch_channel *watch_channels_get(struct watch_channels *c, const struct watch_form *form, struct str namespace,
                                         const struct list_options *options);

/* Gives back a channel without watchers. */
void watch_channels_drop(struct watch_channels *c, struct watch_channel *channel);

/* What CHANGE is to CHANNEL: "ADDED", "MODIFIED", "DELETED"; NULL: nothing. */
const char *watch_channel_select(const struct watch_channel *channel, const struct ledger_change *change);

/* Appends CHANGE, which is TYPE to CHANNEL. NOW_UNIX_NS: the object's creationTimestamp. */
void watch_channel_print(const struct watch_channel *channel, struct buf *to, const struct ledger_change *change,
                         const char *type, bool has_columns, int64_t now_unix_ns);

/* Adds CHANGE to all channels that select it. True when there is one. */
bool watch_channels_tell(struct watch_channels *c, const struct ledger_change *change, int64_t now_unix_ns);

#endif
