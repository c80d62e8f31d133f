/*
 * Content negotiation: which of an Accept header's clauses we can satisfy. Clauses are tried by their q, then the more
 * specific first, then in the order given; the first that matches a media type we offer and whose conversion is allowed
 * wins. Protobuf is offered only by endpoints that can write it, and not as a Table. Parameters: as, g, v (convert into
 * that kind), pretty=1, stream=watch; unknown ones are ignored. Pure. Source: Kubernetes docs, "API concepts: alternate
 * representations of resources, receiving resources as Tables".
 */
#ifndef APISERVER_ACCEPT_H
#define APISERVER_ACCEPT_H

#include "base/str.h"

enum accept_media {
    ACCEPT_JSON, /* also of a missing header and of wildcards */
    ACCEPT_YAML,
    ACCEPT_PROTOBUF, /* application/vnd.kubernetes.protobuf */
};

enum accept_as {
    ACCEPT_AS_OBJECT, /* as it is */
    ACCEPT_AS_TABLE,
    ACCEPT_AS_PARTIAL,      /* PartialObjectMetadata */
    ACCEPT_AS_PARTIAL_LIST, /* PartialObjectMetadataList */
    ACCEPT_AS_DISCOVERY,    /* APIGroupDiscoveryList, apidiscovery.k8s.io/v2 */
};

/* What an endpoint can do beyond JSON and YAML: conversions, and protobuf. */
enum accept_allowed {
    ACCEPT_ALLOW_NONE = 0,
    ACCEPT_ALLOW_TABLE = 1u << 0,
    ACCEPT_ALLOW_PARTIAL = 1u << 1, /* both kinds */
    ACCEPT_ALLOW_DISCOVERY = 1u << 2,
    ACCEPT_ALLOW_PROTOBUF = 1u << 3,
};

struct accept_choice {
    enum accept_media media;
    enum accept_as as;
    const char *as_version; /* "v1", "v1beta1" for Table and PartialObjectMetadata, "v2" for discovery; static */
    bool is_pretty;         /* ;pretty=1 */
    bool is_watch_stream;   /* ;stream=watch */
};

/* HEADER is the Accept header's value, "" when there is none. False: nothing fits (406), OUT is untouched. */
bool accept_choose(struct str header, unsigned allowed, struct accept_choice *out);

/* The index of the TYPE that HEADER accepts first, by the same order of clauses, whatever their parameters; -1: none.
 */
int accept_pick(struct str header, const struct str *types, size_t count);

/* What a 406 lists: the first accept_media_type_count(ALLOWED) of these. */
extern const struct str accept_media_types[];
size_t accept_media_type_count(unsigned allowed);

/* "application/json", "application/yaml" or "application/vnd.kubernetes.protobuf". */
struct str accept_media_type(enum accept_media media);

#endif
