/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "fault-injection.h"

#define MAX_ERRORS 7

/*
 * From Linux' drivers/iommu/iommufd, drivers/iommu/arm/arm-smmu-v3,
 * drivers/vfio, fs/eventfd.c and fs/eventpoll.c. Calls that are not here
 * cannot fail (registers of a device that is gone read as ones), or fail as a
 * matter of course (a feature that is absent).
 */
static const int errors[KM_CALLS][MAX_ERRORS] = {
    [KM_OPEN_IOMMU] = { ENOENT, EACCES, EMFILE, ENOMEM },
    [KM_OPEN_CDEV] = { EBUSY, EACCES, ENODEV, ENOMEM },
    [KM_DESTROY] = { EBUSY, ENOENT },
    [KM_IOAS_ALLOC] = { ENOMEM, EFAULT },
    [KM_IOAS_IOVA_RANGES] = { EMSGSIZE, EFAULT, ENOENT },
    [KM_IOAS_MAP] = { ENOMEM, EFAULT, EEXIST, EINVAL },
    [KM_IOAS_UNMAP] = { ENOENT, EBUSY },
    [KM_HWPT_ALLOC] = { EOPNOTSUPP, ENOMEM, EINVAL, EIO, EBUSY, ENOENT },
    [KM_GET_HW_INFO] = { EOPNOTSUPP, ENOENT, ENOMEM, EFAULT },
    [KM_HWPT_INVALIDATE] = { EIO, ETIMEDOUT, ENOMEM, EINVAL, EFAULT },
    [KM_VIOMMU_ALLOC] = { EOPNOTSUPP, ENOMEM, EINVAL, ENOENT },
    [KM_VDEVICE_ALLOC] = { EEXIST, EBUSY, ENOMEM, EINVAL },
    [KM_VEVENTQ_ALLOC] = { EEXIST, EOPNOTSUPP, ENOMEM, EMFILE },
    [KM_BIND_IOMMUFD] = { EBUSY, EINVAL, ENOMEM, EPERM },
    [KM_ATTACH_PT] = { EBUSY, EINVAL, ENOMEM, ENOENT },
    [KM_DETACH_PT] = { EINVAL, EBUSY },
    [KM_DEVICE_GET_INFO] = { EIO, EFAULT, ENOMEM },
    [KM_GET_REGION_INFO] = { EINVAL, ENOMEM },
    [KM_GET_IRQ_INFO] = { EINVAL },
    [KM_SET_IRQS] = { ENOSPC, EINVAL, ENOMEM, EBUSY },
    [KM_DEVICE_RESET] = { EIO, ENOTTY },
    [KM_VEVENTQ_READ] = { ENOMEM, EFAULT, EIO, EAGAIN, EINTR },
    [KM_EVENTFD] = { EMFILE, ENFILE, ENOMEM },
    [KM_EPOLL_CREATE] = { EMFILE, ENFILE, ENOMEM },
    [KM_EPOLL_ADD] = { ENOSPC, ENOMEM },
    [KM_SET_NONBLOCK] = { EBADF },
};

const int *inject_errors(enum km_call call)
{
    return errors[call];
}

Dut *inject_start(const DutConfig *config)
{
    DutConfig with = *config;
    g_autofree char *log = g_build_filename(dut_model()->dir, "stderr", NULL);
    g_autofree char *quoted = g_shell_quote(log);
    /* libqtest has the shell start QEMU */
    g_autofree char *args = g_strdup_printf("%s 2>>%s",
                                            config->args ? config->args : "",
                                            quoted);

    with.args = args;
    return dut_start(&with);
}

static void arm(Dut *dut, const Flow *flow, enum km_call call, unsigned n,
                int error)
{
    km_fail(dut->model, 0, call, n, error);
    dut->model->control->fail[0].repeat = flow->repeat;
    if (flow->too) {
        km_fail(dut->model, 1, flow->too, 1, EIO);
        dut->model->control->fail[1].repeat = 1;
    }
}

static void disarm(Dut *dut)
{
    km_fail(dut->model, 0, KM_ANY, 0, 0);
    km_fail(dut->model, 1, KM_ANY, 0, 0);
}

/*
 * After each point there have to be as many objects as after the run in which
 * all went well: @objects. Except that what could not be freed is not a leak of
 * QEMU's; and QEMU has to be started again if that is in its way.
 */
static Dut *after_point(Dut *dut, const Flow *flow, enum km_call call,
                        unsigned *objects)
{
    struct km_control *control = dut->model->control;

    if (call != KM_DESTROY && call != KM_DETACH_PT) {
        g_assert_cmpuint(dut_live(dut), ==, *objects);
        return dut;
    }
    if (flow->restart) {
        qtest_quit(dut->qts);
        g_free(dut);
        dut = flow->restart();
    } else {
        *objects = dut_live(dut);
    }
    for (unsigned i = 0; i < KM_OBJ_TYPES; i++) {
        control->leaked[i] = 0;
    }
    return dut;
}

/* Returns: did the call happen, and fail? */
static bool try_point(Dut **dut, const Flow *flow, enum km_call call,
                      unsigned n, int error, unsigned *objects)
{
    bool fired;

    flow->prepare(*dut);
    g_test_message("%s %u: %s", km_call_name(call), n, g_strerror(error));
    arm(*dut, flow, call, n, error);
    flow->run(*dut);
    fired = (*dut)->model->control->fail[0].fired;
    disarm(*dut);
    flow->verify(*dut, fired ? call : KM_ANY);
    *dut = after_point(*dut, flow, call, objects);
    return fired;
}

/* Runs the flow once without failure, to learn how often it calls what */
static void count_calls(Dut *dut, const Flow *flow, uint32_t calls[KM_CALLS])
{
    const struct km_control *control = dut->model->control;

    flow->prepare(dut);
    for (unsigned i = 0; i < KM_CALLS; i++) {
        calls[i] = -control->calls[i];
    }
    flow->run(dut);
    for (unsigned i = 0; i < KM_CALLS; i++) {
        calls[i] += control->calls[i];
    }
    flow->verify(dut, KM_ANY);
}

void inject_faults(Dut *dut, const Flow *flow)
{
    uint32_t calls[KM_CALLS];
    unsigned points = 0, kinds = 0, objects;

    count_calls(dut, flow, calls);
    objects = dut_live(dut);
    for (enum km_call call = KM_ANY + 1; call < KM_CALLS; call++) {
        kinds += calls[call] && *inject_errors(call);
        for (unsigned n = 1; n <= calls[call]; n++) {
            for (const int *e = inject_errors(call); *e; e++) {
                points += try_point(&dut, flow, call, n, *e, &objects);
            }
        }
    }
    g_test_message("injected: %u faults, %u kinds of calls", points, kinds);
    g_assert_cmpuint(points, >, 0);
    dut_stop(dut);
}
