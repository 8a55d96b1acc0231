# SPDX-License-Identifier: Apache-2.0
# The main job, from a certificate that is refused to its replacement in the files that a device wants, with what each step
# says and writes.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
old_ca
old_cert old '/C=NL/O=Contoso/CN=edge.contoso.com' extendedKeyUsage=serverAuth
quietly openssl pkcs12 -export -in old.pem -inkey old.key -certfile root.pem -out old.pfx -passout pass:secret
printf 'secret\n' >pass

expect_status 1 "the audit refuses the old certificate" "$REMINT" audit old.pfx --password-file pass --for dotnet-mtls
expect_out '^old\.pfx: .*edge\.contoso\.com, for dotnet-mtls$' "and says what it judged, and for whom"
expect_out '^  ERROR    leaf\.eku\.client-auth$' "by which rule"
expect_out '^           place +tbs\.extensions\.extendedKeyUsage$' "where"
expect_out '^           source +.' "on whose word"
expect_out '^           fix +.' "and what to do"
expect_out '^1 certificate judged: 1 error, .*Verdict: refused\.$' "in the end a line of counts"
awk 'length > 100' "$TMP/out" >"$TMP/long"
expect_no_line "$TMP/long" . "nothing is wider than 100 columns"

lab --no-password --publish-url http://pki.contoso.com/
expect_status 0 "a dry run signs nothing" "$REMINT" reissue old.pfx --password-file pass --for dotnet-mtls --dry-run
expect_out 'dry run: nothing was signed' "and says so"
expect_status 1 "the database still does not know it" "$REMINT" history edge.contoso.com
expect_status 0 "the replacement is made" \
	"$REMINT" reissue old.pfx --password-file pass --for dotnet-mtls --out new --out-password-file pass
expect_out '^  kept +subject +C=NL, O=Contoso, CN=edge\.contoso\.com$' "the subject is kept"
expect_out '^  changed +extendedKeyUsage +serverAuth -> serverAuth, clientAuth$' "the usage changes"
expect_out '^  added +subjectAltName +dns:edge\.contoso\.com' "the name is added"
expect_out '^  replaces +0a4711$' "it is linked"
for file in cert.pem chain.pem fullchain.pem key.pem; do
	[ -s new/$file ] && ok "new/$file is written" || not_ok "new/$file is written"
done
expect_status 4 "what is there is not replaced" "$REMINT" reissue old.pem --for rfc5280 --template server-client --out new
expect_status 0 "the new one passes" "$REMINT" audit new/fullchain.pem --for dotnet-mtls
expect_out 'Verdict: accepted\.$' "and the audit says so"
openssl x509 -in old.pem -noout -subject -nameopt RFC2253 >"$TMP/wanted"
openssl x509 -in new/cert.pem -noout -subject -nameopt RFC2253 >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "the subject is the same"

expect_status 0 "the history shows both" "$REMINT" history edge.contoso.com
expect_out '^[0-9]+ .*superseded .*\(foreign\) +0a4711$' "the old one as superseded and foreign"
expect_out '^[0-9]+ .*valid +[0-9]+ +edge\.contoso\.com' "the new one as valid, with what it replaces"
expect_status 0 "the list finds it by its beginning" "$REMINT" list --name 'edge*' --status valid
[ "$(wc -l <"$TMP/out")" -eq 2 ] && ok "and nothing else" || not_ok "and nothing else" "$TMP/out"

expect_status 7 "a locked key is not left out" "$REMINT" convert new/cert.pem --key new/key.pem --for cisco-ace --out locked
expect_err "new/key.pem is locked" "but said to be locked"
expect_status 0 "it is converted for an appliance" \
	"$REMINT" convert new/cert.pem new/chain.pem --key new/key.pem --password-file pass --for cisco-ace --out ace
[ "$(ls ace | wc -l)" -ge 1 ] && ok "into its files" || not_ok "into its files"
while read -r file; do
	[ -s "ace/$file" ] && ok "ace/$file was named and is there" || not_ok "ace/$file was named and is there"
done <"$TMP/out"

expect_status 0 "a renewal keeps the key" "$REMINT" renew new/cert.pem --key new/key.pem --password-file pass --out renewed
openssl x509 -in new/cert.pem -noout -pubkey >"$TMP/wanted"
openssl x509 -in renewed/cert.pem -noout -pubkey >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "the same public key"
expect_status 0 "one to standard output is PEM alone" "$REMINT" renew renewed/cert.pem --key renewed/key.pem
grep -v -e '^-----' -e '^[A-Za-z0-9+/=]*$' "$TMP/out" >"$TMP/rest"
expect_no_line "$TMP/rest" . "and nothing else"
expect_status 0 "a rekey does not" "$REMINT" rekey renewed/cert.pem --out rekeyed
openssl x509 -in rekeyed/cert.pem -noout -pubkey >"$TMP/got"
cmp -s "$TMP/wanted" "$TMP/got" && not_ok "another public key" || ok "another public key"
expect_status 0 "the database is sound after all this" "$REMINT" db check
tap_done
