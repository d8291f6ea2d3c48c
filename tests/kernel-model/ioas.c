/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After drivers/iommu/iommufd/ioas.c and io_pagetable.c of Linux 7.2. */
#include <linux/iommufd.h>

#include "host-smmu.h"
#include "ioas.h"

static void reserved_free(struct km_ioas_reserved **list, const void *owner)
{
    while (*list) {
        struct km_ioas_reserved *r = *list;

        if (owner && r->owner != owner) {
            list = &r->next;
        } else {
            *list = r->next;
            free(r);
        }
    }
}

static void ioas_destroy(struct km_object *obj)
{
    struct km_ioas *ioas = (struct km_ioas *)obj;

    while (ioas->areas) {
        struct km_ioas_area *area = ioas->areas;

        ioas->areas = area->next;
        free(area);
    }
    reserved_free(&ioas->reserved, NULL);
}

static const struct km_object_ops ioas_ops = { .destroy = ioas_destroy };

static struct km_ioas *ioas_find(struct km_context *ctx, uint32_t id)
{
    return (struct km_ioas *)km_object_find(ctx, id, KM_OBJ_IOAS);
}

int km_ioas_alloc(struct km_context *ctx, void *arg)
{
    struct iommu_ioas_alloc *cmd = arg;
    struct km_ioas *ioas;

    ioas = km_object_new(ctx, KM_OBJ_IOAS, sizeof(*ioas), &ioas_ops);
    cmd->out_ioas_id = ioas->obj.id;
    return 0;
}

static struct km_ioas_area *area_first(struct km_ioas *ioas,
                                       uint64_t start, uint64_t last)
{
    struct km_ioas_area *area;

    for (area = ioas->areas; area && area->iova <= last; area = area->next) {
        if (area->last >= start) {
            return area;
        }
    }
    return NULL;
}

static bool overlaps(const struct km_ioas_reserved *r, uint64_t start,
                     uint64_t last)
{
    for (; r; r = r->next) {
        if (r->start <= last && r->last >= start) {
            return true;
        }
    }
    return false;
}

int km_ioas_map(struct km_context *ctx, void *arg)
{
    const uint32_t rw = IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE;
    const struct iommu_ioas_map *cmd = arg;
    struct km_ioas *ioas = ioas_find(ctx, cmd->ioas_id);
    struct km_ioas_area *area, **at;
    uint64_t last;

    if (!ioas || !cmd->length || (cmd->flags | rw) !=
        (IOMMU_IOAS_MAP_FIXED_IOVA | rw) || !(cmd->flags & rw) ||
        (cmd->iova | cmd->length | cmd->user_va) % KM_PAGE ||
        __builtin_add_overflow(cmd->iova, cmd->length - 1, &last)) {
        return km_error("IOAS_MAP of 0x%llx bytes at 0x%llx, flags 0x%x",
                        (unsigned long long)cmd->length,
                        (unsigned long long)cmd->iova, cmd->flags);
    }
    if (overlaps(ioas->reserved, cmd->iova, last)) {
        return -EINVAL;
    }
    if (area_first(ioas, cmd->iova, last)) {
        return -EEXIST;
    }
    area = km_zalloc(sizeof(*area));
    area->iova = cmd->iova;
    area->last = last;
    area->host = km_pointer(cmd->user_va);
    area->readable = cmd->flags & IOMMU_IOAS_MAP_READABLE;
    area->writable = cmd->flags & IOMMU_IOAS_MAP_WRITEABLE;
    for (at = &ioas->areas; *at && (*at)->iova < area->iova;
         at = &(*at)->next) {
    }
    area->next = *at;
    *at = area;
    return 0;
}

int km_ioas_unmap(struct km_context *ctx, void *arg)
{
    struct iommu_ioas_unmap *cmd = arg;
    struct km_ioas *ioas = ioas_find(ctx, cmd->ioas_id);
    struct km_ioas_area *area, **at;
    uint64_t unmapped = 0, last;

    if (!ioas || !cmd->length ||
        __builtin_add_overflow(cmd->iova, cmd->length - 1, &last)) {
        return km_error("IOAS_UNMAP of 0x%llx bytes at 0x%llx",
                        (unsigned long long)cmd->length,
                        (unsigned long long)cmd->iova);
    }
    while ((area = area_first(ioas, cmd->iova, last))) {
        if (area->iova < cmd->iova || area->last > last) {
            return km_error("IOAS_UNMAP of a part of a mapping");
        }
        for (at = &ioas->areas; *at != area; at = &(*at)->next) {
        }
        *at = area->next;
        unmapped += area->last - area->iova + 1;
        free(area);
    }
    if (!unmapped) {
        return -ENOENT;
    }
    km_smmu_stage2_unmapped(ioas);
    cmd->length = unmapped;
    return 0;
}

int km_ioas_reserve(struct km_ioas *ioas, uint64_t start, uint64_t last,
                    const void *owner)
{
    struct km_ioas_reserved *r;

    if (area_first(ioas, start, last)) {
        return -EADDRINUSE;
    }
    r = km_zalloc(sizeof(*r));
    r->start = start;
    r->last = last;
    r->owner = owner;
    r->next = ioas->reserved;
    ioas->reserved = r;
    return 0;
}

void km_ioas_unreserve(struct km_ioas *ioas, const void *owner)
{
    reserved_free(&ioas->reserved, owner);
}

/*
 * The first hole from @from on.
 * Returns: false if there is none
 */
static bool next_hole(struct km_ioas *ioas, uint64_t from,
                      struct iommu_iova_range *hole)
{
    struct km_ioas_reserved *r;
    bool moved = true;

    while (moved) {
        moved = false;
        for (r = ioas->reserved; r; r = r->next) {
            if (r->start <= from && from <= r->last) {
                if (r->last == UINT64_MAX) {
                    return false;
                }
                from = r->last + 1;
                moved = true;
            }
        }
    }
    hole->start = from;
    hole->last = UINT64_MAX;
    for (r = ioas->reserved; r; r = r->next) {
        if (r->start > from && r->start - 1 < hole->last) {
            hole->last = r->start - 1;
        }
    }
    return true;
}

int km_ioas_iova_ranges(struct km_context *ctx, void *arg)
{
    struct iommu_ioas_iova_ranges *cmd = arg;
    struct iommu_iova_range hole, *to = km_pointer(cmd->allowed_iovas);
    struct km_ioas *ioas = ioas_find(ctx, cmd->ioas_id);
    uint32_t max = cmd->num_iovas;
    uint64_t from = 0;

    if (!ioas) {
        return -ENOENT;
    }
    cmd->num_iovas = 0;
    cmd->out_iova_alignment = KM_PAGE;
    while (next_hole(ioas, from, &hole)) {
        if (cmd->num_iovas < max) {
            to[cmd->num_iovas] = hole;
        }
        cmd->num_iovas++;
        if (hole.last == UINT64_MAX) {
            break;
        }
        from = hole.last + 1;
    }
    return cmd->num_iovas > max ? -EMSGSIZE : 0;
}

uint8_t *km_ioas_lookup(struct km_ioas *ioas, uint64_t iova, size_t *len,
                        bool write)
{
    struct km_ioas_area *area = area_first(ioas, iova, iova);

    if (!area || !(write ? area->writable : area->readable)) {
        return NULL;
    }
    if (*len > area->last - iova + 1) {
        *len = area->last - iova + 1;
    }
    return area->host + (iova - area->iova);
}
