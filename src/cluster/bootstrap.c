#include "cluster/bootstrap.h"

#include "base/alloc.h"

struct bootstrap {
    size_t waiting;
    struct failure failure; /* the first */
    void (*on_done)(void *arg, const struct failure *failure);
    void *arg;
};

static void finish_one(struct bootstrap *b)
{
    if (--b->waiting > 0)
        return;
    b->on_done(b->arg, failure_is_set(&b->failure) ? &b->failure : NULL);
    failure_clear(&b->failure);
    free(b);
}

static void on_created(void *ctx, const struct object *result, const struct failure *failure)
{
    (void)result;
    struct bootstrap *b = ctx;
    if (failure != NULL && failure->status.code != 409 && !failure_is_set(&b->failure))
        failure_of(&b->failure, &failure->status);
    finish_one(b);
}

void bootstrap_namespaces(struct registry *r, void (*on_done)(void *arg, const struct failure *failure), void *arg)
{
    static const char *const names[] = {"default", "kube-system", "kube-public", "kube-node-lease"};
    const struct resource *namespaces = resource_find(STR(""), STR("v1"), STR("namespaces"));
    struct bootstrap *b = mem_zalloc(sizeof(*b));
    b->on_done = on_done;
    b->arg = arg;
    /* One more, so that it isn't done before all are asked for. */
    b->waiting = 1;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (registry_get(r, namespaces, STR(""), str_of(names[i])) != NULL)
            continue;
        b->waiting++;
        registry_create(r, namespaces, STR(""), json_pack("{s:{s:s}}", "metadata", "name", names[i]), NULL, on_created,
                        b);
    }
    finish_one(b);
}
