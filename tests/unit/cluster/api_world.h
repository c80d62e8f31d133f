/*
 * A whole API for a test: storage in a temporary folder, registry, namespaces controller, and the API behind a TLS
 * server on 127.0.0.1, where everybody may do everything; and a client on the same loop.
 */
#ifndef TEST_API_WORLD_H
#define TEST_API_WORLD_H

#include "cluster/api.h"
#include "cluster/namespaces_controller.h"
#include "net/fetch.h"

struct world {
    uv_loop_t loop;
    char folder[64];
    char path[80];
    struct storage *storage;
    struct registry *registry;
    struct api_discovery *discovery;
    struct api *api;
    struct tls_server *tls;
    struct api_server *server;
    struct namespaces_controller *namespaces;
    struct fetch_pool *pool;
    struct buf ca_pem;
    struct api_options options; /* of the API; set before world_open */
};

int world_setup(void **state); /* cmocka: a running world with namespaces default and kube-system */
int world_teardown(void **state);

/* One request under way, or answered. */
struct exchange {
    int status;
    struct buf body;
    struct buf headers; /* "name: value\n" each */
    bool is_done;
    struct fetch *fetch;
};

/* Starts a request; HEADERS are "Name: value\n" lines or NULL, BODY may be NULL. E is zeroed first. */
void world_start(struct world *w, struct exchange *e, const char *method, const char *path, const char *headers,
                 const char *body, size_t body_len);

/* Runs the loop until E is done, until its body contains TEXT, until CONDITION holds. Fails the test after ten seconds.
 */
void world_wait(struct world *w, struct exchange *e);
void world_wait_text(struct world *w, struct exchange *e, const char *text);
void world_wait_until(struct world *w, bool (*condition)(struct world *w));

void exchange_free(struct exchange *e);

/* A request from beginning to end; single quotes in BODY stand for double ones. */
struct exchange world_ask(struct world *w, const char *method, const char *path, const char *headers, const char *body);

#endif
