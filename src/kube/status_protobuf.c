#include "kube/proto_writer.h"
#include "kube/status.h"

static void add_cause(struct buf *to, const struct status_cause *cause)
{
    size_t at = proto_open(to, 4);

    proto_add_str(to, 1, cause->reason);
    proto_add_str(to, 2, cause->message);
    proto_add_str(to, 3, cause->field);
    proto_close(to, at);
}

static void add_details(struct buf *to, const struct status *s)
{
    size_t at = proto_open(to, 5);

    proto_add_str(to, 1, s->details.name);
    proto_add_str(to, 2, s->details.group);
    proto_add_str(to, 3, s->details.kind);
    for (size_t i = 0; i < s->details.cause_count; i++)
        add_cause(to, &s->details.causes[i]);
    proto_add_i64(to, 5, s->details.retry_after_seconds);
    proto_add_str(to, 6, s->details.uid);
    proto_close(to, at);
}

void status_print_protobuf(struct buf *to, const struct status *s)
{
    size_t at = proto_open_object(to, STR("v1"), STR("Status"));

    proto_add_list_meta(to, 1, STR(""));
    proto_add_str(to, 2, s->is_success ? STR("Success") : STR("Failure"));
    proto_add_str(to, 3, s->message);
    proto_add_str(to, 4, s->reason);
    if (s->has_details)
        add_details(to, s);
    proto_add_i64(to, 6, s->code);
    proto_close_object(to, at);
}
