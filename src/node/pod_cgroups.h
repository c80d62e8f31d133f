/*
 * The cgroups of pods, in every tree where CPU time or memory is accounted:
 *
 *     HOME/tacho/pod<UID>/<LEAF>      LEAF: one incarnation of one container; figures start at zero with it
 *
 * HOME is --cgroup-root when given. Otherwise on v1 the cgroup that we run in, so that limits set on us hold for the
 * pods too; on v2 the same where its controllers can be handed on, else the top of the tree (a v2 cgroup with processes
 * of its own can't hand on controllers, the top can). Who runs inside HOME/tacho/... already means the same HOME: a
 * supervisor and the node agent that it starts agree without a word.
 *
 * A process that was started inside its cgroup has all its memory charged there. One that is moved later leaves behind
 * what it had: memory stays charged where it was first touched.
 *
 * Owner: the holder; files are kernfs, which never waits for a disk. Any thread. See node/cgroup.h for MACHINE_ROOT.
 */
#ifndef NODE_POD_CGROUPS_H
#define NODE_POD_CGROUPS_H

#include "base/error.h"
#include "base/str.h"
#include "node/cgroup.h"

struct pod_cgroups;

/*
 * Makes HOME/tacho. CGROUP_ROOT "" chooses HOME as above. NULL when it can't be made: no cgroups, no permission, a
 * read-only mount; the error names the folder. The caller can still account by /proc.
 */
struct pod_cgroups *pod_cgroups_new(const char *machine_root, const char *cgroup_root, struct error *err);

/* Cgroups stay as they are. NULL is fine. */
void pod_cgroups_free(struct pod_cgroups *p);

/* HOME/tacho: what all pods use together. Borrowed. */
const struct cgroup *pod_cgroups_all(const struct pod_cgroups *p);

/* pod<UID>: OUT is the caller's. It need not exist. */
void pod_cgroups_of(const struct pod_cgroups *p, struct str uid, struct cgroup *out);

/* Makes pod<UID>/<LEAF>, if it isn't there; OUT is the caller's. LEAF "" makes pod<UID> alone. */
bool pod_cgroups_make(struct pod_cgroups *p, struct str uid, struct str leaf, struct cgroup *out, struct error *err);

/* Whether G is pod<UID> or beneath it, in all trees. */
bool pod_cgroups_contain(const struct pod_cgroups *p, struct str uid, const struct cgroup *g);

/* Removes what is beneath pod<UID> and it itself, as far as nothing runs in it. */
void pod_cgroups_remove(struct pod_cgroups *p, struct str uid);

/*
 * Removes every pod's cgroups and HOME/tacho, as far as nothing runs in them: what earlier lives left behind.
 * HOME/tacho is made again when it is needed.
 */
void pod_cgroups_sweep(struct pod_cgroups *p);

/* Moves process PID with all its threads into G. */
bool cgroup_attach(const struct cgroup *g, int64_t pid, struct error *err);

/* Moves PID and its descendants (node/proc.h), until none is left outside. MOVED, may be NULL, gets how many were
 * moved. */
bool cgroup_attach_tree(const char *machine_root, const struct cgroup *g, int64_t pid, size_t *moved,
                        struct error *err);

/* Removes G's folders: fails with EBUSY while something runs in it. A cgroup that isn't there is removed already. */
bool cgroup_remove(const struct cgroup *g, struct error *err);

#endif
