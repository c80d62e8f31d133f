#include "net/file_watch.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"

enum {
    SETTLE_MS = 100,         /* after the last of several changes */
    REPEAT_MS = 60 * 1000,   /* without any */
    LONGEST_SETTLE_MS = 1000 /* a folder in which something changes all the time is looked at, too */
};

struct file_watch {
    uv_timer_t settle, repeat;
    uv_fs_event_t *folders; /* owned; never moved once started */
    char **names;           /* owned, as many */
    size_t folder_count;
    size_t open_handles;
    uint64_t changed_ms; /* when the first change came that hasn't been told yet; 0: none */
    void (*on_change)(void *arg);
    void *arg;
};

static void on_settled(uv_timer_t *timer)
{
    struct file_watch *w = timer->data;

    w->changed_ms = 0;
    w->on_change(w->arg);
}

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct file_watch *w = handle->data;
    uint64_t now_ms = uv_now(handle->loop);

    (void)name, (void)events, (void)status; /* a folder that is gone is looked at by the repeating timer */
    if (w->changed_ms == 0)
        w->changed_ms = now_ms;
    if (now_ms - w->changed_ms < LONGEST_SETTLE_MS)
        uv_timer_start(&w->settle, on_settled, SETTLE_MS, 0);
}

/* The folder that PATH is in; the caller frees it. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return mem_strdup(".");
    return slash == path ? mem_strdup("/") : str_dup(str_from(path, (size_t)(slash - path)));
}

static void add_folder(struct file_watch *w, const char *path)
{
    char *folder = folder_of(path);

    for (size_t i = 0; i < w->folder_count; i++) {
        if (strcmp(w->names[i], folder) == 0) {
            free(folder);
            return;
        }
    }
    w->names[w->folder_count++] = folder;
}

static void start_folder(struct file_watch *w, uv_loop_t *loop, size_t i)
{
    uv_fs_event_init(loop, &w->folders[i]);
    w->folders[i].data = w;
    w->open_handles++;
    int status = uv_fs_event_start(&w->folders[i], on_event, w->names[i], 0);
    if (status < 0)
        log_info("Folder can't be watched, its files are read every minute", LOG_CSTR("folder", w->names[i]),
                 LOG_CSTR("err", uv_strerror(status)));
}

struct file_watch *file_watch_new(uv_loop_t *loop, const char *const *paths, size_t count, void (*on_change)(void *arg),
                                  void *arg)
{
    struct file_watch *w = mem_zalloc(sizeof(*w));

    w->on_change = on_change;
    w->arg = arg;
    w->names = mem_zalloc((count + 1) * sizeof(*w->names));
    for (size_t i = 0; i < count; i++) {
        if (paths[i] != NULL && paths[i][0] != '\0')
            add_folder(w, paths[i]);
    }
    w->folders = mem_zalloc((w->folder_count + 1) * sizeof(*w->folders));
    for (size_t i = 0; i < w->folder_count; i++)
        start_folder(w, loop, i);
    uv_timer_init(loop, &w->settle);
    uv_timer_init(loop, &w->repeat);
    w->settle.data = w->repeat.data = w;
    w->open_handles += 2;
    uv_timer_start(&w->repeat, on_settled, REPEAT_MS, REPEAT_MS);
    return w;
}

static void on_closed(uv_handle_t *handle)
{
    struct file_watch *w = handle->data;

    if (--w->open_handles > 0)
        return;
    for (size_t i = 0; i < w->folder_count; i++)
        free(w->names[i]);
    free(w->names);
    free(w->folders);
    free(w);
}

void file_watch_free(struct file_watch *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->folder_count; i++)
        uv_close((uv_handle_t *)&w->folders[i], on_closed);
    uv_close((uv_handle_t *)&w->settle, on_closed);
    uv_close((uv_handle_t *)&w->repeat, on_closed);
}
