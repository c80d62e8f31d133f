#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

static void cell_phase(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "status.phase", "", cell);
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Status", "string", 0, cell_phase, "Active, or Terminating while its contents are being removed."),
    COLUMN_AGE,
    COLUMNS_END,
};

/* The finalizer "kubernetes" stands for the namespace's contents; who empties it removes it through "finalize". */
static void prepare(json_t *object, const struct resource_change *change)
{
    json_t *labels = json_own_object(json_own_object(object, "metadata"), "labels");
    json_set_text(labels, "kubernetes.io/metadata.name", json_text_at(object, "metadata.name"));
    json_t *spec = json_own_object(object, "spec");
    if (change->old == NULL) {
        json_object_set_new(spec, "finalizers", json_pack("[s]", "kubernetes"));
        json_object_set_new(object, "status", json_pack("{s:s}", "phase", "Active"));
    } else if (!str_eq(change->subresource, STR("finalize"))) {
        json_t *held = json_at(change->old, "spec.finalizers");
        if (held != NULL)
            json_object_set(spec, "finalizers", held);
        else
            json_object_del(spec, "finalizers");
    }
}

static bool is_held(const json_t *object)
{
    return json_array_size(json_at(object, "spec.finalizers")) > 0;
}

static void mark_terminating(json_t *object)
{
    json_object_set_new(json_own_object(object, "status"), "phase", json_string("Terminating"));
}

static const char *refuses_delete(struct str name)
{
    static const char *const immortal[] = {"default", "kube-system", "kube-public"};
    for (size_t i = 0; i < sizeof(immortal) / sizeof(immortal[0]); i++) {
        if (str_eq_cstr(name, immortal[i]))
            return "this namespace may not be deleted";
    }
    return NULL;
}

const struct resource resource_namespaces = {
    .group = "",
    .version = "v1",
    .kind = "Namespace",
    .plural = "namespaces",
    .singular = "namespace",
    .short_names = (const char *const[]){"ns", NULL},
    .storage_name = "namespaces",
    .has_status = true,
    .verbs = VERBS_ALL & ~(unsigned)VERB_DELETECOLLECTION,
    .schema = &schema_namespace,
    .field_paths = (const char *const[]){"status.phase", NULL},
    .columns = columns,
    .check_name = name_check_dns1123_label,
    .prepare = prepare,
    .is_held = is_held,
    .mark_terminating = mark_terminating,
    .refuses_delete = refuses_delete,
};
