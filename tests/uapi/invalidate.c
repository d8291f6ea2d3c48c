/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After arm_vsmmu_cache_invalidate() of the arm-smmu-v3 driver, Linux 7.2. */
#include <linux/iommufd.h>

#include "command.h"
#include "device.h"
#include "kernel.h"
#include "legal.h"
#include "usermem.h"
#include "viommu.h"

#define ENTRIES_MAX (1u << 19)
#define BATCH 63    /* commands that the driver issues at once, SYNC apart */

struct command {
    uint64_t dword[2];
};

/*
 * Put the host's VMID or StreamID into a guest's command.
 * Returns: 0, or -EIO if no guest may send it
 */
static int convert(struct uapi_viommu *viommu, struct command *cmd)
{
    uint64_t vmid = viommu->parent->vmid;
    struct uapi_device *dev;

    if (uapi_kernel_has(UAPI_RULE_CHECKS_COMMANDS) &&
        uapi_illegal_command(viommu->smmu, cmd->dword)) {
        return -EIO;
    }
    switch (CMD_OP(cmd->dword[0])) {
    case CMD_TLBI_NSNH_ALL:
        cmd->dword[0] = CMD_TLBI_NH_ALL | vmid << CMD_VMID_SHIFT;
        cmd->dword[1] = 0;
        return 0;
    case CMD_TLBI_NH_VA:
    case CMD_TLBI_NH_VAA:
    case CMD_TLBI_NH_ALL:
    case CMD_TLBI_NH_ASID:
        cmd->dword[0] &= ~CMD_VMID_MASK;
        cmd->dword[0] |= vmid << CMD_VMID_SHIFT;
        return 0;
    case CMD_ATC_INV:
    case CMD_CFGI_CD:
    case CMD_CFGI_CD_ALL:
        dev = uapi_viommu_find(viommu, CMD_SID(cmd->dword[0]));
        if (!dev) {
            return -EIO;
        }
        cmd->dword[0] &= ~CMD_SID_MASK;
        cmd->dword[0] |= (uint64_t)dev->conf.sid << CMD_SID_SHIFT;
        return 0;
    default:
        return -EIO;
    }
}

static void issue(struct uapi_viommu *viommu, const struct command *given,
                  const struct command *cmds, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uapi_log(UAPI_LOG_COMMAND, given[i].dword[0], given[i].dword[1],
                 cmds[i].dword[0], 1);
        uapi_smmu_command(viommu->smmu, cmds[i].dword);
    }
}

static int copy_commands(struct command *cmds,
                         const struct iommu_hwpt_invalidate *arg)
{
    if (arg->entry_len == sizeof(*cmds)) {
        return uapi_copy_in(cmds, arg->data_uptr,
                            arg->entry_num * sizeof(*cmds)) ? 0 : -EFAULT;
    }
    for (uint32_t i = 0; i < arg->entry_num; i++) {
        int ret = uapi_copy_struct(&cmds[i], sizeof(*cmds), arg->data_uptr +
                                   (uint64_t)i * arg->entry_len,
                                   arg->entry_len);
        if (ret) {
            return ret;
        }
    }
    return 0;
}

/*
 * Commands are converted one by one, and issued whenever there is a batch of
 * them. So when one cannot be converted, some before it may not have been
 * issued. The count that is returned is that of the conversion; a kernel that
 * checks commands returns how many were issued.
 */
static int convert_and_issue(struct uapi_viommu *viommu,
                             struct command *given, struct command *cmds,
                             uint32_t num, uint32_t *done)
{
    uint32_t cur = 0, last = 0;

    while (cur < num) {
        int ret = convert(viommu, &cmds[cur]);

        if (ret) {
            for (uint32_t i = last; i <= cur; i++) {
                uapi_log(UAPI_LOG_COMMAND, given[i].dword[0],
                         given[i].dword[1], 0, 0);
            }
            *done = uapi_kernel_has(UAPI_RULE_CHECKS_COMMANDS) ? last : cur;
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

static int viommu_invalidate(struct uapi_viommu *viommu,
                             struct iommu_hwpt_invalidate *arg)
{
    struct command *given, *cmds;
    uint32_t num = arg->entry_num;
    int ret;

    arg->entry_num = 0;
    if (arg->data_type != IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 || !num) {
        return -EINVAL;
    }
    given = uapi_zalloc(num * sizeof(*given));
    cmds = uapi_zalloc(num * sizeof(*cmds));
    arg->entry_num = num;
    ret = copy_commands(given, arg);
    arg->entry_num = 0;
    if (!ret) {
        memcpy(cmds, given, num * sizeof(*cmds));
        ret = convert_and_issue(viommu, given, cmds, num, &arg->entry_num);
    }
    uapi_log(UAPI_LOG_BATCH, viommu->obj.id, num, arg->entry_num, -ret);
    free(given);
    free(cmds);
    return ret;
}

int uapi_invalidate(struct uapi_context *ctx, void *arg)
{
    struct iommu_hwpt_invalidate *cmd = arg;
    struct uapi_object *obj;
    uint32_t num = cmd->entry_num;

    cmd->entry_num = 0;
    if (cmd->__reserved) {
        return -EOPNOTSUPP;
    }
    if (num && (!cmd->data_uptr || !cmd->entry_len ||
                cmd->entry_len > UAPI_PAGE || num > ENTRIES_MAX)) {
        return -EINVAL;
    }
    obj = uapi_object_any(ctx, cmd->hwpt_id);
    if (!obj) {
        return -ENOENT;
    }
    if (obj->type == UAPI_OBJ_HWPT_NESTED) {
        return -EOPNOTSUPP; /* the driver takes them by the vIOMMU only */
    }
    if (obj->type != UAPI_OBJ_VIOMMU) {
        return -EINVAL;
    }
    cmd->entry_num = num;
    return viommu_invalidate((struct uapi_viommu *)obj, cmd);
}
