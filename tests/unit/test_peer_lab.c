/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_peer_lab.c - certificates, the lab peer in its thread, and OpenSSL's own client.
 */
#include "config.h"

#include <errno.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "unit/test_peer.h"

enum { DAY = 86400 };

/* ---- certificates ---------------------------------------------------------------------------- */

enum { CA = 1, SERVER = 2, CLIENT = 4, NO_EKU = 8, EXPIRED = 16 };

/* Everybody has the same key: nobody here looks at that. */
static struct rmt_key *key;

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void
set_name(X509 *cert, const char *subject, const char *issuer)
{
	X509_NAME *name = X509_NAME_new();

	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_UTF8, (const unsigned char *)subject, -1, -1, 0);
	X509_set_subject_name(cert, name);
	X509_NAME_free(name);
	name = X509_NAME_new();
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_UTF8, (const unsigned char *)issuer, -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_NAME_free(name);
}

static struct rmt_cert *
certify(const char *subject, const char *issuer, const char *digest, int what)
{
	static long serial = 1;
	X509 *cert = X509_new();
	unsigned char *der = NULL;
	struct rmt_cert *out;
	int length;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	set_name(cert, subject, issuer);
	X509_gmtime_adj(X509_getm_notBefore(cert), -10 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(cert), what & EXPIRED ? -DAY : 100 * DAY);
	X509_set_pubkey(cert, rmt_key_evp(key));
	add_extension(
	    cert, NID_basic_constraints, what & CA ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (what & (SERVER | CLIENT))
		add_extension(cert, NID_ext_key_usage,
		    (what & (SERVER | CLIENT)) == SERVER   ? "serverAuth"
		    : (what & (SERVER | CLIENT)) == CLIENT ? "clientAuth"
							   : "serverAuth,clientAuth");
	assert_true(X509_sign(cert, rmt_key_evp(key), EVP_get_digestbyname(digest)) > 0);
	length = i2d_X509(cert, &der);
	out = rmt_cert_new(rmt_span_of(der, (size_t)length), RMT_STRICT, NULL);
	assert_non_null(out);
	OPENSSL_free(der);
	X509_free(cert);
	return out;
}

static X509 *
as_x509(const struct rmt_cert *cert)
{
	const unsigned char *at = cert->der.at;

	return d2i_X509(NULL, &at, (long)cert->der.length);
}

/* By name in the rows below. */
static struct {
	const char *name;
	const char *subject, *issuer, *digest;
	int what;
	struct rmt_cert *cert;
} certs[] = {
	{ "root", "Root", "Root", "sha256", CA, NULL },
	{ "root512", "Root", "Root", "sha512", CA, NULL },
	{ "middle", "Middle", "Root", "sha256", CA, NULL },
	{ "middle512", "Middle", "Root", "sha512", CA, NULL },
	{ "middleS", "Middle", "Root", "sha256", CA | SERVER, NULL },
	{ "leaf", "leaf.example", "Middle", "sha256", SERVER | CLIENT, NULL },
	{ "leaf512", "leaf.example", "Middle", "sha512", SERVER | CLIENT, NULL },
	{ "server", "leaf.example", "Middle", "sha256", SERVER, NULL },
	{ "any", "leaf.example", "Middle", "sha256", NO_EKU, NULL },
	{ "expired", "leaf.example", "Middle", "sha256", CLIENT | EXPIRED, NULL },
	{ "sha1", "leaf.example", "Middle", "sha1", SERVER | CLIENT, NULL },
	{ "other", "Other Root", "Other Root", "sha256", CA, NULL },
	{ "stranger", "stranger.example", "Other Root", "sha256", CLIENT, NULL },
	{ "hostile", "evil\x1b[31m\xe2\x80\xae", "Root", "sha256", CLIENT, NULL },
};

static const struct rmt_cert *
named(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		if (strlen(certs[i].name) == length && strncmp(certs[i].name, name, length) == 0)
			return certs[i].cert;
	fail_msg("no certificate %.*s", (int)length, name);
	return NULL;
}

/* "leaf middle" */
static size_t
list_of(const char *names, const struct rmt_cert *out[8])
{
	size_t count = 0;

	while (names != NULL && *names != 0) {
		size_t length = strcspn(names, " ");

		out[count++] = named(names, length);
		names += length + (names[length] == ' ');
	}
	return count;
}

int
make_world(void **state)
{
	(void)state;
	key = rmt_key_generate("ec:p256", NULL);
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		certs[i].cert =
		    certify(certs[i].subject, certs[i].issuer, certs[i].digest, certs[i].what);
	return key == NULL;
}

int
free_world(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		rmt_cert_free(certs[i].cert);
	rmt_key_free(key);
	return 0;
}

/* ---- the peer in its thread ------------------------------------------------------------------ */

struct lab lab;

static int
note_port(void *arg, const char *address)
{
	(void)arg;
	pthread_mutex_lock(&lab.lock);
	lab.port = (uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
	pthread_cond_broadcast(&lab.changed);
	pthread_mutex_unlock(&lab.lock);
	return 0;
}

static int
note_seen(void *arg, const struct rmt_peer_seen *seen)
{
	struct noted *noted = &lab.seen[lab.count];

	(void)arg;
	assert_true(lab.count < SEEN_MOST);
	*noted = (struct noted){ .outcome = seen->outcome,
		.alert = seen->alert,
		.verify_error = seen->verify_error,
		.verify_depth = seen->verify_depth,
		.alert_ours = seen->alert_ours,
		.sent = seen->sent_count };
	snprintf(noted->message, sizeof(noted->message), "%s", seen->err.message);
	snprintf(
	    noted->protocol, sizeof(noted->protocol), "%s", seen->protocol ? seen->protocol : "");
	snprintf(noted->sni, sizeof(noted->sni), "%s", seen->sni ? seen->sni : "");
	pthread_mutex_lock(&lab.lock);
	lab.count++;
	pthread_cond_broadcast(&lab.changed);
	pthread_mutex_unlock(&lab.lock);
	return 0;
}

static void *
run_peer(void *arg)
{
	int rc;

	(void)arg;
	rc = rmt_peer_run(&lab.options, NULL, 0, note_port, note_seen, &lab, &lab.err);
	pthread_mutex_lock(&lab.lock);
	lab.rc = rc;
	lab.over = true;
	pthread_cond_broadcast(&lab.changed);
	pthread_mutex_unlock(&lab.lock);
	return NULL;
}

void
open_lab(const struct serving *serving)
{
	static char algorithm1[] = "ECDSA+SHA256", algorithm2[] = "ECDSA+SHA384";
	static char *algorithms[] = { algorithm1, algorithm2 };
	struct rmt_peer_options *options = &lab.options;

	memset(&lab, 0, sizeof(lab));
	pthread_mutex_init(&lab.lock, NULL);
	pthread_cond_init(&lab.changed, NULL);
	assert_int_equal(pipe(lab.pipe), 0);
	lab.client = (struct rmt_client){ .min_version = (char *)(uintptr_t)serving->min,
		.max_version = (char *)(uintptr_t)serving->max,
		.security_level = serving->level,
		.strict_chain = serving->strict_chain,
		.demands_certificate = serving->demands,
		.checks_purpose = !serving->any_purpose,
		.trusts_root_only = serving->root_only };
	if (serving->strict_chain)
		lab.client.signature_algorithms = (struct rmt_text_list){ algorithms, 2 };
	*options = (struct rmt_peer_options){ .rules.client = &lab.client,
		.name = "test",
		.presents = serving->presents,
		.rules.auth_level = -1,
		.rules.trust = lab.trust,
		.rules.at_hand = lab.at_hand,
		.chain = lab.chain + 1,
		.key = key,
		.stop = lab.pipe[0] };
	options->chain_count =
	    list_of(serving->chain != NULL ? serving->chain : "leaf middle", lab.chain) - 1;
	options->certificate = lab.chain[0];
	options->root = serving->root != NULL ? named(serving->root, strlen(serving->root)) : NULL;
	options->rules.trust_count = list_of(serving->trust, lab.trust);
	options->rules.at_hand_count = list_of(serving->at_hand, lab.at_hand);
}

void
start_lab(void)
{
	assert_int_equal(pthread_create(&lab.thread, NULL, run_peer, NULL), 0);
	pthread_mutex_lock(&lab.lock);
	while (lab.port == 0 && !lab.over)
		pthread_cond_wait(&lab.changed, &lab.lock);
	pthread_mutex_unlock(&lab.lock);
}

const struct noted *
wait_seen(size_t n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&lab.lock);
	while (lab.count <= n)
		if (pthread_cond_timedwait(&lab.changed, &lab.lock, &until) == ETIMEDOUT)
			break;
	pthread_mutex_unlock(&lab.lock);
	if (lab.count <= n)
		fail_msg("connection %zu was never reported", n);
	return &lab.seen[n];
}

void
wait_over(void)
{
	pthread_mutex_lock(&lab.lock);
	while (!lab.over)
		pthread_cond_wait(&lab.changed, &lab.lock);
	pthread_mutex_unlock(&lab.lock);
}

void
close_lab(void)
{
	if (!lab.over)
		assert_int_equal(write(lab.pipe[1], "", 1), 1);
	pthread_join(lab.thread, NULL);
	close(lab.pipe[0]);
	close(lab.pipe[1]);
	pthread_mutex_destroy(&lab.lock);
	pthread_cond_destroy(&lab.changed);
}

/* ---- clients --------------------------------------------------------------------------------- */

int
dial(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(lab.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
hear_alert(const SSL *ssl, int where, int code)
{
	struct heard *heard = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (code >> 8) == SSL3_AL_FATAL)
		heard->alert = code & 0xff;
}

SSL_CTX *
client_ctx(int version, const char *shown)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	const struct rmt_cert *list[8];
	size_t count = list_of(shown, list);

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_info_callback(ctx, hear_alert);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	for (size_t i = 0; i < count; i++) {
		X509 *cert = as_x509(list[i]);

		if (i == 0)
			SSL_CTX_use_certificate(ctx, cert);
		else
			SSL_CTX_add1_chain_cert(ctx, cert);
		X509_free(cert);
	}
	if (count > 0)
		SSL_CTX_use_PrivateKey(ctx, rmt_key_evp(key));
	return ctx;
}

void
talk(int version, const char *shown, const char *trust, struct heard *heard)
{
	SSL_CTX *ctx = client_ctx(version, shown);
	SSL *ssl = SSL_new(ctx);
	int fd = dial(), got, used = 0;

	*heard = (struct heard){ .alert = -1 };
	if (trust != NULL) {
		X509 *root = as_x509(named(trust, strlen(trust)));

		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root);
		X509_free(root);
		SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	}
	SSL_set_app_data(ssl, heard);
	SSL_set_tlsext_host_name(ssl, "leaf.example");
	SSL_set_fd(ssl, fd);
	heard->finished = SSL_connect(ssl) == 1;
	heard->chain = (size_t)sk_X509_num(SSL_get_peer_cert_chain(ssl));
	while (heard->finished && used < (int)sizeof(heard->text) - 1 &&
	       (got = SSL_read(ssl, heard->text + used, (int)sizeof(heard->text) - 1 - used)) > 0)
		used += got;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	ERR_clear_error();
}
