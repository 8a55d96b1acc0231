#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every form of input, made by the tools that make it in the field: openssl, certtool, NSS, keytool, Python's cryptography, ssh-keygen,
# puttygen, zip, iconv. Each file must give the objects listed beside it, and the note.
. "${srcdir:-.}/tests/lib/tap.sh"
need openssl iconv
cd "$TMP" || exit 99
printf 'Pass-word 1\n' >pass

# gives SENTENCE FILE OBJECTS [NOTE]: what show finds in it, in its order.
gives() {
	if [ ! -s "$2" ]; then
		skip "the tool at hand could not make it" "$1"
		return
	fi
	"$REMINT" show --password-file pass "$2" >shown 2>said
	found=$(sed -n 's/^\([a-z-]*\) .* #[0-9]*, .*/\1/p; s/^\([a-z-]*\)  [^ ].* #[0-9]*, .*/\1/p' shown | tr '\n' ' ')
	if [ "$found" != "$3 " ]; then
		echo "found: $found" >found
		not_ok "$1" found shown said
	elif [ -n "$4" ] && ! tr -s '\n ' '  ' <shown | grep -q -- "$4"; then
		not_ok "$1: $4" shown
	else
		ok "$1"
	fi
}

made() { # made FILE COMMAND...: what fails leaves no file
	made_file=$1
	shift
	"$@" >made.log 2>&1 || rm -f "$made_file"
}

wrap() { # wrap LABEL FILE: PEM around a file's bytes
	echo "-----BEGIN $1-----"
	openssl base64 -in "$2"
	echo "-----END $1-----"
}

# ---- openssl
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=ca -days 30 -out ca.pem 2>made.log
openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=leaf.corp.example -out csr.pem 2>made.log
openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -set_serial 0x6100000012 -days 20 -out leaf.pem 2>made.log
cat leaf.pem ca.pem >chain.pem
openssl x509 -in leaf.pem -outform DER -out leaf.der
openssl x509 -in leaf.pem -trustout -addtrust serverAuth -out trusted.pem
openssl x509 -in leaf.pem -text -out text.pem
openssl x509 -in leaf.pem -text -noout -out text.only
openssl crl2pkcs7 -nocrl -certfile chain.pem -outform DER -out chain.p7b
openssl crl2pkcs7 -nocrl -certfile chain.pem -out chain.p7b.pem
sed 's/PKCS7/CERTIFICATE/' chain.p7b.pem >chain.certsrv
echo text >text
openssl cms -sign -stream -nodetach -binary -in text -signer leaf.pem -inkey key.pem -certfile ca.pem -outform DER -out stream.ber
openssl req -in csr.pem -newhdr -out new.csr 2>made.log || cp csr.pem new.csr
openssl rsa -in key.pem -traditional -out pkcs1.pem 2>made.log
openssl rsa -in key.pem -traditional -aes256 -passout 'pass:Pass-word 1' -out traditional.pem 2>made.log
openssl ecparam -name prime256v1 -genkey -out sec1.pem
openssl pkcs8 -topk8 -in key.pem -v2 aes256 -passout 'pass:Pass-word 1' -out pbes2.pem
openssl pkcs8 -topk8 -in key.pem -scrypt -passout 'pass:Pass-word 1' -outform DER -out scrypt.der
made pbes1.pem openssl pkcs8 -topk8 -in key.pem -v1 PBE-MD5-DES -passout 'pass:Pass-word 1' -out pbes1.pem -provider legacy -provider default
gives "a certificate in PEM" leaf.pem certificate
gives "a chain in PEM" chain.pem "certificate certificate"
gives "a certificate in DER" leaf.der certificate
gives "OpenSSL's trusted certificate" trusted.pem certificate
gives "a text dump before the PEM" text.pem certificate
gives "a text dump alone" text.only unsupported 'export it without -noout'
gives "PKCS#7 in DER" chain.p7b "certificate certificate"
gives "PKCS#7 in PEM" chain.p7b.pem "certificate certificate"
gives "PKCS#7 as certsrv labels it" chain.certsrv "certificate certificate" 'a PKCS#7 container under the label CERTIFICATE'
gives "CMS in BER, streamed" stream.ber "certificate certificate"
gives "a request" csr.pem request
gives "a request under the older label" new.csr request
gives "PKCS#1" pkcs1.pem private-key
gives "traditional encryption" traditional.pem private-key encrypted
gives "SEC1" sec1.pem private-key
gives "PKCS#8 under PBES2" pbes2.pem private-key encrypted
gives "PKCS#8 under scrypt" scrypt.der private-key encrypted
gives "PKCS#8 under PBES1" pbes1.pem private-key encrypted

pfx() { # pfx FILE OPTION...
	pfx_file=$1
	shift
	made "$pfx_file" openssl pkcs12 -export -in leaf.pem -inkey key.pem -certfile ca.pem -name Leaf -passout 'pass:Pass-word 1' "$@" -out "$pfx_file"
}
pfx modern.pfx
pfx compat.pfx -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
pfx legacy.pfx -legacy
pfx nomac.pfx -nomac
pfx pbmac1.pfx -pbmac1_pbkdf2
pfx empty.pfx -passout pass:
for form in modern compat legacy nomac pbmac1 empty; do
	gives "PKCS#12, $form" $form.pfx "certificate certificate private-key"
done
wrap PKCS12 modern.pfx >pfx.pem
gives "a PFX inside PEM armour" pfx.pem "certificate certificate private-key" 'a PFX inside PEM armour'

# ---- what Windows and people do to it
iconv -f UTF-8 -t UTF-16LE leaf.pem >utf16le.cer
iconv -f UTF-8 -t UTF-16 leaf.pem >utf16.cer
iconv -f UTF-8 -t UTF-16BE leaf.pem >utf16be.cer
sed 's/$/\r/' leaf.pem >crlf.cer
tr '\n' '\r' <leaf.pem >cr.cer
grep -v -- ----- leaf.pem >bare.txt
{ cat leaf.der; printf '\0\0\0\0'; } >padded.der
gives "UTF-16 without a mark" utf16le.cer certificate 'UTF-16 text: converted'
gives "UTF-16 with its mark" utf16.cer certificate 'UTF-16 text: converted'
gives "UTF-16 big-endian" utf16be.cer certificate 'UTF-16 text: converted'
gives "CRLF" crlf.cer certificate
gives "CR only" cr.cer certificate
printf 'apiVersion: v1\ndata:\n  tls.crt: %s\n  tls.key: %s\nkind: Secret\n' "$(base64 -w 0 chain.pem)" "$(base64 -w 0 key.pem)" >secret.yaml
gives "a Kubernetes Secret" secret.yaml 'certificate certificate private-key' 'base64 of a PEM: decoded'
base64 leaf.pem >coded.txt
gives "base64 of a PEM" coded.txt certificate 'base64 of a PEM: decoded'
gives "base64 alone" bare.txt certificate 'a base64 body without BEGIN line: accepted as certificate'
gives "DER with bytes behind it" padded.der certificate 'after its end'
gives "a PKCS#7 named like a PFX" chain.p7b "certificate certificate"
cp chain.p7b wrong.pfx
gives "a PKCS#7 that is named like a PFX" wrong.pfx "certificate certificate" 'named like a PFX, but it is a PKCS#7'
if have python3; then
	python3 -c 'import json,sys; print(json.dumps({"certificate": open("leaf.pem").read(), "chain": [open("ca.pem").read()]}))' >leaf.json
	python3 -c 'import quopri,sys; sys.stdout.buffer.write(quopri.encodestring(open("leaf.pem","rb").read()))' >leaf.eml
	gives "JSON, all on one line" leaf.json "certificate certificate" 'line ends written as'
	gives "quoted-printable" leaf.eml certificate
else
	skip "python3 is not installed" "JSON and quoted-printable"
fi
openssl req -new -key ca.key -subj /CN=other -out other.csr 2>made.log
"$REMINT" show leaf.pem ca.key >shown 2>said
tr '\n' ' ' <said | grep -q 'ca.key: the key belongs to another certificate: SPKI ' && ok "a key beside another certificate is named" ||
	not_ok "a key beside another certificate is named" said

# ---- certreq: requests within CMC and PKCS#7, a full answer
if have python3; then
	openssl req -in csr.pem -outform DER -out csr.der
	python3 - <<'PY'
def tlv(tag, body):
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + body
seq = lambda *parts: tlv(0x30, b"".join(parts))
one = tlv(2, b"\1")
open("pkidata", "wb").write(seq(seq(), seq(tlv(0xa0, one + open("csr.der", "rb").read())), seq(), seq()))
status = seq(tlv(2, b"\0"), seq(one), tlv(12, b"Issued"))
open("pkiresponse", "wb").write(seq(seq(seq(one, bytes.fromhex("06082b06010505070701"), tlv(0x31, status))), seq(), seq()))
PY
	cms="openssl cms -sign -binary -nodetach -signer leaf.pem -inkey key.pem -outform DER"
	$cms -in pkidata -econtent_type 1.3.6.1.5.5.7.12.2 -out cmc.req
	$cms -in csr.der -out renewal.req
	$cms -in pkiresponse -econtent_type 1.3.6.1.5.5.7.12.3 -certfile ca.pem -out answer.rsp
	wrap 'NEW CERTIFICATE REQUEST' cmc.req >cmc.pem
	gives "a request within CMC" cmc.req "request certificate" 'the request inside a CMC message'
	gives "the same in PEM as certreq writes it" cmc.pem "request certificate" 'the request inside a CMC message'
	gives "a renewal within PKCS#7" renewal.req "request certificate" 'the request inside a signed message'
	gives "a CA's full answer" answer.rsp "certificate certificate" "a CA's full answer to a request"
else
	skip "python3 is not installed" "requests of certreq"
fi

# ---- certutil's listing, around a real certificate, in the charsets of Windows
{
	printf '"Issued Request ID","Requester Name","Serial Number","Certificate Expiration Date","Request Disposition","Binary Certificate"\r\n'
	printf '"12","CORP\\web$","6100000012","11/22/2030 5:53 AM","20 -- Issued","'
	sed 's/$/\r/' leaf.pem
	printf '"\r\n"13","CORP\\M\303\274ller","6100000013","11/22/2030 5:53 AM","21 -- Revoked",EMPTY\r\n'
} >listing.csv
iconv -f UTF-8 -t UTF-16 listing.csv >listing.utf16
iconv -f UTF-8 -t CP850 listing.csv >listing.850
for form in csv utf16 850; do
	gives "a listing of certutil ($form)" listing.$form "certificate listing" 'requester CORP.M.*ller'
done

# ---- others that make such files
if have certtool; then
	certtool --generate-privkey --key-type rsa --bits 2048 --outfile gnutls.key >made.log 2>&1
	certtool --generate-privkey --key-type ecdsa --bits 256 --outfile gnutls.ec >made.log 2>&1
	made gnutls.p8 certtool --to-p8 --load-privkey key.pem --password 'Pass-word 1' --outfile gnutls.p8
	made gnutls.pfx certtool --to-p12 --load-certificate leaf.pem --load-ca-certificate ca.pem --load-privkey key.pem --p12-name leaf \
		--password 'Pass-word 1' --outder --outfile gnutls.pfx
	made gnutls.p7 certtool --p7-generate --load-certificate leaf.pem --outfile gnutls.p7
	gives "certtool's key, with text before it" gnutls.key private-key
	gives "certtool's EC key" gnutls.ec private-key
	gives "certtool's PKCS#8" gnutls.p8 private-key encrypted
	gives "certtool's PKCS#12" gnutls.pfx "certificate certificate private-key"
else
	skip "certtool is not installed" "certtool"
fi
if have pk12util && have certutil; then
	mkdir nss
	certutil -N -d sql:nss --empty-password
	pk12util -i modern.pfx -d sql:nss -W 'Pass-word 1' >made.log 2>&1
	for cipher in AES-256-CBC 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC' 'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC'; do
		rm -f nss.pfx
		made nss.pfx pk12util -o nss.pfx -n Leaf -d sql:nss -W 'Pass-word 1' -c "$cipher"
		"$REMINT" show --password-file pass nss.pfx >shown 2>said
		if [ ! -s nss.pfx ]; then
			skip "the NSS at hand does not write it" "NSS's PKCS#12, $cipher"
		elif grep -q '^private-key' shown && grep -q '^certificate leaf.corp.example' shown; then
			ok "NSS's PKCS#12, $cipher"
		else
			not_ok "NSS's PKCS#12, $cipher" shown said
		fi
	done
	certutil -R -d sql:nss -s CN=nss.corp.example -g 2048 -z /etc/passwd -a -o nss.csr >made.log 2>&1
	gives "NSS's request, with text before it" nss.csr request
else
	skip "NSS's tools are not installed" "NSS"
fi
if have keytool; then
	for kind in PKCS12 JKS JCEKS; do
		made java.$kind keytool -genkeypair -alias x -keyalg RSA -keysize 2048 -dname CN=java -keystore java.$kind -storetype $kind \
			-storepass 'Pass-word 1' -keypass 'Pass-word 1'
		keytool -importcert -noprompt -alias root -file ca.pem -keystore java.$kind -storetype $kind -storepass 'Pass-word 1' >made.log 2>&1
		"$REMINT" show --password-file pass java.$kind >shown 2>said
		if [ "$(grep -c '^certificate' shown)" = 2 ] && [ "$(grep -c '^private-key' shown)" = 1 ]; then
			ok "keytool's $kind with a key and a trusted certificate"
		else
			not_ok "keytool's $kind with a key and a trusted certificate" shown said
		fi
	done
	keytool -list -v -keystore java.JKS -storepass 'Pass-word 1' >java.txt 2>made.log
	keytool -list -rfc -keystore java.JKS -storepass 'Pass-word 1' >java.rfc 2>made.log
	gives "keytool's printed keystore with certificates" java.rfc "certificate certificate"
	gives "keytool's printed keystore without" java.txt unsupported 'keytool -list -rfc'
else
	skip "keytool is not installed" "keytool"
fi
if have python3 && python3 -c 'import cryptography' 2>made.log; then
	python3 - <<'PY' 2>made.log
from cryptography import x509
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.serialization import pkcs12
key = s.load_pem_private_key(open("key.pem", "rb").read(), None)
leaf, ca = (x509.load_pem_x509_certificate(open(n, "rb").read()) for n in ("leaf.pem", "ca.pem"))
open("python.pfx", "wb").write(pkcs12.serialize_key_and_certificates(b"x", key, leaf, [ca], s.BestAvailableEncryption(b"Pass-word 1")))
open("python.ssh", "wb").write(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption()))
PY
	gives "cryptography's PKCS#12" python.pfx "certificate certificate private-key"
	gives "cryptography's OpenSSH key" python.ssh unsupported 'OpenSSH private key'
else
	skip "Python's cryptography is not installed" "cryptography"
fi
if have ssh-keygen; then
	ssh-keygen -q -t ed25519 -N '' -f ssh.key
	cp key.pem ssh.pem
	gives "an OpenSSH key" ssh.key unsupported 'OpenSSH private key'
	gives "an OpenSSH public key" ssh.key.pub unsupported 'OpenSSH public key'
	if have puttygen; then
		puttygen key.pem -O private -o putty.ppk >made.log 2>&1 </dev/null || puttygen ssh.key -O private -o putty.ppk >made.log 2>&1 </dev/null
		gives "a PuTTY key" putty.ppk unsupported 'PuTTY private key'
	else
		skip "puttygen is not installed" "a PuTTY key"
	fi
else
	skip "ssh-keygen is not installed" "SSH keys"
fi
if have zip; then
	zip -q files.zip leaf.pem
	gives "a ZIP archive" files.zip unsupported 'unpack it first'
else
	skip "zip is not installed" "a ZIP archive"
fi
tap_done
