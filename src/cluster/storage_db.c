#include "cluster/storage_db.h"

#include "base/alloc.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>

#define APPLICATION_ID 0x7461636f
#define USER_VERSION 1

struct db_queue {
    struct db_write *first, **last;
};

struct storage_db {
    sqlite3 *sql;
    char *path;
    sqlite3_stmt *begin, *commit, *rollback, *put, *remove, *set_version;

    bool is_failing; /* the writer's: the last write failed, and the log says so */

    uv_thread_t writer;
    uv_mutex_t lock; /* guards what follows up to the line */
    uv_cond_t wake;
    struct db_queue todo, done;
    bool must_stop;
    /* ---- */

    uv_async_t committed;
    void (*on_committed)(void *ctx, struct db_write *writes);
    void *ctx;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

static void queue_push(struct db_queue *q, struct db_write *w)
{
    w->next = NULL;
    if (q->first == NULL)
        q->last = &q->first;
    *q->last = w;
    q->last = &w->next;
}

static struct db_write *queue_take(struct db_queue *q)
{
    struct db_write *all = q->first;
    q->first = NULL;
    return all;
}

/* --- opening --- */

static bool fail(const struct storage_db *db, struct error *err)
{
    int code = sqlite3_errcode(db->sql);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(err, code, "database %s: in use by another process", db->path);
    case SQLITE_NOTADB:
        return error_set(err, code, "database %s: not a database, or damaged beyond recognition", db->path);
    case SQLITE_CORRUPT:
        return error_set(err, code, "database %s: damaged (%s); restore it from a backup or move it away", db->path,
                         sqlite3_errmsg(db->sql));
    case SQLITE_FULL:
        return error_set(err, code, "database %s: no space left", db->path);
    default:
        return error_set(err, code, "database %s: %s", db->path, sqlite3_errmsg(db->sql));
    }
}

static bool run(struct storage_db *db, const char *sql, struct error *err)
{
    return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK || fail(db, err);
}

static bool query_number(struct storage_db *db, const char *sql, int64_t *out, struct error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL) != SQLITE_OK)
        return fail(db, err);
    int rc = sqlite3_step(q);
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    sqlite3_finalize(q);
    return rc == SQLITE_ROW || rc == SQLITE_DONE || fail(db, err);
}

/* Exclusive locking keeps a second process out for as long as the file is open, and needs no shared memory file. */
static bool prepare_file(struct storage_db *db, struct error *err)
{
    int64_t application, version, tables;
    if (!run(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;", err) ||
        !query_number(db, "PRAGMA application_id", &application, err) ||
        !query_number(db, "PRAGMA user_version", &version, err) ||
        !query_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
        return false;
    if (application != APPLICATION_ID && (application != 0 || tables != 0))
        return error_set(err, 0, "database %s: made by another program", db->path);
    if (version > USER_VERSION)
        return error_set(err, 0, "database %s: made by a newer version of this program", db->path);
    return run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY",
               err) &&
           run(db,
               "BEGIN IMMEDIATE;"
               "CREATE TABLE IF NOT EXISTS objects(kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,"
               " version INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY(kind, namespace, name)) WITHOUT ROWID;"
               "CREATE TABLE IF NOT EXISTS state(id INTEGER PRIMARY KEY CHECK(id = 1), version INTEGER NOT NULL);"
               "INSERT OR IGNORE INTO state VALUES(1, 0);"
               "PRAGMA application_id=0x7461636f; PRAGMA user_version=1;"
               "COMMIT",
               err);
}

static bool check_file(struct storage_db *db, struct error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(db->sql, "PRAGMA quick_check(1)", -1, &q, NULL) != SQLITE_OK)
        return fail(db, err);
    int rc = sqlite3_step(q);
    const char *verdict = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
    bool is_ok = verdict != NULL && strcmp(verdict, "ok") == 0;
    if (!is_ok && verdict != NULL)
        error_set(err, SQLITE_CORRUPT, "database %s: damaged (%s); restore it from a backup or move it away", db->path,
                  verdict);
    else if (!is_ok)
        fail(db, err);
    sqlite3_finalize(q);
    return is_ok;
}

static bool limit_size(struct storage_db *db, uint64_t max_bytes, struct error *err)
{
    int64_t page_bytes;
    if (max_bytes == 0)
        return true;
    if (!query_number(db, "PRAGMA page_size", &page_bytes, err))
        return false;
    char sql[64];
    snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%llu", (unsigned long long)max_bytes / (unsigned)page_bytes);
    return run(db, sql, err);
}

static bool prepare_statements(struct storage_db *db, struct error *err)
{
    const struct {
        sqlite3_stmt **at;
        const char *sql;
    } all[] = {
        {&db->begin, "BEGIN IMMEDIATE"},
        {&db->commit, "COMMIT"},
        {&db->rollback, "ROLLBACK"},
        {&db->put, "INSERT OR REPLACE INTO objects(kind, namespace, name, version, body) VALUES(?1, ?2, ?3, ?4, ?5)"},
        {&db->remove, "DELETE FROM objects WHERE kind = ?1 AND namespace = ?2 AND name = ?3"},
        {&db->set_version, "UPDATE state SET version = ?1"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (sqlite3_prepare_v3(db->sql, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].at, NULL) != SQLITE_OK)
            return fail(db, err);
    }
    return true;
}

struct storage_db *storage_db_open(const char *path, uint64_t max_bytes, struct error *err)
{
    /* SQLite would make the file readable for the umask's taste; secrets live here. */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        error_set_errno(err, errno, "database %s", path);
        return NULL;
    }
    close(fd);
    struct storage_db *db = mem_zalloc(sizeof(*db));
    db->path = mem_strdup(path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &db->sql, flags, NULL) != SQLITE_OK)
        fail(db, err);
    else if (prepare_file(db, err) && check_file(db, err) && limit_size(db, max_bytes, err) &&
             prepare_statements(db, err))
        return db;
    storage_db_discard(db);
    return NULL;
}

void storage_db_discard(struct storage_db *db)
{
    sqlite3_stmt *all[] = {db->begin, db->commit, db->rollback, db->put, db->remove, db->set_version};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        sqlite3_finalize(all[i]);
    sqlite3_close(db->sql);
    free(db->path);
    free(db);
}

bool storage_db_load(struct storage_db *db, uint64_t *version, storage_db_row *fn, void *ctx, struct error *err)
{
    int64_t last = 0;
    if (!query_number(db, "SELECT version FROM state", &last, err))
        return false;
    *version = (uint64_t)last;
    sqlite3_stmt *q = NULL;
    const char *sql = "SELECT kind, name, body FROM objects ORDER BY kind, namespace, name";
    if (sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL) != SQLITE_OK)
        return fail(db, err);
    int rc;
    bool is_ok = true;
    while (is_ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        const char *kind = (const char *)sqlite3_column_text(q, 0);
        struct str body = {sqlite3_column_blob(q, 2), (size_t)sqlite3_column_bytes(q, 2)};
        is_ok = fn(ctx, kind, body, err);
        if (!is_ok)
            error_wrap(err, "database %s: damaged: %s %s", db->path, kind, (const char *)sqlite3_column_text(q, 1));
    }
    if (is_ok && rc != SQLITE_DONE)
        is_ok = fail(db, err);
    sqlite3_finalize(q);
    return is_ok;
}

/* --- the writer thread --- */

static bool step(sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    int reset = sqlite3_reset(st);
    return rc == SQLITE_DONE && reset == SQLITE_OK;
}

static bool write_one(struct storage_db *db, const struct db_write *w)
{
    if (w->kind == NULL)
        return true;
    const struct object *o = w->object;
    sqlite3_stmt *st = w->change == STORAGE_PUT ? db->put : db->remove;
    int rc = sqlite3_bind_text(st, 1, w->kind, -1, SQLITE_STATIC);
    rc |= sqlite3_bind_text64(st, 2, o->namespace.len > 0 ? o->namespace.ptr : "", o->namespace.len, SQLITE_STATIC,
                              SQLITE_UTF8);
    rc |= sqlite3_bind_text64(st, 3, o->name.ptr, o->name.len, SQLITE_STATIC, SQLITE_UTF8);
    if (w->change == STORAGE_PUT) {
        rc |= sqlite3_bind_int64(st, 4, (int64_t)o->version);
        rc |= sqlite3_bind_blob64(st, 5, o->json.ptr, o->json.len, SQLITE_STATIC);
    }
    if (rc != SQLITE_OK || !step(st))
        return false;
    sqlite3_bind_int64(db->set_version, 1, (int64_t)o->version);
    return step(db->set_version);
}

/* Writes from FIRST up to END (not included) as one transaction. On failure nothing of it is there, and W says why. */
static bool write_group(struct storage_db *db, struct db_write *first, const struct db_write *end)
{
    bool is_ok = step(db->begin);
    for (struct db_write *w = first; is_ok && w != end; w = w->next)
        is_ok = write_one(db, w);
    is_ok = is_ok && step(db->commit);
    if (is_ok)
        return true;
    bool is_full = (sqlite3_errcode(db->sql) & 0xff) == SQLITE_FULL;
    first->code = is_full ? 507 : 500;
    snprintf(first->why, sizeof(first->why), "%s",
             is_full ? "no space left for the database" : sqlite3_errmsg(db->sql));
    if (!sqlite3_get_autocommit(db->sql))
        step(db->rollback);
    return false;
}

static void write_all(struct storage_db *db, struct db_write *all)
{
    if (write_group(db, all, NULL)) {
        if (db->is_failing)
            log_info("Database takes writes again", LOG_CSTR("path", db->path));
        db->is_failing = false;
        return;
    }
    /* One that doesn't fit must not take the others with it: deleting is how space comes back. */
    for (struct db_write *w = all; w != NULL; w = w->next) {
        w->code = 0;
        bool is_ok = write_group(db, w, w->next);
        if (!is_ok && !db->is_failing)
            log_error("Database refuses writes", LOG_CSTR("path", db->path), LOG_CSTR("err", w->why));
        db->is_failing = !is_ok;
    }
}

static void writer_main(void *arg)
{
    struct storage_db *db = arg;
    uv_mutex_lock(&db->lock);
    for (;;) {
        struct db_write *all = queue_take(&db->todo);
        if (all == NULL && db->must_stop)
            break;
        if (all == NULL) {
            uv_cond_wait(&db->wake, &db->lock);
            continue;
        }
        uv_mutex_unlock(&db->lock);
        write_all(db, all);
        uv_mutex_lock(&db->lock);
        for (struct db_write *next; all != NULL; all = next) {
            next = all->next;
            queue_push(&db->done, all);
        }
        uv_async_send(&db->committed);
    }
    uv_mutex_unlock(&db->lock);
}

/* --- the loop's side --- */

static void deliver(struct storage_db *db)
{
    uv_mutex_lock(&db->lock);
    struct db_write *all = queue_take(&db->done);
    uv_mutex_unlock(&db->lock);
    if (all != NULL)
        db->on_committed(db->ctx, all);
}

static void on_async(uv_async_t *async)
{
    deliver(async->data);
}

void storage_db_start(struct storage_db *db, uv_loop_t *loop, void (*on_committed)(void *ctx, struct db_write *writes),
                      void *ctx)
{
    db->on_committed = on_committed;
    db->ctx = ctx;
    db->committed.data = db;
    int rc = uv_mutex_init(&db->lock);
    assert(rc == 0);
    rc = uv_cond_init(&db->wake);
    assert(rc == 0);
    rc = uv_async_init(loop, &db->committed, on_async);
    assert(rc == 0);
    rc = uv_thread_create(&db->writer, writer_main, db);
    assert(rc == 0);
    (void)rc;
}

void storage_db_submit(struct storage_db *db, struct db_write *w)
{
    uv_mutex_lock(&db->lock);
    queue_push(&db->todo, w);
    uv_cond_signal(&db->wake);
    uv_mutex_unlock(&db->lock);
}

static void on_async_closed(uv_handle_t *handle)
{
    struct storage_db *db = handle->data;
    void (*on_closed)(void *) = db->on_closed;
    void *ctx = db->closed_ctx;
    uv_mutex_destroy(&db->lock);
    uv_cond_destroy(&db->wake);
    storage_db_discard(db);
    on_closed(ctx);
}

void storage_db_close(struct storage_db *db, void (*on_closed)(void *ctx), void *ctx)
{
    db->on_closed = on_closed;
    db->closed_ctx = ctx;
    uv_mutex_lock(&db->lock);
    db->must_stop = true;
    uv_cond_signal(&db->wake);
    uv_mutex_unlock(&db->lock);
    uv_thread_join(&db->writer);
    deliver(db);
    /* What hears of a write may submit another one; with the thread gone this one writes. */
    for (struct db_write *all; (all = queue_take(&db->todo)) != NULL;) {
        write_all(db, all);
        db->on_committed(db->ctx, all);
    }
    uv_close((uv_handle_t *)&db->committed, on_async_closed);
}
