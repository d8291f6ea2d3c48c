/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "model.h"
#include "veventq.h"

static int serve_event(struct km_device *dev, const uint64_t *arg)
{
    uint64_t event[4] = {
        (arg[1] & UINT32_MAX) | (uint64_t)dev->conf.sid << 32,
        arg[2], arg[3], arg[4],
    };

    return km_event_report(dev, event) ? 0 : -ENXIO;
}

static int serve_dma(struct km_device *dev, struct km_request *req)
{
    struct km_access access = {
        .iova = req->arg[1],
        .write = req->arg[3],
        .ssid = (uint32_t)req->arg[4],
        .has_ssid = req->arg[4] >> 32,
    };

    if (req->arg[2] > sizeof(req->data)) {
        return -EINVAL;
    }
    req->result = km_smmu_dma(dev, &access, req->data, req->arg[2]);
    return 0;
}

static int serve(struct km_request *req)
{
    struct km_device *dev = km_device(req->arg[0]);

    if (!dev || !dev->idev) {
        return -ENODEV;
    }
    switch (req->op) {
    case KM_REQ_EVENT:
        return serve_event(dev, req->arg);
    case KM_REQ_MSI:
        return km_irq_raise(dev, req->arg[1]);
    case KM_REQ_DMA:
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
    struct km_request *req = &km_ctl->request;

    for (;;) {
        uint32_t served = atomic_load(&req->served);

        while (atomic_load(&req->posted) == served) {
            futex(&req->posted, FUTEX_WAIT, served);
        }
        km_lock();
        req->error = -serve(req);
        km_unlock();
        atomic_store(&req->served, served + 1);
        futex(&req->served, FUTEX_WAKE, INT_MAX);
    }
    return NULL;
}

void km_requests_start(void)
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
        km_error("cannot start the thread for requests");
    }
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}
