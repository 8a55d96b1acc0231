/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_timer.c - remint timer: what a CA needs regularly, as units of systemd or lines of cron.
 *
 * They are printed, or written as files; nothing is installed. Of the home is asked whether its
 * keys have a passphrase and its lists have deltas.
 *
 * To add a job: a row in `jobs`, with its name among the choices of the command's arguments
 * (command.c) and in remint-timer(1).
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const struct job {
	const char *name, *about;
	const char *arguments; /* words; "%p" is the directory to publish in, "%b" the one for backups */
	const char *calendar, *spread; /* systemd.time(7) */
	const char *cron;
	bool signs;   /* needs the passphrase of the CA's keys */
	bool reports; /* what it prints is for people, when it fails */
	enum { ALWAYS, WITHOUT_DELTAS, WITH_DELTAS } when;
} jobs[] = {
	{ "crl", "publish revocation lists", "crl --out %p", "hourly", "5min", "17 * * * *", true, false, WITHOUT_DELTAS },
	{ "crl", "publish complete revocation lists", "crl --out %p", "*-*-* 01:17:00", "5min", "17 1 * * *", true, false,
	    WITH_DELTAS },
	{ "delta", "publish what changed since the last revocation lists", "crl --delta --out %p", "*-*-* *:47:00", "5min",
	    "47 * * * *", true, false, WITH_DELTAS },
	{ "ocsp", "sign OCSP responses in advance", "ocsp --all", "*-*-* 00/6:37:00", "10min",
	    "37 */6 * * *", true, false, ALWAYS },
	{ "status", "look whether anything ends, waits or is stale", "status", "*-*-* 06:00:00", "15min",
	    "0 6 * * *", false, true, ALWAYS },
	{ "backup", "back up the home", "db backup %b", "*-*-* 02:30:00", "15min", "30 2 * * *", false, false, ALWAYS },
	{ "check", "check the whole database", "db check", "Sun *-*-* 03:30:00", "30min", "30 3 * * 0", false,
	    true, ALWAYS },
};
enum { JOBS = sizeof jobs / sizeof *jobs };

struct timing {
	struct cli *cli;
	char *program, *home, *publish, *backups, *secret; /* absolute; NULL when not given */
	const char *prefix, *user;
	bool locked, deltas; /* as the home has it */
	struct out *out;     /* of the file under way */
	struct list paths; /* of the files, that under way among them */
	size_t written;
};

/* ---- words, as each reader wants them quoted ------------------------------ */

/* systemd: in double quotes; "%" and "$" stand for something else unless doubled. */
static void
put_systemd(struct out *out, const char *word, bool command)
{
	out_text(out, "\"");
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			out_bytes(out, "\\", 1);
		if (*word == '%' || (command && *word == '$'))
			out_bytes(out, word, 1);
		out_bytes(out, word, 1);
	}
	out_text(out, "\"");
}

/* A shell behind cron, which ends the line at a bare "%". */
static void
put_cron(struct out *out, const char *word, bool command)
{
	(void)command;
	out_text(out, "'");
	for (; *word; word++)
		if (*word == '\'')
			out_text(out, "'\\''");
		else if (*word == '%')
			out_text(out, "'\\%'");
		else
			out_bytes(out, word, 1);
	out_text(out, "'");
}

static void
put_command(struct timing *timing, const struct job *job, void (*put)(struct out *, const char *, bool),
    const char *secret)
{
	struct out *out = timing->out;

	put(out, timing->program, true);
	for (const char *at = job->arguments; *at;) {
		size_t length = strcspn(at, " ");

		if (strncmp(at, "%p", length) == 0) {
			out_text(out, " ");
			put(out, timing->publish, true);
		} else if (strncmp(at, "%b", length) != 0) {
			out_text(out, " ");
			out_bytes(out, at, length);
		} else if (timing->backups) {
			out_text(out, " --out ");
			put(out, timing->backups, true);
		}
		at += length + strspn(at + length, " ");
	}
	out_text(out, " --home ");
	put(out, timing->home, true);
	if (secret) {
		out_text(out, " --ca-password-file ");
		out_text(out, secret);
	}
}

/* ---- systemd -------------------------------------------------------------- */

static void
put_paths(struct timing *timing, const struct job *job)
{
	struct out *out = timing->out;
	const char *end = strrchr(timing->home, '/');
	char parent[PATH_MAX];

	out_text(out, "ReadWritePaths=");
	put_systemd(out, timing->home, false);
	if (strstr(job->arguments, "%p")) {
		out_text(out, " ");
		put_systemd(out, timing->publish, false);
	}
	if (strstr(job->arguments, "%b")) {
		snprintf(parent, sizeof parent, "%.*s", end == timing->home ? 1 : (int)(end - timing->home), timing->home);
		out_text(out, " ");
		put_systemd(out, timing->backups ? timing->backups : parent, false); /* or beside the home */
	}
	out_text(out, "\n");
}

/* It signs, and nothing gives it the passphrase. */
static bool
lacks_secret(const struct timing *timing, const struct job *job)
{
	return job->signs && timing->locked && !timing->secret;
}

static const char lacking[] = "# It needs the passphrase of the CA's keys: --ca-password-file FILE.\n";

static bool
within(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return path && strncmp(path, directory, length) == 0 && (path[length] == '/' || !path[length]);
}

/* A /tmp of its own would hide these from the service. */
static bool
needs_tmp(const struct timing *timing)
{
	const char *const paths[] = { timing->program, timing->home, timing->publish, timing->backups };
	bool needs = false;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		needs = needs || within(paths[i], "/tmp") || within(paths[i], "/var/tmp");
	return needs;
}

static void
put_service(struct timing *timing, const struct job *job)
{
	struct out *out = timing->out;
	bool secret = job->signs && timing->secret;

	out_format(out,
	    "[Unit]\nDescription=Remint: %s\nDocumentation=man:remint-timer(1)\n\n[Service]\n%s"
	    "Type=oneshot\nExecStart=",
	    job->about, lacks_secret(timing, job) ? lacking : "");
	put_command(timing, job, put_systemd, secret ? "${CREDENTIALS_DIRECTORY}/ca.pass" : NULL);
	out_text(out, "\n");
	if (timing->user)
		out_format(out, "User=%s\n", timing->user);
	if (secret) {
		out_text(out, "LoadCredential=ca.pass:");
		for (const char *at = timing->secret; *at; at++)
			out_format(out, *at == '%' ? "%%%%" : "%c", *at);
		out_text(out, "\n");
	}
	put_paths(timing, job);
	out_text(out, needs_tmp(timing) ? "# Without PrivateTmp=yes: what it works on stands below /tmp or /var/tmp.\n" : "PrivateTmp=yes\n");
	out_text(out, "UMask=0077\nNoNewPrivileges=yes\nPrivateDevices=yes\n"
		      "PrivateNetwork=yes\nProtectSystem=strict\nProtectHome=read-only\n"
		      "ProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectControlGroups=yes\n"
		      "RestrictSUIDSGID=yes\nLockPersonality=yes\n");
}

static void
put_timer(struct timing *timing, const struct job *job)
{
	out_format(timing->out,
	    "[Unit]\nDescription=Remint: when to %s\nDocumentation=man:remint-timer(1)\n\n[Timer]\n"
	    "OnCalendar=%s\nRandomizedDelaySec=%s\nPersistent=yes\n\n[Install]\n"
	    "WantedBy=timers.target\n",
	    job->about, job->calendar, job->spread);
}

/* ---- cron ----------------------------------------------------------------- */

/* Mail is what comes out: nothing when all is well. */
static void
put_cron_line(struct timing *timing, const struct job *job)
{
	struct out *out = timing->out, word = { .fd = -1, .hold = true };
	const char *secret = NULL;

	out_format(out, "# Remint: %s\n%s%s ", job->about, lacks_secret(timing, job) ? lacking : "", job->cron);
	if (timing->user)
		out_format(out, "%s ", timing->user);
	if (job->signs && timing->secret) {
		put_cron(&word, timing->secret, true);
		out_bytes(&word, "", 1);
		secret = word.bytes;
		if (word.failed)
			out->failed = word.failed, secret = NULL;
	}
	out_text(out, job->reports ? "said=$(" : "");
	put_command(timing, job, put_cron, secret);
	out_text(out, job->reports ? " 2>&1) || echo \"$said\"\n" : " >/dev/null\n");
	free(word.bytes);
}

/* ---- files ----------------------------------------------------------------- */

/* One file of --out DIR, or a part of the standard output under its name. */
static int
put_file(struct timing *timing, const struct job *job, const char *ending,
    void (*put)(struct timing *, const struct job *))
{
	struct cli *cli = timing->cli;
	struct json *json = &cli->json_writer;
	const char *directory = text_of(cli, OPT_OUT);
	struct out file = { .fd = -1, .hold = true };
	char name[NAME_MAX], path[PATH_MAX + NAME_MAX];

	snprintf(name, sizeof name, "%s-%s%s", timing->prefix, job->name, ending);
	if (directory) {
		snprintf(path, sizeof path, "%s/%s", directory, name);
		out_open(&file);
		if (list_add(&timing->paths, path, ""))
			return report_failure(cli, REMINT_CLASS_INTERNAL, "", "memory is out");
		if (file_begin(cli, &file, path))
			return -1;
	}
	timing->out = &file;
	put(timing, job);
	if (directory && file_close(cli, &file, path))
		return -1;
	if (file.failed)
		cli->out.failed = file.failed;
	timing->written++;
	if (cli->json) {
		out_bytes(&file, "", 1);
		json_open(json, NULL, '{');
		json_text(json, "name", directory ? path : name);
		json_bool(json, "needs_passphrase", job->signs && timing->locked);
		if (!directory)
			json_text(json, "text", file.bytes);
		json_close(json, '}');
	} else if (directory) {
		out_safe(&cli->out, path);
		out_text(&cli->out, "\n");
	} else {
		if (*ending)
			out_format(&cli->out, "# %s\n", name);
		out_bytes(&cli->out, file.bytes, file.used);
		out_text(&cli->out, *ending ? "\n" : "");
	}
	if (!directory)
		free(file.bytes);
	return 0;
}

static int
put_job(struct timing *timing, const struct job *job)
{
	if (given(timing->cli, OPT_CRON))
		return put_file(timing, job, "", put_cron_line);
	return put_file(timing, job, ".service", put_service) ||
			       put_file(timing, job, ".timer", put_timer)
		   ? -1
		   : 0;
}

/* ---- the verb ---------------------------------------------------------------- */

/* A unit starts elsewhere, and lies in a file of lines. */
static int
take_path(struct cli *cli, const char *what, const char *path, char **out)
{
	*out = path ? realpath(path, NULL) : NULL;
	if (path && !*out)
		return report_failure(cli, REMINT_CLASS_INPUT, path, "%s: %s", what, strerrordesc_np(errno));
	for (const char *at = path ? *out : ""; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return report_usage(cli, "%s: a path with control characters cannot be written into a unit", what);
	return 0;
}

static bool
is_word(const char *text)
{
	return *text && *text != '-' && strlen(text) < 64 &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] == 0;
}

static int
read_options(struct timing *timing)
{
	struct cli *cli = timing->cli;

	timing->prefix = text_of(cli, OPT_NAME) ? text_of(cli, OPT_NAME) : "remint";
	timing->user = text_of(cli, OPT_RUN_AS);
	if (!is_word(timing->prefix) || (timing->user && !is_word(timing->user)))
		return report_usage(cli, "--name and --run-as take one plain word");
	if (!cli->home)
		return report_usage(cli, "no CA home: name one with --home DIR or REMINT_HOME");
	if (given(cli, OPT_CRON) && given(cli, OPT_SYSTEMD))
		return report_usage(cli, "give --systemd or --cron, not both");
	return take_path(cli, "this program", "/proc/self/exe", &timing->program) ||
			       take_path(cli, "the home", cli->home, &timing->home) ||
			       take_path(cli, "--publish", text_of(cli, OPT_PUBLISH), &timing->publish) ||
			       take_path(cli, "--backups", text_of(cli, OPT_BACKUPS), &timing->backups) ||
			       take_path(cli, "--ca-password-file", text_of(cli, OPT_CA_PASSWORD_FILE), &timing->secret)
		   ? -1
		   : 0;
}

static bool
applies(const struct timing *timing, const struct job *job)
{
	return job->when == ALWAYS || (job->when == WITH_DELTAS) == timing->deltas;
}

/* Whoever names a job gets it; else it must apply to this home. */
static const struct job *
job_named(const struct timing *timing, const char *name)
{
	const struct job *found = NULL;

	for (size_t i = 0; i < JOBS; i++)
		if (strcmp(jobs[i].name, name) == 0 && (!found || applies(timing, &jobs[i])))
			found = &jobs[i];
	return found;
}

static int
put_one(struct timing *timing, const struct job *job, struct list *lacking_jobs)
{
	struct cli *cli = timing->cli;

	if (strstr(job->arguments, "%p") && !timing->publish) {
		if (cli->arguments.count)
			return report_usage(cli, "where are the lists published? name the directory with --publish DIR");
		report_note(cli, "remint: %s is left out: name the directory to publish in with --publish DIR", job->name);
		return 0;
	}
	if (lacks_secret(timing, job) && list_add(lacking_jobs, lacking_jobs->count ? ", " : "", job->name))
		return -1;
	return put_job(timing, job);
}

static int
put_jobs(struct timing *timing)
{
	struct cli *cli = timing->cli;
	size_t count = cli->arguments.count ? cli->arguments.count : JOBS;
	struct list lacking_jobs = { 0 };
	struct out names = { .fd = -1, .hold = true };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		if (cli->arguments.count)
			rc = put_one(timing, job_named(timing, cli->arguments.items[i]), &lacking_jobs);
		else if (applies(timing, &jobs[i]))
			rc = put_one(timing, &jobs[i], &lacking_jobs);
	for (size_t i = 0; i < lacking_jobs.count; i++)
		out_text(&names, lacking_jobs.items[i]);
	out_bytes(&names, "", 1);
	if (rc == 0 && lacking_jobs.count && !names.failed)
		report_note(cli, "remint: %s: these sign, and need the passphrase of the CA's keys: name its file with --ca-password-file FILE",
		    names.bytes);
	free(names.bytes);
	list_free(&lacking_jobs);
	return rc;
}

/* All files, or none: some of the units would look like all of them. What was replaced is gone already. */
static void
withdraw(struct timing *timing)
{
	if (given(timing->cli, OPT_OUT) && !given(timing->cli, OPT_FORCE))
		for (size_t i = 0; i < timing->written; i++)
			(void)unlink(timing->paths.items[i]);
}

/* What the home needs beside the usual. */
static int
look_at(void *arg, const struct remint_authority *authority)
{
	struct timing *timing = arg;

	timing->locked |= authority->key_locked;
	timing->deltas |= authority->key_here && authority->crl_deltas;
	return 0;
}

int
cmd_timer(struct cli *cli)
{
	struct timing timing = { .cli = cli };
	const char *names[JOBS + 1] = { 0 };
	int rc;

	for (size_t i = 0; i < JOBS; i++)
		names[i] = jobs[i].name;
	for (size_t i = 0; i < cli->arguments.count; i++)
		if (!job_named(&timing, cli->arguments.items[i])) {
			const char *meant = nearest(cli->arguments.items[i], names);

			return report_usage(cli, "there is no job \"%s\"%s%s%s", cli->arguments.items[i],
			    meant ? ": did you mean " : "", meant ? meant : "", meant ? "?" : "");
		}
	rc = read_options(&timing);
	if (rc == 0 && remint_ca_list(cli->ctx, look_at, &timing))
		rc = report_verb(cli);
	if (rc == 0) {
		document_begin(cli, "files");
		rc = put_jobs(&timing);
	}
	if (rc == 0)
		document_end(cli, false);
	if (rc)
		withdraw(&timing);
	list_free(&timing.paths);
	free(timing.program);
	free(timing.home);
	free(timing.publish);
	free(timing.backups);
	free(timing.secret);
	return rc;
}
