/*
 * Which objects of a resource are known, and in which version: namespace/name -> resourceVersion, some hundred bytes
 * each. A list is compared with it in rounds: object_index_begin, object_index_put for each item, then
 * object_index_sweep takes out what the list didn't have. A zeroed struct is empty. Owner: a reflector.
 */
#ifndef KUBE_OBJECT_INDEX_H
#define KUBE_OBJECT_INDEX_H

#include "base/map.h"

/* One object; owned by the index, or by the caller once it was taken out (then free it by object_entry_free). */
struct object_entry;

struct object_index {
    struct map entries;
    uint32_t round;
};

enum object_news {
    OBJECT_NEW,
    OBJECT_CHANGED,   /* it was there in another version */
    OBJECT_UNCHANGED, /* it was there in this version */
};

/* Notes the object in this version, as seen in this round. */
enum object_news object_index_put(struct object_index *index, struct str ns, struct str name, struct str version);

/* Takes the object out; NULL when it isn't there. */
struct object_entry *object_index_take(struct object_index *index, struct str ns, struct str name);

/* Starts a round: nothing is seen yet. */
void object_index_begin(struct object_index *index);

/*
 * Takes out all that wasn't put since object_index_begin, as an array (free it, and each entry) of *COUNT; NULL when
 * that is 0.
 */
struct object_entry **object_index_sweep(struct object_index *index, size_t *count);

size_t object_index_count(const struct object_index *index);
void object_index_free(struct object_index *index);

struct str object_entry_ns(const struct object_entry *e);
struct str object_entry_name(const struct object_entry *e);
struct str object_entry_version(const struct object_entry *e);
void object_entry_free(struct object_entry *e);

#endif
