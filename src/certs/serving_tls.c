#include "certs/serving_tls.h"

#include <openssl/crypto.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log_limit.h"
#include "certs/serving.h"
#include "net/file_watch.h"

enum {
    MAX_PEM_BYTES = 1 << 20,
};

/* What all the files hold: of the default pair first, then of the others, certificate and key by turns. */
struct contents {
    struct buf *files; /* owned, 2 x (1 + pairs) */
};

struct serving_tls {
    struct serving_tls_options options;
    struct file_watch *watch;
    struct contents contents; /* what is served with */
    struct tls_server *tls;
    struct log_limit limit; /* of what is wrong with new files */
};

static size_t file_count(const struct serving_tls *s)
{
    return 2 * (1 + s->options.pair_count);
}

static void contents_free(const struct serving_tls *s, struct contents *c)
{
    for (size_t i = 0; c->files != NULL && i < file_count(s); i++) {
        OPENSSL_cleanse(c->files[i].ptr, c->files[i].len);
        buf_free(&c->files[i]);
    }
    free(c->files);
    c->files = NULL;
}

static bool is_self_signed(const struct serving_tls *s)
{
    return s->options.certificate_file == NULL || s->options.certificate_file[0] == '\0';
}

static bool make_self_signed(const struct serving_tls *s, struct buf *certificate, struct buf *key, struct error *err)
{
    struct certs_pair pair = {0};
    char host[UV_MAXHOSTNAMESIZE];
    size_t size = sizeof(host);

    if (uv_os_gethostname(host, &size) != 0)
        host[0] = '\0';
    if (!certs_serving_pair(s->options.folder, host, clock_unix_ns() / NS_PER_S, &pair, err))
        return false;
    buf_add_str(certificate, buf_str(&pair.certificate));
    buf_add_str(key, buf_str(&pair.key));
    certs_pair_free(&pair);
    return true;
}

static bool read_pair(const char *certificate, const char *key, struct buf *to, struct error *err)
{
    return file_read(certificate, MAX_PEM_BYTES, &to[0], err) && file_read(key, MAX_PEM_BYTES, &to[1], err);
}

static bool read_all(const struct serving_tls *s, struct contents *c, struct error *err)
{
    c->files = mem_zalloc(file_count(s) * sizeof(*c->files));
    bool ok = is_self_signed(s) ? make_self_signed(s, &c->files[0], &c->files[1], err)
                                : read_pair(s->options.certificate_file, s->options.key_file, c->files, err);
    for (size_t i = 0; ok && i < s->options.pair_count; i++) {
        const struct serving_tls_pair *pair = &s->options.pairs[i];
        ok = read_pair(pair->certificate_file, pair->key_file, &c->files[2 + 2 * i], err);
    }
    return ok;
}

static bool is_same(const struct serving_tls *s, const struct contents *a, const struct contents *b)
{
    for (size_t i = 0; i < file_count(s); i++) {
        if (!str_eq(buf_str(&a->files[i]), buf_str(&b->files[i])))
            return false;
    }
    return true;
}

static struct tls_server *make_tls(const struct serving_tls *s, const struct contents *c, struct error *err)
{
    size_t count = s->options.pair_count;
    auto_free struct tls_server_pair *pairs = mem_zalloc((count + 1) * sizeof(*pairs));

    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct tls_server_pair){.certificate_pem = buf_str(&c->files[2 + 2 * i]),
                                            .key_pem = buf_str(&c->files[3 + 2 * i]),
                                            .names = s->options.pairs[i].names,
                                            .name_count = s->options.pairs[i].name_count};
    const struct tls_server_options options = {
        .certificate_pem = buf_str(&c->files[0]),
        .key_pem = buf_str(&c->files[1]),
        .pairs = pairs,
        .pair_count = count,
        .is_http2_enabled = s->options.is_http2_enabled,
        .min_version = s->options.min_version,
        .cipher_list = s->options.cipher_list,
        .groups = s->options.groups,
    };
    return tls_server_new(&options, err);
}

/* Takes C over when it is good. */
static bool renew(struct serving_tls *s, struct contents *c, struct error *err)
{
    struct tls_server *tls = make_tls(s, c, err);

    if (tls == NULL)
        return false;
    s->options.on_renewed(s->options.arg, tls);
    tls_server_free(s->tls);
    s->tls = tls;
    contents_free(s, &s->contents);
    s->contents = *c;
    c->files = NULL;
    return true;
}

static void on_change(void *arg)
{
    struct serving_tls *s = arg;
    struct contents now = {0};
    auto_error struct error err = {0};

    if (!read_all(s, &now, &err))
        log_limited(&s->limit, LOG_LEVEL_WARNING, "Serving certificate can't be read, the former one stays",
                    LOG_ERR(&err));
    else if (!is_same(s, &now, &s->contents) && renew(s, &now, &err))
        log_info("Serving certificate was renewed");
    else if (error_is_set(&err)) /* perhaps only one of the two was replaced yet */
        log_limited(&s->limit, LOG_LEVEL_WARNING, "New serving certificate is no good, the former one stays",
                    LOG_ERR(&err));
    contents_free(s, &now);
}

static struct file_watch *watch_files(struct serving_tls *s, uv_loop_t *loop)
{
    auto_free const char **paths = mem_zalloc((file_count(s) + 1) * sizeof(*paths));
    auto_buf struct buf self_signed = {0};

    buf_printf(&self_signed, "%s/apiserver.crt", s->options.folder != NULL ? s->options.folder : "");
    paths[0] = is_self_signed(s) ? buf_cstr(&self_signed) : s->options.certificate_file;
    paths[1] = s->options.key_file;
    for (size_t i = 0; i < s->options.pair_count; i++) {
        paths[2 + 2 * i] = s->options.pairs[i].certificate_file;
        paths[3 + 2 * i] = s->options.pairs[i].key_file;
    }
    return file_watch_new(loop, paths, file_count(s), on_change, s);
}

struct serving_tls *serving_tls_new(uv_loop_t *loop, const struct serving_tls_options *options, struct error *err)
{
    struct serving_tls *s = mem_zalloc(sizeof(*s));

    s->options = *options;
    s->limit = (struct log_limit)LOG_LIMIT(1.0 / 3600, 3);
    if (read_all(s, &s->contents, err))
        s->tls = make_tls(s, &s->contents, err);
    if (s->tls == NULL) {
        serving_tls_free(s);
        error_wrap(err, "serving certificate");
        return NULL;
    }
    s->watch = watch_files(s, loop);
    return s;
}

struct tls_server *serving_tls_server(const struct serving_tls *s)
{
    return s->tls;
}

void serving_tls_free(struct serving_tls *s)
{
    if (s == NULL)
        return;
    file_watch_free(s->watch);
    contents_free(s, &s->contents);
    tls_server_free(s->tls);
    free(s);
}
