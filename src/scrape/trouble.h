/*
 * What a node's scrapes fail from, told once. Each cause is logged when it is new since the node was last well; when
 * the node is well again that is logged, and later causes are news again. A node whose causes differ from scrape to
 * scrape, or that is well every other time, logs at most so many lines an hour.
 */
#ifndef SCRAPE_TROUBLE_H
#define SCRAPE_TROUBLE_H

#include "base/error.h"
#include "base/log_limit.h"

enum trouble_kind {
    TROUBLE_ADDRESS,    /* a name didn't resolve */
    TROUBLE_CONNECTION, /* refused, unreachable */
    TROUBLE_TLS,        /* handshake, certificate */
    TROUBLE_TIME,       /* timed out */
    TROUBLE_TRANSPORT,  /* connection lost, or no HTTP: how that shows may differ each time */
    TROUBLE_SIZE,       /* the answer is too large */
    TROUBLE_STATUS,     /* an HTTP status other than 200 */
    TROUBLE_CONTENT,    /* the body is none of a kubelet: its text may differ each time */
};

enum {
    TROUBLE_MAX_KNOWN = 8,
};

/* Zeroed: all is well. trouble_free at the end. */
struct trouble {
    struct error now;                  /* why the last scrape failed */
    uint64_t known[TROUBLE_MAX_KNOWN]; /* hashes of the causes told since the node was last well */
    unsigned known_count;
    bool is_told; /* a cause was logged, so its end will be */
    struct log_limit limit;
};

void trouble_init(struct trouble *t);
void trouble_free(struct trouble *t);

/*
 * NODE's scrape of URL failed by ERR (whose message is taken). KEY tells causes apart: the message without what may
 * differ each time although the cause doesn't (of several hosts: the last one's). IS_EXPECTED lowers the level of the
 * line: the Node isn't ready anyhow.
 */
void trouble_begin(struct trouble *t, const char *node, const char *url, enum trouble_kind kind, const char *key,
                   bool is_expected, struct error *err);

/* NODE's scrape succeeded. */
void trouble_end(struct trouble *t, const char *node);

/* What usually helps against a cause; NULL when there is no usual remedy. Static. */
const char *trouble_remedy(enum trouble_kind kind, const char *cause);

#endif
