/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After drivers/iommu/iommufd/ioas.c and io_pagetable.c of Linux 7.2. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "ioas.h"
#include "smmu.h"
#include "usermem.h"

static void area_free(struct uapi_ioas_area *area)
{
    if (area->file_map) {
        munmap(area->file_map, area->last - area->iova + 1);
    }
    free(area);
}

static void reserved_free(struct uapi_ioas_reserved **list, const void *owner)
{
    while (*list) {
        struct uapi_ioas_reserved *r = *list;

        if (owner && r->owner != owner) {
            list = &r->next;
        } else {
            *list = r->next;
            free(r);
        }
    }
}

static void ioas_destroy(struct uapi_object *obj)
{
    struct uapi_ioas *ioas = (struct uapi_ioas *)obj;

    while (ioas->areas) {
        struct uapi_ioas_area *area = ioas->areas;

        ioas->areas = area->next;
        area_free(area);
    }
    reserved_free(&ioas->reserved, NULL);
}

static const struct uapi_object_ops ioas_ops = { .destroy = ioas_destroy };

static struct uapi_ioas *ioas_find(struct uapi_context *ctx, uint32_t id)
{
    return (struct uapi_ioas *)uapi_object_find(ctx, id, UAPI_OBJ_IOAS);
}

int uapi_ioas_alloc(struct uapi_context *ctx, void *arg)
{
    struct iommu_ioas_alloc *cmd = arg;
    struct uapi_ioas *ioas;

    if (cmd->flags) {
        return -EOPNOTSUPP;
    }
    ioas = uapi_object_new(ctx, UAPI_OBJ_IOAS, sizeof(*ioas), &ioas_ops);
    ioas->alignment = 1;
    cmd->out_ioas_id = ioas->obj.id;
    return 0;
}

static struct uapi_ioas_area *area_first(struct uapi_ioas *ioas,
                                         uint64_t start, uint64_t last)
{
    struct uapi_ioas_area *area;

    for (area = ioas->areas; area && area->iova <= last; area = area->next) {
        if (area->last >= start) {
            return area;
        }
    }
    return NULL;
}

static bool overlaps(const struct uapi_ioas_reserved *r, uint64_t start,
                     uint64_t last)
{
    for (; r; r = r->next) {
        if (r->start <= last && r->last >= start) {
            return true;
        }
    }
    return false;
}

/* Checks of both kinds of mapping, in the kernel's order */
static int check_map(struct uapi_ioas *ioas, uint64_t iova, uint64_t len,
                     uint64_t offset)
{
    uint64_t last;

    if (iova & (ioas->alignment - 1)) {
        return -EINVAL;
    }
    if (__builtin_add_overflow(iova, len - 1, &last)) {
        return -EOVERFLOW;
    }
    if (overlaps(ioas->reserved, iova, last)) {
        return -EINVAL;
    }
    if (area_first(ioas, iova, last)) {
        return -EEXIST;
    }
    if ((offset | len) & (ioas->alignment - 1)) {
        return -EINVAL;
    }
    return 0;
}

static void area_insert(struct uapi_ioas *ioas, uint64_t iova, uint64_t len,
                        uint8_t *host, uint32_t flags, void *file_map)
{
    struct uapi_ioas_area *area = uapi_zalloc(sizeof(*area)), **at;

    area->iova = iova;
    area->last = iova + len - 1;
    area->host = host;
    area->readable = flags & IOMMU_IOAS_MAP_READABLE;
    area->writable = flags & IOMMU_IOAS_MAP_WRITEABLE;
    area->file_map = file_map;
    for (at = &ioas->areas; *at && (*at)->iova < iova; at = &(*at)->next) {
    }
    area->next = *at;
    *at = area;
}

/* Returns: 0, or -errno for flags and numbers that are never right */
static int check_args(uint32_t flags, uint64_t iova, uint64_t len)
{
    const uint32_t rw = IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE;

    if (flags & ~(IOMMU_IOAS_MAP_FIXED_IOVA | rw)) {
        return -EOPNOTSUPP;
    }
    if (iova == UINT64_MAX || len == UINT64_MAX) {
        return -EOVERFLOW;
    }
    if (!(flags & rw)) {
        return -EINVAL;
    }
    if (!(flags & IOMMU_IOAS_MAP_FIXED_IOVA)) {
        uapi_error("IOAS_MAP without FIXED_IOVA is not modelled");
        return -EOPNOTSUPP;
    }
    return 0;
}

int uapi_ioas_map(struct uapi_context *ctx, void *arg)
{
    struct iommu_ioas_map *cmd = arg;
    struct uapi_ioas *ioas;
    int ret;

    if (cmd->__reserved) {
        return -EOPNOTSUPP;
    }
    ret = check_args(cmd->flags, cmd->iova, cmd->length);
    if (ret) {
        return ret;
    }
    ioas = ioas_find(ctx, cmd->ioas_id);
    if (!ioas) {
        return -ENOENT;
    }
    if (!cmd->length) {
        return -EINVAL;
    }
    ret = check_map(ioas, cmd->iova, cmd->length, cmd->user_va % UAPI_PAGE);
    if (ret) {
        return ret;
    }
    /* Pages are only looked at when an IOMMU needs them */
    if (ioas->domains && !uapi_user_pinnable(cmd->user_va, cmd->length)) {
        return -EFAULT;
    }
    area_insert(ioas, cmd->iova, cmd->length,
                (uint8_t *)(uintptr_t)cmd->user_va, cmd->flags, NULL);
    return 0;
}

int uapi_ioas_map_file(struct uapi_context *ctx, void *arg)
{
    struct iommu_ioas_map_file *cmd = arg;
    uint64_t offset = cmd->start % UAPI_PAGE, last;
    struct uapi_ioas *ioas;
    uint8_t *map;
    int ret;

    ret = check_args(cmd->flags, cmd->iova, cmd->length);
    if (ret) {
        return ret;
    }
    ioas = ioas_find(ctx, cmd->ioas_id);
    if (!ioas) {
        return -ENOENT;
    }
    if (!cmd->length) {
        return -EINVAL;
    }
    if (__builtin_add_overflow(cmd->start, cmd->length - 1, &last)) {
        return -EOVERFLOW;
    }
    ret = check_map(ioas, cmd->iova, cmd->length, offset);
    if (ret) {
        return ret;
    }
    map = mmap(NULL, cmd->length + offset, cmd->flags & IOMMU_IOAS_MAP_WRITEABLE
               ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, cmd->fd,
               cmd->start - offset);
    if (map == MAP_FAILED) {
        return errno == EBADF ? -EBADF : -EINVAL;
    }
    area_insert(ioas, cmd->iova, cmd->length, map + offset, cmd->flags, map);
    return 0;
}

/* Only whole mappings can go; those before a partial one are gone already */
static int unmap_range(struct uapi_ioas *ioas, uint64_t start, uint64_t last,
                       uint64_t *unmapped)
{
    struct uapi_ioas_area *area, **at;
    int ret = 0;

    while ((area = area_first(ioas, start, last))) {
        if (area->iova < start || area->last > last) {
            ret = -ENOENT;
            break;
        }
        for (at = &ioas->areas; *at != area; at = &(*at)->next) {
        }
        *at = area->next;
        *unmapped += area->last - area->iova + 1;
        area_free(area);
    }
    if (*unmapped) {
        uapi_smmu_stage2_unmapped(ioas);
    }
    return ret;
}

int uapi_ioas_unmap(struct uapi_context *ctx, void *arg)
{
    struct iommu_ioas_unmap *cmd = arg;
    struct uapi_ioas *ioas = ioas_find(ctx, cmd->ioas_id);
    uint64_t unmapped = 0, last;
    int ret;

    if (!ioas) {
        return -ENOENT;
    }
    if (cmd->iova == 0 && cmd->length == UINT64_MAX) {
        ret = unmap_range(ioas, 0, UINT64_MAX, &unmapped);
    } else {
        if (cmd->iova == UINT64_MAX || cmd->length == UINT64_MAX) {
            return -EOVERFLOW;
        }
        if (!cmd->length) {
            return -EINVAL;
        }
        if (__builtin_add_overflow(cmd->iova, cmd->length - 1, &last)) {
            return -EOVERFLOW;
        }
        ret = unmap_range(ioas, cmd->iova, last, &unmapped);
        if (!ret && !unmapped) {
            ret = -ENOENT;
        }
    }
    if (!ret) {
        cmd->length = unmapped;
    }
    return ret;
}

int uapi_ioas_reserve(struct uapi_ioas *ioas, uint64_t start, uint64_t last,
                      const void *owner)
{
    struct uapi_ioas_reserved *r;

    if (area_first(ioas, start, last)) {
        return -EADDRINUSE;
    }
    r = uapi_zalloc(sizeof(*r));
    r->start = start;
    r->last = last;
    r->owner = owner;
    r->next = ioas->reserved;
    ioas->reserved = r;
    return 0;
}

void uapi_ioas_unreserve(struct uapi_ioas *ioas, const void *owner)
{
    reserved_free(&ioas->reserved, owner);
}

int uapi_ioas_add_domain(struct uapi_ioas *ioas, uint64_t aperture_last,
                         const void *owner)
{
    struct uapi_ioas_area *area;
    int ret;

    for (area = ioas->areas; area; area = area->next) {
        if ((area->iova | (area->last + 1) | (uintptr_t)area->host) %
            UAPI_PAGE) {
            return -EADDRINUSE;
        }
    }
    if (aperture_last != UINT64_MAX) {
        ret = uapi_ioas_reserve(ioas, aperture_last + 1, UINT64_MAX, owner);
        if (ret) {
            return ret;
        }
    }
    for (area = ioas->areas; area && !ioas->domains; area = area->next) {
        if (!area->file_map &&
            !uapi_user_pinnable((uintptr_t)area->host,
                                area->last - area->iova + 1)) {
            uapi_ioas_unreserve(ioas, owner);
            return -EFAULT;
        }
    }
    ioas->alignment = UAPI_PAGE;
    ioas->domains++;
    return 0;
}

void uapi_ioas_remove_domain(struct uapi_ioas *ioas, const void *owner)
{
    uapi_ioas_unreserve(ioas, owner);
    if (--ioas->domains == 0) {
        ioas->alignment = 1;
    }
}

uint8_t *uapi_ioas_lookup(struct uapi_ioas *ioas, uint64_t iova, size_t *len,
                          bool write)
{
    struct uapi_ioas_area *area = area_first(ioas, iova, iova);

    if (!area || !(write ? area->writable : area->readable)) {
        return NULL;
    }
    if (*len > area->last - iova + 1) {
        *len = area->last - iova + 1;
    }
    return area->host + (iova - area->iova);
}
