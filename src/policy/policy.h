/* SPDX-License-Identifier: Apache-2.0 */
/* The face of policy/: placeholder. */
#ifndef RMT_POLICY_H
#define RMT_POLICY_H
#endif
