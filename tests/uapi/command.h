/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_COMMAND_H
#define UAPI_COMMAND_H

/* Commands of an SMMUv3: opcodes and fields (Arm IHI 0070, chapter 4) */

#include <stdint.h>

#define CMD_OP(dword0) ((uint32_t)(dword0) & 0xff)

enum uapi_command {
    CMD_CFGI_STE = 0x03,
    CMD_CFGI_CD = 0x05,
    CMD_CFGI_CD_ALL = 0x06,
    CMD_TLBI_NH_ALL = 0x10,
    CMD_TLBI_NH_ASID = 0x11,
    CMD_TLBI_NH_VA = 0x12,
    CMD_TLBI_NH_VAA = 0x13,
    CMD_TLBI_NSNH_ALL = 0x30,
    CMD_ATC_INV = 0x40,
};

#define CMD_SSID(dword0) BITS(dword0, 12, 20)
#define CMD_NUM(dword0) BITS(dword0, 12, 5)
#define CMD_SCALE(dword0) BITS(dword0, 20, 5)
#define CMD_SID_SHIFT 32
#define CMD_SID_MASK UINT64_C(0xffffffff00000000)
#define CMD_SID(dword0) ((uint32_t)((dword0) >> CMD_SID_SHIFT))
#define CMD_VMID_SHIFT 32
#define CMD_VMID_MASK UINT64_C(0x0000ffff00000000)
#define CMD_VMID(dword0) BITS(dword0, 32, 16)
#define CMD_ASID(dword0) BITS(dword0, 48, 16)

#define CMD_LEAF(dword1) BITS(dword1, 0, 1)
#define CMD_TTL(dword1) BITS(dword1, 8, 2)
#define CMD_TG(dword1) BITS(dword1, 10, 2)
#define CMD_ADDR(dword1) ((dword1) & ~UINT64_C(0xfff))

#endif /* UAPI_COMMAND_H */
