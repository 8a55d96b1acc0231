/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.c - the names that a run has given away, so that of many outputs none takes the place of another.
 */
#include "config.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int rmt_names_add(struct rmt_names *names, const char *name, struct rmt_err *err)
{
	char *own;

	if (tfind(name, &names->tree, compare))
		return 0;
	own = rmt_strdup(name, err);
	if (!own)
		return -1;
	if (tsearch(own, &names->tree, compare))
		return 1;
	free(own);
	return rmt_err_memory(err);
}

void rmt_names_free(struct rmt_names *names)
{
	tdestroy(names->tree, free);
	names->tree = NULL;
}
