#include "kube/client_config.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
#define PEM_BASE64 "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="

static char folder[] = "/tmp/client-config-XXXXXX";

static char *in_folder(const char *name)
{
    struct buf path = {0};

    buf_printf(&path, "%s/%s", folder, name);
    return buf_take(&path);
}

static void put(const char *name, const char *text)
{
    auto_free char *path = in_folder(name);

    assert_true(file_write_atomically(path, str_of(text), 0600, NULL));
}

static int set_up(void **state)
{
    auto_free char *sub = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    sub = in_folder("sub");
    assert_int_equal(mkdir(sub, 0700), 0);
    put("ca.pem", PEM);
    put("sub/key.pem", PEM "key\n");
    put("token", "t0ken\n");
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    setenv("HOME", folder, 1);
    return 0;
}

static int tear_down(void **state)
{
    auto_buf struct buf command = {0};

    (void)state;
    buf_printf(&command, "rm -rf %s", folder);
    return system(buf_cstr(&command));
}

/* One cluster, user and context of the names c, u and x, from their settings. */
#define CONFIG(cluster, user)                            \
    "apiVersion: v1\nkind: Config\ncurrent-context: x\n" \
    "clusters:\n- name: c\n  cluster: {" cluster "}\n"   \
    "users:\n- name: u\n  user: {" user "}\n"            \
    "contexts:\n- name: x\n  context: {cluster: c, user: u}\n"

struct config_case {
    const char *name;
    const char *text;
    const char *context;
    const char *wanted; /* "field=value ..." of those that are set */
    const char *error;  /* PATH stands for the file's, DIR for its folder */
};

static const struct config_case cases[] = {
    {"least", CONFIG("server: 'https://h:6443'", ""), NULL, "server=https://h:6443 ns=default", NULL},
    {"slashes", CONFIG("server: 'https://h:6443/k8s//'", ""), NULL, "server=https://h:6443/k8s ns=default", NULL},
    {"no scheme", CONFIG("server: 'h:8080'", ""), NULL, "server=http://h:8080 ns=default", NULL},
    {"no scheme but TLS", CONFIG("server: h, insecure-skip-tls-verify: true", ""), NULL,
     "server=https://h ns=default insecure", NULL},
    {"certificates in place",
     CONFIG("server: 'https://h', certificate-authority-data: " PEM_BASE64,
            "client-certificate-data: " PEM_BASE64 ", client-key-data: " PEM_BASE64),
     NULL, "server=https://h ca=PEM cert=PEM key=PEM ns=default", NULL},
    {"certificates beside the file",
     CONFIG("server: 'https://h', certificate-authority: ca.pem",
            "client-certificate: ./ca.pem, client-key: sub/key.pem"),
     NULL, "server=https://h ca=PEM cert=PEM key=PEM+key cert_file=DIR/./ca.pem key_file=DIR/sub/key.pem ns=default",
     NULL},
    {"in place comes first",
     CONFIG("server: 'https://h', certificate-authority: missing.pem, certificate-authority-data: " PEM_BASE64, ""),
     NULL, "server=https://h ca=PEM ns=default", NULL},
    {"token", CONFIG("server: 'https://h'", "token: abc"), NULL, "server=https://h token=abc ns=default", NULL},
    {"token file comes first", CONFIG("server: 'https://h'", "token: abc, tokenFile: token"), NULL,
     "server=https://h token=t0ken token_file=DIR/token ns=default", NULL},
    {"password", CONFIG("server: 'https://h'", "username: jane, password: '7'"), NULL,
     "server=https://h username=jane password=7 ns=default", NULL},
    {"impersonation", CONFIG("server: 'https://h'", "as: joe, as-groups: [a, b]"), NULL,
     "server=https://h as=joe as_group=a as_group=b ns=default", NULL},
    {"the rest", CONFIG("server: 'https://h', tls-server-name: n, proxy-url: 'http://p:1'", ""), NULL,
     "server=https://h tls_server_name=n proxy=http://p:1 ns=default", NULL},
    {"JSON",
     "{\"current-context\":\"x\",\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"https://h\"}}],\"users\":[],"
     "\"contexts\":[{\"name\":\"x\",\"context\":{\"cluster\":\"c\",\"namespace\":\"n\"}}]}",
     NULL, "server=https://h ns=n", NULL},
    {"another context",
     "current-context: x\nclusters: [{name: c, cluster: {server: 'https://h'}}]\n"
     "contexts: [{name: y, context: {cluster: c, namespace: m}}]\n",
     "y", "server=https://h ns=m", NULL},
    {"anchors",
     "current-context: x\nclusters: [{name: c, cluster: &a {server: 'https://h'}}, {name: d, cluster: *a}]\n"
     "contexts: [{name: x, context: {cluster: d}}]\n",
     NULL, "server=https://h ns=default", NULL},

    {"not YAML", "a: b: c\n", NULL, NULL, "kubeconfig PATH: line 1: mapping values are not allowed in this context"},
    {"empty", "", NULL, NULL, "kubeconfig PATH: no current-context; choose one with --context (there are: none)"},
    {"a list", "[a, b]", NULL, NULL,
     "kubeconfig PATH: no current-context; choose one with --context (there are: none)"},
    {"no current", "contexts: [{name: a}, {name: b}]", NULL, NULL,
     "kubeconfig PATH: no current-context; choose one with --context (there are: a, b)"},
    {"no such context", CONFIG("server: 'https://h'", ""), "y", NULL,
     "kubeconfig PATH: no context \"y\" (there are: x)"},
    {"no cluster", "current-context: x\ncontexts: [{name: x, context: {user: u}}]", NULL, NULL,
     "kubeconfig PATH: context \"x\" names no cluster"},
    {"no such cluster", "current-context: x\ncontexts: [{name: x, context: {cluster: u}}]", NULL, NULL,
     "kubeconfig PATH: context \"x\" names the cluster \"u\", which isn't there"},
    {"no such user",
     "current-context: x\nclusters: [{name: c, cluster: {server: 'https://h'}}]\n"
     "contexts: [{name: x, context: {cluster: c, user: z}}]\n",
     NULL, NULL, "kubeconfig PATH: context \"x\" names the user \"z\", which isn't there"},
    {"no server", CONFIG("insecure-skip-tls-verify: true", ""), NULL, NULL,
     "kubeconfig PATH: cluster \"c\" has no server"},
    {"null server", CONFIG("server: null", ""), NULL, NULL, "kubeconfig PATH: cluster \"c\" has no server"},
    {"strange server", CONFIG("server: 'ssh://h'", ""), NULL, NULL,
     "server \"ssh://h\": only http:// and https:// are understood"},
    {"CA and insecure",
     CONFIG("server: 'https://h', insecure-skip-tls-verify: true, certificate-authority: ca.pem", ""), NULL, NULL,
     "kubeconfig PATH: cluster \"c\" has both a certificate authority and insecure-skip-tls-verify; remove one of "
     "them"},
    {"missing CA", CONFIG("server: 'https://h', certificate-authority: nope.pem", ""), NULL, NULL,
     "kubeconfig PATH: cluster \"c\": certificate-authority: open DIR/nope.pem: no such file or directory"},
    {"not base64", CONFIG("server: 'https://h', certificate-authority-data: '***'", ""), NULL, NULL,
     "kubeconfig PATH: cluster \"c\": certificate-authority-data: not base64"},
    {"not PEM", CONFIG("server: 'https://h', certificate-authority: token", ""), NULL, NULL,
     "kubeconfig PATH: cluster \"c\": certificate-authority: not PEM"},
    {"certificate without key", CONFIG("server: 'https://h'", "client-certificate: ca.pem"), NULL, NULL,
     "kubeconfig PATH: user \"u\" has a client certificate without its key"},
    {"key without certificate", CONFIG("server: 'https://h'", "client-key: ca.pem"), NULL, NULL,
     "kubeconfig PATH: user \"u\" has a client key without its certificate"},
    {"exec plugin", CONFIG("server: 'https://h'", "exec: {command: aws}"), NULL, NULL,
     "kubeconfig PATH: user \"u\" authenticates by a plugin (exec), which is not supported; use a client certificate "
     "or "
     "a token"},
    {"auth provider", CONFIG("server: 'https://h'", "auth-provider: {name: gcp}"), NULL, NULL,
     "kubeconfig PATH: user \"u\" authenticates by a plugin (auth-provider), which is not supported; use a client "
     "certificate or a token"},
    {"missing token file", CONFIG("server: 'https://h'", "tokenFile: nope"), NULL, NULL,
     "kubeconfig PATH: user \"u\": tokenFile: open DIR/nope: no such file or directory"},
};

static void add_field(struct buf *to, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (strcmp(value, PEM) == 0)
        value = "PEM";
    else if (strcmp(value, PEM "key\n") == 0)
        value = "PEM+key";
    buf_printf(to, "%s%s=%s", to->len > 0 ? " " : "", name, value);
}

static void describe(struct buf *to, const struct client_config *config)
{
    add_field(to, "server", config->server);
    add_field(to, "ca", config->ca);
    add_field(to, "cert", config->cert);
    add_field(to, "key", config->key);
    add_field(to, "cert_file", config->cert_file);
    add_field(to, "key_file", config->key_file);
    add_field(to, "token", config->token);
    add_field(to, "token_file", config->token_file);
    add_field(to, "username", config->username);
    add_field(to, "password", config->password);
    add_field(to, "as", config->as_user);
    for (size_t i = 0; i < config->as_groups.count; i++)
        add_field(to, "as_group", config->as_groups.items[i]);
    add_field(to, "tls_server_name", config->tls_server_name);
    add_field(to, "proxy", config->proxy_url);
    add_field(to, "ns", config->ns);
    if (config->insecure)
        buf_add_cstr(to, " insecure");
}

/* TEXT with PATH and DIR filled in; owned by the caller. */
static char *fill_in(const char *text)
{
    struct buf out = {0};

    for (const char *p = text; *p != '\0'; p++) {
        if (strncmp(p, "PATH", 4) == 0) {
            buf_printf(&out, "%s/config", folder);
            p += 3;
        } else if (strncmp(p, "DIR", 3) == 0) {
            buf_add_cstr(&out, folder);
            p += 2;
        } else {
            buf_add_char(&out, *p);
        }
    }
    return buf_take(&out);
}

static void test_read(void **state)
{
    auto_free char *path = in_folder("config");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client_config config, copy;
        auto_error struct error err = {0};
        auto_buf struct buf got = {0};
        auto_buf struct buf got_of_copy = {0};
        print_message("  %s\n", cases[i].name);
        put("config", cases[i].text);
        bool ok = client_config_read(&config, path, cases[i].context, &err);
        if (cases[i].error != NULL) {
            auto_free char *want = fill_in(cases[i].error);
            assert_false(ok);
            assert_string_equal(error_text(&err), want);
            assert_null(config.server);
            continue;
        }
        assert_string_equal(error_text(&err), "");
        assert_true(ok);
        describe(&got, &config);
        auto_free char *want = fill_in(cases[i].wanted);
        assert_string_equal(buf_cstr(&got), want);
        assert_string_equal(config.source, path);
        client_config_copy(&copy, &config);
        client_config_free(&config);
        describe(&got_of_copy, &copy);
        assert_string_equal(buf_cstr(&got_of_copy), want);
        client_config_free(&copy);
    }
}

static void expect(const struct client_config_choice *choice, const char *wanted, const char *error)
{
    struct client_config config;
    auto_error struct error err = {0};
    auto_buf struct buf got = {0};

    bool ok = client_config_find(&config, choice, &err);
    describe(&got, &config);
    client_config_free(&config);
    auto_free char *want = fill_in(wanted);
    auto_free char *want_error = fill_in(error);
    assert_string_equal(error_text(&err), want_error);
    assert_string_equal(buf_cstr(&got), want);
    assert_int_equal(ok, error[0] == '\0');
}

/* Where the configuration comes from, in the order of precedence from below. */
static void test_find(void **state)
{
    const struct client_config_choice none = {0};
    auto_free char *a = in_folder("a");
    auto_free char *b = in_folder("b");
    auto_buf struct buf list = {0};

    (void)state;
    expect(&none, "",
           "no cluster to talk to: there is no kubeconfig (DIR/.kube/config) and this is no pod; name one with "
           "--kubeconfig or $KUBECONFIG");
    expect(&(struct client_config_choice){.server = "https://s/"}, "server=https://s ns=default", "");
    auto_free char *dot_kube = in_folder(".kube");
    assert_int_equal(mkdir(dot_kube, 0700), 0);
    put(".kube/config", CONFIG("server: 'https://home'", ""));
    expect(&none, "server=https://home ns=default", "");
    expect(&(struct client_config_choice){.server = "https://s"}, "server=https://s ns=default", "");

    /* two files act as one: the first to name a thing wins */
    put("a", "current-context: x\nusers: [{name: u, user: {token: from-a}}]\n");
    put("b", CONFIG("server: 'https://b'", "token: from-b"));
    buf_printf(&list, "%s/missing:%s::%s", folder, a, b);
    setenv("KUBECONFIG", buf_cstr(&list), 1);
    expect(&none, "server=https://b token=from-a ns=default", "");

    put("config", CONFIG("server: 'https://flag'", ""));
    auto_free char *config = in_folder("config");
    expect(&(struct client_config_choice){.kubeconfig = config}, "server=https://flag ns=default", "");
    auto_free char *missing = in_folder("missing");
    expect(&(struct client_config_choice){.kubeconfig = missing}, "",
           "kubeconfig: open DIR/missing: no such file or directory");
    put("a", "{");
    struct client_config unused;
    assert_false(client_config_find(&unused, &none, NULL)); /* a broken file isn't skipped */
    unsetenv("KUBECONFIG");
}

static void test_in_cluster(void **state)
{
    struct client_config config;
    auto_error struct error err = {0};
    auto_buf struct buf got = {0};
    auto_free char *want =
        fill_in("server=https://[fd00::1]:443 ca=PEM token=t0ken token_file=DIR/token ns=kube-system");

    (void)state;
    assert_false(client_config_in_cluster(&config, folder, &err));
    assert_non_null(strstr(error_text(&err), "not in a pod"));
    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    assert_false(client_config_in_cluster(&config, folder, &err));
    auto_free char *want_error = fill_in("the pod's service account (is automountServiceAccountToken off?): open "
                                         "DIR/ca.crt: no such file or directory");
    assert_string_equal(error_text(&err), want_error);
    put("ca.crt", PEM);
    put("namespace", "kube-system");
    error_clear(&err);
    assert_true(client_config_in_cluster(&config, folder, &err));
    assert_string_equal(config.source, "the pod's service account");
    free(config.ca); /* trimmed: without its last newline */
    config.ca = mem_strdup(PEM);
    describe(&got, &config);
    assert_string_equal(buf_cstr(&got), want);
    client_config_free(&config);
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_in_cluster),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
