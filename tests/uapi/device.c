/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

static struct uapi_device devices[UAPI_MAX_DEVICES];
static bool ready[UAPI_MAX_DEVICES];

struct uapi_device *uapi_device(unsigned index)
{
    struct uapi_device *dev;

    if (index >= UAPI_MAX_DEVICES || !uapi_ctl->device[index].bdf[0]) {
        return NULL;
    }
    dev = &devices[index];
    if (!ready[index]) {
        dev->index = index;
        dev->state = &uapi_ctl->state[index];
        ready[index] = true;
    }
    /* Nobody has it open: what the test changed holds from now on */
    if (!dev->state->open) {
        dev->conf = uapi_ctl->device[index];
        if (dev->conf.smmu >= UAPI_MAX_SMMUS) {
            uapi_error("device %u is behind SMMU %u", index, dev->conf.smmu);
            dev->conf.smmu = 0;
        }
        uapi_config_init(&dev->config, &dev->conf);
        memset(&dev->edu, 0, sizeof(dev->edu));
    }
    return dev;
}

struct uapi_device *uapi_device_by_bdf(const char *bdf, size_t len)
{
    for (unsigned i = 0; i < UAPI_MAX_DEVICES; i++) {
        const char *own = uapi_ctl->device[i].bdf;

        if (own[0] && strlen(own) == len && !strncmp(own, bdf, len)) {
            return uapi_device(i);
        }
    }
    return NULL;
}

struct uapi_device *uapi_device_by_id(struct uapi_context *ctx, uint32_t id)
{
    for (unsigned i = 0; i < UAPI_MAX_DEVICES; i++) {
        if (devices[i].idev && devices[i].ctx == ctx &&
            devices[i].idev->id == id) {
            return &devices[i];
        }
    }
    uapi_error("no device is bound with ID %u", id);
    return NULL;
}

bool uapi_device_can_ats(const struct uapi_device *dev)
{
    return uapi_smmu_config(dev->conf.smmu)->idr[0] & IDR0_ATS &&
           !(dev->conf.flags & UAPI_DEV_NO_ATS);
}

void uapi_device_reset(struct uapi_device *dev)
{
    memset(&dev->edu, 0, sizeof(dev->edu));
    atomic_store(&uapi_ctl->keep_dma[dev->index].on, 0);
}
