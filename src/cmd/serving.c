#include "cmd/serving.h"

#include "base/alloc.h"
#include "net/tls_names.h"

static void on_renewed(void *arg, struct tls_server *tls)
{
    const struct serving *s = arg;

    api_server_set_tls(s->server, tls);
}

static void add_pairs(struct serving *s, const struct sni_flags *sni)
{
    s->pair_count = sni->count;
    s->pairs = mem_zalloc((sni->count + 1) * sizeof(*s->pairs));
    for (size_t i = 0; i < sni->count; i++) {
        const struct sni_flag *flag = &sni->items[i];
        struct str *names = mem_zalloc((flag->names.count + 1) * sizeof(*names));
        for (size_t n = 0; n < flag->names.count; n++)
            names[n] = str_of(flag->names.items[n]);
        s->pairs[i] = (struct serving_tls_pair){.certificate_file = flag->certificate,
                                                .key_file = flag->key,
                                                .names = names,
                                                .name_count = flag->names.count};
    }
}

bool serving_open(struct serving *s, uv_loop_t *loop, const struct metrics_server_flags *flags, struct error *err)
{
    int min_version;

    if (!tls_version_of(str_of(flags->tls_min_version), &min_version, err) ||
        !tls_ciphers_of(flags->tls_ciphers.items, flags->tls_ciphers.count, min_version, &s->ciphers, err) ||
        !tls_groups_of(flags->tls_curves.items, flags->tls_curves.count, &s->groups, err))
        return false;
    add_pairs(s, &flags->sni);
    const struct serving_tls_options options = {
        .certificate_file = flags->tls_certificate,
        .key_file = flags->tls_key,
        .folder = flags->cert_dir,
        .pairs = s->pairs,
        .pair_count = s->pair_count,
        .is_http2_enabled = !flags->is_http2_disabled,
        .min_version = min_version,
        .cipher_list = buf_cstr(&s->ciphers),
        .groups = s->groups.len > 0 ? buf_cstr(&s->groups) : NULL,
        .on_renewed = on_renewed,
        .arg = s,
    };
    s->tls = serving_tls_new(loop, &options, err);
    return s->tls != NULL;
}

struct tls_server *serving_server(const struct serving *s)
{
    return serving_tls_server(s->tls);
}

void serving_close(struct serving *s)
{
    serving_tls_free(s->tls);
    for (size_t i = 0; i < s->pair_count; i++)
        free((struct str *)(uintptr_t)s->pairs[i].names);
    free(s->pairs);
    buf_free(&s->ciphers);
    buf_free(&s->groups);
}
