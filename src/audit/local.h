/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/local.h - what the engine, the chain builder and the rules by family share inside the room.
 *
 * A check is one function over a struct rmt_check: it looks at the certificate at hand and reports each fault through
 * rmt_audit_fault(). It allocates nothing as long as it has nothing to report.
 */
#ifndef RMT_AUDIT_LOCAL_H
#define RMT_AUDIT_LOCAL_H

#include "audit/audit.h"

/* ---- what a rule is run on ---------------------------------------------------------------------------------------- */

enum rmt_scope {
	RMT_ON_LEAF,       /* the leaf */
	RMT_ON_LEAF_NOW,   /* the leaf, about the present time: not in lint */
	RMT_ON_LEAF_SIGNED, /* the leaf, about its signature: not in lint */
	RMT_ON_KEY,        /* the private key at hand: not in lint */
	RMT_ON_CONTAINER,  /* what the objects came in: not in lint */
	RMT_ON_CA,         /* every certificate above the leaf on its path; all from here on not with leaf_only */
	RMT_ON_ISSUING,    /* ... but the root */
	RMT_ON_ROOT,       /* ... only the root */
	RMT_ON_CHAIN,      /* the chain as sent, once */
	RMT_ON_PATH,       /* the verdict over all candidate paths, once, when the target checks paths */
};

/* What the words of "values" must be. */
enum rmt_values {
	RMT_VALUES_NONE,
	RMT_VALUES_EKU,     /* key purposes by name or dotted */
	RMT_VALUES_DIGEST,
	RMT_VALUES_KEY,     /* kinds of public key */
	RMT_VALUES_CURVE,
	RMT_VALUES_SIZE,    /* numbers of bits */
	RMT_VALUES_GENERAL, /* kinds of general name */
	RMT_VALUES_USAGE,   /* key usages by name */
	RMT_VALUES_PROFILE, /* PFX profiles */
	RMT_VALUES_FORMAT,  /* containers */
};

/* ---- store.c: the certificates at hand ------------------------------------------------------------------------------ */

enum rmt_store_table { RMT_STORE_BYTES, RMT_STORE_SUBJECT, RMT_STORE_KEY, RMT_STORE_TABLES };
struct rmt_store_row {
	unsigned char *der;
	size_t length;
	uint64_t hash[RMT_STORE_TABLES]; /* of the DER, of the folded subject, of subject and key identifier */
	uint32_t next[RMT_STORE_TABLES]; /* positions: index plus one, 0 the end */
	bool trusted;
};
struct rmt_chain_store {
	struct rmt_store_row *rows;
	uint32_t count;
	size_t trusted_count;
	uint32_t *heads[RMT_STORE_TABLES];
	size_t head_count; /* a power of two; also the room in rows */
	struct rmt_buf scratch;
};
int rmt_issuers_hash_name(struct rmt_span name, struct rmt_buf *scratch, uint64_t *out, struct rmt_err *err);
uint64_t rmt_issuers_hash_key(uint64_t subject, struct rmt_span key_id); /* an empty key_id: the certificate has none */
uint32_t rmt_issuers_first(const struct rmt_chain_store *store, enum rmt_store_table table, uint64_t hash); /* a position; compare the row's hash */
int rmt_issuers_find(const struct rmt_chain_store *store, struct rmt_span der, uint32_t *position, struct rmt_err *err); /* 0: not there */

/* ---- chain.c: candidate paths ----------------------------------------------------------------------------------- */

/* One search for the paths of one leaf. Its memory is kept from one leaf to the next. */
struct rmt_search;
struct rmt_search *rmt_search_new(struct rmt_err *err);
void rmt_search_free(struct rmt_search *search);
int rmt_search_run(struct rmt_search *search, const struct rmt_chain_store *store, const struct rmt_cert *leaf,
    const struct rmt_cert *const *sent, size_t sent_count, struct rmt_err *err);
/* What was found, best first. The certificates live until the next run. */
struct rmt_path {
	const struct rmt_cert *cert[RMT_PATH_DEPTH_MAX]; /* the leaf first */
	bool sent[RMT_PATH_DEPTH_MAX];                   /* came with the leaf; the leaf itself counts */
	size_t count;
	bool anchored; /* the last one is trusted */
	bool rooted;   /* the last one is self-signed by its names and key identifiers */
	bool cut;      /* the depth ended it, not the lack of an issuer */
};
size_t rmt_search_count(const struct rmt_search *search); /* at least 1: the leaf alone */
void rmt_search_path(const struct rmt_search *search, size_t index, struct rmt_path *out);
bool rmt_search_capped(const struct rmt_search *search);
bool rmt_search_reached(const struct rmt_search *search, size_t sent_index); /* stands on some path of the leaf */
/* The first of `sent` with the same bytes, or -1 for the leaf itself; `sent_index` when it is the first. */
ptrdiff_t rmt_search_twin(const struct rmt_search *search, size_t sent_index);
bool rmt_chain_store_has_anchors(const struct rmt_chain_store *store);
/* Subject equals issuer and no key identifier says otherwise. */
bool rmt_chain_is_root(const struct rmt_cert *cert);

/* ---- verdict.c: X509_verify_cert over the candidate paths --------------------------------------------------------- */

struct rmt_verdict {
	bool accepted;
	enum rmt_purpose purpose;
	int error, depth;
	const char *text;
	const struct rmt_cert *cert; /* the certificate at fault */
};

/* ---- engine.c ------------------------------------------------------------------------------------------------------- */

/* A certificate under judgement, with what is decoded at most once. */
struct rmt_judged {
	const struct rmt_cert *cert;
	const char *given;     /* the caller's label, or NULL */
	struct rmt_buf label;  /* our own, made when a finding needs it */
	struct rmt_spki spki;
	signed char spki_state; /* 0 not read yet, 1 read, -1 unreadable */
};

/* A rule that the target switches on, its setting resolved. */
struct rmt_active {
	const struct rmt_rule_row *row;
	const struct rmt_rule_setting *set; /* borrowed from the target */
	enum rmt_severity severity;
	char *citation;        /* what findings quote */
	const char *fix;
	struct rmt_buf *purpose; /* RMT_VALUES_EKU: the values as OID contents */
	uint64_t *number;        /* RMT_VALUES_SIZE */
	size_t value_count;
};

/* settings.c */
const struct rmt_rule_row *rmt_rule_find(const char *id);
int rmt_active_resolve(struct rmt_active *active, const struct rmt_rule_setting *set, struct rmt_err *err);
void rmt_active_free(struct rmt_active *active);

/* The state of one run. */
struct rmt_check {
	struct rmt_audit *audit;
	const struct rmt_presented *presented;
	int (*sink)(void *arg, const struct rmt_finding *finding);
	void *sink_arg;
	struct rmt_err *err;
	const struct rmt_active *rule; /* the one that runs */
	struct rmt_judged *on;         /* the certificate at hand */
	size_t depth;                  /* its place on the path; 0 is the leaf */
	const char *fix;               /* a better one than the rule's for the fault at hand, or NULL */
	enum rmt_remedy remedy;        /* likewise; NONE: the rule's */
	/* The path that the rules about CAs judge: the accepted one, else the best. Filled at first need. */
	bool path_known;
	struct rmt_path path;
	struct rmt_judged judged[RMT_PATH_DEPTH_MAX];
	unsigned verdict_count;
	struct rmt_verdict verdict[2]; /* one for each purpose */
	const struct rmt_lint_facts *facts; /* of a lint */
};

/* What many lints ask of the certificate at hand, found out once. */
struct rmt_lint_facts {
	const struct rmt_lint_row *row; /* the one that runs */
	bool ca;                        /* basic constraints say so */
	bool basic_known, usage_known;  /* there and readable */
	struct rmt_basic_constraints basic;
	unsigned usage;
	struct rmt_span purposes;       /* value of the extended key usage; empty: none */
	bool server;                    /* a leaf for TLS servers by its purposes */
	unsigned broken;                /* how many extensions strict DER refuses */
};

/* What an audit keeps from one leaf to the next. */
struct rmt_audit {
	const struct rmt_target *target;
	const struct rmt_chain_store *store;
	const struct rmt_wanted_names *wanted; /* NULL: no topology was given */
	rmt_time now;
	struct rmt_active *active;
	size_t active_count;
	struct rmt_rule_setting capped; /* stands in when the target does not mention path.capped */
	struct rmt_search *search;
	unsigned purpose_count;
	enum rmt_purpose purpose[2];
	struct rmt_path_checker *checker[2];
	struct rmt_buf scratch, message, list; /* reused by checks and findings */
	uint64_t *told; /* faults of CAs already told: an open hash set */
	size_t told_count, told_room;
};

/* Report a fault of the object at hand: 0 to go on, anything else is to be returned at once. */
int rmt_audit_fault(struct rmt_check *check, const char *place, const char *format, ...) RMT_PRINTF(3, 4);
/* The same, at most at this severity. */
int rmt_audit_fault_most(struct rmt_check *check, enum rmt_severity most, const char *place, const char *format, ...)
    RMT_PRINTF(4, 5);
/* The same for another certificate than the one at hand. */
int rmt_audit_fault_of(struct rmt_check *check, const struct rmt_cert *cert, enum rmt_severity most, const char *place,
    const char *format, ...) RMT_PRINTF(5, 6);
/* "extendedKeyUsage cannot be read": what a rule says of a value that it cannot judge. */
int rmt_audit_unreadable(struct rmt_check *check, const char *place, const char *what);
/* The public key of the certificate at hand; NULL when it cannot be read. */
const struct rmt_spki *rmt_audit_spki(struct rmt_check *check);
/* Is this rule switched on in the same target? */
bool rmt_audit_has(const struct rmt_check *check, const char *rule);
/* Find the path and, when the target checks paths, the verdicts. */
int rmt_audit_path(struct rmt_check *check);
/* Call visit for each common name of the certificate at hand, as UTF-8 in the audit's scratch buffer. */
int rmt_audit_common_names(struct rmt_check *check, int (*visit)(struct rmt_check *check, struct rmt_span name));
/* The text of an address as its bytes; 0 when the text is none. */
size_t rmt_audit_address(struct rmt_span text, unsigned char out[16]);
/* Could this text be meant as a host name? */
bool rmt_audit_host_like(struct rmt_span text);
/* The label of another certificate, appended to `out`. */
void rmt_audit_label(const struct rmt_check *check, const struct rmt_cert *cert, struct rmt_buf *out);
/* Words joined as English does: "a", "a and b", "a, b and c". `index` counts from 0, `last` marks the last. */
void rmt_list_word(struct rmt_buf *list, const char *word, size_t index, bool last);
/* The values of a setting joined so ("or" between the last two). */
void rmt_list_values(struct rmt_buf *list, const struct rmt_text_list *values);
/* Whole days, rounded up. */
/* Does the topology want exactly this name in the certificate? */
bool rmt_audit_wants(const struct rmt_check *check, struct rmt_span name);
int64_t rmt_days(int64_t seconds);

/* ---- the checks, by file --------------------------------------------------------------------------------------------- */

typedef int rmt_rule_function(struct rmt_check *check);

rmt_rule_function rmt_rule_eku_server, rmt_rule_eku_client, rmt_rule_eku_present, rmt_rule_eku_forbidden, rmt_rule_eku_path;

rmt_rule_function rmt_rule_san_present, rmt_rule_san_covers_cn, rmt_rule_san_types, rmt_rule_san_critical,
    rmt_rule_name_host, rmt_rule_name_characters, rmt_rule_cn_wildcard, rmt_rule_name_constraints;

rmt_rule_function rmt_rule_key_bits, rmt_rule_key_sizes, rmt_rule_key_type, rmt_rule_key_curve, rmt_rule_key_sound,
    rmt_rule_key_usage_tls, rmt_rule_key_usage_includes, rmt_rule_key_present, rmt_rule_key_match;

rmt_rule_function rmt_rule_san_topology, rmt_rule_cn_topology;

rmt_rule_function rmt_rule_san_wildcard, rmt_rule_san_cn_first, rmt_rule_name_public;

rmt_rule_function rmt_rule_signature_digest, rmt_rule_signature_pss, rmt_rule_algorithm_match, rmt_rule_root_digest;

rmt_rule_function rmt_rule_dates_valid, rmt_rule_dates_expiring, rmt_rule_dates_lifetime, rmt_rule_dates_nesting;

rmt_rule_function rmt_rule_crl_present, rmt_rule_crl_http, rmt_rule_authority_info, rmt_rule_serial_length,
    rmt_rule_policies, rmt_rule_serial_positive, rmt_rule_version, rmt_rule_not_ca, rmt_rule_ca_constraints, rmt_rule_ca_key_usage,
    rmt_rule_path_length, rmt_rule_authority_key_id, rmt_rule_subject_key_id, rmt_rule_extensions_duplicate,
    rmt_rule_extensions_unknown, rmt_rule_extensions_malformed, rmt_rule_encoding;

rmt_rule_function rmt_rule_chain_complete, rmt_rule_chain_order, rmt_rule_chain_duplicate, rmt_rule_chain_root,
    rmt_rule_chain_foreign, rmt_rule_chain_length, rmt_rule_path_valid, rmt_rule_path_anchor, rmt_rule_path_capped;

/* ---- lints, by file --------------------------------------------------------------------------------------------------- */

typedef int rmt_lint_name_function(struct rmt_check *check, const struct rmt_general_name *name);
typedef int rmt_lint_attribute_function(struct rmt_check *check, const struct rmt_attribute *attribute);

/* The extension that the row is about; never NULL in a lint that has one. */
const struct rmt_ext *rmt_lint_ext(const struct rmt_check *check);
/* A fault of it, placed there. */
int rmt_lint_fault(struct rmt_check *check, const char *format, ...) RMT_PRINTF(2, 3);
/* A cursor over the content of its SEQUENCE; false when it is none (lint.extensions.malformed tells). */
bool rmt_lint_open(const struct rmt_check *check, struct rmt_der *list);
bool rmt_lint_purpose(const struct rmt_check *check, const char *name);
/* Text of a certificate for a message, in the audit's list. */
const char *rmt_lint_text(struct rmt_check *check, struct rmt_span text);
size_t rmt_lint_scheme(struct rmt_span uri); /* length of its scheme; 0: it is no absolute URI */

rmt_rule_function rmt_lint_critical, rmt_lint_not_critical, rmt_lint_not_empty, rmt_lint_only_ca;

rmt_rule_function rmt_lint_version_known, rmt_lint_version, rmt_lint_encoding, rmt_lint_serial_entropy, rmt_lint_parameters, rmt_lint_digest, rmt_lint_signer_kind,
    rmt_lint_issuer_empty, rmt_lint_issuer_name, rmt_lint_ca_subject, rmt_lint_unique_ids, rmt_lint_dates_order, rmt_lint_time_form,
    rmt_lint_time_seconds, rmt_lint_time_zulu, rmt_lint_time_fraction, rmt_lint_extra_second, rmt_lint_public_lifetime,
    rmt_lint_within_issuer;

rmt_rule_function rmt_lint_alphabet, rmt_lint_country_code, rmt_lint_common_names, rmt_lint_multi_valued;
rmt_lint_attribute_function rmt_lint_string_type, rmt_lint_attribute_length, rmt_lint_attribute_empty, rmt_lint_printable_only,
    rmt_lint_ia5_only, rmt_lint_control, rmt_lint_blanks;

rmt_rule_function rmt_lint_san_critical, rmt_lint_san_duplicate;
rmt_lint_name_function rmt_lint_name_empty, rmt_lint_dns_ia5, rmt_lint_dns_blank, rmt_lint_name_control, rmt_lint_dns_characters,
    rmt_lint_dns_underscore, rmt_lint_dns_empty_label, rmt_lint_dns_label_length, rmt_lint_dns_hyphen, rmt_lint_dns_length,
    rmt_lint_dns_trailing_dot, rmt_lint_dns_wildcard, rmt_lint_dns_address, rmt_lint_dns_a_label, rmt_lint_dns_reserved, rmt_lint_ip_length,
    rmt_lint_email, rmt_lint_uri_ia5, rmt_lint_uri_relative, rmt_lint_uri_host, rmt_lint_smtp_utf8;

rmt_rule_function rmt_lint_malformed, rmt_lint_extensions_der, rmt_lint_authority_present, rmt_lint_authority_key, rmt_lint_authority_pair,
    rmt_lint_authority_match, rmt_lint_subject_key_ca, rmt_lint_subject_key_leaf, rmt_lint_usage_bits, rmt_lint_usage_der, rmt_lint_usage_ca,
    rmt_lint_usage_not_ca, rmt_lint_usage_kind, rmt_lint_usage_only, rmt_lint_usage_purpose, rmt_lint_basic_critical,
    rmt_lint_basic_length, rmt_lint_basic_length_sign, rmt_lint_basic_default, rmt_lint_eku_any, rmt_lint_eku_duplicate, rmt_lint_nocheck,
    rmt_lint_ocsp_ca, rmt_lint_key_point;

rmt_rule_function rmt_lint_points_complete, rmt_lint_points_reasons, rmt_lint_points_relative, rmt_lint_points_https, rmt_lint_access_method,
    rmt_lint_access_uri, rmt_lint_policies_duplicate, rmt_lint_policies_any, rmt_lint_policies_long, rmt_lint_policies_ia5,
    rmt_lint_policies_utf8, rmt_lint_policies_reference, rmt_lint_policies_control, rmt_lint_mappings_any, rmt_lint_mappings_listed,
    rmt_lint_constraints_minimum, rmt_lint_constraints_maximum, rmt_lint_constraints_mask, rmt_lint_constraints_forms;

rmt_rule_function rmt_rule_pfx_profile, rmt_rule_container_format, rmt_rule_container_encoding;

#endif
