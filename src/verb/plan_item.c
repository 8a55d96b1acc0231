/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_item.c - one item of a plan: what it says of its certificate is held against the certificate, and the rest
 * against what can be carried out.
 *
 * Whether targets and templates exist is for the verbs that need them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verb/local.h"

static const char *const signers[] = {"issuing", "external", NULL};

/* ---- what an item says of its certificate ------------------------------------------------------------------------------------ */

/* Text that a JSON document can hold. */
static const char *plain(struct rmt_arena *arena, const char *text)
{
	if (rmt_utf8_valid(rmt_span_text(text)))
		return text;
	rmt_plain_text(rmt_span_text(text), &arena->scratch);
	return rmt_arena_scratch(arena);
}

int rmt_plan_describe(struct rmt_plan_item *item, const struct rmt_cert *cert, struct rmt_arena *arena, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (rmt_cert_fingerprint(cert, hash, err))
		return -1;
	item->sha256 = rmt_arena_hex(arena, rmt_span_of(hash, sizeof hash));
	item->id = rmt_arena_hex(arena, rmt_span_of(hash, 8));
	item->serial = rmt_arena_serial(arena, cert->serial);
	item->subject = plain(arena, rmt_arena_name(arena, cert->subject));
	item->issuer = plain(arena, rmt_arena_name(arena, cert->issuer));
	rmt_cert_label(cert, &arena->scratch);
	item->name = plain(arena, rmt_arena_scratch(arena));
	item->not_after = cert->not_after;
	item->pem = rmt_arena_pem(arena, "CERTIFICATE", cert->der);
	return arena->failed ? rmt_err_memory(err) : 0;
}

int rmt_plan_item_subject(const struct rmt_plan_item *item, const struct rmt_cert *old, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_name_part part = {.attribute = "CN", .value = item->cn};
	struct rmt_buf stated = {0}, cn = {0};
	int rc = item->new_subject ? rmt_name_parse(item->new_subject, &stated, err) : 0;
	struct rmt_span whole = item->new_subject ? rmt_buf_view(&stated) : old->subject;

	if (rc == 0 && item->cn) {
		rc = rmt_name_build(&part, 1, &cn, err);
		if (rc == 0)
			rc = rmt_subject_join(whole, rmt_buf_view(&cn), out, err);
	} else if (rc == 0) {
		rmt_buf_span(out, whole);
		rc = rmt_buf_check(out, err);
	}
	rmt_buf_free(&stated);
	rmt_buf_free(&cn);
	return rc;
}

struct one_certificate {
	struct rmt_plan_item *item;
	struct rmt_arena *arena;
	struct rmt_err *err;
	unsigned count;
};

static int describe_one(void *arg, const struct rmt_object *object)
{
	struct one_certificate *one = arg;

	if (one->count++ || !object->cert)
		return 1;
	return rmt_plan_describe(one->item, object->cert, one->arena, one->err);
}

static int refuse_broken(void *arg, const struct rmt_err *err)
{
	(void)arg;
	(void)err;
	return 1;
}

/* The keys that only repeat what the certificate says: an edit of one would let a person sign off what is not there. */
static int compare_facts(struct rmt_plan_reading *reading, const struct rmt_plan_item *said, const struct rmt_plan_item *found)
{
	const struct {
		const char *key, *said, *found;
	} facts[] = {
		{"sha256", said->sha256, found->sha256}, {"id", said->id, found->id},
		{"serial", said->serial, found->serial}, {"subject", said->subject, found->subject},
		{"issuer", said->issuer, found->issuer}, {"name", said->name, found->name},
	};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		reading->key = facts[i].key;
		if (facts[i].said && strcmp(facts[i].said, facts[i].found) != 0)
			return rmt_plan_fault(reading, "is \"%.64s\", but the certificate in \"pem\" says \"%.64s\"", facts[i].said,
			             facts[i].found);
	}
	reading->key = "not_after";
	if (said->not_after && said->not_after != found->not_after)
		return rmt_plan_fault(reading, "is not what the certificate in \"pem\" says");
	return 0;
}

static int check_certificate(struct rmt_plan_reading *reading, struct rmt_plan_item *item)
{
	struct rmt_plan_item found = *item;
	struct one_certificate one = {&found, &reading->plan->arena, reading->err, 0};
	struct rmt_reader reader = {
	    .object = describe_one, .fault = refuse_broken, .arg = &one, .mode = RMT_TOLERANT, .skip_keys = true};
	struct rmt_err err = {0};
	int rc = rmt_read_mem(&reader, "pem", rmt_span_text(item->pem), &err);

	reading->key = "pem";
	if (rc < 0 && reading->err->class != RMT_NONE)
		return -1;
	if (rc || one.count != 1)
		return rmt_plan_fault(reading, "must be one certificate in PEM");
	if (compare_facts(reading, item, &found))
		return -1;
	*item = found;
	return 0;
}

/* ---- the other promises of an item --------------------------------------------------------------------------------------------- */

static int check_names(struct rmt_plan_reading *reading, const struct rmt_plan_item *item)
{
	reading->key = "names";
	for (size_t i = 0; i < item->names.count; i++) {
		struct rmt_derw writer = {0};
		struct rmt_err err = {0};
		int rc = rmt_general_write(&writer, item->names.items[i], &err);

		rmt_derw_free(&writer);
		if (rc)
			return rmt_plan_fault(reading, "entry %zu: %s", i + 1, err.message);
	}
	return 0;
}

static int check_subject(struct rmt_plan_reading *reading, const struct rmt_plan_item *item)
{
	struct rmt_name_part part = {.attribute = "CN", .value = item->cn};
	struct rmt_buf cn = {0}, name = {0};
	struct rmt_err err = {0};
	int rc = item->cn ? rmt_name_build(&part, 1, &cn, &err) : 0;

	reading->key = "cn";
	if (rc == 0 && item->new_subject) {
		reading->key = "new_subject";
		rc = rmt_name_parse(item->new_subject, &name, &err);
	}
	rmt_buf_free(&cn);
	rmt_buf_free(&name);
	return rc ? rmt_plan_fault(reading, "%s", err.message) : 0;
}

/* A device becomes a directory of its own. Some file systems take "Web" and "web" for one. */
static int check_device(struct rmt_plan_reading *reading, const struct rmt_plan_item *item)
{
	char label[65];
	int rc;

	reading->key = "device";
	rmt_file_label(item->device, label);
	if (strcmp(label, item->device) != 0)
		return rmt_plan_fault(reading, "must be a plain directory name, like \"%s\"", label);
	for (char *c = label; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	rc = rmt_names_add(&reading->devices, label, reading->err);
	return rc == 0 ? rmt_plan_fault(reading, "\"%s\" is the device of another item already", item->device) : rc < 0 ? -1 : 0;
}

/* A plan comes from elsewhere: it names policies, and opens no files. */
static int check_policies(struct rmt_plan_reading *reading, const struct rmt_plan_item *item)
{
	static const char refusal[] = "\"%.64s\" is a path, and a plan only names a %s: put the file into the home's templates/%s";

	reading->key = "template";
	if (item->template_name && rmt_policy_is_path(item->template_name))
		return rmt_plan_fault(reading, refusal, item->template_name, "template", "certificates");
	reading->key = "targets";
	if (!item->targets.count)
		return rmt_plan_fault(reading, "must name at least one target");
	for (size_t i = 0; i < item->targets.count; i++)
		if (rmt_policy_is_path(item->targets.items[i]))
			return rmt_plan_fault(reading, refusal, item->targets.items[i], "target", "targets");
	return 0;
}

static int check_item(struct rmt_plan_reading *reading, struct rmt_plan_item *item)
{
	struct rmt_err err = {0};
	int rc;

	if (check_certificate(reading, item) || check_subject(reading, item) || check_names(reading, item))
		return -1;
	reading->key = "signer";
	if (rmt_plan_word(reading, item->signer, signers) < 0)
		return -1;
	reading->key = "keep_key";
	if (item->keep_key && item->action == RMT_ACTION_REKEY)
		return rmt_plan_fault(reading, "must be false: rekey makes a new key");
	reading->key = "key";
	if (item->key && rmt_key_spec_check(item->key, &err))
		return rmt_plan_fault(reading, "%s", err.message);
	reading->key = "request";
	if (item->request && (item->key || item->keep_key))
		return rmt_plan_fault(reading, "brings its own key: set \"key\" of this item to null and \"keep_key\" to false");
	if (check_policies(reading, item))
		return -1;
	reading->key = "id";
	rc = rmt_names_add(&reading->items, item->id, reading->err);
	if (rc <= 0)
		return rc ? rc : rmt_plan_fault(reading, "the certificate \"%.64s\" stands in the plan already", item->name);
	return check_device(reading, item);
}

int rmt_plan_item_read(struct rmt_plan_reading *reading, struct json_t *object, struct rmt_plan_item *item)
{
	*item = (struct rmt_plan_item){.why = "", .note = ""};
	snprintf(reading->place, sizeof reading->place, "items[%zu]", (size_t)(item - reading->plan->items));
	/* places and findings write to the item itself: their offset is 0 */
	return rmt_plan_object(reading, object, rmt_plan_item_keys, item) || check_item(reading, item) ? -1 : 0;
}

