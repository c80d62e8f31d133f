/*
 * What this machine is: identity, system, addresses, file systems, network devices. What can't be found out is an empty
 * string, a zero count in struct machine, or NOT_MEASURED. MACHINE_ROOT as in node/proc.h. Any thread.
 * Source: proc(5), os-release(5), machine-id(5), sysfs-class-dmi; cAdvisor's choice of network devices.
 */
#ifndef NODE_MACHINE_H
#define NODE_MACHINE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "node/usage.h"

struct machine {
    struct str machine_id;       /* /etc/machine-id */
    struct str system_uuid;      /* the board's, where it may be read; otherwise the machine id */
    struct str boot_id;          /* new with each boot */
    struct str kernel_version;   /* "6.1.0-18-amd64" */
    struct str os_image;         /* "Debian GNU/Linux 12 (bookworm)" */
    struct str architecture;     /* Go's name: "amd64", "arm64" */
    struct str operating_system; /* "linux" */
    int64_t cpus;
    int64_t memory_bytes;
    int64_t hugepages_2mi_bytes; /* set aside as huge pages; NOT_MEASURED when the kernel has no such size */
    int64_t hugepages_1gi_bytes;
};

/* Strings live in ARENA. Fails only when CPUs or memory can't be counted. */
bool machine_read(const char *machine_root, struct arena *arena, struct machine *out, struct error *err);

/* Go's name of a machine as uname(2) calls it; the name itself when there is none. */
struct str machine_architecture(struct str uname_machine);

/* The file system that holds PATH. */
struct filesystem {
    int64_t time_unix_ns;
    int64_t capacity_bytes;
    int64_t available_bytes; /* to unprivileged users */
    int64_t used_bytes;      /* here and below: of the whole file system, until somebody puts a part of it there */
    int64_t inodes;
    int64_t inodes_free;
    int64_t inodes_used;
};

bool filesystem_read(const char *path, struct filesystem *out, struct error *err);

struct network_device {
    struct str name;
    int64_t rx_bytes;
    int64_t rx_errors;
    int64_t tx_bytes;
    int64_t tx_errors;
};

/*
 * The devices of /proc/net/dev in its order, without loopback and the host's ends of containers (lo*, veth*, docker*,
 * nerdctl*). Items live in ARENA. False when it can't be read.
 */
bool network_devices_read(const char *machine_root, struct arena *arena, struct network_device **out, size_t *count);

/* The device of the default route, "" when there is none. */
struct str network_default_device(const char *machine_root, struct arena *arena);

/*
 * The address that this machine uses towards others: by the default route, IPv4 first. Nothing is sent. False when
 * there is no route: the machine has only its loopback.
 */
bool network_own_address(struct arena *arena, struct str *out);

#endif
