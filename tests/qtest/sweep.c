/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu/osdep.h"
#include "sweep.h"

#define MAX_ERRORS 7

/*
 * From Linux' drivers/iommu/iommufd, drivers/iommu/arm/arm-smmu-v3,
 * drivers/vfio, fs/eventfd.c and fs/eventpoll.c. Calls that are not here
 * cannot fail (registers of a device that is gone read as ones), or fail as a
 * matter of course (a feature that is absent).
 */
static const int errors[UAPI_CALLS][MAX_ERRORS] = {
    [UAPI_OPEN_IOMMU] = { ENOENT, EACCES, EMFILE, ENOMEM },
    [UAPI_OPEN_CDEV] = { EBUSY, EACCES, ENODEV, ENOMEM },
    [UAPI_DESTROY] = { EBUSY, ENOENT },
    [UAPI_IOAS_ALLOC] = { ENOMEM, EFAULT },
    [UAPI_IOAS_IOVA_RANGES] = { EMSGSIZE, EFAULT, ENOENT },
    [UAPI_IOAS_MAP] = { ENOMEM, EFAULT, EEXIST, EINVAL },
    [UAPI_IOAS_UNMAP] = { ENOENT, EBUSY },
    [UAPI_HWPT_ALLOC] = { EOPNOTSUPP, ENOMEM, EINVAL, EIO, EBUSY, ENOENT },
    [UAPI_GET_HW_INFO] = { EOPNOTSUPP, ENOENT, ENOMEM, EFAULT },
    [UAPI_HWPT_INVALIDATE] = { EIO, ETIMEDOUT, ENOMEM, EINVAL, EFAULT },
    [UAPI_VIOMMU_ALLOC] = { EOPNOTSUPP, ENOMEM, EINVAL, ENOENT },
    [UAPI_VDEVICE_ALLOC] = { EEXIST, EBUSY, ENOMEM, EINVAL },
    [UAPI_VEVENTQ_ALLOC] = { EEXIST, EOPNOTSUPP, ENOMEM, EMFILE },
    [UAPI_BIND_IOMMUFD] = { EBUSY, EINVAL, ENOMEM, EPERM },
    [UAPI_ATTACH_PT] = { EBUSY, EINVAL, ENOMEM, ENOENT },
    [UAPI_DETACH_PT] = { EINVAL, EBUSY },
    [UAPI_DEVICE_GET_INFO] = { EIO, EFAULT, ENOMEM },
    [UAPI_GET_REGION_INFO] = { EINVAL, ENOMEM },
    [UAPI_GET_IRQ_INFO] = { EINVAL },
    [UAPI_SET_IRQS] = { ENOSPC, EINVAL, ENOMEM, EBUSY },
    [UAPI_DEVICE_RESET] = { EIO, ENOTTY },
    [UAPI_VEVENTQ_READ] = { ENOMEM, EFAULT, EIO, EAGAIN, EINTR },
    [UAPI_EVENTFD] = { EMFILE, ENFILE, ENOMEM },
    [UAPI_EPOLL_CREATE] = { EMFILE, ENFILE, ENOMEM },
    [UAPI_EPOLL_ADD] = { ENOSPC, ENOMEM },
    [UAPI_SET_NONBLOCK] = { EBADF },
};

const int *sweep_errors(enum uapi_call call)
{
    return errors[call];
}

Dut *sweep_start(const DutConfig *config)
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

unsigned sweep_live(const Dut *dut)
{
    unsigned count = 0;

    for (unsigned i = 0; i < UAPI_OBJ_TYPES; i++) {
        count += dut->model->control->live[i];
    }
    return count;
}

static void arm(Dut *dut, const Flow *flow, enum uapi_call call, unsigned n,
                int error)
{
    uapi_fail(dut->model, 0, call, n, error);
    dut->model->control->fail[0].repeat = flow->repeat;
    if (flow->too) {
        uapi_fail(dut->model, 1, flow->too, 1, EIO);
        dut->model->control->fail[1].repeat = 1;
    }
}

static void disarm(Dut *dut)
{
    uapi_fail(dut->model, 0, UAPI_ANY, 0, 0);
    uapi_fail(dut->model, 1, UAPI_ANY, 0, 0);
}

/*
 * After each point there have to be as many objects as after the run in which
 * all went well: @objects. Except that what could not be freed is no leak of
 * QEMU's; and QEMU has to be started again if that is in its way.
 */
static Dut *after_point(Dut *dut, const Flow *flow, enum uapi_call call,
                        unsigned *objects)
{
    struct uapi_control *control = dut->model->control;

    if (call != UAPI_DESTROY && call != UAPI_DETACH_PT) {
        g_assert_cmpuint(sweep_live(dut), ==, *objects);
        return dut;
    }
    if (flow->restart) {
        qtest_quit(dut->qts);
        g_free(dut);
        dut = flow->restart();
    } else {
        *objects = sweep_live(dut);
    }
    for (unsigned i = 0; i < UAPI_OBJ_TYPES; i++) {
        control->leaked[i] = 0;
    }
    return dut;
}

/* Returns: did the call happen, and fail? */
static bool try_point(Dut **dut, const Flow *flow, enum uapi_call call,
                      unsigned n, int error, unsigned *objects)
{
    bool fired;

    flow->prepare(*dut);
    g_test_message("%s %u: %s", uapi_call_name(call), n, g_strerror(error));
    arm(*dut, flow, call, n, error);
    flow->run(*dut);
    fired = (*dut)->model->control->fail[0].fired;
    disarm(*dut);
    flow->verify(*dut, fired ? call : UAPI_ANY);
    *dut = after_point(*dut, flow, call, objects);
    return fired;
}

/* Runs the flow once without failure, to learn how often it calls what */
static void count_calls(Dut *dut, const Flow *flow, uint32_t calls[UAPI_CALLS])
{
    const struct uapi_control *control = dut->model->control;

    flow->prepare(dut);
    for (unsigned i = 0; i < UAPI_CALLS; i++) {
        calls[i] = -control->calls[i];
    }
    flow->run(dut);
    for (unsigned i = 0; i < UAPI_CALLS; i++) {
        calls[i] += control->calls[i];
    }
    flow->verify(dut, UAPI_ANY);
}

void sweep(Dut *dut, const Flow *flow)
{
    uint32_t calls[UAPI_CALLS];
    unsigned points = 0, kinds = 0, objects;

    count_calls(dut, flow, calls);
    objects = sweep_live(dut);
    for (enum uapi_call call = UAPI_ANY + 1; call < UAPI_CALLS; call++) {
        kinds += calls[call] && *sweep_errors(call);
        for (unsigned n = 1; n <= calls[call]; n++) {
            for (const int *e = sweep_errors(call); *e; e++) {
                points += try_point(&dut, flow, call, n, *e, &objects);
            }
        }
    }
    g_test_message("swept: %u points, %u kinds of calls", points, kinds);
    g_assert_cmpuint(points, >, 0);
    dut_stop(dut);
}
