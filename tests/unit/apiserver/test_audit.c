#include "apiserver/audit.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "world.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define POLICY(rules) "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n" rules

static char path[] = "/tmp/test-audit-XXXXXX";

static struct metric_value events; /* that were counted */

static struct audit *start_audit(struct world *w, const char *policy, bool is_legacy)
{
    const struct audit_log_options file = {.path = path};
    const struct audit_backend_options log = {.log = audit_log_open(&w->loop, &file, NULL)};
    const struct audit_options options = {.policy = audit_policy_parse(str_of(policy), NULL),
                                          .log = audit_backend_new(&w->loop, &log),
                                          .is_log_legacy = is_legacy,
                                          .events = &events};

    assert_non_null(options.policy);
    events.number = 0;
    struct audit *a = audit_new(&options);
    audit_observe(a, w->server);
    return a;
}

/* Everything but what differs each time: the values of auditID, the times, ports. */
static void read_log(struct buf *out)
{
    static const char *const keys[] = {"\"auditID\":\"", "Timestamp\":\"", NULL};
    auto_buf struct buf text = {0};

    assert_true(file_read(path, 1 << 20, &text, NULL));
    for (struct str rest = buf_str(&text); rest.len > 0;) {
        size_t skip = 0;
        for (size_t i = 0; keys[i] != NULL; i++) {
            if (!str_starts_with(rest, str_of(keys[i])))
                continue;
            buf_add_cstr(out, keys[i]);
            skip = strlen(keys[i]);
            while (rest.ptr[skip] != '"')
                skip++;
        }
        if (skip == 0)
            buf_add_char(out, rest.ptr[0]);
        rest = str_skip(rest, skip > 0 ? skip : 1);
    }
    assert_int_equal(truncate(path, 0), 0);
}

#define EVENT(level, stage, uri, verb, user, groups)                                          \
    "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"" level               \
    "\",\"auditID\":\"\",\"stage\":\"" stage "\",\"requestURI\":\"" uri "\",\"verb\":\"" verb \
    "\",\"user\":{\"username\":\"" user "\",\"groups\":[" groups "]}"
#define IPS ",\"sourceIPs\":[\"127.0.0.1\"]"
#define AGENT ",\"userAgent\":\"test\""
#define TIMES ",\"requestReceivedTimestamp\":\"\",\"stageTimestamp\":\"\""
#define ALLOWED ",\"annotations\":{\"authorization.k8s.io/decision\":\"allow\",\"authorization.k8s.io/reason\":\"\"}}\n"

static const struct {
    const char *name;
    const char *policy;
    struct question q;
    const char *log;
} cases[] = {
    {"answered",
     POLICY("- level: Metadata\n"),
     {.path = "/ok?a=b", .token = "masters", .headers = {"User-Agent", "test"}},
     EVENT("Metadata", "RequestReceived", "/ok?a=b", "get", "root", "\"system:masters\",\"system:authenticated\"")
         IPS AGENT TIMES "}\n" EVENT("Metadata", "ResponseComplete", "/ok?a=b", "get", "root",
                                     "\"system:masters\",\"system:authenticated\"") IPS AGENT
     ",\"responseStatus\":{\"metadata\":{},\"code\":200}" TIMES ALLOWED},
    {"a stage left out, an object",
     POLICY("- {level: Request, omitStages: [RequestReceived]}\n"),
     {.path = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/web-1",
      .token = "masters",
      .headers = {"User-Agent", "test", "X-Forwarded-For", "10.0.0.7, nonsense, ::1", "X-Real-Ip", "10.0.0.8"}},
     EVENT("Request", "ResponseComplete", "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/web-1", "get", "root",
           "\"system:masters\",\"system:authenticated\"") ",\"sourceIPs\":[\"10.0.0.7\",\"::1\",\"10.0.0.8\","
                                                          "\"127.0.0.1\"]" AGENT
                                                          ",\"objectRef\":{\"resource\":\"pods\",\"namespace\":"
                                                          "\"default\",\"name\":\"web-1\","
                                                          "\"apiGroup\":\"metrics.k8s.io\",\"apiVersion\":\"v1beta1\"}"
                                                          ",\"responseStatus\":{\"metadata\":{},\"code\":200}" TIMES
                                                              ALLOWED},
    {"forbidden",
     POLICY("- {level: Metadata, omitStages: [RequestReceived]}\n"),
     {.path = "/ok", .headers = {"User-Agent", "test"}},
     EVENT("Metadata", "ResponseComplete", "/ok", "get", "system:anonymous", "\"system:unauthenticated\"") IPS AGENT
     ",\"responseStatus\":{\"metadata\":{},\"status\":\"Failure\","
     "\"message\":\"forbidden: User \\\"system:anonymous\\\" cannot get path \\\"/ok\\\"\","
     "\"reason\":\"Forbidden\",\"details\":{},\"code\":403}" TIMES
     ",\"annotations\":{\"authorization.k8s.io/decision\":\"forbid\",\"authorization.k8s.io/reason\":\"\"}}\n"},
    {"credentials that nobody accepts",
     POLICY("- level: Metadata\n"),
     {.path = "/ok", .token = "refused", .headers = {"User-Agent", "test"}},
     "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\"\",\"stage\":"
     "\"ResponseStarted\",\"requestURI\":\"/ok\",\"verb\":\"get\",\"user\":{}" IPS AGENT
     ",\"responseStatus\":{\"metadata\":{},\"message\":\"Authentication failed, attempted: bearer\",\"code\":401}" TIMES
     "}\n"},
    {"somebody else",
     POLICY("- {level: Metadata, users: [root], omitStages: [RequestReceived]}\n"),
     {.path = "/ok", .token = "masters", .headers = {"User-Agent", "test", "Impersonate-User", "jane"}},
     EVENT("Metadata", "ResponseComplete", "/ok", "get", "root",
           "\"system:masters\",\"system:authenticated\"") ",\"impersonatedUser\":{\"username\":\"jane\",\"groups\":["
                                                          "\"system:authenticated\"]}" IPS AGENT
                                                          ",\"responseStatus\":{\"metadata\":{},\"code\":200}" TIMES
                                                              ALLOWED},
    {"not of interest",
     POLICY("- {level: None, nonResourceURLs: [/ok]}\n- level: Metadata\n"),
     {.path = "/ok", .token = "masters"},
     ""},
};

static void test_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w = world_new(&(struct world_options){0});
        struct audit *audit = start_audit(w, cases[i].policy, false);
        auto_answer struct answer a = {0};
        auto_buf struct buf log = {0};
        world_ask(w, &cases[i].q, &a);
        read_log(&log);
        print_message("%s\n", cases[i].name);
        assert_string_equal(buf_cstr(&log), cases[i].log);
        audit_close(audit, NS_PER_S, NULL, NULL);
        world_free(w);
    }
}

static void test_legacy(void **state)
{
    struct world *w = world_new(&(struct world_options){0});
    struct audit *audit = start_audit(w, POLICY("- {level: Metadata, omitStages: [RequestReceived]}\n"), true);
    auto_answer struct answer a = {0};
    auto_buf struct buf log = {0};

    (void)state;
    world_ask(w,
              &(struct question){.path = "/ok", .token = "user-jane", .headers = {"Audit-Id", "7", "User-Agent", "x"}},
              &a);
    read_log(&log);
    const char *text = strstr(buf_cstr(&log), " AUDIT:");
    assert_non_null(text);
    assert_string_equal(text,
                        " AUDIT: id=\"7\" stage=\"ResponseComplete\" ip=\"127.0.0.1\" method=\"get\" user=\"jane\" "
                        "groups=\"\\\"dev\\\",\\\"system:authenticated\\\"\" as=\"<self>\" asgroups=\"<lookup>\" "
                        "user-agent=\"x\" namespace=\"<none>\" uri=\"/ok\" response=\"200\"\n");
    assert_true(events.number == 1); /* the stage that is left out isn't counted */
    audit_close(audit, NS_PER_S, NULL, NULL);
    world_free(w);
}

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_events), cmocka_unit_test(test_legacy)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
