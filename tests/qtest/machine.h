/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine under test: how its QEMU is started, and where things are in it.
 *
 * Every test program calls machine_test_init() first. QEMU is the file that
 * the environment's QTEST_QEMU_BINARY names. Nothing here needs a device of
 * the host, KVM or a guest.
 */
#ifndef TESTS_QTEST_MACHINE_H
#define TESTS_QTEST_MACHINE_H

#include "libqtest.h"
#include "base.h"

/* Guest-physical addresses on -machine virt */
#define VIRT_SMMU         0x09050000ULL   /* of -machine iommu=smmuv3 */
#define VIRT_FW_CFG       0x09020000ULL
#define VIRT_GICD         0x08000000ULL
#define VIRT_ITS_DOORBELL 0x08090040ULL   /* GITS_TRANSLATER */
#define VIRT_V2M_DOORBELL 0x08020040ULL   /* MSI_SETSPI_NS */
#define VIRT_PLATFORM_BUS 0x0c000000ULL   /* of -device arm-smmuv3, the first */
#define VIRT_SMMU_SIZE    0x20000ULL      /* from one SMMU to the next there */
#define VIRT_PCI_MMIO     0x10000000ULL
#define VIRT_RAM          0x40000000ULL
#define VIRT_ECAM         0x4010000000ULL

/* The usual SMMU under test, and the same one emulated */
#define ACCEL_SMMU "-device arm-smmuv3,primary-bus=pcie.0,id=smmu0,accel=on"
#define EMULATED_SMMU "-device arm-smmuv3,primary-bus=pcie.0,id=smmu0"

/* g_test_init() and what all test programs share. */
void machine_test_init(int *argc, char ***argv);

/* Returns: the file name of the QEMU under test, never NULL. */
const char *machine_qemu(void);

/*
 * Returns: the file name of an unpatched QEMU to compare with (environment:
 * BASELINE_QEMU), or NULL if the user gave none.
 */
const char *machine_baseline(void);

/*
 * Returns: the file NAME below tests/qtest/data, or below the environment's
 * SMMU_QTEST_DATA on a machine without the sources; to be freed with g_free().
 */
char *machine_data(const char *name);

/*
 * Starts @qemu with `-machine virt,gic-version=3` (a later -machine adds to it
 * or changes it), a firmware that never runs, no default devices and @args.
 * A test fails here if QEMU does not come up.
 *
 * Returns: the connection, to be ended with qtest_quit().
 */
QTestState *machine_start_qemu(const char *qemu, const char *args);
QTestState *machine_start(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/*
 * Runs QEMU with nothing but @args and stops it as soon as it is up.
 *
 * @message: text of QEMU on stderr (out parameter, to be freed), may be NULL.
 *
 * Returns: QEMU's exit status, 0 if it came up.
 */
int machine_try(const char *args, char **message);

/* The arguments of machine_start() for machine_try(); to be freed. */
char *machine_args(const char *args);

/*
 * QEMU must refuse the machine of machine_start() with exit status 1 and
 * @message, a part of one line, on stderr; or it must come up silently.
 */
void machine_assert_refused(const char *args, const char *message);
void machine_assert_accepted(const char *args);

#endif
