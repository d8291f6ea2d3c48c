/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smmu-lab-host: gives PCI devices of an arm64 host to a QEMU guest behind an
 * accelerated SMMUv3, drives them there, measures, and gives them back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "args.h"
#include "checks.h"
#include "counters.h"
#include "hostlog.h"
#include "run.h"

static bool find_devices(struct run *run, struct strlist *lacks)
{
    const struct strlist *bdfs = &run->config->devices;

    run->devices = calloc(bdfs->n + 1, sizeof(*run->devices));
    for (size_t i = 0; run->devices && i < bdfs->n; i++) {
        char *err = NULL;

        if (!pci_find(bdfs->v[i], &run->devices[run->n_devices++], &err)) {
            strlist_take(lacks, err);
        }
    }
    return run->devices;
}

/* Say what the host lacks. Returns: whether it lacks anything. */
static bool say_lacks(struct run *run, const struct strlist *lacks)
{
    for (size_t i = 0; i < lacks->n; i++) {
        printf("this host lacks %s\n", lacks->v[i]);
    }
    if (lacks->n) {
        run_fail(run, EXIT_LACKS, "this host lacks %s", lacks->v[0]);
    }
    return lacks->n;
}

static bool check_host(struct run *run)
{
    struct strlist lacks = { 0 };
    bool bad;

    if (find_devices(run, &lacks) && !lacks.n) {
        checks_host(run->config, run->devices, run->n_devices, &lacks);
    }
    bad = say_lacks(run, &lacks);
    strlist_clear(&lacks);
    return !bad;
}

static void report_facts(struct run *run)
{
    const struct config *config = run->config;
    char *command = text_printf("'%s' --version", config->qemu);
    FILE *f = access(config->qemu, X_OK) ? NULL : popen(command, "re");
    char line[256] = "";
    struct utsname u;

    if (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        report_fact(&run->report, "qemu_version", line);
    }
    if (f) {
        pclose(f);
    }
    uname(&u);
    report_fact(&run->report, "kernel", u.release);
    report_fact(&run->report, "firmware",
                config->firmware ? config->firmware : "none");
    free(command);
}

/* ${devN} is the address of a virtual function as soon as that is known. */
static void use_address(struct run *run, size_t n)
{
    char **name = &run->config->devices.v[n];

    free(*name);
    *name = text_copy(run->devices[n].bdf);
}

static bool take_devices(struct run *run)
{
    struct strlist lacks = { 0 };
    char *err = NULL;
    bool bad;

    for (size_t i = 0; i < run->n_devices; i++) {
        char *fact;

        if (!pci_take(&run->devices[i], &err)) {
            run_fail(run, EXIT_FAIL, "%s", err);
            free(err);
            return false;
        }
        use_address(run, i);
        checks_taken_device(run->config, &run->devices[i], &lacks, &fact);
        if (fact) {
            report_fact(&run->report, "smmu", fact);
        }
        free(fact);
    }
    bad = say_lacks(run, &lacks);
    strlist_clear(&lacks);
    return !bad;
}

static void give_devices_back(struct run *run)
{
    double begin = clock_seconds();
    bool all = true;
    char *err = NULL;

    for (size_t i = 0; i < run->n_devices; i++) {
        all = pci_give_back(&run->devices[i], &err) && all;
    }
    all = all && references_verify(&run->refs, run->devices, run->n_devices,
                                   &err);
    run->device_back = all;
    if (!all) {
        run_fail(run, EXIT_FAIL, "%s", err);
    }
    free(err);
    report_phase(&run->report, "back", clock_seconds() - begin);
}

static void run_shell(struct run *run)
{
    char *err = NULL;

    if (!vm_run_shell(&run->vm, run->config, &err)) {
        run_fail(run, EXIT_FAIL, "%s", err);
        free(err);
    } else if (run->vm.exit_code) {
        run_fail(run, EXIT_FAIL, "QEMU exited with status %d",
                 run->vm.exit_code);
    }
}

/* The devices are ours: whatever happens, they go back. */
static void use_devices(struct run *run)
{
    double begin = clock_seconds();

    references_take(&run->refs, run->config->plan->steps, run->devices,
                    run->n_devices);
    if (take_devices(run)) {
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
    give_devices_back(run);
}

static void judge(struct run *run, int log)
{
    static const struct {
        enum exit_code code;
        const char *result;
    } results[] = {
        { EXIT_PASS, "pass" }, { EXIT_LACKS, "skip" },
        { EXIT_TIMEOUT, "error" }, { EXIT_INTERRUPTED, "error" },
    };
    char *path = text_printf("%s/host-log.txt", run->config->output);
    const char *result = "fail";

    run->host_bad = hostlog_bad(log, path, &run->host_events);
    free(path);
    if (run->code != EXIT_LACKS && !run->config->shell) {
        counters_report(run);
        counters_expect(run);
    }
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        if (results[i].code == run->code) {
            result = results[i].result;
        }
    }
    report_verdict(&run->report, result, run->reason ? run->reason : "");
}

static bool make_directory(const char *path, char **err)
{
    char *copy = text_copy(path);

    for (char *p = copy + 1; *p; p++) {
        if (*p == '/') {
            *p = '\0';
            mkdir(copy, 0755);
            *p = '/';
        }
    }
    if (mkdir(copy, 0755) && errno != EEXIST) {
        text_fail(err, "--output %s: %s", path, strerror(errno));
    }
    free(copy);
    return !*err;
}

static void remove_old(const char *output)
{
    static const char *const names[] = { "qemu-trace.txt",
                                         "host-commands.txt" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = text_printf("%s/%s", output, names[i]);

        unlink(path);
        free(path);
    }
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
    judge(run, log);
    report_phase(&run->report, "all", clock_seconds() - begin);
    if (log >= 0) {
        close(log);
    }
}

static void free_run(struct run *run)
{
    for (size_t i = 0; i < run->n_devices; i++) {
        pci_free(&run->devices[i]);
    }
    g_clear_pointer(&run->answers, g_hash_table_unref);
    plan_free(run->config->plan);
    free(run->devices);
    free(run->reason);
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
            puts("this host lacks nothing that shows without taking the "
                 "device");
        }
    } else if (!make_directory(config.output, &err) ||
               !report_open(&run.report, config.output, &err) ||
               !vm_init(&run.vm, &err)) {
        return usage_error(err);
    } else {
        remove_old(config.output);
        run_all(&run);
        vm_end(&run.vm, config.keep);
    }
    free_run(&run);
    return run.code;
}
