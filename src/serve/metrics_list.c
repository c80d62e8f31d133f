#include "serve/metrics_list.h"

#include "apiserver/pieces.h"
#include "apiserver/response.h"
#include "apiserver/yaml_print.h"
#include "base/alloc.h"
#include "serve/metrics_table.h"

#include <assert.h>

enum {
    PIECE_BYTES = 64 * 1024,
};

/* A list on its way. In the request's arena. */
struct list {
    struct metrics_walk walk;
    struct json_writer w;
    struct metrics_table table;
    struct buf item; /* owned: JSON of one, for YAML */
    bool is_open;
    bool has_items;
};

struct str metrics_list_kind(const struct metrics_question *q)
{
    if (q->choice.as == ACCEPT_AS_PARTIAL_LIST)
        return STR("PartialObjectMetadataList");
    return q->is_pods ? STR("PodMetricsList") : STR("NodeMetricsList");
}

struct str metrics_list_api_version(const struct metrics_question *q)
{
    bool is_partial = q->choice.as == ACCEPT_AS_PARTIAL_LIST;

    return arena_printf(q->request->arena, "%s/%s", is_partial ? "meta.k8s.io" : "metrics.k8s.io",
                        is_partial ? q->choice.as_version : q->version);
}

static void write_item(struct json_writer *w, const struct metrics_question *q, const struct metrics_object *m)
{
    if (q->choice.as == ACCEPT_AS_PARTIAL_LIST)
        metrics_object_write_partial(w, m, q->choice.as_version);
    else
        metrics_object_write(w, m, true);
}

/* --- JSON --- */

static void open_json(struct list *l, struct buf *to)
{
    const struct metrics_question *q = &l->walk.question;
    const struct list_meta meta = {.resource_version = q->resource_version};

    (void)to;
    json_open_object(&l->w);
    json_member_str(&l->w, STR("kind"), metrics_list_kind(q));
    json_member_str(&l->w, STR("apiVersion"), metrics_list_api_version(q));
    json_write_key(&l->w, STR("metadata"));
    list_meta_write(&l->w, &meta);
    json_write_key(&l->w, STR("items"));
    json_open_array(&l->w);
}

static void add_json(struct list *l, struct buf *to, const struct metrics_object *m)
{
    (void)to;
    write_item(&l->w, &l->walk.question, m);
}

static void close_json(struct list *l, struct buf *to)
{
    (void)to;
    json_close_array(&l->w);
    json_close_object(&l->w);
}

/* --- Tables --- */

/*
 * The columns come before the rows and are those of the first object with figures: pods all of whose containers are
 * left out have none, and if no pod has any the Table has neither column.
 */
static void open_table(struct list *l, struct buf *to)
{
    const struct metrics_question *q = &l->walk.question;
    struct metrics_object m;

    (void)to;
    l->table = (struct metrics_table){.version = q->choice.as_version, .include = q->include, .is_bare = true};
    while (l->table.is_bare && metrics_walk_next(&l->walk, &m)) {
        l->has_items = true;
        l->table.is_bare = !metrics_object_has_usage(&m);
    }
    metrics_walk_rewind(&l->walk);
    if (l->has_items)
        metrics_table_open(&l->table, &l->w, q->resource_version);
}

static void add_row(struct list *l, struct buf *to, const struct metrics_object *m)
{
    (void)to;
    metrics_table_add(&l->table, &l->w, m);
}

static void close_table(struct list *l, struct buf *to)
{
    const struct list_meta meta = {.resource_version = l->walk.question.resource_version};

    (void)to;
    if (l->has_items)
        metrics_table_close(&l->w);
    else
        table_write_null(&l->w, l->walk.question.choice.as_version, &meta);
}

/* --- YAML, keys sorted: apiVersion, items, kind, metadata --- */

static void open_yaml(struct list *l, struct buf *to)
{
    struct str version = metrics_list_api_version(&l->walk.question);

    buf_printf(to, "apiVersion: %.*s\nitems:", STR_ARG(version));
}

/* A list of one: just what stands below "items:". Our own JSON can be read again. */
static void add_yaml(struct list *l, struct buf *to, const struct metrics_object *m)
{
    struct json_writer w = json_writer_to(&l->item);

    if (!l->has_items)
        buf_add_char(to, '\n');
    l->has_items = true;
    buf_clear(&l->item);
    json_open_array(&w);
    write_item(&w, &l->walk.question, m);
    json_close_array(&w);
    bool is_printed = yaml_print_json(to, buf_str(&l->item), NULL);
    assert(is_printed);
}

static void close_yaml(struct list *l, struct buf *to)
{
    const struct metrics_question *q = &l->walk.question;
    struct str kind = metrics_list_kind(q);

    if (!l->has_items)
        buf_add_cstr(to, " []\n");
    buf_printf(to, "kind: %.*s\nmetadata:", STR_ARG(kind));
    if (q->resource_version.len > 0)
        buf_printf(to, "\n  resourceVersion: \"%.*s\"\n", STR_ARG(q->resource_version));
    else
        buf_add_cstr(to, " {}\n");
}

/* --- the answer --- */

struct list_form {
    void (*open)(struct list *l, struct buf *to);
    void (*add)(struct list *l, struct buf *to, const struct metrics_object *m);
    void (*close)(struct list *l, struct buf *to);
};

static const struct list_form *form_of(const struct metrics_question *q)
{
    static const struct list_form table = {open_table, add_row, close_table};
    static const struct list_form json = {open_json, add_json, close_json};
    static const struct list_form yaml = {open_yaml, add_yaml, close_yaml};

    if (q->choice.as == ACCEPT_AS_TABLE)
        return &table;
    return q->choice.media == ACCEPT_YAML ? &yaml : &json;
}

static bool next_piece(void *arg, struct buf *to)
{
    struct list *l = arg;
    const struct list_form *form = form_of(&l->walk.question);
    size_t goal = to->len + PIECE_BYTES;
    struct metrics_object m;

    l->w.to = to;
    if (!l->is_open)
        form->open(l, to);
    l->is_open = true;
    while (to->len < goal) {
        if (!metrics_walk_next(&l->walk, &m)) {
            form->close(l, to);
            return false;
        }
        metrics_question_note(&l->walk.question, &m);
        form->add(l, to, &m);
    }
    metrics_walk_pause(&l->walk);
    return true;
}

static void free_list(void *arg)
{
    struct list *l = arg;

    metrics_walk_free(&l->walk);
    metrics_table_free(&l->table);
    buf_free(&l->item);
}

void metrics_list_respond(const struct metrics_question *q)
{
    struct list *l = arena_zalloc(q->request->arena, sizeof(*l));
    const struct api_pieces pieces = {.next = next_piece, .free = free_list, .arg = l};

    if (q->choice.media == ACCEPT_PROTOBUF) {
        metrics_list_respond_protobuf(q);
        return;
    }
    l->walk.question = *q;
    if (q->choice.as == ACCEPT_AS_TABLE && q->choice.media == ACCEPT_YAML) {
        auto_buf struct buf json = {0};
        while (next_piece(l, &json))
            continue;
        free_list(l);
        api_respond_chosen(q->request, 200, &q->choice, &json);
        return;
    }
    api_respond_pieces(q->request, 200, &q->choice, (struct http_headers){0}, pieces);
}
