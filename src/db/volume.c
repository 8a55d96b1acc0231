/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/volume.c - the file systems on which the database is refused.
 *
 * The write-ahead log shares memory between processes, which a file system of another machine
 * cannot offer. The numbers are those of statfs(2); a file system that is not listed counts as
 * local.
 */
#include "config.h"

#include "db/local.h"

static const struct {
	unsigned long type;
	const char *name;
} remote[] = {
	{ 0x6969, "NFS" },
	{ 0x517b, "SMB" },
	{ 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB2" },
	{ 0x564c, "NCP" },
	{ 0x5346414f, "AFS" },
	{ 0x6b414653, "AFS" },
	{ 0x73757245, "Coda" },
	{ 0x00c36400, "Ceph" },
	{ 0x0bd00bd0, "Lustre" },
	{ 0x01161970, "GFS2" },
	{ 0x7461636f, "OCFS2" },
	{ 0x01021997, "9P" },
};

const char *
rmt_db_volume_remote(unsigned long type)
{
	for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++)
		if (remote[i].type == (type & 0xffffffff))
			return remote[i].name;
	return NULL;
}
