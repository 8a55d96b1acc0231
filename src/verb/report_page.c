/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_page.c - a campaign as one page: how far it is, who is next, then device by device what was and what is.
 *
 * Every text of a plan or a certificate goes through rmt_html_put(); what stands here in the clear is ours. Who is next comes
 * before the devices, but is known only after the last of them, so the sections wait in buffers.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { NAMES_SHOWN = 24, FINDINGS_SHOWN = 60, LINKS_SHOWN = 60, TASKS_BACK = 64 };

static const char *const actor_titles[REMINT_ACTORS] = {
    [REMINT_ACTOR_US] = "Our administrator",
    [REMINT_ACTOR_CA] = "Administrator of another CA",
    [REMINT_ACTOR_DEVICE] = "Person at the device",
};

/* ---- small parts ------------------------------------------------------------------------------------------------------------ */

static void put(struct rmt_buf *out, const char *html)
{
	rmt_buf_text(out, html);
}

/* <tag class="class">text</tag> with a text from outside */
static void put_in(struct rmt_buf *out, const char *open, const char *text, const char *close)
{
	put(out, open);
	rmt_html_put(RMT_HTML_TEXT, text, out);
	put(out, close);
}

static void put_number(struct rmt_buf *out, uint64_t number)
{
	rmt_buf_format(out, "%llu", (unsigned long long)number);
}

static void put_day(struct rmt_buf *out, int64_t time)
{
	char text[32];

	rmt_time_text(time, text);
	rmt_buf_append(out, text, strcspn(text, "T"));
}

static void put_moment(struct rmt_buf *out, int64_t time)
{
	char text[32];

	rmt_time_text(time, text);
	rmt_buf_format(out, "%.10s %.5s UTC", text, text + 11);
}

static void put_link(struct rmt_buf *out, const char *id, const char *text)
{
	put(out, "<a href=\"#");
	rmt_html_put(RMT_HTML_ID, id, out);
	put_in(out, "\">", text, "</a>");
}

/* The names, and how many there are beyond those that somebody will read. */
static void put_list(struct rmt_buf *out, struct remint_strings list, size_t shown)
{
	for (size_t i = 0; i < list.count && i < shown; i++)
		put_in(out, i ? ", " : "", list.items[i], "");
	if (list.count > shown)
		rmt_buf_format(out, " and %zu more", list.count - shown);
}

static void put_command(struct rmt_buf *out, const char *command)
{
	if (*command)
		put_in(out, "<code class=\"command\">", command, "</code>");
}

static const char *shown_name(const struct remint_report_item *item)
{
	return item->name && *item->name ? item->name : item->id;
}

static const char *shown_device(const struct remint_report_item *item)
{
	return item->device && *item->device ? item->device : shown_name(item);
}

static void put_state(struct rmt_buf *out, const char *state)
{
	rmt_buf_format(out, "<span class=\"state\"><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"%s\" width=\"10\" height=\"10\"/></svg>%s</span>",
	               state, state);
}

/* ---- head and summary ---------------------------------------------------------------------------------------------------------- */

static void put_count(struct rmt_buf *out, uint64_t number, const char *what)
{
	put(out, "<div class=\"card\"><b>");
	put_number(out, number);
	rmt_buf_format(out, "</b>%s</div>\n", what);
}

static void put_head(const struct remint_report_summary *summary, struct rmt_buf *out)
{
	put_in(out, "<header>\n<h1>Campaign report</h1>\n<p class=\"soft\">Plan <code>", summary->plan, "</code>, made ");
	rmt_html_put(RMT_HTML_TEXT, summary->made, out);
	put_in(out, " by ", summary->by, ", id <code>");
	rmt_html_put(RMT_HTML_TEXT, summary->id, out);
	put(out, "</code></p>\n<p class=\"soft\">As of ");
	put_moment(out, summary->now);
	if (summary->begun) {
		put(out, "; begun ");
		put_moment(out, summary->started);
		put(out, "</p>\n</header>\n");
	} else {
		put(out, summary->stranger ? "; this plan was made with another CA than those of the database here, which has no record of the campaign: "
		                             "everything is shown as it is planned</p>\n</header>\n"
		                           : "; not begun: the database here does not know this campaign, so everything is shown as it is "
		                             "planned</p>\n</header>\n");
	}
	put(out, "<div class=\"numbers\">\n");
	put_count(out, summary->items, summary->items == 1 ? "certificate" : "certificates");
	put_count(out, summary->devices, summary->devices == 1 ? "device" : "devices");
	put_count(out, summary->places, summary->places == 1 ? "place" : "places");
	put(out, "<div class=\"card\"><b>");
	put_number(out, summary->cleared);
	put(out, " <span class=\"soft small\">of ");
	put_number(out, summary->findings);
	put(out, "</span></b>findings cleared</div>\n</div>\n");
}

static void put_progress(const struct remint_report_summary *summary, struct rmt_buf *out)
{
	struct rmt_html_part parts[RMT_ITEM_STATES];

	for (size_t i = 0; i < summary->state_count; i++)
		parts[i] = (struct rmt_html_part){summary->states[i].name, summary->states[i].items};
	put(out, "<section class=\"card\" id=\"progress\">\n<h3>How far</h3>\n");
	rmt_html_bar(parts, summary->state_count, out);
	put(out, "<ul class=\"legend\">\n");
	for (size_t i = 0; i < summary->state_count; i++) {
		put(out, "<li>");
		put_state(out, summary->states[i].name);
		put(out, " ");
		put_number(out, summary->states[i].items);
		put(out, "</li>\n");
	}
	put(out, "</ul>\n</section>\n");
}

static void put_actions(const struct remint_report_summary *summary, struct rmt_buf *out)
{
	put(out, "<section class=\"card\" id=\"actions\">\n<h3>What is done</h3>\n<table class=\"amounts\">\n");
	for (size_t i = 0; i < summary->action_count; i++) {
		const struct remint_report_count *action = &summary->actions[i];
		const struct rmt_html_part parts[] = {{"amount", action->items}, {"rest", summary->items - action->items}};

		if (!action->items)
			continue;
		rmt_buf_format(out, "<tr><td>%s", action->name);
		put(out, "</td><td class=\"number\">");
		put_number(out, action->items);
		put(out, "</td><td>");
		rmt_html_bar(parts, 2, out);
		put(out, "</td></tr>\n");
	}
	put(out, "</table>\n</section>\n");
}

/* ---- who is next ------------------------------------------------------------------------------------------------------------------ */

/* A task that was heard of a moment ago, or a new one. Tasks that name a serial number are all different: nobody looks far. */
static struct rmt_page_task *task_of(struct rmt_page *page, const struct remint_report_item *item, struct rmt_err *err)
{
	enum remint_actor actor = item->actor;
	struct rmt_page_task *list = page->tasks[actor].list;
	size_t count = page->tasks[actor].count, capacity = page->tasks[actor].capacity;

	for (size_t i = 0; i < count && i < TASKS_BACK; i++)
		if (strcmp(list[count - 1 - i].text, item->task) == 0 && strcmp(list[count - 1 - i].command, item->command) == 0)
			return &list[count - 1 - i];
	if (count == capacity) {
		capacity = capacity ? 2 * capacity : 16;
		list = realloc(list, capacity * sizeof *list);
		if (!list) {
			rmt_err_memory(err);
			return NULL;
		}
		page->tasks[actor].list = list;
		page->tasks[actor].capacity = capacity;
	}
	list[count] = (struct rmt_page_task){.text = rmt_strdup(item->task, err), .command = rmt_strdup(item->command, err)};
	page->tasks[actor].count++;
	return list[count].text && list[count].command ? &list[count] : NULL;
}

static int note_task(struct rmt_page *page, const struct remint_report_item *item, struct rmt_err *err)
{
	struct rmt_page_task *task;

	if (item->actor == REMINT_ACTOR_NOBODY)
		return 0;
	task = task_of(page, item, err);
	if (!task)
		return -1;
	if (task->items < LINKS_SHOWN) {
		put(&task->links, task->items ? ", " : "");
		put_link(&task->links, item->id, shown_device(item));
	}
	task->items++;
	return rmt_buf_check(&task->links, err);
}

static void put_tasks(const struct rmt_page *page, enum remint_actor actor, struct rmt_buf *out)
{
	rmt_buf_format(out, "<section class=\"card\">\n<div class=\"head\"><h3>%s</h3><span class=\"soft\">", actor_titles[actor]);
	put_number(out, page->summary->actors[actor]);
	put(out, page->summary->actors[actor] == 1 ? " certificate</span></div>\n" : " certificates</span></div>\n");
	if (page->tasks[actor].count)
		put(out, "<table>\n");
	for (size_t i = 0; i < page->tasks[actor].count; i++) {
		const struct rmt_page_task *task = &page->tasks[actor].list[i];

		put_in(out, "<tr><td>", task->text, "");
		put_command(out, task->command);
		put(out, "<div class=\"small\">");
		rmt_buf_span(out, rmt_buf_view(&task->links));
		if (task->items > LINKS_SHOWN)
			rmt_buf_format(out, " and %llu more", (unsigned long long)(task->items - LINKS_SHOWN));
		put(out, "</div></td><td class=\"number\">");
		put_number(out, task->items);
		put(out, "</td></tr>\n");
	}
	put(out, page->tasks[actor].count ? "</table>\n</section>\n" : "<p class=\"soft\">Nothing to do.</p>\n</section>\n");
}

/* ---- one certificate: before and after -------------------------------------------------------------------------------------------- */

typedef void put_fact_fn(const struct remint_report_cert *cert, struct rmt_buf *out);

static void put_serial(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	put_in(out, "<span class=\"mono\">", cert->serial, "</span>");
}

static void put_signature(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	rmt_html_put(RMT_HTML_TEXT, cert->signature, out);
}

static void put_key(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	rmt_html_put(RMT_HTML_TEXT, cert->key, out);
}

static void put_purposes(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	rmt_html_put(RMT_HTML_TEXT, cert->purposes ? cert->purposes : "none stated", out);
}

static void put_names(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	if (cert->names.count)
		put_list(out, cert->names, NAMES_SHOWN);
	else
		put(out, "none");
}

static void put_expiry(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	put_day(out, cert->not_after);
}

static void put_subject(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	rmt_html_put(RMT_HTML_TEXT, cert->subject && *cert->subject ? cert->subject : "empty", out);
}

static void put_issuer(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	rmt_html_put(RMT_HTML_TEXT, cert->issuer, out);
}

static void put_sha256(const struct remint_report_cert *cert, struct rmt_buf *out)
{
	put_in(out, "<span class=\"mono small\">", cert->sha256, "</span>");
}

static const struct {
	const char *title;
	put_fact_fn *put;
	bool mark; /* a difference is worth seeing; the others always differ */
} facts[] = {
    {"Signed with", put_signature, true},
    {"Key", put_key, true},
    {"Purposes", put_purposes, true},
    {"Names", put_names, true},
    {"Valid until", put_expiry, false},
    {"Subject", put_subject, true},
    {"Issuer", put_issuer, true},
    {"Serial", put_serial, false},
    {"SHA-256", put_sha256, false},
};

static void put_pair(const struct remint_report_item *item, struct rmt_buf *out)
{
	put(out, item->after ? "<table class=\"pair\">\n<thead><tr><th></th><th>Before</th><th>After</th></tr></thead>\n<tbody>\n"
	         : item->same ? "<table>\n<thead><tr><th></th><th>Before and after</th></tr></thead>\n<tbody>\n"
	                      : "<table>\n<thead><tr><th></th><th>Before; there is no new one yet</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		struct rmt_buf before = {0}, after = {0};

		facts[i].put(&item->before, &before);
		if (item->after)
			facts[i].put(item->after, &after);
		rmt_buf_format(out, "<tr><th>%s</th><td>%s</td>", facts[i].title, rmt_buf_string(&before));
		if (item->after)
			rmt_buf_format(out, "<td%s>%s</td>",
			               facts[i].mark && !rmt_span_equal(rmt_buf_view(&before), rmt_buf_view(&after)) ? " class=\"changed\"" : "",
			               rmt_buf_string(&after));
		put(out, "</tr>\n");
		out->failed |= before.failed || after.failed;
		rmt_buf_free(&before);
		rmt_buf_free(&after);
	}
	put(out, "</tbody>\n</table>\n");
}

/* ---- findings -------------------------------------------------------------------------------------------------------------------------- */

static void put_finding(const struct remint_report_finding *finding, bool done, struct rmt_buf *out)
{
	static const struct {
		const char *class, *sign, *word;
	} ways[] = {{"left", "&#x2717;", "stays"}, {"pending", "&#x25cb;", "will be cleared"}, {"cleared", "&#x2713;", "cleared"}};
	size_t way = finding->cleared ? done ? 2 : 1 : 0;

	rmt_buf_format(out, "<li class=\"%s\"><b>%s</b><span class=\"severity\">", ways[way].class, ways[way].sign);
	put_in(out, "", finding->severity, "</span> ");
	put_in(out, "", finding->message && *finding->message ? finding->message : finding->rule, "");
	put_in(out, " <span class=\"soft small\"><code>", finding->rule, "</code>");
	if (finding->target && *finding->target)
		put_in(out, ", ", finding->target, "");
	rmt_buf_format(out, "; %s</span></li>\n", ways[way].word);
}

static void put_findings(const struct remint_report_item *item, struct rmt_buf *out)
{
	bool done = strcmp(item->state, "live") == 0 || strcmp(item->state, "closed") == 0;

	if (!item->finding_count)
		return;
	put(out, "<ul class=\"findings\">\n");
	for (size_t i = 0; i < item->finding_count && i < FINDINGS_SHOWN; i++)
		put_finding(&item->findings[i], done, out);
	if (item->finding_count > FINDINGS_SHOWN)
		rmt_buf_format(out, "<li class=\"pending\"><b></b>and %zu more</li>\n", item->finding_count - FINDINGS_SHOWN);
	put(out, "</ul>\n");
}

/* ---- one item ----------------------------------------------------------------------------------------------------------------------------- */

static void put_history(const struct remint_report_item *item, struct rmt_buf *out)
{
	if (item->reason && *item->reason)
		put_in(out, "<p><b>", item->reason, "</b></p>\n");
	if (item->note && *item->note)
		put_in(out, "<p>Note: ", item->note, "</p>\n");
	if (item->confirmed_by && *item->confirmed_by)
		put_in(out, "<p>Confirmed by ", item->confirmed_by, "</p>\n");
	put(out, "<p class=\"soft small\">");
	if (item->places.count) {
		put(out, "Found in ");
		put_list(out, item->places, NAMES_SHOWN);
		put(out, ". ");
	}
	if (item->targets.count) {
		put(out, "For ");
		put_list(out, item->targets, NAMES_SHOWN);
		put(out, ". ");
	}
	for (size_t i = 0; i < item->move_count; i++) {
		put(out, i ? ", " : "History: ");
		rmt_buf_format(out, "%s ", item->moves[i].state);
		put_moment(out, item->moves[i].when);
	}
	put(out, item->move_count ? ".</p>\n" : "</p>\n");
}

static void put_card(const struct remint_report_item *item, struct rmt_buf *out)
{
	put(out, "<article class=\"card\" id=\"");
	rmt_html_put(RMT_HTML_ID, item->id, out);
	put_in(out, "\">\n<div class=\"head\"><h3>", shown_device(item), "</h3><span>");
	rmt_buf_format(out, "<span class=\"action\">%s</span> ", item->action);
	put_state(out, item->state);
	put(out, "</span></div>\n");
	if (strcmp(shown_device(item), shown_name(item)) != 0)
		put_in(out, "<p class=\"mono\">", shown_name(item), "</p>\n");
	if (item->why && *item->why)
		put_in(out, "<p>", item->why, "</p>\n");
	put_pair(item, out);
	put_findings(item, out);
	put_history(item, out);
	if (item->actor != REMINT_ACTOR_NOBODY) {
		rmt_buf_format(out, "<p class=\"next%s\"><b>Next: %s.</b> ", strcmp(item->state, "failed") == 0 ? " failed" : "",
		               actor_titles[item->actor]);
		put_in(out, "", item->task, "");
		put_command(out, item->command);
		put(out, "</p>\n");
	}
	put(out, "</article>\n");
}

/* Nothing is done about it: a line. */
static void put_quiet(const struct remint_report_item *item, struct rmt_buf *out)
{
	put(out, "<tr id=\"");
	rmt_html_put(RMT_HTML_ID, item->id, out);
	put_in(out, "\"><td>", shown_device(item), "<div class=\"soft small mono\">");
	put_in(out, "", item->before.serial, "</div></td><td>");
	put_in(out, "", item->reason, "");
	if (item->note && *item->note)
		put_in(out, "; ", item->note, "");
	put(out, "</td><td>");
	put_day(out, item->before.not_after);
	put(out, "</td><td class=\"number\">");
	put_number(out, item->finding_count);
	put(out, "</td></tr>\n");
}

int rmt_page_item(struct rmt_page *page, const struct remint_report_item *item, struct rmt_err *err)
{
	if (strcmp(item->state, "skipped") == 0)
		put_quiet(item, &page->quiet);
	else
		put_card(item, &page->cards);
	return note_task(page, item, err);
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------------------------- */

static void put_left_alone(const struct rmt_page *page, struct rmt_buf *out)
{
	put(out, "<h2>Left as they are</h2>\n<div class=\"card\">\n<table>\n<thead><tr><th>Certificate</th><th>Why</th><th>Valid until</th>"
	         "<th class=\"number\">Findings</th></tr></thead>\n<tbody>\n");
	rmt_buf_span(out, rmt_buf_view(&page->quiet));
	put(out, "</tbody>\n</table>\n</div>\n");
}

int rmt_page_begin(struct rmt_page *page, const struct remint_report_summary *summary, struct rmt_err *err)
{
	struct rmt_buf title = {0};
	int rc;

	page->summary = summary;
	rmt_buf_format(&title, "Campaign report: %s", rmt_path_leaf(summary->plan));
	rc = rmt_html_begin(rmt_buf_string(&title), &page->html, err);
	rmt_buf_free(&title);
	put_head(summary, &page->html);
	put_progress(summary, &page->html);
	put_actions(summary, &page->html);
	return rc;
}

int rmt_page_end(struct rmt_page *page, struct rmt_err *err)
{
	struct rmt_buf *out = &page->html;

	if (rmt_buf_check(&page->cards, err) || rmt_buf_check(&page->quiet, err))
		return -1;
	put(out, "<h2>Who must act</h2>\n");
	for (int actor = REMINT_ACTOR_US; actor < REMINT_ACTORS; actor++)
		put_tasks(page, (enum remint_actor)actor, out);
	if (page->cards.length)
		put(out, "<h2>Device by device</h2>\n");
	rmt_buf_span(out, rmt_buf_view(&page->cards));
	if (page->quiet.length)
		put_left_alone(page, out);
	put_in(out, "<footer class=\"soft small\">Made by Remint ", remint_version(), " from the plan and what the database knows of it.</footer>\n");
	return rmt_html_end(out, err);
}

void rmt_page_clear(struct rmt_page *page)
{
	for (size_t actor = 0; actor < REMINT_ACTORS; actor++) {
		for (size_t i = 0; i < page->tasks[actor].count; i++) {
			free(page->tasks[actor].list[i].text);
			free(page->tasks[actor].list[i].command);
			rmt_buf_free(&page->tasks[actor].list[i].links);
		}
		free(page->tasks[actor].list);
	}
	rmt_buf_free(&page->html);
	rmt_buf_free(&page->cards);
	rmt_buf_free(&page->quiet);
	*page = (struct rmt_page){0};
}
