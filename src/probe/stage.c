/* SPDX-License-Identifier: Apache-2.0 */
/* stage.c - what the steps of a connection are called. */
#include "config.h"

#include "probe/probe.h"

const char *
rmt_probe_stage_name(enum rmt_probe_stage stage)
{
	static const char *const names[] = {
		[RMT_STAGE_RESOLVE] = "resolve",
		[RMT_STAGE_CONNECT] = "connect",
		[RMT_STAGE_DIALECT] = "starttls",
		[RMT_STAGE_HANDSHAKE] = "handshake",
		[RMT_STAGE_CERTIFICATE] = "certificate",
		[RMT_STAGE_NAME] = "name",
		[RMT_STAGE_CLIENT_CERTIFICATE] = "client-certificate",
	};

	return names[stage];
}
