#include "cli/cluster_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

#define MAX_SETTINGS_BYTES ((size_t)64 * 1024)

void cluster_settings_free(struct cluster_settings *s)
{
    free(s->address);
    free(s->node_name);
    *s = (struct cluster_settings){0};
}

char *cluster_folder_file(const char *folder, const char *name)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    return buf_take(&path);
}

char *cluster_folder_path(const char *given, struct error *err)
{
    struct buf path = {0};
    if (given != NULL && given[0] == '/') {
        buf_add_cstr(&path, given);
    } else if (given != NULL && given[0] != '\0') {
        char cwd[PATH_MAX];
        if (getcwd(cwd, sizeof cwd) == NULL) {
            error_set_errno(err, errno, "current folder");
            return NULL;
        }
        buf_printf(&path, "%s/%s", cwd, given);
    } else if (geteuid() == 0) {
        buf_add_cstr(&path, "/var/lib/tacho");
    } else {
        const char *data = getenv("XDG_DATA_HOME");
        const char *home = getenv("HOME");
        if (data != NULL && data[0] == '/') {
            buf_printf(&path, "%s/tacho", data);
        } else if (home != NULL && home[0] == '/') {
            buf_printf(&path, "%s/.local/share/tacho", home);
        } else {
            error_set(err, 0, "no home folder is known: please say --data-dir=FOLDER");
            return NULL;
        }
    }
    return buf_take(&path);
}

bool cluster_settings_save(const char *folder, const struct cluster_settings *s, struct error *err)
{
    auto_free char *path = cluster_folder_file(folder, "settings.json");
    json_t *root =
        json_pack("{s:s, s:s, s:i, s:i, s:i}", "address", s->address, "nodeName", s->node_name, "port", (int)s->port,
                  "kubeletPort", (int)s->kubelet_port, "metricsServerPort", (int)s->metrics_port);
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    bool is_saved = file_write_atomically(path, str_of(text), 0644, err);
    free(text);
    return is_saved;
}

static bool get_port(const json_t *root, const char *key, uint16_t *out)
{
    json_int_t v = json_integer_value(json_object_get(root, key));
    *out = (uint16_t)v;
    return v > 0 && v <= UINT16_MAX;
}

bool cluster_settings_load(const char *folder, struct cluster_settings *out, struct error *err)
{
    auto_free char *path = cluster_folder_file(folder, "settings.json");
    auto_buf struct buf text = {0};
    if (!file_read(path, MAX_SETTINGS_BYTES, &text, err))
        return false;
    json_error_t where;
    json_t *root = json_loadb(text.ptr, text.len, 0, &where);
    const char *address = json_string_value(json_object_get(root, "address"));
    const char *node_name = json_string_value(json_object_get(root, "nodeName"));
    bool is_good = address != NULL && node_name != NULL && get_port(root, "port", &out->port) &&
                   get_port(root, "kubeletPort", &out->kubelet_port) &&
                   get_port(root, "metricsServerPort", &out->metrics_port);
    if (is_good) {
        out->address = mem_strdup(address);
        out->node_name = mem_strdup(node_name);
    }
    json_decref(root);
    return is_good || error_set(err, EINVAL, "%s is damaged: remove the cluster with `tacho down --purge`", path);
}

int cluster_folder_lock(const char *folder, struct error *err)
{
    auto_free char *path = cluster_folder_file(folder, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        error_set_errno(err, errno, "%s", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error_set_errno(err, errno, "lock %s", path);
        close(fd);
        return -1;
    }
    auto_buf struct buf text = {0};
    buf_printf(&text, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text.ptr, text.len, 0) != (ssize_t)text.len) {
        error_set_errno(err, errno, "%s", path);
        close(fd);
        return -1;
    }
    return fd;
}

pid_t cluster_folder_supervisor(const char *folder)
{
    auto_free char *path = cluster_folder_file(folder, "lock");
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0)
        return 0;
    auto_buf struct buf text = {0};
    uint64_t pid;
    if (!file_read(path, 64, &text, NULL) || !str_to_u64(str_trim(buf_str(&text)), &pid) || pid == 0 || pid > INT_MAX)
        return 0;
    return (pid_t)pid;
}
