/*
 * A libcurl multi handle driven by a libuv loop: libcurl says which sockets and what time to wait for, libuv waits.
 *
 * libcurl's functions may not be called from inside its own callbacks, and its users' callbacks run there. So its user
 * notes what is to be done, calls curl_loop_wake from wherever it is, and does it in on_turn, which comes from the
 * loop. Owner: the user; loop thread. Source: libcurl's documentation of the multi_socket interface.
 */
#ifndef NET_CURL_LOOP_H
#define NET_CURL_LOOP_H

#include <curl/curl.h>
#include <uv.h>

struct curl_loop;

/* All come from the loop and outside of libcurl: everything may be called there. */
struct curl_loop_events {
    /* After curl_loop_wake. */
    void (*on_turn)(void *owner);
    /* The transfer of EASY has ended; it is still added. */
    void (*on_result)(void *owner, CURL *easy, CURLcode result);
    /* After curl_loop_close: the last call; remove what is added. The multi handle goes next. */
    void (*on_close)(void *owner);
};

/* EVENTS is borrowed, static. */
struct curl_loop *curl_loop_new(uv_loop_t *loop, const struct curl_loop_events *events, void *owner);

/* Closes in the loop's next turn, then frees itself. */
void curl_loop_close(struct curl_loop *l);

CURLM *curl_loop_multi(struct curl_loop *l);
uv_loop_t *curl_loop_uv(const struct curl_loop *l);

/* Asks for on_turn in the loop's next turn. */
void curl_loop_wake(struct curl_loop *l);

/*
 * Reads the connections once more in the loop's next turn. To be called whenever an HTTP/2 stream has got something or
 * was removed: libcurl 7.88 can leave bytes of the connection in its own buffers or OpenSSL's when a stream's buffer
 * was full, and waits for the socket, which has nothing more to tell.
 */
void curl_loop_nudge(struct curl_loop *l);

#endif
