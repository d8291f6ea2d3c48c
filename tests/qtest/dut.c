/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "standard-headers/linux/pci_regs.h"
#include "dut.h"

#define PORT_ARGS "-device pcie-root-port,id=rp0,bus=pcie.0,addr=4,chassis=1"
#define PORT_BAR  VIRT_PCI_MMIO
#define EDU_BAR   (VIRT_PCI_MMIO + 0x1000000)   /* 1 MiB, as is the window */
#define MSI_WINDOW 0x8000000ull  /* of MSI controllers, the host's too */
#define DMA_MASK  0xffffffffffull
#define EDU_TIMER 100000000      /* ns until the emulated one does its DMA */

typedef struct DutTest {
    DutBackend backend;
    unsigned needs;
    GTestDataFunc func;
    const void *data;
} DutTest;

static const DutTest *running;
static struct km *model;

DutBackend dut_backend(void)
{
    return running->backend;
}

struct km *dut_model(void)
{
    return model;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/* Why the test cannot run, NULL if it can */
static const char *obstacle(const DutTest *test)
{
    switch (test->backend) {
    case DUT_REAL:
        if (test->needs & DUT_MODELED) {
            return "needs the model: it sets the host's properties, sees "
                   "single calls or lets them fail";
        }
        if (test->needs & DUT_TWO && !environment("SMMU_QTEST_HOST1")) {
            return "needs a second device of the host, named by "
                   "SMMU_QTEST_HOST1";
        }
        return NULL;
    case DUT_MODEL:
        return environment("SMMU_QTEST_MODEL") ? NULL :
               "needs the model of iommufd and VFIO, named by "
               "SMMU_QTEST_MODEL";
    default:
        return NULL;
    }
}

/* Also when an assertion ends the program: nothing stays behind */
static void free_model(void *unused)
{
    km_free(model);
    model = NULL;
}

static void run_test(const void *data)
{
    const char *reason;

    running = data;
    reason = obstacle(running);
    if (reason) {
        g_test_skip(reason);
        return;
    }
    if (running->backend == DUT_MODEL) {
        model = km_new(2);
        g_assert_nonnull(model);
        qtest_add_abrt_handler(free_model, model);
        for (unsigned i = 0; i < 2; i++) {
            model->control->device[i].dma_mask = DMA_MASK;
        }
    }
    running->func(running->data);
    if (model) {
        qtest_remove_abrt_handler(model);
        free_model(NULL);
    }
}

void dut_test(const char *path, unsigned needs, GTestDataFunc func,
              const void *data)
{
    static const char *const names[] = { "emulated", "model", "real" };
    bool real = environment("SMMU_QTEST_HOST");

    for (DutBackend i = DUT_EMULATED; i <= DUT_REAL; i++) {
        g_autofree char *full = g_strdup_printf("%s/%s", path, names[i]);
        DutTest test = { i, needs, func, data };

        if (real ? i != DUT_REAL
                 : i == DUT_REAL || (i == DUT_EMULATED &&
                                     needs & (DUT_ACCEL | DUT_MODELED))) {
            continue;
        }
        if (!base_skips(full)) {
            g_test_add_data_func_full(full, g_memdup2(&test, sizeof(test)),
                                      run_test, g_free);
        }
    }
}

void dut_deny_ats(unsigned n)
{
    struct km_control *control = dut_model()->control;

    control->device[n].flags |= KM_DEV_NO_ATS;
    control->kernel = MAX(control->kernel, KM_KERNEL(7, 1));
}

char *dut_smmu_args(const char *options)
{
    return g_strdup_printf("%s" EMULATED_SMMU "%s%s",
                           dut_backend() == DUT_EMULATED ? ""
                           : "-object iommufd,id=iommufd0 ",
                           dut_backend() == DUT_EMULATED ? "" : ",accel=on",
                           options ? options : "");
}

const char *dut_host(unsigned n)
{
    if (model) {
        return model->control->device[n].bdf;
    }
    return environment(n ? "SMMU_QTEST_HOST1" : "SMMU_QTEST_HOST");
}

char *dut_device_args(unsigned n, const char *options)
{
    if (dut_backend() == DUT_EMULATED) {
        return g_strdup_printf("-device edu,id=dev%u,dma_mask=0x%llx%s", n,
                               DMA_MASK, options);
    }
    return g_strdup_printf("-device vfio-pci,id=dev%u,host=%s,"
                           "iommufd=iommufd0%s", n, dut_host(n), options);
}

unsigned dut_live(const Dut *dut)
{
    unsigned count = 0;

    for (unsigned i = 0; dut->model && i < KM_OBJ_TYPES; i++) {
        count += dut->model->control->live[i];
    }
    return count;
}

void dut_enter(void)
{
    if (model) {
        g_assert_true(km_export(model, environment("SMMU_QTEST_MODEL")));
    }
}

void dut_leave(void)
{
    if (model) {
        km_unexport(model);
    }
}

void dut_pause(Dut *dut)
{
    if (dut_backend() == DUT_EMULATED) {
        qtest_clock_step(dut->qts, EDU_TIMER);
    } else {
        g_usleep(dut_backend() == DUT_MODEL ? 100 : 2000);
    }
}

static void enumerate_port(Dut *dut)
{
    uint16_t window = (EDU_BAR >> 16) & PCI_MEMORY_RANGE_MASK;

    pci_writeb(&dut->port, PCI_PRIMARY_BUS, 0);
    pci_writeb(&dut->port, PCI_SECONDARY_BUS, dut->edu.bus);
    pci_writeb(&dut->port, PCI_SUBORDINATE_BUS, dut->edu.bus);
    pci_writew(&dut->port, PCI_MEMORY_BASE, window);
    pci_writew(&dut->port, PCI_MEMORY_LIMIT, window);
    pci_enable(&dut->port, PORT_BAR);
}

void dut_enumerate(Dut *dut)
{
    if (dut->edu.bus) {
        enumerate_port(dut);
    }
    dut->bar = EDU_BAR;
    dut->sid = dut->edu.bus << 8 | dut->edu.devfn;
    pci_enable(&dut->edu, EDU_BAR);
}

void dut_start_smmu(Dut *dut)
{
    smmu_start_queue(&dut->smmu, DUT_CMDQ);
    smmu_start_eventq(&dut->smmu, DUT_EVENTQ);
    strtab_install(&dut->strtab, &dut->smmu);
}

static void make_tables(Dut *dut, const DutConfig *config)
{
    unsigned log2page = config->log2page ? config->log2page : 12;
    uint64_t window;

    dut->buffer = ram_alloc(&dut->ram, PAGE_64K, PAGE_64K);
    dut->strtab = strtab_new(&dut->ram, DUT_LOG2SIDS, config->split);
    dut->pt = pt_new(&dut->ram, log2page, 48);
    dut->cd = cd_new(&dut->ram, &dut->pt, DUT_ASID);
    pt_map(&dut->pt, dut->buffer, dut->buffer);
    window = ROUND_DOWN(MSI_WINDOW, pt_block(&dut->pt));
    pt_map_level(&dut->pt, window, window, 2);
}

Dut *dut_start(const DutConfig *config)
{
    static const DutConfig usual;
    const DutConfig *c = config ? config : &usual;
    g_autofree char *smmu = dut_smmu_args(c->smmu);
    g_autofree char *device = dut_device_args(0, c->port ? ",bus=rp0" :
                                              ",bus=pcie.0,addr=3");
    Dut *dut = g_new0(Dut, 1);

    dut_enter();
    dut->qts = machine_start("%s %s %s %s", smmu, c->port ? PORT_ARGS : "",
                             c->unplugged ? "" : device,
                             c->args ? c->args : "");
    dut_leave();
    dut->model = model;
    dut->smmu = (Smmu) { .qts = dut->qts, .base = VIRT_PLATFORM_BUS };
    dut->port = (PciFunction) { dut->qts, 0, PCI_SLOT_DEVFN(DUT_PORT_SLOT) };
    dut->edu = (PciFunction) { dut->qts, c->port ? 1 : 0,
                               c->port ? 0 : PCI_SLOT_DEVFN(DUT_SLOT) };
    ram_init(&dut->ram, dut->qts);
    make_tables(dut, c);
    dut_enumerate(dut);
    if (!c->unplugged) {
        edu_load(dut);
    }
    dut_start_smmu(dut);
    return dut;
}

void dut_reboot(Dut *dut)
{
    qtest_system_reset(dut->qts);
    dut_enumerate(dut);
    dut_start_smmu(dut);
    dut_translate(dut);
    dut_enable(dut);
}

Dut *dut_start_translating(const DutConfig *config)
{
    Dut *dut = dut_start(config);

    dut_translate(dut);
    dut_enable(dut);
    return dut;
}

void dut_stop(Dut *dut)
{
    char text[512];

    qtest_quit(dut->qts);
    if (model) {
        g_assert_cmpstr(km_check(model, text, sizeof(text)), ==, NULL);
    }
    g_free(dut);
}

void dut_enable(Dut *dut)
{
    smmu_write(&dut->smmu, SMMU_CR0, smmu_read(&dut->smmu, SMMU_CR0) |
               CR0_SMMUEN);
}

void dut_disable(Dut *dut)
{
    smmu_write(&dut->smmu, SMMU_CR0, smmu_read(&dut->smmu, SMMU_CR0) &
               ~CR0_SMMUEN);
}

void dut_command(Dut *dut, uint64_t word0, uint64_t word1)
{
    smmu_queue(&dut->smmu, word0, word1);
    smmu_queue(&dut->smmu, CMD_SYNC, 0);
    smmu_ring(&dut->smmu);
    smmu_assert_done(&dut->smmu);
}

void dut_set_ste(Dut *dut, uint64_t dword0, uint64_t dword1)
{
    strtab_set(&dut->strtab, dut->sid, dword0, dword1);
    dut_command(dut, CMD_CFGI_STE | CMD_SID(dut->sid), CFGI_LEAF);
}

void dut_translate(Dut *dut)
{
    dut_set_ste(dut, STE_STAGE1 | dut->cd, STE1_ATTRS);
}

uint64_t dut_map_new(Dut *dut, uint64_t iova)
{
    uint64_t page = pt_page(&dut->pt);
    uint64_t address = ram_alloc(&dut->ram, page, page);

    pt_map(&dut->pt, iova, address);
    return address;
}
