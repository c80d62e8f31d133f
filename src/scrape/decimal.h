/*
 * Decimal numbers in text to doubles, exactly rounded (to nearest, ties to even), as Go's strconv.ParseFloat reads
 * them. Kubelets write the shortest digits that give the number back, so at most 17 digits and a small exponent: those
 * take some nanoseconds; whatever is longer goes through strtod.
 *
 *     number   = [sign] (digits ["." [digits]] | "." digits) [("e" | "E") [sign] digits]
 *              | [sign] ("inf" | "infinity") | "nan"          in any case
 *
 * No hexadecimal numbers and no underscores, as in Prometheus' text format. Safe from any thread.
 */
#ifndef SCRAPE_DECIMAL_H
#define SCRAPE_DECIMAL_H

#include "base/str.h"

enum {
    DECIMAL_MAX_BYTES = 1100, /* every double can be written exactly in fewer */
};

/*
 * Reads a number from the beginning of TEXT, as far as one goes. Returns its bytes, or 0, with OUT untouched, when
 * there is none, when it is longer than DECIMAL_MAX_BYTES or when it is too large for a double.
 */
size_t decimal_parse(struct str text, double *out);

#endif
