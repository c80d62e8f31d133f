/*
 * What may be a name, a label key, a label value. Each check returns a sentence for each rule that VALUE breaks, in
 * Kubernetes' words ("a lowercase RFC 1123 subdomain must consist of ..."), since users meet them through kubectl. The
 * sentences are static. Safe from any thread. Source: Kubernetes docs, "Object Names and IDs", "Labels and Selectors";
 * RFC 1123, RFC 1035.
 */
#ifndef KUBE_NAMES_H
#define KUBE_NAMES_H

#include "base/buf.h"

#define NAMES_MAX_FAULTS 4

struct name_faults {
    const char *texts[NAMES_MAX_FAULTS];
    size_t count; /* 0: VALUE is fine */
};

#define DNS1123_LABEL_MAX 63
#define DNS1123_SUBDOMAIN_MAX 253
#define LABEL_VALUE_MAX 63

struct name_faults name_check_dns1123_label(struct str value);     /* namespaces, containers */
struct name_faults name_check_dns1123_subdomain(struct str value); /* most objects */
struct name_faults name_check_dns1035_label(struct str value);     /* services */
struct name_faults name_check_path_segment(struct str value);      /* RBAC's objects: no "/", "%", ".", ".." */
struct name_faults name_check_qualified(struct str value); /* label and annotation keys, finalizers: prefix/name */
struct name_faults name_check_label_value(struct str value);
struct name_faults name_check_config_key(struct str value); /* keys of ConfigMap and Secret data */

/* Appends all sentences, SEPARATOR ("; ") between them. */
void name_faults_join(struct buf *to, const struct name_faults *f, const char *separator);

#endif
