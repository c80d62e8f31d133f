#include "cluster/failure.h"

#include "base/buf.h"
#include "cluster/resource.h"

#include <assert.h>
#include <stdarg.h>

void failure_clear(struct failure *f)
{
    arena_free(&f->arena);
    *f = (struct failure){0};
}

void failure_move(struct failure *to, struct failure *from)
{
    assert(!failure_is_set(to));
    arena_free(&to->arena);
    *to = *from;
    *from = (struct failure){0};
}

bool failure_of(struct failure *f, const struct status *s)
{
    struct arena *a = &f->arena;
    assert(!failure_is_set(f));
    f->status = *s;
    f->status.message = arena_str(a, s->message);
    f->status.reason = arena_str(a, s->reason);
    f->status.details.name = arena_str(a, s->details.name);
    f->status.details.group = arena_str(a, s->details.group);
    f->status.details.kind = arena_str(a, s->details.kind);
    f->status.details.uid = arena_str(a, s->details.uid);
    size_t count = s->details.cause_count;
    struct status_cause *causes = arena_alloc(a, (count + 1) * sizeof(*causes));
    for (size_t i = 0; i < count; i++) {
        causes[i].reason = arena_str(a, s->details.causes[i].reason);
        causes[i].message = arena_str(a, s->details.causes[i].message);
        causes[i].field = arena_str(a, s->details.causes[i].field);
    }
    f->status.details.causes = count > 0 ? causes : NULL;
    return false;
}

bool failure_set(struct failure *f, int code, const char *reason, const char *format, ...)
{
    auto_buf struct buf message = {0};
    va_list ap;
    va_start(ap, format);
    buf_vprintf(&message, format, ap);
    va_end(ap);
    struct status s = {.code = code, .reason = str_of(reason), .message = buf_str(&message)};
    return failure_of(f, &s);
}

bool failure_bad_request(struct failure *f, const char *format, ...)
{
    auto_buf struct buf message = {0};
    va_list ap;
    va_start(ap, format);
    buf_vprintf(&message, format, ap);
    va_end(ap);
    struct status s = status_bad_request(buf_str(&message));
    return failure_of(f, &s);
}

bool failure_internal(struct failure *f, const char *format, ...)
{
    auto_buf struct buf message = {0};
    va_list ap;
    va_start(ap, format);
    buf_vprintf(&message, format, ap);
    va_end(ap);
    struct status s = status_internal(&f->arena, buf_str(&message));
    return failure_of(f, &s);
}

static struct group_resource named(const struct resource *r)
{
    return (struct group_resource){str_of(r->group), str_of(r->plural)};
}

bool failure_not_found(struct failure *f, const struct resource *r, struct str name)
{
    struct status s = status_not_found(&f->arena, named(r), name);
    return failure_of(f, &s);
}

bool failure_already_exists(struct failure *f, const struct resource *r, struct str name)
{
    struct status s = status_already_exists(&f->arena, named(r), name);
    return failure_of(f, &s);
}

bool failure_conflict(struct failure *f, const struct resource *r, struct str name, const char *why)
{
    struct status s = status_conflict(&f->arena, named(r), name, str_of(why));
    return failure_of(f, &s);
}

bool failure_modified(struct failure *f, const struct resource *r, struct str name)
{
    struct status s = status_modified(&f->arena, named(r), name);
    return failure_of(f, &s);
}

bool failure_forbidden(struct failure *f, const struct resource *r, struct str name, const char *why)
{
    struct status s = status_forbidden(&f->arena, named(r), name, str_of(why));
    return failure_of(f, &s);
}
