/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "blockio.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "util.h"

#define MAX_BYTES (256ULL << 20)
#define MAX_JOBS 64

struct job {
    const struct blockio *io;
    uint8_t *data; /* of the whole run */
    int fd;
    unsigned index;
    pthread_t thread;
    int error;     /* errno, 0 if all went well */
};

/* With loops, the same ranges are read or written again. */
static uint64_t all_requests(const struct blockio *io)
{
    return io->count * io->loops;
}

/* Requests are dealt to the jobs in turn: job n has n, n + jobs, ... */
static int run_in_turn(const struct job *job)
{
    const struct blockio *io = job->io;

    for (uint64_t n = job->index; n < all_requests(io); n += io->jobs) {
        uint64_t r = n % io->count;
        uint8_t *data = job->data + r * io->bs;
        off_t at = io->offset + r * io->bs;
        ssize_t done = io->write ? pwrite(job->fd, data, io->bs, at)
                                 : pread(job->fd, data, io->bs, at);

        if (done != (ssize_t)io->bs) {
            return done < 0 ? errno : EIO;
        }
    }
    return 0;
}

static void *run_job(void *opaque)
{
    struct job *job = opaque;
    cpu_set_t set;

    if (job->io->jobs > 1) {
        CPU_ZERO(&set);
        CPU_SET(job->index % sysconf(_SC_NPROCESSORS_ONLN), &set);
        sched_setaffinity(0, sizeof(set), &set);
    }
    job->error = run_in_turn(job);
    return NULL;
}

static int run_jobs(const struct blockio *io, int fd, uint8_t *data,
                    uint64_t *usec)
{
    struct job jobs[MAX_JOBS] = { 0 };
    double start = clock_seconds();
    unsigned started = 0;
    int error = 0;

    for (unsigned i = 0; i < io->jobs && !error; i++) {
        jobs[i] = (struct job){ .io = io, .data = data, .fd = fd, .index = i };
        error = pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]);
        started += error ? 0 : 1;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(jobs[i].thread, NULL);
        error = error ? error : jobs[i].error;
    }
    *usec = (clock_seconds() - start) * 1e6;
    return error;
}

static bool check(const struct blockio *io, struct answer *a)
{
    if (!io->bs || io->bs % 512 || io->offset % 512) {
        return answer_error(a, "bs= and offset= must be multiples of 512");
    }
    if (!io->count || io->count > MAX_BYTES / io->bs) {
        return answer_error(a, "bs * count must be 1 to %llu bytes",
                            MAX_BYTES);
    }
    if (!io->jobs || io->jobs > MAX_JOBS || !io->loops) {
        return answer_error(a, "jobs= is 1 to %d, loops= at least 1", MAX_JOBS);
    }
    return true;
}

bool blockio_run(const struct blockio *io, struct blockio_result *result,
                 struct answer *a)
{
    uint64_t bytes = io->bs * io->count;
    uint8_t *data;
    int error;
    int fd;

    if (!check(io, a)) {
        return false;
    }
    fd = open(io->path, (io->write ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
    if (fd < 0) {
        return answer_error(a, "cannot open %s: %s", io->path,
                            strerror(errno));
    }
    data = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (data == MAP_FAILED) {
        close(fd);
        return answer_error(a, "no memory for %llu bytes",
                            (unsigned long long)bytes);
    }
    if (io->write) {
        pattern_fill(data, bytes, io->seed);
    }
    error = run_jobs(io, fd, data, &result->usec);
    result->bytes = all_requests(io) * io->bs;
    if (!error) { /* hashing takes seconds in an emulated host */
        g_autofree char *sha = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, bytes);

        g_strlcpy(result->sha256, sha, sizeof(result->sha256));
    }
    munmap(data, bytes);
    close(fd);
    return !error || answer_error(a, "%s of %s: %s",
                                  io->write ? "write" : "read", io->path,
                                  strerror(error));
}
