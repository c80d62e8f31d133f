/* Two lines of JSON, an object and a patch: applied in each of the three ways, as to a pod. */
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "cluster/patch.h"
#include "cluster/strategic_merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct str object_text, patch_text;
    if (!str_cut(str_from((const char *)bytes, len), '\n', &object_text, &patch_text) || object_text.len == 0 ||
        patch_text.len == 0)
        return 0;
    json_t *object = json_loadb(object_text.ptr, object_text.len, JSON_ALLOW_NUL, NULL);
    json_t *patch = json_loadb(patch_text.ptr, patch_text.len, JSON_ALLOW_NUL, NULL);
    struct error err = {0};
    if (object != NULL && patch != NULL) {
        json_t *result = json_patch(object, patch, &err);
        json_decref(result);
        if (json_is_object(object) && json_is_object(patch)) {
            result = json_deep_copy(object);
            merge_patch(result, patch);
            json_decref(result);
            result = json_deep_copy(object);
            if (strategic_merge(resource_pods.schema, result, patch, &err) &&
                schema_decode(resource_pods.schema, result, NULL, &err))
                resource_pods.set_defaults(result);
            json_decref(result);
        }
    }
    error_clear(&err);
    json_decref(object);
    json_decref(patch);
    return 0;
}
