#include "node/kubelet.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_world.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "certs/certificate.h"

#define NODE "/api/v1/nodes/lab"
#define POD "/api/v1/namespaces/kube-system/pods/self-lab"
#define LEASE "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/lab"

/* The node agent as a whole, against an API server in memory. This test's own process is its static pod. */
struct node_side {
    char folder[64];
    struct certs_pair ca;
    struct buf manifests, certificate, key;
    struct kubelet_options options;
    struct client_config config;
};

static void put(struct node_side *n, const char *name, struct str text)
{
    auto_buf struct buf path = {0};

    buf_printf(&path, "%s/%s", n->folder, name);
    assert_true(file_write_atomically(buf_cstr(&path), text, 0600, NULL));
}

static void put_certificate(struct node_side *n)
{
    static const char *const ips[] = {"127.0.0.1", NULL};
    struct certs_pair pair = {0};

    assert_true(certs_issue(&n->ca,
                            &(struct certs_subject){.common_name = "lab", .ip_addresses = ips, .is_server = true},
                            clock_unix_ns() / NS_PER_S - 60, 3600, &pair, NULL));
    put(n, "tls.key", buf_str(&pair.key));
    put(n, "tls.crt", buf_str(&pair.certificate));
    certs_pair_free(&pair);
}

static void put_pod(struct node_side *n)
{
    auto_buf struct buf text = {0};

    buf_printf(&text, "%d\n", (int)getpid());
    put(n, "self.pid", buf_str(&text));
    buf_clear(&text);
    buf_printf(
        &text,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"self\",\"namespace\":\"kube-system\","
        "\"annotations\":{\"tacho.dev/pid-file\":\"%s/self.pid\"}},\"spec\":{\"containers\":[{\"name\":\"c\"}]}}",
        n->folder);
    put(n, "manifests/self.json", buf_str(&text));
}

static int setup(void **state)
{
    struct node_side *n = mem_zalloc(sizeof(*n));
    struct api_world *w;

    api_world_setup(state);
    w = *state;
    w->extra = n;
    snprintf(n->folder, sizeof(n->folder), "/tmp/tacho-test-XXXXXX");
    assert_non_null(mkdtemp(n->folder));
    buf_printf(&n->manifests, "%s/manifests", n->folder);
    buf_printf(&n->certificate, "%s/tls.crt", n->folder);
    buf_printf(&n->key, "%s/tls.key", n->folder);
    assert_int_equal(mkdir(buf_cstr(&n->manifests), 0755), 0);
    assert_true(certs_make_authority("ca", clock_unix_ns() / NS_PER_S - 60, 3600, &n->ca, NULL));
    put_certificate(n);
    client_config_copy(&n->config, rest_client_config(w->client));
    n->options = (struct kubelet_options){.config = &n->config,
                                          .node_name = "Lab",
                                          .node_ip = "127.0.0.9",
                                          .address = "127.0.0.1",
                                          .tls_cert_file = buf_cstr(&n->certificate),
                                          .tls_key_file = buf_cstr(&n->key),
                                          .cert_dir = n->folder,
                                          .client_ca_file = "",
                                          .manifest_folder = buf_cstr(&n->manifests),
                                          /* nothing may be moved: it is our own process */
                                          .cgroup_root = "/there/is/no/such/cgroup",
                                          .root_folder = n->folder,
                                          .max_pods = 110};
    return 0;
}

static int teardown(void **state)
{
    struct node_side *n = ((struct api_world *)*state)->extra;
    auto_buf struct buf command = {0};

    client_config_free(&n->config);
    certs_pair_free(&n->ca);
    buf_printf(&command, "rm -rf %s", n->folder);
    assert_int_equal(system(buf_cstr(&command)), 0);
    buf_free(&n->manifests);
    buf_free(&n->certificate);
    buf_free(&n->key);
    free(n);
    return api_world_teardown(state);
}

static size_t events(struct api_world *w, const char *reason)
{
    const char *path;
    json_t *object;
    size_t count = 0;

    json_object_foreach (w->api->objects, path, object)
        count += strcmp(fake_api_text(w->api, path, "reason"), reason) == 0;
    return count;
}

static void test_life(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    auto_error struct error err = {0};
    struct kubelet *k;

    put_pod(n);
    k = kubelet_new(&w->loop, &n->options, &err);
    if (k == NULL)
        fail_msg("%s", error_text(&err));
    RUN_UNTIL(w, strcmp(fake_api_text(w->api, POD, "status.phase"), "Running") == 0);
    RUN_UNTIL(w, fake_api_object(w->api, LEASE) != NULL);
    RUN_UNTIL(w, events(w, "Starting") == 1 && events(w, "NodeReady") == 1 && events(w, "Started") == 1);
    assert_string_equal(fake_api_text(w->api, NODE, "status.addresses.0.address"), "127.0.0.9");
    assert_int_equal(atoi(fake_api_text(w->api, NODE, "status.daemonEndpoints.kubeletEndpoint.Port")), kubelet_port(k));
    assert_string_equal(fake_api_text(w->api, POD, "metadata.ownerReferences.0.uid"),
                        fake_api_text(w->api, NODE, "metadata.uid"));
    assert_string_equal(fake_api_text(w->api, POD, "status.hostIP"), "127.0.0.9");
    fake_api_delete(w->api, NODE); /* and everything follows */
    RUN_UNTIL(w, fake_api_object(w->api, NODE) != NULL);
    kubelet_close(k);
}

static void test_ended_at_once(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    struct kubelet *k;

    w->api->is_away = true;
    k = kubelet_new(&w->loop, &n->options, NULL);
    assert_non_null(k);
    kubelet_close(k);
}

/* What no waiting mends is one line, and nothing is left behind. */
static void test_refused(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    struct kubelet *running = kubelet_new(&w->loop, &n->options, NULL);
    struct {
        const char *name;
        struct kubelet_options options;
        const char *expected;
    } cases[] = {
        {"port taken", n->options, "address already in use"},
        {"no address", n->options, "--address: \"localhost\" is no IP address"},
        {"no node ip", n->options, "--node-ip: \"x\" is no IP address"},
        {"certificate without key", n->options, "go together"},
        {"no certificate", n->options, "no such file"},
        {"not that key", n->options, "serving certificate"},
        {"no CA file", n->options, "--client-ca-file: "},
        {"CA file without a CA", n->options, "--client-ca-file "},
    };

    put(n, "other.key", buf_str(&n->ca.key));
    auto_buf struct buf other = {0};
    buf_printf(&other, "%s/other.key", n->folder);
    cases[0].options.port = kubelet_port(running);
    cases[1].options.address = "localhost";
    cases[2].options.node_ip = "x";
    cases[3].options.tls_key_file = "";
    cases[4].options.tls_cert_file = "/nowhere";
    cases[5].options.tls_key_file = buf_cstr(&other);
    cases[6].options.client_ca_file = "/nowhere";
    cases[7].options.client_ca_file = buf_cstr(&other);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_error struct error err = {0};
        print_message("%s\n", cases[i].name);
        assert_null(kubelet_new(&w->loop, &cases[i].options, &err));
        if (strstr(error_text(&err), cases[i].expected) == NULL)
            fail_msg("\"%s\" doesn't say \"%s\"", error_text(&err), cases[i].expected);
    }
    kubelet_close(running);
}

static void test_self_signed(void **state)
{
    struct api_world *w = *state;
    struct node_side *n = w->extra;
    auto_error struct error err = {0};
    struct kubelet *k;

    n->options.tls_cert_file = n->options.tls_key_file = "";
    k = kubelet_new(&w->loop, &n->options, &err);
    assert_non_null(k);
    kubelet_close(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ended_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_self_signed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
