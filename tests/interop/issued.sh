#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kind of certificate that Remint issues, accepted by OpenSSL (strict), GnuTLS, NSS and Java's PKIX check.

. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/interop/material.sh"
make_material

# judged JUDGE REASON COMMAND...: one check for the current certificate.
judged() {
	judge=$1
	shift
	check "$judge accepts $template under the $ca CA" "$@"
}


nss_database() {
	mkdir -p "$TMP/$1.nss"
	certutil -N -d "sql:$TMP/$1.nss" --empty-password &&
		certutil -A -d "sql:$TMP/$1.nss" -n root -t CT,C,C -a -i "$TMP/$1.trust/root.pem" &&
		certutil -A -d "sql:$TMP/$1.nss" -n issuing -t ,, -a -i "$TMP/$1.trust/issuing.pem"
}

openssl_purpose() {
	case $1 in server) echo sslserver ;; client) echo sslclient ;; any) echo any ;; esac
}

# NSS names a use by a letter: V a TLS server, C a TLS client, O an OCSP responder.
nss_use() {
	case $1 in server) echo V ;; client) echo C ;; any) echo O ;; esac
}

judge_nss() {
	certutil -A -d "sql:$TMP/$ca.nss" -n "$template" -t ,, -a -i "$TMP/$ca.$template/cert.pem" &&
		certutil -V -d "sql:$TMP/$ca.nss" -n "$template" -u "$(nss_use "$purpose")" -e
}

judge_gnutls() {
	cat "$TMP/$ca.$template/cert.pem" "$TMP/$ca.trust/issuing.pem" "$TMP/$ca.trust/root.pem" >"$TMP/gnutls.pem"
	certtool --verify --load-ca-certificate "$TMP/$ca.trust/root.pem" --infile "$TMP/gnutls.pem"
}

if have certutil; then
	for ca in rsa ec; do
		check "NSS takes the $ca CA" nss_database "$ca"
	done
fi
while read -r ca template purpose; do
	judged "openssl verify -x509_strict" openssl verify -x509_strict -purpose "$(openssl_purpose "$purpose")" -auth_level 2 \
		-CAfile "$TMP/$ca.trust/root.pem" -untrusted "$TMP/$ca.trust/issuing.pem" "$TMP/$ca.$template/cert.pem"
	if have certtool; then judged GnuTLS judge_gnutls; else skip "certtool is not installed" "GnuTLS, $template"; fi
	if have certutil; then judged NSS judge_nss; else skip "NSS certutil is not installed" "NSS, $template"; fi
done <"$TMP/material"

# One Java machine judges them all: it prints a line for each.
if have javac; then
	cp "$srcdir/tests/interop/Judge.java" "$TMP/"
	check "the Java judge compiles" javac -d "$TMP" "$TMP/Judge.java"
	sed "s|^\([^ ]*\) \([^ ]*\) \(.*\)|$TMP/\1.trust/root.pem $TMP/\1.trust/issuing.pem $TMP/\1.\2/cert.pem|" "$TMP/material" \
		>"$TMP/java.list"
	java -cp "$TMP" Judge <"$TMP/java.list" >"$TMP/java.out" 2>&1
	paste -d' ' "$TMP/material" "$TMP/java.out" >"$TMP/java.rows"
	while read -r ca template purpose verdict; do
		: >"$TMP/java.verdict"
		echo "$verdict" >"$TMP/java.verdict"
		check "Java accepts $template under the $ca CA" test "$verdict" = accepted
	done <"$TMP/java.rows"
else
	skip "javac is not installed" "Java"
fi

# The judges can refuse: a certificate of the other CA is nobody's.
expect_status 2 "openssl refuses a certificate of another CA" openssl verify -CAfile "$TMP/ec.trust/root.pem" \
	-untrusted "$TMP/ec.trust/issuing.pem" "$TMP/rsa.web-server/cert.pem"
if have certutil; then
	expect_status 255 "NSS refuses a server certificate for a client" certutil -V -d "sql:$TMP/rsa.nss" -n web-server -u C -e
fi
if have javac; then
	echo "$TMP/ec.trust/root.pem $TMP/ec.trust/issuing.pem $TMP/rsa.web-server/cert.pem" | java -cp "$TMP" Judge >"$TMP/out" 2>&1
	expect_out '^refused' "Java refuses a certificate of another CA"
fi
tap_done
