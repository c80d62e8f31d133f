#include "base/log_vmodule.h"

#include <fnmatch.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/quote.h"

struct rule {
    char *pattern; /* owned */
    int level;
};

static struct rule *rules;
static size_t rule_count;

static bool fail(struct error *err, const char *before, struct str item, const char *after)
{
    auto_buf struct buf quoted = {0};

    quote_add(&quoted, item);
    return error_set(err, 0, "%s%s%s", before, buf_cstr(&quoted), after);
}

static bool parse_rule(struct str item, struct str *pattern, int *level, struct error *err)
{
    struct str number;
    uint64_t value;

    if (!str_cut(item, '=', pattern, &number) || pattern->len == 0 || number.len == 0 || str_index(number, '=') >= 0)
        return fail(err, "", item, " does not have the pattern=N format");
    if (!str_to_u64(number, &value) || value > INT32_MAX)
        return fail(err, "parsing verbosity in ", item, ": invalid syntax");
    *level = (int)value;
    return true;
}

static bool each_rule(struct str text, bool is_kept, struct error *err)
{
    struct str item, pattern;
    int level;

    for (bool has_more = true; has_more;) {
        has_more = str_cut(text, ',', &item, &text);
        if (item.len == 0)
            continue;
        if (!parse_rule(item, &pattern, &level, err))
            return false;
        if (!is_kept)
            continue;
        rules = mem_realloc_array(rules, rule_count + 1, sizeof(*rules));
        rules[rule_count++] = (struct rule){.pattern = str_dup(pattern), .level = level};
    }
    return true;
}

bool log_check_vmodule(struct str text, struct error *err)
{
    return each_rule(text, false, err);
}

void log_set_vmodule(struct str text)
{
    for (size_t i = 0; i < rule_count; i++)
        free(rules[i].pattern);
    free(rules);
    rules = NULL;
    rule_count = 0;
    each_rule(text, true, NULL);
}

static bool fits(const char *pattern, struct str path)
{
    auto_free char *subject = NULL;

    if (strchr(pattern, '/') == NULL) {
        for (size_t i = path.len; i > 0; i--) {
            if (path.ptr[i - 1] == '/') {
                path = str_skip(path, i);
                break;
            }
        }
    }
    subject = str_dup(path);
    return fnmatch(pattern, subject, FNM_PATHNAME) == 0;
}

int log_vmodule_level(const char *file)
{
    struct str path = str_of(file);

    for (size_t i = 0; i < rule_count; i++) {
        if (fits(rules[i].pattern, str_ends_with(path, STR(".c")) ? str_head(path, path.len - 2) : path))
            return rules[i].level;
    }
    return -1;
}
