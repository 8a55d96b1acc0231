/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oid.c - object identifiers: from bytes to a name and back, and between bytes and the dotted form.
 *
 * The table (oid_table.c) is encoded and hashed once per process, by content and by name; a look-up
 * then is one hash and one comparison. The file knows what an OID is called, not what it means.
 */
#include "config.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "x509/local.h"

enum {
	ENCODED_MAX = 16, /* the longest encoding in the table */
	SLOTS = 2048,     /* of each hash; a power of two, at least three times what it holds */
	ROWS_MAX = 512,
};

/* Names by which people also call an attribute; read, never written. */
static const struct {
	const char *alias, *name;
} aliases[] = {
	{ "E", "emailAddress" },
	{ "email", "emailAddress" },
	{ "S", "stateOrProvinceName" },
	{ "SN", "surname" },
	{ "G", "givenName" },
	{ "GN", "givenName" },
	{ "T", "title" },
	{ "extKeyUsage", "extendedKeyUsage" },
	{ "crlNumber", "cRLNumber" },
	{ "P-256", "prime256v1" },
	{ "secp256r1", "prime256v1" },
	{ "P-384", "secp384r1" },
	{ "P-521", "secp521r1" },
	{ "dnEmailAddress", "emailAddress" },
	{ "rsassaPss", "RSASSA-PSS" },
	{ "id-ecPublicKey", "ecPublicKey" },
	{ "jurisdictionC", "jurisdictionCountryName" },
	{ "jurisdictionST", "jurisdictionStateOrProvinceName" },
	{ "jurisdictionL", "jurisdictionLocalityName" },
	{ "msSmartcardLogin", "smartcardLogon" },
	{ "msUPN", "userPrincipalName" },
	{ "upn", "userPrincipalName" },
	{ "efs", "encryptingFileSystem" },
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned char encoded[ROWS_MAX][ENCODED_MAX];
static uint16_t by_content[SLOTS], by_name[SLOTS]; /* row + 1 */

/* ---- dotted form to bytes ---- */

/* One arc in base 128, most significant part first. */
static size_t
arc_encode(uint64_t arc, unsigned char out[10])
{
	size_t count = 1;

	for (uint64_t rest = arc >> 7; rest > 0; rest >>= 7)
		count++;
	for (size_t i = count; i > 0; i--, arc >>= 7)
		out[i - 1] = (unsigned char)((arc & 0x7f) | (i == count ? 0 : 0x80));
	return count;
}

static int
arc_parse(const char **text, uint64_t *arc)
{
	const char *p = *text;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return -1;
	for (*arc = 0; *p >= '0' && *p <= '9'; p++) {
		if (*arc > (UINT64_MAX - 9) / 10)
			return -1;
		*arc = *arc * 10 + (uint64_t)(*p - '0');
	}
	*text = p;
	return 0;
}

/* Content bytes of a dotted form; 0 when it is none or longer than `room`. */
static size_t
dotted_encode(const char *text, unsigned char *out, size_t room)
{
	uint64_t first, arc;
	unsigned char bytes[10];
	size_t length = 0, count;
	bool second = true;

	if (arc_parse(&text, &first) < 0 || first > 2 || *text != '.')
		return 0;
	while (*text == '.') {
		text++;
		if (arc_parse(&text, &arc) < 0)
			return 0;
		if (second && ((first < 2 && arc > 39) || arc > UINT64_MAX - 80))
			return 0;
		count = arc_encode(second ? arc + 40 * first : arc, bytes);
		second = false;
		if (count > room - length)
			return 0;
		memcpy(out + length, bytes, count);
		length += count;
	}
	return *text == '\0' ? length : 0;
}

/* ---- the two hashes ---- */

static size_t
content_hash(struct rmt_span content)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < content.length; i++)
		hash = (hash ^ content.at[i]) * 16777619u;
	return (hash ^ hash >> 15) & (SLOTS - 1);
}

static size_t
name_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint32_t)(unsigned char)(*name | 0x20)) * 16777619u;
	return (hash ^ hash >> 15) & (SLOTS - 1);
}

static void
name_insert(const char *name, size_t row)
{
	size_t slot = name_hash(name);

	while (by_name[slot] != 0)
		slot = (slot + 1) & (SLOTS - 1);
	by_name[slot] = (uint16_t)(row + 1);
}

static void
table_build(void)
{
	for (size_t row = 0; row < rmt_oid_table_size && row < ROWS_MAX; row++) {
		struct rmt_oid *oid = &rmt_oid_table[row];
		size_t slot;

		oid->der = rmt_span_of(
		    encoded[row], dotted_encode(oid->dotted, encoded[row], ENCODED_MAX));
		for (slot = content_hash(oid->der); by_content[slot] != 0;)
			slot = (slot + 1) & (SLOTS - 1);
		by_content[slot] = (uint16_t)(row + 1);
		name_insert(oid->name, row);
		if (oid->label != NULL)
			name_insert(oid->label, row);
	}
}

/* ---- look-up ---- */

const struct rmt_oid *
rmt_oid_find(struct rmt_span content)
{
	pthread_once(&once, table_build);
	for (size_t slot = content_hash(content); by_content[slot] != 0;
	     slot = (slot + 1) & (SLOTS - 1)) {
		const struct rmt_oid *oid = &rmt_oid_table[by_content[slot] - 1];

		if (rmt_span_equal(oid->der, content))
			return oid;
	}
	return NULL;
}

static const struct rmt_oid *
find_name(const char *name)
{
	for (size_t slot = name_hash(name); by_name[slot] != 0; slot = (slot + 1) & (SLOTS - 1)) {
		const struct rmt_oid *oid = &rmt_oid_table[by_name[slot] - 1];

		if (strcasecmp(oid->name, name) == 0 ||
		    (oid->label != NULL && strcasecmp(oid->label, name) == 0))
			return oid;
	}
	return NULL;
}

const struct rmt_oid *
rmt_oid_named(const char *name_label_or_dotted)
{
	unsigned char content[RMT_OID_MAX];
	const struct rmt_oid *oid;
	size_t length;

	pthread_once(&once, table_build);
	oid = find_name(name_label_or_dotted);
	if (oid != NULL)
		return oid;
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (strcasecmp(aliases[i].alias, name_label_or_dotted) == 0)
			return find_name(aliases[i].name);
	length = dotted_encode(name_label_or_dotted, content, sizeof content);
	return length == 0 ? NULL : rmt_oid_find(rmt_span_of(content, length));
}

bool
rmt_oid_is(struct rmt_span content, const char *name)
{
	const struct rmt_oid *oid = rmt_oid_named(name);

	return oid != NULL && rmt_span_equal(oid->der, content);
}

int
rmt_oid_encode(const char *name_label_or_dotted, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_oid *oid = rmt_oid_named(name_label_or_dotted);
	unsigned char content[RMT_OID_MAX];
	size_t length;

	if (oid != NULL) {
		rmt_buf_span(out, oid->der);
		return rmt_buf_check(out, err);
	}
	length = dotted_encode(name_label_or_dotted, content, sizeof content);
	if (length == 0)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.64s\" is neither a known name nor an object identifier",
		    name_label_or_dotted);
	rmt_buf_append(out, content, length);
	return rmt_buf_check(out, err);
}

/* ---- the name that was meant ---- */

/* X.520, RFC 4519, PKCS#9 and the EV guidelines. */
const char *const rmt_oid_attribute_arcs[] = { "2.5.4.", "0.9.2342.19200300.100.1.",
	"1.2.840.113549.1.9.", "1.3.6.1.4.1.311.60.2.1.", NULL };
/* RFC 5280 and Microsoft. */
const char *const rmt_oid_purpose_arcs[] = { "1.3.6.1.5.5.7.3.", "2.5.29.37.0", "1.3.6.1.4.1.311.10.3.",
	"1.3.6.1.4.1.311.20.2.", NULL };

static bool
below(const struct rmt_oid *oid, const char *const *arcs)
{
	while (*arcs != NULL && strncmp(oid->dotted, *arcs, strlen(*arcs)) != 0)
		arcs++;
	return *arcs != NULL;
}

const char *
rmt_oid_nearest(const char *word, const char *const *arcs)
{
	const char *candidates[2 * ROWS_MAX + 1];
	size_t count = 0;

	for (size_t i = 0; i < rmt_oid_table_size && i < ROWS_MAX; i++) {
		const struct rmt_oid *oid = &rmt_oid_table[i];

		if (!below(oid, arcs))
			continue;
		if (oid->label != NULL)
			candidates[count++] = oid->label;
		candidates[count++] = oid->name;
	}
	candidates[count] = NULL;
	return rmt_nearest(word, candidates);
}

/* ---- bytes to dotted form ---- */

/* Append an arc of any size up to 19 bytes (UUIDs under 2.25 have 128 bits) in decimal, less
 * `minus`. */
static void
arc_text(struct rmt_span arc, unsigned minus, struct rmt_buf *out)
{
	uint32_t limbs[6] = { 0 }; /* base 10^9, least significant first */
	size_t used = 1;

	for (size_t i = 0; i < arc.length; i++) {
		uint64_t carry = arc.at[i] & 0x7f;

		for (size_t k = 0; k < used; k++) {
			carry += (uint64_t)limbs[k] << 7;
			limbs[k] = (uint32_t)(carry % 1000000000);
			carry /= 1000000000;
		}
		if (carry > 0)
			limbs[used++] = (uint32_t)carry;
	}
	for (size_t k = 0; minus > 0; k++) {
		if (limbs[k] >= minus) {
			limbs[k] -= minus;
			break;
		}
		limbs[k] += 1000000000 - minus;
		minus = 1;
	}
	while (used > 1 && limbs[used - 1] == 0)
		used--;
	rmt_buf_format(out, "%u", limbs[used - 1]);
	while (--used > 0)
		rmt_buf_format(out, "%09u", limbs[used - 1]);
}

/* Whether the content is one: not empty nor too long, every arc ends and none begins with padding.
 */
bool
rmt_oid_valid(struct rmt_span content)
{
	bool arc_starts = true;

	if (content.length == 0 || content.length > RMT_OID_MAX)
		return false;
	for (size_t i = 0; i < content.length; i++) {
		if (arc_starts && content.at[i] == 0x80)
			return false;
		arc_starts = (content.at[i] & 0x80) == 0;
	}
	return arc_starts;
}

/* Whether no arc is beyond what arc_text() can print. */
static bool
printable(struct rmt_span content)
{
	size_t run = 0;

	for (size_t i = 0; i < content.length; i++) {
		run = (content.at[i] & 0x80) != 0 ? run + 1 : 0;
		if (run >= 19)
			return false;
	}
	return true;
}

void
rmt_oid_dotted(struct rmt_span content, struct rmt_buf *out)
{
	size_t start = 0;

	if (!rmt_oid_valid(content) || !printable(content)) {
		rmt_buf_text(out, "#");
		rmt_hex(content, 0, out);
		return;
	}
	for (size_t i = 0; i < content.length; i++) {
		unsigned root = 0;
		struct rmt_span arc;

		if ((content.at[i] & 0x80) != 0)
			continue;
		arc = rmt_span_of(content.at + start, i + 1 - start);
		if (start == 0) {
			root = arc.length > 1 || arc.at[0] >= 80 ? 2 : arc.at[0] / 40u;
			rmt_buf_format(out, "%u", root);
		}
		rmt_buf_byte(out, '.');
		arc_text(arc, 40 * root, out);
		start = i + 1;
	}
}

void
rmt_oid_text(struct rmt_span content, struct rmt_buf *out)
{
	const struct rmt_oid *oid = rmt_oid_find(content);

	if (oid != NULL)
		rmt_buf_text(out, oid->name);
	else
		rmt_oid_dotted(content, out);
}
