/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "background.h"
#include "blockio.h"
#include "devices.h"
#include "dma-map.h"
#include "edu.h"
#include "guest-command.h"
#include "interrupts.h"
#include "kexec.h"
#include "klog.h"
#include "memory.h"
#include "msi.h"
#include "smmu.h"
#include "util.h"

static void do_io(const char *args, bool write, struct answer *a)
{
    struct blockio io = { .write = write };
    struct blockio_result result;
    char name[64], bdf[16], path[80];
    uint64_t before;

    if (!devices_block(args, name, bdf, a) ||
        !argument_number(args, "bs", 4096, &io.bs, a) ||
        !argument_number(args, "count", 1, &io.count, a) ||
        !argument_number(args, "offset", 0, &io.offset, a) ||
        !argument_number(args, "jobs", 1, &io.jobs, a) ||
        !argument_number(args, "seed", 1, &io.seed, a) ||
        !argument_number(args, "loops", 1, &io.loops, a)) {
        return;
    }
    snprintf(path, sizeof(path), "/dev/%s", name);
    io.path = path;
    before = devices_interrupts(bdf);
    if (blockio_run(&io, &result, a)) {
        uint64_t irqs = devices_interrupts(bdf);

        /* a reset of the device, or its driver, begins to count again */
        answer_add(a, "bytes=%" PRIu64 " ios=%" PRIu64 " irqs=%" PRIu64
                   " usec=%" PRIu64 " bdf=%s sha256=%s", result.bytes,
                   io.count * io.loops, irqs < before ? irqs : irqs - before,
                   result.usec, bdf, result.sha256);
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
    g_autofree char *table = NULL;
    char match[64];
    unsigned lines, fired;
    uint64_t sum;

    if (!argument_text(args, "match", match, sizeof(match), a)) {
        return;
    }
    table = interrupts_table();
    if (!table) {
        answer_error(a, "cannot read /proc/interrupts: %s", strerror(errno));
        return;
    }
    sum = interrupts_matching(table, match, &lines, &fired);
    answer_add(a, "irqs=%" PRIu64 " lines=%u fired=%u", sum, lines, fired);
}

/* An NVMe disk nvme0n1 names its I/O vectors nvme0q1, nvme0q2 ... */
static void cmd_queues(const char *args, struct answer *a)
{
    char dev[64], name[32];
    unsigned vectors = 0, fired = 0, controller;
    g_autofree char *table = NULL;
    uint64_t irqs;

    if (!argument_text(args, "dev", dev, sizeof(dev), a)) {
        return;
    }
    table = interrupts_table();
    if (sscanf(dev, "nvme%u", &controller) != 1 || !table) {
        answer_error(a, "%s is not an NVMe device", dev);
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
}

static void cmd_log(const char *args, struct answer *a)
{
    char match[128];
    int n;

    if (argument_text(args, "match", match, sizeof(match), a)) {
        n = klog_count(match);
        if (n < 0) {
            answer_error(a, "cannot read the log: %s", strerror(errno));
        } else {
            answer_add(a, "lines=%d", n);
        }
    }
}

/* A block device's node exists before the device can be opened */
static bool exists(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        close(fd);
        return true;
    }
    return errno != ENXIO && !access(path, F_OK);
}

static void wait_for(const char *args, bool there, struct answer *a)
{
    g_autofree char *path = NULL;
    char dev[64];
    uint64_t timeout;
    double start = clock_seconds();

    if (!argument_text(args, "dev", dev, sizeof(dev), a) ||
        !argument_number(args, "timeout", 30, &timeout, a)) {
        return;
    }
    /* a PCI address or a name below /dev */
    path = g_strdup_printf(strchr(dev, ':') ? "/sys/bus/pci/devices/%s"
                                        : "/dev/%s", dev);
    while ((there ? exists(path) : !access(path, F_OK)) != there) {
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
    char bdf[64], driver[64], name[64], type[32];
    bool typed = words_value(args, "type", type, sizeof(type));

    if (!argument_text(args, "driver", driver, sizeof(driver), a) ||
        !argument_text(args, "dev", name, sizeof(name), a)) {
        return;
    }
    if (!devices_bdf_of_block(name, bdf, sizeof(bdf))) {
        strcpy(bdf, name);
    }
    if (devices_rebind(bdf, driver, typed ? type : NULL, a)) {
        answer_add(a, "bdf=%s", bdf);
    }
}

static void cmd_reserved(const char *args, struct answer *a)
{
    devices_reserved(a);
}

static void cmd_iommu(const char *args, struct answer *a)
{
    devices_iommu(a);
}

static void cmd_cpus(const char *args, struct answer *a)
{
    answer_add(a, "cpus=%ld", sysconf(_SC_NPROCESSORS_ONLN));
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

static void run_begun(const char *command, struct answer *a)
{
    if (commands_run(command, a) != COMMAND_GO_ON) {
        answer_error(a, "this cannot run in the background: %s", command);
    }
}

static void cmd_begin(const char *args, struct answer *a)
{
    background_begin(args, run_begun, a);
}

static void cmd_running(const char *args, struct answer *a)
{
    background_running(a);
}

static void cmd_finish(const char *args, struct answer *a)
{
    background_finish(args, a);
}

static enum command_end do_kexec(const char *args, struct answer *a)
{
    char kernel[32], initrd[32];
    uint64_t crash;

    if (!argument_text(args, "kernel", kernel, sizeof(kernel), a) ||
        !argument_text(args, "initrd", initrd, sizeof(initrd), a) ||
        !argument_number(args, "crash", 0, &crash, a) ||
        !kexec_load(kernel, initrd, crash, a)) {
        return COMMAND_GO_ON;
    }
    return crash ? COMMAND_CRASH : COMMAND_KEXEC;
}

typedef void run_command(const char *args, struct answer *a);

/* What ends the guest is not among them. */
static run_command *const table[GUEST_VERBS] = {
    [GUEST_READ] = cmd_read, [GUEST_WRITE] = cmd_write, [GUEST_WAIT] = cmd_wait, [GUEST_GONE] = cmd_gone,
    [GUEST_REBIND] = cmd_rebind, [GUEST_IRQS] = cmd_irqs, [GUEST_QUEUES] = cmd_queues, [GUEST_LOG] = cmd_log,
    [GUEST_RESERVED] = cmd_reserved, [GUEST_IOMMU] = cmd_iommu, [GUEST_CPUS] = cmd_cpus, [GUEST_MSI] = msi_command,
    [GUEST_EDU] = edu_command, [GUEST_RAM] = ram_command, [GUEST_SMMU] = smmu_command,
    [GUEST_BEGIN] = cmd_begin, [GUEST_RUNNING] = cmd_running, [GUEST_FINISH] = cmd_finish, [GUEST_SH] = cmd_sh,
    [GUEST_DMA_MAP] = dma_map_command,
};

enum command_end commands_run(const char *line, struct answer *a)
{
    GuestVerb verb;
    const char *args;
    g_autofree char *err = NULL;

    if (!guest_command_parse(line, &verb, &args, &err)) {
        answer_error(a, "%s", err);
        return COMMAND_GO_ON;
    }
    switch (verb) {
    case GUEST_POWEROFF:
        return COMMAND_POWEROFF;
    case GUEST_REBOOT:
        return COMMAND_REBOOT;
    case GUEST_KEXEC:
        return do_kexec(args, a);
    default:
        table[verb](args, a);
        return COMMAND_GO_ON;
    }
}
