/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-plan.h"
#include "words.h"

#include <string.h>

/* Bus number of configuration 0's pxb-pcie; the next ones follow. */
#define FIRST_BUS 0x20
#define BUS_STEP 0x20

/* Seconds that a guest may take, and may be silent. */
#define GUEST_TIMEOUT 300
#define GUEST_SILENCE 90
#define BOOT_TIMEOUT 120

/* Each call is counted once more when the driver is bound again. */
#define REBINDS 2

const BenchConfig bench_configs[BENCH_CONFIGS] = {
    [BENCH_NONE] = { "none", "no vIOMMU", NULL, FALSE, NULL },
    [BENCH_LAZY] = { "lazy", "lazy", "", TRUE, NULL },
    [BENCH_STRICT] = { "strict", "strict", "", FALSE, NULL },
    [BENCH_RIL_OFF] = { "ril-off", "strict, ril=off", ",ril=off", FALSE,
                        NULL },
    [BENCH_MSI_OFF] = { "msi-off", "strict, msi=off", ",msi=off", FALSE,
                        "msi" },
};

const BenchWorkload bench_workloads[BENCH_WORKLOADS] = {
    [BENCH_4K_1] = { "4k-1", "4 KiB, depth 1", 4096, 1, 64, { 8, 12, 4 } },
    [BENCH_4K_32] = { "4k-32", "4 KiB, depth 32", 4096, 32, 64,
                      { 16, 12, 4 } },
    [BENCH_128K_1] = { "128k-1", "128 KiB, depth 1", 131072, 1, 32,
                       { 8, 9, 4 } },
    [BENCH_128K_32] = { "128k-32", "128 KiB, depth 32", 131072, 32, 32,
                        { 16, 9, 4 } },
};

char bench_letter(guint n)
{
    return 'A' + n;
}

char *bench_run_name(const BenchGuestRun *run)
{
    return g_strdup_printf("%u-%c-%s", run->round, bench_letter(run->qemu),
                           run->kind);
}

GArray *bench_runs(const BenchPlan *plan)
{
    static const char *const kinds[] = { "boot-none", "boot-smmu", "reads" };
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(BenchGuestRun));

    for (guint round = 1; round <= plan->rounds; round++) {
        for (guint n = 0; n < plan->qemus; n++) {
            for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
                BenchGuestRun run = { round, (n + round - 1) % plan->qemus,
                                      kinds[k] };

                g_array_append_val(runs, run);
            }
        }
    }
    for (guint q = 0; q < plan->qemus; q++) {
        BenchGuestRun run = { 1, q, "routes" };

        g_array_append_val(runs, run);
    }
    return runs;
}

char *bench_tag(guint config, guint workload, BenchPurpose purpose)
{
    static const char *const purposes[BENCH_PURPOSES] = {
        [BENCH_TIMED] = "timed", [BENCH_COUNTED] = "count",
        [BENCH_BASE] = "basis",
    };

    return g_strdup_printf("%s/%s/%s", bench_configs[config].name,
                           bench_workloads[workload].name,
                           purposes[purpose]);
}

gboolean bench_parse_tag(const char *step, guint *config, guint *workload,
                         BenchPurpose *purpose)
{
    g_autofree char *tag = words_get(step, "tag");
    const guint all = BENCH_CONFIGS * BENCH_WORKLOADS * BENCH_PURPOSES;

    for (guint n = 0; tag && n < all; n++) {
        g_autofree char *this = NULL;

        *config = n / BENCH_PURPOSES / BENCH_WORKLOADS;
        *workload = n / BENCH_PURPOSES % BENCH_WORKLOADS;
        *purpose = n % BENCH_PURPOSES;
        this = bench_tag(*config, *workload, *purpose);
        if (!strcmp(tag, this)) {
            return TRUE;
        }
    }
    return FALSE;
}

static void G_GNUC_PRINTF(2, 3)
add(GStrvBuilder *list, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_strv_builder_add(list, text);
}

static guint bus_of(guint config)
{
    return FIRST_BUS + config * BUS_STEP;
}

char *bench_disk_bdf(guint config)
{
    return g_strdup_printf("0000:%02x:00.0", bus_of(config) + 1);
}

/* Each disk is behind a root port of its own bus, with an SMMU or without. */
static void add_disk_args(GStrvBuilder *args, guint config)
{
    const BenchConfig *c = &bench_configs[config];

    add(args, "-device");
    add(args, "pxb-pcie,id=pxb%u,bus_nr=%u,bus=pcie.0", config,
        bus_of(config));
    add(args, "-device");
    add(args, "pcie-root-port,id=rp%u,bus=pxb%u,chassis=%u", config, config,
        config + 1);
    if (c->smmu) {
        add(args, "-device");
        add(args, "arm-smmuv3,primary-bus=pxb%u,id=smmu%u,accel=on%s",
            config, config, c->smmu);
    }
    add(args, "-device");
    add(args, "vfio-pci,id=dev%u,host=${dev%u},bus=rp%u,iommufd=iommufd0",
        config, config, config);
}

static void add_read(GStrvBuilder *steps, guint config, guint workload,
                     BenchPurpose purpose, guint divisor)
{
    const BenchWorkload *w = &bench_workloads[workload];
    g_autofree char *tag = bench_tag(config, workload, purpose);
    g_autofree char *bdf = bench_disk_bdf(config);
    guint loops = w->loops[purpose] / divisor;

    /* the guest does not know `tag`; the report quotes the step */
    add(steps, "guest read tag=%s bdf=%s bs=%u count=%u depth=%u loops=%02u",
        tag, bdf, w->bytes, w->count, w->depth, loops);
}

/* Another configuration is the first one each time. */
static void add_pass(GStrvBuilder *steps, guint configs, guint first,
                     guint divisor)
{
    for (guint w = 0; w < BENCH_WORKLOADS; w++) {
        for (guint n = 0; n < configs; n++) {
            add_read(steps, (first + n) % configs, w, BENCH_TIMED, divisor);
        }
    }
}

static void add_counted(GStrvBuilder *steps, guint configs)
{
    static const char *const events[] = {
        "iommufd_backend_invalidate_cache", "smmuv3_cmdq_opcode",
    };

    for (guint n = 0; n < G_N_ELEMENTS(events); n++) {
        add(steps, "qmp {\"execute\": \"trace-event-set-state\", "
            "\"arguments\": {\"name\": \"%s\", \"enable\": true}}",
            events[n]);
    }
    for (guint c = 0; c < configs; c++) {
        for (guint w = 0; w < BENCH_WORKLOADS; w++) {
            add_read(steps, c, w, BENCH_BASE, 1);
            add_read(steps, c, w, BENCH_COUNTED, 1);
        }
    }
}

static void reads_guest(const BenchPlan *plan, guint configs, guint round,
                        GStrvBuilder *args, GStrvBuilder *steps)
{
    for (guint c = 0; c < configs; c++) {
        add_disk_args(args, c);
    }
    add(steps, "boot timeout=%d", BOOT_TIMEOUT);
    for (guint c = 0; c < configs; c++) {
        add(steps, "guest wait dev=nvme%un1 timeout=60", c);
    }
    for (guint c = 0; c < configs; c++) {
        g_autofree char *bdf = bench_disk_bdf(c);

        if (bench_configs[c].lazy) {
            add(steps, "guest sh echo DMA-FQ > "
                "/sys/bus/pci/devices/%s/iommu_group/type", bdf);
        }
    }
    add(steps, "guest iommu");
    for (guint pass = 0; pass < plan->passes; pass++) {
        add_pass(steps, configs, (round - 1) * plan->passes + pass,
                 plan->divisor);
    }
    /* these hardly differ */
    if (round == 1) {
        add_counted(steps, configs);
    }
}

static void boot_guest(gboolean smmu, GStrvBuilder *args,
                       GStrvBuilder *steps)
{
    if (smmu) {
        add(args, "-device");
        add(args, "arm-smmuv3,primary-bus=pcie.0,id=smmu0,accel=on");
    }
    add(args, "-device");
    add(args, "vfio-pci,id=dev0,host=${dev0},iommufd=iommufd0");
    add(steps, "boot timeout=%d", BOOT_TIMEOUT);
    add(steps, "guest wait dev=nvme0n1 timeout=60");
    add(steps, "guest read dev=nvme0n1 bs=4096 count=1");
}

static void add_count_steps(GStrvBuilder *steps, const char *path,
                            const char *bdf, const char *driver)
{
    add(steps, "host smmu-lab-count $(cat /tmp/qemu.pid) "
        "kvm_arch_fixup_msi_route /tmp/routes.%s > /tmp/count.pid", path);
    for (guint n = 0; n < REBINDS; n++) {
        add(steps, "guest rebind dev=%s driver=%s", bdf, driver);
    }
    add(steps, "host while kill $(cat /tmp/count.pid) 2>/dev/null; "
        "do sleep 0.1; done");
}

/*
 * KVM's MSI routes of a disk behind an accelerated SMMU, told by callback, and
 * of an emulated disk behind an emulated SMMU, translated through the guest's
 * tables.
 */
static void routes_guest(GStrvBuilder *args, GStrvBuilder *steps)
{
    static const char *const words[] = {
        "-pidfile", "/tmp/qemu.pid",
        "-device", "pxb-pcie,id=pxb0,bus_nr=32,bus=pcie.0",
        "-device", "pxb-pcie,id=pxb1,bus_nr=64,bus=pcie.0",
        "-device", "pcie-root-port,id=rp0,bus=pxb0,chassis=1",
        "-device", "pcie-root-port,id=rp1,bus=pxb1,chassis=2",
        "-device", "arm-smmuv3,primary-bus=pxb0,id=smmu0,accel=on",
        "-device", "arm-smmuv3,primary-bus=pxb1,id=smmu1",
        "-device", "vfio-pci,id=dev0,host=${dev0},bus=rp0,iommufd=iommufd0",
        "-blockdev", "null-co,node-name=null,size=1048576,read-zeroes=on",
        "-device", "virtio-blk-pci,bus=rp1,drive=null,iommu_platform=on",
    };

    for (guint n = 0; n < G_N_ELEMENTS(words); n++) {
        add(args, "%s", words[n]);
    }
    add(steps, "boot timeout=%d", BOOT_TIMEOUT);
    add(steps, "guest wait dev=nvme0n1 timeout=60");
    add(steps, "guest wait dev=vda timeout=60");
    add(steps, "guest iommu");
    add_count_steps(steps, "callback", "0000:21:00.0", "nvme");
    add_count_steps(steps, "translation", "0000:41:00.0", "virtio-pci");
}

static char **expectations(gboolean reads)
{
    static const char *const all[] = {
        "polled == 0", "guest_bad == 0", "host_bad == 0", "exit_code == 0",
        "device_back == 1", "data_ok == 1",
    };
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();

    for (guint n = 0; n < G_N_ELEMENTS(all) - (reads ? 0 : 1); n++) {
        g_strv_builder_add(list, all[n]);
    }
    return g_strv_builder_end(list);
}

static guint disks_of(BenchGuest kind)
{
    guint disks = BENCH_CONFIGS;

    if (kind == BENCH_READS_OLD) {
        while (bench_configs[disks - 1].needs) {
            disks--;
        }
    }
    return kind == BENCH_READS || kind == BENCH_READS_OLD ? disks : 1;
}

Scenario *bench_guest(const BenchPlan *plan, BenchGuest kind, guint round)
{
    Scenario *s = g_new0(Scenario, 1);
    g_autoptr(GStrvBuilder) args = g_strv_builder_new();
    g_autoptr(GStrvBuilder) steps = g_strv_builder_new();
    g_autoptr(GStrvBuilder) devices = g_strv_builder_new();
    guint disks = disks_of(kind);

    for (guint n = 0; n < disks; n++) {
        g_strv_builder_add(devices, "nvme");
    }
    add(args, "-object");
    add(args, "iommufd,id=iommufd0");
    if (kind == BENCH_ROUTES) {
        routes_guest(args, steps);
    } else if (kind == BENCH_BOOT_NONE || kind == BENCH_BOOT_SMMU) {
        boot_guest(kind == BENCH_BOOT_SMMU, args, steps);
    } else {
        reads_guest(plan, disks, round, args, steps);
    }
    s->name = g_strdup("bench");
    s->timeout = GUEST_TIMEOUT;
    s->silence = GUEST_SILENCE;
    s->devices = g_strv_builder_end(devices);
    s->host_cpus = 2;
    s->host_memory = g_strdup("3G");
    s->host_qemu_args = g_new0(char *, 1);
    s->qemu = g_strdup("series");
    s->append = g_strdup("iommu.strict=1");
    s->firmware = TRUE;
    s->qemu_args = g_strv_builder_end(args);
    s->steps = g_strv_builder_end(steps);
    s->expects = expectations(kind != BENCH_ROUTES);
    return s;
}
