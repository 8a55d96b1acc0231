/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.c - a home grown large: N certificates recorded in its database through the room's own operations.
 *
 *	fill HOME N
 *
 * The rows hold filler in place of DER, with serial numbers, names and dates of their own, as if the authority "issuing"
 * had made them: enough for every index, too little for an audit. Only for measuring.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/db.h"

enum { GROUP = 1000 };

static struct rmt_err err;

static int add(struct rmt_db *db, int64_t authority, long i, rmt_time now)
{
	unsigned char serial[17] = {1}, fingerprint[RMT_SHA256], spki[RMT_SHA256], der[600];
	char name[64], subject[80];
	const char *names[] = {name};
	struct rmt_db_cert row = {.authority = authority, .issuer_name = "CN=Bench CA", .subject = subject, .name = name,
	                          .names = names, .name_count = 1, .template_name = "server-client",
	                          .targets = i % 4 ? "" : "nginx", .not_before = now - (i % 300) * RMT_DAY,
	                          .not_after = now + (i % 500 - 100) * RMT_DAY, .recorded = now, .proved = true,
	                          .supersedes = i > 10 && i % 10 == 0 ? i - 5 : 0};
	struct rmt_db_tbs tbs = {.authority = authority, .when = now, .owner_pid = getpid()};
	int64_t id;

	snprintf(name, sizeof name, "host%07ld.bench.example", i);
	snprintf(subject, sizeof subject, "CN=%s", name);
	memset(der, 0x30, sizeof der);
	memcpy(der, &i, sizeof i);
	if (rmt_random(serial + 1, sizeof serial - 1, &err) || rmt_sha256(rmt_span_of(der, sizeof der), fingerprint, &err) ||
	    rmt_sha256(rmt_span_text(name), spki, &err))
		return -1;
	row.serial = rmt_span_of(serial, sizeof serial);
	row.der = rmt_span_of(der, sizeof der);
	row.fingerprint = rmt_span_of(fingerprint, sizeof fingerprint);
	row.spki_hash = rmt_span_of(spki, sizeof spki);
	tbs.serial = row.serial;
	tbs.tbs = rmt_span_of(der, sizeof der - 100);
	return rmt_db_tbs_add(db, &tbs, &row.tbs, &err) ? -1 : rmt_db_cert_add(db, &row, &id, &err);
}

int main(int argc, char **argv)
{
	rmt_time now = rmt_clock_now();
	struct rmt_db *db = argc == 3 ? rmt_db_open(argv[1], RMT_DB_WRITE, 5, &err) : NULL;
	long n = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	struct rmt_db_authority issuing = {0};

	if (db && rmt_db_authority_get(db, "issuing", 0, &issuing, &err) != 1)
		rmt_err_set(&err, RMT_USAGE, NULL, "this home has no authority \"issuing\"");
	for (long i = 0; db && issuing.id && i < n; i++) {
		if (i % GROUP == 0 && rmt_db_begin(db, &err))
			break;
		if (add(db, issuing.id, i, now))
			break;
		if ((i % GROUP == GROUP - 1 || i == n - 1) &&
		    (rmt_db_event(db, now, "fill", "bench rows", &err) || rmt_db_commit(db, &err)))
			break;
	}
	if (!db || err.class != RMT_NONE) {
		fprintf(stderr, "fill: %s\n", err.message);
		return 2;
	}
	rmt_db_close(db);
	return 0;
}
