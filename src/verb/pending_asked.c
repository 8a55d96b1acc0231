/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending_asked.c - what was asked for with a pending request, as it is kept in its row: one JSON object, written and read by a
 * table of keys as those of a plan are.
 *
 * The database vouches for the text by its hash; so what cannot be read was written by a later version or is damaged.
 */
#include "config.h"

#include <jansson.h>
#include <string.h>

#include "verb/local.h"

/* A Name is kept in its own bytes, since no text of it says how each value was encoded. */
struct kept {
	const char *subject;
	struct remint_strings names;
	const char *key;
	int64_t validity, not_after;
};
#define AT(member) offsetof(struct kept, member)
static const struct rmt_plan_key keys[] = {
	{"schema", RMT_PLAN_SCHEMA, 0, true},
	{"subject", RMT_PLAN_NULLABLE, AT(subject), true},
	{"names", RMT_PLAN_LIST, AT(names), true},
	{"key", RMT_PLAN_NULLABLE, AT(key), true},
	{"validity", RMT_PLAN_DURATION, AT(validity), true},
	{"not_after", RMT_PLAN_TIME, AT(not_after), true},
	{0},
};
#undef AT

int rmt_asked_write(const struct rmt_asked *asked, struct rmt_buf *out, struct rmt_err *err)
{
	struct kept kept = {
	    .names = asked->names, .key = asked->key, .validity = asked->validity, .not_after = asked->not_after};
	struct rmt_buf hex = {0};
	int rc;

	rmt_hex(asked->subject, 0, &hex);
	if (asked->subject.length)
		kept.subject = rmt_buf_string(&hex);
	rc = rmt_buf_check(&hex, err) ? -1 : rmt_plan_object_write(keys, &kept, out, err);
	rmt_buf_free(&hex);
	return rc;
}

static int read_subject(const char *hex, struct rmt_arena *arena, struct rmt_span *out, struct rmt_err *err)
{
	struct rmt_buf der = {0};
	unsigned char *copy;
	int rc = rmt_hex_decode(hex, &der, err);

	copy = rc == 0 ? rmt_arena_take(arena, der.length + 1) : NULL;
	if (copy) {
		memcpy(copy, der.bytes, der.length);
		*out = rmt_span_of(copy, der.length);
	}
	rmt_buf_free(&der);
	return rc;
}

int rmt_asked_read(const char *text, struct rmt_arena *arena, struct rmt_asked *out, struct rmt_err *err)
{
	struct rmt_plan holder = {.arena = *arena}; /* the arena is all that the table's readers take from a plan */
	struct rmt_err fault = {0};
	struct rmt_plan_reading reading = {.plan = &holder, .err = &fault};
	json_error_t error = {0};
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	struct kept kept = {0};
	int rc = -1;

	*out = (struct rmt_asked){0};
	if (json && rmt_plan_object(&reading, json, keys, &kept) == 0)
		rc = kept.subject ? read_subject(kept.subject, &holder.arena, &out->subject, &fault) : 0;
	json_decref(json);
	*arena = holder.arena;
	out->names = kept.names;
	out->key = kept.key;
	out->validity = kept.validity;
	out->not_after = kept.not_after;
	if ((rc == 0 && arena->failed) || (!json && !error.text[0]))
		return rmt_err_memory(err);
	return rc == 0 ? 0
	               : rmt_err_set(err, RMT_DATABASE, NULL, "what a pending request asks for cannot be read%s%s: run remint db check",
	                             fault.message[0] ? ", " : "", fault.message);
}
