/*
 * A scripted API server for the resource /api/v1/things: each request must be the one that the script expects, and gets
 * what the script says, true or broken. A request too many fails the test. On the test's loop.
 */
#ifndef TEST_FAKE_API_H
#define TEST_FAKE_API_H

#include "../net/fake_peer.h"

/* One request that the API server gets, and what it does about it. */
enum deed {
    END,         /* of the script */
    ANSWER,      /* status and body */
    WATCH,       /* 200 and a chunked body, left open */
    WATCH_END,   /* ... and ended properly */
    WATCH_CUT,   /* ... and closed in the middle */
    WATCH_RESET, /* ... and reset */
    WATCH_DRIP,  /* as WATCH, a byte at a time */
    RAW,         /* bytes as they are, then closed */
    REFUSE,      /* closed without a word */
    HANG,        /* the beginning of an answer, and no more */
};

struct step {
    const char *wants; /* of the request's query, all of it apart from the watch's timeoutSeconds; NULL: anything */
    enum deed deed;
    int status;
    const char *text;
};

#define ITEM(ns, name, version) \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns "\",\"resourceVersion\":\"" version "\"},\"x\":[1]}"
#define LIST(version, items) "{\"kind\":\"L\",\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define PAGE(version, next, items) \
    "{\"items\":[" items "],\"metadata\":{\"resourceVersion\":\"" version "\",\"continue\":\"" next "\"}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define BOOKMARK(version) EVENT("BOOKMARK", "{\"kind\":\"X\",\"metadata\":{\"resourceVersion\":\"" version "\"}}")
#define STATUS(code, reason, message)                                                          \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message \
    "\",\"reason\":\"" reason "\",\"code\":" code "}"
#define FIRST_LIST "limit=500&resourceVersion=0"
#define LIST_AGAIN "limit=500"
#define WATCH_FROM(version) "watch=true&allowWatchBookmarks=true&resourceVersion=" version

struct fake_api {
    uv_timer_t drip;
    struct fake_peer *peer; /* NULL after fake_api_stop */
    const struct step *steps;
    size_t step; /* requests so far */
    struct fake_conn *drip_conn;
    const char *drip_text;
    uint64_t watch_min_s; /* timeoutSeconds must be between this and twice this; 300 */
};

/* STEPS end with END; borrowed. PORT 0: any. */
void fake_api_open(struct fake_api *api, uv_loop_t *loop, unsigned port, const struct step *steps);

/* Stops listening and answering; fake_api_open may follow at the same port after a turn of the loop. */
void fake_api_close(struct fake_api *api);

#endif
