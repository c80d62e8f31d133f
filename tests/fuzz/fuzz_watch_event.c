/* A stream of watch events, in pieces: each line is an event with what its type promises, or an error that says why
 * not. */
#include "base/alloc.h"
#include "kube/line_split.h"
#include "kube/watch_event.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool on_line(void *owner, struct str line)
{
    auto_arena struct arena arena = {0};
    auto_error struct error err = {0};
    struct watch_event event;
    size_t *lines = owner;

    ++*lines;
    assert(line.len <= 512 && str_index(line, '\n') < 0);
    if (!watch_event_parse(&arena, line, &event, &err)) {
        assert(error_is_set(&err));
        return true;
    }
    assert(event.object.len > 0 || event.type == WATCH_EVENT_ERROR);
    assert(event.type == WATCH_EVENT_ERROR || !str_is_empty(event.head.meta.resource_version));
    assert(event.type >= WATCH_EVENT_BOOKMARK || !str_is_empty(event.head.meta.name));
    return true;
}

static bool on_large_line(void *owner)
{
    size_t *lines = owner;

    ++*lines;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    size_t lines = 0, lines_in_pieces = 0;
    struct line_split whole = {
        .max_line_bytes = 512, .owner = &lines, .on_line = on_line, .on_large_line = on_large_line};
    struct line_split pieces = whole;
    struct str text = str_from((const char *)bytes, len);

    pieces.owner = &lines_in_pieces;
    line_split_feed(&whole, text);
    for (; text.len > 0; text = str_skip(text, 5))
        line_split_feed(&pieces, str_head(text, 5));
    assert(lines == lines_in_pieces);
    line_split_free(&whole);
    line_split_free(&pieces);
    return 0;
}
