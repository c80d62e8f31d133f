/*
 * Errors for people: one line that says what was attempted, on what, and why it failed. The last parameter of whatever
 * can fail; each level that knows more wraps. A zeroed struct error means no error. The message is owned by the struct:
 * error_clear (or auto_error) frees it. ERR may be NULL everywhere, for callers that only want to know whether.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

struct error {
    int code;      /* an errno, an HTTP status, or 0: whatever the function's header says */
    char *message; /* owned; NULL when there is no error */
};

/* Sets ERR (replacing what was there). Always returns false, so that `return error_set(...)` reads well. */
__attribute__((format(printf, 3, 4))) bool error_set(struct error *err, int code, const char *format, ...);

/* The same with ": " and strerror(errno_value) appended, its first letter in lower case; the code is errno_value. */
__attribute__((format(printf, 3, 4))) bool error_set_errno(struct error *err, int errno_value, const char *format, ...);

/* Puts "format: " before the message that is there. Returns false. */
__attribute__((format(printf, 2, 3))) bool error_wrap(struct error *err, const char *format, ...);

void error_clear(struct error *err);

/* Moves FROM into TO (freeing what TO held); FROM is clear afterwards. TO may be NULL. */
void error_move(struct error *to, struct error *from);

/* The message, or "" when there is none; never NULL. */
const char *error_text(const struct error *err);

static inline bool error_is_set(const struct error *err)
{
    return err != 0 && err->message != 0;
}

#endif
