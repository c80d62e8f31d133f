#include "node/disk_usage.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "node/disk_files.h"

/* The file system of what PATH beneath /proc leads to, with FILES as what is used of it. */
static bool read_with_files(const char *machine_root, int64_t pid, const char *name, const struct disk_files *files,
                            struct filesystem *out)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/proc/%lld/%s", machine_root, (long long)pid, name);
    if (!filesystem_read(buf_cstr(&path), out, NULL))
        return false;
    out->used_bytes = disk_files_bytes(files);
    out->inodes_used = (int64_t)files->count;
    return true;
}

static bool read_files(const char *machine_root, const struct pid_list *processes, struct disk_files *written,
                       struct disk_output *output)
{
    for (size_t i = 0; i < processes->count; i++)
        if (disk_files_of_process(machine_root, processes->pids[i], written, i == 0 ? output : NULL) ==
            DISK_FILES_REFUSED)
            return false;
    return true;
}

void container_disk_read(const char *machine_root, const struct pid_list *processes, struct container_disk *out)
{
    struct disk_files written = {0}, logs = {0};
    struct disk_output output;

    *out = (struct container_disk){0};
    if (processes->count > 0 && read_files(machine_root, processes, &written, &output)) {
        int64_t main_pid = processes->pids[0];
        for (size_t i = 0; i < 2; i++)
            if (output.has_file[i])
                disk_files_add(&logs, &output.file[i]);
        disk_files_settle(&logs, NULL);
        disk_files_settle(&written, &logs);
        out->has_rootfs = read_with_files(machine_root, main_pid, "root", &written, &out->rootfs);
        out->has_logs = logs.count > 0 && read_with_files(machine_root, main_pid, output.has_file[0] ? "fd/1" : "fd/2",
                                                          &logs, &out->logs);
    }
    disk_files_free(&written);
    disk_files_free(&logs);
}

bool image_filesystem_read(const char *machine_root, const struct pid_list *processes, struct filesystem *out)
{
    auto_buf struct buf path = {0};
    struct disk_files programs = {0};
    struct disk_file own, program;
    bool is_complete = true;

    buf_printf(&path, "%s/proc/self/exe", machine_root);
    if (disk_files_program(machine_root, "self", &own) != DISK_FILES_READ ||
        !filesystem_read(buf_cstr(&path), out, NULL))
        return false;
    for (size_t i = 0; i < processes->count; i++) {
        char name[24];
        enum disk_files_result result;
        snprintf(name, sizeof(name), "%lld", (long long)processes->pids[i]);
        result = disk_files_program(machine_root, name, &program);
        if (result == DISK_FILES_READ && program.device == own.device)
            disk_files_add(&programs, &program);
        is_complete = is_complete && result != DISK_FILES_REFUSED;
    }
    disk_files_settle(&programs, NULL);
    out->used_bytes = is_complete ? disk_files_bytes(&programs) : NOT_MEASURED;
    out->inodes_used = is_complete ? (int64_t)programs.count : NOT_MEASURED;
    disk_files_free(&programs);
    return true;
}

static void add_part(struct filesystem *sum, bool has_part, const struct filesystem *part)
{
    if (!has_part)
        return;
    sum->used_bytes += part->used_bytes;
    sum->inodes_used += part->inodes_used;
    if (part->time_unix_ns > sum->time_unix_ns)
        sum->time_unix_ns = part->time_unix_ns;
}

bool ephemeral_storage_sum(const struct pod_sample *pod, const struct filesystem *node, struct filesystem *out)
{
    *out = *node;
    out->used_bytes = out->inodes_used = out->time_unix_ns = 0;
    for (size_t i = 0; i < pod->container_count; i++) {
        const struct container_disk *disk = &pod->containers[i].disk;
        if (!disk->has_rootfs)
            return false;
        add_part(out, true, &disk->rootfs);
        add_part(out, disk->has_logs, &disk->logs);
    }
    return pod->container_count > 0;
}
