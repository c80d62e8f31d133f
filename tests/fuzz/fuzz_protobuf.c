/* An object in Kubernetes' protobuf, as each kind of a few; what comes out must pass through the rest of a create. */
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"
#include "cluster/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct schema *const kinds[] = {&schema_config_map, &schema_pod, &schema_node, &schema_event,
                                          &schema_self_subject_access_review};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct error err = {0};
        json_t *object = protobuf_decode(kinds[i], str_from((const char *)bytes, len), &err);
        if (object != NULL)
            schema_decode(kinds[i], object, NULL, &err);
        if (object != NULL && kinds[i] == resource_pods.schema)
            resource_pods.set_defaults(object);
        json_decref(object);
        error_clear(&err);
    }
    return 0;
}
