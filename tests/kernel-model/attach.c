/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After device.c of iommufd, and arm_smmu_attach_dev_nested() and
 * arm_smmu_attach_prepare_vmaster() of the arm-smmu-v3 driver, Linux 7.2.
 */
#include "device.h"
#include "hwpt.h"
#include "kernel.h"
#include "legal.h"
#include "viommu.h"

static const struct km_object_ops idev_ops = { .destroy = NULL };

/* The devices of @dev's IOMMU group, bound or not; *@i counts them */
static struct km_device *next_member(const struct km_device *dev,
                                     unsigned *i)
{
    while (*i < KM_MAX_DEVICES) {
        struct km_device *member = km_device((*i)++);

        if (member && member->conf.group == dev->conf.group) {
            return member;
        }
    }
    return NULL;
}

#define FOR_EACH_MEMBER(member, dev) \
    for (unsigned i_ = 0; ((member) = next_member(dev, &i_)); )

/* Returns: what the group is attached to, by its members that are, or NULL */
static struct km_hwpt *group_hwpt(const struct km_device *dev)
{
    struct km_device *member;

    FOR_EACH_MEMBER(member, dev) {
        if (member->hwpt) {
            return member->hwpt;
        }
    }
    return NULL;
}

/* Returns: the iommufd that owns the group, or NULL */
static struct km_context *group_owner(const struct km_device *dev)
{
    struct km_device *member;

    FOR_EACH_MEMBER(member, dev) {
        if (member->ctx) {
            return member->ctx;
        }
    }
    return NULL;
}

static void write_ste(struct km_device *dev, enum km_ste_config config)
{
    struct km_ste ste = { .config = config };

    dev->event_viommu = NULL;
    km_smmu_write_ste(dev, &ste);
}

static void write_group_stes(struct km_device *dev,
                             enum km_ste_config config)
{
    struct km_device *member;

    FOR_EACH_MEMBER(member, dev) {
        write_ste(member, config);
    }
}

int km_device_bind(struct km_device *dev, struct km_context *ctx,
                   uint32_t *id)
{
    struct km_context *owner = group_owner(dev);

    if (!km_smmu_coherent(dev->conf.smmu)) {
        return -EINVAL;
    }
    if (owner && owner != ctx) {
        return -EPERM;
    }
    dev->idev = km_object_new(ctx, KM_OBJ_DEVICE, sizeof(*dev->idev),
                              &idev_ops);
    dev->idev->users++;     /* VFIO's */
    dev->ctx = ctx;
    km_context_get(ctx);
    if (!owner) {
        write_group_stes(dev, KM_STE_ABORT);
    }
    *id = dev->idev->id;
    return 0;
}

static struct km_hwpt *parent_of(struct km_hwpt *hwpt)
{
    return hwpt->viommu ? hwpt->viommu->parent : hwpt;
}

/* Not one of its users any more; those made by attaching end with the last */
static void put_hwpt(struct km_hwpt *hwpt)
{
    hwpt->obj.users--;
    if (hwpt->auto_domain && hwpt->obj.users == 1) {
        km_object_destroy(hwpt->obj.ctx, hwpt->obj.id);
    }
}

void km_device_detach(struct km_device *dev)
{
    struct km_hwpt *hwpt = dev->hwpt;

    if (!hwpt) {
        return;
    }
    dev->hwpt = NULL;
    if (!group_hwpt(dev)) {
        write_group_stes(dev, KM_STE_ABORT);
    }
    atomic_store(&dev->state->hwpt, 0);
    km_ioas_unreserve(parent_of(hwpt)->ioas, dev);
    dev->idev->users--;
    put_hwpt(hwpt);
}

void km_device_unbind(struct km_device *dev)
{
    struct km_context *ctx = dev->ctx;

    km_device_detach(dev);
    if (dev->vdev) {
        /* The owner should have done it, and knows the ID */
        atomic_fetch_add(&km_ctl->leaked[KM_OBJ_VDEVICE], 1);
        km_object_revoke(&dev->vdev->obj, true);
    }
    km_object_revoke(dev->idev, false);
    dev->idev = NULL;
    dev->ctx = NULL;
    if (!group_owner(dev)) {
        write_group_stes(dev, KM_STE_BYPASS);
    }
    km_context_put(ctx);
}

/* The part of the SMMU driver. Nothing is changed when it fails. */
static int driver_attach(struct km_device *dev, struct km_hwpt *hwpt)
{
    struct km_ste ste = { .paging = parent_of(hwpt) };
    unsigned config;

    if (hwpt->smmu != dev->conf.smmu) {
        return -EINVAL;
    }
    if (!hwpt->viommu) {
        dev->event_viommu = NULL;
        ste.config = hwpt->nest_parent ? KM_STE_S2 : KM_STE_S1;
        km_smmu_write_ste(dev, &ste);
        return 0;
    }

    /* Invalidations and events need the guest's StreamID */
    config = km_hwpt_ste_config(hwpt);
    if (dev->vdev && dev->vdev->viommu == hwpt->viommu) {
        dev->event_viommu = hwpt->viommu;
        dev->event_vsid = dev->vdev->virt_id;
    } else if (config == STE_CONFIG_STAGE1 ||
               km_kernel_has(KM_RULE_NESTED_WANTS_VDEVICE)) {
        return -ENOENT;
    } else {
        dev->event_viommu = NULL;
    }
    if (config == STE_CONFIG_STAGE1) {
        ste.config = KM_STE_NESTED;
        memcpy(ste.vste, hwpt->vste, sizeof(ste.vste));
        ste.ats = hwpt->ats && km_device_can_ats(dev);
    } else {
        ste.config = config == STE_CONFIG_BYPASS ? KM_STE_S2 : KM_STE_ABORT;
    }
    km_smmu_write_ste(dev, &ste);
    return 0;
}

static void check_ste(const struct km_device *dev)
{
    const char *why = dev->ste.config == KM_STE_NESTED
        ? km_illegal_ste(dev, dev->hwpt) : NULL;

    if (why) {
        km_error("STE 0x%llx 0x%llx of device %u, IHI 0070 %s",
                 (unsigned long long)dev->hwpt->vste[0],
                 (unsigned long long)dev->hwpt->vste[1], dev->index, why);
    }
}

/* All of the group, or none of it */
static int group_attach(struct km_device *dev, struct km_hwpt *hwpt)
{
    struct km_hwpt *old = group_hwpt(dev);
    struct km_device *member, *failed;
    int ret;

    FOR_EACH_MEMBER(failed, dev) {
        ret = driver_attach(failed, hwpt);
        if (ret) {
            break;
        }
    }
    if (!failed) {
        return 0;
    }
    FOR_EACH_MEMBER(member, dev) {
        if (member == failed) {
            break;
        }
        if (!old || driver_attach(member, old)) {
            write_ste(member, KM_STE_ABORT);
        }
    }
    return ret;
}

static int reserve_msis(struct km_device *dev, struct km_ioas *ioas)
{
    return km_ioas_reserve(ioas, KM_SW_MSI_BASE,
                           KM_SW_MSI_BASE + KM_SW_MSI_SIZE - 1, dev);
}

/* @dev has moved to @hwpt, which has been written to its STE */
static void set_hwpt(struct km_device *dev, struct km_hwpt *hwpt)
{
    struct km_hwpt *old = dev->hwpt;

    if (old && parent_of(old)->ioas != parent_of(hwpt)->ioas) {
        km_ioas_unreserve(parent_of(old)->ioas, dev);
    }
    hwpt->obj.users++;
    dev->hwpt = hwpt;
    atomic_store(&dev->state->hwpt, hwpt->obj.id);
    if (old) {
        put_hwpt(old);
    } else {
        dev->idev->users++;
    }
}

/* The first attachment of a member: the group is attached by it, or already */
static int attach_first(struct km_device *dev, struct km_hwpt *hwpt)
{
    struct km_hwpt *group = group_hwpt(dev);
    int ret;

    if (group && group != hwpt) {
        return -EINVAL;
    }
    ret = reserve_msis(dev, parent_of(hwpt)->ioas);
    if (ret) {
        return ret;
    }
    ret = group ? 0 : group_attach(dev, hwpt);
    if (ret) {
        km_ioas_unreserve(parent_of(hwpt)->ioas, dev);
        return ret;
    }
    set_hwpt(dev, hwpt);
    return 0;
}

/* All members that are attached move */
static int replace(struct km_device *dev, struct km_hwpt *hwpt)
{
    struct km_ioas *ioas = parent_of(hwpt)->ioas;
    bool reserve = parent_of(dev->hwpt)->ioas != ioas;
    struct km_device *member;
    int ret = 0;

    FOR_EACH_MEMBER(member, dev) {
        if (reserve && member->hwpt && !ret) {
            ret = reserve_msis(member, ioas);
        }
    }
    if (!ret) {
        ret = group_attach(dev, hwpt);
    }
    FOR_EACH_MEMBER(member, dev) {
        if (!ret && member->hwpt) {
            set_hwpt(member, hwpt);
        } else if (ret && reserve) {
            km_ioas_unreserve(ioas, member);
        }
    }
    return ret;
}

static int attach_hwpt(struct km_device *dev, struct km_hwpt *hwpt)
{
    int ret;

    if (dev->hwpt == hwpt) {
        return 0;
    }
    ret = dev->hwpt ? replace(dev, hwpt) : attach_first(dev, hwpt);
    if (!ret) {
        check_ste(dev);
    }
    return ret;
}

struct try {
    struct km_device *dev;
    struct km_ioas *ioas;
    struct km_hwpt *hwpt;
    int ret;
};

/* -EINVAL means that the HWPT does not suit the device: try the next */
static bool try_auto_domain(struct km_object *obj, void *opaque)
{
    struct km_hwpt *hwpt = (struct km_hwpt *)obj;
    struct try *try = opaque;

    if (!hwpt->auto_domain || hwpt->ioas != try->ioas) {
        return true;
    }
    try->ret = attach_hwpt(try->dev, hwpt);
    try->hwpt = hwpt;
    return try->ret == -EINVAL;
}

static int attach_ioas(struct km_device *dev, struct km_ioas *ioas,
                       uint32_t *pt_id)
{
    struct try try = { .dev = dev, .ioas = ioas, .ret = -EINVAL };
    struct km_hwpt *hwpt;
    int ret;

    km_object_each(dev->ctx, KM_OBJ_HWPT_PAGING, try_auto_domain, &try);
    if (try.ret != -EINVAL) {
        *pt_id = try.hwpt->obj.id;
        return try.ret;
    }
    ret = km_hwpt_auto(dev, ioas, &hwpt);
    if (ret) {
        return ret;
    }
    ret = attach_hwpt(dev, hwpt);
    if (ret) {
        km_object_destroy(dev->ctx, hwpt->obj.id);
        return ret;
    }
    *pt_id = hwpt->obj.id;
    return 0;
}

int km_device_attach(struct km_device *dev, uint32_t *pt_id)
{
    struct km_object *obj = km_object_any(dev->ctx, *pt_id);

    if (!obj) {
        return -ENOENT;
    }
    switch (obj->type) {
    case KM_OBJ_HWPT_PAGING:
    case KM_OBJ_HWPT_NESTED:
        return attach_hwpt(dev, (struct km_hwpt *)obj);
    case KM_OBJ_IOAS:
        return attach_ioas(dev, (struct km_ioas *)obj, pt_id);
    default:
        return km_error("attached to object %u", obj->id);
    }
}
