/* SPDX-License-Identifier: Apache-2.0 */
/* The face of read/: placeholder. */
#ifndef RMT_READ_H
#define RMT_READ_H
#endif
