/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/formats.c - the table of containers, and the one way in which all of them are written: chosen, written, read back.
 *
 * To add a container:
 *   1. write src/write/NAME.c with one rmt_write_fn: it is given the objects and appends the bytes;
 *   2. declare it in local.h and name the file in local.am;
 *   3. add its row below: what it may hold, what it holds when nobody says, whether reading it gives the same order;
 *   4. make sure that read/ knows the container: nothing is written that cannot be read back;
 *   5. name it in policy/target.c (when targets may want it) and in cli/option_table.c;
 *   6. add its row to tests/unit/test_write_formats.c, and to tests/interop/containers.sh with two other makers' programs as judges;
 *   7. add its row to docs/formats.md: the unit test says what it must be.
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

#define KEY(form, text) \
	.name = form, .title = text " in PEM", .suffix = ".key", .holds_key = true, .takes_passphrase = true, .ordered = true, .usual = "key", \
	.write = rmt_write_key
#define KEY_DER(form, text) \
	.name = form "-der", .title = text " in DER", .suffix = ".key", .holds_key = true, .binary = true, .ordered = true, .usual = "key", \
	.write = rmt_write_key

static const struct rmt_format formats[] = {
	{ .name = "pem", .title = "PEM, one or more objects", .suffix = ".pem", .holds_key = true, .holds_many = true,
	  .takes_passphrase = true, .ordered = true, .usual = "leaf intermediates", .write = rmt_write_pem },
	{ .name = "der", .title = "DER, one object", .suffix = ".cer", .holds_key = true, .binary = true,
	  .ordered = true, .usual = "leaf", .write = rmt_write_der },
	{ .name = "p7b", .title = "PKCS#7, certificates only, DER", .suffix = ".p7b", .holds_many = true, .binary = true,
	  .usual = "leaf intermediates", .write = rmt_write_p7b },
	{ .name = "p7b-pem", .title = "PKCS#7, certificates only, PEM", .suffix = ".p7b", .holds_many = true,
	  .usual = "leaf intermediates", .write = rmt_write_p7b_pem },
	{ .name = "pfx", .title = "PKCS#12, key and certificates under a passphrase", .suffix = ".pfx", .holds_key = true,
	  .holds_many = true, .binary = true, .takes_passphrase = true, .keystore = true, .usual = "key leaf intermediates",
	  .write = rmt_write_pfx },
	{ .name = "pfx-trust", .title = "PKCS#12 that Java takes for a trust store, under a passphrase", .suffix = ".p12",
	  .holds_many = true, .binary = true, .takes_passphrase = true, .keystore = true, .trusts = true,
	  .usual = "intermediates root", .write = rmt_write_pfx },
	{ .name = "jks", .title = "Java keystore, key and chain or trusted certificates, under a passphrase", .suffix = ".jks",
	  .holds_key = true, .holds_many = true, .binary = true, .takes_passphrase = true, .keystore = true,
	  .usual = "key leaf intermediates", .write = rmt_write_jks },
	{ .name = "jks-trust", .title = "Java trust store (JKS), under a passphrase", .suffix = ".jks", .holds_many = true, .binary = true,
	  .takes_passphrase = true, .keystore = true, .trusts = true, .usual = "intermediates root", .write = rmt_write_jks },
	{ .name = "mobileconfig", .title = "Apple configuration profile: CAs to trust, and a key under a passphrase",
	  .suffix = ".mobileconfig", .holds_key = true, .holds_many = true, .binary = true, .takes_passphrase = true, .seals_key = true,
	  .usual = "key leaf intermediates root", .write = rmt_write_mobileconfig },
	{ KEY("pkcs8", "private key of any kind, PKCS#8") },
	{ KEY_DER("pkcs8", "private key of any kind, PKCS#8"), .takes_passphrase = true },
	{ KEY("pkcs1", "RSA private key, PKCS#1") },
	{ KEY_DER("pkcs1", "RSA private key, PKCS#1") },
	{ KEY("sec1", "EC private key, SEC1") },
	{ KEY_DER("sec1", "EC private key, SEC1") },
	{ KEY("traditional", "private key, PKCS#1 or SEC1 by its kind,") },
	{ .name = "csr", .title = "certificate request, PKCS#10 in PEM", .suffix = ".csr", .holds_many = true, .ordered = true,
	  .usual = "objects", .write = rmt_write_pem },
	{ .name = "inf", .title = "certreq's INF for a request that says the same", .suffix = ".inf", .binary = true, .says = true, .usual = "leaf",
	  .write = rmt_write_inf_file },
	{ .name = "csr-der", .title = "certificate request, PKCS#10 in DER", .suffix = ".csr", .binary = true, .ordered = true,
	  .usual = "objects", .write = rmt_write_der },
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

const struct rmt_format *
rmt_format_find(const char *name, struct rmt_err *err)
{
	const char *names[sizeof(formats) / sizeof(formats[0]) + 1] = { NULL };
	const struct rmt_format *format = rmt_format_named(name);
	const char *near;

	if (format)
		return format;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		names[i] = formats[i].name;
	near = rmt_nearest(name, names);
	if (near)
		rmt_err_set(err, RMT_USAGE, NULL, "no container format \"%s\"; did you mean \"%s\"?", name, near);
	else
		rmt_err_set(err, RMT_USAGE, NULL, "no container format \"%s\"", name);
	return NULL;
}

bool
rmt_format_key_alone(const struct rmt_format *format)
{
	return !strcmp(format->usual, "key");
}

static bool
has_profiles(const struct rmt_format *format)
{
	return format->write == rmt_write_pfx || format->write == rmt_write_mobileconfig;
}

/* What is stated and would come to nothing is refused. */
static int
check_options(const struct rmt_format *format, const struct rmt_parts *parts, const struct rmt_write_options *options,
              struct rmt_err *err)
{
	bool cipher = options->cipher || options->kdf;

	if (cipher && has_profiles(format))
		return rmt_err_set(err, RMT_USAGE, NULL, "a %s is encrypted as its profile says (modern, compat or legacy): no cipher is named for it", format->name);
	if (cipher && format->keystore)
		return rmt_err_set(err, RMT_USAGE, NULL, "a %s has a cipher of its own: none is named for it", format->name);
	if (cipher && (!parts->keys || !format->takes_passphrase))
		return rmt_err_set(err, RMT_USAGE, NULL, "a cipher is named, but this %s has no private key that it could protect", format->name);
	if (options->profile && !has_profiles(format))
		return rmt_err_set(err, RMT_USAGE, NULL, "a %s has no profiles: only pfx, pfx-trust and mobileconfig have", format->name);
	if (options->friendly_name && !has_profiles(format) && !format->keystore)
		return rmt_err_set(err, RMT_USAGE, NULL, "no entry in a %s has a name: only those of a keystore have", format->name);
	return 0;
}

/* What the row says the container may hold. */
static int
check_parts(const struct rmt_format *format, const struct rmt_parts *parts, const struct rmt_write_options *options,
            struct rmt_err *err)
{
	if (!parts->count)
		return rmt_err_set(err, RMT_USAGE, NULL, "there is nothing to write as %s", format->name);
	if (parts->keys && !format->holds_key)
		return rmt_err_set(err, RMT_USAGE, NULL, "%s holds no private key", format->name);
	if (parts->count > 1 && !format->holds_many)
		return rmt_err_set(err, RMT_USAGE, NULL, "%s holds one object, not %zu", format->name, parts->count);
	if (parts->keys && options->passphrase && !format->takes_passphrase)
		return rmt_err_set(err, RMT_SECRET, NULL, "%s cannot be protected by a passphrase", format->name);
	for (size_t i = 0; i < parts->count; i++)
		if (parts->list[i].object && format->write != rmt_write_pem && format->write != rmt_write_der &&
		    !(format->says && parts->list[i].object->request))
			return rmt_err_set(err, RMT_USAGE, NULL, "%s holds no %s", format->name,
			                   rmt_object_type_name(parts->list[i].object->type));
	return check_options(format, parts, options, err);
}

static int
write_checked(const struct rmt_format *format, struct rmt_parts *parts, const struct rmt_bundle *bundle,
              const struct rmt_write_options *options, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf name = { 0 };
	bool named = !strcmp(format->name, "pfx");
	int rc = -1;

	if (format->write(parts, bundle, options, out, err) || (!format->binary && rmt_layout_finish(options, out, err)) ||
	    (named && rmt_parts_label(bundle, options->friendly_name, &name, err)))
		goto out;
	rc = format->says ? 0 : rmt_readback(rmt_buf_view(out), parts, format->ordered, options->passphrase, named ? rmt_buf_string(&name) : NULL, err);
out:
	rmt_buf_free(&name);
	return rc;
}

int
rmt_write_mem(const struct rmt_bundle *bundle, const struct rmt_write_options *options, struct rmt_buf *out,
              struct rmt_err *err)
{
	const struct rmt_format *format = rmt_format_find(options->format, err);
	struct rmt_parts parts = { 0 };
	struct rmt_buf written = { 0 };
	int rc = -1;

	if (!format || rmt_parts_choose(&parts, bundle, options, err) || check_parts(format, &parts, options, err) ||
	    rmt_layout_check(format, options, err))
		goto out;
	if (parts.keys)
		rmt_buf_secret(&written);
	if (write_checked(format, &parts, bundle, options, &written, err))
		goto out;
	written.secret = written.secret || out->secret;
	rmt_buf_free(out);
	*out = written;
	written = (struct rmt_buf){ 0 };
	rc = 0;
out:
	rmt_buf_free(&written);
	rmt_parts_clear(&parts);
	return rc;
}
