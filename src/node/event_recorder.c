#include "node/event_recorder.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/random.h"
#include "node/json_text.h"

#define MAX_WAITING 200
#define MAX_KNOWN 500  /* events whose repetition is noticed */
#define MAX_REFUSALS 5 /* of one event: an API server that is just starting may not know our rights yet */

/* One distinct event: what is in the API server, or is to be. */
struct known_event {
    char *key;  /* owned; what must agree to be the same event */
    char *path; /* owned; of the object, once it was created */
    json_t *object;
    int64_t count;
    int64_t sent_count; /* by the call under way */
    int64_t last_unix_ns;
    int refusals;
    bool is_created;
    bool is_waiting; /* in the queue */
};

struct event_recorder {
    uv_loop_t *loop;
    struct rest_client *client;
    char *node_name;
    struct map known; /* of struct known_event */
    struct known_event *queue[MAX_WAITING];
    size_t waiting;
    struct rest_call *call; /* under way, for queue[0] */
    struct backoff backoff;
    uv_timer_t *retry; /* closes on its own */
    bool is_retrying;
};

static void send_next(struct event_recorder *r);

static void on_retry(uv_timer_t *timer)
{
    struct event_recorder *r = timer->data;

    r->is_retrying = false;
    send_next(r);
}

struct event_recorder *event_recorder_new(uv_loop_t *loop, struct rest_client *client, struct str node_name)
{
    struct event_recorder *r = mem_zalloc(sizeof(*r));

    r->loop = loop;
    r->client = client;
    r->node_name = str_dup(node_name);
    r->backoff = (struct backoff){.min_ns = NS_PER_S, .max_ns = 30 * NS_PER_S, .factor = 2, .jitter = 0.5};
    r->retry = mem_zalloc(sizeof(*r->retry));
    uv_timer_init(loop, r->retry);
    uv_unref((uv_handle_t *)r->retry);
    r->retry->data = r;
    return r;
}

static void free_known(struct known_event *e)
{
    json_decref(e->object);
    free(e->key);
    free(e->path);
    free(e);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

void event_recorder_free(struct event_recorder *r)
{
    size_t at = 0;
    void *value;

    if (r == NULL)
        return;
    if (r->call != NULL)
        rest_cancel(r->call);
    uv_close((uv_handle_t *)r->retry, on_timer_closed);
    while (map_next(&r->known, &at, NULL, &value))
        free_known(value);
    map_free(&r->known);
    free(r->node_name);
    free(r);
}

/* Takes the head off the queue. */
static void drop_first(struct event_recorder *r)
{
    r->queue[0]->is_waiting = false;
    r->waiting--;
    memmove(r->queue, r->queue + 1, r->waiting * sizeof(r->queue[0]));
}

static void retry_later(struct event_recorder *r)
{
    r->is_retrying = true;
    uv_timer_start(r->retry, on_retry, (uint64_t)(backoff_next(&r->backoff, random_fraction()) / NS_PER_MS), 0);
}

static void on_sent(void *owner, const struct rest_result *result)
{
    struct event_recorder *r = owner;
    struct known_event *e = r->queue[0];

    r->call = NULL;
    if (result->ok) {
        backoff_reset(&r->backoff);
        e->is_created = true;
        if (e->count == e->sent_count) /* otherwise it was repeated meanwhile: tell that too */
            drop_first(r);
    } else if (result->status == 404 && e->is_created) {
        e->is_created = false; /* it has expired: make it anew */
    } else if (result->status >= 400 && result->status < 500 && result->status != 429 &&
               ++e->refusals >= MAX_REFUSALS) {
        log_error("Server rejected event (will not retry!)", LOG_CSTR("event", e->key), LOG_ERR(result->err));
        drop_first(r);
    } else {
        retry_later(r);
        return;
    }
    send_next(r);
}

static void send_next(struct event_recorder *r)
{
    auto_free char *body = NULL;
    struct known_event *e;

    if (r->waiting == 0 || r->call != NULL || r->is_retrying)
        return;
    e = r->queue[0];
    e->sent_count = e->count;
    json_object_set_new(e->object, "count", json_integer(e->count));
    json_object_set_new(e->object, "lastTimestamp", json_from_time(e->last_unix_ns));
    if (!e->is_created) {
        struct str collection = str_head(str_of(e->path), (size_t)(strrchr(e->path, '/') - e->path));
        body = json_dumps(e->object, JSON_COMPACT);
        r->call = rest_create(r->client, collection, str_of(body), on_sent, r);
        return;
    }
    json_t *patch =
        json_pack("{s:I, s:o}", "count", (json_int_t)e->count, "lastTimestamp", json_from_time(e->last_unix_ns));
    body = json_dumps(patch, JSON_COMPACT);
    json_decref(patch);
    r->call = rest_patch(r->client, str_of(e->path), REST_PATCH_MERGE, str_of(body), on_sent, r);
}

static struct known_event *known_event_new(struct event_recorder *r, const struct event_subject *s,
                                           enum event_type type, const char *reason, struct str message, struct str key,
                                           int64_t now_unix_ns)
{
    struct known_event *e = mem_zalloc(sizeof(*e));
    struct str namespace = s->namespace.len > 0 ? s->namespace : STR("default");
    auto_buf struct buf name = {0}, path = {0};
    json_t *involved = json_pack("{s:o, s:o, s:o}", "kind", json_from_str(s->kind), "name", json_from_str(s->name),
                                 "uid", json_from_str(s->uid));

    if (s->namespace.len > 0) {
        json_object_set_new(involved, "apiVersion", json_string("v1"));
        json_object_set_new(involved, "namespace", json_from_str(s->namespace));
    }
    if (s->field_path.len > 0)
        json_object_set_new(involved, "fieldPath", json_from_str(s->field_path));
    buf_printf(&name, "%.*s.%llx", STR_ARG(s->name), (unsigned long long)now_unix_ns);
    rest_path_add(&path, &(struct rest_path){
                             .version = STR("v1"), .ns = namespace, .resource = STR("events"), .name = buf_str(&name)});
    e->key = str_dup(key);
    e->path = str_dup(buf_str(&path));
    e->object =
        json_pack("{s:s, s:s, s:{s:o, s:o}, s:o, s:s, s:o, s:{s:s, s:s}, s:o, s:s}", "apiVersion", "v1", "kind",
                  "Event", "metadata", "name", json_from_str(buf_str(&name)), "namespace", json_from_str(namespace),
                  "involvedObject", involved, "reason", reason, "message", json_from_str(message), "source",
                  "component", "kubelet", "host", r->node_name, "firstTimestamp", json_from_time(now_unix_ns), "type",
                  type == EVENT_WARNING ? "Warning" : "Normal");
    return e;
}

/* Forgets what isn't waiting when there is too much. */
static void bound_known(struct event_recorder *r)
{
    auto_free struct known_event **idle = NULL;
    size_t at = 0, count = 0;
    void *value;

    if (r->known.count < MAX_KNOWN)
        return;
    idle = mem_alloc(r->known.count * sizeof(struct known_event *));
    while (map_next(&r->known, &at, NULL, &value))
        if (!((struct known_event *)value)->is_waiting)
            idle[count++] = value;
    for (size_t i = 0; i < count; i++) {
        map_remove(&r->known, str_of(idle[i]->key));
        free_known(idle[i]);
    }
}

void event_record(struct event_recorder *r, const struct event_subject *subject, enum event_type type,
                  const char *reason, struct str message)
{
    int64_t now = clock_unix_ns();
    auto_buf struct buf key = {0};
    struct known_event *e;

    buf_printf(&key, "%.*s %.*s/%.*s %.*s %.*s %s: %.*s", STR_ARG(subject->kind), STR_ARG(subject->namespace),
               STR_ARG(subject->name), STR_ARG(subject->uid), STR_ARG(subject->field_path), reason, STR_ARG(message));
    e = map_get(&r->known, buf_str(&key));
    if (e == NULL) {
        bound_known(r);
        e = known_event_new(r, subject, type, reason, message, buf_str(&key), now);
        map_put(&r->known, str_of(e->key), e);
    }
    e->count++;
    e->last_unix_ns = now;
    if (!e->is_waiting) {
        if (r->waiting == MAX_WAITING) {
            if (r->call != NULL)
                return; /* its head is under way: this one is told with its next repetition */
            drop_first(r);
        }
        e->is_waiting = true;
        r->queue[r->waiting++] = e;
    }
    send_next(r);
}
