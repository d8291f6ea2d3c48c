/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host gets of the guest's STE. Seen by the model; what becomes of the
 * device's DMA is in stream.c.
 */
#include "qemu/osdep.h"
#include "dut.h"

/* The host gets those fields of the STE that it takes, as the guest set them */
static void test_words(const void *unused)
{
    struct km_device_state *state = &dut_model()->control->state[0];
    Dut *dut = dut_start(NULL);

    /* S1DSS 2, all of S1CIR, S1COR and S1CSH; and bits that are not for it */
    dut_set_ste(dut, STE_STAGE1 | dut->cd | 1ull << 52,
                0xfe | 0xffull << 32 | 1ull << 20);
    dut_enable(dut);
    g_assert_cmphex(state->vste[0], ==, STE_STAGE1 | dut->cd);
    g_assert_cmphex(state->vste[1], ==, 0xfe);
    dut_stop(dut);
}

/* Nested as well, for the host to know the StreamID; not with stage 1's fields */
static void test_bypass(const void *unused)
{
    struct km_control *control = dut_model()->control;
    Dut *dut = dut_start(NULL);
    uint32_t stage2 = control->state[0].hwpt;

    dut_set_ste(dut, STE_BYPASS | dut->cd, STE1_ATTRS | STE1_S1STALLD);
    dut_enable(dut);
    g_assert_cmpuint(control->state[0].ste, ==, KM_STE_S2);
    g_assert_cmpuint(control->state[0].hwpt, !=, stage2);
    g_assert_cmpuint(control->state[0].vsid_set, ==, 1);
    /* the one that all devices share, and the one that aborts */
    g_assert_cmpuint(control->made[KM_OBJ_HWPT_NESTED], ==, 2);
    /* the next boot may give it another one */
    qtest_system_reset(dut->qts);
    g_assert_cmpuint(control->live[KM_OBJ_VDEVICE], ==, 0);
    dut_stop(dut);
}

/* Of the values of EATS only 0 and 1 are there without nesting of our own */
static void test_eats(const void *unused)
{
    static const DutConfig config = { .smmu = ",ats=on" };
    Dut *dut;
    uint64_t page;

    dut_model()->control->smmu[0].idr[0] |= IDR0_ATS;
    dut = dut_start_translating(&config);
    page = dut_map_new(dut, DUT_IOVA);
    for (unsigned eats = 0; eats < 4; eats++) {
        dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(eats));
        g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==,
                        eats < 2 ? page : 0);
        g_assert_cmpuint(dut->model->control->state[0].ats, ==, eats == 1);
    }
    /* what cannot be is QEMU's to find out */
    g_assert_cmpuint(dut->model->control->failures[KM_HWPT_ALLOC], ==, 0);
    dut_stop(dut);
}

/* The guest may set what it likes: the SMMU that it sees has no ATS */
static void test_no_ats(const void *unused)
{
    static const DutConfig config = { .smmu = ",ats=off" };
    Dut *dut;

    dut_model()->control->smmu[0].idr[0] |= IDR0_ATS;
    dut = dut_start(&config);
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
    dut_enable(dut);
    g_assert_cmpuint(dut->model->control->state[0].ste, ==, KM_STE_NESTED);
    g_assert_cmpuint(dut->model->control->state[0].ats, ==, 0);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    dut_test("/ste/words", DUT_MODELED, test_words, NULL);
    dut_test("/ste/bypass", DUT_MODELED, test_bypass, NULL);
    dut_test("/ste/eats", DUT_MODELED, test_eats, NULL);
    dut_test("/ste/no-ats", DUT_MODELED, test_no_ats, NULL);
    return g_test_run();
}
