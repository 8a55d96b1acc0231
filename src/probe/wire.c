/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/wire.c - one TLS connection on a non-blocking socket, and a record of what was seen on it:
 * first bytes, hello, Certificate message, alerts.
 *
 * OpenSSL reads and writes through a BIO of ours, because a write to a closed socket must not raise
 * a signal in somebody else's program, because what a peer may send is bounded, and because the
 * first bytes tell what it speaks instead of TLS. What was seen means something only to failure.c
 * and judge.c.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "probe/local.h"

/* ---- the socket under OpenSSL ---- */

static bool
must_wait(int number)
{
	return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

static void
note_first(struct rmt_probe_wire *wire, const char *bytes, size_t length)
{
	size_t room = sizeof(wire->first) - wire->first_length;

	if (length > room)
		length = room;
	memcpy(wire->first + wire->first_length, bytes, length);
	wire->first_length += length;
}

static int
socket_read(BIO *bio, char *bytes, int length)
{
	struct rmt_probe_wire *wire = BIO_get_data(bio);
	ssize_t got;

	BIO_clear_retry_flags(bio);
	if (wire->received > RMT_PROBE_INPUT_MOST) {
		wire->oversized = true;
		return -1;
	}
	got = recv(wire->fd, bytes, (size_t)length, 0);
	if (got > 0) {
		note_first(wire, bytes, (size_t)got);
		wire->received += (uint64_t)got;
		return (int)got;
	}
	if (got == 0) {
		wire->ended = true;
		return 0;
	}
	if (must_wait(errno))
		BIO_set_retry_read(bio);
	else
		wire->errnum = errno;
	return -1;
}

static int
socket_write(BIO *bio, const char *bytes, int length)
{
	struct rmt_probe_wire *wire = BIO_get_data(bio);
	ssize_t sent = send(wire->fd, bytes, (size_t)length, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (sent >= 0)
		return (int)sent;
	if (must_wait(errno))
		BIO_set_retry_write(bio);
	else
		wire->errnum = errno;
	return -1;
}

static long
socket_control(BIO *bio, int command, long number, void *pointer)
{
	(void)number, (void)pointer;
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return ((struct rmt_probe_wire *)BIO_get_data(bio))->ended;
	default:
		return 0;
	}
}

/* One for the process: made at most twice when two threads begin at once, and the loser's is freed.
 */
static BIO_METHOD *
socket_method(void)
{
	static BIO_METHOD *kept;
	BIO_METHOD *method = __atomic_load_n(&kept, __ATOMIC_ACQUIRE), *none = NULL;

	if (method != NULL)
		return method;
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "remint socket");
	if (method == NULL)
		return NULL;
	BIO_meth_set_read(method, socket_read);
	BIO_meth_set_write(method, socket_write);
	BIO_meth_set_ctrl(method, socket_control);
	if (!__atomic_compare_exchange_n(
		&kept, &none, method, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		BIO_meth_free(method);
		return none;
	}
	return method;
}

/* ---- what passes by ---- */

static void
note_handshake(struct rmt_probe_wire *wire, bool ours, const unsigned char *message, size_t length)
{
	if (length < 4)
		return;
	switch (message[0]) {
	case SSL3_MT_CLIENT_HELLO:
	case SSL3_MT_SERVER_HELLO:
		if (!ours && length >= 6)
			wire->hello_version = message[4] << 8 | message[5];
		break;
	case SSL3_MT_CERTIFICATE:
		wire->cert_answered = wire->cert_answered || ours;
		if (ours)
			wire->cert_shown = length > 11; /* more than empty lists */
		else if (wire->list.length == 0)
			rmt_buf_append(&wire->list, message + 4, length - 4);
		break;
	case SSL3_MT_CERTIFICATE_REQUEST:
		wire->cert_request = wire->cert_request || !ours;
		break;
	case SSL3_MT_NEWSESSION_TICKET:
		wire->ticket = wire->ticket || !ours;
		break;
	default:
		break;
	}
}

/* OpenSSL shows every handshake message whole and in plain text, before it looks into it. */
static void
note_message(int ours, int version, int type, const void *bytes, size_t length, SSL *ssl, void *arg)
{
	struct rmt_probe_wire *wire = SSL_get_app_data(ssl);
	const unsigned char *message = bytes;

	(void)version, (void)arg;
	if (wire == NULL)
		return;
	if (type == SSL3_RT_HANDSHAKE)
		note_handshake(wire, ours != 0, message, length);
	if (type == SSL3_RT_ALERT && length == 2 && message[1] != SSL_AD_CLOSE_NOTIFY &&
	    (message[0] == SSL3_AL_FATAL || wire->alert < 0)) {
		wire->alert = message[1];
		wire->alert_ours = ours != 0;
	}
}

/* ---- the connection ---- */

int
rmt_probe_wire_open(struct rmt_probe_wire *wire, SSL_CTX *ctx, int fd, struct rmt_err *err)
{
	BIO_METHOD *method = socket_method();
	BIO *bio;

	wire->fd = fd;
	wire->alert = -1;
	ERR_clear_error();
	bio = method != NULL ? BIO_new(method) : NULL;
	wire->ssl = bio != NULL ? SSL_new(ctx) : NULL;
	if (wire->ssl == NULL) {
		BIO_free(bio);
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare TLS");
	}
	BIO_set_data(bio, wire);
	BIO_set_init(bio, 1);
	SSL_set_bio(wire->ssl, bio, bio);
	if (!SSL_set_app_data(wire->ssl, wire)) {
		SSL_free(wire->ssl);
		wire->ssl = NULL;
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare TLS");
	}
	SSL_set_msg_callback(wire->ssl, note_message);
	return 0;
}

void
rmt_probe_wire_close(struct rmt_probe_wire *wire)
{
	SSL_free(wire->ssl);
	rmt_buf_free(&wire->list);
	for (size_t i = 0; i < wire->sent_count; i++)
		rmt_cert_free(wire->sent[i]);
	free(wire->sent);
	free(wire->broken);
	*wire = (struct rmt_probe_wire){ .fd = -1, .alert = -1 };
}

int
rmt_probe_wire_handshake(struct rmt_probe_wire *wire)
{
	int rc, why;

	ERR_clear_error();
	rc = SSL_do_handshake(wire->ssl);
	if (rc == 1) {
		wire->events = 0;
		return 1;
	}
	why = SSL_get_error(wire->ssl, rc);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		wire->events = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		return 0;
	}
	rmt_probe_wire_failed(wire, why);
	return -1;
}

/* ---- what was agreed on ---- */

/* The one in use, or the one agreed on in a handshake that then failed. */
static const SSL_CIPHER *
agreed(const struct rmt_probe_wire *wire)
{
	const SSL_CIPHER *cipher = wire->ssl != NULL ? SSL_get_current_cipher(wire->ssl) : NULL;

	return cipher != NULL || wire->ssl == NULL ? cipher : SSL_get_pending_cipher(wire->ssl);
}

const char *
rmt_probe_wire_protocol(const struct rmt_probe_wire *wire)
{
	return agreed(wire) != NULL ? SSL_get_version(wire->ssl) : NULL;
}

const char *
rmt_probe_wire_cipher(const struct rmt_probe_wire *wire)
{
	const SSL_CIPHER *cipher = agreed(wire);

	return cipher != NULL ? SSL_CIPHER_get_name(cipher) : NULL;
}

/* clang-format off */
static const struct {
	int key, digest;
	const char *name;
} signatures[] = {
	{ EVP_PKEY_RSA,     NID_sha1,     "RSA+SHA1" },
	{ EVP_PKEY_RSA,     NID_md5_sha1, "RSA+MD5+SHA1" },
	{ EVP_PKEY_RSA,     NID_sha224,   "RSA+SHA224" },
	{ EVP_PKEY_RSA,     NID_sha256,   "RSA+SHA256" },
	{ EVP_PKEY_RSA,     NID_sha384,   "RSA+SHA384" },
	{ EVP_PKEY_RSA,     NID_sha512,   "RSA+SHA512" },
	{ EVP_PKEY_RSA_PSS, NID_sha256,   "RSA-PSS+SHA256" },
	{ EVP_PKEY_RSA_PSS, NID_sha384,   "RSA-PSS+SHA384" },
	{ EVP_PKEY_RSA_PSS, NID_sha512,   "RSA-PSS+SHA512" },
	{ EVP_PKEY_EC,      NID_sha1,     "ECDSA+SHA1" },
	{ EVP_PKEY_EC,      NID_sha224,   "ECDSA+SHA224" },
	{ EVP_PKEY_EC,      NID_sha256,   "ECDSA+SHA256" },
	{ EVP_PKEY_EC,      NID_sha384,   "ECDSA+SHA384" },
	{ EVP_PKEY_EC,      NID_sha512,   "ECDSA+SHA512" },
	{ EVP_PKEY_DSA,     NID_sha1,     "DSA+SHA1" },
	{ EVP_PKEY_DSA,     NID_sha256,   "DSA+SHA256" },
	{ EVP_PKEY_ED25519, NID_undef,    "ed25519" },
	{ EVP_PKEY_ED448,   NID_undef,    "ed448" },
};
/* clang-format on */

const char *
rmt_probe_wire_signature(const struct rmt_probe_wire *wire)
{
	int key = NID_undef, digest = NID_undef;

	if (wire->ssl == NULL || SSL_get_peer_signature_type_nid(wire->ssl, &key) != 1)
		return NULL;
	if (SSL_get_peer_signature_nid(wire->ssl, &digest) != 1)
		digest = NID_undef;
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (signatures[i].key == key && signatures[i].digest == digest)
			return signatures[i].name;
	return NULL;
}
