/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of base/: none yet. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static void
nothing_yet(void **state)
{
	(void)state;
	skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
