/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the certificates and targets that the tests of audit/ judge. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test_audit.h"

rmt_time
make_time(const char *text)
{
	rmt_time time;

	assert_int_equal(rmt_time_parse(text, &time, NULL), 0);
	return time;
}

/* ---- extensions ----------------------------------------------------------------------------------------------------- */

static void
begin_extension(struct rmt_derw *w, const char *name, bool critical)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	assert_non_null(rmt_oid_named(name));
	rmt_derw_oid(w, rmt_oid_named(name)->der);
	if (critical)
		rmt_derw_boolean(w, true);
	rmt_derw_begin(w, RMT_DER_OCTET_STRING);
}

static void
end_extension(struct rmt_derw *w)
{
	rmt_derw_end(w);
	rmt_derw_end(w);
}

static void
write_name(struct rmt_derw *w, const char *text)
{
	if (!strncmp(text, "dns:", 4))
		rmt_derw_value(w, RMT_DER_CONTEXT(2), rmt_span_text(text + 4));
	else
		assert_int_equal(rmt_general_write(w, text, NULL), 0);
}

/* Call write for each blank-separated word. */
static void
each_word(struct rmt_derw *w, const char *words, void (*write)(struct rmt_derw *w, const char *word))
{
	char copy[2048], *at = copy, *word;

	snprintf(copy, sizeof copy, "%s", words);
	while ((word = strsep(&at, " ")))
		if (*word)
			write(w, word);
}

static void
write_purpose(struct rmt_derw *w, const char *word)
{
	struct rmt_buf oid = { 0 };

	assert_int_equal(rmt_oid_encode(word, &oid, NULL), 0);
	rmt_derw_oid(w, rmt_buf_view(&oid));
	rmt_buf_free(&oid);
}

static void
write_basic(struct rmt_derw *w, const struct make *make, bool ca)
{
	static const unsigned char spelled_out[] = { RMT_DER_BOOLEAN, 1, 0 };

	if (make->ca == CA_UNSTATED || (make->ca == CA_AS_FITS && !ca))
		return;
	begin_extension(w, "basicConstraints", make->ca == CA_AS_FITS);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (make->ca == CA_NO)
		rmt_derw_raw(w, rmt_span_of(spelled_out, sizeof spelled_out));
	else
		rmt_derw_boolean(w, true);
	if (make->path_length)
		rmt_derw_small(w, make->path_length - 1);
	rmt_derw_end(w);
	end_extension(w);
}

static void
write_usage(struct rmt_derw *w, const struct make *make, bool ca)
{
	unsigned usage = make->usage ? make->usage : ca ? RMT_KU_CERT_SIGN | RMT_KU_CRL_SIGN : 0;

	if (!usage || make->no_usage)
		return;
	begin_extension(w, "keyUsage", true);
	rmt_ext_key_usage_write(w, usage);
	end_extension(w);
}

static void
write_places(struct rmt_derw *w, const struct make *make)
{
	if (make->crl) {
		begin_extension(w, "cRLDistributionPoints", false);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
		rmt_derw_value(w, RMT_DER_CONTEXT(6), rmt_span_text(make->crl));
		for (int i = 0; i < 4; i++)
			rmt_derw_end(w);
		end_extension(w);
	}
	if (make->access) {
		char method[32];
		const char *blank = strchr(make->access, ' ');

		snprintf(method, sizeof method, "%.*s", (int)(blank - make->access), make->access);
		begin_extension(w, "authorityInfoAccess", false);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		write_purpose(w, method);
		rmt_derw_value(w, RMT_DER_CONTEXT(6), rmt_span_text(blank + 1));
		rmt_derw_end(w);
		rmt_derw_end(w);
		end_extension(w);
	}
}

static void
write_subtree(struct rmt_derw *w, unsigned number, const char *text)
{
	if (!text)
		return;
	rmt_derw_begin(w, (unsigned char)RMT_DER_CONTEXT_CONSTRUCTED(number));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (!strncmp(text, "ip8:", 4)) {
		struct rmt_buf bytes = { 0 };

		assert_int_equal(rmt_hex_decode(text + 4, &bytes, NULL), 0);
		rmt_derw_value(w, RMT_DER_CONTEXT(7), rmt_buf_view(&bytes));
		rmt_buf_free(&bytes);
	} else if (!strncmp(text, "uri:", 4)) {
		rmt_derw_value(w, RMT_DER_CONTEXT(6), rmt_span_text(text + 4));
	} else if (!strncmp(text, "email:", 6)) {
		rmt_derw_value(w, RMT_DER_CONTEXT(1), rmt_span_text(text + 6));
	} else if (!strncmp(text, "directory:", 10)) {
		struct rmt_buf name = { 0 };

		assert_int_equal(rmt_name_parse(text + 10, &name, NULL), 0);
		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(4));
		rmt_derw_raw(w, rmt_buf_view(&name));
		rmt_derw_end(w);
		rmt_buf_free(&name);
	} else {
		write_name(w, text);
	}
	rmt_derw_end(w);
	rmt_derw_end(w);
}

static void
write_key_ids(struct rmt_derw *w, const struct make *make, struct rmt_span own, struct rmt_span issuer)
{
	unsigned char id[20];

	if (!make->no_subject_id) {
		assert_int_equal(rmt_spki_key_id(own, id, NULL), 0);
		begin_extension(w, "subjectKeyIdentifier", false);
		rmt_derw_value(w, RMT_DER_OCTET_STRING, rmt_span_of(id, sizeof id));
		end_extension(w);
	}
	if (!make->no_authority_id) {
		assert_int_equal(rmt_spki_key_id(issuer, id, NULL), 0);
		begin_extension(w, "authorityKeyIdentifier", false);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_value(w, RMT_DER_CONTEXT(0), rmt_span_of(id, sizeof id));
		rmt_derw_end(w);
		end_extension(w);
	}
}

static void
write_extensions(struct rmt_derw *w, const struct make *make, bool ca, struct rmt_span own, struct rmt_span issuer)
{
	struct rmt_buf extra = { 0 };

	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(3));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	write_basic(w, make, ca);
	write_usage(w, make, ca);
	write_key_ids(w, make, own, issuer);
	if (make->eku) {
		begin_extension(w, "extendedKeyUsage", false);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		each_word(w, make->eku, write_purpose);
		rmt_derw_end(w);
		end_extension(w);
	}
	if (make->san) {
		begin_extension(w, "subjectAltName", make->san_critical);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		each_word(w, make->san, write_name);
		rmt_derw_end(w);
		end_extension(w);
	}
	if (make->permitted || make->excluded) {
		begin_extension(w, "nameConstraints", true);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		write_subtree(w, 0, make->permitted);
		write_subtree(w, 1, make->excluded);
		rmt_derw_end(w);
		end_extension(w);
	}
	write_places(w, make);
	if (make->extra) {
		assert_int_equal(rmt_hex_decode(make->extra, &extra, NULL), 0);
		rmt_derw_raw(w, rmt_buf_view(&extra));
		rmt_buf_free(&extra);
	}
	rmt_derw_end(w);
	rmt_derw_end(w);
}

/* ---- the certificate --------------------------------------------------------------------------------------------------- */

/* An RSA key by its public half: an odd modulus of the size wanted. */
static void
write_rsa(struct rmt_derw *w, unsigned bits)
{
	unsigned char modulus[1024], parameters[] = { 5, 0 };
	struct rmt_derw key = { 0 };
	struct rmt_buf der = { 0 };
	size_t length = bits / 8;

	assert_true(length <= sizeof modulus);
	for (size_t i = 0; i < length; i++)
		modulus[i] = (unsigned char)(i * 151 + 77);
	modulus[0] |= 0x80;
	modulus[length - 1] |= 1;
	rmt_derw_begin(&key, RMT_DER_SEQUENCE);
	rmt_derw_integer(&key, rmt_span_of(modulus, length));
	rmt_derw_small(&key, 65537);
	rmt_derw_end(&key);
	assert_int_equal(rmt_derw_finish(&key, &der, NULL), 0);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	write_purpose(w, "1.2.840.113549.1.1.1");
	rmt_derw_raw(w, rmt_span_of(parameters, sizeof parameters));
	rmt_derw_end(w);
	rmt_derw_bits(w, rmt_buf_view(&der), 0);
	rmt_derw_end(w);
	rmt_buf_free(&der);
}

/* The AlgorithmIdentifier of a word, or the signer's own. */
static void
write_algorithm(struct rmt_derw *w, const char *word, struct rmt_span own)
{
	static const struct {
		const char *word, *oid;
	} algorithms[] = {
		{ "md5", "1.2.840.113549.1.1.4" },
		{ "sha1", "1.2.840.113549.1.1.5" },
		{ "sha256", "1.2.840.113549.1.1.11" },
		{ "sha512", "1.2.840.113549.1.1.13" },
		{ "pss", "1.2.840.113549.1.1.10" },
	};
	/* RSASSA-PSS with SHA-256, MGF1 with SHA-256 and 32 bytes of salt (RFC 4055, 3.1). */
	static const char pss[] = "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d0609608648016503"
	                          "04020105 00a203020120";
	struct rmt_buf parameters = { 0 };
	size_t i = 0;

	if (!word) {
		rmt_derw_raw(w, own);
		return;
	}
	while (strcmp(algorithms[i].word, word) != 0)
		i++;
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	write_purpose(w, algorithms[i].oid);
	assert_int_equal(rmt_hex_decode(strcmp(word, "pss") ? "0500" : pss, &parameters, NULL), 0);
	rmt_derw_raw(w, rmt_buf_view(&parameters));
	rmt_buf_free(&parameters);
	rmt_derw_end(w);
}

static struct rmt_buf
subject_key(const struct make *make, const struct rmt_key *key)
{
	struct rmt_derw w = { 0 };
	struct rmt_buf spki = { 0 };

	if (make->rsa_bits)
		write_rsa(&w, make->rsa_bits);
	else
		rmt_derw_raw(&w, rmt_key_spki(key));
	assert_int_equal(rmt_derw_finish(&w, &spki, NULL), 0);
	return spki;
}

static void
write_tbs(struct rmt_derw *w, const struct make *make, const char *subject, const struct made *issuer, bool ca,
    const struct rmt_key *key, struct rmt_span algorithm)
{
	struct rmt_buf name = { 0 }, serial = { 0 }, spki = subject_key(make, key);

	assert_int_equal(rmt_name_parse(make->subject ? make->subject : subject, &name, NULL), 0);
	assert_int_equal(rmt_hex_decode(make->serial ? make->serial : "4d01020304050607", &serial, NULL), 0);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (make->version != 1) {
		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
		rmt_derw_small(w, make->version ? make->version - 1 : 2);
		rmt_derw_end(w);
	}
	rmt_derw_value(w, RMT_DER_INTEGER, rmt_buf_view(&serial));
	write_algorithm(w, make->algorithm, algorithm);
	rmt_derw_raw(w, issuer ? issuer->cert->subject : rmt_buf_view(&name));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_time(w, make_time(make->from ? make->from : ca ? "2020-01-01" : "2026-01-01"));
	rmt_derw_time(w, make_time(make->to ? make->to : ca ? "2039-12-31" : "2026-07-19") - 1);
	rmt_derw_end(w);
	rmt_derw_raw(w, rmt_buf_view(&name));
	rmt_derw_raw(w, rmt_buf_view(&spki));
	if (make->version != 1)
		write_extensions(w, make, ca, rmt_buf_view(&spki), issuer ? rmt_key_spki(issuer->key) : rmt_buf_view(&spki));
	rmt_derw_end(w);
	rmt_buf_free(&name);
	rmt_buf_free(&serial);
	rmt_buf_free(&spki);
}

struct made
make_cert_for(const struct make *make, const char *subject, const struct made *issuer, bool ca, const struct rmt_key *key)
{
	struct made made = { .key = rmt_key_dup(key, NULL) };
	struct rmt_signer *signer = rmt_signer_new(issuer ? issuer->key : key, "sha256", NULL);
	struct rmt_derw w = { 0 };
	struct rmt_buf tbs = { 0 }, signature = { 0 }, der = { 0 };
	struct rmt_err err = { 0 };

	assert_non_null(signer);
	write_tbs(&w, make, subject, issuer, ca, key, rmt_signer_algorithm(signer));
	assert_int_equal(rmt_derw_finish(&w, &tbs, NULL), 0);
	assert_int_equal(rmt_signer_sign(signer, rmt_buf_view(&tbs), &signature, NULL), 0);
	w = (struct rmt_derw){ 0 };
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, rmt_buf_view(&tbs));
	write_algorithm(&w, make->outer ? make->outer : make->algorithm, rmt_signer_algorithm(signer));
	rmt_derw_bits(&w, rmt_buf_view(&signature), 0);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &der, NULL), 0);
	made.cert = rmt_cert_new(rmt_buf_view(&der), RMT_TOLERANT, &err);
	if (!made.cert)
		fail_msg("%s: %s", err.place, err.message);
	rmt_signer_free(signer);
	rmt_buf_free(&tbs);
	rmt_buf_free(&signature);
	rmt_buf_free(&der);
	return made;
}

struct made
make_cert(const struct make *make, const char *subject, const struct made *issuer, bool ca)
{
	struct rmt_key *key = rmt_key_generate("ec:p256", NULL);
	struct made made;

	assert_non_null(key);
	made = make_cert_for(make, subject, issuer, ca, key);
	rmt_key_free(key);
	return made;
}

void
made_free(struct made *made)
{
	rmt_cert_free(made->cert);
	rmt_key_free(made->key);
	*made = (struct made){ 0 };
}

/* ---- the target --------------------------------------------------------------------------------------------------------- */

struct rmt_target *
make_target(const char *rules, const char *path)
{
	char directory[] = "/tmp/remint-audit-XXXXXX", targets[64], file[80];
	struct rmt_policy_store *store = rmt_policy_store_new(NULL);
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_target *target;
	FILE *stream;

	assert_non_null(mkdtemp(directory));
	snprintf(targets, sizeof targets, "%s/targets", directory);
	snprintf(file, sizeof file, "%s/t.cfg", targets);
	assert_int_equal(rmt_directory_create(targets, NULL), 0);
	rmt_buf_format(&text, "title = \"A target of the tests\";\nrules = (\n%s\n);\npath: { %s };\n", rules,
	    path ? path : "check = true; purpose = \"any\"; auth_level = 0;");
	stream = fopen(file, "w"); /* not rmt_file_write(), which waits for the disk */
	assert_non_null(stream);
	assert_int_equal(fwrite(text.bytes, 1, text.length, stream), text.length);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(rmt_policy_store_add(store, directory, NULL), 0);
	target = rmt_target_load(store, "t", &err);
	if (!target)
		fail_msg("%s: %s\n%s", err.place, err.message, rmt_buf_string(&text));
	unlink(file);
	rmdir(targets);
	rmdir(directory);
	rmt_policy_store_free(store);
	rmt_buf_free(&text);
	return target;
}

int
keep_finding(void *arg, const struct rmt_finding *finding)
{
	struct findings *findings = arg;

	findings->count++;
	findings->remedy = finding->remedy;
	rmt_buf_format(&findings->text, "%s|%s|%s|%s|%s|%s|%s\n", finding->rule, rmt_severity_name(finding->severity),
	    finding->object, finding->place, finding->message, finding->citation, finding->fix);
	assert_string_equal(finding->target, "t");
	return 0;
}
