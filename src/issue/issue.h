/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/issue.h - the face of the room that makes certificates, pure: (resolved template, wishes, subject key, issuer,
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
	bool subject_verbatim;              /* reissue: this exact subject, byte for byte, no allow-list */
	const struct rmt_text_list *san;    /* general name texts stated by options ("dns:host") */
	const struct rmt_extensions *asked; /* extensions of a request or of the certificate to repeat; NULL none */
	bool asked_is_certificate;          /* `asked` comes from a certificate being renewed, reissued or rekeyed: its SAN is carried over verbatim where allowed */
	rmt_time not_before, not_after;     /* 0: by template */
	int64_t validity;                   /* seconds; 0: by template */
};

/* What was decided about one field, for the person. */
enum rmt_decision { RMT_DECISION_TAKEN, RMT_DECISION_DROPPED, RMT_DECISION_CHANGED, RMT_DECISION_ADDED };
typedef void rmt_report_fn(void *arg, enum rmt_decision decision, const char *field, const char *text); /* "subjectAltName", "dns:x added from the CN" */

struct rmt_issuer {
	const struct rmt_cert *cert;       /* NULL: self-signed root */
	struct rmt_span crl_uri, ocsp_uri, ca_uri; /* text; empty: not written */
};

/* A decided certificate: everything but serial number and signature. */
struct rmt_plan;
/* Merge template and wish by the template's per-field policy. RMT_POLICY when the template forbids it (a name type not allowed, a missing
 * required field, key not accepted, validity beyond the maximum, issuer cannot issue it: not a CA, path length, outlived, name constraints). `spki` is checked by the caller with
 * rmt_key_check_public. notAfter is cut to the issuer's (reported) unless it was asked for explicitly, then refused. */
struct rmt_plan *rmt_plan_new(const struct rmt_template *policy, const struct rmt_wish *wish, struct rmt_span spki, const struct rmt_issuer *issuer,
                              rmt_time now, rmt_report_fn *report, void *report_arg, struct rmt_err *err);
void rmt_plan_free(struct rmt_plan *plan);
rmt_time rmt_plan_not_before(const struct rmt_plan *plan);
rmt_time rmt_plan_not_after(const struct rmt_plan *plan);

int rmt_serial_new(unsigned char serial[17], struct rmt_err *err); /* 01..7f, then 16 random bytes */
/* The to-be-signed bytes. `algorithm` is rmt_signer_algorithm() of the signer that will sign. */
int rmt_plan_build(const struct rmt_plan *plan, struct rmt_span serial, struct rmt_span algorithm, struct rmt_buf *tbs, struct rmt_err *err);

/* Field by field comparison of two certificates: kept, changed, added, dropped (for `reissue`). */
int rmt_compare(const struct rmt_cert *before, const struct rmt_cert *after, rmt_report_fn *report, void *arg, struct rmt_err *err);

/* The Extensions SEQUENCE for a request from general name texts (and key usages of the template, may be NULL). */
int rmt_request_extensions(const struct rmt_text_list *san, const struct rmt_template *policy, struct rmt_buf *out, struct rmt_err *err);

#endif
