/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/machine.c - where this program runs: for a record that has to say by what it was made.
 *
 * What the system does not tell stays empty; nothing depends on it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <openssl/crypto.h>

#include "base/base.h"

enum { PROGRAM_MAX = 256 * 1024 * 1024, RELEASE_MAX = 64 * 1024 };

/* "Debian GNU/Linux 13 (trixie)" of os-release. */
static void
name_system(char *out, size_t size)
{
	static const char key[] = "\nPRETTY_NAME=";
	struct rmt_buf text = { 0 };
	const char *at, *end;

	rmt_buf_text(&text, "\n");
	if (rmt_file_read("/etc/os-release", RELEASE_MAX, &text, NULL) == 0 && (at = strstr(rmt_buf_string(&text), key))) {
		at += strlen(key);
		at += *at == '"';
		end = at + strcspn(at, "\"\n");
		snprintf(out, size, "%.*s", (int)(end - at), at);
	}
	rmt_buf_free(&text);
}

int
rmt_machine_look(struct rmt_machine *out, struct rmt_err *err)
{
	struct rmt_buf program = { 0 };
	struct utsname names;
	int rc = 0;

	memset(out, 0, sizeof *out);
	snprintf(out->library, sizeof out->library, "%s", OpenSSL_version(OPENSSL_VERSION));
	name_system(out->system, sizeof out->system);
	if (uname(&names) == 0) {
		snprintf(out->kernel, sizeof out->kernel, "%.60s %.60s %.60s", names.sysname, names.release, names.machine);
		snprintf(out->host, sizeof out->host, "%.64s", names.nodename);
	}
	if (rmt_file_read("/proc/self/exe", PROGRAM_MAX, &program, NULL) == 0) {
		rc = rmt_sha256(rmt_buf_view(&program), out->program, err);
		out->program_known = rc == 0;
	}
	rmt_buf_free(&program);
	return rc;
}
