#include "cluster/api_service.h"

#include "base/base64.h"
#include "cluster/json_path.h"
#include "cluster/kinds/kinds.h"

bool api_service_parse(struct arena *arena, struct str json, struct api_service *out, struct error *err)
{
    auto_buf struct buf ca = {0};
    auto_dom json_t *dom = json_loadb(json.ptr, json.len, 0, NULL);
    const json_t *spec = json_object_get(dom, "spec"), *service = json_object_get(spec, "service");

    if (!json_is_object(spec))
        return error_set(err, 400, "not an APIService");
    if (!base64_decode(&ca, json_text_at(spec, "caBundle")))
        return error_set(err, 400, "spec.caBundle isn't base64");
    *out = (struct api_service){
        .name = arena_str(arena, json_text_at(dom, "metadata.name")),
        .group = arena_str(arena, json_text_at(spec, "group")),
        .version = arena_str(arena, json_text_at(spec, "version")),
        .is_local = !json_is_object(service),
        .service_namespace = arena_str(arena, json_text_at(service, "namespace")),
        .service_name = arena_str(arena, json_text_at(service, "name")),
        .port = json_integer_at(service, "port", 443),
        .is_insecure = json_true_at(spec, "insecureSkipTLSVerify"),
        .ca_pem = arena_str(arena, buf_str(&ca)),
    };
    return true;
}

bool api_service_equal(const struct api_service *a, const struct api_service *b)
{
    return str_eq(a->name, b->name) && str_eq(a->group, b->group) && str_eq(a->version, b->version) &&
           a->is_local == b->is_local && str_eq(a->service_namespace, b->service_namespace) &&
           str_eq(a->service_name, b->service_name) && a->port == b->port && a->is_insecure == b->is_insecure &&
           str_eq(a->ca_pem, b->ca_pem);
}

struct str api_service_host(const struct api_service *service, struct arena *arena)
{
    return arena_printf(arena, "%.*s.%.*s.svc", STR_ARG(service->service_name), STR_ARG(service->service_namespace));
}

/* Always false. */
static bool fault(struct api_service_fault *out, const char *reason, struct str message)
{
    *out = (struct api_service_fault){reason, message};
    return false;
}

static void print_url(struct buf *url, struct str host, int64_t port)
{
    bool is_v6 = str_index(host, ':') >= 0;
    buf_printf(url, "https://%s%.*s%s:%lld", is_v6 ? "[" : "", STR_ARG(host), is_v6 ? "]" : "", (long long)port);
}

/* The Service's port that the APIService names; NULL when it has none. */
static const json_t *find_port(const json_t *service, int64_t number)
{
    json_t *port;
    size_t i;

    json_array_foreach (json_at(service, "spec.ports"), i, port) {
        if (json_integer_at(port, "port", 0) == number)
            return port;
    }
    return NULL;
}

/* Of a subset of Endpoints, the port that the Service's PORT leads to; 0 when it has none. */
static int64_t subset_port(const json_t *subset, const json_t *port)
{
    json_t *candidate;
    size_t i;

    json_array_foreach (json_object_get(subset, "ports"), i, candidate) {
        if (str_eq(json_text_at(candidate, "name"), json_text_at(port, "name")))
            return json_integer_at(candidate, "port", 0);
    }
    return 0;
}

static bool resolve_endpoints(const struct api_service *s, const struct registry *registry, const json_t *port,
                              struct arena *arena, struct buf *url, struct api_service_fault *out)
{
    const struct object *o = registry_get(registry, &resource_endpoints, s->service_namespace, s->service_name);
    json_t *subset;
    size_t i;

    if (o == NULL)
        return fault(out, "EndpointsNotFound",
                     arena_printf(arena, "cannot find endpoints for service/%.*s in \"%.*s\"", STR_ARG(s->service_name),
                                  STR_ARG(s->service_namespace)));
    auto_dom json_t *endpoints = object_dom(o);
    json_array_foreach (json_object_get(endpoints, "subsets"), i, subset) {
        const json_t *address = json_array_get(json_object_get(subset, "addresses"), 0);
        int64_t number = subset_port(subset, port);
        if (address == NULL || number == 0)
            continue;
        print_url(url, json_text_at(address, "ip"), number);
        return true;
    }
    return fault(out, "MissingEndpoints",
                 arena_printf(arena, "endpoints for service/%.*s in \"%.*s\" have no addresses with port name \"%.*s\"",
                              STR_ARG(s->service_name), STR_ARG(s->service_namespace),
                              STR_ARG(json_text_at(port, "name"))));
}

bool api_service_resolve(const struct api_service *service, const struct registry *registry, struct arena *arena,
                         struct buf *url, struct api_service_fault *out)
{
    const struct object *o =
        registry_get(registry, &resource_services, service->service_namespace, service->service_name);

    if (o == NULL)
        return fault(out, "ServiceNotFound",
                     arena_printf(arena, "service/%.*s in \"%.*s\" is not present", STR_ARG(service->service_name),
                                  STR_ARG(service->service_namespace)));
    auto_dom json_t *dom = object_dom(o);
    if (str_eq(json_text_at(dom, "spec.type"), STR("ExternalName"))) {
        print_url(url, json_text_at(dom, "spec.externalName"), service->port);
        return true;
    }
    const json_t *port = find_port(dom, service->port);
    if (port == NULL)
        return fault(out, "ServicePortError",
                     arena_printf(arena, "service/%.*s in \"%.*s\" is not listening on port %lld",
                                  STR_ARG(service->service_name), STR_ARG(service->service_namespace),
                                  (long long)service->port));
    return resolve_endpoints(service, registry, port, arena, url, out);
}
