/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables of machines without an accelerated SMMUv3 are those of QEMU
 * 10.2.2 without the series, byte for byte. What they have to be is in
 * data/tables.ini as one digest a table, made from an unpatched QEMU:
 *   QTEST_QEMU_BINARY=FILE build/lab/tests/qtest/qtest-tables --update \
 *       tests/qtest/data/tables.ini
 * With BASELINE_QEMU=FILE they are compared with that QEMU's, too.
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "acpi.h"

#define EXPECTED "tables.ini"
#define PXB "-device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=8 " \
            "-device pxb-pcie,id=pcie.2,bus=pcie.0,bus_nr=16 "
#define TWO_EMULATED PXB "-device arm-smmuv3,primary-bus=pcie.1 " \
                     "-device arm-smmuv3,primary-bus=pcie.2 "

typedef struct Machine {
    const char *name;
    const char *args;
} Machine;

static const Machine machines[] = {
    { "none", "" },
    { "none-its-off", "-machine its=off" },
    { "none-gic-2", "-machine gic-version=2" },
    { "pxb", PXB },
    { "acpi-hotplug",
      "-global acpi-ged.acpi-pci-hotplug-with-bridge-support=on "
      "-device pcie-root-port,id=rp0,bus=pcie.0,chassis=1" },
    { "legacy", "-machine iommu=smmuv3" },
    { "legacy-its-off", "-machine iommu=smmuv3,its=off" },
    { "legacy-pxb", "-machine iommu=smmuv3 " PXB },
    { "legacy-old", "-machine virt-9.2,iommu=smmuv3" },
    { "device", EMULATED_SMMU },
    { "device-nested", EMULATED_SMMU ",stage=nested" },
    { "device-its-off", "-machine its=off " EMULATED_SMMU },
    { "device-gic-2", "-machine gic-version=2 " EMULATED_SMMU },
    { "device-pxb", TWO_EMULATED },
    { "device-and-none", PXB EMULATED_SMMU },
    { "virtio-iommu", "-device virtio-iommu-pci" },
};

static const char *const files[] = { ACPI_TABLES, ACPI_LOADER, ACPI_RSDP };

static void digest(GKeyFile *to, const char *group, const char *key,
                   const uint8_t *data, size_t size)
{
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data,
                                                       size);
    g_autofree char *value = g_strdup_printf("%zu %s", size, sum);

    g_key_file_set_string(to, group, key, value);
}

/* Every file as a whole, and for a better message every table on its own */
static void describe(GKeyFile *to, const Machine *m, GBytes *const *blobs)
{
    size_t size, offset = 0;
    const uint8_t *data = g_bytes_get_data(blobs[0], &size);
    unsigned n = 0;

    while (offset + 8 < size) {
        AcpiTableView table = { data + offset, size - offset };
        uint32_t length = acpi_u32(table, 4);

        if (!g_ascii_isupper(data[offset]) || length < 8 ||
            length > table.size) {
            offset++;
            continue;
        }
        g_autofree char *key = g_strdup_printf("%.4s %u", data + offset, n++);
        digest(to, m->name, key, data + offset, length);
        offset += length;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        data = g_bytes_get_data(blobs[i], &size);
        digest(to, m->name, files[i], data, size);
    }
}

static void read_files(const char *qemu, const Machine *m, GBytes **blobs)
{
    QTestState *qts = machine_start_qemu(qemu, m->args);

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        blobs[i] = acpi_read_file(qts, files[i]);
    }
    qtest_quit(qts);
}

static void free_files(GBytes **blobs)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_bytes_unref(blobs[i]);
    }
}

static GKeyFile *load_expected(void)
{
    g_autofree char *name = machine_data(EXPECTED);
    g_autoptr(GError) error = NULL;
    GKeyFile *expected = g_key_file_new();

    g_key_file_load_from_file(expected, name, G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);
    return expected;
}

static void test_expected(const void *data)
{
    const Machine *m = data;
    g_autoptr(GKeyFile) expected = load_expected();
    g_autoptr(GKeyFile) found = g_key_file_new();
    g_auto(GStrv) keys = NULL;
    GBytes *blobs[G_N_ELEMENTS(files)];
    gsize num_found, num_expected = 0;

    read_files(machine_qemu(), m, blobs);
    describe(found, m, blobs);
    keys = g_key_file_get_keys(found, m->name, &num_found, NULL);
    for (gsize i = 0; i < num_found; i++) {
        g_autofree char *is = g_key_file_get_string(found, m->name, keys[i],
                                                    NULL);
        g_autofree char *must = g_key_file_get_string(expected, m->name,
                                                      keys[i], NULL);

        if (g_strcmp0(is, must)) {
            g_test_message("%s is %s, must be %s; BASELINE_QEMU=FILE finds "
                           "the place", keys[i], is, must ? must : "absent");
            g_test_fail();
        }
    }
    g_strfreev(g_key_file_get_keys(expected, m->name, &num_expected, NULL));
    g_assert_cmpuint(num_found, ==, num_expected);
    free_files(blobs);
}

static void test_baseline(const void *data)
{
    const Machine *m = data;
    GBytes *is[G_N_ELEMENTS(files)], *must[G_N_ELEMENTS(files)];

    read_files(machine_qemu(), m, is);
    read_files(machine_baseline(), m, must);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        size_t size, size_must, at = 0;
        const uint8_t *bytes = g_bytes_get_data(is[i], &size);
        const uint8_t *bytes_must = g_bytes_get_data(must[i], &size_must);

        while (at < MIN(size, size_must) && bytes[at] == bytes_must[at]) {
            at++;
        }
        if (at < MAX(size, size_must)) {
            g_test_message("%s differs at 0x%zx, in %s", files[i], at,
                           i ? "it" : acpi_table_at(is[i], at));
            g_test_fail();
        }
    }
    free_files(is);
    free_files(must);
}

/* Only an unpatched QEMU knows what the tables have to be */
static bool is_patched(void)
{
    QTestState *qts = machine_start("%s", "");
    QDict *answer;
    QListEntry *entry;
    bool patched = false;

    answer = qtest_qmp(qts, "{'execute': 'device-list-properties', "
                       "'arguments': {'typename': 'arm-smmuv3'}}");
    QLIST_FOREACH_ENTRY(qdict_get_qlist(answer, "return"), entry) {
        QDict *property = qobject_to(QDict, qlist_entry_obj(entry));

        patched |= g_str_equal(qdict_get_str(property, "name"), "accel");
    }
    qobject_unref(answer);
    qtest_quit(qts);
    return patched;
}

static int update(const char *name)
{
    g_autoptr(GKeyFile) tables = g_key_file_new();
    g_autoptr(GError) error = NULL;

    if (is_patched()) {
        fprintf(stderr, "%s has the series: the expected tables are made from "
                "a QEMU without it\n", machine_qemu());
        return 2;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        GBytes *blobs[G_N_ELEMENTS(files)];

        read_files(machine_qemu(), &machines[i], blobs);
        describe(tables, &machines[i], blobs);
        free_files(blobs);
    }
    g_key_file_set_comment(tables, NULL, NULL,
                           " SPDX-License-Identifier: GPL-2.0-or-later\n"
                           " ACPI tables of QEMU 10.2.2: size and SHA-256. "
                           "Made by qtest-tables --update", NULL);
    if (!g_key_file_save_to_file(tables, name, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    machine_test_init(&argc, &argv);
    if (argc == 3 && g_str_equal(argv[1], "--update")) {
        return update(argv[2]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        g_autofree char *expected = g_strdup_printf("/tables/expected/%s",
                                                    machines[i].name);
        g_autofree char *baseline = g_strdup_printf("/tables/baseline/%s",
                                                    machines[i].name);

        base_data_test(expected, &machines[i], test_expected);
        if (machine_baseline()) {
            base_data_test(baseline, &machines[i], test_baseline);
        }
    }
    return g_test_run();
}
