/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "command.h"
#include "util.h"
#include "words.h"

#define REPLY_SECONDS 30
#define EVENT_SECONDS 60 /* unless timeout= says otherwise */

static bool is_ready(const struct run *run)
{
    return run->vm.qmp.ready;
}

static bool has_replied(const struct run *run)
{
    return run->vm.qmp.replied;
}

static bool send_and_wait(struct run *run, const char *json)
{
    struct qmp *qmp = &run->vm.qmp;
    bool sent = run_wait_until(run, is_ready, REPLY_SECONDS,
                               "QEMU's monitor") &&
                (qmp_send(qmp, json) ||
                 run_fail(run, EXIT_FAIL, "cannot send `%s`: %s", json,
                          strerror(errno)));

    run->vm.heard_at = clock_seconds();
    return sent && run_wait_until(run, has_replied, REPLY_SECONDS,
                                  "QEMU's reply");
}

bool monitor_qmp(struct run *run, const Step *step, char **answer)
{
    struct qmp *qmp = &run->vm.qmp;
    g_autofree char *err = NULL;
    g_autofree char *json = command_replace(run->config, step->arg, &err);
    bool replied = json ? send_and_wait(run, json)
                        : run_fail(run, EXIT_FAIL, "%s", err);

    if (!replied) {
        return false;
    }
    *answer = g_strdup(qmp->reply);
    return !qmp->failed ||
           run_fail(run, EXIT_FAIL, "qmp: %s: %s", step->arg, qmp->reply);
}

bool monitor_event(struct run *run, const Step *step, char **answer)
{
    double seconds = step->timeout ? step->timeout : EVENT_SECONDS;
    double end = clock_seconds() + seconds;
    g_autofree char *match = step->words[1] ? words_get(step->arg, "match") : NULL;
    g_autofree char *what = g_strdup_printf("the event %s", step->words[0]);

    while (!(*answer = qmp_take_event(&run->vm.qmp, step->words[0], match))) {
        if (run_must_give_up(run, what, end)) {
            break;
        }
        vm_turn(&run->vm, TURN_SECONDS);
    }
    return *answer;
}

bool monitor_ask(struct run *run, const Step *step, char **answer)
{
    double end = clock_seconds() + step->seconds;
    uint64_t asked = 0, max_ms = 0;

    do {
        double begin = clock_seconds();
        uint64_t ms;

        if (!send_and_wait(run, "{\"execute\":\"query-status\"}")) {
            return false;
        }
        ms = (clock_seconds() - begin) * 1000;
        max_ms = ms > max_ms ? ms : max_ms;
        asked++;
    } while (clock_seconds() < end);
    if (max_ms > run->monitor_max_ms) {
        run->monitor_max_ms = max_ms;
    }
    run->monitor_known = true;
    *answer = g_strdup_printf("asked=%" PRIu64 " max-ms=%" PRIu64, asked, max_ms);
    return true;
}
