/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command queue, of an accelerated SMMUv3 (which batches invalidations for
 * the host) and of an emulated one (which must not have changed): CONS follows
 * PROD, errors are reported at the command that caused them.
 */
#include "qemu/osdep.h"
#include "smmu.h"

#define LOG2SIZE 3
#define ENTRIES (1u << LOG2SIZE)

static Smmu start(const void *args)
{
    Smmu smmu = smmu_start(args);

    smmu_start_queue(&smmu, LOG2SIZE);
    return smmu;
}

typedef struct Command {
    const char *name;
    uint64_t word0;
    uint64_t word1;
} Command;

static const Command good[] = {
    { "SYNC", CMD_SYNC, 0 },
    { "PREFETCH_CONFIG", CMD_PREFETCH_CONFIG | CMD_SID(8), 0 },
    { "CFGI_STE", CMD_CFGI_STE | CMD_SID(8), 1 },
    { "CFGI_STE of nobody", CMD_CFGI_STE | CMD_SID(0xffff), 1 },
    { "CFGI_STE_RANGE", CMD_CFGI_ALL | CMD_SID(0), 7 },
    { "CFGI_ALL", CMD_CFGI_ALL, 31 },
    { "CFGI_CD", CMD_CFGI_CD | CMD_SID(8), 1 },
    { "CFGI_CD of nobody", CMD_CFGI_CD | CMD_SID(0xffff), 1 },
    { "CFGI_CD_ALL", CMD_CFGI_CD_ALL | CMD_SID(8), 0 },
    { "TLBI_NH_ALL", CMD_TLBI_NH_ALL, 0 },
    { "TLBI_NH_ASID", CMD_TLBI_NH_ASID | CMD_ASID(1), 0 },
    { "TLBI_NH_VA", CMD_TLBI_NH_VA | CMD_ASID(1), 0xfffff001 },
    /* range invalidation: TG=4K, SCALE=1, NUM=31 */
    { "TLBI_NH_VA range",
      CMD_TLBI_NH_VA | CMD_ASID(1) | CMD_RANGE(31, 1), 0xfff00400 },
    { "TLBI_NH_VAA", CMD_TLBI_NH_VAA, 0xfffff001 },
    { "TLBI_NSNH_ALL", CMD_TLBI_NSNH_ALL, 0 },
};

static void test_each(const void *args)
{
    Smmu smmu = start(args);

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_test_message("%s", good[i].name);
        smmu_queue(&smmu, good[i].word0, good[i].word1);
        smmu_ring(&smmu);
        smmu_assert_done(&smmu);
    }
    qtest_quit(smmu.qts);
}

/* As many as fit at once, many times around the queue */
static void test_wrap(const void *args)
{
    Smmu smmu = start(args);
    size_t next = 0;

    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            const Command *c = &good[next++ % G_N_ELEMENTS(good)];

            smmu_queue(&smmu, c->word0, c->word1);
        }
        smmu_ring(&smmu);
        smmu_assert_done(&smmu);
        g_assert_cmphex(smmu.prod, ==, round % 2 ? 0 : ENTRIES);
    }
    for (unsigned i = 0; i < 3 * ENTRIES; i++) {
        smmu_queue(&smmu, CMD_TLBI_NSNH_ALL, 0);
        smmu_ring(&smmu);
        smmu_assert_done(&smmu);
    }
    qtest_quit(smmu.qts);
}

/* More invalidations in a row than an accelerated SMMU batches */
static void test_long(const void *args)
{
    Smmu smmu = smmu_start(args);

    smmu_start_queue(&smmu, 9);
    for (unsigned i = 0; i < 511; i++) {
        smmu_queue(&smmu, CMD_TLBI_NH_VA | CMD_ASID(1), i << 12);
    }
    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_ring(&smmu);
    smmu_assert_done(&smmu);
    qtest_quit(smmu.qts);
}

/* Commands wait for CMDQEN */
static void test_enable(const void *args)
{
    Smmu smmu = start(args);

    smmu_write(&smmu, SMMU_CR0, 0);
    smmu_queue(&smmu, CMD_TLBI_NSNH_ALL, 0);
    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_ring(&smmu);
    g_assert_cmphex(smmu_read(&smmu, SMMU_CMDQ_CONS), ==, 0);
    smmu_write(&smmu, SMMU_CR0, CR0_CMDQEN);
    smmu_assert_done(&smmu);
    qtest_quit(smmu.qts);
}

static void test_illegal(const void *args)
{
    Smmu smmu = start(args);

    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_queue(&smmu, CMD_ILLEGAL, 0);
    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_ring(&smmu);
    smmu_assert_error(&smmu, 1, CERROR_ILL);

    /* nothing goes on before the error is acknowledged */
    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_ring(&smmu);
    smmu_assert_error(&smmu, 1, CERROR_ILL);
    smmu_repair(&smmu, 1);
    qtest_quit(smmu.qts);
}

/* Invalidations that are still batched do not move the error */
static void test_illegal_after_batch(const void *args)
{
    Smmu smmu = start(args);

    smmu_queue(&smmu, CMD_TLBI_NH_ASID | CMD_ASID(1), 0);
    smmu_queue(&smmu, CMD_TLBI_NH_VA | CMD_ASID(1), 0x1000);
    smmu_queue(&smmu, CMD_CFGI_CD_ALL | CMD_SID(8), 0);
    smmu_queue(&smmu, CMD_ILLEGAL, 0);
    smmu_queue(&smmu, CMD_TLBI_NSNH_ALL, 0);
    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_ring(&smmu);
    smmu_assert_error(&smmu, 3, CERROR_ILL);
    smmu_repair(&smmu, 3);

    /* the same where the queue wraps: 2 more entries, then from 0 */
    smmu_queue(&smmu, CMD_TLBI_NSNH_ALL, 0);
    smmu_queue(&smmu, CMD_TLBI_NSNH_ALL, 0);
    smmu_queue(&smmu, CMD_ILLEGAL, 0);
    smmu_ring(&smmu);
    smmu_assert_error(&smmu, ENTRIES, CERROR_ILL);
    smmu_repair(&smmu, ENTRIES);
    qtest_quit(smmu.qts);
}

static void test_illegal_parameters(const void *args)
{
    static const Command bad[] = {
        { "CFGI_STE Secure", CMD_CFGI_STE | CMD0_SSEC | CMD_SID(8), 0 },
        { "CFGI_ALL Secure", CMD_CFGI_ALL | CMD0_SSEC, 31 },
        { "CFGI_CD Secure", CMD_CFGI_CD | CMD0_SSEC | CMD_SID(8), 0 },
    };
    Smmu smmu = start(args);

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint32_t at = smmu.prod;

        g_test_message("%s", bad[i].name);
        smmu_queue(&smmu, bad[i].word0, bad[i].word1);
        smmu_ring(&smmu);
        smmu_assert_error(&smmu, at, CERROR_ILL);
        smmu_repair(&smmu, at);
    }
    qtest_quit(smmu.qts);
}

/*
 * ATC_INV is illegal without ATS, and for a Secure stream. The emulated SMMU
 * has always taken it, and done nothing.
 */
static void test_atc_inv(const void *args)
{
    bool accelerated = strstr(args, "accel=on");
    bool legal = !accelerated || strstr(args, "ats=on");
    Smmu smmu = start(args);

    smmu_queue(&smmu, CMD_TLBI_NSNH_ALL, 0);
    smmu_queue(&smmu, CMD_ATC_INV | CMD_SID(8), ATC_INV_ALL);
    smmu_queue(&smmu, CMD_SYNC, 0);
    smmu_ring(&smmu);
    if (legal) {
        smmu_assert_done(&smmu);
    } else {
        smmu_assert_error(&smmu, 1, CERROR_ILL);
        smmu_repair(&smmu, 1);
    }

    smmu_queue(&smmu, CMD_ATC_INV | CMD0_SSEC | CMD_SID(8), ATC_INV_ALL);
    smmu_ring(&smmu);
    if (accelerated) {
        smmu_assert_error(&smmu, 3, CERROR_ILL);
    } else {
        smmu_assert_done(&smmu);
    }
    qtest_quit(smmu.qts);
}

/* A queue that cannot be read */
static void test_abort(const void *args)
{
    Smmu smmu = start(args);

    qtest_writeq(smmu.qts, smmu.base + SMMU_CMDQ_BASE, SMMU_NOWHERE | LOG2SIZE);
    smmu.prod = 1;
    smmu_ring(&smmu);
    smmu_assert_error(&smmu, 0, CERROR_ABT);
    qtest_quit(smmu.qts);
}

/* Both kinds of SMMU, and an accelerated one that advertises all it can */
static void add(const char *name, GTestDataFunc func)
{
    g_autofree char *accel = g_strdup_printf("/queue/%s/accelerated", name);
    g_autofree char *ats = g_strdup_printf("/queue/%s/accelerated-ats", name);
    g_autofree char *emulated = g_strdup_printf("/queue/%s/emulated", name);

    base_data_test(accel, ACCEL_SMMU, func);
    base_data_test(ats, ACCEL_SMMU ",ats=on,ril=off", func);
    base_data_test(emulated, EMULATED_SMMU, func);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    add("each", test_each);
    add("wrap", test_wrap);
    add("long", test_long);
    add("enable", test_enable);
    add("illegal", test_illegal);
    add("illegal-after-batch", test_illegal_after_batch);
    add("illegal-parameters", test_illegal_parameters);
    add("atc-inv", test_atc_inv);
    add("abort", test_abort);
    return g_test_run();
}
