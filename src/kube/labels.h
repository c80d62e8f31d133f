/*
 * Labels, annotations and other string maps of an object, to look at: pairs in the order in which the object has them.
 * The bytes and the array belong to whoever made the view (mostly an arena). Lookups are linear: objects have few. Safe
 * from any thread.
 */
#ifndef KUBE_LABELS_H
#define KUBE_LABELS_H

#include "base/buf.h"

struct label {
    struct str key;
    struct str value;
};

struct labels {
    const struct label *items; /* borrowed; NULL when count is 0 */
    size_t count;
};

/* The value of KEY, or NULL when it isn't there. Of a key given twice the last counts, as in JSON decoded by Go. */
const struct str *labels_get(struct labels l, struct str key);

/* Appends "a=b,c=d" in the order of the pairs; "" for none. */
void labels_print(struct buf *to, struct labels l);

/*
 * Sorts ITEMS by key, which is the order of Kubernetes' own encoders. Of equal keys only the last stays: returns the
 * new count. Allocates for more than sixteen.
 */
size_t labels_sort(struct label *items, size_t count);

#endif
