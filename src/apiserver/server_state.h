/* What the files of apiserver/server.h share: the server, and how far each of its requests is. */
#ifndef APISERVER_SERVER_STATE_H
#define APISERVER_SERVER_STATE_H

#include "apiserver/impersonation.h"
#include "apiserver/observer.h"
#include "apiserver/server_routes.h"

struct api_server {
    struct api_server_options options;
    struct http_server *http;
    struct routes routes;
    struct path_list listed;       /* beyond the routes */
    struct api_turn *first, *last; /* requests with a deadline, the soonest first */
    uv_timer_t deadline_timer;     /* set for the first one */
    unsigned in_flight;            /* all */
    unsigned reading;              /* counted against options.max_in_flight */
    unsigned mutating;             /* counted against options.max_mutating_in_flight */
    struct api_observer observers[API_OBSERVERS_MAX];
    unsigned observer_count;
    bool is_draining;
    struct api_turn *first_long; /* long-running requests */
    unsigned quick;              /* requests that are not */
    uv_timer_t closing_timer;
    int64_t close_until_ns; /* clock_mono_ns: the end of everything */
    int64_t long_until_ns;  /* and that of long-running requests */
    bool is_closing;
    bool is_listening_over; /* the HTTP server closes */
    unsigned open_timers;
    void (*on_closed)(void *arg);
    void *on_closed_arg;
};

/* What observers are told of a request; in its arena. */
struct api_observed {
    void *own[API_OBSERVERS_MAX];
    unsigned count; /* observers when it came: they see all of it */
    int64_t received_ns;
    int64_t asked_ns; /* when authentication or authorization began; clock_mono_ns */
    bool has_ended;
    bool is_refused;
    enum api_failure_kind refusal;
};

/* A request's way through the filters; in its arena. */
struct api_turn {
    struct api_server *server;
    struct api_request *r;
    struct api_turn *next, *previous; /* in the order of deadlines; or among the long-running ones */
    bool is_quick;                    /* counted so */
    bool is_long;                     /* linked so */
    int64_t deadline_ns;              /* clock_mono_ns; 0: none, not linked */
    unsigned *counter;                /* the one it is counted in, or NULL */
    struct impersonation impersonation;
    size_t question; /* the next of impersonation's */
    struct api_attributes what;
    struct api_observed *observed; /* NULL: nobody looks */
};

/* server_filters.c: leads a request to its handler. */
void api_server_on_request(void *arg, struct http_exchange *x);

/* Answers as the server's options say, or by api_fail. */
void api_server_fail(struct api_request *r, const struct api_failure *failure);

/* observer.c. Of requests that nobody observes, or that were made without a server, nothing is told. */
void api_observe_received(struct api_turn *t);
void api_observe_authenticated(struct api_turn *t, const struct authn_result *result);
void api_observe_question(struct api_turn *t); /* the authorizer is asked now */
void api_observe_authorized(struct api_turn *t, const struct authz_answer *answer);
void api_observe_refused(struct api_request *r, enum api_failure_kind why);
void api_observe_started(struct api_request *r);
void api_observe_ended(struct api_request *r, bool is_cut_off);

/*
 * server_door.c: what is done before anybody asks who R comes from: headers that every answer gets, preflights,
 * refusals while the server ends. True when R was answered.
 */
bool api_server_answers_at_door(struct api_request *r);

/* server_closing.c: counts T among the requests that closing waits for, or ends. */
void api_closing_count(struct api_turn *t);
void api_closing_on_released(struct api_turn *t);
void api_closing_on_timer(uv_timer_t *timer);

/* server_deadline.c */
void api_deadline_start(struct api_turn *t, int64_t after_ns);
void api_deadline_stop(struct api_turn *t);
void api_deadline_on_timer(uv_timer_t *timer);

#endif
