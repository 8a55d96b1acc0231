/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/serial.c - serial numbers that nobody can guess. That they are unique is the database's business.
 */
#include "config.h"

#include "issue/local.h"

/* 01..7f first: positive, never shortened by DER, and the same length for all. 16 random bytes follow. */
int
rmt_serial_new(unsigned char serial[RMT_SERIAL], struct rmt_err *err)
{
	if (rmt_random(serial, RMT_SERIAL, err))
		return -1;
	serial[0] = (unsigned char)(1 + serial[0] % 0x7f);
	return 0;
}
