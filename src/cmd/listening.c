#include "cmd/listening.h"

#include <errno.h>

#include "base/log.h"

static bool is_any(const char *address)
{
    return address[0] == '\0' || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

bool listening_open(struct api_server *server, const char *address, uint16_t port, struct error *err)
{
    const char *where = is_any(address) ? "::" : address;

    if (!api_server_listen(server, where, port, err)) {
        if (!is_any(address) || (err->code != EAFNOSUPPORT && err->code != EADDRNOTAVAIL))
            return false;
        error_clear(err); /* a machine without IPv6 */
        where = "0.0.0.0";
        if (!api_server_listen(server, where, port, err))
            return false;
    }
    bool needs_brackets = strchr(where, ':') != NULL;
    log_plain(LOG_LEVEL_INFO, "Serving securely on %s%s%s:%u", needs_brackets ? "[" : "", where,
              needs_brackets ? "]" : "", api_server_port(server));
    return true;
}

void listening_print_address(const char *address, uint16_t port, struct buf *to)
{
    uv_interface_address_t *interfaces = NULL;
    int count = 0;
    char text[64] = "";

    if (is_any(address)) {
        uv_interface_addresses(&interfaces, &count);
        for (int i = 0; i < count && text[0] == '\0'; i++)
            if (!interfaces[i].is_internal && interfaces[i].address.address4.sin_family == AF_INET)
                uv_ip4_name(&interfaces[i].address.address4, text, sizeof(text));
        uv_free_interface_addresses(interfaces, count);
        address = text[0] != '\0' ? text : "127.0.0.1";
    }
    bool is_ipv6 = strchr(address, ':') != NULL;
    buf_printf(to, "%s%s%s:%u", is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "", port);
}
