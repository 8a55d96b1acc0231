/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder until x509/ has its first file. */
#include "config.h"

#include "x509/x509.h"
