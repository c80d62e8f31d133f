#include "cluster/field_errors.h"
#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

#include <ctype.h>

static void print_since(const json_t *object, const char *const *paths, int64_t now_unix_ns, struct buf *cell)
{
    while (paths[1] != NULL && json_text_at(object, paths[0]).len == 0)
        paths++;
    cell_age_of(object, paths[0], now_unix_ns, cell);
}

static void cell_last_seen(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    static const char *const paths[] = {"series.lastObservedTime", "lastTimestamp", "eventTime", NULL};
    print_since(object, paths, now_unix_ns, cell);
}

static void cell_first_seen(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    static const char *const paths[] = {"firstTimestamp", "eventTime", NULL};
    print_since(object, paths, now_unix_ns, cell);
}

static void cell_type(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "type", "", cell);
}

static void cell_reason(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "reason", "", cell);
}

static void cell_object(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    struct str kind = json_text_at(object, "involvedObject.kind");
    for (size_t i = 0; i < kind.len; i++)
        buf_add_char(cell, (char)tolower((unsigned char)kind.ptr[i]));
    buf_add_char(cell, '/');
    buf_add_str(cell, json_text_at(object, "involvedObject.name"));
}

static void cell_subobject(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    cell_text(object, "involvedObject.fieldPath", "", cell);
}

static void cell_source(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    struct str component = json_text_at(object, "source.component"), host = json_text_at(object, "source.host");
    if (component.len == 0)
        component = json_text_at(object, "reportingComponent");
    if (host.len == 0)
        host = json_text_at(object, "reportingInstance");
    buf_add_str(cell, component);
    if (host.len > 0)
        buf_printf(cell, ", %.*s", STR_ARG(host));
}

static void cell_message(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    buf_add_str(cell, str_trim(json_text_at(object, "message")));
}

static void cell_count(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    int64_t count = json_integer_at(object, "series.count", json_integer_at(object, "count", 0));
    buf_add_i64(cell, count > 0 ? count : 1);
}

static const struct resource_column columns[] = {
    COLUMN("Last Seen", "string", 0, cell_last_seen, "Time since it was last observed."),
    COLUMN("Type", "string", 0, cell_type, "Normal or Warning."),
    COLUMN("Reason", "string", 0, cell_reason, "Why it happened, in one word."),
    COLUMN("Object", "string", 0, cell_object, "What it happened to."),
    COLUMN("Subobject", "string", 1, cell_subobject, "Which part of that object."),
    COLUMN("Source", "string", 1, cell_source, "Who reported it."),
    COLUMN("Message", "string", 0, cell_message, "What happened, for people."),
    COLUMN("First Seen", "string", 1, cell_first_seen, "Time since it was first observed."),
    COLUMN("Count", "string", 1, cell_count, "How often it was observed."),
    {.name = "Name",
     .type = "string",
     .format = "name",
     .priority = 1,
     .write = cell_name,
     .description = "Unique within the namespace."},
    COLUMNS_END,
};

/* An event is where its object is; events about objects without a namespace are in "default". */
static void validate(const json_t *object, const struct resource_change *change, struct field_errors *errors)
{
    (void)change;
    struct str namespace = json_text_at(object, "metadata.namespace");
    struct str about = json_text_at(object, "involvedObject.namespace");
    bool is_fine = about.len == 0 ? str_eq(namespace, STR("default")) || str_eq(namespace, STR("kube-system"))
                                  : str_eq(namespace, about);
    if (!is_fine)
        field_invalid_text(errors, "involvedObject.namespace", about, "does not match event.namespace");
}

const struct resource resource_events = {
    .group = "",
    .version = "v1",
    .kind = "Event",
    .plural = "events",
    .singular = "event",
    .short_names = (const char *const[]){"ev", NULL},
    .storage_name = "events",
    .is_namespaced = true,
    .verbs = VERBS_ALL,
    .schema = &schema_event,
    .field_paths =
        (const char *const[]){"involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
                              "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
                              "involvedObject.fieldPath", "reason", "reportingComponent", "type", NULL},
    .columns = columns,
    .validate = validate,
};
