/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After viommu.c of iommufd and arm-smmu-v3-iommufd.c with
 * arm_vsmmu_cache_invalidate(), Linux 7.2.
 */
#include <linux/iommufd.h>

#include "device.h"
#include "kernel.h"
#include "legal.h"
#include "viommu.h"

static void viommu_destroy(struct km_object *obj)
{
    struct km_viommu *viommu = (struct km_viommu *)obj;

    viommu->parent->obj.users--;
}

static const struct km_object_ops viommu_ops = { .destroy = viommu_destroy };

/* Does the driver have a vIOMMU for the device at all? */
static bool driver_has_viommu(const struct km_device *dev)
{
    return km_smmu_can_nest(dev->conf.smmu) &&
           (dev->conf.flags & KM_DEV_CANWBS ||
            km_smmu_has_s2fwb(dev->conf.smmu));
}

int km_viommu_alloc(struct km_context *ctx, void *arg)
{
    struct iommu_viommu_alloc *cmd = arg;
    struct km_viommu *viommu;
    struct km_hwpt *parent;
    struct km_device *dev;

    if (cmd->flags || cmd->type != IOMMU_VIOMMU_TYPE_ARM_SMMUV3) {
        return km_error("vIOMMU of type %u with flags 0x%x", cmd->type,
                        cmd->flags);
    }
    dev = km_device_by_id(ctx, cmd->dev_id);
    parent = (struct km_hwpt *)km_object_find(ctx, cmd->hwpt_id,
                                              KM_OBJ_HWPT_PAGING);
    if (!dev || !parent) {
        return -ENOENT;
    }
    if (!driver_has_viommu(dev)) {
        return -EOPNOTSUPP;
    }
    if (!parent->nest_parent || parent->smmu != dev->conf.smmu) {
        return -EINVAL;
    }
    viommu = km_object_new(ctx, KM_OBJ_VIOMMU, sizeof(*viommu),
                           &viommu_ops);
    viommu->smmu = dev->conf.smmu;
    viommu->parent = parent;
    parent->obj.users++;
    cmd->out_viommu_id = viommu->obj.id;
    return 0;
}

static void vdevice_destroy(struct km_object *obj)
{
    struct km_vdevice *vdev = (struct km_vdevice *)obj;

    vdev->dev->vdev = NULL;
    atomic_store(&vdev->dev->state->vsid_set, 0);
    vdev->viommu->obj.users--;
}

static const struct km_object_ops vdevice_ops = {
    .destroy = vdevice_destroy
};

struct find {
    struct km_viommu *viommu;
    uint64_t vsid;
    struct km_device *dev;
};

static bool find_vdevice(struct km_object *obj, void *opaque)
{
    struct km_vdevice *vdev = (struct km_vdevice *)obj;
    struct find *find = opaque;

    if (vdev->viommu == find->viommu && vdev->virt_id == find->vsid) {
        find->dev = vdev->dev;
    }
    return !find->dev;
}

struct km_device *km_viommu_find(struct km_viommu *viommu,
                                 uint64_t vsid)
{
    struct find find = { .viommu = viommu, .vsid = vsid };

    km_object_each(viommu->obj.ctx, KM_OBJ_VDEVICE, find_vdevice, &find);
    return find.dev;
}

int km_vdevice_alloc(struct km_context *ctx, void *arg)
{
    struct iommu_vdevice_alloc *cmd = arg;
    struct km_viommu *viommu;
    struct km_vdevice *vdev;
    struct km_device *dev;

    viommu = (struct km_viommu *)km_object_find(ctx, cmd->viommu_id,
                                                KM_OBJ_VIOMMU);
    dev = km_device_by_id(ctx, cmd->dev_id);
    if (!viommu || !dev) {
        return -ENOENT;
    }
    if (viommu->smmu != dev->conf.smmu) {
        return -EINVAL;
    }
    if (dev->vdev || km_viommu_find(viommu, cmd->virt_id)) {
        return -EEXIST;
    }
    if (dev->conf.num_streams != 1 && km_kernel_has(KM_RULE_ONE_STREAM)) {
        return -EOPNOTSUPP;
    }
    vdev = km_object_new(ctx, KM_OBJ_VDEVICE, sizeof(*vdev), &vdevice_ops);
    vdev->viommu = viommu;
    vdev->dev = dev;
    vdev->virt_id = cmd->virt_id;
    viommu->obj.users++;
    dev->vdev = vdev;
    atomic_store(&dev->state->vsid_set, 1);
    cmd->out_vdevice_id = vdev->obj.id;
    return 0;
}

/* ---- Invalidation -------------------------------------------------------- */

#define BATCH 63    /* commands that the driver issues at once, SYNC apart */

struct command {
    uint64_t dword[2];
};

/*
 * Put the host's VMID or StreamID into a guest's command.
 * Returns: 0, or -EIO if no guest may send it
 */
static int convert(struct km_viommu *viommu, struct command *cmd)
{
    uint64_t vmid = viommu->parent->vmid;
    struct km_device *dev;

    if (km_kernel_has(KM_RULE_CHECKS_COMMANDS) &&
        km_illegal_command(viommu->smmu, cmd->dword)) {
        return -EIO;
    }
    switch (cmd->dword[0] & CMD0_OPCODE) {
    case CMD_TLBI_NSNH_ALL:
        cmd->dword[0] = CMD_TLBI_NH_ALL | FIELD_PREP(CMD0_VMID, vmid);
        cmd->dword[1] = 0;
        return 0;
    case CMD_TLBI_NH_VA:
    case CMD_TLBI_NH_VAA:
    case CMD_TLBI_NH_ALL:
    case CMD_TLBI_NH_ASID:
        cmd->dword[0] &= ~CMD0_VMID;
        cmd->dword[0] |= FIELD_PREP(CMD0_VMID, vmid);
        return 0;
    case CMD_ATC_INV:
    case CMD_CFGI_CD:
    case CMD_CFGI_CD_ALL:
        dev = km_viommu_find(viommu, FIELD_GET(CMD0_SID, cmd->dword[0]));
        if (!dev) {
            return -EIO;
        }
        cmd->dword[0] &= ~CMD0_SID;
        cmd->dword[0] |= CMD_SID(dev->conf.sid);
        return 0;
    default:
        return -EIO;
    }
}

static void issue(struct km_viommu *viommu, const struct command *given,
                  const struct command *cmds, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        km_log(KM_LOG_COMMAND, given[i].dword[0], given[i].dword[1],
               cmds[i].dword[0], 1);
        km_smmu_command(viommu->smmu, cmds[i].dword);
    }
}

/*
 * Commands are converted one by one, and issued whenever there is a batch of
 * them. So when one cannot be converted, some before it may not have been
 * issued. The count that is returned is that of the conversion; a kernel that
 * checks commands returns how many were issued.
 */
static int convert_and_issue(struct km_viommu *viommu,
                             const struct command *given,
                             struct command *cmds, uint32_t num,
                             uint32_t *done)
{
    uint32_t cur = 0, last = 0;

    while (cur < num) {
        int ret = convert(viommu, &cmds[cur]);

        if (ret) {
            for (uint32_t i = last; i <= cur; i++) {
                km_log(KM_LOG_COMMAND, given[i].dword[0],
                       given[i].dword[1], 0, 0);
            }
            *done = km_kernel_has(KM_RULE_CHECKS_COMMANDS) ? last : cur;
            return ret;
        }
        cur++;
        if (cur == num || cur - last == BATCH) {
            issue(viommu, given + last, cmds + last, cur - last);
            last = cur;
        }
    }
    *done = cur;
    return 0;
}

int km_invalidate(struct km_context *ctx, void *arg)
{
    struct iommu_hwpt_invalidate *cmd = arg;
    struct km_viommu *viommu = (struct km_viommu *)km_object_find(
        ctx, cmd->hwpt_id, KM_OBJ_VIOMMU);
    const struct command *given = km_pointer(cmd->data_uptr);
    uint32_t num = cmd->entry_num;
    struct command *cmds;
    int ret;

    cmd->entry_num = 0;
    if (!viommu || !num || cmd->entry_len != sizeof(*given) ||
        cmd->data_type != IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3) {
        return km_error("%u commands of type %u, %u bytes each", num,
                        cmd->data_type, cmd->entry_len);
    }
    cmds = km_zalloc(num * sizeof(*cmds));
    memcpy(cmds, given, num * sizeof(*cmds));
    ret = convert_and_issue(viommu, given, cmds, num, &cmd->entry_num);
    km_log(KM_LOG_BATCH, viommu->obj.id, num, cmd->entry_num, -ret);
    free(cmds);
    return ret;
}
