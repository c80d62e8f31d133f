#include "scrape/batch_builder.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>

struct added_container {
    struct str labels;
    struct container_names names;
};

static void ensure_capacity(struct batch_builder *b, uint32_t count)
{
    if (count <= b->capacity)
        return;
    uint32_t capacity = b->capacity < 16 ? 16 : b->capacity * 2;
    if (capacity < count)
        capacity = count;
    b->points = mem_realloc_array(b->points, capacity, sizeof(*b->points));
    b->is_seen = mem_realloc_array(b->is_seen, capacity, sizeof(*b->is_seen));
    b->order = mem_realloc_array(b->order, capacity, sizeof(*b->order));
    b->added = mem_realloc_array(b->added, capacity - b->base->container_count + 1, sizeof(*b->added));
    memset(b->points + b->capacity, 0, (capacity - b->capacity) * sizeof(*b->points));
    memset(b->is_seen + b->capacity, 0, (capacity - b->capacity) * sizeof(*b->is_seen));
    b->capacity = capacity;
}

void batch_builder_init(struct batch_builder *b, struct roster *previous)
{
    *b = (struct batch_builder){0};
    if (previous != NULL) {
        b->base = roster_ref(previous);
    } else {
        b->base = mem_zalloc(sizeof(*b->base));
        b->base->references = 1;
        b->base->first = BATCH_NO_SERIES;
    }
    b->count = b->base->container_count;
    ensure_capacity(b, b->count + 1);
    batch_builder_rewind(b);
}

void batch_builder_free(struct batch_builder *b)
{
    roster_unref(b->base);
    free(b->points);
    free(b->is_seen);
    free(b->order);
    free(b->added);
    map_free(&b->index);
    arena_free(&b->memory);
    *b = (struct batch_builder){0};
}

void batch_builder_rewind(struct batch_builder *b)
{
    b->expected = b->base->first;
}

static struct usage_point *hand_out(struct batch_builder *b, uint32_t series)
{
    if (!b->is_seen[series]) {
        b->is_seen[series] = true;
        b->order[b->seen_count++] = series;
    }
    if (series < b->base->container_count) /* a new series doesn't change what was to come */
        b->expected = b->base->containers[series].next;
    return &b->points[series];
}

struct usage_point *batch_builder_take_expected(struct batch_builder *b)
{
    return hand_out(b, b->expected);
}

/* The index maps to series + 1, for a map holds no NULL. */
static void index_series(struct batch_builder *b, struct str labels, uint32_t series)
{
    map_put(&b->index, labels, (void *)(uintptr_t)(series + 1));
}

struct usage_point *batch_builder_find(struct batch_builder *b, struct str labels)
{
    if (!b->is_indexed) {
        b->is_indexed = true;
        for (uint32_t i = 0; i < b->base->container_count; i++)
            index_series(b, b->base->containers[i].labels, i);
    }
    uintptr_t found = (uintptr_t)map_get(&b->index, labels);
    if (found == 0)
        return NULL;
    uint32_t series = (uint32_t)(found - 1);
    if (series < b->base->container_count && series != b->expected)
        b->was_reordered = true;
    return hand_out(b, series);
}

static void add_label(struct buf *to, const char *before, struct str value)
{
    buf_add_cstr(to, before);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\n') {
            buf_add_cstr(to, "\\n");
            continue;
        }
        if (value.ptr[i] == '"' || value.ptr[i] == '\\')
            buf_add_char(to, '\\');
        buf_add_char(to, value.ptr[i]);
    }
    buf_add_char(to, '"');
}

struct usage_point *batch_builder_take(struct batch_builder *b, struct container_names names)
{
    auto_buf struct buf labels = {0};

    /* label names in alphabetical order, which is how Prometheus' client library writes them */
    add_label(&labels, "container=\"", names.container);
    add_label(&labels, ",namespace=\"", names.namespace);
    add_label(&labels, ",pod=\"", names.pod);
    struct usage_point *known = batch_builder_find(b, buf_str(&labels));
    if (known != NULL)
        return known;
    if (b->count >= BATCH_MAX_CONTAINERS)
        return NULL;

    uint32_t series = b->count;
    ensure_capacity(b, series + 1);
    b->count = series + 1;
    struct added_container *added = &b->added[series - b->base->container_count];
    added->labels = arena_str(&b->memory, buf_str(&labels));
    added->names.container = arena_str(&b->memory, names.container);
    added->names.namespace = arena_str(&b->memory, names.namespace);
    added->names.pod = arena_str(&b->memory, names.pod);
    index_series(b, added->labels, series);
    return hand_out(b, series);
}

static struct str labels_of(const struct batch_builder *b, uint32_t series)
{
    if (series < b->base->container_count)
        return b->base->containers[series].labels;
    return b->added[series - b->base->container_count].labels;
}

static struct container_names names_of(const struct batch_builder *b, uint32_t series)
{
    if (series >= b->base->container_count)
        return b->added[series - b->base->container_count].names;
    const struct roster_container *container = &b->base->containers[series];
    const struct roster_pod *pod = &b->base->pods[container->pod];
    return (struct container_names){container->name, pod->name, pod->namespace};
}

static int compare_series(const void *left, const void *right, void *arg)
{
    const struct batch_builder *b = arg;
    struct container_names l = names_of(b, *(const uint32_t *)left);
    struct container_names r = names_of(b, *(const uint32_t *)right);
    int order = str_cmp(l.namespace, r.namespace);

    if (order == 0)
        order = str_cmp(l.pod, r.pod);
    return order != 0 ? order : str_cmp(l.container, r.container);
}

static bool is_same_pod(struct container_names a, struct container_names b)
{
    return str_eq(a.pod, b.pod) && str_eq(a.namespace, b.namespace);
}

static struct str put(char **to, struct str s)
{
    char *at = *to;

    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    *to += s.len;
    return str_from(at, s.len);
}

/* NAME as a part of LABELS, which live as long as the roster; a copy when it needed escapes there. */
static struct str name_within(struct str labels, struct str name, char **to)
{
    ptrdiff_t at = str_find(labels, name);

    return at >= 0 ? str_from(labels.ptr + at, name.len) : put(to, name);
}

static void add_to_roster(struct roster *r, struct str labels, struct container_names names, char **to)
{
    uint32_t i = r->container_count++;
    struct roster_container *container = &r->containers[i];
    struct roster_pod *pod = r->pod_count > 0 ? &r->pods[r->pod_count - 1] : NULL;

    assert(r->containers != NULL && r->pods != NULL);
    container->labels = put(to, labels);
    container->name = name_within(container->labels, names.container, to);
    if (pod == NULL || !is_same_pod(names, (struct container_names){.pod = pod->name, .namespace = pod->namespace})) {
        pod = &r->pods[r->pod_count++];
        pod->namespace = name_within(container->labels, names.namespace, to);
        pod->name = name_within(container->labels, names.pod, to);
        pod->first = i;
        pod->count = 0;
    }
    pod->count++;
    container->pod = r->pod_count - 1;
}

/* An empty roster with room for what is in SORTED; *STRINGS is where its strings go. */
static struct roster *new_roster(const struct batch_builder *b, const uint32_t *sorted, uint32_t count, char **strings)
{
    uint32_t pods = 0;
    size_t bytes = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct container_names names = names_of(b, sorted[i]);
        struct str labels = labels_of(b, sorted[i]);
        bool begins_pod = i == 0 || !is_same_pod(names, names_of(b, sorted[i - 1]));
        pods += begins_pod;
        bytes += labels.len;
        bytes += str_find(labels, names.container) < 0 ? names.container.len : 0;
        bytes += begins_pod && str_find(labels, names.namespace) < 0 ? names.namespace.len : 0;
        bytes += begins_pod && str_find(labels, names.pod) < 0 ? names.pod.len : 0;
    }
    size_t containers_bytes = count * sizeof(struct roster_container);
    size_t pods_bytes = pods * sizeof(struct roster_pod);
    struct roster *r = mem_zalloc(sizeof(*r) + containers_bytes + pods_bytes + bytes);
    r->containers = (struct roster_container *)(r + 1);
    r->pods = (struct roster_pod *)(r->containers + count);
    r->references = 1;
    *strings = (char *)(r->pods + pods);
    return r;
}

/* The chain of guesses: series ORDER[0], ORDER[1], ... by their PLACE in the roster (NULL: the same). */
static void chain_in_order(struct roster *r, const uint32_t *order, uint32_t count, const uint32_t *place)
{
    uint32_t *link = &r->first;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = place != NULL ? place[order[i]] : order[i];
        *link = at;
        link = &r->containers[at].next;
    }
    *link = BATCH_NO_SERIES;
}

/* A roster of the series seen, and their points in its order. */
static struct batch *finish_with_new_roster(struct batch_builder *b)
{
    uint32_t count = b->seen_count;
    auto_free uint32_t *sorted = mem_realloc_array(NULL, count + 1, sizeof(*sorted));
    auto_free uint32_t *place = mem_realloc_array(NULL, b->count + 1, sizeof(*place));
    struct batch *batch = mem_zalloc(sizeof(*batch) + count * sizeof(batch->points[0]));
    char *strings;

    memcpy(sorted, b->order, count * sizeof(*sorted));
    qsort_r(sorted, count, sizeof(*sorted), compare_series, b);
    batch->roster = new_roster(b, sorted, count, &strings);
    for (uint32_t i = 0; i < count; i++) {
        add_to_roster(batch->roster, labels_of(b, sorted[i]), names_of(b, sorted[i]), &strings);
        place[sorted[i]] = i;
        batch->points[i] = b->points[sorted[i]];
    }
    chain_in_order(batch->roster, b->order, count, place);
    return batch;
}

static struct batch *finish_with_same_roster(struct batch_builder *b)
{
    size_t bytes = b->seen_count * sizeof(b->points[0]);
    struct batch *batch = mem_zalloc(sizeof(*batch) + bytes);

    if (b->was_reordered) /* the guesses are the one thing in a roster that may change: nobody else looks at them */
        chain_in_order(b->base, b->order, b->seen_count, NULL);
    memcpy(batch->points, b->points, bytes);
    batch->roster = roster_ref(b->base);
    return batch;
}

static bool is_whole(const struct usage_point *p)
{
    return p->time_ns != 0 && p->cpu_ns != 0 && p->memory_bytes != 0;
}

static void drop_incomplete(struct batch *batch)
{
    const struct roster *r = batch->roster;

    if (!is_whole(&batch->node))
        batch->node = (struct usage_point){0};
    for (uint32_t i = 0; i < r->pod_count; i++) {
        struct usage_point *points = &batch->points[r->pods[i].first];
        uint32_t whole = 0;
        while (whole < r->pods[i].count && is_whole(&points[whole]))
            whole++;
        if (whole < r->pods[i].count)
            memset(points, 0, r->pods[i].count * sizeof(*points));
    }
}

struct batch *batch_builder_finish(struct batch_builder *b)
{
    bool is_same = b->count == b->base->container_count && b->seen_count == b->count;
    struct batch *batch = is_same ? finish_with_same_roster(b) : finish_with_new_roster(b);

    batch->node = b->node;
    drop_incomplete(batch);
    batch_builder_free(b);
    return batch;
}
