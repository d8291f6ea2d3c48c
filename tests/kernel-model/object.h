/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_OBJECT_H
#define KM_OBJECT_H

/*
 * An open /dev/iommu and the objects in it. As in the kernel, an object has an
 * ID, the lowest free one, and counts its users: the table is one, and every
 * object or open file that needs it another. Only one without other users can
 * be destroyed. The context lives until its file, its vEVENTQs' files and the
 * devices bound to it are all gone.
 */

#include "model.h"

struct km_context;
struct km_object;

struct km_object_ops {
    /* Drop what the object holds on to. The object is freed after it. */
    void (*destroy)(struct km_object *obj);
};

struct km_object {
    enum km_object_type type;
    uint32_t id;
    unsigned users;
    struct km_context *ctx;
    const struct km_object_ops *ops;
};

/* A new context, with one reference for its file */
struct km_context *km_context_new(void);
void km_context_get(struct km_context *ctx);
/* The last reference destroys all objects, and counts them as leaked */
void km_context_put(struct km_context *ctx);

/*
 * Make an object of @size bytes, which begins with struct km_object, and
 * give it an ID. The kernel does this last or undoes it; here nothing that
 * can fail may follow.
 */
void *km_object_new(struct km_context *ctx, enum km_object_type type,
                    size_t size, const struct km_object_ops *ops);

/* Returns: the object with this ID if it is of @type; else NULL, an error */
struct km_object *km_object_find(struct km_context *ctx, uint32_t id,
                                 enum km_object_type type);
/* The same for any type */
struct km_object *km_object_any(struct km_context *ctx, uint32_t id);

/* IOMMU_DESTROY. Returns: 0 or -errno */
int km_object_destroy(struct km_context *ctx, uint32_t id);

/*
 * Remove an object although its owner has not asked for it (device unbound).
 * With @tombstone its ID is not used again, as the owner believes in it.
 */
void km_object_revoke(struct km_object *obj, bool tombstone);

/* Call @fn for every object of @type, in the order of IDs; until it is false */
void km_object_each(struct km_context *ctx, enum km_object_type type,
                    bool (*fn)(struct km_object *obj, void *opaque),
                    void *opaque);

#endif /* KM_OBJECT_H */
