/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands for QEMU with a guest in tests of smmu-lab-host: connects to the
 * same sockets, plays the guest's agent and a monitor. What it does is chosen
 * by the commands it gets; FAKE_QEMU=refuse makes it exit at once.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int console, monitor;
static FILE *trace;

static void say(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0) {
        exit(4);
    }
}

/* The socket whose path ends in @name, from -chardev socket,...,path=PATH */
static int connect_to(char **argv, const char *name)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    for (; *argv; argv++) {
        const char *path = strstr(*argv, "path=");
        size_t len = path ? strlen(path) : 0;

        if (len > strlen(name) && !strcmp(path + len - strlen(name), name)) {
            snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path + 5);
        }
    }
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
        perror(name);
        exit(4);
    }
    return fd;
}

/* What the guest's SMMU would do: -D names the file. */
static void open_trace(char **argv)
{
    for (; *argv; argv++) {
        if (!strcmp(*argv, "-D") && argv[1]) {
            trace = fopen(argv[1], "w");
        }
    }
    if (trace) {
        setvbuf(trace, NULL, _IOLBF, 0);
    }
}

static void write_trace(void)
{
    if (trace) {
        fputs("smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA\n"
              "smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA\n"
              "smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC\n"
              "iommufd_backend_invalidate_cache fd=1 (0)\n"
              "something else\n", trace);
    }
}

static void answer(const char *line)
{
    char *cmd, text[256];
    unsigned long n = strtoul(line, &cmd, 10);

    cmd += strspn(cmd, " ");
    cmd += !strncmp(cmd, "sh ", 3) ? 3 : 0;
    if (!strncmp(cmd, "mute", 4)) {
        return;
    }
    if (!strncmp(cmd, "crash", 5)) {
        fputs("first words\nqemu: it crashed\n", stderr);
        exit(3);
    }
    if (!strncmp(cmd, "panic", 5)) {
        say(console, "Kernel panic - not syncing: test\n");
        return;
    }
    if (!strncmp(cmd, "lost", 4)) {
        say(console, "nvme nvme0: I/O tag 1 timeout, completion polled\n");
    }
    if (strstr(cmd, "traced")) {
        write_trace();
    }
    if (!strncmp(cmd, "fail", 4)) {
        snprintf(text, sizeof(text), "[ 1.0] @lab %lu error no disk\n", n);
    } else {
        snprintf(text, sizeof(text), "[ 1.0] @lab %lu ok bytes=4096 ios=4 "
                 "irqs=5 sha256=aa\n", n);
    }
    say(console, text);
    if (!strncmp(cmd, "kexec", 5)) {
        say(console, "Kernel panic - not syncing: sysrq\n"
                     "[ 0.1] @lab ready again=1\n");
    }
    if (!strncmp(cmd, "reboot", 6)) {
        say(console, "[ 0.1] @lab ready again=1\n");
    }
    if (!strncmp(cmd, "poweroff", 8)) {
        say(console, "reboot: Power down");
        exit(0);
    }
}

static void reply(const char *line)
{
    if (strstr(line, "device_del")) {
        say(monitor, "{\"return\": {}}\r\n");
        say(monitor, "{\"event\": \"DEVICE_DELETED\", \"data\": "
                     "{\"device\": \"dev0\"}}\r\n");
    } else if (strstr(line, "wrong")) {
        say(monitor, "{\"error\": {\"desc\": \"The command wrong\"}}\r\n");
    } else {
        say(monitor, "{\"return\": {}}\r\n");
    }
}

static void serve(FILE *file, void (*handle)(const char *line))
{
    char line[4096];

    if (!fgets(line, sizeof(line), file)) {
        exit(0);
    }
    handle(line);
}

int main(int argc, char **argv)
{
    const char *mode = getenv("FAKE_QEMU");
    FILE *from_console, *from_monitor;

    if (mode && !strcmp(mode, "refuse")) {
        fputs("qemu: refused for a reason\n", stderr);
        return 1;
    }
    open_trace(argv);
    console = connect_to(argv, "/console");
    monitor = connect_to(argv, "/qmp");
    from_console = fdopen(dup(console), "r");
    from_monitor = fdopen(dup(monitor), "r");
    /* a line at a time, or poll() would not see what stdio has read */
    setvbuf(from_console, NULL, _IONBF, 0);
    setvbuf(from_monitor, NULL, _IONBF, 0);
    say(monitor, "{\"QMP\": {}}\r\n");
    say(console, "firmware\r\n[ 0.1] @lab ready kernel=7\r\n");
    for (;;) {
        struct pollfd fds[] = {
            { .fd = console, .events = POLLIN },
            { .fd = monitor, .events = POLLIN },
        };

        poll(fds, 2, -1);
        if (fds[0].revents) {
            serve(from_console, answer);
        }
        if (fds[1].revents) {
            serve(from_monitor, reply);
        }
    }
}
