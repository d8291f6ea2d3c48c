/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle: each rule has a command or STE that keeps it and one that does
   not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

#define SID CMD_SID(VSID)
#define VA 0x7654321000ull

enum verdict {
    LEGAL,
    MISUSE,     /* an error of the model, and no kernel refuses it */
    ILLEGAL,    /* an error; refused by the coming kernel */
    REFUSED,    /* illegal in a guest's command, but the kernels of today do not
                   pass it on as it is */
};

#define EATS 1u << 31   /* set in the STE */

/* IDRs of the host, 0 where they do not matter */
struct host {
    uint32_t idr0, idr1, idr3, idr5;
};

static const struct host plain, asid16 = { .idr0 = IDR0_ASID16 },
    ril = { .idr3 = IDR3_RIL }, ds = { .idr3 = IDR3_RIL, .idr5 = IDR5_DS },
    ats = { .idr0 = IDR0_ATS | EATS }, ats_off = { .idr0 = IDR0_ATS },
    ssid8 = { .idr0 = IDR0_ATS | EATS, .idr1 = FIELD_PREP(IDR1_SSIDSIZE, 8) };

static const struct {
    const struct host *host;
    uint64_t cmd[2];
    enum verdict verdict;
} commands[] = {
    { &plain, { CMD_TLBI_NSNH_ALL }, LEGAL },
    { &plain, { CMD_TLBI_NSNH_ALL | 1 << 8 }, REFUSED },
    { &plain, { CMD_TLBI_NH_ALL }, LEGAL },
    { &plain, { CMD_TLBI_NH_ALL | CMD_ASID(1) }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_ALL, 1 }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_ASID | CMD_ASID(0xff) }, LEGAL },
    { &plain, { CMD_TLBI_NH_ASID | CMD_ASID(0x100) }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_ASID, VA }, ILLEGAL },
    { &asid16, { CMD_TLBI_NH_ASID | CMD_ASID(0xffff) }, LEGAL },
    { &plain, { CMD_TLBI_NH_VA | CMD_ASID(0xff), VA | 1 }, LEGAL },
    { &plain, { CMD_TLBI_NH_VA | CMD_ASID(0x100), VA }, ILLEGAL },
    { &asid16, { CMD_TLBI_NH_VA | CMD_ASID(0xffff), VA }, LEGAL },
    { &plain, { CMD_TLBI_NH_VA, VA | 2 }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_VA, VA | 1 << 7 }, ILLEGAL },   /* TTL128 */
    { &plain, { CMD_TLBI_NH_VA | 1 << 11, VA }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_VA | 1 << 17, VA }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_VAA, VA | 1 }, LEGAL },
    { &plain, { CMD_TLBI_NH_VAA | CMD_ASID(1), VA }, ILLEGAL },
    /* ranges */
    { &plain, { CMD_TLBI_NH_VA | CMD_RANGE(1, 0), VA }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_VA | CMD_RANGE(0, 1), VA }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_VA, VA | CMD_TG(12) | CMD_TTL(3) }, ILLEGAL },
    { &plain, { CMD_TLBI_NH_VAA, VA | CMD_TTL(3) }, ILLEGAL },
    { &ril, { CMD_TLBI_NH_VA | CMD_RANGE(31, 31), VA | CMD_TG(12) }, LEGAL },
    { &ril, { CMD_TLBI_NH_VA | CMD_RANGE(1, 0),
              VA | CMD_TG(12) | CMD_TTL(3) }, LEGAL },
    { &ril, { CMD_TLBI_NH_VA | CMD_RANGE(0, 1),
              VA | CMD_TG(16) | CMD_TTL(2) }, LEGAL },
    { &ril, { CMD_TLBI_NH_VA, VA | CMD_TG(12) | CMD_TTL(3) }, LEGAL },
    { &ril, { CMD_TLBI_NH_VA, VA | CMD_TG(12) }, ILLEGAL },
    { &ril, { CMD_TLBI_NH_VAA, VA | CMD_TG(16) }, ILLEGAL },
    { &ril, { CMD_TLBI_NH_VA | CMD_RANGE(1, 0), VA }, ILLEGAL },  /* TG 0 */
    { &ril, { CMD_TLBI_NH_VA | CMD_RANGE(0, 1), VA }, ILLEGAL },
    { &ril, { CMD_TLBI_NH_VA, VA | CMD_TTL(1) }, ILLEGAL },
    { &ril, { CMD_TLBI_NH_VA | CMD_RANGE(0, 32), VA | CMD_TG(12) }, ILLEGAL },
    { &ds, { CMD_TLBI_NH_VA | CMD_RANGE(0, 32), VA | CMD_TG(12) }, LEGAL },
    { &ril, { CMD_TLBI_NH_VA, VA | CMD_TG(14) | CMD_TTL(1) }, ILLEGAL },
    { &ril, { CMD_TLBI_NH_VA | CMD_RANGE(1, 0),
              VA | CMD_TG(14) | CMD_TTL(1) }, ILLEGAL },
    { &ril, { CMD_TLBI_NH_VA, VA | CMD_TG(14) | CMD_TTL(2) }, LEGAL },
    { &ds, { CMD_TLBI_NH_VA, VA | CMD_TG(14) | CMD_TTL(1) }, LEGAL },
    { &ds, { CMD_TLBI_NH_VA, VA | CMD_TG(14) }, ILLEGAL },
    /* configuration */
    { &plain, { CMD_CFGI_CD | SID, 1 }, LEGAL },
    { &plain, { CMD_CFGI_CD | SID | 1 << 10, 1 }, ILLEGAL },    /* SSec */
    { &plain, { CMD_CFGI_CD | SID | CMD0_SSV, 1 }, ILLEGAL },
    { &plain, { CMD_CFGI_CD | SID | CMD_SSID(1), 1 }, ILLEGAL },
    { &ssid8, { CMD_CFGI_CD | SID | CMD_SSID(255), 1 }, LEGAL },
    { &ssid8, { CMD_CFGI_CD | SID | CMD_SSID(256), 1 }, MISUSE },
    { &plain, { CMD_CFGI_CD_ALL | SID }, LEGAL },
    { &plain, { CMD_CFGI_CD_ALL | SID, 1 }, ILLEGAL },
    { &ssid8, { CMD_CFGI_CD_ALL | SID | CMD_SSID(1) }, ILLEGAL },
    /* ATS */
    { &plain, { CMD_ATC_INV | SID, ATC_INV_ALL }, ILLEGAL },
    { &ats_off, { CMD_ATC_INV | SID, ATC_INV_ALL }, MISUSE },
    { &ats, { CMD_ATC_INV | SID, ATC_INV_ALL }, LEGAL },
    { &ats, { CMD_ATC_INV | SID, VA | 53 }, ILLEGAL },
    { &ats, { CMD_ATC_INV | SID, VA | 1 << 6 }, ILLEGAL },
    { &ats, { CMD_ATC_INV | SID | CMD0_SSV, ATC_INV_ALL }, ILLEGAL },
    { &ats, { CMD_ATC_INV | SID | CMD0_GLOBAL, ATC_INV_ALL }, ILLEGAL },
    { &ats, { CMD_ATC_INV | SID | CMD_SSID(1), ATC_INV_ALL }, ILLEGAL },
    { &ssid8, { CMD_ATC_INV | SID | CMD0_SSV | CMD0_GLOBAL | CMD_SSID(255),
                ATC_INV_ALL }, LEGAL },
    { &ssid8, { CMD_ATC_INV | SID | CMD0_SSV | CMD_SSID(256),
                ATC_INV_ALL }, MISUSE },
    { &ssid8, { CMD_ATC_INV | SID | CMD_SSID(1), ATC_INV_ALL }, MISUSE },
    { &ssid8, { CMD_ATC_INV | SID | CMD0_GLOBAL, ATC_INV_ALL }, MISUSE },
    { &ssid8, { CMD_ATC_INV | SID | 1 << 10, ATC_INV_ALL }, ILLEGAL },
};

static uint32_t take_errors(struct fixture *b)
{
    return atomic_exchange(&b->model->control->errors, 0);
}

static void set_host(struct km_control *c, const struct host *host)
{
    uint32_t *idr = c->smmu[0].idr;

    idr[0] = (idr[0] & ~(IDR0_ATS | IDR0_ASID16)) | (host->idr0 & ~(EATS));
    idr[1] = (idr[1] & ~IDR1_SSIDSIZE) | host->idr1;
    idr[3] = (idr[3] & ~IDR3_RIL) | host->idr3;
    idr[5] = (idr[5] & ~IDR5_DS) | host->idr5;
}

static void check_kernel(struct fixture *b, uint32_t kernel, unsigned i)
{
    bool next = kernel >= KM_KERNEL_NEXT, today = !next;
    enum verdict verdict = commands[i].verdict;
    bool eio = next && verdict >= ILLEGAL;
    bool error = verdict == MISUSE || (today && verdict == ILLEGAL);
    uint32_t num = 1, found, errors;
    char buf[300];

    b->model->control->kernel = kernel;
    found = io_invalidate(b, b->viommu, &commands[i].cmd, &num);
    km_check(b->model, buf, sizeof(buf));
    errors = take_errors(b);
    if (found != (eio ? EIO : 0) || errors != error) {
        g_test_message("command 0x%llx 0x%llx on %x: errno %u, %s",
               (unsigned long long)commands[i].cmd[0],
               (unsigned long long)commands[i].cmd[1], kernel, found,
               errors ? buf : "no error");
    }
    g_assert_cmpint(found, ==, eio ? EIO : 0);
    g_assert_cmpint(errors, ==, error);
    g_assert_cmpint(num, ==, eio ? 0 : 1);
}

static void test_commands(void)
{
    struct host defaults = { 0 };
    struct km_control *c;
    uint32_t hwpt = 0;
    struct fixture b;

    fixture_start(&b);
    c = b.model->control;
    defaults.idr0 = IDR0_ASID16;
    defaults.idr3 = IDR3_RIL;
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        uint64_t ste1 = commands[i].host->idr0 & EATS ? STE_EATS(1) : 0;

        set_host(c, commands[i].host);
        g_assert_cmpint(fixture_ste(&b, STE_S1, ste1, &hwpt), ==, 0);
        check_kernel(&b, KM_KERNEL_DEFAULT, i);
        check_kernel(&b, KM_KERNEL_NEXT, i);
    }
    set_host(c, &defaults);
    g_assert_cmpint(io_attach(b.cdev, b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&b, hwpt), ==, 0);
    fixture_close(&b);
}

/* The coming kernel issues batches of 63, and none of those with an error */
static void test_batch(void)
{
    uint64_t cmds[130][2] = { 0 };
    struct km_log_entry entry;
    uint32_t num = 130, issued = 0;
    uint64_t at, from;
    struct fixture b;

    fixture_start(&b);
    b.model->control->kernel = KM_KERNEL_NEXT;
    for (int i = 0; i < 130; i++) {
        cmds[i][0] = CMD_TLBI_NH_ALL;
    }
    cmds[70][1] = 1;
    at = from = atomic_load(&b.model->control->log_head);
    g_assert_cmpint(io_invalidate(&b, b.viommu, cmds, &num), ==, EIO);
    g_assert_cmpint(num, ==, 63);
    while ((at = km_log_find(b.model, at, KM_LOG_COMMAND, &entry)) !=
           UINT64_MAX) {
        issued += entry.arg[3];
        at++;
    }
    g_assert_cmpint(issued, ==, 63);
    fixture_close(&b);
}

static void check_ste(struct fixture *b, uint64_t ste0, uint64_t ste1,
                      uint32_t errors)
{
    uint32_t hwpt = 0;

    g_assert_cmpint(fixture_ste(b, ste0, ste1, &hwpt), ==, 0);
    g_assert_cmpint(take_errors(b), ==, errors);
    g_assert_cmpint(io_attach(b->cdev, b->parent), ==, 0);
    g_assert_cmpint(io_destroy(b, hwpt), ==, 0);
}

static void test_stall(void)
{
    const uint32_t other = ~IDR0_STALL_MODEL;
    struct fixture b;
    uint32_t *idr0;

    fixture_start(&b);
    idr0 = &b.model->control->smmu[0].idr[0];
    *idr0 &= other;
    check_ste(&b, STE_S1, 0, 1);
    check_ste(&b, STE_S1, STE1_S1STALLD, 0);
    check_ste(&b, STE_BYPASS, 0, 0);
    check_ste(&b, STE_ABORT, 0, 0);
    *idr0 |= FIELD_PREP(IDR0_STALL_MODEL, 2);
    check_ste(&b, STE_S1, 0, 0);
    check_ste(&b, STE_S1, STE1_S1STALLD, 1);
    *idr0 = (*idr0 & other) | FIELD_PREP(IDR0_STALL_MODEL, 1);
    check_ste(&b, STE_S1, 0, 0);
    check_ste(&b, STE_S1, STE1_S1STALLD, 1);
    fixture_close(&b);
}

static void test_eats(void)
{
    struct km_control *c;
    struct fixture b;

    fixture_start(&b);
    c = b.model->control;
    check_ste(&b, STE_S1, STE_EATS(1), 1);
    c->kernel = KM_KERNEL(7, 0);
    check_ste(&b, STE_S1, STE_EATS(1), 1);
    c->smmu[0].idr[0] |= IDR0_ATS;
    check_ste(&b, STE_S1, STE_EATS(1), 0);
    fixture_close(&b);

    c->device[0].flags = KM_DEV_NO_ATS;
    fixture_start(&b);
    check_ste(&b, STE_S1, STE_EATS(1), 1);
    check_ste(&b, STE_S1, 0, 0);
    c->kernel = KM_KERNEL(7, 0);        /* does not report the device's */
    check_ste(&b, STE_S1, STE_EATS(1), 0);
    fixture_close(&b);
    c->device[0].flags = 0;
    c->smmu[0].idr[0] &= ~IDR0_ATS;
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/legal/commands", test_commands);
    g_test_add_func("/legal/batch", test_batch);
    g_test_add_func("/legal/stall", test_stall);
    g_test_add_func("/legal/eats", test_eats);
    return g_test_run();
}
