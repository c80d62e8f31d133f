/* The parser of label selectors: the words of its errors are apimachinery's, found where a string is not what it should
 * be. */
#include "kube/selector.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/quote.h"
#include "kube/names.h"

#define BAD_REQUEST 400
#define MAX_COMPLAINTS 16 /* in one message, about one set of values */

enum token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_IN,     /* words, too, where a value is due */
    TOKEN_NOT_IN, /* likewise */
    TOKEN_NOT,    /* ! */
    TOKEN_EQUALS,
    TOKEN_DOUBLE_EQUALS,
    TOKEN_NOT_EQUALS,
    TOKEN_GREATER,
    TOKEN_LESS,
    TOKEN_COMMA,
    TOKEN_OPEN,
    TOKEN_CLOSE,
};

struct parser {
    struct str rest;     /* behind the token that stands next */
    enum token token;    /* that stands next */
    struct str literal;  /* its text; "" at the end */
    struct arena *arena; /* borrowed */
    struct error *err;   /* borrowed */
    struct str *values;  /* of the requirement being read; owned */
    size_t value_count;
    size_t value_capacity;
    struct selector_requirement *requirements; /* owned */
    size_t count;
    size_t capacity;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_special(char c)
{
    return c == '=' || c == '!' || c == '(' || c == ')' || c == ',' || c == '>' || c == '<';
}

static enum token special_token(struct str s, size_t *len)
{
    bool has_equals = s.len > 1 && s.ptr[1] == '=';

    *len = 1;
    switch (s.ptr[0]) {
    case '=':
        *len += has_equals;
        return has_equals ? TOKEN_DOUBLE_EQUALS : TOKEN_EQUALS;
    case '!':
        *len += has_equals;
        return has_equals ? TOKEN_NOT_EQUALS : TOKEN_NOT;
    case '(':
        return TOKEN_OPEN;
    case ')':
        return TOKEN_CLOSE;
    case ',':
        return TOKEN_COMMA;
    case '>':
        return TOKEN_GREATER;
    default:
        return TOKEN_LESS;
    }
}

/* Moves on to the next token. */
static void advance(struct parser *p)
{
    size_t len = 0;

    while (p->rest.len > 0 && is_space(p->rest.ptr[0]))
        p->rest = str_skip(p->rest, 1);
    if (p->rest.len == 0) {
        p->token = TOKEN_END;
        p->literal = STR("");
        return;
    }
    if (is_special(p->rest.ptr[0])) {
        p->token = special_token(p->rest, &len);
    } else {
        while (len < p->rest.len && !is_space(p->rest.ptr[len]) && !is_special(p->rest.ptr[len]))
            len++;
        p->token = TOKEN_WORD;
    }
    p->literal = str_head(p->rest, len);
    p->rest = str_skip(p->rest, len);
    if (p->token == TOKEN_WORD && str_eq(p->literal, STR("in")))
        p->token = TOKEN_IN;
    else if (p->token == TOKEN_WORD && str_eq(p->literal, STR("notin")))
        p->token = TOKEN_NOT_IN;
}

/* The token that stands next where keys and values are due: "in" is a word there. */
static enum token word_or(const struct parser *p)
{
    return p->token == TOKEN_IN || p->token == TOKEN_NOT_IN ? TOKEN_WORD : p->token;
}

static bool unexpected(const struct parser *p, const char *expected)
{
    return error_set(p->err, BAD_REQUEST, "found '%.*s'%s", STR_ARG(p->literal), expected);
}

static void add_value(struct parser *p, struct str value)
{
    if (p->value_count == p->value_capacity) {
        p->value_capacity = p->value_capacity == 0 ? 8 : p->value_capacity * 2;
        p->values = mem_realloc_array(p->values, p->value_capacity, sizeof(*p->values));
    }
    p->values[p->value_count++] = value;
}

static int compare_strings(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Makes the values read so far a set: sorted, each once. */
static void finish_values(struct parser *p)
{
    size_t kept = 0;

    if (p->value_count > 1)
        qsort(p->values, p->value_count, sizeof(*p->values), compare_strings);
    for (size_t i = 0; i < p->value_count; i++)
        if (kept == 0 || !str_eq(p->values[kept - 1], p->values[i]))
            p->values[kept++] = p->values[i];
    p->value_count = kept;
}

/* "a,b,,c" up to the closing parenthesis. A comma without a word before or behind it stands for "". */
static bool parse_list(struct parser *p)
{
    for (;;) {
        switch (word_or(p)) {
        case TOKEN_WORD:
            add_value(p, p->literal);
            advance(p);
            if (p->token == TOKEN_CLOSE)
                return true;
            if (p->token != TOKEN_COMMA)
                return unexpected(p, ", expected: ',' or ')'");
            break;
        case TOKEN_COMMA:
            if (p->value_count == 0)
                add_value(p, STR(""));
            advance(p);
            if (p->token == TOKEN_COMMA || p->token == TOKEN_CLOSE)
                add_value(p, STR(""));
            if (p->token == TOKEN_CLOSE)
                return true;
            break;
        default:
            return unexpected(p, ", expected: ',', or identifier");
        }
    }
}

static bool parse_set(struct parser *p)
{
    if (p->token != TOKEN_OPEN)
        return unexpected(p, " expected: '('");
    advance(p);
    switch (word_or(p)) {
    case TOKEN_WORD:
    case TOKEN_COMMA:
        if (!parse_list(p))
            return false;
        break;
    case TOKEN_CLOSE:
        add_value(p, STR(""));
        break;
    default:
        return unexpected(p, ", expected: ',', ')' or identifier");
    }
    advance(p);
    return true;
}

static bool parse_exact_value(struct parser *p)
{
    if (p->token == TOKEN_END || p->token == TOKEN_COMMA) {
        add_value(p, STR(""));
        return true;
    }
    if (word_or(p) != TOKEN_WORD)
        return unexpected(p, ", expected: identifier");
    add_value(p, p->literal);
    advance(p);
    return true;
}

static bool parse_operator(struct parser *p, enum selector_operator *op)
{
    switch (p->token) {
    case TOKEN_IN:
        *op = SELECTOR_IN;
        break;
    case TOKEN_NOT_IN:
        *op = SELECTOR_NOT_IN;
        break;
    case TOKEN_EQUALS:
        *op = SELECTOR_EQUALS;
        break;
    case TOKEN_DOUBLE_EQUALS:
        *op = SELECTOR_DOUBLE_EQUALS;
        break;
    case TOKEN_NOT_EQUALS:
        *op = SELECTOR_NOT_EQUALS;
        break;
    case TOKEN_GREATER:
        *op = SELECTOR_GREATER;
        break;
    case TOKEN_LESS:
        *op = SELECTOR_LESS;
        break;
    default:
        return unexpected(p, ", expected: in, notin, =, ==, !=, gt, lt");
    }
    advance(p);
    return true;
}

static bool check_key(const struct parser *p, struct str key)
{
    struct name_faults faults = name_check_qualified(key);
    auto_buf struct buf text = {0};

    if (faults.count == 0)
        return true;
    buf_add_cstr(&text,
                 "<nil>: Invalid value: "); /* the place where upstream names a field that a query doesn't have */
    quote_add(&text, key);
    buf_add_cstr(&text, ": ");
    name_faults_join(&text, &faults, "; ");
    return error_set(p->err, BAD_REQUEST, "%s", buf_cstr(&text));
}

/* Appends one complaint about value I to TEXT, which counts them in COUNT. */
static void begin_complaint(struct buf *text, size_t *count, const char *place, struct str value)
{
    if ((*count)++ > 0)
        buf_add_cstr(text, ", ");
    buf_add_cstr(text, place);
    buf_add_cstr(text, ": Invalid value: ");
    quote_add(text, value);
    buf_add_cstr(text, ": ");
}

static bool check_values(const struct parser *p, struct str key, enum selector_operator op)
{
    auto_buf struct buf text = {0};
    auto_buf struct buf place = {0};
    size_t count = 0;
    int64_t number;

    if ((op == SELECTOR_GREATER || op == SELECTOR_LESS) && !str_to_i64(p->values[0], &number)) {
        begin_complaint(&text, &count, "values[0]", p->values[0]);
        buf_add_cstr(&text, "for 'Gt', 'Lt' operators, the value must be an integer");
    }
    for (size_t i = 0; i < p->value_count && count < MAX_COMPLAINTS; i++) {
        struct name_faults faults = name_check_label_value(p->values[i]);

        if (faults.count == 0)
            continue;
        buf_clear(&place);
        buf_printf(&place, "values[%zu][%.*s]", i, STR_ARG(key));
        begin_complaint(&text, &count, buf_cstr(&place), p->values[i]);
        name_faults_join(&text, &faults, "; ");
    }
    if (count == 0)
        return true;
    return error_set(p->err, BAD_REQUEST, count > 1 ? "[%s]" : "%s", buf_cstr(&text));
}

static void add_requirement(struct parser *p, struct str key, enum selector_operator op)
{
    struct str *values = NULL;

    if (p->value_count > 0) {
        values = arena_alloc(p->arena, p->value_count * sizeof(*values));
        memcpy(values, p->values, p->value_count * sizeof(*values));
    }
    if (p->count == p->capacity) {
        p->capacity = p->capacity == 0 ? 8 : p->capacity * 2;
        p->requirements = mem_realloc_array(p->requirements, p->capacity, sizeof(*p->requirements));
    }
    p->requirements[p->count++] =
        (struct selector_requirement){.key = key, .op = op, .values = values, .value_count = p->value_count};
}

static bool parse_requirement(struct parser *p)
{
    enum selector_operator op = SELECTOR_EXISTS;
    struct str key;

    p->value_count = 0;
    if (p->token == TOKEN_NOT) {
        op = SELECTOR_NOT_EXISTS;
        advance(p);
    }
    if (word_or(p) != TOKEN_WORD)
        return unexpected(p, ", expected: identifier");
    key = p->literal;
    if (!check_key(p, key))
        return false;
    advance(p);
    if (op == SELECTOR_EXISTS && p->token != TOKEN_END && p->token != TOKEN_COMMA) {
        if (!parse_operator(p, &op))
            return false;
        if (!(op == SELECTOR_IN || op == SELECTOR_NOT_IN ? parse_set(p) : parse_exact_value(p)))
            return false;
        finish_values(p);
        if (!check_values(p, key, op))
            return false;
    }
    add_requirement(p, key, op);
    return true;
}

static bool parse_all(struct parser *p)
{
    while (p->token != TOKEN_END) {
        if (word_or(p) != TOKEN_WORD && p->token != TOKEN_NOT)
            return unexpected(p, ", expected: !, identifier, or 'end of string'");
        if (!parse_requirement(p))
            return error_wrap(p->err, "unable to parse requirement");
        if (p->token == TOKEN_END)
            break;
        if (p->token != TOKEN_COMMA)
            return unexpected(p, ", expected: ',' or 'end of string'");
        advance(p);
        if (word_or(p) != TOKEN_WORD && p->token != TOKEN_NOT)
            return unexpected(p, ", expected: identifier after ','");
    }
    return true;
}

/* By key; requirements on the same key stay in the order of the text, which is that of their key's bytes. */
static int compare_requirements(const void *a, const void *b)
{
    const struct selector_requirement *x = a;
    const struct selector_requirement *y = b;
    int by_key = str_cmp(x->key, y->key);

    return by_key != 0 ? by_key : (x->key.ptr > y->key.ptr) - (x->key.ptr < y->key.ptr);
}

bool label_selector_parse(struct arena *arena, struct str text, struct selector *out, struct error *err)
{
    struct parser p = {.rest = text, .arena = arena, .err = err};
    bool is_ok;

    if (text.len > SELECTOR_MAX_BYTES)
        return error_set(err, BAD_REQUEST, "the label selector is longer than %zu bytes", SELECTOR_MAX_BYTES);
    advance(&p);
    is_ok = parse_all(&p);
    if (is_ok) {
        struct selector_requirement *requirements = NULL;

        if (p.count > 0) {
            qsort(p.requirements, p.count, sizeof(*requirements), compare_requirements);
            requirements = arena_alloc(arena, p.count * sizeof(*requirements));
            memcpy(requirements, p.requirements, p.count * sizeof(*requirements));
        }
        *out = (struct selector){requirements, p.count};
    }
    free(p.requirements);
    free(p.values);
    return is_ok;
}
