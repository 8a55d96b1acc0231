/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.c - the context behind remint.h: callbacks, passphrases asked once, failures published, warnings and progress.
 *
 * It does no work of its own; every verb begins and ends here.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct remint *remint_new(void)
{
	struct remint *ctx = calloc(1, sizeof *ctx);

	if (!ctx)
		return NULL;
	ctx->jobs = 1;
	ctx->policies = rmt_policy_store_new(NULL);
	if (!ctx->policies) {
		free(ctx);
		return NULL;
	}
	rmt_verb_end(ctx, 0);
	return ctx;
}

void remint_free(struct remint *ctx)
{
	if (!ctx)
		return;
	for (unsigned i = 0; i < ctx->read_secret_count; i++)
		rmt_secret_free(ctx->read_secrets[i]);
	rmt_secret_free(ctx->ca_secret);
	rmt_secret_free(ctx->out_secret);
	rmt_policy_store_free(ctx->policies);
	free(ctx->home);
	free(ctx);
}

/* ---- classes ------------------------------------------------------------------------------------------------------ */

enum remint_class rmt_verb_class(enum rmt_class class)
{
	return (enum remint_class)class; /* the two lists are one; see the assertions below */
}
_Static_assert((int)RMT_NEGATIVE == (int)REMINT_CLASS_NEGATIVE, "classes in one order");
_Static_assert((int)RMT_SECRET == (int)REMINT_CLASS_SECRET, "classes in one order");
_Static_assert((int)RMT_INTERNAL == (int)REMINT_CLASS_INTERNAL, "classes in one order");
_Static_assert((int)RMT_SEVERITY_ERROR == (int)REMINT_ERROR, "severities in one order");

const char *remint_class_name(enum remint_class class)
{
	return rmt_class_name((enum rmt_class)class);
}

int remint_class_status(enum remint_class class)
{
	static const int status[] = {
	    [REMINT_CLASS_NONE] = 0,    [REMINT_CLASS_NEGATIVE] = 1, [REMINT_CLASS_USAGE] = 2,
	    [REMINT_CLASS_INPUT] = 3,   [REMINT_CLASS_POLICY] = 4,   [REMINT_CLASS_NETWORK] = 5,
	    [REMINT_CLASS_DATABASE] = 6, [REMINT_CLASS_SECRET] = 7,  [REMINT_CLASS_INTERNAL] = 70,
	};

	return (size_t)class < sizeof status / sizeof *status ? status[class] : 70;
}

const char *remint_severity_name(enum remint_severity severity)
{
	return rmt_severity_name((enum rmt_severity)severity);
}

const char *remint_decision_name(enum remint_decision decision)
{
	static const char *const names[] = {"taken", "dropped", "changed", "added", "kept"};

	return (size_t)decision < sizeof names / sizeof *names ? names[decision] : "";
}

/* ---- begin, end, failures ------------------------------------------------------------------------------------------- */

void rmt_verb_begin(struct remint *ctx)
{
	rmt_err_clear(&ctx->err);
	rmt_err_memory_forget();
	ctx->faults = 0;
}

static struct remint_fault fault_of(const struct rmt_err *err)
{
	return (struct remint_fault){.fault_class = rmt_verb_class(err->class),
	                             .source = err->source,
	                             .place = err->place,
	                             .message = err->message,
	                             .citation = err->citation};
}

int rmt_verb_end(struct remint *ctx, int rc)
{
	if (rmt_err_memory_noted()) { /* what was told may lack something */
		rmt_err_memory(&ctx->err);
		rc = -1;
	}
	if (rc && ctx->err.class == RMT_NONE)
		rmt_err_set(&ctx->err, RMT_USAGE, NULL, "stopped by the caller");
	if (!rc)
		rmt_err_clear(&ctx->err);
	ctx->failure = fault_of(&ctx->err);
	return rc ? -1 : 0;
}

const struct remint_fault *remint_failure(const struct remint *ctx)
{
	return &ctx->failure;
}

int rmt_verb_fault(struct remint *ctx, const struct rmt_err *err)
{
	struct remint_fault fault = fault_of(err);

	ctx->faults++;
	return ctx->fault ? ctx->fault(ctx->fault_arg, &fault) : 0;
}

void rmt_verb_warn(struct remint *ctx, const char *format, ...)
{
	char sentence[1024];
	va_list args;

	if (!ctx->warning)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	ctx->warning(ctx->warning_arg, sentence);
}

void rmt_verb_progress(struct remint *ctx, uint64_t done, uint64_t total)
{
	if (ctx->progress)
		ctx->progress(ctx->progress_arg, done, total);
}

rmt_time rmt_verb_now(const struct remint *ctx)
{
	return ctx->fixed_now ? ctx->fixed_now : rmt_clock_now();
}

/* ---- setters -------------------------------------------------------------------------------------------------------- */

void remint_set_password(struct remint *ctx, remint_password_fn *ask, void *arg)
{
	ctx->password = ask;
	ctx->password_arg = arg;
}

void remint_set_progress(struct remint *ctx, remint_progress_fn *show, void *arg)
{
	ctx->progress = show;
	ctx->progress_arg = arg;
}

void remint_set_warning(struct remint *ctx, remint_warning_fn *warn, void *arg)
{
	ctx->warning = warn;
	ctx->warning_arg = arg;
}

void remint_set_fault(struct remint *ctx, remint_fault_fn *fault, void *arg)
{
	ctx->fault = fault;
	ctx->fault_arg = arg;
}

void remint_set_jobs(struct remint *ctx, unsigned jobs)
{
	ctx->jobs = jobs < 1 ? 1 : jobs > 64 ? 64 : jobs;
}

void remint_set_max_iterations(struct remint *ctx, uint64_t iterations)
{
	ctx->max_iterations = iterations;
}

void remint_set_clock(struct remint *ctx, int64_t now)
{
	ctx->fixed_now = now;
}

int remint_set_home(struct remint *ctx, const char *directory)
{
	char *copy, *policies;
	int rc = -1;

	rmt_verb_begin(ctx);
	copy = rmt_strdup(directory, &ctx->err);
	policies = rmt_path_join(directory, "templates", &ctx->err);
	if (copy && policies && rmt_policy_store_add(ctx->policies, policies, &ctx->err) == 0) {
		free(ctx->home);
		ctx->home = copy;
		copy = NULL;
		rc = 0;
	}
	free(copy);
	free(policies);
	return rmt_verb_end(ctx, rc);
}

int remint_add_policies(struct remint *ctx, const char *directory)
{
	rmt_verb_begin(ctx);
	return rmt_verb_end(ctx, rmt_policy_store_add(ctx->policies, directory, &ctx->err));
}

/* ---- text ------------------------------------------------------------------------------------------------------------- */

char *remint_safe_text(const char *text, size_t length)
{
	struct rmt_buf out = {0};

	rmt_safe_text(rmt_span_of(text, length), &out);
	return rmt_buf_take(&out);
}

void remint_text_free(char *text)
{
	free(text);
}

int remint_read_secret(struct remint *ctx, const char *path, int fd, char *out, size_t size)
{
	struct rmt_secret *secret;
	int length = -1;

	rmt_verb_begin(ctx);
	secret = path ? rmt_secret_read_file(path, &ctx->err) : rmt_secret_read_fd(fd, &ctx->err);
	if (secret && rmt_secret_length(secret) > size)
		rmt_err_set(&ctx->err, RMT_SECRET, NULL, "the passphrase is longer than %zu bytes", size);
	else if (secret)
		memcpy(out, rmt_secret_text(secret), (size_t)(length = (int)rmt_secret_length(secret)));
	rmt_secret_free(secret);
	rmt_verb_end(ctx, length < 0 ? -1 : 0);
	return length;
}

void remint_wipe(void *bytes, size_t length)
{
	rmt_wipe(bytes, length);
}

void remint_harden_process(void)
{
	rmt_process_harden();
}

/* An option's value is the caller's wording, not an input. */
static int parsed(struct remint *ctx, int rc)
{
	if (rc)
		ctx->err.class = RMT_USAGE;
	return rmt_verb_end(ctx, rc);
}

int remint_parse_duration(struct remint *ctx, const char *text, int64_t *seconds)
{
	rmt_verb_begin(ctx);
	return parsed(ctx, rmt_quantity_duration(text, seconds, &ctx->err));
}

int remint_parse_time(struct remint *ctx, const char *text, int64_t *time)
{
	rmt_verb_begin(ctx);
	return parsed(ctx, rmt_time_parse(text, time, &ctx->err));
}

void remint_time_text(int64_t time, char out[32])
{
	rmt_time_text(time, out);
}

/* ---- passphrases -------------------------------------------------------------------------------------------------------- */

struct rmt_secret *rmt_verb_ask(struct remint *ctx, enum remint_secret_use use, const char *what, unsigned attempt,
                                struct rmt_err *err)
{
	char typed[4096];
	struct rmt_secret *secret = NULL;
	int length;

	if (!ctx->password)
		return NULL;
	length = ctx->password(ctx->password_arg, use, what, attempt, typed, sizeof typed);
	if (length >= 0 && (size_t)length <= sizeof typed)
		secret = rmt_secret_new(typed, (size_t)length, err);
	rmt_wipe(typed, sizeof typed);
	return secret;
}

static const struct rmt_secret *read_secret(void *arg, const char *source, const char *what, unsigned n)
{
	struct remint *ctx = *(struct remint **)arg;
	struct rmt_secret *secret;

	(void)source;
	if (n < ctx->read_secret_count)
		return ctx->read_secrets[n];
	if (n >= RMT_SECRETS_MAX)
		return NULL;
	secret = rmt_verb_ask(ctx, REMINT_SECRET_READ, what, n, NULL);
	if (secret)
		ctx->read_secrets[ctx->read_secret_count++] = secret;
	return secret;
}

static int reader_fault(void *arg, const struct rmt_err *err)
{
	return rmt_verb_fault(*(struct remint **)arg, err);
}

struct rmt_reader rmt_verb_reader(struct remint *ctx)
{
	return (struct rmt_reader){.passphrase = read_secret,
	                           .fault = reader_fault,
	                           .mode = RMT_TOLERANT,
	                           .max_iterations = ctx->max_iterations,
	                           .given = ctx->read_secret_count};
}

const struct rmt_secret *rmt_verb_ca_secret(struct remint *ctx, const char *what, bool confirm, struct rmt_err *err)
{
	struct rmt_secret *again;
	bool same;

	if (ctx->ca_secret)
		return ctx->ca_secret;
	ctx->ca_secret = rmt_verb_ask(ctx, REMINT_SECRET_CA, what, 0, err);
	if (!ctx->ca_secret) {
		rmt_err_set(err, RMT_SECRET, NULL,
		            "the CA key needs its passphrase (%s): give --ca-password-file or --ca-password-fd", what);
		return NULL;
	}
	if (!confirm)
		return ctx->ca_secret;
	if (rmt_secret_length(ctx->ca_secret) == 0) {
		rmt_err_set(err, RMT_SECRET, NULL, "the new passphrase is empty, which protects nothing");
		goto refuse;
	}
	again = rmt_verb_ask(ctx, REMINT_SECRET_CA, what, 1, err);
	same = again && rmt_secret_length(again) == rmt_secret_length(ctx->ca_secret) &&
	       memcmp(rmt_secret_text(again), rmt_secret_text(ctx->ca_secret), rmt_secret_length(again)) == 0;
	rmt_secret_free(again);
	if (same)
		return ctx->ca_secret;
	rmt_err_set(err, RMT_SECRET, NULL, "the two passphrases differ");
refuse:
	rmt_secret_free(ctx->ca_secret);
	ctx->ca_secret = NULL;
	return NULL;
}

const struct rmt_secret *rmt_verb_out_secret(struct remint *ctx, const char *what, struct rmt_err *err)
{
	if (ctx->out_secret)
		return ctx->out_secret;
	ctx->out_secret = rmt_verb_ask(ctx, REMINT_SECRET_OUT, what, 0, err);
	if (ctx->out_secret && rmt_secret_length(ctx->out_secret) == 0)
		rmt_verb_warn(ctx, "the passphrase for %s is empty, which protects nothing: whoever has the file has what is in it", what);
	if (!ctx->out_secret)
		rmt_err_set(err, RMT_SECRET, NULL,
		            "a passphrase is needed to protect %s: give --out-password-file or --out-password-fd", what);
	return ctx->out_secret;
}
