/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - remint_explain(): what may be behind an error message, and which of it the given files prove.
 *
 * What is known comes from the files of symptoms and from the incidents of the targets; how well the message agrees is
 * the business of audit/. The proof is one audit of the inputs, against each target that a likely cause names, with only
 * the rules that those causes name: an error proves a cause, a warning makes it likely. A rule that a cause names and its
 * target does not set runs with its own defaults.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { LIMIT_DEFAULT = 5 };

/* What is known from one file. */
struct known {
	struct rmt_symptoms *symptoms; /* one of the two */
	struct rmt_target *target;
};

/* A cause under consideration; the texts belong to `known` or to the arena. */
struct candidate {
	const struct rmt_incident *incident;
	const char *check, *target, *origin;
	unsigned score;
	size_t order;
	enum remint_proof proof;
	struct remint_finding *findings;
	size_t finding_count, finding_capacity;
};

/* A target with the rules of the causes that name it. */
struct judge {
	struct rmt_target *whole;   /* owned */
	struct rmt_target narrowed; /* borrows from `whole`, but for the rules array */
};

struct explaining {
	struct remint *ctx;
	const struct remint_explain_options *options;
	struct rmt_symptom_text *text;
	struct known *known;
	size_t known_count;
	struct candidate *candidates;
	size_t count;
	struct judge *judges;
	size_t judge_count;
	struct rmt_arena arena;
	struct rmt_err *err;
};

const char *remint_proof_name(enum remint_proof proof)
{
	static const char *const names[] = {"none", "absent", "likely", "proved"};

	return (size_t)proof < sizeof names / sizeof *names ? names[proof] : "";
}

/* ---- what is known -------------------------------------------------------------------------------------------------- */

static struct known *room(struct explaining *run)
{
	struct known *grown = realloc(run->known, (run->known_count + 1) * sizeof *grown);

	if (!grown) {
		rmt_err_memory(run->err);
		return NULL;
	}
	run->known = grown;
	grown[run->known_count] = (struct known){0};
	return &grown[run->known_count++];
}

/* One broken file of the user's does not hide the others. */
static int load(struct explaining *run, enum rmt_policy_kind kind, const char *name)
{
	struct known *known = room(run);
	struct rmt_err err = {0};

	if (!known)
		return -1;
	if (kind == RMT_POLICY_TARGET)
		known->target = rmt_target_load(run->ctx->policies, name, &err);
	else
		known->symptoms = rmt_symptoms_load(run->ctx->policies, name, &err);
	return known->target || known->symptoms ? 0 : rmt_verb_fault(run->ctx, &err);
}

static int load_symptoms(void *arg, const char *name, const char *origin)
{
	(void)origin;
	return load(arg, RMT_POLICY_SYMPTOMS, name);
}

static int load_target(void *arg, const char *name, const char *origin)
{
	(void)origin;
	return load(arg, RMT_POLICY_TARGET, name);
}

/* ---- which of it agrees ----------------------------------------------------------------------------------------------- */

static int consider(struct explaining *run, struct candidate candidate, const struct rmt_text_list *stack)
{
	struct candidate *grown;

	candidate.score = rmt_symptom_score(run->text, candidate.incident, stack);
	if (!candidate.score)
		return 0;
	for (size_t i = 0; i < run->count; i++) /* the same incident told by two targets is one cause */
		if (strcmp(run->candidates[i].incident->cause, candidate.incident->cause) == 0) {
			if (run->candidates[i].score < candidate.score)
				run->candidates[i].score = candidate.score;
			return 0;
		}
	grown = realloc(run->candidates, (run->count + 1) * sizeof *grown);
	if (!grown)
		return rmt_err_memory(run->err);
	run->candidates = grown;
	candidate.order = run->count;
	grown[run->count++] = candidate;
	return 0;
}

static const char *origin_of(struct explaining *run, const char *folder, const char *name)
{
	rmt_buf_format(&run->arena.scratch, "%s/%s", folder, name);
	return rmt_arena_scratch(&run->arena);
}

static int consider_symptoms(struct explaining *run, const struct rmt_symptoms *symptoms)
{
	const char *origin = origin_of(run, "symptoms", symptoms->name);

	for (size_t i = 0; i < symptoms->count; i++) {
		const struct rmt_symptom *entry = &symptoms->entries[i];
		struct candidate candidate = {.incident = &entry->incident,
		                              .check = entry->check,
		                              .target = entry->target ? entry->target : symptoms->target,
		                              .origin = origin};

		if (consider(run, candidate, &symptoms->stack))
			return -1;
	}
	return 0;
}

static int consider_target(struct explaining *run, const struct rmt_target *target)
{
	const char *origin = target->incident_count ? origin_of(run, "targets", target->name) : NULL, *check = NULL;

	if (target->incident_count) {
		rmt_buf_format(&run->arena.scratch, "remint audit {input} --for %s", target->name);
		check = rmt_arena_scratch(&run->arena);
	}
	for (size_t i = 0; i < target->incident_count; i++) {
		const struct rmt_incident *incident = &target->incidents[i];
		struct candidate candidate = {.incident = incident,
		                              .check = incident->rules.count ? check : NULL,
		                              .target = target->name,
		                              .origin = origin};

		if (consider(run, candidate, NULL))
			return -1;
	}
	return 0;
}

/* What is proved first; then the more specific match, the surer source, and the order of the files. */
static int compare(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	bool a_unsure = a->incident->confidence == RMT_CONFIDENCE_UNCONFIRMED;
	bool b_unsure = b->incident->confidence == RMT_CONFIDENCE_UNCONFIRMED;

	if ((a->proof >= REMINT_PROOF_LIKELY || b->proof >= REMINT_PROOF_LIKELY) && a->proof != b->proof)
		return a->proof > b->proof ? -1 : 1;
	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	if (a_unsure != b_unsure)
		return a_unsure ? 1 : -1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Keep the best, without those that agree by a word or two where others agree wholly. */
static void rank(struct explaining *run)
{
	size_t limit = run->options->limit ? run->options->limit : LIMIT_DEFAULT, kept = 0;

	if (run->count > 1)
		qsort(run->candidates, run->count, sizeof *run->candidates, compare);
	while (kept < run->count && kept < limit && 3 * run->candidates[kept].score >= run->candidates[0].score)
		kept++;
	run->count = kept;
}

static int search(struct explaining *run)
{
	const struct rmt_policy_store *policies = run->ctx->policies;

	run->text = rmt_symptom_text_new(run->options->symptom, run->err);
	if (!run->text || rmt_policy_each(policies, RMT_POLICY_SYMPTOMS, load_symptoms, run, run->err) ||
	    rmt_policy_each(policies, RMT_POLICY_TARGET, load_target, run, run->err))
		return -1;
	for (size_t i = 0; i < run->known_count; i++) {
		const struct known *known = &run->known[i];

		if ((known->symptoms && consider_symptoms(run, known->symptoms)) ||
		    (known->target && consider_target(run, known->target)))
			return -1;
	}
	rank(run);
	return run->arena.failed ? rmt_err_memory(run->err) : 0;
}

/* ---- proof --------------------------------------------------------------------------------------------------------------- */

static struct judge *judge_named(struct explaining *run, const char *name)
{
	struct judge *judge;

	for (size_t i = 0; i < run->judge_count; i++)
		if (strcmp(run->judges[i].whole->name, name) == 0)
			return &run->judges[i];
	judge = &run->judges[run->judge_count]; /* there is one for each candidate */
	judge->whole = rmt_target_load(run->ctx->policies, name, run->err);
	if (!judge->whole)
		return NULL;
	run->judge_count++;
	judge->narrowed = *judge->whole;
	judge->narrowed.rules = NULL;
	judge->narrowed.rule_count = 0;
	return judge;
}

static int narrow_add(struct judge *judge, const struct rmt_rule_setting *setting, struct rmt_err *err)
{
	struct rmt_target *narrowed = &judge->narrowed;
	struct rmt_rule_setting *grown = realloc(narrowed->rules, (narrowed->rule_count + 1) * sizeof *grown);

	if (!grown)
		return rmt_err_memory(err);
	narrowed->rules = grown;
	grown[narrowed->rule_count++] = *setting;
	return 0;
}

/* Switch a rule on as the target sets it, else with the rule's own severity when it needs no parameter. */
static int narrow(struct judge *judge, char *rule, struct rmt_err *err)
{
	struct rmt_rule_setting plain = {.rule = rule, .severity = -1, .min = -1, .max = -1, .file = judge->whole->origin};
	const struct rmt_rule_row *rows;
	bool found = false;
	size_t count;

	for (size_t i = 0; i < judge->narrowed.rule_count; i++)
		if (strcmp(judge->narrowed.rules[i].rule, rule) == 0)
			return 0;
	for (size_t i = 0; i < judge->whole->rule_count; i++) {
		if (strcmp(judge->whole->rules[i].rule, rule) != 0)
			continue;
		found = true;
		if (narrow_add(judge, &judge->whole->rules[i], err))
			return -1;
	}
	rows = rmt_rule_rows(&count);
	for (size_t i = 0; !found && i < count; i++)
		if (strcmp(rows[i].id, rule) == 0 && !rows[i].needed)
			return narrow_add(judge, &plain, err);
	return 0;
}

static int keep_finding(struct explaining *run, struct candidate *candidate, const struct remint_finding *finding)
{
	struct rmt_arena *arena = &run->arena;

	if (candidate->finding_count == candidate->finding_capacity) {
		size_t capacity = candidate->finding_capacity ? 2 * candidate->finding_capacity : 4;
		struct remint_finding *grown = realloc(candidate->findings, capacity * sizeof *grown);

		if (!grown)
			return rmt_err_memory(run->err);
		candidate->findings = grown;
		candidate->finding_capacity = capacity;
	}
	candidate->findings[candidate->finding_count++] = rmt_arena_finding(arena, finding);
	return arena->failed ? rmt_err_memory(run->err) : 0;
}

/* The errors of a path (X509_V_ERR_*) that say the same as a rule that a cause names before path.valid. */
static const struct {
	const char *rule;
	int errors[8];
} meant[] = {
	{"chain.complete", {2, 18, 19, 20, 21, 24, 27}},
	{"path.anchor", {2, 18, 19, 20, 21, 24, 27}},
	{"leaf.name.host", {62, 63, 64}},
	{"leaf.dates.valid", {9, 10, 13, 14}},
};

/* A cause that names path.valid first, or beside rules that no error of a path stands for, means any fault of the path;
 * one that names a missing issuer or root first does not mean a path that fails for another reason. */
static bool is_meant(const struct rmt_text_list *rules, const char *message)
{
	const char *at = strstr(message, "(error ");
	long error = at ? strtol(at + strlen("(error "), NULL, 10) : 0;

	if (strcmp(rules->items[0], "chain.complete") != 0 && strcmp(rules->items[0], "path.anchor") != 0)
		return true;
	for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
		for (size_t j = 0; rmt_text_list_has(rules, meant[i].rule) && meant[i].errors[j]; j++)
			if (meant[i].errors[j] == error)
				return true;
	return false;
}

/* path.valid tells of every fault of a path: it proves a cause only by the very error number ("error 20") that the cause
 * goes by, speaks against one that goes by other numbers, and is a hint at most to one without. */
static enum remint_proof proof_of_path(const struct rmt_incident *incident, const char *message)
{
	enum remint_proof proof = is_meant(&incident->rules, message) ? REMINT_PROOF_LIKELY : REMINT_PROOF_NONE;

	for (size_t i = 0; i < incident->codes.count; i++) {
		const char *code = incident->codes.items[i], *at = strstr(message, code);

		if (strncmp(code, "error ", 6) != 0)
			continue;
		if (at && at[strlen(code)] == ' ')
			return REMINT_PROOF_PROVED;
		proof = REMINT_PROOF_NONE;
	}
	return proof;
}

static enum remint_proof proof_of(const struct rmt_incident *incident, const struct remint_finding *finding)
{
	if (finding->severity == REMINT_INFO)
		return REMINT_PROOF_NONE;
	if (strcmp(finding->rule, "path.valid") == 0)
		return proof_of_path(incident, finding->message);
	return finding->severity == REMINT_ERROR ? REMINT_PROOF_PROVED : REMINT_PROOF_LIKELY;
}

static int weigh(void *arg, const struct remint_finding *finding)
{
	struct explaining *run = arg;

	for (size_t i = 0; i < run->count; i++) {
		struct candidate *candidate = &run->candidates[i];
		enum remint_proof proof = proof_of(candidate->incident, finding);

		if (proof == REMINT_PROOF_NONE || strcmp(candidate->target, finding->target) != 0 ||
		    !rmt_text_list_has(&candidate->incident->rules, finding->rule))
			continue;
		if (proof > candidate->proof)
			candidate->proof = proof;
		if (keep_finding(run, candidate, finding))
			return -1;
	}
	return 0;
}

static int prove(struct explaining *run)
{
	const struct remint_explain_options *options = run->options;
	struct remint_audit_options audit = {.wire = options->wire, .inputs = options->inputs, .chain = options->chain, .trust = options->trust,
	                                     .keys = options->keys, .host = options->host, .at = options->at};
	struct remint_audit_summary summary = {0};
	struct rmt_target **targets = calloc(run->count + 1, sizeof(struct rmt_target *));
	int rc = -1;

	run->judges = calloc(run->count + 1, sizeof *run->judges);
	if (!targets || !run->judges) {
		rmt_err_memory(run->err);
		goto out;
	}
	for (size_t i = 0; i < run->count; i++) {
		const struct rmt_text_list *rules = &run->candidates[i].incident->rules;
		struct judge *judge = rules->count ? judge_named(run, run->candidates[i].target) : NULL;

		if (rules->count && !judge)
			goto out;
		for (size_t j = 0; j < rules->count; j++)
			if (narrow(judge, rules->items[j], run->err))
				goto out;
	}
	for (size_t i = 0; i < run->judge_count; i++)
		targets[i] = &run->judges[i].narrowed;
	rc = rmt_verb_audit(run->ctx, &audit, targets, run->judge_count, weigh, run, &summary);
	for (size_t i = 0; rc == 0 && summary.certificates && i < run->count; i++)
		if (run->candidates[i].incident->rules.count && run->candidates[i].proof == REMINT_PROOF_NONE)
			run->candidates[i].proof = REMINT_PROOF_ABSENT;
	if (rc == 0 && run->count > 1)
		qsort(run->candidates, run->count, sizeof *run->candidates, compare);
out:
	free(targets);
	return rc;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------------ */

/* One word of a shell, whatever is in it. */
static void quote(const char *text, struct rmt_buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:@%+=-";

	if (*text && text[strspn(text, plain)] == '\0') {
		rmt_buf_text(out, text);
		return;
	}
	rmt_buf_byte(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			rmt_buf_text(out, "'\\''");
		else
			rmt_buf_byte(out, (unsigned char)*text);
	}
	rmt_buf_byte(out, '\'');
}

/* The first input as host and port, without its scheme; NULL when it is no endpoint. */
static const char *first_host(struct explaining *run)
{
	const char *input = run->options->inputs.count ? run->options->inputs.items[0] : NULL;
	struct rmt_endpoint endpoint = {0};

	if (!input || rmt_path_exists(input) || rmt_endpoint_parse(input, &endpoint, NULL) != 1)
		return NULL;
	rmt_buf_format(&run->arena.scratch, strchr(endpoint.host, ':') ? "[%s]:%u" : "%s:%u", endpoint.host,
	               (unsigned)endpoint.port);
	rmt_endpoint_clear(&endpoint);
	return rmt_arena_scratch(&run->arena);
}

/* What was given of an audit's options, and what stands in a command in their stead. */
struct given {
	const char *option, *stand_in;
	struct remint_strings values;
};

/* A "remint audit" that is to show the same as this one did takes the same trust, chain, keys and name. */
static void add_given(const struct given *given, size_t count, struct rmt_buf *out)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < given[i].values.count; j++) {
			rmt_buf_format(out, " %s ", given[i].option);
			quote(given[i].values.items[j], out);
		}
}

static size_t stand_in_at(const struct given *given, size_t count, const char *check)
{
	for (size_t i = 0; i < count; i++)
		if (given[i].values.count && strncmp(check, given[i].stand_in, strlen(given[i].stand_in)) == 0)
			return strlen(given[i].stand_in);
	return 0;
}

/* The command with the inputs in their place; words to be replaced by the person when there are none. */
static const char *check_filled(struct explaining *run, const char *check)
{
	static const struct { const char *mark, *stand_in; } marks[] = {{"{input}", "FILE"}, {"{host}", "HOST:PORT"}};
	const struct remint_explain_options *options = run->options;
	const char *fill[] = {options->inputs.count ? options->inputs.items[0] : NULL, first_host(run)};
	const struct given given[] = {{"--trust", " --trust root.pem", options->trust},
	                              {"--chain", " --chain chain.pem", options->chain},
	                              {"--key", " --key key.pem", options->keys},
	                              {"--name", " --name HOST", {&options->host, options->host ? 1 : 0}}};
	size_t given_count = strncmp(check, "remint audit ", 13) == 0 ? sizeof given / sizeof *given : 0;
	struct rmt_buf *out = &run->arena.scratch;

	while (*check) {
		size_t i = 0, skipped = stand_in_at(given, given_count, check);

		check += skipped;
		while (i < 2 && strncmp(check, marks[i].mark, strlen(marks[i].mark)) != 0)
			i++;
		if (i == 2) {
			if (!skipped)
				rmt_buf_byte(out, (unsigned char)*check++);
			continue;
		}
		check += strlen(marks[i].mark);
		if (fill[i])
			quote(fill[i], out);
		else
			rmt_buf_text(out, marks[i].stand_in);
	}
	add_given(given, given_count, out);
	return rmt_arena_scratch(&run->arena);
}

static int answer(struct explaining *run, remint_cause_fn *cause, void *arg)
{
	static const char *const confidence[] = {"documented", "field", "measured", "unconfirmed"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < run->count; i++) {
		const struct candidate *candidate = &run->candidates[i];
		const struct rmt_incident *incident = candidate->incident;
		struct remint_cause out = {
		    .rank = (unsigned)i + 1,
		    .score = candidate->score,
		    .origin = candidate->origin,
		    .cause = incident->cause,
		    .check = candidate->check ? check_filled(run, candidate->check) : NULL,
		    .fix = incident->fix,
		    .never = incident->never,
		    .source = incident->source,
		    .confidence = confidence[incident->confidence],
		    .target = candidate->target,
		    .rules = {(const char *const *)incident->rules.items, incident->rules.count},
		    .codes = {(const char *const *)incident->codes.items, incident->codes.count},
		    .proof = candidate->proof,
		    .findings = candidate->findings,
		    .finding_count = candidate->finding_count,
		};

		if (run->arena.failed)
			return rmt_err_memory(run->err);
		rc = cause ? cause(arg, &out) : 0;
	}
	return rc;
}

static void explaining_clear(struct explaining *run)
{
	for (size_t i = 0; i < run->known_count; i++) {
		rmt_symptoms_free(run->known[i].symptoms);
		rmt_target_free(run->known[i].target);
	}
	for (size_t i = 0; i < run->judge_count; i++) {
		free(run->judges[i].narrowed.rules);
		rmt_target_free(run->judges[i].whole);
	}
	for (size_t i = 0; i < run->count; i++)
		free(run->candidates[i].findings);
	free(run->known);
	free(run->judges);
	free(run->candidates);
	rmt_arena_free(&run->arena);
	rmt_symptom_text_free(run->text);
}

int remint_explain(struct remint *ctx, const struct remint_explain_options *options, remint_cause_fn *cause, void *arg)
{
	struct explaining run = {.ctx = ctx, .options = options, .err = &ctx->err};
	int rc;

	rmt_verb_begin(ctx);
	if (!options->symptom || !*options->symptom)
		return rmt_verb_end(ctx, rmt_err_set(run.err, RMT_USAGE, NULL, "no symptom: say what was seen"));
	rc = search(&run);
	if (rc == 0 && run.count && (options->inputs.count || options->wire.lists.count))
		rc = prove(&run);
	if (rc == 0)
		rc = answer(&run, cause, arg);
	explaining_clear(&run);
	return rmt_verb_end(ctx, rc);
}
