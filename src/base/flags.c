#include "base/flags.h"

#include "base/alloc.h"
#include "base/flags_set.h"
#include "base/log.h"
#include "base/quote.h"

#include <assert.h>

void string_list_add(struct string_list *list, struct str item)
{
    list->items = mem_realloc_array(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = str_dup(item);
}

void string_list_free(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct string_list){0};
}

bool string_list_has(const struct string_list *list, struct str item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (str_eq_cstr(item, list->items[i]))
            return true;
    }
    return false;
}

struct flags *flags_new(const char *program, const char *summary)
{
    struct flags *f = mem_zalloc(sizeof(*f));

    f->program = program;
    f->summary = summary;
    flags_group(f, "");
    return f;
}

void flags_free(struct flags *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->count; i++) {
        free(f->flags[i].owned);
        free(f->flags[i].default_text);
    }
    free(f->flags);
    free(f->groups);
    free(f);
}

void flags_group(struct flags *f, const char *group)
{
    for (size_t i = 0; i < f->group_count; i++) {
        if (strcmp(f->groups[i], group) == 0) {
            f->current_group = i;
            return;
        }
    }
    f->groups = mem_realloc_array(f->groups, f->group_count + 1, sizeof(*f->groups));
    f->current_group = f->group_count;
    f->groups[f->group_count++] = group;
}

void flags_arguments(struct flags *f, const char *arguments)
{
    f->arguments = arguments;
}

/* Underscores stand for dashes, as in every component of Kubernetes: --log_dir is --log-dir. */
static bool is_name(const struct flag *flag, struct str name)
{
    if (strlen(flag->name) != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char given = name.ptr[i] == '_' ? '-' : name.ptr[i];
        char declared = flag->name[i] == '_' ? '-' : flag->name[i];
        if (given != declared)
            return false;
    }
    return true;
}

static struct flag *find(const struct flags *f, struct str name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (is_name(&f->flags[i], name))
            return &f->flags[i];
    }
    return NULL;
}

static struct flag *find_shorthand(const struct flags *f, char shorthand)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->flags[i].shorthand == shorthand)
            return &f->flags[i];
    }
    return NULL;
}

static void declare(struct flags *f, struct flag flag)
{
    assert(find(f, str_of(flag.name)) == NULL);
    assert(flag.shorthand == '\0' || find_shorthand(f, flag.shorthand) == NULL);
    flag.group = f->current_group;
    flag.default_text = flag_default_text(&flag);
    f->flags = mem_realloc_array(f->flags, f->count + 1, sizeof(*f->flags));
    f->flags[f->count++] = flag;
}

void flags_string(struct flags *f, const char *name, char shorthand, const char **value, const char *help)
{
    declare(f, (struct flag){
                   .kind = FLAG_STRING, .name = name, .shorthand = shorthand, .value.string = value, .help = help});
}

void flags_bool(struct flags *f, const char *name, char shorthand, bool *value, const char *help)
{
    declare(f, (struct flag){
                   .kind = FLAG_BOOL, .name = name, .shorthand = shorthand, .value.boolean = value, .help = help});
}

void flags_int(struct flags *f, const char *name, char shorthand, int64_t *value, const char *help)
{
    declare(f,
            (struct flag){.kind = FLAG_INT, .name = name, .shorthand = shorthand, .value.number = value, .help = help});
}

void flags_duration(struct flags *f, const char *name, char shorthand, int64_t *value_ns, const char *help)
{
    declare(f,
            (struct flag){
                .kind = FLAG_DURATION, .name = name, .shorthand = shorthand, .value.number = value_ns, .help = help});
}

void flags_list(struct flags *f, const char *name, char shorthand, struct string_list *value, const char *help)
{
    declare(f,
            (struct flag){.kind = FLAG_LIST, .name = name, .shorthand = shorthand, .value.list = value, .help = help});
}

void flags_value(struct flags *f, const char *name, char shorthand, const struct flag_type *type, void *value,
                 const char *help)
{
    declare(f, (struct flag){.kind = FLAG_OTHER,
                             .name = name,
                             .shorthand = shorthand,
                             .type = type,
                             .value.other = value,
                             .help = help});
}

void flags_deprecated(struct flags *f, const char *message)
{
    assert(f->count > 0);
    f->flags[f->count - 1].deprecated = message;
}

bool flags_changed(const struct flags *f, const char *name)
{
    const struct flag *flag = find(f, str_of(name));

    return flag != NULL && flag->is_changed;
}

/* What is left of the command line. */
struct arguments {
    int left;
    char **at;
};

static enum flags_result fail_unknown_shorthand(struct error *err, const char *letters)
{
    auto_buf struct buf letter = {0};

    quote_add_bare(&letter, str_from(letters, 1));
    error_set(err, 0, "unknown shorthand flag: '%s' in -%s", buf_cstr(&letter), letters);
    return FLAGS_ERROR;
}

static enum flags_result set(struct flag *flag, struct str text, struct error *err)
{
    auto_buf struct buf quoted = {0};

    if (!flag_set(flag, text, err)) {
        quote_add(&quoted, text);
        if (flag->shorthand != '\0')
            error_wrap(err, "invalid argument %s for \"-%c, --%s\" flag", buf_cstr(&quoted), flag->shorthand,
                       flag->name);
        else
            error_wrap(err, "invalid argument %s for \"--%s\" flag", buf_cstr(&quoted), flag->name);
        return FLAGS_ERROR;
    }
    flag->is_changed = true;
    if (flag->deprecated != NULL)
        log_plain(LOG_LEVEL_WARNING, "Flag --%s has been deprecated, %s", flag->name, flag->deprecated);
    return FLAGS_OK;
}

/* ARGUMENT is "--name" or "--name=value"; the value may be the next of REST. */
static enum flags_result parse_long(struct flags *f, const char *argument, struct arguments *rest, struct error *err)
{
    struct str name, value;
    bool has_value = str_cut(str_of(argument + 2), '=', &name, &value);

    if (name.len == 0 || name.ptr[0] == '-') {
        error_set(err, 0, "bad flag syntax: %s", argument);
        return FLAGS_ERROR;
    }
    struct flag *flag = find(f, name);
    if (flag == NULL) {
        if (str_eq(name, STR("help")))
            return FLAGS_HELP;
        error_set(err, 0, "unknown flag: --%.*s", STR_ARG(name));
        return FLAGS_ERROR;
    }
    if (!has_value && flag->kind == FLAG_BOOL) {
        value = STR("true");
    } else if (!has_value) {
        if (rest->left == 0) {
            error_set(err, 0, "flag needs an argument: %s", argument);
            return FLAGS_ERROR;
        }
        value = str_of(*rest->at++);
        rest->left--;
    }
    return set(flag, value, err);
}

/* LETTERS is what follows the dash: "v", "v2", "v=2", or several booleans and at most one other flag at the end. */
static enum flags_result parse_short(struct flags *f, const char *letters, struct arguments *rest, struct error *err)
{
    for (; *letters != '\0'; letters++) {
        struct flag *flag = find_shorthand(f, *letters);
        if (flag == NULL)
            return *letters == 'h' ? FLAGS_HELP : fail_unknown_shorthand(err, letters);
        if (letters[1] == '=' && letters[2] != '\0')
            return set(flag, str_of(letters + 2), err);
        if (flag->kind == FLAG_BOOL) {
            enum flags_result result = set(flag, STR("true"), err);
            if (result != FLAGS_OK)
                return result;
            continue;
        }
        if (letters[1] != '\0')
            return set(flag, str_of(letters + 1), err);
        if (rest->left == 0) {
            error_set(err, 0, "flag needs an argument: '%c' in -%s", *letters, letters);
            return FLAGS_ERROR;
        }
        rest->left--;
        return set(flag, str_of(*rest->at++), err);
    }
    return FLAGS_OK;
}

static bool take_positional(const struct flags *f, char *argument, struct string_list *args, struct error *err)
{
    auto_buf struct buf quoted = {0};

    if (args != NULL) {
        string_list_add(args, str_of(argument));
        return true;
    }
    quote_add(&quoted, str_of(argument));
    return error_set(err, 0, "unknown command %s for \"%s\"", buf_cstr(&quoted), f->program);
}

enum flags_result flags_parse(struct flags *f, int argc, char **argv, struct string_list *args, struct error *err)
{
    struct arguments rest = {.left = argc > 0 ? argc - 1 : 0, .at = argv + 1};
    bool is_past_flags = false;

    while (rest.left > 0) {
        char *argument = *rest.at++;
        enum flags_result result = FLAGS_OK;
        rest.left--;
        if (is_past_flags || argument[0] != '-' || argument[1] == '\0') {
            if (!take_positional(f, argument, args, err))
                return FLAGS_ERROR;
        } else if (strcmp(argument, "--") == 0) {
            is_past_flags = true;
        } else if (argument[1] == '-') {
            result = parse_long(f, argument, &rest, err);
        } else {
            result = parse_short(f, argument + 1, &rest, err);
        }
        if (result != FLAGS_OK)
            return result;
    }
    return FLAGS_OK;
}
