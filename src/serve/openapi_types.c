#include "serve/openapi_types.h"

#define META "io.k8s.apimachinery.pkg.apis.meta.v1"
#define METRICS "io.k8s.metrics.pkg.apis.metrics"

#define TEXT(in_json, says)                                        \
    {                                                              \
        .name = (in_json), .type = "string", .description = (says) \
    }
#define NEEDED_TEXT(in_json, says)                                                      \
    {                                                                                   \
        .name = (in_json), .type = "string", .is_required = true, .description = (says) \
    }
#define FLAG(in_json, says)                                         \
    {                                                               \
        .name = (in_json), .type = "boolean", .description = (says) \
    }
#define NUMBER(in_json, bits, says)                                                   \
    {                                                                                 \
        .name = (in_json), .type = "integer", .format = (bits), .description = (says) \
    }
#define TEXTS(in_json, says)                                                              \
    {                                                                                     \
        .name = (in_json), .shape = OPENAPI_LIST, .type = "string", .description = (says) \
    }
#define TEXT_MAP(in_json, says)                                                          \
    {                                                                                    \
        .name = (in_json), .shape = OPENAPI_MAP, .type = "string", .description = (says) \
    }
#define ONE(in_json, other, says)                                \
    {                                                            \
        .name = (in_json), .of = &(other), .description = (says) \
    }
#define NEEDED(in_json, other, says)                                                  \
    {                                                                                 \
        .name = (in_json), .of = &(other), .is_required = true, .description = (says) \
    }
#define LIST_OF(in_json, other, says)                                                   \
    {                                                                                   \
        .name = (in_json), .shape = OPENAPI_LIST, .of = &(other), .description = (says) \
    }
#define NEEDED_LIST(in_json, other, says)                                                                    \
    {                                                                                                        \
        .name = (in_json), .shape = OPENAPI_LIST, .of = &(other), .is_required = true, .description = (says) \
    }
#define NEEDED_MAP(in_json, other, says)                                                                    \
    {                                                                                                       \
        .name = (in_json), .shape = OPENAPI_MAP, .of = &(other), .is_required = true, .description = (says) \
    }
#define API_VERSION TEXT("apiVersion", "Group and version of the form in which the object is written.")
#define KIND TEXT("kind", "What kind of object this is.")

/* --- values --- */

static const struct openapi_type quantity = {
    .package = "io.k8s.apimachinery.pkg.api.resource",
    .name = "Quantity",
    .type = "string",
    .description =
        "A number with a suffix: m, k, M, G, ... for powers of 1000, Ki, Mi, Gi, ... for powers of 1024, or an "
        "exponent. CPU is in cores (250m is a quarter of one), memory in bytes."};

static const struct openapi_type time = {.package = META,
                                         .name = "Time",
                                         .type = "string",
                                         .format = "date-time",
                                         .description = "A point in time, in RFC 3339, as a rule in UTC."};

static const struct openapi_type duration = {
    .package = META, .name = "Duration", .type = "string", .description = "A length of time, as Go writes it: 1m0.5s"};

static const struct openapi_type fields_v1 = {
    .package = META, .name = "FieldsV1", .type = "object", .description = "A set of fields, as a tree of their names."};

/* --- metadata --- */

static const struct openapi_property managed_fields_entry_properties[] = {
    TEXT("apiVersion", "Version of the resource that the set of fields belongs to."),
    TEXT("fieldsType", "How fieldsV1 is written; only FieldsV1 exists."),
    ONE("fieldsV1", fields_v1, "The fields."),
    TEXT("manager", "Who manages them."),
    TEXT("operation", "How they were set: Apply or Update."),
    TEXT("subresource", "The subresource through which they were set."),
    ONE("time", time, "When they were set."),
    {0},
};
static const struct openapi_type managed_fields_entry = {.package = META,
                                                         .name = "ManagedFieldsEntry",
                                                         .type = "object",
                                                         .properties = managed_fields_entry_properties,
                                                         .description = "Which fields of an object somebody manages."};

static const struct openapi_property owner_reference_properties[] = {
    NEEDED_TEXT("apiVersion", "The owner's group and version."),
    FLAG("blockOwnerDeletion", "Whether a foreground deletion of the owner waits for this object."),
    FLAG("controller", "Whether the owner is the one that controls this object."),
    NEEDED_TEXT("kind", "The owner's kind."),
    NEEDED_TEXT("name", "The owner's name."),
    NEEDED_TEXT("uid", "The owner's UID."),
    {0},
};
static const struct openapi_type owner_reference = {.package = META,
                                                    .name = "OwnerReference",
                                                    .type = "object",
                                                    .properties = owner_reference_properties,
                                                    .description = "An object that another one depends on."};

static const struct openapi_property object_meta_properties[] = {
    TEXT_MAP("annotations", "Free text for tools, by key; can't be selected by."),
    ONE("creationTimestamp", time, "When the object was made; of metrics: when they were asked for."),
    NUMBER("deletionGracePeriodSeconds", "int64", "How long the object has to end when it is deleted."),
    ONE("deletionTimestamp", time, "When the object will be gone; set while it is being deleted."),
    TEXTS("finalizers", "What must happen before the object may go."),
    TEXT("generateName", "The beginning of a name that the server completes."),
    NUMBER("generation", "int64", "Counts changes of what is desired."),
    TEXT_MAP("labels", "What objects are selected by. Those of the Node or Pod that the metrics are of."),
    LIST_OF("managedFields", managed_fields_entry, "Who manages which fields."),
    TEXT("name", "The name: unique among objects of one kind, in one namespace."),
    TEXT("namespace", "The namespace; empty for what is of the whole cluster."),
    LIST_OF("ownerReferences", owner_reference, "What the object depends on."),
    TEXT("resourceVersion", "Changes with each change of the object; opaque to clients."),
    TEXT("selfLink", "Not written any more."),
    TEXT("uid", "Unique in space and time."),
    {0},
};
static const struct openapi_type object_meta = {.package = META,
                                                .name = "ObjectMeta",
                                                .type = "object",
                                                .properties = object_meta_properties,
                                                .description = "What all objects have in common."};

static const struct openapi_property list_meta_properties[] = {
    TEXT("continue", "Where the next page begins; empty on the last one."),
    NUMBER("remainingItemCount", "int64", "How many items follow, about."),
    TEXT("resourceVersion", "The version of the list: where a watch may go on from."),
    TEXT("selfLink", "Not written any more."),
    {0},
};
static const struct openapi_type list_meta = {.package = META,
                                              .name = "ListMeta",
                                              .type = "object",
                                              .properties = list_meta_properties,
                                              .description = "What all lists have in common."};

/* --- metrics --- */

static const struct openapi_property container_metrics_properties[] = {
    NEEDED_TEXT("name", "The container's name, as in the pod."),
    NEEDED_MAP("usage", quantity,
               "What it uses, by resource: cpu, averaged over the window, and memory, its working set."),
    {0},
};
static const struct openapi_type container_metrics = {.package = METRICS,
                                                      .name = "ContainerMetrics",
                                                      .type = "object",
                                                      .properties = container_metrics_properties,
                                                      .is_metrics = true,
                                                      .description = "What one container of a pod uses."};

static const struct openapi_property node_metrics_properties[] = {
    API_VERSION,
    KIND,
    ONE("metadata", object_meta, "The node's name and labels."),
    NEEDED("timestamp", time, "When the window ends: when the node's kubelet took the last sample."),
    NEEDED_MAP("usage", quantity,
               "What the node uses, by resource: cpu, averaged over the window, and memory, its working set."),
    NEEDED("window", duration, "The time over which the use of CPU is averaged."),
    {0},
};
const struct openapi_type openapi_node_metrics = {.package = METRICS,
                                                  .name = "NodeMetrics",
                                                  .type = "object",
                                                  .properties = node_metrics_properties,
                                                  .is_metrics = true,
                                                  .is_kind = true,
                                                  .description = "What a node uses."};

static const struct openapi_property node_metrics_list_properties[] = {
    API_VERSION, NEEDED_LIST("items", openapi_node_metrics, "The nodes, by name."),
    KIND,        ONE("metadata", list_meta, "The list's own."),
    {0},
};
const struct openapi_type openapi_node_metrics_list = {.package = METRICS,
                                                       .name = "NodeMetricsList",
                                                       .type = "object",
                                                       .properties = node_metrics_list_properties,
                                                       .is_metrics = true,
                                                       .is_kind = true,
                                                       .description = "What nodes use."};

static const struct openapi_property pod_metrics_properties[] = {
    API_VERSION,
    NEEDED_LIST("containers", container_metrics, "What each container uses."),
    KIND,
    ONE("metadata", object_meta, "The pod's name, namespace and labels."),
    NEEDED("timestamp", time, "When the window ends: when the kubelet took the last sample."),
    NEEDED("window", duration, "The time over which the use of CPU is averaged."),
    {0},
};
const struct openapi_type openapi_pod_metrics = {.package = METRICS,
                                                 .name = "PodMetrics",
                                                 .type = "object",
                                                 .properties = pod_metrics_properties,
                                                 .is_metrics = true,
                                                 .is_kind = true,
                                                 .description = "What a pod's containers use."};

static const struct openapi_property pod_metrics_list_properties[] = {
    API_VERSION, NEEDED_LIST("items", openapi_pod_metrics, "The pods, by namespace and name."),
    KIND,        ONE("metadata", list_meta, "The list's own."),
    {0},
};
const struct openapi_type openapi_pod_metrics_list = {.package = METRICS,
                                                      .name = "PodMetricsList",
                                                      .type = "object",
                                                      .properties = pod_metrics_list_properties,
                                                      .is_metrics = true,
                                                      .is_kind = true,
                                                      .description = "What pods use."};

/* --- discovery, version --- */

static const struct openapi_property group_version_properties[] = {
    NEEDED_TEXT("groupVersion", "GROUP/VERSION"),
    NEEDED_TEXT("version", "The version alone."),
    {0},
};
static const struct openapi_type group_version = {.package = META,
                                                  .name = "GroupVersionForDiscovery",
                                                  .type = "object",
                                                  .properties = group_version_properties,
                                                  .description = "A version of a group."};

static const struct openapi_property server_address_properties[] = {
    NEEDED_TEXT("clientCIDR", "From which addresses."),
    NEEDED_TEXT("serverAddress", "Host and port."),
    {0},
};
static const struct openapi_type server_address = {.package = META,
                                                   .name = "ServerAddressByClientCIDR",
                                                   .type = "object",
                                                   .properties = server_address_properties,
                                                   .description = "Where clients reach the server."};

static const struct openapi_property api_group_properties[] = {
    API_VERSION,
    KIND,
    NEEDED_TEXT("name", "The group's name."),
    ONE("preferredVersion", group_version, "The version that clients should take."),
    LIST_OF("serverAddressByClientCIDRs", server_address, "Where clients reach the server."),
    NEEDED_LIST("versions", group_version, "All versions."),
    {0},
};
const struct openapi_type openapi_api_group = {.package = META,
                                               .name = "APIGroup",
                                               .type = "object",
                                               .properties = api_group_properties,
                                               .is_kind = true,
                                               .description = "A group and its versions."};

static const struct openapi_property api_group_list_properties[] = {
    API_VERSION,
    NEEDED_LIST("groups", openapi_api_group, "The groups."),
    KIND,
    {0},
};
const struct openapi_type openapi_api_group_list = {.package = META,
                                                    .name = "APIGroupList",
                                                    .type = "object",
                                                    .properties = api_group_list_properties,
                                                    .is_kind = true,
                                                    .description = "All groups of the server."};

static const struct openapi_property api_resource_properties[] = {
    TEXTS("categories", "Groups of resources that this one is in, such as all."),
    TEXT("group", "The kind's group, where it isn't the list's."),
    NEEDED_TEXT("kind", "The kind of its objects."),
    NEEDED_TEXT("name", "The plural name, as it is in paths."),
    {.name = "namespaced",
     .type = "boolean",
     .is_required = true,
     .description = "Whether its objects have a namespace."},
    TEXTS("shortNames", "Abbreviations."),
    NEEDED_TEXT("singularName", "The singular name; may be empty."),
    TEXT("storageVersionHash", "Changes with the form in which objects are stored."),
    {.name = "verbs",
     .shape = OPENAPI_LIST,
     .type = "string",
     .is_required = true,
     .description = "What can be done with it."},
    TEXT("version", "The kind's version, where it isn't the list's."),
    {0},
};
static const struct openapi_type api_resource = {.package = META,
                                                 .name = "APIResource",
                                                 .type = "object",
                                                 .properties = api_resource_properties,
                                                 .description = "A resource."};

static const struct openapi_property api_resource_list_properties[] = {
    API_VERSION, NEEDED_TEXT("groupVersion", "GROUP/VERSION"),
    KIND,        NEEDED_LIST("resources", api_resource, "The resources."),
    {0},
};
const struct openapi_type openapi_api_resource_list = {.package = META,
                                                       .name = "APIResourceList",
                                                       .type = "object",
                                                       .properties = api_resource_list_properties,
                                                       .is_kind = true,
                                                       .description = "The resources of a version of a group."};

static const struct openapi_property version_info_properties[] = {
    NEEDED_TEXT("buildDate", "When it was built."),
    NEEDED_TEXT("compiler", "What it was built with."),
    TEXT("emulationMajor", "The version that it behaves as."),
    TEXT("emulationMinor", "The version that it behaves as."),
    NEEDED_TEXT("gitCommit", "What it was built from."),
    NEEDED_TEXT("gitTreeState", "Whether that was all."),
    NEEDED_TEXT("gitVersion", "The whole version."),
    NEEDED_TEXT("goVersion", "The version of Go; empty where there is none."),
    NEEDED_TEXT("major", "The major version."),
    TEXT("minCompatibilityMajor", "The oldest version that it gets along with."),
    TEXT("minCompatibilityMinor", "The oldest version that it gets along with."),
    NEEDED_TEXT("minor", "The minor version."),
    NEEDED_TEXT("platform", "Operating system and machine."),
    {0},
};
const struct openapi_type openapi_version_info = {.package = "io.k8s.apimachinery.pkg.version",
                                                  .name = "Info",
                                                  .type = "object",
                                                  .properties = version_info_properties,
                                                  .description = "What the server is."};
