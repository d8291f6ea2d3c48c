/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's event queue: the device's faults arrive there with the guest's
 * StreamID and address, whoever translates; what does not fit is reported by
 * OVFLG; and a guest that does not look at its queue stops nothing.
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "dut.h"

#define UNMAPPED (DUT_IOVA + 0x123450000ull)
#define TARGET   (VIRT_RAM + 0x10000)
#define DATA     0x12345678
/* QEMU's devices repeat what fails in pieces: this is one */
#define SIZE     4

static SmmuEvent wait_event(Dut *dut)
{
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;
    SmmuEvent event;

    while (!smmu_next_event(&dut->smmu, &event)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
    return event;
}

static void assert_event(Dut *dut, uint8_t type, uint64_t address, bool read)
{
    SmmuEvent event = wait_event(dut);

    g_assert_cmphex(event.type, ==, type);
    g_assert_cmphex(event.sid, ==, dut->sid);
    if (type != EVENT_C_BAD_CD) {
        g_assert_cmphex(event.address, ==, address);
        g_assert_true(event.read == read);
    }
}

static void assert_no_event(Dut *dut)
{
    SmmuEvent event;

    g_assert_false(smmu_next_event(&dut->smmu, &event));
}

/* One fault, and the proof that nothing came before it */
static void assert_only_event(Dut *dut, uint64_t address)
{
    edu_write(dut, address, SIZE);
    assert_event(dut, EVENT_F_TRANSLATION, address, false);
    assert_no_event(dut);
}

static void assert_works(Dut *dut, uint64_t page)
{
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
}

static void test_faults(const void *data)
{
    Dut *dut = dut_start_translating(data);
    uint64_t page = dut_map_new(dut, DUT_IOVA);
    uint64_t readonly = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);

    edu_write(dut, UNMAPPED, SIZE);
    assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED, false);
    edu_read(dut, UNMAPPED + 0x640, SIZE);
    assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED + 0x640, true);
    edu_load(dut);
    assert_works(dut, page);

    pt_map_readonly(&dut->pt, DUT_IOVA + PAGE_4K, readonly);
    g_assert_true(edu_reads(dut, DUT_IOVA + PAGE_4K, readonly));
    edu_write(dut, DUT_IOVA + PAGE_4K + 0x40, SIZE);
    assert_event(dut, EVENT_F_PERMISSION, DUT_IOVA + PAGE_4K + 0x40, false);
    g_assert_true(edu_reads(dut, DUT_IOVA + PAGE_4K, readonly));

    cd_clear(&dut->ram, dut->cd);
    dut_command(dut, CMD_CFGI_CD | CMD_SID(dut->sid), CFGI_LEAF);
    edu_write(dut, DUT_IOVA, SIZE);
    assert_event(dut, EVENT_C_BAD_CD, 0, false);
    cd_set(&dut->ram, dut->cd, &dut->pt, DUT_ASID);
    dut_command(dut, CMD_CFGI_CD | CMD_SID(dut->sid), CFGI_LEAF);
    assert_works(dut, page);
    assert_no_event(dut);
    dut_stop(dut);
}

/* More events than the queue has entries, one after the other */
static void test_wrap(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);

    smmu_start_eventq(&dut->smmu, 2);
    for (unsigned i = 0; i < 11; i++) {
        edu_write(dut, UNMAPPED + i * 0x40, SIZE);
        assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED + i * 0x40, false);
    }
    assert_no_event(dut);
    dut_stop(dut);
}

/* Aborted by the STE: the guest asked for it, so there is no event */
static void test_abort(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);

    dut_set_ste(dut, STE_ABORT, 0);
    edu_write(dut, UNMAPPED, SIZE);
    dut_translate(dut);
    assert_only_event(dut, UNMAPPED + 0x40);
    dut_stop(dut);
}

/* Off, on, of another size, after a reset */
static void test_queue_anew(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint32_t cr0 = smmu_read(&dut->smmu, SMMU_CR0);

    assert_only_event(dut, UNMAPPED);
    smmu_write(&dut->smmu, SMMU_CR0, cr0 & ~CR0_EVENTQEN);
    edu_write(dut, UNMAPPED + 0x40, SIZE);
    smmu_write(&dut->smmu, SMMU_CR0, cr0);
    assert_only_event(dut, UNMAPPED + 0x80);

    for (unsigned log2size = 1; log2size < 7; log2size += 2) {
        smmu_start_eventq(&dut->smmu, log2size);
        assert_only_event(dut, UNMAPPED + 0x40 * log2size);
    }

    dut_reboot(dut);
    assert_only_event(dut, UNMAPPED);
    dut_stop(dut);
}

/* Lets @count events happen, at UNMAPPED and up, that nobody reads */
static void make_faults(Dut *dut, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        edu_write(dut, UNMAPPED + i * 0x40, SIZE);
    }
}

/* OVFLG differs from OVACKFLG: there is an overflow to be acknowledged */
static bool overflow(const Dut *dut)
{
    return (smmu_read(&dut->smmu, SMMU_EVENTQ_PROD) ^
            smmu_read(&dut->smmu, SMMU_EVENTQ_CONS)) & EVENTQ_OVFLG;
}

static void wait_overflow(Dut *dut)
{
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    while (!overflow(dut)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
}

/*
 * The emulated SMMU never sets OVFLG. Two rounds, since one overflow toggles
 * what the next one toggles back.
 */
static void test_overflow(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    smmu_start_eventq(&dut->smmu, 2);
    for (unsigned round = 0; round < 2; round++) {
        make_faults(dut, 4);
        g_assert_false(overflow(dut));
        make_faults(dut, 3);
        wait_overflow(dut);
        /* nothing waits for the guest to read */
        assert_works(dut, page);
        qobject_unref(qtest_qmp(dut->qts, "{'execute': 'query-status'}"));
        for (unsigned i = 0; i < 4; i++) {
            assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED + i * 0x40, false);
        }
        g_assert_false(overflow(dut));
        assert_only_event(dut, UNMAPPED + 0x1000);
    }
    dut_stop(dut);
}

/* The event queue's interrupt as an MSI, in RAM */
static void test_msi(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);

    qtest_writel(dut->qts, TARGET, 0);
    qtest_writeq(dut->qts, dut->smmu.base + SMMU_EVENTQ_CFG0, TARGET);
    smmu_write(&dut->smmu, SMMU_EVENTQ_CFG1, DATA);
    smmu_write(&dut->smmu, SMMU_IRQ_CTRL, IRQ_EVENTQ);
    edu_write(dut, UNMAPPED, SIZE);
    assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED, false);
    g_assert_cmphex(qtest_readl(dut->qts, TARGET), ==, DATA);
    dut_stop(dut);
}

/* The event queue's MSI may ring the command queue, and that is all */
static void test_msi_to_self(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);

    smmu_queue(&dut->smmu, CMD_SYNC, 0);
    qtest_writeq(dut->qts, dut->smmu.base + SMMU_EVENTQ_CFG0,
                 dut->smmu.base + SMMU_CMDQ_PROD);
    smmu_write(&dut->smmu, SMMU_EVENTQ_CFG1, dut->smmu.prod);
    smmu_write(&dut->smmu, SMMU_IRQ_CTRL, IRQ_EVENTQ);
    edu_write(dut, UNMAPPED, SIZE);
    assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED, false);
    smmu_assert_done(&dut->smmu);
    dut_stop(dut);
}

/* A queue that cannot be written: the global error says so */
static void test_queue_abort(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint32_t cr0 = smmu_read(&dut->smmu, SMMU_CR0);
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    smmu_write(&dut->smmu, SMMU_CR0, cr0 & ~CR0_EVENTQEN);
    qtest_writeq(dut->qts, dut->smmu.base + SMMU_EVENTQ_BASE,
                 SMMU_NOWHERE | 3);
    smmu_write(&dut->smmu, SMMU_CR0, cr0);
    edu_write(dut, UNMAPPED, SIZE);
    while (!(smmu_read(&dut->smmu, SMMU_GERROR) & GERROR_EVENTQ_ABT)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
    smmu_write(&dut->smmu, SMMU_GERRORN, smmu_read(&dut->smmu, SMMU_GERROR));
    smmu_start_eventq(&dut->smmu, DUT_EVENTQ);
    assert_only_event(dut, UNMAPPED);
    dut_stop(dut);
}

/* --- what only the model can make happen ------------------------ */

/* A storm, more than QEMU reads at a time, in the host's order */
static void test_storm(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);

    smmu_start_eventq(&dut->smmu, 7);
    for (unsigned i = 0; i < 120; i++) {
        const uint64_t event[4] = { EVENT_F_TRANSLATION, 0, UNMAPPED + i };

        g_assert_cmpint(km_event(dut->model, 0, event), ==, 0);
    }
    for (unsigned i = 0; i < 120; i++) {
        assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED + i, false);
    }
    assert_no_event(dut);
    dut_stop(dut);
}

/* The host's queue overflows: reported to the guest as if its own had */
static void test_lost(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);

    assert_only_event(dut, UNMAPPED);
    dut->model->control->lose_events = 2;
    make_faults(dut, 2);
    wait_overflow(dut);
    smmu_write(&dut->smmu, SMMU_EVENTQ_CONS, dut->smmu.events | EVENTQ_OVFLG);
    g_assert_false(overflow(dut));
    edu_write(dut, UNMAPPED + 0x40, SIZE);
    assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED + 0x40, false);
    dut_stop(dut);
}

/* A gap in the host's numbers: events are lost, though nobody says so */
static void test_gap(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);

    assert_only_event(dut, UNMAPPED);
    dut->model->control->skip_events = 3;
    edu_write(dut, UNMAPPED + 0x40, SIZE);
    wait_overflow(dut);
    smmu_write(&dut->smmu, SMMU_EVENTQ_CONS, dut->smmu.events | EVENTQ_OVFLG);
    assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED + 0x40, false);
    /* reported once */
    assert_only_event(dut, UNMAPPED + 0x80);
    g_assert_false(overflow(dut));
    dut_stop(dut);
}

/* After INT_MAX the numbers start again, which is not a gap */
static void test_sequence_wraps(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);

    dut->model->control->next_sequence = KM_SET_SEQUENCE | (INT_MAX - 1);
    edu_write(dut, UNMAPPED, SIZE);
    wait_overflow(dut);
    assert_event(dut, EVENT_F_TRANSLATION, UNMAPPED, false);
    for (unsigned i = 0; i < 3; i++) {
        assert_only_event(dut, UNMAPPED + i * 0x40);
        g_assert_false(overflow(dut));
    }
    dut_stop(dut);
}

/* Nothing there (yet): goes on. An error: no queue, and no busy loop. */
static void test_read_error(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    struct km_control *control = dut->model->control;
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    for (unsigned i = 0; i < 2; i++) {
        km_fail(dut->model, 0, KM_VEVENTQ_READ, 1, i ? ENOMEM : EAGAIN);
        assert_only_event(dut, UNMAPPED + i * 0x40);
        g_assert_cmpuint(control->fail[0].fired, ==, 1);
        g_assert_cmpuint(control->live[KM_OBJ_VEVENTQ], ==, 1);
    }

    km_fail(dut->model, 0, KM_VEVENTQ_READ, 1, EIO);
    edu_write(dut, UNMAPPED, SIZE);
    while (control->live[KM_OBJ_VEVENTQ]) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
    /* the next guest has events again */
    dut_reboot(dut);
    assert_only_event(dut, UNMAPPED + 0x40);
    dut_stop(dut);
}

/* One queue on the host, whatever the guest does with its own */
static void test_objects(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    struct km_control *control = dut->model->control;
    uint32_t cr0 = smmu_read(&dut->smmu, SMMU_CR0);

    for (unsigned log2size = 1; log2size < 5; log2size++) {
        smmu_start_eventq(&dut->smmu, log2size);
    }
    dut_disable(dut);
    dut_enable(dut);
    /* while the queue is off there are no events, neither now nor later */
    smmu_write(&dut->smmu, SMMU_CR0, cr0 & ~CR0_EVENTQEN);
    edu_write(dut, UNMAPPED, SIZE);
    dut_pause(dut);
    qobject_unref(qtest_qmp(dut->qts, "{'execute': 'query-status'}"));
    smmu_write(&dut->smmu, SMMU_CR0, cr0);
    assert_only_event(dut, UNMAPPED + 0x40);
    qtest_system_reset(dut->qts);
    g_assert_cmpuint(control->live[KM_OBJ_VEVENTQ], ==, 1);
    g_assert_cmpuint(control->made[KM_OBJ_VEVENTQ], ==, 1);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    static const DutConfig bus, port = { .port = true };

    machine_test_init(&argc, &argv);
    dut_test("/events/faults/bus", 0, test_faults, &bus);
    dut_test("/events/faults/port", 0, test_faults, &port);
    dut_test("/events/wrap", 0, test_wrap, NULL);
    dut_test("/events/abort", 0, test_abort, NULL);
    dut_test("/events/queue-anew", 0, test_queue_anew, NULL);
    dut_test("/events/overflow", DUT_ACCEL, test_overflow, NULL);
    dut_test("/events/queue-abort", 0, test_queue_abort, NULL);
    dut_test("/events/msi", DUT_ACCEL, test_msi, NULL);
    dut_test("/events/msi-to-self", DUT_ACCEL, test_msi_to_self, NULL);
    dut_test("/events/storm", DUT_MODELED, test_storm, NULL);
    dut_test("/events/lost", DUT_MODELED, test_lost, NULL);
    dut_test("/events/gap", DUT_MODELED, test_gap, NULL);
    dut_test("/events/sequence-wraps", DUT_MODELED, test_sequence_wraps, NULL);
    dut_test("/events/read-error", DUT_MODELED, test_read_error, NULL);
    dut_test("/events/objects", DUT_MODELED, test_objects, NULL);
    return g_test_run();
}
