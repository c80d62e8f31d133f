/* `tacho`: finds the subcommand and hands over. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "cli/commands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary; /* NULL: not for people's eyes */
} commands[] = {
    {"up", cli_up, "start a single-node cluster on this machine"},
    {"down", cli_down, "stop it"},
    {"status", cli_status, "show whether it runs, and how it is"},
    {"apiserver", cli_apiserver, "run the embedded API server by itself"},
    {"kubelet", cli_kubelet, "run the node agent by itself"},
    {"supervise", cli_supervise, NULL},
    {"keep", cli_keep, NULL},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_usage(FILE *to)
{
    fprintf(to,
            "tacho: Kubernetes' resource metrics and autoscaling, small and quick.\n\nUsage: tacho COMMAND [flags]\n\n"
            "Commands:\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands[i].summary != NULL)
            fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(to, "\n`tacho COMMAND --help` lists a command's flags.\n");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    argv = uv_setup_args(argc, argv); /* makes room for a fork's own title (cli/component.h) */
    const char *name = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("tacho v" TACHO_VERSION "\n");
        return 0;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (argc > 1)
        fprintf(stderr, "tacho: no command \"%s\": see `tacho --help`\n", name);
    else
        print_usage(stderr);
    return 2;
}
