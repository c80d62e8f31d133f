/*
 * An API server of ours between a client and a kube-apiserver that does what a test tells it: all three on one loop, on
 * 127.0.0.1. The server authenticates by certificates and TokenReview and authorizes by SubjectAccessReview, unless the
 * test chooses otherwise; its handlers are at /ok, /slow (never answers) and what the test routes.
 */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include "../net/fake_peer.h"
#include "apiserver/authn_delegated.h"
#include "apiserver/authz_delegated.h"
#include "apiserver/server.h"
#include "apiserver/token_review.h"
#include "certs/certificate.h"
#include "kube/rest_client.h"

struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    struct fetch_pool *pool;

    struct fake_peer *kube;
    struct rest_client *client;
    unsigned token_reviews, access_reviews; /* asked of kube */
    char last_review[2048];                 /* the body of the last one */
    /* What kube does with a review instead of answering it, as often as KUBE_FAULTS says. */
    void (*kube_fault)(struct world *w, struct fake_conn *conn);
    unsigned kube_faults;
    bool is_kube_silent; /* takes requests and answers none until world_wake_kube */
    struct fake_conn *held[64];
    size_t held_count;
    struct buf config_map;          /* extension-apiserver-authentication as JSON; empty: there is none */
    struct fake_conn *config_watch; /* who watches it; NULL: nobody */
    unsigned config_reads;

    struct certs_pair client_ca, proxy_ca, serving;
    struct tls_server *tls, *kube_tls;
    struct authn *authn;
    struct authn_delegated *delegated; /* NULL unless asked for; then it authenticates */
    unsigned loads, load_failures;
    char load_failure[256];
    struct token_review *tokens;
    struct authz_delegated *authz;
    struct authz_pair pairs[2];
    struct api_server *server;
    unsigned handled;      /* requests that reached /ok or /slow */
    unsigned slow_closed;  /* /slow requests that ended */
    struct user last_user; /* of the last request at /ok; its strings are gone */
    char last_user_text[512];
    bool is_http2;
};

struct world_options {
    const char *kube_url; /* NULL: the fake one */
    bool is_anonymous_refused;
    const struct authn_delegated_options *delegated; /* client and callback are filled in */
    bool allows_all;                                 /* no SubjectAccessReviews */
    bool is_http1;                                   /* the server offers no HTTP/2 */
    struct api_server_options server;                /* limits, deadline, functions; the rest is filled in */
    void (*route)(struct world *w);
};

struct world *world_new(const struct world_options *options);

/* Closes everything and runs the loop dry: whatever is left over is a leak. */
void world_free(struct world *w);

struct question {
    const char *method;     /* NULL: GET */
    const char *path;       /* and query */
    const char *token;      /* NULL: none */
    const char *headers[9]; /* NAME, VALUE, ...; NULL */
    const char *body;
    const struct certs_pair *certificate; /* the client's; NULL: none */
};

/* An answer, or what there is of one. Clear with answer_free; zero it before. */
struct answer {
    struct world *w;
    struct fetch *fetch;
    int status; /* 0: none came */
    bool is_done, is_broken;
    struct buf head; /* "name: value\n" each, names in lower case */
    struct buf body;
};
#define auto_answer __attribute__((cleanup(answer_free)))
void answer_free(struct answer *a);

/* Sends a request; world_wait waits for its end. */
void world_send(struct world *w, const struct question *q, struct answer *a);
void world_wait(struct answer *a);
void world_ask(struct world *w, const struct question *q, struct answer *a); /* both */

/* Runs the loop until *WHAT is at least COUNT. */
void world_wait_for(struct world *w, const unsigned *what, unsigned count);

/* The value of a header of the answer; "" when there is none. */
const char *answer_header(const struct answer *a, const char *name);

/* A client certificate: organizations NULL-terminated. */
void world_issue(const struct certs_pair *ca, const char *common_name, const char *const *organizations,
                 struct certs_pair *out);

/* Answers what kube holds back. */
void world_wake_kube(struct world *w);

/* Sets the ConfigMap (NULL: as it is) and tells who watches it: TYPE is ADDED, MODIFIED. */
void world_publish(struct world *w, const char *type, struct str client_ca, struct str proxy_ca);

/* Faults. */
void kube_resets(struct world *w, struct fake_conn *conn);
void kube_answers_internal_error(struct world *w, struct fake_conn *conn);
void kube_answers_forbidden(struct world *w, struct fake_conn *conn);
void kube_answers_garbage(struct world *w, struct fake_conn *conn);

#endif
