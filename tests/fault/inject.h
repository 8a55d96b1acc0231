/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fault/inject.h - one call of Remint's own code fails. Between the loop (fault.c) and the wrappers (wrap.c); shared memory, since
 * the call fails in a child.
 */
#ifndef FAULT_INJECT_H
#define FAULT_INJECT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_kind { FAULT_MEMORY, FAULT_FILES, FAULT_CLOSING, FAULT_REMOVING, FAULT_SYSTEM, FAULT_NETWORK, FAULT_SQLITE, FAULT_NUMBERS, FAULT_OPENSSL };

enum { FAULT_FRAMES = 24, FAULT_STACKS = 1 << 16, FAULT_PLACES = 1 << 10 };

struct fault_state {
	unsigned long calls;      /* so far, of an armed process */
	unsigned long fail_at;    /* the first call that may fail; 0: none */
	unsigned long failed;     /* the one that did */
	char only[1024];          /* " close unlink ": the calls that may fail; "": each */
	unsigned most;            /* a call from the same callers fails so often; 0: always */
	struct { unsigned long hash; unsigned times; } stacks[FAULT_STACKS]; /* who called, by hash */
	struct { const void *at; unsigned times; } places[FAULT_PLACES]; /* of this run, of NUMBERS */
	bool armed;
	bool done;                /* it has failed */
	enum fault_kind kind;     /* of the call that failed */
	const char *name;
	void *frames[FAULT_FRAMES]; /* who made it, innermost first */
	int frame_count;
};
extern struct fault_state *fault_state;

/* For a wrapper that was called from `place`: shall this call fail? Counts it. */
bool fault_due(enum fault_kind kind, const char *name, const void *place);

#endif
