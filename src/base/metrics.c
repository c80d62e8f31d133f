#include "base/metrics.h"

#include "base/alloc.h"
#include "base/map.h"

#include <assert.h>
#include <math.h>

const double metric_default_bounds[METRIC_DEFAULT_BOUND_COUNT] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                                  0.5,   1,    2.5,   5,    10};

struct series {
    char *labels; /* owned: a="b",c="d"; "" for none. The key in the family's map */
    union {
        struct metric_value *value;
        struct metric_histogram *histogram;
    }; /* owned */
};

struct metric_family {
    const struct metric_spec *spec;
    size_t label_count;
    struct series **series; /* owned */
    size_t count, capacity;
    struct map by_labels;
    bool is_sorted;
    char **bound_texts; /* owned: le="0.005" of each bucket; histograms only */
};

struct collector {
    void (*collect)(void *arg);
    void *arg;
};

struct metrics {
    struct metric_family **families; /* owned, by name */
    size_t count;
    struct collector *collectors; /* owned */
    size_t collector_count;
    void **kept; /* owned */
    size_t kept_count;
};

/* --- families --- */

struct metrics *metrics_new(void)
{
    return mem_zalloc(sizeof(struct metrics));
}

static void free_series(struct metric_family *f, struct series *s)
{
    if (f->spec->type == METRIC_HISTOGRAM)
        free(s->histogram);
    else
        free(s->value);
    free(s->labels);
    free(s);
}

static void free_family(struct metric_family *f)
{
    for (size_t i = 0; i < f->count; i++)
        free_series(f, f->series[i]);
    for (size_t i = 0; f->bound_texts != NULL && i <= f->spec->bound_count; i++)
        free(f->bound_texts[i]);
    free(f->bound_texts);
    free(f->series);
    map_free(&f->by_labels);
    free(f);
}

void metrics_free(struct metrics *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        free_family(m->families[i]);
    free(m->families);
    for (size_t i = 0; i < m->kept_count; i++)
        free(m->kept[i]);
    free(m->kept);
    free(m->collectors);
    free(m);
}

static void make_bound_texts(struct metric_family *f)
{
    f->bound_texts = mem_realloc_array(NULL, f->spec->bound_count + 1, sizeof(*f->bound_texts));
    for (size_t i = 0; i <= f->spec->bound_count; i++) {
        struct buf text = {0};
        assert(i == 0 || i == f->spec->bound_count || f->spec->bounds[i - 1] < f->spec->bounds[i]);
        buf_add_cstr(&text, "le=\"");
        metric_number_print(&text, i < f->spec->bound_count ? f->spec->bounds[i] : INFINITY);
        buf_add_char(&text, '"');
        f->bound_texts[i] = buf_take(&text);
    }
}

static struct series *find_or_add(struct metric_family *f, const struct str *values);

struct metric_family *metrics_add(struct metrics *m, const struct metric_spec *spec)
{
    struct metric_family *f = mem_zalloc(sizeof(*f));
    size_t at = m->count;

    f->spec = spec;
    while (f->label_count < METRIC_LABELS_MAX && spec->labels[f->label_count] != NULL) {
        size_t i = f->label_count++;
        assert(i == 0 || strcmp(spec->labels[i - 1], spec->labels[i]) < 0);
    }
    m->families = mem_realloc_array(m->families, m->count + 1, sizeof(*m->families));
    while (at > 0 && strcmp(m->families[at - 1]->spec->name, spec->name) > 0) {
        m->families[at] = m->families[at - 1];
        at--;
    }
    assert(at == 0 || strcmp(m->families[at - 1]->spec->name, spec->name) != 0);
    m->families[at] = f;
    m->count++;
    if (spec->type == METRIC_HISTOGRAM)
        make_bound_texts(f);
    if (f->label_count == 0)
        find_or_add(f, NULL);
    return f;
}

void metrics_on_collect(struct metrics *m, void (*collect)(void *arg), void *arg)
{
    m->collectors = mem_realloc_array(m->collectors, m->collector_count + 1, sizeof(*m->collectors));
    m->collectors[m->collector_count++] = (struct collector){collect, arg};
}

void metrics_keep(struct metrics *m, void *thing)
{
    m->kept = mem_realloc_array(m->kept, m->kept_count + 1, sizeof(*m->kept));
    m->kept[m->kept_count++] = thing;
}

/* --- series --- */

static void print_labels(const struct metric_family *f, const struct str *values, struct buf *to)
{
    for (size_t i = 0; i < f->label_count; i++) {
        buf_printf(to, "%s%s=\"", i > 0 ? "," : "", f->spec->labels[i]);
        for (size_t j = 0; j < values[i].len; j++) {
            char c = values[i].ptr[j];
            if (c == '\n')
                buf_add_cstr(to, "\\n");
            else if (c == '\\' || c == '"')
                buf_printf(to, "\\%c", c);
            else
                buf_add_char(to, c);
        }
        buf_add_char(to, '"');
    }
}

static struct metric_histogram *histogram_new(const struct metric_spec *spec)
{
    struct metric_histogram *h = mem_zalloc(sizeof(*h) + (spec->bound_count + 1) * sizeof(h->counts[0]));

    h->bounds = spec->bounds;
    h->bound_count = spec->bound_count;
    return h;
}

static struct series *find_or_add(struct metric_family *f, const struct str *values)
{
    auto_buf struct buf labels = {0};
    struct series *s;

    print_labels(f, values, &labels);
    s = map_get(&f->by_labels, buf_str(&labels));
    if (s != NULL)
        return s;
    s = mem_zalloc(sizeof(*s));
    s->labels = buf_take(&labels);
    if (f->spec->type == METRIC_HISTOGRAM)
        s->histogram = histogram_new(f->spec);
    else
        s->value = mem_zalloc(sizeof(*s->value));
    if (f->count == f->capacity) {
        f->capacity = f->capacity > 0 ? 2 * f->capacity : 4;
        f->series = mem_realloc_array(f->series, f->capacity, sizeof(struct series *));
    }
    f->series[f->count++] = s;
    f->is_sorted = false;
    map_put(&f->by_labels, str_of(s->labels), s);
    return s;
}

struct metric_value *metric_value(struct metric_family *f, const struct str *values)
{
    if (f == NULL)
        return NULL;
    assert(f->spec->type != METRIC_HISTOGRAM);
    return find_or_add(f, values)->value;
}

struct metric_histogram *metric_histogram(struct metric_family *f, const struct str *values)
{
    if (f == NULL)
        return NULL;
    assert(f->spec->type == METRIC_HISTOGRAM);
    return find_or_add(f, values)->histogram;
}

static int compare(const void *a, const void *b)
{
    const struct series *const *x = a, *const *y = b;

    return strcmp((*x)->labels, (*y)->labels);
}

static void sort_series(struct metric_family *f)
{
    if (!f->is_sorted && f->count > 1)
        qsort(f->series, f->count, sizeof(struct series *), compare);
    f->is_sorted = true;
}

void metric_drop(struct metric_family *f, const struct str *values)
{
    auto_buf struct buf labels = {0};
    struct series *s;

    if (f == NULL)
        return;
    print_labels(f, values, &labels);
    s = map_remove(&f->by_labels, buf_str(&labels));
    if (s == NULL)
        return;
    for (size_t i = 0; i < f->count; i++) {
        if (f->series[i] == s) {
            f->series[i] = f->series[--f->count];
            break;
        }
    }
    f->is_sorted = false;
    free_series(f, s);
}

size_t metric_series_count(const struct metric_family *f)
{
    return f->count;
}

void metric_observe_many(struct metric_histogram *h, double value, uint64_t n)
{
    size_t low = 0, high;

    if (h == NULL)
        return;
    high = h->bound_count;
    while (low < high) { /* the first bound that isn't below VALUE */
        size_t middle = (low + high) / 2;
        if (h->bounds[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    h->counts[low] += n;
    h->sum += value * (double)n;
}

/* --- text --- */

void metric_number_print(struct buf *to, double value)
{
    char text[32];

    if (isnan(value)) {
        buf_add_cstr(to, "NaN");
        return;
    }
    if (isinf(value)) {
        buf_add_cstr(to, value > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (value >= -1e15 && value <= 1e15 && value == (double)(int64_t)value) {
        buf_add_i64(to, (int64_t)value);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_add_cstr(to, text);
}

/* NAME[SUFFIX]{LABELS,EXTRA} without a value. */
static void print_name(struct buf *to, const char *name, const char *suffix, const char *labels, const char *extra)
{
    buf_add_cstr(to, name);
    buf_add_cstr(to, suffix);
    if (*labels == '\0' && *extra == '\0') {
        buf_add_char(to, ' ');
        return;
    }
    buf_add_char(to, '{');
    buf_add_cstr(to, labels);
    if (*labels != '\0' && *extra != '\0')
        buf_add_char(to, ',');
    buf_add_cstr(to, extra);
    buf_add_cstr(to, "} ");
}

static void print_histogram(const struct metric_family *f, const struct series *s, struct buf *to)
{
    const struct metric_histogram *h = s->histogram;
    const char *name = f->spec->name;
    uint64_t below = 0;

    for (size_t i = 0; i <= h->bound_count; i++) {
        below += h->counts[i];
        print_name(to, name, "_bucket", s->labels, f->bound_texts[i]);
        buf_add_u64(to, below);
        buf_add_char(to, '\n');
    }
    print_name(to, name, "_sum", s->labels, "");
    metric_number_print(to, h->sum);
    buf_add_char(to, '\n');
    print_name(to, name, "_count", s->labels, "");
    buf_add_u64(to, below);
    buf_add_char(to, '\n');
}

static void print_head(const struct metric_spec *spec, struct buf *to)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    static const char *const stabilities[] = {"", "[ALPHA] ", "[BETA] ", "[STABLE] "};

    buf_printf(to, "# HELP %s %s", spec->name, stabilities[spec->stability]);
    for (const char *c = spec->help; *c != '\0'; c++) {
        if (*c == '\n')
            buf_add_cstr(to, "\\n");
        else if (*c == '\\')
            buf_add_cstr(to, "\\\\");
        else
            buf_add_char(to, *c);
    }
    buf_printf(to, "\n# TYPE %s %s\n", spec->name, types[spec->type]);
}

static void print_family(struct metric_family *f, struct buf *to)
{
    if (f->count == 0)
        return;
    sort_series(f);
    print_head(f->spec, to);
    for (size_t i = 0; i < f->count; i++) {
        const struct series *s = f->series[i];
        if (f->spec->type == METRIC_HISTOGRAM) {
            print_histogram(f, s, to);
            continue;
        }
        print_name(to, f->spec->name, "", s->labels, "");
        metric_number_print(to, s->value->number);
        buf_add_char(to, '\n');
    }
}

void metrics_print(struct metrics *m, struct buf *to)
{
    for (size_t i = 0; i < m->collector_count; i++)
        m->collectors[i].collect(m->collectors[i].arg);
    for (size_t i = 0; i < m->count; i++)
        print_family(m->families[i], to);
}
