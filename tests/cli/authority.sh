# SPDX-License-Identifier: Apache-2.0
# ca request, ca sign, ca install: authorities are known by their certificates, whatever these call themselves.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
# root_home NAME SUBJECT: a home with a root only.
root_home() {
	lab --home "$1" --no-password --no-issuing --root-subject "$2"
}

# Two roots of one name, as after a rollover.
root_home old 'CN=Corp Root,O=Corp'
root_home new 'CN=Corp Root,O=Corp'
quietly "$REMINT" init --home branch --no-root --no-password
for one in 'first old' 'second new'; do
	set -- $one
	"$REMINT" ca request --home branch --name "$1" --subject "CN=$1 CA" >"$1.csr" 2>"$TMP/err"
	"$REMINT" ca sign --home "$2" "$1.csr" >"$1.pem" 2>"$TMP/err"
done
expect_status 0 "the first CA is installed" "$REMINT" ca install --home branch first.pem
expect_status 0 "the second too, under a root of the same name, whose namesake comes first" \
	"$REMINT" ca install --home branch first.pem second.pem
expect_status 0 "the authorities are listed" "$REMINT" ca list --home branch --json
expect_out '"name":"second",.*"parent":"Corp-Root-2"' "the second CA stands under the second root"
expect_out '"name":"first",.*"parent":"Corp-Root"' "the first one under the first"
expect_status 0 "the authorities are exported" "$REMINT" ca export --home branch --out exported
for one in first second; do
	expect_status 0 "$one issues" "$REMINT" issue --home branch --ca $one --dns "$one.example" --out "$one.d"
	expect_status 0 "what $one issued verifies against what was exported" \
		openssl verify -CAfile exported/chain.pem "$one.d/cert.pem"
done
expect_status 0 "the chain of the second leads to its own root" \
	openssl verify -CAfile exported/Corp-Root-2.pem -untrusted second.d/chain.pem second.d/cert.pem
expect_status 2 "but not to its namesake" \
	openssl verify -CAfile exported/Corp-Root.pem -untrusted exported/second.pem second.d/cert.pem
expect_status 3 "what is installed is not waited for any more" "$REMINT" ca install --home branch second.pem

# What came with somebody's certificate is nobody's to trust.
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout stranger.key -out stranger.pem -subj /CN=stranger -days 90
quietly "$REMINT" import --home branch --commit stranger.pem
expect_status 0 "a CA of others is on record" "$REMINT" ca list --home branch
expect_out '^stranger' "and listed"
expect_status 0 "an export" "$REMINT" ca export --home branch --out again
expect_err '1 CA that came with certificates of others is left out' "leaves it out"
mv again/chain.pem again.pem && mv exported/chain.pem exported.pem
expect_same exported.pem again.pem "and is what it was"
mv exported.pem exported/chain.pem
[ ! -e again/stranger.pem ] && ok "without a file of it" || not_ok "without a file of it"

# A root that calls itself by the name of the authority.
root_home foreign 'CN=issuing'
quietly "$REMINT" init --home lone --no-root --no-password
"$REMINT" ca request --home lone --subject 'CN=Lone CA' >lone.csr 2>"$TMP/err"
"$REMINT" ca sign --home foreign lone.csr >lone.pem 2>"$TMP/err"
expect_status 0 "a CA under a root called as it is called here" "$REMINT" ca install --home lone lone.pem
expect_status 0 "is listed" "$REMINT" ca list --home lone --json
expect_out '"name":"issuing",.*"parent":"issuing-2"' "under that root, which got another name"
expect_status 0 "and issues" "$REMINT" issue --home lone --dns lone.example --out lone.d

# The signature decides, not the name.
"$REMINT" ca request --home lone --name third --subject 'CN=Third CA' >third.csr 2>"$TMP/err"
"$REMINT" ca sign --home new third.csr >third.pem 2>"$TMP/err"
sed '1,/END CERTIFICATE/!d' third.pem >alone.pem
cat alone.pem exported/Corp-Root.pem >wrong.pem
expect_status 3 "with a root of the right name and another key alone" "$REMINT" ca install --home lone wrong.pem
expect_err 'the issuer of the CA certificate is not among the inputs' "the issuer is missing"
expect_status 0 "it is still waited for" "$REMINT" ca install --home lone wrong.pem third.pem


# Request and signature in one home.
quietly "$REMINT" init --home own --no-password --root-key ec:p256 --issuing-key ec:p256
"$REMINT" ca request --home own --name side --subject 'CN=Side CA' >side.csr 2>"$TMP/err"
"$REMINT" ca sign --home own side.csr >side.pem 2>"$TMP/err"
expect_status 0 "a request signed in its own home is installed there" "$REMINT" ca install --home own side.pem
expect_status 0 "under its root" "$REMINT" ca list --home own --json
expect_out '"name":"side",.*"parent":"root"' "which is not made a foreign one"
for one in branch lone own; do
	expect_status 0 "the database of $one is sound" "$REMINT" db check --home "$one"
done
tap_done
