/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of policy/ share among themselves. No other room includes it; the tests do, to hold the
 * documents against the schema.
 *
 * A policy file goes through these hands: store.c finds it by name, lineage.c reads it and its parents, scan.c refuses
 * what libconfig would misread, schema.c walks the tree from the oldest parent down into one struct, template.c and
 * target.c (with conduct.c and wanted_names.c), symptoms.c and topology.c hold the schema tables and the checks across keys, dump.c writes the struct back as text.
 */
#ifndef RMT_POLICY_LOCAL_H
#define RMT_POLICY_LOCAL_H

#include <libconfig.h>

#include "policy/policy.h"

/*
 * One file under templates/, compiled in so that Remint works before it is installed. The table is
 * written by build-aux/embed.awk; its last row has no name.
 */
struct rmt_builtin {
	const char *kind; /* the folder: "certificates", "targets" or "symptoms" */
	const char *name; /* the file's name without ".cfg" */
	const char *text; /* the whole file, ended by a NUL that length does not count */
	size_t length;    /* bytes */
};

extern const struct rmt_builtin rmt_builtin_templates[];

/* ---- lists (list.c) --------------------------------------------------------------------------------------------- */

int rmt_text_list_add(struct rmt_text_list *list, const char *item, struct rmt_err *err);
int rmt_text_list_copy(struct rmt_text_list *to, const struct rmt_text_list *from, struct rmt_err *err);
void rmt_text_list_free(struct rmt_text_list *list);

/* ---- schema (schema.c) ------------------------------------------------------------------------------------------ */

/* What a key holds, and the member of the struct that takes it. */
enum rmt_field {
	RMT_FIELD_EXTENDS,  /* text, kept nowhere: lineage.c has read it already */
	RMT_FIELD_TEXT,     /* char * */
	RMT_FIELD_LINES,    /* char *: text that may hold line ends */
	RMT_FIELD_LIST,     /* struct rmt_text_list */
	RMT_FIELD_BOOL,     /* bool */
	RMT_FIELD_NUMBER,   /* int or unsigned: a small number, bare or in quotes */
	RMT_FIELD_DURATION, /* int64_t seconds */
	RMT_FIELD_QUANTITY, /* int64_t: a number or a duration; -1 unset */
	RMT_FIELD_MODE,     /* mode_t */
	RMT_FIELD_TIME,     /* rmt_time; 0 unset */
	RMT_FIELD_CHOICE,   /* an enum, the index of the word in `choices`; -1 unset */
	RMT_FIELD_USAGE,    /* unsigned: a list of key usages, RMT_KU_* */
	RMT_FIELD_GROUP,    /* members of the same struct, described by `inner` */
	RMT_FIELD_GROUPS,   /* a list of structs of their own, described by `inner` and `elements` */
};

struct rmt_walk;
/* How the elements of a list of groups are stored. Both functions get the struct that holds the list. */
struct rmt_elements {
	size_t size;     /* of one element while it is walked */
	size_t stored;   /* of what is kept: the first bytes of it; members behind are for the walk alone */
	size_t count_at; /* offset of the size_t beside the pointer */
	bool own;        /* of one file alone: a child does not take over its parent's */
	void (*begin)(void *holder); /* a file begins to state this list: drop what its parents said; NULL: keep it */
	int (*add)(struct rmt_walk *walk, void *holder, void *element); /* check it and take it over; on failure the walker frees it */
};

/* One key of a policy file. A table of these ends with a row whose key is NULL. */
struct rmt_schema {
	const char *key;
	enum rmt_field field;
	size_t at;           /* offset in the struct */
	const char *preset;  /* the value when no file states one, as it would stand in the file; NULL: zero or empty */
	const char *example; /* for "wants text such as ..." */
	const char *const *choices; /* the only words allowed, ended by NULL; text, list and choice */
	int (*check)(const char *text, struct rmt_err *err); /* of a text or of each item of a list; says why not */
	int64_t min, max;    /* of a number or duration; 0 and 0: no bounds */
	const struct rmt_schema *inner;
	const struct rmt_elements *elements;
};

/* Where a walk stands, for messages. */
struct rmt_walk {
	const char *source; /* how messages call the file */
	unsigned line;
	char path[96];      /* "san.allow" */
	struct rmt_err *err;
};

int rmt_schema_preset(const struct rmt_schema *rows, void *object, struct rmt_err *err);
/* Before a file is walked: forget what its parents said and what is not for a child. */
void rmt_schema_disown(const struct rmt_schema *rows, void *object);
int rmt_schema_walk(struct rmt_walk *walk, const struct rmt_schema *rows, const config_setting_t *group, void *object);
void rmt_schema_free(const struct rmt_schema *rows, void *object); /* the members, not the struct */
int rmt_schema_copy(const struct rmt_schema *rows, void *to, const void *from, struct rmt_err *err); /* `to` all zero */
/* Put one more element, taken over byte by byte, behind those whose pointer lies at offset `at`. */
int rmt_elements_append(const struct rmt_elements *elements, void *holder, size_t at, const void *element, struct rmt_err *err);
/* Report a fault at the place where the walk stands. Always -1. */
int rmt_walk_fail(struct rmt_walk *walk, const char *format, ...) RMT_PRINTF(2, 3);
/* " (did you mean \"x\"?)" or nothing. */
const char *rmt_did_you_mean(const char *word, const char *const *candidates, char out[128]);

/* One value (value.c): a scalar is set, to a list or key usage one item is added. `at` is the member of the struct. */
int rmt_value_take(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err);
size_t rmt_value_size(enum rmt_field field);
bool rmt_value_printable(const struct rmt_schema *row, const char *text); /* no control characters but the line ends of lines */
const char *rmt_value_wants(const struct rmt_schema *row, char out[256]); /* `a duration such as "199d"` */
void rmt_quote_words(const char *const *words, char *out, size_t size);   /* "a", "b", "c" */

extern const struct rmt_schema rmt_template_schema[], rmt_target_schema[], rmt_symptoms_schema[], rmt_topology_schema[];

/* What target.c takes from conduct.c. */
extern const char *const rmt_confidence_words[];
extern const struct rmt_schema rmt_client_rows[], rmt_incident_rows[];
extern const struct rmt_elements rmt_incident_elements;
int rmt_client_check(const struct rmt_client *client, struct rmt_err *err); /* what one key alone does not show */

/* What target.c takes from wanted_names.c, and that from topology.c. */
extern const struct rmt_schema rmt_names_rows[];
/* The row of a key by its path ("front_end.pool"), no group; NULL: there is none. */
const struct rmt_schema *rmt_topology_key(const char *path, size_t length);

/* ---- writing back (dump.c) ---------------------------------------------------------------------------------------- */

void rmt_dump_fields(const struct rmt_schema *rows, const void *object, struct rmt_buf *out);
void rmt_dump_file(const struct rmt_schema *rows, const void *object, struct rmt_buf *out); /* loads to the same; no lists of groups */
void rmt_dump_remark(const char *what, const char *text, struct rmt_buf *out); /* a comment of one line */
void rmt_dump_text(const char *key, const char *text, struct rmt_buf *out);
void rmt_dump_list(const char *key, const struct rmt_text_list *list, struct rmt_buf *out);
void rmt_duration_text(int64_t seconds, struct rmt_buf *out); /* "199d", in the largest unit that fits */

/* ---- checks of single values (check.c) ----------------------------------------------------------------------------- */

int rmt_policy_label_check(const char *text, struct rmt_err *err);        /* the name of a policy */
int rmt_check_attribute(const char *text, struct rmt_err *err);    /* "CN" */
int rmt_check_subject_part(const char *text, struct rmt_err *err); /* "O=Example" */
int rmt_check_general_name(const char *text, struct rmt_err *err); /* "dns:host.example" */
int rmt_check_constraint(const char *text, struct rmt_err *err);   /* "dns:corp.example" of name constraints */
int rmt_check_purpose(const char *text, struct rmt_err *err);      /* an extended key usage */
int rmt_check_given_purpose(const char *text, struct rmt_err *err); /* one that a request may ask for */
int rmt_check_oid(const char *text, struct rmt_err *err);
int rmt_check_key_spec(const char *text, struct rmt_err *err);     /* "rsa:2048" */
int rmt_check_key_range(const char *text, struct rmt_err *err);    /* "rsa:2048-8192" */
int rmt_check_rule_id(const char *text, struct rmt_err *err);
int rmt_check_friendly_name(const char *text, struct rmt_err *err); /* "{label}-{serial}" */
int rmt_check_file_name(const char *text, struct rmt_err *err);    /* "{label}.pem" */
int rmt_check_steps(const char *text, struct rmt_err *err); /* of a deploy block */
int rmt_check_on_device(const char *text, struct rmt_err *err); /* of a request block */
int rmt_check_limit(const char *text, struct rmt_err *err);     /* "ST:40" */
int rmt_check_signature_pair(const char *text, struct rmt_err *err); /* "RSA+SHA256", "rsa_pss_rsae_sha256" */
int rmt_check_filled(const char *text, struct rmt_err *err);       /* anything but nothing */
int rmt_check_printable(const char *text, struct rmt_err *err);    /* one to 64 printable characters of ASCII */

/* ---- files (scan.c, lineage.c, store.c) ------------------------------------------------------------------------------ */

/* Refuse what libconfig reads wrongly or not as meant: @include, numbers that wrap, octal and hex numbers, NUL, text that
 * is not UTF-8, nesting beyond 32. */
int rmt_policy_scan(struct rmt_span text, struct rmt_err *err);

/* Where a policy's text lies. Level 0 is built in, level n the n-th directory, RMT_LEVEL_PATH a path of its own. */
#define RMT_LEVEL_PATH SIZE_MAX
struct rmt_found {
	size_t level;
	char *path; /* NULL when built in */
	const struct rmt_builtin *builtin;
};
/* The best file of that label below `limit`: 1 found, 0 none, -1. */
int rmt_policy_find(const struct rmt_policy_store *store, enum rmt_policy_kind kind, const char *label, size_t limit, struct rmt_found *out, struct rmt_err *err);
/* " (did you mean \"x\"?)" among the names of a kind, or nothing. */
void rmt_store_suggest(const struct rmt_policy_store *store, enum rmt_policy_kind kind, const char *label, char out[128]);
const char *rmt_policy_kind_name(enum rmt_policy_kind kind); /* "template" "target" "file of symptoms" */

/* A policy and its parents, read but not yet walked. */
enum { RMT_ANCESTORS_MAX = 8 };
struct rmt_layer {
	char *name;   /* "server-client" */
	char *origin; /* "built in" or the path */
	char *source; /* how messages call it: the path, or where it lies in the source tree */
	size_t level;
	bool open;    /* `config` was read without fault */
	config_t config;
};
struct rmt_lineage {
	struct rmt_layer layer[RMT_ANCESTORS_MAX + 1]; /* the policy itself first */
	size_t count;
};
struct rmt_lineage *rmt_lineage_open(const struct rmt_policy_store *store, enum rmt_policy_kind kind, const char *name, struct rmt_err *err);
/* One text without its parents. */
struct rmt_lineage *rmt_lineage_mem(const char *source, struct rmt_span text, struct rmt_err *err);
void rmt_lineage_free(struct rmt_lineage *lineage);
/* Presets, then every layer from the oldest parent down. */
int rmt_lineage_walk(const struct rmt_lineage *lineage, const struct rmt_schema *rows, void *object, struct rmt_err *err);
/* A fault between keys was found when all were read, and has the first key as its place. Report it with the line at which the
 * nearest file states that key or its partner, and the key before the message; a key that no file states stays the place. */
struct rmt_partner { const char *key, *partner; }; /* a table of these ends with a row of NULL */
void rmt_lineage_blame(const struct rmt_lineage *lineage, const struct rmt_partner *partners, const struct rmt_err *fault, struct rmt_err *err);
/* What every policy carries beside its keys. */
int rmt_lineage_names(const struct rmt_lineage *lineage, char **name, char **origin, struct rmt_text_list *parents, struct rmt_err *err);

/* A topology from its lineage, every name in one form (topology.c). `topology` all zero; its members are freed also after a failure. */
int rmt_topology_read(const struct rmt_lineage *lineage, struct rmt_topology *topology, struct rmt_err *err);

#endif
