#include "base/alloc.h"
#include "base/flags_set.h"

/* Where help texts start when they are wrapped, and the narrowest column worth wrapping to. */
enum {
    WRAPPED_INDENT = 16,
    NARROWEST_TEXT = 24
};

/* One line of a group: the flag's words, padded to the widest, then its help. */
struct help_line {
    const char *name;
    struct buf words;
    struct buf text;
};

/* Splits HELP at its `word`. The name of the value is that word, or the type. */
static struct str split_help(const struct flag *flag, struct buf *text)
{
    static const char *const types[] = {[FLAG_STRING] = "string",
                                        [FLAG_BOOL] = "",
                                        [FLAG_INT] = "int",
                                        [FLAG_DURATION] = "duration",
                                        [FLAG_LIST] = "strings"};
    struct str before, name, after;

    if (str_cut(str_of(flag->help), '`', &before, &after) && str_cut(after, '`', &name, &after)) {
        buf_add_str(text, before);
        buf_add_str(text, name);
        buf_add_str(text, after);
        return name;
    }
    buf_add_cstr(text, flag->help);
    return str_of(flag->kind == FLAG_OTHER ? flag->type->name : types[flag->kind]);
}

static void describe(const struct flag *flag, struct help_line *line)
{
    line->name = flag->name;
    if (flag->shorthand != '\0')
        buf_printf(&line->words, "  -%c, --%s", flag->shorthand, flag->name);
    else
        buf_printf(&line->words, "      --%s", flag->name);
    struct str value_name = split_help(flag, &line->text);
    if (value_name.len > 0)
        buf_printf(&line->words, " %.*s", STR_ARG(value_name));
    if (flag->default_text != NULL)
        buf_printf(&line->text, " (default %s)", flag->default_text);
}

/* Appends TEXT, each further line indented. */
static void add_indented(struct buf *to, struct str text, size_t indent)
{
    struct str line;
    bool has_more = str_cut(text, '\n', &line, &text);

    buf_add_str(to, line);
    while (has_more) {
        has_more = str_cut(text, '\n', &line, &text);
        buf_printf(to, "\n%*s%.*s", (int)indent, "", STR_ARG(line));
    }
}

/* Takes the words that fit into WIDTH off TEXT, at least one; a newline in TEXT ends the line too. */
static struct str take_line(struct str *text, size_t width)
{
    size_t end = 0;

    for (size_t i = 0; i <= text->len; i++) {
        bool is_end = i == text->len || text->ptr[i] == '\n';
        if (!is_end && text->ptr[i] != ' ')
            continue;
        if (i > width && end > 0)
            break;
        end = i;
        if (is_end)
            break;
    }
    struct str line = str_head(*text, end);
    *text = str_skip(*text, end + 1);
    return line;
}

static void add_wrapped(struct buf *to, struct str text, size_t columns)
{
    do {
        struct str line = take_line(&text, columns - WRAPPED_INDENT);
        buf_printf(to, "\n%*s%.*s", WRAPPED_INDENT, "", STR_ARG(line));
    } while (text.len > 0);
}

static void add_lines(struct buf *to, struct help_line *lines, size_t count, size_t columns)
{
    size_t widest = 0;

    for (size_t i = 0; i < count; i++)
        widest = lines[i].words.len > widest ? lines[i].words.len : widest;
    for (size_t i = 0; i < count; i++) {
        buf_add_str(to, buf_str(&lines[i].words));
        if (columns >= WRAPPED_INDENT + NARROWEST_TEXT) {
            add_wrapped(to, buf_str(&lines[i].text), columns);
        } else {
            buf_printf(to, "%*s", (int)(widest - lines[i].words.len + 3), "");
            add_indented(to, buf_str(&lines[i].text), widest + 3);
        }
        buf_add_char(to, '\n');
        buf_free(&lines[i].words);
        buf_free(&lines[i].text);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct help_line *)a)->name, ((const struct help_line *)b)->name);
}

/* "Kubelet client flags:"; "Flags:" for what belongs to no group. */
static void add_title(struct buf *to, const char *group)
{
    size_t at;

    buf_add_char(to, '\n');
    at = to->len;
    buf_add_cstr(to, group);
    if (!str_ends_with(str_of(group), STR("flags")) && !str_ends_with(str_of(group), STR("Flags")))
        buf_add_cstr(to, *group == '\0' ? "flags" : " flags");
    if (to->ptr[at] >= 'a' && to->ptr[at] <= 'z')
        to->ptr[at] = (char)(to->ptr[at] - 'a' + 'A');
    buf_add_cstr(to, ":\n\n");
}

/* HELP is the flag --help, which isn't declared, or NULL where it doesn't belong. */
static void add_group(struct buf *to, const struct flags *f, size_t group, const struct flag *help, size_t columns)
{
    struct help_line *lines = mem_zalloc((f->count + 1) * sizeof(*lines));
    size_t count = 0;

    for (size_t i = 0; i < f->count; i++) {
        if (f->flags[i].group == group && f->flags[i].deprecated == NULL)
            describe(&f->flags[i], &lines[count++]);
    }
    if (help != NULL)
        describe(help, &lines[count++]);
    if (count > 0) {
        qsort(lines, count, sizeof(*lines), by_name);
        add_title(to, group < f->group_count ? f->groups[group] : "Global");
        add_lines(to, lines, count, columns);
    }
    free(lines);
}

/* Where --help is listed: with the global flags, or with all when there are no groups; otherwise in a group of its own.
 */
static size_t group_of_help(const struct flags *f)
{
    if (f->group_count == 1)
        return 0;
    for (size_t i = 1; i < f->group_count; i++) {
        if (str_eq_ignore_case(str_of(f->groups[i]), STR("global")))
            return i;
    }
    return f->group_count;
}

char *flags_help_wrapped(const struct flags *f, size_t columns)
{
    struct buf text = {0};
    auto_buf struct buf help_text = {0};
    struct flag help = {.kind = FLAG_BOOL, .name = "help", .shorthand = 'h'};
    size_t help_group = group_of_help(f);

    for (size_t i = 0; i < f->count; i++) {
        if (f->flags[i].shorthand == 'h')
            help.shorthand = '\0';
    }
    if (f->summary != NULL)
        buf_printf(&text, "%s\n\n", f->summary);
    buf_printf(&text, "Usage:\n  %s%s%s [flags]\n", f->program, f->arguments != NULL ? " " : "",
               f->arguments != NULL ? f->arguments : "");
    buf_printf(&help_text, "help for %s", f->program);
    help.help = buf_cstr(&help_text);
    for (size_t i = 0; i < f->group_count || i == help_group; i++)
        add_group(&text, f, i, i == help_group ? &help : NULL, columns);
    return buf_take(&text);
}

char *flags_help(const struct flags *f)
{
    return flags_help_wrapped(f, 0);
}
