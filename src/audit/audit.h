/* SPDX-License-Identifier: Apache-2.0 */
/* The face of audit/: placeholder. */
#ifndef RMT_AUDIT_H
#define RMT_AUDIT_H
#endif
