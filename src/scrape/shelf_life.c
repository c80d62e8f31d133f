#include "scrape/shelf_life.h"

#include <stddef.h>

void shelf_remove(struct shelf *s, struct shelf_entry *e)
{
    if (!e->is_listed)
        return;
    if (e->older != NULL)
        e->older->newer = e->newer;
    else
        s->oldest = e->newer;
    if (e->newer != NULL)
        e->newer->older = e->older;
    else
        s->newest = e->older;
    *e = (struct shelf_entry){0};
}

void shelf_note(struct shelf *s, struct shelf_entry *e, void *owner, int64_t now_ns)
{
    shelf_remove(s, e);
    *e = (struct shelf_entry){.older = s->newest, .owner = owner, .heard_ns = now_ns, .is_listed = true};
    if (s->newest != NULL)
        s->newest->newer = e;
    else
        s->oldest = e;
    s->newest = e;
}

int64_t shelf_wait_ns(const struct shelf *s, int64_t now_ns)
{
    if (s->oldest == NULL)
        return -1;
    int64_t wait_ns = s->oldest->heard_ns + s->life_ns - now_ns;
    return wait_ns > 0 ? wait_ns : 0;
}

void *shelf_take_expired(struct shelf *s, int64_t now_ns)
{
    if (shelf_wait_ns(s, now_ns) != 0)
        return NULL;
    void *owner = s->oldest->owner;
    shelf_remove(s, s->oldest);
    return owner;
}
