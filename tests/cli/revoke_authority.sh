# SPDX-License-Identifier: Apache-2.0
# An issuing CA taken back: asked for by name alone, on its root's list, and it issues no more; what patterns leave out.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
lab --no-password --publish-url http://pki.example/ --ocsp-url http://ocsp.example/
for name in a b; do
	quietly "$REMINT" issue --dns "$name.example" --key-type ec:p256 --out "$name"
done
quietly "$REMINT" ca export --out before
quietly "$REMINT" crl --out pub
# checked LEAF...: openssl's verdict with the lists of every CA of the chain.
checked() {
	cat pub/*.crl.pem >lists.pem
	openssl verify -x509_strict -crl_check_all -CAfile before/root.pem -untrusted before/issuing.pem -CRLfile lists.pem "$@"
}
check "with the lists of before, openssl accepts a leaf" checked a/cert.pem
openssl ocsp -issuer before/issuing.pem -cert a/cert.pem -no_nonce -reqout a.req >ocsp.log 2>&1
quietly "$REMINT" ocsp a.req --out a.rsp

# ---- not by the way
serial=$(openssl x509 -in before/issuing.pem -noout -serial | sed 's/serial=//')
refused 4 'authority "issuing" of this home.*--authority issuing' "its serial number does not do" remint revoke "$serial" --commit
refused 4 '--authority issuing' "nor does its file" remint revoke before/issuing.pem --commit
expect_status 0 "a pattern of everything" remint revoke --name '*'
expect_err '2 of authorities of this home are left out: name the authority with --authority' "leaves the authorities out, and says so"
expect_err '1 of CAs and OCSP responders is left out' "and the OCSP responder"
expect_no_line "$TMP/out" 'CA' "which are not shown"
expect_err '--commit revokes these 2 certificates' "only the leaves are meant"
openssl x509 -in before/issuing.pem -noout -pubkey | openssl pkey -pubin -outform DER >ca.pub
refused 1 'in force that fits' "nor by its key" remint revoke --key "$(sha256sum <ca.pub | cut -d' ' -f1)" --commit
"$REMINT" list --template ocsp-signer --csv >"$TMP/list"
responder=$(sed -n '2s/,.*//p' "$TMP/list")
expect_status 0 "the OCSP responder is revoked by its own number" remint revoke "id:$responder" --reason superseded
expect_out 'OCSP' "that one"
refused 2 'no authority is called "other"' "an authority that is not there" remint revoke --authority other
refused 2 'revoked for good' "an authority is not put on hold" remint revoke --authority issuing --hold
refused 4 '"root" certified itself.*ca retire' "no list takes a root back" remint revoke --authority root --commit

# ---- shown, then done
expect_status 0 "by its name it is shown first" remint revoke --authority issuing --reason cACompromise
expect_err '--commit revokes this certificate' "also where it is one alone"
expect_err '[23] certificates that have not expired hang on "issuing"' "with what hangs on it"
expect_out " valid .*$(echo "$serial" | tr 'A-F' 'a-f')" "nothing is done yet"
expect_status 0 "it still issues" remint issue --dns c.example --key-type ec:p256 --out c
expect_status 0 "then it is revoked" remint revoke --authority issuing --reason cACompromise --commit --json
json_is '.certificates | length == 1 and .[0].status == "revoked"' "that one certificate"
expect_err '"issuing" issues no more.*remint crl.*remint ca rotate issuing' "what comes next is said"
refused 1 'revoked already' "once" remint revoke --authority issuing --commit

# ---- it issues no more, but its word is still asked for
refused 4 'is retired' "it issues nothing by name" remint issue --ca issuing --dns d.example --out d
refused 4 '"issuing" is retired, and no other issuing CA is here: make its successor' "nor does the root in its place" remint issue --dns d.example --out d
refused 4 'not active' "it is not made the one that issues" remint ca default issuing
expect_status 0 "the list of authorities" remint ca list
expect_out '^issuing  \(retired, key here\)$' "says that it is retired"
expect_out '^  revoked +20[0-9T:-]+Z, cACompromise$' "since when, and why"
expect_status 0 "for programs too" remint ca show issuing --json
json_is '.authorities[0] | .state == "retired" and .reason == "cACompromise" and (.revoked | length > 0) and .valid == 3' "with what hangs on it"
expect_status 2 "the status is critical" remint status --nagios
expect_status 1 "on its page" remint status
expect_out 'critical +issuing: revoked on .*\(cACompromise\); [34] certificates that have not expired hang on it' "with the reason"
expect_out 'root: list 1 .*1 (change|revocation) is not on it yet' "and the list that lacks it"
check "the events say so" sh -c '"$REMINT" db export --table events | grep -q "retired: issuing: revoked, cACompromise"'
expect_status 0 "the database agrees with its events" remint db check

expect_status 0 "the lists are published, its own too" remint crl --out pub
said() { openssl crl -in "$1" -noout -text 2>/dev/null; }
said pub/root.crl.pem >root.said
check "it stands on the root's list" grep -qi "Serial Number: $serial" root.said
check "with its reason" grep -q 'CA Compromise' root.said
check "its own list is signed by it" sh -c 'openssl crl -in pub/issuing.crl.pem -CAfile before/issuing.pem -noout 2>&1 | grep -q "verify OK"'
expect_status 2 "with these lists openssl refuses what hangs on it" checked a/cert.pem
grep -q 'certificate revoked' "$TMP/out" "$TMP/err" && ok "because of its CA" || not_ok "because of its CA" "$TMP/err"
cat before/issuing.pem >ca.pem
openssl ocsp -issuer before/root.pem -cert before/issuing.pem -no_nonce -reqout ca.req >ocsp.log 2>&1
expect_status 0 "asked by OCSP, the root's responder answers" remint ocsp ca.req --out ca.rsp
openssl ocsp -respin ca.rsp -issuer before/root.pem -cert before/issuing.pem -CAfile before/root.pem -no_nonce >ocsp.said 2>&1
check "that it is revoked" grep -q 'issuing.pem: revoked' ocsp.said
check "why" grep -q 'Reason: cACompromise' ocsp.said
check "and openssl believes it" grep -q 'Response verify OK' ocsp.said
expect_status 0 "asked for a leaf, its own responder still answers" remint ocsp a.req --out a.rsp --force
openssl ocsp -respin a.rsp -issuer before/issuing.pem -cert a/cert.pem -CAfile before/root.pem -no_nonce >ocsp.said 2>&1
check "that the leaf itself is good" grep -q 'a/cert.pem: good' ocsp.said

# ---- a successor
expect_status 0 "it gets a successor" remint ca rotate issuing
expect_status 0 "which issues when none is named" remint issue --dns d.example --key-type ec:p256 --out d
quietly "$REMINT" crl --out pub
quietly "$REMINT" ca export --out after
openssl crl2pkcs7 -nocrl -certfile after/chain.pem | openssl pkcs7 -print_certs -noout >chain.said
check "what is handed out to be installed has the new one" grep -q 'Issuing CA G2' chain.said
check "and the old one no more" test "$(grep -c '^subject' chain.said)" -eq 2
check "which still has a file of its own" test -s after/issuing.cer
cat pub/*.crl.pem >lists.pem
check "and is accepted with the same lists" openssl verify -x509_strict -crl_check_all -CAfile after/root.pem \
	-untrusted after/issuing-2.pem -CRLfile lists.pem d/cert.pem
expect_status 0 "what hangs on the old one is revoked as before" remint revoke a/cert.pem --reason keyCompromise
expect_status 0 "the database agrees with its events" remint db check

# ---- the one that was chosen to issue; a CA below one that is revoked; certificates beside
lab --home n --no-password
quietly "$REMINT" ca default --home n issuing
printf '%s\n' 'extends = "issuing-ca";' 'title = "A CA with room below";' 'basic_constraints: { path_length = 1; };' >middle.cfg
mkdir -p n/templates/certificates && cp middle.cfg n/templates/certificates/middle.cfg
expect_status 0 "a CA with room below" remint ca add --home n middle --template middle --subject 'CN=Middle CA' --key-type ec:p256
expect_status 0 "and one below it" remint ca add --home n below --parent middle --subject 'CN=Below CA' --key-type ec:p256
quietly "$REMINT" issue --home n --ca below --dns e.example --key-type ec:p256 --out e
expect_status 0 "the one above is revoked" remint revoke --home n --authority middle --commit --reason superseded
expect_err '2 certificates that have not expired hang on "middle"|1 certificate that has not expired hangs on "middle"' "what hangs on the one below counts"
refused 4 '"middle" is revoked: nothing is issued below it' "the one below issues no more" remint issue --home n --ca below --dns f.example --out f
quietly "$REMINT" revoke --home n --authority issuing --commit
refused 4 'not active: choose another' "who was chosen to issue does not" remint issue --home n --dns f.example --out f
expect_status 0 "its successor takes its place" remint ca rotate --home n issuing
expect_out '^issuing-2  \(active, key here, issues by default\)$' "also as the one that was chosen"

lab --home x --no-password
quietly "$REMINT" ca rotate --home x root --cross
expect_status 0 "certificates by others beside are revoked too" remint revoke --home x --authority root --commit --reason superseded
[ "$(grep -c ' revoked ' "$TMP/out")" -eq 1 ] && ok "that one" || not_ok "that one" "$TMP/out"
expect_status 0 "a root that lost only such a one" remint ca show --home x root
expect_out '^root  \(active, key here\)$' "goes on"

# ---- one that comes revoked, or is revoked by what is imported later: SENTENCE | reason | state | imports, in this order
openssl_ca oldroot /CN=OldRoot
openssl_ca oldsub /CN=OldSub
printf '%s\n' '[subca]' basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash \
	authorityKeyIdentifier=keyid >>oldroot.cnf
quietly openssl req -new -key oldsub/private/cakey.pem -passin pass:secret -subj /CN=OldSub -out oldsub.csr
quietly openssl ca -batch -config oldroot.cnf -extensions subca -passin pass:secret -notext -in oldsub.csr -out oldsub/cacert.pem
quietly openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout old.key -subj /CN=old.example -out old.csr
quietly openssl ca -batch -config oldsub.cnf -passin pass:secret -notext -in old.csr
echo secret >old.pass
cp oldroot/index.txt index.txt
while IFS='|' read -r sentence reason state imports; do
	cp index.txt oldroot/index.txt
	quietly openssl ca -config oldroot.cnf -passin pass:secret -revoke oldsub/cacert.pem -crl_reason "$reason"
	quietly openssl ca -config oldroot.cnf -passin pass:secret -gencrl -out old.crl
	rm -rf i
	quietly "$REMINT" init --home i --no-root --no-password
	for one in $imports; do
		# shellcheck disable=SC2046
		quietly "$REMINT" import --home i --commit --password-file old.pass $(echo "$one" | tr + ' ')
	done
	"$REMINT" ca show --home i OldSub >"$TMP/out" 2>&1
	expect_out "^OldSub  \($state, key here\)\$" "$sentence: $state"
	expect_out "^  revoked +20.*$reason" "and why is said"
	"$REMINT" list --home i >"$TMP/out"
	expect_out "(revoked \($reason\)|on hold) .*OldSub" "the list of certificates agrees"
	expect_status 4 "it issues nothing" remint issue --home i --ca OldSub --dns g.example --key-type ec:p256 --out g
	expect_status 0 "the database is sound" remint db check --home i
done <<'TABLE'
a CA that is imported with the root that revoked it|cACompromise|retired|oldroot+oldsub
one whose root comes later|superseded|retired|oldsub oldroot
one whose root's list comes later|keyCompromise|retired|oldsub oldroot/cacert.pem+old.crl
one on hold, which may come back|certificateHold|active|oldroot+oldsub
TABLE

# ---- the key of the root elsewhere
lab --home online --offline-root vault --no-password
refused 7 'the key of the authority "root" is not in this home: .*remint ca request' "nor is another CA added under it" \
	"$REMINT" ca add --home online two --subject CN=two --key-type ec:p256
refused 4 'certified by "root", whose key is not in this home: revoke it in that home' "where the root's key is elsewhere it is not revoked here" \
	remint revoke --home online --authority issuing --commit
quietly "$REMINT" ca export --home online --out o.d
refused 1 'in force that fits' "there no pattern takes it" remint revoke --home vault --name '*' --commit
expect_status 0 "by its file it is shown first" remint revoke --home vault o.d/issuing.pem --reason cACompromise
expect_err '--commit revokes this certificate' "since it is a CA's"
expect_status 0 "then it is revoked" remint revoke --home vault o.d/issuing.pem --reason cACompromise --commit
expect_status 0 "and on the root's list" remint crl --home vault --out vault.pub
expect_out 'root.crl: number 1, 1 entry' "that one"
for one in n x online vault; do
	expect_status 0 "the database of $one is sound" remint db check --home $one
done
tap_done
