/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "smmu.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapping.h"
#include "ram.h"

#define REGS_SIZE 0x20000
#define CR0 0x20
#define CR0ACK 0x24
#define CR0_SMMUEN (1u << 0)
#define CR0_EVENTQEN (1u << 2)
#define CR0_CMDQEN (1u << 3)
#define GBPA 0x44
#define GBPA_ABORT (1u << 20)
#define GBPA_UPDATE (1u << 31)
#define IRQ_CTRL 0x50
#define IRQ_CTRLACK 0x54
#define IRQ_CTRL_EVENTQ (1u << 2)
#define CMDQ_BASE 0x90
#define CMDQ_PROD 0x98
#define CMDQ_CONS 0x9c
#define CMDQ_ERRORS 0x7f000000u /* in CONS */
#define CMD_DWORDS 2
#define MAX_CMD_LOG2SIZE 16 /* 1 MiB */
#define CONSUME_SECONDS 60
#define EVENTQ_BASE 0xa0
#define EVENTQ_PROD 0x100a8 /* on the second page of registers */
#define EVENTQ_CONS 0x100ac
#define OVERFLOW_FLAG (1u << 31)
#define EVENT_DWORDS 4
#define MAX_LOG2SIZE 7 /* one page of events */
#define ACK_SECONDS 2

/* The driver's queue while the agent's own is in its place */
static struct {
    bool taken;
    uint64_t base;
    uint32_t prod, cons, irqs;
    uint64_t gpa; /* of the own one */
    unsigned log2size;
} queue;

uint64_t smmu_place(const char *iomem)
{
    for (const char *p = iomem; p && *p; p = strchr(p, '\n')) {
        uint64_t begin, end;
        char name[64];

        p += *p == '\n' ? 1 : 0;
        if (sscanf(p, " %" SCNx64 "-%" SCNx64 " : %63[^\n]", &begin, &end,
                   name) == 3 && !strncmp(name, "arm-smmu-v3", 11) &&
            /* the driver's claim of the second page has the same name */
            !(begin & 0x1ffff)) {
            return begin;
        }
    }
    return 0;
}

static bool open_regs(struct mapping *regs, struct answer *a)
{
    static char iomem[16384];
    FILE *f = fopen("/proc/iomem", "re");
    size_t n = f ? fread(iomem, 1, sizeof(iomem) - 1, f) : 0;
    uint64_t place;

    if (f) {
        fclose(f);
    }
    iomem[n] = '\0';
    place = smmu_place(iomem);
    return place ? mapping_open(regs, "/dev/mem", place, REGS_SIZE, a)
                 : answer_error(a, "the kernel knows no SMMUv3");
}

static volatile uint32_t *reg(const struct mapping *regs, unsigned at)
{
    return (volatile uint32_t *)(regs->at + at);
}

/* Set and clear bits in a register that tells in @ack when that is done. */
static bool change(const struct mapping *regs, unsigned at, unsigned ack,
                   uint32_t set, uint32_t clear, struct answer *a)
{
    uint32_t value = (*reg(regs, at) & ~clear) | set;
    double end = clock_seconds() + ACK_SECONDS;

    *reg(regs, at) = value;
    while (*reg(regs, ack) != value) {
        if (clock_seconds() > end) {
            return answer_error(a, "the register at 0x%x is 0x%x and does not "
                                "become 0x%x", ack, *reg(regs, ack), value);
        }
        poll(NULL, 0, 1);
    }
    return true;
}

static bool set_gbpa(const struct mapping *regs, bool abort, struct answer *a)
{
    uint32_t value = *reg(regs, GBPA) & ~(GBPA_ABORT | GBPA_UPDATE);
    double end = clock_seconds() + ACK_SECONDS;

    *reg(regs, GBPA) = value | (abort ? GBPA_ABORT : 0) | GBPA_UPDATE;
    while (*reg(regs, GBPA) & GBPA_UPDATE) {
        if (clock_seconds() > end) {
            return answer_error(a, "GBPA is not updated");
        }
        poll(NULL, 0, 1);
    }
    return true;
}

bool smmu_enable(bool on, bool abort, struct answer *a)
{
    struct mapping regs;
    bool ok;

    if (!open_regs(&regs, a)) {
        return false;
    }
    ok = (on || set_gbpa(&regs, abort, a)) &&
         change(&regs, CR0, CR0ACK, on ? CR0_SMMUEN : 0, CR0_SMMUEN, a);
    if (ok) {
        answer_add(a, "cr0=0x%x gbpa=0x%x", *reg(&regs, CR0),
                   *reg(&regs, GBPA));
    }
    mapping_close(&regs);
    return ok;
}

static struct smmu_event event_at(const volatile uint64_t *event)
{
    return (struct smmu_event){
        .type = event[0] & 0xff, .sid = event[0] >> 32, .address = event[2],
    };
}

void smmu_queue_parse(const volatile uint64_t *ring, unsigned log2size,
                      uint32_t prod, uint32_t cons, struct smmu_queue *q)
{
    uint32_t size = 1u << log2size;
    /* one bit more than the index needs tells full from empty */
    uint32_t used = (prod - cons) & (2 * size - 1);

    *q = (struct smmu_queue){
        .count = used, .overflow = (prod ^ cons) & OVERFLOW_FLAG,
    };
    if (used && used <= size) {
        q->first = event_at(ring + EVENT_DWORDS * (cons & (size - 1)));
        q->last = event_at(ring + EVENT_DWORDS * ((prod - 1) & (size - 1)));
    }
}

struct queue_regs {
    unsigned base, prod, cons;
    uint32_t enable;
};

static const struct queue_regs eventq = {
    EVENTQ_BASE, EVENTQ_PROD, EVENTQ_CONS, CR0_EVENTQEN
};
static const struct queue_regs cmdq = {
    CMDQ_BASE, CMDQ_PROD, CMDQ_CONS, CR0_CMDQEN
};

/* A queue's registers may only be written while it is off. */
static bool switch_queue(const struct mapping *regs,
                         const struct queue_regs *which, uint64_t base,
                         uint32_t prod, uint32_t cons, struct answer *a)
{
    if (!change(regs, CR0, CR0ACK, 0, which->enable, a)) {
        return false;
    }
    *(volatile uint64_t *)reg(regs, which->base) = base;
    *reg(regs, which->prod) = prod;
    *reg(regs, which->cons) = cons;
    return change(regs, CR0, CR0ACK, which->enable, 0, a);
}

bool smmu_queue_own(uint64_t gpa, unsigned log2size, struct answer *a)
{
    struct mapping regs;
    bool ok;

    if (queue.taken && gpa != queue.gpa) {
        return answer_error(a, "the own queue is at 0x%" PRIx64, queue.gpa);
    }
    if (log2size > MAX_LOG2SIZE || gpa & 0xfff) {
        return answer_error(a, "log2size= is at most %d, gpa= a page",
                            MAX_LOG2SIZE);
    }
    if (!ram_fill(gpa, 4096, gpa, a) || !open_regs(&regs, a)) {
        return false;
    }
    if (!queue.taken) {
        queue.base = *(volatile uint64_t *)reg(&regs, EVENTQ_BASE);
        queue.prod = *reg(&regs, EVENTQ_PROD);
        queue.cons = *reg(&regs, EVENTQ_CONS);
        queue.irqs = *reg(&regs, IRQ_CTRL);
        queue.taken = true;
    }
    queue.gpa = gpa;
    queue.log2size = log2size;
    /* the driver looks at its own ring when an interrupt comes: none may */
    ok = change(&regs, IRQ_CTRL, IRQ_CTRLACK, 0, IRQ_CTRL_EVENTQ, a) &&
         switch_queue(&regs, &eventq, gpa | log2size, 0, 0, a);
    mapping_close(&regs);
    return ok;
}

bool smmu_queue_look(bool empty, struct smmu_queue *q, struct answer *a)
{
    struct mapping regs, ring;
    uint32_t prod;

    if (!queue.taken) {
        return answer_error(a, "the queue is the driver's");
    }
    if (!open_regs(&regs, a)) {
        return false;
    }
    if (!mapping_open(&ring, "/dev/mem", queue.gpa, 4096, a)) {
        mapping_close(&regs);
        return false;
    }
    prod = *reg(&regs, EVENTQ_PROD);
    smmu_queue_parse((volatile uint64_t *)ring.at, queue.log2size, prod,
                     *reg(&regs, EVENTQ_CONS), q);
    if (empty) {
        *reg(&regs, EVENTQ_CONS) = prod;
    }
    mapping_close(&ring);
    mapping_close(&regs);
    return true;
}

bool smmu_queue_back(struct answer *a)
{
    struct mapping regs;
    bool ok;

    if (!queue.taken) {
        return answer_error(a, "the queue is the driver's");
    }
    if (!open_regs(&regs, a)) {
        return false;
    }
    ok = switch_queue(&regs, &eventq, queue.base, queue.prod, queue.cons,
                      a) &&
         change(&regs, IRQ_CTRL, IRQ_CTRLACK, queue.irqs, 0, a);
    queue.taken = !ok;
    mapping_close(&regs);
    return ok;
}

void smmu_fill_commands(volatile uint64_t *ring, unsigned log2size,
                        uint32_t sid)
{
    const uint64_t commands[][CMD_DWORDS] = {
        { 0x03 | (uint64_t)sid << 32, 1 }, /* CFGI_STE, leaf */
        { 0x46 },                          /* CMD_SYNC, no signal */
        { 0x04, 31 },                      /* CFGI_ALL */
        { 0x46 },
        { 0x30 },                          /* TLBI_NSNH_ALL */
        { 0x46 },
    };
    size_t n = sizeof(commands) / sizeof(commands[0]);

    for (size_t i = 0; i < (size_t)1 << log2size; i++) {
        ring[CMD_DWORDS * i] = commands[i % n][0];
        ring[CMD_DWORDS * i + 1] = commands[i % n][1];
    }
}

/* Let the SMMU consume a full queue. */
static bool consume(const struct mapping *regs, unsigned log2size,
                    struct smmu_flood *flood, struct answer *a)
{
    uint32_t prod = *reg(regs, CMDQ_PROD) ^ 1u << log2size;
    double begin = clock_seconds();
    uint32_t cons;
    uint64_t usec;

    *reg(regs, CMDQ_PROD) = prod;
    while ((cons = *reg(regs, CMDQ_CONS)) != prod) {
        if (cons & CMDQ_ERRORS || clock_seconds() > begin + CONSUME_SECONDS) {
            return answer_error(a, "CMDQ_CONS is 0x%x and does not become "
                                "0x%x", cons, prod);
        }
    }
    usec = (clock_seconds() - begin) * 1e6;
    flood->max_usec = usec > flood->max_usec ? usec : flood->max_usec;
    flood->commands += 1u << log2size;
    return true;
}

bool smmu_flood(uint64_t gpa, unsigned log2size, uint32_t sid, double seconds,
                struct smmu_flood *flood, struct answer *a)
{
    double end = clock_seconds() + seconds;
    struct mapping regs, ring;
    uint32_t prod, cons;
    uint64_t base;
    bool ok;

    *flood = (struct smmu_flood){ 0 };
    if (log2size > MAX_CMD_LOG2SIZE || gpa & ((16ull << log2size) - 1)) {
        return answer_error(a, "log2size= is at most %d, gpa= a multiple of "
                            "the queue's size", MAX_CMD_LOG2SIZE);
    }
    if (!ram_fill(gpa, 16ull << log2size, gpa, a) || !open_regs(&regs, a)) {
        return false;
    }
    if (!mapping_open(&ring, "/dev/mem", gpa, 16ull << log2size, a)) {
        mapping_close(&regs);
        return false;
    }
    smmu_fill_commands((volatile uint64_t *)ring.at, log2size, sid);
    base = *(volatile uint64_t *)reg(&regs, CMDQ_BASE);
    prod = *reg(&regs, CMDQ_PROD);
    cons = *reg(&regs, CMDQ_CONS);
    ok = switch_queue(&regs, &cmdq, gpa | log2size, 0, 0, a);
    while (ok && clock_seconds() < end) {
        ok = consume(&regs, log2size, flood, a);
    }
    ok = switch_queue(&regs, &cmdq, base, prod, cons, a) && ok;
    mapping_close(&ring);
    mapping_close(&regs);
    return ok;
}
