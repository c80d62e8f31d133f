#include "cluster/request_object.h"

#include "cluster/protobuf.h"

static const struct str media_types[] = {STR_INIT("application/json"), STR_INIT(PROTOBUF_MEDIA_TYPE)};

const struct api_body_rules request_object_rules = {.media_types = media_types, .media_type_count = 2};

/* At least as many as there are values; those in strings count too, which makes no difference to anything real. */
static size_t count_separators(struct str body)
{
    size_t count = 0;
    for (size_t i = 0; i < body.len; i++)
        count += body.ptr[i] == ',' || body.ptr[i] == '{' || body.ptr[i] == '[';
    return count;
}

json_t *request_json(struct str body, struct failure *f)
{
    json_error_t where;
    if (count_separators(body) > REQUEST_MAX_VALUES) {
        failure_set(f, 413, "RequestEntityTooLarge", "Request entity too large: more than %d values",
                    REQUEST_MAX_VALUES);
        return NULL;
    }
    json_t *json = json_loadb(body.len > 0 ? body.ptr : "", body.len, JSON_ALLOW_NUL, &where);
    if (json != NULL)
        return json;
    if (json_error_code(&where) == json_error_premature_end_of_input || str_trim(body).len == 0)
        failure_bad_request(f, "unexpected EOF");
    else
        failure_bad_request(f, "invalid JSON at line %d, column %d: %s", where.line, where.column, where.text);
    return NULL;
}

json_t *request_object(const struct schema *s, struct str media_type, struct str body, struct failure *f)
{
    auto_error struct error err = {0};
    if (!str_eq(media_type, STR(PROTOBUF_MEDIA_TYPE)))
        return request_json(body, f);
    json_t *object = protobuf_decode(s, body, &err);
    if (object == NULL)
        failure_bad_request(f, "%s", error_text(&err));
    return object;
}
