# SPDX-License-Identifier: Apache-2.0
# Certificates with ML-DSA (FIPS 204) and SLH-DSA (FIPS 205): shown, linted, recorded and replaced with any OpenSSL, and
# verified where it knows them. The fixtures were made by openssl 3.5: two leaves under an ML-DSA-65 root, and an SLH-DSA root.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl
cd "$TMP" || exit 99
REMINT_HOME=$TMP/home
export REMINT_HOME
remint() { "$REMINT" "$@"; }
pq=$srcdir/tests/fixtures/pq
root=$pq/ml-dsa-65-root.pem
# The library that Remint uses is the program's own.
openssl list -signature-algorithms 2>/dev/null | grep -q 'ML-DSA-65' && knows=1 || knows=

expect_status 0 "an ML-DSA certificate is shown" remint show --no-pem "$pq/ml-dsa-44.pem"
expect_out '^ *key  *ML-DSA-44, 1312 bytes$' "with the name and size of its key"
expect_out '^ *signature  *ML-DSA-65$' "and of its signature"
expect_status 0 "an SLH-DSA certificate is shown" remint show --no-pem "$pq/slh-dsa-sha2-128s.pem"
expect_out '^ *key  *SLH-DSA-SHA2-128s, 32 bytes$' "likewise"
expect_status 0 "none of them has what lints call an error" remint lint "$pq"
expect_out '^4 certificates judged: 0 errors' "all were judged"
for name in ml-dsa-44 slh-dsa-sha2-128s; do
	if [ "$knows" ]; then
		expect_status 0 "$name is verified" remint audit "$pq/$name.pem" --trust "$root" --for rfc5280
		expect_out ' [12] signatures? verified' "by its signature"
	else
		expect_status 1 "$name cannot be verified here" remint audit "$pq/$name.pem" --trust "$root" --for rfc5280
		expect_out 'this OpenSSL 3\.[0-9.]+ knows no ML-DSA-65; 3\.5 does' "and what is missing is said"
	fi
done
for target in rfc5280 nginx openssl-seclevel2; do
	remint audit "$pq/ml-dsa-44.pem" --for $target >"$TMP/out" 2>"$TMP/err"
	[ "$knows" ] || expect_out 'this OpenSSL 3\.[0-9.]+ knows no ML-DSA-44; 3\.5 does' "$target: of a certificate by itself it is said what is missing"
	expect_no_line "$TMP/out" 'too weak|unspecified' "$target: and its key is not called weak"
done
# What cannot be verified is not false: whole piles of them are taken, with their CAs.
REMINT_HOME=$TMP/pile
quietly "$REMINT" init --no-root --no-password
expect_status 0 "all of them are imported" remint import "$pq" --commit --json
json_is '[.imported[] | .certificates.new, .authorities.new] | add == 6' "each certificate and both CAs"
if [ "$knows" ]; then
	json_is '[.imported[].refused[]] | length == 0' "all verified"
else
	json_is '[.imported[].refused[]] | map([.count, .fault]) == [[4, false]]' "not verified, counted, and no fault"
	expect_err 'is taken, but its signature cannot be verified here: .*this OpenSSL 3\.[0-9.]+ knows no ML-DSA-65; 3\.5 does' "the warning says what is missing"
	expect_err 'is taken, but .*knows no SLH-DSA-SHA2-128s; 3\.5 does' "for each kind"
	if grep -q 'key did not' "$TMP/err"; then not_ok "none is called false" "$TMP/err"; else ok "none is called false"; fi
fi
expect_status 0 "the database with them is sound" remint db check --json
if [ "$knows" ]; then
	json_is '.database | .signatures == 4 and .foreign == 0' "all stand under their CAs, verified"
else
	json_is '.database | .unverifiable == 4 and .foreign == 0' "all stand under their CAs, and are called what they are"
fi
expect_status 0 "and they are imported again" remint import "$pq" --commit
expect_err 'there is nothing new in it' "once"
# A leaf alone, then its root.
REMINT_HOME=$TMP/later
quietly "$REMINT" init --no-root --no-password
expect_status 0 "a leaf comes alone" remint import "$pq/ml-dsa-44.pem" --commit
expect_status 0 "its root later" remint import "$root" --commit
expect_out '^adopted 1: ' "which adopts it"
[ "$knows" ] || expect_err 'a certificate goes under its CA, but .*knows no ML-DSA-65' "and says that nobody could verify that"
expect_status 0 "the database with both is sound" remint db check
REMINT_HOME=$TMP/home
quietly "$REMINT" init --root-key ec:p256 --issuing-key ec:p256 --no-password
expect_status 0 "one is replaced" remint reissue "$pq/ml-dsa-44.pem" --key-type ec:p256 --out new
expect_status 0 "and recorded" remint history new/cert.pem --json
json_is '[.certificates[].issuer | select(test("ML-DSA Root"))] | length == 1' "as another CA's"
check "the database with it is sound" remint db check
if [ "$knows" ]; then
	expect_status 4 "its request is no leaf's that a template takes" remint sign "$pq/ml-dsa-44.csr"
else
	expect_status 7 "its request cannot be verified here" remint sign "$pq/ml-dsa-44.csr"
	expect_err 'the public key \(ML-DSA-44, 1312 bytes\) cannot be used: this OpenSSL 3\.[0-9.]+ knows no ML-DSA-44; 3\.5 does' "and what is missing is said"
fi
tap_done
