/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of write/: runbooks, of every built-in target and with names that would like to be commands. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/test_write.h"

/* ---- every built-in target ---- */

static char *names[64];
static size_t name_count;

static int
collect(void *arg, const char *name, const char *origin)
{
	(void)arg;
	(void)origin;
	assert_true(name_count < sizeof(names) / sizeof(names[0]));
	names[name_count++] = rmt_strdup(name, NULL);
	return 0;
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

/* Where it stands behind `from`; the test fails when it does not. */
static const char *
behind(const char *from, const char *text)
{
	const char *at = strstr(from, text);

	if (!at)
		fail_msg("\"%s\" is missing", text);
	return at + strlen(text);
}

/* No mark of ours is left over, and what the text calls a file is one of the set. */
static void
check_filled(const char *text, const struct rmt_fileset *set)
{
	static const char *const ours[] = { "root.cer", "root.pem", "issuing.cer" };

	for (size_t i = 0; rmt_deploy_marks[i]; i++) {
		char braced[40];

		snprintf(braced, sizeof(braced), "{%s}", rmt_deploy_marks[i]);
		if (strstr(text, braced))
			fail_msg("%s is not filled in", braced);
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strstr(text, ours[i]) && !rmt_fileset_has(set, ours[i]))
			fail_msg("the text speaks of %s, which is not written", ours[i]);
}

/* The four sections come in their order, each with something in it, the way back last. */
static void
check_order(const char *text)
{
	const char *trust = behind(text, "\n1. Make the new chain trusted where it is not yet\n\n");
	const char *install = behind(trust, "\n\n2. Install\n\n");
	const char *proof = behind(install, "\n\n3. See that it works\n\n  remint verify fe01.corp.example:5061 --as ");
	const char *back = behind(proof, "\n\n4. How to go back\n\n");

	assert_true(strcspn(trust, "\n") > 10 && strcspn(install, "\n") > 10 && strcspn(back, "\n") > 10);
	assert_null(strstr(back, "\n\n"));
	assert_true(text[strlen(text) - 1] == '\n');
}

static void
check_shipped(void **state)
{
	static const char *const addresses[] = { "fe01.corp.example:5061" };
	struct rmt_target *target = target_named(*state);
	const struct rmt_target *const targets[] = { target };
	struct rmt_secret *passphrase = rmt_secret_new("secret", 6, NULL);
	struct rmt_bundle bundle = whole_bundle(KIND_RSA);
	const struct rmt_runbook_part part = {
		.bundle = &bundle, .targets = targets, .target_count = 1, .addresses = addresses, .address_count = 1,
	};
	const struct rmt_runbook runbook = { .device = "fe01", .parts = &part, .part_count = 1 };
	struct rmt_fileset set = { .count = 0 };
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };

	bundle.replaces = chain.leaves[KIND_EC];
	if (rmt_write_target(&bundle, target, passphrase, &set, &err) || rmt_write_runbook(&runbook, &text, &err))
		fail_msg("%s: %s", err.place, err.message);
	check_order(rmt_buf_string(&text));
	check_filled(rmt_buf_string(&text), &set);
	assert_true(target->deploy_trust && target->deploy_back && target->deploy_sources.count);
	rmt_buf_free(&text);
	rmt_fileset_free(&set);
	rmt_secret_free(passphrase);
	rmt_target_free(target);
}

/* ---- the files that lie there are those of which the steps speak, with a chain of any length ---- */

static bool
ends_with(const char *word, const char *end)
{
	size_t length = strlen(word), tail = strlen(end);

	return length > tail && strcmp(word + length - tail, end) == 0;
}

/* What a device that made its key has there already: its words for the request name it, "{label}.key". */
static bool
device_has(const struct rmt_target *target, const char *word)
{
	static const char label[] = "web.example";
	char pattern[128];

	if (!target->request.on_device || strlen(word) > 64)
		return false;
	snprintf(pattern, sizeof(pattern), "%s%s", strncmp(word, label, sizeof(label) - 1) == 0 ? "{label}" : "",
	         strncmp(word, label, sizeof(label) - 1) == 0 ? word + sizeof(label) - 1 : word);
	return strstr(target->request.on_device, pattern) != NULL;
}

/* A word that would be a file of ours. What a step makes on the machine is named with where it goes. */
static bool
names_file(const char *word)
{
	static const char *const ends[] = { ".pem", ".crt", ".cer", ".key", ".pfx", ".p12", ".p7b", ".jks", ".mobileconfig" };

	if (strchr(".-", *word) || strncmp(word, "/usr/local/share/ca-certificates/", 33) == 0)
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(word, ends[i]))
			return true;
	return false;
}

static void
check_words_are_files(const struct rmt_target *target, const char *steps, const struct rmt_fileset *set, bool keyless)
{
	char *copy = rmt_strdup(steps, NULL), *save = NULL;

	for (char *word = strtok_r(copy, " \t\n'\"()<>,;=", &save); word; word = strtok_r(NULL, " \t\n'\"()<>,;=", &save)) {
		char *leaf;

		while (strlen(word) && strchr(".:", word[strlen(word) - 1]))
			word[strlen(word) - 1] = '\0';
		leaf = strrchr(word, '/');
		if (keyless && (*word == '/' || device_has(target, word)))
			continue; /* where the key is to go, or is */
		if (names_file(word) && !rmt_fileset_has(set, leaf ? leaf + 1 : word))
			fail_msg("the steps of %s speak of %s, which is not written", target->name, word);
	}
	free(copy);
}

static void
check_files_are_words(const char *name, const char *steps, const struct rmt_fileset *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (strncmp(set->names[i], "INSTALL-", 8) != 0 && !strstr(steps, set->names[i]))
			fail_msg("the steps of %s do not speak of %s", name, set->names[i]);
}

static void
check_named(const struct rmt_target *target, size_t intermediates, bool keyless)
{
	struct rmt_secret *passphrase = rmt_secret_new("secret", 6, NULL);
	struct rmt_bundle bundle = whole_bundle(KIND_RSA);
	struct rmt_fileset set = { .count = 0 };
	struct rmt_err err = { 0 };
	const char *steps = NULL;
	char install[96];

	snprintf(install, sizeof(install), "INSTALL-%s.txt", target->name);
	bundle.intermediate_count = intermediates;
	bundle.without_key = keyless;
	if (keyless)
		bundle.key = NULL;
	if (rmt_write_target(&bundle, target, passphrase, &set, &err))
		fail_msg("%s: %s", err.place, err.message);
	for (size_t i = 0; i < set.count; i++)
		if (strcmp(set.names[i], install) == 0)
			steps = behind(rmt_buf_string(&set.contents[i]), "\n1. Make the new chain trusted");
	assert_non_null(steps);
	check_files_are_words(target->name, steps, &set);
	check_words_are_files(target, steps, &set, keyless);
	rmt_fileset_free(&set);
	rmt_secret_free(passphrase);
}

static void
check_files_named(void **state)
{
	struct rmt_target *target = target_named(*state);

	for (size_t intermediates = 0; intermediates <= 2; intermediates++) {
		check_named(target, intermediates, false);
		check_named(target, intermediates, true);
	}
	rmt_target_free(target);
}

/* ---- a key that stays where its request was made ---- */

struct keyless_row {
	const char *sentence, *target;
	const char *files;       /* that there are, with blanks between; but for the steps and the CAs */
	const char *there, *not; /* in the steps */
};

static const struct keyless_row keyless_rows[] = {
	{ "an ACE has its key", "cisco-ace", "web.example.pem intermediate-1.pem intermediate-2.pem",
	  "  crypto verify web.example.key web.example.pem\n  configure\n  crypto chaingroup", "<user> web.example.key" },
	{ "so has a BIG-IP", "f5", "web.example.crt web.example-chain.crt", "cert web.example.crt key web.example.key chain", "/var/tmp/web.example.key" },
	{ "Windows takes the answer with its chain", "windows-pfx", "web.example.p7b", "  certreq -accept web.example.p7b\n", "-importpfx" },
	{ "Exchange, too, and exports what the others get", "exchange", "web.example.p7b", "  certutil -exportpfx My ", "-importpfx web.example" },
	{ "a Front End takes the certificate alone", "sfb-front-end", "web.example.cer", "  certreq -accept web.example.cer\n", ".pfx" },
	{ "nginx is given the key by whoever has it", "nginx", "fullchain.pem", "  cp -p <file of the key> /etc/nginx/tls/key.pem\n", "fullchain.pem and key.pem" },
	{ "HAProxy reads the key from beside the certificates", "haproxy", "haproxy.pem", "/etc/haproxy/tls/haproxy.pem.key\n", "{" },
	{ "Postfix reads the key before the certificates", "postfix", "web.example.pem",
	  "smtpd_tls_chain_files = /etc/postfix/tls/web.example.key, /etc/postfix/tls/web.example.pem'", "{" },
	{ "one bag for two key stores", "java-8-keystore", "web.example.p7b truststore.p12 truststore.jks root.pem",
	  "  keytool -importcert -alias web.example -file web.example.p7b -keystore web.example.p12\n", ".jks\nwith" },
	{ "a router takes PEM, and no PKCS#12", "cisco-ios", "web.example.pem ca-1.pem ca-2.pem", "  crypto pki import web.example certificate\n", "pkcs12 flash:" },
	{ "a profile is made where the key is", "apple-profile", "web.example.p7b", "  remint convert web.example.p7b --key ", "AirDrop" },
	{ "a target that never holds a key is as ever", "symantec-gateway", "web.example.pem ca-bundle.pem", "TLS & HTTPS Certificates > Import", "{" },
};

static void
check_keyless(void **state)
{
	const struct keyless_row *row = *state;
	struct rmt_target *target = target_named(row->target);
	struct rmt_secret *passphrase = rmt_secret_new("secret", 6, NULL);
	struct rmt_bundle bundle = whole_bundle(KIND_RSA);
	struct rmt_fileset set = { .count = 0 };
	struct rmt_err err = { 0 };
	struct words words;
	struct rmt_text_list files = words_of(&words, row->files);
	const char *steps = NULL;

	bundle.key = NULL;
	bundle.without_key = true;
	if (rmt_write_target(&bundle, target, passphrase, &set, &err))
		fail_msg("%s: %s", err.place, err.message);
	for (size_t i = 0; i < files.count; i++)
		if (!rmt_fileset_has(&set, files.items[i]))
			fail_msg("%s is missing", files.items[i]);
	for (size_t i = 0; i < set.count; i++) {
		const char *name = set.names[i];

		if (strncmp(name, "INSTALL-", 8) == 0)
			steps = rmt_buf_string(&set.contents[i]);
		else if (!rmt_text_list_has(&files, name) && strncmp(name, "root.", 5) != 0 && strcmp(name, "issuing.cer") != 0)
			fail_msg("%s is one too many", name);
	}
	assert_non_null(steps);
	behind(steps, "# The key is not here: it is where its request was made.\n");
	assert_null(strstr(steps, "Files that would hold it are missing"));
	behind(steps, row->there);
	if (strstr(steps, row->not))
		fail_msg("\"%s\" stands there", row->not);
	rmt_fileset_free(&set);
	rmt_secret_free(passphrase);
	rmt_target_free(target);
}

/* ---- the way back in the words of each kind of device ---- */

struct word_row {
	const char *sentence, *target;
	const char *trust, *back; /* what stands there */
};

static const struct word_row word_rows[] = {
	{ "a Front End goes back by the old thumbprint", "sfb-front-end", "certutil -dspublish -f root.cer RootCA",
	  "Set-CsCertificate -Type Default,WebServicesInternal,WebServicesExternal -Thumbprint OLD" },
	{ "an Edge trusts by hand, as it is in no domain", "sfb-edge-internal", "certutil -addstore Root root.cer",
	  "Set-CsCertificate -Type Internal -Thumbprint OLD" },
	{ "the PFX comes back by Import-CsCertificate", "sfb-mediation", "certutil -addstore CA issuing.cer", "Import-CsCertificate -Path <" },
	{ "an ACE names its old chain group again", "cisco-ace", "certutil -dspublish", "    chaingroup <old chain group>" },
	{ "an ACE imports what it lost", "cisco-ace", "authgroup", "crypto import non-exportable sftp" },
	{ "a router has a trustpoint for its root", "cisco-ios", "-root\n  ! root.pem\n", "ip http secure-trustpoint <old trustpoint>" },
	{ "a gateway gets its CAs before its certificate", "symantec-gateway", "Certificate Authority > Update: ca-bundle.pem",
	  "User interface HTTPS certificate: select the old one" },
	{ "phones look into AD", "lync-phone-edition", "certutil -dspublish -f root.cer RootCA", "the old certificate with its chain again (thumbprint OLD)" },
	{ "nginx reads its old files again", "nginx", "update-ca-certificates", "cp -p fullchain.pem.old fullchain.pem" },
	{ "HAProxy keeps its old file outside of its directory", "haproxy", "certutil", "cp -p /etc/haproxy/haproxy.pem.old" },
	{ "Postfix publishes its TLSA record first", "postfix", "TLSA", "postfix check && postfix reload" },
	{ "Exchange enables the old certificate", "exchange", "certutil -dspublish", "Enable-ExchangeCertificate -Thumbprint OLD" },
	{ "Java has a truststore of its own", "java-8-keystore", "keytool -importcert", "<old key store>" },
};

static void
check_words(void **state)
{
	const struct word_row *row = *state;
	struct rmt_target *target = target_named(row->target);
	struct rmt_bundle bundle = whole_bundle(KIND_RSA);
	struct rmt_buf text = { 0 }, wanted = { 0 };
	const char *old = strstr(row->back, "OLD"), *trust;
	struct rmt_err err = { 0 };

	bundle.replaces = chain.leaves[KIND_EC];
	rmt_buf_append(&wanted, row->back, old ? (size_t)(old - row->back) : strlen(row->back));
	if (old)
		rmt_steps_thumbprint(bundle.replaces, &wanted);
	if (rmt_runbook_steps(&bundle, target, &text, &err))
		fail_msg("%s", err.message);
	trust = behind(rmt_buf_string(&text), "1. Make the new chain trusted");
	assert_true(behind(trust, row->trust) < strstr(trust, "\n2. Install"));
	behind(behind(trust, "4. How to go back"), rmt_buf_string(&wanted));
	rmt_buf_free(&text);
	rmt_buf_free(&wanted);
	rmt_target_free(target);
}

/* ---- names that would like to be commands ---- */

static const char *const hostile[] = {
	"$(: >pwned)",
	"`: >pwned`",
	"x; : >pwned",
	"x\n: >pwned\n",
	"x\r\n: >pwned\r\n",
	"x & : >pwned",
	"x | tee pwned",
	"x > pwned",
	"-x && : >pwned",
	"'; : >pwned; '",
	"\"; : >pwned; \"",
	"#> ; : >pwned <#",
	"%COMSPEC% ^& : >pwned",
	"\xe2\x80\xae" "denwp> : \xe2\x80\xa8: >pwned",
	"host:443/$(: >pwned)",
	"[::1]:443;: >pwned",
	"[$(: >pwned)]:1",
};

/* No line holds a control character, no comment what ends it, unless in quotation marks. */
static void
check_lines(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		bool quoted = false;

		for (size_t i = 0; i < length; i++) {
			quoted ^= text[i] == '"';
			if ((unsigned char)text[i] < 0x20 || (*text == '#' && strchr(quoted ? "%" : "&|<>^%", text[i])))
				fail_msg("in \"%.*s\"", (int)length, text);
		}
		text += length + (text[length] == '\n');
	}
}

/* A person who pastes it into a shell gets what the runbook says and nothing else. Line by line, as one that is no command at all
 * would end the whole. */
static const char paste[] =
    "rm -f pwned; grep -e '^#' -e pwned runbook.sh >lines; test -s lines || exit 1\n"
    "for shell in sh bash; do shell=$(command -v $shell) || continue; while IFS= read -r line; do "
    "PATH=/nowhere $shell -c \"$line\" </dev/null >/dev/null 2>&1; done <lines; done\n"
    "test ! -e pwned";

static void
check_hostile(void **state)
{
	const char *text = *state;
	struct rmt_target *target = target_named("windows-pfx"), *other = target_named("nginx");
	const struct rmt_target *const targets[] = { target, other };
	struct rmt_bundle bundle = whole_bundle(KIND_RSA);
	struct rmt_cert *leaf = make_called(text);
	const struct rmt_runbook_part part = {
		.bundle = &bundle, .targets = targets, .target_count = 2, .directory = text, .apart = true,
		.addresses = &text, .address_count = 1, .why = text, .note = text,
	};
	const struct rmt_runbook runbook = { .device = text, .parts = &part, .part_count = 1 };
	struct rmt_buf out = { 0 };

	bundle.leaf = leaf;
	bundle.replaces = leaf;
	assert_int_equal(rmt_write_runbook(&runbook, &out, NULL), 0);
	check_lines(rmt_buf_string(&out));
	put_file("runbook.sh", rmt_buf_view(&out));
	assert_int_equal(run(paste), 0);
	rmt_buf_free(&out);
	rmt_cert_free(leaf);
	rmt_target_free(target);
	rmt_target_free(other);
}

/* ---- what stands at the head ---- */

struct fact_row {
	const char *sentence, *text, *expected;
};

static const struct fact_row fact_rows[] = {
	{ "a plain name", "O=Contoso, CN=web", "O=Contoso, CN=web" },
	{ "a name with a quotation mark and nothing else", "CN=\\\"a\\\"", "CN=\\\"a\\\"" },
	{ "an ampersand is read as one", "O=M\xc3\xbcller & Co", "\"O=M\xc3\xbcller & Co\"" },
	{ "brackets as RFC 4514 escapes them, once", "CN=\\<script\\>", "\"CN=\\<script\\>\"" },
	{ "nothing ends the quotation", "CN=\\\" & x", "\"CN=\\22 & x\"" },
	{ "nothing at all", "a\"&b", "\"a\\22&b\"" },
	{ "a backslash before its end", "CN=\\\\\"&x", "\"CN=\\\\\\22&x\"" },
	{ "cmd fills in variables between quotation marks, too", "CN=%PATH%", "\"CN=\\25PATH\\25\"" },
};

static void
check_fact(void **state)
{
	const struct fact_row *row = *state;
	struct rmt_buf out = { 0 };

	rmt_steps_fact(row->text, &out);
	assert_string_equal(rmt_buf_string(&out), row->expected);
	rmt_buf_free(&out);
}

/* ---- what is filled in ---- */

struct address_row {
	const char *sentence, *address, *expected;
};

static const struct address_row address_rows[] = {
	{ "a host and a port", "web.example:443", "web.example:443" },
	{ "a scheme", "smtp://mx.example:25", "smtp://mx.example:25" },
	{ "an IPv6 address is quoted, as some shells read its brackets", "[2001:db8::1]:443", "'[2001:db8::1]:443'" },
	{ "an IPv6 address behind a scheme", "ldap://[::1]", "'ldap://[::1]'" },
	{ "brackets around something else", "[x]:443", "<host>:<port>" },
	{ "something behind the brackets", "[::1]:443$x", "<host>:<port>" },
	{ "an option", "--as", "<host>:<port>" },
	{ "a space", "a b:1", "<host>:<port>" },
	{ "nothing", "", "<host>:<port>" },
	{ "letters that are none of ASCII", "b\xc3\xbc" "ro:443", "<host>:<port>" },
};

static void
check_address(void **state)
{
	const struct address_row *row = *state;
	struct rmt_buf out = { 0 };

	rmt_steps_address(row->address, &out);
	assert_string_equal(rmt_buf_string(&out), row->expected);
	rmt_buf_free(&out);
}

struct fill_row {
	const char *sentence, *text, *expected;
	bool bare; /* leaf and nothing else: no root, no intermediate, no old certificate */
};

static const struct fill_row fill_rows[] = {
	{ "a label and files", "{label} {root-cer} {root-pem} {issuing-cer}", "web.example root.cer root.pem issuing.cer\n", false },
	{ "numbers of the new and the old one", "{serial} {old-serial}", "0a 0b\n", false },
	{ "where it is served", "{host} {address}", "a.example smtp://a.example:25\n", false },
	{ "braces of the device's own", "{ default { cert {label}.crt } } ${label} {}", "{ default { cert web.example.crt } } $web.example {}\n", false },
	{ "a line about an issuing CA that there is not is left out", "one\n{issuing-cer}\ntwo\n", "one\ntwo\n", true },
	{ "a line about each intermediate comes as often as there are", "group {chain}\n  cert ca-{n}.pem\nend\n",
	  "group web.example-chain\n  cert ca-1.pem\n  cert ca-2.pem\nend\n", false },
	{ "and not at all when there is none", "group {chain}\n  cert ca-{n}.pem\nend\n", "end\n", true },
	{ "a line is for those with a chain", "{with-chain}send it\n{no-chain}send nothing\n", "send it\n", false },
	{ "or for those without", "{with-chain}send it\n{no-chain}send nothing\n", "send nothing\n", true },
	{ "a line is for those who get the key", "{with-key}import it\n{no-key}leave it\n", "import it\n", false },
	{ "two conditions in either order", "{with-key}{with-chain}one\n{with-chain}{with-key}two\n{no-key}{with-chain}three\n", "one\ntwo\n", false },
	{ "what is not known is for the person", "{root-cer} {old-serial}",
	  "<root certificate, DER> <serial number of the old certificate>\n", true },
};

static void
check_fill(void **state)
{
	static const char *const addresses[] = { "; x", "smtp://a.example:25" };
	const struct fill_row *row = *state;
	struct rmt_bundle bundle = whole_bundle(KIND_RSA);
	const struct rmt_runbook_part part = { .bundle = &bundle, .addresses = addresses, .address_count = 2 };
	struct rmt_buf out = { 0 };

	bundle.replaces = row->bare ? NULL : chain.leaves[KIND_EC];
	if (row->bare) {
		bundle.root = NULL;
		bundle.intermediate_count = 0;
	}
	assert_int_equal(rmt_steps_fill(row->text, &part, &out, NULL), 0);
	assert_string_equal(rmt_buf_string(&out), row->expected);
	rmt_buf_free(&out);
}

/* ---- a device with several certificates ---- */

static void
several(void **state)
{
	struct rmt_target *front = target_named("sfb-front-end"), *web = target_named("nginx");
	const struct rmt_target *const both[] = { front, web }, *const one[] = { front };
	struct rmt_bundle first = whole_bundle(KIND_RSA), second = whole_bundle(KIND_EC);
	const struct rmt_runbook_part parts[] = {
		{ .bundle = &first, .targets = both, .target_count = 2, .directory = "first", .apart = true },
		{ .bundle = &second, .targets = one, .target_count = 1, .directory = "second" },
	};
	const struct rmt_runbook runbook = { .device = "pool", .parts = parts, .part_count = 2 };
	static const struct rmt_known known[] = {
		{ "nginx", "leaf.key.type", "of another target" },
		{ "sfb-front-end", "leaf.crl-distribution.present", "there is none; $(x) & y" },
	};
	struct rmt_buf text = { 0 };
	const char *at;

	(void)state;
	second.without_key = true;
	second.known = known;
	second.known_count = 2;
	second.replaces = chain.intermediates[0];
	assert_int_equal(rmt_write_runbook(&runbook, &text, NULL), 0);
	at = behind(rmt_buf_string(&text), "#     sfb-front-end/web.example.pfx  ");
	at = behind(at, "#     sfb-front-end/root.cer  the root, DER\n");
	at = behind(at, "#     nginx/fullchain.pem  ");
	at = behind(at, "comes from another CA");
	at = behind(at, "The key is not here");
	at = behind(at, "Files in second\n");
	assert_null(strstr(at, "#     web.example.pfx"));
	/* All is trusted before anything is installed, and what was said is not said again. */
	at = behind(at, "1. Make the new chain trusted");
	at = behind(at, "[web.example, sfb-front-end]\nIn the directory first/sfb-front-end, where the files are:\nEvery server");
	at = behind(at, "certutil -dspublish -f root.cer RootCA");
	at = behind(at, "[web.example, nginx]\nIn the directory first/nginx, where the files are:\nWhoever connects");
	at = behind(at, "[web.example, sfb-front-end]\nIn the directory second, where the files are:\nAs above.\n");
	at = behind(at, "2. Install");
	/* What was known to be wrong is said where it would be taken for a failure. */
	at = behind(at, "3. See that it works");
	at = behind(at, "It must be accepted, on every node");
	at = behind(at, "It must be refused for nothing but this");
	assert_null(strstr(at, "leaf.key.type"));
	at = behind(at, "\n# leaf.crl-distribution.present: \"there is none; $(x) & y\"\n");
	behind(at, "4. How to go back");
	rmt_buf_free(&text);
	rmt_target_free(front);
	rmt_target_free(web);
}

void
test_write_runbook(struct rows *rows)
{
	struct rmt_policy_store *store = rmt_policy_store_new(NULL);

	if (rmt_policy_each(store, RMT_POLICY_TARGET, collect, NULL, NULL))
		abort();
	rmt_policy_store_free(store);
	for (size_t i = 0; i < name_count; i++)
		add_row(rows, names[i], check_shipped, names[i]);
	for (size_t i = 0; i < name_count; i++)
		add_row(rows, names[i], check_files_named, names[i]);
	ADD_TABLE(rows, keyless_rows, check_keyless);
	ADD_TABLE(rows, word_rows, check_words);
	ADD_TABLE(rows, address_rows, check_address);
	ADD_TABLE(rows, fact_rows, check_fact);
	ADD_TABLE(rows, fill_rows, check_fill);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		add_row(rows, "a name that would like to be a command stays a name", check_hostile, hostile[i]);
	add_row(rows, "a device with several certificates gets one runbook", several, NULL);
}
