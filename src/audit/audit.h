/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/audit.h - the face of the room that judges: (objects, target, now) -> findings.
 *
 * One table of rules (rules.c, with the checks by family in rules_*.c) serves the audit of certificates at hand and the
 * lint of to-be-signed bytes. A target switches rules on and sets their numbers. A finding is not an error: the
 * functions here fail only when they cannot judge. The room knows no files, no sockets and no SQL.
 */
#ifndef RMT_AUDIT_H
#define RMT_AUDIT_H

#include "policy/policy.h"
#include "x509/x509.h"

/* The step that clears a finding, the weakest first: a stronger one does the work of the weaker ones too. */
enum rmt_remedy {
	RMT_REMEDY_NONE,    /* none of these */
	RMT_REMEDY_CONVERT, /* the same objects in another container */
	RMT_REMEDY_CHAIN,   /* send other certificates along */
	RMT_REMEDY_RENEW,   /* the same content with new dates */
	RMT_REMEDY_REISSUE, /* other content */
	RMT_REMEDY_KEY,     /* a new key */
	RMT_REMEDY_ISSUER,  /* another issuer */
};
const char *rmt_remedy_name(enum rmt_remedy remedy); /* "none" "convert" "fix-chain" "renew" "reissue" "rekey" "replace-ca" */

struct rmt_finding {
	const char *rule;               /* "leaf.eku.client-auth" */
	enum rmt_severity severity;
	enum rmt_remedy remedy;
	const char *target;             /* target name */
	const char *object;             /* label of the object at fault */
	const char *place;              /* "tbs.extensions.extendedKeyUsage" */
	const char *message;            /* one sentence */
	const char *citation;           /* document, or "unconfirmed: ..." */
	const char *fix;                /* what to do */
};

/* What is judged: one leaf with what came along. All borrowed. */
struct rmt_object_facts;
struct rmt_presented {
	const struct rmt_cert *leaf;
	const struct rmt_object_facts *facts; /* container facts, may be NULL */
	const char *label;                     /* how findings call the leaf; NULL: rmt_cert_label() */
	const struct rmt_cert *const *sent;    /* chain as presented, without the leaf, in the order found; may be empty */
	size_t sent_count;
	bool order_matters;                    /* `sent` is a sequence (a PEM chain, a handshake), not a bag (PFX, directory) */
	bool leaf_first;                       /* the leaf stood before the others where order matters */
	struct rmt_span key_spki;              /* SPKI of the private key at hand; empty: none seen */
	bool key_locked;                       /* a private key is there but was not opened */
	const char *host;                      /* --name, or NULL */
	bool key_checked;                      /* the leaf's key has passed rmt_key_check_public() with its own limits: not checked again */
	bool leaf_only;                        /* judge no chain and no path (piles without --trust and --chain; TBS lint) */
	bool chain_unknown;                    /* nobody knows what was sent with the leaf (piles): rules about the chain as sent do not run */
	bool lint;                             /* to-be-signed bytes: rules about signature value, key at hand, chain, container and the present time do not run */
	const struct rmt_cert *issuer;         /* of a lint: whose name and key identifier it must bear; NULL: not at hand */
	bool once;                             /* a fault of a CA that this audit has told already is not told again (piles) */
};
/* Facts about the container, for container.* rules. */
struct rmt_object_facts {
	const char *container;   /* as rmt_object.container */
	const char *pfx_profile; /* "modern" "compat" "legacy" or NULL */
	const char *note;        /* reader's diagnosis or NULL */
};

/* Issuers and anchors known to an audit, indexed by subject and key identifier. */
struct rmt_chain_store;
struct rmt_chain_store *rmt_chain_store_new(struct rmt_err *err);
int rmt_chain_store_add(struct rmt_chain_store *store, const struct rmt_cert *cert, bool trusted, struct rmt_err *err); /* copies the DER; the same certificate twice is one */
size_t rmt_chain_store_count(const struct rmt_chain_store *store);
bool rmt_chain_store_knows(const struct rmt_chain_store *store, struct rmt_span name); /* is there a certificate of this subject? Looks at all */
void rmt_chain_store_drop(struct rmt_chain_store *store, size_t count); /* forget all but the first `count` added */
void rmt_chain_store_free(struct rmt_chain_store *store);

enum { RMT_PATHS_MAX = 100, RMT_PATH_DEPTH_MAX = 12 };
/* Candidate paths from `leaf` upwards through `sent` and the store, best first (anchored, then shorter, then later expiry); visit gets
 * leaf-first certificates and whether the last is trusted; returns 0 to go on. *capped is set when RMT_PATHS_MAX or the depth cut the search. */
int rmt_chain_paths(const struct rmt_chain_store *store, const struct rmt_cert *leaf, const struct rmt_cert *const *sent, size_t sent_count,
                    int (*visit)(void *arg, const struct rmt_cert *const *path, size_t count, bool anchored), void *arg, bool *capped, struct rmt_err *err);

/* A prepared audit against one target: rule settings resolved against the table. One per thread. */
struct rmt_audit;
/* Unknown rule ids and parameters the rule does not take: RMT_USAGE with the target's file:line and a did-you-mean. `store` may be NULL; borrowed. */
struct rmt_audit *rmt_audit_new(const struct rmt_target *target, const struct rmt_chain_store *store, rmt_time now, struct rmt_err *err);
void rmt_audit_free(struct rmt_audit *audit);
/* The names that the target's role has in a topology, for the rules about them; borrowed. NULL: none are known, and they say nothing. */
void rmt_audit_expect(struct rmt_audit *audit, const struct rmt_wanted_names *wanted);
/* Findings in the order of the target's rules. The strings of a finding live during the sink call only. */
int rmt_audit_run(struct rmt_audit *audit, const struct rmt_presented *presented, int (*sink)(void *arg, const struct rmt_finding *finding), void *arg, struct rmt_err *err);
/* The role rules for a CA certificate judged by itself (piles that hold only CAs). */
int rmt_audit_run_ca(struct rmt_audit *audit, const struct rmt_cert *ca, const char *label, int (*sink)(void *arg, const struct rmt_finding *finding), void *arg, struct rmt_err *err);
uint64_t rmt_audit_verifications(const struct rmt_audit *audit);

/* Symptom look-up (symptom.c): what was pasted against what is known. Pure over entries that were loaded elsewhere. */
struct rmt_symptom_text;
/* Taken apart once; of a text longer than 64 KiB the beginning counts. */
struct rmt_symptom_text *rmt_symptom_text_new(const char *text, struct rmt_err *err);
void rmt_symptom_text_free(struct rmt_symptom_text *text);
/* How specifically the text speaks of the incident: 0 not at all. `stack` (may be NULL) are words that make it likelier, no match by themselves. */
unsigned rmt_symptom_score(const struct rmt_symptom_text *text, const struct rmt_incident *incident, const struct rmt_text_list *stack);

/* The rule table, for `target show`, docs and tests. What stands below `parameters` is the engine's. */
struct rmt_check;
struct rmt_rule_row {
	const char *id, *title, *citation, *fix;
	enum rmt_severity severity;
	enum rmt_remedy remedy; /* what clears its findings, unless the check knows better */
	const char *parameters; /* names of the parameters it takes: "min max values from until", "" for none */
	const char *needed;     /* the one of them without which it cannot run; "min max": either; or NULL */
	int scope;              /* enum rmt_scope: what it is run on */
	int values;             /* enum rmt_values: what its "values" are */
	int (*check)(struct rmt_check *check);
};
const struct rmt_rule_row *rmt_rule_rows(size_t *count);

/* Lints: what the standards ask of every certificate, whoever its consumer is. A row is a rule that needs no settings, and shares its
 * check with one of the rules where both ask the same. */
struct rmt_lint_row {
	struct rmt_rule_row rule;
	const char *aka; /* zlint's name of the same check, or NULL */
	int on;          /* run only where this extension is there (enum rmt_ext_id); -1: always */
	int (*name)(struct rmt_check *check, const struct rmt_general_name *name);    /* instead of rule.check: of each alternative name */
	int (*attribute)(struct rmt_check *check, const struct rmt_attribute *attribute); /* likewise: of each attribute of the subject */
};
const struct rmt_lint_row *rmt_lint_rows(size_t *count);
/* A prepared lint, for rmt_lint_run() alone; freed with rmt_audit_free(). One per thread. */
struct rmt_audit *rmt_lint_new(rmt_time now, struct rmt_err *err);
/* Every lint on the leaf of `presented`, be it a CA's certificate; `lint` there means to-be-signed bytes. The findings' target is "lint". */
int rmt_lint_run(struct rmt_audit *lint, const struct rmt_presented *presented, int (*sink)(void *arg, const struct rmt_finding *finding), void *arg, struct rmt_err *err);

#endif
