/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked with QEMU under AddressSanitizer. A thread that finds an error writes
 * its report and ends QEMU with an error. That takes a second: if main()
 * returns meanwhile, the report is cut off and the exit status is 0. So exit
 * waits for it, after the search for leaks, which takes as long.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include <sanitizer/lsan_interface.h>

#define SECONDS_AT_MOST 60

void __asan_on_error(void);

static atomic_bool reporting;

/* Called by AddressSanitizer before it writes a report */
void __asan_on_error(void)
{
    atomic_store(&reporting, true);
}

static void wait_for_report(void)
{
    if (atomic_load(&reporting)) {
        sleep(SECONDS_AT_MOST);
    }
}

static void __attribute__((destructor)) search_leaks(void)
{
    wait_for_report();          /* the search needs locks that a report holds */
    __lsan_do_leak_check();     /* not again after this one */
    wait_for_report();
}
