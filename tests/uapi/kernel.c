/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#define LATER UINT32_MAX

/* 6.18 and 7.2 were read; the others are from the history of the commits */
static const struct { uint32_t from, to; } versions[] = {
    [UAPI_RULE_NESTED_WANTS_VDEVICE] = { UAPI_KERNEL(6, 15),
                                         UAPI_KERNEL(6, 18) },
    [UAPI_RULE_REPORTS_NO_ATS] = { UAPI_KERNEL(7, 1), LATER },
    [UAPI_RULE_ONE_STREAM] = { UAPI_KERNEL(7, 2), LATER },
    [UAPI_RULE_CHECKS_COMMANDS] = { UAPI_KERNEL_NEXT, LATER },
};

bool uapi_kernel_has(enum uapi_rule rule)
{
    return uapi_ctl->kernel >= versions[rule].from &&
           uapi_ctl->kernel <= versions[rule].to;
}
