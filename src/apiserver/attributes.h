/*
 * What a request is about, read from its method, path and query by the rules of Kubernetes' RequestInfo:
 *
 *     /api/VERSION/...                                          the core group
 *     /apis/GROUP/VERSION/...                                   every other group
 *         RESOURCE[/NAME[/SUBRESOURCE[/...]]]
 *         namespaces/NAMESPACE/RESOURCE[/NAME[/SUBRESOURCE]]
 *         namespaces/NAME[/status|/finalize]                    the Namespace itself; namespace = name
 *         watch/...                                             the old way to ask for a watch: verb "watch"
 *     anything else, also /apis/GROUP/VERSION alone             not a resource: verb is the method in lower case
 *
 * GET and HEAD are get, or without a name list, or watch with ?watch; POST create, PUT update, PATCH patch, DELETE
 * delete, or without a name deletecollection. fieldSelector=metadata.name=x gives a list or watch the name x.
 *
 * Pure: no clock, no I/O. Strings point into the path given and the arena. Source: Kubernetes docs, "API concepts",
 * "Authorization overview: determine the request verb"; behaviour of apiserver's RequestInfoFactory.
 */
#ifndef APISERVER_ATTRIBUTES_H
#define APISERVER_ATTRIBUTES_H

#include "apiserver/query.h"
#include "base/error.h"

struct api_attributes {
    bool is_resource;
    struct str verb;
    struct str path;       /* decoded */
    struct str api_prefix; /* "api" or "apis"; may be set although is_resource is false */
    struct str group;      /* "" for core */
    struct str version;
    struct str namespace;
    struct str resource;
    struct str subresource;
    struct str name;
    /* Texts of the selectors, only of list, watch and deletecollection; "" for none. May be malformed. */
    struct str label_selector;
    struct str field_selector;
    /* resource, name, subresource and what follows, for handlers: "pods/x/proxy/a/b" */
    struct str parts;
};

/*
 * PATH is decoded; it must live as long as OUT. False with the error's text when no meaning can be given to the path
 * (/api/v1/watch), which is answered 500 as upstream does; OUT is filled as far as it went.
 */
bool attributes_parse(struct arena *arena, struct str method, struct str path, const struct query *query,
                      struct api_attributes *out, struct error *err);

/* get, list and watch: counted and limited apart from the rest. */
bool attributes_is_read_only(const struct api_attributes *a);

#endif
