/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a plan: no crash, no leak; what is refused is refused with a sentence and the name of the file, and what is
 * taken is written back and read again as the same plan.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void write_again(const struct rmt_plan *plan, struct rmt_buf *out)
{
	if (rmt_plan_write(plan, out, NULL) || !rmt_utf8_valid(rmt_buf_view(out)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rmt_buf once = {0}, twice = {0};
	struct rmt_err err = {0};
	struct rmt_plan plan, again;

	if (rmt_plan_read_mem("fuzz", rmt_span_of(bytes, length), &plan, &err)) {
		if (err.class == RMT_NONE || !*err.message || strcmp(err.source, "fuzz") != 0)
			abort();
	} else {
		write_again(&plan, &once);
		if (rmt_plan_read_mem("written", rmt_buf_view(&once), &again, &err))
			abort();
		write_again(&again, &twice);
		if (!rmt_span_equal(rmt_buf_view(&once), rmt_buf_view(&twice)))
			abort();
		rmt_plan_clear(&again);
	}
	rmt_plan_clear(&plan);
	rmt_buf_free(&once);
	rmt_buf_free(&twice);
	return 0;
}
