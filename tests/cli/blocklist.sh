# SPDX-License-Identifier: Apache-2.0
# Keys that are refused for what is on record of them, on every way that a key comes: blocked, of a revoked certificate, with
# another exponent over a known modulus, an authority's own. Weak keys are in tests/unit/test_keys_check.c.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl
cd "$TMP" || exit 99
REMINT_HOME=$TMP/home
export REMINT_HOME
remint() { "$REMINT" "$@"; }
quietly "$REMINT" init --root-key ec:p256 --issuing-key ec:p256 --no-password
# key NAME [rsa]: NAME.key and NAME.csr.
key() {
	if [ "${2-}" ]; then
		quietly openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key"
	else
		quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
	fi
	quietly openssl req -new -key "$1.key" -subj "/CN=$1.example" -out "$1.csr"
}
# spki KEY: the SHA-256 by which it is blocked.
spki() {
	openssl pkey -in "$1" -pubout -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1
}
# blocked SENTENCE COMMAND...: refused since the key is blocked.
blocked() {
	expect_status 7 "$@"
	expect_err 'the (key|RSA modulus) is blocked \([0-9a-f]{20,64}; ' "for the key is blocked"
}

# --- what is blocked
key one
key two
key three
key four rsa
key five rsa
expect_status 0 "the list is empty at first" remint blocklist list --json
json_is '.blocked == []' "and so it says"
expect_status 0 "a key is blocked" remint blocklist add one.key --why 'found on the web'
expect_out '^1 hash blocked, 0 known before$' "an EC key by one hash"
expect_status 0 "the same once more" remint blocklist add one.csr
expect_out '^0 hashes blocked, 1 known before$' "is known"
expect_status 0 "a hash is blocked" remint blocklist add "$(spki two.key)"
expect_status 0 "an RSA key is blocked" remint blocklist add four.key
expect_out '^2 hashes blocked' "by two hashes"
{
	echo '# from a distribution'
	openssl rsa -in five.key -noout -modulus 2>/dev/null | openssl dgst -sha1 -r | cut -c21-40
	echo
	openssl rsa -in four.key -noout -modulus 2>/dev/null | openssl dgst -sha1 -r | cut -c1-40
} >weak.list
expect_status 0 "a list of weak keys is taken" remint blocklist add weak.list
expect_out '^1 hash blocked, 1 known before$' "with what was known of it"
expect_status 0 "the list is shown" remint blocklist list
expect_out "^spki-sha256 .*$(spki one.key) .* found on the web\$" "with the reason"
expect_out '^rsa-modulus .* weak.list$' "or the file"
expect_status 0 "as CSV" remint blocklist list --csv
expect_out "^spki-sha256,$(spki two.key),$(spki two.key)," "a line for each"
printf '%s\nnonsense\n' "$(spki three.key)" >broken.list
expect_status 3 "a list with something else in it is refused" remint blocklist add broken.list
expect_err 'broken.list: line 2: not a hash of 20, 40 or 64 hexadecimal digits' "at its line"
echo nonsense >nothing.list
expect_status 3 "what is no list and holds no key is refused" remint blocklist add nothing.list
expect_status 0 "and nothing of it is blocked" remint sign three.csr --dry-run

# --- every way that a key comes
blocked "sign" remint sign one.csr
blocked "sign, by the hash given" remint sign two.csr
blocked "sign, by the modulus" remint sign five.csr
blocked "sign --dry-run" remint sign one.csr --dry-run
blocked "sign --hold" remint sign one.csr --hold
mkdir pile && cp one.csr three.csr pile/
expect_status 7 "of several requests" remint sign pile --out signed
absent signed/one.pem "the blocked one is refused"
check "and the others are signed" test -s signed/three.pem
old_ca
quietly "$REMINT" issue --dns six.example --key-type ec:p256 --out six.old
cp six.old/cert.pem six.pem
cp six.old/key.pem six.key
quietly "$REMINT" blocklist add six.pem
blocked "renew" remint renew six.pem --key six.key --out never
blocked "reissue --keep-key" remint reissue six.pem --key six.key --keep-key --out never
blocked "reissue --request" remint reissue six.pem --request one.csr --out never
blocked "rekey --request" remint rekey six.pem --request one.csr --out never
absent never "nothing was written"
check "a new key is none of them" remint reissue six.pem --key-type ec:p256 --out six
blocked "request, of a device" remint request --request one.csr --out asked
absent asked "it is not asked for"
key seven
quietly "$REMINT" sign seven.csr --hold
quietly "$REMINT" blocklist add seven.csr
blocked "approve" remint approve 1
quietly "$REMINT" request --cn eight.example --dns eight.example --key-type ec:p256 --out eight
quietly openssl x509 -req -in eight/request.pem -CA root.pem -CAkey root.key -set_serial 0x4713 -days 90 -out eight.pem
quietly "$REMINT" blocklist add eight.pem
blocked "accept" remint accept eight.pem --chain root.pem --out eight.out
quietly "$REMINT" init --home branch --no-root --no-password
remint ca request --home branch --subject 'CN=Branch' --key-type ec:p256 >branch.csr
quietly "$REMINT" blocklist add branch.csr
blocked "ca sign" remint ca sign branch.csr
mkdir elsewhere
quietly "$REMINT" init --home elsewhere/home --root-key ec:p256 --issuing-key ec:p256 --no-password
remint ca sign --home elsewhere/home branch.csr >branch.pem
quietly "$REMINT" blocklist add --home branch branch.csr
blocked "ca install" remint ca install --home branch branch.pem

echo secret >pass
openssl_ca demo /CN=Demo
openssl pkey -in demo/private/cakey.pem -passin file:pass -pubout -out demo.pub
quietly "$REMINT" blocklist add demo.pub
expect_status 7 "a CA is imported with a blocked key" remint import --commit --password-file pass demo
expect_err 'the key is blocked' "for the key is blocked"
remint ca list --json >cas
expect_line cas '"name":"Demo","state":"foreign"' "it is kept as a foreign one"

# --- certificates that are in force already
REMINT_HOME=$TMP/live
export REMINT_HOME
quietly "$REMINT" init --root-key ec:p256 --issuing-key ec:p256 --no-password
for n in 1 2; do quietly "$REMINT" issue --dns live$n.example --key-type rsa:2048 --out live$n; done
quietly "$REMINT" issue --dns live3.example --key-type ec:p256 --out live3
expect_status 0 "of a list of weak keys" remint blocklist add weak.list
! grep -q 'in force' "$TMP/err" && ok "nothing is said where none is in force" || not_ok "nothing is said where none is in force" "$TMP/err"
openssl rsa -in live1/key.pem -noout -modulus | openssl dgst -sha1 -r | cut -c21-40 >live.list
expect_status 0 "a list in which the key of one is" remint blocklist add live.list
expect_out '^1 hash blocked, 0 known before$' "has one hash"
expect_err '1 certificate in force has a key that is blocked now: revoke it' "tells of it"
expect_status 0 "another is blocked by its hash" remint blocklist add "$(spki live3/key.pem)"
expect_err '2 certificates in force have a key that is blocked now: revoke them' "and all are told"
remint status >state
expect_line state '^ *warning +2 in force have a key that is blocked: revoke them' "status goes on telling"
quietly "$REMINT" revoke live1/cert.pem --reason keyCompromise
quietly "$REMINT" revoke live3/cert.pem --hold
remint status --json >state
expect_no_line state 'blocked-keys' "until they are revoked or on hold"
quietly "$REMINT" ca export --out live.ca
expect_status 0 "the key of a CA is blocked" remint blocklist add live.ca/issuing.pem --why 'the disk was stolen'
for command in 'issue --dns live4.example --key-type ec:p256 --out live4' 'sign three.csr' 'ca check issuing' 'renew live2/cert.pem --out live5' \
	'ca add below --parent issuing --subject CN=Below --key-type ec:p256'; do
	expect_status 7 "$command" remint $command
	expect_err 'the key of the authority "issuing" is blocked \(the disk was stolen\): nothing is issued below it' "is refused"
done
expect_status 0 "its lists go on" remint crl issuing --out live.crl
expect_status 0 "a successor is made" remint ca rotate issuing --key-type ec:p256
expect_status 0 "which issues" remint issue --dns live4.example --key-type ec:p256 --out live4
REMINT_HOME=$TMP/home

# --- a key that a certificate was revoked with
key lost
key spare
remint sign lost.csr >lost.pem 2>/dev/null
remint sign spare.csr >spare.pem 2>/dev/null
check "a certificate is revoked since its key was lost" remint revoke lost.pem --reason keyCompromise
expect_status 7 "its key is not certified again" remint sign lost.csr
expect_err 'the key is that of the certificate with the serial number [0-9a-f]+, which was revoked for keyCompromise \(RFC 5280, 5.3.1\)' "and why"
check "another is revoked since it was superseded" remint revoke spare.pem --reason superseded
expect_status 0 "its key may be certified again" remint sign spare.csr
expect_err 'spare.csr: the key is that of the certificate with the serial number [0-9a-f]+, which was revoked \(superseded\)' "with a warning"

# --- a key in other hands, or under other names
key shared
quietly "$REMINT" sign shared.csr
quietly openssl req -new -key shared.key -subj /CN=other.example -out other.csr
expect_status 0 "a key of another subject may be certified" remint sign other.csr
expect_err 'other.csr: the key stands in a certificate for another subject, too: CN=shared.example' "with a warning"
expect_status 0 "once more for its own" remint sign shared.csr --dry-run
for file in home/keys/*; do
	openssl req -new -key "$file" -subj /CN=thief.example -out thief.csr 2>/dev/null || continue
	openssl pkey -in "$file" -pubout 2>/dev/null >thief.pub
	remint ca export --force --out authorities >/dev/null 2>&1
	openssl x509 -in authorities/root.pem -noout -pubkey >root.pub
	cmp -s thief.pub root.pub && break
done
expect_status 7 "an authority's own key is nobody else's" remint sign thief.csr
expect_err 'the key is that of the authority "root" itself' "and whose it is"
expect_status 0 "another CA may be certified with it, as when two are crossed" remint ca sign thief.csr
expect_err 'thief.csr: the key stands in a certificate for another subject, too: .*Root' "under another name with a warning"
# other_exponent KEY EXPONENT OUT: a key with the same modulus.
other_exponent() {
	openssl rsa -in "$1" -noout -text 2>/dev/null | python3 -c '
import re, sys
text = sys.stdin.read()
part = lambda name: int(re.sub(r"[^0-9a-f]", "", re.search(name + r":\n((?:    .*\n)+)", text).group(1)), 16)
n, p, q, e = part("modulus"), part("prime1"), part("prime2"), int(sys.argv[1])
d = pow(e, -1, (p - 1) * (q - 1))
print("asn1=SEQUENCE:key\n[key]")
for i, v in enumerate((0, n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))):
    print("v%d=INTEGER:%d" % (i, v))' "$2" >exponent.cnf && openssl asn1parse -genconf exponent.cnf -noout -out "$3.der" &&
		openssl rsa -inform DER -in "$3.der" -out "$3" 2>/dev/null
}
if command -v python3 >/dev/null 2>&1; then
	key nine rsa
	key ten rsa
	quietly "$REMINT" sign nine.csr
	other_exponent nine.key 65539 nine.other && quietly openssl req -new -key nine.other -subj /CN=n.example -out nine.other.csr
	expect_status 7 "another exponent over a known modulus is refused" remint sign nine.other.csr
	expect_err 'the RSA modulus is that of certificate [0-9]+, under another exponent' "and whose it is"
	other_exponent ten.key 65539 ten.other && quietly openssl req -new -key ten.other -subj /CN=t.example -out ten.other.csr
	expect_status 0 "an unusual exponent by itself is not" remint sign ten.other.csr
	expect_status 0 "nor is the same key again" remint sign ten.other.csr
	expect_status 7 "the usual one over that modulus is refused" remint sign ten.csr
	expect_err 'the RSA modulus is that of certificate [0-9]+, under another exponent' "likewise"
	key eleven rsa
	other_exponent eleven.key 65539 eleven.other && quietly openssl req -new -key eleven.other -subj /CN=e.example -out eleven.other.csr
	expect_status 7 "of two exponents over a modulus in one call one is refused" remint sign eleven.csr eleven.other.csr
	expect_err 'eleven.other.csr: .*the RSA modulus is that of eleven.csr, under another exponent' "and whose it is"
	expect_status 0 "the first of the two is on record" remint list --name eleven.example
	expect_out eleven.example "as issued"
	key twelve rsa
	other_exponent twelve.key 65539 twelve.other && quietly openssl req -new -key twelve.other -subj /CN=w.example -out twelve.other.csr
	quietly "$REMINT" sign --hold twelve.csr
	quietly "$REMINT" sign --hold twelve.other.csr
	expect_status 7 "likewise when both were held and are approved" remint approve $("$REMINT" list --pending --csv | sed -n 's/^\([0-9][0-9]*\),.*/\1/p')
	expect_err 'the RSA modulus is that of .*, under another exponent' "and whose it is"
	key thirteen
	quietly openssl req -new -key thirteen.key -subj /CN=again.example -out again.csr
	expect_status 0 "one key with two subjects in one call is no fault" remint sign thirteen.csr again.csr
	expect_err 'again.csr: the key stands in a certificate for another subject, too: CN=thirteen.example' "and is said"
	quietly "$REMINT" blocklist add ten.key
	blocked "a blocked modulus with another exponent" remint sign ten.other.csr
else
	skip "python3 is not installed" "another exponent over a known modulus"
fi

# --- what is in force already is taken over whatever its key is, and told
quietly openssl req -x509 -newkey rsa:1024 -nodes -keyout weak1.key -subj /CN=weak1.example -days 90 -out weak1.pem
quietly openssl req -x509 -newkey rsa:1024 -nodes -keyout weak2.key -subj /CN=weak2.example -days 90 -out weak2.pem
cat weak1.pem weak2.pem >weak.pem
expect_status 0 "certificates with short keys are imported" "$REMINT" import --commit weak.pem
expect_err 'weak.pem: .*1024 bits' "with a word about the first"
expect_out 'left out 2: the key of a certificate that is not sound: it is taken all the same' "and how many there are"
expect_status 0 "they are on record" "$REMINT" list --name weak2.example --json
json_is '.certificates | length == 1' "as they are"

# --- a key is not taken over when it is weak or blocked, and one whose certificate may not sign is no CA's
quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout loose.key -subj /CN=loose.example -days 90 -out loose.pem
quietly "$REMINT" blocklist add loose.key
mkdir loose && cp loose.pem loose.key loose/ && cp weak1.key loose/
keys=$(ls home/keys | wc -l)
expect_status 7 "a directory with keys is imported" "$REMINT" import --commit loose
expect_err 'loose.key: .*the key is blocked' "a blocked key is refused"
expect_err 'weak1.key: .*1024 bits' "and a weak one"
check "neither is in the home" [ "$(ls home/keys | wc -l)" -eq "$keys" ]
quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout mute.key -subj '/CN=Mute CA' -days 90 -addext keyUsage=critical,cRLSign -out mute.pem
mkdir mute && cp mute.pem mute.key mute/
expect_status 4 "a CA without keyCertSign is imported" "$REMINT" import --commit mute
expect_err 'Mute CA is no CA to issue with: its keyUsage does not let it sign certificates' "and does not issue here"

# --- the list is part of the database's log
check "the database is sound" remint db check
if command -v sqlite3 >/dev/null 2>&1; then
	sqlite3 home/ca.db 'DELETE FROM blocked_keys' >deleted 2>&1 && not_ok "nothing is taken off the list" || ok "nothing is taken off the list"
	trigger=$(sqlite3 home/ca.db "SELECT sql || ';' FROM sqlite_master WHERE name = 'blocked_keys_no_delete'")
	sqlite3 home/ca.db "DROP TRIGGER blocked_keys_no_delete; DELETE FROM blocked_keys WHERE kind = 2; $trigger"
	expect_status 6 "a key that was taken off by another hand is noticed" remint db check
	expect_err 'the blocked keys of event [0-9]+ were altered, or some are gone' "by its event"
else
	skip "sqlite3 is not installed" "keys that were taken off by another hand"
fi
tap_done
