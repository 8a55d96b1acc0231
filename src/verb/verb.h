/* SPDX-License-Identifier: Apache-2.0 */
/* The face of verb/: placeholder. */
#ifndef RMT_VERB_H
#define RMT_VERB_H
#endif
