/*
 * The whole embedded API server (cluster/server.h) on 127.0.0.1, with certificates of its own in a temporary folder,
 * and a client on the same loop that asks as whom it likes.
 */
#ifndef TEST_ACCESS_WORLD_H
#define TEST_ACCESS_WORLD_H

#include "base/buf.h"
#include "certs/certificate.h"
#include "cluster/server.h"
#include "net/fetch.h"

struct world {
    uv_loop_t loop;
    char folder[64];
    struct certs_pair ca, proxy_ca, serving, front_proxy;
    struct buf signing_key;
    struct cluster_server *server;
    struct fetch_pool *pool;
};

int world_setup(void **state); /* cmocka: a running server whose default roles are written */
int world_teardown(void **state);

/* Stops the server and starts it again on the same database. */
void world_restart(struct world *w);

/* A client certificate of CA; ORGANIZATION may be NULL. Cleared with certs_pair_free. */
void world_issue(const struct certs_pair *ca, const char *common_name, const char *organization,
                 struct certs_pair *out);

struct question {
    const char *method; /* NULL: GET */
    const char *path;
    const char *user;                     /* common name of a client certificate; NULL: none */
    const char *organization;             /* its group */
    const char *token;                    /* bearer token; NULL: none */
    const char *headers;                  /* "Name: value\n" lines; NULL */
    const char *body;                     /* single quotes stand for double ones; NULL: none */
    const struct certs_pair *certificate; /* instead of USER */
    bool may_pause;
};

/* An answer; zero it before, clear it with answer_free. */
struct answer {
    int status; /* 0: none came */
    bool is_done, is_broken;
    struct buf body;
    struct buf headers; /* "name: value\n" each */
    struct fetch *fetch;
};
#define auto_answer __attribute__((cleanup(answer_free)))
void answer_free(struct answer *a);

void world_send(struct world *w, const struct question *q, struct answer *a);
void world_wait(struct world *w, const struct answer *a);
void world_ask(struct world *w, const struct question *q, struct answer *a); /* both */

/* As admin (system:masters); fails the test unless the answer has STATUS. A may be NULL. */
void world_admin(struct world *w, const char *method, const char *path, const char *body, int status, struct answer *a);

/* Runs the loop until *WHAT, or the answer to GET PATH as admin contains TEXT; fails the test after ten seconds. */
void world_until(struct world *w, const bool *what);
void world_until_text(struct world *w, const char *path, const char *text);

/* The string behind "KEY":" in the answer's body, in a buffer that lives until the next call; fails when absent. */
const char *answer_text(const struct answer *a, const char *key);

#endif
