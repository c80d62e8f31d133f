/* Cells and columns that many kinds share. A cell appends what the reader sees; see struct resource_column. */
#ifndef CLUSTER_KINDS_CELLS_H
#define CLUSTER_KINDS_CELLS_H

#include "cluster/resource.h"

void cell_name(const json_t *object, int64_t now_unix_ns, struct buf *cell);
void cell_age(const json_t *object, int64_t now_unix_ns, struct buf *cell);        /* "5m12s" */
void cell_created_at(const json_t *object, int64_t now_unix_ns, struct buf *cell); /* the time itself */

/* The age of the time at a dotted path; "<unknown>" when there is none. */
void cell_age_of(const json_t *object, const char *path, int64_t now_unix_ns, struct buf *cell);

/* The text at a dotted path, or OTHERWISE when it is empty. */
void cell_text(const json_t *object, const char *path, const char *otherwise, struct buf *cell);

/* "a=b,c=d" sorted by key; "<none>" when there is nothing. */
void cell_labels(const json_t *labels, struct buf *cell);

#define COLUMN_NAME                                                             \
    {                                                                           \
        .name = "Name", .type = "string", .format = "name", .write = cell_name, \
        .description = "Unique within the namespace; can't be changed."         \
    }
#define COLUMN_AGE                                                        \
    {                                                                     \
        .name = "Age", .type = "string", .format = "", .write = cell_age, \
        .description = "Time since the object was created."               \
    }
#define COLUMN(title, kind, wide, cell, text)                                                                     \
    {                                                                                                             \
        .name = (title), .type = (kind), .format = "", .priority = (wide), .write = (cell), .description = (text) \
    }
#define COLUMNS_END  \
    {                \
        .name = NULL \
    }

#endif
