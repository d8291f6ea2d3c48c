/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a device behind a root port: plugged hot or cold, used,
 * unplugged, plugged again; with the SMMU on or off, during DMA. On the model
 * nothing of it may be left over.
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/pci_regs.h"
#include "gic.h"
#include "hotplug.h"

#define IOVA2 (DUT_IOVA + 0x100000)

static const DutConfig empty_port = { .port = true, .unplugged = true };
static const DutConfig full_port = { .port = true };

/* DMA by the tables, and a change of them */
static void use(Dut *dut)
{
    uint64_t one = dut_map_new(dut, DUT_IOVA), two;

    dut_translate(dut);
    edu_load(dut);
    dut_command(dut, CMD_TLBI_NSNH_ALL, 0);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, one, one), ==, one);
    two = dut_map_new(dut, DUT_IOVA);
    dut_command(dut, CMD_TLBI_NH_VA | CMD_ASID(DUT_ASID), DUT_IOVA);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, one, two), ==, two);
    g_assert_true(edu_reads(dut, DUT_IOVA, two));
}

/* Plugs device 1 behind rp1; QEMU refuses it with @message, or takes it */
static void assert_passed(Dut *dut, int fd, const char *message)
{
    g_autofree char *number = g_strdup_printf("%d", fd);
    QDict *answer = qtest_qmp(dut->qts, "{'execute': 'device_add', "
                              "'arguments': {'driver': 'vfio-pci', "
                              "'id': 'dev1', 'bus': 'rp1', 'fd': %s, "
                              "'iommufd': 'passed'}}", number);
    QDict *error = qdict_get_qdict(answer, "error");

    g_assert_true(!error == !message);
    g_assert_true(!error || base_says(qdict_get_str(error, "desc"), message));
    qobject_unref(answer);
}

/* As management passes descriptors to a QEMU that may not open them */
static void test_passed(const void *unused)
{
    int fds[] = { km_iommu_fd(), km_device_fd(0), km_device_fd(1),
                  km_device_fd(1) };
    g_autofree char *args = g_strdup_printf(
        "-object iommufd,id=passed,fd=%d "
        "-device vfio-pci,id=dev0,iommufd=passed,fd=%d,bus=rp0 "
        "-device pcie-root-port,id=rp1,bus=pcie.0,addr=5,chassis=2", fds[0],
        fds[1]);
    const DutConfig config = { .port = true, .unplugged = true, .args = args };
    struct km_device_config *second = &dut_model()->control->device[1];
    Dut *dut;

    dut = dut_start(&config);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        close(fds[i]);
    }
    dut_enable(dut);
    use(dut);
    /* the group is found by the descriptor's device number */
    second->group = dut->model->control->device[0].group;
    g_assert_true(km_write_tree(dut->model));
    assert_passed(dut, fds[2], "is in the same IOMMU group");
    second->group++;
    g_assert_true(km_write_tree(dut->model));
    assert_passed(dut, fds[3], NULL);
    hotplug_remove(dut, 0);
    dut_stop(dut);
}

static void test_cycles(const void *data)
{
    Dut *dut = dut_start(&empty_port);
    unsigned before = dut_live(dut), in_use = 0;

    dut_enable(dut);
    for (unsigned i = 0; i < 4; i++) {
        hotplug(dut);
        use(dut);
        g_assert_true(i == 0 || dut_live(dut) == in_use);
        in_use = dut_live(dut);
        hotplug_remove(dut, 0);
        if (i == 0) {
            /* the address space of the VM stays once there is one */
            before = dut_live(dut);
        }
        g_assert_cmpuint(dut_live(dut), ==, before);
    }
    if (dut->model) {
        g_assert_cmpuint(before, <=, 1);
    }
    dut_stop(dut);
}

static void test_cold(const void *unused)
{
    Dut *dut = dut_start_translating(&full_port);

    use(dut);
    hotplug_remove(dut, 0);
    g_assert_cmpuint(dut_live(dut), <=, 1);
    hotplug(dut);
    use(dut);
    dut_stop(dut);
}

/* The STE is there already: it counts from the first moment */
static void test_ste_waits(const void *unused)
{
    Dut *dut = dut_start(&empty_port);
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    dut_translate(dut);
    dut_enable(dut);
    for (unsigned i = 0; i < 2; i++) {
        hotplug(dut);
        edu_load(dut);
        g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
        hotplug_remove(dut, 0);
    }
    dut_stop(dut);
}

/* GBPA holds for a device that comes later; so does SMMUEN */
static void test_smmu_off(const void *unused)
{
    Dut *dut = dut_start(&empty_port);
    uint64_t page = dut_map_new(dut, DUT_IOVA);

    smmu_write(&dut->smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_ABORT);
    hotplug(dut);
    g_assert_false(edu_reads(dut, page, page));
    smmu_write(&dut->smmu, SMMU_GBPA, GBPA_UPDATE | GBPA_RESET);
    g_assert_true(edu_reads(dut, page, page));
    hotplug_remove(dut, 0);

    hotplug(dut);
    g_assert_true(edu_reads(dut, page, page));
    dut_translate(dut);
    dut_enable(dut);
    edu_load(dut);
    g_assert_cmphex(edu_where(dut, DUT_IOVA, page, page), ==, page);
    dut_disable(dut);
    g_assert_true(edu_reads(dut, page, page));
    dut_stop(dut);
}

static void test_during_dma(const void *unused)
{
    Dut *dut = dut_start(&empty_port);

    dut_enable(dut);
    for (unsigned i = 0; i < 3; i++) {
        hotplug(dut);
        use(dut);
        edu_start_write(dut, DUT_IOVA, 4096, true);
        hotplug_remove(dut, 0);
        dut_pause(dut);
        g_assert_cmpuint(dut_live(dut), <=, 1);
    }
    dut_stop(dut);
}

/* A reset of the machine while the slot is in use, and while it is empty */
static void test_reset(const void *unused)
{
    Dut *dut = dut_start_translating(&full_port);

    for (unsigned i = 0; i < 2; i++) {
        use(dut);
        if (i) {
            hotplug_remove(dut, 0);
        }
        qtest_system_reset(dut->qts);
        dut_enumerate(dut);
        dut_start_smmu(dut);
        dut_enable(dut);
        if (i) {
            hotplug(dut);
        }
    }
    use(dut);
    dut_stop(dut);
}

static void test_interrupt(const void *unused)
{
    Dut *dut = dut_start(&empty_port);
    Gic gic = gic_init(&dut->ram, false, dut->sid);

    dut_enable(dut);
    for (unsigned i = 0; i < 2; i++) {
        int64_t end = g_get_monotonic_time() + DUT_DEADLINE * G_USEC_PER_SEC;

        hotplug(dut);
        dut_translate(dut);
        pci_enable_msi(&dut->edu, gic.doorbell, gic_data(&gic, i));
        edu_raise(dut, 1);
        while (!gic_take(&gic, i)) {
            g_assert_cmpint(g_get_monotonic_time(), <, end);
            dut_pause(dut);
        }
        hotplug_remove(dut, 0);
    }
    dut_stop(dut);
}

#define SECOND_BAR (VIRT_PCI_MMIO + 0x2000000)

/* Makes the SMMU translate for @dev, one of two, by its own tables */
static void install(Dut *dut, const Dut *dev)
{
    strtab_set_stage1(&dut->strtab, dev->sid, dev->cd);
    dut_command(dut, CMD_CFGI_STE | CMD_SID(dev->sid), CFGI_LEAF);
}

/*
 * A second device behind the same SMMU, on the root bus: with its own tables,
 * its own commands, and whatever becomes of the first one.
 */
static Dut second_device(Dut *dut, uint8_t bus, uint8_t devfn)
{
    Dut second = *dut;

    second.edu = (PciFunction) { dut->qts, bus, devfn };
    second.bar = SECOND_BAR;
    second.sid = bus << 8 | devfn;
    second.pt = pt_new(&dut->ram, 12, 48);
    pt_map(&second.pt, dut->buffer, dut->buffer);
    second.cd = cd_new(&dut->ram, &second.pt, DUT_ASID + 1);
    pci_enable(&second.edu, second.bar);
    install(dut, &second);
    return second;
}

static void test_two(const void *unused)
{
    g_autofree char *device = dut_device_args(1, ",bus=pcie.0,addr=5");
    DutConfig config = full_port;
    Dut *dut, second;
    uint64_t page, other;

    config.args = device;
    dut = dut_start_translating(&config);
    second = second_device(dut, 0, PCI_SLOT_DEVFN(5));
    page = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
    other = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
    pt_map(&second.pt, DUT_IOVA, page);
    edu_load(&second);
    use(dut);
    g_assert_cmphex(edu_where(&second, DUT_IOVA, page, other), ==, page);

    /* what ends the first one's access does not end the second one's */
    pt_map(&second.pt, DUT_IOVA, other);
    dut_set_ste(dut, STE_ABORT, 0);
    dut_command(dut, CMD_TLBI_NH_ASID | CMD_ASID(DUT_ASID), 0);
    if (dut_backend() != DUT_REAL) {
        g_assert_cmphex(edu_where(&second, DUT_IOVA, page, other), ==, page);
    }
    hotplug_remove(dut, 0);
    dut_command(dut, CMD_TLBI_NH_ASID | CMD_ASID(DUT_ASID + 1), 0);
    g_assert_cmphex(edu_where(&second, DUT_IOVA, page, other), ==, other);
    hotplug(dut);
    use(dut);
    g_assert_cmphex(edu_where(&second, DUT_IOVA, page, other), ==, other);
    dut_stop(dut);
}

static void set_bus(Dut *dev, const PciFunction *port, uint8_t bus)
{
    uint16_t window = dev->bar >> 16 & 0xfff0;

    pci_writeb(port, PCI_SECONDARY_BUS, bus);
    pci_writeb(port, PCI_SUBORDINATE_BUS, bus);
    pci_writew(port, PCI_MEMORY_BASE, window);
    pci_writew(port, PCI_MEMORY_LIMIT, window);
    dev->edu.bus = bus;
    dev->sid = bus << 8 | dev->edu.devfn;
}

/* Two buses swap their numbers: each StreamID is the other device's now */
static void test_swap(const void *unused)
{
    g_autofree char *device = dut_device_args(1, ",bus=rp1");
    g_autofree char *args = g_strdup_printf("-device pcie-root-port,id=rp1,"
        "bus=pcie.0,addr=6,chassis=2 %s", device);
    DutConfig config = full_port;
    Dut *dut, second;
    uint64_t page, other;

    config.args = args;
    dut = dut_start_translating(&config);
    PciFunction port = { dut->qts, 0, PCI_SLOT_DEVFN(6) };

    second = *dut;
    second.bar = SECOND_BAR;
    second.edu.bus = 2;
    set_bus(&second, &port, 2);
    pci_enable(&port, VIRT_PCI_MMIO + 0x10000);
    second = second_device(dut, 2, 0);
    page = dut_map_new(dut, DUT_IOVA);
    other = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
    pt_map(&second.pt, DUT_IOVA, other);
    edu_load(&second);
    dut->pattern = second.pattern;
    edu_load(dut);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmphex(edu_where(dut, DUT_IOVA, page, other), ==, page);
        g_assert_cmphex(edu_where(&second, DUT_IOVA, page, other), ==, other);
        set_bus(dut, &dut->port, i % 2 ? 1 : 2);
        set_bus(&second, &port, i % 2 ? 2 : 1);
        if (i == 1) {
            install(dut, dut);
            install(dut, &second);
        } else {
            install(dut, &second);
            install(dut, dut);
        }
    }
    dut_stop(dut);
}

/*
 * The device does not stop its DMA when it is unplugged. The IOVA that it
 * writes to is the address of some RAM as well, which must stay as it is.
 */
static void test_dma_goes_on(const void *unused)
{
    Dut *dut = dut_start_translating(&full_port);
    struct km_keep_dma *keep = &dut->model->control->keep_dma[0];
    uint64_t ram = ram_alloc(&dut->ram, PAGE_4K, PAGE_4K);
    uint64_t page = dut_map_new(dut, ram);

    keep->iova = ram;
    keep->marker = 0x5aa5c33c0ff0f00full;
    keep->on = 1;
    dut_set_ste(dut, STE_ABORT, 0);
    dut_translate(dut);
    /* it does DMA, and where stage 1 leads it */
    g_assert_cmphex(qtest_readq(dut->qts, page), ==, keep->marker);
    uint32_t tries = keep->tries;

    hotplug_remove(dut, 0);
    g_assert_cmpuint(keep->tries, >, tries);
    g_assert_cmphex(qtest_readq(dut->qts, ram), ==, 0);
    dut_stop(dut);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    dut_test("/plug/cycles", 0, test_cycles, NULL);
    dut_test("/plug/cold", 0, test_cold, NULL);
    dut_test("/plug/passed", DUT_MODELED, test_passed, NULL);
    dut_test("/plug/ste-waits", 0, test_ste_waits, NULL);
    dut_test("/plug/smmu-off", 0, test_smmu_off, NULL);
    dut_test("/plug/during-dma", 0, test_during_dma, NULL);
    dut_test("/plug/reset", 0, test_reset, NULL);
    dut_test("/plug/two", DUT_TWO, test_two, NULL);
    dut_test("/plug/swap", DUT_TWO, test_swap, NULL);
    dut_test("/plug/interrupt", 0, test_interrupt, NULL);
    dut_test("/plug/dma-goes-on", DUT_MODELED, test_dma_goes_on, NULL);
    return g_test_run();
}
