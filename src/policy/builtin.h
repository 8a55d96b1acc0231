/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files under templates/, compiled in so that Remint works before it is installed. The table
 * is written by build-aux/embed.awk; nothing here parses it.
 */
#ifndef RMT_BUILTIN_H
#define RMT_BUILTIN_H

#include <stddef.h>

struct rmt_builtin {
	const char *kind; /* the folder: "certificates" or "targets" */
	const char *name; /* the file's name without ".cfg" */
	const char *text; /* the whole file, ended by a NUL that length does not count */
	size_t length;    /* bytes */
};

/* Ends with a row whose name is NULL. */
extern const struct rmt_builtin rmt_builtin_templates[];

#endif
