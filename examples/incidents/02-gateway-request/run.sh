#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Incident 2: the web interface of a Symantec Brightmail Gateway shows the certificate that it signed itself. Its request
# has to be made on the device (old in style: version 1, SHA-1, no SAN), and the answer has to come back as PEM, after
# the CAs: what certsrv hands out as ".cer" is DER or PKCS#7 as often as not. remint says what to fill in on the device, waits
# for its request and signs it for what was recorded.
#
#	examples/incidents/02-gateway-request/run.sh [DIR]
#
# The gateway is an openssl key and request and an openssl server. The browser is `remint verify --as apple-2019`, which
# like every browser ignores the CN (openssl s_client does not), and where python3 is installed a client of Python's that
# was told to.

. "$(dirname "$0")/../lib.sh"
incident "Incident 2: the gateway that makes its own request and takes PEM only" "$@"
also python3
host=sbg.corp.example
subject="/C=FR/ST=Ile-de-France/L=Paris/O=Corp/OU=Messaging/CN=$host"

# browser accepts|refuses ROOT: a client that looks for its host among the alternative names alone.
browser() {
	browser_status=0
	[ "$1" = accepts ] || browser_status=1
	run $browser_status remint verify "127.0.0.1:$port" --name $host --as apple-2019 --trust "$2"
	have python3 || return 0
	browser_got=accepts
	python3 - "$host" "$port" "$2" >said 2>&1 <<'PYTHON' || browser_got=refuses
import socket, ssl, sys
host, port, root = sys.argv[1:]
context = ssl.create_default_context(cafile=root)
context.hostname_checks_common_name = False
try:
    context.wrap_socket(socket.create_connection(("127.0.0.1", int(port)), 10), server_hostname=host).close()
except ssl.SSLError as error:
    sys.exit("client: " + str(error.reason) + ": " + str(getattr(error, "verify_message", "")))
PYTHON
	printf '   %-46s %s\n' "Python at https://$host/" "$browser_got"
	sed 's/^/       /' said
	[ "$browser_got" = "$1" ] || failed "the browser $browser_got"
}

say "The gateway as it comes: a certificate that it signed itself; no client trusts it (error 18)"
key root issuing gateway
certify selfsigned gateway "$subject" sha256 3650 self 'basicConstraints=CA:TRUE'
certify root root '/DC=example/DC=corp/CN=Corp Root CA' sha256 3650 self "$ca_extensions"
certify issuing issuing '/DC=example/DC=corp/CN=Corp Issuing CA' sha256 1825 root "$ca_extensions
authorityKeyIdentifier=keyid"
serve -cert selfsigned.pem -key gateway.key
meet "openssl at the quarantine's address" refuses -CAfile root.pem -verify_return_error -verify_hostname $host
told 'num=18:'
browser refuses root.pem
quietly remint explain NET::ERR_CERT_AUTHORITY_INVALID
told 'Certification Authority Signed' "explain knows the gateway's way: CAs first, request on the device, PEM back"

say "What to fill in on the gateway: its form, field by field; from now on its request is waited for"
quietly remint init --no-password --root-key rsa:2048 --issuing-key rsa:2048 --publish-url http://pki.corp.example/
run remint request --for symantec-gateway --on-device --subject "CN=$host, OU=Messaging, O=Corp, L=Paris, ST=Ile-de-France, C=FR"
told "Common name: $host"
told 'Organization: Corp'
run remint list --pending
told "$host"

say "The request that the gateway makes: SHA-1, no SAN, not even an attribute; its state is now Requested"
bare_request gateway gateway 0 C=FR ST=Ile-de-France L=Paris O=Corp OU=Messaging "CN=$host"
openssl req -inform DER -in gateway.der -out gateway.csr
openssl req -in gateway.csr -noout -text | grep -E 'Version|Subject:|Signature Algorithm' | sed 's/^ */   /'

say "What certsrv made of it: signed as it stood, without a SAN, and saved as .cer in DER and in PKCS#7"
certify certsrv gateway "$subject" sha256 730 issuing "$leaf_extensions
extendedKeyUsage=serverAuth"
openssl x509 -in certsrv.pem -outform DER -out certnew.cer
cat issuing.pem root.pem >cas.pem
openssl crl2pkcs7 -nocrl -certfile certsrv.pem -certfile cas.pem -outform DER -out certnew-chain.cer
serve -cert certsrv.pem -key gateway.key -cert_chain issuing.pem
browser refuses root.pem

say "Audit: the form that the import rejects, and the name that browsers miss"
run 1 remint audit certnew.cer --chain cas.pem --for symantec-gateway
told 'container.format'
told 'leaf.san.present'
quietly 1 remint audit certnew-chain.cer --for symantec-gateway
told 'container.format' "the PKCS#7 under the name .cer is found, too"

say "Explain: what the gateway says, tried on the file"
run remint explain 'The certificate cannot be imported' certnew.cer --limit 1
told 'reads PEM only'
quietly remint explain NET::ERR_CERT_COMMON_NAME_INVALID certsrv.pem
told 'leaf.san.present' "and what the browser says"

say "One way: Remint signs what it waited for, by the record; the template adds the CN as a SAN, the digest is SHA-256"
run remint sign gateway.csr --out signed
told 'answers request 1'
openssl x509 -in signed/gateway.pem -noout -ext subjectAltName | grep -q "DNS:$host" || failed "the CN is not repeated as a SAN"
run remint list --pending
untold "$host"
run remint list --pending --all
told 'issued'
quietly remint ca export --out trust
cp signed/gateway.pem answer.pem

say "The other: the CA of the house signs again, with a SAN this time, and hands out DER; nothing is to be signed, only converted"
certify again gateway "$subject" sha256 730 issuing "$leaf_extensions
extendedKeyUsage=serverAuth
subjectAltName=DNS:$host"
openssl x509 -in again.pem -outform DER -out certnew.cer
run 1 remint plan certnew.cer --for symantec-gateway --chain cas.pem --trust root.pem -o plan.json
told 'container.format: 1 certificate, convert'
edit_plan device '"gateway"'

say "Apply: the certificate as it is, in the form and order of the import; the runbook says where each file goes"
run remint apply plan.json --commit --out campaign --chain cas.pem
sed -n '/^2\. Install/,/^[3-9]\. /p' campaign/gateway/RUNBOOK.txt | sed '$d; s/^/   /'

# importable DIR: the certificate alone and a bundle of the CAs, both plain PEM, for the key on the gateway.
importable() {
	for file in $1/ca-bundle.pem $1/$host.pem; do
		head -c 27 $file | grep -q '^-----BEGIN CERTIFICATE-----' || failed "$file does not begin as the gateway wants it"
		! grep -q '[^ -~]' $file || failed "$file is not plain ASCII"
	done
	[ "$(grep -c BEGIN $1/$host.pem)" -eq 1 ] || failed "the certificate does not stand alone"
	[ "$(openssl x509 -in $1/$host.pem -noout -pubkey)" = "$(openssl pkey -in gateway.key -pubout)" ] ||
		failed "the certificate is not for the key on the gateway"
	openssl crl2pkcs7 -nocrl -certfile $1/ca-bundle.pem | openssl pkcs7 -print_certs -noout | sed -n "s|^subject=|   $1/ca-bundle.pem: |p"
	quietly remint audit $1/$host.pem --chain $1/ca-bundle.pem --trust $1/ca-bundle.pem --for symantec-gateway
	# The import: key on the device, certificate, and the first of the CAs as the intermediate.
	openssl x509 -in $1/ca-bundle.pem -out intermediate.pem
	serve -cert $1/$host.pem -key gateway.key -cert_chain intermediate.pem
}

say "The gateway after each import: its key, the certificate, the CAs that it was given first; accepted"
quietly remint convert answer.pem --chain trust/chain.pem --chain trust/root.pem --for symantec-gateway --out import
importable import
meet "openssl at the quarantine's address" accepts -CAfile trust/root.pem -verify_return_error -verify_hostname $host
browser accepts trust/root.pem
importable campaign/gateway
meet "openssl at the quarantine's address" accepts -CAfile root.pem -verify_return_error -verify_hostname $host
browser accepts root.pem
stop

printf '\nThe quarantine opens without a warning.\n'
