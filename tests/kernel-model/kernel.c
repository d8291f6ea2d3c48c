/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#define LATER UINT32_MAX

/* 6.18 and 7.2 were read; the others are from the history of the commits */
static const struct { uint32_t from, to; } versions[] = {
    [KM_RULE_NESTED_WANTS_VDEVICE] = { KM_KERNEL(6, 15),
                                         KM_KERNEL(6, 18) },
    [KM_RULE_REPORTS_NO_ATS] = { KM_KERNEL(7, 1), LATER },
    [KM_RULE_ONE_STREAM] = { KM_KERNEL(7, 2), LATER },
    [KM_RULE_CHECKS_COMMANDS] = { KM_KERNEL_NEXT, LATER },
};

bool km_kernel_has(enum km_rule rule)
{
    return km_ctl->kernel >= versions[rule].from &&
           km_ctl->kernel <= versions[rule].to;
}
