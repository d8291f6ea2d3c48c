/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ACPI reports of an accelerated SMMUv3: the window of the physical MSIs
 * (RMR), ATS, and that firmware's PCI set-up has to be kept.
 */
#include "qemu/osdep.h"
#include "standard-headers/linux/pci_regs.h"
#include "acpi.h"
#include "pci.h"

#define MSI_WINDOW_BASE 0x8000000
#define MSI_WINDOW_SIZE 0x100000

#define PXB "-device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 " \
            "-device pxb-pcie,id=pcie.2,bus=pcie.0,bus_nr=16 "
#define TWO PXB "-device arm-smmuv3,primary-bus=pcie.1,accel=on " \
            "-device arm-smmuv3,primary-bus=pcie.2,accel=on "

typedef struct Acpi {
    GBytes *blob;
    AcpiTableView iort;
    GArray *nodes;
} Acpi;

static void read_acpi(QTestState *qts, Acpi *acpi)
{
    acpi->blob = acpi_read_file(qts, ACPI_TABLES);
    acpi->iort = acpi_find(acpi->blob, "IORT");
    acpi->nodes = iort_nodes(acpi->iort);
}

static void build_acpi(const char *args, Acpi *acpi)
{
    QTestState *qts = machine_start("%s", args);

    read_acpi(qts, acpi);
    qtest_quit(qts);
}

static void free_acpi(Acpi *acpi)
{
    g_array_unref(acpi->nodes);
    g_bytes_unref(acpi->blob);
}

/* Returns: the root complex's mapping to the SMMU node at @offset */
static IortMapping mapping_to(const Acpi *acpi, uint32_t offset)
{
    IortNode rc = iort_nth(acpi->nodes, IORT_ROOT_COMPLEX, 0);

    for (unsigned i = 0; i < rc.num_mappings; i++) {
        IortMapping mapping = iort_mapping(&rc, i);

        if (mapping.reference == offset) {
            return mapping;
        }
    }
    g_error("the root complex has no mapping to the SMMU at 0x%x", offset);
}

/*
 * RMR node @n names the window, for all the IDs that reach its SMMU.
 * Returns: the mapping.
 */
static IortMapping assert_rmr(const Acpi *acpi, unsigned n)
{
    IortNode rmr = iort_nth(acpi->nodes, IORT_RMR, n);
    uint32_t descriptor = iort_u32(&rmr, 24);
    IortMapping mapping = iort_mapping(&rmr, 0);
    IortMapping ids = mapping_to(acpi, mapping.reference);

    g_assert_cmpuint(rmr.revision, ==, 3);
    /* no remapping permitted, not privileged, Device-nGnRE */
    g_assert_cmphex(iort_u32(&rmr, 16), ==, 1 << 2);
    g_assert_cmpuint(iort_u32(&rmr, 20), ==, 1);
    g_assert_cmphex(iort_u64(&rmr, descriptor), ==, MSI_WINDOW_BASE);
    g_assert_cmphex(iort_u64(&rmr, descriptor + 8), ==, MSI_WINDOW_SIZE);
    g_assert_cmphex(iort_u32(&rmr, descriptor + 16), ==, 0);

    g_assert_cmpuint(rmr.num_mappings, ==, 1);
    g_assert_cmphex(mapping.flags, ==, 0);
    /* StreamIDs: what the root complex makes of its RIDs */
    g_assert_cmphex(mapping.input, ==, ids.output);
    g_assert_cmphex(mapping.output, ==, ids.output);
    g_assert_cmphex(mapping.count, ==, ids.count);
    g_assert_cmphex(ids.input, ==, ids.output);
    return mapping;
}

/* Does the SMMU that the mapping leads to have its registers at @base? */
static void assert_leads_to(const Acpi *acpi, IortMapping mapping,
                            uint64_t base)
{
    for (unsigned i = 0; i < iort_count(acpi->nodes, IORT_SMMUV3); i++) {
        IortNode smmu = iort_nth(acpi->nodes, IORT_SMMUV3, i);

        if (smmu.offset == mapping.reference) {
            g_assert_cmphex(iort_u64(&smmu, 16), ==, base);
            return;
        }
    }
    g_error("reference 0x%x is no SMMUv3 node", mapping.reference);
}

static void assert_distinct_ids(const Acpi *acpi)
{
    for (guint i = 0; i < acpi->nodes->len; i++) {
        for (guint j = 0; j < i; j++) {
            g_assert_cmpuint(g_array_index(acpi->nodes, IortNode, i).id, !=,
                             g_array_index(acpi->nodes, IortNode, j).id);
        }
    }
}

static void test_rmr_one(const void *args)
{
    Acpi acpi;
    IortMapping mapping;

    build_acpi(args, &acpi);
    g_assert_cmpuint(acpi_u8(acpi.iort, 8), ==, 5);
    g_assert_cmpuint(iort_count(acpi.nodes, IORT_SMMUV3), ==, 1);
    g_assert_cmpuint(iort_count(acpi.nodes, IORT_RMR), ==, 1);
    assert_distinct_ids(&acpi);
    mapping = assert_rmr(&acpi, 0);
    assert_leads_to(&acpi, mapping, VIRT_PLATFORM_BUS);
    g_assert_cmphex(mapping.input, ==, 0);
    g_assert_cmphex(mapping.count, ==, 0x100);
    free_acpi(&acpi);
}

static void test_rmr_two(void)
{
    Acpi acpi;
    IortMapping mapping[2];
    unsigned second;

    build_acpi(TWO, &acpi);
    g_assert_cmpuint(acpi_u8(acpi.iort, 8), ==, 5);
    g_assert_cmpuint(iort_count(acpi.nodes, IORT_SMMUV3), ==, 2);
    g_assert_cmpuint(iort_count(acpi.nodes, IORT_RMR), ==, 2);
    assert_distinct_ids(&acpi);
    mapping[0] = assert_rmr(&acpi, 0);
    mapping[1] = assert_rmr(&acpi, 1);
    second = mapping[0].input == 0x800;
    g_assert_cmphex(mapping[!second].input, ==, 0x800);
    g_assert_cmphex(mapping[second].input, ==, 0x1000);
    assert_leads_to(&acpi, mapping[!second], VIRT_PLATFORM_BUS);
    assert_leads_to(&acpi, mapping[second],
                    VIRT_PLATFORM_BUS + VIRT_SMMU_SIZE);
    free_acpi(&acpi);
}

/* An emulated SMMU beside it gets none: its MSIs are translated */
static void test_rmr_mixed(void)
{
    Acpi acpi;

    build_acpi(PXB "-device arm-smmuv3,primary-bus=pcie.1 "
               "-device arm-smmuv3,primary-bus=pcie.2,accel=on", &acpi);
    g_assert_cmpuint(iort_count(acpi.nodes, IORT_SMMUV3), ==, 2);
    g_assert_cmpuint(iort_count(acpi.nodes, IORT_RMR), ==, 1);
    g_assert_cmphex(assert_rmr(&acpi, 0).input, ==, 0x1000);
    free_acpi(&acpi);
}

/* Bus numbers are firmware's: the tables that it reads have them */
static void test_rmr_buses(void)
{
    Acpi acpi;
    IortMapping mapping;
    PciFunction port = {
        machine_start(ACCEL_SMMU " -device pcie-root-port,id=rp0,bus=pcie.0,"
                      "addr=3,chassis=1"), 0, PCI_SLOT_DEVFN(3)
    };

    pci_writeb(&port, PCI_PRIMARY_BUS, 0);
    pci_writeb(&port, PCI_SECONDARY_BUS, 1);
    pci_writeb(&port, PCI_SUBORDINATE_BUS, 2);
    read_acpi(port.qts, &acpi);
    mapping = assert_rmr(&acpi, 0);
    g_assert_cmphex(mapping.input, ==, 0);
    g_assert_cmphex(mapping.count, ==, 0x300);
    free_acpi(&acpi);
    qtest_quit(port.qts);
}

static void assert_ats(const char *args, uint32_t expected)
{
    Acpi acpi;
    IortNode rc;

    build_acpi(args, &acpi);
    rc = iort_nth(acpi.nodes, IORT_ROOT_COMPLEX, 0);
    g_assert_cmphex(iort_u32(&rc, 24), ==, expected);
    free_acpi(&acpi);
}

/* Without a device: auto.c has one, which decides. */
static void test_ats(void)
{
    assert_ats(ACCEL_SMMU, 0);
    assert_ats(ACCEL_SMMU ",ats=auto", 0);
    assert_ats(ACCEL_SMMU ",ats=off", 0);
    assert_ats(ACCEL_SMMU ",ats=on", 1);
    assert_ats(EMULATED_SMMU, 0);
}

static void test_revision_without(void)
{
    Acpi acpi;

    build_acpi(EMULATED_SMMU, &acpi);
    g_assert_cmpuint(acpi_u8(acpi.iort, 8), ==, 3);
    g_assert_cmpuint(iort_count(acpi.nodes, IORT_RMR), ==, 0);
    free_acpi(&acpi);
}

/* AML of the host bridges' _DSM up to the UUID of PCI firmware */
static const uint8_t dsm_name[] = { '_', 'D', 'S', 'M' };
#define DSM_NAME_TO_UUID 13
static const uint8_t dsm_uuid[] = {
    0xd0, 0x37, 0xc9, 0xe5, 0x53, 0x35, 0x7a, 0x4d,
    0x91, 0x17, 0xea, 0x4d, 0x19, 0xc3, 0x43, 0x4d
};
/* Return (Buffer (1) {0x21}): functions 0 and 5; Buffer (1) {0}: none */
static const uint8_t dsm_functions[] = { 0xa4, 0x11, 0x03, 0x01, 0x21 };
static const uint8_t dsm_no_functions[] = { 0xa4, 0x11, 0x03, 0x01, 0x00 };
/* If (Arg2 == 5) { Return (0) } */
static const uint8_t dsm_function_5[] = {
    0xa0, 0x07, 0x93, 0x6a, 0x0a, 0x05, 0xa4, 0x00
};

/* _DSM methods follow each other: each one's part of the table */
static void assert_dsm(const char *args, unsigned bridges, bool function_5)
{
    Acpi acpi;
    AcpiTableView dsdt, method;
    unsigned methods = 0;

    build_acpi(args, &acpi);
    dsdt = acpi_find(acpi.blob, "DSDT");
    for (size_t i = DSM_NAME_TO_UUID; i + sizeof(dsm_uuid) <= dsdt.size; i++) {
        if (memcmp(dsdt.data + i, dsm_uuid, sizeof(dsm_uuid)) ||
            memcmp(dsdt.data + i - DSM_NAME_TO_UUID, dsm_name,
                   sizeof(dsm_name))) {
            continue;
        }
        methods++;
        method.data = dsdt.data + i;
        method.size = MIN(64, dsdt.size - i);
        g_assert_cmpuint(acpi_count(method, dsm_functions,
                                    sizeof(dsm_functions)), ==, function_5);
        g_assert_cmpuint(acpi_count(method, dsm_function_5,
                                    sizeof(dsm_function_5)), ==, function_5);
        /* also the answer for any other UUID */
        g_assert_cmpuint(acpi_count(method, dsm_no_functions,
                                    sizeof(dsm_no_functions)), ==,
                         function_5 ? 1 : 2);
    }
    g_assert_cmpuint(methods, ==, bridges);
    free_acpi(&acpi);
}

static void test_dsm(void)
{
    assert_dsm(ACCEL_SMMU, 1, true);
    assert_dsm(PXB ACCEL_SMMU, 3, true);
    assert_dsm(TWO, 3, true);
    assert_dsm("-machine its=off " ACCEL_SMMU, 1, true);
}

static void test_dsm_without(void)
{
    assert_dsm("", 1, false);
    assert_dsm(EMULATED_SMMU, 1, false);
    assert_dsm(PXB EMULATED_SMMU, 3, false);
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    base_data_test("/iort/rmr/one", ACCEL_SMMU, test_rmr_one);
    base_data_test("/iort/rmr/its-off", "-machine its=off " ACCEL_SMMU,
                   test_rmr_one);
    base_data_test("/iort/rmr/gic-2", "-machine gic-version=2 "
                   ACCEL_SMMU, test_rmr_one);
    base_test("/iort/rmr/two", test_rmr_two);
    base_test("/iort/rmr/mixed", test_rmr_mixed);
    base_test("/iort/rmr/buses", test_rmr_buses);
    base_test("/iort/ats", test_ats);
    base_test("/iort/without", test_revision_without);
    base_test("/dsm/accelerated", test_dsm);
    base_test("/dsm/without", test_dsm_without);
    return g_test_run();
}
