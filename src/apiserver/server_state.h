/* What the files of apiserver/server.h share: the server, and how far each of its requests is. */
#ifndef APISERVER_SERVER_STATE_H
#define APISERVER_SERVER_STATE_H

#include "apiserver/impersonation.h"
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
    bool is_draining;
    bool is_closing;
    void (*on_closed)(void *arg);
    void *on_closed_arg;
};

/* A request's way through the filters; in its arena. */
struct api_turn {
    struct api_server *server;
    struct api_request *r;
    struct api_turn *next, *previous; /* in the order of deadlines */
    int64_t deadline_ns;              /* clock_mono_ns; 0: none, not linked */
    unsigned *counter;                /* the one it is counted in, or NULL */
    struct impersonation impersonation;
    size_t question; /* the next of impersonation's */
    struct api_attributes what;
};

/* server_filters.c: leads a request to its handler. */
void api_server_on_request(void *arg, struct http_exchange *x);

/* Answers as the server's options say, or by api_fail. */
void api_server_fail(struct api_request *r, const struct api_failure *failure);

/* server_deadline.c */
void api_deadline_start(struct api_turn *t, int64_t after_ns);
void api_deadline_stop(struct api_turn *t);
void api_deadline_on_timer(uv_timer_t *timer);

#endif
