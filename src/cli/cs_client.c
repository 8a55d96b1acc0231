/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cs_client.c - users' certificates in the form in which Get-CsClientCertificate of Lync and Skype for Business lists
 * them: the same five properties, the dates as an American Windows writes them, here in UTC.
 *
 * The user is the certificate's SIP address (a URI, or a common name with an @), the device its urn:uuid.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"

enum { IDENTITY, CERTIFICATE_TYPE, DEVICE_ID, PUBLICATION_TIME, EXPIRATION_TIME, PROPERTIES };
static const char *const properties[] = { "Identity", "CertificateType", "DeviceId",
	"PublicationTime", "ExpirationTime" };

void
cs_client_heading(struct cli *cli)
{
	if (cli->csv)
		csv_row(&cli->out, properties, PROPERTIES);
}

static int
number_at(const char *digits, int count)
{
	int number = 0;

	while (count-- > 0)
		number = number * 10 + (*digits++ - '0');
	return number;
}

/* "2013-03-15T15:21:29Z" as "3/15/2013 3:21:29 PM" */
static void
american_time(int64_t time, char out[32])
{
	char text[32];
	int hour;

	remint_time_text(time, text);
	hour = number_at(text + 11, 2);
	snprintf(out, 32, "%d/%d/%d %d:%.5s %s", number_at(text + 5, 2), number_at(text + 8, 2),
	    number_at(text, 4), hour % 12 ? hour % 12 : 12, text + 14, hour < 12 ? "AM" : "PM");
}

/* The first name with a beginning, without it. */
static const char *
name_after(const struct remint_record *record, const char *beginning)
{
	size_t length = strlen(beginning);

	for (size_t i = 0; i < record->names.count; i++)
		if (strncasecmp(record->names.items[i], beginning, length) == 0)
			return record->names.items[i] + length;
	return NULL;
}

bool
cs_client_print(struct cli *cli, const struct remint_record *record, bool first)
{
	const char *user = name_after(record, "sip:"), *device = name_after(record, "urn:uuid:");
	char identity[512], id[64] = "", published[32], expires[32];
	const char *values[PROPERTIES] = { identity, "OcsSigned", id, published, expires };

	if (!user && strchr(record->name, '@'))
		user = record->name;
	if (!user)
		return false;
	snprintf(identity, sizeof identity, "sip:%s", user);
	if (device)
		snprintf(id, sizeof id, "{%s}", device);
	american_time(record->recorded, published);
	american_time(record->not_after, expires);
	if (cli->csv) {
		csv_row(&cli->out, values, PROPERTIES);
		return true;
	}
	if (!first)
		out_text(&cli->out, "\n");
	for (int i = 0; i < PROPERTIES; i++) {
		out_format(&cli->out, "%-15s : ", properties[i]);
		out_safe(&cli->out, values[i]);
		out_text(&cli->out, "\n");
	}
	return true;
}
