/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "args.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vf.h"

static const char *const firmware_places[] = {
    "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
    "/usr/share/edk2/aarch64/QEMU_EFI.fd",
    "/usr/share/edk2/aarch64/QEMU_EFI.silent.fd",
    "/usr/share/qemu/edk2-aarch64-code.fd",
    "/usr/share/AAVMF/AAVMF_CODE.fd",
};

static const char *const default_qemu_args[] = {
    "-object", "iommufd,id=iommufd0",
    "-device", "arm-smmuv3,primary-bus=pcie.0,id=smmu0,accel=on",
    "-device", "vfio-pci,id=dev0,host=${dev0},iommufd=iommufd0",
    NULL,
};

static const char *const default_steps[] = {
    "boot",
    "guest wait dev=nvme0n1 timeout=60",
    "guest read dev=nvme0n1 bs=4096 count=64",
    "guest read dev=nvme0n1 bs=131072 count=16",
};

static const char help_text[] =
"Usage: smmu-lab-host --device BDF [--device BDF ...] --qemu FILE\n"
"           --kernel FILE --initrd FILE [OPTION ...]\n"
"\n"
"Gives PCI devices of this arm64 host to a guest behind an accelerated\n"
"SMMUv3, uses them there, and checks that their interrupts arrive. The\n"
"devices always go back to their drivers, on errors and signals too.\n"
"\n"
"The host and the guest:\n"
"  --device BDF      PCI device to pass through; nobody may be using it\n"
"  --device BDF/vfN  N-th virtual function of it, made by its driver\n"
"  --qemu FILE       qemu-system-aarch64 to test\n"
"  --kernel FILE     guest's kernel, with NVMe, SMMUv3 and PL011 built in\n"
"  --initrd FILE     guest's initrd with smmu-lab-guest as /init\n"
"  --qtests DIR      programs for `qtest` steps: build/qtests-arm64/out\n"
"  --firmware FILE   UEFI; default: where distributions put QEMU_EFI.fd;\n"
"                    `none`: device-tree boot\n"
"  --machine STR     default virt,gic-version=3,its=on\n"
"  --accel STR       default kvm\n"
"  --cpu STR         default host\n"
"  --smp N           default 1\n"
"  --memory SIZE     default 512M\n"
"  --append STR      added to the guest's kernel command line\n"
"  --qemu-arg ARG    added to QEMU's, in order; ${dev0}, ${dev1}... are the\n"
"                    addresses of the devices. Without any, the first device\n"
"                    sits on pcie.0 behind arm-smmuv3,accel=on\n"
"\n"
"What is done (default: reads from an NVMe disk) and what must be seen:\n"
"  --step [KEY=]STEP boot | guest[?] CMD | qmp[?] JSON | event NAME |\n"
"                    expect-boots N | repeat N { STEP ; ... } | host CMD |\n"
"                    sleep S | exit [code=N|nonzero] |\n"
"                    qtest PROGRAM [-p PATH] (takes no kernel, no initrd)\n"
"  --expect EXPR     COUNTER OP NUMBER | COUNTER OP [N*]COUNTER |\n"
"                    stderr ~ TEXT | guest !~ TEXT | answer.KEY ~ TEXT.\n"
"                    What must always hold (irqs >= ios, data_ok == 1...)\n"
"                    is expected unless one names its counter on the left\n"
"\n"
"  --output DIR      consoles, trace, report.txt; default ./smmu-lab-out\n"
"  --timeout SECONDS for everything, default 180\n"
"  --silence SECONDS without a word from the guest, default 60\n"
"  --trace PATTERN   more QEMU trace events\n"
"  --keep            keep temporary files\n"
"  --check           only say what this host lacks\n"
"  --shell           the guest's console on this terminal\n"
"  --help, --version\n"
"\n"
"Exit status: 0 passed, 1 failed, 2 wrong usage, 77 the host lacks something,\n"
"124 time-out, 130 interrupted.\n";

enum {
    OPT_DEVICE = 256, OPT_QEMU, OPT_KERNEL, OPT_INITRD, OPT_QTESTS,
    OPT_FIRMWARE, OPT_MACHINE, OPT_ACCEL, OPT_CPU, OPT_SMP, OPT_MEMORY,
    OPT_APPEND, OPT_QEMU_ARG, OPT_STEP, OPT_EXPECT, OPT_OUTPUT, OPT_TIMEOUT, OPT_SILENCE,
    OPT_TRACE, OPT_KEEP, OPT_CHECK, OPT_SHELL, OPT_HELP, OPT_VERSION,
};

static const struct option options[] = {
    { "device", required_argument, NULL, OPT_DEVICE },
    { "qemu", required_argument, NULL, OPT_QEMU },
    { "kernel", required_argument, NULL, OPT_KERNEL },
    { "initrd", required_argument, NULL, OPT_INITRD },
    { "qtests", required_argument, NULL, OPT_QTESTS },
    { "firmware", required_argument, NULL, OPT_FIRMWARE },
    { "machine", required_argument, NULL, OPT_MACHINE },
    { "accel", required_argument, NULL, OPT_ACCEL },
    { "cpu", required_argument, NULL, OPT_CPU },
    { "smp", required_argument, NULL, OPT_SMP },
    { "memory", required_argument, NULL, OPT_MEMORY },
    { "append", required_argument, NULL, OPT_APPEND },
    { "qemu-arg", required_argument, NULL, OPT_QEMU_ARG },
    { "step", required_argument, NULL, OPT_STEP },
    { "expect", required_argument, NULL, OPT_EXPECT },
    { "output", required_argument, NULL, OPT_OUTPUT },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "silence", required_argument, NULL, OPT_SILENCE },
    { "trace", required_argument, NULL, OPT_TRACE },
    { "keep", no_argument, NULL, OPT_KEEP },
    { "check", no_argument, NULL, OPT_CHECK },
    { "shell", no_argument, NULL, OPT_SHELL },
    { "help", no_argument, NULL, OPT_HELP },
    { "version", no_argument, NULL, OPT_VERSION },
    { NULL, 0, NULL, 0 },
};

bool args_parse_bdf(const char *text, char *bdf)
{
    unsigned domain = 0, bus, slot, function;
    char rest;

    if (sscanf(text, "%4x:%2x:%2x.%1x%c", &domain, &bus, &slot, &function,
               &rest) != 4) {
        domain = 0;
        if (sscanf(text, "%2x:%2x.%1x%c", &bus, &slot, &function,
                   &rest) != 3) {
            return false;
        }
    }
    if (slot > 31 || function > 7) {
        return false;
    }
    snprintf(bdf, 16, "%04x:%02x:%02x.%x", domain, bus, slot, function);
    return true;
}

static bool add_device(struct config *config, const char *text, char **err)
{
    char bdf[16], name[32];
    unsigned vf;

    if (vf_parse(text, bdf, &vf)) {
        snprintf(name, sizeof(name), "%s/vf%u", bdf, vf);
    } else if (args_parse_bdf(text, bdf)) {
        strcpy(name, bdf);
    } else {
        return text_fail(err, "--device %s is no PCI address; give one like "
                         "0000:01:00.0 (lspci -D), or 0000:01:00.0/vf0 for a "
                         "virtual function", text);
    }
    for (size_t i = 0; i < config->devices.n; i++) {
        if (!strcmp(config->devices.v[i], name)) {
            return text_fail(err, "--device %s is given twice", name);
        }
    }
    strlist_add(&config->devices, name);
    return true;
}

static bool seconds(const char *name, const char *text, double *value,
                    char **err)
{
    char *end;

    *value = strtod(text, &end);
    return (end != text && !*end && *value > 0) ||
           text_fail(err, "%s %s: give seconds, more than 0", name, text);
}

static bool cpus(const char *text, unsigned *value, char **err)
{
    char *end;
    long n = strtol(text, &end, 10);

    *value = n;
    return (end != text && !*end && n > 0 && n <= 512) ||
           text_fail(err, "--smp %s: give a number of CPUs", text);
}

/* Options that only store their argument. */
static const char **string_option(struct config *config, int opt)
{
    switch (opt) {
    case OPT_QEMU:
        return &config->qemu;
    case OPT_KERNEL:
        return &config->kernel;
    case OPT_INITRD:
        return &config->initrd;
    case OPT_QTESTS:
        return &config->qtests;
    case OPT_FIRMWARE:
        return &config->firmware;
    case OPT_MACHINE:
        return &config->machine;
    case OPT_ACCEL:
        return &config->accel;
    case OPT_CPU:
        return &config->cpu;
    case OPT_MEMORY:
        return &config->memory;
    case OPT_APPEND:
        return &config->append;
    case OPT_OUTPUT:
        return &config->output;
    default:
        return NULL;
    }
}

static struct strlist *list_option(struct config *config, int opt)
{
    switch (opt) {
    case OPT_QEMU_ARG:
        return &config->qemu_args;
    case OPT_TRACE:
        return &config->traces;
    default:
        return NULL;
    }
}

static bool take_option(struct config *config, int opt, char *value,
                        char **err)
{
    const char **string = string_option(config, opt);
    struct strlist *list = list_option(config, opt);
    g_autofree char *why = NULL;

    if (string) {
        *string = value;
        return true;
    }
    if (list) {
        strlist_add(list, value);
        return true;
    }
    switch (opt) {
    case OPT_STEP:
        return plan_add_step(config->plan, value, &why) || text_fail(err, "--step '%s': %s", value, why);
    case OPT_EXPECT:
        return plan_add_expect(config->plan, value, &why) || text_fail(err, "--expect '%s': %s", value, why);
    case OPT_DEVICE:
        return add_device(config, value, err);
    case OPT_SMP:
        return cpus(value, &config->smp, err);
    case OPT_TIMEOUT:
        return seconds("--timeout", value, &config->timeout, err);
    case OPT_SILENCE:
        return seconds("--silence", value, &config->silence, err);
    case OPT_KEEP:
        config->keep = true;
        return true;
    case OPT_CHECK:
        config->check = true;
        return true;
    case OPT_SHELL:
        config->shell = true;
        return true;
    default:
        return false;
    }
}

static void fill_list(struct strlist *list, const char *const *defaults)
{
    if (!list->n) {
        for (; *defaults; defaults++) {
            strlist_add(list, *defaults);
        }
    }
}

static void set_defaults(struct config *config)
{
    fill_list(&config->qemu_args, default_qemu_args);
    if (!config->plan->steps->len) {
        for (size_t i = 0; i < G_N_ELEMENTS(default_steps); i++) {
            plan_add_step(config->plan, default_steps[i], NULL);
        }
    }
    if (!config->firmware) {
        for (size_t i = 0;
             i < sizeof(firmware_places) / sizeof(firmware_places[0]); i++) {
            if (!access(firmware_places[i], R_OK)) {
                config->firmware = firmware_places[i];
                break;
            }
        }
    } else if (!strcmp(config->firmware, "none")) {
        config->firmware = NULL;
    }
}

static bool is_qtest(const Step *step)
{
    return step->verb == STEP_QTEST;
}

static bool is_no_qtest(const Step *step)
{
    return step->verb != STEP_QTEST;
}

/* @own_args: QEMU's arguments were given, and may do without devices. */
static bool complete(const struct config *config, bool own_args,
                     bool firmware_given, char **err)
{
    bool qtests = plan_any_step(config->plan, is_qtest);
    bool no_guest = config->check || !plan_any_step(config->plan, is_no_qtest);
    const char *missing = !config->devices.n && !own_args ? "--device" :
                          config->check ? NULL :
                          !config->qemu ? "--qemu" :
                          qtests && !config->qtests ? "--qtests" :
                          no_guest ? NULL :
                          !config->kernel ? "--kernel" :
                          !config->initrd ? "--initrd" : NULL;

    if (missing) {
        return text_fail(err, "%s is missing; see --help", missing);
    }
    if (!no_guest && !firmware_given && !config->firmware) {
        return text_fail(err, "no UEFI firmware found: install "
                         "qemu-efi-aarch64 (edk2-aarch64), or give "
                         "--firmware FILE");
    }
    return plan_complete(config->plan, 0, err);
}

enum args_result args_parse(int argc, char **argv, struct config *config,
                            char **err)
{
    bool firmware_given, own_args;
    int opt;

    *config = (struct config){
        .machine = "virt,gic-version=3,its=on", .accel = "kvm", .cpu = "host",
        .memory = "512M", .append = "", .output = "smmu-lab-out", .smp = 1,
        .timeout = 180, .silence = 60, .plan = plan_new(),
    };
    optind = 0; /* start anew: the tests parse many command lines */
    opterr = 0;
    while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
        if (opt == OPT_HELP || opt == OPT_VERSION) {
            fputs(opt == OPT_HELP ? help_text : "smmu-lab-host 0.1\n", stdout);
            return ARGS_DONE;
        }
        if (opt == ':' || opt == '?') {
            text_fail(err, "%s %s; see --help", argv[optind - 1],
                      opt == ':' ? "needs a value" : "is no option");
            return ARGS_WRONG;
        }
        if (!take_option(config, opt, optarg, err)) {
            return ARGS_WRONG;
        }
    }
    if (optind < argc) {
        text_fail(err, "%s is no option; see --help", argv[optind]);
        return ARGS_WRONG;
    }
    firmware_given = config->firmware;
    own_args = config->qemu_args.n;
    set_defaults(config);
    return complete(config, own_args, firmware_given, err) ? ARGS_RUN
                                                           : ARGS_WRONG;
}
