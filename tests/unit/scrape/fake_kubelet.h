/*
 * A kubelet on 127.0.0.1 that answers as a test wants it to, well or badly, over a fake_peer on the test's own loop.
 */
#ifndef TESTS_UNIT_SCRAPE_FAKE_KUBELET_H
#define TESTS_UNIT_SCRAPE_FAKE_KUBELET_H

#include "../net/fake_peer.h"
#include "../net/fake_pki.h"

struct fake_kubelet {
    /* set by the test before fake_kubelet_start */
    const char *name;
    void (*answer)(struct fake_kubelet *k, struct fake_conn *conn, struct str path); /* NULL: refuses connections */
    const char *san; /* of its certificate; NULL: as its address needs it */
    bool is_plain;   /* no TLS */

    uv_loop_t *loop;
    struct fake_peer *peer;
    struct tls_server *tls;
    unsigned port;
    unsigned requests;
    uint64_t most_sent_bytes; /* of a flood, until it was cut off */
    char last_path[64];
    char last_authorization[64];
};

/* Its certificate is from PKI. */
void fake_kubelet_start(struct fake_kubelet *k, uv_loop_t *loop, struct fake_pki *pki);

/* Closes everything; the loop's next turns give the memory back. Then fake_kubelet_free. */
void fake_kubelet_stop(struct fake_kubelet *k);
void fake_kubelet_free(struct fake_kubelet *k);

/* Answers. Figures grow with each request. */
void fake_kubelet_answers_well(struct fake_kubelet *k, struct fake_conn *conn, struct str path);
void fake_kubelet_answers_never(struct fake_kubelet *k, struct fake_conn *conn, struct str path);
void fake_kubelet_answers_half(struct fake_kubelet *k, struct fake_conn *conn, struct str path); /* then resets */
void fake_kubelet_answers_garbage(struct fake_kubelet *k, struct fake_conn *conn, struct str path);
void fake_kubelet_answers_html(struct fake_kubelet *k, struct fake_conn *conn, struct str path);
void fake_kubelet_answers_forbidden(struct fake_kubelet *k, struct fake_conn *conn, struct str path);
void fake_kubelet_answers_empty(struct fake_kubelet *k, struct fake_conn *conn, struct str path);
void fake_kubelet_answers_encoded(struct fake_kubelet *k, struct fake_conn *conn, struct str path);
void fake_kubelet_answers_summary(struct fake_kubelet *k, struct fake_conn *conn,
                                  struct str path); /* no /metrics/resource, as before 1.18 */
void fake_kubelet_answers_flood(struct fake_kubelet *k, struct fake_conn *conn,
                                struct str path); /* 100 MiB of good lines */

#endif
