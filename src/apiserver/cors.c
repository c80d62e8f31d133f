#include "apiserver/cors.h"

#include <regex.h>

#include "base/alloc.h"

struct cors {
    regex_t *patterns; /* owned */
    size_t count;
};

/* What POSIX takes for something else than Go does: \d, \w and the like. */
static bool is_foreign(const char *pattern)
{
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c != '\\')
            continue;
        c++;
        if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '\0')
            return true;
    }
    return false;
}

static bool add_pattern(struct cors *c, const char *pattern, struct error *err)
{
    char reason[128];

    if (is_foreign(pattern))
        return error_set(err, 0, "%s: escapes of letters and digits are not available here", pattern);
    int result = regcomp(&c->patterns[c->count], pattern, REG_EXTENDED | REG_NOSUB);
    if (result != 0) {
        regerror(result, &c->patterns[c->count], reason, sizeof(reason));
        return error_set(err, 0, "%s: %s", pattern, reason);
    }
    c->count++;
    return true;
}

struct cors *cors_new(char *const *patterns, size_t count, struct error *err)
{
    struct cors *c = mem_zalloc(sizeof(*c));

    c->patterns = mem_zalloc((count + 1) * sizeof(*c->patterns));
    for (size_t i = 0; i < count; i++) {
        if (!add_pattern(c, patterns[i], err)) {
            cors_free(c);
            return NULL;
        }
    }
    return c;
}

void cors_free(struct cors *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->count; i++)
        regfree(&c->patterns[i]);
    free(c->patterns);
    free(c);
}

bool cors_add_headers(const struct cors *c, struct str origin, struct arena *arena, struct http_headers *to)
{
    static const struct {
        struct str name, value;
    } headers[] = {
        {STR_INIT("Access-Control-Allow-Methods"), STR_INIT("POST, GET, OPTIONS, PUT, DELETE, PATCH")},
        {STR_INIT("Access-Control-Allow-Headers"),
         STR_INIT("Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, "
                  "If-Modified-Since")},
        {STR_INIT("Access-Control-Expose-Headers"), STR_INIT("Date")},
        {STR_INIT("Access-Control-Allow-Credentials"), STR_INIT("true")},
    };
    auto_free char *text = str_dup(origin);
    size_t i = 0;

    if (origin.len == 0)
        return false;
    while (i < c->count && regexec(&c->patterns[i], text, 0, NULL, 0) != 0)
        i++;
    if (i == c->count)
        return false;
    http_headers_add(to, arena, STR("Access-Control-Allow-Origin"), origin);
    for (size_t h = 0; h < sizeof(headers) / sizeof(headers[0]); h++)
        http_headers_add(to, arena, headers[h].name, headers[h].value);
    return true;
}
