/* SPDX-License-Identifier: Apache-2.0 */
/* The face of db/: placeholder. */
#ifndef RMT_DB_H
#define RMT_DB_H
#endif
