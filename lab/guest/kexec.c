/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

static bool copy(int from, int to)
{
    static char buf[1 << 16];
    ssize_t n;

    while ((n = read(from, buf, sizeof(buf))) > 0) {
        if (write(to, buf, n) != n) {
            return false;
        }
    }
    return n == 0;
}

/* The kernel takes regular files only. Returns: one that is open for reading
 * and has no name, or -1 with the error in @a. */
static int file_of_device(const char *name, struct answer *a)
{
    char path[80], file[] = "/kexec-file";
    int from, to, result = -1;

    snprintf(path, sizeof(path), "/dev/%s", name);
    from = open(path, O_RDONLY | O_CLOEXEC);
    to = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (from < 0 || to < 0 || !copy(from, to)) {
        answer_error(a, "cannot copy %s: %s", path, strerror(errno));
    }
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        close(to); /* a file that is open for writing is refused */
        result = a->failed ? -1 : open(file, O_RDONLY | O_CLOEXEC);
        unlink(file);
    }
    return result;
}

bool kexec_load(const char *kernel, const char *initrd, bool crash,
                struct answer *a)
{
    unsigned long flags = crash ? KEXEC_FILE_ON_CRASH : 0;
    char cmdline[4096] = "";
    int image = file_of_device(kernel, a);
    int rd = image < 0 ? -1 : file_of_device(initrd, a);

    file_read_line("/proc/cmdline", cmdline, sizeof(cmdline));
    if (rd >= 0 && syscall(SYS_kexec_file_load, image, rd,
                           strlen(cmdline) + 1, cmdline, flags)) {
        answer_error(a, "cannot load the kernel in %s: %s", kernel,
                     strerror(errno));
    }
    if (image >= 0) {
        close(image);
    }
    if (rd >= 0) {
        close(rd);
    }
    return !a->failed;
}

void kexec_jump(bool crash)
{
    if (crash) {
        file_write("/proc/sysrq-trigger", "c");
    } else {
        reboot(LINUX_REBOOT_CMD_KEXEC);
    }
}
