/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a line of Linux's log says of the kernel's health. Everybody who reads a console or a kernel log asks here: the
 * runner, smmu-lab-host for the guest's console and for its own kernel.
 */
#ifndef LAB_KERNEL_LOG_H
#define LAB_KERNEL_LOG_H

#include <stdbool.h>

typedef enum KernelLine {
    KERNEL_LINE_GOOD,
    KERNEL_LINE_BAD,        /* panic, oops, BUG, WARNING, stall, hung task, SMMU error */
    KERNEL_LINE_EVENT,      /* names an SMMU event; bad as well */
    KERNEL_LINE_EVENT_DATA, /* "event 0x10 received:", which Linux prints before; bad as well */
} KernelLine;

/* @line: with or without time stamp, without its newline. */
KernelLine kernel_line_classify(const char *line);

/* Is it a line of trouble? Each SMMU event is two of them. */
static inline bool kernel_line_is_bad(const char *line)
{
    return kernel_line_classify(line) != KERNEL_LINE_GOOD;
}

#endif
