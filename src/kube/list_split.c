#include "kube/list_split.h"

static bool fail(struct list_split *s, struct error *err, const char *what)
{
    s->is_stopped = true;
    return error_set(err, 0, "malformed list: %s", what);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool push(struct list_split *s, bool is_array, struct error *err)
{
    if (s->depth == LIST_SPLIT_MAX_DEPTH)
        return fail(s, err, "nested too deeply");
    uint8_t bit = (uint8_t)(1u << (s->depth % 8));
    if (is_array)
        s->brackets[s->depth / 8] |= bit;
    else
        s->brackets[s->depth / 8] &= (uint8_t)~bit;
    s->depth++;
    return true;
}

static bool pop(struct list_split *s, bool is_array, struct error *err)
{
    if (s->depth == 0)
        return fail(s, err, "a bracket closes that wasn't opened");
    s->depth--;
    bool was_array = (s->brackets[s->depth / 8] >> (s->depth % 8) & 1) != 0;
    return was_array == is_array || fail(s, err, "brackets don't match");
}

/* The end of the string at P, which stands inside of it: past its closing quote, or END. */
static const char *skip_string(struct list_split *s, const char *p, const char *end)
{
    if (s->is_escaped && p < end) {
        s->is_escaped = false;
        p++;
    }
    for (; p < end; p++) {
        if (*p == '"') {
            s->is_in_string = false;
            return p + 1;
        }
        if (*p == '\\' && ++p == end) {
            s->is_escaped = true;
            return end;
        }
    }
    return end;
}

/* --- inside of an item --- */

/* Hands over the item that ends before P; START is where it begins in this piece. */
static bool end_item(struct list_split *s, const char *start, const char *p)
{
    bool go_on;

    s->is_in_item = false;
    s->is_item_read = true;
    size_t len = (size_t)(p - start);
    if (s->is_item_large || len > s->max_item_bytes - s->item.len) {
        go_on = s->on_large_item(s->owner);
    } else if (s->item.len == 0) {
        go_on = s->on_item(s->owner, str_from(start, len));
    } else {
        buf_add(&s->item, start, len);
        go_on = s->on_item(s->owner, buf_str(&s->item));
    }
    buf_clear(&s->item);
    if (!go_on)
        s->is_stopped = true;
    return go_on;
}

static void keep_rest_of_item(struct list_split *s, const char *start, const char *end)
{
    size_t len = (size_t)(end - start);

    if (s->is_item_large)
        return;
    if (len > s->max_item_bytes - s->item.len) {
        s->is_item_large = true;
        buf_free(&s->item);
        return;
    }
    buf_add(&s->item, start, len);
}

/* Reads on in an item from P. Sets P past what was read: the item's end, or END. */
static bool feed_item(struct list_split *s, const char **at, const char *end, struct error *err)
{
    const char *start = *at;
    const char *p = start;

    while (p < end) {
        if (s->is_in_string) {
            p = skip_string(s, p, end);
            continue;
        }
        switch (*p++) {
        case '"':
            s->is_in_string = true;
            break;
        case '{':
        case '[':
            if (!push(s, p[-1] == '[', err))
                return false;
            break;
        case '}':
        case ']':
            if (!pop(s, p[-1] == ']', err))
                return false;
            if (s->depth == 2) {
                *at = p;
                return end_item(s, start, p);
            }
            break;
        default:
            break;
        }
    }
    keep_rest_of_item(s, start, end);
    *at = end;
    return true;
}

/* --- around the items --- */

static bool add_envelope(struct list_split *s, struct str bytes, struct error *err)
{
    if (bytes.len > LIST_SPLIT_MAX_ENVELOPE_BYTES - s->envelope.len)
        return fail(s, err, "too much around its items");
    buf_add_str(&s->envelope, bytes);
    return true;
}

/* One byte between items. */
static bool feed_between(struct list_split *s, char c, struct error *err)
{
    if (is_space(c))
        return true;
    switch (c) {
    case ',':
        if (!s->is_item_read)
            return fail(s, err, "a comma without an item before it");
        s->is_item_read = false;
        s->is_item_due = true;
        return true;
    case ']':
        if (s->is_item_due)
            return fail(s, err, "a comma without an item behind it");
        s->is_in_items = false;
        return pop(s, true, err) && add_envelope(s, STR("]"), err);
    case '{':
        if (s->is_item_read)
            return fail(s, err, "no comma between two items");
        s->is_item_due = false;
        s->is_item_large = false;
        s->is_in_item = true;
        return true;
    default:
        return fail(s, err, "an item that is no object");
    }
}

static void end_envelope_string(struct list_split *s)
{
    if (s->depth != 1 || !s->is_key)
        return;
    struct str name = str_skip(buf_str(&s->envelope), s->key_start);
    s->is_items_key = str_eq(name, STR("\"items\""));
    s->is_key = false;
}

/* One byte of the envelope outside of strings; it was added already. */
static bool feed_envelope(struct list_split *s, char c, struct error *err)
{
    if (s->depth == 0 && c != '{')
        return is_space(c) || fail(s, err, "it is no object");
    switch (c) {
    case '"':
        s->is_in_string = true;
        s->key_start = s->envelope.len - 1;
        return true;
    case ',':
        s->is_key = s->depth == 1;
        return true;
    case '{':
    case '[':
        if (s->depth == 0)
            s->is_key = true;
        if (s->depth == 1 && s->is_items_key && c == '[') {
            s->is_in_items = true;
            s->is_item_due = s->is_item_read = s->is_items_key = false;
        }
        return push(s, c == '[', err);
    case '}':
    case ']':
        if (!pop(s, c == ']', err))
            return false;
        s->is_done = s->depth == 0;
        return true;
    default:
        return true;
    }
}

/* Reads on outside of items from *AT, at least one byte. */
static bool feed_around(struct list_split *s, const char **at, const char *end, struct error *err)
{
    const char *p = *at;

    if (s->is_in_string) {
        const char *stop = skip_string(s, p, end);
        *at = stop;
        if (!add_envelope(s, str_from(p, (size_t)(stop - p)), err))
            return false;
        if (!s->is_in_string)
            end_envelope_string(s);
        return true;
    }
    if (s->is_done)
        return is_space(*(*at)++) || fail(s, err, "something follows it");
    if (s->is_in_items) {
        if (!feed_between(s, *p, err))
            return false;
        if (!s->is_in_item) /* else its brace is the item's first byte */
            (*at)++;
        return true;
    }
    *at = p + 1;
    return add_envelope(s, str_from(p, 1), err) && feed_envelope(s, *p, err);
}

bool list_split_feed(struct list_split *s, struct str piece, struct error *err)
{
    const char *p = piece.ptr;
    const char *end = p + piece.len;

    if (s->is_stopped)
        return false;
    while (p < end) {
        bool ok = s->is_in_item ? feed_item(s, &p, end, err) : feed_around(s, &p, end, err);
        if (!ok)
            return false;
    }
    return true;
}

bool list_split_finish(struct list_split *s, struct error *err)
{
    if (s->is_stopped)
        return false;
    return s->is_done || fail(s, err, "it ends in the middle");
}

struct str list_split_envelope(const struct list_split *s)
{
    return buf_str(&s->envelope);
}

void list_split_free(struct list_split *s)
{
    buf_free(&s->item);
    buf_free(&s->envelope);
}
