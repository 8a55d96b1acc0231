/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main() of a fuzz harness in a plain build: runs every input of its corpus once and says so in
 * TAP. It looks for no new inputs; that is libFuzzer's work (--enable-fuzz).
 *
 * The corpus of fuzz_NAME is $srcdir/tests/fuzz/corpus/NAME/. Its name is printed before an input
 * is run, so that the log of a crash ends with the culprit.
 */
#include "config.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
/* A harness may judge its corpus as a whole when all of it was run: what is missing, in number. */
int fuzz_replayed(void) __attribute__((weak));

static int
run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long length;
	int rc = -1;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0)
		goto out;
	rewind(file);
	/* Exactly as long as the input, so that ASan sees a read one byte beyond it. */
	bytes = malloc(length > 0 ? (size_t)length : 1);
	if (bytes == NULL || fread(bytes, 1, (size_t)length, file) != (size_t)length)
		goto out;
	LLVMFuzzerTestOneInput(bytes, (size_t)length);
	rc = 0;
out:
	free(bytes);
	if (file != NULL)
		fclose(file);
	return rc;
}

static int
by_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	const char *top = getenv("srcdir");
	const char *name = strstr(argv[0], "/fuzz_");
	struct dirent **entries = NULL;
	char folder[2048], path[4096];
	int count, bad = 0;

	(void)argc;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".",
	    name != NULL ? name + 6 : argv[0]);
	printf("1..1\n");
	count = scandir(folder, &entries, by_name, alphasort);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		printf("# %s\n", path);
		fflush(stdout);
		bad += run_file(path) != 0;
		free(entries[i]);
	}
	free(entries);
	bad += fuzz_replayed != NULL ? fuzz_replayed() : 0;
	printf("%s 1 - %d inputs of %s\n", count > 0 && bad == 0 ? "ok" : "not ok", count, folder);
	return count > 0 && bad == 0 ? 0 : 1;
}
