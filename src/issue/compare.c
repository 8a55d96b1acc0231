/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/compare.c - what changed between an old certificate and its replacement, field by field.
 *
 * It compares and words; whether a change is welcome is for the person (and the audit) to say.
 */
#include "config.h"

#include <string.h>

#include "issue/local.h"

struct listener {
	rmt_report_fn *report;
	void *arg;
};

/* One line: extensions print several. */
static void
one_line(struct rmt_buf *text)
{
	struct rmt_buf safe = { 0 };
	size_t start = 0;

	for (size_t i = 0; i <= text->length; i++)
		if (i == text->length || text->bytes[i] == '\n') {
			if (start && i > start)
				rmt_buf_text(&safe, "; ");
			if (i > start)
				rmt_plain_text(rmt_span_of(text->bytes + start, i - start), &safe);
			start = i + 1;
		}
	rmt_buf_free(text);
	*text = safe;
}

/* Reports a field that both certificates have; the texts are used up. */
static int
tell(const struct listener *to, const char *field, struct rmt_buf *before, struct rmt_buf *after, bool same,
     struct rmt_err *err)
{
	struct rmt_buf both = { 0 };
	int rc;

	one_line(before);
	one_line(after);
	if (same) {
		to->report(to->arg, RMT_DECISION_TAKEN, field, rmt_buf_string(after));
	} else {
		rmt_buf_format(&both, "%s -> %s", rmt_buf_string(before), rmt_buf_string(after));
		to->report(to->arg, RMT_DECISION_CHANGED, field, rmt_buf_string(&both));
	}
	rc = rmt_buf_check(before, err) || rmt_buf_check(after, err) || rmt_buf_check(&both, err) ? -1 : 0;
	rmt_buf_free(&both);
	rmt_buf_clear(before);
	rmt_buf_clear(after);
	return rc;
}

/* ---- the fields of every certificate ---- */

static void
print_subject(const struct rmt_cert *cert, struct rmt_buf *out)
{
	rmt_name_text(cert->subject, out);
}

static void
print_issuer(const struct rmt_cert *cert, struct rmt_buf *out)
{
	rmt_name_text(cert->issuer, out);
}

static void
print_serial(const struct rmt_cert *cert, struct rmt_buf *out)
{
	rmt_serial_hex(cert->serial, out);
}

static void
print_not_before(const struct rmt_cert *cert, struct rmt_buf *out)
{
	char text[32];

	rmt_time_text(cert->not_before, text);
	rmt_buf_text(out, text);
}

static void
print_not_after(const struct rmt_cert *cert, struct rmt_buf *out)
{
	char text[32];

	rmt_time_text(cert->not_after, text);
	rmt_buf_text(out, text);
}

/* The key by kind and the beginning of its hash: two keys of one kind must not read alike. */
static void
print_key(const struct rmt_cert *cert, struct rmt_buf *out)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_spki key;

	if (!rmt_spki_read(cert->spki, &key, NULL))
		rmt_spki_text(&key, out);
	if (rmt_spki_hash(cert->spki, hash, NULL))
		return;
	rmt_buf_text(out, out->length ? " (SHA-256 " : "(SHA-256 ");
	rmt_hex(rmt_span_of(hash, 8), 0, out);
	rmt_buf_text(out, "...)");
}

static void
print_algorithm(const struct rmt_cert *cert, struct rmt_buf *out)
{
	struct rmt_signature_algorithm algorithm;

	if (rmt_algorithm_read(cert->inner_algorithm, &algorithm, NULL))
		rmt_buf_text(out, "unreadable");
	else if (algorithm.name[0])
		rmt_buf_text(out, algorithm.name);
	else
		rmt_oid_text(algorithm.oid, out);
}

static const struct {
	const char *field;
	void (*print)(const struct rmt_cert *cert, struct rmt_buf *out);
	size_t offset; /* of the span that must be equal byte for byte; SIZE_MAX: equal when they print alike */
} fields[] = {
	{ "subject", print_subject, offsetof(struct rmt_cert, subject) },
	{ "issuer", print_issuer, offsetof(struct rmt_cert, issuer) },
	{ "serialNumber", print_serial, offsetof(struct rmt_cert, serial) },
	{ "notBefore", print_not_before, SIZE_MAX },
	{ "notAfter", print_not_after, SIZE_MAX },
	{ "key", print_key, offsetof(struct rmt_cert, spki) },
	{ "signatureAlgorithm", print_algorithm, offsetof(struct rmt_cert, inner_algorithm) },
};

static struct rmt_span
span_at(const struct rmt_cert *cert, size_t offset)
{
	return *(const struct rmt_span *)(const void *)((const char *)cert + offset);
}

static int
compare_field(size_t row, const struct rmt_cert *before, const struct rmt_cert *after, const struct listener *to,
              struct rmt_err *err)
{
	struct rmt_buf left = { 0 }, right = { 0 };
	bool same;
	int rc;

	fields[row].print(before, &left);
	fields[row].print(after, &right);
	same = fields[row].offset == SIZE_MAX
	           ? rmt_span_equal(rmt_buf_view(&left), rmt_buf_view(&right))
	           : rmt_span_equal(span_at(before, fields[row].offset), span_at(after, fields[row].offset));
	if (!same && rmt_span_equal(rmt_buf_view(&left), rmt_buf_view(&right)))
		rmt_buf_text(&right, " (encoded differently)");
	rc = tell(to, fields[row].field, &left, &right, same, err);
	rmt_buf_free(&left);
	rmt_buf_free(&right);
	return rc;
}

/* ---- extensions ---- */

static const struct rmt_ext *
counterpart(const struct rmt_extensions *in, const struct rmt_ext *of)
{
	for (unsigned i = 0; i < in->count; i++)
		if (rmt_span_equal(in->list[i].oid, of->oid))
			return &in->list[i];
	return NULL;
}

static const char *
ext_field(const struct rmt_ext *ext, struct rmt_buf *dotted)
{
	if (ext->id >= 0)
		return rmt_ext_name((enum rmt_ext_id)ext->id);
	rmt_buf_clear(dotted);
	rmt_oid_dotted(ext->oid, dotted);
	return rmt_buf_string(dotted);
}

static void
print_ext(const struct rmt_ext *ext, struct rmt_buf *out)
{
	if (ext->critical)
		rmt_buf_text(out, "critical: ");
	rmt_ext_print(ext, out);
}

static int
compare_ext(const struct rmt_ext *before, const struct rmt_ext *after, const struct listener *to, struct rmt_err *err)
{
	struct rmt_buf dotted = { 0 }, left = { 0 }, right = { 0 };
	const char *field = ext_field(before ? before : after, &dotted);
	int rc = 0;

	if (before && after) {
		print_ext(before, &left);
		print_ext(after, &right);
		if (!rmt_span_equal(before->value, after->value) &&
		    rmt_span_equal(rmt_buf_view(&left), rmt_buf_view(&right)))
			rmt_buf_text(&right, " (encoded differently)");
		rc = tell(to, field, &left, &right,
		          before->critical == after->critical && rmt_span_equal(before->value, after->value), err);
	} else {
		print_ext(before ? before : after, &left);
		one_line(&left);
		to->report(to->arg, before ? RMT_DECISION_DROPPED : RMT_DECISION_ADDED, field, rmt_buf_string(&left));
		rc = rmt_buf_check(&left, err);
	}
	rmt_buf_free(&dotted);
	rmt_buf_free(&left);
	rmt_buf_free(&right);
	return rc;
}

int
rmt_compare(const struct rmt_cert *before, const struct rmt_cert *after, rmt_report_fn *report, void *arg,
            struct rmt_err *err)
{
	const struct listener to = { report, arg };

	for (size_t row = 0; row < sizeof(fields) / sizeof(fields[0]); row++)
		if (compare_field(row, before, after, &to, err))
			return -1;
	for (unsigned i = 0; i < before->extensions.count; i++) {
		const struct rmt_ext *ext = &before->extensions.list[i];

		if (compare_ext(ext, counterpart(&after->extensions, ext), &to, err))
			return -1;
	}
	for (unsigned i = 0; i < after->extensions.count; i++) {
		const struct rmt_ext *ext = &after->extensions.list[i];

		if (!counterpart(&before->extensions, ext) && compare_ext(NULL, ext, &to, err))
			return -1;
	}
	return 0;
}
