/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/dialect.c - the ways from a TCP connection to TLS, as one table. What the steps mean and
 * how they are run stands in dialogue.c; this file is nothing but what the protocols say.
 *
 * How to add a dialect:
 *
 * 1. TLS from the first byte: one row in dialects[] with the scheme, a title, the usual port and
 *    no steps.
 * 2. STARTTLS of some kind: write its steps as a table that ends with { 0 }. A step either says
 *    something (`say`; a {host} in it is the name of the endpoint; `length` when it holds zero
 *    bytes) or hears a reply in one of the forms of enum rmt_dialect_form (local.h). `good` begins
 *    the line that goes on, `bad` lists beginnings that refuse (joined by '|'), `skip` those of
 *    lines that are passed over, `offers` is what a list of capabilities must hold. After the last step TLS begins: a server whose go-ahead reply
 *    comes with further bytes is refused by the interpreter.
 * 3. A reply that no form fits (a binary protocol) needs a new form: a function in dialogue.c and
 *    its line in forms[].
 * 4. Name the scheme in remint-verify(1) and give tests/unit/test_probe.c its conversation: one
 *    that goes well, one refused, one that is another protocol.
 */
#include "config.h"

#include "probe/local.h"

/* RFC 3207, 4; RFC 6409. The name behind EHLO is one that exists nowhere (RFC 6761). */
static const struct rmt_dialect_step smtp[] = {
	{ .form = RMT_FORM_CODE, .good = "220", .speaks = "SMTP" },
	{ .say = "EHLO remint.invalid\r\n" },
	{ .form = RMT_FORM_CODE, .good = "250", .offers = "STARTTLS", .speaks = "SMTP" },
	{ .say = "STARTTLS\r\n" },
	{ .form = RMT_FORM_CODE, .good = "220", .speaks = "SMTP" },
	{ 0 },
};

/* RFC 2033, 4.1 */
static const struct rmt_dialect_step lmtp[] = {
	{ .form = RMT_FORM_CODE, .good = "220", .speaks = "LMTP" },
	{ .say = "LHLO remint.invalid\r\n" },
	{ .form = RMT_FORM_CODE, .good = "250", .offers = "STARTTLS", .speaks = "LMTP" },
	{ .say = "STARTTLS\r\n" },
	{ .form = RMT_FORM_CODE, .good = "220", .speaks = "LMTP" },
	{ 0 },
};

/* RFC 9051, 6.2.1 */
static const struct rmt_dialect_step imap[] = {
	{ .form = RMT_FORM_LINE, .good = "* OK", .bad = "* BYE|* PREAUTH", .speaks = "IMAP" },
	{ .say = "a STARTTLS\r\n" },
	{ .form = RMT_FORM_LINE,
	    .good = "a OK",
	    .bad = "a NO|a BAD|* BAD|* BYE",
	    .skip = "* ",
	    .speaks = "IMAP" },
	{ 0 },
};

/* RFC 2595, 4 */
static const struct rmt_dialect_step pop3[] = {
	{ .form = RMT_FORM_LINE, .good = "+OK", .bad = "-ERR", .speaks = "POP3" },
	{ .say = "STLS\r\n" },
	{ .form = RMT_FORM_LINE, .good = "+OK", .bad = "-ERR", .speaks = "POP3" },
	{ 0 },
};

/* RFC 4511, 4.14: an ExtendedRequest with message id 1 and the name 1.3.6.1.4.1.1466.20037 */
static const struct rmt_dialect_step ldap[] = {
	{ .say = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
		 "1.3.6.1.4.1.1466.20037",
	    .length = 31 },
	{ .form = RMT_FORM_LDAP, .speaks = "LDAP" },
	{ 0 },
};

/* RFC 4217, 4 */
static const struct rmt_dialect_step ftp[] = {
	{ .form = RMT_FORM_CODE, .good = "220", .speaks = "FTP" },
	{ .say = "AUTH TLS\r\n" },
	{ .form = RMT_FORM_CODE, .good = "234", .speaks = "FTP" },
	{ 0 },
};

/* RFC 6120, 5.4 */
#define XMPP(namespace) \
	{ .say = "<?xml version='1.0'?><stream:stream xmlns='" namespace "' " \
									 "xmlns:stream='http://" \
									 "etherx.jabber.org/" \
									 "streams' version='1.0' " \
									 "to='{host}'>" }, \
	    { .form = RMT_FORM_MARKUP, \
		    .good = "<starttls", \
		    .bad = "</stream:features>|</stream:stream>", \
		    .until = "</stream:features>", \
		    .speaks = "XMPP" }, \
	    { .say = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" }, \
	    { .form = RMT_FORM_MARKUP, \
		    .good = "<proceed", \
		    .bad = "<failure|</stream:stream>", \
		    .until = ">", \
		    .speaks = "XMPP" }, \
	{ \
		0 \
	}
static const struct rmt_dialect_step xmpp[] = { XMPP("jabber:client") };
static const struct rmt_dialect_step xmpp_server[] = { XMPP("jabber:server") };

/* The SSLRequest of PostgreSQL's protocol 3, answered by one letter. */
static const struct rmt_dialect_step postgres[] = {
	{ .say = "\x00\x00\x00\x08\x04\xd2\x16\x2f", .length = 8 },
	{ .form = RMT_FORM_LETTER, .good = "S", .bad = "N|E", .speaks = "PostgreSQL" },
	{ 0 },
};

/* The handshake of MySQL's client protocol: its greeting, then an SSLRequest (PROTOCOL_41, SSL,
 * SECURE_CONNECTION). */
static const struct rmt_dialect_step mysql[] = {
	{ .form = RMT_FORM_MYSQL, .speaks = "MySQL" },
	{ .say = "\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x21\x00\x00\x00\x00\x00\x00\x00"
		 "\x00\x00"
		 "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	    .length = 36 },
	{ 0 },
};

/* RFC 5804, 2.2: the greeting lists capabilities and ends with OK. */
static const struct rmt_dialect_step sieve[] = {
	{ .form = RMT_FORM_LINE,
	    .good = "OK",
	    .bad = "BYE|NO",
	    .skip = "\"",
	    .speaks = "ManageSieve" },
	{ .say = "STARTTLS\r\n" },
	{ .form = RMT_FORM_LINE,
	    .good = "OK",
	    .bad = "NO|BYE",
	    .skip = "\"",
	    .speaks = "ManageSieve" },
	{ 0 },
};

/* RFC 4642, 2.2 */
static const struct rmt_dialect_step nntp[] = {
	{ .form = RMT_FORM_CODE, .good = "20", .speaks = "NNTP" },
	{ .say = "STARTTLS\r\n" },
	{ .form = RMT_FORM_CODE, .good = "382", .speaks = "NNTP" },
	{ 0 },
};

/* MS-RDPBCGR, 2.2.1.1: an X.224 connection request that asks for TLS. */
static const struct rmt_dialect_step rdp[] = {
	{ .say = "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x01\x00\x00\x00",
	    .length = 19 },
	{ .form = RMT_FORM_RDP, .speaks = "RDP" },
	{ 0 },
};

/* clang-format off */
static const struct rmt_dialect dialects[] = {
	{ "tls",         "TLS",                            0,    NULL },
	{ "https",       "HTTPS",                          443,  NULL },
	{ "smtp",        "SMTP with STARTTLS",             25,   smtp },
	{ "submission",  "mail submission with STARTTLS",  587,  smtp },
	{ "smtps",       "SMTP over TLS",                  465,  NULL },
	{ "lmtp",        "LMTP with STARTTLS",             24,   lmtp },
	{ "imap",        "IMAP with STARTTLS",             143,  imap },
	{ "imaps",       "IMAP over TLS",                  993,  NULL },
	{ "pop3",        "POP3 with STLS",                 110,  pop3 },
	{ "pop3s",       "POP3 over TLS",                  995,  NULL },
	{ "sieve",       "ManageSieve with STARTTLS",      4190, sieve },
	{ "ldap",        "LDAP with StartTLS",             389,  ldap },
	{ "ldaps",       "LDAP over TLS",                  636,  NULL },
	/* There is no STARTTLS in SIP (RFC 3261, 26.2.2): both names mean TLS at once. */
	{ "sip",         "SIP over TLS",                   5061, NULL },
	{ "sips",        "SIP over TLS",                   5061, NULL },
	{ "ftp",         "FTP with AUTH TLS",              21,   ftp },
	{ "ftps",        "FTP over TLS",                   990,  NULL },
	{ "xmpp",        "XMPP client with STARTTLS",      5222, xmpp },
	{ "xmpp-server", "XMPP federation with STARTTLS",  5269, xmpp_server },
	{ "xmpps",       "XMPP over TLS",                  5223, NULL },
	{ "nntp",        "NNTP with STARTTLS",             119,  nntp },
	{ "nntps",       "NNTP over TLS",                  563,  NULL },
	{ "postgres",    "PostgreSQL with SSLRequest",     5432, postgres },
	{ "mysql",       "MySQL with SSLRequest",          3306, mysql },
	{ "rdp",         "Remote Desktop",                 3389, rdp },
};
/* clang-format on */

const struct rmt_dialect *
rmt_dialects(size_t *count)
{
	*count = sizeof(dialects) / sizeof(dialects[0]);
	return dialects;
}
