/*
 * The body of /stats/summary: stats.k8s.io/v1alpha1 Summary, indented by one space as kubelets answer. Members in the
 * order of the API type; what wasn't measured is left out, and so is a block of which nothing was. There is no
 * "volume": see node/disk_usage.h. Source: Kubernetes reference, "Node metrics data", Summary API.
 */
#ifndef NODE_SUMMARY_H
#define NODE_SUMMARY_H

#include "base/buf.h"
#include "node/sample.h"

/* Appends the body. IS_CPU_AND_MEMORY_ONLY: the answer to ?only_cpu_and_memory=true. */
void summary_write(struct buf *to, const struct node_sample *sample, bool is_cpu_and_memory_only);

#endif
