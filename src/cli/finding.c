/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/finding.c - one finding, as it stands in an audit and in the report of an issuance.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"

void
finding_json(struct json *json, const struct remint_finding *finding)
{
	json_open(json, NULL, '{');
	json_text(json, "rule", finding->rule);
	json_text(json, "severity", remint_severity_name(finding->severity));
	json_text(json, "target", finding->target);
	json_text(json, "source", finding->source);
	json_text(json, "object", finding->object);
	json_text(json, "place", finding->place);
	json_text(json, "message", finding->message);
	json_text(json, "citation", finding->citation);
	json_text(json, "fix", finding->fix);
	if (finding->accepted)
		json_bool(json, "accepted", true);
	json_close(json, '}');
}

/* True when it is of another certificate or target than the one before. */
static bool
opens_group(struct out *out, struct list *group, const struct remint_finding *finding)
{
	const char *now[] = { finding->source, finding->object, finding->target };

	if (group->count == 3 && strcmp(group->items[0], now[0]) == 0 &&
	    strcmp(group->items[1], now[1]) == 0 && strcmp(group->items[2], now[2]) == 0)
		return false;
	list_free(group);
	for (int i = 0; i < 3; i++)
		if (list_add(group, "", now[i]))
			out->failed = ENOMEM;
	return true;
}

void
finding_heading(struct out *out, struct list *group, const struct remint_finding *finding, bool targets)
{
	if (!opens_group(out, group, finding))
		return;
	out_style(out, STYLE_STRONG);
	out_safe(out, finding->source);
	out_style(out, STYLE_NONE);
	out_text(out, ": ");
	out_safe(out, finding->object);
	if (targets) {
		out_text(out, ", for ");
		out_style(out, STYLE_STRONG);
		out_safe(out, finding->target);
		out_style(out, STYLE_NONE);
	}
	out_text(out, "\n\n");
}

void
finding_text(struct out *out, const struct remint_finding *finding)
{
	static const char *const words[] = { "info   ", "warning", "ERROR  " };
	static const enum style styles[] = { STYLE_FAINT, STYLE_WARNING, STYLE_BAD };
	char *message = remint_safe_text(finding->message, strlen(finding->message));

	out_text(out, "  ");
	out_style(out, styles[finding->severity]);
	out_text(out, words[finding->severity]);
	out_style(out, STYLE_NONE);
	out_text(out, "  ");
	out_style(out, STYLE_STRONG);
	out_safe(out, finding->rule);
	out_style(out, STYLE_NONE);
	out_text(out, finding->accepted ? "  (accepted)\n" : "\n");
	out_spaces(out, 11);
	if (message)
		out_wrap(out, message, 11, 11);
	else
		out->failed = ENOMEM;
	remint_text_free(message);
	out_field(out, 11, "place", finding->place);
	out_field(out, 11, "source", finding->citation);
	if (finding->accepted)
		out_field(out, 11, "accepted",
		    "this CA has no publish URL to write into certificates, so nothing done to this one "
		    "clears it: only a CA that is made with --publish-url URL issues without it");
	else
		out_field(out, 11, "fix", finding->fix);
}

enum remint_severity
severity_of(const struct cli *cli)
{
	const char *name = text_of(cli, OPT_FAIL_ON);

	for (int severity = REMINT_INFO; name && severity < REMINT_ERROR; severity++)
		if (strcmp(remint_severity_name((enum remint_severity)severity), name) == 0)
			return (enum remint_severity)severity;
	return REMINT_ERROR;
}
