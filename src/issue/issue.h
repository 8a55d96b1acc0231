/* SPDX-License-Identifier: Apache-2.0 */
/* The face of issue/: placeholder. */
#ifndef RMT_ISSUE_H
#define RMT_ISSUE_H
#endif
