#include "kube/selector.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/quote.h"

#define BAD_REQUEST 400

/* Cuts the first term off REST, at the first comma without a backslash before it. */
static struct str next_term(struct str *rest)
{
    struct str term = *rest;
    size_t i = 0;

    while (i < rest->len && rest->ptr[i] != ',')
        i += rest->ptr[i] == '\\' ? 2 : 1;
    if (i > rest->len)
        i = rest->len;
    term.len = i;
    *rest = str_skip(*rest, i + 1);
    return term;
}

static int compare_strings(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The terms of TEXT that aren't empty, sorted. The caller frees the array. */
static struct str *split_terms(struct str text, size_t *count)
{
    struct str *terms = NULL;
    size_t capacity = 0;

    *count = 0;
    while (text.len > 0) {
        struct str term = next_term(&text);

        if (term.len == 0)
            continue;
        if (*count == capacity) {
            capacity = capacity == 0 ? 8 : capacity * 2;
            terms = mem_realloc_array(terms, capacity, sizeof(*terms));
        }
        terms[(*count)++] = term;
    }
    if (*count > 1)
        qsort(terms, *count, sizeof(*terms), compare_strings);
    return terms;
}

/* The value with its escapes undone; where it has none, TEXT itself. */
static bool unescape(struct arena *arena, struct str text, struct str *out, struct error *err)
{
    bool is_plain = str_index(text, '\\') < 0;
    char *to = is_plain ? NULL : arena_alloc(arena, text.len);
    uint32_t rune;
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '=')
            return error_set(err, BAD_REQUEST, "invalid field selector: unescaped character in value: %d", c);
        if (c == '\\') {
            if (++i == text.len)
                return error_set(err, BAD_REQUEST, "invalid field selector: invalid escape sequence: \\");
            c = text.ptr[i];
            if (c != '\\' && c != ',' && c != '=') {
                size_t n = utf8_decode(str_skip(text, i), &rune);

                return error_set(err, BAD_REQUEST, "invalid field selector: invalid escape sequence: \\%.*s",
                                 n > 0 ? (int)n : 3, n > 0 ? text.ptr + i : "\xef\xbf\xbd");
            }
        }
        if (!is_plain)
            to[len++] = c;
    }
    *out = is_plain ? text : str_from(to, len);
    return true;
}

/* Splits at the first operator: the key has no escapes. */
static bool parse_term(struct arena *arena, struct str selector, struct str term, struct selector_requirement *out,
                       struct error *err)
{
    struct str *value = arena_alloc(arena, sizeof(*value));
    size_t i = 0;

    while (i < term.len && term.ptr[i] != '=' && !(term.ptr[i] == '!' && i + 1 < term.len && term.ptr[i + 1] == '='))
        i++;
    if (i == term.len)
        return error_set(err, BAD_REQUEST, "invalid selector: '%.*s'; can't understand '%.*s'", STR_ARG(selector),
                         STR_ARG(term));
    out->key = str_head(term, i);
    out->op = term.ptr[i] == '!' ? SELECTOR_NOT_EQUALS : SELECTOR_EQUALS;
    i += (i + 1 < term.len && term.ptr[i + 1] == '=') ? 2 : 1;
    if (!unescape(arena, str_skip(term, i), value, err))
        return false;
    out->values = value;
    out->value_count = 1;
    return true;
}

bool field_selector_parse(struct arena *arena, struct str text, struct selector *out, struct error *err)
{
    auto_free struct str *terms = NULL;
    struct selector_requirement *requirements;
    size_t term_count;
    size_t count = 0;

    if (text.len > SELECTOR_MAX_BYTES)
        return error_set(err, BAD_REQUEST, "the field selector is longer than %zu bytes", SELECTOR_MAX_BYTES);
    terms = split_terms(text, &term_count);
    requirements = arena_alloc(arena, term_count * sizeof(*requirements) + 1);
    for (size_t i = 0; i < term_count; i++) {
        struct selector_requirement *r = &requirements[count];

        if (!parse_term(arena, text, terms[i], r, err))
            return false;
        count += r->key.len > 0 || r->values[0].len > 0; /* "=" asks for nothing */
    }
    *out = (struct selector){requirements, count};
    return true;
}

bool field_selector_check(const struct selector *s, const struct str *keys, size_t count, struct error *err)
{
    auto_buf struct buf text = {0};

    for (size_t i = 0; i < s->count; i++) {
        size_t at = 0;

        while (at < count && !str_eq(keys[at], s->requirements[i].key))
            at++;
        if (at < count)
            continue;
        quote_add(&text, s->requirements[i].key);
        buf_add_cstr(&text, " is not a known field selector: only ");
        for (size_t k = 0; k < count; k++) {
            if (k > 0)
                buf_add_cstr(&text, ", ");
            quote_add(&text, keys[k]);
        }
        return error_set(err, BAD_REQUEST, "%s", buf_cstr(&text));
    }
    return true;
}

bool field_selector_matches(const struct selector *s, struct str (*field_of)(const void *object, struct str key),
                            const void *object)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct selector_requirement *r = &s->requirements[i];

        if (str_eq(field_of(object, r->key), r->values[0]) != (r->op != SELECTOR_NOT_EQUALS))
            return false;
    }
    return true;
}

void field_selector_print(struct buf *to, const struct selector *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct selector_requirement *r = &s->requirements[i];

        if (i > 0)
            buf_add_char(to, ',');
        buf_add_str(to, r->key);
        buf_add_cstr(to, r->op == SELECTOR_NOT_EQUALS ? "!=" : "=");
        for (size_t k = 0; k < r->values[0].len; k++) {
            char c = r->values[0].ptr[k];

            if (c == '\\' || c == ',' || c == '=')
                buf_add_char(to, '\\');
            buf_add_char(to, c);
        }
    }
}
