/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Substreams: if the host has them, or with ssidsize=, the guest finds a PASID
 * capability in a device that supports PASIDs. It may then use a table of CDs,
 * and DMA with a PASID is translated by the PASID's CD.
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "standard-headers/linux/pci_regs.h"
#include "hotplug.h"
#include "log.h"

#define HW_CAP_EXEC (1u << 1)   /* IOMMU_HW_CAP_PCI_PASID_EXEC */
#define HW_CAP_PRIV (1u << 2)
#define S1DSS_CD0   FIELD_PREP(STE1_S1DSS, S1DSS_SSID0)   /* no PASID: CD 0 */
#define S1DSS_GPA   FIELD_PREP(STE1_S1DSS, S1DSS_BYPASS)  /* no stage 1 */
#define S1FMT(n)    FIELD_PREP(STE0_S1FMT, n)

static void set_host(unsigned ssidsize, bool cd2l, unsigned max_pasid)
{
    struct km_control *control = dut_model()->control;
    uint32_t *idr = control->smmu[0].idr;

    idr[1] = deposit32(idr[1], 6, 5, ssidsize);
    idr[0] = deposit32(idr[0], 19, 1, cd2l) | IDR0_ATS;
    control->device[0].max_pasid_log2 = max_pasid;
}

/* --- the capability ------------------------------------------------- */

static unsigned pasid_capability(const Dut *dut)
{
    bool last = false;
    unsigned offset = pci_ext_cap(&dut->edu, PCI_EXT_CAP_ID_PASID, &last);

    g_assert_true(!offset || last);
    return offset;
}

typedef struct Shown {
    const char *name;
    const char *options;
    unsigned max_pasid;
    uint32_t hw_caps;
    unsigned width;      /* 0: not shown */
} Shown;

static const Shown shown[] = {
    { "no-ssidsize", ",ssidsize=0", 10, 0, 0 },
    { "default", "", 10, HW_CAP_EXEC, 10 },
    { "no-pasid", ",ssidsize=16", 0, 0, 0 },
    { "device-less", ",ssidsize=16", 10, HW_CAP_EXEC, 10 },
    { "smmu-less", ",ssidsize=8", 20, HW_CAP_PRIV, 8 },
    { "both", ",ssidsize=16", 16, HW_CAP_EXEC | HW_CAP_PRIV, 16 },
    { "auto", ",ssidsize=auto", 20, 0, 16 },
    { "auto-no-pasid", ",ssidsize=auto", 0, 0, 0 },
};

static void test_shown(const void *data)
{
    const Shown *c = data;
    const DutConfig config = { .smmu = c->options };
    Dut *dut;
    unsigned offset;
    uint16_t value;

    set_host(16, true, c->max_pasid);
    dut_model()->control->device[0].hw_caps = c->hw_caps;
    dut = dut_start(&config);
    offset = pasid_capability(dut);
    g_assert_true(!offset == !c->width);
    if (offset) {
        value = pci_readw(&dut->edu, offset + PCI_PASID_CAP);
        g_assert_cmpuint(value >> 8 & 0x1f, ==, c->width);
        g_assert_true(!!(value & PCI_PASID_CAP_EXEC) ==
                      !!(c->hw_caps & HW_CAP_EXEC));
        g_assert_true(!!(value & PCI_PASID_CAP_PRIV) ==
                      !!(c->hw_caps & HW_CAP_PRIV));
    }
    dut_stop(dut);
}

/* Without a device on the command line there are no substreams by default. */
static void test_hot(const void *unused)
{
    static const DutConfig config = { .port = true, .unplugged = true };
    Dut *dut;

    set_host(16, true, 16);
    dut = dut_start(&config);
    hotplug(dut);
    g_assert_cmphex(pasid_capability(dut), ==, 0);
    dut_stop(dut);
}

/* The control register is QEMU's: the device does not see writes to it. */
static void test_control(const void *unused)
{
    static const DutConfig config = { .smmu = ",ssidsize=16" };
    Dut *dut;
    unsigned control;
    uint32_t writes;

    set_host(16, true, 16);
    dut = dut_start(&config);
    control = pasid_capability(dut) + PCI_PASID_CTRL;
    g_assert_cmpuint(control, !=, PCI_PASID_CTRL);
    writes = dut->model->control->calls[KM_REGION_WRITE];
    g_assert_cmphex(pci_readw(&dut->edu, control), ==, 0);
    pci_writew(&dut->edu, control, 0xffff);
    g_assert_cmphex(pci_readw(&dut->edu, control), ==, 7);
    pci_writew(&dut->edu, control - 2, 0xffff);
    g_assert_cmpuint(pci_readw(&dut->edu, control - 2) >> 8 & 0x1f, ==, 16);
    g_assert_cmpuint(dut->model->control->calls[KM_REGION_WRITE], ==,
                     writes);
    qtest_system_reset(dut->qts);
    g_assert_cmphex(pci_readw(&dut->edu, control), ==, 0);
    dut_stop(dut);
}

static void test_offset(const void *unused)
{
    static const char *const bad[] = {
        "0x10", "0xfc", "0x102", "0xffc", "0x1000", "0x100",
    };
    g_autofree char *smmu = dut_smmu_args(",ssidsize=16");
    g_autofree char *good = dut_device_args(0, ",x-vpasid-cap-offset=0xf00");
    g_autofree char *args = g_strdup_printf("%s %s", smmu, good);

    set_host(16, true, 16);
    dut_enter();
    machine_assert_accepted(args);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *property = g_strdup_printf(",x-vpasid-cap-offset=%s",
                                                    bad[i]);
        g_autofree char *device = dut_device_args(0, property);
        g_autofree char *refused = g_strdup_printf("%s %s", smmu, device);

        machine_assert_refused(refused, "x-vpasid-cap-offset");
    }
    dut_leave();
}

/* Where it goes: 64 bytes of zeros that no other capability reaches into */
typedef struct Place {
    const char *name;
    struct km_ext_cap caps[3];
    uint8_t fill;
    const char *options;
    unsigned offset;         /* 0: nowhere */
} Place;

#define DSN { 0x100, PCI_EXT_CAP_ID_DSN, 1, { } }
#define LENGTH(n) ((n) << 20)

static const Place places[] = {
    { "end", { DSN }, 0, "", 0xff8 },
    { "vendor", { DSN, { 0xfc0, PCI_EXT_CAP_ID_VNDR, 1, { LENGTH(0x40) } } },
      0, "", 0xfb8 },
    { "short-vendor",
      { DSN, { 0xf00, PCI_EXT_CAP_ID_VNDR, 1, { LENGTH(0x20) } } },
      0, "", 0xff8 },
    { "dvsec", { DSN, { 0xfe0, PCI_EXT_CAP_ID_DVSEC, 1, { LENGTH(0x20) } } },
      0, "", 0xfd8 },
    { "unknown", { DSN, { 0xf00, 0x99, 1, { } } }, 0, "", 0xef8 },
    { "known", { DSN, { 0xf80, PCI_EXT_CAP_ID_ATS, 1, { } } }, 0, "", 0xff8 },
    { "in-between", { DSN, { 0x180, 0x99, 1, { } } }, 0, "", 0x178 },
    { "none", { DSN }, 0xff, "", 0 },
    { "wanted", { DSN }, 0xff, ",x-vpasid-cap-offset=0x200", 0x200 },
};

static void set_place(const Place *place)
{
    struct km_device_config *device = &dut_model()->control->device[0];

    set_host(16, true, 16);
    memcpy(device->ext_cap, place->caps, sizeof(place->caps));
    device->ext_fill = place->fill;
}

static void test_place(const void *data)
{
    const Place *place = data;
    g_autofree char *device = dut_device_args(0, place->options);
    g_autofree char *smmu = dut_smmu_args(",ssidsize=16");
    PciFunction pci = { NULL, 0, PCI_SLOT_DEVFN(1) };

    set_place(place);
    dut_enter();
    pci.qts = machine_start("%s %s", smmu, device);
    dut_leave();
    /* the device's own are still there */
    g_assert_cmphex(pci_ext_cap(&pci, PCI_EXT_CAP_ID_DSN, NULL), ==, 0x100);
    for (unsigned i = 1; i < 3 && place->caps[i].at; i++) {
        g_assert_cmphex(pci_ext_cap(&pci, place->caps[i].id, NULL), ==,
                        place->caps[i].at);
    }
    g_assert_cmphex(pci_ext_cap(&pci, PCI_EXT_CAP_ID_PASID, NULL), ==,
                    place->offset);
    qtest_quit(pci.qts);
}

static void test_taken_place(const void *unused)
{
    static const Place taken = {
        .caps = { DSN, { 0x200, 0x99, 1, { } } }
    };
    static const char *const offsets[] = { "0x104", "0x108", "0x1fc", "0x400" };
    g_autofree char *smmu = dut_smmu_args(",ssidsize=16");

    set_place(&taken);
    dut_enter();
    for (size_t i = 0; i < G_N_ELEMENTS(offsets); i++) {
        g_autofree char *options = g_strdup_printf(",x-vpasid-cap-offset=%s",
                                                   offsets[i]);
        g_autofree char *device = dut_device_args(0, options);
        g_autofree char *args = g_strdup_printf("%s %s", smmu, device);
        g_autofree char *message = g_strdup_printf(
            "x-vpasid-cap-offset=%s is where the device has another "
            "capability", offsets[i]);

        machine_assert_refused(args, message);
    }
    dut_leave();
}

/* --- tables of CDs -------------------------------------------------- */

typedef struct Substreams {
    uint64_t cds;         /* four of them */
    PageTable pt[4];
    uint64_t page[4];     /* what DUT_IOVA is by each */
} Substreams;

static Substreams make_substreams(Dut *dut)
{
    Substreams s = { .cds = ram_alloc(&dut->ram, 4 * CD_SIZE, 4 * CD_SIZE) };

    for (unsigned i = 0; i < 4; i++) {
        s.pt[i] = pt_new(&dut->ram, 12, 48);
        s.page[i] = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
        pt_map(&s.pt[i], DUT_IOVA, s.page[i]);
        cd_set(&dut->ram, s.cds + i * CD_SIZE, &s.pt[i], DUT_ASID + i);
    }
    pt_map(&s.pt[0], dut->buffer, dut->buffer);
    return s;
}

/* Writes with a PASID; returns whether @address got it */
static bool writes(Dut *dut, unsigned ssid, uint64_t address)
{
    uint32_t value = 0x12340000 | ++dut->pattern;
    uint64_t result;

    qtest_writel(dut->qts, address, 0);
    result = km_dma_ssid(dut->model, 0, ssid, DUT_IOVA, &value,
                         sizeof(value), true);
    g_assert_true((qtest_readl(dut->qts, address) == value) == !result);
    return !result;
}

static Dut *start_substreams(void)
{
    static const DutConfig config = { .smmu = ",ssidsize=16,ats=on" };
    Dut *dut;

    set_host(16, true, 16);
    dut = dut_start(&config);
    dut_enable(dut);
    return dut;
}

static void test_dma(const void *unused)
{
    Dut *dut = start_substreams();
    Substreams s = make_substreams(dut);
    uint64_t other = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);

    dut_set_ste(dut, STE_STAGE1 | STE_S1CDMAX(2) | s.cds,
                STE1_ATTRS | S1DSS_CD0);
    edu_load(dut);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, s.page[0], s.page[1]), ==,
                    s.page[0]);
    for (unsigned i = 1; i < 4; i++) {
        g_assert_true(writes(dut, i, s.page[i]));
    }
    g_assert_false(writes(dut, 4, other));

    /* the CD of one PASID changes: stale, until the guest says so */
    PageTable pt = pt_new(&dut->ram, 12, 48);

    pt_map(&pt, DUT_IOVA, other);
    cd_set(&dut->ram, s.cds + 2 * CD_SIZE, &pt, DUT_ASID + 9);
    g_assert_true(writes(dut, 2, s.page[2]));
    dut_command(dut, CMD_CFGI_CD | CMD_SSID(2) | CMD_SID(dut->sid),
                CFGI_LEAF);
    g_assert_true(writes(dut, 2, other));
    g_assert_true(writes(dut, 1, s.page[1]));

    /* as Linux does in an identity domain: DMA without a PASID bypasses */
    dut_set_ste(dut, STE_STAGE1 | STE_S1CDMAX(2) | s.cds,
                STE1_ATTRS | S1DSS_GPA);
    edu_load(dut);
    g_assert_cmphex(edu_where(dut, other, s.page[0], other), ==, other);
    g_assert_true(writes(dut, 1, s.page[1]));
    dut_stop(dut);
}

/* What the SMMU does not advertise aborts the DMA; the host never sees it */
static void test_bad_ste(const void *unused)
{
    static const DutConfig config = { .smmu = ",ssidsize=4" };
    Dut *dut;
    Substreams s;

    set_host(16, false, 16);
    dut = dut_start(&config);
    dut_enable(dut);
    s = make_substreams(dut);
    const uint64_t bad[] = {
        STE_S1CDMAX(5), STE_S1CDMAX(2) | S1FMT(1), STE_S1CDMAX(2) | S1FMT(2),
        STE_S1CDMAX(2) | S1FMT(3),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        dut_set_ste(dut, STE_STAGE1 | STE_S1CDMAX(2) | s.cds,
                    STE1_ATTRS | S1DSS_CD0);
        edu_load(dut);
        g_assert_cmphex(edu_where(dut, DUT_IOVA, s.page[0], s.page[1]), ==,
                        s.page[0]);
        dut_set_ste(dut, STE_STAGE1 | bad[i] | s.cds, STE1_ATTRS | S1DSS_CD0);
        g_assert_cmphex(edu_where(dut, DUT_IOVA, s.page[0], s.page[1]), ==, 0);
        g_assert_cmpuint(dut->model->control->state[0].ste, ==,
                         KM_STE_ABORT);
    }
    dut_stop(dut);
}

/* A SubstreamID that does not exist has nothing cached */
static void test_commands(const void *unused)
{
    static const DutConfig config = { .smmu = ",ssidsize=4,ats=on" };
    Dut *dut;
    Substreams s;
    uint64_t from;

    set_host(16, true, 16);
    dut = dut_start(&config);
    dut_enable(dut);
    s = make_substreams(dut);
    dut_set_ste(dut, STE_STAGE1 | STE_S1CDMAX(2) | s.cds,
                STE1_ATTRS | S1DSS_CD0 | STE_EATS(1));

    const uint64_t cd = CMD_CFGI_CD | CMD_SID(dut->sid);
    const uint64_t atc = CMD_ATC_INV | CMD0_SSV | CMD_SID(dut->sid);

    from = log_now(dut);
    dut_command(dut, cd | CMD_SSID(15), CFGI_LEAF);
    dut_command(dut, cd | CMD_SSID(16), CFGI_LEAF);
    dut_command(dut, atc | CMD_SSID(15), 0);
    dut_command(dut, atc | CMD_SSID(16), 0);
    /* for all of them: the SubstreamID means nothing */
    dut_command(dut, atc | CMD0_GLOBAL | CMD_SSID(16), 0);
    g_assert_cmpuint(log_count(dut, from, cd | CMD_SSID(15), CFGI_LEAF), ==, 1);
    g_assert_cmpuint(log_count(dut, from, cd | CMD_SSID(16), CFGI_LEAF), ==, 0);
    g_assert_cmpuint(log_count(dut, from, atc | CMD_SSID(15), 0), ==, 1);
    g_assert_cmpuint(log_count(dut, from, atc | CMD_SSID(16), 0), ==, 0);
    g_assert_cmpuint(log_count(dut, from, atc | CMD0_GLOBAL, 0), ==, 1);
    dut_stop(dut);
}

/* Translations of substreams that the device caches are dropped, too */
static void test_recovery(const void *unused)
{
    const uint64_t any = CMD0_SSV | CMD0_GLOBAL;    /* every PASID */
    Dut *dut = start_substreams();
    Substreams s = make_substreams(dut);
    uint64_t from, atc;

    dut_set_ste(dut, STE_STAGE1 | STE_S1CDMAX(2) | s.cds,
                STE1_ATTRS | S1DSS_CD0 | STE_EATS(1));
    atc = CMD_ATC_INV | CMD_SID(dut->sid);
    from = log_now(dut);
    km_fail(dut->model, 0, KM_HWPT_INVALIDATE, 1, EIO);
    dut_command(dut, CMD_TLBI_NH_ASID | CMD_ASID(DUT_ASID), 0);
    g_assert_cmpuint(log_count(dut, from, atc, 52), ==, 1);
    g_assert_cmpuint(log_count(dut, from, atc | any, 52), ==, 1);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
        g_autofree char *path = g_strdup_printf("/pasid/capability/%s",
                                                shown[i].name);

        dut_test(path, DUT_MODELED, test_shown, &shown[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_strdup_printf("/pasid/place/%s",
                                                places[i].name);

        dut_test(path, DUT_MODELED, test_place, &places[i]);
    }
    dut_test("/pasid/capability/hot", DUT_MODELED, test_hot, NULL);
    dut_test("/pasid/taken-place", DUT_MODELED, test_taken_place, NULL);
    dut_test("/pasid/control", DUT_MODELED, test_control, NULL);
    dut_test("/pasid/offset", DUT_MODELED, test_offset, NULL);
    dut_test("/pasid/dma", DUT_MODELED, test_dma, NULL);
    dut_test("/pasid/bad-ste", DUT_MODELED, test_bad_ste, NULL);
    dut_test("/pasid/commands", DUT_MODELED, test_commands, NULL);
    dut_test("/pasid/recovery", DUT_MODELED, test_recovery, NULL);
    return g_test_run();
}
