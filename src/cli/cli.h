/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cli.h - what the files of the command share: the table of commands, the options given, the
 * output stream, text, table, CSV and JSON writers, passphrases and the exit status.
 *
 * The command knows remint.h and nothing below it. Data goes to standard output through `struct
 * out`, messages to standard error through the report functions; no other file writes to either.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "remint.h"

struct cli;

/* ---- options (option.c, option_table.c) ---------------------------------- */

/* One name for each option of any verb; the rows are in option_table.c. */
enum option_id {
	OPT_NONE, /* ends a verb's list */
	OPT_HELP,
	OPT_HOME,
	OPT_JSON,
	OPT_QUIET,
	OPT_JOBS,
	OPT_POLICIES,
	OPT_PASSWORD_FILE,
	OPT_PASSWORD_FD,
	OPT_CA_PASSWORD_FILE,
	OPT_CA_PASSWORD_FD,
	OPT_OUT_PASSWORD_FILE,
	OPT_OUT_PASSWORD_FD,
	OPT_MAX_ITERATIONS,
	OPT_FOR,
	OPT_TEMPLATE,
	OPT_CA,
	OPT_CN,
	OPT_SUBJECT,
	OPT_DNS,
	OPT_IP,
	OPT_EMAIL,
	OPT_URI,
	OPT_UPN,
	OPT_DAYS,
	OPT_VALIDITY,
	OPT_NOT_AFTER,
	OPT_KEY_TYPE,
	OPT_KEY,
	OPT_KEEP_KEY,
	OPT_REQUEST,
	OPT_OUT,
	OPT_FORCE,
	OPT_DRY_RUN,
	OPT_CSV,
	OPT_STRICT,
	OPT_NO_KEYS,
	OPT_NO_PEM,
	OPT_CHAIN,
	OPT_TRUST,
	OPT_NAME,
	OPT_AT,
	OPT_FAIL_ON,
	OPT_LINTS,
	OPT_TO,
	OPT_PROFILE,
	OPT_WITH_ROOT,
	OPT_NO_CHAIN,
	OPT_NO_KEY,
	OPT_SELECT,
	OPT_CRLF,
	OPT_WIDTH,
	OPT_FRIENDLY_NAME,
	OPT_CONTENT,
	OPT_ALL,
	OPT_ORDER,
	OPT_SEPARATOR,
	OPT_CHARSET,
	OPT_NO_FINAL_NEWLINE,
	OPT_CIPHER,
	OPT_KDF,
	OPT_SPLIT,
	OPT_FILE_NAME,
	OPT_FROM,
	OPT_KIND, /* import: --from with a kind */
	OPT_TOPOLOGY,
	OPT_SERVER,
	OPT_DIGEST,
	OPT_ROOT_SUBJECT,
	OPT_ISSUING_SUBJECT,
	OPT_ROOT_KEY,
	OPT_ISSUING_KEY,
	OPT_ROOT_VALIDITY,
	OPT_ISSUING_VALIDITY,
	OPT_PUBLISH_URL,
	OPT_NO_PASSWORD,
	OPT_OFFLINE_ROOT,
	OPT_NO_ISSUING,
	OPT_NO_ROOT,
	OPT_SERIAL,
	OPT_TARGET,
	OPT_STATUS,
	OPT_EXPIRES_BEFORE,
	OPT_EXPIRES_AFTER,
	OPT_LIMIT,
	OPT_AFTER,
	OPT_CS_CLIENTS,
	OPT_USER,
	OPT_DEVICE,
	OPT_REASON,
	OPT_COMMIT,
	OPT_TIMEOUT,
	OPT_AS,
	OPT_LISTEN,
	OPT_CERT,
	OPT_CONNECTIONS,
	OPT_ONCE,
	OPT_SECONDS,
	OPT_SNI,
	OPT_CONNECT,
	OPT_PARALLEL,
	OPT_LIST,
	OPT_CLIENT_CERT,
	OPT_DATABASE,
	OPT_SIGNER,
	OPT_ACT_ON,
	OPT_CAMPAIGN,
	OPT_CLOSE,
	OPT_CRL,
	OPT_CONFIRMED_BY,
	OPT_HTML,
	OPT_HOLD,
	OPT_PENDING, /* list: a switch */
	OPT_ANSWERS, /* sign: --pending with a number */
	OPT_NO_PENDING,
	OPT_WHY,
	OPT_ON_DEVICE,
	OPT_CA_TEMPLATE,
	OPT_NO_RECORD,
	OPT_ANYWAY,
	OPT_AUTHORITY,
	OPT_RELEASE,
	OPT_INVALIDITY_DATE,
	OPT_DELTA,
	OPT_NEXT_UPDATE,
	OPT_CRL_SHARDS,
	OPT_CRL_DELTAS,
	OPT_SAME_NAME,
	OPT_CROSS,
	OPT_ROTATION_STATUS, /* ca rotate: a switch */
	OPT_PARENT,
	OPT_DEFAULT,
	OPT_PLACE,
	OPT_OPERATOR,
	OPT_WITNESS,
	OPT_VERIFY,
	OPT_QUICK,
	OPT_AGAINST,
	OPT_TABLE,
	OPT_OWN_KEY,
	OPT_OCSP_URL,
	OPT_NAGIOS,
	OPT_WARN_DAYS,
	OPT_CRITICAL_DAYS,
	OPT_EXPIRED_DAYS,
	OPT_CA_DAYS,
	OPT_MARGIN,
	OPT_PENDING_DAYS,
	OPT_BACKUP_DAYS,
	OPT_CHECKPOINT_DAYS,
	OPT_NAMES,
	OPT_SYSTEMD,
	OPT_CRON,
	OPT_PUBLISH,
	OPT_BACKUPS,
	OPT_RUN_AS,
	OPT_COUNT
};

/* What a value is: how it is checked where it is read, and how a shell completes it. */
enum takes {
	TAKES_NOTHING,
	TAKES_FILE,
	TAKES_DIRECTORY,
	TAKES_TEXT,
	TAKES_COUNT,
	TAKES_DURATION,
	TAKES_TIME,
	TAKES_TARGET,
	TAKES_TEMPLATE,
	TAKES_CHOICE, /* one of `choices` */
	TAKES_NAME,   /* a subjectAltName; `choices` is its prefix */
	TAKES_VERB,
};

struct option {
	const char *name; /* without dashes */
	char letter;      /* or 0 */
	bool many;        /* may be given again */
	enum takes takes;
	const char *value;   /* what it takes, for people: "DIR" */
	const char *choices; /* words parted by a space */
	const char *help;
};
extern const struct option option_table[OPT_COUNT];

/* An option as one verb takes it; value and help are the table's when NULL. */
struct option_use {
	enum option_id id;
	const char *value, *help;
};

/* A growing list of strings of its own. list_add() keeps a copy of prefix and text; -1: no memory.
 */
struct list {
	char **items;
	size_t count, capacity;
};
int list_add(struct list *list, const char *prefix, const char *text);
void list_free(struct list *list);
struct remint_strings list_strings(const struct list *list);

/* The first of `words` (ended by NULL) that is few slips away from `word`, or NULL. */
const char *nearest(const char *word, const char *const *words);

/* ---- commands (command.c) ------------------------------------------------ */

struct example {
	const char *text, *command;
};

struct command {
	const char *name;                 /* "issue", "ca sign" */
	const char *task;                 /* heading in the overview; NULL: as the command above */
	const char *summary;              /* one line */
	const char *arguments;            /* "FILE..." */
	int least, most;                  /* arguments; most -1: any number */
	enum takes takes;                 /* arguments, for completion */
	const char *choices;              /* of the arguments, when takes is TAKES_CHOICE */
	const struct option_use *options; /* ended by OPT_NONE; the global ones come on top */
	const char *text;                 /* paragraphs for help, or NULL */
	const char *exits;                /* statuses beside 0, 2 and 70: "137" */
	const struct example *examples;   /* ended by a NULL command */
	int (*run)(struct cli *cli);      /* NULL: a group whose members follow it */
};
extern const struct command command_table[]; /* ended by a NULL name */
extern const struct option_use global_options[];
/* The command by its whole name ("ca sign"), or NULL. */
const struct command *command_named(const char *name);
/* True when `command` is a member of the group `group`. */
bool command_in(const struct command *command, const struct command *group);
/* The row of `id` among the command's and the global options, or NULL. */
const struct option_use *command_option(const struct command *command, enum option_id id);

/* ---- output (out.c) ------------------------------------------------------ */

/* Standard output, or the file that takes its place. Nothing written in the hold state has left the
 * process yet, so that a verb that fails can still take it back. */
struct out {
	int fd;
	char *bytes;
	size_t used, capacity;
	bool hold;  /* keep up to HOLD_MAX instead of writing */
	bool left;  /* some bytes have been written */
	int failed; /* errno of the first failure; EPIPE: nobody reads */
	bool terminal, colour;
	int width;              /* columns that text is laid out for */
	char *path, *temporary; /* of a file */
	bool force;
	bool secret; /* the file is for its owner alone, else as the umask leaves it */
	void (*wipe)(void *arg); /* called before bytes leave: takes a progress line off the terminal */
	void *wipe_arg;
};
void out_open(struct out *out);
void out_umask(void); /* note that of the caller, before the process is hardened */
/* Write into `path` instead: a temporary file beside it, renamed by out_close(). 0, or -1 with
 * errno. */
int out_redirect(struct out *out, const char *path, bool force);
/* The same as --out and --force of the call have it; says why it cannot be. */
int file_begin(struct cli *cli, struct out *out, const char *path);
int file_close(struct cli *cli, struct out *out, const char *path); /* out_close(); says why it is not there */
void out_bytes(struct out *out, const void *bytes, size_t length);
void out_text(struct out *out, const char *text);
void out_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_safe(struct out *out, const char *text); /* through remint_safe_text() */
void out_plain(struct out *out,
    const char *text); /* the same, but a backslash stays single: text of ours that quotes others */
void out_spaces(struct out *out, size_t count);
void out_flush(struct out *out);
void out_discard(struct out *out); /* what is held */
void out_abandon(struct out *out); /* close, but the file does not appear */
int out_close(struct out *out);    /* 0, or -1 with out->failed set */
/* Room for `size` more bytes in one piece; NULL when the stream has failed. What is filled in is
 * claimed by `out->used +=`. */
char *out_room(struct out *out, size_t size);

/* Colours by their use; nothing without out->colour. */
enum style { STYLE_NONE, STYLE_STRONG, STYLE_FAINT, STYLE_GOOD, STYLE_WARNING, STYLE_BAD };
void out_style(struct out *out, enum style style);

/* ---- laid-out text (table.c) --------------------------------------------- */

/* Columns that text takes on a terminal, control characters counted as nothing (it must be safe
 * already). */
size_t text_columns(const char *text);
const char *plural(uint64_t count, const char *one, const char *many);
/* Safe text in lines of out->width, each but the first begun with `indent` spaces; `column` is
 * where the first begins. */
void out_wrap(struct out *out, const char *text, size_t column, size_t indent);
/* "  label      text", wrapped; nothing when text is NULL or empty. */
void out_field(struct out *out, size_t indent, const char *label, const char *text);
void
out_labelled(struct out *out, size_t indent, size_t width, const char *label, const char *text);
/* The same for names, which have a backslash before what they escape: it is not doubled again. */
void out_escaped(struct out *out, size_t indent, size_t width, const char *label, const char *text);
/* Such a text made safe; freed with remint_text_free(). NULL when memory is out. */
char *escaped_text(const char *text);
enum { LABEL_WIDTH = 12 };

/* A table with aligned columns. Cells are copied; rows wait until widths are known. */
struct table;
struct table *table_new(struct out *out, const char *const *headings, size_t columns);
void table_cell(struct table *table, const char *text, enum style style); /* row after row */
void table_free(struct table *table);                                     /* prints what waits */

/* ---- CSV (csv.c): RFC 4180, cells that a spreadsheet would compute are disarmed ---- */

void csv_cell(struct out *out, bool first, const char *text);
void csv_number(struct out *out, bool first, int64_t number);
void csv_end(struct out *out);
void csv_rest(struct out *out, const char *const *cells, size_t count); /* to the end of the row */
void csv_row(struct out *out, const char *const *cells, size_t count);

/* ---- JSON (json.c): straight into the stream, always valid UTF-8 --------- */

struct json {
	struct out *out;
	bool some; /* something stands before in the open object or array: a comma is due */
};
void json_open(
    struct json *json, const char *key, char bracket); /* '{' or '['; key NULL inside an array */
void json_close(struct json *json, char bracket);      /* '}' or ']' */
void json_text(struct json *json, const char *key, const char *text); /* left out when NULL */
void json_bytes(struct json *json, const char *key, const char *bytes,
    size_t length); /* left out when NULL; up to a NUL */
void json_number(struct json *json, const char *key, int64_t number);
void json_bool(struct json *json, const char *key, bool value);
void json_time(struct json *json, const char *key, int64_t time); /* RFC 3339; left out when 0 */
void json_strings(struct json *json, const char *key, struct remint_strings strings);
void json_words(struct json *json, const char *key,
    const char *words); /* an array of the words between commas */

/* ---- the run ------------------------------------------------------------- */

struct secrets;

struct cli {
	struct remint *ctx;
	const struct command *command;
	struct list given[OPT_COUNT]; /* values by option; a switch given has count 1 */
	struct list names;            /* --dns, --ip... in the order given, with their prefixes */
	struct list arguments;
	char *home;                   /* the CA's home as it was named, or NULL */
	const char *usual_home; /* $HOME when the CA's home is the usual place in it */
	struct secrets *secrets;
	struct out out;
	struct json json_writer;
	struct list errors; /* JSON objects of faults, for the end of the document */
	size_t errors_lost;
	bool json, csv, quiet, document;
	int status;   /* worst so far, by the order of report_status() */
	bool stopped; /* the reader of our output went away */
	bool progress_shown, err_terminal;
	int64_t progress_last;
};

/* Parse what follows the program's name; on a mistake says so and returns -1. `verb` takes the
 * words of the command. */
int options_parse(struct cli *cli, int argc, char **argv);
bool given(const struct cli *cli, enum option_id id);
const char *text_of(const struct cli *cli, enum option_id id); /* NULL when not given */
struct remint_strings list_of(const struct cli *cli, enum option_id id);
/* Strict readers; 0 when not given. They report what is wrong. */
int count_of(struct cli *cli, enum option_id id, int64_t least, int64_t most, int64_t *number);
int duration_of(struct cli *cli, enum option_id id, int64_t *seconds);
int time_of(struct cli *cli, enum option_id id, int64_t *time);
/* The sets that several verbs share. */
int validity_of(
    struct cli *cli, int64_t *validity, int64_t *not_after); /* --days --validity --not-after */
int subject_of(struct cli *cli, char **subject); /* --cn or --subject; freed with free() */
struct remint_out out_of(const struct cli *cli); /* --out --force --out-password-* */
int wire_of(struct cli *cli,
    struct remint_wire *wire); /* --sni --connect --timeout --parallel --list (wire.c) */
/* A descriptor that becomes readable with SIGINT, SIGTERM or SIGHUP (stop.c); -1 after a report. */
int stop_by_signal(struct cli *cli);
/* Lines of verbs that run until they are stopped (event.c): written at once; a callback's answer as of keep_going(). */
int line_end(struct cli *cli);
struct json *event_begin(struct cli *cli, const char *event); /* {"schema", "event", "time", ... what the verb adds */
int event_end(struct cli *cli);
int inputs_needed(struct cli *cli); /* an argument, or a list of them; -1 after a report (wire.c) */

/* ---- reporting (report.c) ------------------------------------------------ */

void
report_status(struct cli *cli, int status); /* keeps the first in the order 70 6 7 4 5 3 2 1 0 */
/* A mistake in the call: one line and a pointer to help, status 2. Returns -1. */
int report_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A failure of our own (output). Returns -1. */
int report_failure(struct cli *cli, enum remint_class fault_class, const char *source,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Why the verb just failed, in the library's words. */
const char *failure_words(struct cli *cli);
/* Reports that. Returns -1. */
int report_verb(struct cli *cli);
/* The library's callbacks. */
int report_fault(void *arg, const struct remint_fault *fault);
void report_warning(void *arg, const char *sentence);
void report_progress(void *arg, uint64_t done, uint64_t total);
void report_wipe(void *arg); /* the progress line, when one stands there */
void report_note(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
void
report_interlude(struct cli *cli); /* wipe the progress line before something else is written */

/* A JSON document with one array: `{"schema":1,"KEY":[ ... ]`. Under --json a verb brackets its
 * work with these; without they do nothing. document_end() writes the errors when `with_errors` or
 * when there are any. */
struct json *document_begin(struct cli *cli, const char *key);
void document_end(struct cli *cli, bool with_errors);
int document_finish(struct cli *cli, int rc); /* ... after what the library said of a failure; rc */
void document_errors(struct cli *cli); /* the "errors" member alone */
/* A callback's answer: 0, or 1 when nobody reads any more and going on serves nothing. */
int keep_going(struct cli *cli);

/* ---- passphrases (password.c) -------------------------------------------- */

struct secrets *secrets_new(void);
void secrets_free(struct secrets *secrets);
/* In the order of the command line. */
int secrets_add(struct secrets *secrets, enum remint_secret_use use, bool is_fd, const char *value);
int secrets_load(struct cli *cli); /* read them all; reports what cannot be read */
int secrets_ask(void *cli, enum remint_secret_use use, const char *what, unsigned attempt,
    char *out, size_t size);

/* ---- help and completion ------------------------------------------------- */

void help_overview(struct out *out);
void help_command(struct out *out, const struct command *command);
int completion_write(struct out *out, const char *shell); /* -1: no such shell */

/* ---- what several verbs print (issued.c, finding.c, authority.c, records.c) ---- */

enum remint_severity severity_of(const struct cli *cli); /* --fail-on */
int issued_print(void *cli, const struct remint_issued *issued);
void issued_files(struct out *out, const struct remint_issued *issued);
void issued_json(struct json *json, const struct remint_issued *issued); /* its members */
int issued_end(struct cli *cli, int rc);
/* Whose findings follow, where they are others than `group` says, which is empty before the first. */
void finding_heading(struct out *out, struct list *group, const struct remint_finding *finding, bool targets);
void finding_text(struct out *out, const struct remint_finding *finding);
void finding_json(struct json *json, const struct remint_finding *finding);

/* An audit for several targets, told by finding instead of by target (verdicts.c). */
struct verdicts;
struct verdicts *verdicts_new(struct cli *cli); /* NULL: no memory */
int verdicts_target(void *verdicts, const struct remint_policy_entry *target); /* one more that judges */
size_t verdicts_targets(const struct verdicts *verdicts);
int verdicts_finding(struct verdicts *verdicts, const struct remint_finding *finding);
void verdicts_end(struct verdicts *verdicts, const struct remint_audit_summary *summary); /* summary NULL: the verb failed */
void verdicts_free(struct verdicts *verdicts);

int authority_print(void *cli, const struct remint_authority *authority);
void authority_json(struct json *json, const struct remint_authority *authority); /* its members */
void authority_text(struct out *out, const struct remint_authority *authority);

/* Certificates of the database, between a begin and an end. */
struct records {
	struct cli *cli;
	struct table *table;
	bool cs_clients; /* in the form of Get-CsClientCertificate (cs_client.c) */
	size_t count;
	int64_t last; /* id of the last one */
};
void cs_client_heading(struct cli *cli);
/* False: it is no user's certificate. */
bool cs_client_print(struct cli *cli, const struct remint_record *record, bool first);
void record_json(struct json *json, const struct remint_record *record);
struct table *records_table(struct out *out); /* and its rows */
void record_row(struct table *table, const struct remint_record *record);
void records_begin(struct records *records, struct cli *cli);
int records_print(void *records, const struct remint_record *record);
int records_end(struct records *records, int rc);

/* Pending requests, between a begin and an end (pending.c). */
struct pendings {
	struct cli *cli;
	struct table *table; /* NULL: a line for each, as it is recorded or ends */
	size_t count;
	int64_t last;
};
void pendings_begin(struct pendings *pendings, struct cli *cli, bool listing);
int pendings_print(void *pendings, const struct remint_pending *pending);
int pendings_end(struct pendings *pendings, int rc);

/* Items of a campaign, between a begin and an end (step.c). */
struct steps {
	struct cli *cli;
	size_t count, by_state[8];
	bool live_wanted; /* an item that is not live, and a place without the new certificate, is a negative answer */
};
void steps_begin(struct steps *steps, struct cli *cli);
int steps_print(void *steps, const struct remint_step *step);
int steps_end(struct steps *steps, int rc);
size_t steps_in(const struct steps *steps, const char *state); /* how many items are in it */

/* Where PEM goes: standard output, or the file that --out names (cmd_ca.c). */
struct pem_file {
	struct cli *cli;
	const char *path; /* or NULL */
	struct out file;
};
int pem_file_begin(struct pem_file *handing); /* begin the file of --out: where it cannot be made, nothing is done */
int pem_file_close(struct pem_file *handing, int rc); /* it appears when rc is 0; -1 after a report */

/* ---- verbs (cmd_*.c) ----------------------------------------------------- */

int cmd_accept(struct cli *cli);
int cmd_apply(struct cli *cli);
int cmd_approve(struct cli *cli);
int cmd_audit(struct cli *cli);
int cmd_ca_add(struct cli *cli);
int cmd_ca_ceremony(struct cli *cli);
int cmd_ca_check(struct cli *cli);
int cmd_ca_default(struct cli *cli);
int cmd_blocklist_add(struct cli *cli);
int cmd_blocklist_list(struct cli *cli);
int cmd_ca_list(struct cli *cli);
int cmd_ca_retire(struct cli *cli);
int cmd_ca_rotate(struct cli *cli);
int cmd_ca_show(struct cli *cli);
int cmd_ca_request(struct cli *cli);
int cmd_ca_sign(struct cli *cli);
int cmd_ca_install(struct cli *cli);
int cmd_ca_export(struct cli *cli);
int cmd_completion(struct cli *cli);
int cmd_convert(struct cli *cli);
int cmd_db_backup(struct cli *cli);
int cmd_db_check(struct cli *cli);
int cmd_db_checkpoint(struct cli *cli);
int cmd_db_export(struct cli *cli);
int cmd_db_restore(struct cli *cli);
int cmd_deny(struct cli *cli);
int cmd_explain(struct cli *cli);
int cmd_help(struct cli *cli);
int cmd_history(struct cli *cli);
int cmd_import(struct cli *cli);
int cmd_init(struct cli *cli);
int cmd_issue(struct cli *cli);
int cmd_lint(struct cli *cli);
int cmd_list(struct cli *cli);
int cmd_ocsp(struct cli *cli);
int cmd_peer(struct cli *cli);
int cmd_plan(struct cli *cli);
int cmd_reissue(struct cli *cli);
int cmd_rekey(struct cli *cli);
int cmd_renew(struct cli *cli);
int cmd_report(struct cli *cli);
int cmd_request(struct cli *cli);
int cmd_revoke(struct cli *cli);
int cmd_crl(struct cli *cli);
int cmd_show(struct cli *cli);
int cmd_sign(struct cli *cli);
int cmd_status(struct cli *cli);
int cmd_target_check(struct cli *cli);
int cmd_target_list(struct cli *cli);
int cmd_target_show(struct cli *cli);
int cmd_template_check(struct cli *cli);
int cmd_template_list(struct cli *cli);
int cmd_template_show(struct cli *cli);
int cmd_timer(struct cli *cli);
int cmd_verify(struct cli *cli);
int cmd_version(struct cli *cli);

#endif
