/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The QEMU Machine Protocol, from QEMU's bytes to replies and events. */
#ifndef HOST_QMP_H
#define HOST_QMP_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct qmp {
    int fd;                /* where commands go; -1: nowhere */
    GString *line;         /* bytes of an unfinished one, or NULL */
    bool ready;            /* capabilities are negotiated */
    bool replied;          /* to the last qmp_send() */
    bool failed;           /* the reply was an error */
    char reply[1024];      /* what it returned, or the error's text */
    GPtrArray *events;     /* messages of events nobody waited for yet, or NULL */
};

/* Take bytes that QEMU sent; answers the greeting by itself. */
void qmp_feed(struct qmp *qmp, const char *data, size_t len);

/* Send a command (one JSON object). Returns: false (and errno) if it cannot. */
bool qmp_send(struct qmp *qmp, const char *json);

/*
 * Take the oldest event @name whose message has @match in it (NULL: any).
 * Returns: its message, which the caller frees; NULL if there is none yet.
 */
char *qmp_take_event(struct qmp *qmp, const char *name, const char *match);

void qmp_free(struct qmp *qmp);

#endif
