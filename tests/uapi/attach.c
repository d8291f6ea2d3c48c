/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After device.c of iommufd, and arm_smmu_attach_dev_nested() and
 * arm_smmu_attach_prepare_vmaster() of the arm-smmu-v3 driver, Linux 7.2.
 * Every device is in an IOMMU group of its own.
 */
#include "attach.h"
#include "hwpt.h"
#include "kernel.h"
#include "legal.h"
#include "viommu.h"

static const struct uapi_object_ops idev_ops = { .destroy = NULL };

static void block(struct uapi_device *dev)
{
    struct uapi_ste ste = { .config = UAPI_STE_ABORT };

    dev->event_viommu = NULL;
    uapi_smmu_write_ste(dev, &ste);
}

int uapi_device_bind(struct uapi_device *dev, struct uapi_context *ctx,
                     uint32_t *id)
{
    if (!uapi_smmu_coherent(dev->conf.smmu)) {
        return -EINVAL;
    }
    dev->idev = uapi_object_new(ctx, UAPI_OBJ_DEVICE, sizeof(*dev->idev),
                                &idev_ops);
    dev->idev->users++;     /* VFIO's */
    dev->ctx = ctx;
    uapi_context_get(ctx);
    block(dev);
    *id = dev->idev->id;
    atomic_store(&dev->state->bound, 1);
    return 0;
}

static struct uapi_hwpt *parent_of(struct uapi_hwpt *hwpt)
{
    return hwpt->viommu ? hwpt->viommu->parent : hwpt;
}

/* Not one of its users any more; those made by attaching end with the last */
static void put_hwpt(struct uapi_hwpt *hwpt)
{
    hwpt->obj.users--;
    if (hwpt->auto_domain && hwpt->obj.users == 1) {
        uapi_object_destroy(hwpt->obj.ctx, hwpt->obj.id);
    }
}

void uapi_device_detach(struct uapi_device *dev)
{
    struct uapi_hwpt *hwpt = dev->hwpt;

    if (!hwpt) {
        return;
    }
    block(dev);
    dev->hwpt = NULL;
    atomic_store(&dev->state->hwpt, 0);
    uapi_ioas_unreserve(parent_of(hwpt)->ioas, dev);
    dev->idev->users--;
    put_hwpt(hwpt);
}

void uapi_device_unbind(struct uapi_device *dev)
{
    struct uapi_context *ctx = dev->ctx;
    struct uapi_ste ste = { .config = UAPI_STE_BYPASS };

    uapi_device_detach(dev);
    if (dev->vdev) {
        /* The owner should have done it, and knows the ID */
        atomic_fetch_add(&uapi_ctl->leaked[UAPI_OBJ_VDEVICE], 1);
        uapi_object_revoke(&dev->vdev->obj, true);
    }
    uapi_object_revoke(dev->idev, false);
    dev->idev = NULL;
    dev->ctx = NULL;
    uapi_smmu_write_ste(dev, &ste);
    atomic_store(&dev->state->bound, 0);
    uapi_context_put(ctx);
}

/* The part of the SMMU driver. Nothing is changed when it fails. */
static int driver_attach(struct uapi_device *dev, struct uapi_hwpt *hwpt)
{
    struct uapi_ste ste = { .paging = parent_of(hwpt) };
    unsigned config;

    if (hwpt->smmu != dev->conf.smmu) {
        return -EINVAL;
    }
    if (!hwpt->viommu) {
        dev->event_viommu = NULL;
        ste.config = hwpt->nest_parent ? UAPI_STE_S2 : UAPI_STE_S1;
        uapi_smmu_write_ste(dev, &ste);
        return 0;
    }

    /* Invalidations and events need the guest's StreamID */
    config = uapi_hwpt_ste_config(hwpt);
    if (dev->vdev && dev->vdev->viommu == hwpt->viommu) {
        dev->event_viommu = hwpt->viommu;
        dev->event_vsid = dev->vdev->virt_id;
    } else if (config == STE_CONFIG_S1 ||
               uapi_kernel_has(UAPI_RULE_NESTED_WANTS_VDEVICE)) {
        return -ENOENT;
    } else {
        dev->event_viommu = NULL;
    }
    if (config == STE_CONFIG_S1) {
        ste.config = UAPI_STE_NESTED;
        memcpy(ste.vste, hwpt->vste, sizeof(ste.vste));
        ste.ats = hwpt->ats && uapi_device_can_ats(dev);
    } else {
        ste.config = config == STE_CONFIG_BYPASS ? UAPI_STE_S2 : UAPI_STE_ABORT;
    }
    uapi_smmu_write_ste(dev, &ste);
    return 0;
}

static void check_ste(const struct uapi_device *dev)
{
    const char *why = dev->ste.config == UAPI_STE_NESTED
        ? uapi_illegal_ste(dev, dev->hwpt) : NULL;

    if (why) {
        uapi_error("STE 0x%llx 0x%llx of device %u, IHI 0070 %s",
                   (unsigned long long)dev->hwpt->vste[0],
                   (unsigned long long)dev->hwpt->vste[1], dev->index, why);
    }
}

static int attach_hwpt(struct uapi_device *dev, struct uapi_hwpt *hwpt)
{
    struct uapi_ioas *ioas = parent_of(hwpt)->ioas;
    struct uapi_hwpt *old = dev->hwpt;
    bool reserve = !old || parent_of(old)->ioas != ioas;
    int ret;

    if (old == hwpt) {
        return 0;
    }
    if (reserve) {
        ret = uapi_ioas_reserve(ioas, UAPI_SW_MSI_BASE, UAPI_SW_MSI_BASE +
                                UAPI_SW_MSI_SIZE - 1, dev);
        if (ret) {
            return ret;
        }
    }
    ret = driver_attach(dev, hwpt);
    if (ret) {
        if (reserve) {
            uapi_ioas_unreserve(ioas, dev);
        }
        return ret;
    }
    if (old && reserve) {
        uapi_ioas_unreserve(parent_of(old)->ioas, dev);
    }
    hwpt->obj.users++;
    dev->hwpt = hwpt;
    atomic_store(&dev->state->hwpt, hwpt->obj.id);
    check_ste(dev);
    if (old) {
        put_hwpt(old);
    } else {
        dev->idev->users++;
    }
    return 0;
}

struct try {
    struct uapi_device *dev;
    struct uapi_ioas *ioas;
    struct uapi_hwpt *hwpt;
    int ret;
};

/* -EINVAL means that the HWPT does not suit the device: try the next */
static bool try_auto_domain(struct uapi_object *obj, void *opaque)
{
    struct uapi_hwpt *hwpt = (struct uapi_hwpt *)obj;
    struct try *try = opaque;

    if (!hwpt->auto_domain || hwpt->ioas != try->ioas) {
        return true;
    }
    try->ret = attach_hwpt(try->dev, hwpt);
    try->hwpt = hwpt;
    return try->ret == -EINVAL;
}

static int attach_ioas(struct uapi_device *dev, struct uapi_ioas *ioas,
                       uint32_t *pt_id)
{
    struct try try = { .dev = dev, .ioas = ioas, .ret = -EINVAL };
    struct uapi_hwpt *hwpt;
    int ret;

    uapi_object_each(dev->ctx, UAPI_OBJ_HWPT_PAGING, try_auto_domain, &try);
    if (try.ret != -EINVAL) {
        *pt_id = try.hwpt->obj.id;
        return try.ret;
    }
    ret = uapi_hwpt_auto(dev, ioas, &hwpt);
    if (ret) {
        return ret;
    }
    ret = attach_hwpt(dev, hwpt);
    if (ret) {
        uapi_object_destroy(dev->ctx, hwpt->obj.id);
        return ret;
    }
    *pt_id = hwpt->obj.id;
    return 0;
}

int uapi_device_attach(struct uapi_device *dev, uint32_t *pt_id)
{
    struct uapi_object *obj = uapi_object_any(dev->ctx, *pt_id);

    if (!obj) {
        return -ENOENT;
    }
    switch (obj->type) {
    case UAPI_OBJ_HWPT_PAGING:
    case UAPI_OBJ_HWPT_NESTED:
        return attach_hwpt(dev, (struct uapi_hwpt *)obj);
    case UAPI_OBJ_IOAS:
        return attach_ioas(dev, (struct uapi_ioas *)obj, pt_id);
    default:
        return -EINVAL;
    }
}
