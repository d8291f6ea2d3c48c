/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smmu-lab-guest: PID 1 of the guest. Reads numbered commands from the console
 * and answers each with one line:
 *     7 read dev=nvme0n1 bs=4096 count=64
 *     @lab 7 ok bytes=262144 ...      or      @lab 7 error MESSAGE
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "commands.h"
#include "kexec.h"
#include "klog.h"
#include "util.h"
#include "words.h"

static void mount_all(void)
{
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mkdir("/dev", 0755);
    mkdir("/tmp", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
}

/* Modules of the initrd, if the kernel has some, in the order of their names */
static void load_modules(void)
{
    struct dirent **files;
    int n = scandir("/modules", &files, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        g_autofree char *path = g_build_filename("/modules", files[i]->d_name, NULL);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (*files[i]->d_name != '.' && (fd < 0 || syscall(SYS_finit_module, fd, "", 0))) {
            klog_say("note cannot load %s: %s", path, strerror(errno));
        }
        close(fd);
        free(files[i]);
    }
    if (n >= 0) {
        free(files);
    }
}

static void open_console(void)
{
    int fd = open("/dev/console", O_RDWR | O_NOCTTY);

    if (fd >= 0) {
        dup2(fd, 0);
        dup2(fd, 1);
        dup2(fd, 2);
        if (fd > 2) {
            close(fd);
        }
    }
}

/* No echo: every character on the console costs exits to QEMU. */
static void make_console_raw(void)
{
    struct termios t;

    if (!tcgetattr(0, &t)) {
        cfmakeraw(&t);
        t.c_oflag |= OPOST | ONLCR;
        tcsetattr(0, TCSANOW, &t);
    }
}

static bool wants_shell(void)
{
    char line[4096];
    char word[16];

    return file_read_line("/proc/cmdline", line, sizeof(line)) &&
           words_value(line, "lab.shell", word, sizeof(word)) &&
           !strcmp(word, "guest");
}

static void run_shell(void)
{
    pid_t pid;

    setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
    setenv("HOME", "/", 1);
    if (!commands_install_busybox()) {
        puts("no busybox, no shell");
        return;
    }
    puts("lab: a shell in the guest; leaving it powers off");
    fflush(stdout);
    pid = fork();
    if (!pid) {
        execl("/bin/setsid", "setsid", "cttyhack", "sh", (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static void say_ready(void)
{
    struct utsname u;
    char uptime[32] = "0";

    uname(&u);
    file_read_line("/proc/uptime", uptime, sizeof(uptime));
    uptime[strcspn(uptime, " ")] = '\0';
    klog_say("ready kernel=%s cpus=%ld uptime=%s firmware=%s", u.release,
             sysconf(_SC_NPROCESSORS_ONLN), uptime,
             access("/sys/firmware/acpi", F_OK) ? "devicetree" : "acpi");
}

static enum command_end answer_line(char *line)
{
    struct answer a = { .len = 0 };
    enum command_end end;
    char *cmd;
    unsigned long n = strtoul(line, &cmd, 10);

    if (cmd == line || (*cmd && *cmd != ' ')) {
        return COMMAND_GO_ON; /* noise on the line */
    }
    end = commands_run(cmd, &a);
    klog_say("%lu %s%s%s", n, a.failed ? "error" : "ok", a.len ? " " : "",
             a.text);
    return end;
}

static enum command_end serve(void)
{
    enum command_end end = COMMAND_GO_ON;
    char line[4096];
    size_t used = 0;
    char c;

    while (end == COMMAND_GO_ON) {
        ssize_t n = read(0, &c, 1);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            klog_say("note console closed");
            return COMMAND_POWEROFF;
        }
        if (c != '\n' && c != '\r') {
            used += used + 1 < sizeof(line) ? (line[used] = c, 1) : 0;
            continue;
        }
        line[used] = '\0';
        used = 0;
        end = answer_line(line);
    }
    return end;
}

int main(void)
{
    enum command_end end = COMMAND_POWEROFF;

    mount_all();
    open_console();
    klog_init();
    load_modules();
    if (wants_shell()) {
        run_shell();
    } else {
        make_console_raw();
        say_ready();
        end = serve();
    }
    sync();
    if (end == COMMAND_KEXEC || end == COMMAND_CRASH) {
        kexec_jump(end == COMMAND_CRASH);
        klog_say("note cannot jump: %s", strerror(errno));
    }
    reboot(end == COMMAND_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
    klog_say("note cannot power off: %s", strerror(errno));
    return 1;
}
