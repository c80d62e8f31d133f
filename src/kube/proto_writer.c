#include "kube/proto_writer.h"

enum {
    WIRE_VARINT = 0,
    WIRE_BYTES = 2,
    VARINT_MAX_BYTES = 10,
};

const struct str proto_object_tail = STR_INIT("\x1a\0\x22\0");

static size_t print_varint(unsigned char out[VARINT_MAX_BYTES], uint64_t value)
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        out[n++] = (unsigned char)(value | 0x80);
    out[n++] = (unsigned char)value;
    return n;
}

static void add_varint(struct buf *to, uint64_t value)
{
    unsigned char bytes[VARINT_MAX_BYTES];

    buf_add(to, bytes, print_varint(bytes, value));
}

static void add_tag(struct buf *to, unsigned field, unsigned wire_type)
{
    add_varint(to, (uint64_t)field << 3 | wire_type);
}

void proto_add_head(struct buf *to, unsigned field, size_t length)
{
    add_tag(to, field, WIRE_BYTES);
    add_varint(to, length);
}

void proto_add_str(struct buf *to, unsigned field, struct str bytes)
{
    proto_add_head(to, field, bytes.len);
    buf_add_str(to, bytes);
}

void proto_add_strs(struct buf *to, unsigned field, const struct str *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        proto_add_str(to, field, items[i]);
}

void proto_add_i64(struct buf *to, unsigned field, int64_t value)
{
    add_tag(to, field, WIRE_VARINT);
    add_varint(to, (uint64_t)value);
}

void proto_add_bool(struct buf *to, unsigned field, bool value)
{
    proto_add_i64(to, field, value);
}

/* Most messages are shorter than 128 bytes, so room for one byte of length is left; longer ones move up. */
size_t proto_open(struct buf *to, unsigned field)
{
    add_tag(to, field, WIRE_BYTES);
    buf_add_char(to, '\0');
    return to->len;
}

void proto_close(struct buf *to, size_t opened)
{
    unsigned char length[VARINT_MAX_BYTES];
    size_t size = to->len - opened;
    size_t n = print_varint(length, size);

    if (n > 1) {
        buf_reserve(to, n - 1);
        buf_grow_by(to, n - 1);
        memmove(to->ptr + opened + n - 1, to->ptr + opened, size);
    }
    memcpy(to->ptr + opened - 1, length, n);
}

void proto_add_list_meta(struct buf *to, unsigned field, struct str resource_version)
{
    size_t at = proto_open(to, field);

    proto_add_str(to, 1, STR("")); /* selfLink */
    proto_add_str(to, 2, resource_version);
    proto_add_str(to, 3, STR("")); /* continue */
    proto_close(to, at);
}

void proto_add_named_meta(struct buf *to, unsigned field, struct str name)
{
    size_t at = proto_open(to, field);

    proto_add_str(to, 1, name);
    for (unsigned i = 2; i <= 6; i++) /* generateName, namespace, selfLink, uid, resourceVersion */
        proto_add_str(to, i, STR(""));
    proto_add_i64(to, 7, 0);       /* generation */
    proto_add_str(to, 8, STR("")); /* creationTimestamp: none */
    proto_close(to, at);
}

static void add_type_meta(struct buf *to, struct str api_version, struct str kind)
{
    buf_add_str(to, STR("k8s\0"));
    size_t at = proto_open(to, 1);
    proto_add_str(to, 1, api_version);
    proto_add_str(to, 2, kind);
    proto_close(to, at);
}

size_t proto_open_object(struct buf *to, struct str api_version, struct str kind)
{
    add_type_meta(to, api_version, kind);
    return proto_open(to, 2);
}

void proto_close_object(struct buf *to, size_t opened)
{
    proto_close(to, opened);
    buf_add_str(to, proto_object_tail);
}

void proto_add_object_head(struct buf *to, struct str api_version, struct str kind, size_t length)
{
    add_type_meta(to, api_version, kind);
    proto_add_head(to, 2, length);
}
