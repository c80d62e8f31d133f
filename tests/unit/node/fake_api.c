#include "fake_api.h"

#include <stdio.h>
#include <stdlib.h>

#include "../net/fake_peer.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "node/json_text.h"

struct fake_watch {
    struct fake_conn *conn;
    char collection[512];
};

/* "/api/v1/namespaces/a/pods/x" -> "pods" and so on: which collection lists the object. */
static bool is_in(const char *path, const char *collection)
{
    char all[512], *at;
    size_t len = strlen(collection);

    if (strncmp(path, collection, len) == 0 && path[len] == '/' && strchr(path + len + 1, '/') == NULL)
        return true;
    snprintf(all, sizeof(all), "%s", path); /* the same without "namespaces/NS/" */
    at = strstr(all, "/namespaces/");
    if (at == NULL)
        return false;
    char *rest = strchr(at + strlen("/namespaces/"), '/');
    if (rest == NULL)
        return false;
    memmove(at, rest, strlen(rest) + 1);
    return strncmp(all, collection, len) == 0 && all[len] == '/';
}

static void tell_watchers(struct fake_api *api, const char *type, const char *path, json_t *object)
{
    json_t *event = json_pack("{s:s, s:O}", "type", type, "object", object);
    auto_free char *text = json_dumps(event, JSON_COMPACT);
    auto_buf struct buf line = {0};

    buf_printf(&line, "%s\n", text);
    for (size_t i = 0; i < api->watch_count; i++)
        if (is_in(path, api->watches[i].collection))
            fake_conn_chunk(api->watches[i].conn, buf_str(&line));
    json_decref(event);
}

/* Stores OBJECT (stolen). */
static json_t *store(struct fake_api *api, const char *path, json_t *object)
{
    json_t *metadata = json_member_object(object, "metadata");
    bool is_new = json_object_get(api->objects, path) == NULL;
    auto_buf struct buf text = {0};

    buf_printf(&text, "%lld", (long long)++api->revision);
    json_object_set_new(metadata, "resourceVersion", json_from_str(buf_str(&text)));
    if (json_object_get(metadata, "uid") == NULL) {
        buf_clear(&text);
        buf_printf(&text, "uid-%lld", (long long)api->revision);
        json_object_set_new(metadata, "uid", json_from_str(buf_str(&text)));
    }
    json_object_set_new(api->objects, path, object);
    tell_watchers(api, is_new ? "ADDED" : "MODIFIED", path, object);
    return object;
}

void fake_api_put(struct fake_api *api, const char *path, json_t *object)
{
    store(api, path, object);
}

void fake_api_delete(struct fake_api *api, const char *path)
{
    json_t *object = json_incref(json_object_get(api->objects, path));

    api->revision++;
    json_object_del(api->objects, path);
    tell_watchers(api, "DELETED", path, object);
    json_decref(object);
}

static void answer(struct fake_conn *conn, int status, const json_t *object)
{
    auto_free char *text = json_dumps(object, JSON_COMPACT);

    fake_conn_answer(conn, status, str_of(text));
}

static void answer_failure(struct fake_conn *conn, int status, const char *reason)
{
    json_t *s = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "kind", "Status", "apiVersion", "v1", "status", "Failure",
                          "reason", reason, "message", reason, "code", status);

    answer(conn, status, s);
    json_decref(s);
}

static void answer_list(struct fake_api *api, struct fake_conn *conn, const char *collection)
{
    json_t *items = json_array(), *object, *list;
    const char *path;
    auto_buf struct buf revision = {0};

    json_object_foreach (api->objects, path, object) {
        if (is_in(path, collection))
            json_array_append(items, object);
    }
    buf_printf(&revision, "%lld", (long long)api->revision);
    list = json_pack("{s:s, s:s, s:{s:s}, s:o}", "kind", "List", "apiVersion", "v1", "metadata", "resourceVersion",
                     buf_cstr(&revision), "items", items);
    answer(conn, 200, list);
    json_decref(list);
}

static void start_watch(struct fake_api *api, struct fake_conn *conn, const char *collection)
{
    api->watches = mem_realloc_array(api->watches, api->watch_count + 1, sizeof(*api->watches));
    api->watches[api->watch_count].conn = conn;
    snprintf(api->watches[api->watch_count].collection, sizeof(api->watches[0].collection), "%s", collection);
    api->watch_count++;
    fake_conn_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void merge(json_t *into, const json_t *patch)
{
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)patch, key, value) {
        if (json_is_null(value))
            json_object_del(into, key);
        else if (json_is_object(value) && json_is_object(json_object_get(into, key)))
            merge(json_object_get(into, key), value);
        else
            json_object_set(into, key, value);
    }
}

/* PUT and PATCH, of the object or of its status. */
static void write_object(struct fake_api *api, struct fake_conn *conn, const char *path, const json_t *body,
                         bool is_patch)
{
    char main_path[512];
    bool is_status = str_ends_with(str_of(path), STR("/status"));
    json_t *before, *after;
    struct str revision;

    snprintf(main_path, sizeof(main_path), "%.*s", (int)(strlen(path) - (is_status ? 7 : 0)), path);
    before = json_object_get(api->objects, main_path);
    if (before == NULL) {
        answer_failure(conn, 404, "NotFound");
        return;
    }
    revision = json_member_text(json_object_get(body, "metadata"), "resourceVersion");
    if (revision.len > 0 &&
        !str_eq(revision, json_member_text(json_object_get(before, "metadata"), "resourceVersion"))) {
        answer_failure(conn, 409, "Conflict");
        return;
    }
    after = json_deep_copy(before);
    if (is_patch) {
        merge(after, body);
    } else if (is_status) {
        json_object_set(after, "status", json_object_get(body, "status"));
    } else {
        json_object_update(after, (json_t *)(uintptr_t)body);
        json_object_set(after, "status", json_object_get(before, "status"));
    }
    answer(conn, 200, store(api, main_path, after));
}

static void create_object(struct fake_api *api, struct fake_conn *conn, const char *collection, const json_t *body)
{
    struct str name = json_member_text(json_object_get(body, "metadata"), "name");
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%.*s", collection, STR_ARG(name));
    if (json_object_get(api->objects, buf_cstr(&path)) != NULL) {
        answer_failure(conn, 409, "AlreadyExists");
        return;
    }
    answer(conn, 201, store(api, buf_cstr(&path), json_deep_copy(body)));
}

static void delete_object(struct fake_api *api, struct fake_conn *conn, const char *path, const json_t *body)
{
    json_t *there = json_incref(json_object_get(api->objects, path));
    struct str uid = json_member_text(json_object_get(body, "preconditions"), "uid");

    if (there == NULL) {
        answer_failure(conn, 404, "NotFound");
    } else if (uid.len > 0 && !str_eq(uid, json_member_text(json_object_get(there, "metadata"), "uid"))) {
        answer_failure(conn, 409, "Conflict");
    } else {
        answer(conn, 200, there);
        fake_api_delete(api, path);
    }
    json_decref(there);
}

static void answer_review(struct fake_api *api, struct fake_conn *conn, const char *path, const json_t *body)
{
    const json_t *spec = json_object_get(body, "spec"), *what = json_object_get(spec, "resourceAttributes");
    struct str token = json_member_text(spec, "token"), subresource = json_member_text(what, "subresource");
    json_t *review = json_deep_copy(body);

    if (strstr(path, "tokenreviews") != NULL) {
        buf_printf(&api->reviews, "token %.*s\n", STR_ARG(token));
        json_object_set_new(review, "status",
                            str_eq_cstr(token, "good") ? json_pack("{s:b, s:{s:s, s:[s]}}", "authenticated", 1, "user",
                                                                   "username", "jane", "groups", "people")
                                                       : json_pack("{s:b}", "authenticated", 0));
    } else {
        buf_printf(&api->reviews, "%.*s %.*s/%.*s %.*s by %.*s\n", STR_ARG(json_member_text(what, "verb")),
                   STR_ARG(json_member_text(what, "resource")), STR_ARG(subresource),
                   STR_ARG(json_member_text(what, "name")), STR_ARG(json_member_text(spec, "user")));
        json_object_set_new(
            review, "status",
            json_pack("{s:b}", "allowed", api->allowed != NULL && str_find(str_of(api->allowed), subresource) >= 0));
    }
    answer(conn, 201, review);
    json_decref(review);
}

static void on_request(void *owner, struct fake_conn *conn, struct str request)
{
    struct fake_api *api = owner;
    struct str head = request, body = {NULL, 0}, method, target, path_text, query;
    ptrdiff_t end = str_find(request, STR("\r\n\r\n"));
    char path[512];
    json_t *object;
    bool is_collection_get;

    if (end >= 0) {
        head = str_head(request, (size_t)end);
        body = str_skip(request, (size_t)end + 4);
    }
    str_cut(head, ' ', &method, &target);
    str_cut(target, ' ', &target, &head);
    str_cut(target, '?', &path_text, &query);
    snprintf(path, sizeof(path), "%.*s", STR_ARG(path_text));
    api->requests++;
    if (api->is_away) {
        fake_conn_reset(conn);
        return;
    }
    is_collection_get = str_eq(method, STR("GET")) && str_find(query, STR("Selector=")) >= 0;
    if (is_collection_get) {
        if (str_find(query, STR("watch=")) >= 0)
            start_watch(api, conn, path);
        else
            answer_list(api, conn, path);
        return;
    }
    object = json_loadb(body.ptr != NULL ? body.ptr : "", body.len, 0, NULL);
    if (strstr(path, "reviews") != NULL) {
        answer_review(api, conn, path, object);
        json_decref(object);
        return;
    }
    buf_printf(&api->log, "%.*s %s\n", STR_ARG(method), path);
    if (api->fail_count > 0) {
        api->fail_count--;
        answer_failure(conn, api->fail_status, "Injected");
    } else if (str_eq(method, STR("GET"))) {
        json_t *there = json_object_get(api->objects, path);
        if (there != NULL)
            answer(conn, 200, there);
        else
            answer_failure(conn, 404, "NotFound");
    } else if (str_eq(method, STR("POST"))) {
        create_object(api, conn, path, object);
    } else if (str_eq(method, STR("DELETE"))) {
        delete_object(api, conn, path, object);
    } else {
        write_object(api, conn, path, object, str_eq(method, STR("PATCH")));
    }
    json_decref(object);
}

static void on_closed(void *owner, struct fake_conn *conn)
{
    struct fake_api *api = owner;

    for (size_t i = 0; i < api->watch_count; i++)
        if (api->watches[i].conn == conn)
            api->watches[i--] = api->watches[--api->watch_count];
}

struct fake_api *fake_api_new(uv_loop_t *loop)
{
    static const struct fake_peer_events events = {.on_request = on_request, .on_closed = on_closed};
    struct fake_api *api = mem_zalloc(sizeof(*api));

    api->objects = json_object();
    api->peer = fake_peer_new(loop, NULL, &events, api);
    return api;
}

void fake_api_free(struct fake_api *api)
{
    fake_peer_free(api->peer);
    json_decref(api->objects);
    buf_free(&api->log);
    buf_free(&api->reviews);
    free(api->watches);
    free(api);
}

struct rest_client *fake_api_client(struct fake_api *api, struct fetch_pool *pool)
{
    struct client_config config = {0};
    struct rest_client *client;
    struct buf server = {0};

    buf_printf(&server, "http://127.0.0.1:%u", fake_peer_port(api->peer));
    config.server = buf_take(&server);
    config.ns = mem_strdup("default");
    client = rest_client_new(pool, &config, NULL);
    client_config_free(&config);
    return client;
}

json_t *fake_api_object(const struct fake_api *api, const char *path)
{
    return json_object_get(api->objects, path);
}

const char *fake_api_text(const struct fake_api *api, const char *path, const char *field)
{
    static char number[32];
    const json_t *at = fake_api_object(api, path);
    struct str rest = str_of(field), part;

    while (at != NULL && rest.len > 0) {
        uint64_t index;
        /* A last name may itself have dots, as those of annotations do. */
        auto_free char *whole = str_dup(rest);
        if (json_object_get(at, whole) != NULL) {
            at = json_object_get(at, whole);
            break;
        }
        str_cut(rest, '.', &part, &rest);
        auto_free char *key = str_dup(part);
        at = json_is_array(at) && str_to_u64(part, &index) ? json_array_get(at, index) : json_object_get(at, key);
    }
    if (json_is_integer(at)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(at));
        return number;
    }
    if (json_is_boolean(at))
        return json_is_true(at) ? "true" : "false";
    return json_is_string(at) ? json_string_value(at) : "";
}

size_t fake_api_count(const struct fake_api *api, const char *text)
{
    struct str rest = buf_str(&api->log), line;
    size_t count = 0;

    while (rest.len > 0) {
        str_cut(rest, '\n', &line, &rest);
        count += str_starts_with(line, str_of(text));
    }
    return count;
}
