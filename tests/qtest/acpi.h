/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables as firmware finds them in fw_cfg, before it places and
 * links them: checksums and addresses are still those of the blob.
 */
#ifndef TESTS_QTEST_ACPI_H
#define TESTS_QTEST_ACPI_H

#include "machine.h"

#define ACPI_TABLES "etc/acpi/tables"
#define ACPI_LOADER "etc/table-loader"
#define ACPI_RSDP   "etc/acpi/rsdp"

/*
 * Returns: fw_cfg's file NAME; the machine must have it. To be freed with
 * g_bytes_unref(). Uses the guest's RAM. QEMU builds the tables again when the
 * first ACPI file is read after a reset, for the bus numbers of that moment.
 */
GBytes *acpi_read_file(QTestState *qts, const char *name);

/* One table, which points into the blob it was found in */
typedef struct AcpiTableView {
    const uint8_t *data;
    size_t size;
} AcpiTableView;

/*
 * Finds table @signature in @tables, which must have exactly one.
 */
AcpiTableView acpi_find(GBytes *tables, const char *signature);

/* Returns: the signature of the table that @offset of @tables is in. */
const char *acpi_table_at(GBytes *tables, size_t offset);

/* Little-endian fields; a test fails if they are not inside the table. */
uint8_t acpi_u8(AcpiTableView table, size_t offset);
uint16_t acpi_u16(AcpiTableView table, size_t offset);
uint32_t acpi_u32(AcpiTableView table, size_t offset);
uint64_t acpi_u64(AcpiTableView table, size_t offset);

/* Returns: how often @bytes are found in @table. */
unsigned acpi_count(AcpiTableView table, const void *bytes, size_t size);

/* --- IORT ------------------------------------------------------------ */

#define IORT_ITS_GROUP    0
#define IORT_ROOT_COMPLEX 2
#define IORT_SMMUV3       4
#define IORT_RMR          6

typedef struct IortNode {
    AcpiTableView iort;
    uint32_t offset;     /* from the start of the table */
    uint8_t type;
    uint8_t revision;
    uint32_t id;
    uint32_t num_mappings;
    uint32_t mappings;   /* offset of the first one from the node's start */
} IortNode;

typedef struct IortMapping {
    uint32_t input;
    uint32_t count;      /* of IDs */
    uint32_t output;
    uint32_t reference;  /* offset of a node in the table */
    uint32_t flags;
} IortMapping;

/* Returns: all nodes, in their order, as an array of IortNode. */
GArray *iort_nodes(AcpiTableView iort);

/* Returns: the @n-th node of @type. */
IortNode iort_nth(GArray *nodes, uint8_t type, unsigned n);

/* Returns: the number of nodes of @type. */
unsigned iort_count(GArray *nodes, uint8_t type);

/* Fields of a node: @offset is from its start. */
uint32_t iort_u32(const IortNode *node, size_t offset);
uint64_t iort_u64(const IortNode *node, size_t offset);

IortMapping iort_mapping(const IortNode *node, unsigned n);

#endif
