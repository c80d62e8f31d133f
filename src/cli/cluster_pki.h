/*
 * The keys, certificates and kubeconfigs of an embedded cluster, laid out as kubeadm does. They are made once, in a
 * folder that gets its name when it is complete, and checked at every start. Certificates are valid for ten years, the
 * CA's life: a laptop cluster has nobody who renews them.
 *
 *     pki/ca.{crt,key}                        signs everything below but the front proxy's
 *     pki/front-proxy-ca.{crt,key}            signs front-proxy-client
 *     pki/front-proxy-client.{crt,key}        the aggregator's, towards metrics-server
 *     pki/apiserver.{crt,key}                 serving
 *     pki/apiserver-kubelet-client.{crt,key}  the API server's, towards the node agent
 *     pki/kubelet.{crt,key}                   serving
 *     pki/metrics-server.{crt,key}            serving
 *     pki/sa.{key,pub}                        signs ServiceAccount tokens (RSA)
 *     kubeconfig, kubelet.kubeconfig, metrics-server.kubeconfig  with client certificates inside (0600)
 *
 * Source: Kubernetes "PKI certificates and requirements".
 */
#ifndef CLI_CLUSTER_PKI_H
#define CLI_CLUSTER_PKI_H

#include "cli/cluster_folder.h"

/*
 * Makes the roots when there are none, then issues the rest. NOW in Unix seconds. A root that is missing, unreadable or
 * doesn't fit is an error that names the file and says what to do.
 */
bool cluster_pki_make(const char *folder, const struct cluster_settings *s, int64_t now, struct error *err);

#endif
