#include "kube/human_duration.h"

#include "base/clock.h"
#include "kube/time.h"

static void put(struct buf *to, int64_t amount, char unit)
{
    buf_add_i64(to, amount);
    buf_add_char(to, unit);
}

/* "3h2m", or "3h" when the second figure is 0. */
static void put_two(struct buf *to, int64_t amount, char unit, int64_t rest, char rest_unit)
{
    put(to, amount, unit);
    if (rest != 0)
        put(to, rest, rest_unit);
}

void human_duration_print(struct buf *to, int64_t ns)
{
    int64_t seconds = ns / NS_PER_S;
    int64_t minutes = seconds / 60;
    int64_t hours = minutes / 60;
    int64_t days = hours / 24;
    int64_t years = days / 365;

    if (seconds < -1)
        buf_add_str(to, STR("<invalid>"));
    else if (seconds < 0)
        buf_add_str(to, STR("0s"));
    else if (seconds < 120)
        put(to, seconds, 's');
    else if (minutes < 10)
        put_two(to, minutes, 'm', seconds % 60, 's');
    else if (minutes < 180)
        put(to, minutes, 'm');
    else if (hours < 8)
        put_two(to, hours, 'h', minutes % 60, 'm');
    else if (hours < 48)
        put(to, hours, 'h');
    else if (days < 8)
        put_two(to, days, 'd', hours % 24, 'h');
    else if (years < 2)
        put(to, days, 'd');
    else if (years < 8)
        put_two(to, years, 'y', days % 365, 'd');
    else
        put(to, years, 'y');
}

void human_age_print(struct buf *to, int64_t now_ns, int64_t then_ns)
{
    int64_t ns;

    if (then_ns == KUBE_TIME_ZERO) {
        buf_add_str(to, STR("<unknown>"));
        return;
    }
    if (__builtin_sub_overflow(now_ns, then_ns, &ns))
        ns = now_ns < then_ns ? INT64_MIN : INT64_MAX;
    human_duration_print(to, ns);
}
