/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as the manifest of a backup or as a checkpoint: no crash, no leak; what is refused is refused with a sentence and
 * its place, no name leads out of the home, and what is taken and written again is the same.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rmt_buf again = {0};
	struct rmt_err err = {0};
	struct rmt_manifest manifest, twice;

	if (rmt_manifest_read_mem("fuzz", rmt_span_of(bytes, length), &manifest, &err)) {
		if (err.class == RMT_NONE || !*err.message || !*err.place)
			abort();
	} else {
		for (size_t i = 0; i < manifest.file_count; i++)
			if (*manifest.files[i].name == '/' || strstr(manifest.files[i].name, "/../"))
				abort();
		rmt_manifest_write(&manifest, &again);
		if (rmt_manifest_read_mem("again", rmt_buf_view(&again), &twice, &err) || twice.file_count != manifest.file_count ||
		    twice.head.id != manifest.head.id || twice.made != manifest.made)
			abort();
		rmt_manifest_clear(&twice);
	}
	rmt_manifest_clear(&manifest);
	rmt_buf_free(&again);
	return 0;
}
