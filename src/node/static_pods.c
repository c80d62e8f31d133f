#include "node/static_pods.h"

#include <dirent.h>
#include <errno.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define MAX_PODS 1000

/* One file of the folder. */
struct manifest_file {
    char *path;           /* owned */
    uint64_t hash;        /* of the content that was taken, or was wrong; 0: it is to be tried again */
    uint64_t logged_hash; /* of the content whose fault was logged */
    struct node_pod *pod; /* NULL: it has been wrong from the beginning */
    bool is_there;        /* seen in the scan under way */
};

struct folder_handle {
    uv_fs_event_t handle;
    struct static_pods *owner; /* NULL: closing */
};

struct static_pods {
    struct static_pods_options options;
    char *folder;
    char *node_name;
    struct manifest_file *files; /* sorted by path */
    size_t file_count;
    struct node_pod **pods; /* of files, in their order */
    size_t pod_count;
    struct folder_handle *watch; /* NULL: not watched */
    bool has_said_unreadable;
};

static void on_container_changed(void *arg)
{
    struct node_pod *pod = arg;
    struct static_pods *p = pod->owner;

    if (p->options.on_changed != NULL)
        p->options.on_changed(p->options.arg, pod);
}

static struct node_pod *node_pod_new(struct static_pods *p, struct static_pod *spec)
{
    struct node_pod *pod = mem_zalloc(sizeof(*pod));

    pod->spec = spec;
    pod->owner = p;
    pod->first_seen_unix_ns = spec->seen_unix_ns;
    pod->previous = pod->last = (struct usage)USAGE_INIT;
    pod->containers = mem_zalloc(spec->container_count * sizeof(struct pod_container *));
    for (size_t i = 0; i < spec->container_count; i++)
        pod->containers[i] =
            pod_container_new(p->options.around, &spec->containers[i], spec->uid, on_container_changed, pod);
    return pod;
}

static void node_pod_free(struct node_pod *pod)
{
    for (size_t i = 0; i < pod->spec->container_count; i++)
        pod_container_free(pod->containers[i]);
    free(pod->containers);
    static_pod_free(pod->spec);
    free(pod);
}

struct static_pods *static_pods_new(const struct static_pods_options *options)
{
    struct static_pods *p = mem_zalloc(sizeof(*p));

    p->options = *options;
    p->folder = mem_strdup(options->folder != NULL ? options->folder : "");
    p->node_name = str_dup(options->node_name);
    return p;
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle);
}

static void stop_watch(struct static_pods *p)
{
    if (p->watch == NULL)
        return;
    p->watch->owner = NULL;
    uv_close((uv_handle_t *)&p->watch->handle, on_watch_closed);
    p->watch = NULL;
}

void static_pods_free(struct static_pods *p)
{
    if (p == NULL)
        return;
    stop_watch(p);
    for (size_t i = 0; i < p->file_count; i++) {
        if (p->files[i].pod != NULL)
            node_pod_free(p->files[i].pod);
        free(p->files[i].path);
    }
    free(p->files);
    free(p->pods);
    free(p->folder);
    free(p->node_name);
    free(p);
}

static void on_folder_changed(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct static_pods *p = ((struct folder_handle *)handle)->owner;

    (void)name;
    (void)events;
    if (p == NULL)
        return;
    if (status != 0)
        stop_watch(p); /* the next look tries again */
    static_pods_look(p);
}

static void start_watch(struct static_pods *p)
{
    if (p->watch != NULL)
        return;
    p->watch = mem_zalloc(sizeof(*p->watch));
    p->watch->owner = p;
    uv_fs_event_init(p->options.loop, &p->watch->handle);
    if (uv_fs_event_start(&p->watch->handle, on_folder_changed, p->folder, 0) != 0)
        stop_watch(p);
    else
        uv_unref((uv_handle_t *)&p->watch->handle);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct manifest_file *)a)->path, ((const struct manifest_file *)b)->path);
}

static struct manifest_file *find_file(struct static_pods *p, const char *path)
{
    for (size_t i = 0; i < p->file_count; i++)
        if (strcmp(p->files[i].path, path) == 0)
            return &p->files[i];
    return NULL;
}

/* The pods of the files, in order, after anything changed. */
static void index_pods(struct static_pods *p)
{
    p->pods = mem_realloc_array(p->pods, p->file_count + 1, sizeof(struct node_pod *));
    p->pod_count = 0;
    for (size_t i = 0; i < p->file_count; i++)
        if (p->files[i].pod != NULL)
            p->pods[p->pod_count++] = p->files[i].pod;
}

static bool is_taken(const struct static_pods *p, const struct static_pod *spec, const struct manifest_file *by)
{
    for (size_t i = 0; i < p->file_count; i++) {
        const struct node_pod *other = &p->files[i] != by ? p->files[i].pod : NULL;
        if (other != NULL &&
            ((str_eq(other->spec->name, spec->name) && str_eq(other->spec->namespace, spec->namespace)) ||
             str_eq(other->spec->uid, spec->uid)))
            return true;
    }
    return false;
}

/* Ends the pod of F, if it has one. */
static void drop_pod(struct static_pods *p, struct manifest_file *f)
{
    struct node_pod *pod = f->pod;

    if (pod == NULL)
        return;
    f->pod = NULL;
    index_pods(p);
    if (p->options.on_gone != NULL)
        p->options.on_gone(p->options.arg, pod);
    if (p->options.around->cgroups != NULL)
        pod_cgroups_remove(p->options.around->cgroups, pod->spec->uid); /* stays while its processes live on */
    node_pod_free(pod);
}

static void log_fault(struct manifest_file *f, uint64_t hash, const struct error *err)
{
    if (f->logged_hash != hash)
        log_error("Can't process manifest file", LOG_CSTR("path", f->path), LOG_ERR(err));
    f->logged_hash = hash;
}

/* Takes CONTENT as what F says now. Returns the pod when it is new. */
static struct node_pod *take_manifest(struct static_pods *p, struct manifest_file *f, struct str content)
{
    auto_error struct error err = {0};
    uint64_t hash = str_hash(content);
    struct static_pod *spec;

    if (f->hash == hash)
        return NULL;
    f->hash = hash;
    spec = static_pod_read(str_of(f->path), content, str_of(p->node_name), clock_unix_ns(), &err);
    if (spec == NULL) {
        log_fault(f, hash, &err);
        return NULL;
    }
    if (is_taken(p, spec, f)) {
        error_set(&err, 0, "pod %.*s/%.*s is in another file already", STR_ARG(spec->namespace), STR_ARG(spec->name));
        log_fault(f, hash, &err);
        static_pod_free(spec);
        f->hash = 0; /* the other file may go */
        return NULL;
    }
    drop_pod(p, f);
    f->pod = node_pod_new(p, spec);
    index_pods(p);
    log_info("Found a static pod", LOG_STR("namespace", spec->namespace), LOG_STR("pod", spec->name),
             LOG_CSTR("path", f->path));
    return f->pod;
}

static bool is_manifest_name(const char *name)
{
    struct str s = str_of(name);

    return name[0] != '.' &&
           (str_ends_with(s, STR(".json")) || str_ends_with(s, STR(".yaml")) || str_ends_with(s, STR(".yml")));
}

/* Marks which files are there, and adds new ones. False when the folder can't be read: then nothing is known. */
static bool list_folder(struct static_pods *p)
{
    DIR *dir = opendir(p->folder);
    struct dirent *entry;

    if (dir == NULL) {
        if (!p->has_said_unreadable)
            log_error("Can't read the folder of static pods", LOG_CSTR("path", p->folder),
                      LOG_CSTR("err", strerror(errno)));
        p->has_said_unreadable = true;
        return false;
    }
    p->has_said_unreadable = false;
    for (size_t i = 0; i < p->file_count; i++)
        p->files[i].is_there = false;
    while ((entry = readdir(dir)) != NULL) {
        struct buf path = {0};
        struct manifest_file *f;
        if (!is_manifest_name(entry->d_name))
            continue;
        buf_printf(&path, "%s/%s", p->folder, entry->d_name);
        f = find_file(p, buf_cstr(&path));
        if (f != NULL) {
            f->is_there = true;
        } else if (p->file_count < MAX_PODS) {
            p->files = mem_realloc_array(p->files, p->file_count + 1, sizeof(*p->files));
            p->files[p->file_count++] = (struct manifest_file){.path = buf_take(&path), .is_there = true};
        }
        buf_free(&path);
    }
    closedir(dir);
    return true;
}

static void drop_vanished(struct static_pods *p)
{
    for (size_t i = 0; i < p->file_count;) {
        struct manifest_file *f = &p->files[i];
        if (f->is_there) {
            i++;
            continue;
        }
        if (f->pod != NULL)
            log_info("A static pod's manifest is gone", LOG_STR("pod", f->pod->spec->name), LOG_CSTR("path", f->path));
        drop_pod(p, f);
        free(f->path);
        memmove(f, f + 1, (p->file_count - i - 1) * sizeof(*f));
        p->file_count--;
    }
    if (p->file_count > 0)
        qsort(p->files, p->file_count, sizeof(*p->files), by_path);
    index_pods(p);
}

/* Reads all files. NEWS gets the pods that came to be; the caller frees the array. */
static size_t read_files(struct static_pods *p, struct node_pod ***news)
{
    size_t count = 0;

    *news = mem_zalloc((p->file_count + 1) * sizeof(struct node_pod *));
    for (size_t i = 0; i < p->file_count; i++) {
        auto_buf struct buf content = {0};
        auto_error struct error err = {0};
        struct node_pod *pod = NULL;
        if (file_read(p->files[i].path, STATIC_POD_MAX_BYTES, &content, &err))
            pod = take_manifest(p, &p->files[i], buf_str(&content));
        else if (err.code != ENOENT)
            log_fault(&p->files[i], UINT64_MAX, &err);
        if (pod != NULL)
            (*news)[count++] = pod;
    }
    return count;
}

static bool is_among(struct node_pod *const *pods, size_t count, const struct node_pod *pod)
{
    for (size_t i = 0; i < count; i++)
        if (pods[i] == pod)
            return true;
    return false;
}

void static_pods_look(struct static_pods *p)
{
    auto_free struct node_pod **news = NULL;
    size_t news_count = 0;

    if (p->folder[0] != '\0') {
        start_watch(p); /* before reading: what comes after is an event */
        if (list_folder(p)) {
            drop_vanished(p);
            news_count = read_files(p, &news);
        }
    }
    for (size_t i = 0; i < p->pod_count; i++) {
        struct node_pod *pod = p->pods[i];
        bool has_changed = is_among(news, news_count, pod);
        for (size_t j = 0; j < pod->spec->container_count; j++)
            has_changed |= pod_container_look(pod->containers[j]);
        if (has_changed)
            on_container_changed(pod);
    }
}

size_t static_pods_count(const struct static_pods *p)
{
    return p->pod_count;
}

struct node_pod *static_pods_at(const struct static_pods *p, size_t i)
{
    return p->pods[i];
}
