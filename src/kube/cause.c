#include "kube/cause.h"

#include "base/alloc.h"
#include "base/quote.h"

static struct status_cause cause(struct arena *a, const char *reason, const struct buf *message, struct str field)
{
    return (struct status_cause){.reason = str_of(reason), .message = arena_str(a, buf_str(message)), .field = field};
}

/* TITLE, TITLE: "value", TITLE: "value": detail. QUOTED and DETAIL may be NULL. */
static void compose(struct buf *to, const char *title, const struct str *quoted, struct str detail)
{
    buf_add_cstr(to, title);
    if (quoted != NULL) {
        buf_add_cstr(to, ": ");
        quote_add(to, *quoted);
    }
    if (detail.len > 0) {
        buf_add_cstr(to, ": ");
        buf_add_str(to, detail);
    }
}

struct status_cause cause_required(struct arena *a, struct str field, struct str detail)
{
    auto_buf struct buf text = {0};

    compose(&text, "Required value", NULL, detail);
    return cause(a, "FieldValueRequired", &text, field);
}

struct status_cause cause_forbidden(struct arena *a, struct str field, struct str detail)
{
    auto_buf struct buf text = {0};

    compose(&text, "Forbidden", NULL, detail);
    return cause(a, "FieldValueForbidden", &text, field);
}

struct status_cause cause_invalid(struct arena *a, struct str field, struct str value, struct str detail)
{
    auto_buf struct buf text = {0};

    compose(&text, "Invalid value", &value, detail);
    return cause(a, "FieldValueInvalid", &text, field);
}

struct status_cause cause_invalid_json(struct arena *a, struct str field, struct str json, struct str detail)
{
    auto_buf struct buf text = {0};

    buf_add_cstr(&text, "Invalid value: ");
    buf_add_str(&text, json);
    if (detail.len > 0) {
        buf_add_cstr(&text, ": ");
        buf_add_str(&text, detail);
    }
    return cause(a, "FieldValueInvalid", &text, field);
}

struct status_cause cause_duplicate(struct arena *a, struct str field, struct str value)
{
    auto_buf struct buf text = {0};

    compose(&text, "Duplicate value", &value, STR(""));
    return cause(a, "FieldValueDuplicate", &text, field);
}

struct status_cause cause_not_found(struct arena *a, struct str field, struct str value)
{
    auto_buf struct buf text = {0};

    compose(&text, "Not found", &value, STR(""));
    return cause(a, "FieldValueNotFound", &text, field);
}

struct status_cause cause_not_supported(struct arena *a, struct str field, struct str value,
                                        const struct str *supported, size_t count)
{
    auto_buf struct buf text = {0};

    compose(&text, "Unsupported value", &value, STR(""));
    for (size_t i = 0; i < count; i++) {
        buf_add_cstr(&text, i == 0 ? ": supported values: " : ", ");
        quote_add(&text, supported[i]);
    }
    return cause(a, "FieldValueNotSupported", &text, field);
}

struct status_cause cause_too_long(struct arena *a, struct str field, size_t max_bytes)
{
    auto_buf struct buf text = {0};

    buf_printf(&text, "Too long: may not be more than %zu %s", max_bytes, max_bytes == 1 ? "byte" : "bytes");
    return cause(a, "FieldValueTooLong", &text, field);
}

struct status_cause cause_too_many(struct arena *a, struct str field, size_t actual, size_t max)
{
    auto_buf struct buf text = {0};

    buf_printf(&text, "Too many: %zu: must have at most %zu %s", actual, max, max == 1 ? "item" : "items");
    return cause(a, "FieldValueTooMany", &text, field);
}
