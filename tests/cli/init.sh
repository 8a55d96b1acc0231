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
3|a home below what is not there|h/deeper: cannot create|--home h/deeper
TABLE
[ ! -e h ] && [ ! -e h.* ] && ok "nothing is left behind" || not_ok "nothing is left behind"
expect_status 0 "a home for a CA whose root is elsewhere" "$REMINT" init --no-password --home waiting --no-root
expect_err 'no CA yet.*remint ca request' "says how to go on"
expect_status 0 "an offline root beside the home" \
	"$REMINT" init --no-password --root-key ec:p256 --issuing-key ec:p256 --home h --offline-root h-root
tap_done
