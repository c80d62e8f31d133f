#include "cluster/kinds/cells.h"

#include "base/alloc.h"
#include "cluster/json_path.h"
#include "kube/human_duration.h"
#include "kube/labels.h"
#include "kube/time.h"

void cell_name(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    buf_add_str(cell, json_text_at(object, "metadata.name"));
}

void cell_age_of(const json_t *object, const char *path, int64_t now_unix_ns, struct buf *cell)
{
    int64_t then = KUBE_TIME_ZERO;
    kube_time_parse(json_text_at(object, path), &then);
    human_age_print(cell, now_unix_ns, then);
}

void cell_age(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    cell_age_of(object, "metadata.creationTimestamp", now_unix_ns, cell);
}

void cell_created_at(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    buf_add_str(cell, json_text_at(object, "metadata.creationTimestamp"));
}

void cell_text(const json_t *object, const char *path, const char *otherwise, struct buf *cell)
{
    struct str text = json_text_at(object, path);
    buf_add_str(cell, text.len > 0 ? text : str_of(otherwise));
}

void cell_labels(const json_t *labels, struct buf *cell)
{
    size_t count = 0;
    struct label *items = mem_alloc((json_object_size(labels) + 1) * sizeof(*items));
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)labels, key, value)
        items[count++] = (struct label){str_of(key), json_text(value)};
    count = labels_sort(items, count);
    if (count == 0)
        buf_add_cstr(cell, "<none>");
    else
        labels_print(cell, (struct labels){items, count});
    free(items);
}
