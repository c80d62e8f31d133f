/*
 * The durable half of the storage: the SQLite file and the thread that writes it. Only storage.c uses this. After
 * storage_db_start the connection belongs to the writer thread; the queues between the two threads are the only shared
 * thing.
 */
#ifndef CLUSTER_STORAGE_DB_H
#define CLUSTER_STORAGE_DB_H

#include "cluster/storage.h"

struct storage_db;

/* One write on its way there and back. Owned by the storage; the writer thread has it between submit and on_committed.
 */
struct db_write {
    struct db_write *next;
    const char *kind; /* NULL: a barrier, nothing is written */
    enum storage_change change;
    const struct object *object; /* its holder keeps a reference */
    int code;                    /* set by the writer: 0, or an HTTP status */
    char why[160];               /* set by the writer, with CODE */
};

struct storage_db *storage_db_open(const char *path, uint64_t max_bytes, struct error *err);

/* Calls FN for every object on disk, in order of kind, namespace, name, until it returns false (and has set ERR). */
typedef bool storage_db_row(void *ctx, const char *kind, struct str json, struct error *err);
bool storage_db_load(struct storage_db *db, uint64_t *version, storage_db_row *fn, void *ctx, struct error *err);

/* Starts the writer. ON_COMMITTED gets, from the loop, the writes of one or more groups in the order of their
 * submission. */
void storage_db_start(struct storage_db *db, uv_loop_t *loop, void (*on_committed)(void *ctx, struct db_write *writes),
                      void *ctx);

void storage_db_submit(struct storage_db *db, struct db_write *w);

/* Lets the writer finish what was submitted, hears of it, closes everything, calls ON_CLOSED. */
void storage_db_close(struct storage_db *db, void (*on_closed)(void *ctx), void *ctx);

/* For a database whose writer was not started. */
void storage_db_discard(struct storage_db *db);

#endif
