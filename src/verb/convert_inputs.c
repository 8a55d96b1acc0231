/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert_inputs.c - what a conversion is about: a leaf with its key and chain found in a pile of any order, or what stands
 * in the inputs by itself: a key, requests, CRLs, public keys, every certificate.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static int none_at_hand(const struct rmt_converting *job, const char *what, struct rmt_err *err)
{
	bool one = job->options->inputs.count == 1;

	if (one)
		return rmt_pile_refuse(&job->pile, 0, what, job->options->inputs.items[0], err);
	return rmt_err_set(err, RMT_INPUT, NULL, "no %s among the inputs", what);
}

enum { CHAIN_MAX = 64 }; /* more certificates of CAs are a pile and no chain */

/* In a chain without a leaf (a root with its issuing CA) the certificate that issued none of the others is meant. */
static bool lowest(const struct rmt_pile *pile, const struct rmt_leaves *leaves, size_t *chosen)
{
	size_t found = 0;

	for (size_t n = 0; n < leaves->count; n++) {
		const struct rmt_cert *cert = pile->objects[leaves->at[n]]->cert;
		bool issues = false;

		if (leaves->count > CHAIN_MAX || !rmt_cert_is_ca(cert))
			return false;
		for (size_t i = 0; i < pile->count; i++) {
			const struct rmt_cert *other = pile->objects[i]->cert;

			issues |= other && !rmt_span_equal(other->der, cert->der) && rmt_cert_issued_by(other, cert);
		}
		if (!issues) {
			found++;
			*chosen = n;
		}
	}
	return found == 1;
}

/* The leaf of that name or serial number. */
static int select_leaf(const struct rmt_converting *job, const struct rmt_leaves *leaves, size_t *chosen, struct rmt_err *err)
{
	const char *select = job->options->select;
	size_t selected = 0;

	for (size_t n = 0; n < leaves->count; n++) {
		if (!rmt_cert_matches(job->pile.objects[leaves->at[n]]->cert, select))
			continue;
		selected++;
		*chosen = n;
	}
	if (selected == 1)
		return 1;
	return rmt_err_set(err, RMT_USAGE, NULL, selected ? "several certificates match \"%s\": select by serial number"
	                                                  : "no certificate among the inputs matches \"%s\"",
	                   select);
}

/* May everything go in when no one certificate is meant? A bag of certificates is as good a content as a chain; but of
 * several private keys one must be chosen. */
static bool takes_all(const struct rmt_converting *job)
{
	const struct rmt_format *format = job->options->to ? rmt_format_named(job->options->to) : NULL;
	bool keys = false;

	for (size_t i = 0; i < job->pile.count; i++)
		keys |= job->pile.objects[i]->type == RMT_OBJECT_PRIVATE_KEY;
	return format && format->holds_many && !job->options->no_chain && !job->options->content.count && (!keys || !format->holds_key || job->options->no_key);
}

/* The leaf meant: the selected one, else the only one, else the only one whose key is at hand. 1, or 0 when none is
 * meant before the others and all can be written. */
static int choose_leaf(struct rmt_converting *job, const struct rmt_leaves *leaves, size_t *chosen, struct rmt_err *err)
{
	size_t keyed;

	if (!leaves->count)
		return none_at_hand(job, "certificate", err);
	*chosen = 0;
	if (job->options->select)
		return select_leaf(job, leaves, chosen, err);
	keyed = leaves->count > 1 ? rmt_leaves_keyed(&job->pile, leaves, chosen) : 1;
	if (keyed == 1 || lowest(&job->pile, leaves, chosen))
		return 1;
	if (takes_all(job))
		return 0;
	return rmt_err_set(err, RMT_USAGE, NULL,
	                   "%zu certificates could be meant: choose one with --select NAME or --select SERIAL", leaves->count);
}

/* ---- a leaf with its company ------------------------------------------------------------------------------------------------ */

/* Where chains are found: every certificate at hand. */
static int fill_store(struct rmt_converting *job, struct rmt_err *err)
{
	job->store = rmt_chain_store_new(err);
	if (!job->store || rmt_chain_add_pile(job->store, &job->pile, err))
		return -1;
	return rmt_chain_add_pile(job->store, &job->chain, err);
}

static int locked_key(const struct rmt_object *key, struct rmt_err *err)
{
	return rmt_err_set(err, RMT_SECRET, NULL, "the private key in %s is locked: give its passphrase with --password-file", key->source);
}

int rmt_converting_leaf(struct rmt_converting *job, const struct rmt_cert *leaf, const struct rmt_object *key, struct rmt_err *err)
{
	const struct remint_convert_options *options = job->options;

	rmt_path_clear(&job->path);
	job->bundle = (struct rmt_bundle){.leaf = leaf, .without_key = options->no_key};
	if (key && key->locked && !options->no_key)
		return locked_key(key, err);
	if (!options->no_key)
		job->bundle.key = key ? key->key : NULL;
	if (options->no_chain)
		return 0;
	if ((!job->store && fill_store(job, err)) || rmt_path_find(job->store, leaf, &job->path, err))
		return -1;
	job->bundle.intermediates = (const struct rmt_cert *const *)job->path.intermediates;
	job->bundle.intermediate_count = job->path.count;
	job->bundle.root = job->path.root;
	return 0;
}

/* Would the key of the certificate go into what is written? */
static bool wants_key(const struct rmt_converting *job)
{
	const struct remint_convert_options *options = job->options;
	const struct rmt_format *format = options->to ? rmt_format_named(options->to) : NULL;

	if (options->no_key || (format && !(format->holds_key && (format->holds_many || rmt_format_key_alone(format)))))
		return false;
	return !options->content.count || rmt_strings_have(options->content, "key");
}

/* A key in a file among the inputs is meant for one of the certificates there. What else a directory holds is not. */
static bool is_stray(const struct rmt_converting *job, const struct rmt_object *key)
{
	if (!(rmt_strings_have(job->options->inputs, key->source) || rmt_strings_have(job->options->keys, key->source)) || !wants_key(job))
		return false;
	for (size_t i = 0; i < job->pile.count; i++)
		if (job->pile.objects[i]->cert && rmt_span_equal(job->pile.objects[i]->cert->spki, rmt_key_spki(key->key)))
			return false;
	return true;
}

/* A key named for this certificate that is locked, or belongs to another one, is no reason to go on without a key. */
static int check_keys(struct rmt_converting *job, struct rmt_err *err)
{
	for (size_t i = 0; i < job->pile.count; i++) {
		const struct rmt_object *object = job->pile.objects[i];

		if (object->locked && !job->company.key && rmt_strings_have(job->options->keys, object->source))
			return locked_key(object, err);
		if (object->key && !job->company.key && (job->options->keys.count || is_stray(job, object)))
			return rmt_key_of_another(rmt_key_spki(object->key), job->company.leaf->cert->spki, object->source, err);
	}
	return 0;
}

int rmt_converting_check_strays(const struct rmt_converting *job, struct rmt_err *err)
{
	for (size_t i = 0; i < job->pile.count; i++) {
		const struct rmt_object *object = job->pile.objects[i];
		unsigned char hash[RMT_SHA256];
		char hex[2 * RMT_SHA256 + 1];

		if (!object->key || !is_stray(job, object))
			continue;
		if (rmt_spki_hash(rmt_key_spki(object->key), hash, err))
			return -1;
		for (size_t k = 0; k < sizeof hash; k++)
			snprintf(hex + 2 * k, 3, "%02x", hash[k]);
		rmt_err_set(err, RMT_SECRET, NULL, "the key belongs to none of the certificates: its SPKI is %s", hex);
		rmt_err_source(err, object->source);
		return -1;
	}
	return 0;
}

/* ---- what stands by itself -------------------------------------------------------------------------------------------------- */

static size_t count_of(const struct rmt_pile *pile, enum rmt_object_type type)
{
	size_t count = 0;

	for (size_t i = 0; i < pile->count; i++)
		count += pile->objects[i]->type == type && !pile->objects[i]->again;
	return count;
}

/* Keys of the pile, each once. */
static int gather_keys(struct rmt_converting *job, struct rmt_err *err)
{
	for (size_t i = 0; i < job->pile.count; i++) {
		const struct rmt_object *object = job->pile.objects[i];
		bool again = false;

		if (object->type != RMT_OBJECT_PRIVATE_KEY)
			continue;
		if (object->locked)
			return locked_key(object, err);
		for (size_t k = 0; k < job->object_count; k++)
			again |= rmt_span_equal(job->objects[k]->spki, object->spki);
		if (!again)
			job->objects[job->object_count++] = object;
	}
	return job->object_count ? 0 : none_at_hand(job, "private key", err);
}

/* `format` NULL: every certificate. */
static bool is_wanted(const struct rmt_object *object, const struct rmt_format *format)
{
	switch (object->type) {
	case RMT_OBJECT_CERTIFICATE:
		return !format && !object->again;
	case RMT_OBJECT_REQUEST:
		return format != NULL;
	case RMT_OBJECT_CRL:
	case RMT_OBJECT_PUBLIC_KEY:
		return format && !format->says && strcmp(format->usual, "objects") != 0; /* a format for requests takes requests */
	default:
		return false;
	}
}

static int gather_objects(struct rmt_converting *job, const struct rmt_format *format, struct rmt_err *err)
{
	bool requests = format && strcmp(format->usual, "objects") == 0;

	for (size_t i = 0; i < job->pile.count; i++)
		if (is_wanted(job->pile.objects[i], format))
			job->objects[job->object_count++] = job->pile.objects[i];
	job->bundle.objects = job->objects;
	job->bundle.object_count = job->object_count;
	return job->object_count ? 0 : none_at_hand(job, requests ? "certificate request" : "certificate", err);
}

static int one_leaf(struct rmt_converting *job, const struct rmt_leaves *leaves, size_t chosen, struct rmt_err *err)
{
	if (rmt_company_at(&job->pile, leaves->at[chosen], &job->company, err) ||
	    rmt_converting_leaf(job, job->company.leaf->cert, job->company.key, err))
		return -1;
	return check_keys(job, err);
}

static int one_or_all(struct rmt_converting *job, struct rmt_err *err)
{
	struct rmt_leaves leaves;
	size_t chosen;
	int rc;

	if (rmt_leaves_find(&job->pile, &leaves, err))
		return -1;
	rc = choose_leaf(job, &leaves, &chosen, err);
	if (rc == 1) {
		rc = one_leaf(job, &leaves, chosen, err);
	} else if (rc == 0) {
		rc = gather_objects(job, NULL, err);
		rmt_verb_warn(job->ctx, "%zu certificates are at hand and no one is meant before the others: all are written", job->object_count);
	}
	rmt_leaves_clear(&leaves);
	return rc;
}

/* Certificates come first: what else lies beside them is only meant when the format says so. */
enum rmt_subject_matter rmt_converting_about(const struct rmt_converting *job, const struct rmt_format *format)
{
	bool any = format && (strcmp(format->name, "pem") == 0 || strcmp(format->name, "der") == 0);

	if (!format)
		return RMT_ABOUT_LEAF;
	if (job->options->all || strcmp(format->usual, "objects") == 0)
		return RMT_ABOUT_OBJECTS;
	if (count_of(&job->pile, RMT_OBJECT_CERTIFICATE))
		return RMT_ABOUT_LEAF;
	if (rmt_format_key_alone(format))
		return RMT_ABOUT_KEY;
	if (format->says && count_of(&job->pile, RMT_OBJECT_REQUEST))
		return RMT_ABOUT_OBJECTS;
	if (any && (count_of(&job->pile, RMT_OBJECT_REQUEST) || count_of(&job->pile, RMT_OBJECT_CRL) || count_of(&job->pile, RMT_OBJECT_PUBLIC_KEY)))
		return RMT_ABOUT_OBJECTS;
	return any && count_of(&job->pile, RMT_OBJECT_PRIVATE_KEY) ? RMT_ABOUT_KEY : RMT_ABOUT_LEAF;
}

int rmt_converting_fill(struct rmt_converting *job, const struct rmt_format *format, struct rmt_err *err)
{
	enum rmt_subject_matter about = rmt_converting_about(job, format);

	job->objects = calloc(job->pile.count + 1, sizeof *job->objects);
	if (!job->objects)
		return rmt_err_memory(err);
	if (about == RMT_ABOUT_OBJECTS)
		return gather_objects(job, job->options->all ? NULL : format, err);
	if (about == RMT_ABOUT_LEAF && format && format->says && count_of(&job->pile, RMT_OBJECT_REQUEST))
		return rmt_err_set(err, RMT_USAGE, NULL, "a certificate and a request could be meant: name one of them");
	if (about == RMT_ABOUT_LEAF)
		return job->options->split ? 0 : one_or_all(job, err);
	if (gather_keys(job, err))
		return -1;
	if (job->object_count > 1 && !job->options->split)
		return rmt_err_set(err, RMT_USAGE, NULL, "%zu private keys could be meant: name one file, or take them apart with --split", job->object_count);
	job->bundle.key = job->objects[0]->key;
	return 0;
}

void rmt_converting_clear(struct rmt_converting *job)
{
	rmt_company_clear(&job->company);
	rmt_path_clear(&job->path);
	rmt_chain_store_free(job->store);
	free(job->objects);
	rmt_pile_free(&job->pile);
	rmt_pile_free(&job->chain);
}
