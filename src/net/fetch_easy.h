/*
 * One libcurl easy handle, made ready from the options of net/fetch.h: URL, headers, TLS, proxy, timeouts, socket
 * options. The part of fetch that knows libcurl's options; nothing here runs a transfer. Owner: the fetch.
 */
#ifndef NET_FETCH_EASY_H
#define NET_FETCH_EASY_H

#include <curl/curl.h>

#include "net/fetch.h"

/* A zeroed struct is closed. It must not move while it is open: libcurl writes to error_text. */
struct fetch_easy {
    CURL *handle;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    char *where; /* "HOST:PORT" that we connect to, for messages */
    bool is_tls;
    bool is_in_tls; /* TCP is connected: the handshake began */
    char error_text[CURL_ERROR_SIZE];
};

/*
 * Opens E. On failure (code FETCH_BAD_OPTIONS) E is closed again. Callbacks (write, header, private) are the caller's
 * to set.
 */
bool fetch_easy_open(struct fetch_easy *e, const struct fetch_options *options, struct error *err);
void fetch_easy_close(struct fetch_easy *e);

/* The connect timeout that OPTIONS mean. */
int64_t fetch_connect_timeout_ms(const struct fetch_options *options);

/* Whether a connection was found or made: the request is on its way. */
bool fetch_easy_is_connected(const struct fetch_easy *e);

/* A sentence for RESULT, which ended E's transfer and isn't CURLE_OK; its code is an enum fetch_failure. */
void fetch_easy_explain(const struct fetch_easy *e, CURLcode result, int64_t timeout_ms, struct error *err);

#endif
