/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_device.c - a request that a device makes with a key of its own: the words that tell it how, the file that goes with
 * them, and the record that its request is waited for.
 *
 * What is asked for is request.c's; the words are write/device.c's.
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

static struct rmt_pending_new waiting_for(const struct rmt_request_plan *plan)
{
	const struct rmt_text_list *names = plan->owed.count ? &plan->owed : &plan->terms.names;

	return (struct rmt_pending_new){.kind = RMT_PENDING_DEVICE,
	                                .asked = {.subject = plan->terms.subject,
	                                          .names = {(const char *const *)names->items, names->count},
	                                          .key = plan->terms.key},
	                                .targets = plan->target->name};
}

int rmt_request_await(struct remint *ctx, struct rmt_db *db, const struct rmt_request_plan *plan, struct remint_requested *out,
                      struct rmt_err *err)
{
	const struct rmt_pending_new new = waiting_for(plan);
	int rc = rmt_db_begin(db, err);

	if (rc)
		return -1;
	rc = rmt_pending_add(ctx, db, &new, &out->pending, err);
	out->again = rc == 1;
	if (rc >= 0 && rmt_db_commit(db, err) == 0)
		return 0;
	rmt_db_rollback(db);
	return -1;
}

static int record(struct remint *ctx, const struct rmt_request_plan *plan, struct remint_requested *out, struct rmt_err *err)
{
	struct rmt_home home;
	int rc = rmt_home_if_any(ctx, &home, err);

	if (rc != 1)
		return rc;
	rc = rmt_request_await(ctx, home.db, plan, out, err);
	rmt_home_close(&home);
	return rc;
}

/* "dns:a.example": what a form has of it. */
static const char *bare(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

/* Names that its form has no field for, or that neither its words nor its file have. */
static void put_owed(const struct rmt_request_plan *plan, const char *form, struct rmt_buf *out)
{
	const struct rmt_text_list *lists[2] = {&plan->owed, &plan->terms.names};
	struct rmt_buf owed = {0};

	for (size_t list = 0; list < 2; list++)
		for (size_t i = 0; i < lists[list]->count; i++) {
			const char *name = lists[list]->items[i];

			if (list == 0 || (!strstr(rmt_buf_string(out), bare(name)) && !strstr(form, bare(name))))
				rmt_buf_format(&owed, "#   %s\n", name);
		}
	if (owed.length)
		rmt_buf_text(out, "\n# Its request cannot ask for these names: the CA has to add them, as this home does with those that its template allows:\n");
	rmt_buf_span(out, rmt_buf_view(&owed));
	out->failed |= owed.failed;
	rmt_buf_free(&owed);
}

/* What the device's next step is depends on who signs. */
static void put_next(const struct rmt_request_plan *plan, bool campaign, struct rmt_buf *out)
{
	rmt_buf_text(out, "\n# When its request is there, as a file:\n");
	if (campaign)
		rmt_buf_text(out, "#   in the plan name that file as \"request\" of this item, set its \"key\" to null and \"keep_key\" to false, and run remint apply again\n");
	else
		rmt_buf_format(out,
		               "#   this home signs it:    remint sign FILE --for %s --out DIR\n"
		               "#   another CA signs it:   remint request --request FILE --for %s --out DIR, then remint accept what comes back\n",
		               plan->target->name, plan->target->name);
}

int rmt_request_device_files(const struct rmt_request_plan *plan, bool campaign, struct rmt_arena *arena, struct remint_requested *out,
                             struct rmt_fileset *files, struct rmt_err *err)
{
	struct rmt_request_terms terms = plan->terms;
	struct rmt_device_file form = {.name = {0}};
	struct rmt_buf text = {0};
	int rc;

	terms.exportable = plan->target->request.exportable;
	if (plan->template)
		terms.purposes = plan->template->extended_key_usage.values;
	rc = rmt_write_on_device(plan->target, &terms, &text, err);
	if (rc == 0)
		rc = rmt_write_on_device_file(plan->target, &terms, &form, err);
	put_owed(plan, rmt_buf_string(&form.text), &text);
	put_next(plan, campaign, &text);
	out->text = rmt_arena_text(arena, rmt_buf_string(&text));
	if (form.name.length) {
		out->form_name = rmt_arena_text(arena, rmt_buf_string(&form.name));
		out->form = rmt_arena_text(arena, rmt_buf_string(&form.text));
	}
	if (rc == 0)
		rc = rmt_fileset_add(files, "DEVICE.txt", 0644, &text, err);
	if (rc == 0 && form.name.length)
		rc = rmt_fileset_add(files, out->form_name, 0644, &form.bytes, err);
	rmt_buf_free(&text);
	rmt_device_file_clear(&form);
	return rc;
}

int rmt_request_on_device(struct remint *ctx, const struct remint_request_options *options, const struct rmt_request_plan *plan,
                          struct rmt_arena *arena, remint_requested_fn *requested, void *arg, struct rmt_err *err)
{
	const struct remint_out *to = &options->out;
	struct remint_requested out = {.subject = rmt_arena_name(arena, plan->terms.subject), .key = plan->terms.key, .directory = to->directory};
	struct rmt_fileset files = {0};
	int rc = rmt_request_device_files(plan, false, arena, &out, &files, err);

	if (rc == 0 && to->directory)
		rc = rmt_files_check(to->directory, files.files, files.count, to->force, err);
	if (rc == 0 && !options->no_record)
		rc = record(ctx, plan, &out, err);
	if (rc == 0 && to->directory) {
		rc = rmt_files_write(to->directory, files.files, files.count, to->force, err);
		out.files = (struct remint_strings){(const char *const *)files.names, files.count};
	}
	if (rc == 0 && requested)
		rc = requested(arg, &out);
	rmt_fileset_free(&files);
	return rc;
}
