#include <regex.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "cmd/flag_groups.h"

#define POD_SHUTDOWN_DELAY_NS (5 * NS_PER_S)

/* Sets of values by component: "kube:A=true,B=false"; kept as they are, for none of them names a component we have. */
static bool set_gates(void *value, struct str text, bool is_first, struct error *err)
{
    struct string_list *gates = value;
    struct str item;

    if (is_first)
        string_list_free(gates);
    for (bool has_more = text.len > 0; has_more;) {
        has_more = str_cut(text, ',', &item, &text);
        if (str_index(item, '=') < 0)
            return error_set(err, 0, "malformed pair, expect string=string");
        string_list_add(gates, str_trim(item));
    }
    return true;
}

static char *print_gates(const void *value)
{
    (void)value;
    return NULL;
}

static const struct flag_type gates_type = {
    .name = "colonSeparatedMultimapStringString", .set = set_gates, .print = print_gates};

static void declare_versions(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    flags_list(to, "emulated-version", 0, &f->emulated_versions,
               "Versions of components to behave as. There are none to choose from: any is refused, as upstream.");
    flags_bool(to, "emulation-forward-compatible", 0, &f->is_emulation_forward_compatible,
               "Has no effect, as upstream.");
    flags_value(to, "feature-gates", 0, &gates_type, &f->feature_gates,
                "Features of components to switch on or off, component:name=bool. There are none to choose from: any "
                "is refused, as upstream.");
    flags_list(to, "min-compatibility-version", 0, &f->min_compatibility_versions,
               "Oldest versions of components to work with. There are none to choose from: any is refused, as "
               "upstream.");
    flags_bool(to, "runtime-config-emulation-forward-compatible", 0, &f->is_runtime_config_forward_compatible,
               "Has no effect, as upstream.");
}

static void declare_limits(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->max_in_flight = 400;
    f->max_mutating_in_flight = 200;
    f->request_timeout_ns = 60 * NS_PER_S;
    f->min_request_timeout_s = 1800;
    f->storage_timeout_ns = 60 * NS_PER_S;
    flags_value(to, "goaway-chance", 0, &flag_type_float, &f->goaway_chance,
                "The fraction of HTTP/2 requests whose connection is ended in good order (GOAWAY), so that clients "
                "connect anew and spread over several servers. From 0 (off) to .02.");
    flags_duration(to, "livez-grace-period", 0, &f->livez_grace_ns,
                   "How long /livez bears with a start that isn't complete. Nothing here keeps the start waiting.");
    flags_int(to, "max-mutating-requests-inflight", 0, &f->max_mutating_in_flight,
              "The number of mutating requests in flight at a given time; more are rejected. 0: no limit.");
    flags_int(to, "max-requests-inflight", 0, &f->max_in_flight,
              "The number of reading requests in flight at a given time; more are rejected. 0: no limit.");
    flags_int(to, "min-request-timeout", 0, &f->min_request_timeout_s,
              "The number of seconds that a watch is kept open at least, when its client names no time. The time is "
              "drawn by chance between this and twice this.");
    flags_duration(to, "request-timeout", 0, &f->request_timeout_ns,
                   "How long a handler may keep a request open before it is timed out. Watches are longer: see "
                   "--min-request-timeout.");
    flags_duration(to, "shutdown-delay-duration", 0, &f->shutdown_delay_ns,
                   "Time to delay the termination. During it the server keeps serving, but /readyz fails. In a pod the "
                   "default is 5s: as long as it takes until no node leads connections here any more.");
    flags_bool(to, "shutdown-send-retry-after", 0, &f->shutdown_sends_retry_after,
               "Keep listening until the requests in flight have been answered, and answer new ones 429 with "
               "Retry-After and Connection: close.");
    flags_duration(to, "shutdown-watch-termination-grace-period", 0, &f->shutdown_watch_grace_ns,
                   "How long watches may go on when the server ends.");
    flags_duration(to, "storage-initialization-timeout", 0, &f->storage_timeout_ns,
                   "Has no effect: there is no storage to wait for.");
}

void flag_groups_declare_generic(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    flags_group(to, "generic");
    flags_value(to, "advertise-address", 0, &flag_type_ip, &f->advertise_address,
                "The address that discovery tells clients. Without it: --bind-address, or for all addresses the first "
                "that others can reach.");
    flags_list(to, "cors-allowed-origins", 0, &f->cors_origins,
               "Origins that browsers may send requests from, as regular expressions; each has to pin the whole host "
               "name ('//example\\.com(:|$)'). None: CORS is off.");
    flags_string(to, "external-hostname", 0, &f->external_hostname,
                 "The host name that discovery tells clients, in the place of --advertise-address.");
    flags_list(to, "strict-transport-security-directives", 0, &f->hsts_directives,
               "Directives of the header Strict-Transport-Security: max-age=SECONDS, includeSubDomains, preload. None: "
               "no such header.");
    declare_versions(f);
    declare_limits(f);
}

/* Every component is unknown, "kube" too: upstream registers none. */
static bool check_components(const struct string_list *items, char separator, struct error *err)
{
    struct str component, rest;

    for (size_t i = 0; i < items->count; i++) {
        if (!str_cut(str_of(items->items[i]), separator, &component, &rest))
            component = STR("kube");
        return error_set(err, 0, "component not registered: %.*s", STR_ARG(component));
    }
    return true;
}

static bool check_hsts(const struct string_list *directives, struct error *err)
{
    struct str name, value;

    for (size_t i = 0; i < directives->count; i++) {
        struct str directive = str_of(directives->items[i]);
        if (str_is_empty(str_trim(directive)))
            return error_set(err, 0, "empty value in strict-transport-security-directives");
        if (str_eq(directive, STR("includeSubDomains")) || str_eq(directive, STR("preload")))
            continue;
        if (!str_cut(directive, '=', &name, &value) || !str_eq(name, STR("max-age")) || str_index(value, '=') >= 0)
            return error_set(err, 0,
                             "--strict-transport-security-directives invalid, allowed values: max-age=expireTime, "
                             "includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for "
                             "more information");
    }
    return true;
}

static bool check_origin(const char *origin, struct error *err)
{
    regex_t regex;
    char reason[128];

    if (origin[0] == '\0')
        return error_set(err, 0, "empty value in --cors-allowed-origins");
    int result = regcomp(&regex, origin, REG_EXTENDED | REG_NOSUB);
    if (result != 0) {
        regerror(result, &regex, reason, sizeof(reason));
        return error_set(err, 0, "--cors-allowed-origins has an invalid regular expression: %s: %s", origin, reason);
    }
    regfree(&regex);
    bool is_start_pinned = strchr(origin, '^') != NULL || strstr(origin, "//") != NULL;
    bool is_end_pinned = strchr(origin, '$') != NULL || strchr(origin, ':') != NULL;
    return (is_start_pinned && is_end_pinned) ||
           error_set(err, 0,
                     "--cors-allowed-origins has an invalid regular expression: regular expression does not pin to "
                     "start/end of host in the origin header");
}

static bool check_not_negative(const char *flag, int64_t value, struct error *err)
{
    return value >= 0 || error_set(err, 0, "--%s can not be negative value", flag);
}

static bool check_numbers(const struct metrics_server_flags *f, struct error *err)
{
    if (f->livez_grace_ns < 0)
        return error_set(err, 0, "--livez-grace-period can not be a negative value");
    if (!check_not_negative("max-requests-inflight", f->max_in_flight, err) ||
        !check_not_negative("max-mutating-requests-inflight", f->max_mutating_in_flight, err) ||
        !check_not_negative("request-timeout", f->request_timeout_ns, err))
        return false;
    if (f->request_timeout_ns == 0)
        return error_set(err, 0, "--request-timeout 0s would time out every request");
    if (f->goaway_chance < 0 || f->goaway_chance > 0.02)
        return error_set(err, 0, "--goaway-chance can not be less than 0 or greater than 0.02");
    if (!check_not_negative("min-request-timeout", f->min_request_timeout_s, err) ||
        !check_not_negative("storage-initialization-timeout", f->storage_timeout_ns, err) ||
        !check_not_negative("shutdown-delay-duration", f->shutdown_delay_ns, err))
        return false;
    if (f->shutdown_watch_grace_ns < 0)
        return error_set(err, 0, "shutdown-watch-termination-grace-period, if provided, can not be a negative value");
    return (f->max_in_flight <= INT32_MAX && f->max_mutating_in_flight <= INT32_MAX &&
            f->min_request_timeout_s <= INT32_MAX) ||
           error_set(err, 0,
                     "--max-requests-inflight, --max-mutating-requests-inflight and --min-request-timeout can "
                     "not be more than 2147483647");
}

bool flag_groups_check_generic(struct metrics_server_flags *f, struct error *err)
{
    /* An ending pod is taken out of its Service at the moment of its SIGTERM, and each node hears of it a bit later. */
    if (getenv("KUBERNETES_SERVICE_HOST") != NULL && !flags_changed(f->flags, "shutdown-delay-duration"))
        f->shutdown_delay_ns = POD_SHUTDOWN_DELAY_NS;
    if (!check_numbers(f, err) || !check_hsts(&f->hsts_directives, err))
        return false;
    for (size_t i = 0; i < f->cors_origins.count; i++) {
        if (!check_origin(f->cors_origins.items[i], err))
            return false;
    }
    return check_components(&f->emulated_versions, '=', err) &&
           check_components(&f->min_compatibility_versions, '=', err) && check_components(&f->feature_gates, ':', err);
}
