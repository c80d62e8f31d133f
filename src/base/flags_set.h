/* What is inside struct flags: shared by parsing (flags.c) and the help text (flags_help.c), nobody else's. */
#ifndef BASE_FLAGS_SET_H
#define BASE_FLAGS_SET_H

#include "base/flag.h"

struct flags {
    const char *program;   /* borrowed, as all texts here */
    const char *summary;   /* may be NULL */
    const char *arguments; /* what the usage line calls them; NULL when there are none */
    const char **groups;   /* in the order of their declaration; the first is "", for flags declared before any group */
    size_t group_count;
    size_t current_group;
    struct flag *flags; /* in the order of their declaration */
    size_t count;
};

#endif
