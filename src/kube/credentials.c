#include "kube/credentials.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"

enum {
    MAX_CREDENTIAL_BYTES = 1 << 20,
};

/* The zero stamp when PATH is NULL or isn't there. */
static struct file_stamp stamp_of(const char *path)
{
    struct stat st;

    if (path == NULL || stat(path, &st) != 0)
        return (struct file_stamp){0};
    return (struct file_stamp){st.st_mtim, st.st_ino, st.st_size};
}

static bool is_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec && a->inode == b->inode &&
           a->size == b->size;
}

void credentials_init(struct credentials *c, const struct client_config *config, int64_t now_ns)
{
    /* The stamps stay zero: whatever changed since CONFIG was read is seen at the first look. */
    *c = (struct credentials){.looked_ns = now_ns - CREDENTIALS_LOOK_REFUSED_NS};
    client_config_copy(&c->config, config);
}

void credentials_free(struct credentials *c)
{
    client_config_free(&c->config);
}

/* Replaces *TO by the contents of PATH; true when they are new. */
static bool read_into(char **to, const char *path)
{
    auto_error struct error err = {0};
    auto_buf struct buf bytes = {0};

    if (!file_read(path, MAX_CREDENTIAL_BYTES, &bytes, &err)) {
        log_warning("Cannot read credentials again; going on with the old ones", LOG_ERR(&err));
        return false;
    }
    struct str text = str_trim(buf_str(&bytes));
    if (str_is_empty(text) || (*to != NULL && str_eq_cstr(text, *to)))
        return false; /* an empty file is one being written: its stamp will change once more */
    free(*to);
    *to = str_dup(text);
    return true;
}

static bool refresh_token(struct credentials *c)
{
    struct file_stamp now = stamp_of(c->config.token_file);

    if (c->config.token_file == NULL || is_same(&now, &c->token_stamp))
        return false;
    c->token_stamp = now;
    return read_into(&c->config.token, c->config.token_file);
}

/* Certificate and key together: one without the other is of no use. */
static bool refresh_certificate(struct credentials *c)
{
    if (c->config.cert_file == NULL || c->config.key_file == NULL)
        return false;
    struct file_stamp cert = stamp_of(c->config.cert_file);
    struct file_stamp key = stamp_of(c->config.key_file);
    if (is_same(&cert, &c->cert_stamp) && is_same(&key, &c->key_stamp))
        return false;
    c->cert_stamp = cert;
    c->key_stamp = key;
    bool is_new_cert = read_into(&c->config.cert, c->config.cert_file);
    bool is_new_key = read_into(&c->config.key, c->config.key_file);
    return is_new_cert || is_new_key;
}

bool credentials_refresh(struct credentials *c, int64_t now_ns, bool was_refused)
{
    int64_t rest_ns = was_refused ? CREDENTIALS_LOOK_REFUSED_NS : CREDENTIALS_LOOK_NS;

    if (now_ns - c->looked_ns < rest_ns)
        return false;
    c->looked_ns = now_ns;
    bool is_new_token = refresh_token(c);
    bool is_new_certificate = refresh_certificate(c);
    return is_new_token || is_new_certificate;
}
