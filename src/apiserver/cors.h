/*
 * Cross-origin requests of browsers: requests whose Origin fits one of the allowed patterns are told so, and preflights
 * (OPTIONS) of such are answered 204 before anybody asks who they come from. All other requests are left alone.
 *
 * Patterns are regular expressions, found anywhere in the Origin ("//example\.com(:|$)"): POSIX's extended ones,
 * without what only Go's or Perl's have. Loop thread only. Source: the Fetch standard; the flag --cors-allowed-origins
 * of Kubernetes' API servers.
 */
#ifndef APISERVER_CORS_H
#define APISERVER_CORS_H

#include "base/arena.h"
#include "base/error.h"
#include "net/http.h"

struct cors;

/* NULL, with the pattern that is no good. */
struct cors *cors_new(char *const *patterns, size_t count, struct error *err);
void cors_free(struct cors *c);

/*
 * Adds the headers that an answer to a request with ORIGIN gets; values in ARENA. False, with none added, when ORIGIN
 * is "" or isn't allowed.
 */
bool cors_add_headers(const struct cors *c, struct str origin, struct arena *arena, struct http_headers *to);

#endif
