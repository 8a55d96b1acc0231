/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fault/wrap.c - the wrappers that the linker puts before the calls of calls.h. Each counts, and either fails or goes on to the
 * function that was meant.
 *
 * All have one prototype of twelve words instead of each its own: integers and pointers travel so on every machine that Remint is
 * built for, and what is not there is not looked at. For that reason no header with the real ones is included.
 */
#include "config.h"

#include <errno.h>
#include <execinfo.h>
#include <string.h>

#include "inject.h"

struct fault_state *fault_state;
static __thread bool inside; /* backtrace() allocates, too */

/* Has a call from these callers failed often enough? Counts it when not. */
static bool
is_stale(struct fault_state *state)
{
	unsigned long hash = 14695981039346656037UL, at;

	for (int i = 1; i < state->frame_count; i++)
		hash = (hash ^ (unsigned long)state->frames[i]) * 1099511628211UL;
	for (at = hash % FAULT_STACKS; state->stacks[at].times != 0 && state->stacks[at].hash != hash;)
		at = (at + 1) % FAULT_STACKS;
	if (state->most != 0 && state->stacks[at].times >= state->most)
		return true;
	state->stacks[at].hash = hash;
	state->stacks[at].times++;
	return false;
}

/* Has there been enough from this place in this run? */
static bool
is_loop(struct fault_state *state, const void *place)
{
	unsigned long at = (unsigned long)place % FAULT_PLACES;

	while (state->places[at].at != NULL && state->places[at].at != place)
		at = (at + 1) % FAULT_PLACES;
	state->places[at].at = place;
	return ++state->places[at].times > 3;
}

static bool
is_among(const char *names, const char *name)
{
	const char *at = names;
	size_t length = strlen(name);

	while ((at = strstr(at, name)) != NULL && (at[-1] != ' ' || at[length] != ' '))
		at += length;
	return at != NULL;
}

bool
fault_due(enum fault_kind kind, const char *name, const void *place)
{
	struct fault_state *state = fault_state;
	unsigned long n;

	if (state == NULL || !state->armed || inside)
		return false;
	if (kind == FAULT_NUMBERS && is_loop(state, place))
		return false;
	if (state->only[0] != '\0' && !is_among(state->only, name))
		return false;
	n = __atomic_add_fetch(&state->calls, 1, __ATOMIC_SEQ_CST);
	if (state->fail_at == 0 || n < state->fail_at || state->done)
		return false;
	inside = true;
	state->frame_count = backtrace(state->frames, FAULT_FRAMES);
	inside = false;
	if (is_stale(state))
		return false;
	state->done = true;
	state->failed = n;
	state->kind = kind;
	state->name = name;
	return true;
}

#define WRAP(kind, name, value, number) \
	extern long __real_##name(long, long, long, long, long, long, long, long, long, long, long, long); \
	long __wrap_##name(long, long, long, long, long, long, long, long, long, long, long, long); \
	long __wrap_##name(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k, long l) \
	{ \
		if (!fault_due(kind, #name, __builtin_return_address(0))) \
			return __real_##name(a, b, c, d, e, f, g, h, i, j, k, l); \
		errno = number ? number : errno; \
		return value; \
	}
/* What is closed is closed, even when that fails. */
#define CLOSING(name, value, number) \
	extern long __real_##name(long); \
	long __wrap_##name(long); \
	long __wrap_##name(long a) \
	{ \
		long real = __real_##name(a); \
		if (!fault_due(FAULT_CLOSING, #name, __builtin_return_address(0))) \
			return real; \
		errno = number; \
		return value; \
	}
#define MEMORY(name, value, number)  WRAP(FAULT_MEMORY, name, value, number)
#define FILES(name, value, number)   WRAP(FAULT_FILES, name, value, number)
#define REMOVING(name, value, number) WRAP(FAULT_REMOVING, name, value, number)
#define SYSTEM(name, value, number)  WRAP(FAULT_SYSTEM, name, value, number)
#define NETWORK(name, value, number) WRAP(FAULT_NETWORK, name, value, number)
#define SQLITE(name, value, number)  WRAP(FAULT_SQLITE, name, value, number)
#define OPENSSL(name, value, number) WRAP(FAULT_OPENSSL, name, value, number)
#define NUMBERS(name, value, number) WRAP(FAULT_NUMBERS, name, value, number)
#include "calls.h"
