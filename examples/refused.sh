#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes, with the plain openssl command, the certificate of an incident: what an internal Microsoft-style CA gave a
# server from its "Web Server" template. Its extended key usage lists serverAuth only, and it has no subjectAltName.
#
#	examples/refused.sh DIR [NAME]
#
# Leaves in DIR: old.pfx (modern cipher, passphrase in pfx.pass), issuer.cer (DER), chain.p7b (DER), root.pem, and
# the same as PEM (old.pem, old.key, issuer.pem) for openssl s_server and s_client.

set -eu
dir=${1:?usage: examples/refused.sh DIR [NAME]}
name=${2:-edge.corp.example}
mkdir -p "$dir"
cd "$dir"
umask 077

# make NAME SUBJECT DAYS EXTENSIONS [ISSUER]
make_cert() {
	printf '%s\n' "$4" >"$1.ext"
	openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -subj "$2" -out "$1.csr" 2>/dev/null
	if [ $# -eq 4 ]; then
		set -- "$@" "$1"
		openssl x509 -req -in "$1.csr" -signkey "$1.key" -days "$3" -sha256 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
	else
		openssl x509 -req -in "$1.csr" -CA "$5.pem" -CAkey "$5.key" -CAcreateserial -days "$3" -sha256 \
			-extfile "$1.ext" -out "$1.pem" 2>/dev/null
	fi
	rm -f "$1.csr" "$1.ext"
}

ca='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash'
make_cert root '/DC=example/DC=corp/CN=Corp Root CA' 3650 "$ca"
make_cert issuer '/DC=example/DC=corp/CN=Corp Issuing CA 1' 1825 "$ca
authorityKeyIdentifier=keyid" root
make_cert old "/C=DE/O=Corp/OU=IT/CN=$name" 730 'keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
1.3.6.1.4.1.311.20.2=ASN1:BMPSTRING:WebServer
crlDistributionPoints=URI:http://pki.corp.example/issuing1.crl' issuer

echo 'correct horse' >pfx.pass
openssl pkcs12 -export -in old.pem -inkey old.key -certfile issuer.pem -name "$name" -passout file:pfx.pass -out old.pfx
openssl x509 -in issuer.pem -outform DER -out issuer.cer
cat issuer.pem root.pem >chain.tmp
openssl crl2pkcs7 -nocrl -certfile chain.tmp -outform DER -out chain.p7b
rm -f chain.tmp ./*.srl
