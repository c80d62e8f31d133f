#include "apiserver/health.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/quote.h"

struct health {
    struct known_check *checks; /* owned */
    size_t count;
};

struct known_check {
    struct health_check check;
    bool is_failing; /* when it was last run: changes are logged */
};

static const struct {
    enum health_endpoint endpoint;
    const char *path;
    const char *below;
    const char *name;
} endpoints[] = {
    {HEALTH_HEALTHZ, "/healthz", "/healthz/", "healthz"},
    {HEALTH_LIVEZ, "/livez", "/livez/", "livez"},
    {HEALTH_READYZ, "/readyz", "/readyz/", "readyz"},
};

struct health *health_new(void)
{
    return mem_zalloc(sizeof(struct health));
}

void health_free(struct health *h)
{
    if (h == NULL)
        return;
    free(h->checks);
    free(h);
}

void health_add(struct health *h, const struct health_check *check)
{
    h->checks = mem_realloc_array(h->checks, h->count + 1, sizeof(*h->checks));
    h->checks[h->count++] = (struct known_check){.check = *check};
}

static bool run(struct known_check *c, struct error *err)
{
    auto_error struct error why = {0};
    bool ok = c->check.check == NULL || c->check.check(c->check.arg, &why);

    if (!ok && !error_is_set(&why))
        error_set(&why, 0, "not healthy");
    if (!ok && !c->is_failing)
        log_warning("Health check failed", LOG_CSTR("check", c->check.name), LOG_ERR(&why));
    if (ok && c->is_failing)
        log_info("Health check passes again", LOG_CSTR("check", c->check.name));
    c->is_failing = !ok;
    if (!ok)
        error_move(err, &why);
    return ok;
}

bool health_passes(struct health *h, enum health_endpoint endpoint, struct error *err)
{
    for (size_t i = 0; i < h->count; i++) {
        struct known_check *c = &h->checks[i];
        if ((c->check.endpoints & endpoint) != 0 && !run(c, err))
            return error_wrap(err, "%s", c->check.name);
    }
    return true;
}

/* Further parameters aren't looked at: these endpoints are free for all, and each name is compared with the others. */
enum {
    MAX_PARAMETERS = 256
};

static bool is_excluded(const struct query *query, struct str name)
{
    for (size_t i = 0; i < query->count; i++)
        if (str_eq(query->items[i].name, STR("exclude")) && str_eq(query->items[i].value, name))
            return true;
    return false;
}

static bool has_check(const struct health *h, enum health_endpoint endpoint, struct str name)
{
    for (size_t i = 0; i < h->count; i++)
        if ((h->checks[i].check.endpoints & endpoint) != 0 && str_eq_cstr(name, h->checks[i].check.name))
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The names that were to be excluded but don't exist, sorted, each once. */
static void warn_of_unknown(const struct health *h, enum health_endpoint endpoint, const struct query *query,
                            struct buf *to)
{
    struct str unknown[MAX_PARAMETERS];
    size_t count = 0;

    for (size_t i = 0; i < query->count; i++)
        if (str_eq(query->items[i].name, STR("exclude")) && !has_check(h, endpoint, query->items[i].value))
            unknown[count++] = query->items[i].value;
    if (count == 0)
        return;
    qsort(unknown, count, sizeof(unknown[0]), compare);
    buf_add_cstr(to, "warn: some health checks cannot be excluded: no matches for ");
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_eq(unknown[i], unknown[i - 1]))
            continue;
        if (i > 0)
            buf_add_char(to, ',');
        quote_add(to, unknown[i]);
    }
    buf_add_char(to, '\n');
}

static const char *endpoint_name(enum health_endpoint endpoint)
{
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
        if (endpoints[i].endpoint == endpoint)
            return endpoints[i].name;
    return "";
}

/* Appends the check's line; false when it fails. */
static bool print_check(struct known_check *c, const struct query *query, struct buf *to)
{
    auto_error struct error err = {0};

    if (is_excluded(query, str_of(c->check.name))) {
        buf_printf(to, "[+]%s excluded: ok\n", c->check.name);
        return true;
    }
    if (run(c, &err)) {
        buf_printf(to, "[+]%s ok\n", c->check.name);
        return true;
    }
    buf_printf(to, "[-]%s failed: %s\n", c->check.name, c->check.is_public ? error_text(&err) : "reason withheld");
    return false;
}

int health_print(struct health *h, enum health_endpoint endpoint, const struct query *query, struct buf *to)
{
    struct query bounded = {query->items, query->count < MAX_PARAMETERS ? query->count : MAX_PARAMETERS};
    auto_buf struct buf lines = {0};
    bool ok = true;

    for (size_t i = 0; i < h->count; i++)
        if ((h->checks[i].check.endpoints & endpoint) != 0)
            ok = print_check(&h->checks[i], &bounded, &lines) && ok;
    warn_of_unknown(h, endpoint, &bounded, &lines);
    if (!ok || query_has(&bounded, STR("verbose"))) {
        buf_add_str(to, buf_str(&lines));
        buf_printf(to, "%s check %s\n", endpoint_name(endpoint), ok ? "passed" : "failed");
    } else {
        buf_add_cstr(to, "ok");
    }
    return ok ? 200 : 500;
}

static void handle_endpoint(struct health *h, struct api_request *r, enum health_endpoint endpoint)
{
    auto_buf struct buf text = {0};
    int code = health_print(h, endpoint, &r->query, &text);

    api_respond_text(r, code, buf_str(&text));
}

static void handle_check(struct health *h, struct api_request *r, enum health_endpoint endpoint, struct str name)
{
    auto_error struct error err = {0};

    for (size_t i = 0; i < h->count; i++) {
        struct known_check *c = &h->checks[i];
        if ((c->check.endpoints & endpoint) == 0 || !str_eq_cstr(name, c->check.name))
            continue;
        if (run(c, &err))
            api_respond_text(r, 200, STR("ok"));
        else
            api_respond_text(r, 500, arena_printf(r->arena, "internal server error: %s\n", error_text(&err)));
        return;
    }
    api_respond_paths(r, 404);
}

static void handle(void *arg, struct api_request *r)
{
    struct str path = r->attributes.path;

    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (str_eq_cstr(path, endpoints[i].path)) {
            handle_endpoint(arg, r, endpoints[i].endpoint);
            return;
        }
        if (str_starts_with(path, str_of(endpoints[i].below))) {
            handle_check(arg, r, endpoints[i].endpoint, str_skip(path, strlen(endpoints[i].below)));
            return;
        }
    }
}

void health_install(struct health *h, struct api_server *server)
{
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        api_server_route(server, endpoints[i].path, handle, h);
        api_server_route_unlisted(server, endpoints[i].below, handle, h);
    }
}

void health_list_paths(const struct health *h, struct path_list *to)
{
    for (size_t e = 0; e < sizeof(endpoints) / sizeof(endpoints[0]); e++) {
        for (size_t i = 0; i < h->count; i++) {
            auto_buf struct buf path = {0};
            if ((h->checks[i].check.endpoints & endpoints[e].endpoint) == 0)
                continue;
            buf_printf(&path, "%s%s", endpoints[e].below, h->checks[i].check.name);
            path_list_add(to, buf_str(&path));
        }
    }
}
