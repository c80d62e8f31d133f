/*
 * An audit policy: which requests are recorded, in how much detail. The first rule that fits a request decides:
 *
 *     apiVersion: audit.k8s.io/v1
 *     kind: Policy
 *     omitStages: [RequestReceived]            of all rules
 *     rules:
 *     - level: Metadata                        None, Metadata, Request, RequestResponse
 *       users, userGroups, verbs, namespaces   absent: any
 *       resources: [{group, resources, resourceNames}]      "*", "pods", "pods/log", and either half may be a star
 *       nonResourceURLs: ["/metrics", "/healthz*"]
 *       omitStages: [ResponseStarted]
 *
 * No rule: not recorded. Pure. Source: Kubernetes docs, "Auditing"; API reference, audit.k8s.io/v1 Policy.
 */
#ifndef APISERVER_AUDIT_POLICY_H
#define APISERVER_AUDIT_POLICY_H

#include "apiserver/attributes.h"
#include "apiserver/user.h"

enum audit_level {
    AUDIT_NONE,
    AUDIT_METADATA,
    AUDIT_REQUEST,          /* also the request's body, which reading requests haven't got */
    AUDIT_REQUEST_RESPONSE, /* also the answer's: not recorded here */
};

/* As bits: which stages are left out. */
enum audit_stage {
    AUDIT_STAGE_RECEIVED = 1u << 0,
    AUDIT_STAGE_STARTED = 1u << 1,
    AUDIT_STAGE_COMPLETE = 1u << 2,
    AUDIT_STAGE_PANIC = 1u << 3,
};

struct audit_policy;

/* TEXT is YAML or JSON. NULL when it isn't a policy, with the field that is wrong; unknown fields are. */
struct audit_policy *audit_policy_parse(struct str text, struct error *err);
void audit_policy_free(struct audit_policy *p);

struct audit_choice {
    enum audit_level level;
    unsigned omitted_stages;
};

/* USER is who authenticated, or NULL when that isn't known: then rules for users or groups don't fit. */
struct audit_choice audit_policy_choose(const struct audit_policy *p, const struct user *user,
                                        const struct api_attributes *what);

/* "Metadata", "ResponseComplete". */
const char *audit_level_name(enum audit_level level);
const char *audit_stage_name(enum audit_stage stage);

#endif
