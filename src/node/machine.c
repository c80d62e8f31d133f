#include "node/machine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "node/proc.h"
#include "node/proc_text.h"

#define MACHINE_FILE_MAX_BYTES (1u << 20)

static bool read_text(const char *machine_root, const char *path, struct buf *text)
{
    auto_buf struct buf full = {0};

    buf_clear(text);
    buf_printf(&full, "%s%s", machine_root, path);
    return file_read(buf_cstr(&full), MACHINE_FILE_MAX_BYTES, text, NULL);
}

/* The trimmed text of the first of PATHS (ended by NULL) that can be read and isn't empty. */
static struct str first_text(const char *machine_root, struct arena *arena, const char *const *paths)
{
    auto_buf struct buf text = {0};

    for (; *paths != NULL; paths++)
        if (read_text(machine_root, *paths, &text) && str_trim(buf_str(&text)).len > 0)
            return arena_str(arena, str_trim(buf_str(&text)));
    return (struct str){"", 0};
}

/* PRETTY_NAME of os-release: VALUE, "VALUE" or 'VALUE'. */
static struct str os_image(const char *machine_root, struct arena *arena)
{
    static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};
    auto_buf struct buf text = {0};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct str rest, line, key, value;
        if (!read_text(machine_root, paths[i], &text))
            continue;
        rest = buf_str(&text);
        while (proc_next_line(&rest, &line)) {
            if (!str_cut(line, '=', &key, &value) || !str_eq(key, STR("PRETTY_NAME")))
                continue;
            value = str_trim(value);
            if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
                value.ptr[value.len - 1] == value.ptr[0])
                value = (struct str){value.ptr + 1, value.len - 2};
            return arena_str(arena, value);
        }
    }
    return STR("Linux");
}

struct str machine_architecture(struct str uname_machine)
{
    static const struct {
        const char *kernel, *go;
    } names[] = {{"x86_64", "amd64"},    {"aarch64", "arm64"},      {"armv7l", "arm"},      {"armv6l", "arm"},
                 {"i686", "386"},        {"i386", "386"},           {"ppc64le", "ppc64le"}, {"s390x", "s390x"},
                 {"riscv64", "riscv64"}, {"loongarch64", "loong64"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq_cstr(uname_machine, names[i].kernel))
            return str_of(names[i].go);
    return uname_machine;
}

static int64_t hugepages(const char *machine_root, const char *size, int64_t bytes)
{
    auto_buf struct buf text = {0}, path = {0};
    int64_t n;

    buf_printf(&path, "/sys/kernel/mm/hugepages/hugepages-%s/nr_hugepages", size);
    if (!read_text(machine_root, buf_cstr(&path), &text) || !str_to_i64(str_trim(buf_str(&text)), &n) || n < 0 ||
        n > INT64_MAX / bytes)
        return NOT_MEASURED;
    return n * bytes;
}

bool machine_read(const char *machine_root, struct arena *arena, struct machine *out, struct error *err)
{
    static const char *const id_paths[] = {"/etc/machine-id", "/var/lib/dbus/machine-id", NULL};
    static const char *const uuid_paths[] = {"/sys/class/dmi/id/product_uuid", "/etc/machine-id", NULL};
    static const char *const boot_paths[] = {"/proc/sys/kernel/random/boot_id", NULL};
    static const char *const release_paths[] = {"/proc/sys/kernel/osrelease", NULL};
    struct proc_machine cpus;
    struct proc_memory memory;
    struct utsname name;

    if (!proc_read_machine(machine_root, &cpus, err))
        return error_wrap(err, "count CPUs");
    if (cpus.cpus == 0)
        return error_set(err, 0, "count CPUs: %s/proc/stat names none", machine_root);
    if (!proc_read_memory(machine_root, &memory, err))
        return error_wrap(err, "measure memory");
    uname(&name);
    *out = (struct machine){
        .machine_id = first_text(machine_root, arena, id_paths),
        .system_uuid = first_text(machine_root, arena, uuid_paths),
        .boot_id = first_text(machine_root, arena, boot_paths),
        .kernel_version = first_text(machine_root, arena, release_paths),
        .os_image = os_image(machine_root, arena),
        .architecture = arena_str(arena, machine_architecture(str_of(name.machine))),
        .operating_system = STR("linux"),
        .cpus = cpus.cpus,
        .memory_bytes = memory.total_bytes,
        .hugepages_2mi_bytes = hugepages(machine_root, "2048kB", INT64_C(2) << 20),
        .hugepages_1gi_bytes = hugepages(machine_root, "1048576kB", INT64_C(1) << 30),
    };
    return true;
}

bool filesystem_read(const char *path, struct filesystem *out, struct error *err)
{
    struct statvfs fs;
    int64_t block;

    if (statvfs(path, &fs) != 0)
        return error_set_errno(err, errno, "file system of %s", path);
    block = (int64_t)fs.f_frsize;
    *out = (struct filesystem){
        .time_unix_ns = clock_unix_ns(),
        .capacity_bytes = (int64_t)fs.f_blocks * block,
        .available_bytes = (int64_t)fs.f_bavail * block,
        .used_bytes = (int64_t)(fs.f_blocks - fs.f_bfree) * block,
        .inodes = fs.f_files > 0 ? (int64_t)fs.f_files : NOT_MEASURED, /* btrfs and others have no fixed number */
        .inodes_free = fs.f_files > 0 ? (int64_t)fs.f_ffree : NOT_MEASURED,
        .inodes_used = fs.f_files > 0 ? (int64_t)(fs.f_files - fs.f_ffree) : NOT_MEASURED,
    };
    return true;
}

static bool is_container_device(struct str name)
{
    static const char *const prefixes[] = {"lo", "veth", "docker", "nerdctl"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (str_starts_with(name, str_of(prefixes[i])))
            return true;
    return false;
}

/* "  eth0:  297569024    5806    0 …": received bytes, packets, errors, five more; then the same sent. */
static bool parse_device(struct str line, struct network_device *out)
{
    int64_t field[11];
    struct str word;

    if (!str_cut(line, ':', &out->name, &line))
        return false;
    out->name = str_trim(out->name);
    for (size_t i = 0; i < 11; i++)
        if (!proc_next_word(&line, &word) || !str_to_i64(word, &field[i]))
            return false;
    out->rx_bytes = field[0];
    out->rx_errors = field[2];
    out->tx_bytes = field[8];
    out->tx_errors = field[10];
    return true;
}

bool network_devices_read(const char *machine_root, struct arena *arena, struct network_device **out, size_t *count)
{
    auto_buf struct buf text = {0};
    struct str rest, line;
    size_t lines = 1;

    *out = NULL;
    *count = 0;
    if (!read_text(machine_root, "/proc/net/dev", &text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    *out = arena_zalloc(arena, lines * sizeof(**out));
    rest = buf_str(&text);
    while (proc_next_line(&rest, &line)) {
        struct network_device d;
        if (!parse_device(line, &d) || is_container_device(d.name))
            continue;
        d.name = arena_str(arena, d.name);
        (*out)[(*count)++] = d;
    }
    return true;
}

struct str network_default_device(const char *machine_root, struct arena *arena)
{
    auto_buf struct buf text = {0};
    struct str rest, line, device, destination;

    if (!read_text(machine_root, "/proc/net/route", &text))
        return (struct str){"", 0};
    rest = buf_str(&text);
    while (proc_next_line(&rest, &line))
        if (proc_next_word(&line, &device) && proc_next_word(&line, &destination) &&
            str_eq(destination, STR("00000000")))
            return arena_str(arena, device);
    return (struct str){"", 0};
}

/* Connecting a datagram socket makes the kernel choose the source address and sends nothing. */
static bool source_address(const struct sockaddr *to, socklen_t to_len, char *text, socklen_t text_size)
{
    auto_close int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage own;
    socklen_t len = sizeof(own);
    const void *address;

    if (fd < 0 || connect(fd, to, to_len) != 0 || getsockname(fd, (struct sockaddr *)&own, &len) != 0)
        return false;
    address = own.ss_family == AF_INET ? (const void *)&((const struct sockaddr_in *)&own)->sin_addr
                                       : (const void *)&((const struct sockaddr_in6 *)&own)->sin6_addr;
    return inet_ntop(own.ss_family, address, text, text_size) != NULL;
}

bool network_own_address(struct arena *arena, struct str *out)
{
    /* Documentation addresses (RFC 5737, 3849): nobody has them, so they take the default route. */
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0xc0000201)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    char text[INET6_ADDRSTRLEN];

    inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
    if (!source_address((const struct sockaddr *)&v4, sizeof(v4), text, sizeof(text)) &&
        !source_address((const struct sockaddr *)&v6, sizeof(v6), text, sizeof(text)))
        return false;
    *out = arena_str(arena, str_of(text));
    return true;
}
