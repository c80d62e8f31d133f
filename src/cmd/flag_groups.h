/*
 * The groups that metrics-server's flags come in, a file each: DECLARE sets the defaults and declares the flags, CHECK
 * says what is wrong with the values. Used by metrics_server_flags.c alone.
 */
#ifndef CMD_FLAG_GROUPS_H
#define CMD_FLAG_GROUPS_H

#include "cmd/metrics_server_flags.h"

void flag_groups_declare_metrics(struct metrics_server_flags *f);
bool flag_groups_check_metrics(struct metrics_server_flags *f, struct error *err);

void flag_groups_declare_generic(struct metrics_server_flags *f);
bool flag_groups_check_generic(struct metrics_server_flags *f, struct error *err);

void flag_groups_declare_kubelet(struct metrics_server_flags *f);
bool flag_groups_check_kubelet(const struct metrics_server_flags *f, struct error *err);

void flag_groups_declare_serving(struct metrics_server_flags *f);
bool flag_groups_check_serving(const struct metrics_server_flags *f, struct error *err);
void flag_groups_free_serving(struct metrics_server_flags *f);

void flag_groups_declare_access(struct metrics_server_flags *f);
bool flag_groups_check_access(const struct metrics_server_flags *f, struct error *err);

void flag_groups_declare_audit(struct metrics_server_flags *f);
bool flag_groups_check_audit(const struct metrics_server_flags *f, struct error *err);

void flag_groups_declare_features(struct metrics_server_flags *f);

void flag_groups_declare_logging(struct metrics_server_flags *f);
bool flag_groups_check_logging(const struct metrics_server_flags *f, struct error *err);

/* Appends ITEMS, NULL at the end, to LIST: its default. */
void flag_groups_default_list(struct string_list *list, const char *const *items);

#endif
