#include "cmd/listening.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cmd/service_notify.h"
#include "net/tcp_listener.h"

static bool is_any(const char *address)
{
    return address[0] == '\0' || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static bool listen_on(struct api_server *server, const char *address, const struct metrics_server_flags *flags,
                      struct error *err)
{
    uint16_t port = (uint16_t)flags->secure_port;

    if (!flags->permits_port_sharing)
        return api_server_listen(server, address, port, err);
    int fd = tcp_listener_socket(address, port, true, err);
    return fd >= 0 && api_server_adopt(server, fd, err);
}

static void tell_service_manager(void)
{
    auto_error struct error err = {0};

    if (!service_notify_ready(&err))
        log_warning("The service manager can't be told that this server is ready", LOG_ERR(&err));
}

bool listening_open(struct api_server *server, const struct metrics_server_flags *flags, struct error *err)
{
    bool is_everywhere = is_any(flags->bind_address.text);
    const char *where = is_everywhere ? "::" : flags->bind_address.text;

    if (flags->secure_port == 0) {
        log_warning("Nothing is served: --secure-port=0");
        return true;
    }
    if (!listen_on(server, where, flags, err)) {
        if (!is_everywhere || (err->code != EAFNOSUPPORT && err->code != EADDRNOTAVAIL))
            return false;
        error_clear(err); /* a machine without IPv6 */
        where = "0.0.0.0";
        if (!listen_on(server, where, flags, err))
            return false;
    }
    bool needs_brackets = strchr(where, ':') != NULL;
    log_plain(LOG_LEVEL_INFO, "Serving securely on %s%s%s:%u", needs_brackets ? "[" : "", where,
              needs_brackets ? "]" : "", api_server_port(server));
    tell_service_manager();
    return true;
}

/* Of all the addresses of this machine the first that others can reach. */
static void find_address(char *text, size_t size)
{
    uv_interface_address_t *interfaces = NULL;
    int count = 0;

    uv_interface_addresses(&interfaces, &count);
    for (int i = 0; i < count && text[0] == '\0'; i++) {
        if (!interfaces[i].is_internal && interfaces[i].address.address4.sin_family == AF_INET)
            uv_ip4_name(&interfaces[i].address.address4, text, size);
    }
    uv_free_interface_addresses(interfaces, count);
}

/* "host:7" and "[::1]:7" have one, "host" and "::1" don't. */
static bool has_port(struct str address)
{
    ptrdiff_t colon = str_index(address, ':');

    if (address.len > 0 && address.ptr[0] == '[')
        return str_find(address, STR("]:")) >= 0;
    return colon >= 0 && str_index(str_skip(address, (size_t)colon + 1), ':') < 0;
}

void listening_print_address(const struct metrics_server_flags *flags, struct buf *to)
{
    char found[64] = "";
    struct str address = str_of(flags->external_hostname);

    if (address.len == 0)
        address =
            str_of(is_any(flags->advertise_address.text) ? flags->bind_address.text : flags->advertise_address.text);
    if (is_any(address.len > 0 ? address.ptr : "")) {
        find_address(found, sizeof(found));
        address = str_of(found[0] != '\0' ? found : "127.0.0.1");
    }
    bool needs_brackets = !has_port(address) && str_index(address, ':') >= 0 && address.ptr[0] != '[';
    buf_printf(to, "%s%.*s%s", needs_brackets ? "[" : "", STR_ARG(address), needs_brackets ? "]" : "");
    if (!has_port(address))
        buf_printf(to, ":%lld", (long long)flags->secure_port);
}

void listening_print_hsts(const struct metrics_server_flags *flags, struct buf *to)
{
    for (size_t i = 0; i < flags->hsts_directives.count; i++)
        buf_printf(to, "%s%s", i > 0 ? "; " : "", flags->hsts_directives.items[i]);
}
