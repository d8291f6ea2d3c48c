/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU as a child process, its serial port and its QMP monitor. */
#ifndef HOST_VM_H
#define HOST_VM_H

#include <stdbool.h>
#include <sys/types.h>

#include "args.h"
#include "console.h"
#include "qmp.h"

struct vm {
    char *dir;             /* temporary: sockets and the trace */
    pid_t pid;             /* 0: not running */
    bool started, exited;
    int exit_code;         /* once exited; 128 + signal if one ended it */
    int signal_fd;
    int interrupted;       /* the signal that asked us to stop, or 0 */
    int console_listen, qmp_listen, console_fd;
    struct console console;
    struct qmp qmp;
    double heard_at;       /* clock_seconds() when the VM last said something */
    pid_t helper;          /* a command of a `host` step, or 0 */
    int helper_status;     /* its wait status once helper is 0 again */
};

/* Block the signals that are handled and make the temporary directory; call
 * once, first. Returns: false with a message in *@err. */
bool vm_init(struct vm *vm, char **err);

/* Start QEMU, the first time or after it has exited. Its standard output and
 * error go to OUTPUT/qemu-stderr.txt, the console to OUTPUT/guest-console.txt.
 * Returns: false with a message in *@err. */
bool vm_start(struct vm *vm, const struct config *config, char **err);

/* Run QEMU on this terminal until it ends. */
bool vm_run_shell(struct vm *vm, const struct config *config, char **err);

/* Wait for and handle what comes, at most @seconds. */
void vm_turn(struct vm *vm, double seconds);

/* Send a line to the guest's console. Returns: false (and errno). */
bool vm_say(struct vm *vm, const char *line);

/* Run /bin/sh -c @command; vm->helper is 0 again when it has ended. */
bool vm_start_helper(struct vm *vm, const char *command, const char *output,
                     char **err);

/* End the helper, if it runs, with all that it has started. */
void vm_kill_helper(struct vm *vm);

/* End QEMU and helper at once, if they run, and wait until they are gone. */
void vm_kill(struct vm *vm);

/* Free everything; the directory is removed unless @keep. */
void vm_end(struct vm *vm, bool keep);

#endif
