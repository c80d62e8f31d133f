/* Audit policies: any text is refused with a reason, or chooses for any request without harm. */
#include <assert.h>
#include <stdint.h>

#include "apiserver/audit_policy.h"
#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_error struct error err = {0};
    struct audit_policy *p = audit_policy_parse(str_from((const char *)data, size), &err);
    const struct str group = STR("auditors");
    const struct user user = {.name = STR("jane"), .groups = &group, .group_count = 1};
    const struct api_attributes pod = {.is_resource = true,
                                       .verb = STR("get"),
                                       .group = STR("metrics.k8s.io"),
                                       .resource = STR("pods"),
                                       .namespace = STR("default"),
                                       .name = STR("web-1")};
    const struct api_attributes path = {.verb = STR("get"), .path = STR("/metrics")};

    assert((p == NULL) == error_is_set(&err));
    if (p == NULL)
        return 0;
    assert(audit_policy_choose(p, &user, &pod).level <= AUDIT_REQUEST_RESPONSE);
    assert(audit_policy_choose(p, NULL, &path).level <= AUDIT_REQUEST_RESPONSE);
    audit_policy_free(p);
    return 0;
}
