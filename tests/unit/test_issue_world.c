/* SPDX-License-Identifier: Apache-2.0 */
/* The world of the tests of issue/: keys, templates, authorities, and the way from a request to a certificate. */
#include "config.h"

#include <stdlib.h>

#include "unit/test_issue.h"

struct world world;

const struct rmt_text_list *
words_of(struct words *words, const char *text, char separator)
{
	char *at = words->text;

	assert_true(strlen(text) < sizeof(words->text));
	memcpy(words->text, text, strlen(text) + 1);
	words->list = (struct rmt_text_list){ words->items, 0 };
	while (*at) {
		char *end = strchr(at, separator);

		assert_true(words->list.count < LIST_MAX);
		words->items[words->list.count++] = at;
		if (!end)
			break;
		*end = '\0';
		at = end + 1;
	}
	return &words->list;
}

void
set_list(struct bench_template *bench, struct rmt_text_list *list, const char *text, char separator)
{
	assert_true(bench->used < sizeof(bench->lists) / sizeof(bench->lists[0]));
	*list = *words_of(&bench->lists[bench->used++], text, separator);
}

static void
begin_template(struct bench_template *bench, const char *name)
{
	struct rmt_template *policy = &bench->policy;

	*bench = (struct bench_template){ .used = 0 };
	memcpy(bench->name, name, strlen(name) + 1);
	policy->name = bench->name;
	policy->backdate = 600;
	policy->subject.merge = RMT_MERGE_REQUEST;
	policy->san.merge = RMT_MERGE_REQUEST;
	policy->key_usage.critical = true;
	policy->basic_constraints.path_length = -1;
	policy->subject_key_id = policy->authority_key_id = true;
}

/* As server-client of the built-in templates. */
void
leaf_template(struct bench_template *bench)
{
	struct rmt_template *policy = &bench->policy;

	begin_template(bench, "leaf");
	policy->role = RMT_ROLE_LEAF;
	policy->validity = 199 * RMT_DAY;
	policy->max_validity = 825 * RMT_DAY;
	set_list(bench, &policy->key_accept, "rsa:2048-8192 ec:p256 ed25519", ' ');
	set_list(bench, &policy->subject.allow, "C O OU CN", ' ');
	policy->subject.empty_ok = true;
	set_list(bench, &policy->san.allow, "dns ip", ' ');
	policy->san.from_cn = true;
	policy->san.critical_when_empty_subject = true;
	policy->key_usage.bits = RMT_KU_DIGITAL_SIGNATURE | RMT_KU_KEY_ENCIPHERMENT;
	set_list(bench, &policy->extended_key_usage.values, "serverAuth clientAuth", ' ');
	policy->crl_distribution = policy->authority_info = true;
}

void
ca_template(struct bench_template *bench, enum rmt_role role, int path_length)
{
	struct rmt_template *policy = &bench->policy;

	begin_template(bench, role == RMT_ROLE_ROOT_CA ? "root" : "issuing");
	policy->role = role;
	policy->validity = (role == RMT_ROLE_ROOT_CA ? 7300 : 3650) * RMT_DAY;
	set_list(bench, &policy->subject.require, "CN", ' ');
	policy->san.merge = RMT_MERGE_TEMPLATE;
	policy->key_usage.bits = RMT_KU_CERT_SIGN | RMT_KU_CRL_SIGN;
	policy->basic_constraints.present = policy->basic_constraints.ca = policy->basic_constraints.critical = true;
	policy->basic_constraints.path_length = path_length;
}

int
world_open(void **state)
{
	static const char *const specs[KEY_COUNT] = { "ec:p256", "rsa:2048", "ed25519", "ec:p256" };
	struct rmt_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (!(world.keys[i] = rmt_key_generate(specs[i], &err)))
			return -1;
	for (size_t i = 0; i < 4; i++)
		if (!(world.ca_keys[i] = rmt_key_generate("ec:p256", &err)))
			return -1;
	world.checker = rmt_checker_new(&err);
	world.now = NOW;
	return world.checker ? 0 : -1;
}

int
world_close(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEY_COUNT; i++)
		rmt_key_free(world.keys[i]);
	for (size_t i = 0; i < 4; i++)
		rmt_key_free(world.ca_keys[i]);
	rmt_checker_free(world.checker);
	return 0;
}

/* ---- what is asked ---- */

static void
write_names(struct rmt_derw *w, const char *value)
{
	struct words words;
	const struct rmt_text_list *list = words_of(&words, value, '|');

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < list->count; i++) {
		if (!strncmp(list->items[i], "hex:", 4)) { /* a GeneralName as bytes */
			struct rmt_buf bytes = { 0 };

			assert_int_equal(rmt_hex_decode(list->items[i] + 4, &bytes, NULL), 0);
			rmt_derw_raw(w, rmt_buf_view(&bytes));
			rmt_buf_free(&bytes);
		} else {
			assert_int_equal(rmt_general_write(w, list->items[i], NULL), 0);
		}
	}
	rmt_derw_end(w);
}

static void
write_bits(struct rmt_derw *w, const char *value)
{
	struct words words;
	const struct rmt_text_list *list = words_of(&words, value, '|');
	unsigned bits = 0, bit;

	for (size_t i = 0; i < list->count; i++) {
		assert_int_equal(rmt_key_usage_named(list->items[i], &bit), 0);
		bits |= bit;
	}
	rmt_ext_key_usage_write(w, bits);
}

static void
write_purposes(struct rmt_derw *w, const char *value)
{
	struct words words;
	const struct rmt_text_list *list = words_of(&words, value, '|');
	struct rmt_buf oid = { 0 };

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < list->count; i++) {
		rmt_buf_clear(&oid);
		assert_int_equal(rmt_oid_encode(list->items[i], &oid, NULL), 0);
		rmt_derw_oid(w, rmt_buf_view(&oid));
	}
	rmt_derw_end(w);
	rmt_buf_free(&oid);
}

static void
write_other(struct rmt_derw *w, const char *text)
{
	struct rmt_buf oid = { 0 }, value = { 0 };
	const char *equals = strchr(text, '=');
	char dotted[64] = "";

	assert_non_null(equals);
	memcpy(dotted, text, (size_t)(equals - text));
	assert_int_equal(rmt_oid_encode(dotted, &oid, NULL), 0);
	assert_int_equal(rmt_hex_decode(equals + 1, &value, NULL), 0);
	rmt_ext_write(w, rmt_buf_view(&oid), false, rmt_buf_view(&value));
	rmt_buf_free(&oid);
	rmt_buf_free(&value);
}

static void
write_extension(struct rmt_derw *w, const char *text)
{
	static const struct {
		const char *prefix;
		enum rmt_ext_id id;
		void (*write)(struct rmt_derw *w, const char *value);
	} kinds[] = {
		{ "san=", RMT_EXT_SUBJECT_ALT_NAME, write_names },
		{ "ku=", RMT_EXT_KEY_USAGE, write_bits },
		{ "eku=", RMT_EXT_EXTENDED_KEY_USAGE, write_purposes },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix))) {
			rmt_ext_begin(w, kinds[i].id, false);
			kinds[i].write(w, text + strlen(kinds[i].prefix));
			rmt_ext_end(w);
			return;
		}
	if (!strcmp(text, "ca") || !strcmp(text, "leaf")) {
		rmt_ext_begin(w, RMT_EXT_BASIC_CONSTRAINTS, true);
		rmt_ext_basic_constraints_write(w, (struct rmt_basic_constraints){ !strcmp(text, "ca"), -1 });
		rmt_ext_end(w);
		return;
	}
	write_other(w, text);
}

static void
read_extensions(const char *text, struct rmt_buf *der, struct rmt_extensions *out)
{
	struct rmt_derw w = { .depth = 0 };
	struct words words;
	const struct rmt_text_list *list = words_of(&words, text, ';');
	struct rmt_notes notes = { 0 };
	struct rmt_err err = { 0 };

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < list->count; i++)
		write_extension(&w, list->items[i]);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, der, NULL), 0);
	if (rmt_extensions_read(out, rmt_buf_view(der), &notes, "request", &err))
		fail_msg("%s", err.message);
}

/* ---- issuing ---- */

void
note_decision(void *arg, enum rmt_decision decision, const char *field, const char *text)
{
	assert_null(strchr(text, '\n'));
	assert_true(rmt_utf8_valid(rmt_span_text(text)));
	rmt_buf_format(arg, "%s %s: %s\n", rmt_decision_name(decision), field, text);
}

/* Build, sign, and read what came out: strictly, and with its signature checked. */
static void
sign_plan(struct outcome *out, const struct rmt_plan *plan, const struct rmt_key *signing, const struct rmt_key *key)
{
	struct rmt_signer *signer = rmt_signer_new(signing ? signing : key, "sha256", &out->err);
	struct rmt_buf tbs = { 0 }, again = { 0 }, der = { 0 };
	unsigned char serial[RMT_SERIAL];
	struct rmt_cert before;

	assert_non_null(signer);
	assert_int_equal(rmt_serial_new(serial, NULL), 0);
	assert_int_equal(rmt_plan_build(plan, rmt_span_of(serial, RMT_SERIAL), rmt_signer_algorithm(signer), &tbs, NULL), 0);
	assert_int_equal(rmt_plan_build(plan, rmt_span_of(serial, RMT_SERIAL), rmt_signer_algorithm(signer), &again, NULL), 0);
	assert_true(rmt_span_equal(rmt_buf_view(&tbs), rmt_buf_view(&again)));
	if (rmt_cert_read_tbs(&before, rmt_buf_view(&tbs), RMT_STRICT, &out->err))
		fail_msg("to be signed: %s: %s", out->err.place, out->err.message);
	assert_int_equal(rmt_signer_wrap(signer, rmt_buf_view(&tbs), &der, NULL), 0);
	out->cert = rmt_cert_new(rmt_buf_view(&der), RMT_STRICT, &out->err);
	assert_non_null(out->cert);
	assert_int_equal(out->cert->version, 3);
	assert_int_equal(rmt_checker_verify(world.checker, out->cert->tbs, out->cert->outer_algorithm, out->cert->signature,
	                                    rmt_key_spki(signing ? signing : key), NULL), 0);
	assert_int_equal(out->cert->not_before, rmt_plan_not_before(plan));
	assert_int_equal(out->cert->not_after, rmt_plan_not_after(plan));
	rmt_buf_free(&tbs);
	rmt_buf_free(&again);
	rmt_buf_free(&der);
	rmt_signer_free(signer);
}

void
issue(struct outcome *out, const struct rmt_template *policy, const struct asked *asked, const struct rmt_key *key,
      const struct rmt_issuer *issuer, const struct rmt_key *signing)
{
	static const struct rmt_issuer none;
	struct rmt_wish wish = {
		.subject_verbatim = asked->verbatim, .asked_is_certificate = asked->from_certificate,
		.not_before = asked->not_before, .not_after = asked->not_after, .validity = asked->validity,
	};
	struct rmt_buf subject = { 0 }, replaced = { 0 }, der = { 0 };
	struct rmt_extensions extensions;
	struct rmt_recipe *recipe;
	struct rmt_plan *plan = NULL;
	struct words options;

	*out = (struct outcome){ .cert = NULL };
	if (asked->subject_der)
		assert_int_equal(rmt_hex_decode(asked->subject_der, &subject, NULL), 0);
	else if (asked->subject)
		assert_int_equal(rmt_name_parse(asked->subject, &subject, NULL), 0);
	wish.subject = rmt_buf_view(&subject);
	if (asked->replaces)
		assert_int_equal(rmt_name_parse(asked->replaces, &replaced, NULL), 0);
	wish.replaced_subject = rmt_buf_view(&replaced);
	if (asked->options)
		wish.san = words_of(&options, asked->options, '|');
	if (asked->extensions) {
		read_extensions(asked->extensions, &der, &extensions);
		wish.asked = &extensions;
	}
	recipe = rmt_recipe_new(policy, issuer ? issuer : &none, &out->err);
	if (recipe)
		plan = rmt_plan_new(recipe, &wish, rmt_key_spki(key), world.now, note_decision, &out->decisions, &out->err);
	if (plan)
		sign_plan(out, plan, signing, key);
	else
		assert_int_not_equal(out->err.class, RMT_NONE);
	rmt_plan_free(plan);
	rmt_recipe_free(recipe);
	rmt_buf_free(&subject);
	rmt_buf_free(&replaced);
	rmt_buf_free(&der);
}

void
outcome_free(struct outcome *out)
{
	rmt_buf_free(&out->decisions);
	rmt_cert_free(out->cert);
}

/* ---- authorities ---- */

void
authority_add(struct authority *authority, const struct rmt_template *policy, const char *subject)
{
	const struct asked asked = { .subject = subject };
	size_t n = authority->count;
	struct outcome out;

	issue(&out, policy, &asked, world.ca_keys[n], n ? &authority->issuer : NULL, n ? world.ca_keys[n - 1] : NULL);
	if (!out.cert)
		fail_msg("%s: %s", subject, out.err.message);
	authority->certs[n] = out.cert;
	memmove(authority->above + 1, authority->above, 3 * sizeof(authority->above[0]));
	authority->above[0] = out.cert;
	authority->count = n + 1;
	authority->issuer.cert = out.cert;
	authority->issuer.above = authority->above + 1;
	authority->issuer.above_count = n;
	rmt_buf_free(&out.decisions);
}

void
authority_plain(struct authority *authority)
{
	struct bench_template bench;

	*authority = (struct authority){ .count = 0 };
	ca_template(&bench, RMT_ROLE_ROOT_CA, -1);
	authority_add(authority, &bench.policy, "O=Example,CN=Example Root");
	ca_template(&bench, RMT_ROLE_ISSUING_CA, 0);
	authority_add(authority, &bench.policy, "O=Example,CN=Example Issuing CA");
}

void
authority_free(struct authority *authority)
{
	for (size_t i = 0; i < authority->count; i++)
		rmt_cert_free(authority->certs[i]);
}

const struct rmt_key *
authority_key(const struct authority *authority)
{
	return authority->count ? world.ca_keys[authority->count - 1] : NULL;
}

/* ---- fields as text ---- */

static void
copy_out(struct rmt_buf *text, char out[1024])
{
	assert_true(text->length < 1024 && !text->failed);
	memcpy(out, rmt_buf_string(text), text->length + 1);
	rmt_buf_free(text);
}

void
names_text(const struct rmt_cert *cert, char out[1024])
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_general_name name;
	struct rmt_buf text = { 0 };
	struct rmt_der names;

	rmt_buf_text(&text, ext ? ext->critical ? "critical " : "" : "absent");
	if (ext) {
		assert_int_equal(rmt_general_open(ext->value, &names, NULL), 0);
		for (const char *comma = ""; rmt_general_next(&names, &name, NULL) == 1; comma = "|") {
			rmt_buf_text(&text, comma);
			rmt_general_text(&name, &text);
		}
	}
	copy_out(&text, out);
}

void
ext_text(const struct rmt_cert *cert, enum rmt_ext_id id, char out[1024])
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, id);
	struct rmt_buf text = { 0 };

	if (!ext)
		rmt_buf_text(&text, "absent");
	else
		rmt_ext_print(ext, &text);
	copy_out(&text, out);
}

void
usage_text(const struct rmt_cert *cert, char out[1024])
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_KEY_USAGE);
	struct rmt_buf text = { 0 };
	unsigned bits = 0;

	if (!ext)
		rmt_buf_text(&text, "absent");
	else
		assert_int_equal(rmt_ext_key_usage(ext->value, &bits, NULL), 0);
	for (unsigned bit = 1; bit < 1 << 9; bit <<= 1)
		if (bits & bit)
			rmt_buf_format(&text, "%s%s", text.length ? " " : "", rmt_key_usage_name(bit));
	copy_out(&text, out);
}

void
purposes_text(const struct rmt_cert *cert, char out[1024])
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_EXTENDED_KEY_USAGE);
	struct rmt_buf text = { 0 };
	struct rmt_span oid;
	struct rmt_der cursor;

	if (!ext)
		rmt_buf_text(&text, "absent");
	else
		assert_int_equal(rmt_ext_eku_open(ext->value, &cursor, NULL), 0);
	while (ext && rmt_der_more(&cursor)) {
		assert_int_equal(rmt_der_oid(&cursor, &oid, NULL, NULL), 0);
		rmt_buf_text(&text, text.length ? " " : "");
		rmt_oid_text(oid, &text);
	}
	copy_out(&text, out);
}
