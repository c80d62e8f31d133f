/* Whatever parses, in range, prints as a text that means the same second. */
#include "base/alloc.h"
#include "base/clock.h"
#include "kube/time.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct str text = str_from((const char *)bytes, len);
    char printed[KUBE_TIME_SIZE], micro[KUBE_TIME_MICRO_SIZE];
    int64_t ns = 4711, again;

    kube_time_parse_json(text, &again);
    if (!kube_time_parse(text, &ns)) {
        assert(ns == 4711);
        return 0;
    }
    if (ns == KUBE_TIME_ZERO || ns == INT64_MAX)
        return 0;
    kube_time_format(printed, ns);
    kube_time_format_micro(micro, ns);
    assert(kube_time_parse(str_of(micro), &again) && again <= ns && ns - again < NS_PER_US);
    /* the first second that 64 bits hold has a fraction: cut off, it is none */
    assert(kube_time_parse(str_of(printed), &again) &&
           (again == KUBE_TIME_ZERO || (again <= ns && ns - again < NS_PER_S)));
    return 0;
}
