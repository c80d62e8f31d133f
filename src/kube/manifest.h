/*
 * Manifests: one object as JSON, when the text begins with {, or as YAML by the rules that Kubernetes reads it with:
 * mappings with string keys; plain scalars are null, booleans, integers or floats where they look like one, strings
 * otherwise. Aliases, keys given twice and several documents in one file are refused. For small files of people, whole.
 * Source: YAML 1.2.2, JSON schema; YAML 1.1's yes/no/on/off are strings here, as in Kubernetes.
 */
#ifndef KUBE_MANIFEST_H
#define KUBE_MANIFEST_H

#include <jansson.h>

#include "base/error.h"
#include "base/str.h"

#define MANIFEST_MAX_DEPTH 64

/* NULL with "line 3: ..." when TEXT isn't one document with a JSON form. The caller owns the result. */
json_t *manifest_parse(struct str text, struct error *err);

#endif
