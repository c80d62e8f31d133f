/*
 * Kinds of flags beyond base/flags.h's own: IP addresses, fractions, klog's levels. For flags_value; the type of the
 * variable stands beside each. Source of syntax and words: spf13/pflag, Go's strconv and klog.
 */
#ifndef BASE_FLAG_TYPES_H
#define BASE_FLAG_TYPES_H

#include "base/flags.h"

/* An IPv4 or IPv6 address, or "". */
struct flag_ip {
    char text[48];
};
extern const struct flag_type flag_type_ip;

extern const struct flag_type flag_type_float;   /* double */
extern const struct flag_type flag_type_float32; /* double, shown as float32 */
extern const struct flag_type flag_type_level;   /* int64_t, 0 .. INT32_MAX */

/* Decimal integers, separated by commas; the flag may be repeated. */
struct flag_numbers {
    int64_t items[32];
    size_t count;
};
extern const struct flag_type flag_type_int32_slice;

#endif
