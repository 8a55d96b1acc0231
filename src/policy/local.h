/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of policy/ share among themselves. No other room includes it.
 */
#ifndef RMT_POLICY_LOCAL_H
#define RMT_POLICY_LOCAL_H

#include <stddef.h>

/*
 * One file under templates/, compiled in so that Remint works before it is installed. The table is
 * written by build-aux/embed.awk; its last row has no name.
 */
struct rmt_builtin {
	const char *kind; /* the folder: "certificates" or "targets" */
	const char *name; /* the file's name without ".cfg" */
	const char *text; /* the whole file, ended by a NUL that length does not count */
	size_t length;    /* bytes */
};

extern const struct rmt_builtin rmt_builtin_templates[];

#endif
