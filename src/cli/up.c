/* `tacho up`: makes a cluster's folder, starts its processes, waits until it is whole and says what to type next. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/flags.h"
#include "cli/bring_up.h"
#include "cli/cluster_pki.h"
#include "cli/cluster_plan.h"
#include "cli/commands.h"
#include "cli/take_down.h"

#define DEADLINE_MS 60000
#define KEEPER_MS 10000

struct up_options {
    const char *data_dir;
    const char *address;
    const char *node_name;
    int64_t port;
    int64_t kubelet_port;
    int64_t metrics_port;
    bool is_detached;
};

static void declare(struct flags *f, struct up_options *o)
{
    flags_string(f, "data-dir", 0, &o->data_dir,
                 "Folder of the cluster (/var/lib/tacho for root, otherwise ~/.local/share/tacho).");
    flags_string(f, "bind-address", 0, &o->address, "Address that the servers listen on.");
    flags_int(f, "port", 0, &o->port, "Port of the API server.");
    flags_int(f, "kubelet-port", 0, &o->kubelet_port, "Port of the node agent.");
    flags_int(f, "metrics-server-port", 0, &o->metrics_port, "Port of metrics-server.");
    flags_string(f, "node-name", 0, &o->node_name, "Name of the node (the host's name).");
    flags_bool(f, "detach", 'd', &o->is_detached, "Return when the cluster is up, and leave it running.");
}

/* The host's name in the form of a node's: lower case, and only what RFC 1123 allows. The caller frees it. */
static char *host_name(void)
{
    char name[HOST_NAME_MAX + 1] = {0};
    gethostname(name, sizeof name - 1);
    struct buf out = {0};
    for (const char *c = name; *c != '\0'; c++) {
        bool is_inner = out.len > 0 && (*c == '-' || *c == '.');
        if (isalnum((unsigned char)*c) || is_inner)
            buf_add_char(&out, (char)tolower((unsigned char)*c));
    }
    while (out.len > 0 && !isalnum((unsigned char)out.ptr[out.len - 1]))
        out.ptr[--out.len] = '\0';
    if (out.len == 0)
        buf_add_cstr(&out, "localhost");
    return buf_take(&out);
}

static bool check_port(const char *address, int64_t port, const char *flag, struct error *err)
{
    if (port < 1 || port > UINT16_MAX)
        return error_set(err, 0, "--%s=%lld is no port: it takes 1 to 65535", flag, (long long)port);
    struct sockaddr_storage at = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
    } else {
        return error_set(err, 0, "--bind-address=%s is no IP address", address);
    }
    auto_close int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0)
        return error_set_errno(err, errno, "socket");
    if (bind(fd, (struct sockaddr *)&at, at.ss_family == AF_INET ? sizeof *v4 : sizeof *v6) == 0)
        return true;
    if (errno == EADDRINUSE)
        return error_set(err, errno, "port %lld on %s is taken: choose another with --%s", (long long)port, address,
                         flag);
    return error_set_errno(err, errno, "port %lld on %s", (long long)port, address);
}

static bool check_ports(const struct up_options *o, struct error *err)
{
    if (o->port == o->kubelet_port || o->port == o->metrics_port || o->kubelet_port == o->metrics_port)
        return error_set(err, 0, "--port, --kubelet-port and --metrics-server-port must differ");
    return check_port(o->address, o->port, "port", err) &&
           check_port(o->address, o->kubelet_port, "kubelet-port", err) &&
           check_port(o->address, o->metrics_port, "metrics-server-port", err);
}

static bool prepare(const char *folder, const struct cluster_settings *s, struct error *err)
{
    auto_free char *run = cluster_folder_file(folder, "run");
    return file_make_folders(run, 0700, err) && cluster_pki_make(folder, s, clock_unix_ns() / NS_PER_S, err) &&
           cluster_settings_save(folder, s, err) && cluster_plan_write_pods(folder, s, err);
}

static void say_what_next(const char *folder, const struct cluster_settings *s, bool is_detached)
{
    printf("\nThe cluster is up: node %s, https://%s:%u\n\n    export KUBECONFIG=%s/kubeconfig\n"
           "    kubectl get nodes\n    kubectl top node\n    kubectl top pod -A\n",
           s->node_name, s->address, (unsigned)s->port, folder);
    if (geteuid() != 0)
        printf("\nWithout root the processes have no cgroups of their own: their figures come from /proc.\n");
    printf(is_detached ? "\nStop it with `tacho down`.\n" : "\nCtrl-C stops it.\n");
    fflush(stdout);
}

/* Whether a supervisor runs again within the time that its keeper may take to start one. */
static pid_t wait_for_supervisor(const char *folder)
{
    for (int waited_ms = 0; waited_ms < KEEPER_MS; waited_ms += 100) {
        pid_t pid = cluster_folder_supervisor(folder);
        if (pid != 0)
            return pid;
        poll(NULL, 0, 100);
    }
    return 0;
}

/* Returns true when the user wants to stop (SIGINT, SIGTERM, SIGHUP), false when `tacho down` was quicker. */
static bool wait_for_signal(const char *folder)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    auto_close int signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    for (;;) {
        pid_t supervisor = wait_for_supervisor(folder);
        auto_close int pidfd = supervisor != 0 ? (int)syscall(SYS_pidfd_open, supervisor, 0) : -1;
        struct pollfd fds[2] = {{.fd = signal_fd, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
        if (supervisor == 0)
            return false;
        if (pidfd >= 0 && poll(fds, 2, -1) > 0 && fds[0].revents != 0)
            return true;
        waitpid(supervisor, NULL, WNOHANG);
    }
}

static bool up(const struct up_options *o, const char *folder, struct cluster_settings *s, struct error *err)
{
    pid_t running = cluster_folder_supervisor(folder);
    if (running != 0)
        return error_set(err, EBUSY,
                         "a cluster runs in %s already (process %d): see `tacho status`, or stop it with "
                         "`tacho down`",
                         folder, (int)running);
    if (!cluster_stop_leftovers(folder, err) || !check_ports(o, err) || !prepare(folder, s, err))
        return false;
    auto_free char *log = cluster_folder_file(folder, "run/supervise.log");
    pid_t supervisor = cluster_spawn_supervisor(folder, log, err);
    if (supervisor < 0)
        return false;
    printf("Starting a cluster in %s\n", folder);
    if (!cluster_bring_up(folder, s, supervisor, DEADLINE_MS, stdout, err)) {
        cluster_take_down(folder, NULL);
        return false;
    }
    say_what_next(folder, s, o->is_detached);
    if (o->is_detached)
        return true;
    if (!wait_for_signal(folder)) {
        printf("\nThe cluster was stopped.\n");
        return true;
    }
    printf("\nStopping\n");
    fflush(stdout);
    return cluster_take_down(folder, err);
}

int cli_up(int argc, char **argv)
{
    auto_free char *name = host_name();
    struct up_options o = {.data_dir = "",
                           .address = "127.0.0.1",
                           .node_name = name,
                           .port = 6443,
                           .kubelet_port = 10250,
                           .metrics_port = 4443};
    auto_error struct error err = {0};
    struct flags *f = flags_new("tacho up", "Starts a single-node cluster on this machine.");
    declare(f, &o);
    enum flags_result result = flags_parse(f, argc, argv, NULL, &err);
    auto_free char *folder = result == FLAGS_OK ? cluster_folder_path(o.data_dir, &err) : NULL;
    int status = result == FLAGS_ERROR ? 2 : 1;
    if (result == FLAGS_HELP) {
        auto_free char *help = flags_help(f);
        fputs(help, stdout);
        status = 0;
    } else if (folder != NULL) {
        struct cluster_settings s = {.address = mem_strdup(o.address),
                                     .node_name = mem_strdup(o.node_name),
                                     .port = (uint16_t)o.port,
                                     .kubelet_port = (uint16_t)o.kubelet_port,
                                     .metrics_port = (uint16_t)o.metrics_port};
        status = up(&o, folder, &s, &err) ? 0 : 1;
        cluster_settings_free(&s);
    }
    if (status != 0)
        fprintf(stderr, "tacho up: %s\n", error_text(&err));
    flags_free(f);
    return status;
}
