#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The incidents of docs/incidents.md, each a script that fails when anything does not come out as it tells: the real
# failure in a real handshake, its cause named by audit and explain, the cure, the same handshake again.

. "${srcdir:-.}/tests/lib/tap.sh"
need openssl
cd "$TMP" || exit 99
count=0
for script in "$srcdir"/examples/incidents/*/run.sh; do
	name=$(basename "$(dirname "$script")")
	count=$((count + 1))
	if sh "$script" >"$name.log" 2>&1 </dev/null; then
		ok "$name: $(sed -n '1s/^Incident [0-9]*: //p' "$name.log")"
	else
		tail -n 30 "$name.log" >"$name.end"
		not_ok "$name comes out as told" "$name.end"
	fi
	grep -o '([a-z0-9-]* is not installed' "$name.log" | sort -u | tr -d '(' >"$name.without"
	[ ! -s "$name.without" ] || diag "$name: $(tr '\n' ' ' <"$name.without")"
done
check "there are incidents to run" test "$count" -gt 0

# A script whose story does not come out must not pass.
mkdir -p liar/incidents/00-liar/ && cp "$srcdir/examples/incidents/lib.sh" liar/incidents/
cat >liar/incidents/00-liar/run.sh <<'LIAR'
. "$(dirname "$0")/../lib.sh"
incident "Incident 0: a client that is said to be refused" "$@"
key root
certify root root '/CN=localhost.example' sha256 10 self 'basicConstraints=CA:TRUE'
serve -cert root.pem -key root.key
meet "a client that trusts it" refuses -CAfile root.pem -verify_return_error
LIAR
expect_status 1 "a story that does not come out fails" sh liar/incidents/00-liar/run.sh
expect_out 'NOT AS TOLD' "and says where"
tap_done
