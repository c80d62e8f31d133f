/*
 * Nodes' and pods' metrics as a Table of meta.k8s.io, written as a stream: what `kubectl get nodemetrics` shows. The
 * columns are Name, cpu, memory and Window; a bare Table, of pods none of which has a container left, has only the
 * first and the last. Pure. Source: behaviour of metrics-server's table conversion.
 */
#ifndef SERVE_METRICS_TABLE_H
#define SERVE_METRICS_TABLE_H

#include "kube/table.h"
#include "serve/metrics_object.h"

/* Zeroed but for the first ones: ready to be opened. */
struct metrics_table {
    const char *version; /* of meta.k8s.io; static */
    enum table_include include;
    bool is_bare;
    bool leaves_columns_out;     /* they were said before: what follows a watch's first event */
    struct buf metadata, object; /* owned: scratch */
};

void metrics_table_open(struct metrics_table *t, struct json_writer *w, struct str resource_version);
void metrics_table_add(struct metrics_table *t, struct json_writer *w, const struct metrics_object *m);
void metrics_table_close(struct json_writer *w);
void metrics_table_free(struct metrics_table *t);

#endif
