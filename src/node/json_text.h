/*
 * Small things that everybody who builds objects as jansson trees needs: strings, times, members. Loop thread only, as
 * the trees themselves.
 */
#ifndef NODE_JSON_TEXT_H
#define NODE_JSON_TEXT_H

#include <jansson.h>

#include "base/str.h"

/* New values; the caller's. S is UTF-8 (names, texts of ours). */
json_t *json_from_str(struct str s);
json_t *json_from_time(int64_t unix_ns);       /* "2026-01-31T12:00:05Z" */
json_t *json_from_micro_time(int64_t unix_ns); /* with six digits of fraction */

/* The string member KEY of OBJECT, or an empty str with a NULL pointer. Borrowed. */
struct str json_member_text(const json_t *object, const char *key);

/* The time that member KEY holds, or FALLBACK. */
int64_t json_member_unix_ns(const json_t *object, const char *key, int64_t fallback);

/* Member KEY as an object, made anew when it is missing or something else. Borrowed. */
json_t *json_member_object(json_t *object, const char *key);

/* Sets KEY to VALUE (stolen). True when that is another value than before. */
bool json_member_set(json_t *object, const char *key, json_t *value);

#endif
