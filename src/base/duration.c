#include "base/duration.h"

#include "base/alloc.h"
#include "base/clock.h"

#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MIN)

/* The magnitude of the smallest duration; Go's parser works with it until the sign is known. */
#define LARGEST_MAGNITUDE (UINT64_C(1) << 63)

/* Go's time package has quotes of its own: whatever isn't printable ASCII becomes \xNN. */
static void add_quoted(struct buf *to, struct str text)
{
    buf_add_char(to, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c >= 0x80)
            buf_printf(to, "\\x%02x", c);
        else
            buf_printf(to, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    buf_add_char(to, '"');
}

/* PART is what WHAT is about, or empty. */
static bool fail(struct error *err, const char *what, struct str part, struct str text)
{
    auto_buf struct buf message = {0};

    if (err == NULL)
        return false;
    buf_printf(&message, "time: %s ", what);
    if (part.len > 0) {
        add_quoted(&message, part);
        buf_add_cstr(&message, " in duration ");
    }
    add_quoted(&message, text);
    return error_set(err, 0, "%s", buf_cstr(&message));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits before the point. False when they don't fit. */
static bool read_integer(struct str *rest, uint64_t *value)
{
    *value = 0;
    for (; rest->len > 0 && is_digit(rest->ptr[0]); *rest = str_skip(*rest, 1)) {
        if (*value > LARGEST_MAGNITUDE / 10)
            return false;
        *value = *value * 10 + (uint64_t)(rest->ptr[0] - '0');
        if (*value > LARGEST_MAGNITUDE)
            return false;
    }
    return true;
}

/* Reads the digits after the point as VALUE / SCALE. What doesn't fit is too small to matter. */
static void read_fraction(struct str *rest, uint64_t *value, double *scale)
{
    bool is_full = false;

    *value = 0;
    *scale = 1;
    for (; rest->len > 0 && is_digit(rest->ptr[0]); *rest = str_skip(*rest, 1)) {
        uint64_t longer;
        if (is_full || *value > (uint64_t)INT64_MAX / 10) {
            is_full = true;
            continue;
        }
        longer = *value * 10 + (uint64_t)(rest->ptr[0] - '0');
        if (longer > LARGEST_MAGNITUDE) {
            is_full = true;
            continue;
        }
        *value = longer;
        *scale *= 10;
    }
}

/* Reads letters up to the next number. */
static struct str read_unit(struct str *rest)
{
    size_t len = 0;

    while (len < rest->len && rest->ptr[len] != '.' && !is_digit(rest->ptr[len]))
        len++;
    struct str unit = str_head(*rest, len);
    *rest = str_skip(*rest, len);
    return unit;
}

static uint64_t ns_per_unit(struct str unit)
{
    static const struct {
        struct str name;
        uint64_t ns;
    } units[] = {
        {STR_INIT("ns"), 1},
        {STR_INIT("us"), NS_PER_US},
        {STR_INIT("\xc2\xb5s"), NS_PER_US}, /* U+00B5, micro sign */
        {STR_INIT("\xce\xbcs"), NS_PER_US}, /* U+03BC, Greek letter mu */
        {STR_INIT("ms"), NS_PER_MS},
        {STR_INIT("s"), NS_PER_S},
        {STR_INIT("m"), NS_PER_MIN},
        {STR_INIT("h"), NS_PER_HOUR},
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (str_eq(unit, units[i].name))
            return units[i].ns;
    }
    return 0;
}

/* Reads one "1.5h". */
static bool read_term(struct str *rest, struct str text, uint64_t *magnitude, struct error *err)
{
    uint64_t value, fraction = 0, unit_ns;
    double scale = 1;
    size_t before = rest->len;

    if (!read_integer(rest, &value))
        return fail(err, "invalid duration", STR(""), text);
    size_t digits = before - rest->len;
    if (rest->len > 0 && rest->ptr[0] == '.') {
        *rest = str_skip(*rest, 1);
        before = rest->len;
        read_fraction(rest, &fraction, &scale);
        digits += before - rest->len;
    }
    if (digits == 0)
        return fail(err, "invalid duration", STR(""), text);

    struct str unit = read_unit(rest);
    if (unit.len == 0)
        return fail(err, "missing unit in duration", STR(""), text);
    unit_ns = ns_per_unit(unit);
    if (unit_ns == 0)
        return fail(err, "unknown unit", unit, text);
    if (value > LARGEST_MAGNITUDE / unit_ns)
        return fail(err, "invalid duration", STR(""), text);
    value *= unit_ns;
    if (fraction > 0) /* in doubles, truncated, as Go does: the last digit depends on it */
        value += (uint64_t)((double)fraction * ((double)unit_ns / scale));
    if (value > LARGEST_MAGNITUDE || value > LARGEST_MAGNITUDE - *magnitude)
        return fail(err, "invalid duration", STR(""), text);
    *magnitude += value;
    return true;
}

bool duration_parse_explained(struct str text, int64_t *out_ns, struct error *err)
{
    struct str rest = text;
    uint64_t magnitude = 0;
    bool is_negative = rest.len > 0 && rest.ptr[0] == '-';

    if (is_negative || (rest.len > 0 && rest.ptr[0] == '+'))
        rest = str_skip(rest, 1);
    if (str_eq(rest, STR("0"))) {
        *out_ns = 0;
        return true;
    }
    if (rest.len == 0)
        return fail(err, "invalid duration", STR(""), text);
    while (rest.len > 0) {
        if (!read_term(&rest, text, &magnitude, err))
            return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + is_negative)
        return fail(err, "invalid duration", STR(""), text);
    *out_ns = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool duration_parse(struct str text, int64_t *out_ns)
{
    return duration_parse_explained(text, out_ns, NULL);
}

/* Appends VALUE / 10^DIGITS without trailing zeros. */
static void add_decimal(struct buf *to, uint64_t value, int digits)
{
    uint64_t scale = 1;

    for (int i = 0; i < digits; i++)
        scale *= 10;
    buf_add_u64(to, value / scale);
    uint64_t fraction = value % scale;
    if (fraction == 0)
        return;
    buf_add_char(to, '.');
    while (fraction > 0) {
        scale /= 10;
        buf_add_char(to, (char)('0' + fraction / scale));
        fraction %= scale;
    }
}

void duration_print(struct buf *to, int64_t ns)
{
    uint64_t magnitude = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

    if (ns < 0)
        buf_add_char(to, '-');
    if (magnitude == 0) {
        buf_add_cstr(to, "0s");
    } else if (magnitude < NS_PER_US) {
        buf_add_u64(to, magnitude);
        buf_add_cstr(to, "ns");
    } else if (magnitude < NS_PER_MS) {
        add_decimal(to, magnitude, 3);
        buf_add_cstr(to, "\xc2\xb5s");
    } else if (magnitude < NS_PER_S) {
        add_decimal(to, magnitude, 6);
        buf_add_cstr(to, "ms");
    } else {
        if (magnitude >= NS_PER_HOUR) {
            buf_add_u64(to, magnitude / NS_PER_HOUR);
            buf_add_char(to, 'h');
        }
        if (magnitude >= NS_PER_MIN) {
            buf_add_u64(to, magnitude / NS_PER_MIN % 60);
            buf_add_char(to, 'm');
        }
        add_decimal(to, magnitude % NS_PER_MIN, 9);
        buf_add_char(to, 's');
    }
}
