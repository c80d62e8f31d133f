/*
 * A pod's quality of service class, from its containers' requests and limits of cpu and memory.
 * Pure. Source: Kubernetes docs, "Pod Quality of Service Classes".
 */
#ifndef KUBE_POD_QOS_H
#define KUBE_POD_QOS_H

#include <jansson.h>

/* "Guaranteed", "Burstable" or "BestEffort" for a pod whose spec is SPEC. Init containers count too. */
const char *pod_qos_class(const json_t *spec);

#endif
