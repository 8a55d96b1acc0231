/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain builder: which paths it finds and in which order, on small maps of CAs; its limits, on large ones.
 *
 * A map is a list of certificates "subject<issuer": the same letter is always the same name and key, so that "A<B" and
 * "A<A" are two certificates of one CA. The leaf is "l".
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_audit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { CERTS_MAX = 32 };

static bool forget_certs; /* the end: cert_of() frees what it kept */

/* One key a letter, made when first needed. */
static struct rmt_key *keys[128];

static const struct rmt_key *
key_of(char letter)
{
	if (!keys[(unsigned char)letter])
		keys[(unsigned char)letter] = rmt_key_generate("ec:p256", NULL);
	assert_non_null(keys[(unsigned char)letter]);
	return keys[(unsigned char)letter];
}

/* The certificate of a word "A<B"; "A<B+" lasts longer, "A<B?" has no key identifiers. */
static struct made
new_cert(const char *word)
{
	const struct make stub = { 0 };
	struct make make = { .to = strchr(word, '+') ? "2040-01-01" : NULL, .no_subject_id = strchr(word, '?') != NULL,
		.no_authority_id = strchr(word, '?') != NULL };
	char subject[] = "CN=?", above[] = "CN=?";
	struct made issuer, made;

	subject[3] = word[0];
	above[3] = word[2];
	if (word[0] == word[2])
		return make_cert_for(&make, subject, NULL, true, key_of(word[0]));
	issuer = make_cert_for(&stub, above, NULL, true, key_of(word[2]));
	made = make_cert_for(&make, subject, &issuer, word[0] != 'l', key_of(word[0]));
	made_free(&issuer);
	return made;
}

/* The same word is the same certificate, byte for byte, although its signature is not. */
static struct made
cert_of(const char *text)
{
	static struct {
		char word[5];
		struct made made;
	} made[256];
	char word[5] = "";
	size_t i = 0;
	struct made copy;

	memcpy(word, text, strcspn(text, " ") < sizeof word ? strcspn(text, " ") : sizeof word - 1);
	if (forget_certs) {
		for (; i < COUNT(made); i++)
			made_free(&made[i].made);
		return (struct made){ 0 };
	}
	while (made[i].made.cert && strcmp(made[i].word, word) != 0)
		i++;
	assert_true(i < COUNT(made) - 1);
	if (!made[i].made.cert) {
		memcpy(made[i].word, word, sizeof word);
		made[i].made = new_cert(word);
	}
	copy.cert = rmt_cert_dup(made[i].made.cert, NULL);
	copy.key = rmt_key_dup(made[i].made.key, NULL);
	return copy;
}

/* ---- which paths, in which order ------------------------------------------------------------------------------------------ */

struct map_row {
	const char *sentence;
	const char *sent, *known, *trusted; /* blank-separated words */
	const char *paths;                  /* "lAB! lA": leaf first, "!" anchored */
	bool capped;
};

static const struct map_row map_rows[] = {
	{ "a leaf alone is a path", "", "", "", "l", false },
	{ "a chain sent is a path", "A<B B<B", "", "", "lAB", false },
	{ "a trusted root anchors it", "A<B", "", "B<B", "lAB!", false },
	{ "the order sent does not matter", "B<B A<B", "", "B<B", "lAB!", false },
	{ "an intermediate at hand is found", "", "A<B", "B<B", "lAB!", false },
	{ "the same certificate sent and at hand is one", "A<B A<B", "A<B", "B<B", "lAB!", false },
	{ "a trusted intermediate anchors, and the path goes on", "", "B<B", "A<B", "lA! lAB", false },
	{ "an anchored path comes before a shorter one", "A<A", "A<B", "B<B", "lAB! lA", false },
	{ "a root nobody trusts comes before a dead end", "A<C A<B", "", "B<B!", "lAB! lA", false },
	{ "the shorter of two anchored paths comes first", "A<B B<C", "A<D", "C<C D<D", "lAD! lABC!", false },
	{ "of equal paths the one that lasts longer comes first", "", "A<B A<B+", "B<B+", "lAB! lAB!", false },
	{ "two CAs that certify each other are no loop", "A<B B<A", "", "", "lAB", false },
	{ "a way out comes before the end of a loop", "A<B B<A", "", "B<B", "lAB! lAB", false },
	{ "a renewed CA of the same key stands once on a path", "A<B B<A A<C", "", "C<C", "lAC! lAB", false },
	{ "without key identifiers names decide", "A<B?", "", "B<B?", "lAB!", false },
	{ "a stranger is not on any path", "A<B X<Y", "", "B<B", "lAB!", false },
};

struct gathered {
	struct rmt_buf text;
	rmt_time top[100]; /* when the certificate above the leaf expires */
	size_t count;
};

static int
gather(void *arg, const struct rmt_cert *const *path, size_t count, bool anchored)
{
	struct gathered *gathered = arg;

	rmt_buf_text(&gathered->text, gathered->count ? " " : "");
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rmt_name_get(path[i]->subject, "CN", false, &gathered->text), 1);
	rmt_buf_text(&gathered->text, anchored ? "!" : "");
	if (gathered->count < COUNT(gathered->top))
		gathered->top[gathered->count] = count > 1 ? path[1]->not_after : 0;
	gathered->count++;
	return 0;
}

static void
add_words(struct rmt_chain_store *store, const char *words, bool trusted)
{
	for (const char *at = words; *at; at += strcspn(at, " "), at += *at == ' ') {
		struct made made = cert_of(at);

		assert_int_equal(rmt_chain_store_add(store, made.cert, trusted, NULL), 0);
		made_free(&made);
	}
}

static void
check_map(void **state)
{
	const struct map_row *row = *state;
	struct made leaf = cert_of("l<A"), made[CERTS_MAX];
	const struct rmt_cert *sent[CERTS_MAX];
	struct rmt_chain_store *store = rmt_chain_store_new(NULL);
	struct gathered gathered = { 0 };
	size_t count = 0;
	bool capped = true;

	for (const char *at = row->sent; *at; at += strcspn(at, " "), at += *at == ' ') {
		made[count] = cert_of(at);
		sent[count] = made[count].cert;
		count++;
	}
	add_words(store, row->known, false);
	add_words(store, row->trusted, true);
	assert_int_equal(rmt_chain_paths(store, leaf.cert, sent, count, gather, &gathered, &capped, NULL), 0);
	assert_string_equal(rmt_buf_string(&gathered.text), row->paths);
	assert_int_equal(capped, row->capped);
	if (strstr(row->sentence, "lasts longer"))
		assert_true(gathered.top[0] > gathered.top[1]);
	rmt_buf_free(&gathered.text);
	rmt_chain_store_free(store);
	made_free(&leaf);
	while (count)
		made_free(&made[--count]);
}

/* ---- limits ------------------------------------------------------------------------------------------------------------------ */

/* Every one of `letters` certifies every other, and one of them is trusted. */
static struct rmt_chain_store *
make_mesh(const char *letters, const char *root)
{
	struct rmt_chain_store *store = rmt_chain_store_new(NULL);
	char word[4] = "A<A";

	for (const char *below = letters; *below; below++)
		for (const char *above = letters; *above; above++) {
			word[0] = *below;
			word[2] = *above;
			if (*below != *above)
				add_words(store, word, false);
		}
	add_words(store, root, true);
	return store;
}

static void
mesh_is_cut_at_a_hundred(void **state)
{
	struct rmt_chain_store *store = make_mesh("ABCDEFGHI", "I<I");
	struct made leaf = cert_of("l<A");
	struct gathered gathered = { 0 };
	bool capped = false;

	(void)state;
	assert_int_equal(rmt_chain_paths(store, leaf.cert, NULL, 0, gather, &gathered, &capped, NULL), 0);
	assert_int_equal(gathered.count, RMT_PATHS_MAX);
	assert_true(capped);
	assert_memory_equal(gathered.text.bytes, "lAI! lA", 7);
	rmt_buf_free(&gathered.text);
	rmt_chain_store_free(store);
	made_free(&leaf);
}

static int
count_anchored(void *arg, const struct rmt_cert *const *path, size_t count, bool anchored)
{
	size_t *longest = arg;

	(void)path;
	assert_true(count <= RMT_PATH_DEPTH_MAX);
	if (anchored && count > *longest)
		*longest = count;
	return 0;
}

/* Leaf, ten intermediates and a root are twelve; one more is too deep. */
static void
depth_is_bounded(void **state)
{
	static const char *const known = "A<B B<C C<D D<E E<F F<G G<H H<I I<J J<K";
	struct rmt_chain_store *store = rmt_chain_store_new(NULL);
	struct made leaf = cert_of("l<A");
	size_t longest = 0;
	bool capped;

	(void)state;
	add_words(store, known, false);
	add_words(store, "K<K", true);
	assert_int_equal(rmt_chain_paths(store, leaf.cert, NULL, 0, count_anchored, &longest, &capped, NULL), 0);
	assert_int_equal(longest, 12);
	assert_false(capped);
	rmt_chain_store_free(store);
	store = rmt_chain_store_new(NULL);
	add_words(store, known, false);
	add_words(store, "K<L", false);
	add_words(store, "L<L", true);
	longest = 0;
	assert_int_equal(rmt_chain_paths(store, leaf.cert, NULL, 0, count_anchored, &longest, &capped, NULL), 0);
	assert_int_equal(longest, 0);
	assert_true(capped);
	rmt_chain_store_free(store);
	made_free(&leaf);
}

/* A cut search is told without the target's asking. */
static void
cut_search_is_told(void **state)
{
	struct rmt_chain_store *store = make_mesh("ABCDEFGHI", "I<I");
	struct made leaf = cert_of("l<A");
	struct rmt_presented presented = { .leaf = leaf.cert };
	struct rmt_target *target = make_target("{ rule = \"path.valid\"; }", NULL);
	struct rmt_audit *audit = rmt_audit_new(target, store, make_time("2026-06-01"), NULL);
	struct findings findings = { 0 };

	(void)state;
	assert_non_null(audit);
	assert_int_equal(rmt_audit_run(audit, &presented, keep_finding, &findings, NULL), 0);
	assert_int_equal(findings.count, 1);
	assert_non_null(strstr(rmt_buf_string(&findings.text), "path.capped|info|l|path|the search for paths was cut"));
	rmt_buf_free(&findings.text);
	rmt_audit_free(audit);
	rmt_target_free(target);
	rmt_chain_store_free(store);
	made_free(&leaf);
}

/* One accepted path is enough: the first ends in an expired root, the second does not. */
static void
second_path_is_tried(void **state)
{
	struct make expired = { .to = "2026-05-01" };
	const struct make plain = { 0 };
	struct made root = make_cert_for(&plain, "CN=B", NULL, true, key_of('B'));
	struct made old = make_cert_for(&expired, "CN=A", &root, true, key_of('A')), leaf = cert_of("l<A");
	const struct rmt_cert *sent[] = { old.cert };
	struct rmt_presented presented = { .leaf = leaf.cert, .sent = sent, .sent_count = 1 };
	struct rmt_target *target = make_target("{ rule = \"path.valid\"; }, { rule = \"ca.dates.valid\"; }", NULL);
	struct rmt_chain_store *store = rmt_chain_store_new(NULL);
	struct rmt_audit *audit;
	struct findings findings = { 0 };

	(void)state;
	assert_int_equal(rmt_chain_store_add(store, root.cert, true, NULL), 0);
	audit = rmt_audit_new(target, store, make_time("2026-06-01"), NULL);
	assert_int_equal(rmt_audit_run(audit, &presented, keep_finding, &findings, NULL), 0);
	assert_int_equal(findings.count, 2);
	rmt_audit_free(audit);
	rmt_buf_clear(&findings.text);
	findings.count = 0;
	add_words(store, "A<B", false);
	audit = rmt_audit_new(target, store, make_time("2026-06-01"), NULL);
	assert_int_equal(rmt_audit_run(audit, &presented, keep_finding, &findings, NULL), 0);
	assert_string_equal(rmt_buf_string(&findings.text), "");
	assert_true(rmt_audit_verifications(audit) > 0);
	rmt_audit_free(audit);
	rmt_buf_free(&findings.text);
	rmt_chain_store_free(store);
	rmt_target_free(target);
	made_free(&root);
	made_free(&old);
	made_free(&leaf);
}

/* Many certificates of one name and of one key: neither adding them nor asking for an issuer looks at each. */
static void
pile_of_one_name_is_no_burden(void **state)
{
	struct rmt_chain_store *store = rmt_chain_store_new(NULL);
	struct made leaf = cert_of("l<A"), issuer = cert_of("A<A");
	struct gathered gathered = { 0 };
	bool capped;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		char serial[16];
		struct make make = { .serial = serial };
		struct made made;

		snprintf(serial, sizeof serial, "40%06x", i);
		made = make_cert_for(&make, "CN=A", NULL, true, key_of('Z'));
		assert_int_equal(rmt_chain_store_add(store, made.cert, false, NULL), 0);
		made_free(&made);
	}
	assert_int_equal(rmt_chain_store_add(store, issuer.cert, true, NULL), 0);
	assert_int_equal(rmt_chain_paths(store, leaf.cert, NULL, 0, gather, &gathered, &capped, NULL), 0);
	assert_string_equal(rmt_buf_string(&gathered.text), "lA!");
	assert_false(capped);
	rmt_buf_free(&gathered.text);
	rmt_chain_store_free(store);
	made_free(&leaf);
	made_free(&issuer);
}

/* ---- the index against a plain search --------------------------------------------------------------------------------------- */

enum { MAPS = 80, MAP_CERTS = 12, NAMES = 4, PATH_TEXT = 64 };

/* Certificates drawn at random: four names, two keys for each, some without key identifiers, some trusted. */
struct drawn {
	struct made leaf, cert[MAP_CERTS];
	bool trusted[MAP_CERTS];
	char path[2][RMT_PATHS_MAX][PATH_TEXT]; /* anchored ones: by the index, plainly */
	size_t count[2];
};

static unsigned
draw(uint32_t *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 16) % below;
}

static struct made
draw_cert(uint32_t *seed, const char *leaf)
{
	const struct make stub = { 0 };
	struct make make = { .no_subject_id = draw(seed, 4) == 0, .no_authority_id = draw(seed, 4) == 0 };
	char subject[] = "CN=A", above[] = "CN=A", key;
	struct made issuer, made;

	subject[3] = (char)('A' + draw(seed, NAMES));
	key = (char)(subject[3] + (draw(seed, 2) ? 'a' - 'A' : 0));
	above[3] = (char)('A' + draw(seed, NAMES));
	issuer = make_cert_for(&stub, above, NULL, true, key_of((char)(above[3] + (draw(seed, 2) ? 'a' - 'A' : 0))));
	made = make_cert_for(&make, leaf ? leaf : subject, &issuer, !leaf, key_of(leaf ? 'l' : key));
	made_free(&issuer);
	return made;
}

static void
note_path(struct drawn *drawn, int by, const struct rmt_cert *const *path, size_t count)
{
	char *text = drawn->path[by][drawn->count[by]];

	assert_true(drawn->count[by] < RMT_PATHS_MAX);
	drawn->count[by]++;
	for (size_t n = 1; n < count; n++)
		for (size_t i = 0; i < MAP_CERTS; i++)
			if (rmt_span_equal(path[n]->der, drawn->cert[i].cert->der))
				snprintf(text + strlen(text), PATH_TEXT - strlen(text), " %zu", i);
}

static int
take_anchored(void *arg, const struct rmt_cert *const *path, size_t count, bool anchored)
{
	if (anchored)
		note_path(arg, 0, path, count);
	return 0;
}

/* Every certificate is tried above every other. */
static void
search_plainly(struct drawn *drawn, const struct rmt_cert *path[RMT_PATH_DEPTH_MAX], size_t count)
{
	const struct rmt_cert *top = path[count - 1];

	for (size_t i = 0; i < MAP_CERTS; i++)
		if (top == drawn->cert[i].cert && drawn->trusted[i])
			note_path(drawn, 1, path, count);
	if ((rmt_cert_self_issued(top) && rmt_cert_issued_by(top, top)) || count == RMT_PATH_DEPTH_MAX)
		return;
	for (size_t i = 0; i < MAP_CERTS; i++) {
		const struct rmt_cert *next = drawn->cert[i].cert;
		bool seen = false;

		for (size_t n = 0; n < count; n++)
			seen |= rmt_name_equal(path[n]->subject, next->subject) && rmt_span_equal(path[n]->spki, next->spki);
		path[count] = next;
		if (!seen && rmt_cert_issued_by(top, next))
			search_plainly(drawn, path, count + 1);
	}
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static size_t
compare_searches(uint32_t seed)
{
	static struct drawn drawn;
	const struct rmt_cert *path[RMT_PATH_DEPTH_MAX + 1];
	struct rmt_chain_store *store = rmt_chain_store_new(NULL);
	bool capped = true;

	memset(&drawn, 0, sizeof drawn);
	drawn.leaf = draw_cert(&seed, "CN=l");
	for (size_t i = 0; i < MAP_CERTS; i++) {
		drawn.cert[i] = draw_cert(&seed, NULL);
		drawn.trusted[i] = draw(&seed, 4) == 0;
		assert_int_equal(rmt_chain_store_add(store, drawn.cert[i].cert, drawn.trusted[i], NULL), 0);
	}
	assert_int_equal(rmt_chain_paths(store, drawn.leaf.cert, NULL, 0, take_anchored, &drawn, &capped, NULL), 0);
	assert_false(capped);
	path[0] = drawn.leaf.cert;
	search_plainly(&drawn, path, 1);
	for (int by = 0; by < 2; by++)
		qsort(drawn.path[by], drawn.count[by], PATH_TEXT, compare_texts);
	assert_int_equal(drawn.count[0], drawn.count[1]);
	for (size_t i = 0; i < drawn.count[0]; i++)
		assert_string_equal(drawn.path[0][i], drawn.path[1][i]);
	rmt_chain_store_free(store);
	made_free(&drawn.leaf);
	for (size_t i = 0; i < MAP_CERTS; i++)
		made_free(&drawn.cert[i]);
	return drawn.count[0];
}

static void
index_finds_what_a_plain_search_finds(void **state)
{
	size_t paths = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= MAPS; seed++)
		paths += compare_searches(seed);
	assert_true(paths > MAPS);
}

static int
free_keys(void **state)
{
	(void)state;
	forget_certs = true;
	cert_of("");
	for (size_t i = 0; i < COUNT(keys); i++) {
		rmt_key_free(keys[i]);
		keys[i] = NULL;
	}
	return 0;
}

int
test_audit_chain(void)
{
	static struct CMUnitTest tests[COUNT(map_rows) + 8];
	size_t count = 0;

	for (size_t i = 0; i < COUNT(map_rows); i++) {
		const struct map_row *row = &map_rows[i];

		tests[count].name = row->sentence;
		tests[count].test_func = check_map;
		memcpy(&tests[count++].initial_state, &row, sizeof row);
	}
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(mesh_is_cut_at_a_hundred);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(depth_is_bounded);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(cut_search_is_told);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(second_path_is_tried);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(pile_of_one_name_is_no_burden);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(index_finds_what_a_plain_search_finds);
	return _cmocka_run_group_tests("chain", tests, count, NULL, free_keys);
}
