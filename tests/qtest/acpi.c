/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "acpi.h"

/* fw_cfg: docs/specs/fw_cfg.rst of QEMU */
#define FW_CFG_DMA      (VIRT_FW_CFG + 16)
#define FW_CFG_FILE_DIR 0x19
#define FW_CFG_SELECT   8
#define FW_CFG_READ     2
#define FW_CFG_ERROR    1

/* Where in RAM the descriptor and the data go */
#define DMA_DESCRIPTOR  (VIRT_RAM + 0x100000)
#define DMA_DATA        (VIRT_RAM + 0x200000)

#define ACPI_HEADER     36
#define IORT_NODE       16
#define IORT_MAPPING    20

typedef struct DmaAccess {
    uint32_t control;
    uint32_t length;
    uint64_t address;
} QEMU_PACKED DmaAccess;

typedef struct DirectoryEntry {
    uint32_t size;
    uint16_t select;
    uint16_t reserved;
    char name[56];
} QEMU_PACKED DirectoryEntry;

static void fw_cfg_read(QTestState *qts, uint16_t select, void *data,
                        size_t size)
{
    DmaAccess access = {
        .control = cpu_to_be32((uint32_t)select << 16 | FW_CFG_SELECT |
                               FW_CFG_READ),
        .length = cpu_to_be32(size),
        .address = cpu_to_be64(DMA_DATA),
    };
    uint64_t descriptor = DMA_DESCRIPTOR;

    qtest_memwrite(qts, descriptor, &access, sizeof(access));
    qtest_writeq(qts, FW_CFG_DMA, cpu_to_be64(descriptor));
    qtest_memread(qts, descriptor, &access, sizeof(access));
    g_assert_cmphex(be32_to_cpu(access.control) & FW_CFG_ERROR, ==, 0);
    qtest_bufread(qts, DMA_DATA, data, size);
}

GBytes *acpi_read_file(QTestState *qts, const char *name)
{
    uint32_t count;

    fw_cfg_read(qts, FW_CFG_FILE_DIR, &count, sizeof(count));
    count = be32_to_cpu(count);
    size_t size = sizeof(count) + count * sizeof(DirectoryEntry);
    g_autofree uint8_t *directory = g_malloc(size);
    const DirectoryEntry *entry = (void *)(directory + sizeof(count));

    fw_cfg_read(qts, FW_CFG_FILE_DIR, directory, size);
    for (uint32_t i = 0; i < count; i++, entry++) {
        if (!strncmp(entry->name, name, sizeof(entry->name))) {
            size_t length = be32_to_cpu(entry->size);
            uint8_t *data = g_malloc(length);

            fw_cfg_read(qts, be16_to_cpu(entry->select), data, length);
            return g_bytes_new_take(data, length);
        }
    }
    g_error("fw_cfg has no file %s: no ACPI?", name);
}

/* Tables stand in a row, a FACS or padding of zeros may be between them */
static bool next_table(GBytes *tables, size_t *offset, AcpiTableView *table)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(tables, &size);

    while (*offset + ACPI_HEADER <= size) {
        uint32_t length = ldl_le_p(data + *offset + 4);

        if (g_ascii_isupper(data[*offset]) && length >= ACPI_HEADER &&
            *offset + length <= size) {
            *table = (AcpiTableView) { data + *offset, length };
            *offset += length;
            return true;
        }
        (*offset)++;
    }
    return false;
}

AcpiTableView acpi_find(GBytes *tables, const char *signature)
{
    AcpiTableView table, found = { NULL };
    size_t offset = 0;

    while (next_table(tables, &offset, &table)) {
        if (!memcmp(table.data, signature, 4)) {
            g_assert_null(found.data);
            found = table;
        }
    }
    g_assert_nonnull(found.data);
    return found;
}

const char *acpi_table_at(GBytes *tables, size_t offset)
{
    static char signature[5];
    AcpiTableView table;
    size_t end = 0;

    while (next_table(tables, &end, &table)) {
        if (offset < end) {
            memcpy(signature, table.data, 4);
            return signature;
        }
    }
    return "none";
}

static const uint8_t *at(AcpiTableView table, size_t offset, size_t size)
{
    g_assert_cmpuint(offset + size, <=, table.size);
    return table.data + offset;
}

uint8_t acpi_u8(AcpiTableView table, size_t offset)
{
    return *at(table, offset, 1);
}

uint16_t acpi_u16(AcpiTableView table, size_t offset)
{
    return lduw_le_p(at(table, offset, 2));
}

uint32_t acpi_u32(AcpiTableView table, size_t offset)
{
    return ldl_le_p(at(table, offset, 4));
}

uint64_t acpi_u64(AcpiTableView table, size_t offset)
{
    return ldq_le_p(at(table, offset, 8));
}

unsigned acpi_count(AcpiTableView table, const void *bytes, size_t size)
{
    unsigned count = 0;

    for (size_t i = 0; i + size <= table.size; i++) {
        count += !memcmp(table.data + i, bytes, size);
    }
    return count;
}

GArray *iort_nodes(AcpiTableView iort)
{
    GArray *nodes = g_array_new(false, true, sizeof(IortNode));
    uint32_t count = acpi_u32(iort, ACPI_HEADER);
    uint32_t offset = acpi_u32(iort, ACPI_HEADER + 4);

    for (uint32_t i = 0; i < count; i++) {
        IortNode node = {
            .iort = iort,
            .offset = offset,
            .type = acpi_u8(iort, offset),
            .revision = acpi_u8(iort, offset + 3),
            .id = acpi_u32(iort, offset + 4),
            .num_mappings = acpi_u32(iort, offset + 8),
            .mappings = acpi_u32(iort, offset + 12),
        };
        uint16_t length = acpi_u16(iort, offset + 1);

        g_assert_cmpuint(length, >=, IORT_NODE);
        g_assert_cmpuint(node.mappings + node.num_mappings * IORT_MAPPING, <=,
                         length);
        g_array_append_val(nodes, node);
        offset += length;
    }
    g_assert_cmpuint(offset, ==, iort.size);
    return nodes;
}

unsigned iort_count(GArray *nodes, uint8_t type)
{
    unsigned count = 0;

    for (guint i = 0; i < nodes->len; i++) {
        count += g_array_index(nodes, IortNode, i).type == type;
    }
    return count;
}

IortNode iort_nth(GArray *nodes, uint8_t type, unsigned n)
{
    for (guint i = 0; i < nodes->len; i++) {
        IortNode node = g_array_index(nodes, IortNode, i);

        if (node.type == type && !n--) {
            return node;
        }
    }
    g_error("IORT: too few nodes of type %u", type);
}

uint32_t iort_u32(const IortNode *node, size_t offset)
{
    return acpi_u32(node->iort, node->offset + offset);
}

uint64_t iort_u64(const IortNode *node, size_t offset)
{
    return acpi_u64(node->iort, node->offset + offset);
}

IortMapping iort_mapping(const IortNode *node, unsigned n)
{
    size_t offset = node->mappings + n * IORT_MAPPING;

    g_assert_cmpuint(n, <, node->num_mappings);
    return (IortMapping) {
        .input = iort_u32(node, offset),
        .count = iort_u32(node, offset + 4) + 1,
        .output = iort_u32(node, offset + 8),
        .reference = iort_u32(node, offset + 12),
        .flags = iort_u32(node, offset + 16),
    };
}
