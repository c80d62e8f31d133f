#include "store/usage.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/duration.h"
#include "scrape/batch_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOON_NS (INT64_C(1769860800) * NS_PER_S) /* 2026-01-31T12:00:00Z */

enum {
    MAX_STEPS = 6,
};

/* Seconds with decimals as nanoseconds, exactly. */
static int64_t to_ns(struct str seconds)
{
    struct str whole, fraction;
    int64_t ns = 0;
    uint64_t value = 0;
    bool is_negative = seconds.len > 0 && seconds.ptr[0] == '-';

    str_cut(str_skip(seconds, is_negative), '.', &whole, &fraction);
    assert_true(str_to_u64(whole, &value));
    ns = (int64_t)value * NS_PER_S;
    for (size_t i = 0, unit = (size_t)NS_PER_S / 10; i < fraction.len; i++, unit /= 10)
        ns += (fraction.ptr[i] - '0') * (int64_t)unit;
    return is_negative ? -ns : ns;
}

static struct str word(struct str *line)
{
    struct str first;

    str_cut(*line, ' ', &first, line);
    return first;
}

/* "time cpu memory" or "time cpu memory start": seconds past noon, seconds, bytes; a start of "-" isn't known. */
static struct usage_point parse_point(struct str line)
{
    struct usage_point p = {.time_ns = NOON_NS + to_ns(word(&line)), .cpu_ns = (uint64_t)to_ns(word(&line))};
    assert_true(str_to_u64(word(&line), &p.memory_bytes));
    p.start_ns = line.len > 0 ? NOON_NS + to_ns(line) : 0;
    return p;
}

/* Lines of "node POINT" and "namespace/pod/container POINT"; "came S" at the end: when the batch came. */
static struct batch *parse_batch(struct str text, struct roster *previous)
{
    struct batch_builder b;
    struct str line;
    int64_t came_ns = 0;

    batch_builder_init(&b, previous);
    while (text.len > 0) {
        str_cut(text, '\n', &line, &text);
        struct str what = word(&line);
        if (str_eq(what, STR("came"))) {
            came_ns = 1000 * NS_PER_S + to_ns(line);
            continue;
        }
        struct usage_point point = parse_point(line);
        struct container_names names;
        if (!str_cut(what, '/', &names.namespace, &what)) {
            b.node = point;
            continue;
        }
        str_cut(what, '/', &names.pod, &names.container);
        *batch_builder_take(&b, names) = point;
    }
    struct batch *batch = batch_builder_finish(&b);
    batch->came_ns = came_ns;
    return batch;
}

static void print_since_noon(struct buf *to, int64_t time_ns)
{
    if (time_ns == 0) {
        buf_add_cstr(to, " null ");
        return;
    }
    buf_add_char(to, ' ');
    duration_print(to, time_ns - NOON_NS);
    buf_add_char(to, ' ');
}

/* "node TIME WINDOW CPU MEMORY; n/p TIME WINDOW c=CPU,MEMORY", of what has usage. */
static void print_usage(struct buf *to, const struct usage_store *s)
{
    struct usage usage;
    struct pod_usage pod = {0};
    static const char *const pods[] = {"p", "q"};

    if (usage_store_node(s, STR("a"), &usage)) {
        buf_add_cstr(to, "node");
        print_since_noon(to, usage.time_ns);
        duration_print(to, usage.window_ns);
        buf_printf(to, " %llu %llu; ", (unsigned long long)usage.cpu_nanocores, (unsigned long long)usage.memory_bytes);
    }
    for (size_t i = 0; i < 2; i++) {
        if (!usage_store_pod(s, STR("a"), STR("n"), str_of(pods[i]), &pod))
            continue;
        buf_printf(to, "n/%s", pods[i]);
        print_since_noon(to, pod.time_ns);
        duration_print(to, pod.window_ns);
        for (size_t c = 0; c < pod.count; c++)
            buf_printf(to, " %.*s=%llu,%llu", STR_ARG(pod.containers[c].name),
                       (unsigned long long)pod.containers[c].cpu_nanocores,
                       (unsigned long long)pod.containers[c].memory_bytes);
        buf_add_cstr(to, "; ");
    }
    pod_usage_free(&pod);
}

static const struct {
    const char *name;
    const char *steps[MAX_STEPS]; /* batches; "drop" forgets the node; one put before the next begins with "before\n" */
    const char *expected;         /* after the last step */
} cases[] = {
    {"nothing", {NULL}, ""},
    {"one point", {"node 0 10 5"}, ""},
    {"worked example",
     {"node 0 10.000000000 5", "node 15 12.500000001 104857600"},
     "node 15s 15s 166666666 104857600; "},
    {"the same of a container",
     {"n/p/c 0 10 5", "n/p/c 15 12.500000001 104857600"},
     "n/p 15s 15s c=166666666,104857600; "},
    {"fresh: 12 s old, one point is enough", {"n/p/c 15 0.6 7 3"}, "n/p 15s 12s c=50000000,7; "},
    {"fresh: 10 s old", {"n/p/c 15 0.5 7 5"}, "n/p 15s 10s c=50000000,7; "},
    {"9 s old: not yet", {"n/p/c 15 0.6 7 6"}, ""},
    {"9 s old: the next scrape", {"n/p/c 15 0.6 7 6", "n/p/c 30 1.2 7 6"}, "n/p 30s 15s c=40000000,7; "},
    {"15 s old is the resolution: not fresh", {"n/p/c 15 0.6 7 0"}, ""},
    {"20 s old", {"n/p/c 15 0.6 7 -5"}, ""},
    {"20 s old: the next scrape", {"n/p/c 15 0.6 7 -5", "n/p/c 30 1.2 7 -5"}, "n/p 30s 15s c=40000000,7; "},
    {"fresh again while it has a last point", {"n/p/c 12 0.6 7 0", "n/p/c 14 1.4 7 0"}, "n/p 14s 14s c=100000000,7; "},
    {"start is a float second", {"n/p/c 15 0.6 7 2.654321152"}, "n/p 15s 12.345678848s c=48600000,7; "},
    {"restart, 5 s ago", {"n/p/c 0 9 7 -60", "n/p/c 15 0.5 7 10"}, ""},
    {"restart, 12 s ago", {"n/p/c 0 9 7 -60", "n/p/c 15 0.6 7 3"}, "n/p 15s 12s c=50000000,7; "},
    {"restart, one container of two", {"n/p/c 0 9 7 -60\nn/p/d 0 9 7 -60", "n/p/c 15 0.5 7 10\nn/p/d 15 10 7 -60"}, ""},
    {"restart at the last point", {"n/p/c 0 9 7 -60", "n/p/c 5 9.5 7 0"}, ""},
    {"same sample twice",
     {"node 0 10 5\nn/p/c 0 10 5", "node 15 25 5\nn/p/c 15 25 5", "node 15 25 5\nn/p/c 15 25 5"},
     "node 15s 15s 1000000000 5; n/p 15s 15s c=1000000000,5; "},
    {"same sample at once", {"node 0 10 5\nn/p/c 0 10 5", "node 0 10 5\nn/p/c 0 10 5"}, ""},
    {"same sample at once, then a new one",
     {"node 0 10 5", "node 0 10 5", "node 1 10.5 5"},
     "node 1s 1s 500000000 5; "},
    {"same sample three times",
     {"node 0 10 5", "node 15 25 5", "node 15 25 5", "node 15 25 5", "node 20 26 5"},
     "node 20s 5s 200000000 5; "},
    {"older sample, newer than the one before",
     {"node 0 10 5", "node 15 25 5", "node 14 24 5"},
     "node 14s 14s 1000000000 5; "},
    {"older sample, oldest of all", {"node 0 10 5", "node 15 25 5", "node -1 9 5"}, ""},
    {"node booted", {"node 0 10 5", "node 15 3 5"}, ""},
    {"node booted: the next scrape", {"node 0 10 5", "node 15 3 5", "node 30 18 5"}, "node 30s 15s 1000000000 5; "},
    {"counter of a container decreased",
     {"n/p/c 0 10 5\nn/p/d 0 10 5", "n/p/c 15 3 5\nn/p/d 16 26 5"},
     "n/p 16s 16s d=1000000000,5; "},
    {"counters of all containers decreased", {"n/p/c 0 10 5", "n/p/c 15 3 5"}, "n/p null 0s; "},
    {"start went back", {"n/p/c 0 10 5 -50", "n/p/c 15 11 5 -60"}, "n/p null 0s; "},
    {"earliest container gives time and window",
     {"n/p/c 0 1 5\nn/p/d -0.1 1 5", "n/p/c 14.9 2.49 5\nn/p/d 15.1 2.52 5"},
     "n/p 14.9s 14.9s c=100000000,5 d=100000000,5; "},
    {"missing from one batch is forgotten",
     {"node 0 1 5\nn/p/c 0 1 5", "node 15 2 5", "node 30 3 5\nn/p/c 30 3 5"},
     "node 30s 15s 66666666 5; "},
    {"a new container in the pod", {"n/p/c 0 1 5", "n/p/c 15 2.5 5\nn/p/d 15 2.5 5 14"}, ""},
    {"a container left the pod", {"n/p/c 0 1 5\nn/p/d 0 1 5", "n/p/d 15 2.5 5"}, "n/p 15s 15s d=100000000,5; "},
    {"another pod came", {"n/q/c 0 1 5", "n/p/c 15 2.5 5\nn/q/c 15 2.5 5"}, "n/q 15s 15s c=100000000,5; "},
    {"another pod went", {"n/p/c 0 1 5\nn/q/c 0 1 5", "n/q/c 15 2.5 5"}, "n/q 15s 15s c=100000000,5; "},
    {"a pod came, the same sample stays",
     {"n/q/c 0 1 5", "n/q/c 15 2.5 5", "n/p/c 15 2.5 5\nn/q/c 15 2.5 5"},
     "n/q 15s 15s c=100000000,5; "},
    {"incomplete once: two more scrapes", {"n/p/c 0 1 5", "n/p/c 15 0 5", "n/p/c 30 2.5 5"}, ""},
    {"node without figures once",
     {"node 0 1 5\nn/p/c 0 1 5", "n/p/c 15 2.5 5", "node 30 2 5\nn/p/c 30 4 5"},
     "n/p 30s 15s c=100000000,5; "},
    {"a scrape failed between: usage over the longer window",
     {"node 0 10 5\nn/p/c 0 10 5", "node 15 25 5\nn/p/c 15 11 5", "node 45 55 5\nn/p/c 45 14 5"},
     "node 45s 30s 1000000000 5; n/p 45s 30s c=100000000,5; "},
    {"too old, dropped: all is forgotten", {"node 0 1 5\nn/p/c 0 1 5", "node 15 2 5\nn/p/c 15 2 5", "drop"}, ""},
    {"one good scrape after it", {"node 0 1 5\nn/p/c 0 1 5", "drop", "node 30 2 5\nn/p/c 30 2 5"}, ""},
    {"two good scrapes after it", {"node 0 1 5", "drop", "node 30 2 5", "node 45 3.5 5"}, "node 45s 15s 100000000 5; "},
    /* clocks: the samples' against the one by which they came */
    {"clock goes on", {"node 0 10 5\ncame 2", "node 15 25 5\ncame 17"}, "node 15s 15s 1000000000 5; "},
    {"set forward by an hour: figures stay",
     {"node 0 10 5\nn/p/c 0 10 5\ncame 2", "node 15 25 5\nn/p/c 15 13 5\ncame 17",
      "node 3630 40 5\nn/p/c 3630 16 5\ncame 32"},
     "node 15s 15s 1000000000 5; n/p 15s 15s c=200000000,5; "},
    {"set forward: the same sample again",
     {"node 0 10 5\ncame 2", "node 15 25 5\ncame 17", "node 3630 40 5\ncame 32", "node 3630 40 5\ncame 33"},
     "node 15s 15s 1000000000 5; "},
    {"set forward: the next sample",
     {"node 0 10 5\nn/p/c 0 10 5\ncame 2", "node 15 25 5\nn/p/c 15 13 5\ncame 17",
      "node 3630 40 5\nn/p/c 3630 16 5\ncame 32", "node 3630 40 5\nn/p/c 3630 16 5\ncame 33",
      "node 3640 45 5\nn/p/c 3640 18 5\ncame 42"},
     "node 1h0m40s 10s 500000000 5; n/p 1h0m40s 10s c=200000000,5; "},
    {"set back by an hour: figures stay",
     {"node 0 10 5\ncame 2", "node 15 25 5\ncame 17", "node -3570 40 5\ncame 32"},
     "node 15s 15s 1000000000 5; "},
    {"set back: the next sample, of containers that have started in between",
     {"node 0 10 5\nn/p/c 0 10 5 -600\ncame 2", "node 15 25 5\nn/p/c 15 13 5 -600\ncame 17",
      "node -3570 40 5\nn/p/c -3570 16 5 -600\ncame 32", "node -3560 45 5\nn/p/c -3560 18 5 -600\ncame 42"},
     "node -59m20s 10s 500000000 5; n/p -59m20s 10s c=200000000,5; "},
    {"set back by less than a window",
     {"node 0 10 5\ncame 2", "node 60 70 5\ncame 62", "node 85 130 5\ncame 122"},
     "node 1m0s 1m0s 1000000000 5; "},
    {"set again while it waits",
     {"node 0 10 5\ncame 2", "node 15 25 5\ncame 17", "node 3630 40 5\ncame 32", "node 33 43 5\ncame 35",
      "node 43 48 5\ncame 45"},
     "node 43s 10s 500000000 5; "},
    {"set, and no sample after it for too long",
     {"node 0 10 5\ncame 2", "node 15 25 5\ncame 17", "node 3630 40 5\ncame 32", "node 3630 40 5\ncame 62",
      "node 3630 40 5\ncame 63"},
     ""},
    {"set before there was any usage", {"node 0 10 5\ncame 2", "node 3615 25 5\ncame 17"}, ""},
    {"set before there was any usage: the next sample",
     {"node 0 10 5\ncame 2", "node 3615 25 5\ncame 17", "node 3625 30 5\ncame 27"},
     "node 1h0m25s 10s 500000000 5; "},
    {"set while the node's sample was older than the container's",
     {"node 0 10 5\nn/p/c 0 10 5\ncame 2", "node 15 25 5\nn/p/c 15 13 5\ncame 17",
      "node 29 39 5\nn/p/c 3630 16 5\ncame 32"},
     "node 15s 15s 1000000000 5; n/p 15s 15s c=200000000,5; "},
    {"a kubelet that stood still for an hour",
     {"node 0 10 5\ncame 2", "node 15 25 5\ncame 17", "node 15 25 5\ncame 3000", "node 3630 3640 5\ncame 3632"},
     "node 1h0m30s 1h0m15s 1000000000 5; "},
    {"a sample that is late",
     {"node 0 10 5\ncame 2", "node 15 25 5\ncame 17", "node 30 40 5\ncame 61"},
     "node 30s 15s 1000000000 5; "},
    {"figures of the node are missing: containers are looked at",
     {"n/p/c 0 10 5\ncame 2", "n/p/c 15 13 5\ncame 17", "n/p/c 3630 16 5\ncame 32"},
     "n/p 15s 15s c=200000000,5; "},
    {"one scrape and the kubelet's own rates",
     {"before\nnode 5 8 5\nn/p/c 5 9.5 5 -60", "node 15 10 5\nn/p/c 15 10 5 -60"},
     "node 15s 10s 200000000 5; n/p 15s 10s c=50000000,5; "},
    {"those alone", {"before\nnode 5 8 5\nn/p/c 5 9.5 5 -7"}, ""},
    {"a rate for the node alone",
     {"before\nnode 5 8 5", "node 15 10 5\nn/p/c 15 10 5 -60"},
     "node 15s 10s 200000000 5; "},
    {"the same sample after it", {"before\nnode 5 8 5", "node 15 10 5", "node 15 10 5"}, "node 15s 10s 200000000 5; "},
    {"another sample after it", {"before\nnode 5 8 5", "node 15 10 5", "node 25 15 5"}, "node 25s 10s 500000000 5; "},
    {"rates come too late",
     {"node 0 10 5", "node 15 25 5", "before\nnode 5 1 5", "node 30 55 5"},
     "node 30s 15s 2000000000 5; "},
    {"times at both ends of time", {"node -9223372036 1 5", "node 7453511236 2 5"}, ""},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int shares_roster = 0; shares_roster < 2; shares_roster++) {
            struct usage_store *s = usage_store_new(15 * NS_PER_S);
            auto_buf struct buf text = {0};
            struct roster *roster = NULL;
            for (size_t step = 0; step < MAX_STEPS && cases[i].steps[step] != NULL; step++) {
                if (strcmp(cases[i].steps[step], "drop") == 0) {
                    usage_store_drop(s, STR("a"));
                    continue;
                }
                struct str text_of_step = str_of(cases[i].steps[step]);
                bool is_before = str_starts_with(text_of_step, STR("before\n"));
                struct batch *batch = parse_batch(str_skip(text_of_step, is_before ? strlen("before\n") : 0), roster);
                roster_unref(roster);
                roster = shares_roster != 0 ? roster_ref(batch->roster) : NULL;
                if (is_before)
                    usage_store_put_before(s, STR("a"), batch);
                else
                    usage_store_put(s, STR("a"), batch);
            }
            roster_unref(roster);
            print_usage(&text, s);
            if (strcmp(buf_cstr(&text), cases[i].expected) != 0)
                fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, buf_cstr(&text), cases[i].expected);
            usage_store_free(s);
        }
    }
}

/* Of containers' first points, by the resolution. */
static void test_fresh_with_other_resolutions(void **state)
{
    static const struct {
        const char *name;
        int64_t resolution_s;
        const char *first;
        const char *second; /* NULL: none */
        const char *expected;
    } fresh[] = {
        {"1 s: 9 s old", 1, "n/p/c 0 0.6 7 -9", NULL, ""},
        {"1 s: 10 s old", 1, "n/p/c 0 0.5 7 -10", NULL, "n/p 0s 10s c=50000000,7; "},
        {"1 s: 15 s old", 1, "n/p/c 0 0.5 7 -15", NULL, ""},
        {"1 s: a last point counts before the start", 1, "n/p/c 0 0.5 7 -10", "n/p/c 2 2.5 7 -10",
         "n/p 2s 2s c=1000000000,7; "},
        {"1 s: restarted", 1, "n/p/c 0 0.5 7 -60", "n/p/c 13 0.5 7 2", "n/p 13s 11s c=45454545,7; "},
        {"10 s: 12 s old", 10, "n/p/c 0 0.6 7 -12", NULL, "n/p 0s 12s c=50000000,7; "},
        {"60 s: 50 s old", 60, "n/p/c 0 0.5 7 -50", NULL, "n/p 0s 50s c=10000000,7; "},
        {"60 s: 60 s old", 60, "n/p/c 0 0.5 7 -60", NULL, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++) {
        struct usage_store *s = usage_store_new(fresh[i].resolution_s * NS_PER_S);
        auto_buf struct buf text = {0};
        usage_store_put(s, STR("a"), parse_batch(str_of(fresh[i].first), NULL));
        if (fresh[i].second != NULL)
            usage_store_put(s, STR("a"), parse_batch(str_of(fresh[i].second), NULL));
        print_usage(&text, s);
        if (strcmp(buf_cstr(&text), fresh[i].expected) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", fresh[i].name, buf_cstr(&text), fresh[i].expected);
        usage_store_free(s);
    }
}

static void test_counts_and_progress(void **state)
{
    static const struct {
        const char *node;
        const char *batch;
        enum usage_progress progress;
        struct usage_counts counts;
    } steps[] = {
        {"a", "node 0 1 5\nn/p/c 0 1 5\nn/q/c 0 1 5\nn/q/d 0 1 5", USAGE_FIRST, {0, 0, 0}},
        {"a", "node 0 1 5\nn/p/c 0 1 5\nn/q/c 0 1 5\nn/q/d 0 1 5", USAGE_FIRST, {0, 0, 0}},
        {"a", "node 1 2 5\nn/p/c 1 2 5\nn/q/c 1 2 5\nn/q/d 0 1 5", USAGE_FIRST, {1, 2, 2}}, /* not all */
        {"b", "node 0 1 5\nn/r/c 0 1 5", USAGE_FIRST, {1, 2, 2}},
        {"b", "node 1 2 5\nn/r/c 1 2 5", USAGE_NEW, {2, 3, 3}},
        {"a", "node 1 2 5\nn/p/c 1 2 5", USAGE_SAME, {2, 2, 2}},
        {"b", NULL, USAGE_FIRST, {1, 1, 1}},
        {"b", NULL, USAGE_FIRST, {1, 1, 1}},
        {"a", "n/p/c 2 3 5", USAGE_FIRST, {0, 1, 1}},
        {"a", "node 3 4 5\nn/p/c 2 3 5", USAGE_FIRST, {0, 1, 1}},
        {"a", "node 4 5 5\nn/s/c 2 3 5", USAGE_FIRST, {1, 0, 0}},
        {"a", "node 4 5 5\nn/s/c 3 4 5", USAGE_SAME, {1, 1, 1}},
        {"a", "node 5 6 5\nn/s/c 4 0 5", USAGE_NEW, {1, 0, 0}},
        {"a", "node 6 7 5", USAGE_NEW, {1, 0, 0}},
        {"c", "node 0 1 5\nn/p/c 0 1 5\ncame 1", USAGE_FIRST, {1, 0, 0}},
        {"c", "node 1 2 5\nn/p/c 1 2 5\ncame 2", USAGE_NEW, {2, 1, 1}},
        {"c", "node 3602 3 5\nn/p/c 3602 3 5\ncame 3", USAGE_CLOCK_SET, {2, 1, 1}},
        {"c", "node 3602 3 5\nn/p/c 3602 3 5\ncame 4", USAGE_FIRST, {2, 1, 1}},
        {"c", "node 3604 4 5\nn/p/c 3604 4 5\ncame 5", USAGE_NEW, {2, 1, 1}},
        {"c", "node 4 4 5\nn/p/c 4 4 5\ncame 6", USAGE_CLOCK_SET, {2, 1, 1}},
        {"c", NULL, USAGE_FIRST, {1, 0, 0}},
    };
    struct usage_store *s = usage_store_new(15 * NS_PER_S);

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct str node = str_of(steps[i].node);
        if (steps[i].batch == NULL)
            usage_store_drop(s, node);
        else
            assert_int_equal(usage_store_put(s, node, parse_batch(str_of(steps[i].batch), NULL)), steps[i].progress);
        struct usage_counts counts = usage_store_counts(s);
        assert_memory_equal(&counts, &steps[i].counts, sizeof(counts));
    }
    usage_store_free(s);
}

static void test_a_pod_is_found_on_its_node_only(void **state)
{
    struct usage_store *s = usage_store_new(15 * NS_PER_S);
    struct pod_usage pod = {0};

    (void)state;
    usage_store_put(s, STR("a"), parse_batch(STR("n/p/c 15 1 5 3"), NULL));
    usage_store_put(s, STR("b"), parse_batch(STR("n/p/c 15 2 6 3"), NULL));
    assert_true(usage_store_pod(s, STR("b"), STR("n"), STR("p"), &pod));
    assert_int_equal(pod.containers[0].memory_bytes, 6);
    assert_false(usage_store_pod(s, STR("c"), STR("n"), STR("p"), &pod));
    assert_false(usage_store_pod(s, STR("a"), STR("m"), STR("p"), &pod));
    pod_usage_free(&pod);
    usage_store_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_fresh_with_other_resolutions),
        cmocka_unit_test(test_counts_and_progress),
        cmocka_unit_test(test_a_pod_is_found_on_its_node_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
