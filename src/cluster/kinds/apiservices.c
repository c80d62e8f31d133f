#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

static void cell_service(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    const json_t *service = json_at(object, "spec.service");
    if (service == NULL)
        buf_add_cstr(cell, "Local");
    else
        buf_printf(cell, "%.*s/%.*s", STR_ARG(json_text_at(service, "namespace")),
                   STR_ARG(json_text_at(service, "name")));
}

static void cell_available(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    size_t i;
    json_t *condition;
    json_array_foreach (json_at(object, "status.conditions"), i, condition) {
        if (!str_eq(json_text_at(condition, "type"), STR("Available")))
            continue;
        struct str status = json_text_at(condition, "status");
        buf_add_str(cell, status);
        if (!str_eq(status, STR("True")))
            buf_printf(cell, " (%.*s)", STR_ARG(json_text_at(condition, "reason")));
        return;
    }
    buf_add_cstr(cell, "Unknown");
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Service", "string", 0, cell_service, "Who serves this group version; Local: this server."),
    COLUMN("Available", "string", 0, cell_available, "Whether it answers."),
    COLUMN_AGE,
    COLUMNS_END,
};

static void set_defaults(json_t *object)
{
    json_t *service = json_at(object, "spec.service");
    if (json_is_object(service))
        json_default_integer(service, "port", 443);
}

static void validate_service(const json_t *spec, struct field_errors *errors)
{
    const json_t *service = json_object_get(spec, "service");
    const json_t *bundle = json_object_get(spec, "caBundle");
    bool is_insecure = json_true_at(spec, "insecureSkipTLSVerify");
    if (service == NULL) {
        if (bundle != NULL)
            field_invalid_text(errors, "spec.caBundle", STR("..."), "local APIServices may not have a caBundle");
        if (is_insecure)
            field_invalid(errors, "spec.insecureSkipTLSVerify", json_object_get(spec, "insecureSkipTLSVerify"),
                          "local APIServices may not have insecureSkipTLSVerify");
        return;
    }
    int64_t port = json_integer_at(service, "port", 443);
    if (json_text_at(service, "namespace").len == 0)
        field_required(errors, "spec.service.namespace", "");
    if (json_text_at(service, "name").len == 0)
        field_required(errors, "spec.service.name", "");
    if (port < 1 || port > 65535)
        field_invalid(errors, "spec.service.port", json_object_get(service, "port"),
                      "port is not valid: must be between 1 and 65535, inclusive");
    if (is_insecure && bundle != NULL)
        field_invalid(errors, "spec.insecureSkipTLSVerify", json_object_get(spec, "insecureSkipTLSVerify"),
                      "may not be true if caBundle is present");
}

static void validate(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    (void)change;
    const json_t *spec = json_object_get(object, "spec");
    struct str name = json_text_at(object, "metadata.name");
    struct str group = json_text_at(spec, "group"), version = json_text_at(spec, "version");
    const char *wanted = field_path(errors, "%.*s.%.*s", STR_ARG(version), STR_ARG(group));
    if (!str_eq_cstr(name, wanted))
        field_invalid_text(errors, "metadata.name", name,
                           field_path(errors, "must be `spec.version+\".\"+spec.group`: \"%s\"", wanted));
    if (version.len == 0)
        field_required(errors, "spec.version", "");
    int64_t minimum = json_integer_at(spec, "groupPriorityMinimum", 0);
    int64_t priority = json_integer_at(spec, "versionPriority", 0);
    if (minimum <= 0 || minimum > 20000)
        field_invalid(errors, "spec.groupPriorityMinimum", json_object_get(spec, "groupPriorityMinimum"),
                      "must be positive and less than 20000");
    if (priority <= 0 || priority > 1000)
        field_invalid(errors, "spec.versionPriority", json_object_get(spec, "versionPriority"),
                      "must be positive and less than 1000");
    validate_service(spec, errors);
}

/* "v1." is the core group's. */
static struct name_faults check_name(struct str name)
{
    if (str_ends_with(name, STR(".")))
        return name_check_dns1123_label(str_head(name, name.len - 1));
    return name_check_dns1123_subdomain(name);
}

const struct resource resource_apiservices = {
    .group = "apiregistration.k8s.io",
    .version = "v1",
    .kind = "APIService",
    .plural = "apiservices",
    .singular = "apiservice",
    .categories = (const char *const[]){"api-extensions", NULL},
    .storage_name = "apiservices.apiregistration.k8s.io",
    .has_status = true,
    .verbs = VERBS_ALL,
    .schema = &schema_api_service,
    .columns = columns,
    .check_name = check_name,
    .set_defaults = set_defaults,
    .validate = validate,
};
