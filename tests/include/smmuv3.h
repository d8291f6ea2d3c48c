/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SMMUV3_H
#define SMMUV3_H

/*
 * An SMMUv3 as software sees it: registers, commands, events, stream table
 * entries and context descriptors (Arm IHI 0070), and the page tables of
 * stage 1 (Arm DDI 0487, VMSAv8-64).
 *
 * The name of a field, as STE1_EATS, is its mask in the register or dword that
 * the number says; FIELD_PREP() and FIELD_GET() shift.
 */

#include <stdint.h>

#define FIELD_LOWEST(mask) ((uint64_t)(mask) & ~((uint64_t)(mask) - 1))
#define FIELD_PREP(mask, value) ((uint64_t)(value) * FIELD_LOWEST(mask))
#define FIELD_GET(mask, value) (((value) & (mask)) / FIELD_LOWEST(mask))

/* ---- Registers (6.3) ----------------------------------------------------- */

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
#define SMMU_CR1           0x28
#define SMMU_CR2           0x2c
#define SMMU_GBPA          0x44
#define SMMU_IRQ_CTRL      0x50
#define SMMU_IRQ_CTRL_ACK  0x54
#define SMMU_GERROR        0x60
#define SMMU_GERRORN       0x64
#define SMMU_GERROR_CFG0   0x68    /* 64 bits: address of its MSI */
#define SMMU_GERROR_CFG1   0x70    /* data of its MSI */
#define SMMU_GERROR_CFG2   0x74
#define SMMU_STRTAB_BASE   0x80
#define SMMU_STRTAB_CFG    0x88
#define SMMU_CMDQ_BASE     0x90
#define SMMU_CMDQ_PROD     0x98
#define SMMU_CMDQ_CONS     0x9c
#define SMMU_EVENTQ_BASE   0xa0
#define SMMU_EVENTQ_CFG0   0xb0    /* 64 bits: address of its MSI */
#define SMMU_EVENTQ_CFG1   0xb8    /* data of its MSI */
#define SMMU_EVENTQ_CFG2   0xbc
#define SMMU_PERIPHERAL_ID 0xfd0   /* 12 registers */
#define SMMU_EVENTQ_PROD   0x100a8 /* on page 1 */
#define SMMU_EVENTQ_CONS   0x100ac
#define SMMU_REGS_SIZE     0x20000

#define IDR0_S2P           (1u << 0)
#define IDR0_S1P           (1u << 1)
#define IDR0_TTF           (3u << 2)
#define IDR0_COHACC        (1u << 4)
#define IDR0_HTTU          (3u << 6)
#define IDR0_ATS           (1u << 10)
#define IDR0_ASID16        (1u << 12)
#define IDR0_MSI           (1u << 13)
#define IDR0_VMID16        (1u << 18)
#define IDR0_CD2L          (1u << 19)
#define IDR0_TTENDIAN      (3u << 21)
#define IDR0_STALL_MODEL   (3u << 24)
#define IDR0_TERM_MODEL    (1u << 26)
#define IDR0_STLEVEL       (3u << 27)
#define IDR1_SIDSIZE       (0x3fu << 0)
#define IDR1_SSIDSIZE      (0x1fu << 6)
#define IDR1_EVENTQS       (0x1fu << 16)
#define IDR1_CMDQS         (0x1fu << 21)
#define IDR3_HAD           (1u << 2)
#define IDR3_FWB           (1u << 8)
#define IDR3_RIL           (1u << 10)
#define IDR3_BBML          (3u << 11)
#define IDR5_OAS           (7u << 0)
#define IDR5_GRAN4K        (1u << 4)
#define IDR5_GRAN16K       (1u << 5)
#define IDR5_GRAN64K       (1u << 6)
#define IDR5_DS            (1u << 7)
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
#define CONS_ERR           (0x7fu << 24)    /* of CMDQ_CONS */
#define CERROR_ILL         1
#define CERROR_ABT         2
#define EVENTQ_OVFLG       (1u << 31)   /* of EVENTQ_PROD and _CONS */

/* ---- Commands (chapter 4): 2 dwords -------------------------------------- */

#define CMD_SIZE            16
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

#define CMD0_OPCODE   UINT64_C(0xff)
#define CMD0_GLOBAL   (UINT64_C(1) << 9)            /* ATC_INV */
#define CMD0_SSEC     (UINT64_C(1) << 10)           /* of a Secure stream */
#define CMD0_SSV      (UINT64_C(1) << 11)
#define CMD0_SSID     (UINT64_C(0xfffff) << 12)
#define CMD0_NUM      (UINT64_C(0x1f) << 12)        /* TLBI by VA */
#define CMD0_SCALE    (UINT64_C(0x3f) << 20)
#define CMD0_SID      (UINT64_C(0xffffffff) << 32)
#define CMD0_VMID     (UINT64_C(0xffff) << 32)
#define CMD0_ASID     (UINT64_C(0xffff) << 48)
#define CMD0_MSI_DATA (UINT64_C(0xffffffff) << 32)  /* SYNC */
#define CMD1_LEAF     UINT64_C(1)
#define CMD1_SIZE     UINT64_C(0x3f)                /* ATC_INV: log2 of pages */
#define CMD1_TTL      (UINT64_C(3) << 8)
#define CMD1_TG       (UINT64_C(3) << 10)
#define CMD1_ADDRESS  (~UINT64_C(0xfff))

#define CMD_SID(sid)     FIELD_PREP(CMD0_SID, sid)
#define CMD_SSID(ssid)   FIELD_PREP(CMD0_SSID, ssid)
#define CMD_ASID(asid)   FIELD_PREP(CMD0_ASID, asid)
#define CMD_RANGE(num, scale) \
    (FIELD_PREP(CMD0_NUM, num) | FIELD_PREP(CMD0_SCALE, scale))
#define CMD_TTL(level)   FIELD_PREP(CMD1_TTL, level)
#define CMD_TG(log2page) FIELD_PREP(CMD1_TG, ((log2page) - 10) / 2)
#define CFGI_LEAF 1
#define CFGI_ALL  31
#define ATC_INV_ALL 52  /* CMD1_SIZE of the whole address space */

/* CMD_SYNC that signals its completion by an interrupt, or this MSI */
#define CMD_SYNC_IRQ        (CMD_SYNC | 1u << 12)
#define CMD_SYNC_SEV        (CMD_SYNC | 2u << 12)
#define CMD_SYNC_DATA(data) FIELD_PREP(CMD0_MSI_DATA, data)

/* ---- Events (7.3): 4 dwords ---------------------------------------------- */

#define EVENT_SIZE              32
#define EVENT_F_UUT             0x01
#define EVENT_C_BAD_STREAMID    0x02
#define EVENT_F_STE_FETCH       0x03
#define EVENT_C_BAD_STE         0x04
#define EVENT_F_STREAM_DISABLED 0x06
#define EVENT_C_BAD_SUBSTREAMID 0x08
#define EVENT_F_CD_FETCH        0x09
#define EVENT_C_BAD_CD          0x0a
#define EVENT_F_WALK_EABT       0x0b
#define EVENT_F_TRANSLATION     0x10
#define EVENT_F_ADDR_SIZE       0x11
#define EVENT_F_ACCESS          0x12
#define EVENT_F_PERMISSION      0x13

#define EVENT0_TYPE  UINT64_C(0xff)
#define EVENT0_SSV   (UINT64_C(1) << 11)
#define EVENT0_SSID  (UINT64_C(0xfffff) << 12)
#define EVENT0_SID   (UINT64_C(0xffffffff) << 32)
#define EVENT1_STALL (UINT64_C(1) << 31)
#define EVENT1_RNW   (UINT64_C(1) << 35)
#define EVENT1_S2    (UINT64_C(1) << 39)
#define EVENT1_CLASS (UINT64_C(3) << 40)
#define EVENT_CLASS_CD  0
#define EVENT_CLASS_TTD 1
#define EVENT_CLASS_IN  2

/* ---- Stream table entries (5.2): 8 dwords -------------------------------- */

#define STE_SIZE        64
#define STE0_V          UINT64_C(1)
#define STE0_CONFIG     (UINT64_C(7) << 1)
#define STE0_S1FMT      (UINT64_C(3) << 4)
#define STE0_S1CTXPTR   (UINT64_C(0x3fffffffffff) << 6)
#define STE0_S1CDMAX    (UINT64_C(0x1f) << 59)
#define STE1_S1DSS      UINT64_C(3)
#define STE1_S1CIR      (UINT64_C(3) << 2)
#define STE1_S1COR      (UINT64_C(3) << 4)
#define STE1_S1CSH      (UINT64_C(3) << 6)
#define STE1_MEV        (UINT64_C(1) << 19)
#define STE1_S1STALLD   (UINT64_C(1) << 27)
#define STE1_EATS       (UINT64_C(3) << 28)
#define STE1_STRW       (UINT64_C(3) << 30)
#define STE1_SHCFG      (UINT64_C(3) << 44)

#define STE_CONFIG_ABORT  0
#define STE_CONFIG_BYPASS 4
#define STE_CONFIG_STAGE1 5
#define STE_CONFIG_STAGE2 6
#define S1FMT_LINEAR   0
#define S1FMT_4K_L2    1    /* two levels */
#define S1FMT_64K_L2   2
#define S1DSS_TERMINATE 0
#define S1DSS_BYPASS    1
#define S1DSS_SSID0     2
#define EATS_TRANS      1   /* full ATS */

#define STE_ABORT       (STE0_V | FIELD_PREP(STE0_CONFIG, STE_CONFIG_ABORT))
#define STE_BYPASS      (STE0_V | FIELD_PREP(STE0_CONFIG, STE_CONFIG_BYPASS))
#define STE_STAGE1      (STE0_V | FIELD_PREP(STE0_CONFIG, STE_CONFIG_STAGE1))
#define STE_STAGE2      (STE0_V | FIELD_PREP(STE0_CONFIG, STE_CONFIG_STAGE2))
#define STE_S1CDMAX(n)  FIELD_PREP(STE0_S1CDMAX, n)
#define STE_EATS(n)     FIELD_PREP(STE1_EATS, n)
/* The usual attributes: write-back, allocate, inner shareable */
#define STE1_ATTRS      (FIELD_PREP(STE1_S1CIR, 1) |                        \
                         FIELD_PREP(STE1_S1COR, 1) | FIELD_PREP(STE1_S1CSH, 3))

/* ---- Context descriptors (5.4): 8 dwords --------------------------------- */

#define CD_SIZE    64
#define CD0_T0SZ   UINT64_C(0x3f)
#define CD0_TG0    (UINT64_C(3) << 6)
#define CD0_IR0    (UINT64_C(3) << 8)
#define CD0_OR0    (UINT64_C(3) << 10)
#define CD0_SH0    (UINT64_C(3) << 12)
#define CD0_EPD0   (UINT64_C(1) << 14)
#define CD0_ENDI   (UINT64_C(1) << 15)
#define CD0_EPD1   (UINT64_C(1) << 30)
#define CD0_V      (UINT64_C(1) << 31)
#define CD0_IPS    (UINT64_C(7) << 32)
#define CD0_AA64   (UINT64_C(1) << 41)
#define CD0_HD     (UINT64_C(1) << 42)
#define CD0_HA     (UINT64_C(1) << 43)
#define CD0_S      (UINT64_C(1) << 44)      /* faults stall, */
#define CD0_R      (UINT64_C(1) << 45)      /* are recorded, */
#define CD0_A      (UINT64_C(1) << 46)      /* abort */
#define CD0_ASET   (UINT64_C(1) << 47)
#define CD0_ASID   (UINT64_C(0xffff) << 48)
#define CD1_HAD0   (UINT64_C(1) << 1)
#define CD1_TTB0   (UINT64_C(0xffffffffffff) << 4)

#define CD_TG0(log2page) \
    FIELD_PREP(CD0_TG0, (log2page) == 16 ? 1 : (log2page) == 14 ? 2 : 0)
#define CD_ASID(asid)    FIELD_PREP(CD0_ASID, asid)
#define CD_IPS(n)        FIELD_PREP(CD0_IPS, n)     /* as IDR5.OAS */
#define CD_MAIR          UINT64_C(0xff) /* dword 3, attribute 0: write-back */
/* Valid, AArch64, TTB0 alone, cached tables; faults are recorded and abort */
#define CD_VALID         (FIELD_PREP(CD0_IR0, 1) | FIELD_PREP(CD0_OR0, 1) | \
                          FIELD_PREP(CD0_SH0, 3) | CD0_EPD1 | CD0_V |       \
                          CD0_AA64 | CD0_R | CD0_A | CD0_ASET)

/* A level 1 descriptor of a table of two levels */
#define L1CD_V   UINT64_C(1)
#define L1CD_PTR (UINT64_C(0xffffffffff) << 12)

/* ---- Page tables --------------------------------------------------------- */

#define PTE_VALID    UINT64_C(1)
#define PTE_TABLE    (UINT64_C(1) << 1)     /* level 3: a page; else a block */
#define PTE_UNPRIV   (UINT64_C(1) << 6)     /* as devices are */
#define PTE_READONLY (UINT64_C(1) << 7)
#define PTE_INNER    (UINT64_C(3) << 8)
#define PTE_AF       (UINT64_C(1) << 10)
#define PTE_NG       (UINT64_C(1) << 11)    /* cached for the ASID only */
#define PTE_ADDRESS  (UINT64_C(0xfffffffff) << 12)
#define PTE_TABLE_NO_UNPRIV (UINT64_C(1) << 61)
#define PTE_TABLE_READONLY  (UINT64_C(1) << 62)

/* Accessible descriptors of the three kinds, without their address */
#define PTE_TO_TABLE (PTE_VALID | PTE_TABLE)
#define PTE_BLOCK    (PTE_VALID | PTE_UNPRIV | PTE_INNER | PTE_AF | PTE_NG)
#define PTE_PAGE     (PTE_BLOCK | PTE_TABLE)

#endif /* SMMUV3_H */
