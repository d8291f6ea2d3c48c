/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An SMMUv3 as its driver sees it: registers, and the command queue.
 *
 * The queue's memory is guest RAM at SMMU_QUEUE. Entries are in the
 * architecture's format: two 64-bit words, little endian.
 */
#ifndef TESTS_QTEST_SMMU_H
#define TESTS_QTEST_SMMU_H

#include "machine.h"

/* Register offsets, Arm SMMUv3 architecture (IHI 0070), chapter 6 */
#define SMMU_IDR0          0x0
#define SMMU_IDR1          0x4
#define SMMU_IDR2          0x8
#define SMMU_IDR3          0xc
#define SMMU_IDR4          0x10
#define SMMU_IDR5          0x14
#define SMMU_IIDR          0x18
#define SMMU_AIDR          0x1c
#define SMMU_CR0           0x20
#define SMMU_CR0ACK        0x24
#define SMMU_GBPA          0x44
#define SMMU_IRQ_CTRL      0x50
#define SMMU_IRQ_CTRL_ACK  0x54
#define SMMU_GERROR        0x60
#define SMMU_GERRORN       0x64
#define SMMU_GERROR_CFG0   0x68    /* 64 bits: address of its MSI */
#define SMMU_GERROR_CFG1   0x70    /* data of its MSI */
#define SMMU_STRTAB_BASE   0x80
#define SMMU_STRTAB_CFG    0x88
#define SMMU_CMDQ_BASE     0x90
#define SMMU_CMDQ_PROD     0x98
#define SMMU_CMDQ_CONS     0x9c
#define SMMU_EVENTQ_BASE   0xa0
#define SMMU_EVENTQ_PROD   0xa8
#define SMMU_EVENTQ_CONS   0xac
#define SMMU_EVENTQ_CFG0   0xb0    /* 64 bits: address of its MSI */
#define SMMU_EVENTQ_CFG1   0xb8    /* data of its MSI */
#define SMMU_PERIPHERAL_ID 0xfd0   /* 12 registers */

#define IDR0_COHACC        (1u << 4)
#define IDR0_ATS           (1u << 10)
#define IDR0_ASID16        (1u << 12)
#define IDR0_MSI           (1u << 13)
#define IDR1_SSIDSIZE_SHIFT 6
#define IDR3_HAD           (1u << 2)
#define IDR3_FWB           (1u << 8)
#define IDR3_RIL           (1u << 10)
#define IDR3_BBML          (3u << 11)
#define IDR5_OAS           (7u << 0)
#define IDR5_GRAN4K        (1u << 4)
#define IDR5_GRAN16K       (1u << 5)
#define IDR5_GRAN64K       (1u << 6)
#define CR0_SMMUEN         (1u << 0)
#define CR0_EVENTQEN       (1u << 2)
#define CR0_CMDQEN         (1u << 3)
#define GBPA_RESET         (1u << 12)   /* SHCFG: use incoming */
#define GBPA_ABORT         (1u << 20)
#define GBPA_UPDATE        (1u << 31)
#define GERROR_CMDQ_ERR    (1u << 0)
#define GERROR_EVENTQ_ABT  (1u << 2)
#define GERROR_MSI_CMDQ    (1u << 4)    /* the MSI of a CMD_SYNC aborted */
#define IRQ_GERROR         (1u << 0)    /* of IRQ_CTRL */
#define IRQ_EVENTQ         (1u << 2)
#define CONS_ERR(cons)     ((cons) >> 24)
#define CERROR_ILL         1
#define CERROR_ABT         2

/* Opcodes */
#define CMD_PREFETCH_CONFIG 0x01
#define CMD_CFGI_STE        0x03
#define CMD_CFGI_ALL        0x04   /* CFGI_STE_RANGE as well */
#define CMD_CFGI_CD         0x05
#define CMD_CFGI_CD_ALL     0x06
#define CMD_TLBI_NH_ALL     0x10
#define CMD_TLBI_NH_ASID    0x11
#define CMD_TLBI_NH_VA      0x12
#define CMD_TLBI_NH_VAA     0x13
#define CMD_TLBI_EL3_ALL    0x18
#define CMD_TLBI_EL2_ALL    0x20
#define CMD_TLBI_S12_VMALL  0x28
#define CMD_TLBI_NSNH_ALL   0x30
#define CMD_ATC_INV         0x40
#define CMD_PRI_RESP        0x41
#define CMD_RESUME          0x44
#define CMD_SYNC            0x46
#define CMD_ILLEGAL         0xff
#define CMD_SSEC            (1ull << 10)   /* of a Secure stream */
#define CMD_SID(sid)        ((uint64_t)(sid) << 32)
#define CMD_ASID(asid)      ((uint64_t)(asid) << 48)

#define CFGI_LEAF 1
#define CFGI_ALL  31

/* CMD_SYNC that signals its completion by an interrupt, or this MSI */
#define CMD_SYNC_IRQ            (CMD_SYNC | 1u << 12)
#define CMD_SYNC_DATA(data)     ((uint64_t)(data) << 32)

#define SMMU_QUEUE VIRT_RAM
#define SMMU_EVENTS (VIRT_RAM + 0x20000)
#define SMMU_NOWHERE 0xff0000000000ull   /* neither RAM nor a device */

typedef struct Smmu {
    QTestState *qts;
    uint64_t base;      /* guest-physical address of register page 0 */
    unsigned log2size;  /* of the command queue, in entries */
    uint32_t prod;      /* next entry to write, with its wrap bit above */
    unsigned log2events; /* size of the event queue */
    uint32_t events;    /* next event to read, with its wrap bit above */
} Smmu;

/*
 * Starts the machine of machine_start() with @args, in which the SMMU is the
 * first -device arm-smmuv3.
 */
Smmu smmu_start(const char *args);

uint32_t smmu_read(const Smmu *smmu, unsigned offset);
void smmu_write(const Smmu *smmu, unsigned offset, uint32_t value);

/* Gives the SMMU an empty command queue of 1 << @log2size entries, enabled. */
void smmu_start_queue(Smmu *smmu, unsigned log2size);

/* Writes a command to the queue, without telling the SMMU. */
void smmu_queue(Smmu *smmu, uint64_t word0, uint64_t word1);

/* Tells the SMMU about the commands written so far: CMDQ_PROD. */
void smmu_ring(const Smmu *smmu);

/* All commands have been executed, and there is no error. */
void smmu_assert_done(const Smmu *smmu);

/*
 * The queue stands at command @cons (index and wrap bit), because of @error
 * there, and the SMMU says so.
 */
void smmu_assert_error(const Smmu *smmu, uint32_t cons, unsigned error);

/*
 * The driver writes CMD_SYNC over the bad command at @cons and acknowledges
 * the error; the queue must go on to its end.
 */
void smmu_repair(Smmu *smmu, uint32_t cons);

/* --- events ---------------------------------------------------------- */

#define EVENT_F_UUT           0x01
#define EVENT_C_BAD_STREAMID  0x02
#define EVENT_C_BAD_STE       0x04
#define EVENT_C_BAD_CD        0x0a
#define EVENT_F_TRANSLATION   0x10
#define EVENT_F_ADDR_SIZE     0x11
#define EVENT_F_ACCESS        0x12
#define EVENT_F_PERMISSION    0x13
#define EVENTQ_OVFLG          (1u << 31)

typedef struct SmmuEvent {
    uint8_t type;
    uint32_t sid;
    bool read;          /* RnW */
    uint64_t address;   /* of the transaction */
    uint64_t dword[4];
} SmmuEvent;

/*
 * Gives the SMMU an empty event queue of 1 << @log2size entries, enabled; the
 * other bits of CR0 stay.
 */
void smmu_start_eventq(Smmu *smmu, unsigned log2size);

/* Returns: was there an event? It is @event then, and taken off the queue. */
bool smmu_next_event(Smmu *smmu, SmmuEvent *event);

#endif
