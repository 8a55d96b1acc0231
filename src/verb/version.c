/* SPDX-License-Identifier: Apache-2.0 */
/* Says which Remint this is. It holds no state and does nothing else. */
#include "config.h"

#include "remint.h"

const char *
remint_version(void)
{
	return PACKAGE_VERSION;
}
