#include "kube/names.h"

/* The sentences of Kubernetes, which its clients and their users know. */
#define LABEL_RE "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define SUBDOMAIN_RE LABEL_RE "(\\." LABEL_RE ")*"
#define DNS1035_RE "[a-z]([-a-z0-9]*[a-z0-9])?"
#define KEY_RE "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define REGEX(re) "regex used for validation is '" re "')"

#define LABEL_TEXT                                                                                                  \
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " \
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', " REGEX(LABEL_RE)
#define SUBDOMAIN_TEXT                                                                                               \
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " \
    "and end with an alphanumeric character (e.g. 'example.com', " REGEX(SUBDOMAIN_RE)
#define DNS1035_TEXT                                                                                                   \
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " \
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', " REGEX(DNS1035_RE)
#define KEY_TEXT                                                                                                       \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " \
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', " REGEX(KEY_RE)
#define VALUE_TEXT                                                                                                  \
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start " \
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', " REGEX("(" KEY_RE ")?")
#define CONFIG_TEXT                                                                                                   \
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  " \
    "or 'key-name', " REGEX("[-._a-zA-Z0-9]+")

static void add(struct name_faults *f, const char *text)
{
    if (f->count < NAMES_MAX_FAULTS)
        f->texts[f->count++] = text;
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alphanumeric(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool is_dns_label(struct str s)
{
    if (s.len == 0 || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_lower_or_digit(s.ptr[i]) && s.ptr[i] != '-')
            return false;
    return true;
}

static bool is_dns_subdomain(struct str s)
{
    struct str label;

    while (str_cut(s, '.', &label, &s))
        if (!is_dns_label(label))
            return false;
    return is_dns_label(label);
}

static bool is_config_key(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alphanumeric(s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '_' && s.ptr[i] != '.')
            return false;
    return s.len > 0;
}

/* The name part of a label key, and a label value that isn't empty. */
static bool is_key_name(struct str s)
{
    return is_config_key(s) && is_alphanumeric(s.ptr[0]) && is_alphanumeric(s.ptr[s.len - 1]);
}

struct name_faults name_check_dns1123_label(struct str value)
{
    struct name_faults f = {0};

    if (value.len > DNS1123_LABEL_MAX)
        add(&f, "must be no more than 63 characters");
    if (!is_dns_label(value))
        add(&f, is_dns_subdomain(value) ? "must not contain dots" : LABEL_TEXT);
    return f;
}

struct name_faults name_check_dns1123_subdomain(struct str value)
{
    struct name_faults f = {0};

    if (value.len > DNS1123_SUBDOMAIN_MAX)
        add(&f, "must be no more than 253 characters");
    if (!is_dns_subdomain(value))
        add(&f, SUBDOMAIN_TEXT);
    return f;
}

struct name_faults name_check_dns1035_label(struct str value)
{
    struct name_faults f = {0};

    if (value.len > DNS1123_LABEL_MAX)
        add(&f, "must be no more than 63 characters");
    if (!is_dns_label(value) || value.ptr[0] < 'a')
        add(&f, DNS1035_TEXT);
    return f;
}

struct name_faults name_check_path_segment(struct str value)
{
    struct name_faults f = {0};

    if (str_eq(value, STR("."))) {
        add(&f, "may not be '.'");
    } else if (str_eq(value, STR(".."))) {
        add(&f, "may not be '..'");
    } else {
        if (str_index(value, '/') >= 0)
            add(&f, "may not contain '/'");
        if (str_index(value, '%') >= 0)
            add(&f, "may not contain '%'");
    }
    return f;
}

struct name_faults name_check_qualified(struct str value)
{
    struct name_faults f = {0};
    struct str name = value;
    struct str prefix;

    if (str_cut(value, '/', &prefix, &name)) {
        if (str_index(name, '/') >= 0) {
            add(&f, "a valid label key " KEY_TEXT " with an optional DNS subdomain prefix and '/' "
                    "(e.g. 'example.com/MyName')");
            return f;
        }
        if (prefix.len == 0)
            add(&f, "prefix part must be non-empty");
        if (prefix.len > DNS1123_SUBDOMAIN_MAX)
            add(&f, "prefix part must be no more than 253 bytes");
        if (prefix.len > 0 && !is_dns_subdomain(prefix))
            add(&f, "prefix part " SUBDOMAIN_TEXT);
    } else {
        name = value;
    }
    if (name.len == 0)
        add(&f, "name part must be non-empty");
    if (name.len > LABEL_VALUE_MAX)
        add(&f, "name part must be no more than 63 bytes");
    if (!is_key_name(name))
        add(&f, "name part " KEY_TEXT);
    return f;
}

struct name_faults name_check_label_value(struct str value)
{
    struct name_faults f = {0};

    if (value.len > LABEL_VALUE_MAX)
        add(&f, "must be no more than 63 bytes");
    if (value.len > 0 && !is_key_name(value))
        add(&f, VALUE_TEXT);
    return f;
}

struct name_faults name_check_config_key(struct str value)
{
    struct name_faults f = {0};

    if (value.len > DNS1123_SUBDOMAIN_MAX)
        add(&f, "must be no more than 253 characters");
    if (!is_config_key(value))
        add(&f, CONFIG_TEXT);
    if (str_eq(value, STR(".")))
        add(&f, "must not be '.'");
    else if (str_eq(value, STR("..")))
        add(&f, "must not be '..'");
    else if (str_starts_with(value, STR("..")))
        add(&f, "must not start with '..'");
    return f;
}

void name_faults_join(struct buf *to, const struct name_faults *f, const char *separator)
{
    for (size_t i = 0; i < f->count; i++) {
        if (i > 0)
            buf_add_cstr(to, separator);
        buf_add_cstr(to, f->texts[i]);
    }
}
