/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_KERNEL_H
#define KM_KERNEL_H

/* What differs between the versions of Linux (control->kernel). */

#include "model.h"

enum km_rule {
    /* Attaching any nested HWPT requires a vDEVICE, not only one that
       translates; else ENOENT (arm_smmu_attach_prepare_vmaster()) */
    KM_RULE_NESTED_WANTS_VDEVICE,
    /* GET_HW_INFO reports KM_HW_CAP_NO_ATS (iommufd_get_hw_info()) */
    KM_RULE_REPORTS_NO_ATS,
    /* No vDEVICE for a device with several StreamIDs: EOPNOTSUPP
       (arm_vsmmu_vdevice_init()) */
    KM_RULE_ONE_STREAM,
    /* The kernel refuses illegal commands: EIO for the whole batch
       (arm_vsmmu_validate_user_cmd(), commit 26564d25cd81) */
    KM_RULE_CHECKS_COMMANDS,
};

bool km_kernel_has(enum km_rule rule);

#endif /* KM_KERNEL_H */
