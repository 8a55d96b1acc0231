/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder for the command: prints the version. */
#include "config.h"

#include <stdio.h>

#include "remint.h"

int
main(void)
{
	printf("remint %s\n", remint_version());
	return 0;
}
