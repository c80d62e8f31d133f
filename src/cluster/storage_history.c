#include "cluster/storage_history.h"

#include "base/alloc.h"

static size_t event_bytes(const struct past_event *e)
{
    return sizeof(*e) + sizeof(struct object) + e->object->json.len;
}

struct past_event *storage_history_event(const struct storage_history *h, uint64_t number)
{
    return &h->events[number % h->capacity];
}

static void forget_oldest(struct storage_history *h)
{
    struct past_event *e = storage_history_event(h, h->first++);
    h->bytes -= event_bytes(e);
    h->floor_version = e->object->version;
    object_unref(e->object);
    object_unref(e->previous);
}

static void grow(struct storage_history *h)
{
    size_t capacity = h->capacity == 0 ? 16 : h->capacity * 2;
    struct past_event *events = mem_alloc(capacity * sizeof(*events));
    for (uint64_t n = h->first; n < h->end; n++)
        events[n % capacity] = *storage_history_event(h, n);
    free(h->events);
    h->events = events;
    h->capacity = capacity;
}

void storage_history_add(struct storage_history *h, struct past_event e, size_t max_bytes)
{
    if (h->end - h->first == h->capacity)
        grow(h);
    h->events[h->end++ % h->capacity] = e;
    h->bytes += event_bytes(&e);
    /* The newest stays however large it is: those who wait for it are about to read it. */
    while (h->bytes > max_bytes && h->end - h->first > 1)
        forget_oldest(h);
}

uint64_t storage_history_place(const struct storage_history *h, uint64_t version)
{
    uint64_t low = h->first, high = h->end;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (storage_history_event(h, middle)->object->version <= version)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void storage_history_free(struct storage_history *h)
{
    while (h->first < h->end)
        forget_oldest(h);
    free(h->events);
    *h = (struct storage_history){0};
}
