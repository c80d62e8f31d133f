/*
 * An audit event: what the audit log says of a request at one of its stages, as one line of JSON (audit.k8s.io/v1
 * Event) or in the older text format:
 *
 *     {"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":...,"stage":"ResponseComplete",...}
 *     2026-01-31T12:00:05.123456789Z AUDIT: id="..." stage="ResponseComplete" ip="10.0.0.7" method="list" ...
 *
 * Pure. Source: Kubernetes API reference, audit.k8s.io/v1 Event; docs, "Auditing".
 */
#ifndef APISERVER_AUDIT_EVENT_H
#define APISERVER_AUDIT_EVENT_H

#include "apiserver/audit_policy.h"
#include "apiserver/request.h"

/* What is remembered of a request from one stage to the next. Strings are the request's. */
struct audit_record {
    struct audit_choice choice;
    struct str refused_credentials; /* authentication failed: "bearer", "x509", "unknown"; otherwise "" */
    const char *decision;           /* the authorizer's: "allow", "forbid"; NULL: it wasn't asked */
    struct str reason;
};

/* CODE 0: no answer was begun. STAGE_NS is when the stage came, since 1970. Without a newline. */
void audit_event_print(struct buf *to, const struct api_request *r, const struct audit_record *record,
                       enum audit_stage stage, int code, int64_t stage_ns);
void audit_event_print_legacy(struct buf *to, const struct api_request *r, const struct audit_record *record,
                              enum audit_stage stage, int code);

/* What the credentials of a request were that nobody accepted, for refused_credentials. Static. */
struct str audit_event_credentials(const struct api_request *r);

#endif
