# SPDX-License-Identifier: Apache-2.0
# Containers that other makers write, read by remint show: GnuTLS, NSS and Java each in their own ways.
. "${srcdir:-.}/tests/lib/tap.sh"
need openssl

mkdir "$TMP/made"
sh "$srcdir/tests/fixtures/read.sh" "$TMP/made" || not_ok "the fixtures" "$TMP/made/openssl.log"
cd "$TMP/made" || exit 99
printf 'secret1\n' >pass
chmod 600 pass

# shows SENTENCE FILE TYPE...: exactly these objects, whatever their order.
shows() {
	shows_sentence=$1 shows_file=$2
	shift 2
	printf '%s\n' "$@" | sort >wanted
	"$REMINT" show --json --no-pem --password-file pass "$shows_file" >out.json 2>&1
	grep -o '"type":"[a-z-]*"' out.json | sed 's/.*:"//; s/"//' | sort >got
	if cmp -s wanted got; then ok "$shows_sentence"; else not_ok "$shows_sentence" wanted got out.json; fi
}
have() {
	command -v "$1" >/dev/null 2>&1 && return
	skip "$1 is not installed" "what $1 writes"
	return 1
}

if have certtool; then
	for cipher in aes-256 3des-pkcs12; do
		certtool --to-p12 --load-certificate leaf.pem --load-privkey leaf.key --p12-name gnu \
			--password secret1 --pkcs-cipher $cipher --outder --outfile gnu.p12 >/dev/null 2>&1
		shows "certtool's PKCS#12 with $cipher" gnu.p12 certificate private-key
	done
	certtool --p7-generate --load-certificate chain.pem --outder --outfile gnu.p7b >/dev/null 2>&1
	shows "certtool's PKCS#7" gnu.p7b certificate certificate
fi

if have pk12util && have certutil; then
	mkdir nss
	certutil -N -d nss --empty-password
	pk12util -i compat.pfx -d nss -W secret >/dev/null 2>&1
	pk12util -o nss.p12 -n 'Leaf name' -d nss -W secret1 >/dev/null 2>&1
	shows "pk12util's PKCS#12" nss.p12 certificate certificate private-key
	pk12util -o nss-old.p12 -n 'Leaf name' -d nss -W secret1 \
		-c 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC' \
		-C 'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC' >/dev/null 2>&1
	[ ! -e legacy.pfx ] && skip "OpenSSL's legacy provider is not installed" "pk12util's PKCS#12 with RC2-40" ||
		shows "pk12util's PKCS#12 with RC2-40" nss-old.p12 certificate certificate private-key
fi

if have keytool; then
	keytool -genkeypair -alias one -keyalg EC -dname CN=one -keystore java.p12 -storetype PKCS12 \
		-storepass secret1 >/dev/null 2>&1
	keytool -genseckey -alias two -keyalg AES -keysize 128 -keystore java.p12 -storepass secret1 >/dev/null 2>&1
	keytool -importcert -noprompt -alias three -file ca.pem -keystore java.p12 -storepass secret1 >/dev/null 2>&1
	shows "keytool's PKCS#12 with a secret key in it" java.p12 certificate certificate private-key unsupported
	keytool -genkeypair -alias one -keyalg EC -dname CN=one -keystore java.jks -storetype JKS \
		-storepass secret1 >/dev/null 2>&1
	shows "keytool's JKS" java.jks certificate private-key
fi
tap_done
