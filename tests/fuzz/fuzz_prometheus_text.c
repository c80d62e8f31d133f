/*
 * A body cut into pieces anywhere, decoded with and without a roster to guess from, gives what it gives whole: the same
 * batch, or the same error. The first byte of the input says where to cut.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "scrape/prometheus_text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct batch *decode(struct str body, size_t step, struct roster *previous, struct error *err)
{
    struct batch_builder builder;
    struct batch *batch = NULL;
    bool is_good = true;

    batch_builder_init(&builder, previous);
    struct prometheus_text *d = prometheus_text_new(&builder, 1);
    for (; is_good && body.len > 0; body = str_skip(body, step))
        is_good = prometheus_text_feed(d, str_head(body, step), err);
    is_good = is_good && prometheus_text_finish(d, err);
    prometheus_text_free(d);
    if (is_good)
        batch = batch_builder_finish(&builder);
    batch_builder_free(&builder);
    return batch;
}

static bool is_same_roster(const struct roster *a, const struct roster *b)
{
    if (a->container_count != b->container_count || a->pod_count != b->pod_count)
        return false;
    for (uint32_t i = 0; i < a->container_count; i++)
        if (!str_eq(a->containers[i].labels, b->containers[i].labels) ||
            !str_eq(a->containers[i].name, b->containers[i].name) || a->containers[i].pod != b->containers[i].pod)
            return false;
    for (uint32_t i = 0; i < a->pod_count; i++)
        if (!str_eq(a->pods[i].namespace, b->pods[i].namespace) || !str_eq(a->pods[i].name, b->pods[i].name) ||
            a->pods[i].first != b->pods[i].first || a->pods[i].count != b->pods[i].count)
            return false;
    return true;
}

static void assert_same(const struct batch *a, const struct batch *b)
{
    assert(is_same_roster(a->roster, b->roster));
    assert(memcmp(&a->node, &b->node, sizeof(a->node)) == 0);
    assert(memcmp(a->points, b->points, a->roster->container_count * sizeof(a->points[0])) == 0);
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
        struct batch *fresh = decode(body, step, NULL, NULL);
        assert_same(whole, pieces);
        assert_same(whole, fresh);
        batch_free(fresh);
    } else {
        assert(strcmp(error_text(&err), error_text(&again)) == 0);
    }
    batch_free(whole);
    batch_free(pieces);
    return 0;
}
