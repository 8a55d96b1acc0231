/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/seen.c - which bytes came before, among many: an open table of hashes beside the bytes, which stay their owner's.
 *
 * The bytes are chosen by strangers, who must not be able to choose their slots too: the hash is SipHash-1-3 (Aumasson and Bernstein) under
 * a key that each table draws for itself.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { FIRST_ROOM = 64 };

struct rmt_seen_slot {
	uint64_t hash;
	struct rmt_span bytes; /* at NULL: free */
};

static uint64_t
turned(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void
mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = turned(v[1], 13) ^ v[0];
	v[3] = turned(v[3], 16) ^ v[2];
	v[0] = turned(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = turned(v[1], 17) ^ v[2];
	v[3] = turned(v[3], 21) ^ v[0];
	v[2] = turned(v[2], 32);
}

static uint64_t
hash_of(const uint64_t key[2], struct rmt_span bytes)
{
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };
	uint64_t word, last = (uint64_t)bytes.length << 56;
	size_t i = 0;

	for (; bytes.length - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, bytes.at + i, sizeof(word)); /* in the machine's order: no hash leaves the process */
		v[3] ^= word;
		mix(v);
		v[0] ^= word;
	}
	for (unsigned shift = 0; i < bytes.length; i++, shift += 8)
		last |= (uint64_t)bytes.at[i] << shift;
	v[3] ^= last;
	mix(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int round = 0; round < 3; round++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Where these bytes are, or the free slot where they would be. */
static struct rmt_seen_slot *
slot_of(struct rmt_seen_slot *slots, size_t room, uint64_t hash, struct rmt_span bytes)
{
	for (size_t at = hash & (room - 1);; at = (at + 1) & (room - 1))
		if (!slots[at].bytes.at || (slots[at].hash == hash && rmt_span_equal(slots[at].bytes, bytes)))
			return &slots[at];
}

/* At most half of the slots are taken. */
static int
make_room(struct rmt_seen *seen, struct rmt_err *err)
{
	size_t room = seen->room ? 2 * seen->room : FIRST_ROOM;
	struct rmt_seen_slot *slots;

	if (seen->count < seen->room / 2)
		return 0;
	if (!seen->room && rmt_random(seen->key, sizeof(seen->key), err))
		return -1;
	if (!(slots = calloc(room, sizeof(*slots))))
		return rmt_err_memory(err);
	for (size_t i = 0; i < seen->room; i++)
		if (seen->slots[i].bytes.at)
			*slot_of(slots, room, seen->slots[i].hash, seen->slots[i].bytes) = seen->slots[i];
	free(seen->slots);
	seen->slots = slots;
	seen->room = room;
	return 0;
}

int
rmt_seen_add(struct rmt_seen *seen, struct rmt_span bytes, struct rmt_err *err)
{
	struct rmt_seen_slot *slot;
	uint64_t hash;

	if (make_room(seen, err))
		return -1;
	hash = hash_of(seen->key, bytes);
	slot = slot_of(seen->slots, seen->room, hash, bytes);
	if (slot->bytes.at)
		return 0;
	*slot = (struct rmt_seen_slot){ hash, bytes.at ? bytes : rmt_span_text("") };
	seen->count++;
	return 1;
}

void
rmt_seen_clear(struct rmt_seen *seen)
{
	free(seen->slots);
	*seen = (struct rmt_seen){ 0 };
}
