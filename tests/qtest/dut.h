/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device under test: an edu device behind an SMMU, in three settings.
 *
 *   emulated  QEMU's own edu behind the emulated SMMUv3. The reference: what a
 *             guest sees of an accelerated SMMU should be the same.
 *   model     vfio-pci behind an accelerated SMMUv3, on the model of iommufd
 *             and VFIO that SMMU_QTEST_MODEL names (tests/kernel-model).
 *   real      the same on the kernel's iommufd, with the host's edu device
 *             that SMMU_QTEST_HOST names, as in 0000:00:08.0.
 *
 * dut_test() adds a test for each of the first two, or for the last one only.
 */
#ifndef TESTS_QTEST_DUT_H
#define TESTS_QTEST_DUT_H

#include "../kernel-model/client.h"
#include "pci.h"
#include "smmu.h"
#include "guest-memory.h"

typedef enum DutBackend {
    DUT_EMULATED,
    DUT_MODEL,
    DUT_REAL,
} DutBackend;

/* How long the device, QEMU's main loop or the kernel may take, in seconds */
#define DUT_DEADLINE 20

/* What a test needs beyond a device that does DMA */
#define DUT_ACCEL   (1u << 0)   /* an accelerated SMMU */
#define DUT_MODELED (1u << 1)   /* the model, whose calls are seen or fail */
#define DUT_TWO     (1u << 2)   /* a second device of the host */

/* Which backend the running test is for */
DutBackend dut_backend(void);

/*
 * Returns: the model of the running test, to be configured before
 * dut_start(), NULL on other backends. It has two devices behind one SMMU.
 */
struct km *dut_model(void);

/*
 * The host cannot use ATS for the @n-th device of the model, and its kernel is
 * one that reports so.
 */
void dut_deny_ats(unsigned n);

/* Adds a test for every backend that it can run on, as /@path/BACKEND. */
void dut_test(const char *path, unsigned needs, GTestDataFunc func,
              const void *data);

#define DUT_SLOT      3               /* on the root bus */
#define DUT_PORT_SLOT 4               /* of root port rp0, whose bus is 1 */
#define DUT_IOVA      0x80000000ull   /* where tests map things */
#define DUT_ASID      7
#define DUT_LOG2SIDS  10
#define DUT_CMDQ      8               /* log2 of entries */
#define DUT_EVENTQ    4

typedef struct DutConfig {
    const char *smmu;      /* more options of the SMMU, as in ",ats=on" */
    const char *args;      /* more arguments of QEMU */
    bool port;             /* behind root port rp0 */
    bool unplugged;        /* the device comes later, see hotplug.h */
    unsigned split;        /* of the stream table, 0: linear */
    unsigned log2page;     /* 0: 12 */
} DutConfig;

typedef struct Dut {
    QTestState *qts;
    struct km *model;      /* NULL on other backends */
    Ram ram;
    Smmu smmu;
    PciFunction port;
    PciFunction edu;
    uint64_t bar;
    uint32_t sid;
    StreamTable strtab;
    PageTable pt;          /* maps @buffer and the MSI window 1:1 */
    uint64_t cd;
    uint64_t buffer;       /* 64 KiB of RAM for edu_load() */
    uint32_t pattern;      /* the latest one */
} Dut;

/*
 * Starts QEMU and sets up device, tables, queues. The SMMU is off (bypass),
 * the device's STE is invalid.
 */
Dut *dut_start(const DutConfig *config);

/* Ends QEMU. The model must not have seen anything that it does not know. */
void dut_stop(Dut *dut);

/*
 * QEMU's arguments: the SMMU with @options, and what it needs; the @n-th
 * device, whose ID is devN. To be freed.
 */
char *dut_smmu_args(const char *options);
char *dut_device_args(unsigned n, const char *options);

/* Returns: how many objects the model has for QEMU; 0 on other backends */
unsigned dut_live(const Dut *dut);

/* The name of the @n-th device on the host, for vfio-pci's host= */
const char *dut_host(unsigned n);

/* Before and after QEMU is started with such arguments (dut_start() does) */
void dut_enter(void);
void dut_leave(void);

/* As firmware: bus numbers, windows, BARs. Again after a reset or plug. */
void dut_enumerate(Dut *dut);

/* Queues and stream table in the SMMU's registers; the SMMU stays off */
void dut_start_smmu(Dut *dut);

/* Reset, and the guest sets up bus, SMMU and its STE again */
void dut_reboot(Dut *dut);

/* CR0.SMMUEN on top of the queues */
void dut_enable(Dut *dut);
void dut_disable(Dut *dut);

/* Writes the STE, and issues CFGI_STE and CMD_SYNC. */
void dut_set_ste(Dut *dut, uint64_t dword0, uint64_t dword1);
void dut_translate(Dut *dut);

/* dut_start(), dut_translate(), dut_enable() */
Dut *dut_start_translating(const DutConfig *config);

/* Issues one command, and CMD_SYNC; both must succeed. */
void dut_command(Dut *dut, uint64_t word0, uint64_t word1);

/* Returns: a new page of RAM that is mapped at @iova. */
uint64_t dut_map_new(Dut *dut, uint64_t iova);

/* Lets a little time go by, for polling: virtual time, or real time */
void dut_pause(Dut *dut);

/* --- DMA ---------------------------------------------------------------- */

/*
 * Reads @size bytes at @iova into the device, or writes them there. Says
 * nothing about whether the SMMU let it through.
 */
void edu_read(Dut *dut, uint64_t iova, uint32_t size);
void edu_write(Dut *dut, uint64_t iova, uint32_t size);

/* The same without waiting, with an interrupt at the end if wanted */
void edu_start_write(Dut *dut, uint64_t iova, uint32_t size, bool interrupt);
void edu_wait(Dut *dut);

/* Interrupts without DMA; and the acknowledgement */
void edu_raise(Dut *dut, uint32_t bits);
void edu_lower(Dut *dut, uint32_t bits);

/*
 * Loads a new pattern into the device, from @dut->buffer. That page has to be
 * where the device sees it: with bypass, or in @dut->pt.
 */
void edu_load(Dut *dut);

/*
 * Lets the device write its pattern to @iova. Returns: which of @one and
 * @other got it (the address), 0 if neither did. Never both.
 */
uint64_t edu_where(Dut *dut, uint64_t iova, uint64_t one, uint64_t other);

/*
 * Does the device get a new pattern at @address when it reads @iova? What it
 * got is looked at through @dut->buffer, which must be accessible.
 */
bool edu_reads(Dut *dut, uint64_t iova, uint64_t address);

/* --- a cached translation that is not in the tables any more ------------- */

/* A page that was mapped to @old; when stale, the tables map it to @now */
typedef struct Stale {
    uint64_t iova;
    uint64_t old;
    uint64_t now;
} Stale;

/* Maps new pages at @iova; nothing is cached or stale yet. */
Stale stale_new(Dut *dut, uint64_t iova);

/*
 * Makes the SMMU cache the old page, and changes the tables behind its back.
 * It must still use the old page then. Other translations are dropped by it.
 */
void stale_make(Dut *dut, const Stale *stale);

/* Returns: @stale->old if the device still gets there, or @stale->now. */
uint64_t stale_where(Dut *dut, const Stale *stale);

#endif
