#include "node/resource_metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

enum figure {
    FIGURE_CPU,
    FIGURE_WORKING_SET,
    FIGURE_START,
};

struct family {
    const char *name;
    const char *help; /* with the stability level that Kubernetes gives it */
    const char *type;
    enum figure figure;
};

static const struct family container_families[] = {
    {"container_cpu_usage_seconds_total", "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
     "counter", FIGURE_CPU},
    {"container_memory_working_set_bytes", "[STABLE] Current working set of the container in bytes", "gauge",
     FIGURE_WORKING_SET},
    {"container_start_time_seconds", "[STABLE] Start time of the container since unix epoch in seconds", "gauge",
     FIGURE_START},
};

static const struct family node_families[] = {
    {"node_cpu_usage_seconds_total", "[STABLE] Cumulative cpu time consumed by the node in core-seconds", "counter",
     FIGURE_CPU},
    {"node_memory_working_set_bytes", "[STABLE] Current working set of the node in bytes", "gauge", FIGURE_WORKING_SET},
};

static const struct family pod_families[] = {
    {"pod_cpu_usage_seconds_total", "[STABLE] Cumulative cpu time consumed by the pod in core-seconds", "counter",
     FIGURE_CPU},
    {"pod_memory_working_set_bytes", "[STABLE] Current working set of the pod in bytes", "gauge", FIGURE_WORKING_SET},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

void resource_metrics_number(struct buf *to, double v)
{
    char digits[40];
    int precision, exponent;

    if (isnan(v) || isinf(v)) {
        buf_add_cstr(to, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (precision = 0; precision < 17; precision++) { /* the fewest digits that read back as the same number */
        snprintf(digits, sizeof(digits), "%.*e", precision, v);
        if (strtod(digits, NULL) == v)
            break;
    }
    exponent = (int)strtol(strchr(digits, 'e') + 1, NULL, 10);
    if (exponent < -4 || exponent >= 6)
        buf_add_cstr(to, digits);
    else
        buf_printf(to, "%.*f", precision > exponent ? precision - exponent : 0, v);
}

/* One thing that has series: the node, a pod or a container. */
struct series {
    const struct pod_sample *pod;
    const struct container_sample *container;
    const struct usage *usage;
    int64_t start_unix_ns;
};

static bool has_figure(const struct series *s, enum figure figure)
{
    switch (figure) {
    case FIGURE_CPU:
        return is_measured(s->usage->cpu_ns);
    case FIGURE_WORKING_SET:
        return is_measured(s->usage->working_set_bytes);
    case FIGURE_START:
        break;
    }
    return s->start_unix_ns > 0;
}

/* Label values of Kubernetes are names, which need no escapes; a manifest's container name was checked to be one. */
static void write_labels(struct buf *to, const struct series *s)
{
    if (s->pod == NULL)
        return;
    buf_add_char(to, '{');
    if (s->container != NULL)
        buf_printf(to, "container=\"%.*s\",", STR_ARG(s->container->name));
    buf_printf(to, "namespace=\"%.*s\",pod=\"%.*s\"}", STR_ARG(s->pod->namespace), STR_ARG(s->pod->name));
}

static void write_series(struct buf *to, const struct family *family, const struct series *s)
{
    buf_add_cstr(to, family->name);
    write_labels(to, s);
    buf_add_char(to, ' ');
    if (family->figure == FIGURE_START) { /* carries no time of its own: an old one would make it stale */
        resource_metrics_number(to, (double)s->start_unix_ns / (double)NS_PER_S);
        buf_add_char(to, '\n');
        return;
    }
    resource_metrics_number(to, family->figure == FIGURE_CPU ? (double)s->usage->cpu_ns / (double)NS_PER_S
                                                             : (double)s->usage->working_set_bytes);
    buf_add_char(to, ' ');
    buf_add_i64(to, s->usage->time_unix_ns / NS_PER_MS);
    buf_add_char(to, '\n');
}

static void write_head(struct buf *to, const struct family *family)
{
    buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name, family->type);
}

static void write_families(struct buf *to, const struct family *families, size_t family_count,
                           const struct series *series, size_t count)
{
    for (size_t f = 0; f < family_count; f++) {
        bool has_head = false;
        for (size_t i = 0; i < count; i++) {
            if (!has_figure(&series[i], families[f].figure))
                continue;
            if (!has_head)
                write_head(to, &families[f]);
            has_head = true;
            write_series(to, &families[f], &series[i]);
        }
    }
}

/* By label values in the order of the labels' names: container, namespace, pod. */
static int by_labels(const void *a, const void *b)
{
    const struct series *x = a, *y = b;
    int order = 0;

    if (x->container != NULL)
        order = str_cmp(x->container->name, y->container->name);
    if (order == 0)
        order = str_cmp(x->pod->namespace, y->pod->namespace);
    return order != 0 ? order : str_cmp(x->pod->name, y->pod->name);
}

static void write_scrape_result(struct buf *to, bool has_error)
{
    static const struct family families[] = {
        {"resource_scrape_error", "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
         "gauge", 0},
        {"scrape_error",
         "[ALPHA] (Deprecated since 1.29.0) 1 if there was an error while getting container metrics, 0 otherwise",
         "gauge", 0},
    };

    for (size_t i = 0; i < COUNT(families); i++) {
        write_head(to, &families[i]);
        buf_printf(to, "%s %d\n", families[i].name, has_error ? 1 : 0);
    }
}

void resource_metrics_write(struct buf *to, const struct node_sample *sample, bool has_error)
{
    struct series node = {.usage = &sample->usage, .start_unix_ns = sample->start_unix_ns};
    auto_free struct series *pods = mem_alloc((sample->pod_count + 1) * sizeof(*pods));
    auto_free struct series *containers = NULL;
    size_t count = 0;

    for (size_t i = 0; i < sample->pod_count; i++) {
        const struct pod_sample *p = &sample->pods[i];
        pods[i] = (struct series){.pod = p, .usage = &p->usage, .start_unix_ns = p->start_unix_ns};
        count += p->container_count;
    }
    containers = mem_alloc((count + 1) * sizeof(*containers));
    count = 0;
    for (size_t i = 0; i < sample->pod_count; i++) {
        const struct pod_sample *p = &sample->pods[i];
        for (size_t j = 0; j < p->container_count; j++) {
            const struct container_sample *c = &p->containers[j];
            containers[count++] = (struct series){p, c, &c->usage, c->start_unix_ns};
        }
    }
    qsort(pods, sample->pod_count, sizeof(*pods), by_labels);
    qsort(containers, count, sizeof(*containers), by_labels);
    write_families(to, container_families, COUNT(container_families), containers, count);
    write_families(to, node_families, COUNT(node_families), &node, 1);
    write_families(to, pod_families, COUNT(pod_families), pods, sample->pod_count);
    write_scrape_result(to, has_error);
}
