/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/local.h - what the files of this room share: the parts chosen from a bundle, and one writer for each container.
 */
#ifndef RMT_WRITE_LOCAL_H
#define RMT_WRITE_LOCAL_H

#include "write/write.h"

/* One object to be written: a certificate or a key. Borrowed. */
struct rmt_part {
	const struct rmt_cert *cert;
	const struct rmt_key *key;
};
enum { RMT_PARTS_MAX = 64 };
struct rmt_parts {
	struct rmt_part list[RMT_PARTS_MAX];
	size_t count, keys;
};

/* parts.c: what the content list names, in its order, each certificate once. A part that is named and not at hand is an error. */
int rmt_parts_choose(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
                     struct rmt_err *err);
/* The name under which a device or a keystore lists the leaf, UTF-8. */
int rmt_parts_label(const struct rmt_bundle *bundle, const char *stated, struct rmt_buf *out, struct rmt_err *err);

/* readback.c: the bytes hold exactly these parts (in this order when `ordered`), and the leaf's friendly name when not NULL. */
int rmt_readback(struct rmt_span written, const struct rmt_parts *parts, bool ordered, const struct rmt_secret *passphrase,
                 const char *friendly_name, struct rmt_err *err);

/* pem.c */
/* PEM text with lines of another width or end; headers inside a block are not expected. `out` is made secret. */
void rmt_pem_reflow(struct rmt_span pem, unsigned width, bool crlf, struct rmt_buf *out);

/* One writer for each row of formats[]. */
typedef int rmt_write_fn(const struct rmt_bundle *bundle, const struct rmt_write_options *options, struct rmt_buf *out, struct rmt_err *err);
rmt_write_fn rmt_write_pem, rmt_write_der, rmt_write_p7b, rmt_write_p7b_pem, rmt_write_pfx, rmt_write_key, rmt_write_key_traditional;

#endif
