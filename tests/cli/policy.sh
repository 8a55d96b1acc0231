#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Templates as files of the user's own: shown, checked and used, as docs/guides/write-a-template.md does.

. "${srcdir:-.}/tests/lib/tap.sh"
cd "$TMP" || exit 99
REMINT_HOME=$TMP/home
export REMINT_HOME
remint() { "$REMINT" "$@"; }

# --- what is shown is a file
for name in web-server issuing-ca ocsp-signer user-device; do
	remint template show $name >shown.cfg
	check "the template $name as it is shown is a good file" remint template check ./shown.cfg
	remint template show ./shown.cfg | grep -v '^#' >again
	grep -v '^#' shown.cfg >once
	check "the template $name as it is shown loads to the same" cmp once again
done

tap_done
