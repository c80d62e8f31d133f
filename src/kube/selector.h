/*
 * Label and field selectors, in the string form of list parameters ("tier in (web,api),!legacy", "metadata.name=a,
 * status.phase!=Failed"). A parsed selector is an array of requirements that must all hold; none at all matches
 * everything.
 *
 * Label selectors: key, !key, key=value, key==value, key!=value, key in (a,b), key notin (a,b), key>1, key<1. A key
 * that is absent satisfies !=, notin and !key. > and < compare integers. Field selectors: key=value, key==value,
 * key!=value; in values "\\", "\,", "\=" stand for the character after the backslash.
 *
 * Errors carry the words of apimachinery, which clients show: callers put them into a 400 unchanged. Requirements and
 * their strings live in the arena given to the parser (strings may also point into the parsed text: keep it as long).
 * Source: Kubernetes docs, "Labels and Selectors", "Field Selectors"; behaviour of apimachinery's labels.Parse,
 * fields.ParseSelector.
 */
#ifndef KUBE_SELECTOR_H
#define KUBE_SELECTOR_H

#include "base/arena.h"
#include "base/error.h"
#include "kube/labels.h"

enum selector_operator {
    SELECTOR_EXISTS,
    SELECTOR_NOT_EXISTS,
    SELECTOR_EQUALS,        /* = */
    SELECTOR_DOUBLE_EQUALS, /* ==; means the same, prints differently */
    SELECTOR_NOT_EQUALS,
    SELECTOR_IN,
    SELECTOR_NOT_IN,
    SELECTOR_GREATER,
    SELECTOR_LESS,
};

struct selector_requirement {
    struct str key;
    enum selector_operator op;
    const struct str *values; /* sorted, each once; one for =, ==, !=, >, <; none for (not) exists */
    size_t value_count;
};

struct selector {
    const struct selector_requirement
        *requirements; /* label selectors: sorted by key; field selectors: by their text */
    size_t count;
};

/* Bounds what a query string can make us hold; far above anything real. */
#define SELECTOR_MAX_BYTES ((size_t)256 * 1024)

/* Parses TEXT ("" matches everything). False, with apimachinery's words in ERR (code 400), when it isn't one. */
bool label_selector_parse(struct arena *arena, struct str text, struct selector *out, struct error *err);

bool label_selector_matches(const struct selector *s, struct labels labels);

/* Appends the canonical form, which parses back to the same selector ("a in (x,y),b!=c,!d"). */
void label_selector_print(struct buf *to, const struct selector *s);

bool field_selector_parse(struct arena *arena, struct str text, struct selector *out, struct error *err);

/*
 * Checks that every key of S is among KEYS, which are COUNT field names in the order in which the message names them.
 * False, with code 400 and the words `"x" is not a known field selector: only "a", "b"`, for the first that is not.
 */
bool field_selector_check(const struct selector *s, const struct str *keys, size_t count, struct error *err);

/* Whether an object matches. FIELD_OF gives OBJECT's value of a key; a field without a value is "". */
bool field_selector_matches(const struct selector *s, struct str (*field_of)(const void *object, struct str key),
                            const void *object);

/* Appends the canonical form, values escaped. */
void field_selector_print(struct buf *to, const struct selector *s);

/* The value that S demands of KEY by = or == (or "in" with one value), or NULL: "does this list ask for one name only?"
 */
const struct str *selector_exact(const struct selector *s, struct str key);

/* "=", "==", "!=", "in", "notin", "exists", "!", "gt", "lt": apimachinery's names of operators. */
const char *selector_operator_name(enum selector_operator op);

static inline bool selector_is_everything(const struct selector *s)
{
    return s->count == 0;
}

#endif
