#include "kube/quantity.h"

#include <assert.h>

typedef unsigned __int128 u128; /* gcc and clang spell it in two words */

#define INT64_DIGITS 18 /* every number with so many digits fits an int64_t */
#define PARSED_DIGITS \
    20 /* kept of a longer number: more than an int64_t can show, and times 2^60 it still fits 128 bits */
#define SCALE_MAX INT8_MAX
#define POWER_MAX 1000000000 /* of an exponent: anything larger is out of range whatever the digits */
#define TEXT_MAX 1000000000  /* so that the count of digits plus an exponent fits an int */

static const uint64_t powers_of_ten[] = {
    1ULL,
    10ULL,
    100ULL,
    1000ULL,
    10000ULL,
    100000ULL,
    1000000ULL,
    10000000ULL,
    100000000ULL,
    1000000000ULL,
    10000000000ULL,
    100000000000ULL,
    1000000000000ULL,
    10000000000000ULL,
    100000000000000ULL,
    1000000000000000ULL,
    10000000000000000ULL,
    100000000000000000ULL,
    1000000000000000000ULL,
    10000000000000000000ULL,
};
#define POWERS_OF_TEN (int)(sizeof(powers_of_ten) / sizeof(powers_of_ten[0]))

enum fault {
    FAULT_NONE,
    FAULT_FORM,
    FAULT_NUMBER,
    FAULT_SUFFIX,
    FAULT_SIZE,
};

static const char *const fault_texts[] = {
    [FAULT_NONE] = NULL,
    [FAULT_FORM] = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    [FAULT_NUMBER] = "unable to parse numeric part of quantity",
    [FAULT_SUFFIX] = "unable to parse quantity's suffix",
    [FAULT_SIZE] = "the quantity is too large",
};

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* V / 10^N, rounded up when anything is cut off or IS_MORE says that V was already cut. */
static u128 shift_down(u128 v, int n, bool is_more)
{
    bool is_inexact = is_more;

    while (n > 0 && v != 0) {
        int step = n < POWERS_OF_TEN ? n : POWERS_OF_TEN - 1;

        is_inexact |= v % powers_of_ten[step] != 0;
        v /= powers_of_ten[step];
        n -= step;
    }
    return v + is_inexact;
}

/* V * 10^N in OUT; false when that isn't below 2^127. */
static bool shift_up(u128 v, int n, u128 *out)
{
    if (v == 0) {
        *out = 0;
        return true;
    }
    for (; n > 0; n--) {
        if (v > (((u128)1 << 127) - 1) / 10)
            return false;
        v *= 10;
    }
    *out = v;
    return v >> 127 == 0;
}

/* The text taken apart. */
struct parts {
    bool is_negative;
    bool has_digits;    /* any at all: "k" is a way to write 0 */
    bool is_more;       /* digits other than 0 were left out of `digits` */
    u128 digits;        /* the significant digits, at most PARSED_DIGITS */
    int scale;          /* of the last of them */
    int whole_count;    /* digits before the point, without leading zeros */
    int fraction_count; /* digits after the point */
    struct str suffix;
    enum quantity_form form;
    int power; /* that the suffix stands for: of two in the binary form, else of ten */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static void take_digit(struct parts *p, char c, bool in_fraction)
{
    p->has_digits = true;
    p->fraction_count += in_fraction;
    p->whole_count += !in_fraction && (p->digits != 0 || c != '0');
    if (p->digits >= powers_of_ten[PARSED_DIGITS - 1]) {
        p->is_more |= c != '0';
        p->scale += !in_fraction;
        return;
    }
    p->digits = p->digits * 10 + (unsigned)(c - '0');
    p->scale -= in_fraction;
}

static enum fault split(struct str text, struct parts *p)
{
    size_t i = 0;
    bool in_fraction = false;

    if (text.len == 0)
        return FAULT_FORM;
    if (text.len > TEXT_MAX)
        return FAULT_SIZE;
    if (text.ptr[0] == '-' || text.ptr[0] == '+')
        p->is_negative = text.ptr[i++] == '-';
    for (; i < text.len; i++) {
        if (is_digit(text.ptr[i]))
            take_digit(p, text.ptr[i], in_fraction);
        else if (text.ptr[i] == '.' && !in_fraction)
            in_fraction = true;
        else
            break;
    }
    p->suffix = str_skip(text, i);
    while (i < text.len && is_one_of(text.ptr[i], "eEinumkKMGTP"))
        i++;
    if (i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+'))
        i++;
    while (i < text.len && is_digit(text.ptr[i]))
        i++;
    return i == text.len ? FAULT_NONE : FAULT_FORM;
}

/* What the suffix stands for. */
static bool read_suffix(struct parts *p)
{
    static const char decimal[] = "num kMGTPE";
    static const char binary[] = "KMGTPE";
    struct str s = p->suffix;
    char c = s.len > 0 ? s.ptr[0] : ' ';
    int64_t exponent;

    p->form = QUANTITY_DECIMAL;
    if (s.len <= 1) {
        if (!is_one_of(c, decimal))
            return false;
        p->power = (int)(strchr(decimal, c) - decimal) * 3 - 9;
        return true;
    }
    if (s.len == 2 && s.ptr[1] == 'i') {
        p->form = QUANTITY_BINARY;
        if (!is_one_of(c, binary))
            return false;
        p->power = (int)(strchr(binary, c) - binary + 1) * 10;
        return true;
    }
    p->form = QUANTITY_EXPONENT;
    s = str_skip(s, s.ptr[1] == '+' ? 2 : 1);
    if ((c != 'e' && c != 'E') || !str_to_i64(s, &exponent) || exponent > POWER_MAX || exponent < -POWER_MAX)
        return false;
    p->power = (int)exponent;
    return true;
}

/* Fits MANTISSA * 10^SCALE into a quantity, rounding up. */
static bool fit(u128 mantissa, int scale, bool is_negative, enum quantity_form form, struct quantity *out)
{
    if (mantissa == 0)
        scale = 0;
    while (mantissa > INT64_MAX) {
        mantissa = shift_down(mantissa, 1, false);
        scale++;
    }
    for (; scale > SCALE_MAX; scale--) {
        if (mantissa > INT64_MAX / 10)
            return false;
        mantissa *= 10;
    }
    *out = (struct quantity){
        .value = is_negative ? -(int64_t)mantissa : (int64_t)mantissa,
        .scale = (int8_t)scale,
        .form = form,
    };
    return true;
}

static enum fault parse(struct str text, struct parts *p, struct quantity *out)
{
    enum fault fault = split(text, p);
    enum quantity_form form;
    u128 mantissa = p->digits;
    int scale = p->scale;

    if (fault != FAULT_NONE)
        return fault;
    if (!read_suffix(p))
        return FAULT_SUFFIX;
    form = p->form;
    if (form == QUANTITY_BINARY)
        mantissa <<= p->power; /* below 2^127: PARSED_DIGITS */
    else
        scale += p->power;
    if (!p->has_digits && (scale < QUANTITY_NANO || (form == QUANTITY_BINARY && p->power > 40)))
        return FAULT_NUMBER; /* where upstream's fast path doesn't see that there is no number: "k" is 0 */
    if (scale < QUANTITY_NANO) {
        mantissa = shift_down(mantissa, QUANTITY_NANO - scale, p->is_more);
        scale = QUANTITY_NANO;
    } else {
        mantissa += p->is_more;
    }
    if (form == QUANTITY_BINARY && mantissa != 0) {
        if (scale > 0 || mantissa > (u128)INT64_MAX * powers_of_ten[-scale]) {
            mantissa = INT64_MAX;
            scale = 0;
        } else if (mantissa < powers_of_ten[-scale]) {
            form = QUANTITY_DECIMAL;
        }
    }
    return fit(mantissa, scale, p->is_negative, form, out) ? FAULT_NONE : FAULT_SIZE;
}

bool quantity_parse(struct str text, struct quantity *out)
{
    struct parts p = {0};
    struct quantity q;

    if (parse(text, &p, &q) != FAULT_NONE)
        return false;
    *out = q;
    return true;
}

bool quantity_parse_json(struct str json, struct quantity *out)
{
    if (str_eq(json, STR("null"))) {
        *out = (struct quantity){0};
        return true;
    }
    if (json.len >= 2 && json.ptr[0] == '"' && json.ptr[json.len - 1] == '"')
        json = str_from(json.ptr + 1, json.len - 2);
    return quantity_parse(str_trim(json), out);
}

const char *quantity_fault(struct str text)
{
    struct parts p = {0};
    struct quantity q;

    return fault_texts[parse(text, &p, &q)];
}

/* Whether Kubernetes' serialisers write the text back as it was read: their idea of "canonical already". */
static bool is_kept(const struct parts *p)
{
    int digits = (p->whole_count > 0 ? p->whole_count : 1) + p->fraction_count;
    int scale = p->power - p->fraction_count;

    if (p->whole_count == 0 || digits > INT64_DIGITS)
        return false;
    if (p->form == QUANTITY_BINARY)
        return p->fraction_count == 0 && digits + p->power * 3 / 10 <= 14 && (p->digits & 7) != 0;
    return scale >= QUANTITY_NANO && scale % 3 == 0 && p->digits % 1000 != 0;
}

bool quantity_rewrite(struct buf *to, struct str text)
{
    struct parts p = {0};
    struct quantity q;

    if (parse(text, &p, &q) != FAULT_NONE)
        return false;
    if (is_kept(&p))
        buf_add_str(to, text);
    else
        quantity_print(to, q);
    return true;
}

/* Writes V as decimal digits that end before END; returns where they start. */
static char *digits_before(char *end, u128 v)
{
    uint64_t low = (uint64_t)v;

    for (; v > UINT64_MAX; v /= 10, low = (uint64_t)v)
        *--end = (char)('0' + (int)(v % 10));
    do
        *--end = (char)('0' + low % 10);
    while ((low /= 10) != 0);
    return end;
}

/* The whole number of a binary quantity of at least 1024; false when it prints as a decimal. */
static bool binary_whole(struct quantity q, u128 *out)
{
    u128 v = magnitude(q.value);
    u128 divisor;

    if (q.scale >= 0)
        return shift_up(v, q.scale, out) && *out >= 1024;
    divisor = powers_of_ten[-q.scale];
    *out = v / divisor;
    return v % divisor == 0 && *out >= 1024;
}

static size_t format_number(char *out, bool is_negative, u128 v, int zeros)
{
    char digits[QUANTITY_MAX];
    char *end = digits + sizeof(digits);
    char *start;
    size_t len;

    while (zeros-- > 0)
        *--end = '0';
    start = digits_before(end, v);
    if (is_negative)
        *--start = '-';
    len = (size_t)(digits + sizeof(digits) - start);
    memcpy(out, start, len);
    return len;
}

static size_t format_binary(char *out, bool is_negative, u128 v)
{
    static const char letters[] = " KMGTPE";
    int power = 0;
    size_t len;

    for (; power < 6 && (v & 1023) == 0; power++)
        v >>= 10;
    len = format_number(out, is_negative, v, 0);
    if (power > 0) {
        out[len++] = letters[power];
        out[len++] = 'i';
    }
    return len;
}

static size_t format_decimal(char *out, struct quantity q)
{
    static const char letters[] = "num kMGTPE";
    uint64_t v = magnitude(q.value);
    int scale = (int)q.scale;
    int zeros;
    size_t len;

    for (; v % 10 == 0; v /= 10)
        scale++;
    zeros = ((scale % 3) + 3) % 3;
    scale -= zeros;
    len = format_number(out, q.value < 0, v, zeros);
    if (scale == 0)
        return len;
    if (q.form != QUANTITY_EXPONENT && scale >= QUANTITY_NANO && scale <= 18) {
        out[len++] = letters[scale / 3 + 3];
        return len;
    }
    out[len++] = 'e';
    return len + format_number(out + len, scale < 0, (unsigned)(scale < 0 ? -scale : scale), 0);
}

size_t quantity_format(char out[QUANTITY_MAX], struct quantity q)
{
    u128 whole;
    size_t len;

    assert(q.scale >= QUANTITY_NANO);
    if (q.value == 0) {
        out[0] = '0';
        len = 1;
    } else if (q.form == QUANTITY_BINARY && binary_whole(q, &whole)) {
        len = format_binary(out, q.value < 0, whole);
    } else {
        len = format_decimal(out, q);
    }
    out[len] = '\0';
    return len;
}

void quantity_print(struct buf *to, struct quantity q)
{
    buf_grow_by(to, quantity_format(buf_reserve(to, QUANTITY_MAX), q));
}

static struct quantity from_u64(uint64_t v, int scale, enum quantity_form form)
{
    if (v > INT64_MAX) {
        v /= 10;
        scale++;
    }
    return (struct quantity){.value = (int64_t)v, .scale = (int8_t)scale, .form = form};
}

struct quantity quantity_from_nanocores(uint64_t nanocores)
{
    return from_u64(nanocores, QUANTITY_NANO, QUANTITY_DECIMAL);
}

struct quantity quantity_from_bytes(uint64_t bytes)
{
    return from_u64(bytes, QUANTITY_WHOLE, QUANTITY_BINARY);
}

struct quantity quantity_from_milli(int64_t milli)
{
    return (struct quantity){.value = milli, .scale = QUANTITY_MILLI};
}

struct quantity quantity_from_whole(int64_t whole)
{
    return (struct quantity){.value = whole};
}

int64_t quantity_scaled(struct quantity q, int scale)
{
    u128 v = magnitude(q.value);

    if (q.scale < scale)
        v = shift_down(v, scale - q.scale, false);
    else if (!shift_up(v, q.scale - scale, &v))
        v = (u128)INT64_MAX + 1;
    if (v > INT64_MAX)
        return q.value < 0 ? INT64_MIN : INT64_MAX;
    return q.value < 0 ? -(int64_t)v : (int64_t)v;
}

int64_t quantity_nano(struct quantity q)
{
    return quantity_scaled(q, QUANTITY_NANO);
}

int64_t quantity_milli(struct quantity q)
{
    return quantity_scaled(q, QUANTITY_MILLI);
}

int64_t quantity_whole(struct quantity q)
{
    return quantity_scaled(q, QUANTITY_WHOLE);
}

struct quantity quantity_round_up(struct quantity q, int scale)
{
    assert(scale >= QUANTITY_NANO && scale <= SCALE_MAX);
    if (q.scale >= scale)
        return q;
    q.value = quantity_scaled(q, scale);
    q.scale = (int8_t)scale;
    return q;
}

/* V * 10^N with its sign, in OUT; false when that doesn't fit 127 bits. */
static bool align(int64_t v, int n, __int128 *out)
{
    u128 shifted;

    if (!shift_up(magnitude(v), n, &shifted))
        return false;
    *out = v < 0 ? -(__int128)shifted : (__int128)shifted;
    return true;
}

/* Moves factors of ten into the scale, so that aligning needs less room. */
static struct quantity without_zeros(struct quantity q)
{
    for (; q.value != 0 && q.value % 10 == 0 && q.scale < SCALE_MAX; q.scale++)
        q.value /= 10;
    return q;
}

static bool add(struct quantity *sum, struct quantity b, bool is_minus)
{
    struct quantity a = *sum;
    enum quantity_form form = quantity_is_zero(a) ? b.form : a.form;
    int scale;
    __int128 x, y;

    if (quantity_is_zero(b)) {
        sum->form = form;
        return true;
    }
    if (quantity_is_zero(a))
        a.scale = b.scale;
    if (a.scale != b.scale) {
        a = without_zeros(a);
        b = without_zeros(b);
    }
    scale = a.scale < b.scale ? a.scale : b.scale;
    if (!align(a.value, a.scale - scale, &x) || !align(b.value, b.scale - scale, &y))
        return false;
    if (is_minus ? __builtin_sub_overflow(x, y, &x) : __builtin_add_overflow(x, y, &x))
        return false;
    for (; (x > INT64_MAX || x < INT64_MIN) && x % 10 == 0 && scale < SCALE_MAX; scale++)
        x /= 10;
    if (x > INT64_MAX || x < INT64_MIN)
        return false;
    *sum = (struct quantity){.value = (int64_t)x, .scale = (int8_t)scale, .form = form};
    return true;
}

bool quantity_add(struct quantity *sum, struct quantity b)
{
    return add(sum, b, false);
}

bool quantity_sub(struct quantity *sum, struct quantity b)
{
    return add(sum, b, true);
}

int quantity_cmp(struct quantity a, struct quantity b)
{
    int sign_a = (a.value > 0) - (a.value < 0);
    int sign_b = (b.value > 0) - (b.value < 0);
    int scale = a.scale < b.scale ? a.scale : b.scale;
    __int128 x, y;

    if (sign_a != sign_b || sign_a == 0)
        return sign_a - sign_b;
    if (!align(a.value, a.scale - scale, &x)) /* so much larger that 127 bits don't hold it beside a 64-bit value */
        return sign_a;
    if (!align(b.value, b.scale - scale, &y))
        return -sign_a;
    return (x > y) - (x < y);
}

double quantity_double(struct quantity q)
{
    double v = (double)q.value;
    double power = 1;
    int n = q.scale < 0 ? -q.scale : q.scale;

    for (int i = 0; i < n; i++)
        power *= 10; /* exact up to 10^22 */
    return q.scale < 0 ? v / power : v * power;
}
