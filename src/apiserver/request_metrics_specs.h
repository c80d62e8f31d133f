/* The families of apiserver/request_metrics.h: names, help texts, labels and buckets of Kubernetes' API servers. */
#ifndef APISERVER_REQUEST_METRICS_SPECS_H
#define APISERVER_REQUEST_METRICS_SPECS_H

#include "base/metrics.h"

enum request_family {
    FAMILY_REQUESTS,
    FAMILY_DURATION,
    FAMILY_SLI_DURATION,
    FAMILY_SIZES,
    FAMILY_LONG_RUNNING,
    FAMILY_TERMINATIONS,
    FAMILY_IN_FLIGHT,
    FAMILY_TLS_ERRORS,
    FAMILY_USERS,
    FAMILY_AUTHENTICATIONS,
    FAMILY_AUTHENTICATION_DURATION,
    FAMILY_AUTHORIZATIONS,
    FAMILY_AUTHORIZATION_DURATION,
    REQUEST_FAMILY_COUNT
};

extern const struct metric_spec request_family_specs[REQUEST_FAMILY_COUNT];

#endif
