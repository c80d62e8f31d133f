#include "scrape/prometheus_text.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/quote.h"
#include "scrape/decimal.h"

#include <endian.h>

enum family {
    FAMILY_OTHER,
    FAMILY_NODE_CPU,
    FAMILY_NODE_MEMORY,
    FAMILY_CONTAINER_CPU,
    FAMILY_CONTAINER_MEMORY,
    FAMILY_CONTAINER_START,
};

static const struct str family_names[] = {
    [FAMILY_OTHER] = STR_INIT(""),
    [FAMILY_NODE_CPU] = STR_INIT("node_cpu_usage_seconds_total"),
    [FAMILY_NODE_MEMORY] = STR_INIT("node_memory_working_set_bytes"),
    [FAMILY_CONTAINER_CPU] = STR_INIT("container_cpu_usage_seconds_total"),
    [FAMILY_CONTAINER_MEMORY] = STR_INIT("container_memory_working_set_bytes"),
    [FAMILY_CONTAINER_START] = STR_INIT("container_start_time_seconds"),
};

enum {
    MAX_KEPT_NAME = 64, /* longer metric names are looked up for each of their samples */
    MAX_EXCERPT = 48,
};

struct prometheus_text {
    struct batch_builder *to;
    int64_t sent_unix_ns;
    uint64_t line;      /* number of the line being decoded, from 1 */
    enum family family; /* of the last sample */
    char name[MAX_KEPT_NAME];
    size_t name_len;    /* of the last sample's metric; 0: too long to keep */
    struct buf partial; /* the beginning of a line whose end hasn't arrived */
    struct buf names;   /* unescaped label values */
};

/* Where in a line we are. */
struct cursor {
    const char *at;
    const char *end;
    const char *cause; /* what is wrong at AT; NULL: nothing */
};

struct sample {
    double value;
    int64_t time_ns;
};

/* Whether a byte may stand in a metric name (1), at its beginning (2), in a label name (4), at its beginning (8). */
enum {
    IN_METRIC = 1,
    STARTS_METRIC = 2,
    IN_LABEL = 4,
    STARTS_LABEL = 8,
};
static const uint8_t byte_classes[256] = {
    ['a' ... 'z'] = IN_METRIC | STARTS_METRIC | IN_LABEL | STARTS_LABEL,
    ['A' ... 'Z'] = IN_METRIC | STARTS_METRIC | IN_LABEL | STARTS_LABEL,
    ['_'] = IN_METRIC | STARTS_METRIC | IN_LABEL | STARTS_LABEL,
    [':'] = IN_METRIC | STARTS_METRIC,
    ['0' ... '9'] = IN_METRIC | IN_LABEL,
};

struct prometheus_text *prometheus_text_new(struct batch_builder *to, int64_t sent_unix_ns)
{
    struct prometheus_text *d = mem_zalloc(sizeof(*d));

    d->to = to;
    d->sent_unix_ns = sent_unix_ns;
    return d;
}

void prometheus_text_free(struct prometheus_text *d)
{
    if (d == NULL)
        return;
    buf_free(&d->partial);
    buf_free(&d->names);
    free(d);
}

static bool fail(struct cursor *c, const char *cause)
{
    c->cause = cause;
    return false;
}

static bool at_end(const struct cursor *c)
{
    return c->at == c->end;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && is_blank(*c->at))
        c->at++;
}

static struct str scan_name(struct cursor *c, uint8_t starts, uint8_t in)
{
    const char *start = c->at;

    if (c->at < c->end && (byte_classes[(uint8_t)*c->at] & starts) != 0)
        do {
            c->at++;
        } while (c->at < c->end && (byte_classes[(uint8_t)*c->at] & in) != 0);
    return str_from(start, (size_t)(c->at - start));
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (uint8_t)(c))

/* The high bit of each byte of X that equals C; bytes above the lowest match may be wrong. */
static uint64_t bytes_equal(uint64_t x, char c)
{
    x ^= EACH_BYTE(c);
    return (x - EACH_BYTE(0x01)) & ~x & EACH_BYTE(0x80);
}

/* Moves P to the first quote or backslash (or END). Sets *HIGH when it sees bytes that aren't ASCII. */
static const char *find_quote(const char *p, const char *end, uint64_t *high)
{
    while (end - p >= 8) {
        uint64_t x;
        memcpy(&x, p, sizeof(x));
        x = le64toh(x);
        uint64_t found = bytes_equal(x, '"') | bytes_equal(x, '\\');
        *high |= x & EACH_BYTE(0x80);
        if (found != 0)
            return p + __builtin_ctzll(found) / 8;
        p += 8;
    }
    for (; p < end && *p != '"' && *p != '\\'; p++)
        *high |= (uint64_t)*p & 0x80;
    return p;
}

/* Behind the opening quote: sets RAW to the value as written and moves behind the closing quote. */
static bool scan_label_value(struct cursor *c, struct str *raw, bool *has_escape)
{
    const char *start = c->at;
    const char *p = start;
    uint64_t high = 0;

    *has_escape = false;
    for (;;) {
        p = find_quote(p, c->end, &high);
        if (p == c->end)
            return fail(c, "label value without closing quote");
        if (*p == '"')
            break;
        if (c->end - p < 2 || (p[1] != '\\' && p[1] != '"' && p[1] != 'n')) {
            c->at = p;
            return fail(c, "invalid escape sequence in a label value");
        }
        *has_escape = true;
        p += 2;
    }
    *raw = str_from(start, (size_t)(p - start));
    if (high != 0 && !utf8_is_valid(*raw))
        return fail(c, "label value isn't valid UTF-8");
    c->at = p + 1;
    return true;
}

/* The labels that name a container, as written. */
struct raw_labels {
    struct str values[3]; /* container, pod, namespace; ptr NULL: not there */
    bool has_escape;
};

static bool note_label(struct raw_labels *labels, struct str name, struct str value, bool has_escape)
{
    static const struct str names[] = {STR_INIT("container"), STR_INIT("pod"), STR_INIT("namespace")};

    for (size_t i = 0; i < 3; i++) {
        if (!str_eq(name, names[i]))
            continue;
        if (labels->values[i].ptr != NULL)
            return false;
        labels->values[i] = value;
        labels->has_escape |= has_escape;
    }
    return true;
}

/* Behind '{': checks the labels and moves behind '}'. LABELS, unless NULL, gets the three that matter. */
static bool scan_labels(struct cursor *c, struct raw_labels *labels)
{
    for (;;) {
        skip_blanks(c);
        if (!at_end(c) && *c->at == '}')
            break;
        const char *name_at = c->at;
        struct str value;
        bool has_escape;
        struct str name = scan_name(c, STARTS_LABEL, IN_LABEL);
        if (name.len == 0)
            return fail(c, "expected a label name or '}'");
        skip_blanks(c);
        if (at_end(c) || *c->at != '=')
            return fail(c, "expected '=' after the label name");
        c->at++;
        skip_blanks(c);
        if (at_end(c) || *c->at != '"')
            return fail(c, "expected '\"' before the label value");
        c->at++;
        if (!scan_label_value(c, &value, &has_escape))
            return false;
        if (labels != NULL && !note_label(labels, name, value, has_escape)) {
            c->at = name_at;
            return fail(c, "label name given twice");
        }
        skip_blanks(c);
        if (!at_end(c) && *c->at == ',')
            c->at++;
        else if (at_end(c) || *c->at != '}')
            return fail(c, "expected ',' or '}' after the label value");
    }
    c->at++;
    return true;
}

static bool scan_timestamp(struct cursor *c, int64_t *out_ns)
{
    const char *start = c->at;
    const char *p = start;

    if (*p == '-')
        p++;
    while (p < c->end && *p >= '0' && *p <= '9')
        p++;
    struct str digits = str_from(start, (size_t)(p - start));
    int64_t ms;
    if (*start == '#')
        return fail(c, "exemplars aren't part of this format");
    if (p < c->end && !is_blank(*p))
        return fail(c, "invalid timestamp");
    if (!str_to_i64(digits, &ms) || __builtin_mul_overflow(ms, NS_PER_MS, out_ns))
        return fail(c, "invalid timestamp");
    c->at = p;
    return true;
}

/* Value and timestamp, up to the end of the line. */
static bool scan_sample(struct prometheus_text *d, struct cursor *c, struct sample *sample)
{
    skip_blanks(c);
    size_t len = decimal_parse(str_from(c->at, (size_t)(c->end - c->at)), &sample->value);
    if (at_end(c))
        return fail(c, "the value is missing");
    if (len == 0 || (len < (size_t)(c->end - c->at) && !is_blank(c->at[len])))
        return fail(c, "invalid value");
    c->at += len;
    skip_blanks(c);
    sample->time_ns = d->sent_unix_ns;
    if (at_end(c))
        return true;
    if (!scan_timestamp(c, &sample->time_ns))
        return false;
    skip_blanks(c);
    return at_end(c) || fail(c, "unexpected text behind the timestamp");
}

static uint64_t to_unsigned(double v)
{
    return v >= 0 && v < 0x1p64 ? (uint64_t)v : 0;
}

static void store_sample(enum family family, struct usage_point *point, const struct sample *sample)
{
    double ns = sample->value * 1e9;

    switch (family) {
    case FAMILY_NODE_CPU:
    case FAMILY_CONTAINER_CPU:
        point->cpu_ns = to_unsigned(ns);
        point->time_ns = sample->time_ns;
        break;
    case FAMILY_NODE_MEMORY:
    case FAMILY_CONTAINER_MEMORY:
        point->memory_bytes = to_unsigned(sample->value);
        point->time_ns = sample->time_ns;
        break;
    case FAMILY_CONTAINER_START:
        point->start_ns = ns >= 0 && ns < 0x1p63 ? (int64_t)ns : 0;
        break;
    case FAMILY_OTHER:
        break;
    }
}

static struct str unescape(struct prometheus_text *d, struct str raw)
{
    size_t start = d->names.len;

    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == '\\' && raw.ptr[++i] == 'n')
            c = '\n';
        else if (c == '\\')
            c = raw.ptr[i];
        buf_add_char(&d->names, c);
    }
    return str_skip(buf_str(&d->names), start);
}

/* The point of the container that LABELS name; POINT is NULL when they name none. */
static bool take_container(struct prometheus_text *d, struct cursor *c, struct raw_labels *labels,
                           struct usage_point **point)
{
    *point = NULL;
    for (size_t i = 0; i < 3; i++)
        if (labels->values[i].len == 0) /* an empty label is a missing one */
            return true;
    if (labels->has_escape) {
        size_t bytes = 0;
        for (size_t i = 0; i < 3; i++)
            bytes += labels->values[i].len;
        buf_clear(&d->names);
        buf_reserve(&d->names, bytes); /* so that the parts stay where they are */
        for (size_t i = 0; i < 3; i++)
            labels->values[i] = unescape(d, labels->values[i]);
    }
    *point = batch_builder_take(d->to, (struct container_names){.container = labels->values[0],
                                                                .pod = labels->values[1],
                                                                .namespace = labels->values[2]});
    return *point != NULL || fail(c, "too many containers on one node");
}

/* Behind the metric name of a container's series: finds its point and moves behind the labels. */
static bool scan_container(struct prometheus_text *d, struct cursor *c, struct usage_point **point)
{
    struct str expected = batch_builder_expected(d->to);
    size_t left = (size_t)(c->end - c->at);

    *point = NULL;
    if (left == 0 || *c->at != '{')
        return true; /* no labels, no container */
    if (expected.len > 0 && left > expected.len + 2 && c->at[expected.len + 1] == '}' &&
        memcmp(c->at + 1, expected.ptr, expected.len) == 0) {
        *point = batch_builder_take_expected(d->to);
        c->at += expected.len + 2;
        return true;
    }
    const char *labels_at = ++c->at;
    struct raw_labels labels = {0};
    if (!scan_labels(c, &labels))
        return false;
    *point = batch_builder_find(d->to, str_from(labels_at, (size_t)(c->at - labels_at) - 1));
    return *point != NULL || take_container(d, c, &labels, point);
}

/* Reads the metric name and sets the family of the series that begins here. */
static bool scan_family(struct prometheus_text *d, struct cursor *c)
{
    size_t left = (size_t)(c->end - c->at);

    if (d->name_len > 0 && left > d->name_len && memcmp(c->at, d->name, d->name_len) == 0 &&
        (byte_classes[(uint8_t)c->at[d->name_len]] & IN_METRIC) == 0) {
        c->at += d->name_len;
        return true;
    }
    struct str name = scan_name(c, STARTS_METRIC, IN_METRIC);
    if (name.len == 0)
        return fail(c, "expected a metric name");
    d->family = FAMILY_OTHER;
    for (unsigned i = FAMILY_NODE_CPU; i <= FAMILY_CONTAINER_START; i++)
        if (str_eq(name, family_names[i]))
            d->family = (enum family)i;
    d->name_len = name.len <= MAX_KEPT_NAME ? name.len : 0;
    memcpy(d->name, name.ptr, d->name_len);
    batch_builder_rewind(d->to);
    return true;
}

static bool decode_sample(struct prometheus_text *d, struct cursor *c)
{
    struct usage_point *point = NULL;
    struct sample sample;

    if (!scan_family(d, c))
        return false;
    skip_blanks(c);
    if (d->family >= FAMILY_CONTAINER_CPU) {
        if (!scan_container(d, c, &point))
            return false;
    } else if (d->family != FAMILY_OTHER) {
        point = &d->to->node;
    }
    if (point == NULL || d->family < FAMILY_CONTAINER_CPU) {
        if (!at_end(c) && *c->at == '{') {
            c->at++;
            if (!scan_labels(c, NULL))
                return false;
        }
    }
    if (!scan_sample(d, c, &sample))
        return false;
    if (point != NULL)
        store_sample(d->family, point, &sample);
    return true;
}

/* Behind "# TYPE" or "# HELP" and a blank. */
static bool check_metadata(struct cursor *c, bool is_type)
{
    static const struct str types[] = {STR_INIT("counter"), STR_INIT("gauge"), STR_INIT("histogram"),
                                       STR_INIT("summary"), STR_INIT("untyped")};

    skip_blanks(c);
    if (scan_name(c, STARTS_METRIC, IN_METRIC).len == 0)
        return fail(c, "expected a metric name");
    if (!at_end(c) && !is_blank(*c->at))
        return fail(c, "invalid metric name");
    if (!is_type)
        return true;
    struct str type = str_trim(str_from(c->at, (size_t)(c->end - c->at)));
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (str_eq(type, types[i]))
            return true;
    return fail(c, "invalid metric type");
}

static bool check_comment(struct cursor *c)
{
    c->at++;
    skip_blanks(c);
    struct str text = str_from(c->at, (size_t)(c->end - c->at));
    bool is_type = str_starts_with(text, STR("TYPE"));
    if ((!is_type && !str_starts_with(text, STR("HELP"))) || text.len < 5 || !is_blank(text.ptr[4]))
        return true;
    c->at += 4;
    return check_metadata(c, is_type);
}

/* A whole line, without its LF. */
static bool decode_line(struct prometheus_text *d, const char *start, const char *end, struct error *err)
{
    struct cursor c = {.at = start, .end = end};
    bool is_good;

    d->line++;
    if (end - start > PROMETHEUS_TEXT_MAX_LINE_BYTES)
        return error_set(err, 0, "line %llu: longer than %d bytes", (unsigned long long)d->line,
                         PROMETHEUS_TEXT_MAX_LINE_BYTES);
    skip_blanks(&c);
    if (at_end(&c))
        return true;
    is_good = *c.at == '#' ? check_comment(&c) : decode_sample(d, &c);
    if (is_good)
        return true;
    struct str rest = str_from(c.at, (size_t)(c.end - c.at));
    if (rest.len == 0)
        return error_set(err, 0, "line %llu: %s, at its end", (unsigned long long)d->line, c.cause);
    auto_buf struct buf excerpt = {0};
    quote_add(&excerpt, str_head(rest, MAX_EXCERPT));
    return error_set(err, 0, "line %llu: %s, at %s%s", (unsigned long long)d->line, c.cause, buf_cstr(&excerpt),
                     rest.len > MAX_EXCERPT ? "..." : "");
}

static bool keep_partial(struct prometheus_text *d, struct str bytes, struct error *err)
{
    if (bytes.len > PROMETHEUS_TEXT_MAX_LINE_BYTES - d->partial.len)
        return error_set(err, 0, "line %llu: longer than %d bytes", (unsigned long long)d->line + 1,
                         PROMETHEUS_TEXT_MAX_LINE_BYTES);
    buf_add_str(&d->partial, bytes);
    return true;
}

bool prometheus_text_feed(struct prometheus_text *d, struct str chunk, struct error *err)
{
    const char *p = chunk.ptr;
    const char *end = chunk.ptr + chunk.len;

    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        struct str piece = str_from(p, (size_t)((newline != NULL ? newline : end) - p));
        if (newline == NULL)
            return keep_partial(d, piece, err);
        if (d->partial.len == 0) {
            if (!decode_line(d, p, newline, err))
                return false;
        } else {
            if (!keep_partial(d, piece, err) || !decode_line(d, d->partial.ptr, d->partial.ptr + d->partial.len, err))
                return false;
            buf_clear(&d->partial);
        }
        p = newline + 1;
    }
    return true;
}

bool prometheus_text_finish(struct prometheus_text *d, struct error *err)
{
    if (d->partial.len == 0)
        return true;
    /* what is no line of this format anyhow says more than that it was cut */
    if (!decode_line(d, d->partial.ptr, d->partial.ptr + d->partial.len, err))
        return false;
    return error_set(err, 0, "line %llu: the body ends within it", (unsigned long long)d->line);
}
