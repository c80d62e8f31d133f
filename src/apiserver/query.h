/*
 * The parameters of a query string, decoded, in the order given. Pairs with malformed escapes are left out, as Go's
 * net/url does. The strings live in the arena given to query_parse. Safe from any thread.
 */
#ifndef APISERVER_QUERY_H
#define APISERVER_QUERY_H

#include "base/arena.h"

struct query_parameter {
    struct str name;
    struct str value;
};

struct query {
    const struct query_parameter *items;
    size_t count;
};

struct query query_parse(struct arena *arena, struct str text);

/* The first value of NAME, "" when it is absent or empty; ptr is NULL only when absent. */
struct str query_get(const struct query *q, struct str name);
bool query_has(const struct query *q, struct str name);

/* Whether NAME is set, as Kubernetes decodes booleans: absent, "false" and "0" are false, all else ("" too) is true. */
bool query_is_true(const struct query *q, struct str name);

#endif
