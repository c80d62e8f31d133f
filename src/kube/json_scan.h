/*
 * A pull scanner over one JSON document: strict RFC 8259, one pass, no tree. The caller walks into the objects it
 * knows, reads the few values it wants and leaves the rest, which is checked and skipped:
 *
 *     struct json_scan s = json_scan_of(bytes, arena);
 *     struct str key;
 *     json_scan_enter_object(&s);
 *     while (json_scan_next_member(&s, &key))
 *         if (str_eq(key, STR("kind")))
 *             json_scan_str(&s, &kind);
 *     if (!json_scan_finish(&s))
 *         return error_set(err, 400, "%s", json_scan_fault(&s));
 *
 * Each json_scan_next_... stands before a value; a value that isn't taken by the time of the next call is skipped. The
 * first fault sticks: from then on every function returns false and sets nothing, so loops end and only
 * json_scan_finish needs to be looked at. A document is valid only if it was read to its end and json_scan_finish said
 * so.
 *
 * What is refused beyond broken syntax: more than JSON_SCAN_MAX_DEPTH levels, strings that aren't UTF-8, and a value of
 * another type than asked for (null is an absent value: it reads as "", 0, false, an empty object or array). Of members
 * given twice the caller sees both, in order. Strings point into the document where they have no escapes, else into the
 * arena, which is touched only then. One thread.
 */
#ifndef KUBE_JSON_SCAN_H
#define KUBE_JSON_SCAN_H

#include "base/arena.h"
#include "kube/labels.h"

#define JSON_SCAN_MAX_DEPTH 512

enum json_scan_type {
    JSON_SCAN_NONE, /* no value here: end, or a fault */
    JSON_SCAN_OBJECT,
    JSON_SCAN_ARRAY,
    JSON_SCAN_STRING,
    JSON_SCAN_NUMBER,
    JSON_SCAN_BOOL,
    JSON_SCAN_NULL,
};

struct json_scan {
    const char *at;      /* next byte to look at */
    const char *start;   /* of the document */
    const char *end;     /* one past its last byte */
    struct arena *arena; /* borrowed; where strings with escapes go */
    const char *fault;   /* static text, or NULL; sticks */
    unsigned depth;      /* objects and arrays that are open here */
    bool is_first;       /* nothing was read yet of the innermost one */
    bool has_pending;    /* a value stands at `at` that nobody took */
    /* A bit for each open one: is it an object (else an array); was it a null, entered as if it were empty. */
    uint8_t is_object[JSON_SCAN_MAX_DEPTH / 8];
    uint8_t is_null[JSON_SCAN_MAX_DEPTH / 8];
};

/* BYTES and ARENA are borrowed for the life of the scanner and of what it returns. */
struct json_scan json_scan_of(struct str bytes, struct arena *arena);

/* The type of the value that stands next. Takes nothing. */
enum json_scan_type json_scan_peek(struct json_scan *s);

/* Enters the object (array) that stands next; null counts as an empty one. */
bool json_scan_enter_object(struct json_scan *s);
bool json_scan_enter_array(struct json_scan *s);

/* Stands before the next member's value (element). False at the end, which leaves the object (array), and after a
 * fault. */
bool json_scan_next_member(struct json_scan *s, struct str *key);
bool json_scan_next_element(struct json_scan *s);

/* Take the value that stands next. */
bool json_scan_str(struct json_scan *s, struct str *out);
bool json_scan_i64(struct json_scan *s, int64_t *out); /* an integer that fits; 1.0 and 1e3 don't count */
bool json_scan_bool(struct json_scan *s, bool *out);
bool json_scan_raw(struct json_scan *s, struct str *out); /* any value, as its bytes, checked */
bool json_scan_skip(struct json_scan *s);

/* An object whose values are strings, as an array in the arena: labels, annotations. */
bool json_scan_labels(struct json_scan *s, struct labels *out);

/* Makes the scanner fail with FAULT (static text), unless it has already: for callers that check what a value means.
 * False. */
bool json_scan_fail(struct json_scan *s, const char *fault);

/* True when the document's one value was taken whole, without fault, and nothing but white space follows. */
bool json_scan_finish(struct json_scan *s);

/* What was wrong, "" when nothing; never NULL. And where: the offset in bytes. */
const char *json_scan_fault(const struct json_scan *s);
size_t json_scan_offset(const struct json_scan *s);

/* Whether BYTES are one valid document. FAULT may be NULL; it gets a static text. */
bool json_is_valid(struct str bytes, const char **fault);

/*
 * Finds one value by its path from the root, e.g. PATH = {"spec","nodeName"}, and returns its raw bytes; an empty str
 * when it isn't there or the document is broken. For single lookups; for several fields walk once instead.
 */
struct str json_scan_path(struct str bytes, const struct str *path, size_t path_len);

#endif
