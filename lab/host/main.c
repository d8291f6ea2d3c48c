/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smmu-lab-host: passes PCI devices of an arm64 host to a QEMU guest behind an
 * accelerated SMMUv3, drives them there, measures, and restores them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "args.h"
#include "checks.h"
#include "counters.h"
#include "run.h"
#include "util.h"

static void find_devices(struct run *run, GPtrArray *lacks)
{
    const GPtrArray *names = run->config->devices;

    run->devices = g_new0(struct pci_device, names->len + 1);
    for (unsigned i = 0; i < names->len; i++) {
        char *err = NULL;

        if (!pci_find(g_ptr_array_index(names, i), &run->devices[run->n_devices++], &err)) {
            g_ptr_array_add(lacks, err);
        }
    }
}

/* Report what the host lacks. Returns: whether it lacks nothing. */
static bool has_all(struct run *run, const GPtrArray *lacks)
{
    for (unsigned i = 0; i < lacks->len; i++) {
        const char *lack = g_ptr_array_index(lacks, i);

        printf("this host lacks %s\n", lack);
        run_fail(run, EXIT_LACKS, "this host lacks %s", lack);
    }
    return !lacks->len;
}

static bool check_host(struct run *run)
{
    g_autoptr(GPtrArray) lacks = g_ptr_array_new_with_free_func(g_free);

    find_devices(run, lacks);
    if (!lacks->len) {
        checks_host(run->config, run->devices, run->n_devices, lacks);
    }
    return has_all(run, lacks);
}

static void report_facts(struct run *run)
{
    const struct config *config = run->config;
    char *argv[] = { config->qemu, (char *)"--version", NULL };
    g_autofree char *version = NULL;
    struct utsname u;

    if (g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &version, NULL, NULL, NULL)) {
        version[strcspn(version, "\n")] = '\0';
        report_fact(&run->report, "qemu_version", version);
    }
    uname(&u);
    report_fact(&run->report, "kernel", u.release);
    report_fact(&run->report, "firmware", config->firmware ? config->firmware : "none");
}

/* ${devN} is the address of a virtual function as soon as that is known. */
static void use_address(struct run *run, unsigned n)
{
    char **name = (char **)&g_ptr_array_index(run->config->devices, n);

    g_free(*name);
    *name = g_strdup(run->devices[n].bdf);
}

static bool bind_devices(struct run *run)
{
    g_autoptr(GPtrArray) lacks = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < run->n_devices; i++) {
        g_autofree char *fact = NULL, *err = NULL;

        if (!pci_bind_vfio(&run->devices[i], &err)) {
            return run_fail(run, EXIT_FAIL, "%s", err);
        }
        use_address(run, i);
        checks_bound_device(run->config, &run->devices[i], lacks, &fact);
        if (fact) {
            report_fact(&run->report, "smmu", fact);
        }
    }
    return has_all(run, lacks);
}

static void restore_devices(struct run *run)
{
    double begin = clock_seconds();
    g_autofree char *err = NULL;
    bool all = true;

    for (size_t i = 0; i < run->n_devices; i++) {
        all = pci_restore(&run->devices[i], &err) && all;
    }
    all = all && references_verify(&run->refs, run->devices, run->n_devices, &err);
    run->device_back = all;
    if (!all) {
        run_fail(run, EXIT_FAIL, "%s", err);
    }
    report_phase(&run->report, "back", clock_seconds() - begin);
}

static void run_shell(struct run *run)
{
    g_autofree char *err = NULL;

    if (!vm_run_shell(&run->vm, run->config, &err)) {
        run_fail(run, EXIT_FAIL, "%s", err);
    } else if (run->vm.exit_code) {
        run_fail(run, EXIT_FAIL, "QEMU exited with status %d",
                 run->vm.exit_code);
    }
}

/* Whatever happens, the devices are restored. */
static void use_devices(struct run *run)
{
    double begin = clock_seconds();

    references_take(&run->refs, run->config->plan->steps, run->devices,
                    run->n_devices);
    if (bind_devices(run)) {
        report_phase(&run->report, "bind", clock_seconds() - begin);
        begin = clock_seconds();
        if (run->config->shell) {
            run_shell(run);
        } else {
            run_steps(run);
        }
        report_phase(&run->report, "guest", clock_seconds() - begin);
    }
    vm_kill(&run->vm);
    run_keep_trace(run);
    restore_devices(run);
}

static void evaluate(struct run *run, int log)
{
    static const struct {
        enum exit_code code;
        const char *result;
    } results[] = {
        { EXIT_PASS, "pass" }, { EXIT_LACKS, "skip" },
        { EXIT_TIMEOUT, "error" }, { EXIT_INTERRUPTED, "error" },
    };
    g_autofree char *path = g_build_filename(run->config->output, "host-log.txt", NULL);
    const char *result = "fail";

    run->host_bad = hostlog_bad(log, path, &run->host_events);
    if (run->code != EXIT_LACKS && !run->config->shell) {
        counters_report(run);
        counters_expect(run);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(results); i++) {
        if (results[i].code == run->code) {
            result = results[i].result;
        }
    }
    report_verdict(&run->report, result, run->reason ? run->reason : "");
}

static bool make_output(const char *output, char **err)
{
    static const char *const old[] = { "qemu-trace.txt", "host-commands.txt" };

    if (g_mkdir_with_parents(output, 0755)) {
        return text_fail(err, "--output %s: %s", output, strerror(errno));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(old); i++) {
        g_autofree char *path = g_build_filename(output, old[i], NULL);

        unlink(path);
    }
    return true;
}

static void run_all(struct run *run)
{
    double begin = clock_seconds();
    int log = hostlog_open();

    run->deadline = begin + run->config->timeout;
    report_facts(run);
    if (check_host(run)) {
        use_devices(run);
    }
    evaluate(run, log);
    report_phase(&run->report, "all", clock_seconds() - begin);
    if (log >= 0) {
        close(log);
    }
}

static void free_run(struct run *run)
{
    for (size_t i = 0; i < run->n_devices; i++) {
        pci_clear(&run->devices[i]);
    }
    g_clear_pointer(&run->answers, g_hash_table_unref);
    g_free(run->devices);
    g_free(run->reason);
    references_free(&run->refs);
    trace_free(&run->trace);
    report_close(&run->report);
}

static int usage_error(const char *err)
{
    fprintf(stderr, "smmu-lab-host: %s\n", err);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct config config;
    struct run run = { .config = &config, .report = { .people = stdout } };
    char *err = NULL;
    enum args_result parsed = args_parse(argc, argv, &config, &err);

    if (parsed != ARGS_RUN) {
        return parsed == ARGS_DONE ? EXIT_PASS : usage_error(err);
    }
    if (config.check) {
        if (check_host(&run)) {
            puts("all checks that do not require binding the device passed");
        }
    } else if (!make_output(config.output, &err) ||
               !report_open(&run.report, config.output, &err) ||
               !vm_init(&run.vm, &err)) {
        return usage_error(err);
    } else {
        run_all(&run);
        vm_end(&run.vm, config.keep);
    }
    free_run(&run);
    args_clear(&config);
    return run.code;
}
