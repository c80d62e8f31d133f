#include "scrape/node_endpoint.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ADDRESSES                                                                                                  \
    "\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.0.0.7\"},{\"type\":\"Hostname\",\"address\":\"a\"}," \
    "{\"address\":\"fd00::7\",\"type\":\"InternalIP\"},{\"type\":\"ExternalIP\",\"address\":\"\"}]"

static const struct {
    const char *name;
    const char *node;
    const char *types; /* by comma */
    bool uses_status_port;
    const char *expected; /* "name hosts port path ready", or the error */
} cases[] = {
    {"first of the preferred type, then the rest", "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES "}}",
     "Hostname,InternalIP", false, "n a,10.0.0.7,fd00::7 10250 /metrics/resource no"},
    {"other order", "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES "}}", "InternalIP,ExternalIP,Hostname",
     false, "n 10.0.0.7,fd00::7,a 10250 /metrics/resource no"},
    {"status port unwanted",
     "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES
     ",\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":4711}}}}",
     "Hostname", false, "n a 10250 /metrics/resource no"},
    {"status port",
     "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES
     ",\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":4711}}}}",
     "Hostname", true, "n a 4711 /metrics/resource no"},
    {"status port 0",
     "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES
     ",\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":0}}}}",
     "Hostname", true, "n a 10250 /metrics/resource no"},
    {"no status port", "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES "}}", "Hostname", true,
     "n a 10250 /metrics/resource no"},
    {"path by annotation",
     "{\"metadata\":{\"name\":\"n\",\"annotations\":{\"metrics.k8s.io/resource-metrics-path\":\"/x "
     "y?z\\r\\n\"}},\"status\":{" ADDRESSES "}}",
     "Hostname", false, "n a 10250 /x%20y%3Fz%0D%0A no"},
    {"relative path by annotation",
     "{\"metadata\":{\"name\":\"n\",\"annotations\":{\"metrics.k8s.io/"
     "resource-metrics-path\":\"x\"}},\"status\":{" ADDRESSES "}}",
     "Hostname", false, "n a 10250 /x no"},
    {"ready",
     "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES
     ",\"conditions\":[{\"type\":\"DiskPressure\",\"status\":\"False\"},"
     "{\"type\":\"Ready\",\"status\":\"True\"}]}}",
     "Hostname", false, "n a 10250 /metrics/resource yes"},
    {"not ready",
     "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES
     ",\"conditions\":[{\"type\":\"Ready\",\"status\":\"Unknown\"}]}}",
     "Hostname", false, "n a 10250 /metrics/resource no"},
    {"no such type", "{\"metadata\":{\"name\":\"n\"},\"status\":{" ADDRESSES "}}", "ExternalIP,InternalDNS", false,
     "no address matched types [ExternalIP InternalDNS]"},
    {"no status", "{\"metadata\":{\"name\":\"n\"}}", "Hostname", false, "no address matched types [Hostname]"},
    {"nameless", "{\"status\":{" ADDRESSES "}}", "Hostname", false, "it has no name"},
    {"broken", "{\"metadata\":{\"name\":\"n\"}", "Hostname", false, "',' or '}' was expected"},
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct string_list types = {0};
        struct str rest = str_of(cases[i].types), type;
        while (rest.len > 0) {
            str_cut(rest, ',', &type, &rest);
            string_list_add(&types, type);
        }
        const struct node_endpoint_rules rules = {
            .address_types = &types, .port = 10250, .uses_status_port = cases[i].uses_status_port};
        struct node_endpoint e, again;
        auto_error struct error err = {0};
        auto_buf struct buf text = {0};
        if (node_endpoint_read(str_of(cases[i].node), &rules, &e, &err)) {
            buf_printf(&text, "%s ", e.name);
            for (size_t h = 0; h < e.hosts.count; h++)
                buf_printf(&text, "%s%s", h > 0 ? "," : "", e.hosts.items[h]);
            buf_printf(&text, " %u %s %s", e.port, e.path, e.is_ready ? "yes" : "no");
            assert_true(node_endpoint_read(str_of(cases[i].node), &rules, &again, &err));
            assert_true(node_endpoint_is_same(&e, &again));
            again.port++;
            assert_false(node_endpoint_is_same(&e, &again));
            node_endpoint_free(&again);
        } else {
            buf_add_cstr(&text, error_text(&err));
        }
        if (strcmp(buf_cstr(&text), cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].name, buf_cstr(&text));
        node_endpoint_free(&e);
        string_list_free(&types);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
