#include "cmd/metrics_server_flags.h"

#include "cmd/flag_groups.h"

void flag_groups_default_list(struct string_list *list, const char *const *items)
{
    for (; *items != NULL; items++)
        string_list_add(list, str_of(*items));
}

static bool check(struct metrics_server_flags *f, struct error *err)
{
    return flag_groups_check_kubelet(f, err) && flag_groups_check_metrics(f, err) &&
           flag_groups_check_logging(f, err) && flag_groups_check_generic(f, err) &&
           flag_groups_check_serving(f, err) && flag_groups_check_access(f, err) && flag_groups_check_audit(f, err);
}

enum flags_result metrics_server_flags_parse(struct metrics_server_flags *f, int argc, char **argv, struct error *err)
{
    *f = (struct metrics_server_flags){0};
    f->flags = flags_new("metrics-server", "Serves the resource metrics of nodes and pods, metrics.k8s.io, out of what "
                                           "kubelets tell.");
    /* the order is that of the help */
    flag_groups_declare_metrics(f);
    flag_groups_declare_generic(f);
    flag_groups_declare_kubelet(f);
    flag_groups_declare_serving(f);
    flag_groups_declare_access(f);
    flag_groups_declare_audit(f);
    flag_groups_declare_features(f);
    flag_groups_declare_logging(f);
    enum flags_result result = flags_parse(f->flags, argc, argv, NULL, err);
    if (result == FLAGS_OK && !f->is_version_wanted && !check(f, err))
        return FLAGS_ERROR;
    return result;
}

void metrics_server_flags_free(struct metrics_server_flags *f)
{
    flags_free(f->flags);
    flag_groups_free_serving(f);
    struct string_list *lists[] = {
        &f->address_types,          &f->tls_ciphers,       &f->cors_origins,        &f->hsts_directives,
        &f->feature_gates,          &f->proxy_names,       &f->emulated_versions,   &f->min_compatibility_versions,
        &f->proxy_username_headers, &f->proxy_uid_headers, &f->proxy_group_headers, &f->proxy_extra_prefixes,
        &f->always_allow_paths,
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        string_list_free(lists[i]);
}
