#include "cluster/kinds/config_rules.h"

#include "cluster/json_path.h"
#include "kube/names.h"

void config_validate_keys(const json_t *object, const char *part, struct field_errors *errors)
{
    const char *key;
    json_t *value;
    json_object_foreach (json_object_get(object, part), key, value) {
        struct name_faults faults = name_check_config_key(str_of(key));
        for (size_t i = 0; i < faults.count; i++)
            field_invalid_text(errors, field_path(errors, "%s[%s]", part, key), str_of(key), faults.texts[i]);
    }
}

void config_validate_size(const json_t *object, const char *const *parts, struct field_errors *errors)
{
    size_t bytes = 0;
    for (size_t i = 0; parts[i] != NULL; i++) {
        bool is_base64 = strcmp(parts[i], "binaryData") == 0;
        const char *key;
        json_t *value;
        json_object_foreach (json_object_get(object, parts[i]), key, value)
            bytes += is_base64 ? json_text(value).len / 4 * 3 : json_text(value).len;
    }
    if (bytes > CONFIG_MAX_BYTES)
        field_too_long(errors, "", CONFIG_MAX_BYTES);
}

static bool is_same(const json_t *a, const json_t *b)
{
    return a == NULL || b == NULL ? a == b : json_equal(a, b);
}

void config_validate_immutable(const json_t *object, const json_t *old, const char *const *parts,
                               struct field_errors *errors)
{
    static const char why[] = "field is immutable when `immutable` is set";
    if (!json_true_at(old, "immutable"))
        return;
    if (!json_true_at(object, "immutable"))
        field_forbidden(errors, "immutable", why);
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (!is_same(json_object_get(object, parts[i]), json_object_get(old, parts[i])))
            field_forbidden(errors, parts[i], why);
    }
}
