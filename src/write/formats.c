/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/formats.c - the table of containers, and the one way in which all of them are written: chosen, written, read back.
 *
 * To add a container:
 *   1. write src/write/NAME.c with one rmt_write_fn: it is given the objects and appends the bytes;
 *   2. declare it in local.h and name the file in local.am;
 *   3. add its row below: what it may hold, what it holds when nobody says, whether reading it gives the same order;
 *   4. make sure that read/ knows the container: nothing is written that cannot be read back;
 *   5. add its row to tests/unit/test_write.c, with another maker's program as judge.
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

static const struct rmt_format formats[] = {
	{ .name = "pem", .title = "PEM, one or more objects", .suffix = ".pem", .holds_key = true, .holds_many = true,
	  .takes_passphrase = true, .ordered = true, .usual = "leaf intermediates", .write = rmt_write_pem },
	{ .name = "der", .title = "DER, one certificate", .suffix = ".cer", .holds_key = true, .binary = true,
	  .ordered = true, .usual = "leaf", .write = rmt_write_der },
	{ .name = "p7b", .title = "PKCS#7, certificates only, DER", .suffix = ".p7b", .holds_many = true, .binary = true,
	  .usual = "leaf intermediates", .write = rmt_write_p7b },
	{ .name = "p7b-pem", .title = "PKCS#7, certificates only, PEM", .suffix = ".p7b", .holds_many = true,
	  .usual = "leaf intermediates", .write = rmt_write_p7b_pem },
	{ .name = "pfx", .title = "PKCS#12, key and certificates under a passphrase", .suffix = ".pfx", .holds_key = true,
	  .holds_many = true, .binary = true, .takes_passphrase = true, .usual = "key leaf intermediates",
	  .write = rmt_write_pfx },
	{ .name = "jks", .title = "Java keystore, key and chain or trusted certificates, under a passphrase", .suffix = ".jks",
	  .holds_key = true, .holds_many = true, .binary = true, .takes_passphrase = true,
	  .usual = "key leaf intermediates", .write = rmt_write_jks },
	{ .name = "key", .title = "private key, PKCS#8 in PEM", .suffix = ".key", .holds_key = true,
	  .takes_passphrase = true, .ordered = true, .usual = "key", .write = rmt_write_key },
	{ .name = "key-traditional", .title = "private key, PKCS#1 or SEC1 in PEM", .suffix = ".key", .holds_key = true,
	  .ordered = true, .usual = "key", .write = rmt_write_key_traditional },
};

const struct rmt_format *
rmt_formats(size_t *count)
{
	*count = sizeof(formats) / sizeof(formats[0]);
	return formats;
}

const struct rmt_format *
rmt_format_named(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

bool
rmt_format_protected(const struct rmt_format *format)
{
	return format && format->takes_passphrase && format->binary;
}

static int
unknown_format(const char *name, struct rmt_err *err)
{
	const char *names[sizeof(formats) / sizeof(formats[0]) + 1] = { NULL };
	const char *near;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		names[i] = formats[i].name;
	near = rmt_nearest(name, names);
	if (near)
		return rmt_err_set(err, RMT_USAGE, NULL, "no container format \"%s\"; did you mean \"%s\"?", name, near);
	return rmt_err_set(err, RMT_USAGE, NULL, "no container format \"%s\"", name);
}

/* What the row says the container may hold. */
static int
check_parts(const struct rmt_format *format, const struct rmt_parts *parts, const struct rmt_secret *passphrase,
            struct rmt_err *err)
{
	if (!parts->count)
		return rmt_err_set(err, RMT_USAGE, NULL, "there is nothing to write as %s", format->name);
	if (parts->keys && !format->holds_key)
		return rmt_err_set(err, RMT_USAGE, NULL, "%s holds certificates only, no private key", format->name);
	if (parts->count > 1 && !format->holds_many)
		return rmt_err_set(err, RMT_USAGE, NULL, "%s holds one object, not %zu", format->name, parts->count);
	if (parts->keys && passphrase && !format->takes_passphrase)
		return rmt_err_set(err, RMT_SECRET, NULL, "%s cannot be protected by a passphrase", format->name);
	return 0;
}

int
rmt_write_mem(const struct rmt_bundle *bundle, const struct rmt_write_options *options, struct rmt_buf *out,
              struct rmt_err *err)
{
	const struct rmt_format *format = rmt_format_named(options->format);
	struct rmt_buf written = { 0 }, name = { 0 };
	struct rmt_parts parts = { 0 };
	bool named;
	int rc = -1;

	if (!format)
		return unknown_format(options->format, err);
	if (rmt_parts_choose(&parts, bundle, options, err) || check_parts(format, &parts, options->passphrase, err))
		goto out;
	named = !strcmp(format->name, "pfx");
	if (parts.keys)
		rmt_buf_secret(&written);
	if (format->write(&parts, bundle, options, &written, err))
		goto out;
	if (named && rmt_parts_label(bundle, options->friendly_name, &name, err))
		goto out;
	if (rmt_readback(rmt_buf_view(&written), &parts, format->ordered, options->passphrase,
	                 named ? rmt_buf_string(&name) : NULL, err))
		goto out;
	written.secret = written.secret || out->secret;
	rmt_buf_free(out);
	*out = written;
	written = (struct rmt_buf){ 0 };
	rc = 0;
out:
	rmt_parts_clear(&parts);
	rmt_buf_free(&written);
	rmt_buf_free(&name);
	return rc;
}
