/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control block as the model sees it: counting, failing, logging. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model.h"

struct km_control *km_ctl;

static pthread_mutex_t model_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t attach_lock = PTHREAD_MUTEX_INITIALIZER;

void km_lock(void)
{
    pthread_mutex_lock(&model_lock);
}

void km_unlock(void)
{
    pthread_mutex_unlock(&model_lock);
}

static void die(const char *path, const char *why)
{
    fprintf(stderr, "kernel-model: %s: %s\n", path, why);
    abort();
}

static struct km_control *map_control(const char *path)
{
    struct km_control *ctl;
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0) {
        die(path, strerror(errno));
    }
    if ((size_t)st.st_size < sizeof(*ctl)) {
        die(path, "too short for a control block");
    }
    ctl = mmap(NULL, sizeof(*ctl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (ctl == MAP_FAILED) {
        die(path, strerror(errno));
    }
    if (ctl->magic != KM_CONTROL_MAGIC || ctl->size != sizeof(*ctl)) {
        die(path, "a control block of another version");
    }
    return ctl;
}

bool km_attach(void)
{
    const char *path;

    if (__atomic_load_n(&km_ctl, __ATOMIC_ACQUIRE)) {
        return true;
    }
    path = getenv(KM_CONTROL_ENV);
    if (!path || !*path) {
        return false;
    }
    pthread_mutex_lock(&attach_lock);
    if (!km_ctl) {
        struct km_control *ctl = map_control(path);

        /* What another process left when it was killed is gone with it */
        memset(ctl->state, 0, sizeof(ctl->state));
        memset((void *)ctl->live, 0, sizeof(ctl->live));
        atomic_store(&ctl->contexts, 0);
        __atomic_store_n(&km_ctl, ctl, __ATOMIC_RELEASE);
        km_requests_start();
        atomic_store(&ctl->attached, (uint32_t)getpid());
    }
    pthread_mutex_unlock(&attach_lock);
    return true;
}

/* Not only what is tested makes eventfds: these must be asked for by name */
static bool rule_matches(const struct km_fail_rule *rule,
                         enum km_call call)
{
    return rule->call == (uint32_t)call ||
           (rule->call == KM_ANY && call != KM_EVENTFD);
}

int km_enter(enum km_call call)
{
    int error = 0;

    atomic_fetch_add(&km_ctl->calls[KM_ANY], 1);
    atomic_fetch_add(&km_ctl->calls[call], 1);
    for (int i = 0; i < KM_MAX_RULES; i++) {
        struct km_fail_rule *rule = &km_ctl->fail[i];
        uint32_t at = rule->at, seen;

        if (!at || !rule_matches(rule, call)) {
            continue;
        }
        seen = atomic_fetch_add(&rule->seen, 1) + 1;
        if (!error && rule->error && (seen == at || (rule->repeat &&
                                                     seen > at))) {
            usleep(rule->delay_ms * 1000);
            error = -rule->error;
            atomic_fetch_add(&rule->fired, 1);
        }
    }
    if (error) {
        km_leave(call, error);
    }
    return error;
}

void km_leave(enum km_call call, int ret)
{
    if (ret < 0) {
        atomic_fetch_add(&km_ctl->failures[KM_ANY], 1);
        atomic_fetch_add(&km_ctl->failures[call], 1);
    }
}

int km_error(const char *format, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    fprintf(stderr, "kernel-model: %s\n", text);
    if (km_ctl && atomic_fetch_add(&km_ctl->errors, 1) == 0) {
        memcpy(km_ctl->first_error, text, sizeof(text));
    }
    return -EINVAL;
}

void km_log(enum km_log_type type, uint64_t arg0, uint64_t arg1,
            uint64_t arg2, uint64_t arg3)
{
    static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
    struct km_log_entry *entry;
    uint64_t head;

    pthread_mutex_lock(&log_lock);
    head = atomic_load(&km_ctl->log_head);
    entry = &km_ctl->log[head % KM_LOG_SIZE];
    entry->type = type;
    entry->arg[0] = arg0;
    entry->arg[1] = arg1;
    entry->arg[2] = arg2;
    entry->arg[3] = arg3;
    atomic_store(&km_ctl->log_head, head + 1);
    pthread_mutex_unlock(&log_lock);
}

void *km_zalloc(size_t size)
{
    void *p = calloc(1, size);

    if (!p) {
        die("calloc", "no memory");
    }
    return p;
}
