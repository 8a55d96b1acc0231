/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/check.c - checks of single values of a policy file: names, purposes, key specifications,
 * file names. What a value means to a certificate is asked of x509/, so that a file that passes
 * here cannot fail when it is used.
 *
 * Each says in `err` why the text will not do; schema.c adds the file, the line and the key.
 */
#include "config.h"

#include <string.h>

#include "policy/local.h"
#include "x509/x509.h"

static int
refuse(struct rmt_err *err, const char *why)
{
	return rmt_err_set(err, RMT_INPUT, NULL, "%s", why);
}

/* a-z, 0-9 or one of `others`. */
static bool
plain(char c, const char *others)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(others, c) != NULL);
}

static bool
all_plain(const char *text, const char *others)
{
	while (plain(*text, others))
		text++;
	return *text == '\0';
}

int
rmt_check_filled(const char *text, struct rmt_err *err)
{
	return *text != '\0' ? 0 : refuse(err, "it is empty");
}

int
rmt_check_printable(const char *text, struct rmt_err *err)
{
	size_t length = 0;

	while (text[length] >= ' ' && text[length] <= '~')
		length++;
	return length > 0 && length <= 64 && text[length] == '\0' ? 0 : refuse(err, "it is not one to 64 characters of ASCII");
}

int
rmt_policy_label_check(const char *text, struct rmt_err *err)
{
	size_t length = strlen(text);

	if (length == 0 || length > 64)
		return refuse(err, "a name has 1 to 64 characters");
	if (!all_plain(text, "._-") || text[0] == '.')
		return refuse(err,
		    "a name is made of a-z, 0-9, '.', '_' and '-' and does not begin with a dot");
	return 0;
}

static bool
is_attribute(const struct rmt_oid *oid)
{
	const char *const *arcs = rmt_oid_attribute_arcs;

	for (; oid != NULL && *arcs != NULL; arcs++)
		if (strncmp(oid->dotted, *arcs, strlen(*arcs)) == 0)
			return true;
	return false;
}

/* Why it will not do, and the known word that was meant. */
static int
refuse_word(struct rmt_err *err, const char *why, const char *word, const char *const *arcs)
{
	const char *near = rmt_oid_nearest(word, arcs);

	if (near == NULL)
		return refuse(err, why);
	return rmt_err_set(err, RMT_INPUT, NULL, "%s (did you mean \"%s\"?)", why, near);
}

int
rmt_check_attribute(const char *text, struct rmt_err *err)
{
	if (!is_attribute(rmt_oid_named(text)))
		return refuse_word(err, "this is not an attribute of a name such as CN, O or C", text,
		    rmt_oid_attribute_arcs);
	return 0;
}

int
rmt_check_subject_part(const char *text, struct rmt_err *err)
{
	size_t length = strcspn(text, "=");
	struct rmt_buf der = { 0 };
	char attribute[32];
	int rc;

	if (length < sizeof(attribute) && text[length] == '=') {
		memcpy(attribute, text, length);
		attribute[length] = '\0';
		if (rmt_oid_named(attribute) == NULL && rmt_oid_nearest(attribute, rmt_oid_attribute_arcs) != NULL)
			return refuse_word(err, "it names no known attribute", attribute, rmt_oid_attribute_arcs);
	}
	rc = rmt_name_parse(text, &der, err);
	rmt_buf_free(&der);
	return rc;
}

int
rmt_check_general_name(const char *text, struct rmt_err *err)
{
	struct rmt_derw writer = { 0 };
	int rc = rmt_general_write(&writer, text, err);

	rmt_derw_free(&writer);
	return rc;
}

int
rmt_check_constraint(const char *text, struct rmt_err *err)
{
	static const char *const types[] = { "dns:", "ip:", "email:", "uri:", "directory:", NULL };

	for (size_t i = 0; types[i] != NULL; i++)
		if (strncmp(text, types[i], strlen(types[i])) == 0 &&
		    text[strlen(types[i])] != '\0')
			return 0;
	return refuse(err, "a constraint begins with dns:, ip:, email:, uri: or directory:");
}

int
rmt_check_oid(const char *text, struct rmt_err *err)
{
	struct rmt_buf content = { 0 };
	int rc = rmt_oid_encode(text, &content, err);

	rmt_buf_free(&content);
	return rc;
}

int
rmt_check_purpose(const char *text, struct rmt_err *err)
{
	if (is_attribute(rmt_oid_named(text)))
		return refuse(
		    err, "this is an attribute of a name, not a purpose such as serverAuth");
	if (rmt_oid_named(text) == NULL && (*text < '0' || *text > '9'))
		return refuse_word(err, "this is no known purpose and no dotted number", text,
		    rmt_oid_purpose_arcs);
	return rmt_check_oid(text, err);
}

/* A request never yields a CA, an OCSP signer or an any-purpose certificate by asking. */
int
rmt_check_given_purpose(const char *text, struct rmt_err *err)
{
	static const char *const never[] = { "OCSPSigning", "timeStamping", "anyExtendedKeyUsage",
		NULL };
	const struct rmt_oid *oid = rmt_oid_named(text);

	for (size_t i = 0; oid != NULL && never[i] != NULL; i++)
		if (strcmp(oid->name, never[i]) == 0)
			return refuse(
			    err, "no request may have this purpose by asking: state it in values");
	return rmt_check_purpose(text, err);
}

int
rmt_check_key_spec(const char *text, struct rmt_err *err)
{
	return rmt_key_spec_check(text, err);
}

/* "rsa:2048", "rsa:2048-8192", or what a key specification says. */
int
rmt_check_key_range(const char *text, struct rmt_err *err)
{
	const char *sizes = text + strlen("rsa:"), *dash;
	char low[16] = "";
	uint64_t min, max;

	if (strncmp(text, "rsa:", 4) != 0)
		return rmt_key_spec_check(text, err);
	dash = strchr(sizes, '-');
	if (dash == NULL)
		return rmt_quantity_count(sizes, 1024, 16384, &min, err);
	if ((size_t)(dash - sizes) >= sizeof(low))
		return refuse(err, "key sizes stand as in rsa:2048-8192");
	memcpy(low, sizes, (size_t)(dash - sizes));
	if (rmt_quantity_count(low, 1024, 16384, &min, err) != 0 ||
	    rmt_quantity_count(dash + 1, 1024, 16384, &max, err) != 0)
		return -1;
	return min <= max ? 0 : refuse(err, "the smaller key size stands first");
}

int
rmt_check_rule_id(const char *text, struct rmt_err *err)
{
	if (!all_plain(text, ".-") || strchr(text, '.') == NULL)
		return refuse(err, "a rule has a name such as leaf.eku.client-auth");
	return 0;
}

/* Is one of `words`, whatever the case of its letters? */
static bool
is_word(const char *const *words, const char *text, size_t length)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == length && strncasecmp(*words, text, length) == 0)
			return true;
	return false;
}

/* The two ways in which OpenSSL names what a TLS peer signs with: a key and a digest joined by a plus, or the name of
 * RFC 8446, 4.2.3. */
int
rmt_check_signature_pair(const char *text, struct rmt_err *err)
{
	static const char *const keys[] = { "RSA", "RSA-PSS", "PSS", "ECDSA", "DSA", NULL };
	static const char *const digests[] = { "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", NULL };
	static const char *const schemes[] = { "rsa_pkcs1_sha1", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384",
		"rsa_pkcs1_sha512", "ecdsa_sha1", "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384",
		"ecdsa_secp521r1_sha512", "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512",
		"rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512", "ed25519", "ed448", NULL };
	const char *plus = strchr(text, '+');

	if (plus != NULL && is_word(keys, text, (size_t)(plus - text)) &&
	    is_word(digests, plus + 1, strlen(plus + 1)))
		return 0;
	if (plus == NULL && is_word(schemes, text, strlen(text)))
		return 0;
	return refuse(err, "a signature algorithm stands as RSA+SHA256 or rsa_pss_rsae_sha256");
}

/* Behind a place holder, or `at` itself. */
static const char *
skip_holder(const char *at)
{
	static const char *const holders[] = { "{label}", "{n}" };

	for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++)
		if (strncmp(at, holders[i], strlen(holders[i])) == 0)
			return at + strlen(holders[i]);
	return at;
}

/* A plain file name with {label} and {n} in it: what they stand for is cleaned by whoever fills
 * them in. */
int
rmt_check_file_name(const char *text, struct rmt_err *err)
{
	const char *at = text;

	if (*text == '\0' || strlen(text) > 100)
		return refuse(err, "a file name has 1 to 100 characters");
	while (*at != '\0') {
		const char *behind = skip_holder(at);

		if (behind == at && !plain(*at, "._-ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			break;
		at = behind > at ? behind : at + 1;
	}
	if (*at != '\0' || *text == '.')
		return refuse(err, "a file name is made of letters, digits, '.', '_', '-', {label} "
				   "and {n}, and does not begin with a dot");
	return 0;
}

/* What is around {label} and {serial} is for people, and for a command line in which they stand. */
int
rmt_check_friendly_name(const char *text, struct rmt_err *err)
{
	const char *at = text;

	while (*at != '\0' && strlen(text) <= 100) {
		if (strncmp(at, "{label}", 7) == 0)
			at += 7;
		else if (strncmp(at, "{serial}", 8) == 0)
			at += 8;
		else if (plain(*at, "._-ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			at++;
		else
			break;
	}
	if (*text == '\0' || *at != '\0')
		return refuse(err, "a friendly name is made of letters, digits, '.', '_', '-', {label} and {serial}");
	return 0;
}

const char *const rmt_deploy_marks[] = { "label", "thumbprint", "old-thumbprint", "serial",
	"old-serial", "host", "address", "root-thumbprint", "root-cer", "root-pem", "issuing-cer",
	"chain", "with-chain", "no-chain", "with-key", "no-key", "upper", "n", "above",
	NULL };

const char *const rmt_request_marks[] = { "cn", "o", "ou", "l", "st", "c", "email", "serial-number", "subject",
	"names", "hosts", "dns", "ip", "label", "rsa-bits", "ec-bits", "digest", NULL };

static bool
is_mark(const char *word, const char *const *marks)
{
	for (size_t i = 0; marks[i] != NULL; i++)
		if (strcmp(marks[i], word) == 0)
			return true;
	return false;
}

/* A word in braces is one of ours and must be known. Braces around anything else, or behind a
 * dollar sign, belong to the device's own language. */
static int
check_marks(const char *text, const char *const *marks, struct rmt_err *err)
{
	for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
		char word[32], hint[128];
		size_t length = 0;

		while (length < sizeof(word) - 1 && plain(at[1 + length], "-"))
			length++;
		if (length == 0 || at[1 + length] != '}' || (at > text && at[-1] == '$'))
			continue;
		memcpy(word, at + 1, length);
		word[length] = '\0';
		if (!is_mark(word, marks))
			return rmt_err_set(err, RMT_INPUT, NULL, "{%s} stands for nothing%s", word,
			    rmt_did_you_mean(word, marks, hint));
	}
	return rmt_check_filled(text, err);
}

int
rmt_check_steps(const char *text, struct rmt_err *err)
{
	return check_marks(text, rmt_deploy_marks, err);
}

int
rmt_check_on_device(const char *text, struct rmt_err *err)
{
	return check_marks(text, rmt_request_marks, err);
}

/* An attribute and the most characters that its field takes. */
int
rmt_check_limit(const char *text, struct rmt_err *err)
{
	size_t length = strcspn(text, ":");
	char attribute[32];
	uint64_t most;

	if (text[length] != ':' || length >= sizeof(attribute))
		return refuse(err, "a limit stands as ST:40");
	memcpy(attribute, text, length);
	attribute[length] = '\0';
	if (rmt_check_attribute(attribute, err) != 0)
		return -1;
	return rmt_quantity_count(text + length + 1, 1, 32768, &most, err);
}
