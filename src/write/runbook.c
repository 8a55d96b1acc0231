/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/runbook.c - a runbook: what is known as comments at its head, then four sections over all certificates and targets of a
 * device: trust, installation, proof, way back.
 *
 * The words of a step come from the target's deploy block (steps.c fills them in); here is what holds for targets that say
 * nothing. The order is the point: who installs before the chain is trusted has an outage, and who does not know the way
 * back has a long one.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "write/local.h"

/* One certificate for one target. */
struct step {
	const struct rmt_runbook_part *part;
	const struct rmt_target *target;
};

/* ---- what holds where a target says nothing ---- */

static const char usual_trust[] =
    "Whoever connects must trust the root. With a public CA they do already. A private root:\n"
    "- Windows in a domain, once, as enterprise administrator (reaches every member with the next group policy update):\n"
    "    certutil -dspublish -f {root-cer} RootCA\n"
    "    certutil -dspublish -f {issuing-cer} SubCA\n"
    "- Windows in no domain, as administrator: certutil -addstore Root {root-cer}\n"
    "- Debian and Ubuntu: cp {root-pem} /usr/local/share/ca-certificates/{label}-root.crt && update-ca-certificates\n"
    "- Anything else: the list of trusted CAs that it has of its own.\n";

static const char usual_note[] =
    "Put the files in the place of the old ones, which you keep, and restart or reload what reads them.\n";

static const char usual_back[] =
    "Put the files that you kept in the place of the new ones (old serial number {old-serial}, SHA-1 {old-thumbprint}) and restart or\n"
    "reload what reads them. Take the old root and issuing CA out of no store before the campaign is closed.\n";

static int
put_trust(const struct step *step, struct rmt_buf *out, struct rmt_err *err)
{
	const char *text = step->target->deploy_trust;

	return rmt_steps_fill(text ? text : usual_trust, step->part, out, err);
}

static int
put_note(const struct step *step, struct rmt_buf *out, struct rmt_err *err)
{
	const char *text = step->target->deploy_note;

	return rmt_steps_fill(text ? text : usual_note, step->part, out, err);
}

static int
put_back(const struct step *step, struct rmt_buf *out, struct rmt_err *err)
{
	const char *text = step->target->deploy_back;

	return rmt_steps_fill(text ? text : usual_back, step->part, out, err);
}

static int
put_verdict(const struct step *step, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_bundle *bundle = step->part->bundle;
	struct rmt_buf known = { 0 };
	int rc;

	for (size_t i = 0; i < bundle->known_count; i++) {
		if (strcmp(bundle->known[i].target, step->target->name))
			continue;
		rmt_buf_format(&known, "# %s: ", bundle->known[i].rule);
		rmt_steps_fact(bundle->known[i].message, &known);
		rmt_buf_byte(&known, '\n');
	}
	rc = rmt_steps_fill(known.length ? "It must be refused for nothing but this, which was known when these files were written, on every node, with serial number {serial}:\n"
	                                 : "It must be accepted, on every node, with serial number {serial}.\n",
	                    step->part, out, err);
	rmt_buf_span(out, rmt_buf_view(&known));
	out->failed |= known.failed;
	rmt_buf_free(&known);
	return rc;
}

static int
put_proof(const struct step *step, struct rmt_buf *out, struct rmt_err *err)
{
	const char *name = rmt_steps_word(step->target->name) ? step->target->name : "<target>";
	static const char *const unknown[] = { "" };
	const char *const *addresses = step->part->address_count ? step->part->addresses : unknown;
	size_t count = step->part->address_count ? step->part->address_count : 1;

	for (size_t i = 0; i < count; i++) {
		rmt_buf_text(out, "  remint verify ");
		rmt_steps_address(addresses[i], out);
		rmt_buf_format(out, " --as %s\n", name);
	}
	return put_verdict(step, out, err);
}

/* ---- sections ---- */

static const struct section {
	const char *title;
	int (*put)(const struct step *step, struct rmt_buf *out, struct rmt_err *err);
} sections[] = {
	{ "Make the new chain trusted where it is not yet", put_trust },
	{ "Install", put_note },
	{ "See that it works", put_proof },
	{ "How to go back", put_back },
};
enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

static void
put_heading(const struct step *step, struct rmt_buf *out)
{
	struct rmt_buf label = { 0 };

	rmt_steps_fill("{label}", step->part, &label, NULL);
	rmt_buf_format(out, "[%.*s, %s]\n", (int)strcspn(rmt_buf_string(&label), "\n"), rmt_buf_string(&label),
	               rmt_steps_word(step->target->name) ? step->target->name : "target");
	rmt_buf_free(&label);
}

/* Every file is named as it is called in its own directory. */
static void
put_directory(const struct step *step, struct rmt_buf *out)
{
	const char *directory = step->part->directory, *target = step->part->apart ? step->target->name : NULL;

	if (!directory && !target)
		return;
	rmt_buf_text(out, "In the directory ");
	if (directory)
		rmt_buf_text(out, rmt_steps_word(directory) ? directory : "<directory>");
	if (target)
		rmt_buf_format(out, "%s%s", directory ? "/" : "", rmt_steps_word(target) ? target : "<target>");
	rmt_buf_text(out, ", where the files are:\n");
}

/* The words of one step, unless an earlier one of this section said the same. */
static int
put_step(const struct section *section, const struct step *steps, size_t n, bool alone, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf mine = { 0 }, earlier = { 0 };
	int rc = section->put(&steps[n], &mine, err);
	bool said = false;

	for (size_t i = 0; !rc && !said && i < n; i++) {
		rmt_buf_clear(&earlier);
		rc = section->put(&steps[i], &earlier, err);
		said = rmt_span_equal(rmt_buf_view(&mine), rmt_buf_view(&earlier));
	}
	if (!alone)
		put_heading(&steps[n], out);
	if (section->put != put_proof)
		put_directory(&steps[n], out);
	rmt_buf_text(out, said ? "As above.\n" : rmt_buf_string(&mine));
	rmt_buf_free(&mine);
	rmt_buf_free(&earlier);
	return rc ? rc : rmt_buf_check(out, err);
}

static int
put_sections(const struct step *steps, size_t count, struct rmt_buf *out, struct rmt_err *err)
{
	for (size_t s = 0; s < SECTIONS; s++) {
		rmt_buf_format(out, "\n%zu. %s\n\n", s + 1, sections[s].title);
		for (size_t i = 0; i < count; i++) {
			if (i)
				rmt_buf_byte(out, '\n');
			if (put_step(&sections[s], steps, i, count == 1, out, err))
				return -1;
		}
	}
	return 0;
}

/* ---- the facts ---- */

/* "# words of ours" */
static void
put_remark(const char *words, struct rmt_buf *out)
{
	rmt_buf_format(out, "#%s%s\n", *words ? " " : "", words);
}

/* A target's own words, which are as much to be trusted as its steps. */
static void
put_own(const char *words, struct rmt_buf *out)
{
	rmt_safe_text(rmt_span_text(words), out);
}

/* "# Title: text", whoever it comes from */
static void
put_fact(const char *title, const char *text, struct rmt_buf *out)
{
	rmt_buf_format(out, "# %s", title);
	rmt_steps_fact(text, out);
	rmt_buf_byte(out, '\n');
}

static void
put_name(const char *title, struct rmt_span name, struct rmt_buf *out)
{
	struct rmt_buf text = { 0 };

	rmt_name_text(name, &text);
	put_fact(title, text.length ? rmt_buf_string(&text) : "(no name)", out);
	out->failed |= text.failed;
	rmt_buf_free(&text);
}

static void
put_certificate(const char *title, const struct rmt_cert *cert, struct rmt_buf *out)
{
	char from[32], until[32];

	put_name(title, cert->subject, out);
	if (!rmt_cert_self_issued(cert))
		put_name("    issued by ", cert->issuer, out);
	rmt_buf_text(out, "#     serial number ");
	rmt_serial_hex(cert->serial, out);
	rmt_buf_text(out, ", SHA-1 ");
	rmt_steps_thumbprint(cert, out);
	rmt_time_text(cert->not_before, from);
	rmt_time_text(cert->not_after, until);
	rmt_buf_format(out, "\n#     valid from %s to %s\n", from, until);
}

/* Who trusts the old one trusts the new one when the same CA issued both. */
/* Only its form or its chain is put right. */
static bool
stays(const struct rmt_bundle *bundle)
{
	return bundle->leaf && bundle->replaces && rmt_span_equal(bundle->leaf->der, bundle->replaces->der);
}

static void
put_chain(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	const struct rmt_bundle *bundle = part->bundle;
	const struct rmt_cert *issuer = bundle->intermediate_count ? bundle->intermediates[0] : bundle->root;
	bool missing = false;

	for (size_t i = 0; i < part->target_count; i++)
		missing = missing || !rmt_steps_know_keyless(part->targets[i]);
	if (bundle->root)
		put_certificate(stays(bundle) ? "Root of its chain: " : "Root of the new chain: ", bundle->root, out);
	if (stays(bundle))
		put_remark("It is the certificate that stands there today, with its chain: whoever trusted it trusts it still. Look, then go on with 2.", out);
	else if (bundle->replaces && issuer && rmt_cert_issued_by(bundle->replaces, issuer))
		put_remark("The old certificate comes from the same CA: whoever trusted it trusts the new one. Look, then go on with 2.", out);
	else if (bundle->replaces)
		put_remark("The old certificate comes from another CA: nobody is known to trust the new one before 1 is done.", out);
	if (!bundle->without_key)
		return;
	put_remark("The key is not here: it is where its request was made.", out);
	if (missing)
		put_remark("Files that would hold it are missing: import the certificate there instead of the PFX or key file that the steps name.", out);
}

static void
put_file(const struct rmt_runbook_part *part, const struct rmt_target *target, const char *name, const char *comment,
         struct rmt_buf *out)
{
	rmt_buf_format(out, "#     %s%s%s  ", part->apart ? target->name : "", part->apart ? "/" : "", name);
	put_own(comment ? comment : "", out);
	rmt_buf_byte(out, '\n');
}

/* The CA certificates that the steps speak of. */
static void
put_anchors(const struct rmt_runbook_part *part, const struct rmt_target *target, struct rmt_buf *out)
{
	static const char *const comments[RMT_ANCHORS] = { "the root, DER", "the root, PEM", "the CA that issued it, DER" };
	struct rmt_anchor anchors[RMT_ANCHORS];

	rmt_anchors(part->bundle, anchors);
	for (size_t i = 0; i < RMT_ANCHORS; i++) {
		bool listed = !anchors[i].cert || !rmt_steps_mention(target, anchors[i].mark);

		for (size_t k = 0; !listed && k < target->file_count; k++)
			listed = !strcmp(target->files[k].name, anchors[i].name);
		if (!listed)
			put_file(part, target, anchors[i].name, comments[i], out);
	}
}

static int
put_files(const struct rmt_runbook_part *part, const struct rmt_target *target, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf label = { 0 }, name = { 0 };
	char clean[65];
	int rc = rmt_parts_label(part->bundle, NULL, &label, err);

	rmt_file_label(rmt_buf_string(&label), clean);
	for (size_t i = 0; !rc && i < target->file_count; i++) {
		static const char *const comments[] = { [RMT_DEPLOY_KEYLESS] = "without the key", [RMT_DEPLOY_BAG] = "certificates alone" };
		struct rmt_deploy_made made;
		size_t last = rmt_deploy_make(target, i, part->bundle, &made);

		for (size_t n = 1; !rc && n <= last; n++) {
			rmt_buf_clear(&name);
			rc = rmt_file_name(made.file.name, clean, NULL, n, &name, err);
			put_file(part, target, rmt_buf_string(&name), made.form ? comments[made.form] : made.file.comment, out);
		}
	}
	put_anchors(part, target, out);
	rmt_buf_free(&label);
	rmt_buf_free(&name);
	return rc;
}

static int
put_part(const struct rmt_runbook_part *part, struct rmt_buf *out, struct rmt_err *err)
{
	rmt_buf_text(out, "#\n");
	if (part->bundle->leaf)
		put_certificate(stays(part->bundle) ? "Certificate: " : "New certificate: ", part->bundle->leaf, out);
	if (part->bundle->replaces && !stays(part->bundle))
		put_certificate("Old certificate: ", part->bundle->replaces, out);
	put_chain(part, out);
	if (part->why && *part->why)
		put_fact("Why: ", part->why, out);
	if (part->note && *part->note)
		put_fact("Note: ", part->note, out);
	for (size_t i = 0; i < part->address_count; i++)
		put_fact("Served at ", part->addresses[i], out);
	put_fact("Files in ", part->directory ? part->directory : "this directory", out);
	for (size_t i = 0; i < part->target_count; i++) {
		rmt_buf_text(out, "#   for ");
		put_own(part->targets[i]->title ? part->targets[i]->title : part->targets[i]->name, out);
		rmt_buf_byte(out, '\n');
		if (put_files(part, part->targets[i], out, err))
			return -1;
	}
	return rmt_buf_check(out, err);
}

/* ---- the whole ---- */

static size_t
count_steps(const struct rmt_runbook *runbook)
{
	size_t count = 0;

	for (size_t i = 0; i < runbook->part_count; i++)
		count += runbook->parts[i].target_count;
	return count;
}

static int
put_runbook(const struct rmt_runbook *runbook, struct step *steps, struct rmt_buf *out, struct rmt_err *err)
{
	size_t count = 0;

	for (size_t i = 0; i < runbook->part_count; i++) {
		const struct rmt_runbook_part *part = &runbook->parts[i];

		if (put_part(part, out, err))
			return -1;
		for (size_t k = 0; k < part->target_count; k++)
			steps[count++] = (struct step){ part, part->targets[k] };
	}
	put_remark("", out);
	put_remark("[unconfirmed] behind a step: no document and no measurement at hand says so. What stands in angle brackets is yours to fill in.", out);
	return put_sections(steps, count, out, err);
}

int
rmt_write_runbook(const struct rmt_runbook *runbook, struct rmt_buf *out, struct rmt_err *err)
{
	size_t count = count_steps(runbook);
	struct step *steps = calloc(count + 1, sizeof(*steps));
	int rc;

	if (!steps)
		return rmt_err_memory(err);
	put_fact("Runbook for ", runbook->device ? runbook->device : "this device", out);
	rc = put_runbook(runbook, steps, out, err);
	free(steps);
	return rc;
}

int
rmt_runbook_steps(const struct rmt_bundle *bundle, const struct rmt_target *target, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_runbook_part part = { .bundle = bundle, .targets = &target, .target_count = 1 };
	const struct rmt_runbook runbook = { .device = target->title, .parts = &part, .part_count = 1 };

	return rmt_write_runbook(&runbook, out, err);
}

bool
rmt_runbook_has(const struct rmt_target *target)
{
	return target->deploy_trust || target->deploy_note || target->deploy_back;
}
