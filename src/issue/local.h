/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/local.h - what the files of this room share: the recipe, the plan and the draft from which a plan is made.
 *
 * A draft lives for one rmt_plan_new(): each rmt_draft_*() function decides one field of it, in the order of plan.c.
 */
#ifndef RMT_ISSUE_LOCAL_H
#define RMT_ISSUE_LOCAL_H

#include "issue/issue.h"

enum {
	RMT_SUBJECT_MAX = 64,  /* attributes of one subject */
	RMT_SAN_MAX = 1000,    /* names of one certificate, when the template sets no limit of its own */
	RMT_KEY_RULES_MAX = 32,
	RMT_SHOWN = 132,       /* a value as it is quoted in a message */
};
#define RMT_BACKDATE_MAX RMT_DAY

/* One row of key_accept, parsed. */
struct rmt_key_rule {
	const char *text; /* borrowed from the template */
	char kind[16];    /* "rsa", "ec", "ed25519" */
	char curve[16];   /* "p256"; "" any */
	unsigned min, max; /* bits; 0 any */
};

/* "O=Example" of the template. */
struct rmt_fixed_attribute {
	struct rmt_buf der; /* a Name with this one attribute */
	struct rmt_attribute attribute; /* views into it */
};

/* The name constraints of one certificate above. */
struct rmt_bound {
	const struct rmt_cert *from;
	struct rmt_name_constraints subtrees;
};

struct rmt_recipe {
	const struct rmt_template *policy;
	struct rmt_issuer issuer;
	struct rmt_span common_name; /* OID content */
	const struct rmt_oid **allow, **require; /* as subject.allow and subject.require */
	struct rmt_fixed_attribute *fixed;
	size_t fixed_count;
	unsigned san_allow;      /* 1u << enum rmt_general_type; upn stands for RMT_GN_OTHER */
	struct rmt_buf san_fixed; /* GeneralName values one after another */
	struct rmt_buf eku, eku_allow; /* OBJECT IDENTIFIER values one after another */
	struct rmt_key_rule keys[RMT_KEY_RULES_MAX];
	size_t key_count;
	struct rmt_bound *bounds;
	size_t bound_count;
	int path_length;         /* of the certificates issued; -1 none */
	bool path_clamped;       /* ... shorter than the template's, because of those above */
	rmt_time not_before, not_after; /* of the issuer; not_after the earliest of it and those above */
	struct rmt_buf head;     /* whole extensions, the same in every certificate: basicConstraints */
	struct rmt_buf tail;     /* authority key identifier (not of a root), policies, constraints, CRL, AIA, ... */
	struct rmt_buf *tails;   /* the same for each partial list of the issuer, crl_shards of them */
};

struct rmt_plan {
	rmt_time not_before, not_after;
	struct rmt_buf rest; /* everything after the signature algorithm, as it stands in the TBSCertificate: issuer to extensions */
};

struct rmt_draft {
	const struct rmt_recipe *recipe;
	const struct rmt_template *policy;
	const struct rmt_wish *wish;
	struct rmt_span spki;
	struct rmt_spki key;
	rmt_time now;
	rmt_report_fn *report;
	void *report_arg;
	rmt_time not_before, not_after;
	struct rmt_buf subject; /* whole Name */
	struct rmt_buf san;     /* GeneralName values one after another */
	size_t san_count;
	unsigned key_usage;
	struct rmt_buf eku;     /* OBJECT IDENTIFIER values one after another */
	struct rmt_buf scratch;
};

/* recipe.c */
bool rmt_oids_have(struct rmt_span oids, struct rmt_span oid); /* in OBJECT IDENTIFIER values one after another */
int rmt_oids_add(struct rmt_buf *oids, const char *name_or_dotted, struct rmt_err *err);

/* issuer.c: may this issuer issue by this template, whatever the leaf? */
int rmt_issuer_check(struct rmt_recipe *recipe, struct rmt_err *err);
/* Every purpose in `eku` must be one that each issuer's own extendedKeyUsage allows. */
int rmt_issuer_check_eku(const struct rmt_recipe *recipe, struct rmt_span eku, struct rmt_err *err);

/* recipe.c: the extension that names the issuer's key */
int rmt_issuer_key_id_write(struct rmt_derw *w, const struct rmt_cert *issuer, struct rmt_err *err);

/* constraints.c */
int rmt_constraints_write(struct rmt_derw *w, const struct rmt_text_list *permitted, const struct rmt_text_list *excluded, struct rmt_err *err);
int rmt_bounds_load(struct rmt_recipe *recipe, struct rmt_err *err);
/* Subject and names of the draft against the name constraints of every issuer above. */
int rmt_draft_bounds(struct rmt_draft *draft, struct rmt_err *err);

/* plan_key.c, plan_validity.c, plan_subject.c, plan_san.c, plan_usage.c: one field each, in this order */
int rmt_key_rules_parse(struct rmt_recipe *recipe, struct rmt_err *err);
int rmt_draft_key(struct rmt_draft *draft, struct rmt_err *err);
int rmt_draft_validity(struct rmt_draft *draft, struct rmt_err *err);
int rmt_draft_subject(struct rmt_draft *draft, struct rmt_err *err);
int rmt_draft_san(struct rmt_draft *draft, struct rmt_err *err);
int rmt_draft_usage(struct rmt_draft *draft, struct rmt_err *err);
/* Key usage bits that a key of this kind can serve. */
unsigned rmt_usage_fit(unsigned bits, const struct rmt_spki *key);

/* ": the template x does" where a built-in template for leaves does, or "". */
const char *rmt_wildcard_hint(const struct rmt_template *policy);

/* report.c */
void rmt_draft_report(const struct rmt_draft *draft, enum rmt_decision decision, const char *field, const char *format, ...) RMT_PRINTF(4, 5);
/* A value from an input as it may stand in a message: UTF-8, cut to a readable length. Returns `out`. */
const char *rmt_shown(struct rmt_span text, char out[RMT_SHOWN]);
const char *rmt_shown_string(unsigned char tag, struct rmt_span value, char out[RMT_SHOWN]);
const char *rmt_shown_general(const struct rmt_general_name *name, char out[RMT_SHOWN]);
bool rmt_text_hides(struct rmt_span text); /* not UTF-8, or holds control or bidi characters, which have no place in a name */

#endif
