#include "kube/json_indent.h"

static void new_line(struct json_indent *state, struct buf *to)
{
    size_t spaces = (size_t)state->depth * 2;
    char *at = buf_reserve(to, spaces + 1);

    at[0] = '\n';
    memset(at + 1, ' ', spaces);
    buf_grow_by(to, spaces + 1);
}

/* One byte outside strings. */
static void add_structural(struct json_indent *state, struct buf *to, char c)
{
    bool was_just_opened = state->just_opened;

    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return;
    state->just_opened = false;
    if (c == '}' || c == ']') {
        if (state->depth > 0)
            state->depth--;
        if (!was_just_opened)
            new_line(state, to);
        buf_add_char(to, c);
        return;
    }
    if (was_just_opened)
        new_line(state, to);
    buf_add_char(to, c);
    if (c == ',') {
        new_line(state, to);
    } else if (c == ':') {
        buf_add_char(to, ' ');
    } else if (c == '{' || c == '[') {
        state->depth += state->depth < JSON_INDENT_MAX_DEPTH;
        state->just_opened = true;
    } else if (c == '"') {
        state->in_string = true;
    }
}

/* The part of a string that CHUNK begins with, up to its closing quote; returns its length. */
static size_t add_string(struct json_indent *state, struct buf *to, struct str chunk)
{
    size_t i = 0;

    while (i < chunk.len && state->in_string) {
        char c = chunk.ptr[i++];

        if (state->is_escaped)
            state->is_escaped = false;
        else if (c == '\\')
            state->is_escaped = true;
        else if (c == '"')
            state->in_string = false;
    }
    buf_add(to, chunk.ptr, i);
    return i;
}

void json_indent_add(struct json_indent *state, struct buf *to, struct str chunk)
{
    while (chunk.len > 0) {
        if (state->in_string) {
            chunk = str_skip(chunk, add_string(state, to, chunk));
        } else {
            add_structural(state, to, chunk.ptr[0]);
            chunk = str_skip(chunk, 1);
        }
    }
}

void json_indent(struct buf *to, struct str json)
{
    struct json_indent state = {0};

    json_indent_add(&state, to, json);
}
