#include "scrape/batch.h"

#include "base/alloc.h"

struct roster *roster_ref(struct roster *r)
{
    r->references++;
    return r;
}

void roster_unref(struct roster *r)
{
    if (r != NULL && --r->references == 0)
        free(r);
}

const struct roster_pod *roster_find_pod(const struct roster *r, struct str namespace, struct str name)
{
    uint32_t low = 0;
    uint32_t high = r->pod_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct roster_pod *pod = &r->pods[middle];
        int order = str_cmp(namespace, pod->namespace);
        if (order == 0)
            order = str_cmp(name, pod->name);
        if (order == 0)
            return pod;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void batch_free(struct batch *b)
{
    if (b == NULL)
        return;
    roster_unref(b->roster);
    free(b);
}
