/* What a client makes of an answer: a Status out of its JSON, or one made up from the HTTP code. */
#include "base/alloc.h"
#include "base/quote.h"
#include "kube/json_scan.h"
#include "kube/status.h"

#define MAX_CAUSES 256         /* kept of what a server sends */
#define MAX_MESSAGE_BYTES 2048 /* quoted of a body that is no Status */

static bool scan_causes(struct json_scan *s, struct status *out)
{
    struct status_cause *causes = NULL;
    size_t count = 0;
    struct str key;

    json_scan_enter_array(s);
    while (json_scan_next_element(s)) {
        if (count == MAX_CAUSES)
            continue;
        if (causes == NULL)
            causes = arena_zalloc(s->arena, MAX_CAUSES * sizeof(*causes));
        json_scan_enter_object(s);
        while (json_scan_next_member(s, &key)) {
            if (str_eq(key, STR("reason")))
                json_scan_str(s, &causes[count].reason);
            else if (str_eq(key, STR("message")))
                json_scan_str(s, &causes[count].message);
            else if (str_eq(key, STR("field")))
                json_scan_str(s, &causes[count].field);
        }
        count++;
    }
    out->details.causes = causes;
    out->details.cause_count = count;
    return s->fault == NULL;
}

static void scan_details(struct json_scan *s, struct status *out)
{
    struct str key;

    out->has_details = json_scan_peek(s) == JSON_SCAN_OBJECT;
    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("name")))
            json_scan_str(s, &out->details.name);
        else if (str_eq(key, STR("group")))
            json_scan_str(s, &out->details.group);
        else if (str_eq(key, STR("kind")))
            json_scan_str(s, &out->details.kind);
        else if (str_eq(key, STR("uid")))
            json_scan_str(s, &out->details.uid);
        else if (str_eq(key, STR("causes")))
            scan_causes(s, out);
        else if (str_eq(key, STR("retryAfterSeconds")))
            json_scan_i64(s, &out->details.retry_after_seconds);
    }
}

bool status_parse(struct arena *arena, struct str json, struct status *out)
{
    struct json_scan s = json_scan_of(json, arena);
    struct status status = {0};
    struct str kind = STR(""), version = STR(""), outcome = STR("");
    struct str key;
    int64_t code = 0;

    if (json_scan_peek(&s) != JSON_SCAN_OBJECT)
        return false;
    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (str_eq(key, STR("kind")))
            json_scan_str(&s, &kind);
        else if (str_eq(key, STR("apiVersion")))
            json_scan_str(&s, &version);
        else if (str_eq(key, STR("status")))
            json_scan_str(&s, &outcome);
        else if (str_eq(key, STR("message")))
            json_scan_str(&s, &status.message);
        else if (str_eq(key, STR("reason")))
            json_scan_str(&s, &status.reason);
        else if (str_eq(key, STR("details")))
            scan_details(&s, &status);
        else if (str_eq(key, STR("code")))
            json_scan_i64(&s, &code);
    }
    if (!json_scan_finish(&s) || !str_eq(kind, STR("Status")) || !str_eq(version, STR("v1")))
        return false;
    status.is_success = str_eq(outcome, STR("Success"));
    status.code = code > 0 && code < 1000 ? (int)code : 0;
    *out = status;
    return true;
}

static const struct {
    int code;
    const char *reason;
    const char *message; /* NULL: what the server said */
} generic_answers[] = {
    {400, "BadRequest", "the server rejected our request for an unknown reason"},
    {401, "Unauthorized", "the server has asked for the client to provide credentials"},
    {403, "Forbidden", NULL},
    {404, "NotFound", "the server could not find the requested resource"},
    {405, "MethodNotAllowed", "the server does not allow this method on the requested resource"},
    {406, "NotAcceptable", NULL},
    {409, "Conflict", "the server reported a conflict"},
    {415, "UnsupportedMediaType", NULL},
    {422, "Invalid", "the server rejected our request due to an error in our request"},
    {429, "TooManyRequests", "the server has received too many requests and has asked us to try again later"},
    {503, "ServiceUnavailable", "the server is currently unable to handle the request"},
    {504, "Timeout",
     "the server was unable to return a response in the time allotted, but may still be processing the request"},
};

/* Reason and message of an answer that carries no Status of its own. */
static void describe(struct arena *arena, struct status *s, struct str said)
{
    auto_buf struct buf text = {0};

    for (size_t i = 0; i < sizeof(generic_answers) / sizeof(generic_answers[0]); i++) {
        if (generic_answers[i].code != s->code)
            continue;
        s->reason = str_of(generic_answers[i].reason);
        s->message = generic_answers[i].message != NULL ? str_of(generic_answers[i].message) : said;
        return;
    }
    if (s->code >= 500) {
        s->reason = STR("InternalError");
        buf_add_cstr(&text, "an error on the server (");
        quote_add(&text, said);
        buf_add_cstr(&text, ") has prevented the request from succeeding");
        s->message = arena_str(arena, buf_str(&text));
    } else {
        s->message = arena_printf(
            arena, "the server responded with the status code %d but did not return more information", s->code);
    }
}

struct status status_of_response(struct arena *arena, int code, struct str body)
{
    struct status s;
    struct str said = str_trim(str_head(body, MAX_MESSAGE_BYTES));
    struct status_cause *cause;

    if (status_parse(arena, body, &s) && !s.is_success) {
        if (s.code == 0)
            s.code = code;
        return s;
    }
    if (said.len == 0)
        said = STR("unknown");
    s = (struct status){.code = code, .has_details = true};
    describe(arena, &s, said);
    cause = arena_zalloc(arena, sizeof(*cause));
    *cause = (struct status_cause){.reason = STR("UnexpectedServerResponse"), .message = said};
    s.details.causes = cause;
    s.details.cause_count = 1;
    return s;
}
