/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Playing a consumer: what is refused, by whom, with which alert and in which words. The first
 * table is the matrix of SHA-512 under TLS 1.2 (KB2973337), once with a client that is strict and
 * once with a server that is.
 */
#include "config.h"

#include <pthread.h>

#include "unit/test_probe.h"

/* ---- what is at hand for the rows ---- */

static struct party *root, *root512, *issuing, *issuing512, *of_root512, *other_root;
static struct party *made[64];
static size_t made_count;

static struct party *
make(const struct recipe *recipe, const struct party *issuer)
{
	return made[made_count++] = party_new(recipe, issuer);
}

static void
make_authorities(void)
{
	root = make(&(struct recipe){ .cn = "Root", .ca = true }, NULL);
	root512 = make(&(struct recipe){ .cn = "Root 512", .ca = true, .digest = "SHA512" }, NULL);
	issuing = make(&(struct recipe){ .cn = "Issuing", .ca = true }, root);
	issuing512 =
	    make(&(struct recipe){ .cn = "Issuing 512", .ca = true, .digest = "SHA512" }, root);
	of_root512 = make(&(struct recipe){ .cn = "Issuing of Root 512", .ca = true }, root512);
	other_root = make(&(struct recipe){ .cn = "Other Root", .ca = true }, NULL);
}

/* Fields of struct rmt_client are not const. */
static char tls10[] = "tls1.0", tls12[] = "tls1.2", san[] = "san", san_or_cn[] = "san-or-cn",
	    none[] = "none";
static char rsa256[] = "RSA+SHA256", rsa384[] = "RSA+SHA384", rsa1[] = "RSA+SHA1",
	    rsa512[] = "RSA+SHA512";
static char ec256[] = "ECDSA+SHA256", ec384[] = "ECDSA+SHA384", ec1[] = "ECDSA+SHA1",
	    ec512[] = "ECDSA+SHA512";

/* What Windows offers since KB2973337; before it, the first six. */
static char *windows[] = { rsa256, rsa384, rsa1, ec256, ec384, ec1, ec512 };

static struct rmt_client
modern(void)
{
	return (struct rmt_client){
		.security_level = 1, .sends_sni = true, .names = san, .checks_purpose = true
	};
}

static struct rmt_probe_options
options_for(const struct rmt_client *client, const struct rmt_cert *const *trust)
{
	return (struct rmt_probe_options){ .rules.client = client,
		.rules.auth_level = -1,
		.rules.trust = trust,
		.rules.trust_count = trust != NULL ? 1 : 0,
		.rules.now = NOW,
		.timeout = 20000 };
}

/* ---- SHA-512 under TLS 1.2 ---- */

enum chain { LEAF256_INT256, LEAF512_INT256, LEAF256_INT512, ROOT512_NOT_SENT, ROOT512_SENT };
static const struct strict_row {
	const char *sentence;
	enum chain chain;
	bool tls13, after_kb;
	int depth; /* at fault; -1 taken */
} strict_rows[] = {
	{ "leaf and intermediate with SHA-256 are taken", LEAF256_INT256, false, false, -1 },
	{ "a leaf with SHA-512 is refused", LEAF512_INT256, false, false, 0 },
	{ "an intermediate with SHA-512 is refused", LEAF256_INT512, false, false, 1 },
	{ "a root with SHA-512 that is not sent is taken", ROOT512_NOT_SENT, false, false, -1 },
	{ "a root with SHA-512 that is sent is refused", ROOT512_SENT, false, false, 2 },
	{ "a leaf with SHA-512 is taken under TLS 1.3", LEAF512_INT256, true, false, -1 },
	{ "a leaf with SHA-512 is taken after KB2973337", LEAF512_INT256, false, true, -1 },
	{ "a root with SHA-512 that is sent is taken after KB2973337", ROOT512_SENT, false, true,
	    -1 },
};

static void
fill_chain(struct tls_server *server, enum chain chain, const struct party **trusted)
{
	const struct recipe good = {
		.cn = "fe01.example", .san = "DNS:fe01.example", .eku = "serverAuth"
	};
	struct recipe sha512 = good;

	sha512.digest = "SHA512";
	*trusted = chain >= ROOT512_NOT_SENT ? root512 : root;
	server->chain[1] = chain == LEAF256_INT512     ? issuing512
			   : chain >= ROOT512_NOT_SENT ? of_root512
						       : issuing;
	server->chain[0] = party_new(chain == LEAF512_INT256 ? &sha512 : &good, server->chain[1]);
	server->chain[2] = chain == ROOT512_SENT ? root512 : NULL;
}

static void
free_chain(struct tls_server *server)
{
	struct party *mine;

	memcpy(&mine, &server->chain[0], sizeof(mine));
	party_free(mine);
	tls_clear(server);
}

static struct rmt_client
schannel(const struct strict_row *row, bool strict_chain)
{
	return (struct rmt_client){ .max_version = row->tls13 ? NULL : tls12,
		.signature_algorithms = { windows, row->after_kb ? 7 : 6 },
		.strict_chain = strict_chain,
		.sends_sni = true,
		.checks_purpose = true,
		.names = san_or_cn };
}

static void
check_strict_client(void **state)
{
	const struct strict_row *row = *state;
	struct rmt_client client = schannel(row, true);
	struct tls_server server = { 0 };
	const struct party *trusted;
	struct rmt_probe_options options;
	struct peer peer;
	struct seen seen;

	fill_chain(&server, row->chain, &trusted);
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	options = options_for(&client, (const struct rmt_cert *const *)&trusted->cert);
	probe(&seen, &options, "", "fe01.example", peer.port);
	peer_stop(&peer);
	if (row->depth < 0) {
		assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	} else {
		assert_seen(&seen, RMT_PROBE_WE_REFUSED, RMT_STAGE_CERTIFICATE,
		    "it is signed with ecdsa-with-SHA512, which this client does not take under "
		    "TLS 1.2");
		assert_int_equal(seen.last.verify_depth, row->depth);
		assert_int_equal(seen.last.alert, 40);
		assert_true(seen.last.alert_ours);
	}
	assert_int_equal(seen.last.sent_count, server.chain[2] != NULL ? 3 : 2);
	assert_string_equal(seen.protocol, row->tls13 ? "TLSv1.3" : "TLSv1.2");
	seen_clear(&seen);
	free_chain(&server);
}

/* The same with a server that keeps to what it is offered: it has no certificate to show then. */
static void
check_strict_server(void **state)
{
	const struct strict_row *row = *state;
	struct rmt_client client = schannel(row, false);
	struct tls_server server = { .strict = true };
	const struct party *trusted;
	struct rmt_probe_options options;
	struct peer peer;
	struct seen seen;

	fill_chain(&server, row->chain, &trusted);
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	options = options_for(&client, (const struct rmt_cert *const *)&trusted->cert);
	probe(&seen, &options, "", "fe01.example", peer.port);
	peer_stop(&peer);
	if (row->depth < 0) {
		assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	} else {
		assert_seen(&seen, RMT_PROBE_THEY_REFUSED, RMT_STAGE_HANDSHAKE,
		    "(alert 40, handshake_failure); this client takes no signatures but "
		    "RSA+SHA256, RSA+SHA384, RSA+SHA1, "
		    "ECDSA+SHA256, ECDSA+SHA384, ECDSA+SHA1, and a server whose certificates are "
		    "signed otherwise has none to show");
		assert_int_equal(seen.last.alert, 40);
		assert_false(seen.last.alert_ours);
		assert_int_equal(seen.last.sent_count, 0);
	}
	seen_clear(&seen);
	free_chain(&server);
}

/* How lists of signature algorithms may be written, against what a certificate is signed with. */
static const struct listed_row {
	const char *sentence, *item, *key, *digest;
	bool taken;
} listed_rows[] = {
	{ "RSA+SHA256", "RSA+SHA256", NULL, NULL, true },
	{ "rsa_pkcs1_sha256", "rsa_pkcs1_sha256", NULL, NULL, true },
	{ "RSA+SHA384 is not SHA-256", "RSA+SHA384", NULL, NULL, false },
	{ "RSA-PSS is not PKCS#1", "rsa_pss_rsae_sha256", NULL, NULL, false },
};

static void
check_listed(void **state)
{
	const struct listed_row *row = *state;
	static struct party *rsa_root, *rsa_leaf;
	char item[32], *list[] = { item, rsa512 };
	struct rmt_client client = { .max_version = tls12,
		.signature_algorithms = { list, 2 },
		.strict_chain = true,
		.names = none };
	struct tls_server server = { 0 };
	struct rmt_probe_options options = options_for(&client, NULL);
	struct peer peer;
	struct seen seen;

	if (rsa_root == NULL) {
		rsa_root =
		    make(&(struct recipe){ .cn = "RSA Root", .ca = true, .key = "RSA" }, NULL);
		rsa_leaf = make(
		    &(struct recipe){ .cn = "rsa.example", .san = "DNS:rsa.example", .key = "RSA" },
		    rsa_root);
	}
	snprintf(item, sizeof(item), "%s", row->item);
	server.chain[0] = rsa_leaf;
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, &options, "", "rsa.example", peer.port);
	peer_stop(&peer);
	if (row->taken)
		assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	else
		assert_seen(&seen, RMT_PROBE_WE_REFUSED, RMT_STAGE_CERTIFICATE,
		    "signed with sha256WithRSAEncryption");
	seen_clear(&seen);
	tls_clear(&server);
}

/* ---- paths, purposes and names ---- */

enum {
	NO_TRUST = 1 << 0,    /* no trust set is given */
	OTHER_TRUST = 1 << 1, /* another root is trusted */
	LEAF_ALONE = 1 << 2,  /* the intermediate is not sent */
	AT_HAND = 1 << 3,     /* ... but at hand */
	ROOT_ONLY = 1 << 4,   /* the client has no store of intermediates */
	WITH_ROOT = 1 << 5,   /* the root is sent too */
	ANY_PURPOSE = 1 << 6, /* purposes are not checked */
	OR_CN = 1 << 7,       /* names: san-or-cn */
	NO_NAMES = 1 << 8,    /* names: none */
	LEVEL_0 = 1 << 9,
	LEVEL_2 = 1 << 10,
	BY_ADDRESS = 1 << 11,           /* the endpoint is 127.0.0.1 */
	REVERSED = 1 << 12,             /* root before intermediate */
	INTERMEDIATE_TRUSTED = 1 << 13, /* the trust set holds the root and the intermediate */
	AUTH_2 = 1 << 14,               /* auth_level 2, whatever the client says */
	STRICT = 1 << 15,               /* X509_V_FLAG_X509_STRICT */
	LONG_NAME = 1 << 16,            /* the name must be host.corp.example */
};

static const struct judge_row {
	const char *sentence;
	struct recipe leaf, ca; /* ca.cn NULL: the ordinary issuing CA */
	unsigned how;
	int stage, error, depth, alert; /* error -1: taken */
	const char *words;
} judge_rows[] = {
	{ "a good chain is taken", { .san = "DNS:host.example", .eku = "serverAuth" }, { 0 }, 0, 0,
	    -1, 0, 0, "" },
	{ "a good chain with the root is taken", { .san = "DNS:host.example" }, { 0 }, WITH_ROOT, 0,
	    -1, 0, 0, "" },
	{ "the wrong order is taken by OpenSSL", { .san = "DNS:host.example" }, { 0 },
	    WITH_ROOT | REVERSED, 0, -1, 0, 0, "" },
	{ "no purposes at all are taken", { .san = "DNS:host.example" }, { 0 }, 0, 0, -1, 0, 0,
	    "" },
	{ "clientAuth alone is refused of a server",
	    { .san = "DNS:host.example", .eku = "clientAuth" }, { 0 }, 0, RMT_STAGE_CERTIFICATE, 26,
	    0, 43,
	    "refuses the certificate at depth 0 (host.example): its purposes lack serverAuth "
	    "(error 26)" },
	{ "clientAuth alone is taken where purposes are not checked",
	    { .san = "DNS:host.example", .eku = "clientAuth" }, { 0 }, ANY_PURPOSE, 0, -1, 0, 0,
	    "" },
	{ "anyExtendedKeyUsage alone is refused, and Windows is named",
	    { .san = "DNS:host.example", .eku = "anyExtendedKeyUsage" }, { 0 }, 0,
	    RMT_STAGE_CERTIFICATE, 26, 0, 43, "Windows takes its anyExtendedKeyUsage" },
	{ "an issuing CA without serverAuth among its purposes",
	    { .san = "DNS:host.example", .eku = "serverAuth" },
	    { .cn = "Mail CA", .ca = true, .eku = "emailProtection" }, 0, RMT_STAGE_CERTIFICATE, 26,
	    1, 43,
	    "refuses the certificate at depth 1 (Mail CA): its purposes lack serverAuth (error "
	    "26)" },
	{ "an issuing CA with serverAuth among its purposes",
	    { .san = "DNS:host.example", .eku = "serverAuth" },
	    { .cn = "Web CA", .ca = true, .eku = "serverAuth" }, 0, 0, -1, 0, 0, "" },
	{ "a key usage that signs certificates only",
	    { .san = "DNS:host.example", .usage = "cRLSign" }, { 0 }, 0, RMT_STAGE_CERTIFICATE, 26,
	    0, 43, "its key usage does not fit a TLS server (error 26)" },
	{ "the leaf alone, and nothing at hand", { .san = "DNS:host.example" }, { 0 }, LEAF_ALONE,
	    RMT_STAGE_CERTIFICATE, 20, 0, 48,
	    "its issuer was not sent and is not trusted (error 20)" },
	{ "the leaf alone, with its issuer at hand", { .san = "DNS:host.example" }, { 0 },
	    LEAF_ALONE | AT_HAND, 0, -1, 0, 0, "" },
	{ "the leaf alone before a phone, whatever is at hand", { .san = "DNS:host.example" },
	    { 0 }, LEAF_ALONE | AT_HAND | ROOT_ONLY, RMT_STAGE_CERTIFICATE, 20, 0, 48,
	    "was not sent" },
	{ "the whole chain before a phone", { .san = "DNS:host.example" }, { 0 }, ROOT_ONLY, 0, -1,
	    0, 0, "" },
	{ "an intermediate among the trusted helps a client", { .san = "DNS:host.example" }, { 0 },
	    LEAF_ALONE | INTERMEDIATE_TRUSTED, 0, -1, 0, 0, "" },
	{ "an intermediate among the trusted does not help a phone", { .san = "DNS:host.example" },
	    { 0 }, LEAF_ALONE | INTERMEDIATE_TRUSTED | ROOT_ONLY, RMT_STAGE_CERTIFICATE, 20, 0, 48,
	    "was not sent" },
	{ "another root is trusted, and the root is sent", { .san = "DNS:host.example" }, { 0 },
	    OTHER_TRUST | WITH_ROOT, RMT_STAGE_CERTIFICATE, 19, 2, 48,
	    "(Root): this root is not trusted (error 19)" },
	{ "no trust set: the end of the path is let pass", { .san = "DNS:host.example" }, { 0 },
	    NO_TRUST, 0, -1, 0, 0, "" },
	{ "no trust set and the leaf alone", { .san = "DNS:host.example" }, { 0 },
	    NO_TRUST | LEAF_ALONE, 0, -1, 0, 0, "" },
	{ "no trust set and the root on the wire", { .san = "DNS:host.example" }, { 0 },
	    NO_TRUST | WITH_ROOT, 0, -1, 0, 0, "" },
	{ "no trust set: an expired leaf is refused all the same",
	    { .san = "DNS:host.example", .expired = 3 }, { 0 }, NO_TRUST, RMT_STAGE_CERTIFICATE, 10,
	    0, 45, "refuses the certificate at depth 0 (host.example): it has expired (error 10)" },
	{ "no trust set: the purpose is checked all the same",
	    { .san = "DNS:host.example", .eku = "clientAuth" }, { 0 }, NO_TRUST | LEAF_ALONE,
	    RMT_STAGE_CERTIFICATE, 26, 0, 43, "its purposes lack serverAuth" },
	{ "no trust set: a weak signature at the end of the path counts",
	    { .san = "DNS:host.example" }, { .cn = "SHA-1 CA", .ca = true, .digest = "SHA1" },
	    NO_TRUST, RMT_STAGE_CERTIFICATE, 68, 1, 42,
	    "refuses the certificate at depth 1 (SHA-1 CA): its signature has too weak a digest "
	    "(error 68)" },
	{ "an expired leaf", { .san = "DNS:host.example", .expired = 3 }, { 0 }, 0,
	    RMT_STAGE_CERTIFICATE, 10, 0, 45, "it has expired" },
	{ "an expired issuing CA", { .san = "DNS:host.example" },
	    { .cn = "Old CA", .ca = true, .expired = 3 }, 0, RMT_STAGE_CERTIFICATE, 10, 1, 45,
	    "depth 1 (Old CA): it has expired" },
	{ "an issuer that is no CA", { .san = "DNS:host.example" },
	    { .cn = "No CA", .usage = "digitalSignature" }, 0, RMT_STAGE_CERTIFICATE, 79, 1, 48,
	    "is no CA" },
	{ "SHA-1 at level 1", { .san = "DNS:host.example", .digest = "SHA1" }, { 0 }, 0,
	    RMT_STAGE_CERTIFICATE, 68, 0, 42, "too weak a digest (error 68)" },
	{ "SHA-1 at level 0", { .san = "DNS:host.example", .digest = "SHA1" }, { 0 }, LEVEL_0, 0,
	    -1, 0, 0, "" },
	{ "SHA-1 at level 0 with an auth level of 2",
	    { .san = "DNS:host.example", .digest = "SHA1" }, { 0 }, LEVEL_0 | AUTH_2,
	    RMT_STAGE_CERTIFICATE, 68, 0, 42, "too weak a digest" },
	{ "RSA 1024 at level 2", { .san = "DNS:host.example", .key = "RSA1024" }, { 0 }, LEVEL_2,
	    RMT_STAGE_CERTIFICATE, 66, 0, 42, "its key is too small (error 66)" },
	{ "RSA 1024 at level 1", { .san = "DNS:host.example", .key = "RSA1024" }, { 0 }, 0, 0, -1,
	    0, 0, "" },
	{ "an authority key identifier is missing, strictly", { .san = "DNS:host.example" }, { 0 },
	    STRICT, RMT_STAGE_CERTIFICATE, 85, 0, 46, "it has no authority key identifier" },

	{ "another name", { .san = "DNS:www.example,DNS:mail.example" }, { 0 }, 0, RMT_STAGE_NAME,
	    62, 0, 42, "it is for www.example, mail.example, not for host.example (error 62)" },
	{ "many other names",
	    { .san = "DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example,DNS:e.example,DNS:f."
		     "example,DNS:g.example" },
	    { 0 }, 0, RMT_STAGE_NAME, 62, 0, 42,
	    "it is for a.example, b.example, c.example, d.example, e.example and 2 more, not for" },
	{ "a wildcard", { .san = "DNS:*.corp.example" }, { 0 }, LONG_NAME, 0, -1, 0, 0, "" },
	{ "a wildcard for a whole top level domain", { .san = "DNS:*.example" }, { 0 }, 0,
	    RMT_STAGE_NAME, 62, 0, 42, "it is for *.example" },
	{ "a wildcard of two labels", { .san = "DNS:*.sub.example" }, { 0 }, 0, RMT_STAGE_NAME, 62,
	    0, 42, "it is for *.sub.example" },
	{ "the CN alone, where only the SAN counts", { 0 }, { 0 }, 0, RMT_STAGE_NAME, 62, 0, 42,
	    "it names host.example in its CN alone, where this client does not look" },
	{ "the CN alone, where it counts", { 0 }, { 0 }, OR_CN, 0, -1, 0, 0, "" },
	{ "the CN beside a SAN of other names does not count", { .san = "DNS:www.example" }, { 0 },
	    OR_CN, RMT_STAGE_NAME, 62, 0, 42, "it is for www.example" },
	{ "no name at all", { .cn = "Somebody" }, { 0 }, 0, RMT_STAGE_NAME, 62, 0, 42,
	    "it does not name host.example" },
	{ "names are not looked at", { .cn = "Somebody" }, { 0 }, NO_NAMES, 0, -1, 0, 0, "" },
	{ "an address in the SAN", { .san = "IP:127.0.0.1" }, { 0 }, BY_ADDRESS, 0, -1, 0, 0, "" },
	{ "an address that is not there", { .san = "DNS:host.example,IP:127.0.0.2" }, { 0 },
	    BY_ADDRESS, RMT_STAGE_NAME, 64, 0, 42,
	    "it is for host.example, 127.0.0.2, not for 127.0.0.1 (error 64)" },
	{ "the path is judged before the name", { .san = "DNS:www.example", .expired = 3 }, { 0 },
	    0, RMT_STAGE_CERTIFICATE, 10, 0, 45, "it has expired" },
};

static void
check_judge(void **state)
{
	const struct judge_row *row = *state;
	struct rmt_client client = modern();
	struct recipe recipe = row->leaf;
	struct party *ca = row->ca.cn != NULL ? party_new(&row->ca, root) : issuing, *leaf;
	const struct rmt_cert *trust[2] = {
		(row->how & OTHER_TRUST) ? other_root->cert : root->cert, ca->cert
	};
	const struct rmt_cert *at_hand[1] = { ca->cert };
	struct rmt_probe_options options =
	    options_for(&client, (row->how & NO_TRUST) ? NULL : trust);
	struct tls_server server = { 0 };
	struct peer peer;
	struct seen seen;
	size_t count = 1;

	client.names = (row->how & OR_CN) ? san_or_cn : (row->how & NO_NAMES) ? none : san;
	client.checks_purpose = (row->how & ANY_PURPOSE) == 0;
	client.trusts_root_only = (row->how & ROOT_ONLY) != 0;
	client.security_level = (row->how & LEVEL_0) ? 0 : (row->how & LEVEL_2) ? 2 : 1;
	options.rules.auth_level = (row->how & AUTH_2) ? 2 : -1;
	options.rules.strict = (row->how & STRICT) != 0;
	options.name = (row->how & LONG_NAME) ? "host.corp.example" : NULL;
	options.rules.trust_count += (row->how & INTERMEDIATE_TRUSTED) != 0;
	if (row->how & AT_HAND) {
		options.rules.at_hand = at_hand;
		options.rules.at_hand_count = 1;
	}
	recipe.cn = recipe.cn != NULL ? recipe.cn : "host.example";
	server.chain[0] = leaf = party_new(&recipe, ca);
	if (row->how & REVERSED)
		server.chain[count++] = root;
	if ((row->how & LEAF_ALONE) == 0)
		server.chain[count++] = ca;
	if ((row->how & WITH_ROOT) != 0 && (row->how & REVERSED) == 0)
		server.chain[count++] = root;
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(
	    &seen, &options, "", (row->how & BY_ADDRESS) ? "127.0.0.1" : "host.example", peer.port);
	peer_stop(&peer);
	if (row->error < 0) {
		assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	} else {
		assert_seen(
		    &seen, RMT_PROBE_WE_REFUSED, (enum rmt_probe_stage)row->stage, row->words);
		assert_int_equal(seen.last.verify_error, row->error);
		assert_int_equal(seen.last.verify_depth, row->depth);
		assert_int_equal(seen.last.alert, row->alert);
		assert_true(seen.last.alert_ours);
		assert_int_equal(seen.last.err.class, RMT_NEGATIVE);
		assert_true(*seen.last.err.citation != '\0');
	}
	assert_int_equal(seen.last.sent_count, count);
	seen_clear(&seen);
	tls_clear(&server);
	party_free(leaf);
	if (ca != issuing)
		party_free(ca);
}

/* ---- versions and ciphers ---- */

static const struct version_row {
	const char *sentence;
	char *min, *max;
	const char *ciphers;
	int server; /* its only version */
	const char *server_ciphers;
	enum rmt_probe_outcome outcome;
	const char *words;
} version_rows[] = {
	{ "a phone speaks TLS 1.0", tls10, tls10, "AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA",
	    TLS1_VERSION, NULL, RMT_PROBE_DONE, "" },
	{ "a phone and a server of today", tls10, tls10, NULL, TLS1_3_VERSION, NULL,
	    RMT_PROBE_THEY_REFUSED,
	    "it does not speak any of the versions offered (alert 70, protocol_version); this "
	    "client speaks nothing newer than tls1.0" },
	{ "a client of today and an old server", tls12, NULL, NULL, TLS1_VERSION, NULL,
	    RMT_PROBE_THEY_REFUSED, "(alert 70, protocol_version)" },
	{ "no cipher in common", tls12, tls12, "ECDHE-ECDSA-AES256-GCM-SHA384", TLS1_2_VERSION,
	    "ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0", RMT_PROBE_THEY_REFUSED,
	    "there is no version, cipher or signature algorithm that both sides take (alert 40, "
	    "handshake_failure)" },
};

static void
check_version(void **state)
{
	const struct version_row *row = *state;
	char ciphers[100] = "";
	struct rmt_client client = { .names = none, .sends_sni = true };
	struct rmt_probe_options options = options_for(&client, NULL);
	struct party *leaf = party_new(&(struct recipe){ .cn = "host.example" }, issuing);
	struct tls_server server = {
		.chain = { leaf }, .version = row->server, .ciphers = row->server_ciphers
	};
	struct peer peer;
	struct seen seen;

	snprintf(ciphers, sizeof(ciphers), "%s", row->ciphers != NULL ? row->ciphers : "");
	client.min_version = row->min;
	client.max_version = row->max;
	client.ciphers = row->ciphers != NULL ? ciphers : NULL;
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, &options, "", "host.example", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, row->outcome, RMT_STAGE_HANDSHAKE, row->words);
	seen_clear(&seen);
	tls_clear(&server);
	party_free(leaf);
}

/* ---- our certificate ---- */

enum shown { NONE, BOTH, SERVER_ONLY, NO_EKU, STRANGER };
static const struct mutual_row {
	const char *sentence;
	enum shown shown;
	int version;
	bool abrupt, playing; /* playing: a consumer is emulated, not only captured */
	int alert;            /* -1: taken */
	const char *words;
} mutual_rows[] = {
	{ "both purposes are taken under TLS 1.2", BOTH, TLS1_2_VERSION, false, true, -1, "" },
	{ "both purposes are taken under TLS 1.3", BOTH, TLS1_3_VERSION, false, true, -1, "" },
	{ "no purposes are taken", NO_EKU, TLS1_2_VERSION, false, true, -1, "" },
	{ "serverAuth alone is refused under TLS 1.2", SERVER_ONLY, TLS1_2_VERSION, false, true, 43,
	    "refuses the certificate that it was shown: the certificate is not meant for this "
	    "use" },
	{ "serverAuth alone is refused under TLS 1.3", SERVER_ONLY, TLS1_3_VERSION, false, true, 43,
	    "refuses the certificate that it was shown: the certificate is not meant for this "
	    "use" },
	{ "a stranger's is refused", STRANGER, TLS1_3_VERSION, false, true, 48,
	    "it does not know the authority that issued the certificate" },
	{ "none is refused under TLS 1.2", NONE, TLS1_2_VERSION, false, true, 40,
	    "demands a certificate and was shown none (alert 40" },
	{ "none is refused under TLS 1.3", NONE, TLS1_3_VERSION, false, true, 116,
	    "demands a certificate and was shown none (alert 116" },
	{ "capturing shows one too", SERVER_ONLY, TLS1_3_VERSION, false, false, 43,
	    "refuses the certificate that it was shown" },
};

static struct party *
party_shown(enum shown shown)
{
	struct recipe recipe = { .cn = "client.example", .san = "DNS:client.example" };

	recipe.eku = shown == BOTH          ? "serverAuth,clientAuth"
		     : shown == SERVER_ONLY ? "serverAuth"
					    : NULL;
	return shown == NONE ? NULL : party_new(&recipe, shown == STRANGER ? other_root : issuing);
}

static void
check_mutual(void **state)
{
	const struct mutual_row *row = *state;
	struct rmt_client client = modern();
	const struct rmt_cert *trust[1] = { root->cert }, *chain[1] = { issuing->cert };
	struct rmt_probe_options options = options_for(row->playing ? &client : NULL, trust);
	struct party *leaf =
	    party_new(&(struct recipe){ .cn = "host.example", .san = "DNS:host.example" }, issuing);
	struct party *mine = party_shown(row->shown);
	struct tls_server server = {
		.chain = { leaf, issuing }, .version = row->version, .client_root = root
	};
	struct peer peer;
	struct seen seen;

	if (mine != NULL) {
		options.certificate = mine->cert;
		options.key = mine->key;
		options.certificate_chain = chain;
		options.certificate_chain_count = 1;
	}
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, &options, "", "host.example", peer.port);
	peer_stop(&peer);
	if (row->alert < 0) {
		assert_seen(&seen, RMT_PROBE_DONE, 0, "");
		assert_true(seen.last.closed_cleanly);
	} else {
		assert_seen(
		    &seen, RMT_PROBE_THEY_REFUSED, RMT_STAGE_CLIENT_CERTIFICATE, row->words);
		assert_int_equal(seen.last.alert, row->alert);
		assert_false(seen.last.alert_ours);
		assert_false(seen.last.closed_cleanly);
	}
	assert_true(seen.last.asked_certificate);
	assert_int_equal(seen.last.issuers_named, 1);
	assert_int_equal(seen.last.sent_count, 2);
	seen_clear(&seen);
	tls_clear(&server);
	party_free(leaf);
	party_free(mine);
}

/* .NET judges after the handshake, and then just goes away. */
static void
check_abrupt(void **state)
{
	struct rmt_client client = modern();
	struct rmt_probe_options options = options_for(&client, NULL);
	struct party *leaf =
	    party_new(&(struct recipe){ .cn = "host.example", .san = "DNS:host.example" }, issuing);
	struct party *mine = party_shown(BOTH);
	struct tls_server server = {
		.chain = { leaf, issuing }, .client_root = root, .abrupt = true
	};
	struct peer peer;
	struct seen seen;

	(void)state;
	client.max_version = tls12;
	options.certificate = mine->cert;
	options.key = mine->key;
	options.certificate_chain = (const struct rmt_cert *const *)&issuing->cert;
	options.certificate_chain_count = 1;
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, &options, "", "host.example", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, RMT_PROBE_THEY_REFUSED, RMT_STAGE_CLIENT_CERTIFICATE,
	    "closes the connection after it was shown our certificate, without an alert");
	seen_clear(&seen);
	tls_clear(&server);
	party_free(leaf);
	party_free(mine);
}

/* nginx takes whoever comes, and says in HTTP what it thinks of them. */
static const struct page_row {
	const char *sentence;
	enum shown shown;
	const char *scheme, *page;
	const char *words; /* NULL: taken */
} page_rows[] = {
	{ "a page", BOTH, "https://", "HTTP/1.1 200 OK\r\n\r\nhello", NULL },
	{ "a page about certificates", BOTH, "https://",
	    "HTTP/1.1 200 OK\r\n\r\nall about certificates", NULL },
	{ "a page that is not there", BOTH, "https://",
	    "HTTP/1.1 404 Not Found\r\n\r\nno such page", NULL },
	{ "400 over our certificate", SERVER_ONLY, "https://",
	    "HTTP/1.1 400 Bad Request\r\n\r\n<title>400 The SSL certificate error</title>",
	    "refuses the certificate that it was shown: it answers \"HTTP/1.1 400 Bad Request\"" },
	{ "400 over no certificate", NONE, "https://",
	    "HTTP/1.1 400 Bad Request\r\n\r\n<title>400 No required SSL certificate was sent</title>",
	    "demands a certificate and was shown none: it answers \"HTTP/1.1 400 Bad Request\"" },
	{ "another protocol is asked for no page", BOTH, "sip://", "HTTP/1.1 400 certificate", NULL },
};

static void
check_page(void **state)
{
	const struct page_row *row = *state;
	struct rmt_client client = modern();
	struct rmt_probe_options options = options_for(&client, NULL);
	struct party *leaf = party_new(
	    &(struct recipe){ .cn = "host.example", .san = "DNS:host.example" }, issuing);
	struct party *mine = party_shown(row->shown);
	struct tls_server server = { .chain = { leaf, issuing }, .page = row->page };
	struct peer peer;
	struct seen seen;

	if (mine != NULL) {
		options.certificate = mine->cert;
		options.key = mine->key;
	}
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, &options, row->scheme, "host.example", peer.port);
	peer_stop(&peer);
	if (row->words == NULL)
		assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	else
		assert_seen(&seen, RMT_PROBE_THEY_REFUSED, RMT_STAGE_CLIENT_CERTIFICATE, row->words);
	assert_int_equal(seen.last.closed_cleanly, row->words == NULL);
	seen_clear(&seen);
	tls_clear(&server);
	party_free(leaf);
	party_free(mine);
}

/* ---- options that contradict each other ---- */

static int
never(void *arg, const struct rmt_probe_seen *seen)
{
	(void)arg, (void)seen;
	fail_msg("nothing was to be probed");
	return -1;
}

static void
check_options(void **state)
{
	struct rmt_client client = modern();
	char nonsense[] = "NONSENSE";
	struct rmt_probe_options options =
	    options_for(&client, (const struct rmt_cert *const *)&issuing->cert);
	struct rmt_probe_jobs empty = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	client.trusts_root_only = true;
	assert_int_equal(rmt_probe_run(&options, NULL, &empty, never, NULL, &err), -1);
	assert_error(&err, RMT_USAGE,
	    "trusts roots only, and none of the certificates to be trusted is one");
	rmt_err_clear(&err);
	client.trusts_root_only = false;
	client.ciphers = nonsense;
	assert_int_equal(rmt_probe_run(&options, NULL, &empty, never, NULL, &err), -1);
	assert_error(&err, RMT_POLICY, "none of the ciphers \"NONSENSE\"");
	rmt_err_clear(&err);
	client.ciphers = NULL;
	options.certificate = root->cert;
	assert_int_equal(rmt_probe_run(&options, NULL, &empty, never, NULL, &err), -1);
	assert_error(&err, RMT_SECRET, "has no key");
	rmt_err_clear(&err);
	options.key = issuing->key;
	assert_int_equal(rmt_probe_run(&options, NULL, &empty, never, NULL, &err), -1);
	assert_error(&err, RMT_SECRET, "not that of the certificate");
	rmt_err_clear(&err);
	options.key = root->key;
	assert_int_equal(rmt_probe_run(&options, NULL, &empty, never, NULL, &err), 0);
}

/* What OpenSSL cannot read is no help at hand, and no anchor. */
static void
check_unreadable(void **state)
{
	static const unsigned char junk[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };
	const struct rmt_cert cert = { .der = { junk, sizeof(junk) } }, *const list[] = { &cert };
	struct rmt_client client = modern();
	struct rmt_probe_options options = options_for(&client, NULL);
	struct rmt_probe_jobs empty = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	options.rules.at_hand = list;
	options.rules.at_hand_count = 1;
	assert_int_equal(rmt_probe_run(&options, NULL, &empty, never, NULL, &err), 0);
	assert_int_equal(err.class, RMT_NONE);
	options.rules.trust = list;
	options.rules.trust_count = 1;
	assert_int_equal(rmt_probe_run(&options, NULL, &empty, never, NULL, &err), -1);
	assert_error(&err, RMT_INPUT, "OpenSSL cannot read a trusted certificate");
}

int
main(void)
{
	static struct rows rows;
	int failed;

	make_authorities();
	ADD_TABLE(&rows, strict_rows, check_strict_client);
	ADD_TABLE(&rows, strict_rows, check_strict_server);
	ADD_TABLE(&rows, listed_rows, check_listed);
	ADD_TABLE(&rows, judge_rows, check_judge);
	ADD_TABLE(&rows, version_rows, check_version);
	ADD_TABLE(&rows, mutual_rows, check_mutual);
	ADD_TABLE(&rows, page_rows, check_page);
	add_row(
	    &rows, "a server that goes away after our certificate refused it", check_abrupt, NULL);
	add_row(&rows, "options that contradict each other", check_options, NULL);
	add_row(&rows, "certificates at hand that OpenSSL cannot read", check_unreadable, NULL);
	failed = run_rows("playing a consumer", &rows);
	for (size_t i = 0; i < made_count; i++)
		party_free(made[i]);
	return failed;
}
