/*
 * The serving certificate that a server makes for itself when it is given none: self-signed, for HOST, localhost and
 * the loopback addresses, kept as FOLDER/apiserver.crt and FOLDER/apiserver.key and used again at the next start while
 * it is valid for a day more. Source: the generic API server library's behaviour, as operators know it from
 * metrics-server.
 */
#ifndef CERTS_SERVING_H
#define CERTS_SERVING_H

#include "certs/certificate.h"

/*
 * Loads or makes the pair in FOLDER (made when missing). Logs the line that operators look for,
 * `Generated self-signed cert (FOLDER/apiserver.crt, FOLDER/apiserver.key)`, when it made one. NOW in Unix seconds.
 */
bool certs_serving_pair(const char *folder, const char *host, int64_t now, struct certs_pair *out, struct error *err);

#endif
