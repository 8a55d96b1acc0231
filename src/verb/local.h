/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verb/local.h - what the files of verb/ share: the context behind remint.h, the memory of one answer, the opened home,
 * a leaf with its company, and the one road on which a certificate is issued.
 */
#ifndef RMT_VERB_LOCAL_H
#define RMT_VERB_LOCAL_H

#include "audit/audit.h"
#include "db/db.h"
#include "issue/issue.h"
#include "policy/policy.h"
#include "probe/probe.h"
#include "read/read.h"
#include "remint.h"
#include "write/write.h"

/* ---- context (context.c) ---------------------------------------------------------------------------------------- */

enum { RMT_SECRETS_MAX = 32 };

struct remint {
	struct rmt_err err;          /* of the verb under way */
	struct remint_fault failure; /* the same for the caller; points into err */
	remint_password_fn *password;
	void *password_arg;
	remint_progress_fn *progress;
	void *progress_arg;
	remint_warning_fn *warning;
	void *warning_arg;
	remint_fault_fn *fault;
	void *fault_arg;
	char *home;
	struct rmt_policy_store *policies;
	unsigned jobs;
	uint64_t max_iterations;
	rmt_time fixed_now;
	uint64_t faults;                              /* reported since the verb began */
	struct rmt_secret *read_secrets[RMT_SECRETS_MAX]; /* given so far, tried in order on every locked thing */
	unsigned read_secret_count;
	struct rmt_secret *ca_secret, *out_secret;    /* asked once */
};

void rmt_verb_begin(struct remint *ctx);
int rmt_verb_end(struct remint *ctx, int rc); /* rc, after publishing ctx->err; a non-zero rc without an error becomes "stopped by the caller" */
rmt_time rmt_verb_now(const struct remint *ctx);
void rmt_verb_warn(struct remint *ctx, const char *format, ...) RMT_PRINTF(2, 3);
int rmt_verb_fault(struct remint *ctx, const struct rmt_err *err); /* to the caller; its answer */
void rmt_verb_progress(struct remint *ctx, uint64_t done, uint64_t total);
/* Ask once and keep; NULL with RMT_SECRET when the caller has none and `required`. `confirm` asks twice (attempts 0 and 1). */
const struct rmt_secret *rmt_verb_ca_secret(struct remint *ctx, const char *what, bool confirm, struct rmt_err *err);
const struct rmt_secret *rmt_verb_out_secret(struct remint *ctx, const char *what, struct rmt_err *err);
/* A passphrase from the caller, uncached; NULL when there is none. */
struct rmt_secret *rmt_verb_ask(struct remint *ctx, enum remint_secret_use use, const char *what, unsigned attempt, struct rmt_err *err);
/* A reader whose passphrases and faults go to the caller; object and arg are for the verb to set. The fault
 * callback expects reader.arg to begin with `struct remint *`. */
struct rmt_reader rmt_verb_reader(struct remint *ctx);
enum remint_class rmt_verb_class(enum rmt_class class);

/* remint_audit() against targets at hand (audit.c); begins and ends no verb. `targets` are borrowed. */
int rmt_verb_audit(struct remint *ctx, const struct remint_audit_options *options, struct rmt_target *const *targets, size_t target_count,
                   remint_finding_fn *finding, void *arg, struct remint_audit_summary *summary);
/* The same leaf by leaf: each leaf, then what is found about it, a fault of its issuers too, however many leaves share them. CA
 * certificates by themselves are passed over. Both answer 0 to go on. */
struct rmt_leaf_sink {
	int (*leaf)(void *arg, const struct rmt_object *object);
	int (*finding)(void *arg, const struct rmt_finding *finding);
	void *arg;
};
int rmt_verb_audit_leaves(struct remint *ctx, const struct remint_audit_options *options, struct rmt_target *const *targets,
                          size_t target_count, const struct rmt_leaf_sink *leaves, struct remint_audit_summary *summary);
/* The certificates of --trust or --chain put into a store; a file without any was named by mistake (INPUT). */
int rmt_verb_store_fill(struct remint *ctx, struct rmt_chain_store *store, struct remint_strings files, bool trusted, struct rmt_err *err);

/* ---- arena (arena.c): the strings of one answer, freed together -------------------------------------------------- */

struct rmt_arena_block;
struct rmt_arena {
	struct rmt_arena_block *first, *current;
	struct rmt_buf scratch; /* for text under construction */
	bool failed;
};
void *rmt_arena_take(struct rmt_arena *arena, size_t size); /* zeroed, aligned; NULL and `failed` when memory is out */
const char *rmt_arena_text(struct rmt_arena *arena, const char *text);
const char *rmt_arena_bytes(struct rmt_arena *arena, struct rmt_span bytes);
const char *rmt_arena_scratch(struct rmt_arena *arena); /* a copy of scratch, which is cleared */
void rmt_arena_reset(struct rmt_arena *arena);          /* keeps the memory */
void rmt_arena_free(struct rmt_arena *arena);

const char *rmt_arena_hex(struct rmt_arena *arena, struct rmt_span bytes);
const char *rmt_arena_serial(struct rmt_arena *arena, struct rmt_span serial);
const char *rmt_arena_name(struct rmt_arena *arena, struct rmt_span name);
const char *rmt_arena_cn(struct rmt_arena *arena, struct rmt_span name); /* NULL when there is none */
/* Every name in a subjectAltName as "dns:host". */
struct remint_strings rmt_arena_names(struct rmt_arena *arena, const struct rmt_extensions *extensions);
const char *rmt_arena_algorithm(struct rmt_arena *arena, struct rmt_span identifier); /* "sha256WithRSAEncryption"; NULL: unreadable */
const char *rmt_arena_spki(struct rmt_arena *arena, struct rmt_span spki);            /* "RSA 2048"; NULL: unreadable */
const char *rmt_arena_pem(struct rmt_arena *arena, const char *label, struct rmt_span der);
/* A finding of the audit as remint.h has it; borrows everything. And a copy of one in the arena. */
struct remint_finding rmt_finding_told(const struct rmt_finding *finding, const char *source);
struct remint_finding rmt_arena_finding(struct rmt_arena *arena, const struct remint_finding *finding);

/* RMT_SECRET: this key, in `source`, is another certificate's; both are named by the SHA-256 of their SPKI, as `show` prints it. */
int rmt_key_of_another(struct rmt_span key, struct rmt_span wanted, const char *source, struct rmt_err *err);

/* ---- names (names.c): what a run calls its outputs ------------------------------------------------------------------ */

struct rmt_names {
	void *tree;
};
int rmt_names_add(struct rmt_names *names, const char *name, struct rmt_err *err); /* 1 new, 0 given away before, -1 */
void rmt_names_free(struct rmt_names *names);

/* ---- wire (wire_inputs.c, wire.c): what stands among the inputs of a verb and is no file ---------------------------------- */

/* One address of one endpoint and what it sent; an endpoint whose name cannot be resolved has one node without an address. */
struct rmt_wire_node {
	size_t endpoint;           /* index into rmt_wire.endpoints */
	char address[64];          /* "192.0.2.1:443", or "" */
	const char *name;          /* the endpoint's, as in rmt_wire_input */
	const char *source;        /* what its certificates are called: the endpoint's name, with " [address]" when its addresses differ */
	bool same;                 /* sends what an earlier node of this endpoint sends */
	struct rmt_probe_seen seen; /* of the handshake: its strings are the wire's, its job is gone; err: source and all */
	struct rmt_cert **sent;    /* the chain as sent, in its order, also when the handshake failed later */
	size_t sent_count;
	struct rmt_err *broken;    /* members that nobody can read */
	size_t broken_count;
};
/* One input: a file, directory or "-", or an endpoint. Lists are taken apart already. */
struct rmt_wire_input {
	const char *text;   /* as it was given */
	const char *name;   /* of an endpoint: "mx.example.com:443", "smtp://mx.example.com:25"; NULL: something local */
	size_t endpoint;    /* index into rmt_wire.endpoints */
	size_t first, count; /* its nodes; count 0 before rmt_wire_probe() */
};
struct rmt_wire {
	struct remint *ctx;
	struct rmt_arena arena; /* holds the texts */
	struct rmt_wire_input *inputs; size_t count, capacity;
	struct rmt_endpoint *endpoints; size_t endpoint_count, endpoint_capacity;
	struct rmt_wire_node *nodes; size_t node_count;
};
/* Which of the inputs and of the lines of the lists is an endpoint: what exists or is "-" is local, then what
 * rmt_endpoint_parse() takes. A wrong endpoint among `inputs` is RMT_USAGE, a list that cannot be opened RMT_INPUT, a bad line
 * of a list a fault with its place. Free with rmt_wire_clear() also after failure. */
int rmt_wire_inputs(struct remint *ctx, const struct remint_wire *options, struct remint_strings inputs, struct rmt_wire *out, struct rmt_err *err);
/* Every address of every endpoint, all together. `as` (may be NULL) is whom to play; sni, timeout and parallel come from `options`.
 * What fails is a node with its `err`; -1 only when nothing can be probed. */
int rmt_wire_probe(struct rmt_wire *wire, const struct remint_wire *options, const struct rmt_probe_options *as, struct rmt_err *err);
/* Both: the beginning of a verb that takes endpoints and only looks at what they send. */
int rmt_wire_open(struct remint *ctx, const struct remint_wire *options, struct remint_strings inputs, struct rmt_wire *out, struct rmt_err *err);
void rmt_wire_clear(struct rmt_wire *wire);
/* As rmt_read_path(), for the n-th input: the certificates of an endpoint are objects of container "tls" with `endpoint` and `address`,
 * once for each chain that its addresses send. An endpoint that none of its addresses answers for is one fault (RMT_NETWORK). */
int rmt_wire_read(const struct rmt_wire *wire, size_t n, const struct rmt_reader *reader, struct rmt_err *err);
/* The nodes of an endpoint that sent a chain of their own, one after the other: 1, 0 past the end; starts with *cursor 0. */
int rmt_wire_chain(const struct rmt_wire *wire, size_t n, size_t *cursor, const struct rmt_wire_node **node);
/* The i-th certificate of what a node sent, as an object. Borrows. */
void rmt_wire_object(const struct rmt_wire_node *node, size_t i, struct rmt_object *out);
/* Tell the faults of an endpoint: see rmt_wire_read(). `fault` may be NULL. */
int rmt_wire_faults(const struct rmt_wire *wire, size_t n, int (*fault)(void *arg, const struct rmt_err *err), void *arg);
/* The place of the leaf in what a node sent: the first certificate, whose key the server proved; of a handshake that failed before
 * that, the first that is no CA. */
size_t rmt_wire_leaf(const struct rmt_wire_node *node);

/* The host of a node's endpoint when it is a name: addresses are mostly scanned, and seldom named in a certificate. */
const char *rmt_wire_host(const struct rmt_wire *wire, const struct rmt_wire_node *node);
/* What a node sent, as an audit takes it: as sent, nothing repaired. It borrows from the node, from `sent` (freed by the caller, also
 * after failure) and from `label`. */
int rmt_wire_present(const struct rmt_wire_node *node, const char *host, struct rmt_presented *out, const struct rmt_cert ***sent,
                     struct rmt_buf *label, struct rmt_err *err);

/* ---- company (company.c): a leaf with its key and chain, found in piles --------------------------------------------- */

/* One leaf of the inputs with what belongs to it. Pointers are into the pile. */
struct rmt_company {
	const struct rmt_object *leaf;
	const struct rmt_object *key;  /* NULL: none matches */
	const struct rmt_cert **sent;  /* the other certificates of the same source, in order */
	size_t sent_count;
	bool leaf_first;
};
/* Everything of `inputs` and `keys` in one pile; faults go to the caller. */
int rmt_pile_read(struct remint *ctx, struct rmt_pile *pile, struct remint_strings inputs, bool skip_keys, struct rmt_err *err);
/* The same for inputs of which nothing may be missing in what is made from them: a file with a fault is the verb's
 * failure. What else a directory holds is nobody's promise: its faults go to the caller. */
int rmt_pile_need(struct remint *ctx, struct rmt_pile *pile, struct remint_strings inputs, bool skip_keys, struct rmt_err *err);
/* The same for inputs each of which must hold at least one object of this type: RMT_INPUT when it was named by mistake. */
int rmt_pile_for(struct remint *ctx, struct rmt_pile *pile, struct remint_strings inputs, enum rmt_object_type type, struct rmt_err *err);
/* "holds no ..." of the objects from there on, with what is there instead and what to do: -1. */
int rmt_pile_refuse(const struct rmt_pile *pile, size_t from, const char *wanted, const char *source, struct rmt_err *err);
/* Where the leaves of the pile stand in it, each certificate once: the end-entity certificates; when there is none at all, every certificate. */
struct rmt_leaves { size_t *at, count; };
int rmt_leaves_find(const struct rmt_pile *pile, struct rmt_leaves *out, struct rmt_err *err);
/* How many of them have their private key in the pile, open; the last of these in `which`. */
size_t rmt_leaves_keyed(const struct rmt_pile *pile, const struct rmt_leaves *leaves, size_t *which);
void rmt_leaves_clear(struct rmt_leaves *leaves);
/* The leaf at a place of the pile with its company. */
int rmt_company_at(const struct rmt_pile *pile, size_t at, struct rmt_company *out, struct rmt_err *err);
/* The first leaf; 1, 0 when there is none, -1. */
int rmt_company_first(const struct rmt_pile *pile, struct rmt_company *out, struct rmt_err *err);
void rmt_company_clear(struct rmt_company *company);
/* "name" or serial matches? */
bool rmt_cert_matches(const struct rmt_cert *cert, const char *select);
/* Best path of `leaf` among `store`: issuers between leaf and root, and the root or NULL. Copies, freed by rmt_path_clear(). */
struct rmt_path { struct rmt_cert *intermediates[RMT_PATH_DEPTH_MAX]; size_t count; struct rmt_cert *root; };
void rmt_path_clear(struct rmt_path *path);
int rmt_path_find(const struct rmt_chain_store *store, const struct rmt_cert *leaf, struct rmt_path *out, struct rmt_err *err);

/* ---- converting (convert.c, convert_inputs.c, convert_split.c) --------------------------------------------------------- */

enum rmt_subject_matter { RMT_ABOUT_LEAF, RMT_ABOUT_KEY, RMT_ABOUT_OBJECTS };
struct rmt_converting {
	struct remint *ctx;
	const struct remint_convert_options *options;
	struct rmt_pile pile;              /* the inputs and --key */
	struct rmt_pile chain;             /* issuers at hand, never what is converted */
	struct rmt_chain_store *store;
	struct rmt_company company;
	struct rmt_path path;
	const struct rmt_object **objects; /* keys, or what stands by itself */
	size_t object_count;
	struct rmt_bundle bundle;
	bool warned;                       /* that the key which was given has no place */
	remint_file_fn *file;
	void *arg;
};
/* `format` NULL: the files of targets. */
enum rmt_subject_matter rmt_converting_about(const struct rmt_converting *job, const struct rmt_format *format);
int rmt_converting_fill(struct rmt_converting *job, const struct rmt_format *format, struct rmt_err *err);
/* The bundle of this leaf; `key` may be NULL, or locked. */
int rmt_converting_check_strays(const struct rmt_converting *job, struct rmt_err *err); /* a key that was named and fits none of the certificates: RMT_SECRET */
int rmt_converting_leaf(struct rmt_converting *job, const struct rmt_cert *leaf, const struct rmt_object *key, struct rmt_err *err);
int rmt_converting_write(struct rmt_converting *job, const struct rmt_format *format, struct rmt_buf *out, bool *secret, struct rmt_err *err);
int rmt_converting_split(struct rmt_converting *job, const struct rmt_format *format, struct rmt_err *err);
void rmt_converting_clear(struct rmt_converting *job);

/* ---- home (home.c): the CA's directory, its database and keys --------------------------------------------------------- */

struct rmt_home {
	struct remint *ctx;
	struct rmt_db *db;
};
int rmt_home_open(struct remint *ctx, int mode, struct rmt_home *home, struct rmt_err *err);
void rmt_home_close(struct rmt_home *home);
/* Write a key under keys/<SPKI hash>.pem, encrypted when the home has a passphrase. An existing file of that name is kept. */
int rmt_home_key_store(struct rmt_home *home, const struct rmt_key *key, struct rmt_err *err);
struct rmt_key *rmt_home_key_load(struct rmt_home *home, struct rmt_span spki_hash, struct rmt_err *err); /* RMT_SECRET when absent or locked */
int rmt_home_key_stands(const struct rmt_home *home, struct rmt_span spki_hash, struct rmt_err *err); /* its file is there, locked or not: 1, 0, -1 */
int rmt_home_locked(struct rmt_home *home, struct rmt_err *err); /* keys stand under a passphrase: 1, 0, -1 */

/* A certificate of the database put on a pile, by its serial number; with `company` its issuers too, and its key when the
 * home has it. */
int rmt_pile_add_serial(struct rmt_home *home, struct rmt_pile *pile, const char *serial, bool company, struct rmt_err *err);

/* What the database knows of certificates that are served (served.c). `out` NULL and 0 when the home has no database. */
struct rmt_served_records;
int rmt_served_records_open(struct remint *ctx, struct rmt_served_records **out, struct rmt_err *err);
void rmt_served_records_close(struct rmt_served_records *records);
/* Fills record, status, successor, expected and old; texts in the arena. */
int rmt_served_look_up(struct rmt_served_records *records, const char *host, struct rmt_span serial, struct rmt_span sha256,
                       struct rmt_arena *arena, struct remint_verified_address *out, struct rmt_err *err);

/* An authority loaded for issuing. */
struct rmt_authority {
	int64_t id;
	char *name;
	struct rmt_cert *cert;                      /* NULL only for a root about to sign itself */
	struct rmt_cert *chain[RMT_PATH_DEPTH_MAX]; /* its issuers, nearest first; the root last when known */
	size_t chain_count;
	struct rmt_key *key;                        /* NULL until asked for */
	char *crl_uri, *ocsp_uri, *ca_uri;          /* NULL when none */
	int crl_shards;
	bool crl_deltas;
	bool retired_too;                           /* loaded to sign what one that issues no more signs: lists and what OCSP needs */
};
/* The authority that issues when none is named, by name; and "succeeds:NEW", the name of the one whose place NEW took. */
#define RMT_SETTING_ISSUER "issuer"
#define RMT_SETTING_SUCCEEDS "succeeds:"
#define RMT_OCSP_TEMPLATE "ocsp-signer" /* of the certificates that sign responses */
#define RMT_SETTING_IN_ADVANCE "ocsp-all:" /* and its name: when the first response of the last run ends, and how long they hold */
/* The certificate of a row: what is none is damage of the database. */
struct rmt_cert *rmt_authority_cert(const struct rmt_db_authority *row, struct rmt_err *err);
/* For issuing: an active one. `name` NULL: that of RMT_SETTING_ISSUER, else "issuing", else the only one that has its key here. */
int rmt_authority_load(struct rmt_home *home, const char *name, bool with_key, struct rmt_authority *out, struct rmt_err *err);
/* For CRLs and OCSP responses, or to look at: a retired one too. */
int rmt_authority_load_status(struct rmt_home *home, const char *name, bool with_key, struct rmt_authority *out, struct rmt_err *err);
/* Is it the one that is taken when none is named? 1, 0 or -1; `standing`: and may it issue? */
int rmt_authority_is_usual(struct rmt_home *home, const char *name, bool standing, struct rmt_err *err);
/* Is what rmt_authority_load() let pass still so: neither retired nor revoked, nor its key blocked? Else -1 with the sentence. Of what
 * rmt_authority_load_status() loaded nothing is asked. */
int rmt_authority_still_issues(struct rmt_home *home, const struct rmt_authority *authority, struct rmt_err *err);
void rmt_authority_clear(struct rmt_authority *authority);
int rmt_authority_in_time(const struct rmt_authority *authority, rmt_time now, struct rmt_err *err); /* issuance.c */
/* Do the authority's own settings cause findings of this rule? Without a publish URL there is no address to write (issuance.c). */
bool rmt_authority_causes(const struct rmt_authority *authority, const char *rule);
int rmt_publish_url_check(const char *url, struct rmt_err *err); /* init.c */
/* Where its lists and its certificate will be fetched, and what lists there will be. */
struct rmt_publication { const char *url /* or NULL */; int64_t crl_shards; bool crl_deltas; const char *ocsp_url; /* or NULL */ };
/* A home made as init makes it. `then` (may be NULL) is called with the home finished and closed but not yet in its place, where ctx->home
 * finds it; when it fails, nothing is left (init.c). */
typedef int rmt_home_then_fn(void *arg, struct rmt_err *err);
int rmt_home_make(struct remint *ctx, const struct remint_init_options *options, rmt_home_then_fn *then, void *arg, struct rmt_err *err);
int rmt_template_makes_ca(const struct rmt_template *template, struct rmt_err *err); /* 0 when its role is an issuing CA's (ca.c) */
int rmt_publication_check(const struct rmt_publication *publication, struct rmt_err *err); /* init.c */
/* A pending row `name` whose key is stored in the home (init.c). */
int rmt_authority_prepare(struct rmt_home *home, const char *name, const struct rmt_key *key, int64_t parent,
                          const struct rmt_publication *publication, int64_t *id, struct rmt_err *err);
/* A row for an authority whose key is elsewhere; `id` may be NULL (ca.c). */
int rmt_authority_record(struct rmt_home *home, const char *name, const struct rmt_cert *cert,
                         enum rmt_authority_state state, int64_t parent, int64_t *id, struct rmt_err *err);
/* Complete a pending row with the certificate that another home issued; `parent` is its issuer here or 0 (ca.c). */
int rmt_authority_install(struct rmt_home *home, int64_t id, struct rmt_span der, int64_t parent, struct rmt_err *err);
/* The authority that has this certificate, or a new one that is another's; one that waits for it gets it only when it is to be installed (ca.c). */
int rmt_authority_settle(struct rmt_home *home, const struct rmt_cert *cert, int64_t parent, bool install, int64_t *id, struct rmt_err *err);
/* A name that no authority of the home has (ca.c). */
int rmt_authority_free_name(struct rmt_home *home, const struct rmt_cert *cert, char name[65], struct rmt_err *err);
int rmt_authorities_report(struct remint *ctx, remint_authority_fn *authority, void *arg, struct rmt_err *err); /* ca.c */

/* ---- an authority brought to be (establish.c) ----------------------------------------------------------------------------- */

struct rmt_item;
struct rmt_demand;
struct rmt_founding {
	const char *name;        /* in this home */
	struct rmt_span subject; /* whole Name */
	bool verbatim;           /* no allow-list of the template's */
	const char *key;         /* kind of the new key */
	struct rmt_publication publication;
	int64_t validity;        /* 0: the template's */
	const char *succeeds;    /* the authority whose place it takes, or NULL */
	int (*check)(void *arg, struct rmt_item *item, struct rmt_err *err); /* see struct rmt_item */
	void *check_arg;
};
int rmt_authority_name_check(const char *name, struct rmt_err *err);
/* The key of a new pending row; of one that is pending already, the key that it has. */
struct rmt_key *rmt_authority_pending(struct rmt_home *home, const struct rmt_founding *founding, int64_t *id, struct rmt_err *err);
/* The same, and its certificate by an authority with its key, or by itself (NULL). What an interrupted run began is finished. */
int rmt_authority_establish(struct rmt_home *home, struct rmt_authority *by, struct rmt_demand *demand, const struct rmt_founding *founding,
                            struct rmt_err *err);
/* In the transaction under way: pending to active. Where it succeeds the one that issues by default, it issues by default. */
int rmt_authority_activate(struct rmt_home *home, int64_t id, struct rmt_span cert, int64_t parent, struct rmt_err *err);
/* The name of the authority whose place this one took: 1, 0 none, -1. */
int rmt_authority_succeeds(struct rmt_home *home, const char *name, struct rmt_buf *old, struct rmt_err *err);
/* As the room `issue` has it; borrows everything (issuance.c). */
struct rmt_issuer rmt_authority_issuer(const struct rmt_authority *authority, bool rollover);
int rmt_authority_choose(struct rmt_home *home, const char *name, struct rmt_err *err); /* it issues when none is named (ca_standing.c) */
struct rmt_successor { char name[65]; enum rmt_authority_state state; };
/* The authority that took the place of this one: 1, 0 none, -1 (succession.c). */
int rmt_authority_successor(struct rmt_home *home, const char *name, struct rmt_successor *out, struct rmt_err *err);
/* The last of those that took the place of `usual` that has its key here and may certify, or `usual` itself: 1, 0 none of them may, -1. */
int rmt_authority_heir(struct rmt_home *home, const char *usual, struct rmt_successor *out, struct rmt_err *err);
/* Who certifies CAs, with its key: the one `named`; where that is NULL the heir of `usual`, and a warning says so when it is another. */
int rmt_authority_load_parent(struct rmt_home *home, const char *named, const char *usual, struct rmt_authority *out, struct rmt_err *err);
/* One row as the caller is told of it, in the arena; but for `parent` (ca.c). */
int rmt_authority_told(struct rmt_home *home, const struct rmt_db_authority *row, struct rmt_arena *arena, struct remint_authority *out,
                       struct rmt_err *err);
int rmt_pem_hand(remint_file_fn *file, void *arg, const char *name, const char *label, struct rmt_span der, struct rmt_err *err); /* ca.c */
/* "rsa:4096" for such a key; nothing where no option has a word for it. */
int rmt_key_spec_of(struct rmt_span spki, struct rmt_buf *out, struct rmt_err *err);

/* ---- transcript (transcript.c): what a ceremony leaves behind -------------------------------------------------------------- */

enum { RMT_TRANSCRIPT_CERTS = 64 };
struct rmt_transcript {
	struct rmt_span covered;                     /* all that the signature covers; borrowed */
	struct rmt_cert *certs[RMT_TRANSCRIPT_CERTS]; /* the root first */
	size_t cert_count;
};
/* Put the signature of the root behind the text. */
int rmt_transcript_seal(struct rmt_buf *text, struct rmt_signer *signer, struct rmt_err *err);
/* Take one apart and check it, to the last byte: RMT_NEGATIVE says what was altered, RMT_INPUT that it is none. Cleared after failure too. */
int rmt_transcript_open(struct rmt_span text, struct rmt_transcript *out, struct rmt_err *err);
void rmt_transcript_clear(struct rmt_transcript *transcript);
/* The values of the lines "NAME = VALUE", one after the other: 1, 0 no more; `at` starts with 0. */
int rmt_transcript_field(const struct rmt_transcript *transcript, const char *name, size_t *at, struct rmt_span *value);
extern const char rmt_transcript_title[]; /* the first line */

/* ---- targets (targets.c): what --for means ------------------------------------------------------------------------------ */

/* What the targets are for: to judge by (then "all" is every one), to issue or write files for, or one alone. */
enum rmt_target_use { RMT_TARGETS_JUDGE, RMT_TARGETS_ISSUE, RMT_TARGETS_ONE };
/* Names and paths as they are given, patterns ("sfb-*") and "all" replaced by the names that they stand for in byte order, each
 * once; strings in the arena. RMT_USAGE with a did-you-mean for a pattern that matches nothing. */
int rmt_targets_expand(struct remint *ctx, struct remint_strings given, enum rmt_target_use use, struct rmt_arena *arena,
                       struct remint_strings *out, struct rmt_err *err);

/* ---- records (list.c): certificates of the database, as they are handed to the caller ------------------------------------- */

struct rmt_records {
	struct remint *ctx;
	struct rmt_db *db;           /* to read names from; needed with `names` */
	remint_record_fn *record;
	void *arg;
	rmt_time now;
	bool pem, names, in_force;
	struct rmt_arena arena;
};
int rmt_record_hand(void *records, const struct rmt_db_cert *row); /* for rmt_db_certs() */
/* The certificate that a person means by an id, a serial number, a file or a name: the newest one's id. 0 none, 1 one, 2 more, -1. */
int rmt_record_find(struct remint *ctx, struct rmt_db *db, const char *which, int64_t *id, struct rmt_err *err);

/* ---- expectation (expectation.c): the names that targets want in a topology ----------------------------------------------- */

struct rmt_expectation {
	struct rmt_topology *topology;    /* NULL: none was given, and nothing is expected */
	struct rmt_wanted_names *wanted;  /* one for each target */
	bool *known;
	size_t count;
};
/* `topology` NULL is no expectation. What the topology does not state of a role is a warning, or with `issuing` RMT_USAGE. */
int rmt_expectation_load(struct remint *ctx, const char *topology, const char *server, struct rmt_target *const *targets, size_t count,
                         bool issuing, struct rmt_expectation *out, struct rmt_err *err);
void rmt_expectation_clear(struct rmt_expectation *expect);
const struct rmt_wanted_names *rmt_expectation_of(const struct rmt_expectation *expect, size_t target); /* NULL: nothing known */
const char *rmt_expectation_cn(const struct rmt_expectation *expect); /* the common name to issue; NULL: none is expected */
bool rmt_expectation_takes_cn(const struct rmt_expectation *expect, const char *cn);
/* Names for a new certificate ("dns:host"): the expected ones in their order, then `further`. `before` are those of the
 * certificate replaced: what is one server's own stays one server's. */
int rmt_expectation_names(const struct rmt_expectation *expect, struct remint_strings before, struct remint_strings further,
                          struct rmt_arena *arena, struct remint_strings *out, struct rmt_err *err);

/* What `stated` says replaces or joins what `older` says (subject.c). */
int rmt_subject_join(struct rmt_span older, struct rmt_span stated, struct rmt_buf *out, struct rmt_err *err);
/* The subject of a role that has a CN in the topology: `older` (may be empty) with that CN, unless it has one that the role may
 * have, then what `stated` (text, or NULL) says. */
int rmt_subject_expected(const struct rmt_expectation *expect, struct rmt_span older, const char *stated, struct rmt_buf *out,
                         struct rmt_err *err);

/* ---- issuance (issuance.c): the one road ---------------------------------------------------------------------------------- */

/* Targets and template of a run, loaded once. */
struct rmt_demand {
	struct rmt_template *template;
	struct rmt_target **targets;
	size_t target_count;
	char *target_names; /* comma-separated */
	struct rmt_expectation expect; /* rmt_bench_demand() fills it in */
	bool rollover;                 /* the issuer's own name for another key, see struct rmt_issuer */
};
int rmt_demand_load(struct remint *ctx, const char *template_name, struct remint_strings targets, const char *fallback, struct rmt_demand *out, struct rmt_err *err);
void rmt_demand_clear(struct rmt_demand *demand);

/* One certificate to be issued. The maker fills the first part (owned by the item unless said otherwise). */
struct rmt_item {
	struct rmt_request *request;    /* proof of possession is checked when set */
	struct rmt_key *key;            /* made or given: stored in the home when `store_key` */
	bool store_key;
	bool proved;                    /* possession known by other means */
	struct rmt_buf subject;         /* whole Name to wish for; empty: the request's */
	bool subject_verbatim;
	struct rmt_text_list names;     /* wished general names */
	struct rmt_cert *previous;      /* certificate to replace */
	struct rmt_buf spki;            /* when neither request nor key tells */
	rmt_time not_before, not_after;
	int64_t validity;
	int (*check)(void *arg, struct rmt_item *item, struct rmt_err *err); /* the maker's last word on the built bytes; NULL none */
	void *check_arg;
	int64_t campaign;               /* that asked for it, or 0; */
	const char *campaign_item;      /* ... and for which of its items, borrowed */
	int64_t pending;                /* pending request that the certificate answers, or 0 */
	int64_t activates;              /* pending authority of this home that the certificate completes, or 0 */
	const char *source;             /* borrowed for the run */
	size_t index, line;             /* within the source; line 0 in binary forms */
	/* filled on the road */
	struct rmt_arena arena;         /* holds decided and findings */
	struct remint_decided *decided;
	size_t decided_count, decided_capacity;
	struct remint_finding *findings;
	size_t finding_count, finding_capacity;
	size_t lint_count;              /* ... of which so many, the first, are warnings of lints */
	char file[128];                 /* release.c: the one file it goes to */
	unsigned char serial[17];
	struct rmt_buf tbs, der;
	struct rmt_cert cert;           /* views into der once signed, into tbs before */
	int64_t tbs_id, cert_id, supersedes;
	int64_t request_id;             /* row of the bytes that `pending` has, or 0 */
	bool possession_proved;
	struct rmt_err err;
	bool failed;
};
struct rmt_item *rmt_item_new(struct rmt_err *err);
void rmt_item_free(struct rmt_item *item);
void rmt_item_decide(struct rmt_item *item, enum remint_decision decision, const char *field, const char *text);

struct rmt_issuance;
/* `authority->cert` NULL is a root that signs itself. `dry_run` stops before persisting. The references are borrowed until free. */
struct rmt_issuance *rmt_issuance_new(struct rmt_home *home, struct rmt_authority *authority, struct rmt_demand *demand, bool dry_run, struct rmt_err *err);
void rmt_issuance_free(struct rmt_issuance *run);
enum { RMT_GROUP = 100 };
/* Where a run lets its certificates out. `ready` (may be NULL) is asked on the caller's thread before anything is
 * persisted; -1 with `err` refuses the item. `release` is called for each certificate after the second commit. */
struct rmt_outlet {
	int (*ready)(void *arg, struct rmt_item *item, struct rmt_err *err);
	int (*release)(void *arg, struct rmt_item *item);
	void *arg;
};
/* Take up to RMT_GROUP items along the road. Items that are refused carry `failed` and `err`; -1 only when the whole
 * group cannot go on (database, memory). */
int rmt_issuance_run(struct rmt_issuance *run, struct rmt_item **items, size_t count, const struct rmt_outlet *outlet,
                     struct rmt_err *err);
/* Which of the signatures of one worker are verified: each by an RSA key, as that costs nothing beside signing, and a wrong one could give the
 * key away; by another the first and each `sample`-th, which a signer that signs wrongly does not pass. */
int rmt_verify_every(struct rmt_span spki, unsigned sample, unsigned *every, struct rmt_err *err);
/* -1, RMT_INTERNAL, when it was signed wrong. */
int rmt_issuance_verify(struct rmt_checker *checker, const struct rmt_cert *cert, struct rmt_span issuer, struct rmt_err *err);
/* Finish what an interrupted process left, under the authority given (resume.c). */
int rmt_issuance_resume(struct rmt_home *home, struct rmt_authority *authority, struct rmt_err *err);
/* Issue one CA certificate; `item` is consumed, its DER appended to `der` (init.c). */
int rmt_authority_issue(struct rmt_home *home, struct rmt_authority *by, struct rmt_demand *demand, struct rmt_item *item,
                        struct rmt_buf *der, struct rmt_err *err);
/* Judge a finished item again, with the chain that will be served, against the demand's targets: fills item->findings. */
int rmt_authority_audit(const struct rmt_authority *authority, const struct rmt_demand *demand, rmt_time now, struct rmt_item *item,
                        struct rmt_err *err);

/* What stands against issuing by this authority for this demand, before anything is built (preflight.c). */
typedef int rmt_preflight_fn(void *arg, const struct rmt_finding *finding);
int rmt_preflight(struct rmt_home *home, const struct rmt_authority *authority, const struct rmt_demand *demand, rmt_preflight_fn *sink,
                  void *arg, struct rmt_err *err);
/* Before the first signature of a run: RMT_POLICY when a target of the demand refuses every certificate of this authority. */
int rmt_preflight_refuse(struct rmt_home *home, const struct rmt_authority *authority, const struct rmt_demand *demand, struct rmt_err *err);
/* A new authority of this home looked at once: what is found is a warning to the caller, and no failure. */
int rmt_preflight_warn(struct rmt_home *home, const char *name, struct rmt_err *err);

/* The columns of a row from a certificate's own bytes; strings in the arena, hashes in `hashes` (row.c). */
struct rmt_row_hashes { unsigned char fingerprint[RMT_SHA256], spki[RMT_SHA256], usual[RMT_SHA256]; };
int rmt_row_describe(struct rmt_db_cert *row, const struct rmt_cert *cert, struct rmt_arena *arena,
                     struct rmt_row_hashes *hashes, struct rmt_err *err);

/* A certificate that is to be replaced, recorded as foreign when it was never seen; within a transaction. `arena` is scratch. */
int rmt_row_previous(struct rmt_db *db, const struct rmt_cert *cert, rmt_time now, struct rmt_arena *arena, int64_t *id,
                     struct rmt_err *err);

/* Is the text a list of hashes, one a line (blocklist.c)? 1 and they are taken, 0 when its first line with something on it is none, -1
 * when a later one is none. */
int rmt_hash_list_read(const char *path, struct rmt_span text, void (*take_one)(void *arg, enum rmt_blocked_kind kind, const unsigned char *hash),
                       void *arg, struct rmt_err *err);

/* ---- keys (hygiene.c) --------------------------------------------------------------------------------------------------------- */

/* What is on record, for judging many keys, and those that were let through: the next one is held against them, too. */
struct rmt_hygiene_passed;
struct rmt_hygiene {
	struct remint *ctx;
	struct rmt_db *db;
	bool quiet;                 /* what is no fault was said before */
	unsigned kinds;             /* as of rmt_db_blocked_kinds() */
	struct rmt_buf authorities; /* hashes of their keys */
	struct rmt_hygiene_passed *passed;
	size_t passed_count, passed_capacity;
};
int rmt_hygiene_open(struct remint *ctx, struct rmt_db *db, struct rmt_hygiene *out, struct rmt_err *err); /* close also after failure */
void rmt_hygiene_close(struct rmt_hygiene *hygiene);
/* What is on record against a key, for a certificate with this subject (may be empty): RMT_SECRET with the sentence. What is no fault is said
 * as a warning, with `source` before it. The subject and `source` are looked at until close. */
int rmt_hygiene_judge(struct rmt_hygiene *hygiene, struct rmt_span spki, struct rmt_span subject, bool ca, const char *source, struct rmt_err *err);
/* That, and whether the key is weak in itself. Every key passes this before it is signed, asked for or accepted; the road of issuance does the
 * halves apart. `db` may be NULL. The second form asks the home, if there is one. */
int rmt_hygiene_check(struct remint *ctx, struct rmt_db *db, struct rmt_span spki, struct rmt_span subject, bool ca, const char *source, struct rmt_err *err);
int rmt_hygiene_check_home(struct remint *ctx, struct rmt_span spki, struct rmt_span subject, const char *source, struct rmt_err *err);

/* ---- vouching (vouch.c): rows held by the hash chain of the events --------------------------------------------------------- */

/* The rows of one event, added in the order of their ids. */
struct rmt_vouch {
	unsigned char hash[RMT_SHA256];
	int64_t first, last; /* of the range under way */
	size_t count;
	struct rmt_buf ids, row;
};
int rmt_vouch_tbs(struct rmt_vouch *vouch, int64_t id, const struct rmt_db_tbs *tbs, struct rmt_err *err);
int rmt_vouch_cert(struct rmt_vouch *vouch, int64_t id, const struct rmt_db_cert *row, struct rmt_err *err);
/* Write the event: `head` is the beginning of its text. Inside a transaction. */
int rmt_vouch_event(struct rmt_vouch *vouch, struct rmt_db *db, rmt_time now, const char *kind, const char *head, struct rmt_err *err);
void rmt_vouch_clear(struct rmt_vouch *vouch);
/* Record a certificate that was not issued here, with its event. Inside a transaction. */
int rmt_row_record(struct rmt_db *db, const struct rmt_db_cert *row, int64_t *id, struct rmt_err *err);

/* ---- revocation (revocation.c): what is recorded of a certificate of ours that is taken back ------------------------------------- */

struct rmt_revoking {
	rmt_time now;
	int reason;              /* RFC 5280, 5.3.1: 6 puts on hold, 8 releases */
	rmt_time invalid_since;  /* 0: not said */
};
/* With its event. Inside a transaction; the database refuses what may not follow. */
int rmt_certificate_revoke(struct rmt_db *db, int64_t id, const struct rmt_revoking *how, struct rmt_err *err);

/* Which certificates are meant (revoke_choose.c): ids, each once, the oldest first. */
struct rmt_revoke_choice {
	struct remint *ctx;
	struct rmt_db *db;
	bool hold, release;  /* what is to be done to them */
	struct rmt_buf ids;  /* of int64_t */
	const char *device, *pattern; /* while they are sought: "urn:uuid:..." that each must hold, and what one of its names must be like */
	bool by_key;
	bool listed;         /* a list is read: what is done already is passed over, so that it can be run again */
	size_t foreign;      /* other CAs' that a campaign replaced */
	size_t left, authorities; /* what a description does not mean: CAs' and OCSP responders', and those of this home's authorities */
	bool weighty;        /* a CA's is among them: only shown, until it is asked for twice */
	int64_t authority;   /* whose own certificates are meant; 0 */
	bool retires;        /* ... and that by its issuer is among them */
};
int rmt_revoke_choose(struct rmt_revoke_choice *choice, const struct remint_revoke_options *options);
int rmt_revoke_take(struct rmt_revoke_choice *choice, int64_t id);
/* Certificates that others hang on (revoke_authority.c). `authority`: the name of that of this home whose key it has, the caller's, or NULL. */
enum rmt_revoke_kind { RMT_REVOKE_LEAF, RMT_REVOKE_RESPONDER, RMT_REVOKE_CA, RMT_REVOKE_AUTHORITY };
int rmt_revoke_kind(struct rmt_revoke_choice *choice, int64_t id, char **authority); /* -1 */
/* All in force of an authority of this home, that others certified. */
int rmt_revoke_choose_authority(struct rmt_revoke_choice *choice, const char *name);
/* An authority whose certificate is revoked for this reason issues nothing more. Inside a transaction. */
int rmt_authority_retire_revoked(struct rmt_db *db, int64_t id, int reason, rmt_time now, struct rmt_err *err);
/* Is the certificate of an authority revoked, as far as this home knows? 1, 0, -1. */
int rmt_authority_revoked(struct rmt_db *db, const struct rmt_db_authority *row, struct rmt_db_revocation *out, struct rmt_err *err);
/* How many certificates that have not expired hang on an authority and on those below it. */
int rmt_authority_weight(struct rmt_db *db, int64_t id, rmt_time now, int64_t *count, struct rmt_err *err);

/* ---- revocation lists (crl.c, crl_publish.c) ------------------------------------------------------------------------------------- */

/* One list on its way. */
struct rmt_crl_list {
	struct rmt_db_crl row;
	struct rmt_db_revoked_query said;
	const char *stem;                /* its file without the ending */
	const char *only_at, *deltas_at; /* as struct rmt_crl_form has them */
	uint64_t expected;
	struct rmt_writer *der, *pem;
	unsigned char hash[RMT_SHA256];
};
/* May it take the place of what stands there (crl_there.c)? Not that of another CA's list, of a newer one, or of no list (RMT_POLICY). */
int rmt_crl_replaces(struct remint *ctx, const struct rmt_crl_list *list, const char *directory, const struct rmt_cert *issuer,
                     struct rmt_err *err);
/* Written beside its place, read back, verified and hashed; its entries are counted. */
int rmt_crl_make(struct rmt_home *home, const struct rmt_cert *issuer, struct rmt_signer *signer, struct rmt_crl_list *list,
                 const char *directory, struct rmt_err *err);
int rmt_crl_place(struct rmt_crl_list *list, struct rmt_err *err); /* DER and PEM */
void rmt_crl_list_clear(struct rmt_crl_list *list);

/* ---- manifest (manifest.c): the head of an event log kept elsewhere, with the files of a backup or none -------------------- */

struct rmt_manifest_file {
	const char *name; /* "ca.db", "keys/...", "templates/..." */
	uint64_t size;
	unsigned char sha256[RMT_SHA256];
};
struct rmt_manifest {
	const char *kind; /* "backup" or "checkpoint" */
	struct rmt_db_head head;
	rmt_time made;
	int64_t schema;
	struct rmt_manifest_file *files;
	size_t file_count, file_capacity;
	struct rmt_arena arena;
};
void rmt_manifest_write(const struct rmt_manifest *manifest, struct rmt_buf *out);
int rmt_manifest_add(struct rmt_manifest *manifest, const char *name, const unsigned char sha256[RMT_SHA256], uint64_t size, struct rmt_err *err);
bool rmt_manifest_name_fits(const char *name); /* a path that stays within the home and fits on a line */
int rmt_manifest_read(const char *path, struct rmt_manifest *out, struct rmt_err *err); /* clear also after failure */
int rmt_manifest_read_mem(const char *name, struct rmt_span bytes, struct rmt_manifest *out, struct rmt_err *err);
void rmt_manifest_clear(struct rmt_manifest *manifest);
/* Is the log the one that the manifest in `path` was made from, gone on since or not? -1 RMT_DATABASE says what was taken from it. `event`:
 * the last one that the file knows (checkpoint.c). */
int rmt_manifest_compare(struct rmt_db *db, const char *path, int64_t *event, struct rmt_err *err);

/* A directory that was made from this manifest, reopened and checked: its head, and all of a quick check. Opened for writing, an older
 * schema is brought up to date (backup.c). */
int rmt_backup_verify(struct remint *ctx, const char *directory, int mode, const struct rmt_manifest *manifest, struct rmt_err *err);
/* Make the directories on the way to a file, from a place in its path on (backup.c). */
int rmt_backup_way(const char *path, size_t from, struct rmt_err *err);
/* All of a check but the signatures (check.c). */
int rmt_check_quickly(struct rmt_home *home, struct rmt_err *err);

/* ---- status (status.c, status_authority.c, status_database.c) ----------------------------------------------------------------- */

struct rmt_status {
	struct remint_status_options options; /* settled: nothing is 0 but what is left out */
	struct rmt_home home;
	rmt_time now;
	struct rmt_arena arena;               /* of one line; its text grows in the scratch */
	struct remint_status_line line;
	struct remint_status_summary summary;
	bool waiting;
	remint_status_fn *tell;
	void *arg;
	struct rmt_err *err;
};
void rmt_status_begin(struct rmt_status *status, const char *section, const char *check, const char *object);
int rmt_status_tell(struct rmt_status *status, enum remint_health health);
void rmt_status_span(struct rmt_buf *out, int64_t seconds); /* "12 days" */
void rmt_status_day(struct rmt_buf *out, rmt_time time);    /* "2026-11-22" */
int rmt_status_authorities(struct rmt_status *status);
int rmt_status_database(struct rmt_status *status);

/* ---- signatures (check_signature.c): those of the certificates on record, checked by several threads ------------------------ */

struct rmt_signatures;
struct rmt_signatures *rmt_signatures_new(struct rmt_home *home, struct rmt_err *err);
int rmt_signatures_add(struct rmt_signatures *signatures, const struct rmt_db_cert *row, struct rmt_err *err);
int rmt_signatures_end(struct rmt_signatures *signatures, struct remint_db_report *report, struct rmt_err *err);
void rmt_signatures_free(struct rmt_signatures *signatures);

/* ---- release (release.c): the files and the answer ------------------------------------------------------------------------ */

struct rmt_release {
	struct remint *ctx;
	struct rmt_issuance *run;
	struct rmt_authority *authority;
	struct rmt_demand *demand;
	struct remint_out out;
	const char *parent;    /* directory that holds out.directory and may have to be made first, or NULL */
	struct rmt_names names; /* one_file: given away in this run */
	struct rmt_arena same;  /* holds the texts that are the same for all certificates of the run: */
	const char *issuer, *chain_pem;
	bool one_file;         /* sign: NAME.pem per certificate instead of the set of a bundle */
	bool audit_again;      /* run the second audit */
	bool settle;           /* a file that stands there with the same content is as good as written */
	bool warned;           /* that a device reads its key unencrypted */
	remint_issued_fn *issued;
	/* One more file beside the standard ones, or NULL. */
	const char *more_name;
	int (*more)(void *arg, const struct rmt_bundle *bundle, struct rmt_buf *content, struct rmt_err *err);
	void *arg;
};
/* Write files of which some may stand there from an interrupted run: the same objects are enough (settle.c). */
int rmt_files_settle(struct remint *ctx, const char *directory, const struct rmt_output *outputs, size_t count, bool force,
                     struct rmt_err *err);
/* The two ends of an outlet: before anything is signed, can the files be written, and is every passphrase there that they
 * need? Afterwards: write them and hand the item to the caller. Files that cannot be written after all fail the item. */
/* The passphrase for a target's files; one that the device does not take is refused. */
const struct rmt_secret *rmt_target_secret(struct remint *ctx, const struct rmt_target *target, struct rmt_err *err);
/* Of the target's files that go without the key, where the bundle is without it; one warning. */
int rmt_target_warn_keyless(struct remint *ctx, const struct rmt_bundle *bundle, const struct rmt_target *target, struct rmt_err *err);
/* Of a target whose device reads the key from a file that is open, where a passphrase was given for what is written. */
void rmt_target_warn_open(struct remint *ctx, const struct rmt_target *target);
int rmt_release_ready(void *release, struct rmt_item *item, struct rmt_err *err);
int rmt_release_look(void *release, struct rmt_item *item, struct rmt_err *err); /* the files alone, for a dry run */
int rmt_release_item(void *release, struct rmt_item *item);
void rmt_release_clear(struct rmt_release *release);

/* Everything that an issuing verb opens (issue.c). */
struct rmt_bench {
	struct rmt_home home;
	struct rmt_authority authority;
	struct rmt_demand demand;
	struct rmt_issuance *run;
	struct rmt_release release;
	const char *topology, *server; /* set before rmt_bench_demand(), or NULL */
};
/* `signing`: with the key of the authority, which a dry run does without. */
int rmt_bench_open(struct rmt_bench *bench, struct remint *ctx, const char *authority, bool signing, struct rmt_err *err);
/* The template and targets of what follows; replaces those set before. */
int rmt_bench_demand(struct rmt_bench *bench, const char *template_name, struct remint_strings targets, bool dry_run,
                     struct rmt_err *err);
void rmt_bench_close(struct rmt_bench *bench);
int rmt_item_names(struct rmt_item *item, struct remint_strings names, struct rmt_err *err);
/* A group of one, whose refusal is the verb's failure. */
int rmt_issuance_one(struct rmt_bench *bench, struct rmt_item *item, struct rmt_err *err);

/* ---- campaign (plan_file.c, plan_item.c, plan_value.c, plan_write.c): the plan that a person reads, edits, signs off and diffs ------------------------------------- */

/* What is proposed for one certificate. Each does the work of those before it in the order keep, convert, fix-chain, reissue, rekey,
 * replace-ca: `convert` and `fix-chain` keep certificate and key and write the files anew; `reissue` makes a certificate by template and
 * targets, for a new key unless keep_key; `rekey` the same, for a new key in any case; `replace-ca` the same, from an issuer that the old
 * one has nothing to do with, so that its root must be trusted first. `reissue` and stronger are remint_reissue() with REMINT_REISSUE. */
enum rmt_action { RMT_ACTION_KEEP, RMT_ACTION_REISSUE, RMT_ACTION_REKEY, RMT_ACTION_CONVERT, RMT_ACTION_FIX_CHAIN, RMT_ACTION_REPLACE_CA };
const char *rmt_action_name(enum rmt_action action); /* "keep" "reissue" "rekey" "convert" "fix-chain" "replace-ca" */
/* Where the certificate was found. */
struct rmt_plan_place { const char *kind /* "file" "endpoint" "database" */, *source; size_t index; };
struct rmt_plan_finding {
	const char *rule, *severity, *target, *message;
	const char *source; /* of the chain, key or container at fault; "" when it is the certificate itself, wherever it stands */
	bool cleared;       /* by the item's action */
};
struct rmt_plan_item {
	const char *id;          /* lower-case hex, the first 16 digits of the old certificate's SHA-256 */
	enum rmt_action action;
	bool approved;           /* false: somebody took it out of the campaign ("approved": false) */
	const char *why;         /* one sentence: the reason for the action */
	const char *sha256, *serial, *subject, *name, *issuer, *pem; /* the old certificate */
	int64_t not_after;
	struct remint_strings targets, names; /* who must accept the new one; names to add, the first ones first */
	const char *cn;          /* takes the place of the old common name (rmt_subject_join); NULL: it stays */
	const char *new_subject; /* takes the place of the old subject; NULL: it stays */
	const char *template_name, *key;      /* NULL: the target's */
	const char *request;     /* file of a request that the device made, with whose key the new one is issued; NULL: none */
	const char *signer;      /* "issuing" (an authority of the home) or "external" */
	const char *device;      /* the directory its bundle goes to */
	const char *note;        /* the person's own words */
	int64_t validity;        /* 0: the template's */
	bool keep_key;
	struct rmt_plan_place *places; size_t place_count;
	struct rmt_plan_finding *findings; size_t finding_count;
};
struct rmt_plan {
	struct rmt_arena arena;  /* holds all of it */
	const char *id;          /* 32 random hex digits, made with the plan */
	const char *made, *by;   /* RFC 3339; "remint 0.1.0" */
	const char *authority;   /* SHA-256 of the issuing CA's certificate of the home it was made with, or "" */
	struct remint_strings targets;
	struct remint_strings chain; /* files with certificates of CAs that were at hand */
	struct rmt_plan_item *items; size_t item_count;
	unsigned char sha256[RMT_SHA256]; /* of the file, when rmt_plan_read() read one */
};
/* Strict, as it was edited by hand: unknown keys, wrong types, unknown actions, ids that do not fit their certificate and repeated
 * items are RMT_INPUT with the line or the place ("items[3].action") and a did-you-mean. Free with rmt_plan_clear() also after failure. */
int rmt_plan_read(const char *path, struct rmt_plan *out, struct rmt_err *err);
int rmt_plan_read_mem(const char *name, struct rmt_span text, struct rmt_plan *out, struct rmt_err *err);
int rmt_plan_write(const struct rmt_plan *plan, struct rmt_buf *out, struct rmt_err *err); /* JSON, stable order, one value a line (plan_write.c) */
/* The same in pieces, one item at a time; the sink answers 0 to go on. */
int rmt_plan_write_to(const struct rmt_plan *plan, int (*sink)(void *arg, struct rmt_span text), void *arg, struct rmt_err *err);
void rmt_plan_clear(struct rmt_plan *plan);
/* What an item says of its certificate, from the certificate: id, sha256, serial, subject, name, issuer, not_after, pem. */
int rmt_plan_describe(struct rmt_plan_item *item, const struct rmt_cert *cert, struct rmt_arena *arena, struct rmt_err *err);
/* The subject of the new certificate: the old one byte for byte, or the plan's, or either with the plan's common name. */
int rmt_plan_item_subject(const struct rmt_plan_item *item, const struct rmt_cert *old, struct rmt_buf *out, struct rmt_err *err);

/* The keys of the file, one table for reader and writer, ended by a row without a name. */
enum rmt_plan_kind {
	RMT_PLAN_SCHEMA, RMT_PLAN_TEXT, RMT_PLAN_NULLABLE /* text or null */, RMT_PLAN_FLAG, RMT_PLAN_NUMBER, RMT_PLAN_TIME,
	RMT_PLAN_DURATION /* "90d" or null */, RMT_PLAN_LIST, RMT_PLAN_ACTION, RMT_PLAN_PLACES, RMT_PLAN_FINDINGS, RMT_PLAN_ITEMS
};
struct rmt_plan_key { const char *name; enum rmt_plan_kind kind; size_t offset; bool required; };
/* One object by its table, as it stands in a plan. */
int rmt_plan_object_write(const struct rmt_plan_key *keys, const void *object, struct rmt_buf *out, struct rmt_err *err);
extern const struct rmt_plan_key rmt_plan_head_keys[], rmt_plan_item_keys[], rmt_plan_place_keys[], rmt_plan_finding_keys[];
enum { RMT_PLAN_SCHEMA_NUMBER = 1 };

/* A plan being read (plan_file.c), value by value (plan_value.c), item by item (plan_item.c). */
struct json_t;
struct rmt_plan_reading {
	struct rmt_plan *plan;
	struct rmt_err *err;
	struct rmt_names items, devices; /* met so far */
	char place[120];                 /* of the object being read: "items[3]", or "" */
	const char *key;                 /* in it, or NULL */
};
int rmt_plan_fault(const struct rmt_plan_reading *reading, const char *format, ...) RMT_PRINTF(2, 3); /* RMT_INPUT at this place */
/* The position of `word` in `words` (ended by NULL), or -1 and a fault that names the nearest one. */
int rmt_plan_word(const struct rmt_plan_reading *reading, const char *word, const char *const *words);
/* Every key of an object into the members of `out`. */
int rmt_plan_object(struct rmt_plan_reading *reading, struct json_t *object, const struct rmt_plan_key *keys, void *out);
int rmt_plan_item_read(struct rmt_plan_reading *reading, struct json_t *object, struct rmt_plan_item *item);

/* ---- pending requests (pending.c): asked for and not there yet ------------------------------------------------------------- */

/* All that was asked for, as it is kept with the row. */
struct rmt_asked {
	struct rmt_span subject;     /* Name, DER; empty: the one of the request's bytes */
	struct remint_strings names; /* "dns:host"; of a device all that it may ask for, of a held request those that are added */
	const char *key;             /* key spec, or NULL: any */
	int64_t validity, not_after; /* 0: the template's */
};
int rmt_asked_write(const struct rmt_asked *asked, struct rmt_buf *out, struct rmt_err *err);
/* Everything in the arena. RMT_DATABASE when the text is none of ours. */
int rmt_asked_read(const char *text, struct rmt_arena *arena, struct rmt_asked *out, struct rmt_err *err);

struct rmt_pending_new {
	enum rmt_pending_kind kind;
	struct rmt_asked asked;
	const char *template_name; /* NULL: the first target's, when it is signed */
	const char *targets;       /* comma-separated, or NULL */
	const char *signer;        /* an authority of the home, NULL the usual one; of RMT_PENDING_EXTERNAL what the other CA is called */
	struct rmt_span der;       /* the request; empty for a device that still makes it */
	int64_t request;           /* its row when it has one already, or 0: it gets one */
};
/* In the transaction under way. 0 recorded; 1 the same stands there open already, with `id`; -1, also when its key waits for something
 * else (RMT_POLICY). */
int rmt_pending_add(struct remint *ctx, struct rmt_db *db, const struct rmt_pending_new *new, int64_t *id, struct rmt_err *err);
/* A row with its texts in the arena, so that it lasts: 1, 0 absent, -1. `asked` may be NULL. */
int rmt_pending_load(struct rmt_db *db, int64_t id, struct rmt_arena *arena, struct rmt_db_pending *out, struct rmt_asked *asked,
                     struct rmt_err *err);
/* The row that this certificate ended; texts borrowed until the next call on db: 1, 0 none, -1. */
int rmt_pending_issued_for(struct rmt_db *db, const struct rmt_cert *cert, struct rmt_db_pending *out, struct rmt_err *err);
/* By the record of the home, if there is one: the certificate answers the request of a device, which keeps its key. */
bool rmt_pending_keeps_key(struct remint *ctx, const struct rmt_cert *cert, int64_t *pending);
/* What people call request `id` in a sentence that refuses it because it is not open. */
int rmt_pending_ended(const struct rmt_db_pending *row, struct rmt_err *err);
/* The row `id` to its end, in the transaction under way: it must be open. `certificate` is for RMT_PENDING_ISSUED; `why` may be NULL. */
int rmt_pending_end(struct remint *ctx, struct rmt_db *db, int64_t id, enum rmt_pending_state state, int64_t certificate, const char *why,
                    struct rmt_err *err);

/* On the road of issuance, inside its transactions. May this item answer its pending request: 1, 0 it may not (item->err), -1. Then the
 * request's bytes are there, then what is to be signed, then the certificate (also called for certificates that answer none: 0). */
int rmt_pending_free(struct rmt_db *db, struct rmt_item *item, struct rmt_err *err);
int rmt_pending_arrived(struct rmt_db *db, struct rmt_item *item, const char *targets, rmt_time now, struct rmt_err *err);
int rmt_pending_begun(struct rmt_db *db, struct rmt_item *item, const char *targets, rmt_time now, struct rmt_err *err);
int rmt_pending_issued(struct rmt_db *db, int64_t certificate, rmt_time now, struct rmt_err *err);

/* A number as a person writes it; NULL is 0 (pending_list.c). And the row as the caller is told of it. */
int rmt_pending_number(const char *text, int64_t *id, struct rmt_err *err);
int rmt_pending_tell(struct remint *ctx, struct rmt_db *db, int64_t id, remint_pending_fn *tell, void *arg, struct rmt_err *err);

/* What a device's request makes of what it was asked for (pending_match.c). */
struct rmt_difference {
	struct remint_strings more; /* that is other or more than was asked for, a phrase each; in the arena */
	bool less_subject;          /* an attribute is missing */
};
int rmt_pending_compare(const struct rmt_asked *asked, const struct rmt_request *request, struct rmt_arena *arena,
                        struct rmt_difference *out, struct rmt_err *err);
/* RMT_POLICY with these phrases: "it is not what `asker` asked for: ...". */
int rmt_pending_refuse(const char *asker, const struct rmt_difference *difference, struct rmt_arena *arena, struct rmt_err *err);
/* Which pending request does this one answer? */
struct rmt_answering {
	int64_t id;                  /* stated, or 0: looked for */
	const char *template_name, *targets, *authority; /* stated, or NULL */
	bool key_may_wait;           /* the caller sees to what waits with the same key */
	struct rmt_db_pending row;   /* found; texts in the item's arena */
	struct rmt_asked asked;
	bool less_subject;           /* the request has not all of the subject that was asked for */
	int64_t other;               /* none found, but this one has the name and is for something else; or 0 */
};
/* 1 found, and it is what was asked for; 0 none; -1 refused or failed. */
int rmt_pending_match(struct rmt_db *db, const struct rmt_request *request, struct rmt_arena *arena, struct rmt_answering *out,
                      struct rmt_err *err);
/* The item asks for what was asked for. `names` are those that the person adds. */
int rmt_pending_wish(struct rmt_item *item, const struct rmt_db_pending *row, const struct rmt_asked *asked, struct remint_strings names,
                     struct rmt_err *err);

/* ---- signing requests (signing.c): sign, hold and approve ------------------------------------------------------------------- */

struct rmt_signing {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	struct rmt_bench bench;
	bool dry_run;
	struct remint_out out;
	remint_issued_fn *issued;
	void *arg;
	int (*release)(void *signing, struct rmt_item *item); /* in place of writing and telling; NULL */
	struct rmt_buf made_for;   /* authority, template and targets that the bench stands for */
	bool keyless;              /* the authority's key is not asked for; goes with dry_run */
	char *usual;               /* the authority when none is named, once known */
	struct rmt_item *group[RMT_GROUP];
	size_t count;
	uint64_t done;
};
/* What the items that follow are signed by and for; those before go their way first, and what they fail with is the context's. */
int rmt_signing_for(struct rmt_signing *signing, const char *authority, const char *template_name, struct remint_strings targets,
                    struct rmt_err *err);
/* Take an item, whose source lasts as long as its arena; its refusal goes to the fault callback. */
int rmt_signing_take(struct rmt_signing *signing, struct rmt_item *item, struct rmt_err *err);
int rmt_signing_flush(struct rmt_signing *signing, struct rmt_err *err);
void rmt_signing_clear(struct rmt_signing *signing);
int rmt_signing_refuse(struct rmt_signing *signing, struct rmt_item *item); /* tell item->err with its place */
struct remint_strings rmt_arena_words(struct rmt_arena *arena, const char *list); /* of a comma-separated one */
bool rmt_strings_have(struct remint_strings list, const char *text);
/* Every request of the inputs; one without any is a fault. `take` gets an item with request and source. */
int rmt_signing_read(struct rmt_signing *signing, struct remint_strings inputs, int (*take)(struct rmt_signing *signing, struct rmt_item *item),
                     struct rmt_err *err);

/* ---- requests to other CAs and of devices (external.c, request_device.c, request_fields.c) ----------------------------------- */

struct rmt_external {
	struct rmt_span der;       /* the request */
	const struct rmt_key *key; /* NULL: it is where the request was made */
	const char *ca_template;   /* certificate template of an AD CS; NULL: a usual one */
	const char *exportable;    /* as in a target's request; NULL: the key would stay where it is made */
	bool encrypt_key;
	bool campaign;             /* it is a plan's, and apply takes its answer */
};
/* request.pem, key.pem, request.inf where certreq has words for it, REQUEST.txt; outside of a campaign request.der too. */
int rmt_external_files(struct remint *ctx, const struct rmt_external *external, struct rmt_fileset *files, struct rmt_err *err);
int rmt_external_template_check(const char *name, struct rmt_err *err); /* NULL is good; RMT_USAGE */
/* The first request of a file; and the same, its possession of the key proved. */
struct rmt_request *rmt_request_first(struct remint *ctx, const char *path, struct rmt_err *err);
struct rmt_request *rmt_request_file(struct remint *ctx, const char *path, struct rmt_err *err);
/* A word to who holds or approves it when its key has a certificate already: a leaked or forgotten key must not live on unseen. */
int rmt_pending_remark_key(struct remint *ctx, struct rmt_db *db, const struct rmt_item *item, struct rmt_err *err);
/* In the transaction under way: the bytes and that they are waited for: 0 recorded, 1 they were before, -1. Those of a `device` take
 * the place of what waited for them. */
int rmt_request_keep(struct remint *ctx, struct rmt_db *db, const struct rmt_pending_new *new, bool device, int64_t *pending,
                     int64_t *request, struct rmt_err *err);
/* Record what is waited for where there is a home, with the key that was made for it (or NULL); fills pending and again. */
int rmt_request_record(struct remint *ctx, const struct rmt_pending_new *new, const struct rmt_key *key, struct remint_requested *out,
                       struct rmt_err *err);
/* The home of the context when it has a database, opened for writing: 1, 0 there is none, -1. */
/* Is there a home at all? 1, 0, -1. */
int rmt_home_stands(const struct remint *ctx, struct rmt_err *err);
int rmt_home_if_any(struct remint *ctx, struct rmt_home *home, struct rmt_err *err);

/* RMT_POLICY with each field that the target asks for and the subject lacks, and each that the target has not. */
int rmt_request_fields_check(const struct rmt_target *target, struct rmt_span subject, struct rmt_err *err);
/* A warning for each value that is longer than its field is said to be. */
int rmt_request_fields_warn(struct remint *ctx, const struct rmt_target *target, struct rmt_span subject, struct rmt_err *err);
/* A warning for each name of a kind that the template does not allow. */
void rmt_request_kinds_warn(struct remint *ctx, const struct rmt_template *policy, struct remint_strings names);
/* RMT_POLICY for a wildcard that the target's rules refuse; a warning for one that they warn of. */
int rmt_request_names_check(struct remint *ctx, const struct rmt_target *target, struct rmt_span subject, struct remint_strings names,
                            struct rmt_err *err);

/* What is asked of a device, or of another CA; all borrowed (request.c). */
struct rmt_request_plan {
	struct rmt_target *target;     /* NULL: none */
	struct rmt_template *template; /* the target's, or NULL */
	struct rmt_request_terms terms;
	struct rmt_text_list owed;     /* names that the device cannot ask for: whoever signs puts them in */
};
/* The words for a device and the file that goes with them; `out` gets both as text. */
int rmt_request_device_files(const struct rmt_request_plan *plan, bool campaign, struct rmt_arena *arena, struct remint_requested *out,
                             struct rmt_fileset *files, struct rmt_err *err);
/* In a transaction of its own: the device's request is waited for. */
int rmt_request_await(struct remint *ctx, struct rmt_db *db, const struct rmt_request_plan *plan, struct remint_requested *out, struct rmt_err *err);
/* Tell the device how to make its request, and record that it is waited for. */
int rmt_request_on_device(struct remint *ctx, const struct remint_request_options *options, const struct rmt_request_plan *plan,
                          struct rmt_arena *arena, remint_requested_fn *requested, void *arg, struct rmt_err *err);

/* ---- what another CA made of a request (answer.c) ----------------------------------------------------------------------------- */

int rmt_chain_add_pile(struct rmt_chain_store *store, const struct rmt_pile *pile, struct rmt_err *err); /* its certificates, none trusted */
/* The best path among what is in the store and the authorities of the home; fails when not even the issuer is there. */
int rmt_answer_path(struct rmt_db *db, struct rmt_chain_store *store, const struct rmt_cert *leaf, struct rmt_path *path, struct rmt_err *err);
/* The path as an authority, for a release to take the chain from; its certificates stay the path's. */
void rmt_path_authority(const struct rmt_path *path, struct rmt_cert *leaf, struct rmt_authority *out);
struct rmt_answer {
	int64_t request;     /* row of the bytes that it answers, or 0: they were not seen */
	int64_t pending;     /* row that waits for it; 0: that of its key */
	int64_t previous;    /* certificate that it replaces; 0: that of the campaign's item */
	const char *targets; /* comma-separated, or NULL */
};
/* In the transaction under way: the certificate as another CA's, the end of what waited for it, and its item of a campaign as issued. */
int rmt_answer_record(struct remint *ctx, struct rmt_db *db, const struct rmt_cert *cert, const struct rmt_answer *answer,
                      struct rmt_arena *arena, int64_t *certificate, struct rmt_err *err);

/* ---- OCSP (responder.c, responder_signer.c, ocsp.c, ocsp_all.c, ocsp_listen.c) -------------------------------------------------- */

/* Who answers for one authority. */
struct rmt_answerer {
	struct rmt_authority authority;                    /* its key is loaded when it is needed */
	struct rmt_cert_id_hashes hashes[RMT_OCSP_HASHES]; /* by which clients name it */
	struct rmt_ocsp_responder by;                      /* `signer` NULL: not ready */
	struct rmt_cert *cert;                             /* delegated signer, or NULL: the authority itself */
	struct rmt_key *key;
	int64_t signer;                                    /* its row, or 0 */
	rmt_time until;                                    /* end of the signer: what it says holds no longer */
	uint64_t looked;                                   /* ticks when it was found good */
};
struct rmt_responder {
	struct remint *ctx;
	struct rmt_home home;
	const struct remint_ocsp_options *options;
	struct rmt_answerer **answerers; size_t count;
	struct rmt_checker *checker;
};
/* The home, and every authority that may answer. Free with rmt_responder_close() also after failure. */
int rmt_responder_open(struct remint *ctx, const struct remint_ocsp_options *options, struct rmt_responder *out, struct rmt_err *err);
void rmt_responder_close(struct rmt_responder *responder);
int64_t rmt_responder_validity(const struct rmt_responder *responder); /* seconds that an answer holds */
/* A signer is there and good for a while; one is issued when there is none. Before every signature. */
int rmt_answerer_ready(struct rmt_responder *responder, struct rmt_answerer *answerer, rmt_time now, struct rmt_err *err);
void rmt_answerer_clear(struct rmt_answerer *answerer); /* the signer goes, the authority stays */
/* All but the CertID of what is said of a serial number. */
void rmt_answerer_says(const struct rmt_responder *responder, const struct rmt_answerer *answerer, const struct rmt_db_ocsp_state *state,
                       bool known, rmt_time now, struct rmt_ocsp_answer *out);

struct rmt_said {
	struct rmt_cert_id id;     /* in the request */
	struct rmt_ocsp_answer answer;
	int64_t certificate, stated;
};
/* The answer to one request; large, so it lives on the heap, zeroed. */
struct rmt_reply {
	enum rmt_ocsp_result result;
	struct rmt_buf der;
	struct rmt_err why;        /* of a refusal */
	rmt_time now;
	struct rmt_answerer *by;
	struct rmt_said said[RMT_OCSP_IDS_MAX]; size_t count;
	bool nonce, signed_now;
	struct rmt_db_ocsp_response keep; /* certificate not 0: worth keeping; `der` is this one's */
};
/* The request in the path of a GET (RFC 6960, A.1), base64 with escapes; empty: there is none (ocsp_listen.c). */
void rmt_responder_find_request(struct rmt_span target, struct rmt_buf *der);
/* Whatever the request is, there is an answer; -1 only when the responder itself fails. The request outlives the reply. */
int rmt_responder_answer(struct rmt_responder *responder, struct rmt_span request, struct rmt_reply *reply, struct rmt_err *err);
void rmt_reply_clear(struct rmt_reply *reply);
void rmt_reply_free(struct rmt_reply *reply);
int rmt_reply_tell(const struct rmt_reply *reply, struct rmt_arena *arena, struct remint_ocsp_reply *out, struct rmt_err *err);
/* Into the database, unless somebody else is writing: then it is signed again when it is asked for again. */
int rmt_responder_keep(struct rmt_responder *responder, const struct rmt_db_ocsp_response *response, struct rmt_err *err);

/* ---- a certificate for a server of the lab (throwaway.c) ------------------------------------------------------------------ */

struct rmt_throwaway {
	struct rmt_key *root_key, *key;
	struct rmt_cert *root, *leaf;
};
/* For localhost and, where it is another, for `address`. `key_spec` NULL: rsa:2048. Recorded nowhere. */
int rmt_throwaway_make(struct remint *ctx, const char *key_spec, const char *address, struct rmt_throwaway *out, struct rmt_err *err);
void rmt_throwaway_clear(struct rmt_throwaway *made);
/* ---- carrying a plan out (campaign.c, apply*.c) ------------------------------------ */

struct rmt_campaign {
	struct remint *ctx;
	struct rmt_plan plan;
	const char *path;
	struct rmt_bench bench;           /* its home is open; the rest is set where something is issued */
	char *authority;                  /* name of the one that the plan was made with; NULL: the usual one */
	int64_t id;                       /* row; 0: never begun */
};
/* Was the plan made with this database: 1, with the name of the authority (to be freed) when it says one, 0 with another, -1. */
int rmt_plan_maker(const struct rmt_plan *plan, struct rmt_db *db, char **name, struct rmt_err *err);
/* Read the plan, open the home and see that they belong together. Free with rmt_campaign_close() also after failure. */
int rmt_campaign_open(struct remint *ctx, const char *path, int mode, struct rmt_campaign *out, struct rmt_err *err);
void rmt_campaign_close(struct rmt_campaign *campaign);

/* How far an item has come. */
struct rmt_standing {
	enum rmt_item_state state;
	int64_t previous, tbs, certificate, request, attempts;
	unsigned char asked[RMT_SHA256]; /* what the plan asks for now */
	bool known, changed;             /* on record; what was done for good was done for something else */
	bool edited;                     /* so was what can be done again */
	char why[512], confirmed_by[128];
};
int rmt_campaign_standing(const struct rmt_campaign *campaign, const struct rmt_plan_item *item, struct rmt_standing *out, struct rmt_err *err);
/* The item in another state, in a transaction of its own; the row is read anew, so that nothing another process wrote is lost.
 * `why` and `confirmed_by` may be NULL. */
int rmt_campaign_move(const struct rmt_campaign *campaign, const struct rmt_plan_item *item, enum rmt_item_state state,
                      const char *why, const char *confirmed_by, struct rmt_err *err);
/* In the transaction under way; what is 0 or NULL in `change` stays as it is, but for `why` and `confirmed_by`. */
int rmt_campaign_change(const struct rmt_campaign *campaign, const struct rmt_plan_item *item, const struct rmt_db_item *change,
                        struct rmt_err *err);
/* For the road of issuance, inside its transactions: the bytes are an item's, the certificate is there. */
int rmt_campaign_begun(struct rmt_db *db, const struct rmt_item *item, rmt_time now, struct rmt_err *err);
int rmt_campaign_issued(struct rmt_db *db, int64_t certificate, rmt_time now, struct rmt_err *err);
/* Is something still to be done about it before it is live? */
bool rmt_campaign_unfinished(const struct rmt_plan_item *item, const struct rmt_standing *standing);
/* A step as the caller is told of it; `step` has been filled as far as it differs. */
int rmt_campaign_describe(const struct rmt_campaign *campaign, const struct rmt_plan_item *item, struct rmt_arena *arena,
                          struct remint_step *step, struct rmt_err *err);
struct rmt_cert *rmt_plan_item_cert(const struct rmt_plan_item *item, struct rmt_err *err); /* the old certificate */
/* Everything in the files where the old certificate was found, and in keys that stand beside them; what cannot be read is passed over. */
int rmt_plan_item_pile(struct remint *ctx, const struct rmt_plan_item *item, struct rmt_pile *pile, struct rmt_err *err);

/* A run of apply. */
struct rmt_applying {
	struct rmt_campaign campaign;
	const struct remint_apply_options *options;
	remint_step_fn *step;
	void *arg;
	struct rmt_pile keys, chain;      /* of --key and --chain */
	struct rmt_pile answers;          /* what other CAs made of requests */
	struct rmt_buf bench_for;         /* template and targets that the bench is set for */
	struct rmt_key *sample;           /* a dry run's new key, of the kind in `sample_spec` */
	struct rmt_buf sample_spec;
	/* of the item under way */
	const struct rmt_plan_item *item;
	struct rmt_standing standing;
	struct rmt_arena arena;
	struct remint_step told;
};
/* The authority, with its key when something is to be signed; then what an interrupted run left is finished first. */
int rmt_apply_authority(struct rmt_applying *job, bool signing, struct rmt_err *fatal);
/* Template and targets of the item, for signing or only for writing files. */
int rmt_apply_demand(struct rmt_applying *job, bool signing, struct rmt_err *err);
/* Write the bundle of a finished item, and move it to exported. */
int rmt_apply_release(struct rmt_applying *job, struct rmt_item *item, struct rmt_err *fault, struct rmt_err *fatal);
/* The private key of a public one: among --key, in the home, or where the old certificate was found. NULL: nowhere. */
struct rmt_key *rmt_apply_key(struct rmt_applying *job, struct rmt_span spki, struct rmt_err *err);
/* The same, or NULL where no device of the item takes it. */
struct rmt_key *rmt_apply_bundle_key(struct rmt_applying *job, struct rmt_span spki, struct rmt_err *err);
/* What the replacement is made for: a new key, the old one, or the key of the item's request. */
int rmt_apply_choose_key(struct rmt_applying *job, struct rmt_item *item, struct rmt_err *err);
const struct rmt_target *rmt_apply_own_key(const struct rmt_applying *job); /* the first of the item's targets that makes its own, or NULL */
int rmt_apply_may_make_key(const struct rmt_applying *job, struct rmt_err *err); /* -1: a device of the item makes its own */
bool rmt_apply_elsewhere(const struct rmt_applying *job); /* the key may be where nobody here can read it */
/* What is done about one item: 0, or -1 with `fault`; `fatal` is for what ends the run (a file for each). Without options->commit
 * each goes as far as it can without a key of the home, and stops before it makes or records anything. */
int rmt_apply_issue(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal);
int rmt_apply_export(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal);
int rmt_apply_convert(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal);
int rmt_apply_request(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal);
int rmt_apply_answer(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal);
bool rmt_apply_answered(struct rmt_applying *job); /* the answer to the item's request is at hand */
/* The best path of a certificate among what is at hand for the item; fails when not even its issuer is there. */
int rmt_apply_path(struct rmt_applying *job, const struct rmt_cert *leaf, struct rmt_path *path, struct rmt_err *err);
int rmt_apply_close(struct rmt_applying *job, struct rmt_err *err); /* every item (apply_close.c) */
/* OUT/DEVICE; NULL without --out or when memory is out. */
char *rmt_apply_directory(const struct rmt_applying *job);

/* What the places of items have now (apply_live.c). */
enum rmt_sight {
	RMT_SIGHT_NEW, RMT_SIGHT_OLD, RMT_SIGHT_OTHER, RMT_SIGHT_NONE /* gone, or not to be reached */,
	RMT_SIGHT_REFUSED /* the new one, sent so that a target of the item would refuse it */, RMT_SIGHTS
};
struct rmt_look {
	size_t seen[RMT_SIGHTS];
	struct remint_strings nodes; /* all but the new ones, each with what it has; in the arena */
};
struct rmt_gaze; /* a look at all of them at once */
/* `wanted` says of each item of the plan whether it is looked at. */
struct rmt_gaze *rmt_gaze_new(const struct rmt_campaign *campaign, const struct remint_wire *wire, const bool *wanted, struct rmt_err *err);
int rmt_gaze_at(struct rmt_gaze *gaze, size_t item, const struct rmt_standing *standing, struct rmt_arena *arena, struct rmt_look *out, struct rmt_err *err);
/* The certificates that were seen on the way, as issuers at hand. */
int rmt_gaze_issuers(const struct rmt_gaze *gaze, int (*visit)(void *arg, const struct rmt_cert *cert), void *arg);
void rmt_gaze_free(struct rmt_gaze *gaze);
/* The targets of an item, ready to judge what its places send (apply_served.c). `authority` is the row of the one that issued the
 * certificate, whose root is trusted then; 0 for another CA's. */
struct rmt_judges;
struct rmt_judges *rmt_judges_new(const struct rmt_campaign *campaign, struct remint_strings targets, int64_t authority, struct rmt_err *err);
void rmt_judges_free(struct rmt_judges *judges);
bool rmt_judges_suit(const struct rmt_judges *judges, struct remint_strings targets, int64_t authority); /* they are these; false for NULL */
const struct rmt_demand *rmt_judges_demand(const struct rmt_judges *judges);
/* All that they find in what a node sends. */
int rmt_judges_hear(struct rmt_judges *judges, const struct rmt_wire_node *node, const char *host,
                    int (*sink)(void *arg, const struct rmt_finding *finding), void *arg, struct rmt_err *err);
/* What they say to the new certificate of the item as a node sends it, when one of them would refuse: `sentence`, in the arena, or NULL. */
int rmt_judges_refuse(struct rmt_judges *judges, const struct rmt_plan_item *item, const struct rmt_wire_node *node,
                      const char *host, struct rmt_arena *arena, const char **sentence, struct rmt_err *err);

/* ---- inventory (inventory.c, evidence.c, propose.c): what a plan is made of ------------------------------------------------------------- */

struct rmt_found { struct rmt_plan_finding said; enum rmt_remedy remedy; bool acts, unconfirmed; };
/* One certificate, however many places it was found in. */
struct rmt_inventory_item {
	unsigned char sha256[RMT_SHA256];
	struct rmt_plan_item item;      /* without action, findings and device until rmt_inventory_propose() */
	struct rmt_plan_place *places;  /* as found; item.places when proposed */
	size_t place_capacity;
	struct rmt_found *findings;
	size_t finding_count, finding_capacity;
	const char **names;             /* missing in it: "dns:host" */
	size_t name_capacity;
	bool ours;                      /* issued by the authority that is to sign */
	const char *successor;          /* serial of the valid certificate that this home has replaced it by, or NULL */
	bool succeeded;                 /* ... for all of the plan's targets */
	bool in_campaign;               /* ... by a campaign, so that another one is refused until that is revoked */
};
struct rmt_inventory {
	struct rmt_arena *arena;               /* holds all but the tables; borrowed */
	const struct rmt_authority *authority; /* that is to sign, or NULL; borrowed */
	const char *host;                      /* that every certificate must name, or NULL */
	const struct rmt_expectation *expect;  /* names by role; borrowed; NULL or without a topology: none */
	bool act_on_warnings;
	struct rmt_inventory_item **items;     /* in the order found */
	size_t count, capacity;
	uint32_t *slots; size_t slot_count;    /* by SHA-256: positions plus one */
	const char **texts; size_t text_count, text_slots; /* texts that many findings share */
	struct rmt_inventory_item *current;    /* the findings are about it, at this place: */
	struct rmt_plan_place place;
	const struct rmt_cert *cert;           /* likewise; borrowed */
};
/* A leaf found at a place; the findings that follow are about it. 1 when its SHA-256 begins like that of another certificate, so that no id tells them apart: it is left out. */
int rmt_inventory_leaf(struct rmt_inventory *inventory, const struct rmt_cert *cert, struct rmt_plan_place place, struct rmt_err *err);
/* Remarks are left out: they say something of the audit rather than of the certificate. */
int rmt_inventory_finding(struct rmt_inventory *inventory, const struct rmt_finding *finding, struct rmt_err *err);
enum rmt_action rmt_action_for(enum rmt_remedy remedy);
/* What is wrong with a file acts no more when a file beside it has the same certificate without the fault. Places and findings are sorted. */
int rmt_inventory_weigh(struct rmt_inventory_item *item, struct rmt_err *err);
/* Sort everything and fill plan->items: action, why, what is cleared, names, signer, device. Targets are those of the plan. */
int rmt_inventory_propose(struct rmt_inventory *inventory, struct rmt_plan *plan, struct rmt_err *err);
void rmt_inventory_clear(struct rmt_inventory *inventory);
/* The host of an endpoint ("smtp://mx.example.com:25" is "mx.example.com"), of what is none the whole; in the arena. */
const char *rmt_endpoint_host(struct rmt_arena *arena, const char *endpoint);

/* ---- report (report.c collects, report_page.c writes it as a page) --------------------------------------------------------- */

/* Begin, each item in its order, end; then `html` is whole. */
struct rmt_page_task { char *text, *command; uint64_t items; struct rmt_buf links; };
struct rmt_page {
	struct rmt_buf html;
	struct rmt_buf cards, quiet; /* the items, and rows of those that nothing is done about */
	struct { struct rmt_page_task *list; size_t count, capacity; } tasks[REMINT_ACTORS];
	const struct remint_report_summary *summary;
};
int rmt_page_begin(struct rmt_page *page, const struct remint_report_summary *summary, struct rmt_err *err);
int rmt_page_item(struct rmt_page *page, const struct remint_report_item *item, struct rmt_err *err);
int rmt_page_end(struct rmt_page *page, struct rmt_err *err);
void rmt_page_clear(struct rmt_page *page);

/* ---- importing (import*.c; a file for each kind of source) ----------------------------------------------------------------------------------- */

/* Every source is read once for each: which CAs there are; private keys; certificates; what was revoked. */
enum rmt_import_phase { RMT_IMPORT_SURVEY, RMT_IMPORT_KEYS, RMT_IMPORT_CERTIFICATES, RMT_IMPORT_REVOCATIONS, RMT_IMPORT_PHASES };

/* Hashes that were met, each with a number (import_set.c). */
struct rmt_set { struct rmt_set_entry *slots; size_t count, capacity; };
/* The number of a hash: the one noted first, or `number` when it is new. 1 new, 0 noted before, -1. */
int rmt_set_note(struct rmt_set *set, const unsigned char hash[RMT_SHA256], uint32_t *number, struct rmt_err *err);
bool rmt_set_has(const struct rmt_set *set, const unsigned char hash[RMT_SHA256], uint32_t *number); /* `number` may be NULL */
void rmt_set_clear(struct rmt_set *set);

/* A CA that the home or a source knows. */
struct rmt_import_ca {
	struct rmt_cert *cert;
	unsigned char sha256[RMT_SHA256], spki[RMT_SHA256];
	int64_t id;                    /* row; 0: not recorded yet, which in a dry run it never is */
	int64_t parent;                /* in the home, of its issuer; 0 none */
	enum rmt_authority_state state; /* that it has, or in a dry run would have */
	char name[65];
	bool home;                     /* the home knew it before */
	bool issues;                   /* its key is in the home, or would be */
	bool added, row_added;         /* by this run: the authority; the row of its certificate */
	bool settled;
	struct rmt_key *key;           /* of a source; NULL none */
	int64_t number;                /* of its newest revocation list that was heard of */
	size_t source;                 /* where it was met first; SIZE_MAX: in the home alone */
};

/* Why something was not taken over, or not whole: the rows of a table in import_refusal.c. */
enum rmt_import_reason {
	RMT_UNTAKEN_UNREADABLE, RMT_UNTAKEN_OUTSIDE, RMT_UNTAKEN_ROW, RMT_UNTAKEN_SIGNATURE, RMT_UNTAKEN_SERIAL, RMT_UNTAKEN_AUTHORITY,
	RMT_UNTAKEN_LOCKED, RMT_UNTAKEN_WEAK, RMT_UNTAKEN_LIST, RMT_UNTAKEN_REVOCATION, RMT_UNTAKEN_STRANGER, RMT_UNTAKEN_LISTED,
	RMT_UNTAKEN_DOUBT, RMT_UNTAKEN_UNVERIFIED, RMT_UNTAKEN_UNVERIFIED_LIST, RMT_UNTAKEN_SPARE_KEY, RMT_UNTAKEN_UNSOUND, RMT_UNTAKEN_DATABASE, RMT_UNTAKEN_FORM, RMT_UNTAKEN_OTHER,
	RMT_UNTAKEN_REASONS
};

struct rmt_import_source;
struct rmt_import;
/* To add a kind: a file with its recogniser and its reader, a row in import.c, a case in tests/interop/import.sh, its entry in remint-import(1). */
struct rmt_import_kind {
	const char *name;
	int (*fits)(struct rmt_import_source *source, struct rmt_err *err); /* 1, 0, -1 */
	int (*read)(struct rmt_import *run, struct rmt_err *err);           /* run->source, for run->phase */
};
struct rmt_import_source {
	const char *path;
	const struct rmt_import_kind *kind;
	size_t wire;                    /* its place among the inputs */
	struct rmt_db_foreign *foreign; /* of a database */
	struct rmt_buf kept;            /* of "-" and of a pipe */
	bool unread;                    /* ... or there is nothing to keep */
	struct remint_imported told;
	uint64_t met;                   /* objects of any kind, in the survey */
	uint64_t untaken[RMT_UNTAKEN_REASONS];
};
/* What a row says of the certificate in it. */
struct rmt_import_stated { bool revoked; rmt_time at, invalid_since; int reason; };
struct rmt_import {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	const struct remint_import_options *options;
	struct rmt_home home;
	struct rmt_checker *checker;
	struct rmt_reader reader;
	struct rmt_wire wire;
	struct rmt_arena arena;         /* of one object */
	rmt_time now;
	enum rmt_import_phase phase;
	struct rmt_import_source *sources; size_t source_count;
	struct rmt_import_source *source; /* under way */
	const char *place;              /* in it, of bytes that stand in a cell of a database; NULL */
	struct rmt_import_stated stated; /* of these bytes */
	struct rmt_import_ca *cas; size_t ca_count, ca_capacity;
	struct rmt_cert **witnesses; size_t witness_count, witness_capacity;
	struct rmt_set set;
	struct rmt_vouch vouch;         /* of the group under way */
	size_t written;                 /* rows in the transaction */
	bool open;
};
/* Every source, phase by phase; home, checker, reader and sources are there. */
int rmt_import_phases(struct rmt_import *run, struct rmt_err *err);
/* The reader's callbacks: the same thing that cannot be read is told once. */
int rmt_import_object(void *run, const struct rmt_object *object);
int rmt_import_fault(void *run, const struct rmt_err *fault);
/* Bytes that stand at `place` of the source, whatever they are; what the row says of them is in run->stated. */
int rmt_import_bytes(struct rmt_import *run, const char *place, struct rmt_span bytes, struct rmt_err *err);
/* One file, or with `listed` one that was found in a directory, where what is none of ours is passed over. */
int rmt_import_file(struct rmt_import *run, const char *path, bool listed, struct rmt_err *err);
/* Every file below a directory but those that `skip` (may be NULL) names; what a link leads out of it is refused. */
int rmt_import_directory(struct rmt_import *run, const char *path, bool (*skip)(const char *leaf), struct rmt_err *err);
/* A row is about to be written: a transaction is open afterwards. Every few hundred rows it ends and the next one begins. */
int rmt_import_write(struct rmt_import *run, struct rmt_err *err);
int rmt_import_flush(struct rmt_import *run, struct rmt_err *err);
/* Noted under a letter: 1 new, 0 met before, -1. */
int rmt_import_note(struct rmt_import *run, char what, struct rmt_span bytes, uint32_t *number, struct rmt_err *err);
bool rmt_import_noted(const struct rmt_import *run, char what, struct rmt_span bytes, uint32_t *number);

/* Counted; a fault is told with its place, anything else explained once for a source. 0 to go on. (import_refusal.c) */
int rmt_import_refuse(struct rmt_import *run, enum rmt_import_reason reason, const char *source, const char *place, const char *format, ...) RMT_PRINTF(5, 6);
/* Taken all the same, though nobody here can verify the signature: counted, and told once for each thing that is missing; of a list each time. */
int rmt_import_unverified(struct rmt_import *run, enum rmt_import_reason reason, const char *source, const char *what, const struct rmt_err *why, struct rmt_err *err);
/* The same for what a room below said, which may be a failure of ours (-1 with `err`). */
int rmt_import_refuse_err(struct rmt_import *run, enum rmt_import_reason reason, struct rmt_err *fault, struct rmt_err *err);
int rmt_import_tell(struct rmt_import *run, remint_imported_fn *imported, void *arg, struct rmt_err *err);

/* CAs (import_authority.c, import_settle.c). `ca` is a place among run->cas, SIZE_MAX none. */
int rmt_import_home_cas(struct rmt_import *run, struct rmt_err *err);
int rmt_import_ca_found(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err);
size_t rmt_import_ca_of(const struct rmt_import *run, const unsigned char sha256[RMT_SHA256]);
size_t rmt_import_ca_keyed(const struct rmt_import *run, const unsigned char spki[RMT_SHA256]);
/* The one among those of that name whose key made the signature; failing that, the one whose key is said to have made it, where nobody
 * here can verify that: by its identifier, or because no other key of that name is known. `verdict` may be NULL. */
struct rmt_import_signed { struct rmt_span issuer, tbs, algorithm, signature; const struct rmt_extensions *extensions; };
struct rmt_import_verdict {
	size_t named;       /* the last one of that name, or SIZE_MAX */
	bool unverified;    /* none of that name verified it, and not for each of them it is false */
	struct rmt_err why; /* then: what is missing */
};
size_t rmt_import_signer(struct rmt_import *run, const struct rmt_import_signed *what, struct rmt_import_verdict *verdict);
size_t rmt_import_cert_signer(struct rmt_import *run, const struct rmt_cert *cert, struct rmt_import_verdict *verdict);
/* Does it say by its authority key identifier that this CA's key signed it? 1, 0 it says another, -1 it does not say. */
int rmt_import_key_named(const struct rmt_import_ca *ca, const struct rmt_extensions *extensions);
int rmt_import_settle(struct rmt_import *run, struct rmt_err *err);  /* when all CAs and keys are known */
int rmt_import_adopt(struct rmt_import *run, struct rmt_err *err);   /* then: what the home has goes under them (import_adopt.c) */
int rmt_import_numbers(struct rmt_import *run, struct rmt_err *err); /* at the end: lists go on where they were */
int rmt_import_retire(struct rmt_import *run, struct rmt_err *err);  /* and whoever is revoked issues no more */
void rmt_import_cas_clear(struct rmt_import *run);

/* Certificates, keys and requests (import_certificate.c). */
int rmt_import_survey(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err);
int rmt_import_cert(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err);
int rmt_import_key(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err);
/* Was a certificate of this CA with this serial number met? */
bool rmt_import_met(const struct rmt_import *run, size_t ca, struct rmt_span serial);

/* Revocations (import_revocation.c). */
struct rmt_withdrawal {
	size_t ca;
	struct rmt_span serial; /* as encoded */
	struct rmt_import_stated stated;
	rmt_time expires;       /* 0 unknown */
	const char *source, *place;
	struct rmt_span subject; /* of a certificate that is not there; empty */
};
int rmt_import_revocation(struct rmt_import *run, const struct rmt_withdrawal *withdrawal, struct rmt_err *err);
int rmt_import_crl(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err);
/* What its row says of a certificate, and what a row says whose certificate is not there. */
int rmt_import_stated(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err);
int rmt_import_listed(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err);
void rmt_import_number(struct rmt_import *run, size_t ca, int64_t number); /* of a revocation list that was heard of */

/* The kinds. */
int rmt_endpoint_fits(struct rmt_import_source *source, struct rmt_err *err);
int rmt_openssl_fits(struct rmt_import_source *source, struct rmt_err *err);
int rmt_easyrsa_fits(struct rmt_import_source *source, struct rmt_err *err);
int rmt_cfssl_fits(struct rmt_import_source *source, struct rmt_err *err);
int rmt_xca_fits(struct rmt_import_source *source, struct rmt_err *err);
int rmt_gnomint_fits(struct rmt_import_source *source, struct rmt_err *err);
int rmt_adcs_fits(struct rmt_import_source *source, struct rmt_err *err);
int rmt_openssl_read(struct rmt_import *run, struct rmt_err *err);
int rmt_cfssl_read(struct rmt_import *run, struct rmt_err *err);
int rmt_xca_read(struct rmt_import *run, struct rmt_err *err);
int rmt_gnomint_read(struct rmt_import *run, struct rmt_err *err);
int rmt_files_read(struct rmt_import *run, struct rmt_err *err);
/* 1 when the source is a database with this table and these columns; it is opened once. */
int rmt_import_has_table(struct rmt_import_source *source, const char *table, const char *const *columns, struct rmt_err *err);

#endif
