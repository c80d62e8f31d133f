#include "apiserver/openapi_server.h"

#include "apiserver/etag.h"
#include "apiserver/gzip.h"
#include "apiserver/openapi_protobuf.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <assert.h>
#include <time.h>

enum {
    MAX_PARTS = 16,
    HTTP_DATE_SIZE = 32,
    GZIP_MIN_BYTES = 1400,
};

#define YEAR_NS (INT64_C(365) * 24 * 3600 * NS_PER_S)

struct part {
    const char *path;
    struct buf json; /* owned */
    struct str etag;
    struct buf protobuf; /* owned; made when it is asked for */
    struct str protobuf_etag;
};

struct openapi_server {
    struct part v2, index;
    struct part parts[MAX_PARTS];
    size_t part_count;
    char modified[HTTP_DATE_SIZE];
    struct arena arena; /* the tags */
};

static void print_http_date(char out[HTTP_DATE_SIZE], int64_t unix_ns)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(unix_ns / NS_PER_S);
    struct tm t;

    gmtime_r(&seconds, &t);
    snprintf(out, HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[t.tm_wday], (unsigned)t.tm_mday % 100,
             months[t.tm_mon], (unsigned)(t.tm_year + 1900) % 10000, (unsigned)t.tm_hour % 100,
             (unsigned)t.tm_min % 100, (unsigned)t.tm_sec % 100);
}

struct openapi_server *openapi_server_new(int64_t now_unix_ns)
{
    struct openapi_server *s = mem_zalloc(sizeof(*s));

    print_http_date(s->modified, now_unix_ns);
    return s;
}

static void part_free(struct part *p)
{
    buf_free(&p->json);
    buf_free(&p->protobuf);
}

void openapi_server_free(struct openapi_server *s)
{
    if (s == NULL)
        return;
    part_free(&s->v2);
    part_free(&s->index);
    for (size_t i = 0; i < s->part_count; i++)
        part_free(&s->parts[i]);
    arena_free(&s->arena);
    free(s);
}

static void fill(struct openapi_server *s, struct part *p, struct buf *json)
{
    p->json = *json;
    *json = (struct buf){0};
    p->etag = etag_of(&s->arena, buf_str(&p->json));
}

void openapi_server_set_v2(struct openapi_server *s, struct buf *json)
{
    fill(s, &s->v2, json);
}

void openapi_server_add_v3(struct openapi_server *s, const char *path, struct buf *json)
{
    assert(s->part_count < MAX_PARTS);
    s->parts[s->part_count].path = path;
    fill(s, &s->parts[s->part_count++], json);
}

/* --- answers --- */

static bool is_gzip_wanted(const struct api_request *r)
{
    struct str rest = http_headers_get(&r->http->headers, STR("Accept-Encoding")), one, coding, q;

    while (rest.len > 0) {
        str_cut(rest, ',', &one, &rest);
        str_cut(one, ';', &coding, &q);
        q = str_trim(q);
        if (str_eq_ignore_case(str_trim(coding), STR("gzip")))
            return !str_eq(q, STR("q=0")) && !str_starts_with(q, STR("q=0.0"));
    }
    return false;
}

static bool is_not_modified(const struct openapi_server *s, const struct api_request *r, struct str etag)
{
    struct str tags = http_headers_get(&r->http->headers, STR("If-None-Match"));

    if (tags.ptr != NULL)
        return etag_matches(tags, etag);
    return str_eq_cstr(http_headers_get(&r->http->headers, STR("If-Modified-Since")), s->modified);
}

/* BYTES, a document's, with HEADERS and those that all have. */
static void respond(struct openapi_server *s, struct api_request *r, struct str etag, struct http_headers headers,
                    struct str bytes)
{
    auto_buf struct buf packed = {0};

    http_headers_add(&headers, r->arena, STR("Etag"), etag);
    http_headers_add(&headers, r->arena, STR("Last-Modified"), str_of(s->modified));
    http_headers_add(&headers, r->arena, STR("Vary"), STR("Accept"));
    http_headers_add(&headers, r->arena, STR("Vary"), STR("Accept-Encoding"));
    if (is_not_modified(s, r, etag)) {
        api_start(r, 304, &headers, 0);
        api_end(r);
        return;
    }
    if (bytes.len >= GZIP_MIN_BYTES && is_gzip_wanted(r)) {
        struct gzip *gzip = gzip_new();
        gzip_add(gzip, &packed, bytes);
        gzip_finish(gzip, &packed);
        gzip_free(gzip);
        http_headers_add(&headers, r->arena, STR("Content-Encoding"), STR("gzip"));
        bytes = buf_str(&packed);
    }
    api_start(r, 200, &headers, (int64_t)bytes.len);
    api_write(r, bytes);
    api_end(r);
}

/* Answers what isn't GET or HEAD. */
static bool is_reading(struct api_request *r)
{
    if (str_eq(r->http->method, STR("GET")) || str_eq(r->http->method, STR("HEAD")))
        return true;
    struct status s = status_method_not_allowed();
    api_respond_status(r, &s);
    return false;
}

/* Which of TYPES the client takes. -1: it was answered. */
static int negotiate(struct api_request *r, const struct str *types, size_t count)
{
    int picked = accept_pick(r->accept, types, count);

    if (picked < 0) {
        api_start(r, 406, NULL, 0);
        api_end(r);
    }
    return picked;
}

/* P as the client wants it: TYPES are JSON, protobuf, and protobuf by a name that is no type to answer with. */
static void respond_part(struct openapi_server *s, struct api_request *r, struct part *p, struct http_headers headers,
                         const struct str types[3], void (*print)(struct buf *to, struct str json))
{
    int picked = negotiate(r, types, 3);

    if (picked < 0)
        return;
    http_headers_add(&headers, r->arena, STR("Content-Type"), types[picked > 0 ? 1 : 0]);
    if (picked == 0) {
        respond(s, r, p->etag, headers, buf_str(&p->json));
        return;
    }
    if (p->protobuf.len == 0) {
        print(&p->protobuf, buf_str(&p->json));
        p->protobuf_etag = etag_of(&s->arena, buf_str(&p->protobuf));
    }
    respond(s, r, p->protobuf_etag, headers, buf_str(&p->protobuf));
}

static void handle_v2(void *arg, struct api_request *r)
{
    static const struct str types[] = {
        STR_INIT("application/json"),
        STR_INIT("application/com.github.proto-openapi.spec.v2.v1.0+protobuf"),
        STR_INIT("application/com.github.proto-openapi.spec.v2@v1.0+protobuf"),
    };
    struct openapi_server *s = arg;

    if (is_reading(r))
        respond_part(s, r, &s->v2, (struct http_headers){0}, types, openapi_print_protobuf);
}

/* "/openapi/v3/PATH?hash=HASH" */
static struct str address_of(struct arena *arena, const struct part *p)
{
    struct str hash = etag_hash(p->etag);

    return arena_printf(arena, "/openapi/v3/%s?hash=%.*s", p->path, STR_ARG(hash));
}

static struct part *find_part(struct openapi_server *s, struct str path)
{
    for (size_t i = 0; i < s->part_count; i++)
        if (str_eq_cstr(path, s->parts[i].path))
            return &s->parts[i];
    return NULL;
}

/* Whether the request's ?hash is P's. False: the client was sent to the right address. */
static bool check_hash(struct api_request *r, const struct part *p, struct http_headers *headers)
{
    struct str hash = query_get(&r->query, STR("hash"));
    char expires[HTTP_DATE_SIZE];

    if (hash.len == 0)
        return true;
    if (!str_eq(hash, etag_hash(p->etag))) {
        http_headers_add(headers, r->arena, STR("Location"), address_of(r->arena, p));
        api_start(r, 301, headers, 0);
        api_end(r);
        return false;
    }
    print_http_date(expires, clock_unix_ns() + YEAR_NS);
    http_headers_add(headers, r->arena, STR("Cache-Control"), STR("public, immutable"));
    http_headers_add(headers, r->arena, STR("Expires"), str_of(expires));
    return true;
}

static void respond_index(struct openapi_server *s, struct api_request *r)
{
    static const struct str json = STR_INIT("application/json");
    struct http_headers headers = {0};

    if (negotiate(r, &json, 1) < 0)
        return;
    http_headers_add(&headers, r->arena, STR("Content-Type"), json);
    respond(s, r, s->index.etag, headers, buf_str(&s->index.json));
}

static void handle_v3(void *arg, struct api_request *r)
{
    static const struct str types[] = {
        STR_INIT("application/json"),
        STR_INIT("application/com.github.proto-openapi.spec.v3.v1.0+protobuf"),
        STR_INIT("application/com.github.proto-openapi.spec.v3@v1.0+protobuf"),
    };
    struct openapi_server *s = arg;
    struct str path = str_skip(r->attributes.path, strlen("/openapi/v3/"));
    struct part *part = find_part(s, path);
    struct http_headers headers = {0};

    if (!is_reading(r))
        return;
    if (path.len == 0) {
        respond_index(s, r);
    } else if (part == NULL) {
        api_start(r, 200, NULL, 0);
        api_end(r);
    } else if (check_hash(r, part, &headers)) {
        respond_part(s, r, part, headers, types, openapi_print_protobuf_v3);
    }
}

static void make_index(struct openapi_server *s)
{
    struct buf json = {0};
    struct json_writer w = json_writer_to(&json);

    json_open_object(&w);
    json_write_key(&w, STR("paths"));
    json_open_object(&w);
    for (size_t i = 0; i < s->part_count; i++) {
        json_write_key(&w, str_of(s->parts[i].path));
        json_open_object(&w);
        json_member_str(&w, STR("serverRelativeURL"), address_of(&s->arena, &s->parts[i]));
        json_close_object(&w);
    }
    json_close_object(&w);
    json_close_object(&w);
    fill(s, &s->index, &json);
}

void openapi_server_install(struct openapi_server *s, struct api_server *server)
{
    make_index(s);
    api_server_route(server, "/openapi/v2", handle_v2, s);
    api_server_route(server, "/openapi/v3", handle_v3, s);
    api_server_route(server, "/openapi/v3/", handle_v3, s);
}
