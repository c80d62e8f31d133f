/*
 * Flags in the Kubernetes manner (spf13/pflag's rules): --name=value, --name value, --bool, --bool=false, -s value,
 * -svalue, "--" ends the flags; lists are comma-separated and may be repeated; underscores in names stand for dashes;
 * help comes grouped ("Kubelet client flags:").
 * A flag is bound to a variable that holds its default when it is declared. One owner, one thread.
 */
#ifndef BASE_FLAGS_H
#define BASE_FLAGS_H

#include "base/error.h"
#include "base/str.h"

struct flags;

/* A growing list of strings; owned by whoever holds the struct (string_list_free). */
struct string_list {
    char **items;
    size_t count;
};
void string_list_add(struct string_list *list, struct str item);
void string_list_free(struct string_list *list);
bool string_list_has(const struct string_list *list, struct str item);

/* PROGRAM is what usage lines begin with ("metrics-server", "tacho kubelet"); SUMMARY is help, or NULL. Borrowed. */
struct flags *flags_new(const char *program, const char *summary);
void flags_free(struct flags *f);

/* Flags declared from here on belong to this group ("kubelet client"; the help adds "flags:"). Borrowed. */
void flags_group(struct flags *f, const char *group);

/*
 * Declare a flag. NAME without dashes; SHORTHAND a letter or 0; HELP borrowed, a `word` in back quotes in it names the
 * value. The variable holds the default: strings are replaced by heap copies that live as long as the flags. A list's
 * default is replaced by the first value given.
 */
void flags_string(struct flags *f, const char *name, char shorthand, const char **value, const char *help);
void flags_bool(struct flags *f, const char *name, char shorthand, bool *value, const char *help);
void flags_int(struct flags *f, const char *name, char shorthand, int64_t *value, const char *help);
void flags_duration(struct flags *f, const char *name, char shorthand, int64_t *value_ns, const char *help);
void flags_list(struct flags *f, const char *name, char shorthand, struct string_list *value, const char *help);

/*
 * A kind of value that the functions above don't know. SET puts TEXT into VALUE (IS_FIRST: the default goes), or leaves
 * it alone and says why not; PRINT returns the default as help shows it, on the heap, or NULL when there is nothing to
 * show.
 */
struct flag_type {
    const char *name; /* what help calls the value: "ip" */
    bool (*set)(void *value, struct str text, bool is_first, struct error *err);
    char *(*print)(const void *value);
};

/* Declares a flag of such a kind. TYPE is borrowed, static; VALUE is the variable. */
void flags_value(struct flags *f, const char *name, char shorthand, const struct flag_type *type, void *value,
                 const char *help);

/* How the usage line calls the arguments that are no flags: "[NAME...]". Borrowed. */
void flags_arguments(struct flags *f, const char *arguments);

/* The flag declared last: accepted, left out of the help; a warning with MESSAGE is logged when it is used. */
void flags_deprecated(struct flags *f, const char *message);

/* Whether NAME was given on the command line. */
bool flags_changed(const struct flags *f, const char *name);

enum flags_result {
    FLAGS_OK,
    FLAGS_HELP, /* --help or -h: print flags_help and exit 0 */
    FLAGS_ERROR,
};

/*
 * Parses ARGV[1..]. Arguments that are no flags are added to ARGS (copies), which may be NULL: then any is an error.
 * Errors use pflag's words: "unknown flag: --x", "flag needs an argument: --x", "invalid argument \"x\" for \"--y\"
 * flag: ...".
 */
enum flags_result flags_parse(struct flags *f, int argc, char **argv, struct string_list *args, struct error *err);

/* The help text, grouped and sorted, each flag with its type and default, in columns. The caller frees it. */
char *flags_help(const struct flags *f);

/* The same for a terminal of that many COLUMNS: each help text wrapped, below its flag. 0: in columns, as above. */
char *flags_help_wrapped(const struct flags *f, size_t columns);

#endif
