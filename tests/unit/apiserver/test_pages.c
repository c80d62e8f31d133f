#include "apiserver/pages.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct build_version version = {"0", "9", "v0.9.0-x", "abc", "2026-01-01T00:00:00Z"};
static const struct pages pages = {
    .component = "metrics-server", .version = &version, .started_unix_ns = INT64_C(1769860800) * NS_PER_S};

static void route(struct world *w)
{
    pages_install(&pages, w->server);
}

static void test_status(void **state)
{
    auto_buf struct buf text = {0};

    (void)state;
    pages_print_status(&text, &pages, pages.started_unix_ns + (INT64_C(27) * 3600 + 62) * NS_PER_S);
    assert_string_equal(buf_cstr(&text), "metrics-server statusz\n"
                                         "For people: the form of this page may change.\n\n"
                                         "Started: 2026-01-31T12:00:00Z\n"
                                         "Up: 27 hr 01 min 02 sec\n"
                                         "Binary version: v0.9.0-x\n"
                                         "Paths: /healthz /livez /metrics /readyz /statusz /version\n");
}

static void test_answers(void **state)
{
    static const struct {
        struct question q;
        int status;
        const char *type, *part;
    } cases[] = {
        {{.path = "/version"},
         200,
         "application/json",
         "{\n  \"major\": \"0\",\n  \"minor\": \"9\",\n  \"emulationMajor\": \"0\",\n  \"emulationMinor\": \"9\",\n  "
         "\"minCompatibilityMajor\": \"0\",\n  \"minCompatibilityMinor\": \"9\",\n  \"gitVersion\": \"v0.9.0-x\",\n  "
         "\"gitCommit\": \"abc\",\n  \"gitTreeState\": \"clean\",\n  \"buildDate\": \"2026-01-01T00:00:00Z\",\n"},
        {{.path = "/version/"}, 200, "application/json", "\"platform\": \"linux/"},
        {{.path = "/version/x"}, 404, "application/json", "the server could not find the requested resource"},
        {{.path = "/version", .method = "POST"}, 405, "application/json", "MethodNotAllowed"},
        {{.path = "/statusz"}, 200, "text/plain; charset=utf-8", "metrics-server statusz\n"},
        {{.path = "/statusz", .headers = {"Accept", "text/html, text/*;q=0.1"}}, 200, "text/plain; charset=utf-8", ""},
        {{.path = "/statusz", .headers = {"Accept", "application/json"}},
         406,
         "application/json",
         "only the following media types are accepted: text/plain"},
        {{.path = "/statusz", .method = "DELETE"}, 405, "application/json", "MethodNotAllowed"},
        {{.path = "/debug/pprof"}, 404, "text/plain; charset=utf-8", "metrics-server is no Go program"},
        {{.path = "/debug/pprof/heap"}, 404, "text/plain; charset=utf-8", "404 page not found"},
        {{.path = "/debug/flags/v"}, 406, "text/plain; charset=utf-8", "unsupported http method\n"},
        {{.path = "/debug/flags/v", .method = "PUT", .body = "x"},
         400,
         "text/plain; charset=utf-8",
         "failed set klog.logging.verbosity x: not a number\n"},
        {{.path = "/debug/flags/v", .method = "PUT", .body = "-1"}, 400, "text/plain; charset=utf-8", ""},
        {{.path = "/debug/flags/v", .method = "PUT", .body = "0"},
         200,
         "text/plain; charset=utf-8",
         "successfully set klog.logging.verbosity to 0"},
        {{.path = "/none"}, 404, "application/json", "\"/debug/flags/v\",\n"},
    };
    struct world *w = world_new(&(struct world_options){.route = route, .allows_all = true});

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        auto_answer struct answer a = {0};
        world_ask(w, &cases[i].q, &a);
        if (a.status != cases[i].status || strcmp(answer_header(&a, "content-type"), cases[i].type) != 0 ||
            strstr(buf_cstr(&a.body), cases[i].part) == NULL)
            fail_msg("%s: %d %s\n%s", cases[i].q.path, a.status, answer_header(&a, "content-type"), buf_cstr(&a.body));
    }
    world_free(w);
}

static void test_verbosity(void **state)
{
    struct world *w = world_new(&(struct world_options){.route = route, .allows_all = true});

    (void)state;
    for (int v = 4; v >= 0; v -= 4) {
        auto_answer struct answer a = {0};
        world_ask(w, &(struct question){.path = "/debug/flags/v", .method = "PUT", .body = v == 4 ? "4" : " 0\n"}, &a);
        assert_int_equal(a.status, 200);
        assert_int_equal(log_is_verbose(4), v == 4);
    }
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_verbosity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
