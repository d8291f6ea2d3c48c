/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KM_BENCH_H
#define KM_BENCH_H

/*
 * What tests of the interface start from: a device bound to an iommufd, memory
 * that plays the guest's RAM, stage 2 over it, a vIOMMU, and the tables of
 * stage 1 that a guest would make.
 *
 * The same tests run on the model and on a real kernel:
 *   LD_PRELOAD=libkernel-model.so uapi-rules     the model
 *   SMMU_QTEST_HOST=0000:00:08.0 uapi-rules      an `edu` bound to vfio-pci
 * Calls return 0 or an errno.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "client.h"
#include "edu-registers.h"
#include "smmuv3.h"

#define RAM_IOVA UINT64_C(0x40000000)
#define RAM_SIZE (UINT64_C(32) << 20)
#define VSID 0x10u

/* In the RAM: where is what */
#define CD_AT (RAM_IOVA + 0x10000)
#define TABLE_AT (RAM_IOVA + 0x100000)  /* page tables, 1 MiB */
#define DATA_AT (RAM_IOVA + 0x200000)
#define SCRATCH (RAM_IOVA + 0x300000)

struct fixture {
    struct km *model;        /* NULL on a real kernel */
    int iommu, cdev;
    uint32_t devid, ioas, parent, viommu, vdev;
    uint8_t *ram;
    uint64_t next_table;    /* the next free page for tables */
};

/* g_test_init(); an assertion that fails does not end the test */
void fixture_init(int *argc, char ***argv);
/* Only iommufd and the device, bound. Ends the program if that fails. */
void fixture_open(struct fixture *b);
/* With RAM, nesting parent, attached to it, vIOMMU and vDEVICE */
void fixture_start(struct fixture *b);
/* Close all; on the model, nothing may be left and nothing have been wrong */
void fixture_close(struct fixture *b);
/* A second device of the model behind physical SMMU @smmu. Returns: its cdev */
int fixture_second(struct fixture *b, unsigned smmu, uint32_t *devid);

/* ---- ioctls: 0 or an errno ---------------------------------------------- */

int fixture_ioctl(int fd, unsigned long request, void *arg);
int io_destroy(struct fixture *b, uint32_t id);
int io_ioas(struct fixture *b, uint32_t *id);
int io_map(struct fixture *b, uint32_t ioas, uint64_t iova, void *va,
           uint64_t len, bool write);
int io_unmap(struct fixture *b, uint32_t ioas, uint64_t iova, uint64_t len);
int io_paging(struct fixture *b, uint32_t dev, uint32_t ioas, uint32_t flags,
              uint32_t *id);
int io_nested(struct fixture *b, uint32_t dev, uint32_t viommu, uint64_t ste0,
              uint64_t ste1, uint32_t *id);
int io_viommu(struct fixture *b, uint32_t dev, uint32_t parent, uint32_t *id);
int io_vdevice(struct fixture *b, uint32_t dev, uint32_t viommu, uint64_t vsid,
               uint32_t *id);
int io_veventq(struct fixture *b, uint32_t viommu, uint32_t depth, uint32_t *id,
               int *fd);
/* @num: in: commands, out: what the kernel says */
int io_invalidate(struct fixture *b, uint32_t id, const uint64_t (*cmds)[2],
                  uint32_t *num);
int io_attach(int cdev, uint32_t pt);
int io_detach(int cdev);

/* ---- The guest ----------------------------------------------------------- */

void *fixture_ram(struct fixture *b, uint64_t iova);

/* A context descriptor at CD_AT + 64 * @ssid: 4K pages, 39 bits, @asid */
void fixture_cd(struct fixture *b, uint32_t ssid, uint16_t asid,
                uint64_t table);
/* Map @va to @ipa with 4K pages in the three-level tables at @table */
void fixture_map(struct fixture *b, uint64_t table, uint64_t va, uint64_t ipa,
                 uint64_t attributes);
uint64_t *fixture_leaf(struct fixture *b, uint64_t table, uint64_t va);
uint64_t fixture_table(struct fixture *b);  /* an empty page for a table */

/* The STE of a guest whose CD is at CD_AT */
#define STE_S1 (STE_STAGE1 | CD_AT)

/* Attach a new nested HWPT; the old one, if *id is not 0, is destroyed */
int fixture_ste(struct fixture *b, uint64_t ste0, uint64_t ste1, uint32_t *id);

/* ---- The device ---------------------------------------------------------- */

void fixture_config_write(struct fixture *b, uint32_t at, uint16_t value);
uint32_t fixture_read(struct fixture *b, uint32_t at);
void fixture_write(struct fixture *b, uint32_t at, uint64_t value, size_t len);
/*
 * DMA of 4 bytes, by the device's registers. Both also use the page at SCRATCH,
 * which stage 1 has to map to itself. A fault leaves nothing to read.
 */
uint32_t fixture_peek(struct fixture *b, uint64_t iova);
void fixture_poke(struct fixture *b, uint64_t iova, uint32_t value);
#define FAULTED 0u              /* the read had a fault */
#define NO_WRITE 0xbadbadu      /* not even SCRATCH works */

#endif /* KM_BENCH_H */
