/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vEVENTQ: what is in it, how it is read, and when it may go. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench.h"
#include "tap.h"

#define VA UINT64_C(0x12345000)
#define RNW (1ull << 35)
#define CLASS_IN (2ull << 40)
#define F_TRANSLATION 0x10
#define F_PERMISSION 0x13
#define C_BAD_CD 0x0a
#define LOST IOMMU_VEVENTQ_FLAG_LOST_EVENTS

struct record {
    struct iommufd_vevent_header header;
    uint64_t event[4];
};

struct guest {
    struct bench b;
    uint64_t table;
    uint32_t hwpt, queue;
    int fd;
};

static void guest_start(struct guest *g, uint32_t depth)
{
    bench_start(&g->b);
    g->hwpt = 0;
    g->table = bench_table(&g->b);
    bench_map(&g->b, g->table, SCRATCH, SCRATCH, PTE_PAGE);
    bench_cd(&g->b, 0, 1, g->table);
    CHECK_EQ(io_veventq(&g->b, g->b.viommu, depth, &g->queue, &g->fd), 0);
    CHECK_EQ(fcntl(g->fd, F_SETFL, O_NONBLOCK), 0);
    CHECK_EQ(bench_ste(&g->b, STE0_S1, 0, &g->hwpt), 0);
}

static void guest_end(struct guest *g)
{
    close(g->fd);
    CHECK_EQ(io_destroy(&g->b, g->queue), 0);
    CHECK_EQ(io_attach(g->b.cdev, g->b.parent), 0);
    CHECK_EQ(io_destroy(&g->b, g->hwpt), 0);
    bench_close(&g->b);
}

/* The handler of the kernel is a thread: give it a moment */
static bool readable(int fd, int milliseconds)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };

    return poll(&pfd, 1, milliseconds) == 1 && (pfd.revents & POLLIN);
}

static bool next_event(int fd, struct record *r)
{
    memset(r, 0, sizeof(*r));
    return readable(fd, 2000) && read(fd, r, sizeof(*r)) == sizeof(*r);
}

static void test_faults(void)
{
    struct record r;
    struct guest g;

    guest_start(&g, 16);
    CHECK(!readable(g.fd, 0));
    CHECK_EQ(read(g.fd, &r, sizeof(r)), 0);

    bench_peek(&g.b, VA);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.flags, 0);
    CHECK_EQ(r.header.sequence, 0);
    CHECK_EQ(r.event[0], F_TRANSLATION | (uint64_t)VSID << 32);
    CHECK_EQ(r.event[1] & (RNW | CLASS_IN), RNW | CLASS_IN);
    CHECK_EQ(r.event[2], VA);

    bench_map(&g.b, g.table, VA, DATA_AT, PTE_PAGE | PTE_RO);
    bench_poke(&g.b, VA + 8, 1);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 1);
    CHECK_EQ(r.event[0], F_PERMISSION | (uint64_t)VSID << 32);
    CHECK_EQ(r.event[1] & RNW, 0);
    CHECK_EQ(r.event[2], VA + 8);
    CHECK(!readable(g.fd, 100));
    guest_end(&g);
}

static void test_bad_cd(void)
{
    struct record r;
    struct guest g;

    guest_start(&g, 16);
    *(uint64_t *)bench_ram(&g.b, CD_AT) &= ~(1ull << 31);
    bench_peek(&g.b, VA);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.event[0] & 0xff, C_BAD_CD);
    CHECK_EQ(r.event[0] >> 32, VSID);
    guest_end(&g);
}

/* CD.R = 0: the guest does not want to know */
static void test_unrecorded(void)
{
    struct guest g;

    guest_start(&g, 16);
    *(uint64_t *)bench_ram(&g.b, CD_AT) &= ~(1ull << 45);
    CHECK_EQ(bench_peek(&g.b, VA), FAULTED);
    CHECK(!readable(g.fd, 200));
    guest_end(&g);
}

static void fault(struct guest *g, int n)
{
    while (n--) {
        bench_peek(&g->b, VA + 0x1000ull * n);
        usleep(g->b.uapi ? 0 : 20000);
    }
}

static void test_overflow(void)
{
    struct record r;
    struct guest g;

    guest_start(&g, 2);
    fault(&g, 5);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 0);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 1);
    /* one header for all three that were lost, with the last one's number */
    CHECK(readable(g.fd, 1000));
    CHECK_EQ(read(g.fd, &r, sizeof(r)), sizeof(r.header));
    CHECK_EQ(r.header.flags, LOST);
    CHECK_EQ(r.header.sequence, 4);
    CHECK(!readable(g.fd, 0));

    /* the header goes when there is room again: the gap tells it, too */
    fault(&g, 3);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 5);
    fault(&g, 1);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 6);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 8);
    CHECK_EQ(r.header.flags, 0);
    CHECK(!readable(g.fd, 0));
    guest_end(&g);
}

static void test_read_sizes(void)
{
    struct record r[4];
    struct guest g;

    guest_start(&g, 2);
    fault(&g, 3);
    CHECK(readable(g.fd, 2000));
    CHECK_EQ(read(g.fd, r, 4), -1);
    CHECK_EQ(errno, EINVAL);
    CHECK_EQ(read(g.fd, r, sizeof(r[0].header)), -1);
    CHECK_EQ(errno, EINVAL);
    CHECK_EQ(read(g.fd, r, sizeof(r[0]) - 1), -1);
    CHECK_EQ(read(g.fd, r, sizeof(r)), 2 * sizeof(r[0]) + sizeof(r[0].header));
    CHECK_EQ(r[0].header.sequence, 0);
    CHECK_EQ(r[1].header.sequence, 1);
    CHECK_EQ(r[2].header.flags, LOST);
    guest_end(&g);
}

static void test_alloc(void)
{
    struct iommu_veventq_alloc cmd = { .size = sizeof(cmd) };
    struct guest g;
    uint32_t id;
    int fd;

    guest_start(&g, 2);
    CHECK_EQ(io_veventq(&g.b, g.b.viommu, 2, &id, &fd), EEXIST);
    CHECK_EQ(io_veventq(&g.b, g.b.viommu, 0, &id, &fd), EINVAL);
    CHECK_EQ(io_veventq(&g.b, g.b.viommu, (1u << 19) + 1, &id, &fd), EINVAL);
    CHECK_EQ(io_veventq(&g.b, g.b.parent, 2, &id, &fd), ENOENT);
    cmd.viommu_id = g.b.viommu;
    cmd.veventq_depth = 2;
    CHECK_EQ(bench_ioctl(g.b.iommu, IOMMU_VEVENTQ_ALLOC, &cmd), EOPNOTSUPP);
    cmd.type = IOMMU_VEVENTQ_TYPE_ARM_SMMUV3;
    cmd.flags = 1;
    CHECK_EQ(bench_ioctl(g.b.iommu, IOMMU_VEVENTQ_ALLOC, &cmd), EOPNOTSUPP);
    CHECK_EQ(fcntl(g.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    guest_end(&g);
}

static void *poll_queue(void *opaque)
{
    int *fd = opaque;

    readable(*fd, 300);
    return NULL;
}

/* An open file holds the queue: a descriptor, its duplicate, a poll of it */
static void test_busy(void)
{
    struct guest g;
    pthread_t thread;
    int copy, ep;
    struct epoll_event ev = { .events = EPOLLIN };

    guest_start(&g, 2);
    CHECK_EQ(io_destroy(&g.b, g.queue), EBUSY);
    copy = dup(g.fd);
    close(g.fd);
    CHECK_EQ(io_destroy(&g.b, g.queue), EBUSY);
    pthread_create(&thread, NULL, poll_queue, &copy);
    usleep(100 * 1000);
    close(copy);
    CHECK_EQ(io_destroy(&g.b, g.queue), EBUSY);
    pthread_join(thread, NULL);
    CHECK_EQ(io_destroy(&g.b, g.queue), 0);

    /* but an epoll instance does not */
    CHECK_EQ(io_veventq(&g.b, g.b.viommu, 2, &g.queue, &g.fd), 0);
    ep = epoll_create1(0);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, g.fd, &ev), 0);
    fault(&g, 1);
    CHECK_EQ(epoll_wait(ep, &ev, 1, 2000), 1);
    pthread_create(&thread, NULL, poll_queue, &ep);
    usleep(50 * 1000);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_DEL, g.fd, NULL), 0);
    close(g.fd);
    CHECK_EQ(io_destroy(&g.b, g.queue), 0);
    pthread_join(thread, NULL);
    close(ep);

    CHECK_EQ(io_veventq(&g.b, g.b.viommu, 2, &g.queue, &g.fd), 0);
    guest_end(&g);
}

/* Stage 2 and aborts are none of the guest's business */
static void test_host_faults(void)
{
    struct guest g;

    guest_start(&g, 16);
    bench_map(&g.b, g.table, VA, 0x200000000ull, PTE_PAGE);
    CHECK_EQ(bench_peek(&g.b, VA), FAULTED);
    CHECK(!readable(g.fd, 200));
    CHECK_EQ(bench_ste(&g.b, STE0_ABORT, 0, &g.hwpt), 0);
    bench_peek(&g.b, VA);
    CHECK(!readable(g.fd, 200));
    guest_end(&g);
}

/* What only the model can: events from nowhere, and a queue that is full */
static void test_injected(void)
{
    const uint64_t event[4] = { F_TRANSLATION, RNW, 0x1000, 0 };
    const uint64_t other[4] = { 0x20, 0, 0, 0 };
    const uint64_t stage2[4] = { F_TRANSLATION, 1ull << 39, 0x1000, 0 };
    const uint64_t stall[4] = { F_TRANSLATION, 1ull << 31, 0x1000, 0 };
    struct record r;
    struct guest g;

    guest_start(&g, 16);
    if (!g.b.uapi) {
        tap_skip("needs the model");
        guest_end(&g);
        return;
    }
    CHECK_EQ(uapi_event(g.b.uapi, 0, event), 0);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.event[0], F_TRANSLATION | (uint64_t)VSID << 32);
    CHECK_EQ(r.event[2], 0x1000);
    CHECK_EQ(uapi_event(g.b.uapi, 0, other), ENXIO);
    CHECK_EQ(uapi_event(g.b.uapi, 0, stage2), ENXIO);
    CHECK_EQ(uapi_event(g.b.uapi, 0, stall), ENXIO);
    CHECK(!readable(g.fd, 0));
    atomic_store(&g.b.uapi->control->lose_events, 1);
    CHECK_EQ(uapi_event(g.b.uapi, 0, event), ENXIO);
    CHECK_EQ(read(g.fd, &r, sizeof(r)), sizeof(r.header));
    CHECK_EQ(r.header.sequence, 1);
    CHECK_EQ(uapi_event(g.b.uapi, 0, event), 0);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 2);
    atomic_store(&g.b.uapi->control->skip_events, 4);
    CHECK_EQ(uapi_event(g.b.uapi, 0, event), 0);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 7);
    atomic_store(&g.b.uapi->control->next_sequence, UINT32_MAX);
    CHECK_EQ(uapi_event(g.b.uapi, 0, event), 0);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, INT32_MAX);
    CHECK_EQ(uapi_event(g.b.uapi, 0, event), 0);
    CHECK(next_event(g.fd, &r));
    CHECK_EQ(r.header.sequence, 0);
    guest_end(&g);
}

static const struct tap_test tests[] = {
    { "events/faults", test_faults },
    { "events/bad-cd", test_bad_cd },
    { "events/unrecorded", test_unrecorded },
    { "events/overflow", test_overflow },
    { "events/read-sizes", test_read_sizes },
    { "events/alloc", test_alloc },
    { "events/busy", test_busy },
    { "events/host-faults", test_host_faults },
    { "events/injected", test_injected },
};

TAP_MAIN(tests)
