#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/pod_rules.h"
#include "cluster/kinds/schema_types.h"
#include "kube/pod_qos.h"

static void prepare(json_t *object, const struct resource_change *change)
{
    if (change->old == NULL) {
        json_object_set_new(object, "status", json_pack("{s:s}", "phase", "Pending"));
        json_object_set_new(json_object_get(object, "status"), "qosClass",
                            json_string(pod_qos_class(json_object_get(object, "spec"))));
    } else if (str_eq(change->subresource, STR("status"))) {
        json_default_text(json_own_object(object, "status"), "qosClass",
                          pod_qos_class(json_object_get(object, "spec")));
    }
}

/* Only a pod that a node agent may be running needs time to end. */
static int64_t grace_period(const json_t *object, int64_t asked)
{
    struct str phase = json_text_at(object, "status.phase");
    bool is_over = str_eq(phase, STR("Succeeded")) || str_eq(phase, STR("Failed"));
    if (is_over || json_text_at(object, "spec.nodeName").len == 0)
        return 0;
    if (asked >= 0)
        return asked;
    int64_t own = json_integer_at(object, "spec.terminationGracePeriodSeconds", 30);
    return asked < -1 || own < 0 ? 1 : own;
}

const struct resource resource_pods = {
    .group = "",
    .version = "v1",
    .kind = "Pod",
    .plural = "pods",
    .singular = "pod",
    .short_names = (const char *const[]){"po", NULL},
    .categories = (const char *const[]){"all", NULL},
    .storage_name = "pods",
    .is_namespaced = true,
    .has_status = true,
    .returns_deleted = true,
    .verbs = VERBS_ALL,
    .schema = &schema_pod,
    .field_paths =
        (const char *const[]){"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                              "?spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName", NULL},
    .columns = pod_columns,
    .set_defaults = pod_set_defaults,
    .prepare = prepare,
    .validate = pod_validate,
    .grace_period = grace_period,
};
