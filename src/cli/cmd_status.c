/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_status.c - remint status: the lines of a status as a page, as JSON, or as the one line
 * that Nagios and its kin read.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

struct showing {
	struct cli *cli;
	char section[24];      /* of the line before */
	struct list said, figures; /* nagios: what is not well; the figures */
};

/* ---- the page ------------------------------------------------------------ */

static const enum style styles[] = { STYLE_GOOD, STYLE_WARNING, STYLE_BAD };

static void
print_heading(struct showing *showing, const char *section)
{
	struct out *out = &showing->cli->out;
	bool first = showing->section[0] == 0;

	if (strcmp(showing->section, section) == 0)
		return;
	snprintf(showing->section, sizeof showing->section, "%s", section);
	out_text(out, first ? "" : "\n");
	out_style(out, STYLE_STRONG);
	out_text(out, strcmp(section, "crl") == 0 ? "revocation lists" : strcmp(section, "ocsp") == 0 ? "OCSP" : section);
	out_style(out, STYLE_NONE);
	out_text(out, "\n");
}

static void
print_certificates(struct out *out, const struct remint_status_line *line)
{
	char when[32];

	for (size_t i = 0; i < line->certificate_count; i++) {
		remint_time_text(line->certificates[i].not_after, when);
		out_format(out, "            %.10s  %lld  ", when, (long long)line->certificates[i].id);
		out_safe(out, line->certificates[i].name);
		out_text(out, "\n");
	}
	if (line->certificate_count && line->value > (int64_t)line->certificate_count)
		out_format(out, "            and %lld more\n",
		    (long long)line->value - (long long)line->certificate_count);
}

static int
print_text(struct showing *showing, const struct remint_status_line *line)
{
	struct out *out = &showing->cli->out;

	print_heading(showing, line->section);
	out_text(out, "  ");
	out_style(out, styles[line->health]);
	out_format(out, "%-8s", remint_health_name(line->health));
	out_style(out, STYLE_NONE);
	out_text(out, "  ");
	if (*line->object) {
		out_safe(out, line->object);
		out_text(out, ": ");
	}
	out_safe(out, line->text);
	out_text(out, "\n");
	print_certificates(out, line);
	return keep_going(showing->cli);
}

/* ---- JSON ---------------------------------------------------------------- */

static int
print_json(struct showing *showing, const struct remint_status_line *line)
{
	struct json *json = &showing->cli->json_writer;

	json_open(json, NULL, '{');
	json_text(json, "section", line->section);
	json_text(json, "check", line->check);
	if (*line->object)
		json_text(json, "object", line->object);
	json_text(json, "health", remint_health_name(line->health));
	json_text(json, "text", line->text);
	if (line->measured) {
		json_number(json, "value", line->value);
		json_text(json, "unit", line->unit);
	}
	if (line->warning != INT64_MIN)
		json_number(json, "warning", line->warning);
	if (line->critical != INT64_MIN)
		json_number(json, "critical", line->critical);
	json_open(json, "certificates", '[');
	for (size_t i = 0; i < line->certificate_count; i++) {
		json_open(json, NULL, '{');
		json_number(json, "id", line->certificates[i].id);
		json_text(json, "name", line->certificates[i].name);
		json_time(json, "not_after", line->certificates[i].not_after);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
	return keep_going(showing->cli);
}

/* ---- Nagios -------------------------------------------------------------- */

/* What its readers take for syntax becomes a blank; what a terminal would act on was made safe. */
static char *
nagios_text(const char *text)
{
	char *safe = remint_safe_text(text, strlen(text));

	for (char *at = safe; at && *at; at++)
		if (*at == '|' || *at == '\'' || *at == '=' || *at == '\n')
			*at = ' ';
	return safe;
}

/* 'label'=value[unit];warning;critical. A bound of time left, or of room, is one from below: "30:". */
static int
keep_figure(struct showing *showing, const struct remint_status_line *line)
{
	bool below = strcmp(line->check, "freshness") == 0 || strcmp(line->check, "delta-freshness") == 0 ||
		     strcmp(line->check, "lifetime") == 0 ||
		     strcmp(line->check, "disk-free") == 0;
	char *object = nagios_text(line->object), text[256], warning[32] = "", critical[32] = "";
	int rc;

	if (line->warning != INT64_MIN)
		snprintf(warning, sizeof warning, "%lld%s", (long long)line->warning, below ? ":" : "");
	if (line->critical != INT64_MIN)
		snprintf(critical, sizeof critical, "%lld%s", (long long)line->critical, below ? ":" : "");
	snprintf(text, sizeof text, "'%s-%s%s%.64s'=%lld%s;%s;%s", line->section, line->check,
	    *line->object ? "-" : "", object ? object : "", (long long)line->value, line->unit, warning,
	    critical);
	rc = object ? list_add(&showing->figures, "", text) : -1;
	remint_text_free(object);
	return rc;
}

static int
keep_line(struct showing *showing, const struct remint_status_line *line)
{
	char *object = nagios_text(line->object), *text = nagios_text(line->text), said[640];
	int rc = 0;

	snprintf(said, sizeof said, "%.80s%s%.500s", object ? object : "", *line->object ? ": " : "", text ? text : "");
	if (!object || !text)
		rc = -1;
	else if (line->health != REMINT_HEALTH_OK)
		rc = list_add(&showing->said, "", said);
	if (rc == 0 && line->measured)
		rc = keep_figure(showing, line);
	remint_text_free(object);
	remint_text_free(text);
	return rc;
}

static void
print_nagios(struct showing *showing, const struct remint_status_summary *summary)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL" };
	struct out *out = &showing->cli->out;

	out_format(out, "REMINT %s - ", words[summary->health]);
	for (size_t i = 0; i < showing->said.count; i++)
		out_format(out, "%s%s", i ? "; " : "", showing->said.items[i]);
	if (!showing->said.count)
		out_format(out, "%llu checks", (unsigned long long)summary->lines);
	out_text(out, " |");
	for (size_t i = 0; i < showing->figures.count; i++)
		out_format(out, " %s", showing->figures.items[i]);
	out_text(out, "\n");
}

/* Without a status there is one all the same: a database that cannot be read is critical. */
static int
nagios_failure(struct cli *cli)
{
	const struct remint_fault *fault = remint_failure(cli->ctx);
	bool critical = fault->fault_class == REMINT_CLASS_DATABASE;
	char *text = nagios_text(failure_words(cli));

	out_format(&cli->out, "REMINT %s - %s\n", critical ? "CRITICAL" : "UNKNOWN", text ? text : "memory is out");
	remint_text_free(text);
	cli->status = critical ? 2 : 3;
	return 0;
}

/* ---- the verb ------------------------------------------------------------ */

static int
take_line(void *arg, const struct remint_status_line *line)
{
	struct showing *showing = arg;

	if (showing->cli->json)
		return print_json(showing, line);
	if (given(showing->cli, OPT_NAGIOS))
		return keep_line(showing, line);
	return print_text(showing, line);
}

static void
print_summary(struct showing *showing, const struct remint_status_summary *summary)
{
	struct cli *cli = showing->cli;
	struct json *json = &cli->json_writer;

	if (given(cli, OPT_NAGIOS)) {
		print_nagios(showing, summary);
		cli->status = (int)summary->health;
		return;
	}
	if (summary->health != REMINT_HEALTH_OK)
		report_status(cli, 1);
	if (!cli->json) {
		out_text(&cli->out, "\n");
		out_style(&cli->out, styles[summary->health]);
		out_format(&cli->out, "%s", remint_health_name(summary->health));
		out_style(&cli->out, STYLE_NONE);
		out_format(&cli->out, ": %llu critical, %llu to look at, of %llu checks\n",
		    (unsigned long long)summary->criticals, (unsigned long long)summary->warnings,
		    (unsigned long long)summary->lines);
		return;
	}
	json_close(json, ']');
	json_text(json, "health", remint_health_name(summary->health));
	json_number(json, "warnings", (int64_t)summary->warnings);
	json_number(json, "criticals", (int64_t)summary->criticals);
	json_time(json, "now", summary->now);
	json_close(json, '}');
	out_text(&cli->out, "\n");
}

static int
read_options(struct cli *cli, struct remint_status_options *options)
{
	const struct {
		enum option_id id;
		int64_t *days;
	} days[] = {
		{ OPT_WARN_DAYS, &options->warn_days },
		{ OPT_CRITICAL_DAYS, &options->critical_days },
		{ OPT_CA_DAYS, &options->ca_days },
		{ OPT_PENDING_DAYS, &options->pending_days },
		{ OPT_BACKUP_DAYS, &options->backup_days },
		{ OPT_CHECKPOINT_DAYS, &options->checkpoint_days },
	};
	int64_t names;

	for (size_t i = 0; i < sizeof days / sizeof *days; i++)
		if (count_of(cli, days[i].id, 1, 36500, days[i].days))
			return -1;
	if (count_of(cli, OPT_EXPIRED_DAYS, 0, 36500, &options->expired_days) ||
	    count_of(cli, OPT_NAMES, 1, 1000, &names) || duration_of(cli, OPT_MARGIN, &options->margin))
		return -1;
	if (given(cli, OPT_EXPIRED_DAYS) && options->expired_days == 0)
		options->expired_days = -1;
	options->names = (unsigned)names;
	if (options->critical_days && options->warn_days && options->critical_days > options->warn_days)
		return report_usage(cli, "--critical-days is for what ends sooner than --warn-days");
	if (given(cli, OPT_NAGIOS) && cli->json)
		return report_usage(cli, "give --json or --nagios, not both");
	return 0;
}

int
cmd_status(struct cli *cli)
{
	struct remint_status_options options = { 0 };
	struct remint_status_summary summary;
	struct showing showing = { .cli = cli };
	int rc = 0;

	if (read_options(cli, &options))
		return -1;
	document_begin(cli, "lines");
	if (remint_status(cli->ctx, &options, take_line, &showing, &summary))
		rc = given(cli, OPT_NAGIOS) ? nagios_failure(cli) : report_verb(cli);
	else
		print_summary(&showing, &summary);
	list_free(&showing.said);
	list_free(&showing.figures);
	return rc;
}
