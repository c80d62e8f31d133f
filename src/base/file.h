/*
 * Small files, whole. Blocking: for start-up, flags and procfs/cgroupfs, which never wait for a disk.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Appends all of PATH to OUT. Fails, with the errno as code, when it can't be read, or with EFBIG above MAX_BYTES. */
bool file_read(const char *path, size_t max_bytes, struct buf *out, struct error *err);

/*
 * Replaces PATH by BYTES with permissions MODE, so that a reader, or a crash at any moment, sees the old or the new
 * file and nothing between: a temporary file beside it, fsync, rename, fsync of the folder. The errno is the code.
 */
bool file_write_atomically(const char *path, struct str bytes, unsigned mode, struct error *err);

/* mkdir -p, with permissions MODE. True when the folder is there afterwards; otherwise the errno is the code. */
bool file_make_folders(const char *path, unsigned mode, struct error *err);

/* Whether PATH, its symbolic links followed, is there and may be looked at. */
bool file_exists(const char *path);

#endif
