/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext.c - extensions: the list of an object, and the table that joins the extensions that Remint
 * knows.
 *
 * Reading the list gives views and numbers; what a value means is in ext_<name>.c, one file for
 * each extension or family of them. Whether an extension may stand where it stands is decided in
 * audit/.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "x509/local.h"

/* To add an extension:
 * 1. name it in enum rmt_ext_id (x509.h);
 * 2. give its OID a name in oid_table.c;
 * 3. write ext_<name>.c with rmt_show_<name>(), which reads the value to its end and, when asked,
 * writes it for people, and declare that in local.h; a decoder or a writer for other rooms goes
 * into the same file and into x509.h;
 * 4. add its row here and its file to local.am;
 * 5. add a row with a good value, its text and a broken value to tests/unit/test_x509_ext.c. */
static const struct {
	const char *name; /* as in oid_table.c */
	int (*show)(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
} table[RMT_EXT_COUNT] = {
	[RMT_EXT_AUTHORITY_KEY_ID] = { "authorityKeyIdentifier", rmt_show_authority_key_id },
	[RMT_EXT_SUBJECT_KEY_ID] = { "subjectKeyIdentifier", rmt_show_subject_key_id },
	[RMT_EXT_KEY_USAGE] = { "keyUsage", rmt_show_key_usage },
	[RMT_EXT_CERTIFICATE_POLICIES] = { "certificatePolicies", rmt_show_policies },
	[RMT_EXT_POLICY_MAPPINGS] = { "policyMappings", rmt_show_policy_mappings },
	[RMT_EXT_SUBJECT_ALT_NAME] = { "subjectAltName", rmt_show_general_names },
	[RMT_EXT_ISSUER_ALT_NAME] = { "issuerAltName", rmt_show_general_names },
	[RMT_EXT_BASIC_CONSTRAINTS] = { "basicConstraints", rmt_show_basic_constraints },
	[RMT_EXT_NAME_CONSTRAINTS] = { "nameConstraints", rmt_show_name_constraints },
	[RMT_EXT_POLICY_CONSTRAINTS] = { "policyConstraints", rmt_show_policy_constraints },
	[RMT_EXT_EXTENDED_KEY_USAGE] = { "extendedKeyUsage", rmt_show_eku },
	[RMT_EXT_CRL_DISTRIBUTION] = { "cRLDistributionPoints", rmt_show_crl_distribution },
	[RMT_EXT_INHIBIT_ANY_POLICY] = { "inhibitAnyPolicy", rmt_show_number },
	[RMT_EXT_FRESHEST_CRL] = { "freshestCRL", rmt_show_crl_distribution },
	[RMT_EXT_AUTHORITY_INFO] = { "authorityInfoAccess", rmt_show_access },
	[RMT_EXT_OCSP_NOCHECK] = { "ocspNoCheck", rmt_show_null },
	[RMT_EXT_NETSCAPE_COMMENT] = { "netscapeComment", rmt_show_text },
	[RMT_EXT_NETSCAPE_TYPE] = { "netscapeCertType", rmt_show_netscape_type },
	[RMT_EXT_MS_TEMPLATE_NAME] = { "msCertificateTemplateName", rmt_show_text },
	[RMT_EXT_MS_TEMPLATE] = { "msCertificateTemplate", rmt_show_ms_template },
	[RMT_EXT_MS_APPLICATION_POLICIES] = { "msApplicationPolicies", rmt_show_policies },
	[RMT_EXT_MS_CA_VERSION] = { "msCAVersion", rmt_show_ms_ca_version },
	[RMT_EXT_MS_SID] = { "msNtdsSecurity", rmt_show_ms_sid },
	[RMT_EXT_TLS_FEATURE] = { "tlsFeature", rmt_show_tls_feature },
	[RMT_EXT_SCT_LIST] = { "signedCertificateTimestamps", rmt_show_sct_list },
	[RMT_EXT_CRL_NUMBER] = { "cRLNumber", rmt_show_number },
	[RMT_EXT_DELTA_CRL] = { "deltaCRLIndicator", rmt_show_number },
	[RMT_EXT_ISSUING_DISTRIBUTION] = { "issuingDistributionPoint",
	    rmt_show_issuing_distribution },
	[RMT_EXT_REASON_CODE] = { "reasonCode", rmt_show_reason_code },
	[RMT_EXT_INVALIDITY_DATE] = { "invalidityDate", rmt_show_invalidity_date },
};

/* ---- from OID to row ---- */

enum { SLOTS = 256 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static signed char slots[SLOTS]; /* row, -1 empty */
static struct rmt_span oids[RMT_EXT_COUNT];

/* Extensions under one arc differ in their last byte. */
static size_t
slot_of(struct rmt_span oid)
{
	return (oid.at[oid.length - 1] + 61 * oid.length) & (SLOTS - 1);
}

static void
slots_fill(void)
{
	memset(slots, -1, sizeof slots);
	for (int id = 0; id < RMT_EXT_COUNT; id++) {
		const struct rmt_oid *oid = rmt_oid_named(table[id].name);
		size_t slot;

		if (oid == NULL)
			continue;
		oids[id] = oid->der;
		for (slot = slot_of(oid->der); slots[slot] >= 0;)
			slot = (slot + 1) & (SLOTS - 1);
		slots[slot] = (signed char)id;
	}
}

int
rmt_ext_id(struct rmt_span oid)
{
	pthread_once(&once, slots_fill);
	if (oid.length == 0)
		return -1;
	for (size_t slot = slot_of(oid); slots[slot] >= 0; slot = (slot + 1) & (SLOTS - 1))
		if (rmt_span_equal(oids[slots[slot]], oid))
			return slots[slot];
	return -1;
}

struct rmt_span
rmt_ext_oid(enum rmt_ext_id id)
{
	pthread_once(&once, slots_fill);
	return (unsigned)id < RMT_EXT_COUNT ? oids[id] : (struct rmt_span){ NULL, 0 };
}

const char *
rmt_ext_name(enum rmt_ext_id id)
{
	return (unsigned)id < RMT_EXT_COUNT ? table[id].name : "";
}

/* ---- reading ---- */

int
rmt_ext_read(struct rmt_der *der, struct rmt_ext *out, struct rmt_err *err)
{
	struct rmt_der in;
	struct rmt_tlv octets;

	if (rmt_der_enter_whole(der, RMT_DER_SEQUENCE, &in, &out->whole, "extension", err) < 0 ||
	    rmt_der_oid(&in, &out->oid, "extnID", err) < 0)
		return -1;
	out->critical = false;
	if (rmt_der_next_is(&in, RMT_DER_BOOLEAN)) {
		const unsigned char *at = in.at;

		if (rmt_der_boolean(&in, &out->critical, "critical", err) < 0)
			return -1;
		if (!out->critical &&
		    rmt_der_deviate(&in, RMT_DEVIATION_DEFAULT_ENCODED, at, "critical", err) < 0)
			return -1;
	}
	if (rmt_der_read(&in, RMT_DER_OCTET_STRING, &octets, "extnValue", err) < 0)
		return -1;
	out->value = octets.value;
	out->id = -1;
	return rmt_der_end(&in, "extension", err);
}

/* Enter an extension just read into the index of known ones, or find its twin among the unknown
 * ones. */
static void
extension_index(struct rmt_extensions *out, struct rmt_ext *ext)
{
	ext->id = rmt_ext_id(ext->oid);
	if (ext->id >= 0) {
		if (out->known[ext->id] >= 0)
			out->duplicate = true;
		else
			out->known[ext->id] = (signed char)out->count;
		return;
	}
	for (unsigned i = 0; i < out->count; i++)
		if (out->list[i].id < 0 && rmt_span_equal(out->list[i].oid, ext->oid))
			out->duplicate = true;
}

void
rmt_extensions_clear(struct rmt_extensions *out)
{
	out->count = 0;
	out->duplicate = false;
	memset(out->known, -1, sizeof out->known);
}

int
rmt_extensions_walk(
    struct rmt_der *der, struct rmt_extensions *out, const char *place, struct rmt_err *err)
{
	const unsigned char *start = der->at;
	struct rmt_der in;

	rmt_extensions_clear(out);
	if (rmt_der_enter(der, RMT_DER_SEQUENCE, &in, place, err) < 0)
		return -1;
	if (!rmt_der_more(&in))
		return rmt_der_deviate(der, RMT_DEVIATION_EMPTY_LIST, start, place, err);
	while (rmt_der_more(&in)) {
		struct rmt_ext *ext = &out->list[out->count];

		if (out->count == RMT_EXTENSIONS_MAX)
			return rmt_der_fault(
			    &in, in.at, place, err, "more extensions than any real object has");
		if (rmt_ext_read(&in, ext, err) < 0) {
			char outer[64];

			snprintf(outer, sizeof outer, "%.40s[%u]", place, out->count);
			rmt_err_within(err, outer);
			return -1;
		}
		extension_index(out, ext);
		out->count++;
	}
	return 0;
}

int
rmt_extensions_read(struct rmt_extensions *out, struct rmt_span sequence, struct rmt_notes *notes,
    const char *place, struct rmt_err *err)
{
	struct rmt_der der;

	rmt_der_open(&der, sequence, notes);
	if (rmt_extensions_walk(&der, out, place, err) < 0)
		return -1;
	return rmt_der_end(&der, place, err);
}

const struct rmt_ext *
rmt_ext_find(const struct rmt_extensions *extensions, enum rmt_ext_id id)
{
	return extensions->known[id] < 0 ? NULL
					 : &extensions->list[(unsigned char)extensions->known[id]];
}

/* ---- text and check ---- */

void
rmt_ext_print(const struct rmt_ext *ext, struct rmt_buf *out)
{
	size_t before = out->length;
	struct rmt_der value;

	if (ext->id >= 0 && ext->id < RMT_EXT_COUNT) {
		rmt_der_open(&value, ext->value, &rmt_notes_ignored);
		if (table[ext->id].show(&value, out, NULL) == 0 && !rmt_der_more(&value))
			return;
		if (!out->failed && out->bytes != NULL) {
			out->length = before;
			out->bytes[before] = '\0';
		}
		rmt_buf_text(out, "malformed: ");
	}
	rmt_hex(ext->value, 0, out);
}

int
rmt_ext_check(const struct rmt_ext *ext, struct rmt_notes *notes_or_null, struct rmt_err *err)
{
	struct rmt_der value;

	if (ext->id < 0 || ext->id >= RMT_EXT_COUNT)
		return 0;
	rmt_der_open(&value, ext->value, notes_or_null);
	if (table[ext->id].show(&value, NULL, err) < 0)
		return -1;
	return rmt_der_end(&value, table[ext->id].name, err);
}

/* ---- writing ---- */

static void
begin(struct rmt_derw *w, struct rmt_span oid, bool critical)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, oid);
	if (critical)
		rmt_derw_boolean(w, true);
	rmt_derw_begin(w, RMT_DER_OCTET_STRING);
}

void
rmt_ext_begin(struct rmt_derw *w, enum rmt_ext_id id, bool critical)
{
	begin(w, rmt_ext_oid(id), critical);
}

void
rmt_ext_end(struct rmt_derw *w)
{
	rmt_derw_end(w);
	rmt_derw_end(w);
}

void
rmt_ext_write(struct rmt_derw *w, struct rmt_span oid, bool critical, struct rmt_span value)
{
	begin(w, oid, critical);
	rmt_derw_raw(w, value);
	rmt_ext_end(w);
}
