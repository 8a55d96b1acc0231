/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of libremint: placeholder. */
#ifndef REMINT_H
#define REMINT_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The version of the library, such as "0.1.0". Never NULL; static, not to be freed. */
const char *remint_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
