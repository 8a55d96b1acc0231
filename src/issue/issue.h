/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/issue.h - the face of the room that makes certificates, pure: (resolved template, issuer; wishes, subject key,
 * serial, now) -> to-be-signed bytes -> DER.
 *
 * It knows no database, no files and no clock, so that the signer can one day be a process of its own. The order in
 * which its steps are taken (reserve, build, lint, persist, sign, record, release) is verb/'s business alone.
 */
#ifndef RMT_ISSUE_H
#define RMT_ISSUE_H

#include "policy/policy.h"
#include "x509/x509.h"

/* What the person or the request asks for, beside the template. Spans and pointers are borrowed. */
struct rmt_wish {
	struct rmt_span subject;            /* whole Name; empty: none stated */
	struct rmt_span replaced_subject;   /* the subject of a request in whose place `subject` was given: reported as dropped; empty: none */
	bool subject_verbatim;              /* reissue: this exact subject, byte for byte, no allow-list */
	const struct rmt_text_list *san;    /* general name texts stated by options ("dns:host") */
	const struct rmt_extensions *asked; /* extensions of a request or of the certificate to repeat; NULL none */
	bool asked_is_certificate;          /* `asked` comes from a certificate being renewed, reissued or rekeyed: its SAN is carried over verbatim where allowed */
	rmt_time not_before, not_after;     /* 0: by template */
	int64_t validity;                   /* seconds; 0: by template */
	int crl_shard;                      /* rmt_crl_shard() of its serial number to be; 0: the complete list */
};

/* What was decided about one field, for the person. The text is one line, not yet safe for a terminal. */
enum rmt_decision { RMT_DECISION_TAKEN, RMT_DECISION_DROPPED, RMT_DECISION_CHANGED, RMT_DECISION_ADDED };
const char *rmt_decision_name(enum rmt_decision decision); /* "taken" "dropped" "changed" "added" */
typedef void rmt_report_fn(void *arg, enum rmt_decision decision, const char *field, const char *text); /* "subjectAltName", "dns:x added from the CN" */

struct rmt_issuer {
	const struct rmt_cert *cert;         /* NULL: self-signed root */
	const struct rmt_cert *const *above; /* the issuer's own issuers, nearest first, root last: their path lengths, purposes and name constraints bind too */
	size_t above_count;                  /* 0: not at hand */
	struct rmt_span crl_uri, ocsp_uri, ca_uri; /* text; empty: not written */
	int crl_shards;                      /* partial lists of the issuer: each certificate names one instead of crl_uri; 0: none */
	bool rollover;                       /* what is issued has the issuer's own name and another key: it counts against no path length */
};

/* A template and an issuer, judged against each other once and encoded as far as every certificate of the two is the
 * same. Immutable, so that threads share it. Borrows `policy`, `issuer->cert` and `issuer->above`, which outlive it. RMT_POLICY when the issuer cannot issue
 * by this template: not a CA, no keyCertSign, path length, purposes of its own that exclude the template's (the purpose is named). */
struct rmt_recipe;
struct rmt_recipe *rmt_recipe_new(const struct rmt_template *policy, const struct rmt_issuer *issuer, struct rmt_err *err);
void rmt_recipe_free(struct rmt_recipe *recipe);
/* May the issuer and those above issue for every purpose that the template states? RMT_POLICY naming the one that leaves it out. */
int rmt_recipe_purposes(const struct rmt_recipe *recipe, struct rmt_err *err);
rmt_time rmt_recipe_end(const struct rmt_recipe *recipe); /* the last second that the issuer and those above leave; 0: a root */
bool rmt_recipe_bound(const struct rmt_recipe *recipe); /* name constraints stand above */
bool rmt_recipe_dns_left(const struct rmt_recipe *recipe); /* ... and some DNS name is within all of them */

/* A decided certificate: everything but serial number and signature. */
struct rmt_plan;
/* Merge template and wish by the template's per-field policy. `spki` is checked by the caller with rmt_key_check_public. RMT_POLICY when
 * the template or the issuer forbids it: a name type stated by an option and not allowed, a missing required field, a key not accepted, a validity beyond the
 * maximum, a request to be a CA under a leaf template, an expired issuer, name constraints. notAfter is cut to the issuer's
 * (reported) unless it was asked for explicitly, then refused. Per field:
 *   subject      request: allowed attributes are taken; template: only `fixed` is written; intersect: allowed attributes are taken, a
 *                fixed one only where the request states the same value; require: the request states every fixed value.
 *   SAN          request, template and require as the subject, by name type; intersect: of the names stated, and of those that the CN
 *                stands for, the fixed ones. What an option states and the template does not allow is refused; what a request or an old
 *                certificate states is dropped and reported.
 *   keyUsage     request: what it asks, signing certificates or CRLs excepted; intersect: bits that both have. A request without the extension
 *                restricts nothing (RFC 5280, 4.2.1.3), so what both have is then the template's.
 *   EKU          request: what it asks within `allow` (within the template's values when that is empty); intersect: as keyUsage.
 * OCSP signing, time stamping, any purpose and enrolment agent are never had by asking. */
struct rmt_plan *rmt_plan_new(const struct rmt_recipe *recipe, const struct rmt_wish *wish, struct rmt_span spki, rmt_time now,
                              rmt_report_fn *report, void *report_arg, struct rmt_err *err);
void rmt_plan_free(struct rmt_plan *plan);
rmt_time rmt_plan_not_before(const struct rmt_plan *plan);
rmt_time rmt_plan_not_after(const struct rmt_plan *plan);

enum { RMT_SERIAL = 17 };
int rmt_serial_new(unsigned char serial[RMT_SERIAL], struct rmt_err *err); /* 01..7f, then 16 random bytes */
/* The to-be-signed bytes. `serial` is unsigned big-endian, at most 20 bytes; `algorithm` is rmt_signer_algorithm() of the signer that will sign. */
int rmt_plan_build(const struct rmt_plan *plan, struct rmt_span serial, struct rmt_span algorithm, struct rmt_buf *tbs, struct rmt_err *err);

/* Field by field comparison of two certificates: kept (TAKEN), changed, added, dropped (for `reissue`). */
int rmt_compare(const struct rmt_cert *before, const struct rmt_cert *after, rmt_report_fn *report, void *arg, struct rmt_err *err);

/* ---- revocation lists (crl.c): RFC 5280, 5 ------------------------------------------------------------------------------- */

struct rmt_crl_form {
	const struct rmt_cert *issuer;
	rmt_time this_update, next_update;
	int64_t number;
	bool delta;
	int64_t base;            /* of a delta: the number of the list that it is read with */
	const char *only_at;     /* URI of the distribution point that a partial list is for; NULL: the list is complete */
	const char *deltas_at;   /* URI where its deltas are found; NULL: none are */
	uint64_t expected;       /* lines, about; far from it, everything is written twice */
};
/* Where a list is, or what its file is called, given the complete one ("x.crl", "x"): "x-shard3.crl", "x-delta.crl", "x-shard3-delta". */
void rmt_crl_name(const char *complete, int shard, bool delta, struct rmt_buf *out);
/* The partial list of a certificate, from 1: by the last bytes of its serial number. 0 when there are none. */
int rmt_crl_shard(struct rmt_span serial, int shards);
/* One revoked certificate: serial as encoded; reason 0 is not written; invalid_since 0: none. */
struct rmt_crl_line { struct rmt_span serial; rmt_time at; int reason; rmt_time invalid_since; };
/* Hands every line to `take`, each time the same. Stops with what `take` returns unless it is 0. */
typedef int rmt_crl_lines_fn(void *arg, int (*take)(void *to, const struct rmt_crl_line *line), void *to, struct rmt_err *err);
/* Where it goes: bytes behind each other from `begin` on, which may come again; all of them once more in pieces, to be signed, so that
 * nobody may have changed them; and at the end the first ones replaced. */
struct rmt_crl_sink {
	int (*begin)(void *arg, struct rmt_err *err);
	int (*append)(void *arg, struct rmt_span bytes, struct rmt_err *err);
	int (*again)(void *arg, int (*take)(void *to, struct rmt_span piece, struct rmt_err *err), void *to, struct rmt_err *err);
	int (*patch)(void *arg, struct rmt_span first_bytes, struct rmt_err *err);
	void *arg;
};
/* Write a signed list in constant memory. RMT_POLICY when the issuer may not sign lists. */
int rmt_crl_write(const struct rmt_crl_form *form, struct rmt_signer *signer, rmt_crl_lines_fn *lines, void *arg,
                  const struct rmt_crl_sink *sink, uint64_t *count, struct rmt_err *err);

/* ---- OCSP responses (ocsp.c): RFC 6960, 4.2 ------------------------------------------------------------------------------ */

/* What is said of one certificate. */
struct rmt_ocsp_answer {
	struct rmt_span id;      /* the whole CertID, as it was asked with */
	enum rmt_ocsp_status status;
	rmt_time revoked;        /* when, of a revoked one */
	int reason;              /* why, RFC 5280, 5.3.1; -1: not said */
	rmt_time this_update, next_update;
};
/* Who signs: the CA itself, or a certificate that it issued for this. Borrows; one per thread, as the signer. */
struct rmt_ocsp_responder {
	const struct rmt_cert *cert;
	unsigned char key_id[20]; /* rmt_spki_key_id() of its key */
	bool enclosed;            /* the certificate goes along: whoever asks does not have it */
	struct rmt_signer *signer;
};
/* A signed response. `nonce` is the request's, echoed; empty: none. */
int rmt_ocsp_sign(const struct rmt_ocsp_responder *by, const struct rmt_ocsp_answer *answers, size_t count, rmt_time produced,
                  struct rmt_span nonce, struct rmt_buf *der, struct rmt_err *err);
/* Read a response back: it says this, and nothing else, and is by this responder. With a checker its signature verifies, too. RMT_INTERNAL
 * when not: then it must not go out. */
int rmt_ocsp_prove(const struct rmt_ocsp_responder *by, const struct rmt_ocsp_answer *answers, size_t count, struct rmt_span nonce,
                   struct rmt_checker *checker, struct rmt_span der, struct rmt_err *err);
/* An answer that is none, and that nobody signs: "malformedRequest", "unauthorized", ... */
int rmt_ocsp_refuse(enum rmt_ocsp_result why, struct rmt_buf *der, struct rmt_err *err);

/* Is the key of the kind that "rsa:2048", "rsa:2048-8192", "ec:p256" or "ed25519" names? 1 yes, 0 no, -1 it names none (RMT_INPUT). */
int rmt_key_rule_fits(const char *rule, const struct rmt_spki *key, struct rmt_err *err);

/* The Extensions SEQUENCE for a request from general name texts, and key usages of the template (may be NULL) as far as they fit the
 * key `spki`. `out` stays empty when there is nothing to ask for. */
int rmt_request_extensions(const struct rmt_text_list *san, const struct rmt_template *policy, struct rmt_span spki, struct rmt_buf *out, struct rmt_err *err);

#endif
