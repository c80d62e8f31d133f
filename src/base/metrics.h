/*
 * Metrics about this process, for Prometheus. A registry holds families; a family is a static description (name, help,
 * type, labels, buckets) and a series for each set of label values that came up:
 *
 *     static const struct metric_spec scrapes = {.name = "scrapes_total", .help = "...", .type = METRIC_COUNTER,
 *                                                .labels = {"success"}};
 *     struct metric_family *f = metrics_add(registry, &scrapes);
 *     struct metric_value *good = metric_value(f, METRIC_LABELS(STR("true")));     once, and keep it
 *     metric_inc(good);                                                            whenever it happens
 *
 * A series is looked up once, by its labels, and then is a pointer: a sample costs an addition, without lookup, lock or
 * allocation. Pointers stay valid until metric_drop or metrics_free. NULL is allowed wherever a sample is taken, and
 * does nothing: who isn't observed needs no registry. What is only worth knowing when somebody asks (open files, sizes
 * of stores) is set by a function that runs before each print (metrics_on_collect).
 *
 * Families with labels and without any series aren't shown; those without labels have one series from the start.
 * Families are shown in the order of their names, series in that of their labels: two prints of the same state are the
 * same bytes.
 *
 * Owner: whoever called metrics_new. One thread. Source: Prometheus docs, "Exposition formats" (text, version 0.0.4).
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"

enum metric_type {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM,
};

/* Kubernetes' words for what may change; they begin the help text: "[ALPHA] ...". */
enum metric_stability {
    METRIC_UNMARKED,
    METRIC_ALPHA,
    METRIC_BETA,
    METRIC_STABLE,
};

enum {
    METRIC_LABELS_MAX = 9
};

/* Static: borrowed for good. */
struct metric_spec {
    const char *name;
    const char *help;
    enum metric_type type;
    enum metric_stability stability;
    const char *labels[METRIC_LABELS_MAX]; /* names in alphabetical order, NULL behind the last */
    const double *bounds;                  /* of a histogram: upper bounds of its buckets, ascending, without +Inf */
    size_t bound_count;
};

#define METRIC_BOUNDS(table) .bounds = (table), .bound_count = sizeof(table) / sizeof((table)[0])

/* Prometheus' usual buckets for seconds: 5 ms to 10 s. */
enum {
    METRIC_DEFAULT_BOUND_COUNT = 11
};
extern const double metric_default_bounds[METRIC_DEFAULT_BOUND_COUNT];
#define METRIC_DEFAULT_BOUNDS .bounds = metric_default_bounds, .bound_count = METRIC_DEFAULT_BOUND_COUNT

/* A counter's or a gauge's. Only add to counters. */
struct metric_value {
    double number;
};

struct metric_histogram {
    const double *bounds; /* borrowed from the family */
    size_t bound_count;
    double sum;
    uint64_t counts[]; /* each bucket's own, not cumulative; the last is beyond all bounds */
};

struct metrics;
struct metric_family;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/* Adds a family. Its name must be new. */
struct metric_family *metrics_add(struct metrics *m, const struct metric_spec *spec);

/* Calls COLLECT(ARG) before each print, in the order in which they were added. ARG outlives M's last print. */
void metrics_on_collect(struct metrics *m, void (*collect)(void *arg), void *arg);

/* THING (from mem_alloc) is given back with M. */
void metrics_keep(struct metrics *m, void *thing);

/* As many values as the family has labels, in their order: UTF-8, copied. NULL for a family without labels. */
#define METRIC_LABELS(...) ((const struct str[]){__VA_ARGS__})

/* The series with these VALUES; made when it is new. The family's type must fit. NULL when F is NULL. */
struct metric_value *metric_value(struct metric_family *f, const struct str *values);
struct metric_histogram *metric_histogram(struct metric_family *f, const struct str *values);

/* Forgets the series with these VALUES, if there is one; pointers to it are dead. */
void metric_drop(struct metric_family *f, const struct str *values);

size_t metric_series_count(const struct metric_family *f);

static inline void metric_add(struct metric_value *v, double by)
{
    if (v != NULL)
        v->number += by;
}

static inline void metric_inc(struct metric_value *v)
{
    metric_add(v, 1);
}

static inline void metric_set(struct metric_value *v, double to)
{
    if (v != NULL)
        v->number = to;
}

/* N observations of VALUE. */
void metric_observe_many(struct metric_histogram *h, double value, uint64_t n);

static inline void metric_observe(struct metric_histogram *h, double value)
{
    metric_observe_many(h, value, 1);
}

static inline void metric_observe_ns(struct metric_histogram *h, int64_t ns)
{
    metric_observe_many(h, (double)ns / 1e9, 1);
}

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Collects, then appends everything in the text format. */
void metrics_print(struct metrics *m, struct buf *to);

/* Appends the shortest decimal that reads back as VALUE; "+Inf", "-Inf", "NaN". */
void metric_number_print(struct buf *to, double value);

#endif
