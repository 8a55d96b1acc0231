/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spread.c - a directory of many small files as estates collect them, and the least that reading them can cost.
 *
 *	spread write N DIR CERTS REQUESTS  N files in DIR, 1,000 to a directory: of 100 each 70 certificates, 15 requests, 5 CRLs of
 *	                                   20 entries and 10 P7B of three certificates, every other one in PEM. CERTS and
 *	                                   REQUESTS are piles that are used in turn.
 *	spread p7b FILE CERTS              all of CERTS in one P7B
 *	spread read DIR                    list, open, read and close every file below DIR, and nothing else. Prints the files.
 *
 * It is a measuring rod, not a product; nothing is signed here and nothing judged.
 */
#include "config.h"

#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "write/write.h"

enum { A_DIRECTORY = 1000, MIX = 100, CERTS = 70, REQUESTS = 15, CRLS = 5, IN_P7B = 3, ENTRIES = 20 };

static struct rmt_err err;

static void die(const char *doing)
{
	fprintf(stderr, "spread: %s: %s %s\n", doing, err.place, err.message);
	exit(2);
}

static int keep(void *arg, const struct rmt_object *object)
{
	return rmt_pile_add(arg, object, &err);
}

static struct rmt_pile pile_of(const char *path)
{
	struct rmt_pile pile = {0};
	const struct rmt_reader reader = {.object = keep, .arg = &pile, .mode = RMT_TOLERANT};

	if (rmt_read_path(&reader, path, &err) || !pile.count)
		die(path);
	return pile;
}

static void p7b(const struct rmt_cert *const *certs, size_t count, struct rmt_buf *out)
{
	static char all[] = "intermediates";
	char *content[] = {all};
	const struct rmt_bundle bundle = {.intermediates = certs, .intermediate_count = count};
	const struct rmt_write_options options = {.format = "p7b", .content = {content, 1}};

	if (rmt_write_mem(&bundle, &options, out, &err))
		die("writing a P7B");
}

static void crl(const struct rmt_cert *issuer, unsigned char first, struct rmt_buf *out)
{
	struct rmt_derw w = {0};
	unsigned char serial[17] = {1, first};

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, 1);
	rmt_derw_raw(&w, issuer->outer_algorithm);
	rmt_derw_raw(&w, issuer->issuer);
	rmt_derw_time(&w, 1700000000);
	rmt_derw_time(&w, 1900000000);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	for (int i = 0; i < ENTRIES; i++) {
		serial[16] = (unsigned char)i;
		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		rmt_derw_integer(&w, rmt_span_of(serial, sizeof serial));
		rmt_derw_time(&w, 1600000000 + i);
		rmt_derw_end(&w);
	}
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_raw(&w, issuer->outer_algorithm);
	rmt_derw_bits(&w, issuer->signature, 0); /* of something else, as long as a real one */
	rmt_derw_end(&w);
	if (rmt_derw_finish(&w, out, &err))
		die("writing a CRL");
}

static void save(const char *directory, long n, const char *label, struct rmt_span der, const char *suffix)
{
	struct rmt_buf text = {0};
	char path[512];
	FILE *out;

	if (n % 2)
		rmt_pem(label, der, 64, false, &text);
	else
		rmt_buf_span(&text, der);
	snprintf(path, sizeof path, "%s/%04ld", directory, n / A_DIRECTORY);
	if (n % A_DIRECTORY == 0)
		mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/%04ld/host%06ld%s", directory, n / A_DIRECTORY, n, suffix);
	out = fopen(path, "w");
	if (!out || fwrite(text.bytes, 1, text.length, out) != text.length || fclose(out) != 0)
		die(path);
	rmt_buf_free(&text);
}

static int write_files(long count, const char *directory, const char *cert_path, const char *request_path)
{
	struct rmt_pile certs = pile_of(cert_path), requests = pile_of(request_path);

	mkdir(directory, 0700);
	for (long n = 0; n < count; n++) {
		const struct rmt_object *cert = certs.objects[(size_t)n % certs.count];
		long kind = n % MIX;
		struct rmt_buf made = {0};

		if (kind < CERTS) {
			save(directory, n, "CERTIFICATE", cert->der, n % 2 ? ".pem" : ".cer");
		} else if (kind < CERTS + REQUESTS) {
			save(directory, n, "CERTIFICATE REQUEST", requests.objects[(size_t)n % requests.count]->der, ".csr");
		} else if (kind < CERTS + REQUESTS + CRLS) {
			crl(cert->cert, (unsigned char)n, &made);
			save(directory, n, "X509 CRL", rmt_buf_view(&made), ".crl");
		} else {
			const struct rmt_cert *some[IN_P7B];

			for (size_t i = 0; i < IN_P7B; i++)
				some[i] = certs.objects[((size_t)n + i) % certs.count]->cert;
			p7b(some, IN_P7B, &made);
			save(directory, n, "PKCS7", rmt_buf_view(&made), ".p7b");
		}
		rmt_buf_free(&made);
	}
	rmt_pile_free(&certs);
	rmt_pile_free(&requests);
	return 0;
}

static int write_p7b(const char *path, const char *cert_path)
{
	struct rmt_pile pile = pile_of(cert_path);
	const struct rmt_cert **certs = calloc(pile.count, sizeof *certs);
	struct rmt_buf out = {0};
	FILE *file = fopen(path, "w");

	for (size_t i = 0; certs && i < pile.count; i++)
		certs[i] = pile.objects[i]->cert;
	p7b(certs, pile.count, &out);
	if (!file || fwrite(out.bytes, 1, out.length, file) != out.length || fclose(file) != 0)
		die(path);
	rmt_buf_free(&out);
	free(certs);
	rmt_pile_free(&pile);
	return 0;
}

static int read_files(char *directory)
{
	char *roots[] = {directory, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT | FTS_NOCHDIR, NULL);
	static char room[1 << 20];
	const FTSENT *entry;
	long files = 0;

	while (walk && (entry = fts_read(walk))) {
		int fd;

		if (entry->fts_info != FTS_F && entry->fts_info != FTS_NSOK)
			continue;
		fd = open(entry->fts_accpath, O_RDONLY | O_CLOEXEC);
		while (fd >= 0 && read(fd, room, sizeof room) > 0)
			;
		if (fd < 0 || close(fd))
			die(entry->fts_accpath);
		files++;
	}
	printf("%ld\n", files);
	return walk ? 0 : 2;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "write") == 0)
		return write_files(strtol(argv[2], NULL, 10), argv[3], argv[4], argv[5]);
	if (argc == 4 && strcmp(argv[1], "p7b") == 0)
		return write_p7b(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "read") == 0)
		return read_files(argv[2]);
	fprintf(stderr, "usage: see the head of spread.c\n");
	return 2;
}
