#include "cli/cluster_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

#define MAX_ARGUMENTS 24
#define ISSUER "https://kubernetes.default.svc.cluster.local"

/* A process that users see as a pod of kube-system. */
static const struct {
    const char *process; /* run/PROCESS.pid */
    const char *pod;
    const char *image;
} pods[] = {
    {"apiserver", "kube-apiserver", "tacho"},
    {"kubelet", "kubelet", "tacho"},
    {"metrics-server", "metrics-server", "metrics-server"},
};

struct arguments {
    struct arena *arena;
    const char **items;
    size_t count;
};

static struct arguments arguments_new(struct arena *arena)
{
    return (struct arguments){arena, arena_zalloc(arena, (MAX_ARGUMENTS + 1) * sizeof(char *)), 0};
}

__attribute__((format(printf, 2, 3))) static void add(struct arguments *to, const char *format, ...)
{
    auto_buf struct buf text = {0};
    va_list ap;
    va_start(ap, format);
    buf_vprintf(&text, format, ap);
    va_end(ap);
    if (to->count < MAX_ARGUMENTS)
        to->items[to->count++] = arena_cstr(to->arena, buf_str(&text));
}

/* This program's own path; NAME NULL, or that of its neighbour NAME. */
static const char *program(struct arena *arena, const char *name)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len < 0)
        return name != NULL ? name : "tacho";
    path[len] = '\0';
    if (name == NULL)
        return arena_cstr(arena, str_from(path, (size_t)len));
    return arena_printf(arena, "%s/%s", dirname(path), name).ptr;
}

static const char *const *apiserver_arguments(struct arena *arena, const char *folder, const struct cluster_settings *s)
{
    struct arguments a = arguments_new(arena);
    add(&a, "%s", program(arena, NULL));
    add(&a, "apiserver");
    add(&a, "--bind-address=%s", s->address);
    add(&a, "--secure-port=%u", (unsigned)s->port);
    add(&a, "--storage-file=%s/cluster.db", folder);
    add(&a, "--client-ca-file=%s/pki/ca.crt", folder);
    add(&a, "--tls-cert-file=%s/pki/apiserver.crt", folder);
    add(&a, "--tls-private-key-file=%s/pki/apiserver.key", folder);
    add(&a, "--service-account-issuer=" ISSUER);
    add(&a, "--service-account-key-file=%s/pki/sa.pub", folder);
    add(&a, "--service-account-signing-key-file=%s/pki/sa.key", folder);
    add(&a, "--requestheader-client-ca-file=%s/pki/front-proxy-ca.crt", folder);
    add(&a, "--requestheader-allowed-names=front-proxy-client");
    add(&a, "--proxy-client-cert-file=%s/pki/front-proxy-client.crt", folder);
    add(&a, "--proxy-client-key-file=%s/pki/front-proxy-client.key", folder);
    return a.items;
}

static const char *const *kubelet_arguments(struct arena *arena, const char *folder, const struct cluster_settings *s)
{
    struct arguments a = arguments_new(arena);
    bool is_any = str_eq_cstr(STR("0.0.0.0"), s->address) || str_eq_cstr(STR("::"), s->address);
    add(&a, "%s", program(arena, NULL));
    add(&a, "kubelet");
    add(&a, "--kubeconfig=%s/kubelet.kubeconfig", folder);
    add(&a, "--hostname-override=%s", s->node_name);
    add(&a, "--node-ip=%s", is_any ? "127.0.0.1" : s->address);
    add(&a, "--address=%s", s->address);
    add(&a, "--port=%u", (unsigned)s->kubelet_port);
    add(&a, "--client-ca-file=%s/pki/ca.crt", folder);
    add(&a, "--tls-cert-file=%s/pki/kubelet.crt", folder);
    add(&a, "--tls-private-key-file=%s/pki/kubelet.key", folder);
    add(&a, "--pod-manifest-path=%s/static-pods", folder);
    return a.items;
}

static const char *const *metrics_arguments(struct arena *arena, const char *folder, const struct cluster_settings *s)
{
    struct arguments a = arguments_new(arena);
    add(&a, "%s", program(arena, "metrics-server"));
    add(&a, "--kubeconfig=%s/metrics-server.kubeconfig", folder);
    add(&a, "--bind-address=%s", s->address);
    add(&a, "--secure-port=%u", (unsigned)s->metrics_port);
    add(&a, "--tls-cert-file=%s/pki/metrics-server.crt", folder);
    add(&a, "--tls-private-key-file=%s/pki/metrics-server.key", folder);
    add(&a, "--kubelet-use-node-status-port");
    add(&a, "--kubelet-preferred-address-types=InternalIP");
    add(&a, "--metric-resolution=15s");
    return a.items;
}

static const char *const *keep_arguments(struct arena *arena, const char *folder)
{
    struct arguments a = arguments_new(arena);
    add(&a, "%s", program(arena, NULL));
    add(&a, "keep");
    add(&a, "--data-dir=%s", folder);
    return a.items;
}

struct cluster_plan *cluster_plan_new(const char *folder, const struct cluster_settings *s)
{
    struct cluster_plan *plan = mem_zalloc(sizeof *plan);
    struct arena *arena = &plan->arena;
    plan->processes[0] = (struct component_spec){"apiserver", apiserver_arguments(arena, folder, s)};
    plan->processes[1] = (struct component_spec){"kubelet", kubelet_arguments(arena, folder, s)};
    plan->processes[2] = (struct component_spec){"metrics-server", metrics_arguments(arena, folder, s)};
    plan->needs_objects[2] = true;
    plan->processes[3] = (struct component_spec){"keep", keep_arguments(arena, folder)};
    return plan;
}

void cluster_plan_free(struct cluster_plan *plan)
{
    arena_free(&plan->arena);
    free(plan);
}

static json_t *command_of(const struct cluster_plan *plan, const char *process)
{
    json_t *command = json_array();
    for (size_t i = 0; i < CLUSTER_PROCESSES; i++) {
        if (!str_eq_cstr(str_of(process), plan->processes[i].name))
            continue;
        for (const char *const *arg = plan->processes[i].argv; *arg != NULL; arg++)
            json_array_append_new(command, json_string(*arg));
    }
    return command;
}

static bool write_pod(const struct cluster_plan *plan, const char *folder, size_t i, struct error *err)
{
    auto_buf struct buf pid_file = {0};
    auto_buf struct buf path = {0};
    buf_printf(&pid_file, "%s/run/%s.pid", folder, pods[i].process);
    buf_printf(&path, "%s/static-pods/%s.json", folder, pods[i].pod);
    json_t *pod = json_pack(
        "{s:s, s:s, s:{s:s, s:s, s:{s:s, s:s, s:s}, s:{s:s}}, s:{s:b, s:s, s:[{s:s, s:s, s:s, s:o}]}}", "apiVersion",
        "v1", "kind", "Pod", "metadata", "name", pods[i].pod, "namespace", "kube-system", "labels", "component",
        pods[i].pod, "k8s-app", pods[i].pod, "tier", "control-plane", "annotations", "tacho.dev/pid-file", pid_file.ptr,
        "spec", "hostNetwork", 1, "priorityClassName", "system-node-critical", "containers", "name", pods[i].pod,
        "image", pods[i].image, "imagePullPolicy", "Never", "command", command_of(plan, pods[i].process));
    char *text = json_dumps(pod, JSON_INDENT(2));
    bool is_written = file_write_atomically(path.ptr, str_of(text), 0644, err);
    free(text);
    json_decref(pod);
    return is_written;
}

bool cluster_plan_write_pods(const char *folder, const struct cluster_settings *s, struct error *err)
{
    auto_free char *pods_folder = cluster_folder_file(folder, "static-pods");
    if (!file_make_folders(pods_folder, 0755, err))
        return false;
    struct cluster_plan *plan = cluster_plan_new(folder, s);
    bool is_written = true;
    for (size_t i = 0; is_written && i < sizeof pods / sizeof pods[0]; i++)
        is_written = write_pod(plan, folder, i, err);
    cluster_plan_free(plan);
    return is_written;
}

pid_t cluster_spawn_supervisor(const char *folder, const char *log_path, struct error *err)
{
    auto_arena struct arena arena = {0};
    const char *const argv[] = {program(&arena, NULL), "supervise", arena_printf(&arena, "--data-dir=%s", folder).ptr,
                                NULL};
    auto_close int log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    auto_close int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log_fd < 0 || null_fd < 0) {
        error_set_errno(err, errno, "%s", log_path);
        return -1;
    }
    pid_t pid = fork();
    if (pid < 0)
        error_set_errno(err, errno, "start %s", argv[0]);
    if (pid != 0)
        return pid;
    setsid();
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (chdir("/") == 0 && dup2(null_fd, 0) >= 0 && dup2(log_fd, 1) >= 0 && dup2(log_fd, 2) >= 0)
        execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}
