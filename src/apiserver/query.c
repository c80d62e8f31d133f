#include "apiserver/query.h"

#include "net/http.h"

struct query query_parse(struct arena *arena, struct str text)
{
    struct query_parameter *items = NULL;
    size_t count = 0, room = 0;
    struct query_parameter p;

    while (http_query_next(&text, arena, &p.name, &p.value)) {
        if (count == room) {
            room = room > 0 ? room * 2 : 8;
            struct query_parameter *bigger = arena_alloc(arena, room * sizeof(*bigger));
            for (size_t i = 0; i < count; i++)
                bigger[i] = items[i];
            items = bigger;
        }
        items[count++] = p;
    }
    return (struct query){items, count};
}

static const struct query_parameter *find(const struct query *q, struct str name)
{
    for (size_t i = 0; i < q->count; i++)
        if (str_eq(q->items[i].name, name))
            return &q->items[i];
    return NULL;
}

struct str query_get(const struct query *q, struct str name)
{
    const struct query_parameter *p = find(q, name);

    if (p == NULL)
        return (struct str){0};
    return p->value.ptr != NULL ? p->value : STR("");
}

bool query_has(const struct query *q, struct str name)
{
    return find(q, name) != NULL;
}

bool query_is_true(const struct query *q, struct str name)
{
    const struct query_parameter *p = find(q, name);

    return p != NULL && !str_eq_ignore_case(p->value, STR("false")) && !str_eq(p->value, STR("0"));
}
