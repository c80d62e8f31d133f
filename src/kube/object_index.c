#include "kube/object_index.h"

#include "base/alloc.h"
#include "base/buf.h"

struct object_entry {
    uint32_t round; /* when it was seen last */
    uint32_t ns_len, name_len, version_len;
    char bytes[]; /* "NS/NAME", the key, then the version */
};

struct str object_entry_ns(const struct object_entry *e)
{
    return str_from(e->bytes, e->ns_len);
}

struct str object_entry_name(const struct object_entry *e)
{
    return str_from(e->bytes + e->ns_len + 1, e->name_len);
}

struct str object_entry_version(const struct object_entry *e)
{
    return str_from(e->bytes + e->ns_len + 1 + e->name_len, e->version_len);
}

static struct str key_of(const struct object_entry *e)
{
    return str_from(e->bytes, (size_t)e->ns_len + 1 + e->name_len);
}

void object_entry_free(struct object_entry *e)
{
    free(e);
}

/* Whoever reads objects bounds their size far below 4 GiB. */
static struct object_entry *entry_new(struct str key, struct str ns, struct str name, struct str version)
{
    struct object_entry *e = mem_alloc(sizeof(*e) + key.len + version.len);

    *e = (struct object_entry){
        .ns_len = (uint32_t)ns.len, .name_len = (uint32_t)name.len, .version_len = (uint32_t)version.len};
    memcpy(e->bytes, key.ptr, key.len);
    if (version.len > 0)
        memcpy(e->bytes + key.len, version.ptr, version.len);
    return e;
}

static void make_key(struct buf *to, struct str ns, struct str name)
{
    buf_add_str(to, ns);
    buf_add_char(to, '/');
    buf_add_str(to, name);
}

enum object_news object_index_put(struct object_index *index, struct str ns, struct str name, struct str version)
{
    auto_buf struct buf key = {0};

    make_key(&key, ns, name);
    struct object_entry *old = map_get(&index->entries, buf_str(&key));
    if (old != NULL && str_eq(object_entry_version(old), version)) {
        old->round = index->round;
        return OBJECT_UNCHANGED;
    }
    struct object_entry *e = entry_new(buf_str(&key), ns, name, version);
    e->round = index->round;
    map_put(&index->entries, key_of(e), e); /* replaces the old one's key too */
    object_entry_free(old);
    return old != NULL ? OBJECT_CHANGED : OBJECT_NEW;
}

struct object_entry *object_index_take(struct object_index *index, struct str ns, struct str name)
{
    auto_buf struct buf key = {0};

    make_key(&key, ns, name);
    return map_remove(&index->entries, buf_str(&key));
}

void object_index_begin(struct object_index *index)
{
    index->round++;
}

struct object_entry **object_index_sweep(struct object_index *index, size_t *count)
{
    struct object_entry **gone = NULL;
    size_t at = 0;
    void *value;

    *count = 0;
    while (map_next(&index->entries, &at, NULL, &value)) {
        struct object_entry *e = value;
        if (e->round == index->round)
            continue;
        if ((*count & (*count - 1)) == 0) /* room doubles at each power of two */
            gone = mem_realloc_array(gone, *count == 0 ? 1 : *count * 2, sizeof(struct object_entry *));
        gone[(*count)++] = e;
    }
    for (size_t i = 0; i < *count; i++)
        map_remove(&index->entries, key_of(gone[i]));
    return gone;
}

size_t object_index_count(const struct object_index *index)
{
    return index->entries.count;
}

void object_index_free(struct object_index *index)
{
    size_t at = 0;
    void *value;

    while (map_next(&index->entries, &at, NULL, &value))
        object_entry_free(value);
    map_free(&index->entries);
}
