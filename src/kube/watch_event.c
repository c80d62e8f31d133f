#include "kube/watch_event.h"

static const char *const type_names[] = {
    [WATCH_EVENT_ADDED] = "ADDED",       [WATCH_EVENT_MODIFIED] = "MODIFIED", [WATCH_EVENT_DELETED] = "DELETED",
    [WATCH_EVENT_BOOKMARK] = "BOOKMARK", [WATCH_EVENT_ERROR] = "ERROR",
};

static bool type_of(struct str name, enum watch_event_type *out)
{
    for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
        if (!str_eq_cstr(name, type_names[i]))
            continue;
        *out = (enum watch_event_type)i;
        return true;
    }
    return false;
}

static void read_error(struct arena *arena, struct watch_event *event)
{
    if (!status_parse(arena, event->object, &event->status))
        event->status = (struct status){.code = 500, .reason = STR("InternalError"), .message = STR("unknown error")};
}

bool watch_event_parse(struct arena *arena, struct str line, struct watch_event *out, struct error *err)
{
    struct json_scan s = json_scan_of(line, arena);
    struct watch_event event = {0};
    struct str type = {0};
    struct str key;

    json_scan_enter_object(&s);
    while (json_scan_next_member(&s, &key)) {
        if (str_eq(key, STR("type")))
            json_scan_str(&s, &type);
        else if (str_eq(key, STR("object")))
            json_scan_raw(&s, &event.object);
    }
    if (!json_scan_finish(&s))
        return error_set(err, 0, "malformed watch event: %s at byte %zu", json_scan_fault(&s), json_scan_offset(&s));
    if (!type_of(type, &event.type))
        return error_set(err, 0, "malformed watch event: its type is \"%.*s\"", STR_ARG(str_head(type, 32)));
    if (event.type == WATCH_EVENT_ERROR) {
        read_error(arena, &event);
        *out = event;
        return true;
    }
    if (!object_head_read(arena, event.object, &event.head, err))
        return error_wrap(err, "malformed watch event");
    if (str_is_empty(event.head.meta.resource_version))
        return error_set(err, 0, "malformed watch event: its object has no resourceVersion");
    if (event.type != WATCH_EVENT_BOOKMARK && str_is_empty(event.head.meta.name))
        return error_set(err, 0, "malformed watch event: its object has no name");
    *out = event;
    return true;
}
