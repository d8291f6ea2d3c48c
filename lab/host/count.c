/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smmu-lab-count: how many instructions a function of a running program takes.
 *
 * A breakpoint at its first instruction, then single steps until it returns:
 * exact, and the same in each run, where a clock of an emulated host tells
 * nothing. Instructions of the kernel are not among them.
 */
#include <elf.h>
#include <errno.h>
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asm/ptrace.h>

#include "symbol.h"
#include "text.h"

#define BREAKPOINT 0xd4200000u /* BRK #0 */
/* A loop of exclusive loads and stores never ends in single steps. */
#define MOST_STEPS 1000000

#define EXIT_USAGE 2

struct count {
    pid_t pid;
    uint64_t address;      /* of the function */
    long original;         /* its first word */
    const char *output;
};

static volatile sig_atomic_t asked_to_end;

static void on_signal(int sig)
{
    asked_to_end = sig;
}

static bool get_registers(pid_t tid, struct user_pt_regs *regs)
{
    struct iovec iov = { .iov_base = regs, .iov_len = sizeof(*regs) };

    return !ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &iov);
}

static bool set_breakpoint(const struct count *c, pid_t tid, bool on)
{
    long word = on ? (c->original & ~0xffffffffL) | BREAKPOINT : c->original;

    return !ptrace(PTRACE_POKETEXT, tid, (void *)c->address, (void *)word);
}

/* Each thread, until no new one is found. */
static bool seize_all(pid_t pid, char **err)
{
    char *path = text_printf("/proc/%d/task", pid);
    bool more = true;

    while (more && !*err) {
        DIR *dir = opendir(path);
        struct dirent *entry;

        more = false;
        while (dir && (entry = readdir(dir))) {
            pid_t tid = atoi(entry->d_name);

            if (tid > 0 && !ptrace(PTRACE_SEIZE, tid, NULL,
                                   (void *)PTRACE_O_TRACECLONE)) {
                more = true;
            } else if (tid > 0 && errno != EPERM && errno != ESRCH) {
                text_fail(err, "cannot trace %d: %s", tid, strerror(errno));
            }
        }
        if (dir) {
            closedir(dir);
        } else {
            text_fail(err, "no process %d", pid);
        }
    }
    free(path);
    return !*err;
}

/* Stop one thread for a moment, to read and write the program's text. */
static bool arm(struct count *c, char **err)
{
    int status;

    if (ptrace(PTRACE_INTERRUPT, c->pid, NULL, NULL) ||
        waitpid(c->pid, &status, __WALL) != c->pid || !WIFSTOPPED(status)) {
        return text_fail(err, "cannot stop %d", c->pid);
    }
    errno = 0;
    c->original = ptrace(PTRACE_PEEKTEXT, c->pid, (void *)c->address, NULL);
    if (errno || !set_breakpoint(c, c->pid, true)) {
        text_fail(err, "cannot set a breakpoint: %s", strerror(errno));
    }
    ptrace(PTRACE_CONT, c->pid, NULL, NULL);
    return !*err;
}

/*
 * Step @tid, which is at the function's first instruction, until it is back at
 * its caller. A signal meant for it is sent again afterwards.
 * Returns: instructions; 0 if it ended or never returned.
 */
static unsigned long step_through(pid_t pid, pid_t tid)
{
    struct user_pt_regs regs;
    uint64_t caller, stack;
    unsigned long n = 0;
    int status, later = 0;

    if (!get_registers(tid, &regs)) {
        return 0;
    }
    caller = regs.regs[30];
    stack = regs.sp;
    do {
        if (++n > MOST_STEPS ||
            ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL) ||
            waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status)) {
            return 0;
        }
        if (WSTOPSIG(status) != SIGTRAP) {
            later = WSTOPSIG(status);
            n--;
        }
        if (!get_registers(tid, &regs)) {
            return 0;
        }
    } while (regs.pc != caller || regs.sp < stack);
    if (later) {
        syscall(SYS_tgkill, pid, tid, later);
    }
    return n;
}

static void write_line(const struct count *c, const char *text)
{
    FILE *f = fopen(c->output, "ae");

    if (f) {
        fprintf(f, "%s\n", text);
        fclose(f);
    }
}

static bool at_breakpoint(const struct count *c, pid_t tid, int status)
{
    struct user_pt_regs regs;

    return WSTOPSIG(status) == SIGTRAP && !(status >> 16) &&
           get_registers(tid, &regs) && regs.pc == c->address;
}

static void handle(const struct count *c, pid_t tid, int status)
{
    int sig = status >> 16 ? 0 : WSTOPSIG(status);

    if (at_breakpoint(c, tid, status)) {
        unsigned long n;
        char *line;

        set_breakpoint(c, tid, false);
        n = step_through(c->pid, tid);
        line = n ? text_printf("instructions=%lu", n)
                 : text_copy("error=\"the function did not return\"");
        write_line(c, line);
        free(line);
        set_breakpoint(c, tid, true);
        sig = 0;
    }
    ptrace(PTRACE_CONT, tid, NULL, (void *)(long)sig);
}

/* Until the program ends or somebody asks us to, by SIGTERM. */
static void watch(const struct count *c)
{
    int status;
    pid_t tid;

    while (!asked_to_end) {
        tid = waitpid(-1, &status, __WALL);
        if (tid < 0 && errno != EINTR) {
            return;
        }
        if (tid > 0 && WIFSTOPPED(status)) {
            handle(c, tid, status);
        }
    }
    /* our end lets every thread go on: none may find the breakpoint then */
    ptrace(PTRACE_INTERRUPT, c->pid, NULL, NULL);
    while ((tid = waitpid(c->pid, &status, __WALL)) > 0 ||
           errno == EINTR) {
        if (tid > 0 && WIFSTOPPED(status)) {
            set_breakpoint(c, tid, false);
            return;
        }
        if (tid > 0) {
            return;
        }
    }
}

/* In the background; the parent hears of the start through @tell. */
static void run(struct count *c, const char *function, int tell)
{
    const struct sigaction action = { .sa_handler = on_signal };
    char *err = NULL;

    sigaction(SIGTERM, &action, NULL);
    if (!symbol_in_process(c->pid, function, &c->address, &err) ||
        !seize_all(c->pid, &err) || !arm(c, &err)) {
        dprintf(tell, "%s", err);
        _exit(1);
    }
    dprintf(tell, "+");
    close(tell);
    watch(c);
    _exit(0);
}

int main(int argc, char **argv)
{
    struct count c = { .pid = argc == 4 ? atoi(argv[1]) : 0 };
    char said[256] = "";
    int ends[2];
    pid_t child;

    if (c.pid <= 0) {
        fprintf(stderr, "Usage: smmu-lab-count PID FUNCTION FILE\n"
                "Appends a line to FILE for each call of FUNCTION in process "
                "PID: how many\ninstructions it took. Prints the process "
                "that counts; SIGTERM ends it.\n");
        return EXIT_USAGE;
    }
    c.output = argv[3];
    if (pipe(ends) || (child = fork()) < 0) {
        perror("smmu-lab-count");
        return 1;
    }
    if (!child) {
        close(ends[0]);
        run(&c, argv[2], ends[1]);
    }
    close(ends[1]);
    if (read(ends[0], said, sizeof(said) - 1) <= 0 || *said != '+') {
        char *line = text_printf("error=\"%s\"", said);

        fprintf(stderr, "smmu-lab-count: %s\n", said);
        write_line(&c, line);
        free(line);
        return 1;
    }
    printf("%d\n", child);
    return 0;
}
