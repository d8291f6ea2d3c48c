/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"

/* Events kept for a later `event` step. */
#define MAX_EVENTS 1024

bool qmp_send(struct qmp *qmp, const char *json)
{
    g_autofree char *line = g_strdup_printf("%s\r\n", json);
    const char *p = line;
    size_t left = strlen(line);

    qmp->replied = qmp->failed = false;
    while (qmp->fd >= 0 && left) {
        ssize_t n = write(qmp->fd, p, left);

        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            break;
        }
        p += n > 0 ? n : 0;
        left -= n > 0 ? n : 0;
    }
    return !left;
}

static void take_reply(struct qmp *qmp, const char *line)
{
    const char *value;
    size_t len;

    if (json_member(line, "error", &value, &len)) {
        g_autofree char *error = g_strndup(value, len);

        qmp->failed = true;
        if (!json_string(error, "desc", qmp->reply, sizeof(qmp->reply))) {
            snprintf(qmp->reply, sizeof(qmp->reply), "%s", error);
        }
    } else if (json_member(line, "return", &value, &len)) {
        snprintf(qmp->reply, sizeof(qmp->reply), "%.*s", (int)len, value);
    } else {
        return;
    }
    if (qmp->ready) {
        qmp->replied = true;
    } else {
        qmp->ready = !qmp->failed;
    }
}

static void take_message(struct qmp *qmp, const char *line)
{
    const char *value;
    size_t len;

    if (json_member(line, "QMP", &value, &len)) {
        qmp_send(qmp, "{\"execute\":\"qmp_capabilities\"}");
    } else if (json_member(line, "event", &value, &len)) {
        if (!qmp->events) {
            qmp->events = g_ptr_array_new_with_free_func(g_free);
        }
        if (qmp->events->len < MAX_EVENTS) {
            g_ptr_array_add(qmp->events, g_strdup(line));
        }
    } else {
        take_reply(qmp, line);
    }
}

void qmp_feed(struct qmp *qmp, const char *data, size_t len)
{
    if (!qmp->line) {
        qmp->line = g_string_new(NULL);
    }
    for (size_t i = 0; i < len; i++) {
        if (data[i] != '\n') {
            g_string_append_c(qmp->line, data[i]);
            continue;
        }
        take_message(qmp, qmp->line->str);
        g_string_truncate(qmp->line, 0);
    }
}

char *qmp_take_event(struct qmp *qmp, const char *name, const char *match)
{
    for (unsigned i = 0; qmp->events && i < qmp->events->len; i++) {
        const char *message = g_ptr_array_index(qmp->events, i);
        char found[64];

        if (json_string(message, "event", found, sizeof(found)) && !strcmp(found, name) &&
            (!match || strstr(message, match))) {
            return g_ptr_array_steal_index(qmp->events, i);
        }
    }
    return NULL;
}

void qmp_free(struct qmp *qmp)
{
    if (qmp->line) {
        g_string_free(qmp->line, TRUE);
    }
    g_clear_pointer(&qmp->events, g_ptr_array_unref);
    *qmp = (struct qmp){ .fd = -1 };
}
