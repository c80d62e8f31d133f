#include "kube/line_split.h"

#define KEPT_BYTES 16384 /* what an idle splitter may hold on to */

static bool end_line(struct line_split *s, struct str last)
{
    bool go_on = true;

    if (s->is_large || last.len > s->max_line_bytes - s->begun.len) {
        go_on = s->on_large_line(s->owner);
    } else {
        if (s->begun.len > 0) {
            buf_add_str(&s->begun, last);
            last = buf_str(&s->begun);
        }
        if (!str_is_empty(str_trim(last)))
            go_on = s->on_line(s->owner, last);
    }
    line_split_reset(s);
    return go_on;
}

static void keep(struct line_split *s, struct str begun)
{
    if (s->is_large)
        return;
    if (begun.len > s->max_line_bytes - s->begun.len) {
        s->is_large = true;
        buf_free(&s->begun);
        return;
    }
    buf_add_str(&s->begun, begun);
}

bool line_split_feed(struct line_split *s, struct str piece)
{
    struct str line;

    while (piece.len > 0) {
        if (!str_cut(piece, '\n', &line, &piece)) {
            keep(s, line);
            return true;
        }
        if (!end_line(s, line))
            return false;
    }
    return true;
}

void line_split_reset(struct line_split *s)
{
    s->is_large = false;
    if (s->begun.cap > KEPT_BYTES)
        buf_free(&s->begun);
    else
        buf_clear(&s->begun);
}

void line_split_free(struct line_split *s)
{
    buf_free(&s->begun);
}
