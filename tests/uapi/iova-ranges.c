/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which IOVAs of an IOAS can be used: all that nobody reserved. */
#include <linux/iommufd.h>

#include "ioas.h"
#include "usermem.h"

static struct uapi_ioas *ioas_find(struct uapi_context *ctx, uint32_t id)
{
    return (struct uapi_ioas *)uapi_object_find(ctx, id, UAPI_OBJ_IOAS);
}

/*
 * The first hole from @from on.
 * Returns: false if there is none
 */
static bool next_hole(struct uapi_ioas *ioas, uint64_t from,
                      struct iommu_iova_range *hole)
{
    struct uapi_ioas_reserved *r;
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

int uapi_ioas_iova_ranges(struct uapi_context *ctx, void *arg)
{
    struct iommu_ioas_iova_ranges *cmd = arg;
    struct iommu_iova_range hole;
    uint32_t max = cmd->num_iovas;
    struct uapi_ioas *ioas;
    uint64_t from = 0;

    if (cmd->__reserved) {
        return -EOPNOTSUPP;
    }
    ioas = ioas_find(ctx, cmd->ioas_id);
    if (!ioas) {
        return -ENOENT;
    }
    cmd->num_iovas = 0;
    cmd->out_iova_alignment = ioas->alignment;
    while (next_hole(ioas, from, &hole)) {
        if (cmd->num_iovas < max &&
            !uapi_copy_out(cmd->allowed_iovas + cmd->num_iovas * sizeof(hole),
                           &hole, sizeof(hole))) {
            return -EFAULT;
        }
        cmd->num_iovas++;
        if (hole.last == UINT64_MAX) {
            break;
        }
        from = hole.last + 1;
    }
    return cmd->num_iovas > max ? -EMSGSIZE : 0;
}
