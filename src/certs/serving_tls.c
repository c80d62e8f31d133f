#include "certs/serving_tls.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log_limit.h"
#include "certs/serving.h"

enum {
    MAX_PEM_BYTES = 1 << 20,
    RELOAD_MS = 60 * 1000, /* how often the files are looked at */
};

struct serving_tls {
    struct serving_tls_options options;
    uv_timer_t timer;
    struct buf certificate, key; /* what is served with */
    struct tls_server *tls;
};

static bool is_from_files(const struct serving_tls *s)
{
    return s->options.certificate_file != NULL && s->options.certificate_file[0] != '\0';
}

static struct tls_server *make_tls(const struct serving_tls *s, const struct buf *certificate, const struct buf *key,
                                   struct error *err)
{
    const struct tls_server_options options = {
        .certificate_pem = buf_str(certificate),
        .key_pem = buf_str(key),
        .is_http2_enabled = s->options.is_http2_enabled,
        .min_version = s->options.min_version,
        .cipher_list = s->options.cipher_list,
        .groups = s->options.groups,
    };

    return tls_server_new(&options, err);
}

static bool read_files(const struct serving_tls *s, struct buf *certificate, struct buf *key, struct error *err)
{
    return file_read(s->options.certificate_file, MAX_PEM_BYTES, certificate, err) &&
           file_read(s->options.key_file, MAX_PEM_BYTES, key, err);
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

static bool is_same(const struct buf *a, const struct buf *b)
{
    return str_eq(buf_str(a), buf_str(b));
}

static void swap(struct buf *a, struct buf *b)
{
    struct buf old = *a;

    *a = *b;
    *b = old;
}

/* A renewed certificate is served without a restart. */
static void on_timer(uv_timer_t *timer)
{
    struct serving_tls *s = timer->data;
    auto_buf struct buf certificate = {0}, key = {0};
    auto_error struct error err = {0};
    static struct log_limit limit = LOG_LIMIT(1.0 / 3600, 1);

    if (!read_files(s, &certificate, &key, &err)) {
        log_limited(&limit, LOG_LEVEL_WARNING, "Serving certificate can't be read, the former one stays",
                    LOG_ERR(&err));
        return;
    }
    if (is_same(&certificate, &s->certificate) && is_same(&key, &s->key))
        return;
    struct tls_server *tls = make_tls(s, &certificate, &key, &err);
    if (tls == NULL) { /* perhaps only one of the two was replaced yet */
        log_limited(&limit, LOG_LEVEL_WARNING, "New serving certificate is no good, the former one stays",
                    LOG_ERR(&err));
        return;
    }
    s->options.on_renewed(s->options.arg, tls);
    tls_server_free(s->tls);
    s->tls = tls;
    swap(&s->certificate, &certificate);
    swap(&s->key, &key);
    log_info("Serving certificate was renewed");
}

static void on_closed(uv_handle_t *handle)
{
    struct serving_tls *s = handle->data;

    tls_server_free(s->tls);
    buf_free(&s->certificate);
    buf_free(&s->key);
    free(s);
}

struct serving_tls *serving_tls_new(uv_loop_t *loop, const struct serving_tls_options *options, struct error *err)
{
    struct serving_tls *s = mem_zalloc(sizeof(*s));

    s->options = *options;
    uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    bool is_loaded = is_from_files(s) ? read_files(s, &s->certificate, &s->key, err)
                                      : make_self_signed(s, &s->certificate, &s->key, err);
    if (is_loaded)
        s->tls = make_tls(s, &s->certificate, &s->key, err);
    if (s->tls == NULL) {
        serving_tls_free(s);
        error_wrap(err, "serving certificate");
        return NULL;
    }
    if (is_from_files(s))
        uv_timer_start(&s->timer, on_timer, RELOAD_MS, RELOAD_MS);
    return s;
}

struct tls_server *serving_tls_server(const struct serving_tls *s)
{
    return s->tls;
}

void serving_tls_free(struct serving_tls *s)
{
    if (s != NULL)
        uv_close((uv_handle_t *)&s->timer, on_closed);
}
