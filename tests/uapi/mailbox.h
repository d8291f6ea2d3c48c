/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UAPI_MAILBOX_H
#define UAPI_MAILBOX_H

/*
 * Requests of the test (struct uapi_request), served by a thread of the
 * model's own: what comes from a device or an SMMU comes at any time, too.
 */
void uapi_mailbox_start(void);

#endif /* UAPI_MAILBOX_H */
