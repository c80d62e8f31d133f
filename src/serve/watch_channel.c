#include "serve/watch_channel.h"

#include "base/alloc.h"

#include <assert.h>

/* --- forms --- */

static bool forms_equal(const struct watch_form *a, const struct watch_form *b)
{
    const char *one = a->choice.as_version != NULL ? a->choice.as_version : "";
    const char *two = b->choice.as_version != NULL ? b->choice.as_version : "";

    return a->is_pods == b->is_pods && strcmp(a->version, b->version) == 0 && a->choice.media == b->choice.media &&
           a->choice.as == b->choice.as && strcmp(one, two) == 0 && a->include == b->include;
}

static struct watch_encoding *take_encoding(struct watch_channels *c, const struct watch_form *form)
{
    struct watch_encoding *e = c->encodings;

    while (e != NULL && !forms_equal(&e->form, form))
        e = e->next;
    if (e == NULL) {
        e = mem_zalloc(sizeof(*e));
        e->form = *form;
        e->next = c->encodings;
        c->encodings = e;
    }
    e->channels++;
    return e;
}

static void drop_encoding(struct watch_channels *c, struct watch_encoding *e)
{
    struct watch_encoding **at = &c->encodings;

    if (--e->channels > 0)
        return;
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    buf_free(&e->bytes);
    free(e);
}

/* --- channels --- */

/* Parts that may have anything in them say how long they are. */
static void print_key(struct buf *to, const struct watch_form *f, struct str namespace, const struct list_options *o)
{
    auto_buf struct buf labels = {0};

    label_selector_print(&labels, &o->labels);
    buf_printf(to, "%d/%s/%d/%d/%s/%d/%zu/%zu/", f->is_pods, f->version, (int)f->choice.media, (int)f->choice.as,
               f->choice.as_version != NULL ? f->choice.as_version : "", (int)f->include, namespace.len, labels.len);
    buf_add_str(to, namespace);
    buf_add_str(to, buf_str(&labels));
    field_selector_print(to, &o->fields);
}

struct watch_channel *watch_channels_get(struct watch_channels *c, const struct watch_form *form, struct str namespace,
                                         const struct list_options *options)
{
    auto_buf struct buf key = {0};
    struct arena arena = {0};

    print_key(&key, form, namespace, options);
    struct watch_channel *channel = map_get(&c->by_key, buf_str(&key));
    if (channel != NULL)
        return channel;
    channel = arena_zalloc(&arena, sizeof(*channel));
    channel->key = arena_str(&arena, buf_str(&key));
    channel->namespace = arena_str(&arena, namespace);
    bool is_parsed = label_selector_parse(&arena, arena_str(&arena, options->labels_text), &channel->labels, NULL) &&
                     field_selector_parse(&arena, arena_str(&arena, options->fields_text), &channel->fields, NULL);
    assert(is_parsed); /* it was before */
    channel->encoding = take_encoding(c, form);
    channel->next = c->first;
    if (c->first != NULL)
        c->first->previous = channel;
    c->first = channel;
    channel->arena = arena;
    map_put(&c->by_key, channel->key, channel);
    return channel;
}

void watch_channels_drop(struct watch_channels *c, struct watch_channel *channel)
{
    struct arena arena = channel->arena;

    map_remove(&c->by_key, channel->key);
    *(channel->previous != NULL ? &channel->previous->next : &c->first) = channel->next;
    if (channel->next != NULL)
        channel->next->previous = channel->previous;
    drop_encoding(c, channel->encoding);
    buf_free(&channel->pending);
    arena_free(&arena);
    if (c->first == NULL) {
        map_free(&c->by_key);
        *c = (struct watch_channels){0};
    }
}

/* --- selecting --- */

static struct str field_of(const void *object, struct str key)
{
    const struct catalog_object *o = object;

    return str_eq(key, STR("metadata.name")) ? o->name : o->namespace;
}

static bool selects(const struct watch_channel *c, const struct catalog_object *o)
{
    return o != NULL && (c->namespace.len == 0 || str_eq(c->namespace, o->namespace)) &&
           field_selector_matches(&c->fields, field_of, o) && catalog_matches_labels(o, &c->labels);
}

const char *watch_channel_select(const struct watch_channel *channel, const struct ledger_change *change)
{
    if (change->is_pod != channel->encoding->form.is_pods)
        return NULL;
    bool is = selects(channel, change->now);
    bool was = change->before == change->now ? is : selects(channel, change->before);
    if (is)
        return was ? "MODIFIED" : "ADDED";
    return was ? "DELETED" : NULL;
}

/* --- encoding --- */

static struct metrics_object object_of(const struct ledger_change *change, bool is_gone, int64_t now_unix_ns)
{
    struct metrics_object m = change->figures;

    m.object = is_gone ? change->before : change->now;
    m.resource_version = change->version;
    m.now_ns = now_unix_ns;
    return m;
}

void watch_channel_print(const struct watch_channel *channel, struct buf *to, const struct ledger_change *change,
                         const char *type, bool has_columns, int64_t now_unix_ns)
{
    const struct watch_form *form = &channel->encoding->form;
    struct metrics_object m = object_of(change, strcmp(type, "DELETED") == 0, now_unix_ns);
    auto_buf struct buf object = {0};

    watch_form_print_object(&object, form, &m, has_columns);
    watch_form_print_event(to, form, type, buf_str(&object));
}

/* Its object in the channel's form: encoded for the first channel, and then there. */
static struct str encode(struct watch_encoding *e, const struct ledger_change *change, bool is_gone,
                         int64_t now_unix_ns)
{
    struct metrics_object m = object_of(change, is_gone, now_unix_ns);

    if (e->version != change->version || e->object != m.object) {
        buf_clear(&e->bytes);
        watch_form_print_object(&e->bytes, &e->form, &m, false);
        e->version = change->version;
        e->object = m.object;
    }
    return buf_str(&e->bytes);
}

bool watch_channels_tell(struct watch_channels *c, const struct ledger_change *change, int64_t now_unix_ns)
{
    bool is_wanted = false;

    for (struct watch_channel *channel = c->first; channel != NULL; channel = channel->next) {
        const char *type = watch_channel_select(channel, change);
        if (type == NULL)
            continue;
        struct str object = encode(channel->encoding, change, strcmp(type, "DELETED") == 0, now_unix_ns);
        watch_form_print_event(&channel->pending, &channel->encoding->form, type, object);
        is_wanted = true;
    }
    return is_wanted;
}
