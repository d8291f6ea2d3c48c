/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "background.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    char *command; /* NULL: none runs */
    pid_t pid;
    int fd;        /* the answer comes here */
} job;

static void run_and_tell(const char *command, background_run *run, int fd)
{
    struct answer a = { .len = 0 };

    run(command, &a);
    /* less than PIPE_BUF: in one piece, and nobody has to read it yet */
    _exit(write(fd, &a, sizeof(a)) == sizeof(a) ? 0 : 1);
}

bool background_begin(const char *command, background_run *run,
                      struct answer *a)
{
    int fds[2];

    if (job.command) {
        return answer_error(a, "`%s` has not been finished", job.command);
    }
    if (pipe(fds)) {
        return answer_error(a, "no pipe: %s", strerror(errno));
    }
    job.pid = fork();
    if (!job.pid) {
        close(fds[0]);
        run_and_tell(command, run, fds[1]);
    }
    close(fds[1]);
    if (job.pid < 0) {
        close(fds[0]);
        return answer_error(a, "no process: %s", strerror(errno));
    }
    job.fd = fds[0];
    job.command = g_strdup(command);
    return true;
}

void background_running(struct answer *a)
{
    struct pollfd answered = { .fd = job.fd, .events = POLLIN };

    answer_add(a, "running=%d", job.command && poll(&answered, 1, 0) == 0);
}

bool background_finish(const char *command, struct answer *a)
{
    struct answer theirs;
    ssize_t n;

    if (!job.command || strcmp(job.command, command)) {
        return answer_error(a, job.command ? "what runs is `%s`"
                            : "nothing runs%s", job.command ? job.command
                                                            : "");
    }
    while ((n = read(job.fd, &theirs, sizeof(theirs))) < 0 && errno == EINTR) {
    }
    close(job.fd);
    waitpid(job.pid, NULL, 0);
    g_clear_pointer(&job.command, g_free);
    if (n != sizeof(theirs)) {
        return answer_error(a, "it ended without an answer");
    }
    *a = theirs;
    return !a->failed;
}
