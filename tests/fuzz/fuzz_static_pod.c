/* A manifest is refused with a reason, or becomes a pod whose names are fit for paths, labels and metrics. */
#include "node/static_pod.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "kube/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_error struct error err = {0};
    struct static_pod *p = static_pod_read(STR("/m/a.yaml"), str_from((const char *)bytes, len), STR("node"),
                                           INT64_C(1795445765) * NS_PER_S, &err);

    if (p == NULL) {
        assert(error_is_set(&err));
        return 0;
    }
    assert(name_check_dns1123_subdomain(p->name).count == 0 && name_check_dns1123_label(p->namespace).count == 0);
    assert(str_index(p->uid, '/') < 0 && p->container_count > 0);
    for (size_t i = 0; i < p->container_count; i++) {
        assert(name_check_dns1123_label(p->containers[i].name).count == 0);
        assert(p->containers[i].pid_file.len > 0 || p->containers[i].cgroup.len > 0);
        assert(str_find(p->containers[i].cgroup, STR("..")) < 0);
    }
    static_pod_free(p);
    return 0;
}
