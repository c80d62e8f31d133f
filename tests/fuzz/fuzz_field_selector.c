/* Whatever parses prints as a text that parses to the same; whatever doesn't has a reason. */
#include "base/alloc.h"
#include "kube/selector.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct str field_of(const void *object, struct str key)
{
    (void)object;
    return str_eq(key, STR("metadata.name")) ? STR("x") : STR("");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct str keys[] = {STR_INIT("metadata.name"), STR_INIT("metadata.namespace")};
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    auto_buf struct buf text = {0}, again = {0};
    struct selector s, t;

    if (!field_selector_parse(&arena, str_from((const char *)bytes, len), &s, &err)) {
        assert(error_is_set(&err) && err.code == 400);
        return 0;
    }
    field_selector_print(&text, &s);
    assert(field_selector_parse(&arena, buf_str(&text), &t, &err) && t.count == s.count);
    field_selector_print(&again, &t);
    /* terms are sorted with their escapes and operators as written, so that only a second round is stable */
    assert(text.len == again.len);
    assert(field_selector_matches(&s, field_of, NULL) == field_selector_matches(&t, field_of, NULL));
    assert(field_selector_check(&s, keys, 2, &err) == !error_is_set(&err));
    return 0;
}
