/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "edu-registers.h"
#include "guest.h"
#include "smmuv3.h"

typedef struct Input {
    const uint8_t *data;
    size_t left;
} Input;

/* Little-endian number of @size bytes; false at the end of the input */
static bool take(Input *in, void *value, size_t size)
{
    if (in->left < size) {
        in->left = 0;
        return false;
    }
    memcpy(value, in->data, size);
    in->data += size;
    in->left -= size;
    return true;
}

/* Queue index as software keeps it: with the wrap bit */
static uint32_t prod;

static void smmu_write(unsigned offset, uint32_t value)
{
    guest_write(GUEST_SMMU + offset, value, 4);
}

/*
 * Valid STEs, with S1ContextPtr, S1Fmt 0 and S1CDMax 0, and without RES0 bits;
 * the low bits of the input's StreamID decide which is meant.
 */
static uint64_t valid_ste(unsigned sid, unsigned dword)
{
    if (dword == 0) {
        return sid & 1 ? STE_BYPASS : STE_STAGE1 | GUEST_CD;
    }
    /* SHCFG: use incoming */
    return dword == 1 ? STE1_ATTRS | FIELD_PREP(STE1_SHCFG, 1) : 0;
}

/* AArch64, 4K, 39 bits, TTB1 off, no faults recorded but aborts, ASID 1 */
static uint64_t valid_cd(unsigned dword)
{
    switch (dword) {
    case 0:
        /* without ASET, as in the inputs of the corpus */
        return FIELD_PREP(CD0_T0SZ, 25) | (CD_VALID & ~CD0_ASET) | CD_IPS(5) |
               CD_ASID(1);
    case 1:
        return GUEST_TABLES;
    case 3:
        return 0x4ff;
    default:
        return 0;
    }
}

/*
 * A three-level walk from 39 bits: level 1 entry 0 leads to level 2, entry 0
 * to a level 3 table of 16 pages; entry 1 of level 1 is a block of all of RAM.
 */
static uint64_t valid_pte(unsigned index)
{
    switch (index) {
    case 0:
        return (GUEST_TABLES + 0x1000) | PTE_TO_TABLE;
    case 1:
        return GUEST_RAM | (PTE_BLOCK & ~PTE_NG);
    case 512:
        return (GUEST_TABLES + 0x2000) | PTE_TO_TABLE;
    case 1024 ... 1039:
        return (GUEST_BUFFER + (index - 1024) * 0x1000) | (PTE_PAGE & ~PTE_NG);
    default:
        return 0;
    }
}

static void put(uint64_t address, uint64_t value)
{
    value = GUINT64_TO_LE(value);
    guest_write_memory(address, &value, sizeof(value));
}

static void set_up_device(unsigned n)
{
    guest_write_config(n, 0x10, GUEST_BAR + (n << 20), 4);
    guest_write_config(n, 0x04, 0x6, 2);   /* memory, bus master */
}

static void set_up_memory(void)
{
    unsigned i;

    guest_clear_memory(GUEST_STRTAB, GUEST_USED);

    for (i = 0; i < 1 << GUEST_SID_BITS; i++) {
        put(GUEST_STRTAB + i * 64, valid_ste(i >> 3, 0));
        put(GUEST_STRTAB + i * 64 + 8, valid_ste(i >> 3, 1));
    }
    for (i = 0; i < 8; i++) {
        put(GUEST_CD + i * 8, valid_cd(i));
    }
    for (i = 0; i < 1040; i++) {
        put(GUEST_TABLES + i * 8, valid_pte(i));
    }
}

/* As a driver does it. Inputs that leave it out start from reset. */
static void set_up(void)
{
    smmu_write(SMMU_CR0, 0);
    guest_write(GUEST_SMMU + SMMU_STRTAB_BASE, GUEST_STRTAB, 8);
    smmu_write(SMMU_STRTAB_CFG, GUEST_SID_BITS);
    guest_write(GUEST_SMMU + SMMU_CMDQ_BASE, GUEST_CMDQ | GUEST_QUEUE_BITS, 8);
    smmu_write(SMMU_CMDQ_PROD, 0);
    smmu_write(SMMU_CMDQ_CONS, 0);
    guest_write(GUEST_SMMU + SMMU_EVENTQ_BASE,
                GUEST_EVENTQ | GUEST_QUEUE_BITS, 8);
    smmu_write(SMMU_EVENTQ_PROD, 0);
    smmu_write(SMMU_EVENTQ_CONS, 0);
    smmu_write(SMMU_IRQ_CTRL, IRQ_GERROR | IRQ_EVENTQ);
    prod = 0;
    smmu_write(SMMU_CR0, CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN);
}

/* QEMU has the registers of page 1 on page 0 as well */
#define PAGE_0(offset) ((offset) & 0xffff)

/* Registers that matter, most often; sometimes any. */
static unsigned register_offset(uint8_t which)
{
    static const uint32_t known[] = {
        SMMU_CR0, SMMU_CR1, SMMU_CR2, SMMU_GBPA, SMMU_IRQ_CTRL, SMMU_GERROR,
        SMMU_GERRORN, SMMU_GERROR_CFG0, SMMU_GERROR_CFG1, SMMU_GERROR_CFG2,
        SMMU_STRTAB_BASE, SMMU_STRTAB_BASE + 4, SMMU_STRTAB_CFG,
        SMMU_CMDQ_BASE, SMMU_CMDQ_BASE + 4, SMMU_CMDQ_PROD, SMMU_CMDQ_CONS,
        SMMU_EVENTQ_BASE, SMMU_EVENTQ_BASE + 4, SMMU_EVENTQ_PROD,
        SMMU_EVENTQ_CONS, SMMU_EVENTQ_CFG0, SMMU_EVENTQ_CFG1, SMMU_EVENTQ_CFG2,
        SMMU_CR0ACK, PAGE_0(SMMU_EVENTQ_PROD), PAGE_0(SMMU_EVENTQ_CONS),
    };

    return which < ARRAY_SIZE(known) ? known[which] : which * 4u;
}

static void op_register(Input *in, unsigned size)
{
    uint64_t value = 0;
    uint8_t which;

    if (take(in, &which, 1) && take(in, &value, size)) {
        guest_write(GUEST_SMMU + register_offset(which),
                    GUINT64_FROM_LE(value), size);
    }
}

static void op_read(Input *in)
{
    uint8_t which, size;

    if (take(in, &which, 1) && take(in, &size, 1)) {
        guest_read(GUEST_SMMU + register_offset(which), size & 1 ? 8 : 4);
    }
}

/* A dword of an STE, of a CD, of a page table, or of any page of a table */
static void op_table(Input *in)
{
    uint64_t value;
    uint16_t index;
    uint8_t table;

    if (!take(in, &table, 1) || !take(in, &index, 2) || !take(in, &value, 8)) {
        return;
    }
    index = GUINT16_FROM_LE(index);
    value = GUINT64_FROM_LE(value);
    switch (table & 3) {
    case 0:                                /* the STEs of the devices */
        put(GUEST_STRTAB + GUEST_DEVFN(index >> 3 & 1) * 64 + (index & 7) * 8,
            value ^ valid_ste(index >> 4, index & 7));
        break;
    case 1:
        put(GUEST_STRTAB + index % (64 << GUEST_SID_BITS) / 8 * 8, value);
        break;
    case 2:
        put(GUEST_CD + index % 64 * 8, value ^ valid_cd(index % 64));
        break;
    default:
        put(GUEST_TABLES + index % 1536 * 8, value ^ valid_pte(index % 1536));
        break;
    }
}

static void put_command(uint64_t dword0, uint64_t dword1)
{
    uint64_t at = GUEST_CMDQ + (prod & ((1u << GUEST_QUEUE_BITS) - 1)) * 16;

    put(at, dword0);
    put(at + 8, dword1);
    prod = (prod + 1) & ((2u << GUEST_QUEUE_BITS) - 1);
}

static void ring(void)
{
    smmu_write(SMMU_CMDQ_PROD, prod);
}

/* A command, for a StreamID of a device; it waits for the next op_ring() */
static void op_command(Input *in)
{
    uint64_t dword[2];
    uint8_t opcode;

    if (take(in, &opcode, 1) && take(in, dword, sizeof(dword))) {
        put_command(GUINT64_FROM_LE(dword[0]) ^ opcode ^
                    CMD_SID(GUEST_DEVFN(0)),
                    GUINT64_FROM_LE(dword[1]));
    }
}

/* CFGI_ALL makes the STEs count, whatever came before in the queue */
static void op_configure(void)
{
    put_command(CMD_CFGI_ALL, CFGI_ALL);
    put_command(CMD_SYNC_IRQ, GUEST_SYNC);
    ring();
}

/* After an error the queue stands still: acknowledge it and restart */
static void op_restart_queue(void)
{
    smmu_write(SMMU_GERRORN, guest_read(GUEST_SMMU + SMMU_GERROR, 4));
    smmu_write(SMMU_CR0, CR0_SMMUEN | CR0_EVENTQEN);
    smmu_write(SMMU_CMDQ_CONS, prod);
    ring();
    smmu_write(SMMU_CR0, CR0_SMMUEN | CR0_EVENTQEN | CR0_CMDQEN);
}

static void op_memory(Input *in)
{
    uint32_t offset;
    uint8_t size;

    if (take(in, &offset, 4) && take(in, &size, 1)) {
        size = MIN(size, in->left);
        guest_write_memory(GUEST_STRTAB + GUINT32_FROM_LE(offset) % GUEST_USED,
                           in->data, size);
        in->data += size;
        in->left -= size;
    }
}

/* Device n's DMA from or to where the input says, which it translates */
static void op_dma(Input *in)
{
    uint64_t bar, iova;
    uint16_t count;
    uint8_t how;

    if (!take(in, &how, 1) || !take(in, &iova, 8) || !take(in, &count, 2)) {
        return;
    }
    bar = GUEST_BAR + ((how >> 4 & 1) << 20);
    guest_write(bar + EDU_DMA_SRC, how & 2 ? EDU_MEMORY : iova, 8);
    guest_write(bar + EDU_DMA_DST, how & 2 ? iova : EDU_MEMORY, 8);
    guest_write(bar + EDU_DMA_COUNT, GUINT16_FROM_LE(count) & 0xfff, 8);
    guest_write(bar + EDU_DMA_CMD, EDU_DMA_RUN | (how & 7), 8);
}

static void op_config(Input *in)
{
    uint32_t value;
    uint8_t n, offset;

    if (take(in, &n, 1) && take(in, &offset, 1) && take(in, &value, 4)) {
        guest_write_config(n & 1, offset, GUINT32_FROM_LE(value),
                           1u << (n >> 1) % 3);
    }
}

static void op_event(Input *in)
{
    uint64_t event[4];
    uint8_t n;

    if (take(in, &n, 1) && take(in, event, sizeof(event))) {
        guest_host_event(n & 1, event);
    }
}

void guest_execute(const uint8_t *data, size_t size)
{
    Input in = { data, size };
    uint8_t op;

    prod = 0;
    set_up_memory();
    for (unsigned n = 0; n < GUEST_DEVICES; n++) {
        set_up_device(n);
    }
    while (take(&in, &op, 1)) {
        switch (op % 16) {
        case 0:
            set_up();
            break;
        case 1:
            op_register(&in, 4);
            break;
        case 2:
            op_register(&in, 8);
            break;
        case 3:
            op_read(&in);
            break;
        case 4:
        case 5:
            op_table(&in);
            break;
        case 6:
        case 7:
            op_command(&in);
            break;
        case 8:
            ring();
            break;
        case 9:
            op_configure();
            break;
        case 10:
            op_restart_queue();
            break;
        case 11:
            op_memory(&in);
            break;
        case 12:
            op_dma(&in);
            break;
        case 13:
            op_config(&in);
            break;
        case 14:
            op_event(&in);
            guest_run_main_loop();
            break;
        default:
            guest_reset();
            break;
        }
    }
    guest_run_main_loop();
}
