/* However a list is cut into pieces, the same items, envelope and verdict come out; and a whole list splits whole. */
#include "base/alloc.h"
#include "kube/list_split.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct outcome {
    struct buf items;
    struct buf envelope;
    struct buf error;
    bool is_whole;
};

static bool on_item(void *owner, struct str item)
{
    struct outcome *o = owner;

    assert(item.len >= 2 && item.ptr[0] == '{' && item.ptr[item.len - 1] == '}');
    buf_add_str(&o->items, item);
    buf_add_char(&o->items, '\0');
    return true;
}

static bool on_large_item(void *owner)
{
    struct outcome *o = owner;

    buf_add_cstr(&o->items, "large");
    return true;
}

/* STEP 0: all at once. */
static void run(struct outcome *o, struct str list, size_t step)
{
    struct list_split s = {.max_item_bytes = 64, .owner = o, .on_item = on_item, .on_large_item = on_large_item};
    auto_error struct error err = {0};
    bool ok = true;

    while (ok && list.len > 0) {
        struct str piece = step > 0 ? str_head(list, step) : list;
        ok = list_split_feed(&s, piece, &err);
        list = str_skip(list, piece.len);
        step = step > 0 ? step * 7 % 13 + 1 : 0;
    }
    o->is_whole = ok && list_split_finish(&s, &err);
    buf_add_cstr(&o->error, error_text(&err));
    if (o->is_whole)
        buf_add_str(&o->envelope, list_split_envelope(&s));
    list_split_free(&s);
}

static void outcome_free(struct outcome *o)
{
    buf_free(&o->items);
    buf_free(&o->envelope);
    buf_free(&o->error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct str list = str_from((const char *)bytes, len);
    struct outcome whole = {0};

    run(&whole, list, 0);
    assert(whole.is_whole == (whole.error.len == 0));
    for (size_t step = 1; step <= 3; step++) {
        struct outcome pieces = {0};
        run(&pieces, list, step);
        assert(pieces.is_whole == whole.is_whole);
        assert(str_eq(buf_str(&pieces.items), buf_str(&whole.items)));
        assert(str_eq(buf_str(&pieces.envelope), buf_str(&whole.envelope)));
        assert(str_eq(buf_str(&pieces.error), buf_str(&whole.error)));
        outcome_free(&pieces);
    }
    outcome_free(&whole);
    return 0;
}
