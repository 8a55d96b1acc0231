# SPDX-License-Identifier: Apache-2.0
# What went wrong in other people's CAs, tried on ours: one case for each lesson, named after where it was learnt. Most of it is tested
# at more length elsewhere; here one can see at a glance that nothing was forgotten. What concerns a protocol that is not spoken here
# (ACME, SCEP, EST, sessions of users) has a case where the same mistake could be made without it, and else none.
#
#	lesson                              case here                              at length in
#	step-ca CVE-2025-44005              -                                      check/layers.sh: one road to a signature
#	step-ca CVE-2026-30836              message types that nobody knows        cli/bad_input.sh, cli/refusals.sh
#	step-ca GO-2026-5297                an empty list of purposes              unit/test_lint.c
#	EJBCA CVE-2022-34831, UCM 2.204     names beyond those asked for           cli/pending.sh
#	EJBCA CVE-2020-25276                renewal by a revoked certificate       cli/blocklist.sh
#	UCM 2.187, 2.200, 2.228             what a request may not ask for         unit/test_issue_fields.c
#	UCM 2.204                           weak keys; path lengths and name
#	                                    constraints of every CA above          unit/test_keys_check.c, interop/constraints.sh
#	UCM 2.192                           a CA without basicConstraints          interop/import.sh
#	UCM 2.207                           a forged twin, paths in labels         cli/hostile_text.sh, cli/refusals.sh
#	UCM 2.213                           patterns in names                      cli/revoke.sh
#	UCM 2.169                           lines of a log, CSV, HTML, JSON        cli/hostile_text.sh, cli/json.sh
#	UCM 2.200 (OCSP)                    -                                      cli/ocsp.sh: revoked is said at once, nonces, scope by issuer
#	OpenBao GHSA-g892, GHSA-59w7        addresses, metacharacters              cli/topology.sh
#	easy-rsa CVE-2024-13454, xca#617    weak ciphers, few iterations,
#	                                    PFX without MAC                        interop/containers.sh
#	CVE-2009-2408                       NUL and comma in names                 unit/test_x509_general.c
#	LE 2020, bugzilla 1838667           N names, the bytes that are signed     unit/test_verb_check.c
#	eMudhra 2026                        the CA's own key in a request,
#	                                    no random numbers                      unit/test_keys_check.c, cli/blocklist.sh: one key of two CAs
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl jq sqlite3 python3

cd "$TMP" || exit 99
export REMINT_HOME="$TMP/home"
printf 'secret\n' >pass
quietly "$REMINT" init --root-key ec:p256 --issuing-key ec:p256 --ca-password-file pass --issuing-validity 400d
remint() { "$REMINT" "$@" --ca-password-file pass; }
quietly openssl ecparam -name prime256v1 -genkey -noout -out key
# request NAME EXTENSION...: NAME.csr
request() {
	name=$1
	shift
	{
		printf '[req]\ndistinguished_name=dn\nreq_extensions=e\nprompt=no\nstring_mask=utf8only\nutf8=yes\n[dn]\nCN=%s.example.com\n[e]\n' "$name"
		for line; do printf '%s\n' "$line"; done
	} >"$name.cnf"
	quietly openssl req -new -key key -config "$name.cnf" -out "$name.csr"
}
text_of() {
	openssl x509 -in "$1" -noout -text 2>/dev/null
}

# ---- who may ask for what -----------------------------------------------------------------------------------------------------------
# UCM 2.187: a request with CA:TRUE and keyCertSign made a subordinate CA.
request subca 'basicConstraints=critical,CA:TRUE' 'keyUsage=keyCertSign'
expect_status 4 "UCM 2.187: a request for a CA is refused" remint sign subca.csr --out o1
absent o1/subca.pem "UCM 2.187: and nothing is written"

# UCM 2.200, 2.204: OCSP signing, any purpose, code signing and time stamping came from the request.
for purpose in OCSPSigning anyExtendedKeyUsage codeSigning timeStamping; do
	request "want$purpose" "extendedKeyUsage=serverAuth,$purpose"
	expect_status 0 "UCM 2.200: a request for $purpose is signed" remint sign "want$purpose.csr" --out o2
	expect_out "dropped +extendedKeyUsage +$purpose: not allowed by the template" "UCM 2.200: and says that it is dropped"
	openssl x509 -in "o2/want$purpose.pem" -noout -ext extendedKeyUsage 2>&1 | sed 's/^ *//; s/ *$//' >purposes
	printf '%s\n' 'X509v3 Extended Key Usage:' 'TLS Web Server Authentication, TLS Web Client Authentication' >wanted
	expect_same wanted purposes "UCM 2.200: $purpose does not come from a request"
done

# UCM 2.228: distribution points, policies and the SID extension were copied.
request copied 'crlDistributionPoints=URI:http://evil.example/' 'certificatePolicies=1.2.3.4' '1.3.6.1.4.1.311.25.2=ASN1:UTF8String:S-1-5-21-500'
expect_status 0 "UCM 2.228: a request with them is signed" remint sign copied.csr --out o3
text_of o3/copied.pem >copied.txt
expect_no_line copied.txt 'evil|1\.2\.3\.4|311\.25\.2' "UCM 2.228: without them"

# step-ca CVE-2026-30836: a message of a type that is not assigned was answered with a certificate.
request typed
openssl req -in typed.csr -outform der -out typed.der
python3 - <<'PYTHON'
def tlv(tag, body):
    size = len(body)
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x82, size >> 8, size & 255])) + body
inner = open("typed.der", "rb").read()
for n in range(128):
    kind = tlv(0x06, bytes.fromhex("2a864886f70d0107") + bytes([n]))
    open("type%d.p7" % n, "wb").write(tlv(0x30, kind + tlv(0xa0, tlv(0x04, inner))))
for n in range(256):
    if n != 0x30:
        open("tag%d.der" % n, "wb").write(bytes([n]) + inner[1:])
PYTHON
remint sign type*.p7 tag*.der --out typed >"$TMP/out" 2>"$TMP/err"
[ $? = 3 ] && ok "step-ca CVE-2026-30836: 383 messages of unknown types are refused" || not_ok "step-ca CVE-2026-30836: messages of unknown types are refused" "$TMP/err"
[ -z "$(ls typed 2>/dev/null)" ] && ok "step-ca CVE-2026-30836: and none gets a certificate" || not_ok "step-ca CVE-2026-30836: and none gets a certificate" "$TMP/out"

# step-ca GO-2026-5297: an empty list of purposes.
request nopurpose '2.5.29.37=DER:3000'
expect_status 0 "step-ca GO-2026-5297: a request with an empty list of purposes is signed" remint sign nopurpose.csr --out o7
expect_out '^nopurpose\.csr: nopurpose\.example\.com, .* in o7/nopurpose\.pem$' "step-ca GO-2026-5297: into a file"
text_of o7/nopurpose.pem >nopurpose.txt
expect_line nopurpose.txt 'TLS Web Server Authentication' "step-ca GO-2026-5297: and its purposes are the template's"
request nopurpose 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' '2.5.29.37=DER:3000'
quietly openssl req -x509 -key key -days 90 -config nopurpose.cnf -extensions e -out nopurpose.pem
# status|what is said|command
while IFS='|' read -r status said command; do
	# shellcheck disable=SC2086
	expect_status "$status" "step-ca GO-2026-5297: ${command%% *} of a certificate with one" "$REMINT" $command
	cat "$TMP/out" "$TMP/err" >nopurpose.txt
	expect_line nopurpose.txt "$said" "step-ca GO-2026-5297: and says so"
done <<'TABLE'
0|^  extendedKeyUsage +\(empty\)$|show nopurpose.pem
1|^  ERROR +lint\.eku\.empty$|lint nopurpose.pem
1|^  ERROR +leaf\.eku\.server-auth$|audit nopurpose.pem --for nginx
4|^remint: nopurpose\.pem: extendedKeyUsage: the template .* would change extendedKeyUsage|renew nopurpose.pem --key key --ca-password-file pass --dry-run
0|^  changed +extendedKeyUsage +-> serverAuth, clientAuth$|reissue nopurpose.pem --key-type ec:p256 --ca-password-file pass --dry-run
TABLE

# EJBCA CVE-2022-34831, UCM 2.204: identities beside those that were ordered, in the subject too.
request more 'subjectAltName=DNS:more.example.com,DNS:bank.example.com,email:boss@example.com,IP:192.0.2.1'
quietly "$REMINT" request --on-device --for cisco-ace --cn more.example.com
refused 4 'was not asked for' "EJBCA CVE-2022-34831: names beyond those asked for" remint sign more.csr --pending 1

# OpenBao GHSA-g892-p242-8g86: the limits for addresses held for options and not for requests.
mkdir -p home/templates/certificates
printf 'title = "No addresses";\nextends = "web-server";\nsan: { allow = [ "dns" ]; };\n' >home/templates/certificates/names-only.cfg
request limits 'subjectAltName=DNS:limits.example.com,IP:192.0.2.1,email:boss@example.com'
if "$REMINT" template check names-only >"$TMP/out" 2>"$TMP/err"; then
	for from in request option; do
		if [ $from = request ]; then
			remint sign limits.csr --template names-only --out o4$from >"$TMP/out" 2>"$TMP/err"
		else
			remint issue --template names-only --dns limits.example.com --ip 192.0.2.1 --email boss@example.com --key-type ec:p256 \
				--out o4$from >"$TMP/out" 2>"$TMP/err"
		fi
		cat o4$from/*.pem 2>/dev/null | openssl x509 -noout -text >limits.txt 2>/dev/null
		[ -s limits.txt ] || grep -Eq 'ip:192|iPAddress|not allow|allows no' "$TMP/err" ||
			not_ok "OpenBao GHSA-g892: a $from is signed without them, or refused for them" "$TMP/err"
		expect_no_line limits.txt '192\.0\.2\.1|boss@' "OpenBao GHSA-g892: addresses and mail from a $from are under the template's limits"
	done
else
	not_ok "the template of the test is sound" "$TMP/err"
fi

# OpenBao GHSA-59w7-v8rr-pr4p: a metacharacter in a name that is put in widened what was allowed.
for value in '*' '*.example.com' 'a.example.com,dns:*.example.com' 'a*.example.com'; do
	awk -v value="$value" '{ gsub(/"contoso\.com"/, "\"" value "\"") } 1' "$srcdir/examples/topology.cfg" >star.cfg
	cmp -s star.cfg "$srcdir/examples/topology.cfg" && not_ok "the topology of the test has the name"
	remint issue --for sfb-front-end --topology ./star.cfg --out o5 --dry-run >"$TMP/out" 2>"$TMP/err"
	expect_err '^remint: .*star\.cfg: .*(host name|domain)' "OpenBao GHSA-59w7: \"$value\" stands for no name in a topology"
done
expect_status 4 "OpenBao GHSA-59w7: a wildcard is for the template that has one" remint issue --template server-client --dns '*.example.com' --key-type ec:p256 --dry-run

# EJBCA CVE-2020-25276: who had a certificate that was revoked since got the next one.
expect_status 0 "EJBCA CVE-2020-25276: a certificate" remint issue --dns gone.example.com --key-type ec:p256 --out gone
expect_status 0 "EJBCA CVE-2020-25276: is revoked" "$REMINT" revoke gone.example.com --reason keyCompromise
refused 7 'revoked' "EJBCA CVE-2020-25276: and not renewed" remint renew gone/cert.pem --key gone/key.pem --out gone2
absent gone2 "EJBCA CVE-2020-25276: nothing is written"

# UCM 2.207: a renewal was matched by the serial number alone, so that a forged twin did.
expect_status 0 "UCM 2.207: a certificate" remint issue --dns twin.example.com --key-type ec:p256 --out twin
quietly openssl req -x509 -key key -days 90 -subj "/O=Remint Lab/CN=Remint Lab Issuing CA" -out false-ca.pem
openssl x509 -in twin/chain.pem -noout -subject >true-name
openssl x509 -in false-ca.pem -noout -subject >false-name
expect_same true-name false-name "UCM 2.207: and a CA of the same name"
quietly openssl req -new -key key -subj /CN=twin.example.com -out twin.csr
quietly openssl x509 -req -in twin.csr -CA false-ca.pem -CAkey key -days 90 -out twin.pem \
	-set_serial "0x$(openssl x509 -in twin/cert.pem -noout -serial | sed 's/.*=//')"
refused 1 'does not know the certificate in this file' "UCM 2.207: a forged twin revokes nothing" "$REMINT" revoke twin.pem --reason superseded
remint reissue twin.pem --for nginx --key-type ec:p256 --out twin2 >"$TMP/out" 2>"$TMP/err"
"$REMINT" list --name twin.example.com --json >list.json
[ "$(jq --arg serial "$(openssl x509 -in twin/cert.pem -noout -serial | sed 's/.*=//' | tr A-F a-f)" \
	'[.certificates[] | select(.serial == $serial and (.foreign | not) and .status == "valid")] | length' list.json)" = 1 ] &&
	ok "UCM 2.207: and is not replaced as the true one" || not_ok "UCM 2.207: and is not replaced as the true one" list.json

# UCM 2.213: names were compared by LIKE, so that % and _ stood for others'.
for name in 'tw%' 'tw_n.example.com' '%'; do
	refused 1 'knows no certificate' "UCM 2.213: \"$name\" is no name of others" "$REMINT" revoke "$name"
done
"$REMINT" list --name 't%' --json >"$TMP/out"
json_is '.certificates == []' "UCM 2.213: nor is it searched for as a pattern"

# UCM 2.204: the path length of the CA above was not kept to.
refused 4 'path length 0 .*no room' "UCM 2.204: a CA below one of path length 0" remint ca add below --parent issuing --subject CN=below --key-type ec:p256

# UCM 2.204: name constraints were those of the direct issuer, not of the CAs above it.
printf 'title = "Constrained"; extends = "issuing-ca"; basic_constraints: { path_length = 1; };
name_constraints: { permitted = [ "dns:inner.example" ]; };\n' >home/templates/certificates/constrained-ca.cfg
expect_status 0 "UCM 2.204: a CA with name constraints" remint ca add policy --template constrained-ca --subject CN=Policy --key-type ec:p256
expect_status 0 "UCM 2.204: and one below it that has none itself" remint ca add under --parent policy --subject CN=Under --key-type ec:p256
expect_status 0 "UCM 2.204: certifies what is within them" remint issue --ca under --dns a.inner.example --key-type ec:p256 --out o8
refused 4 'name constraints of .*CN=Policy' "UCM 2.204: and nothing outside" remint issue --ca under --dns a.outer.example --key-type ec:p256 --out o9
absent o9 "UCM 2.204: of which nothing is written"

# ---- keys ---------------------------------------------------------------------------------------------------------------------------
# UCM 2.204, eMudhra: weak keys passed on some ways in.
quietly openssl req -newkey rsa:1024 -nodes -keyout weak.key -subj /CN=weak.example.com -out weak.csr
refused 7 'weak.csr: .*RSA' "UCM 2.204: a weak key in a request" remint sign weak.csr
# eMudhra 2026: the key of a CA in a certificate of somebody else.
(umask 077 && openssl pkey -in home/keys/"$(openssl x509 -in twin/chain.pem -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -r | cut -d' ' -f1)".pem \
	-passin file:pass -out ca.key 2>"$TMP/err") || not_ok "the key of the CA is found" "$TMP/err"
quietly openssl req -new -key ca.key -subj /CN=thief.example.com -out thief.csr
refused 4 'thief.csr: .*authority.s own' "eMudhra 2026: the CA's own key in a request" remint sign thief.csr
# easy-rsa CVE-2024-13454: the CA's key stood under a weak cipher.
# protection FILE WORDS SENTENCE: what stands between a passphrase and each key, with its parameters.
protection() {
	openssl asn1parse -in "$1" 2>&1 | sed -n 's/.*prim: \(OBJECT\|INTEGER\) *://p' | paste -s -d ' ' >parsed
	expect_line parsed "^$2\$" "$3"
}
for file in home/keys/*.pem; do
	protection "$file" 'PBES2 scrypt 4000 08 01 aes-256-cbc' "easy-rsa CVE-2024-13454: a key of the home is under PBES2, scrypt (N = 2^14, r = 8, p = 1), AES-256"
done
quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out bare.key
for kdf in scrypt pbkdf2; do
	quietly "$REMINT" convert bare.key --to pem --out-password-file pass --kdf $kdf --out $kdf.key
done
protection scrypt.key 'PBES2 scrypt 4000 08 01 aes-256-cbc' "easy-rsa CVE-2024-13454: and so is one that is written elsewhere"
protection pbkdf2.key 'PBES2 PBKDF2 0927C0 hmacWithSHA256 aes-256-cbc' "easy-rsa CVE-2024-13454: with PBKDF2, 600,000 times HMAC-SHA-256"
# PFX with what Windows 2000 could read.
expect_status 0 "a certificate" remint issue --dns www.example.com --key-type ec:p256 --out www
expect_status 0 "as PFX" "$REMINT" convert www/fullchain.pem --key www/key.pem --to pfx --out-password-file pass --out www.pfx
openssl pkcs12 -in www.pfx -info -nokeys -passin file:pass >pfx.txt 2>&1
expect_no_line pfx.txt 'RC2|DES|SHA1|sha1|MAC: *md5' "xca#617: a PFX has no weak cipher or MAC by itself"
expect_line pfx.txt '^PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 200000, PRF hmacWithSHA256$' "xca#617: certificates under AES-256, 200,000 times"
expect_line pfx.txt '^Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 200000, PRF hmacWithSHA256$' "xca#617: the key likewise"
expect_line pfx.txt '^MAC: sha256, Iteration 200000$' "xca#617: and the MAC"

quietly openssl pkcs12 -export -nomac -in www/fullchain.pem -inkey www/key.pem -passout file:pass -out nomac.pfx
expect_status 0 "xca#617: a PFX without MAC opens with its passphrase" "$REMINT" show nomac.pfx --password-file pass
printf 'wrong\n' >wrong
expect_status 7 "xca#617: and with no other" "$REMINT" show nomac.pfx --password-file wrong

# eMudhra 2026: the health of the random generator. OpenSSL is told of one that does not exist.
printf 'openssl_conf=i\n[i]\nrandom=r\n[r]\nrandom=NONESUCH\n' >norandom.cnf
norandom() {
	OPENSSL_CONF=$PWD/norandom.cnf "$REMINT" "$@" --ca-password-file pass
}
before=$("$REMINT" list --json | jq '.certificates | length')
refused 70 'the random generator failed' "eMudhra 2026: no CA without random numbers" norandom init --home unborn --root-key ec:p256 --issuing-key ec:p256
refused 70 'the random generator failed' "eMudhra 2026: nor a signature" norandom issue --dns norandom.example.com --key-type ec:p256 --out o10
absent unborn o10 "eMudhra 2026: nothing is written"
[ "$("$REMINT" list --json | jq '.certificates | length')" = "$before" ] && ok "eMudhra 2026: nor recorded" || not_ok "eMudhra 2026: nor recorded"

# ---- what is signed -------------------------------------------------------------------------------------------------------------------
# LE 2020: of N names the first was looked at N times.
expect_status 0 "LE 2020: five names" remint issue --dns n1.example.com --dns n2.example.com --dns n3.example.com --dns n4.example.com \
	--dns n5.example.com --key-type ec:p256 --out five
text_of five/cert.pem | tr ',' '\n' | sed -n 's/.*DNS://p' | sort >names
[ "$(tr '\n' ' ' <names)" = "n1.example.com n2.example.com n3.example.com n4.example.com n5.example.com " ] &&
	ok "LE 2020: five different ones are certified" || not_ok "LE 2020: five different ones are certified" names
found=0
for n in 1 2 3 4 5; do
	"$REMINT" list --name n$n.example.com --json | jq -e '.certificates | length == 1' >/dev/null && found=$((found + 1))
done
[ $found = 5 ] && ok "LE 2020: and five are found" || not_ok "LE 2020: and five are found ($found)"
refused 4 'wildcard|bad' "LE 2020: the last of five is looked at, too" remint issue --template server-client --dns n1.example.com --dns n2.example.com \
	--dns n3.example.com --dns n4.example.com --dns '*.example.com' --key-type ec:p256 --dry-run
# bugzilla 1838667: what was linted was not what was signed.
openssl x509 -in five/cert.pem -outform der -out five.der
openssl asn1parse -inform der -in five.der -strparse 4 -noout -out five.tbs
serial=$(openssl x509 -in five/cert.pem -noout -serial | sed 's/.*=//')
sqlite3 home/ca.db "SELECT hex(bytes) FROM tbs WHERE hex(serial) = '$serial'" | tr A-F a-f >kept
od -An -v -tx1 five.tbs | tr -d ' \n' >signed && echo >>signed
expect_same kept signed "bugzilla 1838667: the bytes that were linted and kept are the bytes that were signed"
# CA/Browser Forum: a day too long by one second.
python3 - "$(openssl x509 -in five/cert.pem -noout -startdate | cut -d= -f2)" "$(openssl x509 -in five/cert.pem -noout -enddate | cut -d= -f2)" >length <<'PYTHON'
import sys, time
first, last = (time.mktime(time.strptime(t, "%b %d %H:%M:%S %Y GMT")) for t in sys.argv[1:])
print(int(last - first + 1) % 86400)
PYTHON
[ "$(cat length)" = 0 ] && ok "notAfter counts: a validity of days ends a second before the next" || not_ok "a validity of days ends a second before the next" length
# A leaf outlived its issuer.
expect_status 0 "a certificate for longer than its issuer is cut" remint issue --dns long.example.com --key-type ec:p256 --days 800 --out long
tr -s ' \n' ' ' <"$TMP/out" >long.txt
expect_line long.txt "changed validity notAfter cut from .* to the issuing authority's own end" "and says so"
end=$(date -d "$(openssl x509 -in long/cert.pem -noout -enddate | cut -d= -f2)" +%s)
issuer=$(date -d "$(openssl x509 -in long/chain.pem -noout -enddate | cut -d= -f2)" +%s)
[ "$end" -eq "$issuer" ] && ok "no certificate outlives its issuer" || not_ok "no certificate outlives its issuer ($end, $issuer)" long.txt

# ---- hostile text -----------------------------------------------------------------------------------------------------------------------
# CVE-2009-2408 and X509V3_EXT_print: NUL and comma within a name.
cat >hostile.py <<'PYTHON'
# A request for NAME as dNSName, by its bytes: openssl's own configuration cannot write them.
import subprocess, sys
name = eval("b'" + sys.argv[1] + "'")
def tlv(tag, body):
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else bytes([0x82, size >> 8, size & 255])
    return bytes([tag]) + head + body
print("2.5.29.17=DER:" + tlv(0x30, tlv(0x82, name)).hex())
PYTHON
for bad in 'www.example.com\x00.evil.example' 'www.example.com,DNS:evil.example' '../../etc/passwd' 'www.example.com\x1b[2J' 'www.example.com\nDNS:evil.example'; do
	request hostile "$(python3 hostile.py "$bad")"
	expect_status 4 "CVE-2009-2408: a name with $(printf %s "$bad" | tr -d '\\') is not certified" remint sign hostile.csr --out o6
	"$REMINT" show hostile.csr >shown 2>&1
	tr -d '\n' <shown | LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" && not_ok "CVE-2009-2408: nor shown as it is" shown ||
		ok "CVE-2009-2408: nor shown as it is"
done
absent o6/hostile.pem ../etc/passwd "CVE-2009-2408: nothing is written"
# A formula, a tag, an escape sequence and a line of a log as a subject.
for bad in '=HYPERLINK(1)' '<script>alert(1)<script>' 'a\x1b]0;owned\x07' 'a\x0aremint: all is well' '@SUM(1)'; do
	quietly openssl req -utf8 -x509 -key key -days 90 -subj "/CN=$(printf "$(printf %s "$bad" | sed 's/\\x/\\x/g')")" -out bad.pem
	"$REMINT" show bad.pem >show.txt 2>&1
	for verb in show lint 'audit --for nginx'; do
		# shellcheck disable=SC2086
		"$REMINT" $verb bad.pem --json >"$TMP/out" 2>"$TMP/err"
		json_is true "UCM 2.169: one JSON document of ${verb%% *}"
		LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" "$TMP/out" && not_ok "UCM 2.169: without control characters" "$TMP/out"
	done
	# Messages go to a journal line by line, and what was done to the event log.
	cp bad.pem "$(printf 'bad\nremint: all is well.pem')"
	remint import --commit bad.pem >"$TMP/out" 2>journal
	remint renew bad*.pem --key key --out none >>"$TMP/out" 2>>journal
	"$REMINT" revoke bad.pem >>"$TMP/out" 2>>journal
	grep -v '^remint: ' journal >"$TMP/found"
	[ ! -s "$TMP/found" ] && ! grep -q 'all is well$' journal && ok "UCM 2.169: each line of a journal is one of ours" ||
		not_ok "UCM 2.169: each line of a journal is one of ours" journal
	"$REMINT" db export --table events >events 2>"$TMP/err"
	[ "$(wc -l <events)" = "$(sqlite3 home/ca.db 'SELECT count(*) FROM events')" ] && jq -e . events >/dev/null 2>"$TMP/err" &&
		ok "UCM 2.169: each event is one line of JSON" || not_ok "UCM 2.169: each event is one line of JSON" events "$TMP/err"
	[ "$("$REMINT" status --nagios | wc -l)" = 1 ] && ok "UCM 2.169: a watching program gets one line" || not_ok "UCM 2.169: a watching program gets one line"
	"$REMINT" audit bad.pem --for nginx --csv >audit.csv 2>/dev/null
	"$REMINT" plan bad.pem --for nginx --out bad.json >/dev/null 2>&1
	"$REMINT" report bad.json --html bad.html >/dev/null 2>report.err
	LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" show.txt && not_ok "a terminal gets no control characters" show.txt || ok "a terminal gets no control characters"
	expect_no_line show.txt '^remint: all is well' "nor a line of its own"
	expect_no_line audit.csv '(^|,)"?[=@+]' "a spreadsheet gets no formula"
	expect_no_line bad.html '<script>alert' "a page gets no tags"
	rm -f bad.json bad.html
done
# UCM 2.192: a CA without basicConstraints was taken for a leaf.
printf 'keyUsage=critical,keyCertSign,cRLSign\n' >nobc.ext
quietly openssl req -new -key key -subj '/CN=No Constraints CA' -out nobc.csr
quietly openssl x509 -req -in nobc.csr -signkey key -days 90 -extfile nobc.ext -out nobc.pem
expect_status 1 "UCM 2.192: a CA without basicConstraints" "$REMINT" lint nobc.pem --json
json_is '[.findings[] | select(.severity == "error" and (.message | test("basicConstraints|basic constraints|keyCertSign")))] | length > 0' \
	"UCM 2.192: is no leaf, and faulty"
expect_status 4 "UCM 2.192: nor is it taken over" remint import --commit nobc.pem key
expect_err 'no CA to issue with: .*basicConstraints' "UCM 2.192: as a CA"
# UCM 2.207: paths in names and labels.
for bad in ../../x /etc/passwd ..; do
	"$REMINT" template show "$bad" >"$TMP/out" 2>"$TMP/err" && not_ok "UCM 2.207: $bad is no template" "$TMP/out" || ok "UCM 2.207: $bad is no template"
	refused 2 'cannot name an authority' "UCM 2.207: $bad is no authority" remint ca add "$bad" --subject CN=x
	quietly openssl pkcs12 -export -in www/fullchain.pem -inkey www/key.pem -passout file:pass -name "$bad" -out label.pfx
	rm -rf split
	"$REMINT" convert label.pfx --password-file pass --to pem --split --out split >"$TMP/out" 2>"$TMP/err"
	[ -z "$(find . -newer label.pfx -type f -name '*.pem' ! -path './split/*')" ] && [ ! -e ../x.pem ] && [ ! -e ../../x.pem ] &&
		ok "UCM 2.207: a label leads nowhere" || not_ok "UCM 2.207: a label leads nowhere" "$TMP/out"
done
expect_status 0 "the database is sound" "$REMINT" db check
tap_done
