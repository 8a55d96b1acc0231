/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/serve.c - a target as a TLS server: what it presents, whom it asks for a certificate, and
 * what it says to whom it accepted.
 *
 * The context and the judge are those of every consumer (client.c, judge.c). What is added here is
 * the server's own half: a certificate that the target's security level does not take is refused
 * before anybody connects, as the real server refuses to start with it; and under strict signature
 * algorithms (SSL_CERT_FLAG_TLS_STRICT, and our own look at the root) no chain is served that has
 * another signature, which OpenSSL calls "no shared cipher" and we do not.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "probe/local.h"

struct rmt_peer_server {
	const struct rmt_peer_options *options;
	struct rmt_client client; /* borrowed text; its level may be the path's */
	SSL_CTX *ctx;
	struct rmt_probe_judge *judge;
	const struct rmt_cert **behind; /* what is sent behind the certificate */
	size_t behind_count;
};

SSL_CTX *
rmt_peer_server_ctx(const struct rmt_peer_server *server)
{
	return server->ctx;
}

/* ---- what both sides take -------------------------------------------------------------------- */

/* Whether both sides take this certificate's signature. */
static bool
is_shared(SSL *ssl, const struct rmt_cert *cert)
{
	X509 *x509 = rmt_probe_x509(cert, "certificate", NULL);
	int wanted = x509 != NULL ? X509_get_signature_nid(x509) : NID_undef, nid = NID_undef;
	int count = SSL_get_shared_sigalgs(ssl, 0, NULL, NULL, NULL, NULL, NULL);
	bool found = false;

	X509_free(x509);
	for (int i = 0; wanted != NID_undef && !found && i < count; i++) {
		(void)SSL_get_shared_sigalgs(ssl, i, NULL, NULL, &nid, NULL, NULL);
		found = nid == wanted;
	}
	return found;
}

/* The first that is sent and not signed as both sides take it, in the one version that has a list
 * to hold it against. A client without a list is OpenSSL's to judge. */
static const struct rmt_cert *
first_unshared(const struct rmt_peer_server *server, SSL *ssl)
{
	if (!server->client.strict_chain || SSL_version(ssl) != TLS1_2_VERSION ||
	    SSL_get_shared_sigalgs(ssl, 0, NULL, NULL, NULL, NULL, NULL) <= 0)
		return NULL;
	if (!is_shared(ssl, server->options->certificate))
		return server->options->certificate;
	for (size_t i = 0; i < server->behind_count; i++)
		if (!is_shared(ssl, server->behind[i]))
			return server->behind[i];
	return NULL;
}

/* Newer OpenSSL (3.5 does, 3.0 does not) lets a root's signature pass in its strict mode: so we
 * look ourselves, and leave OpenSSL without a certificate, which ends as its own refusal does. */
static int
keep_to_shared(SSL *ssl, void *arg)
{
	const struct rmt_peer_server *server = arg;

	if (first_unshared(server, ssl) != NULL)
		SSL_certs_clear(ssl);
	ERR_clear_error();
	return 1;
}

/* ---- what is presented ----------------------------------------------------------------------- */

static int
choose_chain(struct rmt_peer_server *server, struct rmt_err *err)
{
	const struct rmt_peer_options *options = server->options;
	const char *presents = options->presents != NULL ? options->presents : "leaf+intermediates";

	server->behind = calloc(options->chain_count + 1, sizeof(const struct rmt_cert *));
	if (server->behind == NULL)
		return rmt_err_memory(err);
	for (size_t i = 0; strcmp(presents, "leaf") != 0 && i < options->chain_count; i++)
		server->behind[server->behind_count++] = options->chain[i];
	if (strcmp(presents, "leaf+intermediates+root") == 0 && options->root != NULL)
		server->behind[server->behind_count++] = options->root;
	return 0;
}

/* As OpenSSL counts: a key or a signature of fewer bits is refused at this level. */
static int
bits_of_level(int level)
{
	static const int bits[] = { 0, 80, 112, 128, 192, 256 };

	return bits[level < 0 ? 0 : level > 5 ? 5 : level];
}

/* A root's own signature is never looked at, and neither is its key as long as it is not sent. */
static int
fits_level(SSL_CTX *ctx, const struct rmt_cert *cert, struct rmt_err *err)
{
	int level = SSL_CTX_get_security_level(ctx), needed = bits_of_level(level), signature = -1;
	X509 *x509 = rmt_probe_x509(cert, "certificate", err);
	const EVP_PKEY *key = x509 != NULL ? X509_get0_pubkey(x509) : NULL;
	struct rmt_signature_algorithm algorithm = { 0 };
	struct rmt_buf name = { 0 };
	int rc = x509 != NULL ? 0 : -1;

	(void)rmt_algorithm_read(cert->outer_algorithm, &algorithm, NULL);
	rmt_cert_label(cert, &name);
	if (x509 != NULL && key != NULL && EVP_PKEY_get_security_bits(key) < needed)
		rc = rmt_err_set(err, RMT_POLICY, NULL,
		    "the key of \"%.100s\" is too weak for this target: its security level %d "
		    "wants %d bits of security, and this key has %d",
		    rmt_buf_string(&name), level, needed, EVP_PKEY_get_security_bits(key));
	else if (x509 != NULL && !rmt_cert_self_issued(cert) &&
		 X509_get_signature_info(x509, NULL, NULL, &signature, NULL) == 1 &&
		 signature < needed)
		rc = rmt_err_set(err, RMT_POLICY, NULL,
		    "\"%.100s\" is signed with %s, which is too weak for this target at its "
		    "security level %d: clients refuse it, and older OpenSSL does not start with "
		    "it",
		    rmt_buf_string(&name), algorithm.name != NULL ? algorithm.name : "", level);
	rmt_buf_free(&name);
	X509_free(x509);
	ERR_clear_error();
	return rc;
}

static int
present(struct rmt_peer_server *server, struct rmt_err *err)
{
	const struct rmt_peer_options *options = server->options;

	if (choose_chain(server, err) < 0 || fits_level(server->ctx, options->certificate, err) < 0)
		return -1;
	for (size_t i = 0; i < server->behind_count; i++)
		if (fits_level(server->ctx, server->behind[i], err) < 0)
			return -1;
	if (server->client.strict_chain) {
		SSL_CTX_set_cert_flags(server->ctx, SSL_CERT_FLAG_TLS_STRICT);
		SSL_CTX_set_cert_cb(server->ctx, keep_to_shared, server);
	}
	return rmt_probe_ctx_show(server->ctx, options->certificate, options->key, server->behind,
	    server->behind_count, err);
}

/* ---- who is asked ---------------------------------------------------------------------------- */

static int
judge_guests(struct rmt_peer_server *server, struct rmt_err *err)
{
	struct rmt_probe_rules rules = server->options->rules;

	rules.client = &server->client;
	server->judge = rmt_probe_judge_new(&rules, RMT_PURPOSE_CLIENT, err);
	return server->judge != NULL
		   ? rmt_probe_judge_install(server->judge, server->ctx, true, err)
		   : -1;
}

struct rmt_peer_server *
rmt_peer_server_new(const struct rmt_peer_options *options, struct rmt_err *err)
{
	struct rmt_peer_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	server->options = options;
	server->client = *options->rules.client;
	if (server->client.security_level < 0)
		server->client.security_level = options->rules.auth_level;
	server->ctx = rmt_probe_ctx_new(&server->client, true, err);
	if (server->ctx != NULL && present(server, err) == 0 && judge_guests(server, err) == 0) {
		SSL_CTX_set_dh_auto(server->ctx, 1);
		return server;
	}
	rmt_peer_server_free(server);
	return NULL;
}

void
rmt_peer_server_free(struct rmt_peer_server *server)
{
	if (server == NULL)
		return;
	SSL_CTX_free(server->ctx);
	rmt_probe_judge_free(server->judge);
	free(server->behind);
	free(server);
}

/* ---- what would not be served ---------------------------------------------------------------- */

static bool
is_signed_as_listed(const struct rmt_client *client, const struct rmt_cert *cert)
{
	struct rmt_signature_algorithm algorithm;

	return rmt_algorithm_read(cert->outer_algorithm, &algorithm, NULL) == 0 &&
	       rmt_probe_signature_listed(&client->signature_algorithms, &algorithm);
}

const struct rmt_cert *
rmt_peer_unserved(const struct rmt_peer_options *options)
{
	const struct rmt_client *client = options->rules.client;
	const char *presents = options->presents != NULL ? options->presents : "leaf+intermediates";

	if (!client->strict_chain || client->signature_algorithms.count == 0)
		return NULL;
	if (!is_signed_as_listed(client, options->certificate))
		return options->certificate;
	for (size_t i = 0; strcmp(presents, "leaf") != 0 && i < options->chain_count; i++)
		if (!is_signed_as_listed(client, options->chain[i]))
			return options->chain[i];
	if (strcmp(presents, "leaf+intermediates+root") == 0 && options->root != NULL &&
	    !is_signed_as_listed(client, options->root))
		return options->root;
	return NULL;
}

/* ---- why it could not be served -------------------------------------------------------------- */

void
rmt_peer_server_explain(const struct rmt_peer_server *server, SSL *ssl, struct rmt_err *err)
{
	const struct rmt_cert *culprit = first_unshared(server, ssl);
	struct rmt_signature_algorithm algorithm = { 0 };
	struct rmt_buf name = { 0 };

	if (culprit == NULL || SSL_get0_peer_certificate(ssl) != NULL)
		return;
	(void)rmt_algorithm_read(culprit->outer_algorithm, &algorithm, NULL);
	rmt_cert_label(culprit, &name);
	rmt_err_clear(err);
	rmt_err_set(err, RMT_NEGATIVE, NULL,
	    "under TLS 1.2 this target does not serve \"%.100s\": it is signed with %s, which is "
	    "not "
	    "among the signature algorithms that both sides take (OpenSSL: no shared cipher)",
	    rmt_buf_string(&name),
	    algorithm.name != NULL ? algorithm.name : "an unknown algorithm");
	rmt_buf_free(&name);
}

/* ---- what is said ---------------------------------------------------------------------------- */

int
rmt_peer_reply(
    const char *as, const struct rmt_probe_wire *wire, struct rmt_buf *out, struct rmt_err *err)
{
	const char *protocol = rmt_probe_wire_protocol(wire), *cipher = rmt_probe_wire_cipher(wire);
	struct rmt_buf text = { 0 }, name = { 0 };
	int rc;

	rmt_buf_format(&text, "accepted%s%s: %s, %s; ", as != NULL ? " as by " : "",
	    as != NULL ? as : "", protocol != NULL ? protocol : "TLS",
	    cipher != NULL ? cipher : "?");
	if (wire->sent_count == 0) {
		rmt_buf_text(&text, "no client certificate was shown");
	} else {
		rmt_cert_label(wire->sent[0], &name);
		rmt_buf_text(&text, "client certificate: ");
		rmt_safe_text(rmt_buf_view(&name), &text);
	}
	rmt_buf_byte(&text, '\n');
	rmt_buf_format(out,
	    "HTTP/1.0 200 OK\r\nServer: remint peer\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    text.length);
	rmt_buf_span(out, rmt_buf_view(&text));
	rc = rmt_buf_check(&text, err) < 0 || rmt_buf_check(&name, err) < 0 ||
		     rmt_buf_check(out, err) < 0
		 ? -1
		 : 0;
	rmt_buf_free(&name);
	rmt_buf_free(&text);
	return rc;
}
