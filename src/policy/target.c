/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/target.c - the keys of a target, the merging of its rules and the checks across keys.
 * Which rules there are and what their numbers mean is audit/'s business, how a file is written is
 * write/'s.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "policy/local.h"

#define AT(member) offsetof(struct rmt_target, member)

static const char *const severities[] = { "info", "warning", "error", NULL };
static const char *const purposes[] = { "any", "server", "client", "both", NULL };
static const char *const formats[] = { "pem", "der", "p7b", "p7b-pem", "pfx", "pfx-trust",
	"jks", "jks-trust", "mobileconfig", "pkcs8", "pkcs8-der", "pkcs1", "pkcs1-der", "sec1", "sec1-der", "traditional", NULL };
static const char *const contents[] = { "leaf", "intermediates", "root", "key", NULL };
static const char *const profiles[] = { "modern", "compat", "legacy", NULL };
static const char *const orders[] = { "leaf-first", "root-first", NULL };
static const char *const separators[] = { "none", "blank", "comment", NULL };
static const char *const charsets[] = { "ascii", "utf-8", "utf-8-bom", "utf-16le", NULL };
static const char *const ciphers[] = { "aes-256-cbc", "aes-192-cbc", "aes-128-cbc", "des-ede3-cbc",
	NULL };
static const char *const kdfs[] = { "scrypt", "pbkdf2", NULL };
static const char *const characters[] = { "any", "ascii", "alphanumeric", NULL };
static const char *const presentations[] = { "leaf", "leaf+intermediates",
	"leaf+intermediates+root", NULL };
static const char *const forms[] = { "inf", "openssl", "none", NULL };
static const char *const digests[] = { "sha256", "sha384", "sha512", NULL };

/* ---- rules: a child's setting takes the place of its parent's of the same name --------------- */

/* What a file says of one rule. */
struct said {
	struct rmt_rule_setting setting; /* first: it is what is kept */
	bool off;
};
#define SAID(member) offsetof(struct said, setting.member)

/* clang-format off */
static const struct rmt_schema rule_rows[] = {
	{ .key = "rule", .field = RMT_FIELD_TEXT, .at = SAID(rule),
	  .example = "leaf.eku.client-auth", .check = rmt_check_rule_id },
	{ .key = "severity", .field = RMT_FIELD_CHOICE, .at = SAID(severity),
	  .choices = severities },
	{ .key = "confidence", .field = RMT_FIELD_CHOICE, .at = SAID(confidence),
	  .preset = "documented", .choices = rmt_confidence_words },
	{ .key = "values", .field = RMT_FIELD_LIST, .at = SAID(values),
	  .example = "\"md5\", \"sha1\"", .check = rmt_check_filled },
	{ .key = "min", .field = RMT_FIELD_QUANTITY, .at = SAID(min), .example = "2048" },
	{ .key = "max", .field = RMT_FIELD_QUANTITY, .at = SAID(max), .example = "398d" },
	{ .key = "from", .field = RMT_FIELD_TIME, .at = SAID(from), .example = "2026-03-15" },
	{ .key = "until", .field = RMT_FIELD_TIME, .at = SAID(until), .example = "2026-03-15" },
	{ .key = "source", .field = RMT_FIELD_TEXT, .at = SAID(source),
	  .example = "RFC 5280, 4.2.1.12", .check = rmt_check_filled },
	{ .key = "note", .field = RMT_FIELD_TEXT, .at = SAID(note),
	  .example = "phones show no reason", .check = rmt_check_filled },
	{ .key = "fix", .field = RMT_FIELD_TEXT, .at = SAID(fix),
	  .example = "reissue with both purposes", .check = rmt_check_filled },
	{ .key = "off", .field = RMT_FIELD_BOOL, .at = offsetof(struct said, off),
	  .preset = "false" },
	{ 0 },
};
/* clang-format on */

static bool
same_rule(
    const struct rmt_rule_setting *setting, const char *rule, const char *file, bool same_file)
{
	return strcmp(setting->rule, rule) == 0 && (strcmp(setting->file, file) == 0) == same_file;
}

static void
drop_rule(struct rmt_target *target, size_t index)
{
	free(target->rules[index].file);
	rmt_schema_free(rule_rows, &target->rules[index]);
	target->rule_count--;
	memmove(&target->rules[index], &target->rules[index + 1],
	    (target->rule_count - index) * sizeof(target->rules[0]));
}

/* Drop what the parents said of this rule. Returns where the first of it stood, or -1. */
static ptrdiff_t
drop_inherited(struct rmt_target *target, const char *rule, const char *file)
{
	ptrdiff_t first = -1;

	for (size_t i = 0; i < target->rule_count;) {
		if (same_rule(&target->rules[i], rule, file, false)) {
			first = first < 0 ? (ptrdiff_t)i : first;
			drop_rule(target, i);
		} else {
			i++;
		}
	}
	return first;
}

static bool
same_list(const struct rmt_text_list *a, const struct rmt_text_list *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (!rmt_text_list_has(b, a->items[i]))
			return false;
	return a->count == b->count;
}

static bool
same_numbers(const struct rmt_rule_setting *a, const struct rmt_rule_setting *b)
{
	return a->min == b->min && a->max == b->max && a->from == b->from && a->until == b->until &&
	       same_list(&a->values, &b->values);
}

/* A file may state a rule several times: another severity for other values, other numbers in other
 * years. Returns the place behind the last of them, or -1 when this one stands there already. */
static ptrdiff_t
behind_own(
    const struct rmt_target *target, const struct rmt_rule_setting *setting, const char *file)
{
	ptrdiff_t place = (ptrdiff_t)target->rule_count;

	for (size_t i = 0; i < target->rule_count; i++) {
		if (!same_rule(&target->rules[i], setting->rule, file, true))
			continue;
		if (same_numbers(&target->rules[i], setting))
			return -1;
		place = (ptrdiff_t)i + 1;
	}
	return place;
}

static int
switch_off(struct rmt_walk *walk, struct rmt_target *target, const char *rule)
{
	const char **names;
	char hint[128] = "";

	if (drop_inherited(target, rule, walk->source) >= 0)
		return 0;
	if ((names = calloc(target->rule_count + 1, sizeof(*names))) != NULL) {
		for (size_t i = 0; i < target->rule_count; i++)
			names[i] = target->rules[i].rule;
		rmt_did_you_mean(rule, names, hint);
		free(names);
	}
	return rmt_walk_fail(walk, "\"%s\" is switched off, but no parent sets it%s", rule, hint);
}

static int
check_rule(struct rmt_walk *walk, const struct said *said)
{
	const struct rmt_rule_setting *setting = &said->setting;

	if (setting->rule == NULL)
		return rmt_walk_fail(
		    walk, "a rule needs its name: rule = \"leaf.eku.client-auth\"");
	if (!said->off && setting->confidence == RMT_CONFIDENCE_UNCONFIRMED &&
	    (setting->severity < 0 || setting->severity > RMT_SEVERITY_WARNING))
		return rmt_walk_fail(walk,
		    "\"%s\" is unconfirmed: its severity can be \"info\" or \"warning\" and is "
		    "stated",
		    setting->rule);
	if (setting->min >= 0 && setting->max >= 0 && setting->min > setting->max)
		return rmt_walk_fail(walk, "\"%s\": min is larger than max", setting->rule);
	if (setting->from != 0 && setting->until != 0 && setting->from >= setting->until)
		return rmt_walk_fail(walk, "\"%s\": from is not before until", setting->rule);
	return 0;
}

static int
add_rule(struct rmt_walk *walk, void *holder, void *element)
{
	static const struct rmt_elements plain = {
		.stored = sizeof(struct rmt_rule_setting),
		.count_at = AT(rule_count),
	};
	struct rmt_target *target = holder;
	struct said *said = element;
	struct rmt_rule_setting kept;
	ptrdiff_t place;

	if (check_rule(walk, said) != 0)
		return -1;
	if (said->off) {
		if (switch_off(walk, target, said->setting.rule) != 0)
			return -1;
		rmt_schema_free(rule_rows, said);
		return 0;
	}
	if ((place = drop_inherited(target, said->setting.rule, walk->source)) < 0 &&
	    (place = behind_own(target, &said->setting, walk->source)) < 0)
		return rmt_walk_fail(
		    walk, "\"%s\" stands here twice with the same numbers", said->setting.rule);
	if ((said->setting.file = rmt_strdup(walk->source, walk->err)) == NULL)
		return -1;
	said->setting.line = walk->line;
	if (rmt_elements_append(&plain, target, AT(rules), &said->setting, walk->err) != 0) {
		free(said->setting.file);
		return -1;
	}
	kept = target->rules[target->rule_count - 1];
	memmove(&target->rules[place + 1], &target->rules[place],
	    (target->rule_count - 1 - (size_t)place) * sizeof(kept));
	target->rules[place] = kept;
	return 0;
}

static const struct rmt_elements rule_elements = {
	.size = sizeof(struct said),
	.stored = sizeof(struct rmt_rule_setting),
	.count_at = AT(rule_count),
	.add = add_rule,
};

/* ---- files: a child's list takes the place of its parent's ----------------------------------- */

#define FILE_AT(member) offsetof(struct rmt_deploy_file, member)

/* clang-format off */
static const struct rmt_schema file_rows[] = {
	{ .key = "name", .field = RMT_FIELD_TEXT, .at = FILE_AT(name), .example = "{label}.pem",
	  .check = rmt_check_file_name },
	{ .key = "format", .field = RMT_FIELD_TEXT, .at = FILE_AT(format), .choices = formats },
	{ .key = "content", .field = RMT_FIELD_LIST, .at = FILE_AT(content), .choices = contents },
	{ .key = "profile", .field = RMT_FIELD_TEXT, .at = FILE_AT(profile), .choices = profiles },
	{ .key = "per_intermediate", .field = RMT_FIELD_BOOL, .at = FILE_AT(per_intermediate),
	  .preset = "false" },
	{ .key = "friendly_name", .field = RMT_FIELD_TEXT, .at = FILE_AT(friendly_name), .example = "{label}-{serial}",
	  .check = rmt_check_friendly_name },
	{ .key = "order", .field = RMT_FIELD_TEXT, .at = FILE_AT(order), .choices = orders },
	{ .key = "cipher", .field = RMT_FIELD_TEXT, .at = FILE_AT(cipher), .choices = ciphers },
	{ .key = "kdf", .field = RMT_FIELD_TEXT, .at = FILE_AT(kdf), .choices = kdfs },
	{ .key = "separator", .field = RMT_FIELD_TEXT, .at = FILE_AT(separator),
	  .choices = separators },
	{ .key = "charset", .field = RMT_FIELD_TEXT, .at = FILE_AT(charset), .choices = charsets },
	{ .key = "no_final_newline", .field = RMT_FIELD_BOOL, .at = FILE_AT(no_final_newline),
	  .preset = "false" },
	{ .key = "crlf", .field = RMT_FIELD_BOOL, .at = FILE_AT(crlf), .preset = "false" },
	{ .key = "width", .field = RMT_FIELD_NUMBER, .at = FILE_AT(width), .preset = "64",
	  .min = 4, .max = 1024 },
	{ .key = "mode", .field = RMT_FIELD_MODE, .at = FILE_AT(mode), .example = "0640" },
	{ .key = "comment", .field = RMT_FIELD_TEXT, .at = FILE_AT(comment),
	  .example = "certificate and chain", .check = rmt_check_filled },
	{ 0 },
};
/* clang-format on */

static void
drop_files(void *holder)
{
	struct rmt_target *target = holder;

	for (size_t i = 0; i < target->file_count; i++)
		rmt_schema_free(file_rows, &target->files[i]);
	free(target->files);
	target->files = NULL;
	target->file_count = 0;
}

static bool
holds_only(const struct rmt_text_list *content, const char *item)
{
	return content->count == 1 && strcmp(content->items[0], item) == 0;
}

static bool
is_key_format(const char *format)
{
	static const char *const beginnings[] = { "pkcs8", "pkcs1", "sec1", "traditional" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncmp(format, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* What is said of a text, and of the key in it. NULL when it fits. */
static const char *
unlaid(const struct rmt_deploy_file *file)
{
	bool pem = strcmp(file->format, "pem") == 0, der = ends_with(file->format, "-der");
	bool text = pem || strcmp(file->format, "p7b-pem") == 0 || (is_key_format(file->format) && !der);

	if (!pem && (file->order != NULL || file->separator != NULL))
		return "only a pem file has an order and separators";
	if (!text && (file->charset != NULL || file->no_final_newline || file->crlf))
		return "a binary file has neither charset nor line ends";
	if ((file->cipher != NULL || file->kdf != NULL) &&
	    (!(pem || is_key_format(file->format)) || !rmt_text_list_has(&file->content, "key")))
		return "a cipher protects the key of a pem or key file; a pfx has profiles";
	if (file->cipher != NULL && der && strcmp(file->format, "pkcs8-der") != 0)
		return "of the key formats in DER only pkcs8-der can be protected";
	if (file->kdf != NULL && (file->cipher == NULL || (!pem && strncmp(file->format, "pkcs8", 5) != 0)))
		return "kdf stands beside the cipher of a pkcs8 or pem file";
	return NULL;
}

/* The profile of a format that has one, else NULL. */
static const char *
preset_profile(const struct rmt_deploy_file *file)
{
	if (strncmp(file->format, "pfx", 3) == 0)
		return "modern";
	return strcmp(file->format, "mobileconfig") == 0 ? "compat" : NULL;
}

/* What fits into which format. NULL when it does. */
static const char *
misfit(const struct rmt_deploy_file *file)
{
	bool key = rmt_text_list_has(&file->content, "key");

	if (file->content.count == 0)
		return "it states no content";
	if (is_key_format(file->format) && !holds_only(&file->content, "key"))
		return "a key format holds a key and nothing else: content = [\"key\"]";
	if (key && strncmp(file->format, "p7b", 3) == 0)
		return "a p7b holds certificates, no key";
	if (key && strstr(file->format, "-trust") != NULL)
		return "a trust store holds certificates, no key";
	if (strcmp(file->format, "der") == 0 &&
	    (file->content.count > 1 || key ||
		(holds_only(&file->content, "intermediates") && !file->per_intermediate)))
		return "a der file holds one certificate";
	if (file->friendly_name != NULL && preset_profile(file) == NULL && strncmp(file->format, "jks", 3) != 0)
		return "only in a keystore has an entry a name";
	if (file->profile != NULL && preset_profile(file) == NULL)
		return "only a pfx, a pfx-trust and a mobileconfig have a profile";
	if (file->per_intermediate && !holds_only(&file->content, "intermediates"))
		return "per_intermediate wants content = [\"intermediates\"]";
	if (file->per_intermediate != (strstr(file->name, "{n}") != NULL))
		return "{n} in the name and per_intermediate go together";
	if (key && (file->mode & 07) != 0)
		return "a file with a key in it is not for everybody: its mode ends with 0";
	return unlaid(file);
}

static int
add_file(struct rmt_walk *walk, void *holder, void *element)
{
	static const struct rmt_elements plain = {
		.stored = sizeof(struct rmt_deploy_file),
		.count_at = AT(file_count),
	};
	struct rmt_target *target = holder;
	struct rmt_deploy_file *file = element;
	const char *why;

	if (file->name == NULL || file->format == NULL)
		return rmt_walk_fail(walk, "a file needs at least name, format and content");
	if ((why = misfit(file)) != NULL)
		return rmt_walk_fail(walk, "\"%s\": %s", file->name, why);
	for (size_t i = 0; i < target->file_count; i++)
		if (strcmp(target->files[i].name, file->name) == 0)
			return rmt_walk_fail(walk, "the file \"%s\" stands here twice", file->name);
	if (file->profile == NULL && preset_profile(file) != NULL &&
	    (file->profile = rmt_strdup(preset_profile(file), walk->err)) == NULL)
		return -1;
	if (file->mode == 0)
		file->mode = rmt_text_list_has(&file->content, "key") ? 0600 : 0644;
	return rmt_elements_append(&plain, target, AT(files), file, walk->err);
}

static const struct rmt_elements file_elements = {
	.size = sizeof(struct rmt_deploy_file),
	.stored = sizeof(struct rmt_deploy_file),
	.count_at = AT(file_count),
	.begin = drop_files,
	.add = add_file,
};

/* ---- the target ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct rmt_schema path_rows[] = {
	{ .key = "check", .field = RMT_FIELD_BOOL, .at = AT(path.check), .preset = "false" },
	{ .key = "purpose", .field = RMT_FIELD_TEXT, .at = AT(path.purpose), .preset = "any",
	  .choices = purposes },
	{ .key = "auth_level", .field = RMT_FIELD_NUMBER, .at = AT(path.auth_level),
	  .preset = "none", .min = -1, .max = 5 },
	{ .key = "strict", .field = RMT_FIELD_BOOL, .at = AT(path.strict), .preset = "false" },
	{ .key = "fetch_missing", .field = RMT_FIELD_BOOL, .at = AT(path.fetch_missing),
	  .preset = "false" },
	{ .key = "root_on_wire_ok", .field = RMT_FIELD_BOOL, .at = AT(path.root_on_wire_ok),
	  .preset = "true" },
	{ 0 },
};

static const struct rmt_schema request_rows[] = {
	{ .key = "require", .field = RMT_FIELD_LIST, .at = AT(request.require), .example = "\"CN\"",
	  .check = rmt_check_attribute },
	{ .key = "allow", .field = RMT_FIELD_LIST, .at = AT(request.allow),
	  .example = "\"CN\", \"O\"", .check = rmt_check_attribute },
	{ .key = "keys", .field = RMT_FIELD_LIST, .at = AT(request.keys), .example = "\"rsa:2048\"",
	  .check = rmt_check_key_spec },
	{ .key = "digest", .field = RMT_FIELD_TEXT, .at = AT(request.digest), .preset = "sha256",
	  .choices = digests },
	{ .key = "san", .field = RMT_FIELD_BOOL, .at = AT(request.san), .preset = "true" },
	{ .key = "limits", .field = RMT_FIELD_LIST, .at = AT(request.limits), .example = "\"ST:40\"",
	  .check = rmt_check_limit },
	{ .key = "on_device", .field = RMT_FIELD_LINES, .at = AT(request.on_device),
	  .example = "Common name: {cn}", .check = rmt_check_on_device },
	{ .key = "form", .field = RMT_FIELD_TEXT, .at = AT(request.form), .choices = forms },
	{ .key = "exportable", .field = RMT_FIELD_TEXT, .at = AT(request.exportable),
	  .example = "each server of the pool has the same key", .check = rmt_check_filled },
	{ .key = "sources", .field = RMT_FIELD_LIST, .at = AT(request.sources),
	  .example = "\"the device's manual\"", .check = rmt_check_filled },
	{ 0 },
};

static const struct rmt_schema passphrase_rows[] = {
	{ .key = "min", .field = RMT_FIELD_NUMBER, .at = AT(passphrase.min), .preset = "none",
	  .min = -1, .max = 1024 },
	{ .key = "max", .field = RMT_FIELD_NUMBER, .at = AT(passphrase.max), .preset = "none",
	  .min = -1, .max = 1024 },
	{ .key = "characters", .field = RMT_FIELD_TEXT, .at = AT(passphrase.characters),
	  .choices = characters },
	{ .key = "without", .field = RMT_FIELD_TEXT, .at = AT(passphrase.without), .example = "?\\\"",
	  .check = rmt_check_printable },
	{ .key = "source", .field = RMT_FIELD_TEXT, .at = AT(passphrase.source),
	  .example = "the device's manual", .check = rmt_check_filled },
	{ 0 },
};

static const struct rmt_schema deploy_rows[] = {
	{ .key = "files", .field = RMT_FIELD_GROUPS, .at = AT(files), .inner = file_rows,
	  .elements = &file_elements },
	{ .key = "passphrase", .field = RMT_FIELD_GROUP, .inner = passphrase_rows },
	{ .key = "trust", .field = RMT_FIELD_LINES, .at = AT(deploy_trust),
	  .example = "Import {root-cer} first.", .check = rmt_check_steps },
	{ .key = "note", .field = RMT_FIELD_LINES, .at = AT(deploy_note),
	  .example = "Import it and restart the service.", .check = rmt_check_steps },
	{ .key = "back", .field = RMT_FIELD_LINES, .at = AT(deploy_back),
	  .example = "Select {old-thumbprint} again.", .check = rmt_check_steps },
	{ .key = "sources", .field = RMT_FIELD_LIST, .at = AT(deploy_sources),
	  .example = "\"back: the device's manual\"", .check = rmt_check_filled },
	{ 0 },
};

const struct rmt_schema rmt_target_schema[] = {
	{ .key = "extends", .field = RMT_FIELD_EXTENDS },
	{ .key = "title", .field = RMT_FIELD_TEXT, .at = AT(title), .example = "Mail gateway",
	  .check = rmt_check_filled },
	{ .key = "sources", .field = RMT_FIELD_LIST, .at = AT(sources), .example = "\"RFC 5280\"",
	  .check = rmt_check_filled },
	{ .key = "template", .field = RMT_FIELD_TEXT, .at = AT(template_name),
	  .example = "server-client", .check = rmt_policy_label_check },
	{ .key = "rules", .field = RMT_FIELD_GROUPS, .at = AT(rules), .inner = rule_rows,
	  .elements = &rule_elements },
	{ .key = "path", .field = RMT_FIELD_GROUP, .inner = path_rows },
	{ .key = "request", .field = RMT_FIELD_GROUP, .inner = request_rows },
	{ .key = "names", .field = RMT_FIELD_GROUP, .inner = rmt_names_rows },
	{ .key = "deploy", .field = RMT_FIELD_GROUP, .inner = deploy_rows },
	{ .key = "client", .field = RMT_FIELD_GROUP, .inner = rmt_client_rows },
	{ .key = "presents", .field = RMT_FIELD_TEXT, .at = AT(presents),
	  .preset = "leaf+intermediates", .choices = presentations },
	{ .key = "incidents", .field = RMT_FIELD_GROUPS, .at = AT(incidents),
	  .inner = rmt_incident_rows,
	  .elements = &rmt_incident_elements },
	{ 0 },
};
/* clang-format on */

static int
check_template(const struct rmt_policy_store *store, const char *name, struct rmt_err *err)
{
	struct rmt_found found;
	char hint[128];
	int rc = rmt_policy_find(store, RMT_POLICY_TEMPLATE, name, RMT_LEVEL_PATH, &found, err);

	if (rc != 0) {
		free(found.path);
		return rc > 0 ? 0 : -1;
	}
	rmt_store_suggest(store, RMT_POLICY_TEMPLATE, name, hint);
	return rmt_err_set(err, RMT_INPUT, "template", "no template is named \"%s\"%s", name, hint);
}

static int
check_target(
    const struct rmt_policy_store *store, const struct rmt_target *target, struct rmt_err *err)
{
	const struct rmt_text_list *require = &target->request.require,
				   *allow = &target->request.allow;

	if (target->title == NULL)
		return rmt_err_set(
		    err, RMT_INPUT, "title", "it is not stated, neither here nor in a parent");
	for (size_t i = 0; i < require->count; i++)
		if (allow->count > 0 && !rmt_text_list_has(allow, require->items[i]))
			return rmt_err_set(err, RMT_INPUT, "request.require",
			    "%s is required but not allowed", require->items[i]);
	if (target->passphrase.min >= 0 && target->passphrase.max >= 0 &&
	    target->passphrase.min > target->passphrase.max)
		return rmt_err_set(err, RMT_INPUT, "deploy.passphrase.min", "it is larger than max");
	if (rmt_client_check(&target->client, err) != 0)
		return -1;
	return target->template_name != NULL ? check_template(store, target->template_name, err)
					     : 0;
}

/* The key that is named by the check, and the other that may be the one that was changed. */
static const struct rmt_partner partners[] = {
	{ "request.require", "request.allow" },
	{ "client.min_version", "client.max_version" },
	{ "deploy.passphrase.min", "deploy.passphrase.max" },
	{ NULL, NULL },
};

struct rmt_target *
rmt_target_load(const struct rmt_policy_store *store, const char *name, struct rmt_err *err)
{
	struct rmt_lineage *lineage = rmt_lineage_open(store, RMT_POLICY_TARGET, name, err);
	struct rmt_target *target = NULL;
	struct rmt_err fault = { 0 };
	int rc = -1;

	if (lineage == NULL)
		return NULL;
	if ((target = calloc(1, sizeof(*target))) == NULL) {
		rmt_err_memory(err);
		goto out;
	}
	if (rmt_lineage_names(lineage, &target->name, &target->origin, &target->lineage, err) !=
		0 ||
	    rmt_lineage_walk(lineage, rmt_target_schema, target, err) != 0)
		goto out;
	if (check_target(store, target, &fault) != 0) {
		rmt_lineage_blame(lineage, partners, &fault, err);
		goto out;
	}
	rc = 0;
out:
	rmt_lineage_free(lineage);
	if (rc == 0)
		return target;
	rmt_target_free(target);
	return NULL;
}

void
rmt_target_free(struct rmt_target *target)
{
	if (target == NULL)
		return;
	for (size_t i = 0; i < target->rule_count; i++)
		free(target->rules[i].file);
	rmt_schema_free(rmt_target_schema, target);
	rmt_text_list_free(&target->lineage);
	free(target->name);
	free(target->origin);
	free(target);
}

void
rmt_target_dump(const struct rmt_target *target, struct rmt_buf *out)
{
	rmt_dump_text("name", target->name, out);
	rmt_dump_text("origin", target->origin, out);
	rmt_dump_list("extends", &target->lineage, out);
	rmt_dump_fields(rmt_target_schema, target, out);
}
