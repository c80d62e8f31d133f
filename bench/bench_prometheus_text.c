/*
 * How fast the decoder of Prometheus' text format reads a kubelet's body: a line per case, best of several rounds.
 * The body has the shape of a recent kubelet's /metrics/resource on a full node: HELP and TYPE lines, start times and
 * swap, samples sorted by label, figures with as many digits as real ones.
 */
#include "scrape/prometheus_text.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"

#include <assert.h>
#include <inttypes.h>

enum {
    ROUNDS = 15,
    ROUND_BYTES = 200 * 1000 * 1000,
};

struct shape {
    const char *name;
    int pods;
    int containers; /* in each pod */
    size_t chunk;   /* bytes at a time, as they come from a connection; 0: all at once */
    bool is_known;  /* the target was scraped before */
    const char *goal;
};

static const struct shape shapes[] = {
    {"110 pods x 2, whole body", 110, 2, 0, true, ">= 1000"},
    {"110 pods x 2, records of 16 KiB", 110, 2, 16384, true, ">= 1000"},
    {"110 pods x 2, first scrape", 110, 2, 16384, false, ""},
    {"500 pods x 3, records of 16 KiB", 500, 3, 16384, true, ">= 1000"},
};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void add_seconds(struct buf *b, uint64_t random)
{
    buf_printf(b, "%.9f", (double)random * 1e-6);
}

static void add_bytes(struct buf *b, uint64_t random)
{
    buf_printf(b, "%.10g", (double)(random % 1000000 * 4096));
}

static void add_start(struct buf *b, uint64_t random)
{
    buf_printf(b, "1.795445%010" PRIu64 "e+09", random);
}

static void add_zero(struct buf *b, uint64_t random)
{
    (void)random;
    buf_add_char(b, '0');
}

static void add_names(struct buf *b, int pod)
{
    static const char *const spaces[] = {"kube-system", "default", "payments-production", "monitoring"};

    buf_printf(b, "namespace=\"%s\",pod=\"checkout-frontend-%d-6d4cf56db6-x%04dz\"", spaces[pod % 4], pod % 7, pod);
}

static void add_family(struct buf *b, const char *name, const char *type)
{
    buf_printf(b, "# HELP %s [STABLE] Cumulative or current figure of what the name says\n# TYPE %s %s\n", name, name,
               type);
}

static void add_containers(struct buf *b, const struct shape *s, const char *family,
                           void (*add_figure)(struct buf *b, uint64_t random))
{
    uint64_t state = 42;

    for (int container = 0; container < s->containers; container++)
        for (int pod = 0; pod < s->pods; pod++) {
            buf_printf(b, "%s{container=\"%s-%d\",", family, container == 0 ? "application" : "istio-proxy", container);
            add_names(b, pod);
            buf_add_cstr(b, "} ");
            add_figure(b, next_random(&state));
            buf_printf(b, " %" PRIu64 "\n", UINT64_C(1795445860000) + next_random(&state) % 10000);
        }
}

static void add_pods(struct buf *b, const struct shape *s, const char *family,
                     void (*add_figure)(struct buf *b, uint64_t random))
{
    uint64_t state = 43;

    for (int pod = 0; pod < s->pods; pod++) {
        buf_printf(b, "%s{", family);
        add_names(b, pod);
        buf_add_cstr(b, "} ");
        add_figure(b, next_random(&state));
        buf_printf(b, " %" PRIu64 "\n", UINT64_C(1795445860000) + next_random(&state) % 10000);
    }
}

static void make_body(struct buf *b, const struct shape *s)
{
    add_family(b, "container_cpu_usage_seconds_total", "counter");
    add_containers(b, s, "container_cpu_usage_seconds_total", add_seconds);
    add_family(b, "container_memory_working_set_bytes", "gauge");
    add_containers(b, s, "container_memory_working_set_bytes", add_bytes);
    add_family(b, "container_start_time_seconds", "gauge");
    add_containers(b, s, "container_start_time_seconds", add_start);
    add_family(b, "container_swap_usage_bytes", "gauge");
    add_containers(b, s, "container_swap_usage_bytes", add_zero);
    add_family(b, "node_cpu_usage_seconds_total", "counter");
    buf_add_cstr(b, "node_cpu_usage_seconds_total 1231.622058013 1795445861779\n");
    add_family(b, "node_memory_working_set_bytes", "gauge");
    buf_add_cstr(b, "node_memory_working_set_bytes 2.444644352e+09 1795445861779\n");
    add_family(b, "pod_cpu_usage_seconds_total", "counter");
    add_pods(b, s, "pod_cpu_usage_seconds_total", add_seconds);
    add_family(b, "pod_memory_working_set_bytes", "gauge");
    add_pods(b, s, "pod_memory_working_set_bytes", add_bytes);
    add_family(b, "pod_swap_usage_bytes", "gauge");
    add_pods(b, s, "pod_swap_usage_bytes", add_zero);
    add_family(b, "resource_scrape_error", "gauge");
    buf_add_cstr(b, "resource_scrape_error 0\n");
}

static struct batch *decode(struct str body, size_t chunk, struct roster *previous)
{
    struct batch_builder builder;
    auto_error struct error err = {0};
    bool is_good = true;

    batch_builder_init(&builder, previous);
    struct prometheus_text *decoder = prometheus_text_new(&builder, 1);
    for (; is_good && body.len > 0; body = str_skip(body, chunk))
        is_good = prometheus_text_feed(decoder, str_head(body, chunk), &err);
    is_good = is_good && prometheus_text_finish(decoder, &err);
    if (!is_good)
        fprintf(stderr, "%s\n", error_text(&err));
    assert(is_good);
    prometheus_text_free(decoder);
    return batch_builder_finish(&builder);
}

static void run(const struct shape *s)
{
    auto_buf struct buf body = {0};
    int64_t best_ns = INT64_MAX;

    make_body(&body, s);
    size_t chunk = s->chunk != 0 ? s->chunk : body.len;
    struct batch *previous = decode(buf_str(&body), chunk, NULL);
    int repeats = (int)(ROUND_BYTES / ROUNDS / body.len) + 1;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start_ns = clock_mono_ns();
        for (int i = 0; i < repeats; i++)
            batch_free(decode(buf_str(&body), chunk, s->is_known ? previous->roster : NULL));
        int64_t took_ns = clock_mono_ns() - start_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    double ns = (double)best_ns / repeats;
    printf("decoder: %-35s %14.0f %-8s %s\n", s->name, (double)body.len / ns * 1e3, "MB/s", s->goal);
    batch_free(previous);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        run(&shapes[i]);
    return 0;
}
