#include "base/error.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <string.h>

static void replace(struct error *err, int code, struct buf *message)
{
    free(err->message);
    err->code = code;
    err->message = buf_take(message);
}

bool error_set(struct error *err, int code, const char *format, ...)
{
    struct buf message = {0};
    va_list ap;

    if (err == NULL)
        return false;
    va_start(ap, format);
    buf_vprintf(&message, format, ap);
    va_end(ap);
    replace(err, code, &message);
    return false;
}

/* strerror's words without the capital, because they end a sentence here ("open /x: no such file or directory"). */
static void add_errno(struct buf *to, int errno_value)
{
    const char *text = strerrordesc_np(errno_value);

    if (text == NULL) {
        buf_printf(to, "errno %d", errno_value);
        return;
    }
    bool is_word = text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z');
    buf_add_char(to, is_word ? (char)(text[0] - 'A' + 'a') : text[0]);
    buf_add_cstr(to, text + 1);
}

bool error_set_errno(struct error *err, int errno_value, const char *format, ...)
{
    struct buf message = {0};
    va_list ap;

    if (err == NULL)
        return false;
    va_start(ap, format);
    buf_vprintf(&message, format, ap);
    va_end(ap);
    buf_add_cstr(&message, ": ");
    add_errno(&message, errno_value);
    replace(err, errno_value, &message);
    return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
    struct buf message = {0};
    va_list ap;

    if (err == NULL)
        return false;
    va_start(ap, format);
    buf_vprintf(&message, format, ap);
    va_end(ap);
    if (err->message != NULL) {
        buf_add_cstr(&message, ": ");
        buf_add_cstr(&message, err->message);
    }
    replace(err, err->code, &message);
    return false;
}

void error_clear(struct error *err)
{
    if (err == NULL)
        return;
    free(err->message);
    *err = (struct error){0};
}

void error_move(struct error *to, struct error *from)
{
    if (to == from || from == NULL)
        return;
    error_clear(to);
    if (to == NULL) {
        error_clear(from);
        return;
    }
    *to = *from;
    *from = (struct error){0};
}

const char *error_text(const struct error *err)
{
    return err != NULL && err->message != NULL ? err->message : "";
}
