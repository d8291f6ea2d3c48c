/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual functions (SR-IOV) that exist only while a run needs them. */
#ifndef HOST_VF_H
#define HOST_VF_H

#include <stdbool.h>
#include <stddef.h>

/* Take "BDF/vfN" apart, with BDF in full form. Returns: false if it is not of
 * that form; @pf holds 16 bytes at least. */
bool vf_parse(const char *text, char *pf, unsigned *index);

/*
 * Have the driver of @pf make virtual functions up to number @index, which no
 * driver of the host takes. There must be none yet.
 * @bdf: the address of number @index; holds 16 bytes at least.
 * Returns: false with a message in *@err, and no virtual function is left.
 */
bool vf_create(const char *pf, unsigned index, char *bdf, char **err);

/* Remove them. Returns: false with a message in *@err. */
bool vf_remove(const char *pf, char **err);

#endif
