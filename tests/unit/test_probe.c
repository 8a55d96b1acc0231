/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint is, and what is said before TLS: text in, text out, no socket. */
#include "config.h"

#include <pthread.h>

#include "unit/test_probe.h"

/* ---- endpoints ---- */

static const struct endpoint_row {
	const char *sentence, *text;
	int rc;
	const char *host; /* or words of the error */
	unsigned port;
	const char *scheme;
} endpoint_rows[] = {
	{ "host:port is TLS", "host.example:443", 1, "host.example", 443, "tls" },
	{ "a short name is a host", "server:5061", 1, "server", 5061, "tls" },
	{ "a name with an underscore", "my_host:443", 1, "my_host", 443, "tls" },
	{ "the root's dot is not part of the name", "host.example.:443", 1, "host.example", 443,
	    "tls" },
	{ "an IPv4 address", "192.0.2.1:8443", 1, "192.0.2.1", 8443, "tls" },
	{ "an IPv6 address in brackets", "[2001:db8::1]:443", 1, "2001:db8::1", 443, "tls" },
	{ "an IPv6 address with a zone", "[fe80::1%eth0]:443", 1, "fe80::1%eth0", 443, "tls" },
	{ "the last port there is", "host:65535", 1, "host", 65535, "tls" },
	{ "a scheme has its port", "https://host.example", 1, "host.example", 443, "https" },
	{ "a scheme with another port", "https://host.example:8443", 1, "host.example", 8443,
	    "https" },
	{ "a path is let pass", "https://meet.example.com/a/b?c#d", 1, "meet.example.com", 443,
	    "https" },
	{ "a scheme in upper case", "SMTP://mx.example", 1, "mx.example", 25, "smtp" },
	{ "a scheme before an IPv6 address", "ldaps://[::1]", 1, "::1", 636, "ldaps" },
	{ "a scheme before an IPv6 address and port", "imap://[::1]:1143", 1, "::1", 1143, "imap" },
	{ "a one-letter host with a scheme", "tls://c:443", 1, "c", 443, "tls" },
	{ "SIP goes to its TLS port", "sip://pool.example", 1, "pool.example", 5061, "sip" },

	{ "a file name", "old.pfx", 0, NULL, 0, NULL },
	{ "a path", "/etc/ssl/certs", 0, NULL, 0, NULL },
	{ "nothing", "", 0, NULL, 0, NULL },
	{ "standard input", "-", 0, NULL, 0, NULL },
	{ "a serial number", "serial:01af", 0, NULL, 0, NULL },
	{ "a serial number of digits alone", "serial:0123", 0, NULL, 0, NULL },
	{ "a member of a file", "file:12a", 0, NULL, 0, NULL },
	{ "a path of Windows", "C:\\x", 0, NULL, 0, NULL },
	{ "a drive and a number", "C:443", 0, NULL, 0, NULL },
	{ "a path with a colon", "./host:443", 0, NULL, 0, NULL },
	{ "a name with a space", "my host:443", 0, NULL, 0, NULL },
	{ "a name with a control character", "ho\x1bst:443", 0, NULL, 0, NULL },
	{ "a port that is no number", "host:https", 0, NULL, 0, NULL },
	{ "a port that is missing", "host:", 0, NULL, 0, NULL },
	{ "a host that is missing", ":443", 0, NULL, 0, NULL },
	{ "brackets around something else", "[abc]:443", 0, NULL, 0, NULL },
	{ "a bracket that is not closed", "[::1:443", 0, NULL, 0, NULL },
	{ "empty labels", "a..b:443", 0, NULL, 0, NULL },
	{ "a date", "2027-01-15T12:30:00", 0, NULL, 0, NULL },

	{ "port 99999", "host:99999", -1, "the port of \"host:99999\" is not between 1 and 65535",
	    0, NULL },
	{ "port 0", "host:0", -1, "not between 1 and 65535", 0, NULL },
	{ "a port of thirty digits", "host:123456789012345678901234567890", -1, "not between", 0,
	    NULL },
	{ "an IPv6 address without brackets", "2001:db8::1", -1,
	    "in brackets before its port: [2001:db8::1]:443", 0, NULL },
	{ "an IPv6 address without a port", "[2001:db8::1]", -1, "needs a port: [2001:db8::1]:443",
	    0, NULL },
	{ "an IPv4 address out of range", "192.0.2.256:443", -1, "no valid IPv4 address", 0, NULL },
	{ "a scheme nearly right", "http://host", -1, "did you mean \"https://\"?", 0, NULL },
	{ "another nearly right", "imp://host", -1, "did you mean \"imap://\"?", 0, NULL },
	{ "a scheme of something else", "bitcoin://host", -1,
	    "\"bitcoin://\" is no way to a TLS server", 0, NULL },
	{ "tls:// needs a port", "tls://host", -1, "needs a port: tls://host:port", 0, NULL },
	{ "a user", "https://user@host", -1, "names a user", 0, NULL },
	{ "a scheme without a host", "https://", -1, "no valid host", 0, NULL },
	{ "a scheme with a bad port", "https://host:x", -1, "not between 1 and 65535", 0, NULL },
	{ "a scheme with an empty port", "https://host:", -1, "not between 1 and 65535", 0, NULL },
	{ "a scheme and IPv6 without brackets", "https://::1", -1,
	    "an IPv6 address stands in brackets", 0, NULL },
	{ "a scheme and a letter that DNS has not", "https://m\xc3\xbcnchen.example", -1,
	    "written as xn--", 0, NULL },
	{ "a scheme and a control character",
	    "https://a\x01"
	    "b",
	    -1, "no valid host", 0, NULL },
	{ "a scheme and half an IPv4 address", "https://1.2.3", -1, "no valid host", 0, NULL },
};

static void
check_endpoint(void **state)
{
	const struct endpoint_row *row = *state;
	struct rmt_endpoint endpoint;
	struct rmt_err err = { 0 };
	int rc = rmt_endpoint_parse(row->text, &endpoint, &err);

	if (rc != row->rc)
		fail_msg("\"%s\" gave %d (%s), not %d", row->text, rc, err.message, row->rc);
	if (rc == 1) {
		assert_string_equal(endpoint.text, row->text);
		assert_string_equal(endpoint.host, row->host);
		assert_int_equal(endpoint.port, row->port);
		assert_string_equal(endpoint.dialect->scheme, row->scheme);
	} else if (rc < 0) {
		assert_error(&err, RMT_USAGE, row->host);
	} else {
		assert_int_equal(err.class, RMT_NONE);
	}
	rmt_endpoint_clear(&endpoint);
}

static void
check_long(void **state)
{
	char text[400] = { 0 };
	struct rmt_endpoint endpoint;
	struct rmt_err err = { 0 };

	(void)state;
	memset(text, 'a', 64);
	memcpy(text + 64, ":443", 5);
	assert_int_equal(rmt_endpoint_parse(text, &endpoint, &err), 0); /* a label of 64 */
	for (size_t i = 0; i < 300; i++)
		text[i] = i % 2 ? '.' : 'a';
	memcpy(text + 299, ":443", 5);
	assert_int_equal(rmt_endpoint_parse(text, &endpoint, &err), 0); /* a name of 299 */
	assert_int_equal(err.class, RMT_NONE);
}

/* ---- dialogues ---- */

/* What the peer says, one string a step, and what is heard of us between. */
static const struct dialogue_row {
	const char *sentence, *scheme;
	struct rmt_span hears[6];
	const char *said; /* all that we said; NULL: not looked at */
	int rc;
	const char *words; /* of the error */
} dialogue_rows[] = {
	{ "SMTP", "smtp",
	    { BYTES("220 mx ESMTP\r\n"), BYTES("250-mx\r\n250-SIZE\r\n250 STARTTLS\r\n"),
		BYTES("220 go\r\n") },
	    "EHLO remint.invalid\r\nSTARTTLS\r\n", 1, "" },
	{ "SMTP with a greeting of two lines", "smtp",
	    { BYTES("220-mx\r\n220 ESMTP\r\n"), BYTES("250-mx\r\n250 STARTTLS\r\n"), BYTES("220 go\r\n") }, NULL, 1,
	    "" },
	{ "SMTP byte by byte", "submission",
	    { BYTES("22"), BYTES("0 mx\r"), BYTES("\n"), BYTES("250-mx\r\n250 STARTTLS\r\n"), BYTES("220 g"),
		BYTES("o\n") },
	    NULL, 1, "" },
	{ "SMTP without STARTTLS", "smtp",
	    { BYTES("220 mx\r\n"), BYTES("250-mx\r\n250 STARTTLS\r\n"), BYTES("502 5.5.1 not implemented\r\n") },
	    NULL, -1, "does not begin TLS: the SMTP server says \"502 5.5.1 not implemented\"" },
	{ "SMTP that offers none and is not asked", "smtp",
	    { BYTES("220 mx\r\n"), BYTES("250-mx\r\n250-XSTARTTLS\r\n250 STARTTLSX\r\n") },
	    "EHLO remint.invalid\r\n", -1, "does not begin TLS: the SMTP server offers no STARTTLS" },
	{ "SMTP that offers it in small letters", "smtp",
	    { BYTES("220 mx\r\n"), BYTES("250-mx\r\n250-starttls\r\n250 SIZE\r\n"),
		BYTES("220 go\r\n") },
	    "EHLO remint.invalid\r\nSTARTTLS\r\n", 1, "" },
	{ "LMTP that offers none", "lmtp", { BYTES("220 mx\r\n"), BYTES("250 mx\r\n") },
	    "LHLO remint.invalid\r\n", -1, "the LMTP server offers no STARTTLS" },
	{ "SMTP that is busy", "smtp", { BYTES("421 too busy\r\n") }, "", -1,
	    "refuses to talk: the SMTP server says \"421 too busy\"" },
	{ "SMTP that is HTTP", "smtp", { BYTES("HTTP/1.1 400 Bad Request\r\n") }, "", -1,
	    "does not speak SMTP: it says \"HTTP/1.1 400 Bad Request\"" },
	{ "SMTP that is IMAP", "smtp", { BYTES("* OK ready\r\n") }, "", -1,
	    "does not speak SMTP: it says \"* OK ready\"" },
	{ "plain text behind STARTTLS", "smtp",
	    { BYTES("220 mx\r\n"), BYTES("250-mx\r\n250 STARTTLS\r\n"), BYTES("220 go\r\n250 injected\r\n") }, NULL,
	    -1, "sends 14 bytes in plain text behind the SMTP reply that lets TLS begin" },
	{ "one byte behind STARTTLS", "imap", { BYTES("* OK\r\n"), BYTES("a OK go\r\n*") }, NULL,
	    -1, "sends 1 bytes in plain text behind the IMAP" },
	{ "LMTP", "lmtp", { BYTES("220 mx\r\n"), BYTES("250-mx\r\n250 STARTTLS\r\n"), BYTES("220 go\r\n") },
	    "LHLO remint.invalid\r\nSTARTTLS\r\n", 1, "" },
	{ "IMAP", "imap",
	    { BYTES("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"),
		BYTES("* CAPABILITY x\r\na OK begin\r\n") },
	    "a STARTTLS\r\n", 1, "" },
	{ "IMAP that refuses", "imap", { BYTES("* OK\r\n"), BYTES("a BAD no\r\n") }, NULL, -1,
	    "does not begin TLS: the IMAP server says \"a BAD no\"" },
	{ "IMAP that says goodbye", "imap", { BYTES("* BYE later\r\n") }, "", -1,
	    "refuses to talk" },
	{ "IMAP that is logged in already", "imap", { BYTES("* PREAUTH hello\r\n") }, "", -1,
	    "refuses to talk" },
	{ "POP3", "pop3", { BYTES("+OK ready\r\n"), BYTES("+OK begin\r\n") }, "STLS\r\n", 1, "" },
	{ "POP3 that refuses", "pop3", { BYTES("+OK\r\n"), BYTES("-ERR no TLS\r\n") }, NULL, -1,
	    "the POP3 server says \"-ERR no TLS\"" },
	{ "ManageSieve", "sieve",
	    { BYTES("\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n"), BYTES("OK begin\r\n") },
	    "STARTTLS\r\n", 1, "" },
	{ "FTP with free text in its greeting", "ftp",
	    { BYTES("220-Hello\r\n  whatever\r\n220 go\r\n"), BYTES("234 go\r\n") }, "AUTH TLS\r\n",
	    1, "" },
	{ "FTP that does not know AUTH", "ftp", { BYTES("220 x\r\n"), BYTES("500 what?\r\n") },
	    NULL, -1, "the FTP server says \"500 what?\"" },
	{ "NNTP without posting", "nntp", { BYTES("201 news\r\n"), BYTES("382 go\r\n") },
	    "STARTTLS\r\n", 1, "" },
	{ "NNTP that refuses", "nntp", { BYTES("200 news\r\n"), BYTES("580 no\r\n") }, NULL, -1,
	    "580 no" },
	{ "LDAP", "ldap", { BYTES("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00") },
	    NULL, 1, "" },
	{ "LDAP in two pieces", "ldap",
	    { BYTES("\x30\x0c\x02\x01\x01\x78\x07"), BYTES("\x0a\x01\x00\x04\x00\x04\x00") }, NULL,
	    1, "" },
	{ "LDAP with long lengths, as Active Directory writes them", "ldap",
	    { BYTES("\x30\x84\x00\x00\x00\x10\x02\x01\x01\x78\x84\x00\x00\x00\x07\x0a\x01\x00\x04"
		    "\x00\x04\x00") },
	    NULL, 1, "" },
	{ "LDAP that refuses", "ldap",
	    { BYTES("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00") }, NULL, -1,
	    "answers StartTLS with result code 2 (protocolError: it does not know StartTLS)" },
	{ "LDAP that answers something else", "ldap",
	    { BYTES("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00") }, NULL, -1,
	    "does not answer StartTLS with an LDAP extended response" },
	{ "LDAP that is HTTP", "ldap", { BYTES("HTTP/1.0 400\r\n") }, NULL, -1,
	    "does not speak LDAP: it says \"HTTP/1.0 400\"" },
	{ "XMPP", "xmpp",
	    { BYTES("<?xml version='1.0'?><stream:stream id='1'><stream:features><starttls "
		    "xmlns='x'/></stream:features>"),
		BYTES("<proceed xmlns='x'/>") },
	    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
	    "xmlns:stream='http://etherx.jabber.org/streams' "
	    "version='1.0' to='host.example'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
	    1, "" },
	{ "XMPP without STARTTLS", "xmpp",
	    { BYTES("<stream:stream><stream:features><bind/></stream:features>") }, NULL, -1,
	    "refuses to talk" },
	{ "XMPP that fails", "xmpp-server",
	    { BYTES("<stream:stream><stream:features><starttls/></stream:features>"),
		BYTES("<failure/>") },
	    NULL, -1, "does not begin TLS" },
	{ "XMPP that is SSH", "xmpp", { BYTES("SSH-2.0-x\r\n") }, NULL, -1,
	    "does not speak XMPP: it says \"SSH-2.0-x\"" },
	{ "PostgreSQL", "postgres", { BYTES("S") }, NULL, 1, "" },
	{ "PostgreSQL without TLS", "postgres", { BYTES("N") }, NULL, -1,
	    "does not begin TLS: the PostgreSQL server says \"N\"" },
	{ "PostgreSQL with something behind", "postgres", { BYTES("Sx") }, NULL, -1,
	    "in plain text behind the PostgreSQL" },
	{ "MySQL", "mysql",
	    {
		BYTES("\x24\x00\x00\x00\x0a"
		      "8.0\0"
		      "\x01\x00\x00\x00"
		      "abcdefgh\0"
		      "\xff\xff\x08\x02\x00\xff\xc1\x15"
		      "0123456789"),
	    },
	    NULL, 1, "" },
	{ "MySQL without TLS", "mysql",
	    {
		BYTES("\x24\x00\x00\x00\x0a"
		      "8.0\0"
		      "\x01\x00\x00\x00"
		      "abcdefgh\0"
		      "\xff\xf7\x08\x02\x00\xff\xc1\x15"
		      "0123456789"),
	    },
	    "", -1, "the MySQL server does not offer it" },
	{ "MySQL that lets nobody in", "mysql",
	    { BYTES("\x20\x00\x00\x00\xff\x69\x04Host is not allowed here now.") }, "", -1,
	    "refuses to talk: the MySQL server says \"Host is not allowed here now.\"" },
	{ "Remote Desktop", "rdp",
	    { BYTES(
		"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x01\x00\x00\x00") },
	    NULL, 1, "" },
	{ "Remote Desktop without TLS", "rdp",
	    { BYTES(
		"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x03\x00\x08\x00\x02\x00\x00\x00") },
	    NULL, -1, "does not take TLS" },
	{ "a line with NUL and escape characters", "smtp", { BYTES("220\0\x1b[2J\r\n") }, "", -1,
	    "does not speak SMTP" },
};

static const struct rmt_dialect *
dialect(const char *scheme)
{
	size_t count;
	const struct rmt_dialect *all = rmt_dialects(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].scheme, scheme) == 0)
			return &all[i];
	fail_msg("there is no dialect %s", scheme);
	return NULL;
}

static void
check_dialogue(void **state)
{
	const struct dialogue_row *row = *state;
	struct rmt_probe_dialogue dialogue;
	struct rmt_err err = { 0 };
	int rc;

	rmt_probe_dialogue_open(&dialogue, dialect(row->scheme)->steps, "host.example");
	rc = rmt_probe_dialogue_hear(&dialogue, NULL, 0, &err);
	for (size_t i = 0; i < 6 && row->hears[i].at != NULL; i++) {
		assert_int_equal(rc, 0);
		rc = rmt_probe_dialogue_hear(
		    &dialogue, row->hears[i].at, row->hears[i].length, &err);
	}
	if (rc != row->rc)
		fail_msg("gave %d (%s), not %d", rc, err.message, row->rc);
	if (rc < 0)
		assert_error(&err, RMT_NETWORK, row->words);
	if (row->said != NULL)
		assert_string_equal(rmt_buf_string(&dialogue.out), row->said);
	assert_true(rmt_utf8_valid(rmt_span_text(err.message)));
	rmt_probe_dialogue_close(&dialogue);
}

static const struct endless_row {
	const char *sentence, *scheme, *piece;
	const char *words;
} endless_rows[] = {
	{ "a greeting without end", "smtp", "220-and another line\r\n",
	    "its SMTP reply does not end after 1000 lines" },
	{ "a line without end", "smtp", "220 aaaaaaaaaaaaaaaaaaaaaa",
	    "a line of its SMTP reply is longer than 4096 bytes" },
	{ "untagged lines without end", "sieve", "\"X\" \"y\"\r\n",
	    "its ManageSieve reply does not end after 1000 lines" },
	{ "free text without end", "ftp",
	    "220-"
	    "x\r\nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
	    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n",
	    "its FTP reply does not end after 65536 bytes" },
	{ "markup without end", "xmpp", "<a><b><c>",
	    "its XMPP reply does not end after 65536 bytes" },
};

static void
check_endless(void **state)
{
	const struct endless_row *row = *state;
	struct rmt_probe_dialogue dialogue;
	struct rmt_err err = { 0 };
	size_t rounds = 0;
	int rc;

	rmt_probe_dialogue_open(&dialogue, dialect(row->scheme)->steps, "host.example");
	rc = rmt_probe_dialogue_hear(&dialogue, NULL, 0, &err);
	while (rc == 0 && rounds++ < 100000)
		rc = rmt_probe_dialogue_hear(&dialogue, row->piece, strlen(row->piece), &err);
	assert_int_equal(rc, -1);
	assert_error(&err, RMT_NETWORK, row->words);
	rmt_probe_dialogue_close(&dialogue);
}

/* Every row of the table of dialects stands on its own feet. */
static void
check_table(void **state)
{
	size_t count;
	const struct rmt_dialect *all = rmt_dialects(&count);

	(void)state;
	assert_true(count > 20);
	for (size_t i = 0; i < count; i++) {
		const char *const one[] = { all[i].scheme, NULL };

		assert_string_equal(rmt_nearest(all[i].scheme, one), all[i].scheme);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(all[i].scheme, all[j].scheme);
		for (const struct rmt_dialect_step *step = all[i].steps;
		     step != NULL && (step->say != NULL || step->form != 0); step++)
			assert_true(step->say != NULL
					? step->form == RMT_FORM_NONE
					: step->speaks != NULL && step->form < RMT_FORM_COUNT);
	}
}

/* ---- names of alerts and errors ---- */

static void
check_words(void **state)
{
	(void)state;
	assert_string_equal(rmt_probe_alert_name(43), "unsupported_certificate");
	assert_string_equal(rmt_probe_alert_name(255), "unknown");
	assert_string_equal(rmt_probe_verify_words(10), "it has expired");
	assert_string_equal(rmt_probe_verify_words(23), "certificate revoked"); /* OpenSSL's */
	assert_string_equal(rmt_probe_stage_name(RMT_STAGE_DIALECT), "starttls");
}

/* ---- lists of signature algorithms ---- */

static const struct listed_row {
	const char *sentence, *item, *key, *digest;
	bool listed;
} listed_rows[] = {
	{ "RSA+SHA256", "RSA+SHA256", "rsa", "sha256", true },
	{ "RSA+SHA256 is not SHA-384", "RSA+SHA256", "rsa", "sha384", false },
	{ "RSA+SHA256 is not ECDSA", "RSA+SHA256", "ec", "sha256", false },
	{ "rsa_pkcs1_sha1", "rsa_pkcs1_sha1", "rsa", "sha1", true },
	{ "RSA-PSS+SHA256", "RSA-PSS+SHA256", "rsa-pss", "sha256", true },
	{ "RSA-PSS+SHA256 is not PKCS#1", "RSA-PSS+SHA256", "rsa", "sha256", false },
	{ "rsa_pss_pss_sha512", "rsa_pss_pss_sha512", "rsa-pss", "sha512", true },
	{ "ecdsa_secp384r1_sha384 on any curve", "ecdsa_secp384r1_sha384", "ec", "sha384", true },
	{ "ecdsa_sha1", "ecdsa_sha1", "ec", "sha1", true },
	{ "ed25519", "ed25519", "ed25519", "", true },
	{ "ed448 is not ed25519", "ed448", "ed25519", "", false },
	{ "what is unknown is in no list", "RSA+SHA256", "", "", false },
};

static void
check_listed(void **state)
{
	const struct listed_row *row = *state;
	char item[32], other[] = "DSA+SHA1", *items[] = { other, item };
	struct rmt_text_list list = { items, 2 };
	struct rmt_signature_algorithm algorithm = { .key = row->key, .digest = row->digest };

	snprintf(item, sizeof(item), "%s", row->item);
	assert_int_equal(rmt_probe_signature_listed(&list, &algorithm), row->listed);
}

int
main(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, endpoint_rows, check_endpoint);
	add_row(&rows, "names and labels that are too long are no endpoints", check_long, NULL);
	ADD_TABLE(&rows, dialogue_rows, check_dialogue);
	ADD_TABLE(&rows, endless_rows, check_endless);
	ADD_TABLE(&rows, listed_rows, check_listed);
	add_row(&rows, "every dialect is well formed", check_table, NULL);
	add_row(&rows, "alerts and errors have words", check_words, NULL);
	return run_rows("endpoints and dialogues", &rows);
}
