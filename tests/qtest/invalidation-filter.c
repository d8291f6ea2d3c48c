/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which invalidations the host gets: those for StreamIDs that it knows as the
 * guest's, and ATC_INV only for devices that may cache. Seen by the model.
 */
#include "qemu/osdep.h"
#include "log.h"

#define PORT_SID (DUT_PORT_SLOT << 3)
#define TLBI_VA  (CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID))

static const uint64_t sid_commands[] = {
    CMD_CFGI_CD, CMD_CFGI_CD_ALL, CMD_ATC_INV,
};

/* Sends each command with @sid; the host gets @expected of them */
static void send_sid(Dut *dut, uint32_t sid, unsigned expected)
{
    uint64_t from = log_now(dut);

    for (size_t i = 0; i < G_N_ELEMENTS(sid_commands); i++) {
        dut_command(dut, sid_commands[i] | CMD_SID(sid), 0);
    }
    g_autoptr(GArray) commands = log_commands(dut, from);

    g_assert_cmpuint(commands->len, ==, expected);
    for (guint i = 0; i < commands->len; i++) {
        g_assert_cmphex(g_array_index(commands, LogCommand, i).dword[0], ==,
                        sid_commands[i] | CMD_SID(sid));
    }
}

static void test_sids(const void *unused)
{
    static const DutConfig config = { .port = true, .smmu = ",ats=on" };
    Dut *dut;

    dut_model()->control->smmu[0].idr[0] |= IDR0_ATS;
    dut = dut_start(&config);
    dut_enable(dut);
    /* known to the host since SMMUEN, but no ATS without an STE that has it */
    send_sid(dut, dut->sid, 2);
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
    send_sid(dut, dut->sid, 3);
    send_sid(dut, PORT_SID, 0);
    send_sid(dut, dut->sid + 1, 0);
    send_sid(dut, dut->sid - 1, 0);
    send_sid(dut, 0xffffffff, 0);

    /* the number goes to another bus */
    uint32_t old = dut->sid;

    dut->edu.bus = 2;
    dut_enumerate(dut);
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
    send_sid(dut, old, 0);
    send_sid(dut, dut->sid, 3);
    dut_stop(dut);
}

/* Without a device there is no host SMMU */
static void test_nobody(const void *unused)
{
    static const DutConfig config = { .port = true, .unplugged = true };
    Dut *dut = dut_start(&config);
    uint64_t from = log_now(dut);

    dut_enable(dut);
    dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    dut_command(dut, TLBI_VA, DUT_IOVA);
    dut_command(dut, CMD_CFGI_CD | CMD_SID(dut->sid), 0);
    g_assert_cmpuint(log_count(dut, from, CMD_TLBI_NSNH_ALL, 0), ==, 0);
    dut_stop(dut);
}

/* The host has switched ATS off where the STE does not allow it */
static void test_no_eats(const void *unused)
{
    static const DutConfig config = { .smmu = ",ats=on" };
    const uint64_t inv = CMD_ATC_INV | CMD_SID(DUT_SLOT << 3);
    Dut *dut;
    uint64_t from;

    dut_model()->control->smmu[0].idr[0] |= IDR0_ATS;
    dut = dut_start_translating(&config);
    from = log_now(dut);
    dut_command(dut, inv, 0);
    g_assert_cmpuint(log_count(dut, from, inv, 0), ==, 0);
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
    dut_command(dut, inv, 0);
    g_assert_cmpuint(log_count(dut, from, inv, 0), ==, 1);
    dut_set_ste(dut, STE_BYPASS, 0);
    dut_command(dut, inv, 0);
    g_assert_cmpuint(log_count(dut, from, inv, 0), ==, 1);

    /* detached, as nothing else is possible */
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
    km_fail(dut->model, 0, KM_ATTACH_PT, 1, ENOMEM);
    dut->model->control->fail[0].repeat = 1;
    dut_set_ste(dut, STE_ABORT, 0);
    g_assert_cmpuint(dut->model->control->state[0].hwpt, ==, 0);
    dut_command(dut, inv, 0);
    g_assert_cmpuint(log_count(dut, from, inv, 0), ==, 1);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    dut_test("/invalidation-filter/sids", DUT_MODELED, test_sids, NULL);
    dut_test("/invalidation-filter/nobody", DUT_MODELED, test_nobody, NULL);
    dut_test("/invalidation-filter/no-eats", DUT_MODELED, test_no_eats, NULL);
    return g_test_run();
}
