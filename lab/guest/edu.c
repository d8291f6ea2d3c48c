/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edu-registers.h"
#include "memory.h"
#include "util.h"
#include "words.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

#define EDU_REGS_SIZE 0x1000 /* that are used */
#define CAUSE_RAISED 0x1

#define DMA_SECONDS 10
#define IRQ_SECONDS 3
#define LATER_IRQ_SECONDS 0.1 /* after one was lost */

struct edu {
    enum edu_op op;
    char bdf[16];   /* PCI address; "": the first edu there is */
    uint64_t iova;  /* UINT64_MAX: the driver's page */
    uint64_t len;   /* bytes of a DMA */
    uint64_t count; /* how often */
    uint64_t seed;  /* of the data */
};

struct edu_result {
    uint64_t ios;   /* DMAs and interrupts asked for: each raises one */
    uint64_t irqs;  /* interrupts that arrived */
    uint64_t usec;
};

bool edu_parse_op(const char *name, enum edu_op *op)
{
    static const char *const names[] = {
        [EDU_READ] = "read", [EDU_WRITE] = "write", [EDU_LOOP] = "loop",
        [EDU_IRQ] = "irq",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(name, names[i])) {
            *op = i;
            return true;
        }
    }
    return false;
}

unsigned edu_sid(const char *bdf)
{
    unsigned domain, bus, slot, function;

    if (sscanf(bdf, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4) {
        return 0;
    }
    return bus << 8 | slot << 3 | function;
}

/* A file in the device's directory. */
static bool read_file(const struct edu *edu, const char *name, char *buf,
                      size_t size)
{
    g_autofree char *path = g_strdup_printf(PCI_DEVICES "/%s/%s", edu->bdf, name);
    bool ok = file_read_line(path, buf, size);

    return ok;
}

static bool is_edu(const char *bdf)
{
    struct edu edu;
    char vendor[16], device[16];

    snprintf(edu.bdf, sizeof(edu.bdf), "%s", bdf);
    return read_file(&edu, "vendor", vendor, sizeof(vendor)) &&
           read_file(&edu, "device", device, sizeof(device)) &&
           !strcmp(vendor, "0x1234") && !strcmp(device, "0x11e8");
}

static bool find(struct edu *edu, struct answer *a)
{
    char iova[32];
    g_auto(GStrv) names = file_names(PCI_DEVICES);

    for (char **name = names; *name && !*edu->bdf; name++) {
        if (is_edu(*name)) {
            g_strlcpy(edu->bdf, *name, sizeof(edu->bdf));
        }
    }
    if (!*edu->bdf || !is_edu(edu->bdf)) {
        return answer_error(a, "no edu device %s", edu->bdf);
    }
    if (!read_file(edu, "dma_iova", iova, sizeof(iova))) {
        return answer_error(a, "%s has no lab-edu driver", edu->bdf);
    }
    if (edu->iova == UINT64_MAX) {
        edu->iova = strtoull(iova, NULL, 16);
    }
    return true;
}

static uint64_t irqs_taken(const struct edu *edu)
{
    char text[64];

    return read_file(edu, "dma_irqs", text, sizeof(text))
           ? strtoull(text, NULL, 10) : 0;
}

/* One more was asked for: wait for an interrupt more than @before. */
static void wait_irq(const struct edu *edu, uint64_t before,
                     struct edu_result *result)
{
    double end = clock_seconds() + (result->irqs < result->ios
                                    ? LATER_IRQ_SECONDS : IRQ_SECONDS);
    uint64_t now;

    while ((now = irqs_taken(edu)) == before && clock_seconds() < end) {
        poll(NULL, 0, 5);
    }
    result->ios++;
    result->irqs += now - before;
}

static volatile uint64_t *reg(const struct mapping *regs, unsigned at)
{
    return (volatile uint64_t *)(regs->at + at);
}

static bool dma(const struct edu *edu, const struct mapping *regs,
                bool to_memory, struct edu_result *result, struct answer *a)
{
    uint64_t before = irqs_taken(edu);
    double end = clock_seconds() + DMA_SECONDS;

    *reg(regs, EDU_DMA_SRC) = to_memory ? EDU_MEMORY : edu->iova;
    *reg(regs, EDU_DMA_DST) = to_memory ? edu->iova : EDU_MEMORY;
    *reg(regs, EDU_DMA_COUNT) = edu->len;
    *reg(regs, EDU_DMA_CMD) = EDU_DMA_RUN | EDU_DMA_IRQ |
                              (to_memory ? EDU_DMA_TO_BUS : 0);
    while (*reg(regs, EDU_DMA_CMD) & EDU_DMA_RUN) {
        if (clock_seconds() > end) {
            return answer_error(a, "the DMA does not end");
        }
        poll(NULL, 0, 5);
    }
    wait_irq(edu, before, result);
    return true;
}

/* Read or write the driver's page, always whole. */
static bool page(const struct edu *edu, uint8_t *data, bool write,
                 struct answer *a)
{
    g_autofree char *path = g_strdup_printf(PCI_DEVICES "/%s/dma_page", edu->bdf);
    FILE *f = fopen(path, write ? "r+e" : "re");
    size_t n = 0;

    if (f) {
        setvbuf(f, NULL, _IONBF, 0);
        n = write ? fwrite(data, 1, EDU_MEMORY_SIZE, f)
                  : fread(data, 1, EDU_MEMORY_SIZE, f);
        fclose(f);
    }
    return n == EDU_MEMORY_SIZE ||
           answer_error(a, "cannot %s the driver's page: %s",
                        write ? "write" : "read", strerror(errno));
}

/*
 * Pattern in memory -> device, zeroes in memory, device -> memory: the pattern
 * is back, as far as the DMAs went and no byte further.
 */
static bool loop(const struct edu *edu, const struct mapping *regs,
                 uint64_t seed, struct edu_result *result, struct answer *a)
{
    uint8_t pattern[EDU_MEMORY_SIZE], data[EDU_MEMORY_SIZE] = { 0 };

    pattern_fill(pattern, sizeof(pattern), seed);
    if (!page(edu, pattern, true, a) || !dma(edu, regs, false, result, a) ||
        !page(edu, data, true, a) || !dma(edu, regs, true, result, a) ||
        !page(edu, data, false, a)) {
        return false;
    }
    memset(pattern + edu->len, 0, sizeof(pattern) - edu->len);
    for (size_t i = 0; i < sizeof(data); i++) {
        if (data[i] != pattern[i]) {
            return answer_error(a, "byte %zu came back as 0x%02x, not 0x%02x",
                                i, data[i], pattern[i]);
        }
    }
    return true;
}

static bool raise_irq(const struct edu *edu, const struct mapping *regs,
                      struct edu_result *result)
{
    uint64_t before = irqs_taken(edu);

    *(volatile uint32_t *)(regs->at + EDU_IRQ_RAISE) = CAUSE_RAISED;
    wait_irq(edu, before, result);
    return true;
}

static bool run_once(const struct edu *edu, const struct mapping *regs,
                     uint64_t n, struct edu_result *result, struct answer *a)
{
    switch (edu->op) {
    case EDU_READ:
    case EDU_WRITE:
        return dma(edu, regs, edu->op == EDU_WRITE, result, a);
    case EDU_LOOP:
        return loop(edu, regs, edu->seed + n, result, a);
    case EDU_IRQ:
        break;
    }
    return raise_irq(edu, regs, result);
}

static bool run(struct edu *edu, struct edu_result *result, struct answer *a)
{
    bool own_page = edu->iova == UINT64_MAX;
    double begin = clock_seconds();
    struct mapping regs;
    g_autofree char *path = NULL;
    bool ok;

    *result = (struct edu_result){ 0 };
    if (!edu->len || edu->len > EDU_MEMORY_SIZE || !edu->count) {
        return answer_error(a, "len= is 1 to %d, count= at least 1",
                            EDU_MEMORY_SIZE);
    }
    if (edu->op == EDU_LOOP && !own_page) {
        return answer_error(a, "loop uses the driver's page: no iova=");
    }
    if (!find(edu, a)) {
        return false;
    }
    path = g_strdup_printf(PCI_DEVICES "/%s/resource0", edu->bdf);
    ok = mapping_open(&regs, path, 0, EDU_REGS_SIZE, a);
    if (!ok) {
        return false;
    }
    for (uint64_t n = 0; ok && n < edu->count; n++) {
        ok = run_once(edu, &regs, n, result, a);
    }
    mapping_close(&regs);
    result->usec = (clock_seconds() - begin) * 1e6;
    return ok;
}

void edu_command(const char *args, struct answer *a)
{
    struct edu edu = { .bdf = "" };
    struct edu_result result;
    char op[16];

    words_value(args, "bdf", edu.bdf, sizeof(edu.bdf));
    if (!argument_text(args, "op", op, sizeof(op), a) ||
        !argument_number(args, "iova", UINT64_MAX, &edu.iova, a) ||
        !argument_number(args, "len", EDU_MEMORY_SIZE, &edu.len, a) ||
        !argument_number(args, "count", 1, &edu.count, a) ||
        !argument_number(args, "seed", 1, &edu.seed, a)) {
        return;
    }
    if (!edu_parse_op(op, &edu.op)) {
        answer_error(a, "op= is read, write, loop or irq, not %s", op);
    } else if (run(&edu, &result, a)) {
        answer_add(a, "bytes=%" PRIu64 " ios=%" PRIu64 " irqs=%" PRIu64
                   " usec=%" PRIu64 " bdf=%s sid=0x%x iova=0x%" PRIx64,
                   edu.op == EDU_IRQ ? 0 : result.ios * edu.len, result.ios,
                   result.irqs, result.usec, edu.bdf, edu_sid(edu.bdf),
                   edu.iova);
    }
}
