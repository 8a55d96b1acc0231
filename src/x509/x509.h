/* SPDX-License-Identifier: Apache-2.0 */
/* The face of x509/: placeholder. */
#ifndef RMT_X509_H
#define RMT_X509_H
#endif
