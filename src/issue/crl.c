/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl.c - certificate revocation lists (RFC 5280, 5), written as a stream: a list of a million entries takes no more memory than an
 * empty one.
 *
 * DER puts lengths first, and they are not known before the lines went by. So the lines are written behind as much room as the
 * headers of a list of the expected length take; where they turn out to take another, everything is written once more. Then what was
 * written goes through the signer. Which certificates are revoked, and where the bytes are kept, is the caller's.
 */
#include "config.h"

#include <string.h>

#include "issue/local.h"

enum {
	PIECE = 32 << 10, /* handed on at once */
	LINE = 50,        /* bytes of a usual line */
	EXPECTED_MAX = 10000000,
	SAMPLES = 4,      /* of signatures, for their length */
	TRIES = 64,       /* for a signature of the length that was reckoned with */
};

struct writing {
	const struct rmt_crl_form *form;
	struct rmt_signer *signer;
	const struct rmt_crl_sink *sink;
	struct rmt_err *err;
	struct rmt_buf reasons[RMT_REASONS]; /* each as the extension that says it */
	struct rmt_derw piece;  /* not handed on yet */
	uint64_t count, length; /* of the lines, as expected or as written */
	size_t skip;            /* bytes that are read back, but stood in place of the head */
};

/* ---- partial lists ----------------------------------------------------------------------------------------------------- */

void
rmt_crl_name(const char *complete, int shard, bool delta, struct rmt_buf *out)
{
	size_t length = strlen(complete);
	size_t stem = length > 4 && strcmp(complete + length - 4, ".crl") == 0 ? length - 4 : length;

	rmt_buf_append(out, complete, stem);
	if (shard)
		rmt_buf_format(out, "-shard%d", shard);
	rmt_buf_format(out, "%s%s", delta ? "-delta" : "", complete + stem);
}

int
rmt_crl_shard(struct rmt_span serial, int shards)
{
	uint32_t last = 0;

	for (size_t i = serial.length < 4 ? 0 : serial.length - 4; i < serial.length; i++)
		last = last << 8 | serial.at[i];
	return shards > 0 ? 1 + (int)(last % (uint32_t)shards) : 0;
}

/* ---- one line -------------------------------------------------------------------------------------------------------- */

/* The extensions of a line have few forms: the reasons are encoded once. */
static int
encode_reasons(struct writing *writing)
{
	for (int i = 0; i < RMT_REASONS; i++) {
		struct rmt_derw w = {0};
		unsigned char reason = (unsigned char)i;

		rmt_ext_begin(&w, RMT_EXT_REASON_CODE, false);
		rmt_derw_value(&w, RMT_DER_ENUMERATED, rmt_span_of(&reason, 1));
		rmt_ext_end(&w);
		if (rmt_derw_finish(&w, &writing->reasons[i], writing->err))
			return -1;
	}
	return 0;
}

/* A reason "unspecified" is left out (RFC 5280, 5.3.1). */
static void
write_line(struct writing *writing, const struct rmt_crl_line *line)
{
	struct rmt_derw *w = &writing->piece;

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_value(w, RMT_DER_INTEGER, line->serial);
	rmt_derw_time(w, line->at);
	if (line->reason > 0 || line->invalid_since) {
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		if (line->reason > 0)
			rmt_derw_raw(w, rmt_buf_view(&writing->reasons[line->reason]));
		if (line->invalid_since) {
			rmt_ext_begin(w, RMT_EXT_INVALIDITY_DATE, false);
			rmt_derw_generalized_time(w, line->invalid_since); /* before 2050 too (RFC 5280, 5.3.2) */
			rmt_ext_end(w);
		}
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
}

static int
check_line(struct writing *writing, const struct rmt_crl_line *line)
{
	return line->reason >= 0 && line->reason < RMT_REASONS && line->serial.length
	           ? 0
	           : rmt_err_set(writing->err, RMT_INTERNAL, NULL, "a revocation without a serial number or with no known reason");
}

/* ---- bytes on their way out ------------------------------------------------------------------------------------------ */

static int
append(struct writing *writing, struct rmt_span bytes)
{
	return writing->sink->append(writing->sink->arg, bytes, writing->err);
}

static int
hand_on(struct writing *writing)
{
	if (rmt_buf_check(&writing->piece.buf, writing->err) || append(writing, rmt_buf_view(&writing->piece.buf)))
		return -1;
	rmt_buf_clear(&writing->piece.buf);
	return 0;
}

static int
put_line(void *arg, const struct rmt_crl_line *line)
{
	struct writing *writing = arg;
	size_t before = writing->piece.buf.length;

	if (check_line(writing, line))
		return -1;
	write_line(writing, line);
	writing->count++;
	writing->length += writing->piece.buf.length - before;
	return writing->piece.buf.length < PIECE ? 0 : hand_on(writing);
}

/* Tag and length of what is not here yet. */
static void
write_header(struct rmt_buf *out, unsigned char tag, uint64_t length)
{
	unsigned bytes = 0;

	rmt_buf_byte(out, tag);
	if (length < 0x80) {
		rmt_buf_byte(out, (unsigned char)length);
		return;
	}
	while (bytes < 8 && length >> (8 * bytes))
		bytes++;
	rmt_buf_byte(out, (unsigned char)(0x80 | bytes));
	while (bytes--)
		rmt_buf_byte(out, (unsigned char)(length >> (8 * bytes)));
}

static size_t
header_length(uint64_t length)
{
	size_t bytes = 2;

	for (uint64_t rest = length < 0x80 ? 0 : length; rest; rest >>= 8)
		bytes++;
	return bytes;
}

/* ---- what stands around the lines ------------------------------------------------------------------------------------ */

static void
write_head(struct writing *writing, struct rmt_derw *w)
{
	const struct rmt_crl_form *form = writing->form;

	rmt_derw_small(w, 1); /* v2 */
	rmt_derw_raw(w, rmt_signer_algorithm(writing->signer));
	rmt_derw_raw(w, form->issuer->subject);
	rmt_derw_time(w, form->this_update);
	rmt_derw_time(w, form->next_update);
}

static void
write_number(struct rmt_derw *w, enum rmt_ext_id id, bool critical, int64_t number)
{
	rmt_ext_begin(w, id, critical);
	rmt_derw_small(w, number);
	rmt_ext_end(w);
}

/* SEQUENCE { [0] { [0] fullName { URI } } } (RFC 5280, 5.2.5) */
static void
write_issuing_distribution(struct rmt_derw *w, const char *uri)
{
	rmt_ext_begin(w, RMT_EXT_ISSUING_DISTRIBUTION, true);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_value(w, RMT_DER_CONTEXT(RMT_GN_URI), rmt_span_text(uri));
	for (int i = 0; i < 3; i++)
		rmt_derw_end(w);
	rmt_ext_end(w);
}

static int
write_extensions(struct writing *writing, struct rmt_derw *w)
{
	const struct rmt_crl_form *form = writing->form;

	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (rmt_issuer_key_id_write(w, form->issuer, writing->err))
		return -1;
	write_number(w, RMT_EXT_CRL_NUMBER, false, form->number);
	if (form->delta)
		write_number(w, RMT_EXT_DELTA_CRL, true, form->base);
	if (form->only_at)
		write_issuing_distribution(w, form->only_at);
	if (form->deltas_at) {
		rmt_ext_begin(w, RMT_EXT_FRESHEST_CRL, false);
		rmt_ext_crl_uris_write(w, &form->deltas_at, 1);
		rmt_ext_end(w);
	}
	rmt_derw_end(w);
	rmt_derw_end(w);
	return 0;
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static int
may_sign(const struct rmt_cert *issuer, struct rmt_err *err)
{
	const struct rmt_ext *ext = rmt_ext_find(&issuer->extensions, RMT_EXT_KEY_USAGE);
	unsigned bits = 0;

	if (!ext)
		return 0;
	if (rmt_ext_key_usage(ext->value, &bits, err))
		return -1;
	return bits & RMT_KU_CRL_SIGN ? 0
	                              : rmt_err_cite(err, RMT_POLICY, NULL, "RFC 5280, 4.2.1.3",
	                                             "the issuer's key usage does not let it sign revocation lists");
}

/* What a list is made of besides its lines. */
struct frame {
	struct rmt_buf head;  /* from the header of what is signed to that of the lines */
	struct rmt_buf tail;  /* the extensions */
	struct rmt_buf last;  /* algorithm and signature */
	uint64_t length;      /* of what is signed */
	size_t signature;     /* length of `last` to reckon with */
	size_t header;        /* length of the one before everything */
};

static void
frame_free(struct frame *frame)
{
	rmt_buf_free(&frame->head);
	rmt_buf_free(&frame->tail);
	rmt_buf_free(&frame->last);
}

/* Algorithm and signature, as they stand behind what is signed. */
static int
seal(struct writing *writing, struct rmt_buf *last)
{
	struct rmt_buf signature = {0};
	struct rmt_derw w = {0};
	int rc = rmt_signer_seal(writing->signer, &signature, writing->err);

	rmt_derw_raw(&w, rmt_signer_algorithm(writing->signer));
	rmt_derw_bits(&w, rmt_buf_view(&signature), 0);
	rmt_buf_free(&signature);
	rmt_buf_free(last);
	return rmt_derw_finish(&w, last, writing->err) || rc ? -1 : 0;
}

/* The longest of some signatures says how long one is. By ECDSA a short one is rare: a head that only goes with such would hardly be met. */
static int
reckon(struct writing *writing, struct frame *frame)
{
	for (int i = 0; i < SAMPLES; i++) {
		if (rmt_signer_start(writing->signer, writing->err) || rmt_signer_add(writing->signer, rmt_span_text("x"), writing->err) ||
		    seal(writing, &frame->last))
			return -1;
		if (frame->last.length > frame->signature)
			frame->signature = frame->last.length;
	}
	return 0;
}

/* Version to nextUpdate, with the headers around it, for as many lines as are expected or were written: there may be none. */
static int
write_frame(struct writing *writing, struct frame *frame)
{
	struct rmt_derw w = {0};
	struct rmt_buf inner = {0};
	int rc = -1;

	write_head(writing, &w);
	if (writing->count)
		write_header(&w.buf, RMT_DER_SEQUENCE, writing->length);
	rmt_buf_clear(&frame->head);
	if (rmt_derw_finish(&w, &inner, writing->err))
		goto out;
	frame->length = inner.length + writing->length + frame->tail.length;
	write_header(&frame->head, RMT_DER_SEQUENCE, frame->length);
	rmt_buf_span(&frame->head, rmt_buf_view(&inner));
	frame->length += header_length(frame->length);
	frame->header = header_length(frame->length + frame->signature);
	rc = rmt_buf_check(&frame->head, writing->err);
	if (rc == 0 && frame->length > UINT32_MAX)
		rc = rmt_err_set(writing->err, RMT_INTERNAL, NULL, "no list is longer than 4 GiB");
out:
	rmt_buf_free(&inner);
	return rc;
}

/* Behind the room that the head takes. 1: it takes another, now that there are as many lines as were written. */
static int
write_lines(struct writing *writing, struct frame *frame, rmt_crl_lines_fn *lines, void *arg)
{
	static const unsigned char room[16];
	size_t header = frame->header, head = frame->head.length;

	if (writing->sink->begin(writing->sink->arg, writing->err) || append(writing, rmt_span_of(room, header)) ||
	    append(writing, rmt_buf_view(&frame->head)))
		return -1;
	writing->count = writing->length = 0;
	if (lines(arg, put_line, writing, writing->err) || hand_on(writing) || write_frame(writing, frame))
		return -1;
	writing->skip = header + head;
	return frame->header != header || frame->head.length != head;
}

static int
sign_piece(void *arg, struct rmt_span piece, struct rmt_err *err)
{
	struct writing *writing = arg;
	size_t skip = writing->skip < piece.length ? writing->skip : piece.length;

	writing->skip -= skip;
	return rmt_signer_add(writing->signer, rmt_span_of(piece.at + skip, piece.length - skip), err);
}

/* A signature whose length would change that of the header before everything is made again. */
static int
sign(struct writing *writing, struct frame *frame)
{
	if (frame->length + frame->signature > RMT_CAP_CRL)
		return rmt_err_set(writing->err, RMT_POLICY, NULL,
		                   "%llu revocations make a list of more than 128 MiB, which is not read back any more: let a successor issue (remint ca rotate)",
		                   (unsigned long long)writing->count);
	if (rmt_signer_start(writing->signer, writing->err) ||
	    rmt_signer_add(writing->signer, rmt_buf_view(&frame->head), writing->err) ||
	    writing->sink->again(writing->sink->arg, sign_piece, writing, writing->err) ||
	    rmt_signer_add(writing->signer, rmt_buf_view(&frame->tail), writing->err))
		return -1;
	for (int tries = 0; tries < TRIES; tries++) {
		if (seal(writing, &frame->last))
			return -1;
		if (header_length(frame->length + frame->last.length) == frame->header)
			return 0;
	}
	return rmt_err_set(writing->err, RMT_INTERNAL, NULL, "no signature had the length that was reckoned with");
}

/* What is around the lines, at its place. */
static int
close_frame(struct writing *writing, struct frame *frame)
{
	struct rmt_buf first = {0};
	int rc = -1;

	write_header(&first, RMT_DER_SEQUENCE, frame->length + frame->last.length);
	rmt_buf_span(&first, rmt_buf_view(&frame->head));
	if (rmt_buf_check(&first, writing->err) == 0 && append(writing, rmt_buf_view(&frame->tail)) == 0 &&
	    append(writing, rmt_buf_view(&frame->last)) == 0)
		rc = writing->sink->patch(writing->sink->arg, rmt_buf_view(&first), writing->err);
	rmt_buf_free(&first);
	return rc;
}

static int
write_all(struct writing *writing, rmt_crl_lines_fn *lines, void *arg)
{
	struct rmt_derw w = {0};
	struct frame frame = {0};
	int rc = write_extensions(writing, &w);

	if (rmt_derw_finish(&w, &frame.tail, writing->err) || rc || reckon(writing, &frame) || write_frame(writing, &frame))
		rc = -1;
	else
		rc = write_lines(writing, &frame, lines, arg);
	if (rc == 1)
		rc = write_lines(writing, &frame, lines, arg);
	if (rc == 1)
		rc = rmt_err_set(writing->err, RMT_INTERNAL, NULL, "the revocations changed while the list was written");
	if (rc == 0 && (sign(writing, &frame) || close_frame(writing, &frame)))
		rc = -1;
	frame_free(&frame);
	return rc;
}

int
rmt_crl_write(const struct rmt_crl_form *form, struct rmt_signer *signer, rmt_crl_lines_fn *lines, void *arg,
              const struct rmt_crl_sink *sink, uint64_t *count, struct rmt_err *err)
{
	uint64_t expected = form->expected < EXPECTED_MAX ? form->expected : EXPECTED_MAX;
	struct writing writing = {.form = form, .signer = signer, .sink = sink, .err = err, .count = expected, .length = expected * LINE};
	int rc = -1;

	if (may_sign(form->issuer, err) == 0 && encode_reasons(&writing) == 0)
		rc = write_all(&writing, lines, arg);
	*count = writing.count;
	rmt_derw_free(&writing.piece);
	for (int i = 0; i < RMT_REASONS; i++)
		rmt_buf_free(&writing.reasons[i]);
	return rc;
}
