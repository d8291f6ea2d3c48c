/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "smmu.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "memory.h"
#include "smmuv3.h"
#include "util.h"

#define CMD_DWORDS (CMD_SIZE / 8)
#define MAX_CMD_LOG2SIZE 16 /* 1 MiB */
#define CONSUME_SECONDS 60
#define EVENT_DWORDS 4
#define MAX_LOG2SIZE 7 /* one page of events */
#define ACK_SECONDS 2

/* The driver's queue while our own is in its place */
static struct {
    bool taken;
    uint64_t base;
    uint32_t prod, cons, irqs;
    uint64_t gpa; /* of the own one */
    unsigned log2size;
} queue;

static bool is_smmu(uint64_t first, uint64_t last, const char *name, void *opaque)
{
    *(uint64_t *)opaque = first;
    /* the driver's claim of the second page has the same name */
    return g_str_has_prefix(name, "arm-smmu-v3") && !(first & 0x1ffff);
}

uint64_t smmu_place(const char *iomem)
{
    uint64_t place;

    return iomem_find(iomem, is_smmu, &place) ? place : 0;
}

static bool open_regs(struct mapping *regs, struct answer *a)
{
    g_autofree char *iomem = NULL;
    uint64_t place = g_file_get_contents("/proc/iomem", &iomem, NULL, NULL) ? smmu_place(iomem) : 0;

    return place ? mapping_open(regs, "/dev/mem", place, SMMU_REGS_SIZE, a)
                 : answer_error(a, "the kernel has no SMMUv3");
}

static volatile uint32_t *reg(const struct mapping *regs, unsigned at)
{
    return (volatile uint32_t *)(regs->at + at);
}

/* Set and clear bits in a register that shows in @ack when that is done. */
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
    uint32_t value = *reg(regs, SMMU_GBPA) & ~(GBPA_ABORT | GBPA_UPDATE);
    double end = clock_seconds() + ACK_SECONDS;

    *reg(regs, SMMU_GBPA) = value | (abort ? GBPA_ABORT : 0) | GBPA_UPDATE;
    while (*reg(regs, SMMU_GBPA) & GBPA_UPDATE) {
        if (clock_seconds() > end) {
            return answer_error(a, "GBPA is not updated");
        }
        poll(NULL, 0, 1);
    }
    return true;
}

/* Switch translation on or off; off: transactions are aborted if @abort, else
 * they bypass the SMMU. Returns: false with the error in @a. */
static bool enable(bool on, bool abort, struct answer *a)
{
    struct mapping regs;
    bool ok;

    if (!open_regs(&regs, a)) {
        return false;
    }
    ok = (on || set_gbpa(&regs, abort, a)) &&
         change(&regs, SMMU_CR0, SMMU_CR0ACK, on ? CR0_SMMUEN : 0, CR0_SMMUEN, a);
    if (ok) {
        answer_add(a, "cr0=0x%x gbpa=0x%x", *reg(&regs, SMMU_CR0),
                   *reg(&regs, SMMU_GBPA));
    }
    mapping_close(&regs);
    return ok;
}

static struct smmu_event event_at(const volatile uint64_t *event)
{
    return (struct smmu_event){
        .type = FIELD_GET(EVENT0_TYPE, event[0]), .sid = FIELD_GET(EVENT0_SID, event[0]), .address = event[2],
    };
}

void smmu_queue_parse(const volatile uint64_t *ring, unsigned log2size,
                      uint32_t prod, uint32_t cons, struct smmu_queue *q)
{
    uint32_t size = 1u << log2size;
    /* one bit more than the index needs distinguishes full from empty */
    uint32_t used = (prod - cons) & (2 * size - 1);

    *q = (struct smmu_queue){
        .count = used, .overflow = (prod ^ cons) & EVENTQ_OVFLG,
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
    SMMU_EVENTQ_BASE, SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS, CR0_EVENTQEN
};
static const struct queue_regs cmdq = {
    SMMU_CMDQ_BASE, SMMU_CMDQ_PROD, SMMU_CMDQ_CONS, CR0_CMDQEN
};

/* A queue's registers may only be written while it is off. */
static bool switch_queue(const struct mapping *regs,
                         const struct queue_regs *which, uint64_t base,
                         uint32_t prod, uint32_t cons, struct answer *a)
{
    if (!change(regs, SMMU_CR0, SMMU_CR0ACK, 0, which->enable, a)) {
        return false;
    }
    *(volatile uint64_t *)reg(regs, which->base) = base;
    *reg(regs, which->prod) = prod;
    *reg(regs, which->cons) = cons;
    return change(regs, SMMU_CR0, SMMU_CR0ACK, which->enable, 0, a);
}

/*
 * Put an event queue of 1 << @log2size entries at @gpa, RAM that the kernel
 * does not use, in the place of the driver's.
 */
static bool queue_own(uint64_t gpa, unsigned log2size, struct answer *a)
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
        queue.base = *(volatile uint64_t *)reg(&regs, SMMU_EVENTQ_BASE);
        queue.prod = *reg(&regs, SMMU_EVENTQ_PROD);
        queue.cons = *reg(&regs, SMMU_EVENTQ_CONS);
        queue.irqs = *reg(&regs, SMMU_IRQ_CTRL);
        queue.taken = true;
    }
    queue.gpa = gpa;
    queue.log2size = log2size;
    /* the driver looks at its own ring when an interrupt comes: none may */
    ok = change(&regs, SMMU_IRQ_CTRL, SMMU_IRQ_CTRL_ACK, 0, IRQ_EVENTQ, a) &&
         switch_queue(&regs, &eventq, gpa | log2size, 0, 0, a);
    mapping_close(&regs);
    return ok;
}

/* What is in the own queue. @empty: take it out, acknowledge the overflow. */
static bool queue_look(bool empty, struct smmu_queue *q, struct answer *a)
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
    prod = *reg(&regs, SMMU_EVENTQ_PROD);
    smmu_queue_parse((volatile uint64_t *)ring.at, queue.log2size, prod,
                     *reg(&regs, SMMU_EVENTQ_CONS), q);
    if (empty) {
        *reg(&regs, SMMU_EVENTQ_CONS) = prod;
    }
    mapping_close(&ring);
    mapping_close(&regs);
    return true;
}

/* Restore the driver's queue. */
static bool queue_back(struct answer *a)
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
         change(&regs, SMMU_IRQ_CTRL, SMMU_IRQ_CTRL_ACK, queue.irqs, 0, a);
    queue.taken = !ok;
    mapping_close(&regs);
    return ok;
}

void smmu_fill_commands(volatile uint64_t *ring, unsigned log2size,
                        uint32_t sid)
{
    const uint64_t commands[][CMD_DWORDS] = {
        { CMD_CFGI_STE | CMD_SID((uint64_t)sid), CMD1_LEAF },
        { CMD_SYNC }, /* no signal */
        { CMD_CFGI_ALL, 31 },
        { CMD_SYNC },
        { CMD_TLBI_NSNH_ALL },
        { CMD_SYNC },
    };
    size_t n = G_N_ELEMENTS(commands);

    for (size_t i = 0; i < (size_t)1 << log2size; i++) {
        ring[CMD_DWORDS * i] = commands[i % n][0];
        ring[CMD_DWORDS * i + 1] = commands[i % n][1];
    }
}

struct smmu_flood {
    uint64_t commands;  /* that the SMMU has consumed */
    uint64_t max_usec;  /* longest wait until it had consumed a full queue */
};

/* Let the SMMU consume a full queue. */
static bool consume(const struct mapping *regs, unsigned log2size,
                    struct smmu_flood *counted, struct answer *a)
{
    uint32_t prod = *reg(regs, SMMU_CMDQ_PROD) ^ 1u << log2size;
    double begin = clock_seconds();
    uint32_t cons;
    uint64_t usec;

    *reg(regs, SMMU_CMDQ_PROD) = prod;
    while ((cons = *reg(regs, SMMU_CMDQ_CONS)) != prod) {
        if (cons & CONS_ERR || clock_seconds() > begin + CONSUME_SECONDS) {
            return answer_error(a, "CMDQ_CONS is 0x%x and does not become "
                                "0x%x", cons, prod);
        }
    }
    usec = (clock_seconds() - begin) * 1e6;
    counted->max_usec = usec > counted->max_usec ? usec : counted->max_usec;
    counted->commands += 1u << log2size;
    return true;
}

/*
 * Put a full queue of 1 << @log2size commands at @gpa, RAM that the kernel does
 * not use, in the place of the driver's, and have the SMMU consume it again and
 * again for @seconds; then restore the driver's. They are invalidations of @sid,
 * of all StreamIDs and of the TLBs, each with a CMD_SYNC.
 */
static bool flood(uint64_t gpa, unsigned log2size, uint32_t sid, double seconds,
                struct smmu_flood *counted, struct answer *a)
{
    double end = clock_seconds() + seconds;
    struct mapping regs, ring;
    uint32_t prod, cons;
    uint64_t base;
    bool ok;

    *counted = (struct smmu_flood){ 0 };
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
    base = *(volatile uint64_t *)reg(&regs, SMMU_CMDQ_BASE);
    prod = *reg(&regs, SMMU_CMDQ_PROD);
    cons = *reg(&regs, SMMU_CMDQ_CONS);
    ok = switch_queue(&regs, &cmdq, gpa | log2size, 0, 0, a);
    while (ok && clock_seconds() < end) {
        ok = consume(&regs, log2size, counted, a);
    }
    ok = switch_queue(&regs, &cmdq, base, prod, cons, a) && ok;
    mapping_close(&ring);
    mapping_close(&regs);
    return ok;
}

static void report_queue(bool empty, struct answer *a)
{
    struct smmu_queue q;

    if (queue_look(empty, &q, a)) {
        answer_add(a, "events=%u overflow=%d first-type=0x%x first-sid=0x%x "
                   "first-iova=0x%" PRIx64 " last-iova=0x%" PRIx64, q.count,
                   q.overflow, q.first.type, q.first.sid, q.first.address,
                   q.last.address);
    }
}

static void own_queue(const char *args, struct answer *a)
{
    uint64_t gpa, log2size;

    if (argument_number(args, "gpa", 0, &gpa, a) &&
        argument_number(args, "log2size", 0, &log2size, a) &&
        queue_own(gpa, log2size, a)) {
        answer_add(a, "gpa=0x%" PRIx64 " entries=%u", gpa,
                   1u << (unsigned)log2size);
    }
}

static void run_flood(const char *args, struct answer *a)
{
    uint64_t gpa, log2size, sid, seconds;
    struct smmu_flood result;

    if (argument_number(args, "gpa", 0, &gpa, a) &&
        argument_number(args, "log2size", 8, &log2size, a) &&
        argument_number(args, "sid", 0, &sid, a) &&
        argument_number(args, "seconds", 1, &seconds, a) &&
        flood(gpa, log2size, sid, seconds, &result, a)) {
        answer_add(a, "commands=%" PRIu64 " max-usec=%" PRIu64,
                   result.commands, result.max_usec);
    }
}

void smmu_command(const char *args, struct answer *a)
{
    uint64_t abort;
    char op[16];

    if (!argument_text(args, "op", op, sizeof(op), a) ||
        !argument_number(args, "abort", 0, &abort, a)) {
        return;
    }
    if (!strcmp(op, "on") || !strcmp(op, "off")) {
        enable(!strcmp(op, "on"), abort, a);
    } else if (!strcmp(op, "own-queue")) {
        own_queue(args, a);
    } else if (!strcmp(op, "look") || !strcmp(op, "empty")) {
        report_queue(!strcmp(op, "empty"), a);
    } else if (!strcmp(op, "driver-queue")) {
        queue_back(a);
    } else if (!strcmp(op, "flood")) {
        run_flood(args, a);
    } else {
        answer_error(a, "op= is on, off, own-queue, look, empty, "
                     "driver-queue or flood, not %s", op);
    }
}
