/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blockio.h"
#include "devices.h"
#include "edu.h"
#include "interrupts.h"
#include "klog.h"
#include "msi.h"
#include "ram.h"
#include "words.h"

/* Returns: false, with the error in @a, if @key is there and no number. */
static bool number(const char *args, const char *key, uint64_t fallback,
                   uint64_t *value, struct answer *a)
{
    return words_number(args, key, fallback, value) ||
           answer_error(a, "%s= must be a number", key);
}

static bool required(const char *args, const char *key, char *buf, size_t size,
                     struct answer *a)
{
    return words_value(args, key, buf, size) ||
           answer_error(a, "%s= is missing", key);
}

static uint64_t irqs_of(const char *bdf)
{
    unsigned irqs[DEVICES_MAX_IRQS];
    size_t n = devices_msi_irqs(bdf, irqs);
    char *table = interrupts_table();
    uint64_t sum = table ? interrupts_of(table, irqs, n) : 0;

    free(table);
    return sum;
}

static void do_io(const char *args, bool write, struct answer *a)
{
    struct blockio io = { .write = write };
    struct blockio_result result;
    char name[64], bdf[16], path[80];
    uint64_t irqs;

    if (!devices_block(args, name, bdf, a) ||
        !number(args, "bs", 4096, &io.bs, a) ||
        !number(args, "count", 1, &io.count, a) ||
        !number(args, "offset", 0, &io.offset, a) ||
        !number(args, "jobs", 1, &io.jobs, a) ||
        !number(args, "depth", 1, &io.depth, a) ||
        !number(args, "seed", 1, &io.seed, a)) {
        return;
    }
    snprintf(path, sizeof(path), "/dev/%s", name);
    io.path = path;
    irqs = irqs_of(bdf);
    if (blockio_run(&io, &result, a)) {
        answer_add(a, "bytes=%" PRIu64 " ios=%" PRIu64 " irqs=%" PRIu64
                   " usec=%" PRIu64 " bdf=%s sha256=%s", result.bytes,
                   io.count, irqs_of(bdf) - irqs, result.usec, bdf,
                   result.sha256);
    }
}

static void cmd_read(const char *args, struct answer *a)
{
    do_io(args, false, a);
}

static void cmd_write(const char *args, struct answer *a)
{
    do_io(args, true, a);
}

static void cmd_irqs(const char *args, struct answer *a)
{
    char match[64];
    char *table;
    unsigned lines, fired;
    uint64_t sum;

    if (!required(args, "match", match, sizeof(match), a)) {
        return;
    }
    table = interrupts_table();
    if (!table) {
        answer_error(a, "cannot read /proc/interrupts: %s", strerror(errno));
        return;
    }
    sum = interrupts_matching(table, match, &lines, &fired);
    answer_add(a, "irqs=%" PRIu64 " lines=%u fired=%u", sum, lines, fired);
    free(table);
}

/* An NVMe disk nvme0n1 names its I/O vectors nvme0q1, nvme0q2 ... */
static void cmd_queues(const char *args, struct answer *a)
{
    char dev[64], name[32];
    unsigned vectors = 0, fired = 0, controller;
    uint64_t irqs;
    char *table;

    if (!required(args, "dev", dev, sizeof(dev), a)) {
        return;
    }
    table = interrupts_table();
    if (sscanf(dev, "nvme%u", &controller) != 1 || !table) {
        answer_error(a, "%s is no NVMe device", dev);
        free(table);
        return;
    }
    do {
        snprintf(name, sizeof(name), "nvme%uq%u", controller, vectors + 1);
        if (!interrupts_named(table, name, &irqs)) {
            break;
        }
        vectors++;
        fired += irqs ? 1 : 0;
    } while (vectors < 1024);
    answer_add(a, "fired=%u vectors=%u", fired, vectors);
    free(table);
}

static void cmd_log(const char *args, struct answer *a)
{
    char match[128];
    int n;

    if (required(args, "match", match, sizeof(match), a)) {
        n = klog_count(match);
        if (n < 0) {
            answer_error(a, "cannot read the log: %s", strerror(errno));
        } else {
            answer_add(a, "lines=%d", n);
        }
    }
}

static void wait_for(const char *args, bool there, struct answer *a)
{
    char dev[64];
    char *path;
    uint64_t timeout;
    double start = clock_seconds();

    if (!required(args, "dev", dev, sizeof(dev), a) ||
        !number(args, "timeout", 30, &timeout, a)) {
        return;
    }
    /* a PCI address or a name below /dev */
    path = text_printf(strchr(dev, ':') ? "/sys/bus/pci/devices/%s"
                                        : "/dev/%s", dev);
    while (!access(path, F_OK) != there) {
        if (clock_seconds() - start > timeout) {
            answer_error(a, "%s is %s after %" PRIu64 " s", dev,
                         there ? "not there" : "still there", timeout);
            break;
        }
        poll(NULL, 0, 20);
    }
    if (!a->failed) {
        answer_add(a, "seconds=%.1f", clock_seconds() - start);
    }
    free(path);
}

static void cmd_wait(const char *args, struct answer *a)
{
    wait_for(args, true, a);
}

static void cmd_gone(const char *args, struct answer *a)
{
    wait_for(args, false, a);
}

static void cmd_rebind(const char *args, struct answer *a)
{
    char bdf[64], driver[64], name[64];

    if (!required(args, "driver", driver, sizeof(driver), a) ||
        !required(args, "dev", name, sizeof(name), a)) {
        return;
    }
    if (!devices_bdf_of_block(name, bdf, sizeof(bdf))) {
        strcpy(bdf, name);
    }
    if (devices_rebind(bdf, driver, a)) {
        answer_add(a, "bdf=%s", bdf);
    }
}

static void cmd_reserved(const char *args, struct answer *a)
{
    (void)args;
    devices_reserved(a);
}

static void cmd_iommu(const char *args, struct answer *a)
{
    (void)args;
    devices_iommu(a);
}

static void cmd_cpus(const char *args, struct answer *a)
{
    (void)args;
    answer_add(a, "cpus=%ld", sysconf(_SC_NPROCESSORS_ONLN));
}

static void cmd_edu(const char *args, struct answer *a)
{
    struct edu edu = { .bdf = "" };
    struct edu_result result;
    char op[16];

    words_value(args, "bdf", edu.bdf, sizeof(edu.bdf));
    if (!required(args, "op", op, sizeof(op), a) ||
        !number(args, "iova", UINT64_MAX, &edu.iova, a) ||
        !number(args, "len", EDU_BUFFER, &edu.len, a) ||
        !number(args, "count", 1, &edu.count, a) ||
        !number(args, "seed", 1, &edu.seed, a)) {
        return;
    }
    if (!edu_parse_op(op, &edu.op)) {
        answer_error(a, "op= is read, write, loop or irq, not %s", op);
    } else if (edu_run(&edu, &result, a)) {
        answer_add(a, "bytes=%" PRIu64 " ios=%" PRIu64 " irqs=%" PRIu64
                   " usec=%" PRIu64 " bdf=%s sid=0x%x iova=0x%" PRIx64,
                   edu.op == EDU_IRQ ? 0 : result.ios * edu.len, result.ios,
                   result.irqs, result.usec, edu.bdf, edu_sid(edu.bdf),
                   edu.iova);
    }
}

static void cmd_msi(const char *args, struct answer *a)
{
    struct msi msi;
    char bdf[16];

    if (required(args, "bdf", bdf, sizeof(bdf), a) &&
        msi_address(bdf, &msi, a)) {
        answer_add(a, "kind=%s iova=0x%" PRIx64, msi.msix ? "msix" : "msi",
                   msi.address);
    }
}

/* gpa=, or the page that has the address of bdf='s MSIs if taken for a GPA */
static bool ram_place(const char *args, uint64_t *gpa, struct answer *a)
{
    struct msi msi;
    char bdf[16];

    if (words_value(args, "bdf", bdf, sizeof(bdf))) {
        if (!msi_address(bdf, &msi, a)) {
            return false;
        }
        *gpa = msi.address & ~0xfffULL;
        return true;
    }
    return number(args, "gpa", 0, gpa, a) &&
           (*gpa || answer_error(a, "gpa= or bdf= is missing"));
}

static void cmd_ram(const char *args, struct answer *a)
{
    uint64_t gpa, len, seed, changed, where;
    char op[16];

    if (!required(args, "op", op, sizeof(op), a) ||
        !number(args, "len", 4096, &len, a) ||
        !number(args, "seed", 1, &seed, a) || !ram_place(args, &gpa, a)) {
        return;
    }
    if (!strcmp(op, "fill")) {
        if (ram_fill(gpa, len, seed, a)) {
            answer_add(a, "gpa=0x%" PRIx64 " bytes=%" PRIu64, gpa, len);
        }
    } else if (strcmp(op, "check")) {
        answer_error(a, "op= is fill or check, not %s", op);
    } else if (ram_check(gpa, len, seed, &changed, &where, a)) {
        answer_add(a, "changed=%" PRIu64 " gpa=0x%" PRIx64, changed,
                   changed ? where : gpa);
    }
}

bool commands_install_busybox(void)
{
    if (!access("/bin/sh", X_OK)) {
        return true;
    }
    /* system() itself needs /bin/sh */
    return !symlink("busybox", "/bin/sh") &&
           !system("/bin/busybox --install -s /bin");
}

static void cmd_sh(const char *args, struct answer *a)
{
    char out[201];
    size_t used = 0;
    int status, c;
    FILE *f;

    f = commands_install_busybox() ? popen(args, "r") : NULL;
    if (!f) {
        answer_error(a, "cannot run a shell: %s", strerror(errno));
        return;
    }
    while ((c = getc(f)) != EOF) {
        if (used < sizeof(out) - 1) {
            out[used++] = c;
        }
    }
    while (used && out[used - 1] == '\n') {
        used--;
    }
    out[used] = '\0';
    status = pclose(f);
    answer_add(a, "status=%d", WIFEXITED(status) ? WEXITSTATUS(status) : 255);
    answer_add_text(a, "out", out);
}

static const struct {
    const char *name;
    void (*run)(const char *args, struct answer *a);
} table[] = {
    { "read", cmd_read },       { "write", cmd_write },
    { "irqs", cmd_irqs },       { "queues", cmd_queues },
    { "log", cmd_log },         { "wait", cmd_wait },
    { "gone", cmd_gone },       { "rebind", cmd_rebind },
    { "reserved", cmd_reserved }, { "iommu", cmd_iommu },
    { "cpus", cmd_cpus },       { "sh", cmd_sh },
    { "edu", cmd_edu },         { "msi", cmd_msi },
    { "ram", cmd_ram },
};

enum command_end commands_run(const char *line, struct answer *a)
{
    char verb[32];

    if (!words_next(&line, verb, sizeof(verb))) {
        answer_error(a, "no command");
        return COMMAND_GO_ON;
    }
    line += strspn(line, " ");
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (!strcmp(verb, table[i].name)) {
            table[i].run(line, a);
            return COMMAND_GO_ON;
        }
    }
    if (!strcmp(verb, "poweroff") || !strcmp(verb, "exit")) {
        return COMMAND_POWEROFF;
    }
    if (!strcmp(verb, "reboot")) {
        return COMMAND_REBOOT;
    }
    answer_error(a, "unknown command %s", verb);
    return COMMAND_GO_ON;
}
