#include "kube/time.h"

#include <assert.h>

#include "base/clock.h"

#define SECONDS_PER_DAY 86400
#define DAYS_PER_ERA 146097 /* 400 years */

/* Writes V as N digits. */
static char *put_digits(char *to, unsigned v, int n)
{
    for (int i = n; i-- > 0; v /= 10)
        to[i] = (char)('0' + v % 10);
    return to + n;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, counted in years that begin in March. */
static int64_t days_of_date(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - 719468;
}

/* Writes "2026-01-31T12:00:05" and returns where it ends; the nanoseconds that are left go to FRACTION_NS. */
static char *put_seconds(char *to, int64_t unix_ns, unsigned *fraction_ns)
{
    int64_t seconds = unix_ns / NS_PER_S;
    int64_t left = unix_ns % NS_PER_S;
    int64_t days, day_of_era, year_of_era, day_of_year, month, era;
    unsigned second_of_day;

    assert(unix_ns != KUBE_TIME_ZERO);
    if (left < 0) {
        left += NS_PER_S;
        seconds--;
    }
    days = seconds / SECONDS_PER_DAY;
    if (seconds % SECONDS_PER_DAY < 0)
        days--;
    second_of_day = (unsigned)(seconds - days * SECONDS_PER_DAY);
    days += 719468;
    era = days / DAYS_PER_ERA; /* never negative: 64 bits of nanoseconds begin in 1677 */
    day_of_era = days - era * DAYS_PER_ERA;
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1)) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153;
    to = put_digits(to, (unsigned)(year_of_era + era * 400 + (month >= 10)), 4);
    *to++ = '-';
    to = put_digits(to, (unsigned)(month < 10 ? month + 3 : month - 9), 2);
    *to++ = '-';
    to = put_digits(to, (unsigned)(day_of_year - (153 * month + 2) / 5 + 1), 2);
    *to++ = 'T';
    to = put_digits(to, second_of_day / 3600, 2);
    *to++ = ':';
    to = put_digits(to, second_of_day / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, second_of_day % 60, 2);
    *fraction_ns = (unsigned)left;
    return to;
}

void kube_time_format(char out[KUBE_TIME_SIZE], int64_t unix_ns)
{
    unsigned fraction_ns;
    char *end = put_seconds(out, unix_ns, &fraction_ns);

    memcpy(end, "Z", 2);
}

void kube_time_format_micro(char out[KUBE_TIME_MICRO_SIZE], int64_t unix_ns)
{
    unsigned fraction_ns;
    char *end = put_seconds(out, unix_ns, &fraction_ns);

    *end++ = '.';
    end = put_digits(end, fraction_ns / 1000, 6);
    memcpy(end, "Z", 2);
}

void kube_time_print(struct buf *to, int64_t unix_ns)
{
    kube_time_format(buf_reserve(to, KUBE_TIME_SIZE), unix_ns);
    buf_grow_by(to, KUBE_TIME_SIZE - 1);
}

void kube_time_print_micro(struct buf *to, int64_t unix_ns)
{
    kube_time_format_micro(buf_reserve(to, KUBE_TIME_MICRO_SIZE), unix_ns);
    buf_grow_by(to, KUBE_TIME_MICRO_SIZE - 1);
}

/* Takes N digits off the front of S as a number of at most MAX. */
static bool take_number(struct str *s, size_t n, unsigned max, unsigned *out)
{
    unsigned v = 0;

    if (s->len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        v = v * 10 + (unsigned)(s->ptr[i] - '0');
    }
    *s = str_skip(*s, n);
    *out = v;
    return v <= max;
}

static bool take_char(struct str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = str_skip(*s, 1);
    return true;
}

/* ".123" and the like: at least one digit; those past nanoseconds are read and forgotten. */
static bool take_fraction(struct str *s, int64_t *ns)
{
    int64_t unit = NS_PER_S / 10;
    size_t digits = 0;

    *ns = 0;
    if (!take_char(s, '.') && !take_char(s, ','))
        return true;
    for (; s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9'; unit /= 10, digits++) {
        *ns += (s->ptr[0] - '0') * unit;
        *s = str_skip(*s, 1);
    }
    return digits > 0;
}

/* "Z", "+01:00"; how far local time is ahead of UTC. */
static bool take_offset(struct str *s, int64_t *seconds)
{
    unsigned hours, minutes;
    bool is_behind;

    *seconds = 0;
    if (take_char(s, 'Z'))
        return true;
    is_behind = take_char(s, '-');
    if (!is_behind && !take_char(s, '+'))
        return false;
    if (!take_number(s, 2, 24, &hours) || !take_char(s, ':') || !take_number(s, 2, 60, &minutes))
        return false;
    *seconds = (int64_t)hours * 3600 + (int64_t)minutes * 60;
    if (is_behind)
        *seconds = -*seconds;
    return true;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && is_leap ? 29u : days[month - 1];
}

/* Seconds since 1970, the whole range of years 0 to 9999. */
static bool parse_parts(struct str s, int64_t *seconds, int64_t *fraction_ns)
{
    unsigned year, month, day, hour, minute, second;
    int64_t offset;

    if (!take_number(&s, 4, 9999, &year) || !take_char(&s, '-') || !take_number(&s, 2, 12, &month) || month == 0 ||
        !take_char(&s, '-') || !take_number(&s, 2, days_of_month(year, month), &day) || day == 0)
        return false;
    if (!take_char(&s, 'T') || !take_number(&s, 2, 23, &hour) || !take_char(&s, ':') ||
        !take_number(&s, 2, 59, &minute) || !take_char(&s, ':') || !take_number(&s, 2, 59, &second))
        return false;
    if (!take_fraction(&s, fraction_ns) || !take_offset(&s, &offset) || s.len > 0)
        return false;
    *seconds = days_of_date(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    return true;
}

bool kube_time_parse(struct str text, int64_t *out_ns)
{
    int64_t seconds, fraction_ns, ns;

    if (!parse_parts(text, &seconds, &fraction_ns))
        return false;
    if (__builtin_mul_overflow(seconds, NS_PER_S, &ns) || __builtin_add_overflow(ns, fraction_ns, &ns))
        ns = seconds < 0 ? KUBE_TIME_ZERO : INT64_MAX;
    *out_ns = ns;
    return true;
}

bool kube_time_parse_json(struct str json, int64_t *out_ns)
{
    if (str_eq(json, STR("null"))) {
        *out_ns = KUBE_TIME_ZERO;
        return true;
    }
    return json.len >= 2 && json.ptr[0] == '"' && json.ptr[json.len - 1] == '"' &&
           kube_time_parse(str_from(json.ptr + 1, json.len - 2), out_ns);
}
