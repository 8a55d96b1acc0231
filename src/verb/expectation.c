/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expectation.c - the names that a run's targets expect in a topology: loaded once, judged by the audit, written into new
 * certificates. What a target's patterns come to is worked out in policy/.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- loading ---------------------------------------------------------------------------------------------------------------- */

/* Every machine of the topology, for a did-you-mean. */
static const char *nearest_server(const struct rmt_topology *topology, const char *server)
{
	const struct rmt_text_list *lists[] = {&topology->front_end.servers, &topology->director.servers,
	                                       &topology->mediation.servers, &topology->edge.servers,
	                                       &topology->office_web_apps.servers, &topology->exchange.servers};
	const char *words[512], *near;
	size_t count = 0;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (size_t n = 0; n < lists[i]->count && count + 1 < sizeof words / sizeof *words; n++)
			words[count++] = lists[i]->items[n];
	words[count] = NULL;
	near = rmt_nearest(server, words);
	return near;
}

static int refuse_server(const struct rmt_expectation *expect, const char *server, struct rmt_err *err)
{
	const char *near = nearest_server(expect->topology, server);

	if (near && strcmp(near, server) == 0)
		rmt_err_set(err, RMT_USAGE, NULL, "%.100s is a server, but not of what is asked for with --for", server);
	else
		rmt_err_set(err, RMT_USAGE, NULL, "no server is named \"%.100s\"%s%s%s", server, near ? " (did you mean \"" : "", near ? near : "",
		            near ? "\"?)" : "");
	rmt_err_source(err, expect->topology->origin);
	return -1;
}

/* The names of one target; what the topology does not say is the end when a certificate is to be made of it. */
static int resolve(struct remint *ctx, struct rmt_expectation *expect, const struct rmt_target *target, const char *server, bool issuing,
                   struct rmt_err *err)
{
	struct rmt_wanted_names *wanted = &expect->wanted[expect->count];
	int known = rmt_wanted_names_resolve(target, expect->topology, server, wanted, err);

	if (known < 0)
		return -1;
	expect->known[expect->count++] = known && !wanted->missing[0];
	if (!known || !wanted->missing[0])
		return 0;
	if (!issuing) {
		rmt_verb_warn(ctx, "%s states no %s: the names that %s needs are not judged", expect->topology->origin, wanted->missing,
		              target->name);
		return 0;
	}
	rmt_err_set(err, RMT_USAGE, NULL, "it states no %s, from which the names for %s are made", wanted->missing, target->name);
	rmt_err_source(err, expect->topology->origin);
	return -1;
}

static int check(const struct rmt_expectation *expect, const char *server, struct rmt_err *err)
{
	bool some = false, known_server = false;

	for (size_t i = 0; i < expect->count; i++) {
		some |= expect->known[i];
		known_server |= expect->known[i] && expect->wanted[i].server_known;
	}
	if (!some)
		return rmt_err_set(err, RMT_USAGE, NULL, "none of the targets takes its names from this topology: leave --topology out, or name "
		                                         "a target of a role that it states");
	return server && !known_server ? refuse_server(expect, server, err) : 0;
}

int rmt_expectation_load(struct remint *ctx, const char *topology, const char *server, struct rmt_target *const *targets, size_t count,
                         bool issuing, struct rmt_expectation *out, struct rmt_err *err)
{
	char lower[256];
	int rc = 0;

	*out = (struct rmt_expectation){0};
	if (!topology)
		return server ? rmt_err_set(err, RMT_USAGE, NULL, "--server names a server of a topology: give --topology FILE") : 0;
	for (size_t i = 0; server && (i == 0 || server[i - 1]) && i < sizeof lower; i++)
		lower[i] = (char)tolower((unsigned char)server[i]);
	lower[sizeof lower - 1] = '\0';
	server = server ? lower : NULL;
	out->topology = rmt_topology_load(ctx->policies, topology, err);
	if (!out->topology)
		return -1;
	out->wanted = calloc(count + 1, sizeof *out->wanted);
	out->known = calloc(count + 1, sizeof *out->known);
	if (!out->wanted || !out->known)
		rc = rmt_err_memory(err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = resolve(ctx, out, targets[i], server, issuing, err);
	if (rc == 0)
		rc = check(out, server, err);
	if (rc)
		rmt_expectation_clear(out);
	return rc;
}

void rmt_expectation_clear(struct rmt_expectation *expect)
{
	for (size_t i = 0; i < expect->count; i++)
		rmt_wanted_names_clear(&expect->wanted[i]);
	free(expect->wanted);
	free(expect->known);
	rmt_topology_free(expect->topology);
	*expect = (struct rmt_expectation){0};
}

const struct rmt_wanted_names *rmt_expectation_of(const struct rmt_expectation *expect, size_t target)
{
	return target < expect->count && expect->known[target] ? &expect->wanted[target] : NULL;
}

/* ---- into a certificate ------------------------------------------------------------------------------------------------------------- */

const char *rmt_expectation_cn(const struct rmt_expectation *expect)
{
	for (size_t i = 0; i < expect->count; i++)
		if (expect->known[i] && expect->wanted[i].cn.count)
			return expect->wanted[i].cn.items[0];
	return NULL;
}

bool rmt_expectation_takes_cn(const struct rmt_expectation *expect, const char *cn)
{
	for (size_t i = 0; i < expect->count; i++)
		for (size_t n = 0; expect->known[i] && n < expect->wanted[i].cn.count; n++)
			if (strcasecmp(expect->wanted[i].cn.items[n], cn) == 0)
				return true;
	return false;
}

static bool listed(struct remint_strings names, const char *name)
{
	for (size_t i = 0; i < names.count; i++)
		if (strcasecmp(names.items[i], name) == 0)
			return true;
	return false;
}

/* The old certificate is one server's: it names some of the group. */
static bool named_before(struct remint_strings before, const struct rmt_wanted_names *wanted, unsigned group)
{
	char name[320];

	for (size_t i = 0; group && i < wanted->count; i++) {
		snprintf(name, sizeof name, "dns:%s", wanted->names[i].name);
		if (wanted->names[i].group == group && listed(before, name))
			return true;
	}
	return false;
}

/* "dns:meet.contoso.com", or "dns:*.contoso.com" where wildcards are wanted and may stand for it. */
static void general_name(const struct rmt_topology *topology, const struct rmt_wanted_name *wanted, char out[320])
{
	const char *parent = strchr(wanted->name, '.');
	bool wildcard = topology->wildcards && wanted->wildcard && parent && strchr(parent + 1, '.');

	snprintf(out, 320, "dns:%s%s", wildcard ? "*" : "", wildcard ? parent : wanted->name);
}

int rmt_expectation_names(const struct rmt_expectation *expect, struct remint_strings before, struct remint_strings further,
                          struct rmt_arena *arena, struct remint_strings *out, struct rmt_err *err)
{
	size_t room = further.count;
	const char **items;
	char name[320];

	for (size_t i = 0; i < expect->count; i++)
		room += expect->wanted[i].count;
	items = rmt_arena_take(arena, (room + 1) * sizeof *items);
	if (!items)
		return rmt_err_memory(err);
	*out = (struct remint_strings){items, 0};
	for (size_t i = 0; i < expect->count; i++) {
		const struct rmt_wanted_names *wanted = &expect->wanted[i];

		for (size_t n = 0; expect->known[i] && n < wanted->count; n++) {
			general_name(expect->topology, &wanted->names[n], name);
			if (!listed(*out, name) && !(named_before(before, wanted, wanted->names[n].group) && !listed(before, name)))
				items[out->count++] = rmt_arena_text(arena, name);
		}
	}
	for (size_t i = 0; i < further.count; i++)
		if (!listed(*out, further.items[i]))
			items[out->count++] = rmt_arena_text(arena, further.items[i]);
	return arena->failed ? rmt_err_memory(err) : 0;
}
