#include "scrape/kubelet_credentials.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

enum {
    MAX_FILE_BYTES = 1 << 20,
};

/* One source: what it holds now, and where that came from. */
struct source {
    char *file;      /* owned; NULL: constant */
    struct buf text; /* what counts */
    bool is_lost;    /* the file couldn't be read last time */
};

struct kubelet_credentials {
    struct source ca;
    struct source certificate;
    struct source key;
    struct source token;
    bool is_insecure;
    bool is_refused; /* the files changed into something that TLS doesn't take */
    struct tls_client *tls;
};

static bool read_source(const struct source *s, struct buf *to, struct error *err)
{
    return file_read(s->file, MAX_FILE_BYTES, to, err);
}

static bool init_source(struct source *s, const char *text, const char *file, struct error *err)
{
    if (file == NULL || file[0] == '\0') {
        buf_add_cstr(&s->text, text != NULL ? text : "");
        return true;
    }
    s->file = mem_strdup(file);
    return read_source(s, &s->text, err);
}

static void free_source(struct source *s)
{
    free(s->file);
    buf_free(&s->text);
}

static struct tls_client *make_tls(const struct kubelet_credentials *c, struct error *err)
{
    struct tls_client_options options = {
        .ca_pem = buf_str(&c->ca.text),
        .certificate_pem = buf_str(&c->certificate.text),
        .key_pem = buf_str(&c->key.text),
        .is_insecure = c->is_insecure,
        .alpn = "http/1.1",
    };
    return tls_client_new(&options, err);
}

struct kubelet_credentials *kubelet_credentials_new(const struct kubelet_credentials_options *options,
                                                    struct error *err)
{
    struct kubelet_credentials *c = mem_zalloc(sizeof(*c));

    if (options->is_plain)
        return c;
    c->is_insecure = options->is_insecure;
    bool is_good = init_source(&c->ca, options->ca, options->ca_file, err) &&
                   init_source(&c->certificate, options->certificate, options->certificate_file, err) &&
                   init_source(&c->key, options->key, options->key_file, err) &&
                   init_source(&c->token, options->token, options->token_file, err);
    if (is_good)
        c->tls = make_tls(c, err);
    if (c->tls != NULL)
        return c;
    kubelet_credentials_free(c);
    error_wrap(err, "credentials for kubelets");
    return NULL;
}

void kubelet_credentials_free(struct kubelet_credentials *c)
{
    if (c == NULL)
        return;
    free_source(&c->ca);
    free_source(&c->certificate);
    free_source(&c->key);
    free_source(&c->token);
    tls_client_free(c->tls);
    free(c);
}

/* True when the file holds something new. */
static bool refresh_source(struct source *s)
{
    auto_buf struct buf text = {0};
    auto_error struct error err = {0};

    if (s->file == NULL)
        return false;
    bool is_lost = !read_source(s, &text, &err);
    if (is_lost && !s->is_lost)
        log_warning("Credentials for kubelets can't be read, the former ones stay", LOG_ERR(&err));
    s->is_lost = is_lost;
    if (is_lost || str_eq(buf_str(&text), buf_str(&s->text)))
        return false;
    struct buf former = s->text;
    s->text = text;
    text = former;
    return true;
}

bool kubelet_credentials_refresh(struct kubelet_credentials *c)
{
    auto_error struct error err = {0};

    if (c->tls == NULL)
        return false;
    bool is_new = refresh_source(&c->ca);
    is_new |= refresh_source(&c->certificate);
    is_new |= refresh_source(&c->key);
    refresh_source(&c->token);
    if (!is_new && !c->is_refused)
        return false;
    struct tls_client *tls = make_tls(c, &err);
    if (tls == NULL) { /* a certificate may have been replaced before its key: the next time will do */
        if (!c->is_refused)
            log_warning("New credentials for kubelets are no good, the former ones stay", LOG_ERR(&err));
        c->is_refused = true;
        return false;
    }
    c->is_refused = false;
    tls_client_free(c->tls);
    c->tls = tls;
    return true;
}

struct tls_client *kubelet_credentials_tls(const struct kubelet_credentials *c)
{
    return c->tls;
}

struct str kubelet_credentials_token(const struct kubelet_credentials *c)
{
    return str_trim(buf_str(&c->token.text));
}
