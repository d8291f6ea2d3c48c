/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_OBJECT_H
#define UAPI_OBJECT_H

/*
 * An open /dev/iommu and the objects in it. As in the kernel, an object has an
 * ID, the lowest free one, and counts its users: the table is one, and every
 * object or open file that needs it another. Only one without other users can
 * be destroyed. The context lives until its file, its vEVENTQs' files and the
 * devices bound to it are all gone.
 */

#include "model.h"

struct uapi_context;
struct uapi_object;

struct uapi_object_ops {
    /* Drop what the object holds on to. The object is freed after it. */
    void (*destroy)(struct uapi_object *obj);
};

struct uapi_object {
    enum uapi_object_type type;
    uint32_t id;
    unsigned users;
    struct uapi_context *ctx;
    const struct uapi_object_ops *ops;
};

/* A new context, with one reference for its file */
struct uapi_context *uapi_context_new(void);
void uapi_context_get(struct uapi_context *ctx);
/* The last reference destroys all objects, and counts them as leaked */
void uapi_context_put(struct uapi_context *ctx);

/*
 * Make an object of @size bytes, which begins with struct uapi_object, and
 * give it an ID. The kernel does this last or undoes it; here nothing that
 * can fail may follow.
 */
void *uapi_object_new(struct uapi_context *ctx, enum uapi_object_type type,
                      size_t size, const struct uapi_object_ops *ops);

/* Returns: the object with this ID if it is of @type; else NULL, an error */
struct uapi_object *uapi_object_find(struct uapi_context *ctx, uint32_t id,
                                     enum uapi_object_type type);
/* The same for any type */
struct uapi_object *uapi_object_any(struct uapi_context *ctx, uint32_t id);

/* IOMMU_DESTROY. Returns: 0 or -errno */
int uapi_object_destroy(struct uapi_context *ctx, uint32_t id);

/*
 * Remove an object although its owner has not asked for it (device unbound).
 * With @tombstone its ID is not used again, as the owner believes in it.
 */
void uapi_object_revoke(struct uapi_object *obj, bool tombstone);

/* Call @fn for every object of @type, in the order of IDs; until it is false */
void uapi_object_each(struct uapi_context *ctx, enum uapi_object_type type,
                      bool (*fn)(struct uapi_object *obj, void *opaque),
                      void *opaque);

#endif /* UAPI_OBJECT_H */
