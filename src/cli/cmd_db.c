/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_db.c - remint db check, backup, restore and checkpoint: the upkeep of the database. Its
 * export is cmd_export.c's.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* ---- check --------------------------------------------------------------- */

static int
print_orphan(void *arg, const struct remint_db_orphan *orphan)
{
	struct cli *cli = arg;
	struct json *json = &cli->json_writer;
	char when[32];

	remint_time_text(orphan->when, when);
	if (cli->json) {
		json_open(json, NULL, '{');
		json_number(json, "id", orphan->id);
		json_text(json, "authority", orphan->authority);
		json_text(json, "serial", orphan->serial);
		json_text(json, "template", orphan->template_name);
		json_words(json, "targets", orphan->targets);
		json_time(json, "begun", orphan->when);
		json_close(json, '}');
		return keep_going(cli);
	}
	out_format(&cli->out, "Number %lld, serial %s of ", (long long)orphan->id, orphan->serial);
	out_safe(&cli->out, orphan->authority);
	out_format(&cli->out,
	    ", was begun at %s by a process that is gone: a signature of these bytes may exist, and the next "
	    "one will be of the same bytes.\n",
	    when);
	return keep_going(cli);
}

static void
check_json(struct cli *cli, const struct remint_db_report *report)
{
	struct json *json = &cli->json_writer;

	json_close(json, ']');
	json_open(json, "database", '{');
	json_number(json, "schema", report->schema);
	json_number(json, "orphans", (int64_t)report->orphans);
	json_number(json, "certificates", (int64_t)report->certificates);
	json_number(json, "signatures", (int64_t)report->signatures);
	json_number(json, "unverifiable", (int64_t)report->unverifiable);
	json_number(json, "foreign", (int64_t)report->foreign);
	if (report->against)
		json_number(json, "against", report->against);
	json_close(json, '}');
	json_close(json, '}');
	out_text(&cli->out, "\n");
}

static void
check_text(struct cli *cli, const struct remint_db_report *report)
{
	out_format(&cli->out,
	    "The database is sound: schema %lld, every event in its place, %llu certificate%s as "
	    "their events say.\n",
	    (long long)report->schema, (unsigned long long)report->certificates,
	    report->certificates == 1 ? "" : "s");
	if (report->signatures || report->unverifiable)
		out_format(&cli->out, "%llu signature%s verified against the authority.\n",
		    (unsigned long long)report->signatures, report->signatures == 1 ? " was" : "s were");
	if (report->unverifiable)
		out_format(&cli->out,
		    "%llu could not be verified here.\n",
		    (unsigned long long)report->unverifiable);
	if (report->orphans)
		out_format(&cli->out,
		    "%llu certificate%s begun and not finished: the next run that issues finishes "
		    "them.\n",
		    (unsigned long long)report->orphans, report->orphans == 1 ? " was" : "s were");
	if (report->against)
		out_format(&cli->out, "The event log goes on from the checkpoint: event %lld is still what it was.\n",
		    (long long)report->against);
}

int
cmd_db_check(struct cli *cli)
{
	struct remint_db_check_options options = {
		.quick = given(cli, OPT_QUICK),
		.against = text_of(cli, OPT_AGAINST),
		.orphan = print_orphan,
		.arg = cli,
	};
	struct remint_db_report report = { 0 };

	document_begin(cli, "orphans");
	if (remint_db_check(cli->ctx, &options, &report))
		return report_verb(cli);
	if (cli->json)
		check_json(cli, &report);
	else
		check_text(cli, &report);
	return 0;
}

/* ---- backup and restore -------------------------------------------------- */

static void
backup_json(struct cli *cli, const char *key, const struct remint_backup *backup)
{
	struct json *json = &cli->json_writer;

	document_begin(cli, NULL);
	json_open(json, key, '{');
	json_text(json, "path", backup->path);
	json_text(json, "moved_aside", backup->aside);
	json_number(json, "event", backup->event);
	json_text(json, "hash", backup->hash);
	json_time(json, "made", backup->made);
	json_number(json, "files", (int64_t)backup->files);
	json_number(json, "bytes", (int64_t)backup->bytes);
	json_close(json, '}');
	json_close(json, '}');
	out_text(&cli->out, "\n");
}

static int
print_backup(void *arg, const struct remint_backup *backup)
{
	struct cli *cli = arg;

	if (cli->json) {
		backup_json(cli, "backup", backup);
		return 0;
	}
	out_safe(&cli->out, backup->path);
	out_format(&cli->out, ": %llu file%s, %.1f MiB, up to event %lld.\n",
	    (unsigned long long)backup->files, backup->files == 1 ? "" : "s",
	    (double)backup->bytes / 1048576, (long long)backup->event);
	return 0;
}

int
cmd_db_backup(struct cli *cli)
{
	return remint_db_backup(cli->ctx, text_of(cli, OPT_OUT), print_backup, cli) ? report_verb(cli)
										   : 0;
}

static int
print_restored(void *arg, const struct remint_backup *backup)
{
	struct cli *cli = arg;
	char made[32];

	if (cli->json) {
		backup_json(cli, "restored", backup);
		return 0;
	}
	remint_time_text(backup->made, made);
	out_safe(&cli->out, backup->path);
	out_format(&cli->out, " stands as it was at %s, with event %lld.\n", made,
	    (long long)backup->event);
	if (backup->aside) {
		out_text(&cli->out, "The home that was there is now ");
		out_safe(&cli->out, backup->aside);
		out_text(&cli->out, ".\n");
	}
	out_text(&cli->out,
	    "What was issued, approved or revoked since then is not known here: revoke again what was "
	    "revoked, publish new revocation lists, and take in with import what was issued. Serial "
	    "numbers are random and do not come twice; revocation lists go on with numbers behind all "
	    "that can have been published.\n");
	return 0;
}

int
cmd_db_restore(struct cli *cli)
{
	return remint_db_restore(cli->ctx, cli->arguments.items[0], given(cli, OPT_FORCE),
		   print_restored, cli)
		   ? report_verb(cli)
		   : 0;
}

/* ---- checkpoint ---------------------------------------------------------- */

struct handing {
	struct cli *cli;
	struct out *out;
};

static int
print_checkpoint(void *arg, const struct remint_checkpoint *checkpoint)
{
	struct handing *handing = arg;
	struct cli *cli = handing->cli;
	struct json *json = &cli->json_writer;

	if (handing->out != &cli->out || !cli->json)
		out_text(handing->out, checkpoint->text);
	if (!cli->json)
		return 0;
	document_begin(cli, NULL);
	json_open(json, "checkpoint", '{');
	json_text(json, "home", checkpoint->home);
	json_number(json, "event", checkpoint->event);
	json_text(json, "hash", checkpoint->hash);
	json_time(json, "when", checkpoint->when);
	json_text(json, "text", checkpoint->text);
	json_close(json, '}');
	json_close(json, '}');
	out_text(&cli->out, "\n");
	return 0;
}

/* The file is begun first: where it cannot be made, nothing is recorded. */
int
cmd_db_checkpoint(struct cli *cli)
{
	const char *path = text_of(cli, OPT_OUT);
	struct out file;
	struct handing handing = { cli, path ? &file : &cli->out };

	if (path)
		out_open(&file);
	if (path && file_begin(cli, &file, path))
		return -1;
	if (remint_db_checkpoint(cli->ctx, print_checkpoint, &handing)) {
		if (path)
			out_abandon(&file);
		return report_verb(cli);
	}
	if (path && file_close(cli, &file, path))
		return -1;
	return 0;
}
