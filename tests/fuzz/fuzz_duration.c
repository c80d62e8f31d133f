/* Whatever parses is printed as a text that means the same; whatever doesn't has a reason and leaves the result alone.
 */
#include "base/alloc.h"
#include "base/duration.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_error struct error err = {0};
    auto_buf struct buf text = {0};
    int64_t ns = 4711, again = 0;

    if (!duration_parse_explained(str_from((const char *)bytes, len), &ns, &err)) {
        assert(ns == 4711 && error_is_set(&err));
        return 0;
    }
    duration_print(&text, ns);
    assert(text.len <= DURATION_MAX);
    assert(duration_parse(buf_str(&text), &again) && again == ns);
    return 0;
}
