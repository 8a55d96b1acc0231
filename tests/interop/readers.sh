# SPDX-License-Identifier: Apache-2.0
# What other makers' programs find in a file: each reader, MAKER_FORM, prints the SHA-256 of every certificate (its DER) and
# every key (its public half) in it. To be sourced after tap.sh; the working directory holds the passphrase, Secret1, in the
# file "pass".

of_cert() { openssl x509 "$@" -outform DER | sha256sum | cut -c1-64; }
of_public() { openssl pkey -pubin "$@" -outform DER | sha256sum | cut -c1-64; }
key_of() { openssl pkey -in "$1" -pubout | of_public; }

blocks() { # DER of each PEM block on standard input whose label matches, hashed by nobody's parser
	awk -v label="$1" '$0 ~ "^-----BEGIN .*" label { on = 1; body = ""; next } /^-----END/ { if (on) print body; on = 0 } on { body = body $0 }' |
		tr -d '\r' | while read -r body; do echo "$body" | base64 -d | sha256sum | cut -c1-64; done
}
openssl_certs() { openssl storeutl -noout -text -certs "$1" >/dev/null && openssl storeutl -certs "$1" | blocks CERTIFICATE; }
openssl_cert() { of_cert -inform DER -in "$1"; }
openssl_key() { openssl pkey -passin file:pass -in "$1" -pubout | of_public; }
openssl_keyder() { openssl pkey -passin file:pass -inform DER -in "$1" -pubout | of_public; }
openssl_both() { openssl crl2pkcs7 -nocrl -certfile "$1" | openssl pkcs7 -print_certs | blocks CERTIFICATE && openssl_key "$1"; }
openssl_pfx() { openssl pkcs12 -in "$1" -passin file:pass -nokeys | blocks CERTIFICATE | sort; }
# OpenSSL 3.5 says on stdout that the signature is good, so that its words must not be asked for together with the bytes.
openssl_request() { openssl req -in "$1" -verify -noout >/dev/null && openssl req -in "$1" -outform DER | sha256sum | cut -c1-64; }
openssl_requestder() { openssl req -inform DER -in "$1" -verify -noout >/dev/null && openssl req -inform DER -in "$1" -outform DER | sha256sum | cut -c1-64; }
openssl_crl() { openssl crl -in "$1" -outform DER | sha256sum | cut -c1-64; }
openssl_crlder() { openssl crl -inform DER -in "$1" -outform DER | sha256sum | cut -c1-64; }
openssl_public() { of_public -in "$1"; }
openssl_publicder() { of_public -inform DER -in "$1"; }
certtool_certs() { certtool -i --infile "$1" | blocks CERTIFICATE; }
certtool_cert() { certtool -i --inder --infile "$1" | blocks CERTIFICATE; }
spki() { sed -n 's/^[[:space:]]*sha256:\([0-9a-f]\{64\}\)$/\1/p' | head -n 1; }
certtool_key() { certtool -k --password Secret1 --infile "$1" | spki; }
certtool_keyder() { certtool -k --inder --password Secret1 --infile "$1" | spki; }
certtool_pkcs8der() { certtool -k --inder --pkcs8 --password Secret1 --infile "$1" | spki; }
certtool_pfx() { certtool --p12-info --inder --password Secret1 --infile "$1" | blocks CERTIFICATE | sort; }
certtool_plain() { certtool -k --infile "$1" | spki; }
certtool_both() { certtool_certs "$1" && certtool_key "$1"; }
certtool_request() { certtool --crq-info --infile "$1" | blocks REQUEST; }
certtool_requestder() { certtool --crq-info --inder --infile "$1" | blocks REQUEST; }
certtool_crl() { certtool -l --infile "$1" | blocks CRL; }
certtool_crlder() { certtool -l --inder --infile "$1" | blocks CRL; }
certtool_public() { certtool --pubkey-info --infile "$1" | spki; }
certtool_publicder() { certtool --pubkey-info --inder --infile "$1" | spki; }
keytool_certs() { keytool -printcert -v -file "$1" | sed -n 's/.*SHA256: //p' | tr -d ':' | tr A-F a-f; }
keytool_cert() { keytool_certs "$1"; }
keytool_crl() { keytool -printcrl -rfc -file "$1" | blocks CRL; }
keytool_crlder() { keytool_crl "$1"; }
keytool_pfx() { keytool -list -rfc -storetype PKCS12 -storepass Secret1 -keystore "$1" | blocks CERTIFICATE | sort; }
keytool_jks() { keytool -list -rfc -storetype JKS -storepass Secret1 -keystore "$1" | blocks CERTIFICATE | sort; }
keytool_stored() { # the key by way of a PKCS#12 that keytool makes
	rm -f from.p12
	keytool -importkeystore -srckeystore "$1" -srcstoretype "${2:-JKS}" -srcstorepass Secret1 -destkeystore from.p12 -deststoretype PKCS12 \
		-deststorepass Secret1 -noprompt >/dev/null &&
		{ keytool_pfx from.p12; openssl pkcs12 -in from.p12 -passin file:pass -nocerts -nodes | openssl pkey -pubout | of_public; } | sort
}
plistutil_profile() { # there and back through its binary form
	plistutil -i "$1" -o profile.bin && plistutil -i profile.bin | tr -d ' \t\n' | sed 's/<data>/\n&/g; s/<\/data>/&\n/g' |
		sed -n 's/^<data>\(.*\)<\/data>$/\1/p' | while read -r body; do echo "$body" | base64 -d | sha256sum | cut -c1-64; done | sort
}
nss_certs() { # the leaf alone: certutil imports one certificate of a file
	nss_cert "$1" -a
}
nss_cert() {
	rm -rf nss && mkdir nss && certutil -N -d sql:nss --empty-password >/dev/null &&
		certutil -A -d sql:nss -n one -t ,, ${2:-} -i "$1" && certutil -L -d sql:nss -n one -r | sha256sum | cut -c1-64
}
ssh_key() { # ssh-keygen asks nobody for a passphrase here, and reads no file that others may
	ssh-keygen -y -P Secret1 -f "$1" >ssh.pub && ssh-keygen -e -m PKCS8 -f ssh.pub | of_public
}
openssl_p12() { { openssl_pfx "$1"; openssl pkcs12 -in "$1" -passin file:pass -nocerts -nodes | openssl pkey -pubout | of_public; } | sort; }
certtool_p12() {
	certtool --p12-info --inder --password Secret1 --infile "$1" >p12.info &&
		{ blocks CERTIFICATE <p12.info; certtool -k --password Secret1 --infile p12.info | spki; } | sort
}
keytool_p12() { keytool_stored "$1" PKCS12; }
# A key in a profile stands in a PKCS#12, the first payload.
plistutil_identity() {
	plistutil -i "$1" -o profile.bin && plistutil -i profile.bin | tr -d ' \t\n' | sed 's/<data>/\n&/g; s/<\/data>/&\n/g' |
		sed -n 's/^<data>\(.*\)<\/data>$/\1/p' >payloads
	head -n 1 payloads | base64 -d >identity.p12
	{ certtool_p12 identity.p12; tail -n +2 payloads | while read -r body; do echo "$body" | base64 -d | sha256sum | cut -c1-64; done; } | sort
}
python_identity() { python_ identity "$1" >payloads && { openssl_p12 identity.p12; cat payloads; } | sort; }
python=/usr/bin/python3 # the one that Debian's packages are for
python_() {
	$python - "$@" <<'PYTHON'
import hashlib, plistlib, re, sys
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (Encoding, PublicFormat, load_der_private_key, load_der_public_key,
    load_pem_private_key, load_pem_public_key)
what, name = sys.argv[1:]
data = open(name, "rb").read()
show = lambda der: print(hashlib.sha256(der).hexdigest())
spki = lambda key: key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
secret = lambda: b"Secret1" if b"ENCRYPTED" in data or what == "sealedder" else None
if what in ("certs", "both"):
    for block in re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\r?\n?", data, re.S):
        show(x509.load_pem_x509_certificate(block).public_bytes(Encoding.DER))
if what == "cert":
    show(x509.load_der_x509_certificate(data).public_bytes(Encoding.DER))
if what in ("key", "both"):
    show(spki(load_pem_private_key(re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*PRIVATE KEY-----", data, re.S).group(0), secret()).public_key()))
if what in ("keyder", "sealedder"):
    show(spki(load_der_private_key(data, secret()).public_key()))
if what == "request":
    show(x509.load_pem_x509_csr(data).public_bytes(Encoding.DER))
if what == "requestder":
    show(x509.load_der_x509_csr(data).public_bytes(Encoding.DER))
if what == "crl":
    show(x509.load_pem_x509_crl(data).public_bytes(Encoding.DER))
if what == "crlder":
    show(x509.load_der_x509_crl(data).public_bytes(Encoding.DER))
if what == "profile":
    for part in plistlib.loads(data)["PayloadContent"]:
        show(part["PayloadContent"])
if what == "identity":
    first, *parts = plistlib.loads(data)["PayloadContent"]
    open("identity.p12", "wb").write(first["PayloadContent"])
    for part in parts:
        show(part["PayloadContent"])
if what in ("jks", "stored"):
    import jks
    store = jks.KeyStore.load(name, "Secret1")
    for entry in store.certs.values():
        show(entry.cert)
    for entry in store.private_keys.values():
        for _, cert in entry.cert_chain:
            show(cert)
        show(spki(load_der_private_key(entry.pkey_pkcs8, None).public_key()))
if what == "public":
    show(spki(load_pem_public_key(data)))
if what == "publicder":
    show(spki(load_der_public_key(data)))
PYTHON
}
python_sorted() { python_ "$@" | sort; }
for what in jks stored profile; do
	eval "python_$what() { python_sorted $what \"\$1\"; }"
done
for what in certs cert key keyder sealedder both request requestder crl crlder public publicder; do
	eval "python_$what() { python_ $what \"\$1\"; }"
done

# The program behind a reader: a test that lacks it says so.
program() {
	case $1 in
	nss_*) echo certutil ;;
	ssh_*) echo ssh-keygen ;;
	python_jks | python_stored) $python -c 'import cryptography, jks' 2>/dev/null && echo "$python" || echo python3-pyjks ;;
	python_*) $python -c 'import cryptography' 2>/dev/null && echo "$python" || echo python3-cryptography ;;
	*) echo "${1%%_*}" ;;
	esac
}
