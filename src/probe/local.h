/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/local.h - what the files of this room share among themselves and nobody else may use.
 *
 * Three layers: a context (SSL_CTX) that behaves as a consumer, a judge that holds the certificates of the peer against
 * what this consumer takes, and a wire: one connection with all that was seen on it. The client side (run.c) and the lab
 * peer (peer.c) are both built of these three. The dialogue before TLS stands below them.
 */
#ifndef RMT_PROBE_LOCAL_H
#define RMT_PROBE_LOCAL_H

#include <openssl/ssl.h>

#include "probe/probe.h"

enum {
	RMT_PROBE_LIST_MOST = 256 << 10,  /* bytes of one Certificate message */
	RMT_PROBE_MEMBERS_MOST = 1000,    /* certificates of one chain; what follows is left alone */
	RMT_PROBE_INPUT_MOST = 1 << 20,   /* bytes that a peer may send until the handshake is over */
	RMT_PROBE_TIMEOUT = 10000,        /* milliseconds, unless told otherwise */
	RMT_PROBE_PARALLEL = 256,         /* connections at once, unless told otherwise */
	RMT_PROBE_LISTEN = 500,           /* milliseconds in which a server that refuses a certificate says so unasked */
	RMT_PROBE_LINGER = 1000,          /* milliseconds that it is given to answer our last word */
	RMT_PROBE_ANSWER_MOST = 16 << 10, /* bytes of that answer that are looked at */
};

/* ---- client.c: a context that behaves as a consumer --------------------------------------------------------------------- */

/* Versions, signature algorithms, ciphers and security level of `client`; NULL takes whatever comes, from TLS 1.0 on. No sessions, no
 * renegotiation, no compression. Every wire opened on it records what it sees. Verifies nothing until a judge is installed. */
SSL_CTX *rmt_probe_ctx_new(const struct rmt_client *client, bool server_side, struct rmt_err *err);
/* What we show: the certificate, its key and the chain behind it, whatever the security level thinks of them. The parts are copied. */
int rmt_probe_ctx_show(SSL_CTX *ctx, const struct rmt_cert *certificate, const struct rmt_key *key,
                       const struct rmt_cert *const *chain, size_t count, struct rmt_err *err);
/* An X509 of the DER, its extension cache filled; the caller's. */
X509 *rmt_probe_x509(const struct rmt_cert *cert, const char *what, struct rmt_err *err);

/* ---- judge.c: what a consumer takes from its peer ------------------------------------------------------------------------ */

struct rmt_probe_judge;
/* What the rules point to is borrowed for as long as the judge lives. `role` is the peer's: SERVER when we are the client, CLIENT
 * when we are the server. */
struct rmt_probe_judge *rmt_probe_judge_new(const struct rmt_probe_rules *rules, enum rmt_purpose role, struct rmt_err *err);
void rmt_probe_judge_free(struct rmt_probe_judge *judge);
/* From now on every handshake under `ctx` is judged; a refusal ends it with the fitting alert. A server whose consumer
 * demands_certificate asks its clients for one, names the issuers that it trusts, and takes nobody without; any other asks nobody. The
 * judge is borrowed by the context. */
int rmt_probe_judge_install(struct rmt_probe_judge *judge, SSL_CTX *ctx, bool server_side, struct rmt_err *err);

/* Whether a list such as "RSA+SHA256", "rsa_pss_rsae_sha256" holds it (signature.c). */
bool rmt_probe_signature_listed(const struct rmt_text_list *list, const struct rmt_signature_algorithm *algorithm);

/* What the judge said of one chain. err.class RMT_NONE: nothing against it. */
struct rmt_probe_verdict {
	enum rmt_probe_stage stage; /* RMT_STAGE_CERTIFICATE or RMT_STAGE_NAME */
	int error, depth;           /* X509_V_ERR_*, 0 for a refusal that OpenSSL has no number for */
	struct rmt_err err;         /* RMT_NEGATIVE: "refuses the certificate at depth 0 (name): ..." */
};

/* ---- wire.c: one connection and what was seen on it ----------------------------------------------------------------------- */

struct rmt_probe_wire {
	int fd;                  /* not ours to close */
	SSL *ssl;
	const char *name;        /* that the peer's certificate must bear, borrowed; NULL: not asked */
	const struct rmt_client *client; /* the consumer played, for what is said of a refusal; NULL: not said */
	short events;            /* POLLIN or POLLOUT: what it waits for */

	/* as seen */
	struct rmt_buf list;     /* body of the peer's Certificate message */
	unsigned char first[64]; /* the first bytes that came */
	size_t first_length;
	uint64_t received;
	int errnum;              /* of the last failed read or write; 0 none */
	bool ended;              /* the peer closed its side */
	int hello_version;       /* legacy_version of the peer's hello, 0 before it came */
	bool cert_request;       /* the server asked for a certificate */
	bool cert_answered;      /* we sent a Certificate message, perhaps an empty one */
	bool cert_shown;         /* ... with a certificate in it */
	bool ticket;             /* a session ticket came: the server went on */
	int alert;               /* -1 none */
	bool alert_ours;
	bool oversized;          /* the peer broke a bound of ours */

	/* the chain as sent, taken apart: rmt_probe_wire_chain() */
	bool chain_read;
	struct rmt_cert **sent; size_t sent_count;
	struct rmt_err *broken; size_t broken_count;

	struct rmt_probe_verdict verdict;

	/* how it ended, when it did not end well; err.class RMT_NONE otherwise */
	enum rmt_probe_outcome outcome;
	enum rmt_probe_stage stage;
	struct rmt_err err;
};
/* Zero-initialised before. The wire must stay where it is until it is closed. Neither role is set: SSL_set_connect_state() or
 * SSL_set_accept_state() on wire->ssl is the caller's. */
int rmt_probe_wire_open(struct rmt_probe_wire *wire, SSL_CTX *ctx, int fd, struct rmt_err *err);
void rmt_probe_wire_close(struct rmt_probe_wire *wire); /* frees everything but the descriptor */
/* Go on with the handshake as far as the socket allows: 1 finished, 0 waiting for `events`, -1 ended, and `outcome`, `stage` and `err`
 * say how. */
int rmt_probe_wire_handshake(struct rmt_probe_wire *wire);
/* Take the list captured apart into `sent` and `broken`; done once. -1 out of memory. */
int rmt_probe_wire_chain(struct rmt_probe_wire *wire, struct rmt_err *err);
/* "TLSv1.2" when the hello of the other side has been answered, or NULL; a cipher's name or NULL; "RSA+SHA256" or NULL. All static. */
const char *rmt_probe_wire_protocol(const struct rmt_probe_wire *wire);
const char *rmt_probe_wire_cipher(const struct rmt_probe_wire *wire);
const char *rmt_probe_wire_signature(const struct rmt_probe_wire *wire);

/* ---- dialogue.c: what is said before TLS ------------------------------------------------------------------------------------ */

enum rmt_dialect_form {
	RMT_FORM_NONE,   /* a step that says, or the end */
	RMT_FORM_CODE,   /* three digits; "250-" goes on */
	RMT_FORM_LINE,   /* a line that begins with good, bad or skip */
	RMT_FORM_MARKUP, /* `good` before any of `bad`, then through `until` */
	RMT_FORM_LETTER, /* one byte */
	RMT_FORM_LDAP,   /* an ExtendedResponse */
	RMT_FORM_MYSQL,  /* a packet with the server's greeting */
	RMT_FORM_RDP,    /* an X.224 connection confirm */
	RMT_FORM_COUNT
};
/* A step says something or hears something; how to write them stands in dialect.c. */
struct rmt_dialect_step {
	const char *say; size_t length; /* length 0: a string */
	enum rmt_dialect_form form;
	const char *good, *bad, *skip, *until;
	const char *offers;             /* RMT_FORM_CODE: a word that must begin one of the lines, else TLS is not to be had */
	const char *speaks;             /* "SMTP", in every step that hears */
};
/* One run through the steps: bytes in, bytes out, no socket. */
struct rmt_probe_dialogue {
	const struct rmt_dialect_step *step;
	const char *host, *speaks;
	struct rmt_buf in, out;
	size_t at;      /* bytes of `in` that are done with */
	size_t said;    /* bytes of `out` that are on their way: the caller's to count */
	size_t heard;   /* bytes of all replies */
	size_t lines;   /* of all replies */
	char code[4];   /* of a reply of several lines that has begun */
	bool offered;   /* ... and has told what the step wants offered */
};
void rmt_probe_dialogue_open(struct rmt_probe_dialogue *dialogue, const struct rmt_dialect_step *steps, const char *host);
void rmt_probe_dialogue_close(struct rmt_probe_dialogue *dialogue);
/* What came from the peer; NULL and 0 at first. 1: all is said and heard, TLS begins as soon as `out` is sent; 0: more is needed; -1 RMT_NETWORK:
 * the peer refuses, speaks something else, or breaks a bound. */
int rmt_probe_dialogue_hear(struct rmt_probe_dialogue *dialogue, const void *bytes, size_t length, struct rmt_err *err);

/* ---- job.c: one connection from its first packet to its last -------------------------------------------------------------- */

/* What the jobs of a run have in common; all borrowed. */
struct rmt_probe_run {
	const struct rmt_probe_options *options;
	const struct rmt_endpoint *endpoints;
	SSL_CTX *ctx;
};
struct rmt_probe_connection {
	const struct rmt_probe_run *run;
	const struct rmt_endpoint *endpoint;
	const struct rmt_probe_job *job;
	int fd;
	short events;              /* what to poll for */
	uint64_t began, deadline;  /* ticks */
	uint64_t wake;             /* when to go on although nothing came; never after the deadline */
	enum rmt_probe_stage stage;
	struct rmt_probe_dialogue dialogue;
	struct rmt_probe_wire wire; /* outcome, stage and err are those of the job */
	bool spoke_last;           /* after the handshake we said goodbye, or asked for a page: the next word is the server's */
	bool closed_cleanly;
	struct rmt_buf answer;     /* the beginning of what it said after the handshake */
};
/* Begin. `brief`: a fallback is there, so do not wait for the connection as long as for the rest. 1 ended, 0 under way, -1 no descriptor is left. */
int rmt_probe_connection_open(struct rmt_probe_connection *connection, const struct rmt_probe_run *run, const struct rmt_probe_job *job,
                              bool brief);
/* The socket is ready or `wake` has come. 1 ended, 0 under way. */
int rmt_probe_connection_go(struct rmt_probe_connection *connection, uint64_t now);
/* After the handshake: whether the server takes our certificate, or goes on without one (linger.c). 1 ended, 0 under way. */
int rmt_probe_connection_linger(struct rmt_probe_connection *connection, uint64_t now);
/* Fill in what was seen; borrowed from the connection. -1 out of memory. */
int rmt_probe_connection_seen(struct rmt_probe_connection *connection, struct rmt_probe_seen *out, struct rmt_err *err);
void rmt_probe_connection_close(struct rmt_probe_connection *connection);

/* ---- failure.c: why a handshake ended, in words ---------------------------------------------------------------------------- */

/* Fills in outcome, stage and err of a wire whose SSL has just failed. Empties OpenSSL's queue. */
void rmt_probe_wire_failed(struct rmt_probe_wire *wire, int ssl_error);
/* The same when time is up. `what` did not come within `milliseconds`. */
void rmt_probe_wire_late(struct rmt_probe_wire *wire, enum rmt_probe_stage stage, unsigned milliseconds, const char *what);

/* ---- words.c --------------------------------------------------------------------------------------------------------------- */

const char *rmt_probe_alert_name(int alert);    /* "handshake_failure" */
const char *rmt_probe_alert_words(int alert);   /* what a peer that sends it means */
const char *rmt_probe_verify_words(int error);  /* "has expired"; OpenSSL's own sentence for the rest */

/* ---- listen.c: the door of a server ---------------------------------------------------------------------------------------- */

int rmt_listen_open(const char *address, uint16_t port, struct rmt_err *err); /* the descriptor, or -1; NULL is loopback */
int rmt_listen_flags(int fd); /* does not block, and is nobody else's */
void rmt_listen_address(const struct sockaddr_storage *address, socklen_t length, char *out, size_t size); /* "127.0.0.1:443", "[::1]:443" */
int rmt_listen_tell(int fd, int (*listening)(void *arg, const char *address), void *arg);

/* ---- guests.c: the loop of a server ------------------------------------------------------------------------------------------- */

/* One connection; the first member of what a server keeps of it. */
struct rmt_guest {
	int fd;
	uint64_t since, deadline; /* ticks, of what it is about now: rmt_guest_wait() */
	size_t rest;              /* bytes thrown away: rmt_guest_rest() */
	char from[80];            /* "127.0.0.1:41234" */
};
struct rmt_guests;
/* What a server does with them. Where an int is returned: 0 the guest stays, 1 it is done with, -1 the run ends. */
struct rmt_host {
	size_t size;                                                       /* of what it keeps of a guest */
	int (*welcome)(struct rmt_guests *guests, struct rmt_guest *guest); /* a new one: 0, or -1 and nothing to clear */
	int (*step)(struct rmt_guests *guests, struct rmt_guest *guest);    /* at first, and when it is ready */
	short (*events)(const struct rmt_guest *guest);                     /* POLLIN or POLLOUT: what it waits for */
	int (*weight)(const struct rmt_guest *guest);                       /* when there is no room, the lightest gives way */
	/* Its time is over, or (`crowded`) its place is needed; then it goes. 0 or -1; may be NULL. */
	int (*dismiss)(struct rmt_guests *guests, struct rmt_guest *guest, bool crowded);
	void (*clear)(struct rmt_guest *guest);                             /* free all but the descriptor */
	/* After each round: milliseconds until it wants to be called again, 0 no more; may be NULL. */
	unsigned (*rest)(struct rmt_guests *guests);
};
/* The first member of a server. Before the run all zero, but for the first lines. */
struct rmt_guests {
	const struct rmt_host *host;
	struct rmt_err *err;
	size_t most;      /* connections at once; 0: 1,024 */
	uint64_t lasting; /* milliseconds, then it ends; 0: until stopped */
	int stop;         /* a descriptor that becomes readable when it should end, or -1 */
	bool closed;      /* nobody is let in any more, and with the last guest it ends: the host's to set */

	int listener;
	struct rmt_guest **list; /* in the order of their coming */
	struct pollfd *polls;
	size_t count;
	uint64_t ends, pause_until, rest_at; /* ticks; 0 never */
};
int rmt_guests_run(struct rmt_guests *guests, const char *address, uint16_t port, int (*listening)(void *arg, const char *address), void *arg);
void rmt_guest_wait(struct rmt_guest *guest, unsigned milliseconds); /* something new begins, and may last so long */
/* Closing over unread bytes would take our last words back: what still comes is thrown away. 0 or 1, as above. */
int rmt_guest_rest(struct rmt_guest *guest);

/* ---- http_message.c: one request of HTTP/1.1, no socket --------------------------------------------------------------------- */

enum { RMT_HTTP_HEAD_MOST = 16 << 10 };
struct rmt_http_message {
	struct rmt_http_request request;
	size_t length;      /* bytes that it takes up */
	bool keep;          /* the connection stays for another */
	bool expects;       /* the client waits for "100 Continue" before it sends the body */
	unsigned refusal;   /* the status that says why it is refused: 400, 405, ... */
};
/* What stands at the beginning of `bytes`: 1 a whole request, 0 more is needed, -1 it is refused. `from` of the request is the caller's
 * to set. */
int rmt_http_read(struct rmt_span bytes, size_t body_most, struct rmt_http_message *out);
const char *rmt_http_reason(unsigned status); /* "Bad Request" */

/* ---- serve.c: a target as a server ------------------------------------------------------------------------------------------- */

struct rmt_peer_server;
/* RMT_POLICY when the security level takes no such certificate. `options` are borrowed. */
struct rmt_peer_server *rmt_peer_server_new(const struct rmt_peer_options *options, struct rmt_err *err);
void rmt_peer_server_free(struct rmt_peer_server *server);
SSL_CTX *rmt_peer_server_ctx(const struct rmt_peer_server *server);
/* Of a handshake that we refused: when it was for a signature of our own chain, `err` says so instead. */
void rmt_peer_server_explain(const struct rmt_peer_server *server, SSL *ssl, struct rmt_err *err);
/* The line for a client that was accepted, as a whole answer of HTTP. */
int rmt_peer_reply(const char *as, const struct rmt_probe_wire *wire, struct rmt_buf *out, struct rmt_err *err);

#endif
