#include "cluster/api_call.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "cluster/json_path.h"

#include <inttypes.h>

void api_get(struct api_call *c)
{
    struct api_request *r = c->request;
    struct present p;
    if (!api_call_present(c, false, &p))
        return;
    struct failure f = {0};
    const struct object *o =
        registry_get(c->api->options.registry, c->kind, r->attributes.namespace, r->attributes.name);
    if (o == NULL) {
        failure_not_found(&f, c->kind, r->attributes.name);
        api_call_fail(r, &f);
        return;
    }
    struct buf json = {0};
    present_object(&json, &p, o);
    api_call_respond(r, 200, &p.choice, &json, NULL);
    buf_free(&json);
}

/* Where a list in pieces goes on. On the wire: base64url of
 * {"v":"meta.k8s.io/v1","rv":VERSION,"start":"NAMESPACE/NAME"}. */
struct continuation {
    uint64_t version;
    struct str namespace, name; /* of the last object given */
};

static bool read_continuation(struct arena *arena, struct str token, struct continuation *out, struct failure *f)
{
    auto_buf struct buf text = {0};
    auto_dom json_t *json = NULL;
    if (base64url_decode(&text, token))
        json = json_loadb(buf_cstr(&text), text.len, 0, NULL);
    struct str start = json_text_at(json, "start");
    int64_t version = json_integer_at(json, "rv", 0);
    /* The version's name has dots, so it is no path. */
    if (version <= 0 || !str_eq(json_text(json_object_get(json, "v")), STR("meta.k8s.io/v1")) ||
        !str_cut(start, '/', &out->namespace, &out->name))
        return failure_bad_request(f, "continue key is not valid: it was not issued by this server");
    out->version = (uint64_t)version;
    out->namespace = arena_str(arena, out->namespace);
    out->name = arena_str(arena, out->name);
    return true;
}

static struct str write_continuation(struct arena *arena, uint64_t version, const struct object *last)
{
    auto_buf struct buf text = {0}, token = {0};
    buf_printf(&text, "{\"v\":\"meta.k8s.io/v1\",\"rv\":%" PRIu64 ",\"start\":\"%.*s/%.*s\"}", version,
               STR_ARG(last->namespace), STR_ARG(last->name));
    base64url_encode(&token, buf_str(&text));
    return arena_str(arena, buf_str(&token));
}

/* resourceVersion and resourceVersionMatch: memory only has the latest state. */
static bool check_version(const struct api_request *r, uint64_t current, bool is_continued, struct failure *f)
{
    struct str text = query_get(&r->query, STR("resourceVersion"));
    struct str match = query_get(&r->query, STR("resourceVersionMatch"));
    uint64_t version = 0;
    if (text.len > 0 && !str_to_u64(text, &version))
        return failure_bad_request(f, "Invalid value: \"%.*s\": strconv.ParseUint: parsing \"%.*s\": invalid syntax",
                                   STR_ARG(text), STR_ARG(text));
    if (match.len > 0 && !str_eq(match, STR("Exact")) && !str_eq(match, STR("NotOlderThan")))
        return failure_bad_request(f, "resourceVersionMatch: Unsupported value: \"%.*s\"", STR_ARG(match));
    if (match.len > 0 && text.len == 0)
        return failure_bad_request(
            f, "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (is_continued && text.len > 0 && version != 0)
        return failure_bad_request(f, "specifying resource version is not allowed when using continue");
    if (version > current) {
        failure_set(f, 504, "Timeout", "Too large resource version: %" PRIu64 ", current: %" PRIu64, version, current);
        f->status.has_details = true;
        f->status.details.retry_after_seconds = 1;
        return false;
    }
    if (str_eq(match, STR("Exact")) && version != current)
        return failure_set(f, 410, "Expired", "The resourceVersion for the provided list is too old.");
    return true;
}

/* LIMIT of 0 is none. */
static bool read_limit(const struct api_request *r, uint64_t *limit, struct failure *f)
{
    struct str text = query_get(&r->query, STR("limit"));
    *limit = 0;
    if (text.len > 0 && !str_to_u64(text, limit))
        return failure_bad_request(f, "limit: Invalid value: \"%.*s\"", STR_ARG(text));
    return true;
}

struct listing {
    struct object **items; /* in the arena; borrowed objects */
    size_t count;
    size_t remaining; /* that match, behind the limit */
};

static struct listing collect(struct arena *arena, struct storage_range range, const struct selection *s,
                              uint64_t limit)
{
    struct listing l = {.items = arena_alloc(arena, (range.count + 1) * sizeof(*l.items))};
    for (size_t i = 0; i < range.count; i++) {
        if (!selection_has(s, range.items[i]))
            continue;
        if (limit != 0 && l.count == limit)
            l.remaining++;
        else
            l.items[l.count++] = range.items[i];
    }
    return l;
}

void api_list(struct api_call *c)
{
    struct api_request *r = c->request;
    struct registry *registry = c->api->options.registry;
    struct present p;
    if (!api_call_present(c, true, &p))
        return;
    auto_failure struct failure f = {0};
    struct selection selection;
    struct continuation from = {.version = storage_version(registry_storage(registry))};
    struct str token = query_get(&r->query, STR("continue"));
    uint64_t limit;
    bool is_ok = selection_read(r->arena, c->kind, &r->attributes, &selection, &f) && read_limit(r, &limit, &f) &&
                 check_version(r, from.version, token.len > 0, &f);
    if (is_ok && token.len > 0)
        is_ok = read_continuation(r->arena, token, &from, &f);
    if (!is_ok) {
        api_call_fail(r, &f);
        return;
    }
    struct storage_kind *k = registry_kind(registry, c->kind);
    struct storage_range range = token.len > 0 ? storage_list_after(k, selection.namespace, from.namespace, from.name)
                                               : storage_list(k, selection.namespace);
    struct listing l = collect(r->arena, range, &selection, limit);
    /*
     * Later pieces show the objects as they are by then, under the version of the first: a watch from there brings
     * whatever changed in between.
     */
    struct list_meta meta = {.resource_version = arena_printf(r->arena, "%" PRIu64, from.version)};
    if (l.remaining > 0) {
        bool is_plain = selector_is_everything(&selection.labels) && selector_is_everything(&selection.fields);
        meta.continue_token = write_continuation(r->arena, from.version, l.items[l.count - 1]);
        meta.remaining_items = is_plain ? (int64_t)l.remaining : 0;
    }
    struct buf json = {0};
    present_list(&json, &p, l.items, l.count, &meta);
    api_call_respond(r, 200, &p.choice, &json, NULL);
    buf_free(&json);
}
