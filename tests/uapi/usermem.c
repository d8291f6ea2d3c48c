/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "usermem.h"

bool uapi_user_mapped(uint64_t addr, uint64_t len)
{
    uint64_t first = addr & ~(uint64_t)(UAPI_PAGE - 1), end;
    unsigned char vec[1024];

    if (__builtin_add_overflow(addr, len, &end)) {
        return false;
    }
    while (first < end) {
        uint64_t n = end - first, max = sizeof(vec) * UAPI_PAGE;

        if (n > max) {
            n = max;
        }
        if (mincore((void *)(uintptr_t)first, n, vec) < 0) {
            return false;
        }
        first += max;
    }
    return true;
}

/* BARs are files of this name: see uapi_ram_fd() */
static bool maps_bar(uint64_t addr, uint64_t len)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    unsigned long start, end;
    bool found = false;
    char line[512];

    while (maps && !found && fgets(line, sizeof(line), maps)) {
        found = strstr(line, "/memfd:uapi-bar") &&
                sscanf(line, "%lx-%lx", &start, &end) == 2 &&
                start < addr + len && addr < end;
    }
    if (maps) {
        fclose(maps);
    }
    return found;
}

bool uapi_user_pinnable(uint64_t addr, uint64_t len)
{
    bool bars = false;

    for (int i = 0; i < UAPI_MAX_DEVICES; i++) {
        bars |= uapi_ctl->device[i].flags & UAPI_DEV_MMAP;
    }
    return uapi_user_mapped(addr, len) && !(bars && maps_bar(addr, len));
}

/* The kernel does the copying, so a bad address is an error for us, too */
bool uapi_copy_in(void *to, uint64_t from, size_t len)
{
    struct iovec local = { to, len }, remote = { (void *)(uintptr_t)from, len };

    if (!len) {
        return true;
    }
    if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len) {
        return true;
    }
    if (errno != EPERM && errno != ENOSYS) {
        return false;
    }
    if (!uapi_user_mapped(from, len)) {
        return false;
    }
    memcpy(to, (void *)(uintptr_t)from, len);
    return true;
}

bool uapi_copy_out(uint64_t to, const void *from, size_t len)
{
    struct iovec local = { (void *)(uintptr_t)from, len };
    struct iovec remote = { (void *)(uintptr_t)to, len };

    if (!len) {
        return true;
    }
    if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len) {
        return true;
    }
    if (errno != EPERM && errno != ENOSYS) {
        return false;
    }
    if (!uapi_user_mapped(to, len)) {
        return false;
    }
    memcpy((void *)(uintptr_t)to, from, len);
    return true;
}

int uapi_copy_struct(void *to, size_t size, uint64_t from, size_t user_size)
{
    size_t len = user_size < size ? user_size : size;
    uint8_t byte;

    memset(to, 0, size);
    for (size_t i = size; i < user_size; i++) {
        if (!uapi_copy_in(&byte, from + i, 1)) {
            return -EFAULT;
        }
        if (byte) {
            return -E2BIG;
        }
    }
    return uapi_copy_in(to, from, len) ? 0 : -EFAULT;
}
