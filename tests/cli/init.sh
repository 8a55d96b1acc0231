# SPDX-License-Identifier: Apache-2.0
# init: homes that make no sense are refused, and its messages speak of the places that the user named.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"

cd "$TMP" || exit 99
ln -s . link
mkdir empty
# status | sentence | what it says | arguments
while IFS='|' read -r status sentence says arguments; do
	expect_status "$status" "$sentence" "$REMINT" init --no-password $arguments
	expect_err "$says" "$sentence: and says so"
	expect_no_line "$TMP/err" 'making-' "$sentence: without a temporary name"
done <<'TABLE'
2|neither root nor issuing CA|nothing to make|--home h --no-root --no-issuing
2|the offline root in the home itself|needs a directory of its own|--home h --offline-root h
2|the same by another way|needs a directory of its own|--home h --offline-root ./link//h/
2|the offline root within the home|needs a directory of its own|--home h --offline-root h/root
2|the home within the offline root's|needs a directory of its own|--home empty/h --offline-root empty
2|an offline root and no root|choose one of the two|--home h --no-root --offline-root r
2|a root with a name, an issuing CA without|--issuing-subject|--home h --root-subject CN=Root
2|the subject of a CA that is not made|--issuing-subject has nothing to go to with --no-root: .*remint ca request.*--subject|--home h --no-root --issuing-subject CN=x
2|its key|--issuing-key .*with --no-root: .*--key-type|--home h --no-root --issuing-key ec:p256
2|its lifetime|--issuing-validity .*with --no-root: .*remint ca sign|--home h --no-root --issuing-validity 5y
2|the address of its lists|--publish-url .*with --no-root: .*remint ca request|--home h --no-root --publish-url http://pki.example/
2|the address of its responder|--ocsp-url .*with --no-root: .*remint ca request|--home h --no-root --ocsp-url http://ocsp.example/
2|its partial lists|--crl-shards .*with --no-root: .*remint ca request|--home h --no-root --crl-shards 4
2|its deltas|--crl-deltas .*with --no-root: .*remint ca request|--home h --no-root --crl-deltas
2|a root that is made elsewhere|--root-key .*with --no-root: the root is made elsewhere|--home h --no-root --root-key ec:p256
2|an issuing CA that comes later|--issuing-key .*with --no-issuing: .*remint ca add|--home h --no-issuing --issuing-key ec:p256
2|and its partial lists|--crl-shards .*with --no-issuing: .*remint ca add|--home h --no-issuing --crl-shards 4 --publish-url http://pki.example/
3|a home below what is not there|h/deeper: cannot create|--home h/deeper
TABLE
[ ! -e h ] && [ ! -e h.* ] && ok "nothing is left behind" || not_ok "nothing is left behind"
expect_status 0 "a home for a CA whose root is elsewhere" "$REMINT" init --no-password --home waiting --no-root
expect_err 'no CA yet.*remint ca request' "says how to go on"
expect_status 0 "an offline root beside the home" \
	"$REMINT" init --no-password --root-key ec:p256 --issuing-key ec:p256 --home h --offline-root h-root
tap_done
