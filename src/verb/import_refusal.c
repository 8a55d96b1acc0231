/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_refusal.c - what an import did not take over, told and counted by reason; and the account of each source.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* A fault is told each time, with its place; of what is none the first is told, and how it stands with all of them. */
static const struct {
	const char *reason;
	bool fault;
	enum rmt_class class;
} reasons[] = {
    [RMT_UNTAKEN_UNREADABLE] = {"cannot be read", true, RMT_INPUT},
    [RMT_UNTAKEN_OUTSIDE] = {"a link that leads out of its directory", true, RMT_INPUT},
    [RMT_UNTAKEN_ROW] = {"a row that cannot be understood", true, RMT_INPUT},
    [RMT_UNTAKEN_SIGNATURE] = {"not signed by the CA that it names", true, RMT_INPUT},
    [RMT_UNTAKEN_SERIAL] = {"its serial number is another certificate's of its CA: recorded as foreign", true, RMT_POLICY},
    [RMT_UNTAKEN_AUTHORITY] = {"a CA that may not issue here: recorded as foreign", true, RMT_POLICY},
    [RMT_UNTAKEN_LOCKED] = {"a private key that stays locked", true, RMT_SECRET},
    [RMT_UNTAKEN_WEAK] = {"a private key that is not sound", true, RMT_SECRET},
    [RMT_UNTAKEN_LIST] = {"a revocation list that is not its CA's own, or indirect", true, RMT_INPUT},
    [RMT_UNTAKEN_REVOCATION] = {"a revocation of which the CA is not known", true, RMT_INPUT},
    [RMT_UNTAKEN_STRANGER] = {"a revocation list of a CA that is neither here nor in the home", false, RMT_INPUT},
    [RMT_UNTAKEN_LISTED] = {"listed without its certificate", false, RMT_INPUT},
    [RMT_UNTAKEN_DOUBT] = {"the part of a revocation that cannot be understood: it is revoked all the same", false, RMT_INPUT},
    [RMT_UNTAKEN_UNVERIFIED] = {"the signature of a certificate that nobody here can verify: it is taken all the same", false, RMT_INPUT},
    [RMT_UNTAKEN_UNVERIFIED_LIST] = {"the signature of a revocation list that nobody here can verify: what is in it is revoked all the same", false, RMT_INPUT},
    [RMT_UNTAKEN_UNSOUND] = {"the key of a certificate that is not sound: it is taken all the same", false, RMT_SECRET},
    [RMT_UNTAKEN_DATABASE] = {"a database within a directory", false, RMT_INPUT},
    [RMT_UNTAKEN_FORM] = {"of a form that is not read", false, RMT_INPUT},
    [RMT_UNTAKEN_OTHER] = {"a file of a directory in which nothing is read", false, RMT_INPUT},
    [RMT_UNTAKEN_SPARE_KEY] = {"a private key of no certificate that is here", false, RMT_INPUT},
};

static int tell(struct rmt_import *run, enum rmt_import_reason reason, struct rmt_err *fault)
{
	bool first = run->source->untaken[reason]++ == 0;

	if (!fault->source[0])
		rmt_err_source(fault, run->source->path);
	if (reasons[reason].fault)
		return rmt_verb_fault(run->ctx, fault);
	if (first)
		rmt_verb_warn(run->ctx, "%s%s%s: %s", fault->source, fault->place[0] ? ": " : "", fault->place, fault->message);
	return 0;
}

int rmt_import_refuse(struct rmt_import *run, enum rmt_import_reason reason, const char *source, const char *place, const char *format, ...)
{
	struct rmt_err fault = {0};
	char message[sizeof fault.message];
	va_list values;

	va_start(values, format);
	vsnprintf(message, sizeof message, format, values);
	va_end(values);
	rmt_err_set(&fault, reasons[reason].class, place ? place : run->place, "%s", message);
	if (source)
		rmt_err_source(&fault, source);
	return tell(run, reason, &fault);
}

int rmt_import_unverified(struct rmt_import *run, enum rmt_import_reason reason, const char *source, const char *what, const struct rmt_err *why, struct rmt_err *err)
{
	int new = reason == RMT_UNTAKEN_UNVERIFIED ? rmt_import_note(run, 'W', rmt_span_text(why->message), NULL, err) : 1;

	run->source->untaken[reason]++;
	if (new == 1)
		rmt_verb_warn(run->ctx, "%s: %s, but its signature cannot be verified here: %s", source ? source : run->source->path, what, why->message);
	return new < 0 ? -1 : 0;
}

int rmt_import_refuse_err(struct rmt_import *run, enum rmt_import_reason reason, struct rmt_err *fault, struct rmt_err *err)
{
	if (fault->class == RMT_INTERNAL || fault->class == RMT_DATABASE) {
		*err = *fault;
		return -1;
	}
	return tell(run, reason, fault);
}

/* ---- the account ------------------------------------------------------------------------------------------------------------ */

static const char *state_name(enum rmt_authority_state state)
{
	static const char *const names[] = {"pending", "active", "retired", "foreign"};

	return (size_t)state < sizeof names / sizeof *names ? names[state] : "";
}

/* The CAs that some source holds. */
static int tell_cas(struct rmt_import *run, struct remint_imported *told, struct rmt_err *err)
{
	struct remint_imported_ca *list = rmt_arena_take(&run->arena, (run->ca_count + 1) * sizeof *list);
	size_t count = 0;

	for (size_t i = 0; list && i < run->ca_count; i++) {
		const struct rmt_import_ca *ca = &run->cas[i];

		if (ca->source == SIZE_MAX && !ca->number)
			continue;
		list[count++] = (struct remint_imported_ca){.name = ca->name,
		                                            .subject = rmt_arena_name(&run->arena, ca->cert->subject),
		                                            .sha256 = rmt_arena_hex(&run->arena, rmt_span_of(ca->sha256, RMT_SHA256)),
		                                            .state = state_name(ca->state),
		                                            .issues = ca->issues && ca->state == RMT_AUTHORITY_ACTIVE,
		                                            .added = ca->added,
		                                            .crl_number = ca->number};
	}
	told->cas = list;
	told->ca_count = count;
	return run->arena.failed ? rmt_err_memory(err) : 0;
}

int rmt_import_tell(struct rmt_import *run, remint_imported_fn *imported, void *arg, struct rmt_err *err)
{
	struct remint_refusal refusals[RMT_UNTAKEN_REASONS];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < run->source_count; i++) {
		struct rmt_import_source *source = &run->sources[i];

		rmt_arena_reset(&run->arena);
		source->told.refusals = refusals;
		source->told.refusal_count = 0;
		for (size_t k = 0; k < RMT_UNTAKEN_REASONS; k++)
			if (source->untaken[k])
				refusals[source->told.refusal_count++] =
				    (struct remint_refusal){reasons[k].reason, source->untaken[k], reasons[k].fault};
		if (i + 1 == run->source_count)
			rc = tell_cas(run, &source->told, err);
		if (rc == 0 && imported)
			rc = imported(arg, &source->told);
	}
	return rc;
}
