#include "serve/metrics_walk.h"

#include "serve/ledger.h"

bool metrics_question_look_up(const struct metrics_question *q, const struct catalog_object *object,
                              struct pod_usage *pod, struct metrics_object *out)
{
    *out = (struct metrics_object){.object = object, .version = q->version, .now_ns = q->request->received_unix_ns};
    out->pod = q->is_pods ? pod : NULL;
    if (!(q->is_pods ? usage_store_pod(q->store, object->node, object->namespace, object->name, pod)
                     : usage_store_node(q->store, object->name, &out->node)))
        return false;
    out->resource_version = ledger_item_version(object, q->is_pods ? pod->version : out->node.version);
    return true;
}

void metrics_question_note(const struct metrics_question *q, const struct metrics_object *m)
{
    int64_t time_ns = m->pod != NULL ? m->pod->time_ns : m->node.time_ns;

    if (time_ns != 0) /* a pod none of whose containers has figures */
        metric_observe_ns(q->freshness, m->now_ns - time_ns);
}

static struct str field_of(const void *object, struct str key)
{
    const struct catalog_object *o = object;

    return str_eq(key, STR("metadata.name")) ? o->name : o->namespace;
}

static bool is_selected(const struct metrics_question *q, const struct catalog_object *object)
{
    return object->is_selected && field_selector_matches(&q->options.fields, field_of, object) &&
           catalog_matches_labels(object, &q->options.labels);
}

static void resume(struct metrics_walk *walk)
{
    const struct metrics_question *q = &walk->question;

    walk->is_paused = false;
    if (walk->last_name.len == 0)
        return;
    catalog_walk_behind(q->catalog, q->is_pods, buf_str(&walk->last_namespace), buf_str(&walk->last_name), &walk->at);
}

bool metrics_walk_next(struct metrics_walk *walk, struct metrics_object *out)
{
    const struct metrics_question *q = &walk->question;
    struct str namespace = q->request->attributes.namespace;
    const struct catalog_object *object;

    if (walk->is_paused)
        resume(walk);
    do {
        object =
            q->is_pods ? catalog_next_pod(q->catalog, namespace, &walk->at) : catalog_next_node(q->catalog, &walk->at);
        if (object == NULL)
            return false;
        walk->last = object;
    } while (!is_selected(q, object) || !metrics_question_look_up(q, object, &walk->pod, out));
    return true;
}

void metrics_walk_pause(struct metrics_walk *walk)
{
    if (walk->last != NULL) {
        buf_clear(&walk->last_namespace);
        buf_clear(&walk->last_name);
        buf_add_str(&walk->last_namespace, walk->last->namespace);
        buf_add_str(&walk->last_name, walk->last->name);
    }
    walk->last = NULL;
    walk->is_paused = true;
}

void metrics_walk_rewind(struct metrics_walk *walk)
{
    walk->at = (struct catalog_walk){0};
    walk->last = NULL;
    walk->is_paused = false;
    buf_clear(&walk->last_name);
}

void metrics_walk_free(struct metrics_walk *walk)
{
    pod_usage_free(&walk->pod);
    buf_free(&walk->last_namespace);
    buf_free(&walk->last_name);
}
