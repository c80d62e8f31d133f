#include "base/flag_types.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/quote.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>

static bool fail(struct error *err, const char *what, struct str text, const char *reason)
{
    auto_buf struct buf quoted = {0};

    quote_add(&quoted, text);
    return error_set(err, 0, "%s%s%s", what, buf_cstr(&quoted), reason);
}

static bool set_ip(void *value, struct str text, bool is_first, struct error *err)
{
    struct flag_ip *ip = value;
    struct flag_ip given = {0};
    unsigned char bytes[16];

    (void)is_first;
    text = str_trim(text);
    if (text.len < sizeof(given.text))
        memcpy(given.text, text.ptr != NULL ? text.ptr : "", text.len);
    if (text.len > 0 && inet_pton(AF_INET, given.text, bytes) != 1 && inet_pton(AF_INET6, given.text, bytes) != 1)
        return fail(err, "failed to parse IP: ", text, "");
    *ip = given;
    return true;
}

static char *print_ip(const void *value)
{
    const struct flag_ip *ip = value;

    return ip->text[0] != '\0' ? mem_strdup(ip->text) : NULL;
}

const struct flag_type flag_type_ip = {.name = "ip", .set = set_ip, .print = print_ip};

static bool set_float(void *value, struct str text, bool is_first, struct error *err)
{
    auto_free char *copy = str_dup(text);
    char *end;

    (void)is_first;
    errno = 0;
    double number = strtod(copy, &end);
    if (end == copy || *end != '\0' || (size_t)(end - copy) != text.len || str_trim(text).len != text.len)
        return fail(err, "strconv.ParseFloat: parsing ", text, ": invalid syntax");
    if (errno == ERANGE || !isfinite(number))
        return fail(err, "strconv.ParseFloat: parsing ", text, ": value out of range");
    *(double *)value = number;
    return true;
}

static char *print_float(const void *value)
{
    auto_buf struct buf text = {0};
    double number = *(const double *)value;

    if (number <= 0 && number >= 0)
        return NULL;
    buf_printf(&text, "%g", number);
    return buf_take(&text);
}

const struct flag_type flag_type_float = {.name = "float", .set = set_float, .print = print_float};
const struct flag_type flag_type_float32 = {.name = "float32", .set = set_float, .print = print_float};

static bool parse_int32(struct str text, int64_t *out, struct error *err)
{
    if (!str_to_i64(text, out))
        return fail(err, "strconv.ParseInt: parsing ", text, ": invalid syntax");
    return (*out >= INT32_MIN && *out <= INT32_MAX) ||
           fail(err, "strconv.ParseInt: parsing ", text, ": value out of range");
}

static bool set_level(void *value, struct str text, bool is_first, struct error *err)
{
    int64_t level;

    (void)is_first;
    if (text.len > 0 && text.ptr[0] == '-')
        return fail(err, "strconv.ParseUint: parsing ", text, ": invalid syntax");
    if (!parse_int32(text, &level, err))
        return false;
    *(int64_t *)value = level;
    return true;
}

static char *print_level(const void *value)
{
    auto_buf struct buf text = {0};

    if (*(const int64_t *)value == 0)
        return NULL;
    buf_add_i64(&text, *(const int64_t *)value);
    return buf_take(&text);
}

const struct flag_type flag_type_level = {.name = "Level", .set = set_level, .print = print_level};

static bool set_numbers(void *value, struct str text, bool is_first, struct error *err)
{
    struct flag_numbers *numbers = value;
    struct flag_numbers given = is_first ? (struct flag_numbers){0} : *numbers;
    struct str item;
    bool has_more = true;

    while (has_more) {
        has_more = str_cut(text, ',', &item, &text);
        if (given.count == sizeof(given.items) / sizeof(given.items[0]))
            return error_set(err, 0, "more than %zu numbers", given.count);
        if (!parse_int32(str_trim(item), &given.items[given.count++], err))
            return false;
    }
    *numbers = given;
    return true;
}

static char *print_numbers(const void *value)
{
    const struct flag_numbers *numbers = value;
    auto_buf struct buf text = {0};

    buf_add_char(&text, '[');
    for (size_t i = 0; i < numbers->count; i++)
        buf_printf(&text, "%s%lld", i > 0 ? "," : "", (long long)numbers->items[i]);
    buf_add_char(&text, ']');
    return buf_take(&text);
}

const struct flag_type flag_type_int32_slice = {.name = "int32Slice", .set = set_numbers, .print = print_numbers};
