#include "kube/selector.h"

#include <stdlib.h>

static const char *const operator_names[] = {
    [SELECTOR_EXISTS] = "exists",    [SELECTOR_NOT_EXISTS] = "!",  [SELECTOR_EQUALS] = "=",
    [SELECTOR_DOUBLE_EQUALS] = "==", [SELECTOR_NOT_EQUALS] = "!=", [SELECTOR_IN] = "in",
    [SELECTOR_NOT_IN] = "notin",     [SELECTOR_GREATER] = "gt",    [SELECTOR_LESS] = "lt",
};

const char *selector_operator_name(enum selector_operator op)
{
    return operator_names[op];
}

static int compare_strings(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Whether VALUE is among R's sorted values. */
static bool has_value(const struct selector_requirement *r, struct str value)
{
    if (r->value_count == 1)
        return str_eq(r->values[0], value);
    return r->value_count > 0 &&
           bsearch(&value, r->values, r->value_count, sizeof(*r->values), compare_strings) != NULL;
}

static bool compares(const struct selector_requirement *r, struct str value)
{
    int64_t left, right;

    if (r->value_count != 1 || !str_to_i64(value, &left) || !str_to_i64(r->values[0], &right))
        return false;
    return r->op == SELECTOR_GREATER ? left > right : left < right;
}

static bool requirement_matches(const struct selector_requirement *r, struct labels labels)
{
    const struct str *value = labels_get(labels, r->key);

    switch (r->op) {
    case SELECTOR_EXISTS:
        return value != NULL;
    case SELECTOR_NOT_EXISTS:
        return value == NULL;
    case SELECTOR_EQUALS:
    case SELECTOR_DOUBLE_EQUALS:
    case SELECTOR_IN:
        return value != NULL && has_value(r, *value);
    case SELECTOR_NOT_EQUALS:
    case SELECTOR_NOT_IN:
        return value == NULL || !has_value(r, *value);
    case SELECTOR_GREATER:
    case SELECTOR_LESS:
        return value != NULL && compares(r, *value);
    }
    return false;
}

bool label_selector_matches(const struct selector *s, struct labels labels)
{
    for (size_t i = 0; i < s->count; i++)
        if (!requirement_matches(&s->requirements[i], labels))
            return false;
    return true;
}

static void print_values(struct buf *to, const struct selector_requirement *r)
{
    for (size_t i = 0; i < r->value_count; i++) {
        if (i > 0)
            buf_add_char(to, ',');
        buf_add_str(to, r->values[i]);
    }
}

static void print_requirement(struct buf *to, const struct selector_requirement *r)
{
    if (r->op == SELECTOR_NOT_EXISTS)
        buf_add_char(to, '!');
    buf_add_str(to, r->key);
    switch (r->op) {
    case SELECTOR_EXISTS:
    case SELECTOR_NOT_EXISTS:
        break;
    case SELECTOR_IN:
    case SELECTOR_NOT_IN:
        buf_add_str(to, r->op == SELECTOR_IN ? STR(" in (") : STR(" notin ("));
        print_values(to, r);
        buf_add_char(to, ')');
        break;
    case SELECTOR_GREATER:
    case SELECTOR_LESS:
        buf_add_char(to, r->op == SELECTOR_GREATER ? '>' : '<');
        print_values(to, r);
        break;
    case SELECTOR_EQUALS:
    case SELECTOR_DOUBLE_EQUALS:
    case SELECTOR_NOT_EQUALS:
        buf_add_cstr(to, operator_names[r->op]);
        print_values(to, r);
        break;
    }
}

void label_selector_print(struct buf *to, const struct selector *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (i > 0)
            buf_add_char(to, ',');
        print_requirement(to, &s->requirements[i]);
    }
}

const struct str *selector_exact(const struct selector *s, struct str key)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct selector_requirement *r = &s->requirements[i];

        if ((r->op == SELECTOR_EQUALS || r->op == SELECTOR_DOUBLE_EQUALS || r->op == SELECTOR_IN) &&
            r->value_count == 1 && str_eq(r->key, key))
            return &r->values[0];
    }
    return NULL;
}
