/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/probe.h - the face of the room that goes on the wire: what a TLS server really sends, captured without repair, and
 * how a consumer (a target's `client` block) takes it.
 *
 * One thread and one poll loop drive hundreds of connections; nothing here blocks except the look-up of names, which a pool
 * does. Everything that a peer sends is hostile: bounded, timed, and kept as bytes until our own reader has taken it apart.
 * The room knows no database and loads no policy: it is handed plain structs.
 */
#ifndef RMT_PROBE_H
#define RMT_PROBE_H

#include <sys/socket.h>

#include "policy/policy.h"
#include "x509/x509.h"

/* ---- endpoints and dialects -------------------------------------------------------------------------------------------- */

/* A way from a TCP connection to TLS: a row of the table in dialect.c, which says how to add one. */
struct rmt_dialect {
	const char *scheme;  /* "https" "smtp" "smtps" "imap" ... ; "tls" is what host:port means */
	const char *title;
	uint16_t port;       /* when the endpoint names none; 0: it must */
	const struct rmt_dialect_step *steps; /* what is said before TLS begins; NULL: TLS from the first byte */
};
const struct rmt_dialect *rmt_dialects(size_t *count);

struct rmt_endpoint {
	char *text;          /* as it was given: "smtp://mx.example.com:25", "[2001:db8::1]:443" */
	char *host;          /* name or address, without brackets */
	uint16_t port;
	const struct rmt_dialect *dialect;
};
/* 1 an endpoint; 0 not one ("old.pfx", "serial:01af"); -1 RMT_USAGE: looks like one and is none (port 99999, unknown scheme with a
 * did-you-mean). Whether a file of that name exists is the caller's question. */
int rmt_endpoint_parse(const char *text, struct rmt_endpoint *out, struct rmt_err *err);
void rmt_endpoint_clear(struct rmt_endpoint *endpoint);

/* One address of one endpoint. */
struct rmt_probe_job {
	size_t endpoint;                 /* index into the endpoints given */
	struct sockaddr_storage address;
	socklen_t length;
	char text[64];                   /* "192.0.2.1:443" "[2001:db8::1]:443" */
	bool fallback;                   /* tried only when the one before it could not be reached */
};
struct rmt_probe_jobs { struct rmt_probe_job *items; size_t count; };
/* Every A and AAAA address of every endpoint as a job of its own; `all` false: the first that can be reached is enough, the others of an
 * endpoint are fallbacks. `connect_to` (may be NULL) is an address or name to use instead of the endpoint's own. A name that cannot be
 * resolved goes to `fault` (RMT_NETWORK) with the index of its endpoint, and the rest goes on unless `fault` returns other than 0. */
int rmt_probe_resolve(const struct rmt_endpoint *endpoints, size_t count, const char *connect_to, bool all, struct rmt_probe_jobs *out,
                      int (*fault)(void *arg, size_t endpoint, const struct rmt_err *err), void *arg, struct rmt_err *err);
void rmt_probe_jobs_clear(struct rmt_probe_jobs *jobs);

/* ---- whom one plays --------------------------------------------------------------------------------------------------- */

/* A consumer, and what it believes of its peers. All borrowed. */
struct rmt_probe_rules {
	const struct rmt_client *client;
	int auth_level;                   /* of the target's path; -1: what the client's security level says */
	bool strict;                      /* X509_V_FLAG_X509_STRICT */
	const struct rmt_cert *const *trust; size_t trust_count;     /* none: a missing anchor is no reason to refuse */
	const struct rmt_cert *const *at_hand; size_t at_hand_count; /* what it has or would fetch; not looked at for one that trusts roots only */
	rmt_time now;                     /* for the dates of certificates; 0: the clock's, at every handshake */
};

/* ---- probing --------------------------------------------------------------------------------------------------------------- */

/* As whom, and with what. All borrowed for the run; zero-initialised it takes whatever comes, from TLS 1.0 and security level 0 on,
 * judges nothing and only captures. */
struct rmt_probe_options {
	struct rmt_probe_rules rules;     /* without a client: capture only */
	const struct rmt_cert *certificate; /* shown when the server asks for one, or NULL */
	const struct rmt_cert *const *certificate_chain; size_t certificate_chain_count;
	const struct rmt_key *key;
	const char *sni;                  /* NULL: the endpoint's host when it is a name and the client sends it */
	const char *name;                 /* that the certificate must bear; NULL: the endpoint's host */
	unsigned timeout;                 /* milliseconds for one job, all its steps together; 0: 10,000 */
	unsigned parallel;                /* connections at once; 0: 256 */
};

enum rmt_probe_outcome {
	RMT_PROBE_UNREACHABLE,  /* no connection */
	RMT_PROBE_TIMED_OUT,    /* at `stage` */
	RMT_PROBE_NO_TLS,       /* the peer speaks something else, closes, or does not offer STARTTLS */
	RMT_PROBE_THEY_REFUSED, /* the peer ended the handshake (alert, or no common parameters) */
	RMT_PROBE_WE_REFUSED,   /* the consumer played does not take what it was sent */
	RMT_PROBE_DONE,         /* handshake finished */
};
enum rmt_probe_stage { RMT_STAGE_RESOLVE, RMT_STAGE_CONNECT, RMT_STAGE_DIALECT, RMT_STAGE_HANDSHAKE, RMT_STAGE_CERTIFICATE, RMT_STAGE_NAME, RMT_STAGE_CLIENT_CERTIFICATE };
const char *rmt_probe_stage_name(enum rmt_probe_stage stage); /* "resolve" "connect" "starttls" "handshake" "certificate" "name" "client-certificate" */

/* What came of one job. Valid during the callback. */
struct rmt_probe_seen {
	const struct rmt_endpoint *endpoint;
	const struct rmt_probe_job *job;
	enum rmt_probe_outcome outcome;
	enum rmt_probe_stage stage;       /* where it ended, when it did not end well */
	struct rmt_err err;               /* RMT_NETWORK, or RMT_NEGATIVE for a refusal: one sentence in plain words; class RMT_NONE when done */
	const struct rmt_cert *const *sent; size_t sent_count; /* the chain as sent, in its order, also when the handshake failed later */
	const struct rmt_err *broken; size_t broken_count;     /* members that even tolerant reading refused: place "certificate 2" */
	const char *protocol, *cipher;    /* "TLSv1.2", or NULL */
	const char *signature;            /* with which the peer proved its key: "RSA+SHA256", or NULL */
	int alert;                        /* number of the alert that ended it, -1 none */
	bool alert_ours;                  /* ... we sent it */
	int verify_error, verify_depth;   /* X509_V_ERR_*, 0 none */
	bool asked_certificate;           /* the server asked for ours */
	size_t issuers_named;             /* ... naming so many issuers */
	bool closed_cleanly;              /* after our certificate the server went on: it took it */
	unsigned milliseconds;
};
/* Every job, as many at once as allowed; `visit` in the order in which they end, returns 0 to go on. Of a job with fallbacks only the last
 * one tried is visited. 0, what `visit` returned, or -1 when the run itself could not go on (memory, options that contradict each other). */
int rmt_probe_run(const struct rmt_probe_options *options, const struct rmt_endpoint *endpoints, const struct rmt_probe_jobs *jobs,
                  int (*visit)(void *arg, const struct rmt_probe_seen *seen), void *arg, struct rmt_err *err);

/* ---- the other side: a lab peer as picky as a target (peer.c) ------------------------------------------------------------ */

struct rmt_peer_options {
	struct rmt_probe_rules rules;     /* for the certificates of its clients */
	const char *name;                 /* of whom it plays, for the line that its clients get */
	const char *presents;             /* "leaf" "leaf+intermediates" "leaf+intermediates+root" */
	const struct rmt_cert *certificate; const struct rmt_key *key;
	const struct rmt_cert *const *chain; size_t chain_count;       /* intermediates */
	const struct rmt_cert *root;                                    /* or NULL */
	unsigned timeout;                 /* milliseconds for one handshake; 0: 10,000 */
	uint64_t most;                    /* connections, then it ends; 0: until stopped */
	uint64_t lasting;                 /* milliseconds, then it ends; 0: until stopped */
	int stop;                         /* a descriptor that becomes readable when it should end, or -1 */
};
/* What came of one connection. Valid during the callback. */
struct rmt_peer_seen {
	const char *from;                 /* "127.0.0.1:41234" "[::1]:41234" */
	enum rmt_probe_outcome outcome;   /* DONE: accepted */
	struct rmt_err err;               /* class RMT_NONE when accepted */
	const struct rmt_cert *const *sent; size_t sent_count; /* what the client showed */
	const struct rmt_err *broken; size_t broken_count;
	const char *sni;                  /* the name that it asked for, or NULL */
	const char *protocol, *cipher;    /* or NULL */
	int alert; bool alert_ours;       /* -1 none */
	int verify_error, verify_depth;   /* X509_V_ERR_*, 0 none */
	unsigned milliseconds;
};
/* Listen on `address` ("127.0.0.1", "::", NULL: loopback) and `port` (0: any); the address with its port goes to `listening` when it is
 * open. Each connection goes to `visit` when its handshake has ended; either returns 0 to go on. Up to 1,024 connections at once: when
 * there are more, the oldest gives way, so that idle ones hold up nobody. RMT_POLICY when the target's security level takes no such
 * certificate, RMT_NETWORK when it cannot listen. */
int rmt_peer_run(const struct rmt_peer_options *options, const char *address, uint16_t port, int (*listening)(void *arg, const char *address),
                 int (*visit)(void *arg, const struct rmt_peer_seen *seen), void *arg, struct rmt_err *err);

/* Where to listen: "8443", "127.0.0.1:8443", "[::1]:8443"; RMT_USAGE when it is no place. `address` is the caller's, NULL: loopback (listen.c). */
int rmt_listen_parse(const char *text, char **address, uint16_t *port, struct rmt_err *err);

/* ---- a small HTTP server (http.c) ------------------------------------------------------------------------------------------- */

/* Valid during the call. */
struct rmt_http_request {
	const char *from;                 /* "127.0.0.1:41234" */
	bool post;                        /* POST; else GET */
	struct rmt_span target;           /* as sent: "/ocsp/MEkwRzBF" */
	struct rmt_span body;
};
struct rmt_http_answer {
	unsigned status;                  /* 200 */
	const char *type;                 /* static */
	struct rmt_buf headers;           /* further lines, each with its end */
	struct rmt_buf body;
};
struct rmt_http_options {
	size_t body_most;                 /* bytes of a body; 0: 64 KiB */
	unsigned timeout;                 /* milliseconds for a request to come, and for an answer to go; 0: 10,000 */
	unsigned idle;                    /* milliseconds that a connection may keep silent between two requests; 0: 15,000 */
	size_t connections;               /* at once; 0: 1,024. When there are more, one that is silent gives way, else the oldest */
	uint64_t most, lasting;           /* requests, milliseconds, then it ends; 0: until stopped */
	int stop;                         /* a descriptor that becomes readable when it should end, or -1 */
};
struct rmt_http_server {
	int (*listening)(void *arg, const char *address); /* once, with its port */
	int (*answer)(void *arg, const struct rmt_http_request *request, struct rmt_http_answer *answer);
	/* After each round, and when the time that it gave the last time is over: milliseconds until it wants to be called, 0 no more. */
	unsigned (*rest)(void *arg);
	void *arg;
};
/* Serve HTTP/1.1 until told to stop; GET and POST, nothing in pieces (chunked), one thread and one poll loop. What a client does wrong, or
 * does not finish, costs it its connection and nobody else anything. The callbacks answer 0 to go on. RMT_NETWORK when it cannot listen. */
int rmt_http_run(const struct rmt_http_options *options, const struct rmt_http_server *server, const char *address, uint16_t port,
                 struct rmt_err *err);

void rmt_http_date(rmt_time time, struct rmt_buf *out); /* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); not before 1970 */

/* The first certificate that this target, with strict_chain, would not put on the wire under TLS 1.2 for its signature; NULL: none. */
const struct rmt_cert *rmt_peer_unserved(const struct rmt_peer_options *options);

#endif
