/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/local.h - what the files of this room share: the parts chosen from a bundle, and one writer for each container.
 */
#ifndef RMT_WRITE_LOCAL_H
#define RMT_WRITE_LOCAL_H

#include "write/write.h"

/* One object to be written: a certificate, a key, or something that stands by itself. Borrowed. */
struct rmt_part {
	const struct rmt_cert *cert;
	const struct rmt_key *key;
	const struct rmt_object *object; /* a request, a CRL, a public key */
	bool found; /* when the file was read back */
};
struct rmt_parts {
	struct rmt_part *list;
	size_t count, keys, room;
	struct rmt_seen seen; /* the certificates of the list */
	bool trusted; /* each certificate is to be listed as one that is trusted */
};

/* parts.c: what the content list names, in its order, each certificate once. A part that is named and not at hand is an error. To be
 * cleared also after failure. */
int rmt_parts_choose(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
                     struct rmt_err *err);
void rmt_parts_clear(struct rmt_parts *parts);
struct rmt_span rmt_part_der(const struct rmt_part *part); /* of what is no private key */
/* The name under which a device or a keystore lists the leaf, UTF-8. */
int rmt_parts_label(const struct rmt_bundle *bundle, const char *stated, struct rmt_buf *out, struct rmt_err *err);
/* alias.c: a name for each part, all of them certificates, under which a trust store lists it; no two are the same. */
struct rmt_buf *rmt_aliases(const struct rmt_parts *parts, const char *stated, struct rmt_err *err);
void rmt_aliases_free(struct rmt_buf *aliases, size_t count);

/* readback.c: the bytes hold exactly these parts (in this order when `ordered`, and as trusted when they should be), and the leaf's
 * friendly name when not NULL. Each part that was found is marked. */
int rmt_readback(struct rmt_span written, struct rmt_parts *parts, bool ordered, const struct rmt_secret *passphrase,
                 const char *friendly_name, struct rmt_err *err);

/* deploy.c: a row of a deploy block as it comes out for a bundle, and for how many files it is the pattern. */
enum { RMT_DEPLOY_PARTS = 5 };
enum rmt_deploy_form {
	RMT_DEPLOY_WHOLE,    /* as it is */
	RMT_DEPLOY_KEYLESS,  /* but for the key */
	RMT_DEPLOY_BAG,      /* a P7B in the place of a keystore */
	RMT_DEPLOY_LEFT_OUT,
};
struct rmt_deploy_made {
	struct rmt_deploy_file file; /* borrows from the target and from what follows: not to be copied */
	enum rmt_deploy_form form;
	char *content[RMT_DEPLOY_PARTS];
	char name[256];
};
size_t rmt_deploy_make(const struct rmt_target *target, size_t n, const struct rmt_bundle *bundle, struct rmt_deploy_made *made);
bool rmt_deploy_wants_passphrase(const struct rmt_deploy_file *file);
/* The CA certificates that a target's steps may speak of. `cert` is NULL when it is not at hand. */
struct rmt_anchor { const char *mark, *name, *format; const struct rmt_cert *cert; };
enum { RMT_ANCHORS = 3 };
/* steps.c */
void rmt_anchors(const struct rmt_bundle *bundle, struct rmt_anchor out[RMT_ANCHORS]);
bool rmt_steps_mention(const struct rmt_target *target, const char *mark);
/* Do its steps tell what is to be done where the key stays elsewhere, if that makes a difference? */
bool rmt_steps_know_keyless(const struct rmt_target *target);
/* One text of a deploy block with its marks filled in; a line about an issuing CA that there is not is left out. */
int rmt_steps_fill(const char *text, const struct rmt_runbook_part *part, struct rmt_buf *out, struct rmt_err *err);
void rmt_steps_address(const char *address, struct rmt_buf *out); /* as it may stand in a command */
void rmt_steps_thumbprint(const struct rmt_cert *cert, struct rmt_buf *out); /* SHA-1, upper case */
bool rmt_steps_word(const char *text); /* every shell takes it for one plain word */
/* Text from anywhere for a line that begins with '#': it cannot end the line, nor the comment. */
void rmt_steps_fact(const char *text, struct rmt_buf *out);
/* runbook.c: INSTALL-<target>.txt */
int rmt_runbook_steps(const struct rmt_bundle *bundle, const struct rmt_target *target, struct rmt_buf *out, struct rmt_err *err);
bool rmt_runbook_has(const struct rmt_target *target); /* it says something */

/* terms.c: what a name says behind its type ("dns"), which is borrowed from it; `value` owns the answer. */
const char *rmt_terms_name(const char *name, struct rmt_span *type, struct rmt_buf *value);
void rmt_terms_label(const struct rmt_request_terms *terms, char out[65]); /* as file names have it */
unsigned rmt_terms_bits(const struct rmt_request_terms *terms, const char *kind); /* of "rsa" or "ec"; 0: another kind */
/* inf.c: the file as UTF-8 with plain line ends. */
int rmt_inf_text(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err);

/* html_style.c */
extern const char rmt_html_style[];

/* layout.c: what is no PEM about a text file */
int rmt_layout_check(const struct rmt_format *format, const struct rmt_write_options *options, struct rmt_err *err);
/* What goes before the n-th block (from 0): nothing, an empty line, or comments that say what it is and are no PEM whatever a name holds. */
void rmt_layout_separate(const struct rmt_part *part, size_t n, const struct rmt_write_options *options, struct rmt_buf *out);
int rmt_layout_finish(const struct rmt_write_options *options, struct rmt_buf *text, struct rmt_err *err); /* last line end, charset */

/* key.c: the key of these parts as a PEM block of PKCS#8. */
int rmt_key_block(const struct rmt_key *key, const struct rmt_write_options *options, struct rmt_buf *out, struct rmt_err *err);

/* One writer for each row of formats[], or for several that differ in what they hold. A container with an order of its own leaves the parts
 * in that order. */
typedef int rmt_write_fn(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
                         struct rmt_buf *out, struct rmt_err *err);
rmt_write_fn rmt_write_inf_file, rmt_write_pem, rmt_write_der, rmt_write_p7b, rmt_write_p7b_pem, rmt_write_pfx, rmt_write_jks, rmt_write_mobileconfig, rmt_write_key;

#endif
