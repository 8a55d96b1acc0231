# SPDX-License-Identifier: Apache-2.0
# Several CAs in one home, and a successor beside an authority: ca add, default, rotate, retire, show.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
# issue HOST [OPTION...]: a certificate into the directory HOST.
issue() {
	issue_host=$1
	shift
	quietly "$REMINT" issue --home h --dns "$issue_host" --out "$issue_host" "$@"
}
issuer_of() {
	openssl x509 -in "$1" -noout -issuer -nameopt RFC2253 >"$TMP/out"
}

# ---- several CAs

lab --home h --no-password --publish-url http://pki.example/
issue a.example
expect_status 0 "a second issuing CA is made under the root" \
	"$REMINT" ca add --home h devices --subject 'CN=Device CA, O=Lab' --key-type ec:p256 --publish-url http://pki.example/
expect_out '^devices  \(active, key here\)$' "it is active at once"
issue b.example
issuer_of b.example/cert.pem
expect_out 'CN=Remint Lab Issuing CA' "without --ca the one called issuing still issues"
issue c.example --ca devices
quietly "$REMINT" ca export --home h --out h.d
check "the second issues when it is named, under the same root" openssl verify -CAfile h.d/root.pem -untrusted c.example/chain.pem c.example/cert.pem
issuer_of c.example/cert.pem
expect_out 'CN=Device CA' "and it is the issuer"
expect_status 0 "it is made the one that issues" "$REMINT" ca default --home h devices
expect_out '^devices  \(active, key here, issues by default\)$' "which the list says"
issue d.example
issuer_of d.example/cert.pem
expect_out 'CN=Device CA' "then it issues when none is named"
expect_status 4 "the one that issues by default is not retired" "$REMINT" ca retire --home h devices
expect_status 2 "an authority that is none cannot issue by default" "$REMINT" ca default --home h nobody
expect_status 4 "a name is given once" "$REMINT" ca add --home h devices --subject 'CN=Other CA'
expect_status 2 "a path is no name" "$REMINT" ca add --home h ../x --subject 'CN=Other CA'
expect_status 4 "a CA with room for none below it cannot certify another" \
	"$REMINT" ca add --home h below --parent devices --subject 'CN=Below CA'
expect_err 'path length 0 of .*Device CA.* leaves no room' "and the reason is said"
quietly "$REMINT" ca default --home h issuing

quietly "$REMINT" init --home two --no-root --no-password
for one in east west; do
	"$REMINT" ca request --home two --name $one --subject "CN=$one CA" --key-type ec:p256 >$one.csr 2>"$TMP/err"
	"$REMINT" ca sign --home h $one.csr >$one.pem 2>"$TMP/err"
	quietly "$REMINT" ca install --home two $one.pem
done
expect_status 2 "where two could issue and none is chosen, none is" "$REMINT" issue --home two --dns x.example --out x
expect_err 'several authorities could issue \(east, west\).*remint ca default' "they are named, and how to choose"
quietly "$REMINT" ca default --home two west
expect_status 0 "a chosen one issues" "$REMINT" issue --home two --dns x.example --out x

# ---- rotate

expect_status 0 "before any rotation there is nothing to tell" "$REMINT" ca rotate --status --home h
expect_out '^No authority was rotated or retired: nothing hangs on an old one\.$' "which is said"
expect_status 0 "an issuing CA gets a successor" "$REMINT" ca rotate --home h -o new.pem
expect_out '^issuing-2  \(active, key here, issues by default\)$' "which takes its place"
expect_out 'CN=Remint Lab Issuing CA G2$' "under a name of its own"
expect_out 'http://pki.example/issuing-2.crl' "with a CRL of its own"
check "its certificate and those above were written" openssl verify -CAfile h.d/root.pem new.pem
issue e.example
check "what it issues verifies" openssl verify -CAfile h.d/root.pem -untrusted e.example/chain.pem e.example/cert.pem
issuer_of e.example/cert.pem
expect_out 'Issuing CA G2' "and names it as its issuer"
expect_status 0 "the old one still issues when it is named" "$REMINT" issue --home h --ca issuing --dns f.example --out f.example
expect_status 4 "what has a successor is not rotated again" "$REMINT" ca rotate --home h issuing
expect_err '"issuing-2" is the one to rotate' "the successor is named"

expect_status 0 "what hangs on the old one is told" "$REMINT" ca rotate --home h --status
expect_out '^  successor +issuing-2$' "with its successor"
expect_out '^  in force +3, the last until ' "how many certificates"
for one in a b f; do
	expect_out "$one\\.example" "and $one.example among them"
done
expect_no_line "$TMP/out" 'e\.example|G2' "what the new one issued is not"
expect_status 0 "the same for a program" "$REMINT" ca rotate --home h --status --json --limit 1
expect_out '"successor":"issuing-2".*"valid":3,"superseded":0,"revoked":0,"last_valid":".*"needed_until":".*"certificates":\[\{[^{]*\}\]\}' "in numbers, with one certificate as asked"

expect_status 0 "the old one is retired" "$REMINT" ca retire --home h issuing --why 'succeeded'
expect_out '^issuing  \(retired, key here\)$' "and listed as such"
expect_out '^  successor +issuing-2$' "with its successor"
expect_status 4 "it issues no more" "$REMINT" issue --home h --ca issuing --dns g.example --out g.example
expect_err 'is retired: it signs CRLs and OCSP responses.*"issuing-2" took its place' "and says what it still does, and who issues"
expect_status 0 "what it issued is revoked as before" "$REMINT" revoke --home h a.example/cert.pem --reason superseded
expect_status 0 "and counted" "$REMINT" ca show --home h issuing
expect_out '^  in force +2,' "among those in force no more"
expect_out '1 revoked that have not expired' "but while it has not expired"
expect_status 0 "the successor is rotated too" "$REMINT" ca rotate --home h
expect_out '^issuing-3 .*issues by default' "with the next number"
expect_out 'Issuing CA G3$' "and generation"
expect_status 0 "the database is sound" "$REMINT" db check --home h

# ---- each certified by the other

expect_status 4 "an issuing CA leaves no room for a successor of another name" "$REMINT" ca rotate --home two west --cross -o w.csr
expect_err '\(--same-name\) counts against no path length' "and the way out is said"
lab --home s --no-password
quietly "$REMINT" issue --home s --dns old.example --out old
expect_status 0 "of the same name there may be one" "$REMINT" ca rotate --home s issuing --same-name --cross
quietly "$REMINT" issue --home s --dns new.example --out new
quietly "$REMINT" ca export --home s --out s.d
check "two certificates cross" test -f s.d/issuing-2-by-issuing.pem -a -f s.d/issuing-by-issuing-2.pem
check "new leaves verify through the old CA" \
	openssl verify -partial_chain -x509_strict -trusted s.d/issuing.pem -untrusted s.d/issuing-2-by-issuing.pem new/cert.pem
check "old leaves through the new CA" \
	openssl verify -partial_chain -x509_strict -trusted s.d/issuing-2.pem -untrusted s.d/issuing-by-issuing-2.pem old/cert.pem
expect_status 2 "but without the cross-certificate not" openssl verify -partial_chain -trusted s.d/issuing.pem new/cert.pem
expect_status 0 "done again, nothing is made twice" "$REMINT" ca rotate --home s issuing --cross
"$REMINT" list --home s --csv >"$TMP/list"
cut -d, -f1 "$TMP/list" | sort >"$TMP/out"
printf '%s\n' 1 2 3 4 5 6 7 id >ids
expect_same ids - "root, two CAs, two cross-certificates and two leaves are all there are"

lab --home r --no-password
quietly "$REMINT" issue --home r --dns old.example --out r.old
expect_status 0 "a root gets a successor, each certified by the other" "$REMINT" ca rotate --home r root --cross
"$REMINT" status --home r >page 2>&1
expect_no_line page 'as it issues them, would outlive it' "a certificate cut to the end of its CA does not ask for another successor"
expect_out '^root-2  \(active, key here\)$' "which does not issue by default"
quietly "$REMINT" ca rotate --home r issuing --name fresh --subject 'CN=Fresh CA'
quietly "$REMINT" ca add --home r third --parent root-2 --subject 'CN=Third CA' --key-type ec:p256
quietly "$REMINT" issue --home r --ca third --dns new.example --out r.new
quietly "$REMINT" ca export --home r --out r.d
check "who trusts the old root accepts what hangs on the new" \
	openssl verify -x509_strict -CAfile r.d/root.pem -untrusted r.d/third.pem -untrusted r.d/root-2-by-root.pem r.new/cert.pem
check "who trusts the new root accepts what hangs on the old" \
	openssl verify -x509_strict -CAfile r.d/root-2.pem -untrusted r.d/issuing.pem -untrusted r.d/root-by-root-2.pem r.old/cert.pem
expect_status 0 "who certified whom is shown" "$REMINT" ca show --home r root-2
expect_out '^  certified by +root$' "by the old root too"
expect_out '^  certified +third$' "and who is below"

# ---- who certifies CAs after the root has a successor

quietly "$REMINT" init --home t --no-root --no-password
"$REMINT" ca request --home t --subject 'CN=Elsewhere CA' --key-type ec:p256 >t.csr 2>"$TMP/err"
expect_status 0 "the heir of a root certifies where none is named" "$REMINT" ca add --home r fourth --subject 'CN=Fourth CA' --key-type ec:p256
expect_err 'certified by "root-2", which took the place of "root"' "and it is said"
"$REMINT" ca list --home r --json >"$TMP/out"
expect_out '"name":"fourth"[^}]*"parent":"root-2"' "which is so"
expect_status 0 "the request of another home, too" "$REMINT" ca sign --home r t.csr -o t.pem
expect_err 'certified by "root-2"' "with the same words"
issuer_of t.pem
expect_out 'CN=Remint Lab Root CA G2' "and the same issuer"
expect_status 0 "an issuing CA is rotated under it, too" "$REMINT" ca rotate --home r fourth
expect_out '^  issuer +root-2$' "as is seen"
expect_status 0 "the old root still certifies when it is named" "$REMINT" ca add --home r fifth --parent root --subject 'CN=Fifth CA' --key-type ec:p256
expect_no_line "$TMP/err" 'took the place' "without a word of the other"
quietly "$REMINT" ca retire --home r root
expect_status 4 "until it is retired" "$REMINT" ca add --home r sixth --parent root --subject 'CN=Sixth CA' --key-type ec:p256
expect_err '"root-2" took its place' "when its successor is named"
expect_status 0 "what hangs on the retired root is rotated under its heir" "$REMINT" ca rotate --home r fifth
expect_err 'certified by "root-2"' "without a detour over a request"
expect_status 0 "the heir is rotated as well" "$REMINT" ca rotate --home r root-2
expect_status 0 "and certifies no more by itself" "$REMINT" ca add --home r seventh --subject 'CN=Seventh CA' --key-type ec:p256
expect_err 'certified by "root-3", which took the place of "root"' "its own heir does"
expect_status 0 "the database of a root of three generations is sound" "$REMINT" db check --home r

lab --home u --no-password
quietly "$REMINT" ca retire --home u root
expect_status 4 "a root that was retired before it had a successor" "$REMINT" ca add --home u second --subject 'CN=Second CA'
expect_err 'remint ca rotate root makes its successor' "says how it gets one"
expect_status 0 "which it does" "$REMINT" ca rotate --home u root
expect_status 0 "and that certifies" "$REMINT" ca add --home u second --subject 'CN=Second CA'
expect_err 'certified by "root-2"' "in its place"

# ---- the key of the root is elsewhere

lab --home online --offline-root vault --no-password
quietly "$REMINT" issue --home online --dns old.example --out o.old
expect_status 2 "without a file for the request nothing is made" "$REMINT" ca rotate --home online
expect_err 'name a file for the request to it with --out' "and it is said why"
expect_status 0 "a request is written" "$REMINT" ca rotate --home online -o two.csr
expect_out '^issuing-2  \(pending, key here\)$' "its authority waits"
check "it is a request by the new key" openssl req -in two.csr -verify -noout
cp two.csr first.csr
expect_status 0 "asked again, it is a request for the same key" "$REMINT" ca rotate --home online -o two.csr --force
openssl req -in first.csr -pubkey -noout >first.pub
openssl req -in two.csr -pubkey -noout >two.pub
expect_same first.pub two.pub "no second key was made"
quietly "$REMINT" issue --home online --dns still.example --out o.still
issuer_of o.still/cert.pem
expect_out 'Issuing CA,' "until it is certified, the old one issues"
"$REMINT" ca sign --home vault two.csr >two.pem 2>"$TMP/err"
expect_status 0 "what the root signed is installed" "$REMINT" ca install --home online two.pem
expect_out '^issuing-2  \(active, key here, issues by default\)$' "and takes the place of the old one"
quietly "$REMINT" issue --home online --dns new.example --out o.new
issuer_of o.new/cert.pem
expect_out 'Issuing CA G2,' "it issues"

# ---- killed at any moment, it is finished by the same call

lab --home k --no-password
for delay in 0 0.005 0.01 0.015 0.02 0.03 0.05 0.08; do
	rm -rf killed
	cp -a k killed
	GCOV_PREFIX=$UNCOUNTED "$REMINT" ca rotate --home killed >"$TMP/out" 2>&1 &
	sleep $delay
	kill -9 $! 2>"$TMP/err"
	wait $! 2>"$TMP/err"
	"$REMINT" ca rotate --home killed issuing >"$TMP/out" 2>"$TMP/err" || grep -q 'has a successor already' "$TMP/err" ||
		not_ok "killed after $delay s, a rotation is finished" "$TMP/err"
	"$REMINT" list --home killed --csv >"$TMP/list"
	"$REMINT" ca list --home killed >>"$TMP/list"
	"$REMINT" db check --home killed >"$TMP/out" 2>"$TMP/err" && [ "$(grep -c '^[0-9]' "$TMP/list")" -eq 3 ] &&
		grep -q '^issuing-2  (active, key here, issues by default)' "$TMP/list" ||
		not_ok "killed after $delay s, there is one successor with one certificate" "$TMP/list" "$TMP/err"
done
ok "a rotation that was killed left one successor with one certificate"

# ---- what limits the old one is kept

mkdir -p h/templates/certificates
cat >h/templates/certificates/narrow-ca.cfg <<'END'
extends = "issuing-ca";
title = "A narrow CA";
name_constraints: { permitted = [ "dns:example" ]; };
extended_key_usage: { merge = "template"; values = [ "serverAuth" ]; };
END
quietly "$REMINT" ca add --home h narrow --template narrow-ca --subject 'CN=Narrow CA' --key-type ec:p256
expect_status 0 "a CA of another template" "$REMINT" ca rotate --home h narrow
quietly "$REMINT" ca export --home h --out n.d
openssl x509 -in n.d/narrow-2.pem -noout -ext nameConstraints,extendedKeyUsage >"$TMP/out" 2>&1
expect_out 'DNS:example' "has a successor with its name constraints"
expect_out 'TLS Web Server Authentication' "and its purposes"
expect_status 0 "another template gives them up only by name" "$REMINT" ca rotate --home h narrow-2 --template issuing-ca
for one in h s r online; do
	expect_status 0 "the database of $one is sound" "$REMINT" db check --home $one
done
tap_done
