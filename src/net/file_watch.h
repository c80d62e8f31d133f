/*
 * Files that others replace while we run (certificates, CAs, tokens): calls back shortly after one of them, or anything
 * in its folder, has changed, and now and then without that, for file systems that tell nothing. Replaced by renaming
 * and Kubernetes' way of swapping a symbolic link ("..data") beside them are seen too, since folders are watched.
 *
 * Who is called reads the files and finds out whether they are different. Changes that come together are one call: a
 * certificate and its key are two writes. Loop thread only. Source: inotify(7).
 */
#ifndef NET_FILE_WATCH_H
#define NET_FILE_WATCH_H

#include <uv.h>

struct file_watch;

/* PATHS are copied; NULL and "" among them are skipped. ON_CHANGE may free the watch. */
struct file_watch *file_watch_new(uv_loop_t *loop, const char *const *paths, size_t count, void (*on_change)(void *arg),
                                  void *arg);

/* NULL is fine. The loop's next turns give the memory back; ON_CHANGE isn't called any more. */
void file_watch_free(struct file_watch *w);

#endif
