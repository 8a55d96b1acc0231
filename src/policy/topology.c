/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/topology.c - the keys of a topology: pools, servers, SIP domains and addresses of one deployment, from which the names
 * of each server's certificate follow. Which names a role needs is its target's to say (wanted_names.c).
 *
 * A name is an FQDN, taken in lower case; a simple URL may be written as people know it and is cut down to its host. Nothing is
 * looked up.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "policy/local.h"
#include "x509/x509.h"

#define AT(member) offsetof(struct rmt_topology, member)

/* ---- checks of single values ------------------------------------------------------------------------------------------- */

static int
check_host(struct rmt_span host, struct rmt_err *err)
{
	struct rmt_err why = { 0 };

	if (rmt_dns_check(host, false, &why) != 0)
		return rmt_err_set(err, RMT_INPUT, NULL, "%s", why.message);
	if (memchr(host.at, '.', host.length) == NULL)
		return rmt_err_set(err, RMT_INPUT, NULL, "it is a single label, not a full name");
	return 0;
}

static int
check_fqdn(const char *text, struct rmt_err *err)
{
	return check_host(rmt_span_text(text), err);
}

/* The host in "https://host:port/path", or in what begins with the host. */
static struct rmt_span
host_of(const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *host = scheme != NULL ? scheme + 3 : text;

	return rmt_span_of(host, strcspn(host, ":/?#"));
}

static int
check_address(const char *text, struct rmt_err *err)
{
	const char *scheme = strstr(text, "://");

	if (scheme != NULL && strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)
		return rmt_err_set(err, RMT_INPUT, NULL, "its scheme is neither https nor http");
	return check_host(host_of(text), err);
}

/* ---- the table ------------------------------------------------------------------------------------------------------------- */

#define NAME(word, member, sample) \
	{ .key = word, .field = RMT_FIELD_TEXT, .at = AT(member), .example = sample, .check = check_fqdn }
#define NAMES(word, member, sample) \
	{ .key = word, .field = RMT_FIELD_LIST, .at = AT(member), .example = "\"" sample "\"", .check = check_fqdn }
#define ADDRESSES(word, member, sample) \
	{ .key = word, .field = RMT_FIELD_LIST, .at = AT(member), .example = "\"" sample "\"", .check = check_address }

/* clang-format off */
static const struct rmt_schema simple_url_rows[] = {
	ADDRESSES("meet", simple_urls.meet, "https://meet.contoso.com"),
	ADDRESSES("dialin", simple_urls.dialin, "https://dialin.contoso.com"),
	ADDRESSES("admin", simple_urls.admin, "https://admin.contoso.com"),
	{ 0 },
};

static const struct rmt_schema front_end_rows[] = {
	NAME("pool", front_end.pool, "pool01.contoso.com"),
	NAMES("servers", front_end.servers, "fe01.contoso.com"),
	NAME("web_internal", front_end.web_internal, "webint.contoso.com"),
	NAME("web_external", front_end.web_external, "webext.contoso.com"),
	NAMES("also", front_end.also, "sipinternal.contoso.com"),
	{ 0 },
};

static const struct rmt_schema director_rows[] = {
	NAME("pool", director.pool, "dirpool.contoso.com"),
	NAMES("servers", director.servers, "dir01.contoso.com"),
	NAME("web_internal", director.web_internal, "dirwebint.contoso.com"),
	NAME("web_external", director.web_external, "dirwebext.contoso.com"),
	NAMES("also", director.also, "sipinternal.contoso.com"),
	{ 0 },
};

static const struct rmt_schema mediation_rows[] = {
	NAME("pool", mediation.pool, "medpool.contoso.com"),
	NAMES("servers", mediation.servers, "med01.contoso.com"),
	{ 0 },
};

static const struct rmt_schema edge_rows[] = {
	NAME("pool", edge.pool, "edgepool.contoso.com"),
	NAMES("servers", edge.servers, "edge01.contoso.com"),
	NAME("access", edge.access, "sip.contoso.com"),
	NAME("web_conferencing", edge.web_conferencing, "webcon.contoso.com"),
	NAME("av", edge.av, "av.contoso.com"),
	NAMES("xmpp_domains", edge.xmpp_domains, "contoso.com"),
	NAMES("also", edge.also, "sipexternal.contoso.com"),
	{ 0 },
};

static const struct rmt_schema reverse_proxy_rows[] = {
	NAMES("web_external", reverse_proxy.web_external, "webext02.contoso.com"),
	NAMES("also", reverse_proxy.also, "wac.contoso.com"),
	{ 0 },
};

static const struct rmt_schema office_web_apps_rows[] = {
	NAME("farm", office_web_apps.farm, "wac.contoso.com"),
	NAMES("servers", office_web_apps.servers, "wac01.contoso.com"),
	{ 0 },
};

static const struct rmt_schema exchange_rows[] = {
	ADDRESSES("namespaces", exchange.namespaces, "mail.contoso.com"),
	NAMES("mail_domains", exchange.mail_domains, "contoso.com"),
	NAMES("servers", exchange.servers, "ex01.contoso.com"),
	{ 0 },
};

const struct rmt_schema rmt_topology_schema[] = {
	{ .key = "extends", .field = RMT_FIELD_EXTENDS },
	{ .key = "title", .field = RMT_FIELD_TEXT, .at = AT(title), .example = "Contoso, Paris", .check = rmt_check_filled },
	NAMES("sip_domains", sip_domains, "contoso.com"),
	{ .key = "strict_auto_logon", .field = RMT_FIELD_BOOL, .at = AT(strict_auto_logon), .preset = "false" },
	{ .key = "mobility", .field = RMT_FIELD_BOOL, .at = AT(mobility), .preset = "false" },
	{ .key = "wildcards", .field = RMT_FIELD_BOOL, .at = AT(wildcards), .preset = "false" },
	{ .key = "simple_urls", .field = RMT_FIELD_GROUP, .inner = simple_url_rows },
	{ .key = "front_end", .field = RMT_FIELD_GROUP, .inner = front_end_rows },
	{ .key = "director", .field = RMT_FIELD_GROUP, .inner = director_rows },
	{ .key = "mediation", .field = RMT_FIELD_GROUP, .inner = mediation_rows },
	{ .key = "edge", .field = RMT_FIELD_GROUP, .inner = edge_rows },
	{ .key = "reverse_proxy", .field = RMT_FIELD_GROUP, .inner = reverse_proxy_rows },
	{ .key = "office_web_apps", .field = RMT_FIELD_GROUP, .inner = office_web_apps_rows },
	{ .key = "exchange", .field = RMT_FIELD_GROUP, .inner = exchange_rows },
	{ 0 },
};
/* clang-format on */

const struct rmt_schema *
rmt_topology_key(const char *path, size_t length)
{
	const struct rmt_schema *rows = rmt_topology_schema;

	for (;;) {
		size_t word = 0;

		while (word < length && path[word] != '.')
			word++;
		while (rows->key != NULL && (strlen(rows->key) != word || strncmp(rows->key, path, word) != 0))
			rows++;
		if (rows->key == NULL || word == length)
			return rows->key != NULL && rows->field != RMT_FIELD_GROUP ? rows : NULL;
		if (rows->field != RMT_FIELD_GROUP)
			return NULL;
		rows = rows->inner;
		path += word + 1;
		length -= word + 1;
	}
}

/* ---- every name in one form -------------------------------------------------------------------------------------------------- */

static void
reduce(const struct rmt_schema *row, char *text)
{
	if (row->check == check_address) {
		struct rmt_span host = host_of(text);

		memmove(text, host.at, host.length);
		text[host.length] = '\0';
	}
	for (; *text != '\0'; text++)
		*text = (char)tolower((unsigned char)*text);
}

static void
normalise(const struct rmt_schema *rows, struct rmt_topology *topology)
{
	for (const struct rmt_schema *row = rows; row->key != NULL; row++) {
		void *at = (unsigned char *)topology + row->at;

		if (row->field == RMT_FIELD_GROUP)
			normalise(row->inner, topology);
		if (row->check != check_fqdn && row->check != check_address)
			continue;
		if (row->field == RMT_FIELD_TEXT && *(char **)at != NULL)
			reduce(row, *(char **)at);
		for (size_t i = 0; row->field == RMT_FIELD_LIST && i < ((struct rmt_text_list *)at)->count; i++)
			reduce(row, ((struct rmt_text_list *)at)->items[i]);
	}
}

/* A pool of one server is that server (Standard Edition). */
static int
complete(const char *pool, struct rmt_text_list *servers, const char *place, struct rmt_err *err)
{
	if (servers->count > 0 && pool == NULL)
		return rmt_err_set(err, RMT_INPUT, place, "there are servers, but no pool that they are in");
	if (servers->count > 0 || pool == NULL)
		return 0;
	return rmt_text_list_add(servers, pool, err);
}

/* What one key alone does not show. The fault has the key as its place. */
static int
check_topology(struct rmt_topology *topology, struct rmt_err *err)
{
	static const char document[] = "Microsoft, Environmental requirements for Skype for Business Server: certificate table";
	const char *internal = topology->front_end.web_internal, *external = topology->director.web_external;
	const char *pool = topology->front_end.pool;
	bool standard;

	if (complete(pool, &topology->front_end.servers, "front_end.servers", err) != 0 ||
	    complete(topology->director.pool, &topology->director.servers, "director.servers", err) != 0 ||
	    complete(topology->mediation.pool, &topology->mediation.servers, "mediation.servers", err) != 0)
		return -1;
	standard = pool != NULL && rmt_text_list_has(&topology->front_end.servers, pool);
	if (internal != NULL && !standard && rmt_text_list_has(&topology->front_end.servers, internal))
		return rmt_err_cite(err, RMT_INPUT, "front_end.web_internal", document,
		    "in a pool it is not the name of a server");
	if (external != NULL && topology->front_end.web_external != NULL &&
	    strcmp(external, topology->front_end.web_external) == 0)
		return rmt_err_cite(err, RMT_INPUT, "director.web_external", document,
		    "it differs from that of the Front Ends");
	return 0;
}

static const struct rmt_partner partners[] = {
	{ "front_end.servers", "front_end.pool" },
	{ "front_end.web_internal", "front_end.servers" },
	{ "director.web_external", "front_end.web_external" },
	{ NULL, NULL },
};

/* A file in the working directory needs no "./" before it. */
static struct rmt_lineage *
open_lineage(const struct rmt_policy_store *store, const char *name, struct rmt_err *err)
{
	struct rmt_buf path = { 0 };
	struct rmt_lineage *lineage = NULL;

	if (!rmt_policy_is_path(name) && rmt_path_exists(name))
		rmt_buf_text(&path, "./");
	rmt_buf_text(&path, name);
	if (rmt_buf_check(&path, err) == 0)
		lineage = rmt_lineage_open(store, RMT_POLICY_TOPOLOGY, rmt_buf_string(&path), err);
	rmt_buf_free(&path);
	return lineage;
}

int
rmt_topology_read(const struct rmt_lineage *lineage, struct rmt_topology *topology, struct rmt_err *err)
{
	struct rmt_err fault = { 0 };

	if (rmt_lineage_names(lineage, &topology->name, &topology->origin, &topology->lineage, err) != 0 ||
	    rmt_lineage_walk(lineage, rmt_topology_schema, topology, err) != 0)
		return -1;
	normalise(rmt_topology_schema, topology);
	if (check_topology(topology, &fault) == 0)
		return 0;
	rmt_lineage_blame(lineage, partners, &fault, err);
	return -1;
}

struct rmt_topology *
rmt_topology_load(const struct rmt_policy_store *store, const char *name, struct rmt_err *err)
{
	struct rmt_lineage *lineage = open_lineage(store, name, err);
	struct rmt_topology *topology = NULL;
	int rc = -1;

	if (lineage == NULL)
		return NULL;
	if ((topology = calloc(1, sizeof(*topology))) == NULL)
		rmt_err_memory(err);
	else
		rc = rmt_topology_read(lineage, topology, err);
	rmt_lineage_free(lineage);
	if (rc == 0)
		return topology;
	rmt_topology_free(topology);
	return NULL;
}

void
rmt_topology_free(struct rmt_topology *topology)
{
	if (topology == NULL)
		return;
	rmt_schema_free(rmt_topology_schema, topology);
	rmt_text_list_free(&topology->lineage);
	free(topology->name);
	free(topology->origin);
	free(topology);
}
