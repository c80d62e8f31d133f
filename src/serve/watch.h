/*
 * Watches of nodes and pods of metrics.k8s.io: who is told what, when, and at what cost.
 *
 * Watchers and channels. Watchers that ask for the same (resource, form, namespace, selectors) share a channel: it is
 * matched against and written into once, whatever their number. A change (serve/ledger.h) is encoded once for each form
 * that some channel needs, appended to the channels that select it, as ADDED, MODIFIED or DELETED to each by its own
 * selectors, and sent to their watchers a little later, a millisecond for each watcher there is and one second at most:
 * what comes in meanwhile goes out in one piece.
 *
 *     begin ──▶ INITIAL ──▶ BEHIND ──▶ LIVE ──▶ end
 *                              ▲         │
 *                              └─────────┘ its client doesn't read
 *
 *     INITIAL   gets what was there when it began, by name. Skipped by who says from where to go on
 *     BEHIND    gets what came after its version out of the ledger, one by one: nothing is kept for it. At its end
 * comes the bookmark that says so, where one was asked for LIVE      gets what its channel has, as it is end       the
 * client's time is up, it went away, the server is closing: the answer ends. The version that it asked for, or was at,
 * is not known any more: ERROR 410 Expired. It didn't read for too long: cut
 *
 * Nothing is written to who has WATCH_QUEUE_BYTES unread. So a watcher costs its connection, some hundred bytes and
 * that queue at most; a slow one gets fewer states, never an endless queue, and is cut after WATCH_SLOW_NS.
 *
 * While nobody watches the ledger is idle and no change reaches this module. It goes on tracking for WATCH_KEEP_NS
 * after the last watcher has left, and after a list of a client that may be about to watch (watch_hub_expect): so that
 * who comes back finds what it missed.
 *
 * Bookmarks go out every minute to who allows them.
 *
 * Loop thread only. Source: Kubernetes docs, "API concepts: efficient detection of changes"; KEP-956 (bookmarks),
 * KEP-3157 (streaming lists).
 */
#ifndef SERVE_WATCH_H
#define SERVE_WATCH_H

#include "apiserver/response.h"
#include "serve/ledger.h"
#include "serve/list_options.h"
#include "serve/watch_form.h"

#include <uv.h>

#define WATCH_QUEUE_BYTES ((size_t)256 * 1024)
#define WATCH_SLOW_NS (INT64_C(120) * 1000 * 1000 * 1000)
#define WATCH_KEEP_NS (INT64_C(300) * 1000 * 1000 * 1000)
#define WATCH_BOOKMARK_NS (INT64_C(60) * 1000 * 1000 * 1000)
#define WATCH_MIN_TIMEOUT_S 1800

struct watch_hub;

/* LEDGER is borrowed, and listened to. */
struct watch_hub *watch_hub_new(uv_loop_t *loop, struct ledger *ledger);

/* Watches that don't say how long end after so many seconds and up to as many again. 0: WATCH_MIN_TIMEOUT_S. */
void watch_hub_set_min_timeout(struct watch_hub *h, int64_t seconds);

/* There are no watchers any more. The loop's next turns give the memory back. */
void watch_hub_free(struct watch_hub *h);

/* Takes R, which asks for what FORM and OPTIONS (both copied, but for what is in R's arena) say. */
void watch_hub_serve(struct watch_hub *h, struct api_request *r, const struct watch_form *form,
                     const struct list_options *options);

/* A client has listed, or is about to, and may go on with a watch. */
void watch_hub_expect(struct watch_hub *h);

/* Ends all watches, as their time's end does; further ones are ended at once. */
void watch_hub_close(struct watch_hub *h);

size_t watch_hub_watchers(const struct watch_hub *h);

#endif
