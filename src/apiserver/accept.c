#include "apiserver/accept.h"

#include <stdlib.h>

const struct str accept_media_types[] = {STR_INIT("application/json"), STR_INIT("application/yaml"),
                                         STR_INIT("application/vnd.kubernetes.protobuf")};

/* More clauses than that are not looked at: nobody sends them but to make us work. */
enum {
    MAX_CLAUSES = 64
};

struct clause {
    struct str type;
    struct str subtype;
    struct str parameters; /* behind the first ';' */
    double q;
};

struct str accept_media_type(enum accept_media media)
{
    return accept_media_types[media];
}

size_t accept_media_type_count(unsigned allowed)
{
    return (allowed & ACCEPT_ALLOW_PROTOBUF) != 0 ? ACCEPT_PROTOBUF + 1 : ACCEPT_YAML + 1;
}

static struct str next_piece(struct str *text, char separator)
{
    struct str piece;

    str_cut(*text, separator, &piece, text);
    return piece;
}

/* The next parameter with exactly one '='; false at the end. */
static bool next_parameter(struct str *parameters, struct str *name, struct str *value)
{
    while (parameters->len > 0) {
        struct str piece = next_piece(parameters, ';');
        if (!str_cut(piece, '=', name, value) || value->len == 0 || str_index(*value, '=') >= 0)
            continue;
        *name = str_trim(*name);
        *value = str_trim(*value);
        return true;
    }
    return false;
}

/* A malformed q counts as 0, as upstream. */
static double read_q(struct str text)
{
    char digits[16];
    char *end;

    if (text.len == 0 || text.len >= sizeof(digits))
        return 0;
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    double q = strtod(digits, &end);
    return *end == '\0' && q >= 0 && q <= 1000 ? q : 0;
}

static bool read_clause(struct str text, struct clause *c)
{
    struct str name, value;
    struct str media = next_piece(&text, ';');

    *c = (struct clause){.parameters = text, .q = 1};
    if (!str_cut(media, '/', &c->type, &c->subtype) || c->subtype.len == 0) {
        if (!str_eq(str_trim(c->type), STR("*")))
            return false;
        c->subtype = STR("*");
    }
    if (str_index(c->subtype, '/') >= 0)
        return false;
    c->type = str_trim(c->type);
    c->subtype = str_trim(c->subtype);
    while (next_parameter(&text, &name, &value))
        if (str_eq(name, STR("q")))
            c->q = read_q(value);
    return true;
}

/* Whether A is to be tried before B; neither: in the order given. */
static bool comes_before(const struct clause *a, const struct clause *b)
{
    bool a_any = str_eq(a->type, STR("*")), b_any = str_eq(b->type, STR("*"));
    bool a_anysub = str_eq(a->subtype, STR("*")), b_anysub = str_eq(b->subtype, STR("*"));

    if (a->q > b->q || a->q < b->q)
        return a->q > b->q;
    if (a_any != b_any)
        return b_any;
    return !a_anysub && b_anysub;
}

static size_t read_clauses(struct str header, struct clause clauses[MAX_CLAUSES])
{
    size_t count = 0;
    struct clause c;

    while (header.len > 0 && count < MAX_CLAUSES) {
        if (!read_clause(str_trim(next_piece(&header, ',')), &c))
            continue;
        size_t at = count++;
        for (; at > 0 && comes_before(&c, &clauses[at - 1]); at--)
            clauses[at] = clauses[at - 1];
        clauses[at] = c;
    }
    return count;
}

static bool matches(const struct clause *c, struct str media_type)
{
    struct str type, subtype;

    str_cut(media_type, '/', &type, &subtype);
    if (str_eq(c->type, STR("*")))
        return str_eq(c->subtype, STR("*"));
    return str_eq(c->type, type) && (str_eq(c->subtype, STR("*")) || str_eq(c->subtype, subtype));
}

struct conversion {
    struct str kind;
    struct str group;
    struct str version;
    bool is_wanted;
};

static bool choose_conversion(const struct conversion *want, unsigned allowed, struct accept_choice *out)
{
    static const struct {
        struct str kind;
        struct str group;
        struct str version;
        unsigned allowed;
        enum accept_as as;
    } known[] = {
#define META STR_INIT("meta.k8s.io")
        {STR_INIT("Table"), META, STR_INIT("v1"), ACCEPT_ALLOW_TABLE, ACCEPT_AS_TABLE},
        {STR_INIT("Table"), META, STR_INIT("v1beta1"), ACCEPT_ALLOW_TABLE, ACCEPT_AS_TABLE},
        {STR_INIT("PartialObjectMetadata"), META, STR_INIT("v1"), ACCEPT_ALLOW_PARTIAL, ACCEPT_AS_PARTIAL},
        {STR_INIT("PartialObjectMetadata"), META, STR_INIT("v1beta1"), ACCEPT_ALLOW_PARTIAL, ACCEPT_AS_PARTIAL},
        {STR_INIT("PartialObjectMetadataList"), META, STR_INIT("v1"), ACCEPT_ALLOW_PARTIAL, ACCEPT_AS_PARTIAL_LIST},
        {STR_INIT("PartialObjectMetadataList"), META, STR_INIT("v1beta1"), ACCEPT_ALLOW_PARTIAL,
         ACCEPT_AS_PARTIAL_LIST},
#undef META
        {STR_INIT("APIGroupDiscoveryList"), STR_INIT("apidiscovery.k8s.io"), STR_INIT("v2"), ACCEPT_ALLOW_DISCOVERY,
         ACCEPT_AS_DISCOVERY},
    };

    if (!want->is_wanted)
        return true;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if ((known[i].allowed & allowed) == 0 || !str_eq(want->kind, known[i].kind) ||
            !str_eq(want->group, known[i].group) || !str_eq(want->version, known[i].version))
            continue;
        out->as = known[i].as;
        out->as_version = known[i].version.ptr;
        return true;
    }
    return false;
}

/* Whether the clause's parameters can be satisfied; then they are in OUT. */
static bool choose_parameters(const struct clause *c, unsigned allowed, struct accept_choice *out)
{
    struct str rest = c->parameters, name, value;
    struct conversion want = {0};

    while (next_parameter(&rest, &name, &value)) {
        if (str_eq(name, STR("as")))
            want.kind = value;
        else if (str_eq(name, STR("g")))
            want.group = value;
        else if (str_eq(name, STR("v")))
            want.version = value;
        else if (str_eq(name, STR("pretty")))
            out->is_pretty = str_eq(value, STR("1"));
        else if (str_eq(name, STR("stream")))
            out->is_watch_stream = true;
        else if (str_eq(name, STR("sv")) && value.len > 0)
            return false;
        want.is_wanted |= str_eq(name, STR("as")) || str_eq(name, STR("g")) || str_eq(name, STR("v"));
        if (str_eq(name, STR("stream")) && !str_eq(value, STR("watch")) && value.len > 0)
            return false;
    }
    return choose_conversion(&want, allowed, out);
}

bool accept_choose(struct str header, unsigned allowed, struct accept_choice *out)
{
    struct clause clauses[MAX_CLAUSES];

    if (header.len == 0) {
        *out = (struct accept_choice){0};
        return true;
    }
    size_t count = read_clauses(header, clauses);
    for (size_t i = 0; i < count; i++) {
        for (enum accept_media media = ACCEPT_JSON; media < accept_media_type_count(allowed); media++) {
            struct accept_choice choice = {.media = media};
            unsigned possible = media == ACCEPT_PROTOBUF ? allowed & ~(unsigned)ACCEPT_ALLOW_TABLE : allowed;
            if (!matches(&clauses[i], accept_media_type(media)) || !choose_parameters(&clauses[i], possible, &choice))
                continue;
            *out = choice;
            return true;
        }
    }
    return false;
}

int accept_pick(struct str header, const struct str *types, size_t count)
{
    struct clause clauses[MAX_CLAUSES];
    size_t clause_count = read_clauses(header.len > 0 ? header : STR("*/*"), clauses);

    for (size_t i = 0; i < clause_count; i++)
        for (size_t t = 0; t < count; t++)
            if (matches(&clauses[i], types[t]))
                return (int)t;
    return -1;
}
