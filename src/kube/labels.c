#include "kube/labels.h"

#include "base/alloc.h"

#define FEW 16 /* labels that are sorted in place */

const struct str *labels_get(struct labels l, struct str key)
{
    for (size_t i = l.count; i-- > 0;)
        if (str_eq(l.items[i].key, key))
            return &l.items[i].value;
    return NULL;
}

void labels_print(struct buf *to, struct labels l)
{
    for (size_t i = 0; i < l.count; i++) {
        if (i > 0)
            buf_add_char(to, ',');
        buf_add_str(to, l.items[i].key);
        buf_add_char(to, '=');
        buf_add_str(to, l.items[i].value);
    }
}

/* Sorts by insertion: what objects have. */
static void sort_few(struct label *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct label moved = items[i];
        size_t at = i;

        for (; at > 0 && str_cmp(items[at - 1].key, moved.key) > 0; at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
}

/* Merges the sorted runs [0, MIDDLE) and [MIDDLE, COUNT); equal keys keep their order. */
static void merge(struct label *items, size_t middle, size_t count, struct label *left)
{
    size_t from_left = 0, from_right = middle, to = 0;

    memcpy(left, items, middle * sizeof(*items));
    while (from_left < middle && from_right < count)
        if (str_cmp(left[from_left].key, items[from_right].key) <= 0)
            items[to++] = left[from_left++];
        else
            items[to++] = items[from_right++];
    memcpy(items + to, left + from_left, (middle - from_left) * sizeof(*items));
}

static void sort_many(struct label *items, size_t count, struct label *scratch)
{
    size_t middle = count / 2;

    if (count <= FEW) {
        sort_few(items, count);
        return;
    }
    sort_many(items, middle, scratch);
    sort_many(items + middle, count - middle, scratch);
    merge(items, middle, count, scratch);
}

size_t labels_sort(struct label *items, size_t count)
{
    size_t kept = 0;

    if (count <= FEW) {
        sort_few(items, count);
    } else {
        auto_free struct label *scratch = mem_alloc(count / 2 * sizeof(*items));

        sort_many(items, count, scratch);
    }
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || !str_eq(items[i].key, items[i + 1].key))
            items[kept++] = items[i];
    return kept;
}
