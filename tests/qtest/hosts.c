/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real hosts, as data/hosts describes their SMMUs: accel=on alone works on
 * each of them, and the guest finds what the host has and QEMU knows, no more.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "standard-headers/linux/pci_regs.h"
#include "gic.h"
#include "hotplug.h"
#include "profile.h"

#define IOVA2    (DUT_IOVA + 0x10000000)
#define UNMAPPED (DUT_IOVA + 0x20000000)

static HostProfile *load(const char *name)
{
    HostProfile *profile = profile_load(name);

    profile_apply(profile, dut_model());
    return profile;
}

/* --- ID registers ------------------------------------------------------ */

/* A field that the guest has as far as the host and QEMU's model have it */
typedef struct Known {
    const char *name;
    unsigned idr, shift, length, max;
} Known;

static const Known known[] = {
    { "ATS", 0, 10, 1, 1 }, { "ASID16", 0, 12, 1, 1 }, { "CD2L", 0, 19, 1, 1 },
    { "SSIDSIZE", 1, 6, 5, 20 },
    { "HAD", 3, 2, 1, 1 }, { "RIL", 3, 10, 1, 1 }, { "BBML", 3, 11, 2, 2 },
    { "OAS", 5, 0, 3, 6 }, { "GRAN4K", 5, 4, 1, 1 }, { "GRAN16K", 5, 5, 1, 1 },
    { "GRAN64K", 5, 6, 1, 1 },
};

/* The other fields, as QEMU 10.2.2 has them, and IDR0.MSI */
static const uint32_t constant[6] = { 0x0d44001a | IDR0_MSI, 0x02730010 };

/* What a guest has without a device on the command line */
static const uint32_t modest[6] = {
    0x0d44101a | IDR0_MSI, 0x02730010, 0, 0, 0,
    IDR5_GRAN4K | IDR5_GRAN64K | 4
};

static void expect(const HostProfile *profile, uint32_t idr[6])
{
    const uint32_t *host = profile->smmu.idr;

    memcpy(idr, constant, sizeof(constant));
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        const Known *k = &known[i];
        uint32_t value = extract32(host[k->idr], k->shift, k->length);

        if (!strcmp(k->name, "CD2L") && !extract32(host[1], 6, 5)) {
            value = 0;    /* of no use without substreams */
        }
        idr[k->idr] = deposit32(idr[k->idr], k->shift, k->length,
                                MIN(value, k->max));
    }
}

static void assert_registers(const Dut *dut, const uint32_t idr[6])
{
    for (unsigned i = 0; i < 6; i++) {
        g_test_message("IDR%u 0x%x, expected 0x%x", i,
                       smmu_read(&dut->smmu, i * 4), idr[i]);
        g_assert_cmphex(smmu_read(&dut->smmu, i * 4), ==, idr[i]);
    }
    g_assert_cmphex(smmu_read(&dut->smmu, SMMU_IIDR), ==, 0);
    g_assert_cmphex(smmu_read(&dut->smmu, SMMU_AIDR), ==, 1);
}

/* --- the profile itself ------------------------------------------------ */

/* Linux's ARM_SMMU_FEAT_*, as arm_smmu_device_hw_probe() sets them */
static const struct {
    unsigned bit, idr, shift, length, value;
} features[] = {
    { 0, 0, 27, 2, 1 },    /* 2_LVL_STRTAB: STLEVEL */
    { 1, 0, 19, 1, 1 },    /* 2_LVL_CDTAB: CD2L */
    { 4, 0, 16, 1, 1 },    /* PRI */
    { 5, 0, 10, 1, 1 },    /* ATS */
    { 6, 0, 14, 1, 1 },    /* SEV */
    { 7, 0, 13, 1, 1 },    /* MSI */
    { 9, 0, 1, 1, 1 },     /* TRANS_S1 */
    { 10, 0, 0, 1, 1 },    /* TRANS_S2 */
    { 11, 0, 24, 2, 0 },   /* STALLS */
    { 12, 0, 9, 1, 1 },    /* HYP */
    { 14, 5, 10, 2, 1 },   /* VAX */
    { 15, 3, 10, 1, 1 },   /* RANGE_INV: RIL */
    { 20, 1, 27, 1, 1 },   /* ATTR_TYPES_OVR */
    { 23, 3, 8, 1, 1 },    /* S2FWB */
    { 24, 3, 11, 2, 2 },   /* BBML2 */
};

/* Registers that were decoded from a boot log give that log's features. */
static void test_features(const void *data)
{
    g_autoptr(HostProfile) profile = profile_load(data);

    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        uint32_t value = extract32(profile->smmu.idr[features[i].idr],
                                   features[i].shift, features[i].length);
        bool has = value == features[i].value;

        if (profile->reported & 1u << features[i].bit) {
            g_test_message("features bit %u: IDR%u is 0x%x", features[i].bit,
                           features[i].idr,
                           profile->smmu.idr[features[i].idr]);
            g_assert_cmpuint(has, ==, profile->features >> features[i].bit & 1);
        }
    }
    /* TT_LE, TT_BE */
    if (profile->reported) {
        g_assert_cmpuint(profile->features >> 2 & 3, ==,
                         extract32(profile->smmu.idr[0], 21, 2) ? 1 : 3);
    }
    /* nesting requires both stages, and S2FWB or CANWBS */
    g_assert_cmphex(profile->smmu.idr[0] & 3, ==, 3);
    g_assert_true(profile->canwbs || profile->smmu.idr[3] & IDR3_FWB);
}

/* --- use of the device -------------------------------------------------- */

static void wait_until(Dut *dut, int64_t *end)
{
    if (!*end) {
        *end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;
    }
    g_assert_cmpint(g_get_monotonic_time(), <, *end);
    dut_pause(dut);
}

/* DMA by the guest's tables, which change; by ranges if the SMMU has them */
static void use_dma(Dut *dut)
{
    bool ril = smmu_read(&dut->smmu, SMMU_IDR3) & IDR3_RIL;
    uint64_t one = dut_map_new(dut, DUT_IOVA), two;

    dut_translate(dut);
    edu_load(dut);
    dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, one, one), ==, one);
    two = dut_map_new(dut, DUT_IOVA);
    dut_command(dut, CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID),
                DUT_IOVA | (ril ? CMD_TG(dut->pt.log2page) | CMD_TTL(3) : 0));
    g_assert_cmphex(edu_where(dut, DUT_IOVA, one, two), ==, two);
    g_assert_true(edu_reads(dut, DUT_IOVA, two));
}

/* The STE allows ATS only if the SMMU has it. */
static void use_ats(Dut *dut)
{
    uint64_t page = dut_map_new(dut, IOVA2);

    if (smmu_read(&dut->smmu, SMMU_IDR0) & IDR0_ATS) {
        dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS | STE_EATS(1));
        dut_command(dut, CMD_ATC_INV | CMD_SID(dut->sid), IOVA2);
        edu_load(dut);
        g_assert_cmphex(edu_where(dut, IOVA2, page, page), ==, page);
        g_assert_cmpuint(dut->model->control->state[0].ats, ==, 1);
        dut_translate(dut);
    }
    g_assert_cmpuint(dut->model->control->state[0].ats, ==, 0);
}

static void use_msi(Dut *dut, const Gic *gic, unsigned n)
{
    int64_t end = 0;

    pci_enable_msi(&dut->edu, gic->doorbell, gic_data(gic, n));
    edu_raise(dut, 1);
    while (!gic_take(gic, n)) {
        wait_until(dut, &end);
    }
    edu_lower(dut, 1);
    pci_disable_msi(&dut->edu);
}

static void use_event(Dut *dut)
{
    SmmuEvent event;
    int64_t end = 0;

    edu_write(dut, UNMAPPED, 4);
    while (!smmu_next_event(&dut->smmu, &event)) {
        wait_until(dut, &end);
    }
    g_assert_cmphex(event.type, ==, EVENT_F_TRANSLATION);
    g_assert_cmphex(event.sid, ==, dut->sid);
    g_assert_cmphex(event.address, ==, UNMAPPED);
    g_assert_false(event.read);
}

static void use(Dut *dut, const Gic *gic, unsigned n)
{
    use_dma(dut);
    use_ats(dut);
    if (gic) {
        use_msi(dut, gic, n);
    }
    use_event(dut);
}

static void reset(Dut *dut)
{
    qtest_system_reset(dut->qts);
    dut_enumerate(dut);
    dut_start_smmu(dut);
    dut_enable(dut);
}

/* Everything that a device goes through, with pages of 1 << @log2page */
static void run(const HostProfile *profile, unsigned log2page)
{
    const DutConfig config = { .port = true, .log2page = log2page };
    uint32_t idr[6];
    Dut *dut;
    Gic gic;

    expect(profile, idr);
    dut = dut_start(&config);
    assert_registers(dut, idr);
    gic = gic_init(&dut->ram, false, dut->sid);
    dut_enable(dut);
    use(dut, &gic, 0);

    reset(dut);
    assert_registers(dut, idr);
    use(dut, NULL, 0);

    hotplug_remove(dut, 0);
    g_assert_cmpuint(dut_live(dut), <=, 1);
    assert_registers(dut, idr);
    hotplug(dut);
    assert_registers(dut, idr);
    use(dut, NULL, 0);
    dut_stop(dut);
}

static void test_cold(const void *data)
{
    g_autoptr(HostProfile) profile = load(data);

    if (profile->smmu.idr[5] & IDR5_GRAN4K) {
        run(profile, 12);
    }
    if (profile->smmu.idr[5] & IDR5_GRAN16K) {
        run(profile, 14);
    }
    if (profile->smmu.idr[5] & IDR5_GRAN64K) {
        run(profile, 16);
    }
}

/* A guest that was started without a device can have one of every host. */
static void test_hot(const void *data)
{
    static const DutConfig config = { .port = true, .unplugged = true };
    g_autoptr(HostProfile) profile = load(data);
    Dut *dut = dut_start(&config);

    assert_registers(dut, modest);
    dut_enable(dut);
    for (unsigned i = 0; i < 2; i++) {
        hotplug(dut);
        assert_registers(dut, modest);
        use(dut, NULL, 0);
        hotplug_remove(dut, 0);
    }
    dut_stop(dut);
}

/* --- command lines of the field ------------------------------------------ */

/* NVIDIA's and KubeVirt's for Grace; on other hosts what they ask for lacks */
static void test_grace_options(const void *unused)
{
    static const struct {
        const char *host, *message;
    } hosts[] = {
        { "grace", NULL },
        { "kunpeng920", "IDR1.SSIDSIZE is 0x14 in 'smmu0' and 0x10 on the "
          "host" },
        { "mmu700", "IDR0.ATS is 0x1 in 'smmu0' and 0x0 on the host" },
        { "emulated", "IDR5.OAS is 0x5 in 'smmu0' and 0x4 on the host" },
    };
    g_autofree char *smmu = dut_smmu_args(",ats=on,ril=off,ssidsize=20,"
                                          "oas=48");
    g_autofree char *device = dut_device_args(0, "");
    g_autofree char *args = g_strdup_printf("%s %s", smmu, device);

    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autoptr(HostProfile) profile = load(hosts[i].host);

        dut_enter();
        if (hosts[i].message) {
            machine_assert_refused(args, hosts[i].message);
        } else {
            machine_assert_accepted(args);
        }
        dut_leave();
    }
}

static void add(const char *group, const char *name, GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/hosts/%s/%s", group, name);

    dut_test(path, DUT_MODELED, func, name);
}

int main(int argc, char **argv)
{
    g_auto(GStrv) names = NULL;

    machine_test_init(&argc, &argv);
    names = profile_names();
    for (char **name = names; *name; name++) {
        g_autofree char *path = g_strdup_printf("/hosts/features/%s", *name);

        base_data_test(path, *name, test_features);
        add("cold", *name, test_cold);
        add("hot", *name, test_hot);
    }
    dut_test("/hosts/grace-options", DUT_MODELED, test_grace_options, NULL);
    return g_test_run();
}
