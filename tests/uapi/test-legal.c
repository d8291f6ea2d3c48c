/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle: each rule has a command or STE that keeps it and one that does
   not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "tap.h"

#define IDR0_ATS (1u << 10)
#define IDR0_ASID16 (1u << 12)
#define IDR1_SSIDSIZE(n) ((uint32_t)(n) << 6)
#define IDR3_RIL (1u << 10)
#define IDR5_DS (1u << 7)

#define SID ((uint64_t)VSID << 32)
#define SSID(n) ((uint64_t)(n) << 12)
#define SSV (1ull << 11)
#define GLOBAL (1ull << 9)
#define ASID(n) ((uint64_t)(n) << 48)
#define NUM(n) ((uint64_t)(n) << 12)
#define SCALE(n) ((uint64_t)(n) << 20)
#define TTL(n) ((uint64_t)(n) << 8)
#define TG(n) ((uint64_t)(n) << 10)
#define VA 0x7654321000ull
#define STE1_S1STALLD (1ull << 27)
#define STE1_EATS (1ull << 28)

enum { NH_ALL = 0x10, NH_ASID, NH_VA, NH_VAA, NSNH_ALL = 0x30, CFGI_CD = 0x05,
       CFGI_CD_ALL, ATC_INV = 0x40 };

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
    ssid8 = { .idr0 = IDR0_ATS | EATS, .idr1 = IDR1_SSIDSIZE(8) };

static const struct {
    const struct host *host;
    uint64_t cmd[2];
    enum verdict verdict;
} commands[] = {
    { &plain, { NSNH_ALL }, LEGAL },
    { &plain, { NSNH_ALL | 1 << 8 }, REFUSED },
    { &plain, { NH_ALL }, LEGAL },
    { &plain, { NH_ALL | ASID(1) }, ILLEGAL },
    { &plain, { NH_ALL, 1 }, ILLEGAL },
    { &plain, { NH_ASID | ASID(0xff) }, LEGAL },
    { &plain, { NH_ASID | ASID(0x100) }, ILLEGAL },
    { &plain, { NH_ASID, VA }, ILLEGAL },
    { &asid16, { NH_ASID | ASID(0xffff) }, LEGAL },
    { &plain, { NH_VA | ASID(0xff), VA | 1 }, LEGAL },
    { &plain, { NH_VA | ASID(0x100), VA }, ILLEGAL },
    { &asid16, { NH_VA | ASID(0xffff), VA }, LEGAL },
    { &plain, { NH_VA, VA | 2 }, ILLEGAL },
    { &plain, { NH_VA, VA | 1 << 7 }, ILLEGAL },            /* TTL128 */
    { &plain, { NH_VA | 1 << 11, VA }, ILLEGAL },
    { &plain, { NH_VA | 1 << 17, VA }, ILLEGAL },
    { &plain, { NH_VAA, VA | 1 }, LEGAL },
    { &plain, { NH_VAA | ASID(1), VA }, ILLEGAL },
    /* ranges */
    { &plain, { NH_VA | NUM(1), VA }, ILLEGAL },
    { &plain, { NH_VA | SCALE(1), VA }, ILLEGAL },
    { &plain, { NH_VA, VA | TG(1) | TTL(3) }, ILLEGAL },
    { &plain, { NH_VAA, VA | TTL(3) }, ILLEGAL },
    { &ril, { NH_VA | NUM(31) | SCALE(31), VA | TG(1) }, LEGAL },
    { &ril, { NH_VA | NUM(1), VA | TG(1) | TTL(3) }, LEGAL },
    { &ril, { NH_VA | SCALE(1), VA | TG(3) | TTL(2) }, LEGAL },
    { &ril, { NH_VA, VA | TG(1) | TTL(3) }, LEGAL },
    { &ril, { NH_VA, VA | TG(1) }, ILLEGAL },
    { &ril, { NH_VAA, VA | TG(3) }, ILLEGAL },
    { &ril, { NH_VA | NUM(1), VA }, ILLEGAL },              /* TG 0 */
    { &ril, { NH_VA | SCALE(1), VA }, ILLEGAL },
    { &ril, { NH_VA, VA | TTL(1) }, ILLEGAL },
    { &ril, { NH_VA | SCALE(32), VA | TG(1) }, ILLEGAL },
    { &ds, { NH_VA | SCALE(32), VA | TG(1) }, LEGAL },
    { &ril, { NH_VA, VA | TG(2) | TTL(1) }, ILLEGAL },
    { &ril, { NH_VA | NUM(1), VA | TG(2) | TTL(1) }, ILLEGAL },
    { &ril, { NH_VA, VA | TG(2) | TTL(2) }, LEGAL },
    { &ds, { NH_VA, VA | TG(2) | TTL(1) }, LEGAL },
    { &ds, { NH_VA, VA | TG(2) }, ILLEGAL },
    /* configuration */
    { &plain, { CFGI_CD | SID, 1 }, LEGAL },
    { &plain, { CFGI_CD | SID | 1 << 10, 1 }, ILLEGAL },    /* SSec */
    { &plain, { CFGI_CD | SID | SSV, 1 }, ILLEGAL },
    { &plain, { CFGI_CD | SID | SSID(1), 1 }, ILLEGAL },
    { &ssid8, { CFGI_CD | SID | SSID(255), 1 }, LEGAL },
    { &ssid8, { CFGI_CD | SID | SSID(256), 1 }, MISUSE },
    { &plain, { CFGI_CD_ALL | SID }, LEGAL },
    { &plain, { CFGI_CD_ALL | SID, 1 }, ILLEGAL },
    { &ssid8, { CFGI_CD_ALL | SID | SSID(1) }, ILLEGAL },
    /* ATS */
    { &plain, { ATC_INV | SID, 52 }, ILLEGAL },
    { &ats_off, { ATC_INV | SID, 52 }, MISUSE },
    { &ats, { ATC_INV | SID, 52 }, LEGAL },
    { &ats, { ATC_INV | SID, VA | 53 }, ILLEGAL },
    { &ats, { ATC_INV | SID, VA | 1 << 6 }, ILLEGAL },
    { &ats, { ATC_INV | SID | SSV, 52 }, ILLEGAL },
    { &ats, { ATC_INV | SID | GLOBAL, 52 }, ILLEGAL },
    { &ats, { ATC_INV | SID | SSID(1), 52 }, ILLEGAL },
    { &ssid8, { ATC_INV | SID | SSV | GLOBAL | SSID(255), 52 }, LEGAL },
    { &ssid8, { ATC_INV | SID | SSV | SSID(256), 52 }, MISUSE },
    { &ssid8, { ATC_INV | SID | SSID(1), 52 }, MISUSE },
    { &ssid8, { ATC_INV | SID | GLOBAL, 52 }, MISUSE },
    { &ssid8, { ATC_INV | SID | 1 << 10, 52 }, ILLEGAL },
};

static uint32_t take_errors(struct bench *b)
{
    return atomic_exchange(&b->uapi->control->errors, 0);
}

static void set_host(struct uapi_control *c, const struct host *host)
{
    uint32_t *idr = c->smmu[0].idr;

    idr[0] = (idr[0] & ~(IDR0_ATS | IDR0_ASID16)) | (host->idr0 & ~(EATS));
    idr[1] = (idr[1] & ~IDR1_SSIDSIZE(31)) | host->idr1;
    idr[3] = (idr[3] & ~IDR3_RIL) | host->idr3;
    idr[5] = (idr[5] & ~IDR5_DS) | host->idr5;
}

static void check_kernel(struct bench *b, uint32_t kernel, unsigned i)
{
    bool next = kernel >= UAPI_KERNEL_NEXT, today = !next;
    enum verdict verdict = commands[i].verdict;
    bool eio = next && verdict >= ILLEGAL;
    bool error = verdict == MISUSE || (today && verdict == ILLEGAL);
    uint32_t num = 1, found, errors;
    char buf[300];

    b->uapi->control->kernel = kernel;
    found = io_invalidate(b, b->viommu, &commands[i].cmd, &num);
    uapi_check(b->uapi, buf, sizeof(buf));
    errors = take_errors(b);
    if (found != (eio ? EIO : 0) || errors != error) {
        printf("# command 0x%llx 0x%llx on %x: errno %u, %s\n",
               (unsigned long long)commands[i].cmd[0],
               (unsigned long long)commands[i].cmd[1], kernel, found,
               errors ? buf : "no error");
    }
    CHECK_EQ(found, eio ? EIO : 0);
    CHECK_EQ(errors, error);
    CHECK_EQ(num, eio ? 0 : 1);
}

static void test_commands(void)
{
    struct host defaults = { 0 };
    struct uapi_control *c;
    uint32_t hwpt = 0;
    struct bench b;

    bench_start(&b);
    c = b.uapi->control;
    defaults.idr0 = IDR0_ASID16;
    defaults.idr3 = IDR3_RIL;
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        set_host(c, commands[i].host);
        CHECK_EQ(bench_ste(&b, STE0_S1, commands[i].host->idr0 & EATS
                                            ? STE1_EATS : 0, &hwpt), 0);
        check_kernel(&b, UAPI_KERNEL_DEFAULT, i);
        check_kernel(&b, UAPI_KERNEL_NEXT, i);
    }
    set_host(c, &defaults);
    CHECK_EQ(io_attach(b.cdev, b.parent), 0);
    CHECK_EQ(io_destroy(&b, hwpt), 0);
    bench_close(&b);
}

/* The coming kernel issues batches of 63, and none of those with an error */
static void test_batch(void)
{
    uint64_t cmds[130][2] = { 0 };
    struct uapi_log_entry entry;
    uint32_t num = 130, issued = 0;
    uint64_t at, from;
    struct bench b;

    bench_start(&b);
    b.uapi->control->kernel = UAPI_KERNEL_NEXT;
    for (int i = 0; i < 130; i++) {
        cmds[i][0] = NH_ALL;
    }
    cmds[70][1] = 1;
    at = from = atomic_load(&b.uapi->control->log_head);
    CHECK_EQ(io_invalidate(&b, b.viommu, cmds, &num), EIO);
    CHECK_EQ(num, 63);
    while ((at = uapi_log_find(b.uapi, at, UAPI_LOG_COMMAND, &entry)) !=
           UINT64_MAX) {
        issued += entry.arg[3];
        at++;
    }
    CHECK_EQ(issued, 63);
    bench_close(&b);
}

static void check_ste(struct bench *b, uint64_t ste0, uint64_t ste1,
                      uint32_t errors)
{
    uint32_t hwpt = 0;

    CHECK_EQ(bench_ste(b, ste0, ste1, &hwpt), 0);
    CHECK_EQ(take_errors(b), errors);
    CHECK_EQ(io_attach(b->cdev, b->parent), 0);
    CHECK_EQ(io_destroy(b, hwpt), 0);
}

static void test_stall(void)
{
    const uint32_t other = ~(3u << 24);
    struct bench b;
    uint32_t *idr0;

    bench_start(&b);
    idr0 = &b.uapi->control->smmu[0].idr[0];
    *idr0 &= other;
    check_ste(&b, STE0_S1, 0, 1);
    check_ste(&b, STE0_S1, STE1_S1STALLD, 0);
    check_ste(&b, STE0_BYPASS, 0, 0);
    check_ste(&b, STE0_ABORT, 0, 0);
    *idr0 |= 2 << 24;
    check_ste(&b, STE0_S1, 0, 0);
    check_ste(&b, STE0_S1, STE1_S1STALLD, 1);
    *idr0 = (*idr0 & other) | 1 << 24;
    check_ste(&b, STE0_S1, 0, 0);
    check_ste(&b, STE0_S1, STE1_S1STALLD, 1);
    bench_close(&b);
}

static void test_eats(void)
{
    struct uapi_control *c;
    struct bench b;

    bench_start(&b);
    c = b.uapi->control;
    check_ste(&b, STE0_S1, STE1_EATS, 1);
    c->kernel = UAPI_KERNEL(7, 0);
    check_ste(&b, STE0_S1, STE1_EATS, 1);
    c->smmu[0].idr[0] |= IDR0_ATS;
    check_ste(&b, STE0_S1, STE1_EATS, 0);
    bench_close(&b);

    c->device[0].flags = UAPI_DEV_NO_ATS;
    bench_start(&b);
    check_ste(&b, STE0_S1, STE1_EATS, 1);
    check_ste(&b, STE0_S1, 0, 0);
    c->kernel = UAPI_KERNEL(7, 0);      /* does not report the device's */
    check_ste(&b, STE0_S1, STE1_EATS, 0);
    bench_close(&b);
    c->device[0].flags = 0;
    c->smmu[0].idr[0] &= ~IDR0_ATS;
}

static const struct tap_test tests[] = {
    { "legal/commands", test_commands },
    { "legal/batch", test_batch },
    { "legal/stall", test_stall },
    { "legal/eats", test_eats },
};

TAP_MAIN(tests)
