# SPDX-License-Identifier: Apache-2.0
# One file named with --out: it appears whole or not at all, takes no other's place, and - is standard output. And what a
# search says that finds nothing because of a slip.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
old_ca
old_cert old '/O=Contoso/CN=web.example.com' subjectAltName=DNS:web.example.com
echo secret >pass
quietly "$REMINT" init --home root --no-issuing --no-password --root-key ec:p256
quietly "$REMINT" init --home ca --no-root --no-password

# ---- ca request and ca sign ----
request() {
	"$REMINT" ca request --home ca --subject 'CN=Files CA' --key-type ec:p256 "$@"
}
expect_status 0 "a CA's request goes into a file" request -o ca.csr
expect_out '^ca\.csr$' "which is named"
expect_line ca.csr '^-----BEGIN CERTIFICATE REQUEST-----$' "and holds it"
cp ca.csr before.csr
expect_status 4 "no file is overwritten" request -o ca.csr
expect_same before.csr ca.csr "it stays as it was"
expect_status 0 "but with --force" request -o ca.csr --force
expect_status 0 "without a file it goes to standard output" request
expect_out '^-----BEGIN CERTIFICATE REQUEST-----$' "as PEM"
expect_status 0 "under --json the file is named too" request -o json.csr --json
printf '{"schema":1,"files":[{"name":"json.csr"}]}\n' >wanted
expect_same wanted - "and its text is not there"
expect_status 3 "a directory that is not there" request -o nowhere/ca.csr
expect_err '^remint: nowhere/ca\.csr: cannot create' "is named"

: >taken.pem
expect_status 4 "where the file cannot be written nothing is signed" "$REMINT" ca sign --home root ca.csr -o taken.pem
"$REMINT" list --home root --csv >listed
expect_no_line listed 'Files CA' "and nothing recorded"
expect_status 3 "a request that is not there" "$REMINT" ca sign --home root absent.csr -o absent.pem
[ ! -e absent.pem ] && ok "leaves no file" || not_ok "leaves no file"
ls | grep '\.pem\.' >left
expect_no_line left . "of any name"
expect_status 0 "certificate and issuers go into a file" "$REMINT" ca sign --home root ca.csr -o ca.pem
[ "$(grep -c BEGIN ca.pem)" -eq 2 ] && ok "both of them" || not_ok "both of them" ca.pem
expect_status 0 "which completes the authority" "$REMINT" ca install --home ca ca.pem
expect_out 'active' "that is active then"

# ---- convert ----
expect_status 0 "convert -o - is standard output" "$REMINT" convert old.pem --to pem -o -
expect_out '^-----BEGIN CERTIFICATE-----$' "with the bytes"
[ ! -e ./- ] && ok "and no file of that name" || not_ok "and no file of that name"
expect_status 2 "which --json has taken" "$REMINT" convert old.pem --to pem -o - --json
expect_status 3 "convert makes no directory for a file" "$REMINT" convert old.pem --to pem -o nowhere/x.pem
expect_err '^remint: nowhere/x\.pem: cannot create' "but says so"
[ ! -e nowhere ] && ok "and it is not there" || not_ok "and it is not there"
expect_status 0 "a PFX without a key" "$REMINT" convert old.pem --to pfx -o bare.pfx --out-password-file pass
expect_err 'no private key is in it' "is said to be one"
expect_status 0 "unless that is wanted" "$REMINT" convert old.pem --to pfx -o wanted.pfx --no-key --out-password-file pass
expect_no_line "$TMP/err" . "without a word"
expect_status 0 "nor is there one of a whole PFX" \
	"$REMINT" convert old.pem --key old.key --to pfx -o whole.pfx --out-password-file pass
expect_no_line "$TMP/err" . "that has its key"

# ---- list ----
expect_status 0 "a target that nobody knows" "$REMINT" list --home ca --target ngin
expect_err 'there is no target "ngin": did you mean nginx\?' "is said to be unknown"
expect_status 0 "a template too" "$REMINT" list --home ca --template web-serve
expect_err 'did you mean web-server\?' "with the nearest"
expect_status 0 "a known one that made nothing" "$REMINT" list --home ca --target nginx
expect_no_line "$TMP/err" . "is no slip"
expect_status 0 "a wildcard name is a name" "$REMINT" list --home ca --name '*.example.com'
tap_done
