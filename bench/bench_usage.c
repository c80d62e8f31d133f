/* What it costs to put a node's batch into the store: of a node whose containers stay, and of one where a pod came. */
#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "scrape/batch_builder.h"
#include "store/usage.h"

enum {
    PODS = 110,
    CONTAINERS = 3, /* a pod */
    ROUNDS = 5,
    PUTS = 4000,
};

/* The batch of scrape NUMBER, fifteen seconds after the one before. */
static struct batch *make_batch(struct roster *previous, uint64_t number, unsigned pods)
{
    struct batch_builder b;
    const struct usage_point point = {.time_ns = (int64_t)(1000 + number * 15) * NS_PER_S,
                                      .start_ns = NS_PER_S,
                                      .cpu_ns = 1 + number * 1000000,
                                      .memory_bytes = 1 << 20};

    batch_builder_init(&b, previous);
    b.node = point;
    for (unsigned p = 0; p < pods; p++) {
        for (unsigned c = 0; c < CONTAINERS; c++) {
            auto_buf struct buf pod = {0}, container = {0};
            buf_printf(&pod, "pod-%04u", p);
            buf_printf(&container, "container-%u", c);
            struct usage_point *to = batch_builder_take(&b, (struct container_names){.container = buf_str(&container),
                                                                                     .pod = buf_str(&pod),
                                                                                     .namespace = STR("default")});
            assert(to != NULL);
            *to = point;
        }
    }
    struct batch *batch = batch_builder_finish(&b);
    batch->came_ns = point.time_ns;
    return batch;
}

static void run(const char *name, bool is_changing)
{
    int64_t best_ns = INT64_MAX;

    for (int round = 0; round < ROUNDS; round++) {
        struct usage_store *s = usage_store_new(15 * NS_PER_S);
        struct roster *roster = NULL;
        int64_t took_ns = 0;
        for (uint64_t i = 0; i < PUTS; i++) {
            struct batch *batch = make_batch(roster, i, PODS - (is_changing && i % 2 == 1));
            roster_unref(roster);
            roster = roster_ref(batch->roster);
            int64_t start_ns = clock_mono_ns();
            usage_store_put(s, STR("node"), batch);
            took_ns += clock_mono_ns() - start_ns;
        }
        roster_unref(roster);
        usage_store_free(s);
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    printf("store: %-37s %14.1f %-8s\n", name, (double)best_ns / PUTS / (PODS * CONTAINERS), "ns/cont.");
}

int main(void)
{
    run("batch of the same containers", false);
    run("batch with other containers", true);
    return 0;
}
