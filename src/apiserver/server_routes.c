#include "apiserver/server_routes.h"

#include "base/alloc.h"
#include "kube/json_indent.h"

void routes_add(struct routes *t, const struct route *route)
{
    for (size_t i = 0; i < t->count; i++) {
        if (str_eq(t->items[i].path, route->path)) {
            t->items[i] = *route;
            return;
        }
    }
    t->items = mem_realloc_array(t->items, t->count + 1, sizeof(*t->items));
    t->items[t->count++] = *route;
}

void routes_free(struct routes *t)
{
    free(t->items);
    *t = (struct routes){0};
}

const struct route *routes_find(const struct routes *t, struct str path)
{
    const struct route *best = NULL;

    for (size_t i = 0; i < t->count; i++) {
        const struct route *route = &t->items[i];
        if (str_eq(route->path, path))
            return route;
        if (str_ends_with(route->path, STR("/")) && str_starts_with(path, route->path) &&
            (best == NULL || route->path.len > best->path.len))
            best = route;
    }
    return best;
}

void path_list_add(struct path_list *to, struct str path)
{
    to->items = mem_realloc_array(to->items, to->count + 1, sizeof(*to->items));
    to->items[to->count++] = arena_str(&to->arena, path);
}

void path_list_free(struct path_list *l)
{
    free(l->items);
    arena_free(&l->arena);
}

static int compare(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void path_list_print(struct path_list *l, struct buf *to)
{
    auto_buf struct buf json = {0};
    struct json_writer w = json_writer_to(&json);

    if (l->count > 0)
        qsort(l->items, l->count, sizeof(*l->items), compare);
    json_open_object(&w);
    json_write_key(&w, STR("paths"));
    json_open_array(&w);
    for (size_t i = 0; i < l->count; i++)
        if (i == 0 || !str_eq(l->items[i], l->items[i - 1]))
            json_write_str(&w, l->items[i]);
    json_close_array(&w);
    json_close_object(&w);
    json_indent(to, buf_str(&json));
}
