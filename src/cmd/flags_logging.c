#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "cmd/flag_groups.h"
#include "kube/quantity.h"

/* Upstream takes these and does nothing with them. */
void flag_groups_declare_features(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->is_fairness_enabled = true;
    f->is_profiling_enabled = true;
    flags_group(to, "features");
    flags_bool(to, "contention-profiling", 0, &f->is_contention_profiling_enabled, "Has no effect, as upstream.");
    flags_string(to, "debug-socket-path", 0, &f->debug_socket, "Has no effect, as upstream.");
    flags_bool(to, "enable-priority-and-fairness", 0, &f->is_fairness_enabled, "Has no effect, as upstream.");
    flags_bool(to, "profiling", 0, &f->is_profiling_enabled,
               "Has no effect: this program has none of Go's profiles to show.");
}

/* The text of a quantity; what it amounts to is looked at when it is checked. */
static bool set_quantity(void *value, struct str text, bool is_first, struct error *err)
{
    struct quantity q;
    const char **to = value;

    (void)is_first;
    if (!quantity_parse(text, &q))
        return error_set(err, 0,
                         "quantities must match the regular expression "
                         "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    *to = q.value == 0 ? NULL : "more than 0";
    return true;
}

static char *print_quantity(const void *value)
{
    (void)value;
    return NULL;
}

static const struct flag_type quantity_type = {.name = "quantity", .set = set_quantity, .print = print_quantity};

void flag_groups_declare_logging(struct metrics_server_flags *f)
{
    struct flags *to = f->flags;

    f->logging_format = "text";
    f->log_flush_ns = 5 * NS_PER_S;
    flags_group(to, "logging");
    flags_duration(to, "log-flush-frequency", 0, &f->log_flush_ns,
                   "How long log lines may be kept back. They never are.");
    flags_value(to, "log-json-info-buffer-size", 0, &quantity_type, &f->json_buffer,
                "[Alpha] Not available: needs the feature gate LoggingAlphaOptions.");
    flags_bool(to, "log-json-split-stream", 0, &f->is_json_split,
               "[Alpha] Not available: needs the feature gate LoggingAlphaOptions.");
    flags_value(to, "log-text-info-buffer-size", 0, &quantity_type, &f->text_buffer,
                "[Alpha] Not available: needs the feature gate LoggingAlphaOptions.");
    flags_bool(to, "log-text-split-stream", 0, &f->is_text_split,
               "[Alpha] Not available: needs the feature gate LoggingAlphaOptions.");
    flags_string(to, "logging-format", 0, &f->logging_format, "Format of the log: text or json.");
    flags_value(to, "v", 'v', &flag_type_level, &f->verbosity, "Number for the log level verbosity.");
    flags_string(to, "vmodule", 0, &f->vmodule,
                 "Verbosity of single source files, `pattern=N,...`. For the text format only.");
}

static bool check_split(bool is_split, const char *buffer, const char *format, struct error *err)
{
    if (is_split)
        return error_set(err, 0, "options.%s.splitStream: Forbidden: Feature LoggingAlphaOptions is disabled", format);
    return buffer == NULL ||
           error_set(err, 0, "options.%s.infoBufferSize: Forbidden: Feature LoggingAlphaOptions is disabled", format);
}

bool flag_groups_check_logging(const struct metrics_server_flags *f, struct error *err)
{
    auto_buf struct buf flush = {0};
    bool is_text = strcmp(f->logging_format, "text") == 0;

    if (f->log_flush_ns <= 0) {
        duration_print(&flush, f->log_flush_ns);
        return error_set(err, 0, "flushFrequency: Invalid value: \"%s\": Must be greater than zero", buf_cstr(&flush));
    }
    if (!is_text && strcmp(f->logging_format, "json") != 0)
        return error_set(err, 0, "format: Invalid value: \"%s\": Unsupported log format", f->logging_format);
    if (!is_text && flag_is_given(f->vmodule))
        return error_set(err, 0, "vmodule: Forbidden: Only supported for text log format");
    return log_check_vmodule(str_of(f->vmodule), err) && check_split(f->is_text_split, f->text_buffer, "text", err) &&
           check_split(f->is_json_split, f->json_buffer, "json", err);
}
