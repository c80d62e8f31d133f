/*
 * The subcommands of `tacho`. Each gets its own name as ARGV[0] and the rest behind it, and returns the exit status: 0,
 * 1 for a failure that was explained in one line on standard error, 2 for wrong usage.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int cli_up(int argc, char **argv);
int cli_down(int argc, char **argv);
int cli_status(int argc, char **argv);

/* Parts of a cluster, as `up` starts them; people may start them by hand too. */
int cli_apiserver(int argc, char **argv);
int cli_kubelet(int argc, char **argv);

/* Started by `up`: keeps a cluster's processes running, and keeps the one that does so running. */
int cli_supervise(int argc, char **argv);
int cli_keep(int argc, char **argv);

#endif
