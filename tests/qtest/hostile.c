/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that does its worst: how much work one write to CMDQ_PROD causes,
 * what the host gets of an STE that would stall its SMMU, what is reported to
 * whom, and how often.
 */
#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "standard-headers/linux/pci_regs.h"
#include "hotplug.h"
#include "log.h"
#include "fault-injection.h"

#define BIG_QUEUE   12     /* log2 of entries */
#define TURN_CMDS   1024   /* the most that one turn of the queue may execute */
#define TURN_CALLS  48     /* 32, and what the last command began */
#define SLOW_MS     20     /* longer than a turn may take */
#define SLOW_CALLS  8      /* two batches, and what follows their failure */
#define SECOND_SLOT 5
#define TLBI_VA     (CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID))

static void wait_done(Dut *dut)
{
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    while (smmu_read(&dut->smmu, SMMU_CMDQ_CONS) != dut->smmu.prod) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        dut_pause(dut);
    }
}

static void start_big_queue(Dut *dut)
{
    smmu_start_queue(&dut->smmu, BIG_QUEUE);
    dut_enable(dut);
}

/* --- bounded work ------------------------------------------------------- */

typedef struct Turns {
    unsigned turns;
    unsigned commands, calls;   /* the most of one turn */
} Turns;

/* QEMU's trace of the queue: each turn ends with one smmuv3_cmdq_consume_out */
static Turns count_turns(const char *file)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned commands = 0, calls = 0;
    Turns turns = { 0 };

    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (strstr(*line, "smmuv3_cmdq_consume_out")) {
            turns.commands = MAX(turns.commands, commands);
            /* before the first one QEMU has set up the devices */
            turns.calls = MAX(turns.calls, turns.turns ? calls : 0);
            turns.turns++;
            commands = calls = 0;
        } else if (strstr(*line, "smmuv3_cmdq_opcode")) {
            commands++;
        } else if (strstr(*line, "iommufd_")) {
            calls++;
        }
    }
    g_test_message("%u turns; the most of one: %u commands, %u ioctls",
                   turns.turns, turns.commands, turns.calls);
    return turns;
}

typedef struct Flood {
    const char *name;
    uint64_t commands[3];    /* in turn, up to one that is 0 */
    unsigned turns;          /* at least so many */
    unsigned delay_ms;       /* until the host fails with each invalidation */
} Flood;

static const Flood floods[] = {
    { "tlbi", { TLBI_VA, TLBI_VA }, 4, 0 },
    { "sync", { TLBI_VA, CMD_SYNC }, 64, 0 },
    { "cfgi-all", { CMD_CFGI_ALL, CMD_SYNC }, 64, 0 },
    { "cfgi-tlbi", { CMD_CFGI_ALL, TLBI_VA }, 4, 0 },
    { "tlbi-cfgi-sync", { TLBI_VA, CMD_CFGI_ALL, CMD_SYNC }, 64, 0 },
    /* as when a device does not answer, which takes Linux a second */
    { "slow", { TLBI_VA }, 16, SLOW_MS },
};

static void test_bounded(const void *data)
{
    const Flood *flood = data;
    g_autofree char *log = g_build_filename(dut_model()->dir, "trace", NULL);
    g_autofree char *device = dut_device_args(1, ",bus=pcie.0,addr=5");
    g_autofree char *args = g_strdup_printf(
        "-trace smmuv3_cmdq_consume_out -trace smmuv3_cmdq_opcode "
        "-trace 'iommufd_*' -D %s %s", log, device);
    const DutConfig config = { .args = args };
    Dut *dut = dut_start_translating(&config);
    unsigned num = 0;
    Turns turns;

    strtab_set_stage1(&dut->strtab, SECOND_SLOT << 3, dut->cd);
    start_big_queue(dut);
    if (flood->delay_ms) {
        struct km_fail_rule *rule = &dut->model->control->fail[0];

        km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, EIO);
        rule->delay_ms = flood->delay_ms;
        rule->repeat = 1;
    }
    while (num < 3 && flood->commands[num]) {
        num++;
    }
    /* from the second: one ioctl fewer, so turns end at other places */
    for (unsigned i = 1; i <= 1u << BIG_QUEUE; i++) {
        uint64_t command = flood->commands[i % num];

        smmu_queue(&dut->smmu, command,
                   command == CMD_CFGI_ALL ? CFGI_ALL :
                   command == TLBI_VA ? DUT_IOVA : 0);
    }
    smmu_ring(&dut->smmu);
    wait_done(dut);
    dut_stop(dut);
    turns = count_turns(log);
    g_assert_cmpuint(turns.turns, >=, flood->turns);
    g_assert_cmpuint(turns.commands, <=, TURN_CMDS);
    g_assert_cmpuint(turns.calls, <=, flood->delay_ms ? SLOW_CALLS :
                     TURN_CALLS);
    g_unlink(log);
}

/* A turn ends between two STEs: what the guest sent after them waits, too */
static void test_turn_between_stes(const void *unused)
{
    g_autofree char *device = dut_device_args(1, ",bus=pcie.0,addr=5");
    g_autofree char *log = g_build_filename(dut_model()->dir, "trace", NULL);
    g_autofree char *args = g_strdup_printf(
        "-trace smmuv3_cmdq_consume_out -D %s %s", log, device);
    const DutConfig config = { .args = args };
    Dut *dut = dut_start_translating(&config);
    struct km_log_entry entry;
    unsigned turns;
    uint64_t from;

    strtab_set_stage1(&dut->strtab, SECOND_SLOT << 3, dut->cd);
    dut_command(dut, CMD_CFGI_ALL, CFGI_ALL);
    strtab_set(&dut->strtab, dut->sid, STE_BYPASS, 0);
    strtab_set(&dut->strtab, SECOND_SLOT << 3, STE_BYPASS, 0);
    turns = count_turns(log).turns;
    from = log_now(dut);
    km_fail(dut->model, 0, KM_ATTACH_PT, 1, EIO);
    dut->model->control->fail[0].delay_ms = SLOW_MS;
    smmu_queue(&dut->smmu, CMD_CFGI_ALL, CFGI_ALL);
    smmu_queue(&dut->smmu, TLBI_VA, DUT_IOVA);
    smmu_ring(&dut->smmu);
    wait_done(dut);
    from = km_log_find(dut->model, from, KM_LOG_COMMAND, &entry);
    g_assert_cmpuint(from, !=, UINT64_MAX);
    g_assert_cmpuint(km_log_find(dut->model, from, KM_LOG_STE, &entry), ==,
                     UINT64_MAX);
    g_assert_cmphex(dut->model->control->state[1].ste, ==, KM_STE_ABORT);
    g_assert_cmphex(dut->model->control->state[0].ste, ==, KM_STE_S2);
    dut_stop(dut);
    g_assert_cmpuint(count_turns(log).turns, >=, turns + 2);
    g_unlink(log);
}

/* A queue that is still being executed when the guest is reset */
static void test_reset(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    for (unsigned round = 0; round < 3; round++) {
        start_big_queue(dut);
        for (unsigned i = 0; i < 1u << BIG_QUEUE; i++) {
            smmu_queue(&dut->smmu, i % 2 ? CMD_SYNC : TLBI_VA, 0);
        }
        smmu_ring(&dut->smmu);
        qtest_system_reset(dut->qts);
        g_assert_cmphex(smmu_read(&dut->smmu, SMMU_CMDQ_CONS), ==, 0);
        dut_enumerate(dut);
        dut_start_smmu(dut);
        dut_translate(dut);
        dut_enable(dut);
        edu_load(dut);
        g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
    }
    dut_stop(dut);
}

/* The host does not even let go of the device: what that uses stays */
static void test_reset_stuck(const void *unused)
{
    static const DutConfig config = { 0 };
    Dut *dut = inject_start(&config);
    struct km_control *control = dut->model->control;

    dut_translate(dut);
    dut_enable(dut);
    km_fail(dut->model, 0, KM_ATTACH_PT, 1, ENOMEM);
    km_fail(dut->model, 1, KM_DETACH_PT, 1, ENOMEM);
    control->fail[0].repeat = control->fail[1].repeat = 1;
    qtest_system_reset(dut->qts);
    g_assert_cmpuint(control->state[0].ste, ==, KM_STE_NESTED);
    g_assert_cmpuint(control->live[KM_OBJ_VDEVICE], ==, 1);
    km_fail(dut->model, 0, KM_ANY, 0, 0);
    km_fail(dut->model, 1, KM_ANY, 0, 0);
    dut_reboot(dut);
    dut_stop(dut);
}

/* The queue is switched off while it is being executed: it stops */
static void test_queue_off(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint32_t cr0, cons;

    start_big_queue(dut);
    cr0 = smmu_read(&dut->smmu, SMMU_CR0);
    for (unsigned i = 0; i < 1u << BIG_QUEUE; i++) {
        smmu_queue(&dut->smmu, i % 2 ? CMD_SYNC : TLBI_VA, 0);
    }
    smmu_ring(&dut->smmu);
    smmu_write(&dut->smmu, SMMU_CR0, cr0 & ~CR0_CMDQEN);
    cons = smmu_read(&dut->smmu, SMMU_CMDQ_CONS);
    qobject_unref(qtest_qmp(dut->qts, "{'execute': 'query-status'}"));
    g_assert_cmphex(smmu_read(&dut->smmu, SMMU_CMDQ_CONS), ==, cons);
    smmu_write(&dut->smmu, SMMU_CR0, cr0 | CR0_CMDQEN);
    wait_done(dut);
    dut_stop(dut);
}

/* --- STEs --------------------------------------------------------------- */

static uint32_t made_hwpts(const Dut *dut)
{
    return dut->model->control->made[KM_OBJ_HWPT_NESTED];
}

/* The two latest STEs have an HWPT: never the one in use goes */
static void test_many_stes(const void *unused)
{
    static const uint8_t order[] = { 0, 1, 2, 1, 3, 0 };
    Dut *dut = dut_start_translating(NULL);
    struct km_control *control = dut->model->control;
    uint32_t made = control->made[KM_OBJ_HWPT_NESTED];
    uint64_t cd[4];

    for (unsigned i = 0; i < G_N_ELEMENTS(cd); i++) {
        cd[i] = STE_STAGE1 | cd_new(&dut->ram, &dut->pt, DUT_ASID + i);
    }
    for (unsigned i = 0; i < 4; i++) {
        dut_set_ste(dut, STE_ABORT, 0);
        dut_set_ste(dut, i % 2 ? STE_STAGE1 | dut->cd : cd[0], STE1_ATTRS);
    }
    g_assert_cmpuint(control->made[KM_OBJ_HWPT_NESTED], ==, made + 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        dut_set_ste(dut, cd[order[i]], STE1_ATTRS);
    }
    g_assert_cmpuint(control->live[KM_OBJ_HWPT_NESTED], ==, 2 + 2);
    g_assert_cmpuint(control->failures[KM_DESTROY], ==, 0);
    dut_stop(dut);
}

/* A driver that switches between two STEs: the host only attaches */
static void test_flip(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    struct km_control *control = dut->model->control;
    uint64_t page = dut_map_new(dut, DUT_IOVA), cd2;
    uint32_t made = 0, calls = 0;
    PageTable pt2 = pt_new(&dut->ram, 12, 48);
    uint64_t page2 = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);

    pt_map(&pt2, DUT_IOVA, page2);
    cd2 = cd_new(&dut->ram, &pt2, DUT_ASID + 1);
    edu_load(dut);
    for (unsigned i = 0; i < 20; i++) {
        if (i == 2) {
            made = made_hwpts(dut);
            calls = control->calls[KM_ANY];
        }
        dut_set_ste(dut, STE_STAGE1 | (i % 2 ? dut->cd : cd2), STE1_ATTRS);
    }
    g_assert_cmpuint(made_hwpts(dut), ==, made);
    g_assert_cmpuint(control->calls[KM_ANY] - calls, ==, 18);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page2), ==, page);

    /* to abort and back, as a driver does that detaches a device */
    calls = control->calls[KM_ANY];
    for (unsigned i = 0; i < 10; i++) {
        dut_set_ste(dut, STE_ABORT, 0);
        dut_translate(dut);
    }
    g_assert_cmpuint(control->calls[KM_ANY] - calls, ==, 20);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page2), ==, page);

    /* none of it survives a reset */
    qtest_system_reset(dut->qts);
    g_assert_cmpuint(control->live[KM_OBJ_HWPT_NESTED], ==, 2);
    g_assert_cmpuint(control->live[KM_OBJ_VDEVICE], ==, 0);
    dut_stop(dut);
}

/* Many CFGI_STE before one CMD_SYNC: the STE is installed once */
static void test_coalesce(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    struct km_control *control = dut->model->control;
    uint32_t attached = control->calls[KM_ATTACH_PT];

    strtab_set(&dut->strtab, dut->sid, STE_BYPASS, 0);
    for (unsigned i = 0; i < 100; i++) {
        smmu_queue(&dut->smmu, i % 2 ? CMD_CFGI_ALL :
                   CMD_CFGI_STE | CMD_SID(dut->sid), i % 2 ? CFGI_ALL : 0);
    }
    smmu_queue(&dut->smmu, CMD_SYNC, 0);
    smmu_ring(&dut->smmu);
    smmu_assert_done(&dut->smmu);
    g_assert_cmpuint(control->calls[KM_ATTACH_PT], ==, attached + 1);
    dut_stop(dut);
}

/* IDR0.STALL_MODEL of the host: 0, stalls unless S1STALLD is set; 1, never */
static void test_stall(const void *data)
{
    unsigned stall_model = GPOINTER_TO_UINT(data);
    struct km_control *control = dut_model()->control;
    Dut *dut;

    control->smmu[0].idr[0] &= ~IDR0_STALL_MODEL;
    control->smmu[0].idr[0] |= FIELD_PREP(IDR0_STALL_MODEL, stall_model);
    dut = dut_start_translating(NULL);
    g_assert_cmphex(control->state[0].vste[1], ==,
                    STE1_ATTRS | (stall_model ? 0 : STE1_S1STALLD));
    dut_stop(dut);
}

/* The guest's bus numbers are its own: one that no table has room for */
static bool next_event(Dut *dut, SmmuEvent *event)
{
    qobject_unref(qtest_qmp(dut->qts, "{'execute': 'query-status'}"));
    return smmu_next_event(&dut->smmu, event);
}

static void assert_refused(Dut *dut, uint8_t type)
{
    SmmuEvent event;

    g_assert_true(next_event(dut, &event));
    g_assert_cmphex(event.type, ==, type);
    g_assert_cmphex(event.sid, ==, dut->sid);
    g_assert_false(next_event(dut, &event));
}

/* What QEMU refuses of an STE, the guest finds in its event queue */
static void test_bad_ste(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    SmmuEvent event;

    dut_set_ste(dut, STE_STAGE2, 0);
    assert_refused(dut, EVENT_C_BAD_STE);
    /* once, until something succeeds */
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE1_S1STALLD);
    g_assert_false(next_event(dut, &event));
    dut_translate(dut);
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE1_S1STALLD);
    assert_refused(dut, EVENT_C_BAD_STE);
    /* what is merely not valid yet is none */
    dut_set_ste(dut, STE_ABORT, 0);
    dut_set_ste(dut, STE_BYPASS & ~STE0_V, 0);
    g_assert_false(next_event(dut, &event));
    dut_stop(dut);
}

/* A queue without room: what is refused counts as lost, and is not an error */
static void test_bad_ste_overflow(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint32_t prod;

    smmu_start_eventq(&dut->smmu, 1);
    for (unsigned i = 0; i < 3; i++) {
        dut_set_ste(dut, STE_STAGE2, 0);
        dut_translate(dut);
    }
    prod = smmu_read(&dut->smmu, SMMU_EVENTQ_PROD);
    g_assert_cmphex(prod, ==, EVENTQ_OVFLG | 2);
    g_assert_cmphex(smmu_read(&dut->smmu, SMMU_GERROR), ==, 0);
    smmu_write(&dut->smmu, SMMU_EVENTQ_CONS, prod);
    dut->smmu.events = 2;
    dut_set_ste(dut, STE_STAGE2, 0);
    assert_refused(dut, EVENT_C_BAD_STE);
    dut_stop(dut);
}

/*
 * The event queue's MSI goes where the guest wrote: here to the slot control of
 * the root port, so that the event about a device's STE unplugs that device.
 */
static void test_event_unplugs(const void *unused)
{
    static const DutConfig config = { .port = true };
    Dut *dut = dut_start_translating(&config);
    unsigned cap = pci_capability(&dut->port, PCI_CAP_ID_EXP);

    hotplug_power_on(dut);
    dut_translate(dut);
    qtest_writeq(dut->qts, dut->smmu.base + SMMU_EVENTQ_CFG0,
                 VIRT_ECAM + (dut->port.devfn << 12) + cap + PCI_EXP_SLTCTL);
    smmu_write(&dut->smmu, SMMU_EVENTQ_CFG1, PCI_EXP_SLTCTL_PWR_OFF |
               PCI_EXP_SLTCTL_PWR_IND_OFF);
    smmu_write(&dut->smmu, SMMU_IRQ_CTRL, IRQ_EVENTQ);
    dut_set_ste(dut, STE_STAGE2, 0);
    g_assert_cmphex(pci_readw(&dut->edu, PCI_VENDOR_ID), ==, 0xffff);
    dut_command(dut, CMD_CFGI_ALL, CFGI_ALL);
    g_assert_cmpuint(dut->model->control->live[KM_OBJ_VIOMMU], ==, 0);
    dut_stop(dut);
}

static void test_bad_sid(const void *unused)
{
    Dut *dut = dut_start_translating(NULL);
    uint32_t cfg = smmu_read(&dut->smmu, SMMU_STRTAB_CFG);
    SmmuEvent event;

    dut_disable(dut);
    smmu_write(&dut->smmu, SMMU_STRTAB_CFG, (cfg & ~0x3f) | 2);
    /* a table that has no room for the device yet is nothing bad */
    dut_enable(dut);
    g_assert_false(next_event(dut, &event));
    dut_command(dut, CMD_CFGI_STE | CMD_SID(dut->sid), CFGI_LEAF);
    assert_refused(dut, EVENT_C_BAD_STREAMID);
    dut_stop(dut);
}

/* --- messages ------------------------------------------------------------ */

static unsigned count_lines(const char *file, const char *part)
{
    g_autofree char *text = NULL;
    unsigned count = 0;

    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    for (const char *at = text; (at = strstr(at, part)); at++) {
        count++;
    }
    return count;
}

static bool overflow(const Dut *dut)
{
    return (smmu_read(&dut->smmu, SMMU_EVENTQ_PROD) ^
            smmu_read(&dut->smmu, SMMU_EVENTQ_CONS)) & EVENTQ_OVFLG;
}

/* The host refuses, or loses, again and again: the user reads it once */
static void test_messages(const void *unused)
{
    static const DutConfig config = { 0 };
    g_autofree char *log = g_build_filename(dut_model()->dir, "stderr", NULL);
    Dut *dut = inject_start(&config);
    int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

    dut_enable(dut);
    km_fail(dut->model, 0, KM_HWPT_ALLOC, 1, EINVAL);
    dut->model->control->fail[0].repeat = 1;
    for (unsigned i = 0; i < 10; i++) {
        dut_translate(dut);
    }
    g_assert_cmpuint(count_lines(log, "0x18 is aborted"), ==, 1);
    km_fail(dut->model, 0, KM_ANY, 0, 0);
    dut_translate(dut);

    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, EIO);
    dut->model->control->fail[0].repeat = 1;
    for (unsigned i = 0; i < 10; i++) {
        uint32_t at;

        smmu_queue(&dut->smmu, TLBI_VA, DUT_IOVA);
        at = dut->smmu.prod;
        smmu_queue(&dut->smmu, CMD_SYNC, 0);
        smmu_ring(&dut->smmu);
        smmu_assert_error(&dut->smmu, at, CERROR_ILL);
        smmu_repair(&dut->smmu, at);
    }
    g_assert_cmpuint(count_lines(log, "stale translations"), ==, 1);
    g_assert_cmpuint(count_lines(log, "HWPT_INVALIDATE"), ==, 2);
    /* none of that is the next guest's */
    smmu_queue(&dut->smmu, TLBI_VA, DUT_IOVA);
    smmu_ring(&dut->smmu);
    km_fail(dut->model, 0, KM_ANY, 0, 0);
    dut_reboot(dut);
    km_fail(dut->model, 0, KM_ANY, 0, 0);
    dut_command(dut, TLBI_VA, DUT_IOVA);

    for (unsigned i = 0; i < 2; i++) {
        dut->model->control->lose_events = 1;
        edu_write(dut, DUT_IOVA, 4);
        while (!overflow(dut)) {
            g_assert_cmpint(g_get_monotonic_time(), <, end);
            dut_pause(dut);
        }
        smmu_write(&dut->smmu, SMMU_EVENTQ_CONS,
                   smmu_read(&dut->smmu, SMMU_EVENTQ_PROD));
    }
    g_assert_cmpuint(count_lines(log, "'smmu0': the host lost events"), ==, 1);
    dut_stop(dut);
}

/* No queue of the host's, at each reset again: likewise */
static void test_no_events(const void *unused)
{
    static const DutConfig config = { 0 };
    g_autofree char *log = g_build_filename(dut_model()->dir, "stderr", NULL);
    SmmuEvent event;
    Dut *dut;

    km_fail(dut_model(), 0, KM_VEVENTQ_ALLOC, 1, ENOMEM);
    dut_model()->control->fail[0].repeat = 1;
    dut = inject_start(&config);
    dut_reboot(dut);
    dut_reboot(dut);
    g_assert_cmpuint(count_lines(log, "gets no events"), ==, 1);
    edu_write(dut, DUT_IOVA, 4);
    g_assert_false(next_event(dut, &event));
    km_fail(dut->model, 0, KM_ANY, 0, 0);
    dut_reboot(dut);
    edu_write(dut, DUT_IOVA, 4);
    assert_refused(dut, EVENT_F_TRANSLATION);
    dut_stop(dut);
}

/* --- ATS ------------------------------------------------------------------ */

/* The SMMU has ATS, and the host cannot use it for this device */
static void test_no_ats(const void *unused)
{
    static const DutConfig config = { .smmu = ",ats=on" };
    struct km_control *control = dut_model()->control;
    const uint64_t inv = CMD_ATC_INV | CMD_SID(DUT_SLOT << 3);
    uint64_t from;
    Dut *dut;

    control->smmu[0].idr[0] |= IDR0_ATS;
    dut_deny_ats(0);
    dut = dut_start_translating(&config);
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
    g_assert_cmphex(control->state[0].ste, ==, KM_STE_NESTED);
    g_assert_cmphex(control->state[0].vste[1] & STE1_EATS, ==, 0);
    from = log_now(dut);
    dut_command(dut, inv, 52);
    g_assert_cmpuint(log_count(dut, from, inv, 52), ==, 0);
    dut_stop(dut);
}

/* --- two SMMUs of the guest on one of the host ------------------------- */

static void test_two_smmus(const void *unused)
{
    g_autofree char *device = dut_device_args(1, ",bus=rp1");
    g_autofree char *args = g_strdup_printf(
        "-device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 "
        "-device pcie-root-port,id=rp1,bus=pcie.1,chassis=9 "
        "-device arm-smmuv3,primary-bus=pcie.1,id=smmu1,accel=on %s", device);
    const DutConfig config = { .args = args };
    Dut *dut = dut_start_translating(&config);

    /* a nesting parent each, which has the VMID */
    g_assert_cmpuint(dut->model->control->live[KM_OBJ_HWPT_PAGING], ==, 2);
    g_assert_cmpuint(dut->model->control->live[KM_OBJ_VIOMMU], ==, 2);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(floods); i++) {
        g_autofree char *path = g_strdup_printf("/hostile/bounded/%s",
                                                floods[i].name);

        dut_test(path, DUT_MODELED, test_bounded, &floods[i]);
    }
    dut_test("/hostile/turn-between-stes", DUT_MODELED, test_turn_between_stes,
             NULL);
    dut_test("/hostile/reset", DUT_MODELED, test_reset, NULL);
    dut_test("/hostile/reset/stuck", DUT_MODELED, test_reset_stuck, NULL);
    dut_test("/hostile/queue-off", DUT_MODELED, test_queue_off, NULL);
    dut_test("/hostile/flip", DUT_MODELED, test_flip, NULL);
    dut_test("/hostile/many-stes", DUT_MODELED, test_many_stes, NULL);
    dut_test("/hostile/coalesce", DUT_MODELED, test_coalesce, NULL);
    dut_test("/hostile/stall/terminates-or-stalls", DUT_MODELED, test_stall,
             GUINT_TO_POINTER(0));
    dut_test("/hostile/stall/terminates", DUT_MODELED, test_stall,
             GUINT_TO_POINTER(1));
    dut_test("/hostile/bad-ste", DUT_MODELED, test_bad_ste, NULL);
    dut_test("/hostile/bad-ste/overflow", DUT_MODELED, test_bad_ste_overflow,
             NULL);
    dut_test("/hostile/event-unplugs", DUT_MODELED, test_event_unplugs, NULL);
    dut_test("/hostile/bad-sid", DUT_MODELED, test_bad_sid, NULL);
    dut_test("/hostile/messages", DUT_MODELED, test_messages, NULL);
    dut_test("/hostile/messages/no-events", DUT_MODELED, test_no_events, NULL);
    dut_test("/hostile/no-ats", DUT_MODELED, test_no_ats, NULL);
    dut_test("/hostile/two-smmus", DUT_MODELED, test_two_smmus, NULL);
    return g_test_run();
}
