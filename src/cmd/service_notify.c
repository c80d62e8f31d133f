#include "cmd/service_notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool service_notify_ready(struct error *err)
{
    static const char text[] = "READY=1\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");

    if (path == NULL || path[0] == '\0')
        return true;
    size_t len = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || len >= sizeof(address.sun_path))
        return error_set(err, 0, "NOTIFY_SOCKET: not a socket's name: %s", path);
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';

    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_sent = fd >= 0 && sendto(fd, text, sizeof(text) - 1, MSG_NOSIGNAL, (struct sockaddr *)&address, size) > 0;
    int code = errno;
    if (fd >= 0)
        close(fd);
    return is_sent || error_set_errno(err, code, "NOTIFY_SOCKET: %s", path);
}
