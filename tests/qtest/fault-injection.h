/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault injection: run something again and again, and each time let another one
 * of the host's calls fail, with each error that the kernel has for it.
 */
#ifndef TESTS_QTEST_FAULT_INJECTION_H
#define TESTS_QTEST_FAULT_INJECTION_H

#include "dut.h"

typedef struct Flow {
    /* Makes the state that the flow starts from; no call fails */
    void (*prepare)(Dut *dut);
    /* Here one of the calls fails */
    void (*run)(Dut *dut);
    /*
     * No call fails any more: is the result one that the architecture knows,
     * and does the next try work? @failed: the call that failed, KM_ANY in
     * the first run where all went well.
     */
    void (*verify)(Dut *dut, enum km_call failed);
    /*
     * NULL, or: what the host could not free is in the way from now on, so
     * the next point is tried on another QEMU, that this starts
     */
    Dut *(*restart)(void);
    bool repeat;   /* once a call failed, those like it fail, too */
    enum km_call too;   /* fails whenever it is called, or KM_ANY: none */
} Flow;

/*
 * dut_start() of a QEMU whose complaints, which are many, go to a file beside
 * the model's.
 */
Dut *inject_start(const DutConfig *config);

/*
 * Injects each fault into @flow on @dut, and reports their number in a TAP
 * diagnostic; ends QEMU.
 */
void inject_faults(Dut *dut, const Flow *flow);

/*
 * Returns: errors of @call, as the kernel can give them, 0 at the end; the
 * first one is the most usual.
 */
const int *inject_errors(enum km_call call);

#endif
