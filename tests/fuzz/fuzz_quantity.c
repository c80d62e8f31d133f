/* Whatever parses prints as a text that means the same; whatever doesn't has a reason and leaves the result alone. */
#include "base/alloc.h"
#include "kube/quantity.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What every quantity keeps to, with another one beside it. */
static void check_arithmetic(struct quantity a, struct quantity b)
{
    struct quantity sum = a, back;
    int order = quantity_cmp(a, b);
    int reversed = quantity_cmp(b, a);

    assert((order > 0) == (reversed < 0) && (order == 0) == (reversed == 0));
    assert(quantity_cmp(a, a) == 0);
    if (quantity_add(&sum, b)) {
        back = sum;
        if (quantity_sub(&back, b))
            assert(quantity_cmp(back, a) == 0);
    }
    assert(order <= 0 || quantity_milli(a) >= quantity_milli(b));
    for (int scale = QUANTITY_NANO; scale <= 3; scale += 3) {
        struct quantity up = quantity_round_up(a, scale);

        /* what can't be shown in 64 bits saturates */
        if (up.value != INT64_MAX && up.value != INT64_MIN)
            assert(a.value < 0 ? quantity_cmp(up, a) <= 0 : quantity_cmp(up, a) >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_buf struct buf text = {0}, rewritten = {0};
    struct str first = str_from((const char *)bytes, len), second;
    struct quantity q = {.value = 4711}, other, again = {0};

    if (!quantity_parse(first, &q)) {
        assert(q.value == 4711 && quantity_fault(first) != NULL && !quantity_rewrite(&rewritten, first));
        if (str_cut(first, ' ', &first, &second) && quantity_parse(first, &q) && quantity_parse(second, &other))
            check_arithmetic(q, other);
        return 0;
    }
    assert(quantity_fault(first) == NULL && q.scale >= QUANTITY_NANO);
    quantity_print(&text, q);
    assert(text.len < QUANTITY_MAX);
    assert(quantity_parse(buf_str(&text), &again) && quantity_cmp(q, again) == 0);
    assert(quantity_rewrite(&rewritten, first));
    assert(quantity_parse(buf_str(&rewritten), &again) && quantity_cmp(q, again) == 0);
    check_arithmetic(q, again);
    return 0;
}
