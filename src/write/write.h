/* SPDX-License-Identifier: Apache-2.0 */
/* The face of write/: placeholder. */
#ifndef RMT_WRITE_H
#define RMT_WRITE_H
#endif
