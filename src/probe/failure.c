/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/failure.c - why a TLS handshake did not finish, in one sentence: who ended it, with which
 * alert, or what the peer speaks instead of TLS.
 *
 * It looks at what the wire recorded before it looks at OpenSSL's reason, because the record is the
 * same in every version of the library. What the judge refused is already in words.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>

#include "probe/local.h"

static void
end(struct rmt_probe_wire *wire, enum rmt_probe_outcome outcome, enum rmt_probe_stage stage)
{
	wire->outcome = outcome;
	wire->stage = stage;
}

/* ---- something else than TLS ---- */

/* How protocols begin that people meet behind a port they took for TLS, and what to write instead.
 */
static const struct {
	const char *begins, *speaks, *instead;
} others[] = {
	{ "HTTP/", "HTTP without TLS", NULL },
	{ "<!DOCTYPE", "HTTP without TLS", NULL },
	{ "<html", "HTTP without TLS", NULL },
	{ "SSH-", "SSH", NULL },
	{ "* OK", "IMAP", "imap://" },
	{ "+OK", "POP3", "pop3://" },
	{ "220 ", "SMTP or FTP", "smtp:// or ftp://" },
	{ "220-", "SMTP or FTP", "smtp:// or ftp://" },
	{ "200 ", "NNTP", "nntp://" },
	{ "\"IMPLEMENTATION\"", "ManageSieve", "sieve://" },
	{ "<?xml", "XMPP", "xmpp://" },
	{ "<stream", "XMPP", "xmpp://" },
};

/* A record of TLS: handshake or alert, major version 3. */
static bool
is_tls(const struct rmt_probe_wire *wire)
{
	return wire->first[0] >= 20 && wire->first[0] <= 23 &&
	       (wire->first_length < 2 || wire->first[1] == 3);
}

static void
not_tls(struct rmt_probe_wire *wire)
{
	struct rmt_buf text = { 0 };
	size_t length = 0;

	end(wire, RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		size_t wanted = strlen(others[i].begins);

		if (wire->first_length < wanted ||
		    strncasecmp((const char *)wire->first, others[i].begins, wanted) != 0)
			continue;
		rmt_err_set(&wire->err, RMT_NETWORK, NULL, "does not speak TLS here but %s%s%s",
		    others[i].speaks, others[i].instead != NULL ? ": write " : "",
		    others[i].instead != NULL ? others[i].instead : "");
		return;
	}
	while (length < wire->first_length && wire->first[length] != '\r' &&
	       wire->first[length] != '\n')
		length++;
	rmt_plain_text(rmt_span_of(wire->first, length), &text);
	rmt_err_set(&wire->err, RMT_NETWORK, NULL, "does not speak TLS: it says \"%s\"",
	    rmt_buf_string(&text));
	rmt_buf_free(&text);
}

/* ---- the peer ended it ---- */

/* Whether an alert is about the certificate that we showed. Where we showed none although one was
 * asked for, every alert is about that: what it is called differs (40, 42, 50, 116). */
static bool
about_our_certificate(const struct rmt_probe_wire *wire)
{
	static const int about[] = { 40, 41, 42, 43, 44, 45, 46, 48, 49, 51, 116 };

	for (size_t i = 0; wire->cert_shown && i < sizeof(about) / sizeof(about[0]); i++)
		if (wire->alert == about[i])
			return true;
	return wire->cert_answered && !wire->cert_shown;
}

static bool
is_old(const struct rmt_client *client)
{
	return client->max_version != NULL && (strcmp(client->max_version, "tls1.0") == 0 ||
						  strcmp(client->max_version, "tls1.1") == 0);
}

/* What the consumer played cannot do, where a server that found nothing in common is likely to have
 * missed it. */
static void
name_limits(const struct rmt_probe_wire *wire, struct rmt_buf *out)
{
	const struct rmt_client *client = wire->client;
	bool nothing_in_common =
	    wire->alert == 40 || wire->alert == 70 || wire->alert == 71 || wire->alert == 80;

	if (client == NULL || !nothing_in_common)
		return;
	if (is_old(client))
		rmt_buf_format(
		    out, "; this client speaks nothing newer than %s", client->max_version);
	if (wire->alert != 40 || client->signature_algorithms.count == 0)
		return;
	rmt_buf_text(out, "; this client takes no signatures but ");
	for (size_t i = 0; i < client->signature_algorithms.count; i++)
		rmt_buf_format(
		    out, "%s%s", i > 0 ? ", " : "", client->signature_algorithms.items[i]);
	rmt_buf_text(
	    out, ", and a server whose certificates are signed otherwise has none to show");
}

static void
they_alerted(struct rmt_probe_wire *wire)
{
	bool certificate = about_our_certificate(wire);
	const char *words = rmt_probe_alert_words(wire->alert),
		   *name = rmt_probe_alert_name(wire->alert);
	struct rmt_buf limits = { 0 };

	end(wire, RMT_PROBE_THEY_REFUSED,
	    certificate ? RMT_STAGE_CLIENT_CERTIFICATE : RMT_STAGE_HANDSHAKE);
	name_limits(wire, &limits);
	if (certificate && !wire->cert_shown)
		rmt_err_set(&wire->err, RMT_NEGATIVE, NULL,
		    "demands a certificate and was shown none%s (alert %d, %s)",
		    SSL_get_certificate(wire->ssl) != NULL
			? ": there is no signature algorithm for ours that both sides take"
			: "",
		    wire->alert, name);
	else if (certificate)
		rmt_err_set(&wire->err, RMT_NEGATIVE, NULL,
		    "refuses the certificate that it was shown: %s (alert %d, %s)",
		    wire->alert == 40 ? "it does not say why" : words, wire->alert, name);
	else
		rmt_err_set(&wire->err, RMT_NEGATIVE, NULL,
		    "ends the handshake: %s (alert %d, %s)%s", words, wire->alert, name,
		    rmt_buf_string(&limits));
	rmt_buf_free(&limits);
}

static void
they_left(struct rmt_probe_wire *wire)
{
	const char *how = wire->ended ? "closes" : "cuts";

	wire->alert = -1; /* what OpenSSL says to a peer that is gone */
	if (wire->received == 0) {
		end(wire, RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE);
		rmt_err_set(
		    &wire->err, RMT_NETWORK, NULL, "%s the connection when TLS begins", how);
		return;
	}
	end(wire, RMT_PROBE_THEY_REFUSED,
	    wire->cert_shown || SSL_is_init_finished(wire->ssl) ? RMT_STAGE_CLIENT_CERTIFICATE
								: RMT_STAGE_HANDSHAKE);
	rmt_err_set(&wire->err, RMT_NEGATIVE, NULL, "%s the connection %s, without an alert", how,
	    wire->cert_shown ? "after it was shown our certificate"
	    : SSL_is_init_finished(wire->ssl)
		? "after it asked for a certificate and was shown none"
		: "in the middle of the handshake");
}

/* ---- we ended it ---- */

static const struct {
	int reason;
	const char *words;
} reasons[] = {
	{ SSL_R_UNSUPPORTED_PROTOCOL, "the other side chose a version that is not taken" },
	{ SSL_R_WRONG_SSL_VERSION, "the other side chose a version that is not taken" },
	{ SSL_R_WRONG_VERSION_NUMBER, "the other side goes on in another version than was agreed "
				      "on, as it does when it takes none so old" },
	{ SSL_R_NO_SHARED_CIPHER, "there is no cipher that both sides take, or no certificate for "
				  "the signature algorithms offered" },
	{ SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
	    "there is no signature algorithm that both sides take" },
	{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
	    "there is no signature algorithm that both sides take" },
	{ SSL_R_WRONG_SIGNATURE_TYPE,
	    "the other side proved its key with a signature algorithm that was not offered" },
	{ SSL_R_WRONG_CIPHER_RETURNED, "the other side chose a cipher that was not offered" },
	{ SSL_R_DH_KEY_TOO_SMALL, "the Diffie-Hellman parameters of the other side are too small" },
	{ SSL_R_EE_KEY_TOO_SMALL, "the key of the certificate is too small" },
	{ SSL_R_CA_MD_TOO_WEAK, "a certificate is signed with too weak a digest" },
	{ SSL_R_BAD_SIGNATURE,
	    "the other side cannot prove that it has the key of its certificate" },
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
	    "no certificate was shown, and one is demanded" },
	{ SSL_R_NO_CERTIFICATE_ASSIGNED, "the other side has no certificate" },
	{ SSL_R_EXCESSIVE_MESSAGE_SIZE, "the other side sends a message longer than is taken" },
	{ SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED,
	    "the other side does not know secure renegotiation (RFC 5746)" },
	{ SSL_R_HTTP_REQUEST, "the other side speaks HTTP without TLS" },
};

/* Certificate messages that OpenSSL could not take apart: ours says more. */
static bool
chain_is_broken(struct rmt_probe_wire *wire)
{
	const struct rmt_err *first;

	if (rmt_probe_wire_chain(wire, &wire->err) < 0 || wire->broken_count == 0)
		return false;
	first = &wire->broken[0];
	end(wire, RMT_PROBE_WE_REFUSED, RMT_STAGE_CERTIFICATE);
	rmt_err_set(&wire->err, RMT_NEGATIVE, NULL,
	    "sends something that is not a certificate (%s: %.300s)", first->place, first->message);
	return true;
}

static void
we_ended(struct rmt_probe_wire *wire, unsigned long code)
{
	int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
	const char *words = code != 0 ? ERR_reason_error_string(code) : NULL;

	end(wire, RMT_PROBE_WE_REFUSED, RMT_STAGE_HANDSHAKE);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].reason == reason)
			words = reasons[i].words;
	if (reason == SSL_R_EXCESSIVE_MESSAGE_SIZE)
		rmt_err_set(&wire->err, RMT_NEGATIVE, NULL,
		    "the handshake ends here: the other side sends a message longer than is taken "
		    "(%d KiB of certificates)",
		    RMT_PROBE_LIST_MOST >> 10);
	else
		rmt_err_set(&wire->err, RMT_NEGATIVE, NULL, "the handshake ends here: %s",
		    words != NULL ? words : "TLS failed and did not say why");
}

/* Whether the peer broke TLS itself, by the alert that the library found for it: that is no verdict
 * on anything the consumer played could accept or refuse. A list of certificates is such a thing,
 * however badly it is written. */
static bool
broke_tls(const struct rmt_probe_wire *wire)
{
	return wire->oversized ||
	       (wire->alert_ours &&
		   (wire->alert == SSL_AD_UNEXPECTED_MESSAGE ||
		       wire->alert == SSL_AD_RECORD_OVERFLOW ||
		       (wire->alert == SSL_AD_DECODE_ERROR && wire->list.length == 0)));
}

static void
not_as_tls(struct rmt_probe_wire *wire, unsigned long code)
{
	const char *words = code != 0 ? ERR_reason_error_string(code) : NULL;

	end(wire, RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE);
	if (wire->oversized)
		words = "it sends more than 1 MiB before the handshake is over";
	rmt_err_set(&wire->err, RMT_NETWORK, NULL, "begins as TLS and breaks its rules: %s",
	    words != NULL ? words : "the library does not say which");
}

static void
judged(struct rmt_probe_wire *wire)
{
	end(wire, RMT_PROBE_WE_REFUSED, wire->verdict.stage);
	wire->err = wire->verdict.err;
}

void
rmt_probe_wire_failed(struct rmt_probe_wire *wire, int ssl_error)
{
	unsigned long code = ERR_peek_error();

	rmt_err_clear(&wire->err);
	if (wire->verdict.err.class != RMT_NONE)
		judged(wire);
	else if (wire->first_length > 0 && !is_tls(wire))
		not_tls(wire);
	else if (wire->alert >= 0 && !wire->alert_ours)
		they_alerted(wire);
	else if (!wire->oversized &&
		 (wire->ended || wire->errnum != 0 || ssl_error == SSL_ERROR_ZERO_RETURN))
		they_left(wire);
	else if (chain_is_broken(wire))
		; /* told */
	else if (broke_tls(wire))
		not_as_tls(wire, code);
	else
		we_ended(wire, code);
	ERR_clear_error();
}

void
rmt_probe_wire_late(struct rmt_probe_wire *wire, enum rmt_probe_stage stage, unsigned milliseconds,
    const char *what)
{
	end(wire, RMT_PROBE_TIMED_OUT, stage);
	rmt_err_clear(&wire->err);
	if (milliseconds % 1000 == 0)
		rmt_err_set(
		    &wire->err, RMT_NETWORK, NULL, "%s within %u s", what, milliseconds / 1000);
	else
		rmt_err_set(&wire->err, RMT_NETWORK, NULL, "%s within %u ms", what, milliseconds);
}
