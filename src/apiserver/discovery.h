/*
 * Discovery: which groups, versions and resources there are, from one table. A server with constant resources gives a
 * static table; one that grows builds a new table and swaps the pointer. Documents:
 *
 *     /api                    APIVersions             (only where the table has a group "")
 *     /api/v1                 APIResourceList
 *     /apis                   APIGroupList
 *     /apis/GROUP             APIGroup
 *     /apis/GROUP/VERSION     APIResourceList
 *     /api, /apis with Accept ...;as=APIGroupDiscoveryList;g=apidiscovery.k8s.io;v=v2: the whole subtree at once, with
 *                             an ETag; If-None-Match is answered 304
 *
 * All of them in JSON, YAML and protobuf.
 *
 * Writers are pure. Source: Kubernetes docs, "API concepts: API discovery"; KEP-3352.
 */
#ifndef APISERVER_DISCOVERY_H
#define APISERVER_DISCOVERY_H

#include "apiserver/response.h"

struct discovery_resource {
    struct str name;     /* "pods", "pods/log" for a subresource, which comes right behind its resource */
    struct str singular; /* may be "" */
    struct str kind;
    struct str kind_group; /* of the kind, when it isn't the list's own group and version ("autoscaling/v1 Scale") */
    struct str kind_version;
    bool is_namespaced;
    const struct str *verbs; /* sorted, as upstream */
    size_t verb_count;
    const struct str *short_names;
    size_t short_name_count;
    const struct str *categories;
    size_t category_count;
    struct str storage_version_hash; /* may be "" */
};

struct discovery_version {
    struct str version;
    const struct discovery_resource *resources;
    size_t resource_count;
    bool is_stale; /* what an aggregated server said last; it doesn't answer now */
};

struct discovery_group {
    struct str name;                          /* "" for core */
    const struct discovery_version *versions; /* the preferred one first */
    size_t version_count;
};

struct discovery {
    const struct discovery_group *groups; /* in the order of the documents */
    size_t group_count;
    struct str server_address; /* "10.0.0.1:6443": serverAddressByClientCIDRs; "": left out of APIGroupList */
    /* responseKind in aggregated documents is {"group":"","version":"",...} where it is the list's own, as the generic
     * API server writes it for aggregated servers; otherwise filled in, as kube-apiserver does for built-in kinds. */
    bool leaves_kinds_bare;
};

const struct discovery_group *discovery_group(const struct discovery *d, struct str name);
const struct discovery_version *discovery_version(const struct discovery *d, struct str group, struct str version);

/* Append the document as JSON, compact. */
void discovery_print_versions(struct buf *to, const struct discovery *d);    /* /api */
void discovery_print_groups(struct buf *to, const struct discovery *d);      /* /apis */
void discovery_print_group(struct buf *to, const struct discovery_group *g); /* /apis/GROUP */
void discovery_print_resources(struct buf *to, struct str group, const struct discovery_version *v);
void discovery_print_aggregated(struct buf *to, const struct discovery *d, bool is_legacy); /* is_legacy: of /api */

/* The same as protobuf, in their envelopes. */
void discovery_print_versions_protobuf(struct buf *to, const struct discovery *d);
void discovery_print_groups_protobuf(struct buf *to, const struct discovery *d);
void discovery_print_group_protobuf(struct buf *to, const struct discovery_group *g);
void discovery_print_resources_protobuf(struct buf *to, struct str group, const struct discovery_version *v);
void discovery_print_aggregated_protobuf(struct buf *to, const struct discovery *d, bool is_legacy);

/* What the aggregated document says of a resource: the kind that its answers have. */
struct discovery_kind {
    struct str group;
    struct str version;
    struct str kind;
};
struct discovery_kind discovery_response_kind(const struct discovery *d, const struct discovery_group *g,
                                              const struct discovery_version *v, const struct discovery_resource *r);

/* Whether R is "PARENT/..."; SUBRESOURCE gets what is behind the slash. */
bool discovery_is_below(const struct discovery_resource *r, struct str parent, struct str *subresource);

/*
 * Answers R when its path is one of the documents' (with or without a slash at its end), whatever its method (405 for
 * other than GET). False when it isn't: R is untouched. A group or version that isn't in the table is not answered.
 */
bool discovery_handle(const struct discovery *d, struct api_request *r);

#endif
