/* A batch as text, one line a point, for tests to compare: "name time start cpu memory". */
#ifndef TESTS_UNIT_SCRAPE_BATCH_TEXT_H
#define TESTS_UNIT_SCRAPE_BATCH_TEXT_H

#include <inttypes.h>

#include "base/buf.h"
#include "scrape/batch.h"

static inline void batch_text_point(struct buf *to, const struct usage_point *p)
{
    if (usage_point_is_set(p))
        buf_printf(to, " %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 "\n", p->time_ns, p->start_ns, p->cpu_ns,
                   p->memory_bytes);
    else
        buf_add_cstr(to, " -\n");
}

static inline void batch_text(struct buf *to, const struct batch *b)
{
    buf_add_cstr(to, "node");
    batch_text_point(to, &b->node);
    for (uint32_t i = 0; i < b->roster->container_count; i++) {
        const struct roster_container *container = &b->roster->containers[i];
        const struct roster_pod *pod = &b->roster->pods[container->pod];
        buf_printf(to, "%.*s/%.*s/%.*s", STR_ARG(pod->namespace), STR_ARG(pod->name), STR_ARG(container->name));
        batch_text_point(to, &b->points[i]);
    }
}

#endif
