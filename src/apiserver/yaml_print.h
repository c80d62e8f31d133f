/*
 * JSON as YAML, as Kubernetes servers answer to Accept: application/yaml: block style, keys sorted, strings quoted only
 * where they would read as something else. Source: YAML 1.1 (as libyaml emits it).
 */
#ifndef APISERVER_YAML_PRINT_H
#define APISERVER_YAML_PRINT_H

#include "base/buf.h"
#include "base/error.h"

/* Appends the document JSON as YAML. False when JSON is none. */
bool yaml_print_json(struct buf *to, struct str json, struct error *err);

#endif
