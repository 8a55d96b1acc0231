#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the seeds of fuzz_x509 with the plain openssl command: one file for each kind of object and extension. Run by
# hand when a seed is missing; the keys are thrown away, so that the bytes differ each time.
set -eu

out=${1:?usage: make_x509_corpus.sh DIRECTORY}
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >conf <<'END'
[req]
distinguished_name = dn
string_mask = default
[dn]
[root]
basicConstraints = critical, CA:TRUE, pathlen:2
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always, issuer:always
nameConstraints = permitted;DNS:.example, excluded;IP:10.0.0.0/255.0.0.0, permitted;dirName:base
policyConstraints = requireExplicitPolicy:3, inhibitPolicyMapping:0
inhibitAnyPolicy = 2
policyMappings = 1.2.3:1.2.4
[base]
C = DE
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth, 1.3.6.1.4.1.311.20.2.2
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = @names
issuerAltName = issuer:copy
crlDistributionPoints = point1, point2
freshestCRL = URI:http://example/delta.crl
authorityInfoAccess = OCSP;URI:http://example/ocsp, caIssuers;URI:http://example/ca.cer
certificatePolicies = 2.23.140.1.2.1, @statement
nsComment = "a comment"
nsCertType = client, server
tlsfeature = status_request
noCheck = ignored
[names]
DNS.1 = host.example
DNS.2 = *.host.example
IP.1 = 192.0.2.1
IP.2 = 2001:db8::1
email.1 = user@host.example
URI.1 = https://host.example/
RID.1 = 1.2.3.4
dirName.1 = base
otherName.1 = 1.3.6.1.4.1.311.20.2.3;UTF8:user@host.example
[point1]
fullname = URI:http://example/1.crl, URI:ldap:///cn=1
reasons = keyCompromise, CACompromise
CRLissuer = dirName:base
[point2]
relativename = base
[statement]
policyIdentifier = 1.2.3
CPS.1 = "http://example/cps"
userNotice.1 = @notice
[notice]
explicitText = "UTF8:text"
organization = "Example"
noticeNumbers = 1, 2
[microsoft]
1.3.6.1.4.1.311.20.2 = ASN1:BMPSTRING:WebServer
1.3.6.1.4.1.311.21.1 = ASN1:INTEGER:65537
1.3.6.1.4.1.311.21.7 = ASN1:SEQUENCE:template
1.3.6.1.4.1.311.21.10 = ASN1:SEQUENCE:policies
1.3.6.1.4.1.311.25.2 = DER:30:17:a0:15:06:0a:2b:06:01:04:01:82:37:19:02:01:a0:07:04:05:53:2d:31:2d:35
1.3.6.1.4.1.11129.2.4.2 = DER:04:2f:00:2d:00:2b:00:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f:00:00:01:90:00:00:00:00:00:00
[template]
oid = OID:1.3.6.1.4.1.311.21.8.8612494.8956129
major = INTEGER:100
minor = INTEGER:5
[policies]
one = SEQUENCE:policy
[policy]
oid = OID:serverAuth
[hostile]
subjectAltName = ASN1:SEQUENCE:bad_names
nsComment = "quiet"
[bad_names]
one = IMPLICIT:2, FORMAT:HEX, OCTETSTRING:612c2c20444e533a62616e6b2e6578616d706c65
two = IMPLICIT:2, FORMAT:HEX, OCTETSTRING:1b5b33316d0a00
three = IMPLICIT:7, FORMAT:HEX, OCTETSTRING:0102030405
[wish]
subjectAltName = DNS:host.example
keyUsage = digitalSignature
[ca]
default_ca = this
[this]
database = index
default_md = sha256
crl_extensions = crl
crlnumber = number
[crl]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical, @scope
[scope]
fullname = URI:http://example/1.crl
onlyCA = TRUE
indirectCRL = TRUE
[delta]
2.5.29.27 = critical, ASN1:INTEGER:5
END

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

certificate() { # NAME SUBJECT SECTION [OPTION...]
	file=$1 subject=$2 section=$3
	shift 3
	openssl req -x509 -new -config conf -utf8 -subj "$subject" -extensions "$section" -key key -days 3650 \
		-outform DER -out "$out/cert-$file.der" "$@"
}

key key
certificate root '/C=DE/O=Example, Inc/CN=Root' root -set_serial 0x7f0102030405060708090a0b0c0d0e0f10111213
certificate microsoft '/DC=example/DC=corp/CN=Web' microsoft
certificate hostile '/CN=a, O=b/OU=\+<>;"#/L=\\' hostile
certificate latin '/CN=Zoë/O=中文' root -days 20000
certificate set '/CN=a+OU=b/emailAddress=a@b.example' leaf -multivalue-rdn
certificate zero '/serialNumber=5' wish -set_serial 0
openssl req -x509 -new -config conf -subj /CN=root -extensions root -key key -days 3650 -out root.pem
openssl req -new -config conf -subj /CN=leaf -key key -out leaf.csr
openssl x509 -req -in leaf.csr -CA root.pem -CAkey key -extfile conf -extensions leaf -days 199 -set_serial 0x80 \
	-outform DER -out "$out/cert-leaf.der"
openssl x509 -req -in leaf.csr -CA root.pem -CAkey key -days 30 -set_serial -5 -outform DER -out "$out/cert-v1.der"
openssl genpkey -algorithm ED25519 -out ed.key
openssl req -x509 -new -config conf -subj /CN=ed -key ed.key -days 30 -outform DER -out "$out/cert-ed25519.der"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa.key 2>/dev/null
openssl req -x509 -new -config conf -subj /CN=pss -key rsa.key -sigopt rsa_padding_mode:pss -days 30 -outform DER \
	-out "$out/cert-pss.der"

openssl req -new -config conf -subj /CN=host -key key -outform DER -out "$out/request-plain.der"
openssl req -new -config conf -subj /CN=host -reqexts wish -key key -outform DER -out "$out/request-wish.der"
cat >conf-challenge <<'END'
[req]
distinguished_name = dn
attributes = wishes
prompt = no
req_extensions = wish
[dn]
CN = host
[wishes]
challengePassword = secret
[wish]
subjectAltName = DNS:host.example
END
openssl req -new -config conf-challenge -key key -outform DER -out "$out/request-challenge.der"

: >index
echo 05 >number
gencrl() { openssl ca -config conf -name this -gencrl -cert root.pem -keyfile key -crldays 30 "$@"; }
gencrl -out empty.pem
printf 'R\t270101000000Z\t260101000000Z,keyCompromise\t05\tunknown\t/CN=a\n' >index
printf 'R\t270101000000Z\t260101000000Z\t0080\tunknown\t/CN=b\n' >>index
printf 'R\t270101000000Z\t260101000000Z,keyTime,20251231235959Z\t07\tunknown\t/CN=c\n' >>index
gencrl -out full.pem
gencrl -crlexts delta -out delta.pem
for crl in empty full delta; do
	openssl crl -in $crl.pem -outform DER -out "$out/crl-$crl.der"
done

# A message in indefinite lengths and segments, without its certificates.
echo text | openssl cms -sign -signer root.pem -inkey key -stream -nodetach -nocerts -outform DER -out "$out/ber-cms.der"

bytes() { # NAME HEX
	awk -v hex="$2" 'BEGIN {
		digits = "0123456789abcdef"
		for (i = 1; i < length(hex); i += 2)
			printf "\\0%03o", 16 * (index(digits, substr(hex, i, 1)) - 1) + index(digits, substr(hex, i + 1, 1)) - 1
	}' >escapes
	printf %b "$(cat escapes)" >"$out/$1.der"
}
bytes name-bits 301c310d300b06035504031e0400610062310b3009060355040303020041
bytes name-set 30163114300806035504030c01613008060355040b130162
bytes general-many 30118201618103614062870088012aa4023000
bytes value-usage 030206c0
bytes value-basic 30060101ff020100
bytes value-eku 300e06082b0601050507030106022a03
bytes value-sct 04050003000107
bytes ber-deep 30803080308030803080308030803080
bytes ber-segments 2480240a0401612405040162040004016300000000
bytes empty ''
