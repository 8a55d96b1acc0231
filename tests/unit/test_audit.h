/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test files of audit/ share: a maker of certificates that may be wrong in every way a rule knows, and of
 * targets from a few words of configuration.
 */
#ifndef RMT_TEST_AUDIT_H
#define RMT_TEST_AUDIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit/audit.h"

/* How a certificate differs from a good one; all zero is a good leaf, or a good CA. */
struct make {
	const char *subject;   /* "CN=..."; NULL: the maker's default; "": the empty name */
	int version;           /* 0: 3 */
	const char *serial;    /* hex content; NULL: a good one */
	const char *from, *to; /* RFC 3339 */
	const char *eku;       /* blank-separated; NULL: no extension */
	const char *san;       /* blank-separated "dns:..." texts; NULL: no extension; dns is taken as it stands */
	bool san_critical;
	unsigned usage;        /* RMT_KU_*; 0: no extension in a leaf, certificate and CRL signing in a CA */
	bool no_usage;
	enum { CA_AS_FITS, CA_LOOSE, CA_NO, CA_UNSTATED } ca; /* critical, not critical, cA FALSE spelled out, no extension */
	int path_length;       /* plus one; 0: none */
	const char *crl;       /* a URI, or "-" for a point without one */
	const char *access;    /* "caIssuers http://..." */
	bool no_subject_id, no_authority_id;
	unsigned rsa_bits;     /* an RSA key of this size that nobody has; 0: the P-256 key given */
	const char *algorithm; /* "md5" "sha1" "sha512" "pss": what the certificate says it was signed with */
	const char *outer;     /* the same for the outer field alone */
	const char *extra;     /* hex of further Extension values */
	const char *permitted, *excluded; /* one subtree of name constraints, as text */
};

/* A certificate with its key. */
struct made {
	struct rmt_cert *cert;
	struct rmt_key *key;
};
/* `issuer` NULL: self-signed. `ca` chooses the defaults. Fails the test when it cannot. */
struct made make_cert(const struct make *make, const char *subject, const struct made *issuer, bool ca);
/* The same for a key that is there already. */
struct made make_cert_for(const struct make *make, const char *subject, const struct made *issuer, bool ca,
    const struct rmt_key *key);
void made_free(struct made *made);

/* A target of this text: the inside of "rules = ( ... );" and of "path: { ... };" (NULL: checked, any purpose). */
struct rmt_target *make_target(const char *rules, const char *path);
rmt_time make_time(const char *text);

/* Findings of a run, as text lines "rule|severity|object|place|message|citation|fix". */
struct findings {
	struct rmt_buf text;
	size_t count;
	enum rmt_remedy remedy; /* of the last */
};
int keep_finding(void *arg, const struct rmt_finding *finding);

int test_audit_rules(void);
int test_audit_symptom(void);
int test_audit_chain(void);

#endif
