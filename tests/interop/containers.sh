#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every container that Remint writes, read by openssl, certtool, keytool and NSS: the same certificates come out.

. "${srcdir:-.}/tests/lib/tap.sh"
need openssl

"$REMINT" init --home "$TMP/home" --no-password --publish-url http://pki.corp.example/ >"$TMP/init.out" 2>&1 ||
	not_ok "init" "$TMP/init.out"
"$REMINT" issue --home "$TMP/home" --cn host.corp.example --dns host.corp.example --out "$TMP/in" >"$TMP/issue.out" 2>&1 ||
	not_ok "issue" "$TMP/issue.out"
"$REMINT" ca export --home "$TMP/home" --out "$TMP/trust" >/dev/null 2>&1
printf 'Pass-word 1\n' >"$TMP/pass"
chmod 600 "$TMP/pass"
cp "$TMP/pass" "$TMP/nss.pass"
fingerprint=$(openssl x509 -in "$TMP/in/cert.pem" -noout -fingerprint -sha256 | sed 's/.*=//')
issuing=$(openssl x509 -in "$TMP/trust/issuing.pem" -noout -fingerprint -sha256 | sed 's/.*=//')

# holds SENTENCE: the last command's output names both certificates by SHA-256 (colons or not, either case).
plain() { tr -d ':\n\t ' | tr 'a-f' 'A-F'; }
holds() {
	if plain <"$TMP/out" | grep -q "$(echo "$fingerprint" | plain)" && plain <"$TMP/out" | grep -q "$(echo "$issuing" | plain)"; then
		ok "$1"
	else
		not_ok "$1" "$TMP/out"
	fi
}

fingerprints() { # of a PEM pile on standard input
	awk -v dir="$TMP" '/BEGIN CERT/ { n++ } n { print > (dir "/split." n) }'
	for split in "$TMP"/split.*; do
		openssl x509 -in "$split" -noout -fingerprint -sha256
		rm -f "$split"
	done
}

openssl_pfx() {
	openssl pkcs12 $legacy -in "$TMP/$profile.pfx" -passin "file:$TMP/pass" -nokeys 2>/dev/null | fingerprints
}
openssl_pfx_key() {
	openssl pkcs12 $legacy -in "$TMP/$profile.pfx" -passin "file:$TMP/pass" -nocerts -nodes 2>/dev/null |
		openssl pkey -pubout | cmp - "$TMP/public.pem"
}
gnutls_pfx() {
	certtool --p12-info --infile "$TMP/$profile.pfx" --inder --password 'Pass-word 1' 2>&1 | fingerprints
}
nss_pfx() {
	rm -rf "$TMP/nss"
	mkdir "$TMP/nss"
	certutil -N -d "sql:$TMP/nss" --empty-password &&
		pk12util -i "$TMP/$profile.pfx" -d "sql:$TMP/nss" -w "$TMP/nss.pass" &&
		certutil -K -d "sql:$TMP/nss" && certutil -L -d "sql:$TMP/nss"
}

openssl pkey -in "$TMP/in/key.pem" -pubout -out "$TMP/public.pem"
for profile in modern compat legacy; do
	legacy=
	[ $profile = legacy ] && legacy=-legacy
	check "convert writes a PFX, profile $profile" "$REMINT" convert "$TMP/in/fullchain.pem" --key "$TMP/in/key.pem" --to pfx \
		--profile $profile --out-password-file "$TMP/pass" -o "$TMP/$profile.pfx"
	check "openssl opens it ($profile)" openssl_pfx
	holds "openssl finds leaf and issuer ($profile)"
	check "openssl finds the key ($profile)" openssl_pfx_key
	if have certtool; then
		check "certtool opens it ($profile)" gnutls_pfx
		holds "certtool finds leaf and issuer ($profile)"
	else
		skip "certtool is not installed" "certtool, $profile"
	fi
	if have keytool; then
		check "keytool opens it ($profile)" keytool -list -v -storetype PKCS12 -keystore "$TMP/$profile.pfx" -storepass 'Pass-word 1'
		holds "keytool finds leaf and issuer ($profile)"
		expect_out 'PrivateKeyEntry' "keytool finds the key ($profile)"
	else
		skip "keytool is not installed" "keytool, $profile"
	fi
	if have pk12util; then
		check "NSS imports it ($profile)" nss_pfx
		expect_out 'host.corp.example' "NSS finds the certificate by its friendly name ($profile)"
	else
		skip "pk12util is not installed" "NSS, $profile"
	fi
	check "Remint reads it back ($profile)" "$REMINT" show --password-file "$TMP/pass" "$TMP/$profile.pfx"
done

for form in p7b p7b-pem; do
	inform=DER certtool_der=--inder
	[ $form = p7b-pem ] && inform=PEM certtool_der=
	check "convert writes $form" "$REMINT" convert "$TMP/in/fullchain.pem" --to $form -o "$TMP/chain.$form"
	openssl pkcs7 -inform $inform -in "$TMP/chain.$form" -print_certs | fingerprints >"$TMP/out" 2>&1
	holds "openssl reads $form"
	if have certtool; then
		certtool --p7-info $certtool_der --infile "$TMP/chain.$form" 2>/dev/null | fingerprints >"$TMP/out" 2>&1
		holds "certtool reads $form"
	else
		skip "certtool is not installed" "certtool, $form"
	fi
	if have keytool; then
		check "keytool reads $form" keytool -printcert -file "$TMP/chain.$form"
		holds "keytool finds leaf and issuer in $form"
	else
		skip "keytool is not installed" "keytool, $form"
	fi
done

check "convert writes a Java keystore" "$REMINT" convert "$TMP/in/fullchain.pem" --key "$TMP/in/key.pem" --to jks \
	-o "$TMP/store.jks" --out-password-file "$TMP/pass"
check "convert writes one that trusts" "$REMINT" convert "$TMP/in/fullchain.pem" --no-key --to jks -o "$TMP/trust.jks" \
	--out-password-file "$TMP/pass"
check "Remint reads it back" "$REMINT" show "$TMP/store.jks" --password-file "$TMP/pass"
expect_out '^private-key' "with its key"
if have keytool; then
	check "keytool opens it" keytool -list -v -storetype JKS -keystore "$TMP/store.jks" -storepass 'Pass-word 1'
	holds "keytool finds leaf and issuer in the JKS"
	expect_out 'PrivateKeyEntry' "keytool finds the key in the JKS"
	check "keytool opens the key" keytool -importkeystore -srckeystore "$TMP/store.jks" -srcstoretype JKS \
		-srcstorepass 'Pass-word 1' -destkeystore "$TMP/from.p12" -deststoretype PKCS12 -deststorepass 'Pass-word 1' -noprompt
	check "openssl finds it there" openssl pkcs12 -in "$TMP/from.p12" -passin 'pass:Pass-word 1' -nodes -nocerts -out "$TMP/from.key"
	openssl pkey -in "$TMP/from.key" -pubout >"$TMP/from.pub" 2>"$TMP/err"
	openssl pkey -in "$TMP/in/key.pem" -pubout >"$TMP/in.pub" 2>"$TMP/err"
	check "the same key" cmp "$TMP/from.pub" "$TMP/in.pub"
	check "keytool opens the other" keytool -list -storetype JKS -keystore "$TMP/trust.jks" -storepass 'Pass-word 1'
	expect_out 'trustedCertEntry' "keytool finds what is trusted"
	for kind in JKS JCEKS; do
		check "keytool makes a $kind" keytool -genkeypair -alias theirs -keyalg RSA -keysize 2048 -dname CN=theirs \
			-keystore "$TMP/theirs.$kind" -storetype "$kind" -storepass 'Pass-word 1' -keypass 'Pass-word 1'
		check "Remint opens it" "$REMINT" show "$TMP/theirs.$kind" --password-file "$TMP/pass"
		expect_out '^private-key' "and finds the key"
		expect_out 'CN=theirs' "and the certificate"
		printf 'another\n' >"$TMP/another"
		expect_status 7 "not with another passphrase" "$REMINT" show "$TMP/theirs.$kind" --password-file "$TMP/another"
	done
	cacerts=$(readlink -f /etc/ssl/certs/java/cacerts 2>/dev/null)
	if [ -s "$cacerts" ]; then
		keytool -list -keystore "$cacerts" -storepass changeit 2>/dev/null | grep -c trustedCertEntry >"$TMP/theirs"
		"$REMINT" show "$cacerts" 2>"$TMP/err" | grep -c '^certificate' >"$TMP/ours"
		check "as many of Java's own roots as keytool counts" cmp "$TMP/theirs" "$TMP/ours"
	else
		skip "there are no cacerts" "Java's own roots"
	fi
else
	skip "keytool is not installed" "keytool, JKS"
fi

check "convert writes DER" "$REMINT" convert "$TMP/in/fullchain.pem" --to der -o "$TMP/leaf.cer"
check "openssl reads the DER" openssl x509 -inform DER -in "$TMP/leaf.cer" -noout
if have certtool; then check "certtool reads the DER" certtool -i --inder --infile "$TMP/leaf.cer"; fi
if have keytool; then check "keytool reads the DER" keytool -printcert -file "$TMP/leaf.cer"; fi
if have certutil; then
	rm -rf "$TMP/nss"
	mkdir "$TMP/nss"
	certutil -N -d "sql:$TMP/nss" --empty-password
	check "NSS reads the DER" certutil -A -d "sql:$TMP/nss" -n leaf -t ,, -i "$TMP/leaf.cer"
fi
check "convert writes the key as PKCS#8" "$REMINT" convert "$TMP/in/fullchain.pem" --key "$TMP/in/key.pem" --to pkcs8 -o "$TMP/p8.pem"
check "openssl reads the key" openssl pkey -in "$TMP/p8.pem" -noout
check "convert writes the key in its traditional form" "$REMINT" convert "$TMP/in/fullchain.pem" --key "$TMP/in/key.pem" \
	--to traditional -o "$TMP/p1.pem"
check "openssl reads that key" openssl rsa -in "$TMP/p1.pem" -check -noout
if have certtool; then check "certtool reads that key" certtool --key-info --infile "$TMP/p1.pem"; fi
tap_done
