/* The query of a list or watch: what is taken makes sense as a whole, whatever isn't has a Status with a reason. */
#include "base/alloc.h"
#include "serve/list_options.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct group_resource resource = {.group = STR_INIT("metrics.k8s.io"), .resource = STR_INIT("pods")};
    auto_arena struct arena arena = {0};
    auto_buf struct buf text = {0};
    struct query query = query_parse(&arena, str_from((const char *)bytes, len));
    struct list_options options;
    struct status failure = {0};

    if (!list_options_read(&arena, &query, resource, &options, &failure)) {
        assert(failure.code == 400 || failure.code == 422);
        status_print(&text, &failure);
        assert(text.len > 0 && failure.message.len > 0);
        return 0;
    }
    label_selector_print(&text, &options.labels);
    field_selector_print(&text, &options.fields);
    if (!options.is_watch)
        assert(!options.wants_initial && !options.wants_bookmarks && options.version == 0);
    /* what is there is wanted exactly by who doesn't go on from somewhere, unless it says so itself */
    if (options.is_watch && !query_has(&query, STR("sendInitialEvents")))
        assert(options.wants_initial == (options.version == 0));
    assert(!options.wants_initial_end || (options.wants_initial && options.wants_bookmarks));
    return 0;
}
