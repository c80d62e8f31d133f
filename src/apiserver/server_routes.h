/* A server's table of paths: which handler takes which. Owned by the server. */
#ifndef APISERVER_SERVER_ROUTES_H
#define APISERVER_SERVER_ROUTES_H

#include "apiserver/server.h"

struct route {
    struct str path; /* borrowed, static */
    api_handler *handler;
    void *arg;
    bool is_listed;
};

struct routes {
    struct route *items; /* owned */
    size_t count;
};

void routes_add(struct routes *t, const struct route *route);
void routes_free(struct routes *t);

/* The route for PATH: an exact one, else the longest that ends in "/" and begins it; NULL when there is none. */
const struct route *routes_find(const struct routes *t, struct str path);

/* Paths being gathered for a {"paths":[...]}. */
struct path_list {
    struct arena arena;
    struct str *items; /* owned */
    size_t count;
};

void path_list_free(struct path_list *l);

/* Appends {"paths":[...]}, sorted, each once, indented by two spaces. */
void path_list_print(struct path_list *l, struct buf *to);

#endif
