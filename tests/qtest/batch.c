/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How invalidations reach the host: in the guest's order, one ioctl for all
 * up to a CMD_SYNC; and what happens when the host fails. Seen by the model.
 */
#include "qemu/osdep.h"
#include "log.h"

#define BATCH_MAX  126   /* how many QEMU hands over at once: twice Linux' 63 */
#define TLBI_VA    (CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID))

static Dut *start_ats(void)
{
    static const DutConfig config = { .smmu = ",ats=on" };
    Dut *dut;

    dut_model()->control->smmu[0].idr[0] |= IDR0_ATS;
    dut = dut_start(&config);
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
    dut_enable(dut);
    return dut;
}

static uint64_t page(unsigned n)
{
    return DUT_IOVA + n * PAGE_4K;
}

/* Queues @count invalidations, of pages that are counted from @first */
static void queue_pages(Dut *dut, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        smmu_queue(&dut->smmu, TLBI_VA, page(first + i));
    }
}

static void queue_sync(Dut *dut)
{
    smmu_queue(&dut->smmu, CMD_SYNC, 0);
}

static void ring(Dut *dut)
{
    smmu_ring(&dut->smmu);
    smmu_assert_done(&dut->smmu);
}

/* The host got all pages from @first on, in order, in batches of @sizes */
static void assert_batches(Dut *dut, uint64_t from, unsigned first,
                           const unsigned *sizes, unsigned count)
{
    g_autoptr(GArray) batches = log_batches(dut, from);
    g_autoptr(GArray) commands = log_commands(dut, from);
    unsigned total = 0;

    g_assert_cmpuint(batches->len, ==, count);
    for (unsigned i = 0; i < count; i++) {
        const LogBatch *b = &g_array_index(batches, LogBatch, i);

        g_assert_cmpuint(b->entries, ==, sizes[i]);
        g_assert_cmpuint(b->converted, ==, sizes[i]);
        g_assert_cmpuint(b->error, ==, 0);
        total += sizes[i];
    }
    g_assert_cmpuint(commands->len, ==, total);
    for (unsigned i = 0; i < total; i++) {
        const LogCommand *c = &g_array_index(commands, LogCommand, i);

        g_assert_cmphex(c->dword[0], ==, TLBI_VA);
        g_assert_cmphex(c->dword[1], ==, page(first + i));
    }
}

static void test_sync(const void *unused)
{
    static const unsigned one[] = { 17 }, two[] = { 3, 5 };
    Dut *dut = dut_start_translating(NULL);
    uint64_t from = log_now(dut);

    queue_pages(dut, 0, 17);
    queue_sync(dut);
    ring(dut);
    assert_batches(dut, from, 0, one, 1);

    /* a batch for each CMD_SYNC, none for one without invalidations */
    from = log_now(dut);
    queue_sync(dut);
    queue_pages(dut, 0, 3);
    queue_sync(dut);
    queue_sync(dut);
    queue_pages(dut, 3, 5);
    queue_sync(dut);
    ring(dut);
    assert_batches(dut, from, 0, two, 2);

    /* the end of the queue is the end of the batch */
    from = log_now(dut);
    queue_pages(dut, 0, 17);
    ring(dut);
    assert_batches(dut, from, 0, one, 1);
    dut_stop(dut);
}

static void test_long(const void *unused)
{
    static const unsigned full[] = { BATCH_MAX };
    static const unsigned more[] = { BATCH_MAX, 1 };
    static const unsigned most[] = { BATCH_MAX, 250 - BATCH_MAX };
    Dut *dut = dut_start_translating(NULL);
    uint64_t from = log_now(dut);

    queue_pages(dut, 0, BATCH_MAX);
    queue_sync(dut);
    ring(dut);
    assert_batches(dut, from, 0, full, 1);

    from = log_now(dut);
    queue_pages(dut, 0, BATCH_MAX + 1);
    queue_sync(dut);
    ring(dut);
    assert_batches(dut, from, 0, more, 2);

    from = log_now(dut);
    queue_pages(dut, 0, 250);
    queue_sync(dut);
    ring(dut);
    assert_batches(dut, from, 0, most, 2);
    dut_stop(dut);
}

/* All kinds of invalidation go together, as the guest wrote them */
static void test_kinds(const void *unused)
{
    Dut *dut = start_ats();
    const LogCommand kinds[] = {
        { { CMD_CFGI_CD | CMD_SID(dut->sid), CFGI_LEAF } },
        { { CMD_CFGI_CD_ALL | CMD_SID(dut->sid), 0 } },
        { { CMD_TLBI_NH_ALL, 0 } },
        { { CMD_TLBI_NH_ASID | CMD_ASID(DUT_ASID), 0 } },
        { { TLBI_VA | CMD_RANGE(31, 1), DUT_IOVA | CMD_TG(12) | 1 } },
        { { CMD_TLBI_NH_VAA, DUT_IOVA } },
        { { CMD_ATC_INV | CMD_SID(dut->sid), DUT_IOVA | 3 } },
        { { CMD_TLBI_NSNH_ALL, 0 } },
    };
    uint64_t from = log_now(dut);

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        smmu_queue(&dut->smmu, kinds[i].dword[0], kinds[i].dword[1]);
    }
    queue_sync(dut);
    ring(dut);
    g_autoptr(GArray) batches = log_batches(dut, from);
    g_autoptr(GArray) commands = log_commands(dut, from);

    g_assert_cmpuint(batches->len, ==, 1);
    g_assert_cmpmem(commands->data, commands->len * sizeof(LogCommand), kinds,
                    sizeof(kinds));
    dut_stop(dut);
}

/*
 * Bits outside a command's fields are not passed on: the host's queue would
 * stop at what is illegal there.
 */
typedef struct Reserved {
    uint64_t set[2];     /* by the guest */
    uint64_t kept[2];    /* what the host gets of it */
    uint64_t ril[2];     /* and more, if ranges are advertised */
} Reserved;

#define RES0       (0xfull << 8 & ~CMD0_SSEC)
#define RANGE      CMD_RANGE(31, 1)
#define RANGE_RES0 (RES0 | 7ull << 17 | 0x7full << 25)
#define TTL        CMD_TTL(3)
#define TTL_1      CMD_TTL(1)
#define TG_4K      CMD_TG(12)
#define TG_16K     CMD_TG(14)
#define NUM        CMD_RANGE(31, 0)
#define ATC_INV    (CMD_ATC_INV | CMD_SID(DUT_SLOT << 3))
#define LEAF_RES0  (0x7full << 1)
#define NH_ASID    (CMD_TLBI_NH_ASID | CMD_ASID(DUT_ASID))

static const Reserved reserved[] = {
    { { TLBI_VA | RANGE_RES0, DUT_IOVA | LEAF_RES0 | 1 },
      { TLBI_VA, DUT_IOVA | 1 }, { } },
    { { TLBI_VA | RANGE, DUT_IOVA | TG_4K | TTL }, { TLBI_VA, DUT_IOVA },
      { RANGE, TG_4K | TTL } },
    { { TLBI_VA | RANGE, DUT_IOVA | TTL }, { TLBI_VA, DUT_IOVA }, { } },
    { { TLBI_VA, DUT_IOVA | TG_4K }, { TLBI_VA, DUT_IOVA }, { } },
    { { CMD_TLBI_NH_VAA | CMD_ASID(9), DUT_IOVA | TTL },
      { CMD_TLBI_NH_VAA, DUT_IOVA }, { } },
    { { NH_ASID | RES0 | RANGE, DUT_IOVA | 1 }, { NH_ASID, 0 }, { } },
    { { CMD_TLBI_NH_ALL | RES0 | RANGE | CMD_ASID(9), ~0ull },
      { CMD_TLBI_NH_ALL, 0 }, { } },
    { { CMD_TLBI_NSNH_ALL | RES0 | RANGE | CMD_ASID(9), ~0ull },
      { CMD_TLBI_NSNH_ALL, 0 }, { } },
    { { CMD_CFGI_CD | CMD_SID(DUT_SLOT << 3) | RES0, ~0ull },
      { CMD_CFGI_CD | CMD_SID(DUT_SLOT << 3), 1 }, { } },
    { { CMD_CFGI_CD_ALL | CMD_SID(DUT_SLOT << 3) | RES0 | RANGE, ~0ull },
      { CMD_CFGI_CD_ALL | CMD_SID(DUT_SLOT << 3), 0 }, { } },
    /* a 16K granule has no level 1 without 52-bit addresses */
    { { TLBI_VA, DUT_IOVA | TG_16K | TTL_1 }, { TLBI_VA, DUT_IOVA }, { } },
    { { TLBI_VA | NUM, DUT_IOVA | TG_16K | TTL_1 }, { TLBI_VA, DUT_IOVA },
      { NUM, TG_16K } },
    { { ATC_INV | 1 << 8, DUT_IOVA | 0xfc3 }, { ATC_INV, DUT_IOVA | 3 }, { } },
    /* no more than everything, from an aligned address */
    { { ATC_INV, DUT_IOVA | 0x3f }, { ATC_INV, ATC_INV_ALL }, { } },
    { { ATC_INV, DUT_IOVA | 0x7000 | 4 }, { ATC_INV, DUT_IOVA | 4 }, { } },
    { { ATC_INV | CMD0_GLOBAL | CMD_SSID(5), DUT_IOVA }, { ATC_INV, DUT_IOVA },
      { } },
};

/* A host whose ASIDs have 8 bits: so have the guest's */
static void test_asid8(const void *unused)
{
    Dut *dut;
    uint64_t from;

    dut_model()->control->smmu[0].idr[0] &= ~IDR0_ASID16;
    dut = dut_start_translating(NULL);
    g_assert_cmphex(smmu_read(&dut->smmu, SMMU_IDR0) & IDR0_ASID16, ==, 0);
    from = log_now(dut);
    dut_command(dut, CMD_TLBI_NH_ASID | CMD_ASID(0x4207), 0);
    g_assert_cmpuint(log_count(dut, from, CMD_TLBI_NH_ASID | CMD_ASID(7), 0),
                     ==, 1);
    dut_stop(dut);
}

/*
 * The host's kernel decides about ATS: an STE that differs in nothing else may
 * be the same to its SMMU, whose CDs have to be invalidated all the same.
 */
static void test_eats(const void *unused)
{
    Dut *dut = start_ats();
    uint64_t from = log_now(dut), cds = CMD_CFGI_CD_ALL | CMD_SID(dut->sid);

    dut_translate(dut);
    g_assert_cmpuint(log_count(dut, from, cds, 0), ==, 1);
    dut_translate(dut);
    g_assert_cmpuint(log_count(dut, from, cds, 0), ==, 2);
    dut_set_ste(dut, STE_BYPASS, 0);
    dut_translate(dut);
    g_assert_cmpuint(log_count(dut, from, cds, 0), ==, 2);
    dut_stop(dut);
}

static void test_reserved(const void *data)
{
    const DutConfig config = { .smmu = data };
    bool ril = !strstr(config.smmu, "ril=off");
    Dut *dut;

    dut_model()->control->smmu[0].idr[0] |= IDR0_ATS;
    dut = dut_start(&config);
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
    dut_enable(dut);
    for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++) {
        const Reserved *r = &reserved[i];
        uint64_t from = log_now(dut);

        dut_command(dut, r->set[0], r->set[1]);
        g_autoptr(GArray) commands = log_commands(dut, from);
        const LogCommand *c = &g_array_index(commands, LogCommand, 0);

        g_assert_cmpuint(commands->len, ==, 1);
        g_assert_cmphex(c->dword[0], ==, r->kept[0] | (ril ? r->ril[0] : 0));
        g_assert_cmphex(c->dword[1], ==, r->kept[1] | (ril ? r->ril[1] : 0));
    }
    dut_stop(dut);
}

/* Other commands see the effect of those before them */
static void test_order(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint64_t from, at;
    struct km_log_entry entry;

    strtab_set(&dut->strtab, dut->sid, STE_BYPASS, 0);
    from = log_now(dut);
    queue_pages(dut, 0, 2);
    smmu_queue(&dut->smmu, CMD_CFGI_STE | CMD_SID(dut->sid), CFGI_LEAF);
    queue_pages(dut, 2, 3);
    queue_sync(dut);
    ring(dut);
    g_autoptr(GArray) batches = log_batches(dut, from);

    at = km_log_find(dut->model, from, KM_LOG_STE, &entry);
    g_assert_cmpuint(batches->len, ==, 2);
    g_assert_cmpuint(g_array_index(batches, LogBatch, 0).entries, ==, 2);
    g_assert_cmpuint(g_array_index(batches, LogBatch, 0).at, <, at);
    g_assert_cmpuint(g_array_index(batches, LogBatch, 1).entries, ==, 3);
    g_assert_cmpuint(g_array_index(batches, LogBatch, 1).at, >, at);
    dut_stop(dut);
}

static void test_illegal(const void *unused)
{
    static const unsigned before[] = { 4 }, after[] = { 5 };
    Dut *dut = dut_start_translating(NULL);
    uint64_t from = log_now(dut);
    uint32_t at;

    queue_pages(dut, 0, 4);
    at = dut->smmu.prod;
    smmu_queue(&dut->smmu, CMD_ILLEGAL, 0);
    queue_pages(dut, 4, 5);
    queue_sync(dut);
    smmu_ring(&dut->smmu);
    smmu_assert_error(&dut->smmu, at, CERROR_ILL);
    assert_batches(dut, from, 0, before, 1);
    from = log_now(dut);
    smmu_repair(&dut->smmu, at);
    assert_batches(dut, from, 4, after, 1);
    dut_stop(dut);
}

/* --- when the host fails ---------------------------------------- */

static const int errors[] = { EIO, ETIMEDOUT, ENOMEM, EFAULT, EINVAL, ENOENT };

/* One failure: all is invalidated in its place, and the guest knows nothing */
static void test_recovery(const void *unused)
{
    Dut *dut = start_ats();
    Stale stale = stale_new(dut, page(100));

    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        uint64_t from;

        stale_make(dut, &stale);
        from = log_now(dut);
        queue_pages(dut, 0, 3);
        queue_sync(dut);
        km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, errors[i]);
        ring(dut);
        km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 0, 0);
        g_assert_cmpuint(log_count(dut, from, CMD_TLBI_NSNH_ALL, 0), ==, 1);
        g_assert_cmpuint(log_count(dut, from, CMD_CFGI_CD_ALL |
                                   CMD_SID(dut->sid), 0), ==, 1);
        g_assert_cmpuint(log_count(dut, from, CMD_ATC_INV | CMD_SID(dut->sid),
                                   ATC_INV_ALL), ==, 1);
        /* also what nobody asked for: page 100 */
        g_assert_cmphex(stale_where(dut, &stale), ==, stale.now);
    }
    dut_stop(dut);
}

/* ATS is over with the STE that allowed it: nothing to be dropped there */
static void test_recovery_no_ats(const void *unused)
{
    Dut *dut = start_ats();
    uint64_t from;

    dut_set_ste(dut, STE_BYPASS, 0);
    from = log_now(dut);
    queue_pages(dut, 0, 3);
    queue_sync(dut);
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, EIO);
    ring(dut);
    g_assert_cmpuint(log_count(dut, from, CMD_TLBI_NSNH_ALL, 0), ==, 1);
    g_assert_cmpuint(log_count(dut, from, CMD_ATC_INV | CMD_SID(dut->sid),
                               ATC_INV_ALL), ==, 0);
    dut_stop(dut);
}

/* That fails as well: CMD_SYNC reports it, and the next one has no error */
static void test_no_recovery(const void *unused)
{
    Dut *dut = start_ats();
    Stale stale = stale_new(dut, DUT_IOVA);
    uint32_t at;

    stale_make(dut, &stale);
    queue_pages(dut, 0, 3);
    at = dut->smmu.prod;
    queue_sync(dut);
    /* the batch and the recovery */
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, EIO);
    km_fail(dut->model, 1, KM_HWPT_INVALIDATE, 2, EIO);
    smmu_ring(&dut->smmu);
    smmu_assert_error(&dut->smmu, at, CERROR_ILL);
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 0, 0);
    km_fail(dut->model, 1, KM_HWPT_INVALIDATE, 0, 0);
    smmu_repair(&dut->smmu, at);
    dut_command(dut, TLBI_VA, DUT_IOVA);
    g_assert_cmphex(stale_where(dut, &stale), ==, stale.now);
    dut_stop(dut);
}

/*
 * The guest drops the command that was reported as failed, so that must not be
 * one that waits behind the batch: the STE is installed all the same.
 */
static void test_no_recovery_ste(const void *unused)
{
    Dut *dut = start_ats();
    uint64_t from = log_now(dut);
    struct km_log_entry entry;
    uint32_t at;

    queue_pages(dut, 0, 3);
    strtab_set(&dut->strtab, dut->sid, STE_BYPASS, 0);
    smmu_queue(&dut->smmu, CMD_CFGI_STE | CMD_SID(dut->sid), CFGI_LEAF);
    at = dut->smmu.prod;
    queue_sync(dut);
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, EIO);
    dut->model->control->fail[0].repeat = 1;
    smmu_ring(&dut->smmu);
    smmu_assert_error(&dut->smmu, at, CERROR_ILL);
    g_assert_cmphex(km_log_find(dut->model, from, KM_LOG_STE, &entry), !=,
                    UINT64_MAX);
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 0, 0);
    smmu_repair(&dut->smmu, at);
    dut_stop(dut);
}

/* What is invalidated in its place: CDs of each device, then translations */
static void test_recovery_two(const void *unused)
{
    g_autofree char *device = dut_device_args(1, ",bus=pcie.0,addr=5");
    const DutConfig config = { .args = device };
    Dut *dut = dut_start_translating(&config);
    uint64_t from;

    strtab_set(&dut->strtab, 5 << 3, STE_STAGE1 | dut->cd, STE1_ATTRS);
    dut_command(dut, CMD_CFGI_STE | CMD_SID(5 << 3), CFGI_LEAF);
    from = log_now(dut);
    queue_pages(dut, 0, 3);
    queue_sync(dut);
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, EIO);
    ring(dut);
    g_autoptr(GArray) batches = log_batches(dut, from);
    g_autoptr(GArray) commands = log_commands(dut, from);

    g_assert_cmpuint(batches->len, ==, 2);
    g_assert_cmphex(g_array_index(commands, LogCommand, 2).dword[0], ==,
                    CMD_TLBI_NSNH_ALL);
    g_assert_cmpuint(log_count(dut, from, CMD_CFGI_CD_ALL | CMD_SID(dut->sid),
                               0), ==, 1);
    g_assert_cmpuint(log_count(dut, from, CMD_CFGI_CD_ALL | CMD_SID(5 << 3),
                               0), ==, 1);
    dut_stop(dut);
}

/* Without CMD_SYNC nothing says when: the next one reports the failure */
static void test_no_recovery_no_sync(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    Stale stale = stale_new(dut, DUT_IOVA);
    uint32_t at;

    stale_make(dut, &stale);
    queue_pages(dut, 0, 3);
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, EIO);
    dut->model->control->fail[0].repeat = 1;
    ring(dut);
    g_assert_cmphex(stale_where(dut, &stale), ==, stale.old);
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 0, 0);
    at = dut->smmu.prod;
    queue_sync(dut);
    smmu_ring(&dut->smmu);
    smmu_assert_error(&dut->smmu, at, CERROR_ILL);
    smmu_repair(&dut->smmu, at);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    dut_test("/batch/sync", DUT_MODELED, test_sync, NULL);
    dut_test("/batch/long", DUT_MODELED, test_long, NULL);
    dut_test("/batch/kinds", DUT_MODELED, test_kinds, NULL);
    dut_test("/batch/reserved/ril", DUT_MODELED, test_reserved, ",ats=on");
    dut_test("/batch/reserved/no-ril", DUT_MODELED, test_reserved,
             ",ats=on,ril=off");
    dut_test("/batch/asid8", DUT_MODELED, test_asid8, NULL);
    dut_test("/batch/eats", DUT_MODELED, test_eats, NULL);
    dut_test("/batch/order", DUT_MODELED, test_order, NULL);
    dut_test("/batch/illegal", DUT_MODELED, test_illegal, NULL);
    dut_test("/batch/recovery", DUT_MODELED, test_recovery, NULL);
    dut_test("/batch/recovery-no-ats", DUT_MODELED, test_recovery_no_ats,
             NULL);
    dut_test("/batch/recovery-two", DUT_MODELED, test_recovery_two, NULL);
    dut_test("/batch/no-recovery", DUT_MODELED, test_no_recovery, NULL);
    dut_test("/batch/no-recovery-ste", DUT_MODELED, test_no_recovery_ste,
             NULL);
    dut_test("/batch/no-recovery-no-sync", DUT_MODELED,
             test_no_recovery_no_sync, NULL);
    return g_test_run();
}
