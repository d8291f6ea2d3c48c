/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vEVENTQ: what is in it, how it is read, and when it may go. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fixture.h"

#define VA UINT64_C(0x12345000)
#define CLASS_IN FIELD_PREP(EVENT1_CLASS, EVENT_CLASS_IN)
#define SID FIELD_PREP(EVENT0_SID, VSID)
#define LOST IOMMU_VEVENTQ_FLAG_LOST_EVENTS

struct record {
    struct iommufd_vevent_header header;
    uint64_t event[4];
};

struct guest {
    struct fixture b;
    uint64_t table;
    uint32_t hwpt, queue;
    int fd;
};

static void guest_start(struct guest *g, uint32_t depth)
{
    fixture_start(&g->b);
    g->hwpt = 0;
    g->table = fixture_table(&g->b);
    fixture_map(&g->b, g->table, SCRATCH, SCRATCH, PTE_PAGE);
    fixture_cd(&g->b, 0, 1, g->table);
    g_assert_cmpint(io_veventq(&g->b, g->b.viommu, depth, &g->queue, &g->fd),
                    ==, 0);
    g_assert_cmpint(fcntl(g->fd, F_SETFL, O_NONBLOCK), ==, 0);
    g_assert_cmpint(fixture_ste(&g->b, STE_S1, 0, &g->hwpt), ==, 0);
}

static void guest_end(struct guest *g)
{
    close(g->fd);
    g_assert_cmpint(io_destroy(&g->b, g->queue), ==, 0);
    g_assert_cmpint(io_attach(g->b.cdev, g->b.parent), ==, 0);
    g_assert_cmpint(io_destroy(&g->b, g->hwpt), ==, 0);
    fixture_close(&g->b);
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
    g_assert_false(readable(g.fd, 0));
    g_assert_cmpint(read(g.fd, &r, sizeof(r)), ==, 0);

    fixture_peek(&g.b, VA);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.flags, ==, 0);
    g_assert_cmpint(r.header.sequence, ==, 0);
    g_assert_cmphex(r.event[0], ==, EVENT_F_TRANSLATION | SID);
    g_assert_cmphex(r.event[1] & (EVENT1_RNW | EVENT1_CLASS), ==,
                    EVENT1_RNW | CLASS_IN);
    g_assert_cmphex(r.event[2], ==, VA);

    fixture_map(&g.b, g.table, VA, DATA_AT, PTE_PAGE | PTE_READONLY);
    fixture_poke(&g.b, VA + 8, 1);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 1);
    g_assert_cmphex(r.event[0], ==, EVENT_F_PERMISSION | SID);
    g_assert_cmpint(r.event[1] & EVENT1_RNW, ==, 0);
    g_assert_cmphex(r.event[2], ==, VA + 8);
    g_assert_false(readable(g.fd, 100));
    guest_end(&g);
}

static void test_bad_cd(void)
{
    struct record r;
    struct guest g;

    guest_start(&g, 16);
    *(uint64_t *)fixture_ram(&g.b, CD_AT) &= ~CD0_V;
    fixture_peek(&g.b, VA);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmphex(r.event[0] & 0xff, ==, EVENT_C_BAD_CD);
    g_assert_cmphex(r.event[0] >> 32, ==, VSID);
    guest_end(&g);
}

/* CD.R = 0: faults are not recorded */
static void test_unrecorded(void)
{
    struct guest g;

    guest_start(&g, 16);
    *(uint64_t *)fixture_ram(&g.b, CD_AT) &= ~CD0_R;
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, FAULTED);
    g_assert_false(readable(g.fd, 200));
    guest_end(&g);
}

static void fault(struct guest *g, int n)
{
    while (n--) {
        fixture_peek(&g->b, VA + 0x1000ull * n);
        usleep(g->b.model ? 0 : 20000);
    }
}

static void test_overflow(void)
{
    struct record r;
    struct guest g;

    guest_start(&g, 2);
    fault(&g, 5);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 0);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 1);
    /* one header for all three that were lost, with the last one's number */
    g_assert_true(readable(g.fd, 1000));
    g_assert_cmphex(read(g.fd, &r, sizeof(r)), ==, sizeof(r.header));
    g_assert_cmphex(r.header.flags, ==, LOST);
    g_assert_cmpint(r.header.sequence, ==, 4);
    g_assert_false(readable(g.fd, 0));

    /* the header goes when there is room again: the gap reports it, too */
    fault(&g, 3);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 5);
    fault(&g, 1);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 6);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 8);
    g_assert_cmpint(r.header.flags, ==, 0);
    g_assert_false(readable(g.fd, 0));
    guest_end(&g);
}

static void test_read_several(void)
{
    struct record r[4];
    struct guest g;

    guest_start(&g, 2);
    fault(&g, 3);
    g_assert_true(readable(g.fd, 2000));
    g_assert_cmphex(read(g.fd, r, sizeof(r)), ==,
                    2 * sizeof(r[0]) + sizeof(r[0].header));
    g_assert_cmpint(r[0].header.sequence, ==, 0);
    g_assert_cmpint(r[1].header.sequence, ==, 1);
    g_assert_cmphex(r[2].header.flags, ==, LOST);
    guest_end(&g);
}

static void test_alloc(void)
{
    struct guest g;
    uint32_t id;
    int fd;

    guest_start(&g, 2);
    g_assert_cmpint(io_veventq(&g.b, g.b.viommu, 2, &id, &fd), ==, EEXIST);
    g_assert_cmphex(fcntl(g.fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
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
    g_assert_cmpint(io_destroy(&g.b, g.queue), ==, EBUSY);
    copy = dup(g.fd);
    close(g.fd);
    g_assert_cmpint(io_destroy(&g.b, g.queue), ==, EBUSY);
    pthread_create(&thread, NULL, poll_queue, &copy);
    usleep(100 * 1000);
    close(copy);
    g_assert_cmpint(io_destroy(&g.b, g.queue), ==, EBUSY);
    pthread_join(thread, NULL);
    g_assert_cmpint(io_destroy(&g.b, g.queue), ==, 0);

    /* but an epoll instance does not */
    g_assert_cmpint(io_veventq(&g.b, g.b.viommu, 2, &g.queue, &g.fd), ==, 0);
    ep = epoll_create1(0);
    g_assert_cmpint(epoll_ctl(ep, EPOLL_CTL_ADD, g.fd, &ev), ==, 0);
    fault(&g, 1);
    g_assert_cmpint(epoll_wait(ep, &ev, 1, 2000), ==, 1);
    pthread_create(&thread, NULL, poll_queue, &ep);
    usleep(50 * 1000);
    g_assert_cmpint(epoll_ctl(ep, EPOLL_CTL_DEL, g.fd, NULL), ==, 0);
    close(g.fd);
    g_assert_cmpint(io_destroy(&g.b, g.queue), ==, 0);
    pthread_join(thread, NULL);
    close(ep);

    g_assert_cmpint(io_veventq(&g.b, g.b.viommu, 2, &g.queue, &g.fd), ==, 0);
    guest_end(&g);
}

/* Faults of stage 2 and aborts are not reported to the guest */
static void test_host_faults(void)
{
    struct guest g;

    guest_start(&g, 16);
    fixture_map(&g.b, g.table, VA, 0x200000000ull, PTE_PAGE);
    g_assert_cmphex(fixture_peek(&g.b, VA), ==, FAULTED);
    g_assert_false(readable(g.fd, 200));
    g_assert_cmpint(fixture_ste(&g.b, STE_ABORT, 0, &g.hwpt), ==, 0);
    fixture_peek(&g.b, VA);
    g_assert_false(readable(g.fd, 200));
    guest_end(&g);
}

/* What only the model can: events from nowhere, and a queue that is full */
static void test_injected(void)
{
    const uint64_t event[4] = { EVENT_F_TRANSLATION, EVENT1_RNW, 0x1000, 0 };
    const uint64_t other[4] = { 0x20, 0, 0, 0 };
    const uint64_t stage2[4] = { EVENT_F_TRANSLATION, EVENT1_S2, 0x1000, 0 };
    const uint64_t stall[4] = { EVENT_F_TRANSLATION, EVENT1_STALL, 0x1000, 0 };
    struct record r;
    struct guest g;

    guest_start(&g, 16);
    if (!g.b.model) {
        g_test_skip("needs the model");
        guest_end(&g);
        return;
    }
    g_assert_cmpint(km_event(g.b.model, 0, event), ==, 0);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmphex(r.event[0], ==, EVENT_F_TRANSLATION | SID);
    g_assert_cmphex(r.event[2], ==, 0x1000);
    g_assert_cmpint(km_event(g.b.model, 0, other), ==, ENXIO);
    g_assert_cmpint(km_event(g.b.model, 0, stage2), ==, ENXIO);
    g_assert_cmpint(km_event(g.b.model, 0, stall), ==, ENXIO);
    g_assert_false(readable(g.fd, 0));
    atomic_store(&g.b.model->control->lose_events, 1);
    g_assert_cmpint(km_event(g.b.model, 0, event), ==, ENXIO);
    g_assert_cmphex(read(g.fd, &r, sizeof(r)), ==, sizeof(r.header));
    g_assert_cmpint(r.header.sequence, ==, 1);
    g_assert_cmpint(km_event(g.b.model, 0, event), ==, 0);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 2);
    atomic_store(&g.b.model->control->skip_events, 4);
    g_assert_cmpint(km_event(g.b.model, 0, event), ==, 0);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 7);
    atomic_store(&g.b.model->control->next_sequence, UINT32_MAX);
    g_assert_cmpint(km_event(g.b.model, 0, event), ==, 0);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmphex(r.header.sequence, ==, INT32_MAX);
    g_assert_cmpint(km_event(g.b.model, 0, event), ==, 0);
    g_assert_true(next_event(g.fd, &r));
    g_assert_cmpint(r.header.sequence, ==, 0);
    guest_end(&g);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/events/faults", test_faults);
    g_test_add_func("/events/bad-cd", test_bad_cd);
    g_test_add_func("/events/unrecorded", test_unrecorded);
    g_test_add_func("/events/overflow", test_overflow);
    g_test_add_func("/events/read-several", test_read_several);
    g_test_add_func("/events/alloc", test_alloc);
    g_test_add_func("/events/busy", test_busy);
    g_test_add_func("/events/host-faults", test_host_faults);
    g_test_add_func("/events/injected", test_injected);
    return g_test_run();
}
