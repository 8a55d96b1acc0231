/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/judge.c - holds the certificates of a peer against what one consumer takes, in the middle
 * of the handshake: signatures of the chain as sent, path, purpose, name; and says in words what it
 * refuses.
 *
 * X509_verify_cert decides on paths (RFC 5280, 6). What it does not know stands here: a consumer
 * that refuses, under TLS 1.2, every certificate on the wire whose signature it did not offer
 * (Schannel), and names that it looks for in the SAN alone or in the CN too. Versions, ciphers and
 * the signature of the handshake itself are client.c's.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "probe/local.h"

enum { PATH_MOST = 32, NAMES_LISTED = 5 };

struct rmt_probe_judge {
	struct rmt_probe_rules rules;
	enum rmt_purpose role;
	X509_STORE *store;
	STACK_OF(X509) * at_hand;
};

/* ---- what it refuses, in words ---- */

/* "the certificate at depth 1 (Issuing CA)" */
static void
name_certificate(const struct rmt_cert *cert, int depth, struct rmt_buf *out)
{
	struct rmt_buf label = { 0 };

	rmt_buf_format(out, "refuses the certificate at depth %d", depth);
	if (cert != NULL) {
		rmt_cert_label(cert, &label);
		rmt_buf_format(out, " (%.100s)", rmt_buf_string(&label));
	}
	rmt_buf_free(&label);
}

static int
refuse(struct rmt_probe_verdict *verdict, const struct rmt_cert *cert, enum rmt_probe_stage stage,
    const char *citation, const char *why)
{
	struct rmt_buf whom = { 0 };

	verdict->stage = stage;
	name_certificate(cert, verdict->depth, &whom);
	if (verdict->error != 0)
		rmt_err_cite(&verdict->err, RMT_NEGATIVE, NULL, citation, "%s: %s (error %d)",
		    rmt_buf_string(&whom), why, verdict->error);
	else
		rmt_err_cite(&verdict->err, RMT_NEGATIVE, NULL, citation, "%s: %s",
		    rmt_buf_string(&whom), why);
	rmt_buf_free(&whom);
	return 0;
}

/* Why X509_check_purpose() said no. */
static void
purpose_words(const struct rmt_cert *cert, enum rmt_purpose role, int depth, char *out, size_t size)
{
	const char *wanted = role == RMT_PURPOSE_CLIENT ? "clientAuth" : "serverAuth";
	const struct rmt_ext *eku = rmt_ext_find(&cert->extensions, RMT_EXT_EXTENDED_KEY_USAGE);
	bool any = eku != NULL && rmt_ext_eku_has(eku->value, "anyExtendedKeyUsage");

	if (eku != NULL && !rmt_ext_eku_has(eku->value, wanted))
		snprintf(out, size, "its purposes lack %s%s", wanted,
		    any ? "; Windows takes its anyExtendedKeyUsage for that, OpenSSL does not"
			: "");
	else if (depth > 0 && !rmt_cert_is_ca(cert))
		snprintf(out, size, "it issued a certificate and is no CA");
	else if (rmt_ext_find(&cert->extensions, RMT_EXT_KEY_USAGE) != NULL)
		snprintf(out, size, "its key usage does not fit a TLS %s",
		    role == RMT_PURPOSE_CLIENT ? "client" : "server");
	else
		snprintf(out, size, "it is not meant for a TLS %s",
		    role == RMT_PURPOSE_CLIENT ? "client" : "server");
}

/* The citation of what X509_verify_cert refused. */
static const char *
path_citation(int error)
{
	switch (error) {
	case X509_V_ERR_INVALID_PURPOSE:
		return "RFC 5280, 4.2.1.12";
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "RFC 5280, 4.1.2.5";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "RFC 5246, 7.4.2";
	default:
		return "RFC 5280, 6.1";
	}
}

static int
refuse_path(
    const struct rmt_probe_judge *judge, X509_STORE_CTX *ctx, struct rmt_probe_verdict *verdict)
{
	X509 *at_fault = X509_STORE_CTX_get_current_cert(ctx);
	struct rmt_cert *cert = NULL;
	unsigned char *der = NULL;
	char words[200];
	int length;

	verdict->error = X509_STORE_CTX_get_error(ctx);
	verdict->depth = X509_STORE_CTX_get_error_depth(ctx);
	if (verdict->error == X509_V_OK)
		verdict->error = X509_V_ERR_UNSPECIFIED;
	length = at_fault != NULL ? i2d_X509(at_fault, &der) : 0;
	if (length > 0)
		cert = rmt_cert_new(rmt_span_of(der, (size_t)length), RMT_TOLERANT, NULL);
	if (verdict->error == X509_V_ERR_INVALID_PURPOSE && cert != NULL)
		purpose_words(cert, judge->role, verdict->depth, words, sizeof(words));
	else
		snprintf(words, sizeof(words), "%s", rmt_probe_verify_words(verdict->error));
	refuse(verdict, cert, RMT_STAGE_CERTIFICATE, path_citation(verdict->error), words);
	rmt_cert_free(cert);
	OPENSSL_free(der);
	return 0;
}

/* ---- signatures of the chain as sent ---- */

/* Schannel before KB2973337: whatever stands on the wire counts, also a root that nobody needs
 * there, and only TLS 1.2 has a list to hold it against. */
static int
check_signatures(const struct rmt_probe_judge *judge, const struct rmt_probe_wire *wire,
    X509_STORE_CTX *ctx, struct rmt_probe_verdict *verdict)
{
	const struct rmt_client *client = judge->rules.client;

	if (!client->strict_chain || client->signature_algorithms.count == 0 ||
	    SSL_version(wire->ssl) != TLS1_2_VERSION)
		return 1;
	for (size_t i = 0; i < wire->sent_count; i++) {
		struct rmt_signature_algorithm algorithm;
		char words[160];

		if (rmt_algorithm_read(wire->sent[i]->outer_algorithm, &algorithm, NULL) == 0 &&
		    rmt_probe_signature_listed(&client->signature_algorithms, &algorithm))
			continue;
		snprintf(words, sizeof(words),
		    "it is signed with %s, which this client does not take under TLS 1.2%s",
		    *algorithm.name != '\0' ? algorithm.name : "an unknown algorithm",
		    i > 0 && rmt_cert_self_issued(wire->sent[i]) ? "; a root need not be sent"
								 : "");
		verdict->depth = (int)i;
		X509_STORE_CTX_set_error(
		    ctx, X509_V_ERR_APPLICATION_VERIFICATION); /* handshake_failure */
		return refuse(
		    verdict, wire->sent[i], RMT_STAGE_CERTIFICATE, "RFC 5246, 7.4.2", words);
	}
	return 1;
}

/* ---- the path ---- */

/* Without a trust set nobody can say whether the end of the path is trusted: that alone is let
 * pass. */
static int
forgive_the_end(int good, X509_STORE_CTX *ctx)
{
	static const int forgiven[] = { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_CERT_UNTRUSTED };

	for (size_t i = 0; !good && i < sizeof(forgiven) / sizeof(forgiven[0]); i++)
		if (X509_STORE_CTX_get_error(ctx) == forgiven[i]) {
			X509_STORE_CTX_set_error(ctx, X509_V_OK);
			return 1;
		}
	return good;
}

/* The last member of a path is taken for its anchor, whose signature is not weighed. Of one that
 * only ends the path because its issuer is missing it is. */
static bool
top_is_weak(X509_STORE_CTX *ctx)
{
	static const int least_bits[] = { 0, 80, 112, 128, 192, 256 };
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	X509 *top = sk_X509_value(chain, sk_X509_num(chain) - 1);
	int level = X509_VERIFY_PARAM_get_auth_level(X509_STORE_CTX_get0_param(ctx)), bits = 0;

	if (top == NULL || level <= 0 || (X509_get_extension_flags(top) & EXFLAG_SS) != 0)
		return false;
	if (!X509_get_signature_info(top, NULL, NULL, &bits, NULL) ||
	    bits >= least_bits[level < 5 ? level : 5])
		return false;
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_CA_MD_TOO_WEAK);
	X509_STORE_CTX_set_error_depth(ctx, sk_X509_num(chain) - 1);
	X509_STORE_CTX_set_current_cert(ctx, top);
	return true;
}

static void
set_rules(const struct rmt_probe_judge *judge, X509_STORE_CTX *ctx)
{
	const struct rmt_probe_rules *rules = &judge->rules;
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	int purpose =
	    judge->role == RMT_PURPOSE_CLIENT ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER;

	if (!rules->client->checks_purpose || judge->role == RMT_PURPOSE_ANY)
		purpose = X509_PURPOSE_ANY;
	X509_VERIFY_PARAM_set_purpose(param, purpose);
	if (rules->now != 0)
		X509_VERIFY_PARAM_set_time(param, (time_t)rules->now);
	X509_VERIFY_PARAM_set_depth(param, PATH_MOST);
	if (rules->auth_level >= 0)
		X509_VERIFY_PARAM_set_auth_level(param, rules->auth_level);
	if (rules->strict)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	if (rules->trust_count == 0)
		X509_STORE_CTX_set_verify_cb(ctx, forgive_the_end);
}

/* What was sent, then what this consumer has or would fetch. NULL when there is no memory. */
static STACK_OF(X509) * issuers_for(const struct rmt_probe_judge *judge, X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(ctx);
	STACK_OF(X509) *all = sent != NULL ? sk_X509_dup(sent) : sk_X509_new_null();

	for (int i = 0; all != NULL && i < sk_X509_num(judge->at_hand); i++)
		if (!sk_X509_push(all, sk_X509_value(judge->at_hand, i))) {
			sk_X509_free(all);
			return NULL;
		}
	return all;
}

static int
check_path(
    const struct rmt_probe_judge *judge, X509_STORE_CTX *ctx, struct rmt_probe_verdict *verdict)
{
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(ctx), *all = issuers_for(judge, ctx);
	int good;

	if (all == NULL) {
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_OUT_OF_MEM);
		return refuse_path(judge, ctx, verdict);
	}
	set_rules(judge, ctx);
	X509_STORE_CTX_set0_untrusted(ctx, all);
	good = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_set0_untrusted(ctx, sent);
	sk_X509_free(all);
	ERR_clear_error();
	if (good && judge->rules.trust_count == 0)
		good = !top_is_weak(ctx);
	return good ? 1 : refuse_path(judge, ctx, verdict);
}

/* ---- the name ---- */

static bool
is_address(const char *name)
{
	struct in6_addr parsed;

	return inet_pton(AF_INET, name, &parsed) == 1 || inet_pton(AF_INET6, name, &parsed) == 1;
}

/* "a.example, b.example and 3 more"; the number of names. */
static size_t
list_names(const struct rmt_cert *cert, struct rmt_buf *out)
{
	const struct rmt_ext *san = rmt_ext_find(&cert->extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_general_name name;
	struct rmt_der cursor;
	size_t count = 0;

	if (san == NULL || rmt_general_open(san->value, &cursor, NULL) < 0)
		return 0;
	while (rmt_general_next(&cursor, &name, NULL) == 1) {
		struct rmt_buf text = { 0 };

		if (name.type != RMT_GN_DNS && name.type != RMT_GN_IP)
			continue;
		rmt_general_text(&name, &text);
		if (count++ < NAMES_LISTED)
			rmt_buf_format(out, "%s%.80s", count > 1 ? ", " : "",
			    strchr(rmt_buf_string(&text), ':') + 1);
		rmt_buf_free(&text);
	}
	if (count > NAMES_LISTED)
		rmt_buf_format(out, " and %zu more", count - NAMES_LISTED);
	return count;
}

static int
refuse_name(const struct rmt_probe_wire *wire, bool by_cn, struct rmt_probe_verdict *verdict)
{
	const struct rmt_cert *leaf = wire->sent_count > 0 ? wire->sent[0] : NULL;
	struct rmt_buf names = { 0 };
	char words[400];

	verdict->depth = 0;
	if (by_cn)
		snprintf(words, sizeof(words),
		    "it names %.100s in its CN alone, where this client does not look", wire->name);
	else if (leaf != NULL && list_names(leaf, &names) > 0)
		snprintf(words, sizeof(words), "it is for %.200s, not for %.100s",
		    rmt_buf_string(&names), wire->name);
	else
		snprintf(words, sizeof(words), "it does not name %.100s", wire->name);
	rmt_buf_free(&names);
	return refuse(verdict, leaf, RMT_STAGE_NAME, "RFC 6125, 6.4", words);
}

static int
check_name(const struct rmt_probe_judge *judge, const struct rmt_probe_wire *wire,
    X509_STORE_CTX *ctx, struct rmt_probe_verdict *verdict)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	const char *where = judge->rules.client->names;
	bool cn_too = where != NULL && strcmp(where, "san-or-cn") == 0, address;
	unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
	int good;

	if (wire->name == NULL || (where != NULL && strcmp(where, "none") == 0))
		return 1;
	address = is_address(wire->name);
	if (address)
		good = X509_check_ip_asc(leaf, wire->name, 0) == 1;
	else
		good = X509_check_host(leaf, wire->name, 0,
			   flags | (cn_too ? 0 : X509_CHECK_FLAG_NEVER_CHECK_SUBJECT), NULL) == 1;
	if (good)
		return 1;
	verdict->error = address ? X509_V_ERR_IP_ADDRESS_MISMATCH : X509_V_ERR_HOSTNAME_MISMATCH;
	X509_STORE_CTX_set_error(ctx, verdict->error);
	return refuse_name(wire,
	    !address && !cn_too && X509_check_host(leaf, wire->name, 0, flags, NULL) == 1, verdict);
}

/* ---- the verdict ---- */

/* Called by OpenSSL once the chain has come. The error left in `ctx` decides which alert is sent.
 */
static int
verify(X509_STORE_CTX *ctx, void *arg)
{
	const struct rmt_probe_judge *judge = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct rmt_probe_wire *wire = SSL_get_app_data(ssl);
	struct rmt_probe_verdict *verdict = &wire->verdict;

	*verdict = (struct rmt_probe_verdict){ 0 };
	if (rmt_probe_wire_chain(wire, &verdict->err) < 0) {
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_OUT_OF_MEM);
		return 0;
	}
	if (!check_signatures(judge, wire, ctx, verdict) || !check_path(judge, ctx, verdict) ||
	    !check_name(judge, wire, ctx, verdict))
		return 0;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

/* ---- the judge ---- */

static int
add_trust(struct rmt_probe_judge *judge, struct rmt_err *err)
{
	const struct rmt_probe_rules *rules = &judge->rules;
	size_t kept = 0;

	for (size_t i = 0; i < rules->trust_count; i++) {
		X509 *cert;
		int added;

		/* An intermediate among the trusted would repair the chain that this consumer
		 * cannot repair. */
		if (rules->client->trusts_root_only && !rmt_cert_self_issued(rules->trust[i]))
			continue;
		cert = rmt_probe_x509(rules->trust[i], "a trusted certificate", err);
		if (cert == NULL)
			return -1;
		added = X509_STORE_add_cert(judge->store, cert);
		X509_free(cert);
		if (!added)
			return rmt_err_openssl(
			    err, RMT_INTERNAL, NULL, "cannot trust a certificate");
		kept++;
	}
	if (rules->trust_count > 0 && kept == 0)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "this client trusts roots only, and none of the certificates to be trusted is "
		    "one");
	return 0;
}

/* What OpenSSL cannot read helps nobody, and is no reason to refuse the rest. */
static int
add_at_hand(struct rmt_probe_judge *judge, struct rmt_err *err)
{
	const struct rmt_probe_rules *rules = &judge->rules;

	for (size_t i = 0; i < rules->at_hand_count && !rules->client->trusts_root_only; i++) {
		X509 *cert = rmt_probe_x509(rules->at_hand[i], "a certificate at hand", NULL);

		if (cert == NULL)
			continue;
		if (!sk_X509_push(judge->at_hand, cert)) {
			X509_free(cert);
			return rmt_err_memory(err);
		}
	}
	return 0;
}

struct rmt_probe_judge *
rmt_probe_judge_new(
    const struct rmt_probe_rules *rules, enum rmt_purpose role, struct rmt_err *err)
{
	struct rmt_probe_judge *judge = calloc(1, sizeof(*judge));

	if (judge == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	judge->rules = *rules;
	judge->role = role;
	judge->store = X509_STORE_new();
	judge->at_hand = sk_X509_new_null();
	if (judge->store == NULL || judge->at_hand == NULL)
		rmt_err_memory(err);
	else if (add_trust(judge, err) == 0 && add_at_hand(judge, err) == 0)
		return judge;
	rmt_probe_judge_free(judge);
	return NULL;
}

void
rmt_probe_judge_free(struct rmt_probe_judge *judge)
{
	if (judge == NULL)
		return;
	X509_STORE_free(judge->store);
	sk_X509_pop_free(judge->at_hand, X509_free);
	free(judge);
}

static int
name_issuers(const struct rmt_probe_judge *judge, SSL_CTX *ctx, struct rmt_err *err)
{
	STACK_OF(X509_OBJECT) *trusted = X509_STORE_get0_objects(judge->store);

	for (int i = 0; i < sk_X509_OBJECT_num(trusted); i++) {
		X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i));

		if (cert != NULL && !SSL_CTX_add_client_CA(ctx, cert))
			return rmt_err_openssl(
			    err, RMT_INTERNAL, NULL, "cannot name the issuers trusted");
	}
	return 0;
}

int
rmt_probe_judge_install(
    struct rmt_probe_judge *judge, SSL_CTX *ctx, bool server_side, struct rmt_err *err)
{
	int mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

	if (server_side && !judge->rules.client->demands_certificate)
		return 0;
	if (server_side && name_issuers(judge, ctx, err) < 0)
		return -1;
	SSL_CTX_set1_cert_store(ctx, judge->store);
	SSL_CTX_set_verify(ctx, mode, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, judge);
	return 0;
}
