# SPDX-License-Identifier: Apache-2.0
# Requests that go elsewhere, and what comes back: devices are told how to make one, another CA (openssl ca, certtool) signs it,
# and remint accept takes the answer in, judges it, records it and writes the bundle.
. "${srcdir:-.}/tests/lib/tap.sh"
cd "$TMP" || exit 1

quietly() {
	"$@" >quiet.log 2>&1 || cat quiet.log
}
for tool in openssl jq; do
	command -v $tool >/dev/null 2>&1 || {
		skip "$tool is not installed" "requests elsewhere"
		tap_done
	}
done
REMINT_HOME=$TMP/home
export REMINT_HOME

# ---- without a home ---------------------------------------------------------------------------------------------------------------
expect_status 0 "without a home a device is told all the same" "$REMINT" request --for cisco-ace --on-device \
	--subject 'CN=vip.example.com, O=Example\, Inc., OU=Web, L=Utrecht, ST=Utrecht, C=NL, serialNumber=42, emailAddress=web@example.com'
cat >wanted <<'END'
# Request to be made on: Cisco ACE
#   subject: CN=vip.example.com, O=Example\, Inc., OU=Web, L=Utrecht, ST=Utrecht, C=NL, serialNumber=42, emailAddress=web@example.com
#   name: vip.example.com
#   key: rsa:2048, signed with sha256
# What stands in angle brackets is yours to fill in; quotation marks in these remarks are not part of a value.
# [unconfirmed] behind a step: no document and no measurement at hand says so.

# On the ACE, in the context of the service. The key stays there:
  crypto generate key non-exportable 2048 vip.example.com.key
# Which fields a request must have depends on the release; one that is left out may be asked for [unconfirmed].
  configure
  crypto csr-params vip.example.com
    country NL
    state Utrecht
    locality Utrecht
    organization-name Example, Inc.
    organization-unit Web
    common-name vip.example.com
    serial-number 42
    email web@example.com
  end
# It prints the request: copy it, with its BEGIN and END lines, into a file.
  crypto generate csr vip.example.com vip.example.com.key
# When the certificate has come back, it must answer this key: crypto verify vip.example.com.key vip.example.com.pem
# The request has no alternative names: whoever signs it must add them.

# When its request is there, as a file:
#   this home signs it:    remint sign FILE --for cisco-ace --out DIR
#   another CA signs it:   remint request --request FILE --for cisco-ace --out DIR, then remint accept what comes back
END
expect_same wanted "$TMP/out" "an ACE, line by line"
[ ! -e home ] && ok "and nothing is recorded" || not_ok "and nothing is recorded"
expect_status 0 "a value beyond what a field is said to take" "$REMINT" request --for cisco-ace --on-device \
	--subject 'CN=vip.example.com, ST=A province whose name has more than forty letters'
expect_err 'at most 40 characters of ST' "is a warning"
expect_status 4 "a gateway without its fields is refused" "$REMINT" request --for symantec-gateway --on-device --cn sbg.example.com
expect_status 2 "a device needs its target" "$REMINT" request --on-device --cn a.example.com
expect_status 2 "a template's name is no command" "$REMINT" request --for windows-pfx --on-device --cn a.example.com --ca-template 'a" & calc'

# ---- INF and openssl.cnf ----------------------------------------------------------------------------------------------------------
# No Windows is here to run certreq: file(1) and grep look at it.
expect_status 0 "a Windows machine gets an INF" "$REMINT" request --for windows-pfx --on-device --subject 'CN=fe01.example.com, O=Example\, Inc.' \
	--dns fe01.example.com --dns pool.example.com --ca-template WebServerClient --out inf
tr -d '\r' <inf/fe01.example.com.inf >inf.txt
for line in '^Subject = "CN=fe01\.example\.com, O=""Example, Inc\.""' '^_continue_ = "DNS=fe01\.example\.com&"$' \
	'^_continue_ = "DNS=pool\.example\.com"$' '^2\.5\.29\.37 = "{text}1\.3\.6\.1\.5\.5\.7\.3\.1,1\.3\.6\.1\.5\.5\.7\.3\.2"$' \
	'^CertificateTemplate = "WebServerClient"$' '^MachineKeySet = TRUE$'; do
	expect_line inf.txt "$line" "which has: $line"
done
[ "$(grep -c "$(printf '\r$')" inf/fe01.example.com.inf)" = "$(wc -l <inf.txt)" ] && ok "every line ends as Windows wants it" ||
	not_ok "every line ends as Windows wants it"
expect_line inf/DEVICE.txt 'certreq -new fe01\.example\.com\.inf fe01\.example\.com\.req' "and the command that takes it"
check "it reads back" "$REMINT" show inf/fe01.example.com.inf
quietly openssl req -new -newkey rsa:2048 -nodes -keyout inf.key -out inf.csr -subj '/CN=a.example.com/O=Say "x", 50%' \
	-addext subjectAltName=DNS:a.example.com,IP:192.0.2.1
quietly openssl req -x509 -key inf.key -subj /CN=b.example.com -days 9 -out root.pem
printf '%s\n' keyUsage=keyAgreement tlsfeature=status_request >inf.ext
quietly openssl x509 -req -in inf.csr -signkey inf.key -days 9 -extfile inf.ext -out again.pem
expect_status 0 "a request becomes an INF" "$REMINT" convert inf.csr --to inf -o again.inf
"$REMINT" show --json again.inf | jq -r '.objects[0] | .fields[0].text, (.names | join(" "))' >got
printf '%s\n' 'CN=a.example.com, O="Say ""x"", 50%"' 'dns:a.example.com ip:192.0.2.1' >wanted
expect_same wanted got "that says the same"
expect_no_line again.inf '^KeyUsage|^2\.5\.29\.37' "and no purpose that it does not state"
expect_status 0 "so does a certificate" "$REMINT" convert again.pem --to inf
expect_err 'the inf does not say: tlsFeature' "which warns of what an INF has no words for"
tr -d '\r' <"$TMP/out" >got
expect_line got '^; left out: tlsFeature$' "and marks it in the file"
expect_line got '^KeyUsage = "CERT_KEY_AGREEMENT_KEY_USAGE"$' "next to the key usage that it states"
expect_line got '^Exportable = FALSE$' "for a key that stays"
expect_status 3 "a CA's certificate becomes none" "$REMINT" convert root.pem --to inf
expect_err 'asks for a machine.s certificate only' "and that is said"
expect_status 2 "nor a certificate beside a request" "$REMINT" convert again.pem inf.csr --to inf
expect_err 'a certificate and a request could be meant' "of which one is to be named"
quietly openssl req -new -utf8 -key inf.key -subj "/CN=a.example.com/O=$(printf 'x\342\200\256y')" -out bidi.csr
expect_status 3 "nor a name that runs backwards" "$REMINT" convert bidi.csr --to inf
expect_err 'subject.*U\+202E|U\+202E.*subject' "whose field is named"
expect_status 0 "a pool's machine" "$REMINT" request --for exchange --on-device --cn mail.example.com --out pool
tr -d '\r' <pool/mail.example.com.inf >got
expect_line got '^Exportable = TRUE$' "makes a key that may go to the others"
expect_line got '^; every server behind the name has' "with the reason beside it"
expect_line got '^2\.5\.29\.37 = "{text}1\.3\.6\.1\.5\.5\.7\.3\.1,1\.3\.6\.1\.5\.5\.7\.3\.2"$' "and asks for both purposes"
expect_status 0 "the same for another CA" "$REMINT" request --for exchange --cn mail.example.com --out other-pool
tr -d '\r' <other-pool/request.inf >got
expect_line got '^Exportable = TRUE$' "says so, too"
expect_status 0 "a form of the device's own" "$REMINT" request --for fortigate --on-device --cn vpn.example.com --out form
[ "$(ls form)" = DEVICE.txt ] && ok "needs no file" || not_ok "needs no file"
expect_status 0 "letters beyond ASCII" "$REMINT" request --for windows-pfx --on-device --subject 'CN=m.example.com, L=MÃ¼nchen' --out utf16
[ "$(head -c 2 utf16/m.example.com.inf | od -An -tx1 | tr -d ' ')" = fffe ] && ok "make it UTF-16 with its mark" ||
	not_ok "make it UTF-16 with its mark"
expect_status 0 "a server with openssl gets its configuration" "$REMINT" request --for nginx --on-device \
	--subject 'CN=web.example.com, O=Example $HOME "x" # y' --dns web.example.com --ip 192.0.2.1 --out cnf
(cd cnf && sh -c "$(sed -n 's/^  \(openssl req .*\)/\1/p; s/^  umask/umask/p' DEVICE.txt)") >cnf.log 2>&1 && ok "whose command runs as it stands" ||
	not_ok "whose command runs as it stands" cnf.log
openssl req -in cnf/web.example.com.csr -noout -text -nameopt RFC2253 -verify >cnf.txt 2>&1
expect_line cnf.txt 'Subject: O=Example \$HOME \\"x\\" # y,CN=web\.example\.com' "and makes what was asked for"
expect_line cnf.txt 'DNS:web\.example\.com, IP Address:192\.0\.2\.1' "with its names"

# ---- a home, and another CA -------------------------------------------------------------------------------------------------------
quietly "$REMINT" init --no-password --root-key ec:p256 --issuing-key ec:p256
cat >ca.cnf <<'END'
[ca]
default_ca = other
[other]
database = other.index
serial = other.serial
new_certs_dir = .
default_md = sha256
default_days = 90
policy = any
unique_subject = no
x509_extensions = leaf
copy_extensions = copy
[any]
commonName = optional
organizationName = optional
countryName = optional
localityName = optional
stateOrProvinceName = optional
[leaf]
basicConstraints = critical,CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical,CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = serverAuth
[client]
basicConstraints = critical,CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = clientAuth
[req]
distinguished_name = name
prompt = no
x509_extensions = root
[name]
O = Other
CN = Other Root
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
END
: >other.index
echo 1000 >other.serial
quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 3650 -config ca.cnf
# other_ca REQUEST CERTIFICATE [SECTION]: the other CA signs.
other_ca() {
	quietly openssl ca -batch -notext -config ca.cnf -keyfile other.key -cert other.pem -in "$1" -out "$2" -extensions "${3:-leaf}"
}
# state_of NAME: of the newest pending request of that name.
state_of() {
	"$REMINT" list --pending --all --json | jq -r "[.pending[] | select(.name == \"$1\")] | last | .state"
}
expect_state() {
	echo "$2" >wanted
	state_of "$1" >got
	expect_same wanted got "$3"
}

expect_status 0 "a request for another CA" "$REMINT" request --for nginx --cn web.example.com --dns web.example.com --out ask --ca-template Both
for file in request.pem request.der request.inf key.pem REQUEST.txt; do
	[ -s ask/$file ] && ok "comes with $file" || not_ok "comes with $file"
done
expect_line ask/request.inf '^; certreq -new request\.inf request\.req' "an INF that knows its name"
expect_status 0 "a request of another's" "$REMINT" request --request inf.csr --for nginx --out theirs --no-record
[ -s theirs/request.pem ] && [ ! -e theirs/request.inf ] && ok "comes without an INF for a new key" || not_ok "comes without an INF for a new key"
expect_no_line theirs/REQUEST.txt 'request\.inf' "and nothing speaks of one"
expect_line ask/REQUEST.txt 'certreq -submit -attrib "CertificateTemplate:Both" request\.pem new\.cer' "and the line that hands it in"
expect_line ask/request.inf '^2\.5\.29\.37 = "{text}1\.3\.6\.1\.5\.5\.7\.3\.1,1\.3\.6\.1\.5\.5\.7\.3\.2"' "an INF with both purposes"
openssl req -in ask/request.pem -noout -text >ask.txt
expect_line ask.txt 'TLS Web Server Authentication, TLS Web Client Authentication' "which the request asks for, too"
expect_state web.example.com open "and is waited for"
[ "$(find home/keys -name '*.pem' | wc -l)" = 3 ] && ok "with its key in the home" || not_ok "with its key in the home"

other_ca ask/request.pem wrong.cer client
other_ca ask/request.pem new.cer
count=$("$REMINT" list --json | jq '.certificates | length')
expect_status 3 "an answer whose issuers are not at hand" "$REMINT" accept new.cer --out bundle
expect_err 'issuers are not at hand: give them with --chain' "asks for them"
quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout twin.key -subj "$(openssl x509 -in other.pem -noout -subject -nameopt compat | sed 's/^subject= *//')" \
	-days 9 -out twin.pem
expect_status 3 "an issuer of that name that did not sign" "$REMINT" accept new.cer --chain twin.pem --out bundle
expect_err 'of its issuer.s name is at hand, but another key has signed it' "is told apart from none"
expect_status 1 "one that its target would refuse" "$REMINT" accept wrong.cer --chain other.pem --out bundle
expect_out 'leaf\.eku\.server-auth' "is told with the finding"
expect_out 'nothing was recorded' "and left alone"
[ ! -e bundle ] && [ "$("$REMINT" list --json | jq '.certificates | length')" = "$count" ] && ok "neither written nor recorded" ||
	not_ok "neither written nor recorded"
expect_state web.example.com open "so that a better one can come"
openssl x509 -in new.cer -outform DER -out new.der
openssl crl2pkcs7 -nocrl -certfile new.cer -certfile other.pem -out new.p7b
expect_status 0 "the answer as a P7B" "$REMINT" accept new.p7b --out bundle --json
jq -r '.accepted[0] | "\(.kind) \(.accepted) \(.again) \(.by_name) \(.findings | length)"' "$TMP/out" >got
echo 'external true false false 0' >wanted
expect_same wanted got "is accepted"
for file in fullchain.pem key.pem cert.pem chain.pem RUNBOOK.txt INSTALL-nginx.txt; do
	[ -s bundle/$file ] && ok "its bundle has $file" || not_ok "its bundle has $file"
done
openssl x509 -in bundle/fullchain.pem -noout -pubkey >wanted
openssl pkey -in bundle/key.pem -pubout >got
expect_same wanted got "the key belongs to it"
check "the chain verifies" openssl verify -CAfile other.pem bundle/cert.pem
expect_state web.example.com issued "nothing is waited for any more"
expect_status 0 "it is recorded" "$REMINT" history web.example.com
expect_out '\(foreign\)' "as another CA's"
expect_status 0 "with the database sound" "$REMINT" db check
expect_status 0 "the same again, as DER" "$REMINT" accept new.der --chain other.pem --out bundle
expect_out 'accepted before' "is no fault"
"$REMINT" ca list --json | jq -r '.authorities[] | select(.state == "foreign") | .subject' >got
echo 'O=Other, CN=Other Root' >wanted
expect_same wanted got "with its issuer, for whoever needs the chain later"
[ "$("$REMINT" list --json | jq '.certificates | length')" = $((count + 2)) ] && ok "and recorded once" || not_ok "and recorded once"
rm bundle/key.pem
expect_status 0 "a file that is missing" "$REMINT" accept new.der --chain other.pem --out bundle
[ -s bundle/key.pem ] && ok "is written again" || not_ok "is written again"
other_ca ask/request.pem second.cer
expect_status 4 "a second answer is refused" "$REMINT" accept second.cer --chain other.pem
expect_err 'answered already, by the certificate with serial number 1001 \(--anyway' "by the first one's number"
expect_status 0 "with consent it is the successor" "$REMINT" accept second.cer --chain other.pem --anyway
expect_out 'replaces +1001' "of the first"
expect_status 0 "which is accepted again like any other" "$REMINT" accept second.cer --chain other.pem
expect_out 'accepted before' "without a second record"
expect_status 0 "and the first one, too" "$REMINT" accept new.der --chain other.pem
expect_status 0 "both are sound" "$REMINT" db check
quietly openssl req -newkey rsa:2048 -nodes -keyout stray.key -out stray.csr -subj /CN=stray.example.com
other_ca stray.csr stray.cer server
expect_status 3 "a certificate that nobody waits for" "$REMINT" accept stray.cer --chain other.pem
expect_err 'stray\.cer: this certificate answers no pending request \(SHA-256 of its key: [0-9a-f]{64}\)' "is named with its key"
expect_status 3 "a CA's own certificate is no answer" "$REMINT" accept other.pem

# ---- consent, and several at once ---------------------------------------------------------------------------------------------------
quietly "$REMINT" request --for nginx --cn one.example.com --dns one.example.com --out one
quietly "$REMINT" request --for nginx --cn two.example.com --dns two.example.com --dns more.example.com --out two
other_ca one/request.pem one.cer client
quietly openssl x509 -req -in two/request.pem -CA other.pem -CAkey other.key -set_serial 77 -days 90 -out two.cer -extfile ca.cnf -extensions server
expect_status 4 "of several" "$REMINT" accept one.cer two.cer stray.cer --chain other.pem --out several --json
expect_err 'stray\.cer: .*answers no pending request' "each that is wrong has its line"
expect_err 'dns:more\.example\.com was asked for, and is not in the certificate: nothing was recorded' "a name that was left out refuses it"
expect_state two.example.com open "and its request waits on"
expect_status 0 "until somebody takes it as it is" "$REMINT" accept two.cer --chain other.pem --anyway
expect_err 'dns:more\.example\.com was asked for' "which is said"
expect_err 'the purpose clientAuth was asked for, and is not in the certificate' "with the purpose that is missing"
expect_state two.example.com issued "and closes the request"
expect_status 0 "and with consent" "$REMINT" accept one.cer --chain other.pem --anyway --out consent
expect_state one.example.com issued "even the refused one is taken"

# ---- certtool as the other CA --------------------------------------------------------------------------------------------------------
if command -v certtool >/dev/null 2>&1; then
	quietly "$REMINT" request --for nginx --cn gnutls.example.com --dns gnutls.example.com --out gnutls
	printf '%s\n' 'dns_name = gnutls.example.com' tls_www_server tls_www_client signing_key encryption_key 'expiration_days = 90' >gnutls.cfg
	quietly certtool --generate-certificate --load-request gnutls/request.pem --load-ca-certificate other.pem --load-ca-privkey other.key \
		--template gnutls.cfg --outfile gnutls.cer
	expect_status 0 "an answer of certtool" "$REMINT" accept gnutls.cer --chain other.pem --out from-gnutls
	expect_state gnutls.example.com issued "is accepted as well"
else
	skip "certtool is not installed" "an answer of certtool"
fi

# ---- a device's own request ---------------------------------------------------------------------------------------------------------
subject='CN=sbg.example.com, O=Example, L=Utrecht, ST=Utrecht, C=NL'
expect_status 0 "a gateway is told" "$REMINT" request --for symantec-gateway --on-device --subject "$subject"
expect_err 'pending request [0-9]+:' "and its request waited for"
expect_status 0 "once" "$REMINT" request --for symantec-gateway --on-device --subject "$subject"
expect_err '\(as before\)' "however often it is told"
quietly openssl req -new -newkey rsa:2048 -nodes -keyout sbg.key -out sbg.csr -subj '/CN=sbg.example.com/O=Example/L=Utrecht/ST=Utrecht/C=NL'
quietly openssl req -new -key sbg.key -out evil.csr -subj '/CN=sbg.example.com/O=Other/L=Utrecht/ST=Utrecht/C=NL'
expect_status 4 "a request that is not what was asked for" "$REMINT" request --request evil.csr --for symantec-gateway --out sbg
expect_err 'O is "Other" instead of "Example"' "is refused, with the reason"
[ ! -e sbg ] && ok "and nothing is written" || not_ok "and nothing is written"
expect_status 0 "the right one goes to the other CA" "$REMINT" request --request sbg.csr --for symantec-gateway --out sbg
[ ! -e sbg/key.pem ] && ok "without a key" || not_ok "without a key"
"$REMINT" list --pending --all --json | jq -r '.pending[] | select(.name == "sbg.example.com") | "\(.kind) \(.state)"' >got
printf '%s\n' 'device withdrawn' 'external open' >wanted
expect_same wanted got "and takes the place of what was waited for"
printf 'subjectAltName=DNS:sbg.example.com\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n' >sbg.ext
quietly openssl x509 -req -in sbg/request.pem -CA other.pem -CAkey other.key -set_serial 4242 -days 90 -outform DER -out sbg.cer -extfile sbg.ext
expect_status 0 "what comes back as DER" "$REMINT" accept sbg.cer --chain other.pem --out gateway
head -1 gateway/sbg.example.com.pem >got
echo '-----BEGIN CERTIFICATE-----' >wanted
expect_same wanted got "is PEM for the gateway"
[ ! -e gateway/key.pem ] && ok "which has the key" || not_ok "which has the key"
expect_status 0 "a device whose request nobody saw" "$REMINT" request --for windows-pfx --on-device --cn unseen.example.com --out unseen
quietly openssl req -new -newkey rsa:2048 -nodes -keyout unseen.key -out unseen.csr -subj /CN=unseen.example.com -addext subjectAltName=DNS:unseen.example.com
other_ca unseen.csr unseen.cer server
expect_status 0 "is matched by its name" "$REMINT" accept unseen.cer --chain other.pem --json
jq -r '.accepted[0] | "\(.kind) \(.by_name)"' "$TMP/out" >got
echo 'device true' >wanted
expect_same wanted got "which is said"
expect_status 0 "again" "$REMINT" accept unseen.cer --chain other.pem --json
jq -r '.accepted[0].again' "$TMP/out" >got
echo true >wanted
expect_same wanted got "is the same again"

# ---- names that a device's request cannot ask for ----------------------------------------------------------------------------------
subject='CN=owed.example.com, O=Example, L=Utrecht, ST=Utrecht, C=NL'
expect_status 0 "a gateway is to have another name" "$REMINT" request --for symantec-gateway --on-device --subject "$subject" \
	--dns owed.example.com --dns quarantine.example.com
quietly openssl req -new -newkey rsa:2048 -nodes -keyout owed.key -out owed.csr -subj '/CN=owed.example.com/O=Example/L=Utrecht/ST=Utrecht/C=NL'
expect_status 0 "its request goes to the other CA" "$REMINT" request --request owed.csr --for symantec-gateway --out owed
expect_err 'does not ask for dns:owed.example.com, dns:quarantine.example.com: have the CA add' "which is to add its names"
expect_status 0 "shown once more" "$REMINT" request --request owed.csr --for symantec-gateway --out owed --force
expect_err '\(as before\)' "it is the same"
owed() { # NAMES FILE SERIAL
	printf 'subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n' "$1" >owed.ext
	quietly openssl x509 -req -in owed.csr -CA other.pem -CAkey other.key -set_serial "$3" -days 90 -out "$2" -extfile owed.ext
}
owed DNS:owed.example.com short.cer 4343
refused=$("$REMINT" accept short.cer --chain other.pem 2>&1 >/dev/null) && status=0 || status=$?
printf '%s %s\n' "$status" "$refused" >got
expect_line got '^4 .*dns:quarantine.example.com was asked for, and is not in the certificate' "a certificate without one is refused"
owed DNS:owed.example.com,DNS:quarantine.example.com whole.cer 4344
expect_status 0 "one with both is taken" "$REMINT" accept whole.cer --chain other.pem
expect_status 0 "a request without names or purposes" "$REMINT" request --subject 'O=Example' --no-record --out bare
expect_no_line bare/request.inf '^\[Extensions\]' "has no empty section in its INF"
expect_line bare/request.inf '^\[RequestAttributes\]' "and the rest of it"
expect_status 0 "the database is sound" "$REMINT" db check
tap_done
