/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "mailbox.h"
#include "veventq.h"

static int serve_event(struct uapi_device *dev, const uint64_t *arg)
{
    uint64_t event[4] = {
        (arg[1] & UINT32_MAX) | (uint64_t)dev->conf.sid << 32,
        arg[2], arg[3], arg[4],
    };

    return uapi_event_report(dev, event) ? 0 : -ENXIO;
}

static int serve_dma(struct uapi_device *dev, struct uapi_request *req)
{
    struct uapi_access access = {
        .iova = req->arg[1],
        .write = req->arg[3],
        .ssid = (uint32_t)req->arg[4],
        .has_ssid = req->arg[4] >> 32,
    };

    if (req->arg[2] > sizeof(req->data)) {
        return -EINVAL;
    }
    req->result = uapi_smmu_dma(dev, &access, req->data, req->arg[2]);
    return 0;
}

static int serve(struct uapi_request *req)
{
    struct uapi_device *dev = uapi_device(req->arg[0]);

    if (!dev || !dev->idev) {
        return -ENODEV;
    }
    switch (req->op) {
    case UAPI_REQ_EVENT:
        return serve_event(dev, req->arg);
    case UAPI_REQ_MSI:
        return uapi_irq_raise(dev, req->arg[1]);
    case UAPI_REQ_DMA:
        return serve_dma(dev, req);
    default:
        return -EOPNOTSUPP;
    }
}

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static void *serve_all(void *unused)
{
    struct uapi_request *req = &uapi_ctl->request;

    for (;;) {
        uint32_t served = atomic_load(&req->served);

        while (atomic_load(&req->posted) == served) {
            futex(&req->posted, FUTEX_WAIT, served);
        }
        uapi_lock();
        req->error = -serve(req);
        uapi_unlock();
        atomic_store(&req->served, served + 1);
        futex(&req->served, FUTEX_WAKE, INT_MAX);
    }
    return NULL;
}

void uapi_mailbox_start(void)
{
    pthread_attr_t attr;
    sigset_t all, old;
    pthread_t thread;

    /* Signals are the process's own business */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attr, serve_all, NULL)) {
        uapi_error("cannot start the thread for requests");
    }
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}
