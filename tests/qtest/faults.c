/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every call of the host that a flow consists of fails once, with each error
 * it can have. QEMU lives on, the guest sees what the architecture knows
 * (DMA that is aborted, CERROR, no events), and the next try works. Plugging
 * and unplugging are in faults-plug.c.
 */
#include "qemu/osdep.h"
#include "gic.h"
#include "fault-injection.h"

#define UNMAPPED (DUT_IOVA + 0x123450000ull)

/* The state of the running test; a program runs one at a time */
static struct {
    uint64_t first, second;  /* where DUT_IOVA leads by the first, second CD */
    uint64_t cd2;
    uint64_t same;           /* for DMA past the tables */
    Stale stale;
    Gic gic;
} now;

static Dut *start(void)
{
    static const DutConfig config = { .args = GIC_ITS_ARGS, .port = true };
    Dut *dut = inject_start(&config);
    PageTable pt2;

    now.first = dut_map_new(dut, DUT_IOVA);
    now.second = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
    now.same = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
    pt2 = pt_new(&dut->ram, 12, 48);
    pt_map(&pt2, DUT_IOVA, now.second);
    pt_map(&pt2, dut->buffer, dut->buffer);
    now.cd2 = cd_new(&dut->ram, &pt2, DUT_ASID + 1);
    now.stale = stale_new(dut, DUT_IOVA + PAGE_4K);
    now.gic = gic_init(&dut->ram, false, dut->sid);
    dut_enable(dut);
    return dut;
}

static uint64_t where(Dut *dut)
{
    return edu_where(dut, DUT_IOVA, now.first, now.second);
}

static void assert_works(Dut *dut)
{
    dut_translate(dut);
    edu_load(dut);
    g_assert_cmphex(where(dut), ==, now.first);
}

/* --- STE, SMMUEN, GBPA, reset ------------------------------------------- */

static void at_first(Dut *dut)
{
    assert_works(dut);
}

static void at_bypass(Dut *dut)
{
    dut_set_ste(dut, STE_BYPASS, 0);
    edu_load(dut);
    g_assert_true(edu_reads(dut, now.same, now.same));
}

static void to_first(Dut *dut)
{
    dut_translate(dut);
}

static void to_second(Dut *dut)
{
    dut_set_ste(dut, STE_STAGE1 | now.cd2, STE1_ATTRS);
}

/* The same, where CMD_SYNC may have to report that the old STE is in use */
static void try_second(Dut *dut)
{
    strtab_set(&dut->strtab, dut->sid, STE_STAGE1 | now.cd2, STE1_ATTRS);
    smmu_queue(&dut->smmu, CMD_CFGI_STE | CMD_SID(dut->sid), CFGI_LEAF);
    smmu_queue(&dut->smmu, CMD_SYNC, 0);
    smmu_ring(&dut->smmu);
}

static void to_abort(Dut *dut)
{
    dut_set_ste(dut, STE_ABORT, 0);
}

static void to_bypass(Dut *dut)
{
    dut_set_ste(dut, STE_BYPASS, 0);
}

/* The device's DMA goes where the guest has it go, or is aborted */
static void first_or_abort(Dut *dut, enum km_call failed)
{
    uint64_t page = where(dut);

    g_assert_true(page == now.first || (!page && failed != KM_ANY));
    assert_works(dut);
}

static void second_or_abort(Dut *dut, enum km_call failed)
{
    uint64_t page = where(dut);

    /* the old HWPT cannot be freed: it is not in use any more */
    g_assert_true(page == now.second || (!page && failed != KM_ANY));
    to_second(dut);
    edu_load(dut);
    g_assert_cmphex(where(dut), ==, now.second);
}

/* Neither the new STE nor abort: the device is detached */
static void ste_always(Dut *dut, enum km_call failed)
{
    uint64_t page = where(dut);

    smmu_assert_done(&dut->smmu);
    g_assert_true(page == now.second || (!page && failed != KM_ANY));
    assert_works(dut);
}

/* Not even that: the guest knows, and its driver goes on */
static void ste_stuck(Dut *dut, enum km_call failed)
{
    uint64_t page = where(dut);

    if (page == now.first) {
        smmu_assert_error(&dut->smmu, dut->smmu.prod - 1, CERROR_ILL);
        smmu_repair(&dut->smmu, dut->smmu.prod - 1);
    } else {
        smmu_assert_done(&dut->smmu);
        g_assert_true(page == now.second || (!page && failed != KM_ANY));
    }
    assert_works(dut);
}

/* Old state or abort or new one, by what the host took; then all is well */
static void stuck(Dut *dut, enum km_call failed)
{
    uint64_t page = where(dut);

    g_assert_true(!page || page == now.first || page == now.second);
    dut_enable(dut);
    assert_works(dut);
}

static void aborted(Dut *dut, enum km_call failed)
{
    g_assert_cmphex(where(dut), ==, 0);
    to_first(dut);
    to_abort(dut);
    g_assert_cmphex(where(dut), ==, 0);
}

static void bypassed(Dut *dut, enum km_call failed)
{
    uint64_t page = edu_where(dut, now.same, now.same, now.first);

    g_assert_true(page == now.same || (!page && failed != KM_ANY));
    to_bypass(dut);
    g_assert_true(edu_reads(dut, now.same, now.same));
}

static void at_off(Dut *dut)
{
    assert_works(dut);
    dut_disable(dut);
}

static void off_verify(Dut *dut, enum km_call failed)
{
    uint64_t page = edu_where(dut, now.same, now.same, now.first);

    g_assert_true(page == now.same || (!page && failed != KM_ANY));
    dut_enable(dut);
    assert_works(dut);
}

static void gbpa_abort(Dut *dut)
{
    smmu_write(&dut->smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
}

static void gbpa_verify(Dut *dut, enum km_call failed)
{
    uint64_t page = edu_where(dut, now.same, now.same, now.first);

    g_assert_cmphex(page, ==, 0);
    smmu_write(&dut->smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_RESET);
    g_assert_true(edu_reads(dut, now.same, now.same));
    dut_enable(dut);
}

static void reset_run(Dut *dut)
{
    qtest_system_reset(dut->qts);
}

static void reset_verify(Dut *dut, enum km_call failed)
{
    uint64_t page;

    dut_enumerate(dut);
    edu_load(dut);
    page = edu_where(dut, now.same, now.same, now.first);
    g_assert_true(page == now.same || (!page && failed != KM_ANY));
    dut_start_smmu(dut);
    dut_enable(dut);
    if (failed == KM_DESTROY) {
        /* StreamID or queue are still taken, which QEMU cannot know */
        dut_translate(dut);
        page = where(dut);
        g_assert_true(!page || page == now.first);
    } else {
        assert_works(dut);
    }
}

static void reset_stuck(Dut *dut, enum km_call failed)
{
    /* the device may be where it was, in tables that are not in use */
    dut_enumerate(dut);
    dut_start_smmu(dut);
    dut_enable(dut);
    if (failed != KM_DESTROY) {
        assert_works(dut);
    }
}

/* Its bus gets another number: the host has to know it by another StreamID */
static void renumber_run(Dut *dut)
{
    dut->edu.bus = 3 - dut->edu.bus;
    dut_enumerate(dut);
    dut_translate(dut);
}

static void renumber_verify(Dut *dut, enum km_call failed)
{
    uint64_t page = where(dut);

    g_assert_true(page == now.first || (!page && failed != KM_ANY));
    if (failed != KM_DESTROY) {
        assert_works(dut);
    }
}

/* --- invalidation ------------------------------------------------------- */

static void at_stale(Dut *dut)
{
    dut_translate(dut);
    stale_make(dut, &now.stale);
    smmu_queue(&dut->smmu, CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID), now.stale.iova);
    smmu_queue(&dut->smmu, CMD_CFGI_CD | CMD_SID(dut->sid), CFGI_LEAF);
    smmu_queue(&dut->smmu, CMD_SYNC, 0);
}

static void invalidate_run(Dut *dut)
{
    smmu_ring(&dut->smmu);
}

static void invalidated(Dut *dut, enum km_call failed)
{
    smmu_assert_done(&dut->smmu);
    g_assert_cmphex(stale_where(dut, &now.stale), ==, now.stale.now);
}

static void not_invalidated(Dut *dut, enum km_call failed)
{
    if (failed != KM_ANY) {
        smmu_assert_error(&dut->smmu, dut->smmu.prod - 1, CERROR_ILL);
        smmu_repair(&dut->smmu, dut->smmu.prod - 1);
        dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    }
    invalidated(dut, failed);
}

/* --- events ------------------------------------------------------------- */

static void assert_event(Dut *dut, uint64_t address)
{
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;
    SmmuEvent event;

    edu_write(dut, address, 4);
    while (!smmu_next_event(&dut->smmu, &event)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
    g_assert_cmphex(event.type, ==, EVENT_F_TRANSLATION);
    g_assert_cmphex(event.address, ==, address);
}

static void at_events(Dut *dut)
{
    smmu_start_eventq(&dut->smmu, DUT_EVENTQ);
    assert_works(dut);
}

/* The model has the event, QEMU's main loop looks at it soon */
static void event_run(Dut *dut)
{
    uint32_t reads = dut->model->control->calls[KM_VEVENTQ_READ];
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    edu_write(dut, UNMAPPED, 4);
    while (dut->model->control->calls[KM_VEVENTQ_READ] == reads) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
    /* a round trip: the main loop is done with it */
    qobject_unref(qtest_qmp(dut->qts, "{'execute': 'query-status'}"));
}

/* Without the host's queue there are no events before the next reset */
static void event_verify(Dut *dut, enum km_call failed)
{
    g_assert_cmphex(where(dut), ==, now.first);
    if (!dut->model->control->live[KM_OBJ_VEVENTQ]) {
        g_assert_cmpint(failed, ==, KM_VEVENTQ_READ);
        reset_run(dut);
        dut_enumerate(dut);
        dut_start_smmu(dut);
        dut_enable(dut);
        assert_works(dut);
    }
    smmu_start_eventq(&dut->smmu, DUT_EVENTQ);
    assert_event(dut, UNMAPPED + 0x80);
}

/* --- interrupts --------------------------------------------------------- */

static void at_no_msi(Dut *dut)
{
    dut_translate(dut);
    pci_enable_msi(&dut->edu, now.gic.doorbell, gic_data(&now.gic, 0));
    pci_disable_msi(&dut->edu);
    gic_take(&now.gic, 0);
}

static void msi_run(Dut *dut)
{
    pci_enable_msi(&dut->edu, now.gic.doorbell, gic_data(&now.gic, 0));
}

static void msi_verify(Dut *dut, enum km_call failed)
{
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    pci_disable_msi(&dut->edu);
    pci_enable_msi(&dut->edu, now.gic.doorbell, gic_data(&now.gic, 0));
    edu_raise(dut, 1);
    while (!gic_take(&now.gic, 0)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
    edu_lower(dut, 1);
}

static void test_flow(const void *data)
{
    inject_faults(start(), data);
}


#define FLOW(path, from, through, to) \
    { path, { .prepare = from, .run = through, .verify = to } }

static const struct {
    const char *name;
    Flow flow;
} flows[] = {
    FLOW("ste/bypass-to-stage-1", at_bypass, to_first, first_or_abort),
    FLOW("ste/stage-1-again", at_first, to_first, first_or_abort),
    FLOW("ste/stage-1-to-other", at_first, to_second, second_or_abort),
    FLOW("ste/stage-1-to-abort", at_first, to_abort, aborted),
    FLOW("ste/stage-1-to-bypass", at_first, to_bypass, bypassed),
    FLOW("smmu/enable", at_off, dut_enable, first_or_abort),
    FLOW("smmu/disable", at_first, dut_disable, off_verify),
    FLOW("smmu/gbpa", at_off, gbpa_abort, gbpa_verify),
    /* the host refuses whatever QEMU tries */
    { "ste/always", { .prepare = at_first, .run = try_second,
                      .verify = ste_always, .repeat = true } },
    { "ste/stuck", { .prepare = at_first, .run = try_second,
                     .verify = ste_stuck, .repeat = true,
                     .too = KM_DETACH_PT } },
    { "smmu/disable-always", { .prepare = at_first, .run = dut_disable,
                               .verify = stuck, .repeat = true } },
    { "smmu/reset-always", { .prepare = at_first, .run = reset_run,
                             .verify = reset_stuck, .restart = start,
                             .repeat = true } },
    { "smmu/renumber", { .prepare = at_first, .run = renumber_run,
                         .verify = renumber_verify, .restart = start } },
    { "smmu/reset", { .prepare = at_first, .run = reset_run,
                      .verify = reset_verify, .restart = start } },
    FLOW("invalidate/once", at_stale, invalidate_run, invalidated),
    { "invalidate/always", { .prepare = at_stale, .run = invalidate_run,
                             .verify = not_invalidated, .repeat = true } },
    FLOW("events/read", at_events, event_run, event_verify),
    FLOW("msi", at_no_msi, msi_run, msi_verify),
};

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(flows); i++) {
        g_autofree char *path = g_strdup_printf("/faults/%s", flows[i].name);

        dut_test(path, DUT_MODELED, test_flow, &flows[i].flow);
    }
    return g_test_run();
}
