/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qmp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"

/* Events kept for a later `event` step. */
#define MAX_EVENTS 1024

bool qmp_send(struct qmp *qmp, const char *json)
{
    char *line = text_printf("%s\r\n", json);
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
    free(line);
    return !left;
}

static void take_reply(struct qmp *qmp, const char *line)
{
    const char *value;
    size_t len;

    if (json_member(line, "error", &value, &len)) {
        char *error = text_strip(value, len);

        qmp->failed = true;
        if (!json_string(error, "desc", qmp->reply, sizeof(qmp->reply))) {
            snprintf(qmp->reply, sizeof(qmp->reply), "%s", error);
        }
        free(error);
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
        if (qmp->events.n < MAX_EVENTS) {
            strlist_add(&qmp->events, line);
        }
    } else {
        take_reply(qmp, line);
    }
}

void qmp_feed(struct qmp *qmp, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (qmp->used + 1 >= qmp->size) {
            qmp->size = qmp->size ? 2 * qmp->size : 4096;
            qmp->buf = realloc(qmp->buf, qmp->size);
            if (!qmp->buf) {
                abort();
            }
        }
        if (data[i] != '\n') {
            qmp->buf[qmp->used++] = data[i];
            continue;
        }
        qmp->buf[qmp->used] = '\0';
        qmp->used = 0;
        take_message(qmp, qmp->buf);
    }
}

char *qmp_take_event(struct qmp *qmp, const char *name, const char *match)
{
    for (size_t i = 0; i < qmp->events.n; i++) {
        char *message = qmp->events.v[i];
        char found[64];

        if (json_string(message, "event", found, sizeof(found)) &&
            !strcmp(found, name) && (!match || strstr(message, match))) {
            memmove(&qmp->events.v[i], &qmp->events.v[i + 1],
                    (qmp->events.n - i) * sizeof(char *));
            qmp->events.n--;
            return message;
        }
    }
    return NULL;
}

void qmp_free(struct qmp *qmp)
{
    free(qmp->buf);
    strlist_clear(&qmp->events);
    *qmp = (struct qmp){ .fd = -1 };
}
