#include "cluster/json_path.h"
#include "cluster/kinds/cells.h"
#include "cluster/kinds/kinds.h"
#include "cluster/kinds/schema_types.h"

#define SHOWN_MAX 3

/* "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more..." */
static void cell_endpoints(const json_t *object, int64_t now_unix_ns, struct buf *cell)
{
    (void)now_unix_ns;
    size_t shown = 0, count = 0, i, k, n;
    json_t *subset, *address, *port;
    json_array_foreach (json_object_get(object, "subsets"), i, subset) {
        const json_t *ports = json_object_get(subset, "ports");
        json_array_foreach (json_object_get(subset, "addresses"), k, address) {
            struct str ip = json_text_at(address, "ip");
            if (json_array_size(ports) == 0 && count++ < SHOWN_MAX)
                buf_printf(cell, "%s%.*s", shown++ > 0 ? "," : "", STR_ARG(ip));
            json_array_foreach (ports, n, port) {
                if (count++ < SHOWN_MAX)
                    buf_printf(cell, "%s%.*s:%d", shown++ > 0 ? "," : "", STR_ARG(ip),
                               (int)json_integer_at(port, "port", 0));
            }
        }
    }
    if (count == 0)
        buf_add_cstr(cell, "<none>");
    if (count > SHOWN_MAX)
        buf_printf(cell, " + %zu more...", count - SHOWN_MAX);
}

static const struct resource_column columns[] = {
    COLUMN_NAME,
    COLUMN("Endpoints", "string", 0, cell_endpoints, "Addresses and ports behind the service of that name."),
    COLUMN_AGE,
    COLUMNS_END,
};

static void set_defaults(json_t *object)
{
    size_t i, n;
    json_t *subset, *port;
    json_array_foreach (json_object_get(object, "subsets"), i, subset) {
        json_array_foreach (json_object_get(subset, "ports"), n, port)
            json_default_text(port, "protocol", "TCP");
    }
}

const struct resource resource_endpoints = {
    .group = "",
    .version = "v1",
    .kind = "Endpoints",
    .plural = "endpoints",
    .singular = "endpoints",
    .short_names = (const char *const[]){"ep", NULL},
    .storage_name = "endpoints",
    .is_namespaced = true,
    .verbs = VERBS_ALL,
    .schema = &schema_endpoints,
    .columns = columns,
    .set_defaults = set_defaults,
};
