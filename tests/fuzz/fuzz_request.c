/*
 * Method, path, query, Accept and identity headers of a request, a line each: whatever they say, they get a meaning,
 * the review that asks about it is JSON, and what negotiation chooses is something that we have.
 */
#include "apiserver/accept.h"
#include "apiserver/authz_delegated.h"
#include "apiserver/etag.h"
#include "apiserver/gzip.h"
#include "apiserver/impersonation.h"
#include "base/alloc.h"
#include "kube/json_scan.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct str next_line(struct str *rest)
{
    struct str line;

    str_cut(*rest, '\n', &line, rest);
    return line;
}

static void check_attributes(const struct api_attributes *a)
{
    assert(a->is_resource || (a->resource.len == 0 && a->name.len == 0 && a->namespace.len == 0));
    assert(a->subresource.len == 0 || a->parts.len > a->resource.len + a->subresource.len);
    assert(str_starts_with(a->parts, a->resource));
    assert(!a->is_resource || a->api_prefix.len > 0);
}

static void check_review(const struct user *user, const struct api_attributes *a)
{
    auto_buf struct buf json = {0};

    subject_access_review_print(&json, user, a);
    assert(json_is_valid(buf_str(&json), NULL));
}

/* TEXT as the values of headers that are lists: what one of the elements says holds for the list. */
static void check_headers(struct str text)
{
    struct str one;

    bool is_accepted = gzip_is_accepted(text), matches = etag_matches(text, STR("\"a\""));
    while (text.len > 0) {
        str_cut(text, ',', &one, &text);
        assert(is_accepted || !gzip_is_accepted(one));
        assert(matches || !etag_matches(one, STR("\"a\"")));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_arena struct arena arena = {0};
    struct str rest = str_from((const char *)bytes, len), path, name, value;
    struct http_headers headers = {0};
    struct accept_choice choice;
    struct api_attributes a;
    struct impersonation i;

    struct str method = next_line(&rest), target = next_line(&rest), text = next_line(&rest);
    struct str accept = next_line(&rest);
    struct query query = query_parse(&arena, text);
    if (accept_choose(accept, 7, &choice))
        assert(choice.media <= ACCEPT_YAML && (choice.as == ACCEPT_AS_OBJECT || choice.as_version != NULL));
    if (accept_choose(accept, 15, &choice))
        assert(choice.media <= ACCEPT_PROTOBUF && (choice.media != ACCEPT_PROTOBUF || choice.as != ACCEPT_AS_TABLE));
    assert(accept_pick(accept, accept_media_types, 3) < 3);
    check_headers(accept);
    while (rest.len > 0) {
        struct str line = next_line(&rest);
        str_cut(line, ':', &name, &value);
        http_headers_add(&headers, &arena, name, value);
    }
    bool is_sound = impersonation_read(&headers, &arena, &i, NULL);
    if (!http_percent_decode(&arena, target, false, &path))
        return 0;
    if (attributes_parse(&arena, method, path, &query, &a, NULL))
        check_attributes(&a);
    check_review(is_sound ? &i.user : &(struct user){0}, &a);
    for (size_t q = 0; is_sound && q < i.question_count; q++)
        check_review(&i.user, &i.questions[q]);
    return 0;
}
