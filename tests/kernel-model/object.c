/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "object.h"

struct km_context {
    unsigned refs;
    uint32_t size;              /* of the table */
    struct km_object **table;   /* by ID; [0] stays empty */
};

static struct km_object tombstone;

struct km_context *km_context_new(void)
{
    struct km_context *ctx = km_zalloc(sizeof(*ctx));

    ctx->refs = 1;
    atomic_fetch_add(&km_ctl->contexts, 1);
    return ctx;
}

void km_context_get(struct km_context *ctx)
{
    ctx->refs++;
}

static void object_free(struct km_object *obj)
{
    if (obj->ops->destroy) {
        obj->ops->destroy(obj);
    }
    atomic_fetch_sub(&km_ctl->live[obj->type], 1);
    free(obj);
}

void km_context_put(struct km_context *ctx)
{
    bool again = true;

    if (--ctx->refs) {
        return;
    }
    /* Leaves first, as the kernel does: they let go of their parents */
    while (again) {
        again = false;
        for (uint32_t i = 1; i < ctx->size; i++) {
            struct km_object *obj = ctx->table[i];

            if (obj && obj != &tombstone && obj->users == 1) {
                atomic_fetch_add(&km_ctl->leaked[obj->type], 1);
                ctx->table[i] = NULL;
                object_free(obj);
                again = true;
            }
        }
    }
    for (uint32_t i = 1; i < ctx->size; i++) {
        if (ctx->table[i] && ctx->table[i] != &tombstone) {
            km_error("object %u still has users (fault of the model)", i);
        }
    }
    free(ctx->table);
    free(ctx);
    atomic_fetch_sub(&km_ctl->contexts, 1);
}

static uint32_t context_free_id(struct km_context *ctx)
{
    uint32_t id, size = ctx->size ? 2 * ctx->size : 16;
    struct km_object **table;

    for (id = 1; id < ctx->size; id++) {
        if (!ctx->table[id]) {
            return id;
        }
    }
    table = km_zalloc(size * sizeof(*table));
    if (ctx->size) {
        memcpy(table, ctx->table, ctx->size * sizeof(*table));
    }
    free(ctx->table);
    ctx->table = table;
    ctx->size = size;
    return id;
}

void *km_object_new(struct km_context *ctx, enum km_object_type type,
                    size_t size, const struct km_object_ops *ops)
{
    struct km_object *obj = km_zalloc(size);

    obj->type = type;
    obj->users = 1;
    obj->ctx = ctx;
    obj->ops = ops;
    obj->id = context_free_id(ctx);
    ctx->table[obj->id] = obj;
    atomic_fetch_add(&km_ctl->live[type], 1);
    atomic_fetch_add(&km_ctl->made[type], 1);
    return obj;
}

static struct km_object *lookup(struct km_context *ctx, uint32_t id)
{
    return id < ctx->size && ctx->table[id] != &tombstone ? ctx->table[id]
                                                          : NULL;
}

struct km_object *km_object_any(struct km_context *ctx, uint32_t id)
{
    struct km_object *obj = lookup(ctx, id);

    if (!obj) {
        km_error("object %u does not exist", id);
    }
    return obj;
}

struct km_object *km_object_find(struct km_context *ctx, uint32_t id,
                                 enum km_object_type type)
{
    struct km_object *obj = km_object_any(ctx, id);

    if (obj && obj->type != type) {
        km_error("object %u is of type %d, not %d", id, obj->type, type);
        return NULL;
    }
    return obj;
}

int km_object_destroy(struct km_context *ctx, uint32_t id)
{
    struct km_object *obj = km_object_any(ctx, id);

    if (!obj) {
        return -ENOENT;
    }
    if (obj->users != 1) {
        return -EBUSY;
    }
    ctx->table[id] = NULL;
    object_free(obj);
    return 0;
}

void km_object_revoke(struct km_object *obj, bool keep_id)
{
    obj->ctx->table[obj->id] = keep_id ? &tombstone : NULL;
    object_free(obj);
}

void km_object_each(struct km_context *ctx, enum km_object_type type,
                    bool (*fn)(struct km_object *obj, void *opaque),
                    void *opaque)
{
    for (uint32_t i = 1; i < ctx->size; i++) {
        struct km_object *obj = lookup(ctx, i);

        if (obj && obj->type == type && !fn(obj, opaque)) {
            return;
        }
    }
}
