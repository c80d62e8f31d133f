#include "scrape/decimal.h"

#include <math.h>
#include <stdlib.h>

enum {
    MAX_DIGITS = 19,           /* that a uint64_t holds whatever they are */
    MAX_EXACT_POWER = 22,      /* 10^22 is the largest power of ten that a double holds exactly */
    MAX_DIVISOR_POWER = 19,    /* 10^19 fits a uint64_t */
    MAX_EXPONENT = 100 * 1000, /* further digits change nothing: the number is 0 or too large */
};
#define MAX_EXACT_MANTISSA (UINT64_C(1) << 53)

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const uint64_t integer_powers[] = {UINT64_C(1),
                                          UINT64_C(10),
                                          UINT64_C(100),
                                          UINT64_C(1000),
                                          UINT64_C(10000),
                                          UINT64_C(100000),
                                          UINT64_C(1000000),
                                          UINT64_C(10000000),
                                          UINT64_C(100000000),
                                          UINT64_C(1000000000),
                                          UINT64_C(10000000000),
                                          UINT64_C(100000000000),
                                          UINT64_C(1000000000000),
                                          UINT64_C(10000000000000),
                                          UINT64_C(100000000000000),
                                          UINT64_C(1000000000000000),
                                          UINT64_C(10000000000000000),
                                          UINT64_C(100000000000000000),
                                          UINT64_C(1000000000000000000),
                                          UINT64_C(10000000000000000000)};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/*
 * MANTISSA / 10^POWER, rounded to nearest even. The quotient is computed with at least 64 significant bits; what the
 * integer division leaves over only matters as "more than nothing", which the lowest bit then says.
 */
static double divide(uint64_t mantissa, int power)
{
    int shift = __builtin_clzll(mantissa);
    unsigned __int128 numerator = (unsigned __int128)(mantissa << shift) << 64;
    uint64_t divisor = integer_powers[power];
    unsigned __int128 quotient = numerator / divisor;
    bool has_rest = quotient * divisor != numerator;

    /* 64 to 128 significant bits: keep the upper 63 and fold the rest into the lowest */
    int excess = 64 - (quotient >> 64 != 0 ? __builtin_clzll((uint64_t)(quotient >> 64)) : 64) + 1;
    uint64_t kept = (uint64_t)(quotient >> excess);
    if (has_rest || (quotient & (((unsigned __int128)1 << excess) - 1)) != 0)
        kept |= 1;
    /* a uint64_t is converted with the same rounding, and the scaling by a power of two is exact */
    return ldexp((double)kept, excess - 64 - shift);
}

static size_t parse_long(struct str number, double *out)
{
    char text[DECIMAL_MAX_BYTES + 1];

    if (number.len > DECIMAL_MAX_BYTES)
        return 0;
    memcpy(text, number.ptr, number.len);
    text[number.len] = '\0';
    double value = strtod(text, NULL); /* the process never leaves the C locale */
    if (isinf(value))
        return 0;
    *out = value;
    return number.len;
}

static size_t parse_word(struct str text, size_t sign_bytes, bool is_negative, double *out)
{
    static const struct str words[] = {STR_INIT("infinity"), STR_INIT("inf"), STR_INIT("nan")};
    struct str rest = str_skip(text, sign_bytes);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!str_eq_ignore_case(str_head(rest, words[i].len), words[i]))
            continue;
        bool is_nan = i == 2;
        if (is_nan && sign_bytes > 0)
            return 0;
        *out = is_nan ? (double)NAN : is_negative ? -(double)INFINITY : (double)INFINITY;
        return sign_bytes + words[i].len;
    }
    return 0;
}

/* The digits of a number, as far as they fit, and where they end. */
struct digits {
    const char *at;
    const char *end;
    uint64_t mantissa;
    int count;        /* significant digits read */
    int64_t exponent; /* of ten */
    bool is_cut;      /* there were more digits than fit */
};

static size_t read_digits(struct digits *d, bool is_fraction)
{
    const char *start = d->at;

    for (; d->at < d->end && is_digit(*d->at); d->at++) {
        if (d->count < MAX_DIGITS) {
            d->mantissa = d->mantissa * 10 + (uint64_t)(*d->at - '0');
            d->count += d->mantissa != 0;
            d->exponent -= is_fraction;
        } else {
            d->is_cut |= *d->at != '0';
            d->exponent += !is_fraction;
        }
    }
    return (size_t)(d->at - start);
}

/* Reads "e+06"; leaves what is no exponent alone. */
static void read_exponent(struct digits *d)
{
    const char *p = d->at + 1;
    int64_t exponent = 0;
    bool is_negative = false;

    if (d->at == d->end || (*d->at != 'e' && *d->at != 'E'))
        return;
    if (p < d->end && (*p == '+' || *p == '-'))
        is_negative = *p++ == '-';
    if (p == d->end || !is_digit(*p))
        return;
    for (; p < d->end && is_digit(*p); p++)
        if (exponent < MAX_EXPONENT)
            exponent = exponent * 10 + (*p - '0');
    d->exponent += is_negative ? -exponent : exponent;
    d->at = p;
}

size_t decimal_parse(struct str text, double *out)
{
    bool has_sign = text.len > 0 && (text.ptr[0] == '+' || text.ptr[0] == '-');
    bool is_negative = has_sign && text.ptr[0] == '-';
    struct digits d = {.at = text.ptr + has_sign, .end = text.ptr + text.len};
    size_t digits = read_digits(&d, false);
    double value;

    if (d.at < d.end && *d.at == '.' && (digits > 0 || (d.at + 1 < d.end && is_digit(d.at[1])))) {
        d.at++;
        digits += read_digits(&d, true);
    }
    if (digits == 0)
        return parse_word(text, has_sign, is_negative, out);
    read_exponent(&d);

    size_t len = (size_t)(d.at - text.ptr);
    if (d.mantissa == 0 && !d.is_cut)
        value = 0;
    else if (d.is_cut)
        return parse_long(str_head(text, len), out);
    else if (d.mantissa <= MAX_EXACT_MANTISSA && d.exponent >= 0 && d.exponent <= MAX_EXACT_POWER)
        value = (double)d.mantissa * exact_powers[d.exponent];
    else if (d.mantissa <= MAX_EXACT_MANTISSA && d.exponent < 0 && d.exponent >= -MAX_EXACT_POWER)
        value = (double)d.mantissa / exact_powers[-d.exponent];
    else if (d.exponent < 0 && d.exponent >= -MAX_DIVISOR_POWER)
        value = divide(d.mantissa, (int)-d.exponent);
    else
        return parse_long(str_head(text, len), out);
    *out = is_negative ? -value : value;
    return len;
}
