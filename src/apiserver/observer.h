/*
 * Observers: how modules learn of every request of an API server without being in its way (audit, metrics). The calls
 * for one request, in this order; all but the first and the last are left out when the request doesn't come that far:
 *
 *     on_received       head and attributes are read (also when they made no sense: it is then refused)
 *     on_authenticated  once: who it is, or why that isn't known
 *     on_authorized     once: what the authorizer said of the request itself; not of questions about impersonation
 *     on_started        once: the answer's code and headers go out. A watch may go on for long after that
 *     on_ended          exactly once: the answer is whole, or was cut off (peer gone, aborted, deadline after the
 * start). It comes before the last bytes leave, so what an observer writes here is written when the client sees the
 * answer's end
 *
 * An observer may look at R and allocate in its arena, and must neither answer nor keep R after on_ended. It has one
 * word of its own per request, *OWN, NULL at first. R->user is the impersonated user where there is one, R->requester
 * who authenticated; both are empty until on_authenticated.
 *
 * Without observers a request costs nothing more. Loop thread only.
 */
#ifndef APISERVER_OBSERVER_H
#define APISERVER_OBSERVER_H

#include "apiserver/server.h"

struct api_decision {
    enum authz_decision decision;
    struct str reason;                 /* may be empty; borrowed for the call */
    const struct error *err;           /* of AUTHZ_FAILED; borrowed for the call */
    const struct user *user;           /* who was asked about */
    const struct api_attributes *what; /* what was asked, after api_server_options.resolve */
    int64_t took_ns;
};

struct api_ending {
    int code;       /* of the answer; 0: none was started (the peer went away before) */
    uint64_t bytes; /* of the body, as handed over; not compressed, without HTTP's own framing */
    int64_t took_ns;
    bool is_cut_off; /* the answer didn't become whole */
    bool is_refused; /* not a handler's answer but the server's own, for REFUSAL */
    enum api_failure_kind refusal;
};

/* Each may be NULL. */
struct api_observer {
    void (*on_received)(void *arg, struct api_request *r, void **own);
    void (*on_authenticated)(void *arg, struct api_request *r, const struct authn_result *result, int64_t took_ns,
                             void **own);
    void (*on_authorized)(void *arg, struct api_request *r, const struct api_decision *d, void **own);
    void (*on_started)(void *arg, struct api_request *r, int code, void **own);
    void (*on_ended)(void *arg, struct api_request *r, const struct api_ending *end, void **own);
    void *arg; /* borrowed; outlives the server */
};

enum {
    API_OBSERVERS_MAX = 4
};

/* Adds an observer (copied), for requests that come from then on. At most API_OBSERVERS_MAX. */
void api_server_observe(struct api_server *s, const struct api_observer *observer);

#endif
