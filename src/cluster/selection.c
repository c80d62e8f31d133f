#include "cluster/selection.h"

#include "base/alloc.h"
#include "base/buf.h"

static bool check_fields(struct arena *arena, const struct resource *kind, const struct selection *s, struct failure *f)
{
    size_t count = 0;
    while (kind->field_paths != NULL && kind->field_paths[count] != NULL)
        count++;
    struct str *keys = arena_alloc(arena, (count + 2) * sizeof(*keys));
    keys[0] = STR("metadata.name");
    keys[1] = STR("metadata.namespace");
    for (size_t i = 0; i < count; i++)
        keys[i + 2] = str_of(kind->field_paths[i] + (kind->field_paths[i][0] == '?'));
    auto_error struct error err = {0};
    if (field_selector_check(&s->fields, keys, count + 2, &err))
        return true;
    return failure_bad_request(f, "%s", error_text(&err));
}

bool selection_read(struct arena *arena, const struct resource *kind, const struct api_attributes *attributes,
                    struct selection *out, struct failure *f)
{
    auto_error struct error err = {0};
    *out = (struct selection){.namespace = kind->is_namespaced ? attributes->namespace : STR(""),
                              .name = attributes->name};
    if (!label_selector_parse(arena, attributes->label_selector, &out->labels, &err) ||
        !field_selector_parse(arena, attributes->field_selector, &out->fields, &err))
        return failure_bad_request(f, "%s", error_text(&err));
    return check_fields(arena, kind, out, f);
}

static struct str field_of(const void *object, struct str key)
{
    struct str value = STR("");
    object_field(object, key, &value);
    return value;
}

bool selection_has(const struct selection *s, const struct object *o)
{
    if ((s->namespace.len > 0 && !str_eq(s->namespace, o->namespace)) || (s->name.len > 0 && !str_eq(s->name, o->name)))
        return false;
    return label_selector_matches(&s->labels, (struct labels){o->labels, o->label_count}) &&
           field_selector_matches(&s->fields, field_of, o);
}
