#include "scrape/node_endpoint.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "kube/meta.h"

#define PATH_ANNOTATION STR("metrics.k8s.io/resource-metrics-path")

enum {
    MAX_ADDRESSES = 64, /* of a node; there are a handful */
};

struct address {
    struct str type;
    struct str address;
};

/* What we read of status. */
struct status_view {
    struct address addresses[MAX_ADDRESSES];
    size_t count;
    int64_t port; /* 0: none */
    bool is_ready;
};

static void scan_address(struct json_scan *s, struct status_view *status)
{
    struct address a = {0};
    struct str key;

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("type")))
            json_scan_str(s, &a.type);
        else if (str_eq(key, STR("address")))
            json_scan_str(s, &a.address);
    }
    if (a.address.len > 0 && status->count < MAX_ADDRESSES)
        status->addresses[status->count++] = a;
}

static void scan_condition(struct json_scan *s, struct status_view *status)
{
    struct str key, type = {0}, value = {0};

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("type")))
            json_scan_str(s, &type);
        else if (str_eq(key, STR("status")))
            json_scan_str(s, &value);
    }
    if (str_eq(type, STR("Ready")))
        status->is_ready = str_eq(value, STR("True"));
}

static void scan_daemon_endpoints(struct json_scan *s, struct status_view *status)
{
    struct str key;

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (!str_eq(key, STR("kubeletEndpoint")))
            continue;
        json_scan_enter_object(s);
        while (json_scan_next_member(s, &key))
            if (str_eq(key, STR("Port")))
                json_scan_i64(s, &status->port);
    }
}

static void scan_status(struct json_scan *s, struct status_view *status)
{
    struct str key;

    json_scan_enter_object(s);
    while (json_scan_next_member(s, &key)) {
        if (str_eq(key, STR("addresses"))) {
            json_scan_enter_array(s);
            while (json_scan_next_element(s))
                scan_address(s, status);
        } else if (str_eq(key, STR("conditions"))) {
            json_scan_enter_array(s);
            while (json_scan_next_element(s))
                scan_condition(s, status);
        } else if (str_eq(key, STR("daemonEndpoints"))) {
            scan_daemon_endpoints(s, status);
        }
    }
}

/* PATH as it goes into a request line, escaped as Go's net/url does; "" becomes the default. */
static char *request_path(struct str path)
{
    static const char plain[] = "-._~/$&+,:;=@!*'()";
    auto_buf struct buf out = {0};

    if (path.len == 0)
        return mem_strdup(NODE_ENDPOINT_RESOURCE_PATH);
    if (path.ptr[0] != '/')
        buf_add_char(&out, '/');
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (is_letter || (c >= '0' && c <= '9') || (c != '\0' && strchr(plain, c) != NULL))
            buf_add_char(&out, (char)c);
        else
            buf_printf(&out, "%%%02X", c);
    }
    return buf_take(&out);
}

static bool choose_hosts(const struct status_view *status, const struct string_list *types, struct string_list *hosts,
                         struct error *err)
{
    for (size_t t = 0; t < types->count; t++)
        for (size_t i = 0; i < status->count; i++)
            if (str_eq_cstr(status->addresses[i].type, types->items[t]) &&
                !string_list_has(hosts, status->addresses[i].address))
                string_list_add(hosts, status->addresses[i].address);
    if (hosts->count > 0)
        return true;
    auto_buf struct buf wanted = {0};
    for (size_t t = 0; t < types->count; t++)
        buf_printf(&wanted, "%s%s", t > 0 ? " " : "", types->items[t]);
    return error_set(err, 0, "no address matched types [%s]", buf_cstr(&wanted));
}

bool node_endpoint_read(struct str node, const struct node_endpoint_rules *rules, struct node_endpoint *out,
                        struct error *err)
{
    auto_arena struct arena arena = {0};
    struct json_scan s = json_scan_of(node, &arena);
    struct object_meta meta = {0};
    struct status_view status = {0};
    struct str key, path = {0};

    *out = (struct node_endpoint){0};
    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (str_eq(key, STR("metadata")))
            object_meta_scan(&s, &meta);
        else if (str_eq(key, STR("status")))
            scan_status(&s, &status);
    }
    if (!json_scan_finish(&s))
        return error_set(err, 0, "%s", json_scan_fault(&s));
    if (meta.name.len == 0)
        return error_set(err, 0, "it has no name");
    out->name = str_dup(meta.name);
    out->is_ready = status.is_ready;
    bool has_port = rules->uses_status_port && status.port > 0 && status.port <= UINT16_MAX;
    out->port = has_port ? (uint16_t)status.port : rules->port;
    object_meta_annotation(&meta, &arena, PATH_ANNOTATION, &path);
    out->path = request_path(path);
    return choose_hosts(&status, rules->address_types, &out->hosts, err);
}

bool node_endpoint_is_same(const struct node_endpoint *a, const struct node_endpoint *b)
{
    if (a->port != b->port || a->hosts.count != b->hosts.count || strcmp(a->path, b->path) != 0)
        return false;
    for (size_t i = 0; i < a->hosts.count; i++)
        if (strcmp(a->hosts.items[i], b->hosts.items[i]) != 0)
            return false;
    return true;
}

void node_endpoint_free(struct node_endpoint *e)
{
    free(e->name);
    free(e->path);
    string_list_free(&e->hosts);
    *e = (struct node_endpoint){0};
}
