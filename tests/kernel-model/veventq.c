/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After eventq.c and iommufd_viommu_report_event(), and the event handler of
 * the arm-smmu-v3 driver, Linux 7.2.
 */
#include <limits.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "file.h"
#include "interpose.h"
#include "veventq.h"

#define DEPTH_MAX (1u << 19)

struct vevent {
    struct iommufd_vevent_header header;
    uint64_t event[4];
    struct vevent *next;
};

struct km_veventq {
    struct km_object obj;
    struct km_viommu *viommu;       /* one of its users */
    uint32_t depth;
    uint32_t used;                  /* events in the list */
    uint32_t sequence;              /* of the next event */
    struct vevent *head, **tail;
    bool lost;                      /* a header of lost events ends the list */
    struct iommufd_vevent_header lost_header;
    int signal_fd;                  /* eventfd: readable while there are some */
    bool signalled;
};

/* The eventfd behind the descriptor says what poll() of the queue says */
static void update_signal(struct km_veventq *q)
{
    bool want = q->head || q->lost;
    eventfd_t value;

    if (want && !q->signalled) {
        eventfd_write(q->signal_fd, 1);
    } else if (!want && q->signalled) {
        km_real_read(q->signal_fd, &value, sizeof(value));
    }
    q->signalled = want;
}

static struct vevent *take(struct km_veventq *q)
{
    struct vevent *ev = q->head;

    q->head = ev->next;
    if (!q->head) {
        q->tail = &q->head;
    }
    q->used--;
    return ev;
}

static void veventq_destroy(struct km_object *obj)
{
    struct km_veventq *q = (struct km_veventq *)obj;

    while (q->head) {
        free(take(q));
    }
    km_real_close(q->signal_fd);
    q->viommu->veventq = NULL;
    q->viommu->obj.users--;
}

static const struct km_object_ops veventq_ops = {
    .destroy = veventq_destroy
};

static ssize_t veventq_read(struct km_file *file, void *buf, size_t len)
{
    struct km_veventq *q = file->opaque;
    const size_t header = sizeof(q->lost_header);
    uint8_t *to = buf;
    size_t done = 0;

    while (q->head) {
        struct vevent *ev = q->head;

        if (len - done < header + sizeof(ev->event)) {
            return done ? (ssize_t)done
                        : km_error("read of %zu bytes from a vEVENTQ", len);
        }
        memcpy(to + done, &ev->header, header);
        memcpy(to + done + header, ev->event, sizeof(ev->event));
        done += header + sizeof(ev->event);
        free(take(q));
    }
    if (!q->head && q->lost && len - done >= header) {
        memcpy(to + done, &q->lost_header, header);
        done += header;
        q->lost = false;
    }
    update_signal(q);
    return done;
}

static void veventq_release(struct km_file *file)
{
    struct km_veventq *q = file->opaque;
    struct km_context *ctx = q->obj.ctx;

    q->obj.users--;
    km_context_put(ctx);
}

static const struct km_file_ops veventq_file_ops = {
    .read = veventq_read,
    .release = veventq_release,
};

int km_veventq_alloc(struct km_context *ctx, void *arg)
{
    struct iommu_veventq_alloc *cmd = arg;
    struct km_viommu *viommu;
    struct km_veventq *q;
    int fd, own;

    viommu = (struct km_viommu *)km_object_find(ctx, cmd->viommu_id,
                                                KM_OBJ_VIOMMU);
    if (!viommu || cmd->flags || cmd->type != IOMMU_VEVENTQ_TYPE_ARM_SMMUV3 ||
        !cmd->veventq_depth || cmd->veventq_depth > DEPTH_MAX) {
        return km_error("vEVENTQ of type %u, flags 0x%x, depth %u", cmd->type,
                        cmd->flags, cmd->veventq_depth);
    }
    if (viommu->veventq) {
        return -EEXIST;
    }
    fd = km_real_eventfd(0, EFD_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    own = km_real_dup_cloexec(fd);
    if (own < 0) {
        km_real_close(fd);
        return -EMFILE;
    }
    q = km_object_new(ctx, KM_OBJ_VEVENTQ, sizeof(*q), &veventq_ops);
    q->tail = &q->head;
    q->depth = cmd->veventq_depth;
    q->viommu = viommu;
    q->signal_fd = own;
    q->obj.users++;     /* the file's */
    km_context_get(ctx);
    viommu->obj.users++;
    viommu->veventq = q;
    km_file_install(fd, KM_FILE_VEVENTQ, &veventq_file_ops, q);
    cmd->out_veventq_id = q->obj.id;
    cmd->out_veventq_fd = fd;
    return 0;
}

/* Does the test pretend that the queue is full? */
static bool must_lose(void)
{
    uint32_t n = atomic_load(&km_ctl->lose_events);

    while (n && !atomic_compare_exchange_weak(&km_ctl->lose_events, &n,
                                              n - 1)) {
    }
    return n;
}

/* The sequence as the test has set it */
static void bend_sequence(struct km_veventq *q)
{
    uint32_t next = atomic_exchange(&km_ctl->next_sequence, 0);

    q->sequence += atomic_exchange(&km_ctl->skip_events, 0);
    if (next & KM_SET_SEQUENCE) {
        q->sequence = next;
    }
    q->sequence &= INT_MAX;
}

static bool veventq_add(struct km_veventq *q, const uint64_t event[4])
{
    bool full = q->used == q->depth || must_lose();
    struct vevent *ev;

    bend_sequence(q);
    if (full) {
        q->lost = true;
        q->lost_header.flags = IOMMU_VEVENTQ_FLAG_LOST_EVENTS;
        q->lost_header.sequence = q->sequence;
    } else {
        /* The gap in the sequence reports lost ones before it, too */
        q->lost = false;
        ev = km_zalloc(sizeof(*ev));
        ev->header.sequence = q->sequence;
        memcpy(ev->event, event, sizeof(ev->event));
        *q->tail = ev;
        q->tail = &ev->next;
        q->used++;
    }
    q->sequence = (q->sequence + 1) & INT_MAX;
    update_signal(q);
    return !full;
}

static bool has_address(uint8_t event)
{
    return event >= EVENT_F_TRANSLATION && event <= EVENT_F_PERMISSION;
}

void km_event_fault(struct km_device *dev,
                    const struct km_access *access,
                    const struct km_fault *fault)
{
    uint64_t event[4] = { fault->event };

    if (fault->silent && has_address(fault->event) && !fault->s2) {
        return;     /* CD.R is 0 */
    }
    event[0] |= FIELD_PREP(EVENT0_SID, dev->conf.sid);
    if (access->has_ssid) {
        event[0] |= EVENT0_SSV | FIELD_PREP(EVENT0_SSID, access->ssid);
    }
    if (has_address(fault->event)) {
        event[1] = (access->write ? 0 : EVENT1_RNW) |
                   (fault->s2 ? EVENT1_S2 : 0) |
                   FIELD_PREP(EVENT1_CLASS, fault->class);
        event[2] = access->iova;
        event[3] = fault->s2 ? fault->ipa & ~UINT64_C(0xfff) : 0;
    }
    km_event_report(dev, event);
}

/* Those that the kernel's handler takes for a guest */
static bool for_guest(const uint64_t event[4])
{
    switch (event[0] & EVENT0_TYPE) {
    case EVENT_C_BAD_STE:
    case EVENT_F_STREAM_DISABLED:
    case EVENT_C_BAD_SUBSTREAMID:
    case EVENT_C_BAD_CD:
    case EVENT_F_TRANSLATION:
    case EVENT_F_ADDR_SIZE:
    case EVENT_F_ACCESS:
    case EVENT_F_PERMISSION:
        return !(event[1] & (EVENT1_STALL | EVENT1_S2));
    default:
        return false;
    }
}

bool km_event_report(struct km_device *dev, const uint64_t event[4])
{
    struct km_viommu *viommu = dev->event_viommu;
    uint64_t guest[4];

    if (!viommu || !viommu->veventq || !for_guest(event)) {
        return false;
    }
    memcpy(guest, event, sizeof(guest));
    guest[0] = (event[0] & ~EVENT0_SID) |
               FIELD_PREP(EVENT0_SID, dev->event_vsid);
    return veventq_add(viommu->veventq, guest);
}
