#include "certs/serving.h"

#include <arpa/inet.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

#define DAY_SECONDS ((int64_t)24 * 3600)
#define YEAR_SECONDS (365 * DAY_SECONDS)
#define MAX_PEM_BYTES ((size_t)1 << 20)

static bool load(const char *certificate_path, const char *key_path, int64_t now, struct certs_pair *out)
{
    int64_t not_after;
    if (!file_read(certificate_path, MAX_PEM_BYTES, &out->certificate, NULL) ||
        !file_read(key_path, MAX_PEM_BYTES, &out->key, NULL) ||
        !certs_not_after(buf_str(&out->certificate), &not_after) || not_after <= now + DAY_SECONDS ||
        !certs_check_pair(buf_str(&out->certificate), buf_str(&out->key), buf_str(&out->certificate), NULL)) {
        certs_pair_free(out);
        return false;
    }
    return true;
}

static bool make(const char *host, int64_t now, struct certs_pair *out, struct error *err)
{
    unsigned char address[16];
    bool is_ip = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    const char *dns[3] = {"localhost", is_ip ? NULL : host, NULL};
    const char *ips[4] = {"127.0.0.1", "::1", is_ip ? host : NULL, NULL};
    const struct certs_subject subject = {
        .common_name = host, .dns_names = dns, .ip_addresses = ips, .is_server = true};
    /* An hour back, for peers whose clocks are behind. */
    return certs_issue(NULL, &subject, now - 3600, YEAR_SECONDS, out, err);
}

bool certs_serving_pair(const char *folder, const char *host, int64_t now, struct certs_pair *out, struct error *err)
{
    auto_buf struct buf certificate_path = {0};
    auto_buf struct buf key_path = {0};
    buf_printf(&certificate_path, "%s/apiserver.crt", folder);
    buf_printf(&key_path, "%s/apiserver.key", folder);
    if (load(certificate_path.ptr, key_path.ptr, now, out))
        return true;
    if (!make(host, now, out, err) || !file_make_folders(folder, 0755, err) ||
        !file_write_atomically(key_path.ptr, buf_str(&out->key), 0600, err) ||
        !file_write_atomically(certificate_path.ptr, buf_str(&out->certificate), 0644, err)) {
        certs_pair_free(out);
        return error_wrap(err, "self-signed serving certificate");
    }
    log_plain(LOG_LEVEL_INFO, "Generated self-signed cert (%s, %s)", certificate_path.ptr, key_path.ptr);
    return true;
}
