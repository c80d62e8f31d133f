/*
 * A log line as a JSON object, in the shape of Kubernetes' JSON log format: ts (milliseconds since 1970), caller, msg,
 * v (of informational lines only), then the fields. Used by base/log.c alone; any thread.
 * Source: Kubernetes "System Logs: JSON log format".
 */
#ifndef BASE_LOG_JSON_H
#define BASE_LOG_JSON_H

#include "base/buf.h"
#include "base/log.h"

/* Appends the object, without a newline. FIELDS end with a NULL key. Bytes that are no UTF-8 become U+FFFD. */
void log_json_add(struct buf *to, enum log_level level, const char *file, int line, struct str message,
                  const struct log_field *fields);

#endif
