/*
 * What a server serves TLS with: its certificate, given as files or self-signed into a folder (certs/serving.h), and
 * further ones for some names (SNI), as settings for net/tls.h. Files that change are loaded anew and handed to the
 * server, whose open connections keep what they began with:
 *
 *     SERVING -> file_watch tells a change -> read all -> the same bytes, unreadable, or no pairs: SERVING as before
 *                                                      -> good: on_renewed, SERVING the new ones
 *
 * A self-signed certificate is made anew before it expires.
 *
 * Loop thread only. Source: the generic API server library's flags, as operators know them from metrics-server.
 */
#ifndef CERTS_SERVING_TLS_H
#define CERTS_SERVING_TLS_H

#include <uv.h>

#include "base/error.h"
#include "net/tls.h"

struct serving_tls;

/* A pair of files for some names. */
struct serving_tls_pair {
    const char *certificate_file;
    const char *key_file;
    const struct str *names; /* none: those of the certificate */
    size_t name_count;
};

/* All is borrowed for the life of the settings; strings are "" or NULL when not given. */
struct serving_tls_options {
    const char *certificate_file; /* with key_file */
    const char *key_file;
    const char *folder; /* where the self-signed pair is, when there are no files */
    const struct serving_tls_pair *pairs;
    size_t pair_count;
    bool is_http2_enabled;
    int min_version; /* this and the next two as in struct tls_server_options */
    const char *cipher_list;
    const char *groups;

    /* Connections from now on are to use TLS, which is valid until the next call. */
    void (*on_renewed)(void *arg, struct tls_server *tls);
    void *arg;
};

/* Copies OPTIONS. NULL when a pair can't be loaded or made. */
struct serving_tls *serving_tls_new(uv_loop_t *loop, const struct serving_tls_options *options, struct error *err);

/* What to begin with; valid until on_renewed is called. */
struct tls_server *serving_tls_server(const struct serving_tls *s);

/* The server must be gone by then. The loop's next turns give the rest of the memory back. NULL is fine. */
void serving_tls_free(struct serving_tls *s);

#endif
