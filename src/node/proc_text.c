#include "node/proc_text.h"

#include "node/usage.h"

bool proc_next_line(struct str *rest, struct str *line)
{
    if (rest->len == 0)
        return false;
    str_cut(*rest, '\n', line, rest);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool proc_next_word(struct str *rest, struct str *word)
{
    size_t at = 0, from;

    while (at < rest->len && is_blank(rest->ptr[at]))
        at++;
    from = at;
    while (at < rest->len && !is_blank(rest->ptr[at]))
        at++;
    if (at == from)
        return false;
    *word = (struct str){rest->ptr + from, at - from};
    *rest = str_skip(*rest, at);
    return true;
}

struct str proc_keyed_text(struct str text, struct str key)
{
    struct str line;

    while (proc_next_line(&text, &line)) {
        if (!str_starts_with(line, key))
            continue;
        line = str_skip(line, key.len);
        if (line.len > 0 && line.ptr[0] != ':' && !is_blank(line.ptr[0]))
            continue;
        if (line.len > 0 && line.ptr[0] == ':')
            line = str_skip(line, 1);
        return str_trim(line);
    }
    return (struct str){NULL, 0};
}

int64_t proc_keyed_number(struct str text, struct str key)
{
    struct str value = proc_keyed_text(text, key), number, unit;
    int64_t v;

    if (value.ptr == NULL || !proc_next_word(&value, &number) || !str_to_i64(number, &v) || v < 0)
        return NOT_MEASURED;
    if (proc_next_word(&value, &unit) && str_eq(unit, STR("kB")) && v <= INT64_MAX / 1024)
        v *= 1024;
    return v;
}
