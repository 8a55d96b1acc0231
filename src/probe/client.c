/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/client.c - an SSL_CTX that offers what a consumer offers: versions, ciphers, signature
 * algorithms, security level.
 *
 * What it refuses of what it is sent is judge.c's. The system's own TLS settings (openssl.cnf) are
 * overruled in each of these points: an emulated phone must not be as modern as the machine it is
 * emulated on.
 */
#include "config.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "probe/local.h"

/* Everything that OpenSSL can do, but what would spare the server its certificate. */
#define EVERY_CIPHER "ALL:COMPLEMENTOFALL:!aNULL:!PSK:!SRP"

/* ---- what is offered ---- */

static int
version_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} versions[] = { { "tls1.0", TLS1_VERSION }, { "tls1.1", TLS1_1_VERSION },
		{ "tls1.2", TLS1_2_VERSION }, { "tls1.3", TLS1_3_VERSION } };

	for (size_t i = 0; name != NULL && i < sizeof(versions) / sizeof(versions[0]); i++)
		if (strcmp(versions[i].name, name) == 0)
			return versions[i].number;
	return 0; /* no bound */
}

/* Sessions, tickets and renegotiation would let one connection lean on another; legacy servers are
 * connected to because what is judged here are certificates. */
static void
set_options(SSL_CTX *ctx)
{
	uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
			   SSL_OP_LEGACY_SERVER_CONNECT;

#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
	/* The chain as sent is read from the plain Certificate message. */
	options |= SSL_OP_NO_RX_CERTIFICATE_COMPRESSION | SSL_OP_NO_TX_CERTIFICATE_COMPRESSION;
#endif
	SSL_CTX_set_options(ctx, options);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, RMT_PROBE_LIST_MOST);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_quiet_shutdown(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
}

static int
offer(SSL_CTX *ctx, const struct rmt_client *client, struct rmt_err *err)
{
	if (!SSL_CTX_set_min_proto_version(ctx, version_number(client->min_version)) ||
	    !SSL_CTX_set_max_proto_version(ctx, version_number(client->max_version)))
		return rmt_err_openssl(err, RMT_POLICY, "client.min_version",
		    "this OpenSSL cannot speak the versions of this target");
	if (client->security_level >= 0)
		SSL_CTX_set_security_level(ctx, client->security_level);
	if (client->ciphers != NULL && !SSL_CTX_set_cipher_list(ctx, client->ciphers))
		return rmt_err_openssl(err, RMT_POLICY, "client.ciphers",
		    "this OpenSSL has none of the ciphers \"%s\"", client->ciphers);
	return 0;
}

/* For both directions: what the peer may prove itself with, and what we do. */
static int
offer_signatures(SSL_CTX *ctx, const struct rmt_text_list *algorithms, struct rmt_err *err)
{
	struct rmt_buf list = { 0 };
	int rc = 0;

	for (size_t i = 0; i < algorithms->count; i++)
		rmt_buf_format(&list, "%s%s", i > 0 ? ":" : "", algorithms->items[i]);
	if (rmt_buf_check(&list, err) < 0)
		rc = -1;
	else if (list.length > 0 &&
		 (!SSL_CTX_set1_sigalgs_list(ctx, rmt_buf_string(&list)) ||
		     !SSL_CTX_set1_client_sigalgs_list(ctx, rmt_buf_string(&list))))
		rc = rmt_err_openssl(err, RMT_POLICY, "client.signature_algorithms",
		    "this OpenSSL cannot offer the signature algorithms \"%s\"",
		    rmt_buf_string(&list));
	rmt_buf_free(&list);
	return rc;
}

static int
take_everything(SSL_CTX *ctx, struct rmt_err *err)
{
	SSL_CTX_set_security_level(ctx, 0);
	if (!SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) ||
	    !SSL_CTX_set_max_proto_version(ctx, 0) || !SSL_CTX_set_cipher_list(ctx, EVERY_CIPHER))
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare TLS");
	return 0;
}

/* A client that judges nothing still gets here: building a path costs more than the rest of the
 * handshake. */
static int
take_any_chain(X509_STORE_CTX *ctx, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

SSL_CTX *
rmt_probe_ctx_new(const struct rmt_client *client, bool server_side, struct rmt_err *err)
{
	SSL_CTX *ctx;
	int rc;

	ERR_clear_error();
	ctx = SSL_CTX_new(server_side ? TLS_server_method() : TLS_client_method());
	if (ctx == NULL) {
		rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare TLS");
		return NULL;
	}
	set_options(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, take_any_chain, NULL);
	if (client == NULL)
		rc = take_everything(ctx, err);
	else
		rc = offer(ctx, client, err) < 0
			 ? -1
			 : offer_signatures(ctx, &client->signature_algorithms, err);
	if (rc < 0) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

/* ---- what is shown ---- */

X509 *
rmt_probe_x509(const struct rmt_cert *cert, const char *what, struct rmt_err *err)
{
	const unsigned char *at = cert->der.at;
	X509 *x509;

	ERR_clear_error();
	x509 = d2i_X509(NULL, &at, (long)cert->der.length);
	if (x509 == NULL) {
		rmt_err_openssl(err, RMT_INPUT, NULL, "OpenSSL cannot read %s", what);
		return NULL;
	}
	X509_check_purpose(x509, -1, 0);
	ERR_clear_error();
	return x509;
}

static int
show_chain(SSL_CTX *ctx, const struct rmt_cert *const *chain, size_t count, struct rmt_err *err)
{
	for (size_t i = 0; i < count; i++) {
		X509 *cert =
		    rmt_probe_x509(chain[i], "a certificate of the chain that is shown", err);

		if (cert == NULL)
			return -1;
		if (!SSL_CTX_add0_chain_cert(ctx, cert)) {
			X509_free(cert);
			return rmt_err_openssl(err, RMT_INPUT, NULL, "cannot show the chain");
		}
	}
	return 0;
}

/* What is shown is the other side's to refuse, so the level is lowered while it is loaded. */
int
rmt_probe_ctx_show(SSL_CTX *ctx, const struct rmt_cert *certificate, const struct rmt_key *key,
    const struct rmt_cert *const *chain, size_t count, struct rmt_err *err)
{
	X509 *leaf = rmt_probe_x509(certificate, "the certificate that is shown", err);
	int level = SSL_CTX_get_security_level(ctx), rc = -1;

	if (leaf == NULL)
		return -1;
	if (key == NULL) {
		X509_free(leaf);
		return rmt_err_set(
		    err, RMT_SECRET, NULL, "the certificate that is shown has no key");
	}
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	if (!SSL_CTX_use_certificate(ctx, leaf))
		rmt_err_openssl(err, RMT_INPUT, NULL, "cannot show this certificate");
	else if (!SSL_CTX_use_PrivateKey(ctx, rmt_key_evp(key)))
		rmt_err_openssl(
		    err, RMT_SECRET, NULL, "the key is not that of the certificate that is shown");
	else
		rc = show_chain(ctx, chain, count, err);
	SSL_CTX_set_security_level(ctx, level);
	X509_free(leaf);
	return rc;
}
