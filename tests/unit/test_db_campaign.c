/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of db/: campaigns, and who works on an item. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/test_db.h"

static const char plan[] = "00112233445566778899aabbccddeeff";

static int64_t
add_campaign(void)
{
	struct rmt_db_campaign campaign = {
		.plan = plan, .file = "plan.json", .sha256 = hash_of("plan"), .started = 100
	};
	int64_t id = 0;

	if (rmt_db_campaign_add(db, &campaign, &id, &err) != 0)
		fail_msg("%s", err.message);
	return id;
}

static struct rmt_db_item
new_item(int64_t campaign, const char *name)
{
	return (struct rmt_db_item){
		.campaign = campaign, .item = name, .asked = hash_of(name), .when = 100
	};
}

static void
put(const struct rmt_db_item *item)
{
	if (rmt_db_item_put(db, item, &err) != 0)
		fail_msg("%s", err.message);
}

/* A campaign of one item, "aa", whose certificate replaces another. */
static int64_t
record_one(void)
{
	struct rmt_db_item item;
	int64_t ca, campaign, old;

	begin();
	ca = add_authority("ca");
	old = issue(ca, "1", "a", 0);
	campaign = add_campaign();
	item = new_item(campaign, "aa");
	put(&item);
	item.previous = old;
	item.tbs = item.certificate = issue(ca, "2", "a", old);
	item.state = RMT_ITEM_ISSUED;
	item.when = 200;
	put(&item);
	commit();
	return campaign;
}

static void
an_item_comes_back_as_it_was_put(void **state)
{
	struct rmt_db_campaign campaign;
	struct rmt_db_item item;
	int64_t id = record_one();

	(void)state;
	assert_int_equal(rmt_db_campaign_get(db, "ff", &campaign, &err), 0);
	assert_int_equal(rmt_db_campaign_get(db, plan, &campaign, &err), 1);
	assert_int_equal(campaign.id, id);
	assert_string_equal(campaign.file, "plan.json");
	assert_int_equal(campaign.started, 100);
	assert_true(rmt_span_equal(campaign.sha256, hash_of("plan")));
	assert_int_equal(rmt_db_item_get(db, id, "bb", &item, &err), 0);
	assert_int_equal(rmt_db_item_get(db, id, "aa", &item, &err), 1);
	assert_int_equal(item.state, RMT_ITEM_ISSUED);
	assert_int_equal(item.previous, 1);
	assert_int_equal(item.certificate, 2);
	assert_string_equal(item.why, "");
	assert_true(rmt_span_equal(item.asked, hash_of("aa")));
	assert_int_equal(rmt_db_item_of_tbs(db, 2, &item, &err), 1);
	assert_string_equal(item.item, "aa");
	assert_int_equal(rmt_db_item_of_tbs(db, 1, &item, &err), 0);
	assert_int_equal(rmt_db_check_structure(db, &err), 0);
}

static int
take_back(int64_t certificate, const char *serial)
{
	struct rmt_db_revocation row = { .authority = 1, .serial = rmt_span_text(serial),
		.certificate = certificate, .at = 300, .reason = 4, .expires = 2000 };

	return rmt_db_revoke(db, &row, 300, &err);
}

static void
a_replacement_in_another_campaign_is_found(void **state)
{
	struct rmt_db_campaign other = {
		.plan = "ff", .file = "other.json", .sha256 = hash_of("other"), .started = 300
	};
	struct rmt_db_elsewhere found;
	int64_t id = record_one(), second = 0;

	(void)state;
	begin();
	assert_int_equal(rmt_db_campaign_add(db, &other, &second, &err), 0);
	commit();
	assert_int_equal(rmt_db_item_elsewhere(db, id, "aa", 300, &found, &err), 0);
	assert_int_equal(rmt_db_item_elsewhere(db, second, "bb", 300, &found, &err), 0);
	assert_int_equal(rmt_db_item_elsewhere(db, second, "aa", 300, &found, &err), 1);
	assert_int_equal(found.certificate, 2);
	assert_string_equal(found.plan, plan);
	assert_string_equal(found.file, "plan.json");
	begin();
	assert_int_equal(take_back(2, "2"), 0);
	commit();
	assert_int_equal(rmt_db_item_elsewhere(db, second, "aa", 300, &found, &err), 0);
}

static int
note(void *arg, const struct rmt_db_item *item)
{
	struct rmt_db_item again;

	/* The visitor may ask the database. */
	assert_int_equal(rmt_db_item_get(db, item->campaign, item->item, &again, &err), 1);
	rmt_buf_format(arg, "%s=%s ", item->item, rmt_item_state_name(item->state));
	return 0;
}

static void
items_come_by_their_ids(void **state)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_item item;
	int64_t id = record_one();

	(void)state;
	begin();
	item = new_item(id, "cc");
	item.state = RMT_ITEM_SKIPPED;
	put(&item);
	item = new_item(id, "0b");
	put(&item);
	commit();
	assert_int_equal(rmt_db_items(db, id, note, &text, &err), 0);
	assert_string_equal(rmt_buf_string(&text), "0b=planned aa=issued cc=skipped ");
	rmt_buf_free(&text);
}

static int
note_move(void *arg, const char *item, enum rmt_item_state state, rmt_time when)
{
	rmt_buf_format(arg, "%s=%s@%d ", item, rmt_item_state_name(state), (int)when);
	return 0;
}

static void
the_log_tells_what_became_of_the_items(void **state)
{
	struct rmt_db_campaign other = { .plan = "0011223344", .file = "other.json", .sha256 = hash_of("other"), .started = 100 };
	struct rmt_buf text = { 0 };
	struct rmt_db_item item;
	int64_t id = record_one(), second;

	(void)state;
	begin();
	/* No text that a person wrote reads as a state, and no other campaign's item as one of this. */
	item = new_item(id, "cc");
	item.state = RMT_ITEM_FAILED;
	item.why = "item=aa state=closed plan=0011223344 item=bb state=live";
	item.when = 300;
	put(&item);
	assert_int_equal(rmt_db_campaign_add(db, &other, &second, &err), 0);
	item = new_item(second, "aa");
	item.state = RMT_ITEM_LIVE;
	put(&item);
	commit();
	assert_int_equal(rmt_db_item_moves(db, id, note_move, &text, &err), 0);
	assert_string_equal(rmt_buf_string(&text), "aa=planned@100 aa=issued@200 cc=failed@300 ");
	rmt_buf_clear(&text);
	assert_int_equal(rmt_db_item_moves(db, second, note_move, &text, &err), 0);
	assert_string_equal(rmt_buf_string(&text), "aa=live@100 ");
	rmt_buf_free(&text);
}

static void
an_item_keeps_the_certificate_that_it_was_given(void **state)
{
	static const char *const rows[] = {
		"UPDATE campaign_items SET certificate = NULL",
		"UPDATE campaign_items SET tbs = 1, certificate = 1",
		"UPDATE campaign_items SET item = 'bb'",
		"UPDATE campaign_items SET event = 1",
		"DELETE FROM campaign_items",
		"DELETE FROM campaigns",
	};
	struct rmt_db_item item;
	int64_t id = record_one();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (raw(rows[i])[0] == '\0')
			fail_msg("nothing was said against: %s", rows[i]);
	begin();
	item = new_item(id, "aa");
	assert_int_equal(rmt_db_item_put(db, &item, &err), -1);
	expect_refusal("an item without its certificate", "keeps the certificate");
	rmt_db_rollback(db);
}

#define FREE \
	"DROP TRIGGER campaign_items_update; DROP TRIGGER campaign_items_no_delete;" \
	" DROP TRIGGER campaigns_no_update;"
static void
the_check_finds_what_was_altered(void **state)
{
	static const struct {
		const char *sql, *says;
	} rows[] = {
		{ "UPDATE campaign_items SET state = 5", "not what its event says" },
		{ "UPDATE campaign_items SET why = 'x'", "not what its event says" },
		{ "UPDATE campaign_items SET confirmed_by = 'x'", "not what its event says" },
		{ "UPDATE campaign_items SET state = 0, previous = NULL, tbs = NULL, certificate = NULL,"
		  " at = 100, event = 2",
		    "was set back" },
		{ "UPDATE campaign_items SET previous = NULL", "does not replace the one" },
		{ "UPDATE campaign_items SET certificate = NULL", "does not say so" },
		{ "UPDATE campaign_items SET state = 1", "counts as not issued" },
		{ "UPDATE campaign_items SET state = 1, tbs = NULL, certificate = NULL",
		    "has no request" },
		{ "UPDATE campaign_items SET tbs = NULL, certificate = NULL", "has no certificate" },
		{ "DELETE FROM campaign_items", "was set back" },
		{ "UPDATE campaigns SET file = 'other'", "campaign of plan" },
		{ "INSERT INTO revoked SELECT authority, serial, 0, id, 100, 4, 0, not_after, 1"
		  " FROM certificates WHERE id = 1", "known to no event" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		record_one();
		assert_int_equal(rmt_db_check_campaigns(db, &err), 0);
		assert_string_equal(raw(FREE), "");
		assert_string_equal(raw(rows[i].sql), "");
		if (rmt_db_check_campaigns(db, &err) == 0 && rmt_db_check_revoked(db, &err) == 0)
			fail_msg("nothing was found: %s", rows[i].sql);
		expect_refusal(rows[i].sql, rows[i].says);
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

/* ---- claims ---- */

static int
claim(void *arg)
{
	struct rmt_db *other = rmt_db_open(home, RMT_DB_WRITE, 5, &err);
	int rc = other == NULL ? -1 : rmt_db_begin(other, &err);

	if (rc == 0)
		rc = rmt_db_item_claim(other, *(int64_t *)arg, "aa", getpid(), &err);
	if (rc >= 0 && rmt_db_commit(other, &err) != 0)
		rc = -1;
	rmt_db_close(other);
	return rc;
}

static int
claim_here(int64_t campaign)
{
	int rc;

	begin();
	rc = rmt_db_item_claim(db, campaign, "aa", getpid(), &err);
	commit();
	return rc;
}

static void
an_item_is_one_process_s_at_a_time(void **state)
{
	int64_t id = record_one();

	(void)state;
	assert_int_equal(claim_here(id), 1);
	assert_int_equal(claim_here(id), 1); /* its own again */
	assert_int_equal(in_child(false, claim, &id), 0);
	begin();
	assert_int_equal(rmt_db_items_release(db, id, getpid(), &err), 0);
	commit();
	assert_int_equal(in_child(false, claim, &id), 1);
	assert_int_equal(claim_here(id), 1); /* that child has ended */
	begin();
	assert_int_equal(rmt_db_item_claim(db, id, "bb", getpid(), &err), -1);
	expect_refusal("an item that is not there", "no item \"bb\"");
	rmt_db_rollback(db);
	assert_int_equal(in_child(false, claim, &id), 0); /* a rollback lets nothing go */
}

const struct CMUnitTest campaign_tests[] = {
	DB_TEST(an_item_comes_back_as_it_was_put),
	DB_TEST(a_replacement_in_another_campaign_is_found),
	DB_TEST(items_come_by_their_ids),
	DB_TEST(the_log_tells_what_became_of_the_items),
	DB_TEST(an_item_keeps_the_certificate_that_it_was_given),
	DB_TEST(the_check_finds_what_was_altered),
	DB_TEST(an_item_is_one_process_s_at_a_time),
};
const size_t campaign_count = sizeof campaign_tests / sizeof campaign_tests[0];
