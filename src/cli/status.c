/* `tacho status`: the cluster's processes, and what the API server says of itself, the node and the Metrics API. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/flags.h"
#include "cli/cluster_folder.h"
#include "cli/cluster_plan.h"
#include "cli/commands.h"
#include "cli/component.h"
#include "kube/rest_client.h"

#define ANSWER_MS 3000

static const struct {
    const char *name;
    const char *path; /* "%s" stands for the node's name */
} questions[] = {
    {"API server", "/readyz"},
    {"node", "/api/v1/nodes/%s"},
    {"Metrics API", "/apis/metrics.k8s.io/v1beta1/nodes/%s"},
};
#define QUESTIONS (sizeof questions / sizeof questions[0])

struct answers {
    size_t pending;
    size_t failed;
    struct error why[QUESTIONS];
};

struct question {
    struct answers *answers;
    size_t index;
};

static void on_answer(void *owner, const struct rest_result *result)
{
    const struct question *q = owner;
    q->answers->pending--;
    if (result->ok)
        return;
    q->answers->failed++;
    error_set(&q->answers->why[q->index], 0, "%s", error_text(result->err));
}

/* Asks all questions at once; prints a line each. True when every answer was good. */
static bool ask(const char *folder, const struct cluster_settings *s, struct error *err)
{
    auto_free char *kubeconfig = cluster_folder_file(folder, "kubeconfig");
    struct client_config config = {0};
    if (!client_config_read(&config, kubeconfig, NULL, err))
        return false;
    uv_loop_t loop;
    struct answers answers = {.pending = QUESTIONS};
    struct question asked[QUESTIONS];
    uv_loop_init(&loop);
    struct fetch_pool *pool = fetch_pool_new(&loop);
    struct rest_client *client = rest_client_new(pool, &config, NULL);
    client_config_free(&config);
    for (size_t i = 0; i < QUESTIONS; i++) {
        auto_buf struct buf path = {0};
        struct str before = str_of(questions[i].path);
        ptrdiff_t at = str_find(before, STR("%s"));
        buf_add_str(&path, at < 0 ? before : str_head(before, (size_t)at));
        if (at >= 0)
            buf_add_cstr(&path, s->node_name);
        asked[i] = (struct question){&answers, i};
        const struct rest_request request = {.path = buf_str(&path),
                                             .timeout_ms = ANSWER_MS,
                                             .max_attempts = 1,
                                             .owner = &asked[i],
                                             .on_done = on_answer};
        rest_start(client, &request);
    }
    while (answers.pending > 0)
        uv_run(&loop, UV_RUN_ONCE);
    rest_client_free(client);
    fetch_pool_free(pool);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    printf("\n");
    for (size_t i = 0; i < QUESTIONS; i++) {
        bool is_good = !error_is_set(&answers.why[i]);
        printf("%-16s %s\n", questions[i].name, is_good ? "answers" : error_text(&answers.why[i]));
        error_clear(&answers.why[i]);
    }
    return answers.failed == 0;
}

/* Resident memory in KiB, 0 when it isn't known. */
static uint64_t resident_kib(pid_t pid)
{
    char path[64];
    auto_buf struct buf text = {0};
    uint64_t pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    struct str size, resident;
    if (file_read(path, 256, &text, NULL) && str_cut(buf_str(&text), ' ', &size, &resident)) {
        str_cut(resident, ' ', &resident, &size);
        str_to_u64(resident, &pages);
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static bool print_process(const char *name, pid_t pid)
{
    if (pid == 0) {
        printf("%-16s %-8s %-8s %s\n", name, "-", "stopped", "-");
        return false;
    }
    printf("%-16s %-8d %-8s %.1f MiB\n", name, (int)pid, "running", (double)resident_kib(pid) / 1024);
    return true;
}

static bool print_status(const char *folder, struct error *err)
{
    struct cluster_settings s = {0};
    if (!cluster_settings_load(folder, &s, err)) {
        if (err->code == ENOENT)
            error_set(err, ENOENT, "there is no cluster in %s", folder);
        return false;
    }
    printf("Cluster in %s, node %s, https://%s:%u\n\n%-16s %-8s %-8s %s\n", folder, s.node_name, s.address,
           (unsigned)s.port, "PROCESS", "PID", "STATE", "MEMORY");
    bool is_whole = print_process("supervise", cluster_folder_supervisor(folder));
    struct cluster_plan *plan = cluster_plan_new(folder, &s);
    for (size_t i = 0; i < CLUSTER_PROCESSES; i++) {
        const char *name = plan->processes[i].name;
        is_whole = print_process(name, component_running_pid(folder, name)) && is_whole;
    }
    cluster_plan_free(plan);
    bool is_answering = ask(folder, &s, err);
    cluster_settings_free(&s);
    if (is_whole && is_answering)
        return true;
    return error_is_set(err) ||
           error_set(err, 0, is_whole ? "not everything answers" : "not everything runs: start it with `tacho up`");
}

int cli_status(int argc, char **argv)
{
    const char *data_dir = "";
    auto_error struct error err = {0};
    struct flags *f = flags_new("tacho status", "Shows whether a cluster runs, and how it is.");
    flags_string(f, "data-dir", 0, &data_dir,
                 "Folder of the cluster (/var/lib/tacho for root, otherwise ~/.local/share/tacho).");
    enum flags_result result = flags_parse(f, argc, argv, NULL, &err);
    auto_free char *folder = result == FLAGS_OK ? cluster_folder_path(data_dir, &err) : NULL;
    int status = result == FLAGS_ERROR ? 2 : 1;
    if (result == FLAGS_HELP) {
        auto_free char *help = flags_help(f);
        fputs(help, stdout);
        status = 0;
    } else if (folder != NULL && print_status(folder, &err)) {
        status = 0;
    }
    if (status != 0) {
        fflush(stdout);
        fprintf(stderr, "tacho status: %s\n", error_text(&err));
    }
    flags_free(f);
    return status;
}
