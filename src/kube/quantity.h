/*
 * Quantities: exact decimal or binary-suffixed numbers, as Kubernetes writes CPU and memory ("250m", "1563452Ki",
 * "1e3"). A quantity is a value, not an object: copy it freely. A zeroed struct is the quantity 0. Nothing here
 * allocates (printing into a struct buf grows that buf), so everything is fit for loops over whole clusters. Safe from
 * any thread.
 *
 * Text: [+-] digits [. digits] suffix, where suffix is one of n u m k M G T P E (powers of 1000), Ki Mi Gi Ti Pi Ei
 * (powers of 1024), e/E and a signed exponent, or nothing. What is finer than a nano is rounded up (away from zero) to
 * it; a binary one above 2^63-1 becomes 2^63-1. One limit is ours: the mantissa has 64 bits, so that a number with more
 * than 18 significant digits may be rounded up in its last ones.
 *
 * Arithmetic never rounds; narrowing rounds up, as clients expect.
 * Source: Kubernetes API conventions ("Quantity", canonical form) and the behaviour of apimachinery's
 * resource.Quantity.
 */
#ifndef KUBE_QUANTITY_H
#define KUBE_QUANTITY_H

#include "base/buf.h"

enum quantity_form {
    QUANTITY_DECIMAL,  /* 250m, 2, 1k: DecimalSI */
    QUANTITY_BINARY,   /* 100Mi: BinarySI */
    QUANTITY_EXPONENT, /* 12e6: DecimalExponent */
};

struct quantity {
    int64_t value;           /* mantissa, in units of 10^scale */
    int8_t scale;            /* decimal exponent, QUANTITY_NANO .. 127 */
    enum quantity_form form; /* how to print it */
};

#define QUANTITY_NANO (-9)
#define QUANTITY_MICRO (-6)
#define QUANTITY_MILLI (-3)
#define QUANTITY_WHOLE 0

/* No canonical form is longer, its NUL included. */
#define QUANTITY_MAX 48

/* Parses TEXT. Returns false, and leaves OUT alone, when TEXT is no quantity or doesn't fit. */
bool quantity_parse(struct str text, struct quantity *out);

/* The same for a JSON value as it stands in a document: "250m" (with its quotes), 2, 0.5, null (zero). */
bool quantity_parse_json(struct str json, struct quantity *out);

/* Kubernetes' words for what is wrong with TEXT; NULL when quantity_parse takes it. */
const char *quantity_fault(struct str text);

/*
 * Appends what Kubernetes writes for a quantity that it read as TEXT and didn't change: TEXT itself in the cases that
 * its parser takes for canonical ("12.345", "+5"), else the canonical form. False, with nothing appended, when TEXT is
 * no quantity.
 */
bool quantity_rewrite(struct buf *to, struct str text);

/* Appends the canonical form. */
void quantity_print(struct buf *to, struct quantity q);

/* Writes the canonical form and a NUL to OUT; returns its length without the NUL. */
size_t quantity_format(char out[QUANTITY_MAX], struct quantity q);

/* Decimal: CPU in billionths of a core. Above INT64_MAX the last digit is cut off, as metrics-server does. */
struct quantity quantity_from_nanocores(uint64_t nanocores);

/* Binary: memory. Above INT64_MAX the last digit is cut off. */
struct quantity quantity_from_bytes(uint64_t bytes);

struct quantity quantity_from_milli(int64_t milli); /* decimal */
struct quantity quantity_from_whole(int64_t whole); /* decimal */

/* The value in units of 10^SCALE, rounded up (away from zero for negatives, as Kubernetes does), saturating at 64 bits.
 */
int64_t quantity_scaled(struct quantity q, int scale);
int64_t quantity_nano(struct quantity q);
int64_t quantity_milli(struct quantity q);
int64_t quantity_whole(struct quantity q);

/* Q with nothing finer than 10^SCALE, rounded away from zero. */
struct quantity quantity_round_up(struct quantity q, int scale);

/*
 * Adds B to (takes it from) SUM. The form stays SUM's unless SUM is zero: then it becomes B's. False, with SUM
 * unchanged, when the exact result doesn't fit.
 */
bool quantity_add(struct quantity *sum, struct quantity b);
bool quantity_sub(struct quantity *sum, struct quantity b);

/* <0, 0, >0 by value; forms don't matter. */
int quantity_cmp(struct quantity a, struct quantity b);

static inline bool quantity_is_zero(struct quantity q)
{
    return q.value == 0;
}

/* The nearest double, for percentages and plots. */
double quantity_double(struct quantity q);

#endif
