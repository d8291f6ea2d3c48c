/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host profiles: the ID registers of SMMUv3s that exist, one file each in
 * tests/qtest/data/hosts. A file is a GKeyFile:
 *
 *   [smmu]  idr0 to idr5, iidr, aidr: the registers
 *   [host]  name      the machine
 *           canwbs    true: firmware reports coherent accesses (CANWBS), which
 *                     nesting requires without IDR3.FWB
 *           kernel    Linux whose boot log is the source, if there is one
 *           features  the "features" word of that log
 *           reported  bits of it that such a kernel can report
 *
 * Its comments name the sources, and which fields are assumed.
 */
#ifndef TESTS_QTEST_PROFILE_H
#define TESTS_QTEST_PROFILE_H

#include "dut.h"

typedef struct HostProfile {
    char *name;              /* of the file, without .ini */
    struct km_smmu_config smmu;
    bool canwbs;
    uint32_t features;       /* 0, with @reported: no log */
    uint32_t reported;
} HostProfile;

/* Returns: the names of all profiles, sorted; to be freed with g_strfreev(). */
char **profile_names(void);

/* Reads profile @name; a test fails here if the file is not valid. */
HostProfile *profile_load(const char *name);
void profile_free(HostProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostProfile, profile_free)

/* Makes SMMU 0 of the model, and the devices behind it, like this host. */
void profile_apply(const HostProfile *profile, struct km *model);

#endif
