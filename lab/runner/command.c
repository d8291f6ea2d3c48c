/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "qtests.h"

#include <string.h>

/* Slots below are left to what QEMU places itself: the 9p share. */
#define FIRST_DEVICE_SLOT 8

#define HOST_MACHINE "virt,virtualization=on,gic-version=3,iommu=smmuv3"
#define HOST_CPU "max,pauth-impdef=on,sve=off,sme=off"
#define SHARE_ON_HOST "/lab"

/* In a directory of build/; the host's init adds MODULES to the initrd. */
#define KERNEL_IMAGE "arch/arm64/boot/Image"
#define MODULES "modules.cpio"

RunFiles *run_files_new(const char *dir)
{
    RunFiles *files = g_new0(RunFiles, 1);

    files->dir = g_strdup(dir);
    files->share = g_build_filename(dir, "share", NULL);
    files->console = g_build_filename(dir, "console.log", NULL);
    files->host_stderr = g_build_filename(dir, "host-qemu.stderr", NULL);
    files->out = g_build_filename(dir, "share", "out", NULL);
    files->report = g_build_filename(files->out, "report.txt", NULL);
    return files;
}

void run_files_free(RunFiles *files)
{
    g_free(files->dir);
    g_free(files->share);
    g_free(files->console);
    g_free(files->host_stderr);
    g_free(files->out);
    g_free(files->report);
    g_free(files);
}

char *command_disk_file(const RunFiles *files, guint n)
{
    g_autofree char *name = g_strdup_printf("disk%u.img", n);

    return g_build_filename(files->dir, name, NULL);
}

char *command_device_bdf(guint n)
{
    return g_strdup_printf("0000:00:%02x.0", FIRST_DEVICE_SLOT + n);
}

/* The name of the device for smmu-lab-host: "MODEL/vfN,PROPERTIES" stands for the
 * N-th virtual function of a MODEL. */
static char *device_name(const Scenario *s, guint n)
{
    g_autofree char *bdf = command_device_bdf(n);
    g_autofree char *model = g_strndup(s->devices[n],
                                       strcspn(s->devices[n], ","));
    const char *vf = strchr(model, '/');

    return g_strconcat(bdf, vf ? vf : "", NULL);
}

char *command_test_qemu(const Scenario *s, const Options *o)
{
    g_autofree char *name = NULL;

    if (!strcmp(s->qemu, "series")) {
        return g_strdup(o->qemu);
    }
    name = g_strconcat("qemu-system-aarch64.", s->qemu, NULL);
    return g_build_filename(o->variants, name, NULL);
}

/* A file of build/kernel-@kernel */
static char *kernel_file(const Options *o, const char *kernel,
                         const char *file)
{
    g_autofree char *name = g_strconcat("kernel-", kernel, NULL);

    return g_build_filename(o->root, "build", name, file, NULL);
}

char *command_host_kernel(const Scenario *s, const Options *o)
{
    return s->host_kernel ? kernel_file(o, s->host_kernel, KERNEL_IMAGE)
                          : g_strdup(o->kernel);
}

char *command_guest_kernel(const Scenario *s, const Options *o)
{
    return s->kernel ? kernel_file(o, s->kernel, KERNEL_IMAGE)
                     : o->kernel_given ? g_strdup(o->kernel) : NULL;
}

char **command_copies(const Scenario *s, const Options *o)
{
    g_autoptr(GStrvBuilder) pairs = g_strv_builder_new();
    g_autofree char *qemu = command_test_qemu(s, o);
    g_autofree char *kernel = command_guest_kernel(s, o);
    g_autofree char *modules = s->kernel ? kernel_file(o, s->kernel, MODULES)
                                         : NULL;

    if (qemu) {
        g_strv_builder_add_many(pairs, qemu, "qemu", NULL);
    }
    if (kernel) {
        g_strv_builder_add_many(pairs, kernel, "Image", NULL);
    }
    if (modules && g_file_test(modules, G_FILE_TEST_EXISTS)) {
        g_strv_builder_add_many(pairs, modules, MODULES, NULL);
    }
    return g_strv_builder_end(pairs);
}

char *command_host_profile(const Scenario *s, const Options *o)
{
    g_autofree char *name = NULL;

    if (!s->host_profile) {
        return NULL;
    }
    name = g_strconcat(s->host_profile, ".ini", NULL);
    return g_build_filename(o->root, "tests/qtest/data/hosts", name, NULL);
}

/* In QEMU's option lists a comma within a value is doubled. */
static char *double_commas(const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);

    return g_strjoinv(",,", parts);
}

static void G_GNUC_NULL_TERMINATED add(GStrvBuilder *argv, ...)
{
    const char *word;
    va_list words;

    va_start(words, argv);
    while ((word = va_arg(words, const char *)) != NULL) {
        g_strv_builder_add(argv, word);
    }
    va_end(words);
}

static void G_GNUC_PRINTF(3, 4)
add_option(GStrvBuilder *argv, const char *option, const char *format, ...)
{
    g_autofree char *value = NULL;
    va_list args;

    va_start(args, format);
    value = g_strdup_vprintf(format, args);
    va_end(args);
    add(argv, option, value, NULL);
}

/*
 * A disk is attached with snapshot=on: the image stays as it was made, to
 * compare with what the guest reads.
 */
static void add_device(GStrvBuilder *argv, const Scenario *s,
                       const RunFiles *files, guint n)
{
    g_autofree char *disk = command_disk_file(files, n);
    g_autofree char *file = double_commas(disk);
    const char *properties = strchr(s->devices[n], ',');
    g_autofree char *model = g_strndup(s->devices[n],
                                       strcspn(s->devices[n], "/,"));
    g_autofree char *drive = NULL;

    if (scenario_has_disk(s, n)) {
        add_option(argv, "-drive",
                   "if=none,id=disk%u,file=%s,format=raw,snapshot=on", n,
                   file);
        drive = g_strdup_printf(",drive=disk%u,serial=lab%u", n, n);
    }
    add_option(argv, "-device", "%s,id=dev%u,bus=pcie.0,addr=0x%x%s%s",
               model, n, FIRST_DEVICE_SLOT + n, drive ? drive : "",
               properties ? properties : "");
}

static void add_profile(GStrvBuilder *argv, const Scenario *s,
                        const Options *o)
{
    g_autofree char *file = command_host_profile(s, o);
    g_autoptr(GKeyFile) keys = g_key_file_new();

    if (!file || !g_key_file_load_from_file(keys, file, G_KEY_FILE_NONE,
                                            NULL)) {
        return;                 /* needs_missing() says so */
    }
    for (guint i = 0; i <= 5; i++) {
        g_autofree char *key = g_strdup_printf("idr%u", i);
        g_autofree char *value = g_key_file_get_string(keys, "smmu", key,
                                                       NULL);

        if (value) {
            add_option(argv, "-global", "arm-smmuv3.x-lab-%s=%s", key, value);
        }
    }
}

/*
 * A panic ends QEMU (-no-reboot) and with it the wait for a time-out. Time
 * stamps distinguish the kernel's messages from others on the console.
 */
static char *kernel_arguments(const Scenario *s, RunMode mode)
{
    return g_strconcat("console=ttyAMA0 panic=-1 printk.time=1",
                       mode == RUN_SHELL_HOST ? " lab.shell=host" : "",
                       s->host_append ? " " : "", s->host_append, NULL);
}

char **command_host_vm(const Scenario *s, const Options *o,
                       const RunFiles *files, RunMode mode)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    g_autofree char *append = kernel_arguments(s, mode);
    g_autofree char *share = double_commas(files->share);
    g_autofree char *kernel = command_host_kernel(s, o);

    /* several threads, unless [host] qemu-args has -icount */
    add(argv, o->host_qemu, "-accel", "tcg", "-M", HOST_MACHINE, "-global",
        "arm-smmuv3.stage=nested", "-cpu", HOST_CPU, NULL);
    add_profile(argv, s, o);
    add_option(argv, "-smp", "%u", s->host_cpus);
    add(argv, "-m", s->host_memory, "-nodefaults", "-display", "none",
        "-monitor", "none", "-no-reboot", "-serial",
        mode == RUN_SCENARIO ? "stdio" : "mon:stdio", NULL);
    add(argv, "-kernel", kernel, "-initrd", o->host_initrd, "-append",
        append, NULL);
    add_option(argv, "-virtfs",
               "local,path=%s,mount_tag=lab,security_model=none", share);
    for (guint n = 0; s->devices[n]; n++) {
        add_device(argv, s, files, n);
    }
    g_strv_builder_addv(argv, (const char **)s->host_qemu_args);
    return g_strv_builder_end(argv);
}

static void add_if(GStrvBuilder *argv, const char *option,
                   const char *value)
{
    if (value) {
        add(argv, option, value, NULL);
    }
}

static void add_qemu_args(GStrvBuilder *argv, const Scenario *s,
                          const Options *o)
{
    gboolean alone = TRUE;      /* no device of the host until a hot plug */

    for (char **word = s->qemu_args; *word; word++) {
        alone = alone && !strstr(*word, "vfio-pci");
    }
    for (char **word = s->qemu_args; *word; word++) {
        g_autofree char *own = alone ? options_base_alone(o, *word)
                                     : g_strdup(*word);

        add(argv, "--qemu-arg", own, NULL);
    }
}

static void add_plan(GStrvBuilder *argv, const Plan *plan)
{
    for (guint i = 0; i < plan->steps->len; i++) {
        const Step *step = g_ptr_array_index(plan->steps, i);

        add_option(argv, "--step", "%s=%s", step->key, step->text);
    }
    for (guint i = 0; i < plan->expects->len; i++) {
        const Expect *expect = g_ptr_array_index(plan->expects, i);

        if (!expect_is_runners(expect)) {
            add(argv, "--expect", expect->text, NULL);
        }
    }
}

char **command_host_args(const Scenario *s, const Options *o, RunMode mode)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    g_autofree char *qemu = command_test_qemu(s, o);
    g_autofree char *kernel = command_guest_kernel(s, o);

    for (guint n = 0; s->devices[n]; n++) {
        g_autofree char *name = device_name(s, n);

        add(argv, "--device", name, NULL);
    }
    /* What is not given here, the image's init adds. */
    add_if(argv, "--qemu", qemu ? SHARE_ON_HOST "/qemu" : NULL);
    add_if(argv, "--kernel", kernel ? SHARE_ON_HOST "/Image" : NULL);
    add_if(argv, "--qtests", qtests_wanted(s)
           ? SHARE_ON_HOST "/" QTESTS_IN_SHARE : NULL);
    add_if(argv, "--firmware", s->firmware ? NULL : "none");
    add_if(argv, "--machine", s->machine);
    add_if(argv, "--accel", s->accel);
    add_if(argv, "--cpu", s->cpu);
    add_if(argv, "--smp", s->smp);
    add_if(argv, "--memory", s->memory);
    add_if(argv, "--append", s->append);
    add_qemu_args(argv, s, o);
    if (mode == RUN_SHELL_GUEST) {
        add(argv, "--shell", NULL);
        return g_strv_builder_end(argv);
    }
    add_plan(argv, s->plan);
    add_option(argv, "--timeout", "%.3f",
               s->timeout * o->timeout_multiplier);
    add_option(argv, "--silence", "%.3f",
               s->silence * o->timeout_multiplier);
    return g_strv_builder_end(argv);
}

/* A line break goes before each word that starts with @option. */
static char *quote_with(char **argv, const char *option, const char *break_)
{
    g_autoptr(GString) line = g_string_new(NULL);

    for (char **word = argv; *word; word++) {
        g_autofree char *quoted = NULL;

        /* Quote only what needs it, for the eye. */
        if (!**word || strspn(*word, G_CSET_a_2_z G_CSET_A_2_Z
                              G_CSET_DIGITS "-_./,:=+@%") != strlen(*word)) {
            quoted = g_shell_quote(*word);
        }
        if (word != argv) {
            g_string_append(line, g_str_has_prefix(*word, option) ? break_
                                                                  : " ");
        }
        g_string_append(line, quoted ? quoted : *word);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

char *command_quote(char **argv, const char *option)
{
    return quote_with(argv, option, " \\\n    ");
}

char *command_quote_line(char **argv)
{
    return quote_with(argv, "", " ");
}
