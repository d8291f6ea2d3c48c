/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's command line. */
#ifndef HOST_COMMAND_H
#define HOST_COMMAND_H

#include "args.h"

/*
 * Replace ${dev0}, ${dev1}... in @text by the addresses of the devices.
 * Returns: a new string the caller frees; NULL with a message in *@err if there is no such device.
 */
char *command_replace(const struct config *config, const char *text, char **err);

/*
 * The whole command line. @dir has the sockets `console` and `qmp`, on which somebody listens, and receives the trace
 * in `trace`; NULL: serial port and monitor are on standard input and output.
 * Returns: the words, to be freed with g_strfreev(); NULL with a message in *@err.
 */
char **command_build(const struct config *config, const char *dir, char **err);

#endif
