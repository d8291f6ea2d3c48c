/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "args.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pci.h"
#include "util.h"

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

static const char summary[] =
    "Passes PCI devices of this arm64 host to a guest behind an accelerated SMMUv3, uses them there, and checks that\n"
    "their interrupts arrive. The devices are always restored to their drivers, on errors and signals too.";

static const char description[] =
    "Without --step it reads from an NVMe disk. The steps:\n"
    "  boot | guest[?] CMD | qmp[?] JSON | event NAME | expect-boots N | repeat N { STEP ; ... } | host[?] CMD |\n"
    "  sleep S | monitor S | exit [code=N|nonzero] | qtest PROGRAM [-p PATH] (needs neither kernel nor initrd)\n"
    "The expectations:\n"
    "  COUNTER OP NUMBER | COUNTER OP [N*]COUNTER | stderr ~ TEXT | guest !~ TEXT | answer.KEY ~ TEXT\n"
    "What must always hold (irqs >= ios, data_ok == 1, guest_bad == 0...) is expected unless one names its counter on\n"
    "the left.\n"
    "\n"
    "Exit status: 0 passed, 1 failed, 2 wrong usage, 77 the host lacks something, 124 time-out, 130 interrupted.\n";

static gboolean refuse(GError **error, const char *option, const char *value, const char *why)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s '%s': %s", option, value, why);
    return FALSE;
}

static gboolean add_device(const char *option, const char *value, gpointer data, GError **error)
{
    struct config *config = data;
    g_autofree char *name = NULL;
    char bdf[16];
    unsigned vf;

    if (pci_parse_vf(value, bdf, &vf)) {
        name = g_strdup_printf("%s/vf%u", bdf, vf);
    } else if (pci_parse_bdf(value, bdf)) {
        name = g_strdup(bdf);
    } else {
        return refuse(error, option, value, "not a PCI address; give one like 0000:01:00.0 (lspci -D), or "
                      "0000:01:00.0/vf0 for a virtual function");
    }
    if (g_ptr_array_find_with_equal_func(config->devices, name, g_str_equal, NULL)) {
        return refuse(error, option, name, "is given twice");
    }
    g_ptr_array_add(config->devices, g_steal_pointer(&name));
    return TRUE;
}

static gboolean add_step(const char *option, const char *value, gpointer data, GError **error)
{
    g_autofree char *why = NULL;

    return plan_add_step(((struct config *)data)->plan, value, &why) || refuse(error, option, value, why);
}

static gboolean add_expect(const char *option, const char *value, gpointer data, GError **error)
{
    g_autofree char *why = NULL;

    return plan_add_expect(((struct config *)data)->plan, value, &why) || refuse(error, option, value, why);
}

static bool is_qtest(const Step *step)
{
    return step->verb == STEP_QTEST;
}

static bool is_no_qtest(const Step *step)
{
    return step->verb != STEP_QTEST;
}

static void set_defaults(struct config *config)
{
    const struct {
        char **text;
        const char *value;
    } defaults[] = {
        { &config->machine, "virt,gic-version=3,its=on" }, { &config->accel, "kvm" }, { &config->cpu, "host" },
        { &config->memory, "512M" }, { &config->append, "" }, { &config->output, "smmu-lab-out" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++) {
        if (!*defaults[i].text) {
            *defaults[i].text = g_strdup(defaults[i].value);
        }
    }
    for (size_t i = 0; !config->firmware && i < G_N_ELEMENTS(firmware_places); i++) {
        if (!access(firmware_places[i], R_OK)) {
            config->firmware = g_strdup(firmware_places[i]);
        }
    }
}

/* Fill in the defaults that depend on what was given. Returns: false with a message if something is missing. */
static bool complete(struct config *config, char **err)
{
    bool own_args = config->qemu_args;
    bool firmware_given = config->firmware;
    bool qtests, no_guest;
    const char *missing;

    if (!own_args) {
        config->qemu_args = g_strdupv((char **)default_qemu_args);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(default_steps) && config->plan->steps->len == i; i++) {
        plan_add_step(config->plan, default_steps[i], NULL);
    }
    set_defaults(config);
    if (!g_strcmp0(config->firmware, "none")) {
        g_clear_pointer(&config->firmware, g_free);
    }
    qtests = plan_any_step(config->plan, is_qtest);
    no_guest = config->check || !plan_any_step(config->plan, is_no_qtest);
    missing = !config->devices->len && !own_args ? "--device" :
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
        return text_fail(err, "no UEFI firmware found: install qemu-efi-aarch64 (edk2-aarch64), or give "
                         "--firmware FILE");
    }
    if (config->timeout <= 0 || config->silence <= 0) {
        return text_fail(err, "--timeout %g, --silence %g: give seconds, more than 0", config->timeout,
                         config->silence);
    }
    if (config->smp < 1 || config->smp > 512) {
        return text_fail(err, "--smp %d: give a number of CPUs", config->smp);
    }
    return plan_complete(config->plan, 0, err);
}

enum args_result args_parse(int argc, char **argv, struct config *config, char **err)
{
    gboolean version = FALSE;
    const GOptionEntry entries[] = {
#define TEXT(name, field, help, value) { name, 0, 0, G_OPTION_ARG_FILENAME, &config->field, help, value }
#define LIST(name, field, help, value) { name, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &config->field, help, value }
#define CALL(name, function, help, value) \
        { name, 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer)function, help, value }
        CALL("device", add_device, "PCI device to pass through, which nobody may be using; BDF/vfN is the N-th virtual "
             "function of it, made by its driver", "BDF"),
        TEXT("qemu", qemu, "qemu-system-aarch64 to test", "FILE"),
        TEXT("kernel", kernel, "guest's kernel, with NVMe, SMMUv3 and PL011 built in", "FILE"),
        TEXT("initrd", initrd, "guest's initrd with smmu-lab-guest as /init", "FILE"),
        TEXT("qtests", qtests, "programs for `qtest` steps: build/qtests-arm64/out", "DIR"),
        TEXT("firmware", firmware, "UEFI; default: where distributions put QEMU_EFI.fd; `none`: device-tree boot",
             "FILE"),
        TEXT("machine", machine, "default virt,gic-version=3,its=on", "STR"),
        TEXT("accel", accel, "default kvm", "STR"),
        TEXT("cpu", cpu, "default host", "STR"),
        { "smp", 0, 0, G_OPTION_ARG_INT, &config->smp, "default 1", "N" },
        TEXT("memory", memory, "default 512M", "SIZE"),
        TEXT("append", append, "added to the guest's kernel command line", "STR"),
        LIST("qemu-arg", qemu_args, "added to QEMU's arguments, in order; ${dev0}, ${dev1}... are the addresses of the "
             "devices. Without any, the first device is on pcie.0 behind arm-smmuv3,accel=on", "ARG"),
        CALL("step", add_step, "what is done, see below", "[KEY=]STEP"),
        CALL("expect", add_expect, "what must be seen, see below", "EXPR"),
        TEXT("output", output, "consoles, trace, report.txt; default smmu-lab-out", "DIR"),
        { "timeout", 0, 0, G_OPTION_ARG_DOUBLE, &config->timeout, "for everything, default 180", "SECONDS" },
        { "silence", 0, 0, G_OPTION_ARG_DOUBLE, &config->silence, "without output of the guest, default 60",
          "SECONDS" },
        LIST("trace", traces, "more QEMU trace events", "PATTERN"),
        { "keep", 0, 0, G_OPTION_ARG_NONE, &config->keep, "keep temporary files", NULL },
        { "check", 0, 0, G_OPTION_ARG_NONE, &config->check, "only report what this host lacks", NULL },
        { "shell", 0, 0, G_OPTION_ARG_NONE, &config->shell, "the guest's console on this terminal", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &version, NULL, NULL },
        { NULL }
    };
    g_autoptr(GOptionContext) context = g_option_context_new("--device BDF --qemu FILE --kernel FILE --initrd FILE");
    GOptionGroup *group = g_option_group_new(NULL, NULL, NULL, config, NULL);
    g_auto(GStrv) words = g_new0(char *, argc + 1);
    g_autoptr(GError) error = NULL;

    *config = (struct config){
        .devices = g_ptr_array_new_with_free_func(g_free), .plan = plan_new(),
        .smp = 1, .timeout = 180, .silence = 60,
    };
    for (int i = 0; i < argc; i++) {
        words[i] = g_strdup(argv[i]);
    }
    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, description);
    if (!g_option_context_parse_strv(context, &words, &error)) {
        text_fail(err, "%s; see --help", error->message);
        return ARGS_WRONG;
    }
    if (version) {
        puts("smmu-lab-host 0.1");
        return ARGS_DONE;
    }
    if (words[1]) {
        text_fail(err, "'%s' is not an option; see --help", words[1]);
        return ARGS_WRONG;
    }
    return complete(config, err) ? ARGS_RUN : ARGS_WRONG;
}

void args_clear(struct config *config)
{
    char **texts[] = {
        &config->qemu, &config->kernel, &config->initrd, &config->qtests, &config->firmware, &config->machine,
        &config->accel, &config->cpu, &config->memory, &config->append, &config->output,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_clear_pointer(texts[i], g_free);
    }
    g_clear_pointer(&config->devices, g_ptr_array_unref);
    g_clear_pointer(&config->qemu_args, g_strfreev);
    g_clear_pointer(&config->traces, g_strfreev);
    g_clear_pointer(&config->plan, plan_free);
}
