/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/policy.h - the face of the room that reads templates (what we issue), targets (who must accept
 * it) and symptoms (how TLS stacks and tools report what they refuse).
 *
 * A policy file is libconfig text walked against a schema table: unknown keys, wrong types and out-of-range values are
 * refused with file:line, what was expected and a did-you-mean. `extends` names a parent; the child's values win. The
 * result is a plain resolved struct: nobody above ever sees libconfig. Built-in files are compiled in; a directory of the
 * user's own (searched first) and a path ending in ".cfg" or containing a slash stand beside them. The room knows nothing of issuing, auditing or SQL.
 */
#ifndef RMT_POLICY_H
#define RMT_POLICY_H

#include "base/base.h"

/* Where policies come from: built in, and the user's directories `<dir>/certificates/NAME.cfg`, `<dir>/targets/NAME.cfg`,
 * `<dir>/symptoms/NAME.cfg`, `<dir>/topologies/NAME.cfg`. */
struct rmt_policy_store;
struct rmt_policy_store *rmt_policy_store_new(struct rmt_err *err);
int rmt_policy_store_add(struct rmt_policy_store *store, const char *directory, struct rmt_err *err); /* later ones win over earlier ones and over built-in */
void rmt_policy_store_free(struct rmt_policy_store *store);
enum rmt_policy_kind { RMT_POLICY_TEMPLATE, RMT_POLICY_TARGET, RMT_POLICY_SYMPTOMS, RMT_POLICY_TOPOLOGY };
/* Every name of the kind in byte order; visit returns 0 to go on. `origin` is "built in" or a path. */
int rmt_policy_each(const struct rmt_policy_store *store, enum rmt_policy_kind kind, int (*visit)(void *arg, const char *name, const char *origin), void *arg, struct rmt_err *err);

/* ---- shared pieces ---------------------------------------------------------------------------------------------------- */

struct rmt_text_list { char **items; size_t count; };
bool rmt_text_list_has(const struct rmt_text_list *list, const char *item);

/* Who decides a field when a request states it too. */
enum rmt_merge {
	RMT_MERGE_TEMPLATE,  /* template wins: what the request says is dropped (and reported) */
	RMT_MERGE_REQUEST,   /* request wins where it says something allowed; else the template's value */
	RMT_MERGE_INTERSECT, /* only what both have */
	RMT_MERGE_REQUIRE,   /* the request must ask for all of the template's values, else it is refused */
};
const char *rmt_merge_name(enum rmt_merge merge); /* "template" "request" "intersect" "require" */

/* ---- template --------------------------------------------------------------------------------------------------------- */

enum rmt_role { RMT_ROLE_LEAF, RMT_ROLE_ISSUING_CA, RMT_ROLE_ROOT_CA };
struct rmt_template {
	char *name, *title, *origin;    /* origin: "built in" or a path */
	struct rmt_text_list lineage;   /* names of the parents, nearest first */
	enum rmt_role role;
	int64_t validity, max_validity; /* seconds; notAfter = notBefore + validity - 1 */
	int64_t backdate;               /* seconds that notBefore lies before now, at most 24 h */
	char *digest;                   /* "sha256" | "sha384" | "sha512": the wish; the issuer's key decides for Ed25519 */
	char *key_generate;             /* "rsa:2048" ... for keys that we make */
	struct rmt_text_list key_accept; /* "rsa:2048-8192", "ec:p256", "ec:p384", "ec:p521", "ed25519" */
	struct {
		enum rmt_merge merge;
		struct rmt_text_list allow;   /* attribute labels taken from the request or options, in the order of the issued name; empty: any known one, order kept */
		struct rmt_text_list require; /* must end up present */
		struct rmt_text_list fixed;   /* "O=Example" always set, replacing what was asked */
		bool empty_ok;
	} subject;
	struct {
		enum rmt_merge merge;
		struct rmt_text_list allow;   /* "dns" "ip" "email" "uri" "upn" */
		struct rmt_text_list fixed;   /* "dns:host" always added */
		bool from_cn;                 /* add the CN as dns (or ip, or email for an address) when it is one and is not there yet */
		bool required;
		bool wildcard;                /* "*.example" allowed */
		bool critical_when_empty_subject;
		unsigned max;
	} san;
	struct { enum rmt_merge merge; unsigned bits; bool critical; } key_usage; /* bits as in x509 RMT_KU_*: 1 << n; keyEncipherment is dropped for EC keys at issue */
	struct { enum rmt_merge merge; struct rmt_text_list values, allow; bool critical; } extended_key_usage; /* OID names or dotted; allow bounds RMT_MERGE_REQUEST */
	struct { bool present, ca, critical; int path_length; } basic_constraints; /* path_length -1 none */
	struct rmt_text_list policies;          /* certificatePolicies OIDs */
	struct rmt_text_list permitted, excluded; /* nameConstraints, general name text ("dns:corp.example"), critical */
	bool subject_key_id, authority_key_id;
	bool crl_distribution, authority_info;  /* written when the authority has a publish URL */
	bool ocsp_nocheck;
	bool microsoft_template_name;           /* add 1.3.6.1.4.1.311.20.2 with `name` */
};
struct rmt_template *rmt_template_load(const struct rmt_policy_store *store, const char *name, struct rmt_err *err); /* unknown name: RMT_USAGE with did-you-mean */
void rmt_template_free(struct rmt_template *policy);
/* The resolved template as the text of a file that loads to the same template and needs no parent, one field a line; where it comes
 * from stands in comments (golden dumps, `template show`). */
void rmt_template_dump(const struct rmt_template *policy, struct rmt_buf *out);
struct rmt_template *rmt_template_dup(const struct rmt_template *policy, struct rmt_err *err);

/* ---- target ----------------------------------------------------------------------------------------------------------- */

enum rmt_severity { RMT_SEVERITY_INFO, RMT_SEVERITY_WARNING, RMT_SEVERITY_ERROR };
const char *rmt_severity_name(enum rmt_severity severity); /* "info" "warning" "error" */
int rmt_severity_named(const char *name, enum rmt_severity *out);

/* How sure the source of a rule is (targets.md's marks). Unconfirmed rules are at most a warning and say so. */
enum rmt_confidence { RMT_CONFIDENCE_DOCUMENTED, RMT_CONFIDENCE_FIELD, RMT_CONFIDENCE_MEASURED, RMT_CONFIDENCE_UNCONFIRMED };

/* One rule switched on by a target, with the numbers that an administrator may tune. Which parameters a rule takes is
 * the business of audit's rule table, which checks them. */
struct rmt_rule_setting {
	char *rule;                  /* "leaf.eku.client-auth" */
	int severity;                /* enum rmt_severity, or -1: the rule's own */
	enum rmt_confidence confidence;
	char *source;                /* document or report that says so; overrides the rule's citation when set */
	char *note;                  /* added to the message: why this consumer cares */
	char *fix;                   /* overrides the rule's fix when set */
	int64_t min, max;            /* counts or seconds; -1 unset ("min" and "max" in the file: number or duration as a string) */
	struct rmt_text_list values; /* algorithm names, EKUs, ... */
	rmt_time from, until;        /* applies to certificates with notBefore in [from, until); 0 unset */
	char *file;                  /* where it stands, for messages */
	unsigned line;
};

/* One file that the target wants. */
struct rmt_deploy_file {
	char *name;                  /* "haproxy.pem"; {label} is the cleaned CN, {n} the index when `per_intermediate` */
	char *format;                /* a name of write's formats[]: "pem" "pfx" "pkcs1" ... */
	struct rmt_text_list content; /* "leaf" "intermediates" "root" "key", in order */
	char *profile;               /* pfx, pfx-trust, mobileconfig: "modern" "compat" "legacy" */
	bool per_intermediate;       /* one file for each intermediate */
	char *friendly_name;         /* of the entry in a keystore: {label}, {serial}; NULL: the label */
	char *order;                 /* of a pem: "leaf-first" (NULL) or "root-first" */
	char *cipher, *kdf;          /* protect the key by the passphrase: see write's options; NULL: it stays plain */
	bool crlf;                   /* line ends */
	bool no_final_newline;
	char *separator, *charset;   /* see write's options; NULL: nothing between, ASCII */
	unsigned width;              /* base64 line width, default 64 */
	mode_t mode;                 /* default 0600 with a key in it, else 0644 */
	char *comment;               /* what the file is for, one line */
};

/* What the device takes as the passphrase of a file. */
struct rmt_passphrase_rules {
	int min, max;     /* characters; -1: no bound */
	char *characters; /* "any" (NULL) "ascii" (printable) "alphanumeric" */
	char *without;    /* ASCII characters that it does not take, or NULL */
	char *source;
};

/* Limits on the fields of a request made for this target. */
struct rmt_request_rules {
	struct rmt_text_list require, allow; /* attribute labels */
	struct rmt_text_list keys;           /* key specs allowed; first is the default */
	char *digest;
	bool san;                            /* put subjectAltName into the request (old gateways choke on it) */
	struct rmt_text_list limits;         /* "ST:40": the most characters of a field */
	char *on_device;                     /* what a device that makes its own key is told, with words of rmt_request_marks in braces; or NULL */
	char *form;                          /* the file that goes with it: "inf" (certreq), "openssl", or "none"; or NULL */
	char *exportable;                    /* why a Windows machine must be able to give the key away, one line; NULL: it is not */
	struct rmt_text_list sources;        /* on what they rest */
};

/* A name that the consumer's certificate has, made from a topology. */
struct rmt_name_pattern {
	char *name;                 /* "sip.{sip_domains}": {KEY} is each name under that key of the topology */
	struct rmt_text_list when;  /* conditions that all hold: "mobility", "!strict_auto_logon" */
	bool wildcard;              /* a wildcard in the certificate may stand for it */
	char *source;
	enum rmt_confidence confidence;
};

/* How the consumer behaves as a TLS peer: what it offers, and what it refuses of what it is sent. */
struct rmt_client {
	char *min_version, *max_version;      /* "tls1.0" .. "tls1.3"; NULL: no bound of its own */
	struct rmt_text_list signature_algorithms; /* OpenSSL's names in order ("RSA+SHA256"); empty: the library's */
	char *ciphers;                        /* OpenSSL's TLS 1.2 cipher string, or NULL */
	int security_level;                   /* 0 .. 5; -1: the library's */
	bool strict_chain;                    /* refuses, under TLS 1.2, a chain member sent whose signature is not among signature_algorithms */
	bool sends_sni;
	char *names;                          /* "san" "san-or-cn" "none": where it looks for the name it connects to */
	bool demands_certificate;             /* as a server it wants its clients to show one (mutual TLS) */
	bool checks_purpose;                  /* holds the peer's extended key usage against its role: serverAuth of a server, clientAuth of a client */
	bool trusts_root_only;                /* has no store of intermediates: the chain as sent must be whole */
};

/* A way in which this consumer has failed, as people meet it. */
struct rmt_incident {
	struct rmt_text_list symptoms; /* messages, in any language, as they are pasted */
	struct rmt_text_list codes;    /* "0x80090331", "SEC_E_ALGORITHM_MISMATCH", "alert 40" */
	char *cause;                   /* one or two sentences */
	struct rmt_text_list rules;    /* rules that prove it on a certificate or a chain as sent */
	char *fix;
	char *never;                   /* the cure that people try and that must not be used, or NULL */
	char *source;
	enum rmt_confidence confidence;
};

/* What may stand in braces in the steps of a target's deploy block, without them, ended by NULL: "label", "thumbprint" ...
 * What each stands for is write/'s business. */
extern const char *const rmt_deploy_marks[];
/* The same for request.on_device. */
extern const char *const rmt_request_marks[];

struct rmt_target {
	char *name, *title, *origin;
	struct rmt_text_list lineage, sources;
	struct rmt_rule_setting *rules; /* in file order, parents first; a child's entries replace its parent's of the same id. One file may state an id
	                                 * several times, with other values, numbers or dates: each entry stands for itself */
	size_t rule_count;
	struct {
		bool check;             /* false: this target says nothing about paths */
		char *purpose;          /* "any" "server" "client" "both": what X509_verify_cert enforces on the leaf; "both" runs twice */
		int auth_level;         /* -1 .. 5 */
		bool strict;
		bool fetch_missing;     /* the consumer fetches a missing intermediate by AIA */
		bool root_on_wire_ok;
	} path;
	char *template_name;        /* what `reissue --for` and `issue --for` use */
	struct rmt_request_rules request;
	struct {
		struct rmt_text_list cn;      /* patterns; the first is issued, each is accepted. None and no san: takes no names from a topology */
		struct rmt_name_pattern *san; /* in the order in which they are issued; a child's list replaces its parent's */
		size_t san_count;
		char *source;
	} names;
	struct rmt_deploy_file *files;
	size_t file_count;
	struct rmt_passphrase_rules passphrase;
	/* Steps for the person, several lines each, or NULL: making the new chain trusted, installing the files, going back.
	 * The words of rmt_deploy_marks in braces are filled in by who shows the text. */
	char *deploy_trust, *deploy_note, *deploy_back;
	struct rmt_text_list deploy_sources; /* on what those steps rest: "trust: ...", "back: ..." */
	struct rmt_client client;
	char *presents;             /* what it serves as a lab peer: "leaf" "leaf+intermediates" "leaf+intermediates+root" */
	struct rmt_incident *incidents; /* of this file alone: a child has its own */
	size_t incident_count;
};
/* Is it a path rather than a name: does it hold a slash or end with ".cfg"? */
bool rmt_policy_is_path(const char *name);
struct rmt_target *rmt_target_load(const struct rmt_policy_store *store, const char *name, struct rmt_err *err);
void rmt_target_free(struct rmt_target *target);
void rmt_target_dump(const struct rmt_target *target, struct rmt_buf *out);

/* ---- topology --------------------------------------------------------------------------------------------------------- */

/* The names of one deployment: FQDNs in lower case. Absent texts are NULL. */
struct rmt_topology {
	char *name, *title, *origin;
	struct rmt_text_list lineage;
	struct rmt_text_list sip_domains;
	bool strict_auto_logon; /* clients find their server by automatic configuration and match its name strictly */
	bool mobility;          /* mobile clients find their server by lyncdiscover */
	bool wildcards;         /* new certificates get *.domain for names that a wildcard may stand for */
	struct { struct rmt_text_list meet, dialin, admin; } simple_urls; /* their hosts */
	struct {
		char *pool;
		struct rmt_text_list servers; /* the pool itself when none is stated */
		char *web_internal, *web_external;
		struct rmt_text_list also;    /* further names by which clients connect */
	} front_end, director;
	struct { char *pool; struct rmt_text_list servers; } mediation;
	struct {
		char *pool;                   /* of the internal interface */
		struct rmt_text_list servers;
		char *access, *web_conferencing, *av;
		struct rmt_text_list xmpp_domains, also;
	} edge;
	struct { struct rmt_text_list web_external, also; } reverse_proxy; /* web_external: of further pools */
	struct { char *farm; struct rmt_text_list servers; } office_web_apps;
	struct { struct rmt_text_list namespaces, mail_domains, servers; } exchange;
};
/* By name or path; a file in the working directory needs no slash. */
struct rmt_topology *rmt_topology_load(const struct rmt_policy_store *store, const char *name, struct rmt_err *err);
void rmt_topology_free(struct rmt_topology *topology);

/* What a target's name patterns come to in a topology. */
struct rmt_wanted_name {
	char *name;
	unsigned group;   /* not 0: of the names of one group any will do, since each server may have its own certificate */
	bool wildcard;    /* a wildcard may stand for it */
	bool unconfirmed; /* nobody confirmed that it is needed */
};
struct rmt_wanted_names {
	struct rmt_text_list cn;  /* the first is issued, each is accepted */
	struct rmt_wanted_name *names;
	size_t count;
	char missing[48];         /* the key without which nothing can be said, as "director.pool"; else "" */
	bool server_known;        /* the server asked for is one of this role's */
};
/* 1 with `out` filled, 0 when the target takes no names from a topology, -1. `server`: the one machine meant, or NULL. */
int rmt_wanted_names_resolve(const struct rmt_target *target, const struct rmt_topology *topology, const char *server,
    struct rmt_wanted_names *out, struct rmt_err *err);
void rmt_wanted_names_clear(struct rmt_wanted_names *wanted);

/* ---- symptoms --------------------------------------------------------------------------------------------------------- */

/* A failure as one TLS stack or tool reports it, whoever its consumer is. */
struct rmt_symptom {
	struct rmt_incident incident; /* first */
	char *check;   /* the command that proves it; {input} is the file, {host} the host:port */
	char *target;  /* whose settings `rules` take; NULL: the file's */
};
struct rmt_symptoms {
	char *name, *title, *origin;
	struct rmt_text_list lineage;
	struct rmt_text_list stack; /* words that tell that a message comes from it: "schannel", "nginx" */
	char *target;               /* whose settings rules take when an entry names none */
	struct rmt_symptom *entries;
	size_t count;
};
struct rmt_symptoms *rmt_symptoms_load(const struct rmt_policy_store *store, const char *name, struct rmt_err *err);
void rmt_symptoms_free(struct rmt_symptoms *symptoms);

#endif
