/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapping.h"
#include "pattern.h"
#include "words.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

#define REG_RAISE_IRQ 0x60
#define REG_DMA_SRC 0x80
#define REG_DMA_DST 0x88
#define REG_DMA_LEN 0x90
#define REG_DMA_CMD 0x98
#define REGS_SIZE 0x1000
#define CMD_RUN 0x1
#define CMD_TO_MEMORY 0x2
#define CMD_IRQ 0x4
#define DEVICE_BUFFER 0x40000 /* its address as the engine sees it */
#define CAUSE_RAISED 0x1

#define DMA_SECONDS 10
#define IRQ_SECONDS 3
#define LATER_IRQ_SECONDS 0.1 /* after one was lost */

bool edu_parse_op(const char *name, enum edu_op *op)
{
    static const char *const names[] = {
        [EDU_READ] = "read", [EDU_WRITE] = "write", [EDU_LOOP] = "loop",
        [EDU_IRQ] = "irq",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
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
    char *path = text_printf(PCI_DEVICES "/%s/%s", edu->bdf, name);
    bool ok = file_read_line(path, buf, size);

    free(path);
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
    DIR *dir = *edu->bdf ? NULL : opendir(PCI_DEVICES);
    struct dirent *d;

    while (dir && !*edu->bdf && (d = readdir(dir))) {
        if (is_edu(d->d_name)) {
            snprintf(edu->bdf, sizeof(edu->bdf), "%.15s", d->d_name);
        }
    }
    if (dir) {
        closedir(dir);
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

    *reg(regs, REG_DMA_SRC) = to_memory ? DEVICE_BUFFER : edu->iova;
    *reg(regs, REG_DMA_DST) = to_memory ? edu->iova : DEVICE_BUFFER;
    *reg(regs, REG_DMA_LEN) = edu->len;
    *reg(regs, REG_DMA_CMD) = CMD_RUN | CMD_IRQ |
                              (to_memory ? CMD_TO_MEMORY : 0);
    while (*reg(regs, REG_DMA_CMD) & CMD_RUN) {
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
    char *path = text_printf(PCI_DEVICES "/%s/dma_page", edu->bdf);
    FILE *f = fopen(path, write ? "r+e" : "re");
    size_t n = 0;

    if (f) {
        setvbuf(f, NULL, _IONBF, 0);
        n = write ? fwrite(data, 1, EDU_BUFFER, f)
                  : fread(data, 1, EDU_BUFFER, f);
        fclose(f);
    }
    free(path);
    return n == EDU_BUFFER ||
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
    uint8_t pattern[EDU_BUFFER], data[EDU_BUFFER] = { 0 };

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

    *(volatile uint32_t *)(regs->at + REG_RAISE_IRQ) = CAUSE_RAISED;
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

bool edu_run(struct edu *edu, struct edu_result *result, struct answer *a)
{
    bool own_page = edu->iova == UINT64_MAX;
    double begin = clock_seconds();
    struct mapping regs;
    char *path;
    bool ok;

    *result = (struct edu_result){ 0 };
    if (!edu->len || edu->len > EDU_BUFFER || !edu->count) {
        return answer_error(a, "len= is 1 to %d, count= at least 1",
                            EDU_BUFFER);
    }
    if (edu->op == EDU_LOOP && !own_page) {
        return answer_error(a, "loop uses the driver's page: no iova=");
    }
    if (!find(edu, a)) {
        return false;
    }
    path = text_printf(PCI_DEVICES "/%s/resource0", edu->bdf);
    ok = mapping_open(&regs, path, 0, REGS_SIZE, a);
    free(path);
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
