/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_KERNEL_H
#define UAPI_KERNEL_H

/* What differs between the versions of Linux (control->kernel). */

#include "model.h"

enum uapi_rule {
    /* Attaching any nested HWPT requires a vDEVICE, not only one that
       translates; else ENOENT (arm_smmu_attach_prepare_vmaster()) */
    UAPI_RULE_NESTED_WANTS_VDEVICE,
    /* GET_HW_INFO reports UAPI_HW_CAP_NO_ATS (iommufd_get_hw_info()) */
    UAPI_RULE_REPORTS_NO_ATS,
    /* No vDEVICE for a device with several StreamIDs: EOPNOTSUPP
       (arm_vsmmu_vdevice_init()) */
    UAPI_RULE_ONE_STREAM,
    /* The kernel refuses illegal commands: EIO for the whole batch
       (arm_vsmmu_validate_user_cmd(), commit 26564d25cd81) */
    UAPI_RULE_CHECKS_COMMANDS,
};

bool uapi_kernel_has(enum uapi_rule rule);

#endif /* UAPI_KERNEL_H */
