/* Whatever parses prints as a text that parses to the same; whatever doesn't has a reason. Matching never reads too
 * far. */
#include "base/alloc.h"
#include "kube/selector.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct label items[] = {{STR_INIT("app"), STR_INIT("web")}, {STR_INIT("n"), STR_INIT("5")}};
    static const struct labels labels = {items, 2};
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    auto_buf struct buf text = {0}, again = {0};
    struct selector s, t;

    if (!label_selector_parse(&arena, str_from((const char *)bytes, len), &s, &err)) {
        assert(error_is_set(&err) && err.code == 400);
        return 0;
    }
    label_selector_print(&text, &s);
    assert(label_selector_parse(&arena, buf_str(&text), &t, &err) && t.count == s.count);
    label_selector_print(&again, &t);
    assert(str_eq(buf_str(&text), buf_str(&again)));
    assert(label_selector_matches(&s, labels) == label_selector_matches(&t, labels));
    assert(label_selector_matches(&s, (struct labels){0}) == label_selector_matches(&t, (struct labels){0}));
    selector_exact(&s, STR("app"));
    return 0;
}
