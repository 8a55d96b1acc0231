/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceiling.c - the least that issuing from requests can cost on this machine, and the material to measure with.
 *
 *	ceiling requests N FILE            N requests with P-256 keys of their own, as one PEM pile
 *	ceiling certs N FILE CA-CERT CA-KEY  N server certificates with P-256 keys under that CA (PEM), as one pile
 *	ceiling split FILE DIR             each request of a pile as DIR/NNNNN.pem (for openssl ca)
 *	ceiling sign FILE KEYSPEC          walk each request, verify it, build a small certificate, sign it: no policy,
 *	                                   no lint, no database. Prints certificates and CPU seconds.
 *	ceiling bare KEYSPEC N             N signatures of 250 bytes by a key of this kind, and nothing else
 *	ceiling sync DIR                   fdatasync calls a second that the disk under DIR takes
 *
 * It is a measuring rod, not a product: it leans on the same reader, writer and contexts as Remint.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "x509/x509.h"

static struct rmt_err err;

static void die(const char *doing)
{
	fprintf(stderr, "ceiling: %s: %s %s\n", doing, err.place, err.message);
	exit(2);
}

static double cpu(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void pem(FILE *out, const char *label, struct rmt_span der)
{
	struct rmt_buf text = {0};

	rmt_base64_encode(der, 64, "\n", &text);
	fprintf(out, "-----BEGIN %s-----\n%s-----END %s-----\n", label, rmt_buf_string(&text), label);
	rmt_buf_free(&text);
}

/* The DER of the next PEM block; false at the end. */
static bool next_block(struct rmt_stream *in, struct rmt_buf *body, struct rmt_buf *der)
{
	struct rmt_span line;
	bool whole, inside = false;

	rmt_buf_clear(body);
	rmt_buf_clear(der);
	while (rmt_stream_line(in, 4096, &line, &whole, &err) == 1) {
		if (line.length > 10 && memcmp(line.at, "-----BEGIN", 10) == 0) {
			inside = true;
		} else if (line.length > 8 && memcmp(line.at, "-----END", 8) == 0) {
			return rmt_base64_decode(rmt_buf_view(body), der, &err) == 0;
		} else if (inside) {
			rmt_buf_span(body, line);
		}
	}
	return false;
}

static struct rmt_key *key_from(const char *path)
{
	struct rmt_buf text = {0};
	struct rmt_key *key;

	if (rmt_file_read(path, RMT_CAP_REQUEST, &text, &err))
		die("reading the key");
	key = rmt_key_read_pem(rmt_buf_view(&text), NULL, &err);
	if (!key)
		die("reading the key");
	rmt_buf_free(&text);
	return key;
}

static int requests(int n, const char *path)
{
	FILE *out = fopen(path, "w");

	for (int i = 0; out && i < n; i++) {
		struct rmt_buf subject = {0}, der = {0};
		char name[64];
		struct rmt_name_part part = {"CN", name};
		struct rmt_key *key = rmt_key_generate("ec:p256", &err);

		snprintf(name, sizeof name, "host%06d.bench.example", i);
		if (!key || rmt_name_build(&part, 1, &subject, &err) ||
		    rmt_request_build(key, "sha256", rmt_buf_view(&subject), (struct rmt_span){0}, &der, &err))
			die("making a request");
		pem(out, "CERTIFICATE REQUEST", rmt_buf_view(&der));
		rmt_key_free(key);
		rmt_buf_free(&subject);
		rmt_buf_free(&der);
	}
	return out && fclose(out) == 0 ? 0 : 2;
}

static int split(const char *path, const char *directory)
{
	struct rmt_stream *in = rmt_stream_open(path, &err);
	struct rmt_buf body = {0}, der = {0};
	char name[512];

	for (int i = 0; in && next_block(in, &body, &der); i++) {
		FILE *out;

		snprintf(name, sizeof name, "%s/%05d.pem", directory, i);
		out = fopen(name, "w");
		if (!out)
			return 2;
		pem(out, "CERTIFICATE REQUEST", rmt_buf_view(&der));
		fclose(out);
	}
	return in ? 0 : 2;
}

/* An ordinary server certificate's to-be-signed bytes: names, both usages, key identifiers, one SAN, CRL and AIA. */
static void build(struct rmt_derw *w, struct rmt_signer *signer, struct rmt_span issuer, struct rmt_span subject,
                  struct rmt_span spki, const unsigned char serial[17], const char *host)
{
	unsigned char id[20];

	if (rmt_spki_key_id(spki, id, &err))
		die("key identifier");
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_small(w, 2);
	rmt_derw_end(w);
	rmt_derw_integer(w, rmt_span_of(serial, 17));
	rmt_derw_raw(w, rmt_signer_algorithm(signer));
	rmt_derw_raw(w, issuer);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_time(w, 1700000000);
	rmt_derw_time(w, 1900000000);
	rmt_derw_end(w);
	rmt_derw_raw(w, subject);
	rmt_derw_raw(w, spki);
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(3));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, rmt_oid_named("subjectKeyIdentifier")->der);
	rmt_derw_begin(w, RMT_DER_OCTET_STRING);
	rmt_derw_value(w, RMT_DER_OCTET_STRING, rmt_span_of(id, sizeof id));
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, rmt_oid_named("extKeyUsage") ? rmt_oid_named("extKeyUsage")->der : rmt_oid_named("2.5.29.37")->der);
	rmt_derw_begin(w, RMT_DER_OCTET_STRING);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, rmt_oid_named("serverAuth")->der);
	rmt_derw_oid(w, rmt_oid_named("clientAuth")->der);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, rmt_oid_named("2.5.29.17")->der);
	rmt_derw_begin(w, RMT_DER_OCTET_STRING);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_value(w, RMT_DER_CONTEXT(2), rmt_span_text(host));
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
}

static int certs(int n, const char *path, const char *ca_path, const char *key_path)
{
	struct rmt_key *ca_key = key_from(key_path);
	struct rmt_signer *signer = rmt_signer_new(ca_key, "sha256", &err);
	struct rmt_stream *in = rmt_stream_open(ca_path, &err);
	struct rmt_buf body = {0}, ca_der = {0};
	struct rmt_key *leaf = NULL;
	struct rmt_cert ca;
	FILE *out = fopen(path, "w");

	if (!signer || !in || !out || !next_block(in, &body, &ca_der) ||
	    rmt_cert_read(&ca, rmt_buf_view(&ca_der), RMT_STRICT, &err))
		die("opening the CA");
	for (int i = 0; i < n; i++) {
		struct rmt_buf subject = {0}, tbs = {0}, der = {0};
		struct rmt_derw w = {0};
		unsigned char serial[17];
		char name[64];
		struct rmt_name_part part = {"CN", name};

		if (i % 16 == 0) { /* sixteen certificates a key: making keys is not what is measured */
			rmt_key_free(leaf);
			leaf = rmt_key_generate("ec:p256", &err);
		}
		snprintf(name, sizeof name, "host%06d.bench.example", i);
		if (!leaf || rmt_random(serial, sizeof serial, &err) || rmt_name_build(&part, 1, &subject, &err))
			die("making a certificate");
		serial[0] = (unsigned char)((serial[0] & 0x7f) | 1);
		build(&w, signer, ca.subject, rmt_buf_view(&subject), rmt_key_spki(leaf), serial, name);
		if (rmt_derw_finish(&w, &tbs, &err) || rmt_signer_wrap(signer, rmt_buf_view(&tbs), &der, &err))
			die("signing");
		pem(out, "CERTIFICATE", rmt_buf_view(&der));
		rmt_buf_free(&subject);
		rmt_buf_free(&tbs);
		rmt_buf_free(&der);
	}
	return fclose(out) == 0 ? 0 : 2;
}

static int sign(const char *path, const char *spec)
{
	struct rmt_key *key = rmt_key_generate(spec, &err);
	struct rmt_signer *signer = key ? rmt_signer_new(key, "sha256", &err) : NULL;
	struct rmt_checker *checker = rmt_checker_new(&err);
	struct rmt_stream *in = rmt_stream_open(path, &err);
	struct rmt_buf body = {0}, request_der = {0}, issuer = {0}, tbs = {0}, der = {0};
	struct rmt_name_part part = {"CN", "Bench CA"};
	struct rmt_request request;
	unsigned char serial[17];
	double before;
	int n = 0;

	if (!signer || !checker || !in || rmt_name_build(&part, 1, &issuer, &err))
		die("starting");
	before = cpu();
	while (next_block(in, &body, &request_der)) {
		struct rmt_derw w = {0};

		if (rmt_request_read(&request, rmt_buf_view(&request_der), &err) || rmt_request_verify(checker, &request, &err) ||
		    rmt_random(serial, sizeof serial, &err))
			die("verifying");
		serial[0] = (unsigned char)((serial[0] & 0x7f) | 1);
		build(&w, signer, rmt_buf_view(&issuer), request.subject, request.spki, serial, "host.bench.example");
		rmt_buf_free(&tbs);
		rmt_buf_clear(&der);
		if (rmt_derw_finish(&w, &tbs, &err) || rmt_signer_wrap(signer, rmt_buf_view(&tbs), &der, &err))
			die("signing");
		n++;
	}
	printf("%d %.6f\n", n, cpu() - before);
	return 0;
}

static int sync_rate(const char *directory)
{
	struct timespec before, after;
	char path[512], block[4096] = {0};
	double seconds;
	int fd, n = 0;

	snprintf(path, sizeof path, "%s/sync.tmp", directory);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	clock_gettime(CLOCK_MONOTONIC, &before);
	do {
		if (fd < 0 || write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd))
			return 2;
		clock_gettime(CLOCK_MONOTONIC, &after);
		seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	} while (++n < 2000 && seconds < 2);
	unlink(path);
	printf("%.0f\n", n / seconds);
	return 0;
}

static int bare(const char *spec, int n)
{
	struct rmt_key *key = rmt_key_generate(spec, &err);
	struct rmt_signer *signer = key ? rmt_signer_new(key, NULL, &err) : NULL;
	struct rmt_buf signature = {0};
	unsigned char message[250] = {0};

	if (!signer)
		die("making a key");
	for (int i = 0; i < n; i++) {
		message[0] = (unsigned char)i;
		rmt_buf_clear(&signature);
		if (rmt_signer_sign(signer, rmt_span_of(message, sizeof message), &signature, &err))
			die("signing");
	}
	rmt_buf_free(&signature);
	rmt_signer_free(signer);
	rmt_key_free(key);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "requests") == 0)
		return requests((int)strtol(argv[2], NULL, 10), argv[3]);
	if (argc == 6 && strcmp(argv[1], "certs") == 0)
		return certs((int)strtol(argv[2], NULL, 10), argv[3], argv[4], argv[5]);
	if (argc == 4 && strcmp(argv[1], "split") == 0)
		return split(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "sign") == 0)
		return sign(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "bare") == 0)
		return bare(argv[2], (int)strtol(argv[3], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "sync") == 0)
		return sync_rate(argv[2]);
	fprintf(stderr, "usage: see the head of ceiling.c\n");
	return 2;
}
