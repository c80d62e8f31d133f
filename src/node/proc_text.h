/*
 * The text of procfs and cgroupfs files: lines, words, and "key value" or "key: value kB" tables. Pure; any thread.
 */
#ifndef NODE_PROC_TEXT_H
#define NODE_PROC_TEXT_H

#include "base/str.h"

/* Sets LINE to the next line of REST (without its newline) and moves REST past it. False at the end. */
bool proc_next_line(struct str *rest, struct str *line);

/* The same for words between spaces and tabs. */
bool proc_next_word(struct str *rest, struct str *word);

/*
 * The number of the line that begins with KEY: "KEY 12", "KEY: 12" or "KEY:   12 kB" (then in bytes). NOT_MEASURED when
 * there is none.
 */
int64_t proc_keyed_number(struct str text, struct str key);

/* The rest of the line that begins with KEY and a colon or white space, trimmed; empty with a NULL pointer when there
 * is none. */
struct str proc_keyed_text(struct str text, struct str key);

#endif
