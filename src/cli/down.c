/* `tacho down`: stops a cluster; with --purge its data goes too. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/flags.h"
#include "cli/cluster_folder.h"
#include "cli/commands.h"
#include "cli/take_down.h"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

/* Only what `up` put there: a folder that was given by mistake keeps everything else. */
static bool purge(const char *folder, struct error *err)
{
    static const char *const names[] = {
        "pki",        "pki.unfinished", "kubeconfig",     "kubelet.kubeconfig", "metrics-server.kubeconfig",
        "cluster.db", "cluster.db-wal", "cluster.db-shm", "static-pods",        "run",
        "lock",       "settings.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        auto_free char *path = cluster_folder_file(folder, names[i]);
        if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
            return error_set_errno(err, errno, "remove %s", path);
    }
    if (rmdir(folder) != 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
        return error_set_errno(err, errno, "remove %s", folder);
    return true;
}

static bool down(const char *folder, bool is_purging, struct error *err)
{
    auto_free char *settings = cluster_folder_file(folder, "settings.json");
    auto_free char *run = cluster_folder_file(folder, "run");
    if (!file_exists(settings) && !file_exists(run))
        return error_set(err, ENOENT, "there is no cluster in %s", folder);
    if (!cluster_take_down(folder, err))
        return false;
    if (is_purging && !purge(folder, err))
        return false;
    printf(is_purging ? "The cluster in %s is stopped and removed.\n" : "The cluster in %s is stopped.\n", folder);
    return true;
}

int cli_down(int argc, char **argv)
{
    const char *data_dir = "";
    bool is_purging = false;
    auto_error struct error err = {0};
    struct flags *f = flags_new("tacho down", "Stops a cluster that `tacho up` started.");
    flags_string(f, "data-dir", 0, &data_dir,
                 "Folder of the cluster (/var/lib/tacho for root, otherwise ~/.local/share/tacho).");
    flags_bool(f, "purge", 0, &is_purging, "Remove the cluster's data too: objects, keys, logs.");
    enum flags_result result = flags_parse(f, argc, argv, NULL, &err);
    auto_free char *folder = result == FLAGS_OK ? cluster_folder_path(data_dir, &err) : NULL;
    int status = result == FLAGS_ERROR ? 2 : 1;
    if (result == FLAGS_HELP) {
        auto_free char *help = flags_help(f);
        fputs(help, stdout);
        status = 0;
    } else if (folder != NULL && down(folder, is_purging, &err)) {
        status = 0;
    }
    if (status != 0)
        fprintf(stderr, "tacho down: %s\n", error_text(&err));
    flags_free(f);
    return status;
}
