# SPDX-License-Identifier: Apache-2.0
# remint lint: what it says of files, and the same lints on the way to a signature. Every lint by itself is in
# tests/unit/test_lint.c.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }

# --- files
old_ca
old_cert good '/CN=good.example' subjectAltName=DNS:good.example keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth
old_cert bad '/CN=bad.example' subjectAltName=critical,DNS:bad.example,DNS:bad.example keyUsage=digitalSignature,keyCertSign
lab --no-password --publish-url http://pki.example/
quietly "$REMINT" issue --dns web.example --key-type ec:p256 --out web
expect_status 0 "what was issued here has nothing that lints find" remint lint web/fullchain.pem --fail-on info
expect_out '^2 certificates judged: 0 errors, 0 warnings, 0 remarks\.$' "and the chain is judged, too"
expect_status 1 "an error is a failure" remint lint bad.pem
expect_out '^bad.pem: bad.example$' "the certificate is named"
expect_out 'ERROR    lint.key-usage.cert-sign$' "with the lint"
expect_out 'source       RFC 5280, 4.2.1.3 and 4.2.1.9$' "and the document"
expect_out 'warning  lint.san.duplicate$' "warnings are told"
expect_status 0 "a warning is none" remint lint good.pem
expect_status 1 "but for who asks for that" remint lint good.pem bad.pem --fail-on warning
mkdir pile && cp good.pem bad.pem root.pem pile/
expect_status 1 "a directory, as a document" remint lint pile --json
json_is '.summary.certificates == 3' "of all certificates in it, the CA's included"
json_is '[.findings[].target] | unique == ["lint"]' "without a target"
json_is '.findings | map(select(.rule == "lint.key-usage.cert-sign")) | length == 1' "and each finding once"
expect_status 1 "a pile, as a table" remint lint pile --csv
expect_out '^.?pile/bad.pem.?,bad.example,lint,error,lint.key-usage.cert-sign,' "a line for each finding"
cat web/cert.pem root.pem >mixed.pem
expect_status 3 "what holds no certificate is said" remint lint good.csr
expect_err 'good.csr' "by its name"
expect_status 3 "of several the others are judged" remint lint absent.pem bad.pem
expect_out 'lint.key-usage.cert-sign' "whatever else fails"
expect_status 1 "standard input" sh -c '"$0" lint - <bad.pem' "$REMINT"
expect_status 0 "the lints are listed" remint lint --lints
[ "$(wc -l <"$TMP/out")" -gt 60 ] && ok "more than sixty" || not_ok "more than sixty" "$TMP/out"
expect_status 0 "with zlint's names" remint lint --lints --json
json_is '.lints | map(select(.lint == "lint.serial.positive"))[0].aka == "e_serial_number_not_positive"' "where there is one"
expect_status 2 "and judge nothing" remint lint --lints good.pem

# --- on the way to a signature
if command -v sqlite3 >/dev/null 2>&1; then
	lab --home doubtful --no-password --publish-url http://pki.example/
	# publish URL: what init would not take, put there by another hand.
	publish() {
		sqlite3 doubtful/ca.db "UPDATE authorities SET crl_uri = '$1'"
	}
	quietly "$REMINT" issue --home doubtful --dns web.example --key-type ec:p256 --out plain
	row=$(sqlite3 doubtful/ca.db "SELECT hex(bytes) FROM tbs ORDER BY id DESC LIMIT 1")
	quietly openssl asn1parse -in plain/cert.pem -strparse 4 -noout -out signed.der
	[ -n "$row" ] && [ "$row" = "$(od -An -tx1 -v signed.der | tr -d ' \n' | tr a-f A-F)" ] &&
		ok "the bytes that were kept are those that were signed" || not_ok "the bytes that were kept are those that were signed"
	sqlite3 doubtful/ca.db "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'authorities'" >drop.sql
	sqlite3 doubtful/ca.db <drop.sql
	publish https://pki.example/issuing.crl
	expect_status 0 "what is only doubtful is issued" remint issue --home doubtful --dns web.example --key-type ec:p256 --out doubt
	expect_out 'warning  lint.crl-distribution.https' "and shown"
	expect_status 1 "as it is found in the file" remint lint doubt/cert.pem --fail-on warning
	expect_out 'warning  lint.crl-distribution.https' "by the same lint"
	publish /relative.crl
	before=$(sqlite3 doubtful/ca.db 'SELECT count(*) FROM tbs')
	expect_status 4 "what breaks a standard is refused" remint issue --home doubtful --dns web.example --key-type ec:p256 --out never
	expect_err 'it would break lint.crl-distribution.absolute: "/relative.crl" is no absolute URI \(RFC 5280, 4.2.1.13' "with the sentence and the source"
	absent never "nothing is written"
	[ "$(sqlite3 doubtful/ca.db 'SELECT count(*) FROM tbs')" = "$before" ] && ok "nothing is kept to be signed" || not_ok "nothing is kept to be signed"
	expect_status 4 "a dry run says so, too" remint issue --home doubtful --dns web.example --key-type ec:p256 --dry-run
else
	skip "sqlite3 is not installed" "what is refused or warned of before it is signed"
fi

# --- an old subject
# A country as a UTF8String, which openssl does not make: CN=www.example.com, C=NL, of a key that nobody has.
cat >odd.csr <<'PEM'
-----BEGIN CERTIFICATE REQUEST-----
MIHiMIGJAgEAMCcxCzAJBgNVBAYMAk5MMRgwFgYDVQQDDA93d3cuZXhhbXBsZS5j
b20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ3BnaFA4gCMC4aW/MLpM+du1yo
wcPoJUoBVSZFIBV2W5OoD+3y7nmF0SmTnYP5GNmhbdU+55zwYKNuBWMJx+XEoAAw
CgYIKoZIzj0EAwIDSAAwRQIgCSKTlmkb4ptpPr3wFpHuKfqBDQega/9AqF8otg3+
xlACIQCx5VtUOmnQha4mPmhvt2TAu8hmMpYBq5hBAn0XyQbFyw==
-----END CERTIFICATE REQUEST-----
PEM
quietly openssl x509 -req -in odd.csr -CA root.pem -CAkey root.key -set_serial 0x0a4712 -days 90 -out odd.pem
expect_status 1 "a subject that breaks a standard is an error" remint lint odd.pem
expect_out 'ERROR    lint.name.printable' "by its lint"
expect_status 0 "and yet kept where the certificate is replaced" remint reissue odd.pem --key-type ec:p256 --out again
expect_out 'warning  lint.name.printable' "with a warning"
expect_status 0 "a request's is written anew" remint sign odd.csr
tap_done
