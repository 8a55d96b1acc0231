/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed.c - libremint in a program of your own: audit a file against a target and print what stands in its way.
 *
 *	cc embed.c $(pkg-config --cflags --libs remint) -o embed
 *	./embed server.pem sfb-edge-internal
 *
 * Exit status: 0 accepted, 1 refused, 2 could not tell.
 */
#include <remint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that comes from a certificate is made harmless before a terminal sees it. */
static void print_safe(const char *before, const char *text, const char *after)
{
	char *safe = remint_safe_text(text, strlen(text));

	printf("%s%s%s", before, safe ? safe : "(out of memory)", after);
	remint_text_free(safe);
}

static int print_finding(void *arg, const struct remint_finding *finding)
{
	(void)arg;
	printf("%s %s\n", remint_severity_name(finding->severity), finding->rule);
	print_safe("    ", finding->object, ": ");
	print_safe("", finding->message, "\n");
	print_safe("    fix: ", finding->fix, "\n");
	return 0; /* go on */
}

static int print_fault(void *arg, const struct remint_fault *fault)
{
	(void)arg;
	fprintf(stderr, "%s: %s\n", fault->source, fault->message);
	return 0; /* the other inputs still count */
}

int main(int argc, char **argv)
{
	struct remint_audit_summary summary;
	struct remint_audit_options options = {.inputs = {(const char *const *)&argv[1], 1},
	                                       .targets = {(const char *const *)&argv[2], 1}};
	struct remint *ctx;
	int rc;

	if (argc != 3) {
		fprintf(stderr, "usage: embed FILE TARGET\n");
		return 2;
	}
	ctx = remint_new();
	if (!ctx)
		return 2;
	remint_set_fault(ctx, print_fault, NULL);
	rc = remint_audit(ctx, &options, print_finding, NULL, &summary);
	if (rc)
		fprintf(stderr, "%s\n", remint_failure(ctx)->message);
	remint_free(ctx);
	if (rc || summary.faults || summary.certificates == 0)
		return 2;
	return summary.findings[REMINT_ERROR] ? 1 : 0;
}
