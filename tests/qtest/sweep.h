/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Failure sweep: run something again and again, and each time let another one
 * of the host's calls fail, with each error that the kernel has for it.
 */
#ifndef TESTS_QTEST_SWEEP_H
#define TESTS_QTEST_SWEEP_H

#include "dut.h"

typedef struct Flow {
    /* Makes the state that the flow starts from; no call fails */
    void (*prepare)(Dut *dut);
    /* What is swept: here one of the calls fails */
    void (*run)(Dut *dut);
    /*
     * No call fails any more: is the result one that the architecture knows,
     * and does the next try work? @failed: the call that failed, UAPI_ANY in
     * the first run where all went well.
     */
    void (*verify)(Dut *dut, enum uapi_call failed);
    /*
     * NULL, or: what the host could not free is in the way from now on, so
     * the next point is tried on another QEMU, that this starts
     */
    Dut *(*restart)(void);
    bool repeat;   /* once a call failed, those like it fail, too */
    enum uapi_call too; /* fails whenever it is called, or UAPI_ANY: none */
} Flow;

/*
 * dut_start() of a QEMU whose complaints, which are many, go to a file beside
 * the model's.
 */
Dut *sweep_start(const DutConfig *config);

/* Returns: how many objects the host has for QEMU. */
unsigned sweep_live(const Dut *dut);

/*
 * Sweeps @flow on @dut, and tells in a TAP diagnostic how many points there
 * were; ends QEMU.
 */
void sweep(Dut *dut, const Flow *flow);

/*
 * Returns: errors of @call, as the kernel can give them, 0 at the end; the
 * first one is the most usual.
 */
const int *sweep_errors(enum uapi_call call);

#endif
