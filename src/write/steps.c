/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/steps.c - the texts of a deploy block with their marks filled in.
 *
 * A step is a line that somebody pastes into a shell: sh, cmd, PowerShell, the prompt of an appliance. No quoting is right
 * for all of them, so nothing is quoted: what is filled in is a number, a cleaned label or a host name that no shell reads
 * anything into, and where a value is not of that kind a word in angle brackets stands for the person to replace.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "write/local.h"

bool
rmt_steps_word(const char *text)
{
	static const char others[] = "._:/-";

	if (!isalnum((unsigned char)text[0]) || strlen(text) > 300)
		return false;
	for (; *text; text++)
		if ((unsigned char)*text > 0x7e || (!isalnum((unsigned char)*text) && !strchr(others, *text)))
			return false;
	return true;
}

/* An IPv6 address in brackets is a pattern to some shells and nothing to the others. */
static bool
is_bracketed(const char *text)
{
	const char *inside = strstr(text, "://");

	inside = inside ? inside + 3 : text;
	if (*inside != '[')
		return false;
	for (const char *at = text; at < inside; at++)
		if (!isalnum((unsigned char)*at) && !strchr(":/", *at))
			return false;
	inside += 1 + strspn(inside + 1, "0123456789abcdefABCDEF:.");
	return *inside == ']' && (!inside[1] || (inside[1] == ':' && strspn(inside + 2, "0123456789") == strlen(inside + 2)));
}

void
rmt_steps_fact(const char *text, struct rmt_buf *out)
{
	struct rmt_buf safe = { 0 };
	bool quoted, escaped = false; /* by a backslash just before */

	/* What ends a comment or begins a command after one stays what it is in quotation marks: pipes and joins of cmd, comment
	 * blocks of PowerShell. Only an end of the quotation, and what cmd fills in within one, is written in hex. */
	rmt_safe_text(rmt_span_text(text), &safe);
	quoted = strpbrk(rmt_buf_string(&safe), "&|<>^%") != NULL;
	rmt_buf_text(out, quoted ? "\"" : "");
	for (size_t i = 0; i < safe.length; i++) {
		if (quoted && strchr("\"%", safe.bytes[i]))
			rmt_buf_format(out, "%s%02X", escaped ? "" : "\\", safe.bytes[i]);
		else
			rmt_buf_byte(out, safe.bytes[i]);
		escaped = safe.bytes[i] == '\\' && !escaped;
	}
	rmt_buf_text(out, quoted ? "\"" : "");
	out->failed |= safe.failed;
	rmt_buf_free(&safe);
}

void
rmt_steps_thumbprint(const struct rmt_cert *cert, struct rmt_buf *out)
{
	unsigned char hash[20];

	if (rmt_sha1(cert->der, hash, NULL)) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < sizeof(hash); i++)
		rmt_buf_format(out, "%02X", hash[i]);
}

/* ---- the CA certificates that lie beside the steps ---- */

void
rmt_anchors(const struct rmt_bundle *bundle, struct rmt_anchor out[RMT_ANCHORS])
{
	out[0] = (struct rmt_anchor){ "root-cer", "root.cer", "der", bundle->root };
	out[1] = (struct rmt_anchor){ "root-pem", "root.pem", "pem", bundle->root };
	out[2] = (struct rmt_anchor){ "issuing-cer", "issuing.cer", "der",
		bundle->intermediate_count ? bundle->intermediates[0] : NULL };
}

bool
rmt_steps_mention(const struct rmt_target *target, const char *mark)
{
	const char *texts[] = { target->deploy_trust, target->deploy_note, target->deploy_back };
	char braced[40];

	snprintf(braced, sizeof(braced), "{%s}", mark);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] && strstr(texts[i], braced))
			return true;
	return false;
}

bool
rmt_steps_know_keyless(const struct rmt_target *target)
{
	for (size_t i = 0; i < target->file_count; i++)
		if (rmt_deploy_wants_key(&target->files[i]))
			return rmt_steps_mention(target, "no-key");
	return true;
}

/* ---- what each mark stands for ----
 *
 * To add one: its name in rmt_deploy_marks (policy/check.c), a row in marks[], its line in remint-target(5). Each function
 * appends the value, or nothing when it is not known; then the row's `unknown` stands there.
 */

static void
put_label(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	struct rmt_buf label = { 0 };
	char clean[65];

	if (rmt_parts_label(part->bundle, NULL, &label, NULL)) {
		out->failed = true;
	} else {
		rmt_file_label(rmt_buf_string(&label), clean);
		rmt_buf_text(out, clean);
	}
	rmt_buf_free(&label);
}

static void
put_thumbprint(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	if (part->bundle->leaf)
		rmt_steps_thumbprint(part->bundle->leaf, out);
}

static void
put_old_thumbprint(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	if (part->bundle->replaces)
		rmt_steps_thumbprint(part->bundle->replaces, out);
}

static void
put_root_thumbprint(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	if (part->bundle->root)
		rmt_steps_thumbprint(part->bundle->root, out);
}

static void
put_serial(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	if (part->bundle->leaf)
		rmt_serial_hex(part->bundle->leaf->serial, out);
}

static void
put_old_serial(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	if (part->bundle->replaces)
		rmt_serial_hex(part->bundle->replaces->serial, out);
}

/* The first place where it is served that can be written as it is. */
static const char *
plain_address(const struct rmt_runbook_part *part)
{
	for (size_t i = 0; i < part->address_count; i++)
		if (rmt_steps_word(part->addresses[i]))
			return part->addresses[i];
	return NULL;
}

static void
put_address(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	const char *address = plain_address(part);

	if (address)
		rmt_buf_text(out, address);
}

static void
put_host(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	const char *host = plain_address(part), *scheme = host ? strstr(host, "://") : NULL;

	if (scheme)
		host = scheme + 3;
	if (host)
		rmt_buf_append(out, host, strcspn(host, ":/"));
}

static void
put_anchor(const struct rmt_runbook_part *part, size_t n, struct rmt_buf *out)
{
	struct rmt_anchor anchors[RMT_ANCHORS];

	rmt_anchors(part->bundle, anchors);
	if (anchors[n].cert)
		rmt_buf_text(out, anchors[n].name);
}

static void
put_root_cer(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	put_anchor(part, 0, out);
}

static void
put_root_pem(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	put_anchor(part, 1, out);
}

static void
put_issuing_cer(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	put_anchor(part, 2, out);
}

/* What the chain is called on the device. */
static void
put_chain_name(const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	if (!part->bundle->intermediate_count)
		return;
	put_label(part, out);
	rmt_buf_text(out, "-chain");
}

static const struct mark {
	const char *name;
	void (*put)(const struct rmt_runbook_part *part, struct rmt_buf *out);
	const char *unknown;
} marks[] = {
	{ "{label}", put_label, "<name>" },
	{ "{thumbprint}", put_thumbprint, "<thumbprint of the new certificate>" },
	{ "{old-thumbprint}", put_old_thumbprint, "<thumbprint of the old certificate>" },
	{ "{serial}", put_serial, "<serial number of the new certificate>" },
	{ "{old-serial}", put_old_serial, "<serial number of the old certificate>" },
	{ "{host}", put_host, "<host>" },
	{ "{address}", put_address, "<host>:<port>" },
	{ "{root-thumbprint}", put_root_thumbprint, "<thumbprint of the root>" },
	{ "{root-cer}", put_root_cer, "<root certificate, DER>" },
	{ "{root-pem}", put_root_pem, "<root certificate, PEM>" },
	{ "{issuing-cer}", put_issuing_cer, "" },
	{ "{chain}", put_chain_name, "" },
};

static const struct mark *
mark_at(const char *at)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (!strncmp(at, marks[i].name, strlen(marks[i].name)))
			return &marks[i];
	return NULL;
}

/* In front of a line: for whom it is. */
static bool
has_chain(const struct rmt_bundle *bundle)
{
	return bundle->intermediate_count > 0;
}

static bool
has_key(const struct rmt_bundle *bundle)
{
	return !bundle->without_key;
}

static const struct condition {
	const char *mark;
	bool (*has)(const struct rmt_bundle *bundle);
	bool wanted;
} conditions[] = {
	{ "{with-chain}", has_chain, true },
	{ "{no-chain}", has_chain, false },
	{ "{with-key}", has_key, true },
	{ "{no-key}", has_key, false },
};

/* The line behind its conditions; false: it is for others. */
static bool
meets_conditions(struct rmt_span *line, const struct rmt_bundle *bundle)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		size_t length = strlen(conditions[i].mark);

		if (line->length < length || memcmp(line->at, conditions[i].mark, length))
			continue;
		if (conditions[i].has(bundle) != conditions[i].wanted)
			return false;
		*line = rmt_span_of(line->at + length, line->length - length);
		return meets_conditions(line, bundle);
	}
	return true;
}

/* {n} and {above}: the number of an intermediate, and what the CA above it is called, "ca-2" or "root". How long the mark is, or 0. */
static size_t
put_counted(struct rmt_span line, const struct rmt_runbook_part *part, size_t n, struct rmt_buf *out)
{
	if (line.length >= 3 && !memcmp(line.at, "{n}", 3)) {
		rmt_buf_format(out, "%zu", n);
		return 3;
	}
	if (line.length < 7 || memcmp(line.at, "{above}", 7))
		return 0;
	if (n < part->bundle->intermediate_count)
		rmt_buf_format(out, "ca-%zu", n + 1);
	else
		rmt_buf_text(out, "root");
	return 7;
}

/* One line, its end included, for the n-th intermediate where it speaks of one. False: it speaks of something that there is not. */
static bool
fill_line(struct rmt_span line, const struct rmt_runbook_part *part, size_t n, struct rmt_buf *out)
{
	if (!meets_conditions(&line, part->bundle))
		return false;
	while (line.length) {
		const struct mark *mark = *line.at == '{' ? mark_at((const char *)line.at) : NULL;
		size_t before = out->length, counted = put_counted(line, part, n, out);
		size_t length = counted ? counted : mark ? strlen(mark->name) : 1;

		if (mark)
			mark->put(part, out);
		else if (!counted)
			rmt_buf_byte(out, *line.at);
		if (mark && out->length == before && !*mark->unknown)
			return false;
		if (mark && out->length == before)
			rmt_buf_text(out, mark->unknown);
		line = rmt_span_of(line.at + length, line.length - length);
	}
	return true;
}

static size_t
line_length(const char *text)
{
	size_t length = strcspn(text, "\n");

	return length + (text[length] == '\n');
}

static void
put_line(struct rmt_span line, const struct rmt_runbook_part *part, size_t n, struct rmt_buf *out)
{
	struct rmt_buf filled = { 0 };

	if (fill_line(line, part, n, &filled))
		rmt_buf_span(out, rmt_buf_view(&filled));
	out->failed |= filled.failed;
	rmt_buf_free(&filled);
}

/* Lines that begin with {upper} and stand together are a block for each intermediate above the one that issued, the topmost first:
 * devices take a CA after the one above it. What is behind them, or `text` itself. */
static const char *
put_upper(const char *text, const struct rmt_runbook_part *part, struct rmt_buf *out)
{
	static const char mark[] = "{upper}";
	const size_t skip = sizeof(mark) - 1;
	const char *end = text;

	while (!strncmp(end, mark, skip))
		end += line_length(end);
	for (size_t n = part->bundle->intermediate_count; n > 1; n--)
		for (const char *at = text; at < end; at += line_length(at))
			put_line(rmt_span_of(at + skip, line_length(at) - skip), part, n, out);
	return end;
}

int
rmt_steps_fill(const char *text, const struct rmt_runbook_part *part, struct rmt_buf *out, struct rmt_err *err)
{
	while (*text) {
		const char *behind = put_upper(text, part, out);
		size_t length = line_length(text);
		size_t last = memmem(text, length, "{n}", 3) ? part->bundle->intermediate_count : 1;

		for (size_t n = 1; behind == text && n <= last; n++)
			put_line(rmt_span_of(text, length), part, n, out);
		text = behind == text ? text + length : behind;
	}
	if (out->length && out->bytes[out->length - 1] != '\n')
		rmt_buf_byte(out, '\n');
	return rmt_buf_check(out, err);
}

void
rmt_steps_address(const char *address, struct rmt_buf *out)
{
	if (rmt_steps_word(address))
		rmt_buf_text(out, address);
	else if (is_bracketed(address))
		rmt_buf_format(out, "'%s'", address);
	else
		rmt_buf_text(out, "<host>:<port>");
}
