#include "cli/take_down.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/cluster_folder.h"
#include "cli/component.h"

#define STOP_MS 35000 /* three components with 10 s of grace each, and some */
#define KILL_MS 5000

/* Sends SIGTERM, waits, sends SIGKILL, waits. True when PID is gone. */
static bool stop(pid_t pid, int grace_ms, struct error *err)
{
    auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    if (pidfd < 0)
        return errno == ESRCH || error_set_errno(err, errno, "stop process %d", (int)pid);
    if (syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0) != 0)
        return errno == ESRCH || error_set_errno(err, errno, "stop process %d", (int)pid);
    if (poll(&ended, 1, grace_ms) > 0)
        return true;
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    return poll(&ended, 1, KILL_MS) > 0 || error_set(err, ETIMEDOUT, "process %d doesn't stop", (int)pid);
}

static bool stop_component(const char *folder, const char *name, struct error *err)
{
    pid_t pid = component_running_pid(folder, name);
    return pid == 0 || stop(pid, STOP_MS / 3, err);
}

bool cluster_stop_leftovers(const char *folder, struct error *err)
{
    static const char *const names[] = {"keep", "metrics-server", "kubelet", "apiserver"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!stop_component(folder, names[i], err))
            return error_wrap(err, "%s", names[i]);
    }
    return true;
}

bool cluster_take_down(const char *folder, struct error *err)
{
    /* Twice: a keeper may have been starting the supervisor again at the very moment that it was stopped. */
    for (int i = 0; i < 2; i++) {
        pid_t supervisor = cluster_folder_supervisor(folder);
        if (supervisor != 0 && !stop(supervisor, STOP_MS, err))
            return error_wrap(err, "supervisor");
        if (!cluster_stop_leftovers(folder, err))
            return false;
    }
    return true;
}
