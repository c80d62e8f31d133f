#include "base/alloc.h"
#include "base/base64.h"
#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/config_rules.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

static void cell_type(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "type", "", cell);
}

static void cell_count(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    buf_add_u64(cell, json_object_size(json_object_get(object, "data")));
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Type", "string", 0, cell_type, "What the secret is for; decides which keys it must have."),
    COLUMN("Data", "string", 0, cell_count, "How many keys there are."),
    COLUMN_AGE,
    COLUMNS_END,
};

/* stringData is write-only: it becomes data. */
static void set_defaults(json_t *object)
{
    json_default_text(object, "type", "Opaque");
    json_t *plain = json_object_get(object, "stringData");
    const char *key;
    json_t *value;
    json_object_foreach (plain, key, value) {
        auto_buf struct buf encoded = {0};
        base64_encode(&encoded, json_text(value));
        json_set_text(json_own_object(object, "data"), key, buf_str(&encoded));
    }
    json_object_del(object, "stringData");
}

static void validate_type(const json_t *object, struct field_errors *errors)
{
    static const struct {
        const char *type, *key;
    } required[] = {
        {"kubernetes.io/dockercfg", ".dockercfg"},
        {"kubernetes.io/dockerconfigjson", ".dockerconfigjson"},
        {"kubernetes.io/ssh-auth", "ssh-privatekey"},
        {"kubernetes.io/tls", "tls.crt"},
        {"kubernetes.io/tls", "tls.key"},
    };
    struct str type = json_text_at(object, "type");
    const json_t *data = json_object_get(object, "data");
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (str_eq_cstr(type, required[i].type) && json_object_get(data, required[i].key) == NULL)
            field_required(errors, field_path(errors, "data[%s]", required[i].key), "");
    }
    if (str_eq(type, STR("kubernetes.io/basic-auth")) && json_object_get(data, "username") == NULL &&
        json_object_get(data, "password") == NULL) {
        field_required(errors, "data[username]", "");
        field_required(errors, "data[password]", "");
    }
    const json_t *annotations = json_at(object, "metadata.annotations");
    if (str_eq(type, STR("kubernetes.io/service-account-token")) &&
        json_text(json_object_get(annotations, "kubernetes.io/service-account.name")).len == 0)
        field_required(errors, "metadata.annotations[kubernetes.io/service-account.name]", "");
}

static void validate(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    static const char *const parts[] = {"data", NULL};
    config_validate_keys(object, "data", errors);
    size_t bytes = 0;
    const char *key;
    json_t *value;
    json_object_foreach (json_object_get(object, "data"), key, value)
        bytes += json_text(value).len / 4 * 3;
    if (bytes > CONFIG_MAX_BYTES)
        field_too_long(errors, "data", CONFIG_MAX_BYTES);
    validate_type(object, errors);
    if (change->old != NULL && !str_eq(json_text_at(object, "type"), json_text_at(change->old, "type")))
        field_invalid(errors, "type", json_object_get(object, "type"), "field is immutable");
    config_validate_immutable(object, change->old, parts, errors);
}

const struct resource resource_secrets = {
    .group = "",
    .version = "v1",
    .kind = "Secret",
    .plural = "secrets",
    .singular = "secret",
    .storage_name = "secrets",
    .is_namespaced = true,
    .verbs = VERBS_ALL,
    .schema = &schema_secret,
    .field_paths = (const char *const[]){"type", NULL},
    .columns = columns,
    .set_defaults = set_defaults,
    .validate = validate,
};
