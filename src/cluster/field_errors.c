#include "cluster/field_errors.h"

#include "base/buf.h"
#include "cluster/resource.h"

#include <stdarg.h>

void field_errors_free(struct field_errors *e)
{
    arena_free(&e->arena);
    free(e->items);
    *e = (struct field_errors){0};
}

const char *field_path(struct field_errors *e, const char *format, ...)
{
    auto_buf struct buf text = {0};
    va_list ap;
    va_start(ap, format);
    buf_vprintf(&text, format, ap);
    va_end(ap);
    return arena_cstr(&e->arena, buf_str(&text));
}

static void add(struct field_errors *e, struct status_cause cause)
{
    if (e->count == FIELD_ERRORS_MAX)
        return;
    e->items = mem_realloc_array(e->items, e->count + 1, sizeof(*e->items));
    e->items[e->count++] = cause;
}

static struct str own(struct field_errors *e, const char *text)
{
    return arena_str(&e->arena, str_of(text));
}

void field_required(struct field_errors *e, const char *path, const char *why)
{
    add(e, cause_required(&e->arena, own(e, path), own(e, why)));
}

void field_invalid(struct field_errors *e, const char *path, const json_t *value, const char *why)
{
    auto_free char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    add(e, cause_invalid_json(&e->arena, own(e, path), own(e, text != NULL ? text : "null"), own(e, why)));
}

void field_invalid_text(struct field_errors *e, const char *path, struct str value, const char *why)
{
    add(e, cause_invalid(&e->arena, own(e, path), arena_str(&e->arena, value), own(e, why)));
}

void field_not_supported(struct field_errors *e, const char *path, struct str value, const char *const *supported)
{
    size_t count = 0;
    while (supported[count] != NULL)
        count++;
    struct str *list = arena_alloc(&e->arena, (count + 1) * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] = str_of(supported[i]);
    add(e, cause_not_supported(&e->arena, own(e, path), arena_str(&e->arena, value), list, count));
}

void field_duplicate(struct field_errors *e, const char *path, struct str value)
{
    add(e, cause_duplicate(&e->arena, own(e, path), arena_str(&e->arena, value)));
}

void field_forbidden(struct field_errors *e, const char *path, const char *why)
{
    add(e, cause_forbidden(&e->arena, own(e, path), own(e, why)));
}

void field_too_long(struct field_errors *e, const char *path, size_t max_bytes)
{
    add(e, cause_too_long(&e->arena, own(e, path), max_bytes));
}

void field_not_found(struct field_errors *e, const char *path, struct str value)
{
    add(e, cause_not_found(&e->arena, own(e, path), arena_str(&e->arena, value)));
}

bool failure_invalid(struct failure *f, const struct resource *r, struct str name, const struct field_errors *e)
{
    struct group_resource kind = {str_of(r->group), str_of(r->kind)};
    struct status s = status_invalid(&f->arena, kind, name, e->items, e->count);
    return failure_of(f, &s);
}
