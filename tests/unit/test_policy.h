/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test files of policy/ share: a directory of policies for the running test.
 */
#ifndef RMT_TEST_POLICY_H
#define RMT_TEST_POLICY_H

#include "policy/policy.h"
#include "unit/test_base.h"

/* A file of the scenery, its path relative to the directory ("certificates/a.cfg"). */
struct scene_file {
	const char *path, *text;
};

/* A new store that searches the directory of the running test. */
struct rmt_policy_store *scene_store(void);
void scene_put(const char *path, const char *text);
void scene_put_bytes(const char *path, const void *bytes, size_t length);
const char *scene_path(const char *path); /* absolute; static, until the next call */
void scene_clear(void);                   /* remove the files that were put */

/* The smallest template and target that load, on one line. */
#define SMALL_TEMPLATE "title = \"small\"; validity = \"1d\"; key: { accept = [ \"rsa:2048\" ]; };"
#define SMALL_TARGET "title = \"small\";"

int test_policy_faults(void);
int test_policy_merge(void);
int test_policy_shipped(void);
int test_policy_topology(void);

#endif
