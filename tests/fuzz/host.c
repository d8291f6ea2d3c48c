/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "../kernel-model/client.h"
#include "guest.h"
#include "host.h"
#include "smmuv3.h"

/* Objects of the idle guest: the model's, after the first reset */
static uint32_t idle[KM_OBJ_TYPES];
static struct km *model;

static struct km_control *control(void)
{
    return model->control;
}

/*
 * What the model calls an error is a wrong use of the kernel by QEMU, whatever
 * the guest does. fail() ends this input as a crash would.
 */
static G_NORETURN void fail(const char *what, uint32_t is, uint32_t was)
{
    fprintf(stderr, "kernel-model: %s: %u, and were %u; %s\n", what, is, was,
            control()->first_error);
    abort();
}

static void stop(void)
{
    km_free(model);
}

void host_start(void)
{
    model = km_new(GUEST_DEVICES);
    if (!model) {
        perror("the model of iommufd");
        exit(2);
    }
    control()->smmu[0].idr[0] |= IDR0_ATS;
    for (unsigned n = 0; n < GUEST_DEVICES; n++) {
        /* MSI-X besides MSI, and DMA that reaches all of RAM */
        control()->device[n].flags |= KM_DEV_MSIX;
        control()->device[n].dma_mask = UINT64_MAX;
    }
    /* the model is there already; this names the block to it */
    setenv(KM_CONTROL_ENV, model->path, 1);
    atexit(stop);
}

void host_check(bool remember)
{
    if (!atomic_load(&control()->attached)) {
        fail("the model is not used; attached", 0, 1);
    }
    if (atomic_load(&control()->errors)) {
        fail("errors", atomic_load(&control()->errors), 0);
    }
    for (int type = 0; type < KM_OBJ_TYPES; type++) {
        uint32_t live = atomic_load(&control()->live[type]);

        if (remember) {
            idle[type] = live;
        } else if (live != idle[type]) {
            fail(km_object_name(type), live, idle[type]);
        }
    }
}

void guest_host_event(unsigned n, const uint64_t event[4])
{
    /* An error means: not an event that the kernel would forward */
    km_event(model, n, event);
}
