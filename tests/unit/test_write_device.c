/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of write/: what a device that makes its own key is told, the INF and the openssl.cnf that go with it, and names
 * that would like to be more than names. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/test_write.h"

/* ---- what is asked for ---- */

/* "~" in a subject stands for a line end. */
struct asked {
	struct rmt_buf subject;
	struct words names, purposes;
	struct rmt_request_terms terms;
};

static const struct rmt_request_terms *
ask(struct asked *asked, const char *subject, const char *names, const char *key)
{
	struct rmt_err err = { 0 };

	memset(asked, 0, sizeof *asked);
	if (rmt_name_parse(subject, &asked->subject, &err))
		fail_msg("%s: %s", subject, err.message);
	for (size_t i = 0; i < asked->subject.length; i++) /* nobody parses such a name, but a certificate may have it */
		if (asked->subject.bytes[i] == '~')
			asked->subject.bytes[i] = '\n';
	asked->terms = (struct rmt_request_terms){
		.subject = rmt_buf_view(&asked->subject), .names = words_of(&asked->names, names),
		.key = key ? key : "rsa:2048", .digest = "sha256",
	};
	return &asked->terms;
}

static struct rmt_target *
target_named(const char *name)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);
	struct rmt_target *target = rmt_target_load(store, name, &err);

	if (!target)
		fail_msg("%s: %s", name, err.message);
	rmt_policy_store_free(store);
	return target;
}

#define PERSON "CN=www.example.com, O=Example\\, Inc., OU=Web, L=Utrecht, ST=Utrecht, C=NL, emailAddress=web@example.com"

/* ---- words in the words of each device ---- */

struct word_row {
	const char *sentence, *target, *subject, *names, *key;
	const char *there, *not_there;
};

static const struct word_row word_rows[] = {
	{ "a form shows a value as it is", "symantec-gateway", PERSON, NULL, NULL, "#   Organization: Example, Inc.\n", "<" },
	{ "a form has its fields in their order", "symantec-gateway", PERSON, NULL, NULL,
	  "#   City: Utrecht\n#   State or province: Utrecht\n#   Country (two letters): NL\n#   E-mail: web@example.com\n#   Key length: 2048\n", NULL },
	{ "a field that has no value is left out", "symantec-gateway", "CN=www.example.com", NULL, NULL,
	  "#   Common name: www.example.com\n#   Key length: 2048\n", "City" },
	{ "two units are two lines", "cisco-ace", "CN=a.example, OU=One, OU=Two", NULL, NULL,
	  "    organization-unit One\n    organization-unit Two\n", NULL },
	{ "an ACE gets each line of its parameters", "cisco-ace", PERSON, NULL, NULL,
	  "  crypto csr-params www.example.com\n    country NL\n    state Utrecht\n    locality Utrecht\n"
	  "    organization-name Example, Inc.\n    organization-unit Web\n    common-name www.example.com\n    email web@example.com\n  end\n",
	  "serial-number" },
	{ "an ACE makes the request from them", "cisco-ace", PERSON, NULL, NULL,
	  "  crypto generate csr www.example.com www.example.com.key\n", NULL },
	{ "a router gets its trustpoint line by line", "cisco-ios", "CN=a.example, O=Example", "dns:a.example dns:b.example", NULL,
	  "  crypto key generate rsa general-keys label a.example modulus 2048\n  crypto pki trustpoint a.example\n    enrollment terminal pem\n"
	  "    subject-name CN=a.example, O=Example\n    subject-alt-name a.example,b.example\n", "<" },
	{ "a router names the key and asks", "cisco-ios", "CN=a.example", NULL, NULL,
	  "    hash sha256\n    rsakeypair a.example\n    exit\n", "alt-name" },
	{ "an address is the signer's business", "cisco-ios", "CN=a.example", "ip:192.0.2.1", NULL, "whoever signs must add it: 192.0.2.1\n", "subject-alt-name" },
	{ "a comma within a value is for the person", "cisco-ios", "CN=a.example, O=Example\\, Inc.", NULL, NULL, "    subject-name <subject>\n", NULL },
	{ "an equals sign that begins a word is for the person", "cisco-ace", "CN=a.example, O=x =ls", NULL, NULL, "    organization-name <organization>\n", NULL },
	{ "each name of a form is a line", "cisco-ise", "CN=a.example", "dns:a.example dns:b.example ip:192.0.2.1", NULL,
	  "DNS name: a.example\n#   Subject Alternative Name, DNS name: b.example\n#   Subject Alternative Name, IP address: 192.0.2.1\n", NULL },
	{ "names in a row stand as the device takes them", "fortigate", "CN=a.example", "dns:a.example ip:192.0.2.1", NULL,
	  "(commas, no spaces): DNS:a.example,IP:192.0.2.1\n", NULL },
	{ "a name that is not asked for is no line", "fortigate", "CN=a.example", NULL, NULL, "Domain Name: a.example", "Alternative" },
	{ "keytool gets a comma escaped as names have it", "java-8-keystore", "CN=a.example, O=Example\\, Inc.", "dns:a.example", NULL,
	  "-dname \"CN=a.example, O=Example\\, Inc.\"", "EC" },
	{ "an EC key has a line of its own", "nginx", "CN=a.example", NULL, "ec:p256", "ec_paramgen_curve:P-256", "rsa:" },
	{ "Windows is told of its INF", "windows-pfx", "CN=a.example", NULL, NULL, "  certreq -new a.example.inf a.example.req\n", NULL },
	{ "who says nothing is told of openssl", "rfc5280", "CN=a.example", NULL, NULL, "openssl req -new -config a.example.cnf", NULL },
	{ "letters beyond ASCII are letters", "cisco-ace", "CN=a.example, L=M\xc3\xbcnchen", NULL, NULL, "    locality M\xc3\xbcnchen\n", NULL },
	{ "a wildcard stays a word where a shell would look for files", "cisco-ace", "CN=*.example.com", NULL, NULL,
	  "    common-name <common name>\n", NULL },
};

static void
check_words(void **state)
{
	const struct word_row *row = *state;
	struct rmt_target *target = target_named(row->target);
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };
	struct asked asked;

	if (rmt_write_on_device(target, ask(&asked, row->subject, row->names, row->key), &text, &err))
		fail_msg("%s", err.message);
	if (!strstr(rmt_buf_string(&text), row->there))
		fail_msg("\"%s\" is missing in:\n%s", row->there, rmt_buf_string(&text));
	if (row->not_there && strstr(strstr(rmt_buf_string(&text), "\n\n"), row->not_there))
		fail_msg("\"%s\" stands in:\n%s", row->not_there, rmt_buf_string(&text));
	rmt_buf_free(&text);
	rmt_buf_free(&asked.subject);
	rmt_target_free(target);
}

/* ---- every built-in target, and a subject that would like to be a command ---- */

static char *names[64];
static size_t name_count;

static int
collect(void *arg, const char *name, const char *origin)
{
	(void)arg;
	(void)origin;
	assert_true(name_count < sizeof names / sizeof names[0]);
	names[name_count++] = rmt_strdup(name, NULL);
	return 0;
}

static const char *const wishes[] = {
	"CN=$(touch owned)", "CN=`touch owned`", "CN=a.example, O=x\\; touch owned", "CN=a.example, O=\\\"x\\\" & touch owned #",
	"CN=a.example, O=x | touch owned", "CN=a.example, O=\xe2\x80\x9d touch owned", "CN=a.example, OU=x~touch owned",
	"CN=a.example, L=%COMSPEC%", "CN=a.example, ST=x!touch", "CN=a.example~touch owned",
};

/* Nothing but remarks may hold what no shell must see. */
static void
check_harmless(const char *text, const char *wish)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		if (*line == '#')
			continue;
		for (const char *at = line; at < end; at++)
			if (strchr("$`;|!", *at) && !(*at == '$' && !strncmp(at, "$true", 5)))
				fail_msg("%s: a line holds %c:\n%.*s", wish, *at, (int)(end - line), line);
		if (strstr(line, "touch ") && strstr(line, "touch ") < end)
			fail_msg("%s: a line holds the wish:\n%.*s", wish, (int)(end - line), line);
	}
}

static void
check_wishes(void **state)
{
	struct rmt_target *target = target_named(*state);

	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
		struct rmt_buf text = { 0 };
		struct rmt_err err = { 0 };
		struct asked asked;

		if (rmt_write_on_device(target, ask(&asked, wishes[i], "dns:a.example", NULL), &text, &err))
			fail_msg("%s", err.message);
		check_harmless(rmt_buf_string(&text), wishes[i]);
		for (size_t k = 0; rmt_request_marks[k]; k++) {
			char braced[40];

			snprintf(braced, sizeof braced, "{%s}", rmt_request_marks[k]);
			if (strstr(rmt_buf_string(&text), braced))
				fail_msg("%s is not filled in", braced);
		}
		rmt_buf_free(&text);
		rmt_buf_free(&asked.subject);
	}
	rmt_target_free(target);
}

/* ---- certreq's INF ---- */

struct inf_row {
	const char *sentence, *subject, *names, *key, *ca_template;
	const char *line; /* that must be there; NULL: it is refused, */
	const char *why;  /* and the message says so */
};

static const struct inf_row inf_rows[] = {
	{ "a plain subject stands in one pair of marks", "CN=a.example, O=Example", NULL, NULL, NULL, "Subject = \"CN=a.example, O=Example\"\r\n", NULL },
	{ "state and mail have Windows' names", "CN=a.example, ST=Utrecht, emailAddress=a@b.example", NULL, NULL, NULL,
	  "Subject = \"CN=a.example, S=Utrecht, E=a@b.example\"\r\n", NULL },
	{ "a comma puts the value into marks of its own", "CN=a.example, O=Example\\, Inc.", NULL, NULL, NULL,
	  "Subject = \"CN=a.example, O=\"\"Example, Inc.\"\"\"\r\n", NULL },
	{ "a mark is doubled for the name and again for the INF", "CN=a.example, O=say \\\"hi\\\"", NULL, NULL, NULL,
	  "Subject = \"CN=a.example, O=\"\"say \"\"\"\"hi\"\"\"\"\"\"\"\r\n", NULL },
	{ "a plus sign adds no attribute", "CN=a.example\\+OU=x", NULL, NULL, NULL, "Subject = \"CN=\"\"a.example+OU=x\"\"\"\r\n", NULL },
	{ "a percent sign names no string", "CN=a.example, O=50%x%", NULL, NULL, NULL, "O=50%%x%%\"\r\n", NULL },
	{ "a line end is refused", "CN=a.example, OU=x~Exportable = FALSE", NULL, NULL, NULL, NULL, "control character" },
	{ "each name continues the list, and the last ends it", "CN=a.example", "dns:a.example ip:192.0.2.1 upn:u@a.example", NULL, NULL,
	  "2.5.29.17 = \"{text}\"\r\n_continue_ = \"DNS=a.example&\"\r\n_continue_ = \"IPAddress=192.0.2.1&\"\r\n_continue_ = \"UPN=u@a.example\"\r\n", NULL },
	{ "an ampersand would end a name", "CN=a.example", "uri:http://a.example/?a&b", NULL, NULL, NULL, "ampersand" },
	{ "a kind of name that Windows has no word for is refused", "CN=a.example", "rid:1.2.3", NULL, NULL, NULL, "rid" },
	{ "both purposes are asked for", "CN=a.example", NULL, NULL, NULL, "2.5.29.37 = \"{text}1.3.6.1.5.5.7.3.1,1.3.6.1.5.5.7.3.2\"\r\n", NULL },
	{ "an RSA key is for the Schannel provider", "CN=a.example", NULL, "rsa:4096", NULL,
	  "KeyAlgorithm = RSA\r\nKeyLength = 4096\r\nKeySpec = AT_KEYEXCHANGE\r\nProviderName = \"Microsoft RSA SChannel Cryptographic Provider\"\r\n", NULL },
	{ "an EC key only signs", "CN=a.example", NULL, "ec:p384", NULL, "KeyUsage = \"CERT_DIGITAL_SIGNATURE_KEY_USAGE\"\r\n", NULL },
	{ "a key that Windows does not make is refused", "CN=a.example", NULL, "ed25519", NULL, NULL, "ed25519" },
	{ "the signature is never PSS", "CN=a.example", NULL, NULL, NULL, "AlternateSignatureAlgorithm = FALSE\r\n", NULL },
	{ "the key stays where it is made", "CN=a.example", NULL, NULL, NULL, "Exportable = FALSE\r\n", NULL },
	{ "text that is turned around is refused", "CN=a.example, O=x\xe2\x80\xaey", NULL, NULL, NULL, NULL, "U+202E" },
	{ "so is an invisible character in a name", "CN=a.example", "email:a\xe2\x80\x8b@b.example", NULL, NULL, NULL, "U+200B" },
	{ "the template of the CA is an attribute", "CN=a.example", NULL, NULL, "WebServer2", "[RequestAttributes]\r\nCertificateTemplate = \"WebServer2\"\r\n", NULL },
};

static void
check_inf(void **state)
{
	const struct inf_row *row = *state;
	struct rmt_request_terms terms;
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };
	struct asked asked;
	int rc;

	terms = *ask(&asked, row->subject, row->names, row->key);
	terms.ca_template = row->ca_template;
	rc = rmt_write_inf(&terms, &text, &err);
	if (row->line) {
		if (rc)
			fail_msg("%s", err.message);
		if (!strstr(rmt_buf_string(&text), row->line))
			fail_msg("\"%s\" is missing in:\n%s", row->line, rmt_buf_string(&text));
	} else if (!rc || !strstr(err.message, row->why)) {
		fail_msg("expected \"%s\", got \"%s\"", row->why, err.message);
	}
	rmt_buf_free(&text);
	rmt_buf_free(&asked.subject);
}

/* A pool shares its key; the reason stands beside it and is no second line. */
static void
inf_lets_a_shared_key_go(void **state)
{
	struct rmt_request_terms terms;
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };
	struct asked asked;

	(void)state;
	terms = *ask(&asked, "CN=pool.example", NULL, NULL);
	terms.exportable = "four servers";
	assert_int_equal(0, rmt_write_inf(&terms, &text, &err));
	assert_non_null(strstr(rmt_buf_string(&text), "; four servers: the others get it as a PFX\r\nExportable = TRUE\r\n"));
	terms.exportable = "four servers\nMachineKeySet = FALSE";
	rmt_buf_clear(&text);
	assert_int_equal(-1, rmt_write_inf(&terms, &text, &err));
	assert_string_equal(err.place, "request.exportable");
	rmt_buf_free(&text);
	rmt_buf_free(&asked.subject);
}

/* Who shares a key says so, and nobody else does. */
static void
pools_say_so(void **state)
{
	static const struct { const char *target; bool shared; } rows[] = { { "exchange", true }, { "office-web-apps", true },
		{ "sfb-front-end", true }, { "sfb-director", true }, { "sfb-mediation", true }, { "sfb-edge-internal", true },
		{ "sfb-edge-external", true }, { "sfb-oauth", true }, { "dotnet-mtls", false }, { "windows-pfx", false },
		{ "skype-room-system", false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rmt_target *target = target_named(rows[i].target);

		if (rows[i].shared != (target->request.exportable != NULL))
			fail_msg("%s: %s", rows[i].target, rows[i].shared ? "the key stays on one machine" : "the key may go");
		rmt_target_free(target);
	}
}

static void
inf_is_utf16_where_it_must(void **state)
{
	static const unsigned char wanted[] = { 'M', 0, 0xfc, 0, 'n', 0 };
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };
	struct asked asked;
	bool found = false;

	(void)state;
	assert_int_equal(0, rmt_write_inf(ask(&asked, "CN=a.example, L=M\xc3\xbcnchen", NULL, NULL), &text, &err));
	assert_true(text.length > 4 && text.bytes[0] == 0xff && text.bytes[1] == 0xfe);
	for (size_t i = 0; i + sizeof wanted <= text.length; i++)
		found |= !memcmp(text.bytes + i, wanted, sizeof wanted);
	assert_true(found);
	rmt_buf_free(&text);
	rmt_buf_free(&asked.subject);
}

/* ---- openssl.cnf, judged by openssl ---- */

struct cnf_row { const char *sentence, *subject, *names, *judge; };

static const struct cnf_row cnf_rows[] = {
	{ "openssl reads the subject", PERSON, NULL, "openssl req -in csr -noout -subject -nameopt RFC2253,sep_comma_plus_space | grep 'O=Example., Inc., CN=www\\|CN=www.example.com'" },
	{ "openssl reads names of every kind", "CN=a.example", "dns:a.example ip:192.0.2.1 email:a@b.example uri:http://a.example/ upn:u@a.example",
	  "openssl req -in csr -noout -text | tee text && grep 'DNS:a.example, IP Address:192.0.2.1, email:a@b.example, URI:http://a.example/' text" },
	{ "two units stay two", "CN=a.example, OU=One, OU=Two", NULL, "openssl req -in csr -noout -subject -nameopt RFC2253 | grep 'OU=Two,OU=One'" },
	{ "a dollar sign expands nothing", "CN=a.example, O=${ENV::HOME} \\\\ \\\"x\\\" # y", NULL,
	  "openssl req -in csr -noout -subject -nameopt oneline | grep -F '${ENV::HOME}' | grep -F '# y'" },
	{ "letters stay letters", "CN=a.example, L=M\xc3\xbcnchen", NULL, "openssl req -in csr -noout -subject -nameopt oneline,utf8,-esc_msb | grep M\xc3\xbcnchen" },
};

static void
check_cnf(void **state)
{
	const struct cnf_row *row = *state;
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };
	struct asked asked;

	if (rmt_write_cnf(ask(&asked, row->subject, row->names, NULL), &text, &err))
		fail_msg("%s", err.message);
	put_file("cnf", rmt_buf_view(&text));
	if (run("openssl req -new -config cnf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out csr >log 2>&1") || run(row->judge))
		fail_msg("refused:\n%s", rmt_buf_string(&text));
	rmt_buf_free(&text);
	rmt_buf_free(&asked.subject);
}

/* A certificate says again what it says. */
static void
terms_repeat_a_certificate(void **state)
{
	struct rmt_terms_text terms = { .key = "" };
	struct rmt_err err = { 0 };
	const struct rmt_cert *leaf = chain.leaves[KIND_EC];

	(void)state;
	assert_int_equal(0, rmt_terms_repeat(leaf->subject, leaf->spki, &leaf->extensions, &terms, &err));
	assert_string_equal("ec:p256", terms.terms.key);
	assert_true(rmt_span_equal(leaf->subject, terms.terms.subject));
	rmt_terms_clear(&terms);
}

void
test_write_device(struct rows *rows)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);

	assert_non_null(store);
	rmt_policy_each(store, RMT_POLICY_TARGET, collect, NULL, &err);
	rmt_policy_store_free(store);
	for (size_t i = 0; i < name_count; i++)
		add_row(rows, names[i], check_wishes, names[i]);
	ADD_TABLE(rows, word_rows, check_words);
	ADD_TABLE(rows, inf_rows, check_inf);
	ADD_TABLE(rows, cnf_rows, check_cnf);
	add_row(rows, "an INF beyond ASCII is UTF-16 with its mark", inf_is_utf16_where_it_must, NULL);
	add_row(rows, "an INF lets a shared key go, with the reason", inf_lets_a_shared_key_go, NULL);
	add_row(rows, "pools and farms share a key, single machines do not", pools_say_so, NULL);
	add_row(rows, "the terms of a certificate are what it says", terms_repeat_a_certificate, NULL);
}
