/*
 * One flag: the variable it is bound to, and how text gets into it and out of it. Used by base/flags.h; programs
 * declare flags there. One owner (struct flags), one thread. Source of the syntax of values and of the errors' words:
 * spf13/pflag and Go's strconv.
 */
#ifndef BASE_FLAG_H
#define BASE_FLAG_H

#include "base/buf.h"
#include "base/error.h"
#include "base/flags.h"

enum flag_kind {
    FLAG_STRING,
    FLAG_BOOL,
    FLAG_INT,
    FLAG_DURATION,
    FLAG_LIST,
    FLAG_OTHER, /* of a struct flag_type */
};

struct flag {
    const char *name;       /* borrowed, as all texts here */
    const char *help;       /* a `word` in back quotes names the value; otherwise its type does */
    const char *deprecated; /* the message, or NULL */
    size_t group;           /* index into the flags' groups */
    char shorthand;         /* or 0 */
    bool is_changed;        /* it was given */
    enum flag_kind kind;
    union {
        const char **string;
        bool *boolean;
        int64_t *number; /* FLAG_INT, FLAG_DURATION (nanoseconds) */
        struct string_list *list;
        void *other;
    } value;                      /* borrowed */
    const struct flag_type *type; /* of FLAG_OTHER; borrowed */
    char *owned;                  /* what a string variable points to once the flag was given */
    char *default_text; /* what the help shows, without "(default )"; owned; NULL when there is nothing to show */
};

/* Sets the variable to TEXT. On an error, in strconv's words, the variable is as it was. */
bool flag_set(struct flag *flag, struct str text, struct error *err);

/* The variable's value as the help shows it, or NULL when that is "", 0, false or []; the caller frees it. */
char *flag_default_text(const struct flag *flag);

#endif
