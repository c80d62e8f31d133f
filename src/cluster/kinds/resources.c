#include "cluster/kinds/kinds.h"

/* In the order of discovery, kinds of a group version side by side. */
const struct resource *const resources[] = {
    &resource_configmaps,   &resource_endpoints,    &resource_events,  &resource_namespaces,
    &resource_nodes,        &resource_pods,         &resource_secrets, &resource_serviceaccounts,
    &resource_services,     &resource_apiservices,  &resource_leases,  &resource_clusterrolebindings,
    &resource_clusterroles, &resource_rolebindings, &resource_roles,   NULL,
};

static bool is_of(const struct resource *r, struct str group, struct str version)
{
    return str_eq_cstr(group, r->group) && str_eq_cstr(version, r->version);
}

const struct resource *resource_find(struct str group, struct str version, struct str plural)
{
    for (size_t i = 0; resources[i] != NULL; i++) {
        if (is_of(resources[i], group, version) && str_eq_cstr(plural, resources[i]->plural))
            return resources[i];
    }
    return NULL;
}

const struct resource *resource_find_kind(struct str group, struct str version, struct str kind)
{
    for (size_t i = 0; resources[i] != NULL; i++) {
        if (is_of(resources[i], group, version) && str_eq_cstr(kind, resources[i]->kind))
            return resources[i];
    }
    return NULL;
}

void resource_api_version(struct buf *to, const struct resource *r)
{
    buf_printf(to, "%s%s%s", r->group, r->group[0] != '\0' ? "/" : "", r->version);
}

void resource_qualified_name(struct buf *to, const struct resource *r)
{
    buf_printf(to, "%s%s%s", r->plural, r->group[0] != '\0' ? "." : "", r->group);
}
