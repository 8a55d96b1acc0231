/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.c - the head of an event log as a small text file: by itself a checkpoint, with a list of files the manifest
 * of a backup. One field a line, always in the same order, read back strictly.
 *
 *	remint-backup 1                          or remint-checkpoint 1
 *	home HEX                                 the hash of the first event
 *	event NUMBER HEX TIME                    the last event, its hash, when it was written
 *	made TIME
 *	schema NUMBER
 *	file HEX SIZE NAME                       one for each file of a backup
 *
 * What stands behind the numbers is compared elsewhere.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { MANIFEST_CAP = 64 << 20, FILES_MAX = 1000000 };

static void put_hex(struct rmt_buf *out, const char *before, const unsigned char hash[RMT_SHA256])
{
	rmt_buf_text(out, before);
	rmt_hex(rmt_span_of(hash, RMT_SHA256), 0, out);
}

void rmt_manifest_write(const struct rmt_manifest *manifest, struct rmt_buf *out)
{
	char when[32], made[32];

	rmt_time_text(manifest->head.when, when);
	rmt_time_text(manifest->made, made);
	rmt_buf_format(out, "remint-%s 1\n", manifest->kind);
	put_hex(out, "home ", manifest->head.home);
	rmt_buf_format(out, "\nevent %lld", (long long)manifest->head.id);
	put_hex(out, " ", manifest->head.hash);
	rmt_buf_format(out, " %s\nmade %s\nschema %lld\n", when, made, (long long)manifest->schema);
	for (size_t i = 0; i < manifest->file_count; i++) {
		put_hex(out, "file ", manifest->files[i].sha256);
		rmt_buf_format(out, " %llu %s\n", (unsigned long long)manifest->files[i].size, manifest->files[i].name);
	}
}

int rmt_manifest_add(struct rmt_manifest *manifest, const char *name, const unsigned char sha256[RMT_SHA256], uint64_t size,
                     struct rmt_err *err)
{
	struct rmt_manifest_file *grown = manifest->files;

	if (manifest->file_count == manifest->file_capacity) {
		manifest->file_capacity = 2 * manifest->file_capacity + 16;
		grown = realloc(grown, manifest->file_capacity * sizeof *grown);
		if (!grown)
			return rmt_err_memory(err);
		manifest->files = grown;
	}
	grown = &manifest->files[manifest->file_count];
	*grown = (struct rmt_manifest_file){.name = rmt_arena_text(&manifest->arena, name), .size = size};
	memcpy(grown->sha256, sha256, RMT_SHA256);
	if (manifest->arena.failed)
		return rmt_err_memory(err);
	manifest->file_count++;
	return 0;
}

void rmt_manifest_clear(struct rmt_manifest *manifest)
{
	free(manifest->files);
	rmt_arena_free(&manifest->arena);
	*manifest = (struct rmt_manifest){0};
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

bool rmt_manifest_name_fits(const char *name)
{
	static const char *const roots[] = {"keys/", "templates/"};
	bool below = strcmp(name, "ca.db") == 0;

	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
		below |= strncmp(name, roots[i], strlen(roots[i])) == 0 && name[strlen(roots[i])];
	for (const char *at = name; below && at; at = strchr(at, '/')) {
		at += at != name;
		if (*at == '/' || !*at || strncmp(at, "../", 3) == 0 || strcmp(at, "..") == 0 || strncmp(at, "./", 2) == 0)
			return false;
	}
	return below && !strpbrk(name, "\r\n");
}

struct scan {
	const char *at; /* rest of the line */
	bool bad;
};

static void scan_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	scan->bad |= strncmp(scan->at, word, length) != 0;
	if (!scan->bad)
		scan->at += length;
}

static void scan_hash(struct scan *scan, unsigned char out[RMT_SHA256])
{
	char text[2 * RMT_SHA256 + 1];
	struct rmt_buf bytes = {0};

	scan->bad |= strspn(scan->at, "0123456789abcdef") != sizeof text - 1;
	if (scan->bad)
		return;
	memcpy(text, scan->at, sizeof text - 1);
	text[sizeof text - 1] = 0;
	scan->bad = rmt_hex_decode(text, &bytes, NULL) || bytes.length != RMT_SHA256;
	if (!scan->bad)
		memcpy(out, bytes.bytes, RMT_SHA256);
	scan->at += sizeof text - 1;
	rmt_buf_free(&bytes);
}

static int64_t scan_number(struct scan *scan)
{
	size_t digits = scan->bad ? 0 : strspn(scan->at, "0123456789");
	int64_t number = 0;

	scan->bad |= digits == 0 || digits > 18;
	for (size_t i = 0; !scan->bad && i < digits; i++)
		number = number * 10 + (scan->at[i] - '0');
	scan->at += scan->bad ? 0 : digits;
	return number;
}

static rmt_time scan_time(struct scan *scan)
{
	size_t length = scan->bad ? 0 : strcspn(scan->at, " ");
	rmt_time time = 0;
	char text[40];

	scan->bad |= length == 0 || length >= sizeof text;
	if (scan->bad)
		return 0;
	memcpy(text, scan->at, length);
	text[length] = 0;
	scan->bad = rmt_time_parse(text, &time, NULL) != 0;
	scan->at += length;
	return time;
}

static void read_kind(struct rmt_manifest *manifest, struct scan *scan)
{
	static const char *const kinds[] = {"backup", "checkpoint"};

	scan_word(scan, "remint-");
	for (size_t i = 0; !scan->bad && !manifest->kind && i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(scan->at, kinds[i], strlen(kinds[i])) == 0)
			manifest->kind = kinds[i];
	scan->bad |= !manifest->kind;
	if (!scan->bad)
		scan->at += strlen(manifest->kind);
	scan_word(scan, " 1");
}

static int read_file_line(struct rmt_manifest *manifest, struct scan *scan, struct rmt_err *err)
{
	unsigned char sha256[RMT_SHA256] = {0};
	int64_t size;

	scan_word(scan, "file ");
	scan_hash(scan, sha256);
	scan_word(scan, " ");
	size = scan_number(scan);
	scan_word(scan, " ");
	scan->bad |= !scan->bad && !rmt_manifest_name_fits(scan->at);
	if (scan->bad || manifest->file_count == FILES_MAX)
		return 0;
	if (rmt_manifest_add(manifest, scan->at, sha256, (uint64_t)size, err))
		return -1;
	scan->at += strlen(scan->at);
	return 0;
}

static int read_line(struct rmt_manifest *manifest, size_t number, struct scan *scan, struct rmt_err *err)
{
	switch (number) {
	case 1:
		read_kind(manifest, scan);
		return 0;
	case 2:
		scan_word(scan, "home ");
		scan_hash(scan, manifest->head.home);
		return 0;
	case 3:
		scan_word(scan, "event ");
		manifest->head.id = scan_number(scan);
		scan_word(scan, " ");
		scan_hash(scan, manifest->head.hash);
		scan_word(scan, " ");
		manifest->head.when = scan_time(scan);
		return 0;
	case 4:
		scan_word(scan, "made ");
		manifest->made = scan_time(scan);
		return 0;
	case 5:
		scan_word(scan, "schema ");
		manifest->schema = scan_number(scan);
		return 0;
	default:
		return read_file_line(manifest, scan, err);
	}
}

static int refuse_line(const char *path, size_t number, struct rmt_err *err)
{
	char place[32];

	snprintf(place, sizeof place, "line %zu", number);
	rmt_err_set(err, RMT_INPUT, place,
	            number < 2 ? "this is neither the manifest of a backup nor a checkpoint"
	                       : "this line was changed, or the file is not whole");
	rmt_err_source(err, path);
	return -1;
}

int rmt_manifest_read_mem(const char *name, struct rmt_span bytes, struct rmt_manifest *out, struct rmt_err *err)
{
	struct rmt_buf text = {0};
	size_t number = 0;
	int rc = -1;

	*out = (struct rmt_manifest){0};
	rmt_buf_span(&text, bytes);
	if (rmt_buf_check(&text, err))
		goto out;
	for (char *line = (char *)(uintptr_t)rmt_buf_string(&text), *last = line + text.length, *end; line < last; line = end + 1) {
		struct scan scan = {.at = line};

		end = strchr(line, '\n');
		if (!end) {
			refuse_line(name, number + 1, err);
			goto out;
		}
		*end = 0;
		if (read_line(out, ++number, &scan, err))
			goto out;
		if (scan.bad || *scan.at) {
			refuse_line(name, number, err);
			goto out;
		}
	}
	rc = number < 5 ? refuse_line(name, number + 1, err) : 0;
out:
	rmt_buf_free(&text);
	return rc;
}

int rmt_manifest_read(const char *path, struct rmt_manifest *out, struct rmt_err *err)
{
	struct rmt_buf text = {0};
	int rc = -1;

	*out = (struct rmt_manifest){0};
	if (rmt_file_read(path, MANIFEST_CAP, &text, err) == 0)
		rc = rmt_manifest_read_mem(path, rmt_buf_view(&text), out, err);
	rmt_buf_free(&text);
	return rc;
}
