#include "cluster/api_call.h"

#include "base/alloc.h"
#include "cluster/json_path.h"
#include "cluster/kinds/schema_types.h"
#include "cluster/request_object.h"

/* DeleteOptions: the body counts, then the query. STRINGS in OUT live as long as BODY. */
static bool read_options(const struct api_request *r, const json_t *body, struct delete_options *out, struct failure *f)
{
    static const char *const policies[] = {"Orphan", "Background", "Foreground"};
    struct str grace = query_get(&r->query, STR("gracePeriodSeconds"));
    struct str policy = json_text_at(body, "propagationPolicy");
    *out = (struct delete_options){.grace_seconds = json_integer_at(body, "gracePeriodSeconds", -1),
                                   .uid = json_text_at(body, "preconditions.uid"),
                                   .resource_version = json_text_at(body, "preconditions.resourceVersion"),
                                   .is_dry_run = json_array_has(json_object_get(body, "dryRun"), STR("All"))};
    if (body == NULL && grace.len > 0 && !str_to_i64(grace, &out->grace_seconds))
        return failure_bad_request(f, "gracePeriodSeconds: Invalid value: \"%.*s\"", STR_ARG(grace));
    if (policy.len == 0)
        policy = query_get(&r->query, STR("propagationPolicy"));
    bool is_known = policy.len == 0;
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
        is_known = is_known || str_eq_cstr(policy, policies[i]);
    if (!is_known)
        return failure_bad_request(f,
                                   "DeleteOptions \"\" is invalid: propagationPolicy: Unsupported value: \"%.*s\": "
                                   "supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
                                   STR_ARG(policy));
    out->orphan_dependents = str_eq(policy, STR("Orphan"));
    return api_read_dry_run(r, &out->is_dry_run, f);
}

/* The options' body, which may be missing. False: it was answered. */
static bool decode_options(struct api_request *r, struct str media_type, struct str text, json_t **body)
{
    struct failure f = {0};
    *body = NULL;
    if (str_trim(text).len == 0)
        return true;
    *body = request_object(&schema_delete_options, media_type, text, &f);
    if (*body != NULL && !json_is_object(*body)) {
        json_decref(*body);
        *body = NULL;
        failure_bad_request(&f, "the body of a delete is a DeleteOptions object");
    }
    if (*body == NULL)
        api_call_fail(r, &f);
    return *body != NULL;
}

/* --- one object --- */

static void respond_deleted(struct api_write *w, const struct object *result)
{
    struct api_request *r = w->call.request;
    const struct resource *kind = w->call.kind;
    bool is_gone = registry_get(w->call.api->options.registry, kind, result->namespace, result->name) == NULL;
    if (is_gone && !kind->returns_deleted) {
        struct group_resource what = {str_of(kind->group), str_of(kind->plural)};
        struct status s = status_success(what, result->name, result->uid);
        api_respond_status(r, &s);
        return;
    }
    struct buf json = {0};
    present_object(&json, &w->present, result);
    api_call_respond(r, 200, &w->present.choice, &json, NULL);
    buf_free(&json);
}

static void on_deleted(void *ctx, const struct object *result, const struct failure *failure)
{
    struct api_write *w = ctx;
    struct api_request *r = w->call.request;
    if (r != NULL) {
        api_request_resume(r);
        if (result == NULL)
            api_respond_status(r, &failure->status);
        else
            respond_deleted(w, result);
    }
    api_write_free(w);
}

static void on_delete_body(void *arg, struct api_request *r, struct str media_type, struct str text)
{
    struct api_call *c = arg;
    struct present p;
    struct failure f = {0};
    struct delete_options options;
    json_t *body;
    if (!api_call_present(c, false, &p) || !decode_options(r, media_type, text, &body))
        return;
    if (!read_options(r, body, &options, &f)) {
        json_decref(body);
        api_call_fail(r, &f);
        return;
    }
    struct api_write *w = api_write_new(c, &p, 200, body);
    registry_delete(c->api->options.registry, c->kind, r->attributes.namespace, r->attributes.name, &options,
                    on_deleted, w);
}

void api_delete(struct api_call *c)
{
    api_request_read_body(c->request, &request_object_rules, on_delete_body, c);
}

/* --- a collection --- */

struct collection {
    struct api_write *write;
    struct object **items; /* one reference each */
    size_t count;
    size_t waiting;
    struct failure failure; /* the first */
};

static void collection_finish(struct collection *d)
{
    struct api_write *w = d->write;
    struct api_request *r = w->call.request;
    if (r != NULL) {
        api_request_resume(r);
        if (failure_is_set(&d->failure)) {
            api_respond_status(r, &d->failure.status);
        } else {
            auto_buf struct buf version = {0};
            struct buf json = {0};
            buf_add_u64(&version, storage_version(registry_storage(w->call.api->options.registry)));
            struct list_meta meta = {.resource_version = buf_str(&version)};
            present_list(&json, &w->present, d->items, d->count, &meta);
            api_call_respond(r, 200, &w->present.choice, &json, NULL);
            buf_free(&json);
        }
    }
    for (size_t i = 0; i < d->count; i++)
        object_unref(d->items[i]);
    failure_clear(&d->failure);
    api_write_free(w);
    free(d->items);
    free(d);
}

static void on_one_deleted(void *ctx, const struct object *result, const struct failure *failure)
{
    struct collection *d = ctx;
    (void)result;
    /* Gone before we came is gone as well. */
    if (failure != NULL && failure->status.code != 404 && !failure_is_set(&d->failure))
        failure_of(&d->failure, &failure->status);
    if (--d->waiting == 0)
        collection_finish(d);
}

static void on_collection_body(void *arg, struct api_request *r, struct str media_type, struct str text)
{
    struct api_call *c = arg;
    struct registry *registry = c->api->options.registry;
    struct present p;
    struct failure f = {0};
    struct delete_options options;
    struct selection selection;
    json_t *body;
    if (!api_call_present(c, true, &p) || !decode_options(r, media_type, text, &body))
        return;
    if (!read_options(r, body, &options, &f) || !selection_read(r->arena, c->kind, &r->attributes, &selection, &f)) {
        json_decref(body);
        api_call_fail(r, &f);
        return;
    }
    struct collection *d = mem_zalloc(sizeof(*d));
    d->write = api_write_new(c, &p, 200, body);
    struct storage_range range = storage_list(registry_kind(registry, c->kind), selection.namespace);
    d->items = mem_alloc((range.count + 1) * sizeof(*d->items));
    for (size_t i = 0; i < range.count; i++) {
        if (selection_has(&selection, range.items[i]))
            d->items[d->count++] = object_ref(range.items[i]);
    }
    /* One more to wait for, so that deletes that fail at once don't finish it half-way. */
    d->waiting = d->count + 1;
    for (size_t i = 0; i < d->count; i++)
        registry_delete(registry, c->kind, d->items[i]->namespace, d->items[i]->name, &options, on_one_deleted, d);
    on_one_deleted(d, NULL, NULL);
}

void api_delete_collection(struct api_call *c)
{
    api_request_read_body(c->request, &request_object_rules, on_collection_body, c);
}
