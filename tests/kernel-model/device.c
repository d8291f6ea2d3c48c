/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

static struct km_device devices[KM_MAX_DEVICES];
static bool ready[KM_MAX_DEVICES];

struct km_device *km_device(unsigned index)
{
    struct km_device *dev;

    if (index >= KM_MAX_DEVICES || !km_ctl->device[index].bdf[0]) {
        return NULL;
    }
    dev = &devices[index];
    if (!ready[index]) {
        dev->index = index;
        dev->state = &km_ctl->state[index];
        ready[index] = true;
    }
    /* Nobody has it open: what the test changed holds from now on */
    if (!dev->state->open) {
        dev->conf = km_ctl->device[index];
        if (dev->conf.smmu >= KM_MAX_SMMUS) {
            km_error("device %u is behind SMMU %u", index, dev->conf.smmu);
            dev->conf.smmu = 0;
        }
        km_config_init(&dev->config, &dev->conf);
        memset(&dev->edu, 0, sizeof(dev->edu));
    }
    return dev;
}

struct km_device *km_device_by_bdf(const char *bdf, size_t len)
{
    for (unsigned i = 0; i < KM_MAX_DEVICES; i++) {
        const char *own = km_ctl->device[i].bdf;

        if (own[0] && strlen(own) == len && !strncmp(own, bdf, len)) {
            return km_device(i);
        }
    }
    return NULL;
}

struct km_device *km_device_by_id(struct km_context *ctx, uint32_t id)
{
    for (unsigned i = 0; i < KM_MAX_DEVICES; i++) {
        if (devices[i].idev && devices[i].ctx == ctx &&
            devices[i].idev->id == id) {
            return &devices[i];
        }
    }
    km_error("no device is bound with ID %u", id);
    return NULL;
}

bool km_device_can_ats(const struct km_device *dev)
{
    return km_smmu_config(dev->conf.smmu)->idr[0] & IDR0_ATS &&
           !(dev->conf.flags & KM_DEV_NO_ATS);
}

void km_device_reset(struct km_device *dev)
{
    memset(&dev->edu, 0, sizeof(dev->edu));
    atomic_store(&km_ctl->keep_dma[dev->index].on, 0);
}
