/*
 * A summary cut into pieces anywhere gives what it gives whole: the same batch, or the same error. The first byte of
 * the input says where to cut.
 */
#include "base/alloc.h"
#include "scrape/summary.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct batch *decode(struct str body, size_t step, struct roster *previous, struct error *err)
{
    struct batch_builder builder;
    struct batch *batch = NULL;
    bool is_good = true;

    batch_builder_init(&builder, previous);
    struct summary *d = summary_new(&builder, 1);
    for (; is_good && body.len > 0; body = str_skip(body, step))
        is_good = summary_feed(d, str_head(body, step), err);
    is_good = is_good && summary_finish(d, err);
    summary_free(d);
    if (is_good)
        batch = batch_builder_finish(&builder);
    batch_builder_free(&builder);
    return batch;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_error struct error err = {0}, again = {0};
    size_t step = len > 0 ? 1 + (size_t)bytes[0] : 1;
    struct str body = str_skip(str_from((const char *)bytes, len), 1);
    struct batch *whole = decode(body, body.len + 1, NULL, &err);
    struct batch *pieces = decode(body, step, whole != NULL ? whole->roster : NULL, &again);

    assert((whole == NULL) == (pieces == NULL));
    if (whole != NULL) {
        assert(whole->roster == pieces->roster);
        assert(memcmp(&whole->node, &pieces->node, sizeof(whole->node)) == 0);
        assert(memcmp(whole->points, pieces->points, whole->roster->container_count * sizeof(whole->points[0])) == 0);
    } else {
        assert(strcmp(error_text(&err), error_text(&again)) == 0);
    }
    batch_free(whole);
    batch_free(pieces);
    return 0;
}
