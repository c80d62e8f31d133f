#include "cluster/api_call.h"

#include "base/alloc.h"
#include "cluster/json_path.h"
#include "cluster/patch.h"
#include "cluster/protobuf.h"
#include "cluster/request_object.h"
#include "cluster/strategic_merge.h"

#define PATCH_JSON STR("application/json-patch+json")
#define PATCH_MERGE STR("application/merge-patch+json")
#define PATCH_STRATEGIC STR("application/strategic-merge-patch+json")
static const struct str patch_types[] = {STR_INIT("application/json-patch+json"),
                                         STR_INIT("application/merge-patch+json"),
                                         STR_INIT("application/strategic-merge-patch+json")};

/* --- what comes in --- */

bool api_read_dry_run(const struct api_request *r, bool *out, struct failure *f)
{
    for (size_t i = 0; i < r->query.count; i++) {
        if (!str_eq(r->query.items[i].name, STR("dryRun")))
            continue;
        if (!str_eq(r->query.items[i].value, STR("All")))
            return failure_bad_request(f, "dryRun: Unsupported value: \"%.*s\": supported values: \"All\"",
                                       STR_ARG(r->query.items[i].value));
        *out = true;
    }
    return true;
}

bool api_read_write_options(const struct api_request *r, struct write_options *out, struct failure *f)
{
    struct str validation = query_get(&r->query, STR("fieldValidation"));
    *out = (struct write_options){.subresource = r->attributes.subresource, .fields = FIELDS_WARN};
    if (str_eq(validation, STR("Ignore")))
        out->fields = FIELDS_IGNORE;
    else if (str_eq(validation, STR("Strict")))
        out->fields = FIELDS_STRICT;
    else if (validation.len > 0 && !str_eq(validation, STR("Warn")))
        return failure_bad_request(f,
                                   "fieldValidation: Unsupported value: \"%.*s\": supported values: \"\", \"Ignore\", "
                                   "\"Strict\", \"Warn\"",
                                   STR_ARG(validation));
    return api_read_dry_run(r, &out->is_dry_run, f);
}

/* jansson keeps the last of several members with one name; whether there were any is asked by reading once more. */
static bool note_duplicates(struct str media_type, struct str body, const struct write_options *options,
                            json_t *warnings, struct failure *f)
{
    json_error_t where;
    if (options->fields == FIELDS_IGNORE || str_eq(media_type, STR(PROTOBUF_MEDIA_TYPE)))
        return true;
    json_t *json = json_loadb(body.ptr, body.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &where);
    if (json != NULL || json_error_code(&where) != json_error_duplicate_key) {
        json_decref(json);
        return true;
    }
    if (options->fields == FIELDS_STRICT)
        return failure_bad_request(f, "strict decoding error: %s, line %d", where.text, where.line);
    char text[JSON_ERROR_TEXT_LENGTH + 32];
    snprintf(text, sizeof(text), "%s, line %d", where.text, where.line);
    json_array_append_new(warnings, json_string_nocheck(text));
    return true;
}

/* --- what goes out --- */

void api_write_free(struct api_write *w)
{
    json_decref(w->body);
    json_decref(w->warnings);
    free(w);
}

static void on_request_gone(void *arg)
{
    struct api_write *w = arg;
    w->call.request = NULL;
}

struct api_write *api_write_new(const struct api_call *c, const struct present *p, int code, json_t *body)
{
    struct api_write *w = mem_zalloc(sizeof(*w));
    w->call = *c;
    w->present = *p;
    w->code = code;
    w->body = body;
    w->warnings = json_array();
    api_request_await(c->request, on_request_gone, w);
    return w;
}

/* Who may write what is the extension's business; without its request there is nobody to ask about. */
static bool admit(void *arg, const struct resource *kind, const json_t *object, const json_t *old, struct failure *f)
{
    const struct api_write *w = arg;
    const struct api_options *o = &w->call.api->options;
    if (w->call.request == NULL)
        return failure_set(f, 504, "Timeout", "the request was given up");
    return o->admit == NULL || o->admit(o->arg, &w->call.request->user, kind, object, old, f);
}

static void on_written(void *ctx, const struct object *result, const struct failure *failure)
{
    struct api_write *w = ctx;
    struct api_request *r = w->call.request;
    if (r != NULL) {
        api_request_resume(r);
        if (result == NULL) {
            api_respond_status(r, &failure->status);
        } else {
            struct buf json = {0};
            present_object(&json, &w->present, result);
            api_call_respond(r, w->code, &w->present.choice, &json, w->warnings);
            buf_free(&json);
        }
    }
    api_write_free(w);
}

/* Reads what all writes with a body have in common. NULL: it was answered. */
static struct api_write *write_of(struct api_call *c, int code, struct str media_type, struct str body,
                                  struct write_options *options)
{
    struct present p;
    struct failure f = {0};
    if (!api_call_present(c, false, &p))
        return NULL;
    json_t *json = request_object(c->kind->schema, media_type, body, &f);
    auto_dom json_t *warnings = json_array();
    if (json == NULL || !api_read_write_options(c->request, options, &f) ||
        !note_duplicates(media_type, body, options, warnings, &f)) {
        json_decref(json);
        api_call_fail(c->request, &f);
        return NULL;
    }
    struct api_write *w = api_write_new(c, &p, code, json);
    json_array_extend(w->warnings, warnings);
    options->warnings = w->warnings;
    options->admit = admit;
    options->admit_arg = w;
    return w;
}

/* --- create --- */

static void on_create_body(void *arg, struct api_request *r, struct str media_type, struct str body)
{
    struct api_call *c = arg;
    struct write_options options;
    struct api_write *w = write_of(c, 201, media_type, body, &options);
    if (w == NULL)
        return;
    registry_create(c->api->options.registry, c->kind, r->attributes.namespace, json_incref(w->body), &options,
                    on_written, w);
}

void api_create(struct api_call *c)
{
    struct api_request *r = c->request;
    if (r->attributes.name.len > 0) {
        struct status s = status_method_not_allowed();
        api_respond_status(r, &s);
        return;
    }
    api_request_read_body(r, &request_object_rules, on_create_body, c);
}

/* --- update --- */

static json_t *replace(void *ctx, const json_t *current, struct failure *failure)
{
    (void)current;
    (void)failure;
    struct api_write *w = ctx;
    return json_incref(w->body);
}

static void on_update_body(void *arg, struct api_request *r, struct str media_type, struct str body)
{
    struct api_call *c = arg;
    struct write_options options;
    struct api_write *w = write_of(c, 200, media_type, body, &options);
    if (w == NULL)
        return;
    registry_change(c->api->options.registry, c->kind, r->attributes.namespace, r->attributes.name, replace, w,
                    &options, on_written, w);
}

void api_update(struct api_call *c)
{
    api_request_read_body(c->request, &request_object_rules, on_update_body, c);
}

/* --- patch --- */

/* A patch that doesn't fit the object is answered as any 422 whose cause isn't a field. */
static bool refuse_patch(const struct error *err, struct failure *f)
{
    if (err->code == 422) {
        struct status s = {.code = 422,
                           .reason = STR("Invalid"),
                           .message = STR("the server rejected our request due to an error in our request"),
                           .has_details = true};
        return failure_of(f, &s);
    }
    if (err->code == 413)
        return failure_set(f, 413, "RequestEntityTooLarge", "%s", error_text(err));
    return failure_bad_request(f, "%s", error_text(err));
}

static json_t *apply_patch(void *ctx, const json_t *current, struct failure *failure)
{
    struct api_write *w = ctx;
    auto_error struct error err = {0};
    json_t *result = NULL;
    if (str_eq(w->patch_type, PATCH_JSON)) {
        result = json_patch(current, w->body, &err);
    } else if (!json_is_object(w->body)) {
        error_set(&err, 400, "a patch of type %.*s is a JSON object", STR_ARG(w->patch_type));
    } else {
        result = json_deep_copy(current);
        if (str_eq(w->patch_type, PATCH_MERGE)) {
            merge_patch(result, w->body);
        } else if (!strategic_merge(w->call.kind->schema, result, w->body, &err)) {
            json_decref(result);
            result = NULL;
        }
    }
    if (result == NULL)
        refuse_patch(&err, failure);
    return result;
}

static void on_patch_body(void *arg, struct api_request *r, struct str media_type, struct str body)
{
    struct api_call *c = arg;
    struct write_options options;
    struct api_write *w = write_of(c, 200, media_type, body, &options);
    if (w == NULL)
        return;
    for (size_t i = 0; i < sizeof(patch_types) / sizeof(patch_types[0]); i++) {
        if (str_eq(media_type, patch_types[i]))
            w->patch_type = patch_types[i];
    }
    registry_change(c->api->options.registry, c->kind, r->attributes.namespace, r->attributes.name, apply_patch, w,
                    &options, on_written, w);
}

void api_patch(struct api_call *c)
{
    static const struct api_body_rules rules = {.media_types = patch_types,
                                                .media_type_count = sizeof(patch_types) / sizeof(patch_types[0])};
    api_request_read_body(c->request, &rules, on_patch_body, c);
}
