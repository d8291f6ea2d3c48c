/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "pci.h"
#include "util.h"

static void handled_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

bool vm_init(struct vm *vm, char **err)
{
    const char *base = getenv("TMPDIR");
    sigset_t set;

    *vm = (struct vm){
        .console_listen = -1, .qmp_listen = -1, .console_fd = -1,
        .qmp = { .fd = -1 },
    };
    handled_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    vm->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (vm->signal_fd < 0) {
        return text_fail(err, "signalfd: %s", strerror(errno));
    }
    vm->dir = g_build_filename(base ? base : "/tmp", "smmu-lab.XXXXXX", NULL);
    if (!g_mkdtemp(vm->dir)) {
        text_fail(err, "cannot make %s: %s", vm->dir, strerror(errno));
        g_clear_pointer(&vm->dir, g_free);
        return false;
    }
    return true;
}

static int listen_at(const char *dir, const char *name, char **err)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", dir, name);
    unlink(addr.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
        listen(fd, 1)) {
        text_fail(err, "cannot listen at %s: %s", addr.sun_path,
                  strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* In the child: default signals, and no life after the parent's. */
static void become_child(pid_t parent)
{
    sigset_t set;

    handled_signals(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127);
    }
}

static void redirect(const char *input, const char *output)
{
    int in = open(input, O_RDONLY | O_CLOEXEC);
    int out = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(out, 2) < 0) {
        _exit(127);
    }
}

/* @output: NULL to stay on this terminal, in the parent's process group. */
static pid_t spawn(char **argv, const char *output, char **err)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0) {
        text_fail(err, "fork: %s", strerror(errno));
    } else if (!pid) {
        become_child(parent);
        if (output) {
            /* Ctrl-C is handled by the parent */
            setpgid(0, 0);
            redirect("/dev/null", output);
        }
        execvp(argv[0], argv);
        dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
        _exit(127);
    } else if (output) {
        setpgid(pid, pid); /* whoever comes first */
    }
    return pid;
}

static void write_command(const char *output, char **argv)
{
    g_autofree char *path = g_build_filename(output, "qemu-command.txt", NULL);
    g_autofree char *lines = g_strjoinv("\n", argv);
    g_autofree char *text = g_strconcat(lines, "\n", NULL);

    g_file_set_contents(path, text, -1, NULL);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* Close serial port and monitor, of a QEMU that has gone. */
static void vm_hang_up(struct vm *vm)
{
    close_fd(&vm->console_fd);
    close_fd(&vm->console_listen);
    close_fd(&vm->qmp_listen);
    close_fd(&vm->qmp.fd);
    qmp_free(&vm->qmp);
}

static bool open_channels(struct vm *vm, const struct config *config,
                          char **err)
{
    g_autofree char *console = g_build_filename(config->output, "guest-console.txt", NULL);

    if (!vm->console.log) {
        vm->console.log = fopen(console, "we");
    }
    if (!vm->console.log) {
        text_fail(err, "cannot write %s: %s", console, strerror(errno));
    }
    vm->console_listen = listen_at(vm->dir, "console", err);
    vm->qmp_listen = listen_at(vm->dir, "qmp", err);
    return vm->console.log && vm->console_listen >= 0 && vm->qmp_listen >= 0;
}

static int open_file(const char *name, char **err)
{
    g_autofree char *path = *name == '/' ? g_strdup(name) : pci_vfio_cdev(name);
    int fd = path ? open(path, O_RDWR) : -1;

    if (fd < 0) {
        text_fail(err, "cannot open %s for QEMU: %s", path ? path : name, path ? strerror(errno) :
                  "it has no file in /dev/vfio/devices");
    }
    return fd;
}

/* Replace ${fd:FILE} or ${fd:${dev0}} by the number of a descriptor: management opens them, QEMU may not be able to. */
static bool open_files(char **argv, GArray *fds, char **err)
{
    for (char **arg = argv; *arg; arg++) {
        for (char *at; (at = strstr(*arg, "${fd:"));) {
            g_autofree char *name = g_strndup(at + 5, strcspn(at + 5, "}")), *before = *arg;
            int fd = open_file(name, err);

            if (fd < 0) {
                *arg = g_steal_pointer(&before);
                return false;
            }
            g_array_append_val(fds, fd);
            *at = '\0';
            *arg = g_strdup_printf("%s%d%s", before, fd, strchr(at + 1, '}') + 1);
        }
    }
    return true;
}

bool vm_start(struct vm *vm, const struct config *config, char **err)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree char *output = g_build_filename(config->output, "qemu-stderr.txt", NULL);
    g_auto(GStrv) argv = NULL;
    pid_t pid = -1;

    vm_hang_up(vm);
    if (!vm->started) {
        unlink(output);
    }
    argv = command_build(config, vm->dir, err);
    if (!argv || !open_channels(vm, config, err)) {
        return false;
    }
    if (open_files(argv, fds, err)) {
        write_command(config->output, argv);
        pid = spawn(argv, output, err);
    }
    for (unsigned i = 0; i < fds->len; i++) {
        close(g_array_index(fds, int, i));
    }
    if (pid > 0) {
        vm->pid = pid;
        vm->started = true;
        vm->exited = false;
        vm->heard_at = clock_seconds();
    }
    return pid > 0;
}

bool vm_run_shell(struct vm *vm, const struct config *config, char **err)
{
    g_auto(GStrv) argv = command_build(config, NULL, err);

    if (argv) {
        vm->pid = spawn(argv, NULL, err);
        vm->started = vm->pid > 0;
        while (vm->started && !vm->exited) {
            vm_turn(vm, 60);
            /* Ctrl-C is the guest's; the terminal is gone, or someone asks */
            if (vm->interrupted && vm->interrupted != SIGINT) {
                vm_kill(vm);
            }
            vm->interrupted = 0;
        }
    }
    return vm->started;
}

bool vm_start_helper(struct vm *vm, const char *command, const char *output, char **err)
{
    const char *const argv[] = { "/bin/sh", "-c", command, NULL };

    vm->helper = spawn((char **)argv, output, err);
    if (vm->helper < 0) {
        vm->helper = 0;
        return false;
    }
    return true;
}

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void reap(struct vm *vm)
{
    int status;

    if (vm->pid && waitpid(vm->pid, &status, WNOHANG) == vm->pid) {
        vm->pid = 0;
        vm->exited = true;
        vm->exit_code = code_of(status);
    }
    if (vm->helper && waitpid(vm->helper, &status, WNOHANG) == vm->helper) {
        vm->helper = 0;
        vm->helper_status = code_of(status);
    }
}

static void take_signals(struct vm *vm)
{
    struct signalfd_siginfo info;

    while (read(vm->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGCHLD) {
            vm->interrupted = info.ssi_signo;
        }
    }
    reap(vm);
}

static void take_connection(int *listening, int *fd)
{
    int new = accept4(*listening, NULL, NULL, SOCK_CLOEXEC);

    if (new >= 0) {
        *fd = new;
        close(*listening);
        *listening = -1;
    }
}

/* Returns: bytes read; the descriptor is closed at its end. */
static ssize_t take_bytes(struct vm *vm, int *fd, char *buf, size_t size)
{
    ssize_t n = read(*fd, buf, size);

    if (n > 0) {
        vm->heard_at = clock_seconds();
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        close(*fd);
        *fd = -1;
    }
    return n;
}

/* Everything that can be read without waiting. */
static void take_output(struct vm *vm, const struct pollfd *fds)
{
    char buf[4096];
    ssize_t n;

    if (fds[1].revents) {
        take_connection(&vm->console_listen, &vm->console_fd);
    }
    if (fds[2].revents) {
        take_connection(&vm->qmp_listen, &vm->qmp.fd);
    }
    if (fds[3].revents) {
        n = take_bytes(vm, &vm->console_fd, buf, sizeof(buf));
        if (n > 0) {
            console_feed(&vm->console, buf, n);
        }
    }
    if (fds[4].revents) {
        n = take_bytes(vm, &vm->qmp.fd, buf, sizeof(buf));
        if (n > 0) {
            qmp_feed(&vm->qmp, buf, n);
        }
    }
}

/* Wait @ms at most until there is something to take. */
static int wait_for(struct vm *vm, struct pollfd fds[5], int ms)
{
    fds[0] = (struct pollfd){ .fd = vm->signal_fd, .events = POLLIN };
    fds[1] = (struct pollfd){ .fd = vm->console_listen, .events = POLLIN };
    fds[2] = (struct pollfd){ .fd = vm->qmp_listen, .events = POLLIN };
    fds[3] = (struct pollfd){ .fd = vm->console_fd, .events = POLLIN };
    fds[4] = (struct pollfd){ .fd = vm->qmp.fd, .events = POLLIN };
    return poll(fds, 5, ms);
}

void vm_turn(struct vm *vm, double seconds)
{
    struct pollfd fds[5];
    bool ended = vm->exited;

    if (wait_for(vm, fds, seconds > 0 ? seconds * 1000 + 1 : 0) <= 0) {
        return;
    }
    take_output(vm, fds);
    if (fds[0].revents) {
        take_signals(vm);
    }
    if (!ended && vm->exited) {
        /* what QEMU said before it ended counts */
        while ((vm->console_fd >= 0 || vm->qmp.fd >= 0) &&
               wait_for(vm, fds, 0) > 0) {
            take_output(vm, fds);
        }
        console_end(&vm->console);
    }
}

bool vm_say(struct vm *vm, const char *line)
{
    g_autofree char *text = g_strconcat(line, "\n", NULL);
    ssize_t len = strlen(text);

    if (vm->console_fd < 0) {
        errno = ENOTCONN;
        return false;
    }
    return write(vm->console_fd, text, len) == len;
}

void vm_kill_helper(struct vm *vm)
{
    int status;

    if (vm->helper) {
        kill(-vm->helper, SIGKILL);
        waitpid(vm->helper, &status, 0);
        vm->helper = 0;
        vm->helper_status = code_of(status);
    }
}

void vm_kill(struct vm *vm)
{
    int status;

    vm_kill_helper(vm);
    if (vm->pid) {
        kill(vm->pid, SIGKILL);
        waitpid(vm->pid, &status, 0);
        vm->pid = 0;
        vm->exited = true;
        vm->exit_code = code_of(status);
    }
}

void vm_end(struct vm *vm, bool keep)
{
    static const char *const names[] = { "console", "qmp", "trace" };

    vm_kill(vm);
    vm_hang_up(vm);
    if (vm->console.log) {
        fclose(vm->console.log);
        vm->console.log = NULL;
    }
    for (size_t i = 0; vm->dir && !keep && i < 3; i++) {
        g_autofree char *path = g_build_filename(vm->dir, names[i], NULL);

        unlink(path);
    }
    if (vm->dir && !keep) {
        rmdir(vm->dir);
    }
    g_clear_pointer(&vm->dir, g_free);
}
