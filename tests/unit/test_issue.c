/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of issue/: the tables stand in test_issue_*.c, keys and authorities in test_issue_world.c. */
#include "config.h"

#include "unit/test_issue.h"

int
main(void)
{
	static struct rows fields, authority, others;
	int failed;

	test_issue_fields(&fields);
	test_issue_authority(&authority);
	test_issue_compare(&others);
	test_issue_judges(&others);
	test_issue_ocsp(&others);
	test_issue_crl(&others);
	failed = _cmocka_run_group_tests("fields", fields.tests, fields.count, world_open, world_close);
	failed += _cmocka_run_group_tests("authority", authority.tests, authority.count, world_open, world_close);
	failed += _cmocka_run_group_tests("others", others.tests, others.count, world_open, world_close);
	return failed;
}
