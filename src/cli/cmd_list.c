/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_list.c - remint list: a page of the database, certificates or pending requests.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* '*' ends a beginning, or is the label of a wildcard name; there are no other patterns. */
static int
check_name(struct cli *cli, const char *name)
{
	const char *star = name ? strchr(name, '*') : NULL;

	if (star == name && name && name[1] == '.')
		star = strchr(name + 1, '*');
	if (!star || !star[1])
		return 0;
	return report_usage(cli, "--name takes a whole name, or its beginning and a *, not \"%s\"", name);
}

static int
keep_name(void *arg, const struct remint_policy_entry *entry)
{
	return list_add(arg, "", entry->name);
}

/* Nothing was found for a target or template that nobody knows: a slip, as likely as not. */
static void
note_unknown(struct cli *cli, enum remint_policy kind, const char *name)
{
	const char *word = kind == REMINT_TARGET ? "target" : "template", *meant;
	struct list known = { 0 };
	bool found = false;

	if (!name || remint_policy_list(cli->ctx, kind, keep_name, &known))
		goto out;
	for (size_t i = 0; i < known.count; i++)
		found |= strcmp(known.items[i], name) == 0;
	if (found || list_add(&known, "", ""))
		goto out;
	free(known.items[known.count - 1]);
	known.items[--known.count] = NULL; /* as nearest() has it */
	meant = nearest(name, (const char *const *)known.items);
	report_note(cli, "remint: warning: there is no %s \"%s\"%s%s%s", word, name,
	    meant ? ": did you mean " : "", meant ? meant : "", meant ? "?" : "");
out:
	list_free(&known);
}

/* What certificates are searched by. */
static int
check_pending_alone(struct cli *cli)
{
	static const enum option_id others[] = { OPT_NAME, OPT_SERIAL, OPT_TARGET, OPT_TEMPLATE,
		OPT_STATUS, OPT_EXPIRES_BEFORE, OPT_EXPIRES_AFTER, OPT_CS_CLIENTS };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (given(cli, others[i]))
			return report_usage(cli, "--pending lists requests, --%s searches certificates",
			    option_table[others[i]].name);
	return 0;
}

static int
list_pending(struct cli *cli, unsigned limit, bool limited, int64_t after)
{
	struct remint_pendings_options options = {
		.all = given(cli, OPT_ALL), .limit = limit, .after = after
	};
	struct pendings pendings;
	int rc;

	if (check_pending_alone(cli))
		return -1;
	pendings_begin(&pendings, cli, true);
	rc = pendings_end(&pendings, remint_pendings(cli->ctx, &options, pendings_print, &pendings));
	if (rc == 0 && pendings.count == limit && !limited)
		report_note(cli,
		    "remint: the first %u are shown: --after %lld goes on, --limit N shows more", limit,
		    (long long)pendings.last);
	return rc;
}

int
cmd_list(struct cli *cli)
{
	struct remint_list_options options = {
		.name = text_of(cli, OPT_NAME),
		.serial = text_of(cli, OPT_SERIAL),
		.target = text_of(cli, OPT_TARGET),
		.template_name = text_of(cli, OPT_TEMPLATE),
		.status = text_of(cli, OPT_STATUS),
		.in_force = given(cli, OPT_CS_CLIENTS),
		.names = given(cli, OPT_CS_CLIENTS),
	};
	struct records records;
	int64_t limit;
	int rc;

	if (check_name(cli, options.name) ||
	    time_of(cli, OPT_EXPIRES_BEFORE, &options.expires_before) ||
	    time_of(cli, OPT_EXPIRES_AFTER, &options.expires_after) ||
	    count_of(cli, OPT_LIMIT, 1, 1000000000, &limit) ||
	    count_of(cli, OPT_AFTER, 1, INT64_MAX / 16, &options.after))
		return -1;
	options.limit = limit ? (unsigned)limit : 100;
	if (given(cli, OPT_PENDING))
		return list_pending(cli, options.limit, limit != 0, options.after);
	if (given(cli, OPT_ALL))
		return report_usage(cli, "--all goes with --pending");
	records_begin(&records, cli);
	rc = records_end(&records, remint_list(cli->ctx, &options, records_print, &records));
	if (rc == 0 && records.count == 0) {
		note_unknown(cli, REMINT_TARGET, options.target);
		note_unknown(cli, REMINT_TEMPLATE, options.template_name);
	}
	if (rc == 0 && records.count == options.limit && !limit)
		report_note(cli,
		    "remint: the first %u are shown: --after %lld goes on, --limit N shows more",
		    options.limit, (long long)records.last);
	return rc;
}
