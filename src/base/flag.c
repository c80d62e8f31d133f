#include "base/flag.h"

#include "base/alloc.h"
#include "base/duration.h"
#include "base/quote.h"

static bool fail_number(struct error *err, const char *function, struct str text, const char *reason)
{
    auto_buf struct buf quoted = {0};

    quote_add(&quoted, text);
    return error_set(err, 0, "strconv.%s: parsing %s: %s", function, buf_cstr(&quoted), reason);
}

static bool parse_bool(struct str text, bool *out, struct error *err)
{
    static const char *const words[2][6] = {
        {"0", "f", "F", "false", "FALSE", "False"},
        {"1", "t", "T", "true", "TRUE", "True"},
    };

    for (size_t value = 0; value < 2; value++) {
        for (size_t i = 0; i < 6; i++) {
            if (str_eq_cstr(text, words[value][i])) {
                *out = value == 1;
                return true;
            }
        }
    }
    return fail_number(err, "ParseBool", text, "invalid syntax");
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a' + 10);
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A' + 10);
    return 64;
}

/* Takes 0x, 0b, 0o or 0 off DIGITS and returns the base. */
static unsigned take_base(struct str *digits)
{
    if (digits->len == 0 || digits->ptr[0] != '0')
        return 10;
    unsigned base = 8;
    size_t prefix = 1;
    if (digits->len >= 3) {
        unsigned letter = digit_of(digits->ptr[1]);
        base = letter == digit_of('x') ? 16 : letter == digit_of('b') ? 2 : 8;
        prefix = base != 8 || letter == digit_of('o') ? 2 : 1;
    }
    *digits = str_skip(*digits, prefix);
    return base;
}

/* As Go's ParseInt with base 0: "0x1F", "0b1", "0o17", "017", "1_000" are numbers too. */
static bool parse_int(struct str text, int64_t *out, struct error *err)
{
    struct str rest = text;
    bool is_negative = rest.len > 0 && rest.ptr[0] == '-';
    bool is_too_large = false, may_separate;
    uint64_t magnitude = 0;

    if (is_negative || (rest.len > 0 && rest.ptr[0] == '+'))
        rest = str_skip(rest, 1);
    if (rest.len == 0)
        return fail_number(err, "ParseInt", text, "invalid syntax");
    size_t all = rest.len;
    unsigned base = take_base(&rest);
    may_separate = rest.len < all; /* an underscore stands between digits, or after the prefix */
    for (size_t i = 0; i < rest.len; i++) {
        unsigned digit = digit_of(rest.ptr[i]);
        if (rest.ptr[i] == '_' && may_separate && i + 1 < rest.len) {
            may_separate = false;
            continue;
        }
        if (digit >= base)
            return fail_number(err, "ParseInt", text, "invalid syntax");
        may_separate = true;
        is_too_large = is_too_large || __builtin_mul_overflow(magnitude, (uint64_t)base, &magnitude) ||
                       __builtin_add_overflow(magnitude, (uint64_t)digit, &magnitude);
    }
    if (is_too_large || magnitude > (uint64_t)INT64_MAX + is_negative)
        return fail_number(err, "ParseInt", text, "value out of range");
    *out = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static bool fail_csv(struct error *err, size_t at, const char *reason)
{
    return error_set(err, 0, "parse error on line 1, column %zu: %s", at + 1, reason);
}

/* Reads one field of TEXT from *AT, in quotes or not, and leaves *AT behind the comma after it, or behind the end. */
static bool read_csv_field(struct str text, size_t *at, struct buf *field, struct error *err)
{
    size_t i = *at;
    bool is_quoted = i < text.len && text.ptr[i] == '"';

    if (!is_quoted) {
        for (; i < text.len && text.ptr[i] != ','; i++) {
            if (text.ptr[i] == '"')
                return fail_csv(err, i, "bare \" in non-quoted-field");
            buf_add_char(field, text.ptr[i]);
        }
        *at = i + 1;
        return true;
    }
    for (i++; i < text.len; i++) {
        if (text.ptr[i] != '"') {
            buf_add_char(field, text.ptr[i]);
        } else if (i + 1 < text.len && text.ptr[i + 1] == '"') {
            buf_add_char(field, text.ptr[i++]);
        } else if (i + 1 == text.len || text.ptr[i + 1] == ',') {
            *at = i + 2;
            return true;
        } else {
            break;
        }
    }
    return fail_csv(err, i, "extraneous or missing \" in quoted-field");
}

static bool add_csv(struct string_list *list, struct str text, struct error *err)
{
    for (size_t at = 0; text.len > 0 && at <= text.len;) {
        auto_buf struct buf field = {0};
        if (!read_csv_field(text, &at, &field, err))
            return false;
        string_list_add(list, buf_str(&field));
    }
    return true;
}

static bool set_list(struct flag *flag, struct str text, struct error *err)
{
    struct string_list given = {0};
    bool is_ok = add_csv(&given, text, err);

    if (is_ok && !flag->is_changed)
        string_list_free(flag->value.list);
    for (size_t i = 0; is_ok && i < given.count; i++)
        string_list_add(flag->value.list, str_of(given.items[i]));
    string_list_free(&given);
    return is_ok;
}

bool flag_set(struct flag *flag, struct str text, struct error *err)
{
    switch (flag->kind) {
    case FLAG_STRING: {
        char *copy = str_dup(text);
        free(flag->owned);
        flag->owned = copy;
        *flag->value.string = copy;
        return true;
    }
    case FLAG_BOOL:
        return parse_bool(text, flag->value.boolean, err);
    case FLAG_INT:
        return parse_int(text, flag->value.number, err);
    case FLAG_DURATION:
        return duration_parse_explained(text, flag->value.number, err);
    case FLAG_LIST:
        return set_list(flag, text, err);
    case FLAG_OTHER:
        return flag->type->set(flag->value.other, text, !flag->is_changed, err);
    }
    __builtin_unreachable();
}

static void add_list(struct buf *to, const struct string_list *list)
{
    buf_add_char(to, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            buf_add_char(to, ',');
        buf_add_cstr(to, list->items[i]);
    }
    buf_add_char(to, ']');
}

char *flag_default_text(const struct flag *flag)
{
    auto_buf struct buf text = {0};

    switch (flag->kind) {
    case FLAG_STRING:
        if (*flag->value.string != NULL && **flag->value.string != '\0')
            quote_add(&text, str_of(*flag->value.string));
        break;
    case FLAG_BOOL:
        if (*flag->value.boolean)
            buf_add_cstr(&text, "true");
        break;
    case FLAG_INT:
        if (*flag->value.number != 0)
            buf_add_i64(&text, *flag->value.number);
        break;
    case FLAG_DURATION:
        if (*flag->value.number != 0)
            duration_print(&text, *flag->value.number);
        break;
    case FLAG_LIST:
        if (flag->value.list->count > 0)
            add_list(&text, flag->value.list);
        break;
    case FLAG_OTHER:
        return flag->type->print(flag->value.other);
    }
    return text.len > 0 ? buf_take(&text) : NULL;
}
