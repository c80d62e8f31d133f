/*
 * The types of metrics.k8s.io and those of meta.k8s.io that they are made of, as tables: what OpenAPI documents say of
 * them. VERSION stands for v1beta1 or v1. Constant. Source: Kubernetes API reference.
 */
#ifndef SERVE_OPENAPI_TYPES_H
#define SERVE_OPENAPI_TYPES_H

#include <stdbool.h>
#include <stddef.h>

enum openapi_shape {
    OPENAPI_ONE,
    OPENAPI_LIST,
    OPENAPI_MAP, /* keys are strings */
};

struct openapi_type;

struct openapi_property {
    const char *name;
    const char *description;
    enum openapi_shape shape;
    const char *type;              /* "string", "integer", "boolean"; or */
    const struct openapi_type *of; /* another type */
    const char *format;            /* "int64", ...; NULL: none */
    bool is_required;
};

struct openapi_type {
    const char *package; /* "io.k8s.apimachinery.pkg.apis.meta.v1"; of metrics.k8s.io's own: without its version */
    const char *name;
    const char *description;
    const char *type;                          /* "object", "string" */
    const char *format;                        /* NULL: none */
    const struct openapi_property *properties; /* up to one without a name; NULL: none */
    bool is_metrics;                           /* of metrics.k8s.io */
    bool is_kind;                              /* has kind and apiVersion, and stands on its own */
};

extern const struct openapi_type openapi_node_metrics, openapi_node_metrics_list;
extern const struct openapi_type openapi_pod_metrics, openapi_pod_metrics_list;
extern const struct openapi_type openapi_api_group_list, openapi_api_group, openapi_api_resource_list;
extern const struct openapi_type openapi_version_info;

#endif
