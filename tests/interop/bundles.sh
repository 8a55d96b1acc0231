# SPDX-License-Identifier: Apache-2.0
# The bundle of every target, written for one server certificate with a chain of two and its key: a table says what each file
# holds, and the tools of at least two other makers find that in it and nothing else. A file that no row speaks of is a
# failure, and so is a target without rows. What is made for a server or for Java is also loaded there.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/interop/readers.sh"
need openssl
cd "$TMP" || exit 99

# ---- what goes in: R issued 2, 2 issued 1, 1 issued L, whose key is K --------------------------------------------------------
# certify NAME SUBJECT ISSUER LINE...: NAME.pem and NAME.key, RSA as every device takes it.
certify() {
	certify_name=$1 certify_subject=$2 certify_issuer=$3
	shift 3
	quietly openssl req -newkey rsa:2048 -nodes -keyout "$certify_name.key" -out new.csr -subj "$certify_subject"
	printf '%s\n' "$@" authorityKeyIdentifier=keyid subjectKeyIdentifier=hash >new.ext
	quietly openssl x509 -req -in new.csr -CA "$certify_issuer.pem" -CAkey "$certify_issuer.key" -days 300 -sha256 -out "$certify_name.pem" \
		-extfile new.ext
}
quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout R.key -out R.pem -subj '/O=Contoso/CN=Contoso Root' -days 3000 -sha256 \
	-addext keyUsage=critical,keyCertSign,cRLSign
certify 2 '/O=Contoso/CN=Upper CA' R basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign
certify 1 '/O=Contoso/CN=Lower CA' 2 basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign
certify L /O=Contoso/CN=host.example 1 subjectAltName=DNS:host.example keyUsage=critical,digitalSignature,keyEncipherment \
	extendedKeyUsage=serverAuth,clientAuth
printf 'Secret1\n' >pass

# wanted LETTERS: the SHA-256 of each, in this order.
for letter in L 1 2 R; do eval "hash_$letter=$(of_cert -in $letter.pem)"; done
hash_K=$(key_of L.key)
wanted() {
	for letter in $(echo "$1" | sed 's/./& /g'); do eval "echo \$hash_$letter"; done
}

# ---- the table: target | file | form | what is in it, in order where the form has one -----------------------------------------
cat >rows <<'TABLE'
apache|host.example.crt|pem|L12
apache|host.example.key|key|K
apple-2019|fullchain.pem|pem|L12
apple-2019|key.pem|key|K
apple-2019|root.cer|der|R
apple-2019|trust.mobileconfig|profile|12R
apple-profile|host.example.mobileconfig|identity|KL12R
cabf-br|fullchain.pem|pem|L12
cabf-br|key.pem|key|K
chrome-public|fullchain.pem|pem|L12
chrome-public|key.pem|key|K
cisco-ace|host.example.key|rsakey|K
cisco-ace|host.example.pem|pem|L
cisco-ace|intermediate-1.pem|pem|1
cisco-ace|intermediate-2.pem|pem|2
cisco-expressway|ca.pem|pem|12R
cisco-expressway|host.example.key|rsakey|K
cisco-expressway|host.example.pem|pem|L12
cisco-ios|ca-1.pem|pem|1
cisco-ios|ca-2.pem|pem|2
cisco-ios|host.example.p12|p12|KL12R
cisco-ios|host.example.pem|pem|L
cisco-ise|ca-1.pem|pem|1
cisco-ise|ca-2.pem|pem|2
cisco-ise|host.example.key|key|K
cisco-ise|host.example.pem|pem|L
cisco-ise|root.pem|pem|R
dotnet-mtls|host.example.pfx|p12|KL12
dovecot|host.example.key|key|K
dovecot|host.example.pem|pem|L12
exchange|host.example.pfx|p12|KL12
f5|host.example-chain.crt|pem|12
f5|host.example.crt|pem|L
f5|host.example.key|rsakey|K
fortigate|ca-1.crt|pem|1
fortigate|ca-2.crt|pem|2
fortigate|host.example.crt|pem|L12
fortigate|host.example.key|key|K
haproxy|haproxy.pem|both|L12K
java-8-keystore|host.example.jks|stored|KL12
java-8-keystore|host.example.p12|p12|KL12
java-8-keystore|root.pem|pem|R
java-8-keystore|truststore.jks|jks|R
java-8-keystore|truststore.p12|pfx|R
java-keystore|host.example.p12|p12|KL12
java-keystore|root.pem|pem|R
java-keystore|truststore.p12|pfx|R
lync-phone-edition|chain.pem|pem|12
lync-phone-edition|root.cer|der|R
netscaler|host.example.pem|both|L12K
nginx|fullchain.pem|pem|L12
nginx|key.pem|key|K
office-web-apps|host.example.pfx|p12|KL12
openssl-seclevel2|fullchain.pem|pem|L12
openssl-seclevel2|key.pem|key|K
openssl-seclevel2|root.crt|pem|R
paloalto|host.example.key|key|K
paloalto|host.example.pem|pem|L12
postfix|host.example.pem|both|L12K
schannel-tls12|fullchain.pem|pem|L12
schannel-tls12|host.example.pfx|p12|KL12
schannel-tls12|key.pem|key|K
sfb-director|host.example.cer|der|L
sfb-director|host.example.pfx|p12|KL12
sfb-edge-external|host.example.cer|der|L
sfb-edge-external|host.example.pfx|p12|KL12
sfb-edge-internal|host.example.cer|der|L
sfb-edge-internal|host.example.pfx|p12|KL12
sfb-front-end|host.example.cer|der|L
sfb-front-end|host.example.pfx|p12|KL12
sfb-mediation|host.example.cer|der|L
sfb-mediation|host.example.pfx|p12|KL12
sfb-oauth|host.example.pfx|p12|KL12
sfb-reverse-proxy|fullchain.pem|pem|L12
sfb-reverse-proxy|host.example.pfx|p12|KL12
sfb-reverse-proxy|key.pem|key|K
skype-room-system|host.example.pfx|p12|KL12
skype-room-system|root.cer|der|R
symantec-gateway|ca-bundle.pem|pem|12R
symantec-gateway|host.example.pem|pem|L
vmware-vcenter|chain.cer|pem|12R
vmware-vcenter|machine_ssl.cer|pem|L12R
vmware-vcenter|machine_ssl.key|key|K
windows-2012-pfx|host.example.pfx|p12|KL12
windows-pfx|host.example.pfx|p12|KL12
TABLE
# What the steps of many speak of.
cat >anchors <<'TABLE'
root.cer|der|R
root.pem|pem|R
issuing.cer|der|1
TABLE

# readers FORM: two or more; those of a form without an order sort.
readers() {
	case $1 in
	pem) echo openssl_certs certtool_certs ;;
	der) echo openssl_cert certtool_cert ;;
	key) echo openssl_key certtool_key ;;
	rsakey) echo openssl_key certtool_key ssh_key ;;
	both) echo openssl_both certtool_both ;;
	p12) echo openssl_p12 certtool_p12 ;;
	pfx) echo openssl_pfx certtool_pfx keytool_pfx ;;
	stored) echo keytool_stored python_stored ;;
	jks) echo keytool_jks python_jks ;;
	profile) echo plistutil_profile python_profile ;;
	identity) echo plistutil_identity python_identity ;;
	esac
}
# judge TARGET FILE FORM LETTERS
judge() {
	case $3 in
	p12 | pfx | stored | jks | profile | identity) wanted "$4" | sort >want ;;
	*) wanted "$4" >want ;;
	esac
	for reader in $(readers "$3"); do
		if ! have "$(program "$reader")"; then
			skip "$(program "$reader") is not installed" "$1, $2: $reader"
			continue
		fi
		$reader "b/$1/$2" >got 2>err </dev/null || :
		cmp -s want got && ok "$1, $2: ${reader%%_*} finds $4" || not_ok "$1, $2: ${reader%%_*} finds $4" want got err
	done
}

# ---- every target ----------------------------------------------------------------------------------------------------------------
"$REMINT" target list --json >targets.json
tr '{' '\n' <targets.json | sed -n 's/.*"name":"\([^"]*\)".*/\1/p' | sort >targets
check "there are targets" test "$(wc -l <targets)" -ge 38
mkdir b
while read -r target; do
	if ! grep -q "^$target|" rows; then
		expect_status 2 "$target is for no device" "$REMINT" convert L.pem 1.pem 2.pem R.pem --key L.key --for "$target" --out b/none
		expect_err 'names no files' "so there is nothing to write"
		continue
	fi
	check "$target is written" "$REMINT" convert 1.pem R.pem L.pem 2.pem --key L.key --for "$target" --out "b/$target" --out-password-file pass
	grep "^$target|" rows | cut -d'|' -f2 >named
	for file in "b/$target"/*; do
		name=$(basename "$file")
		if row=$(grep "^$target|$name|" rows) || { row=$(grep "^$name|" anchors) && row="$target|$row"; }; then
			echo "$row" >row
			IFS='|' read -r target name form letters <row
			judge "$target" "$name" "$form" "$letters"
		elif [ "$name" != "INSTALL-$target.txt" ]; then
			not_ok "$target, $name: somebody looks at it"
		fi
	done
	while read -r name; do
		[ -s "b/$target/$name" ] || not_ok "$target, $name: it is written"
	done <named
done <targets

# ---- a router's trustpoints: the root's, then the upper CA's, then that of the certificate ----------------------------------------
grep -E '^ *(!|crypto pki (trustpoint|auth|import .* cert)|chain-val)' b/cisco-ios/INSTALL-cisco-ios.txt >got
cat >want <<'STEPS'
  crypto pki trustpoint host.example-root
  crypto pki authenticate host.example-root
  ! root.pem
  crypto pki trustpoint host.example-ca-2
    chain-validation continue host.example-root
  crypto pki authenticate host.example-ca-2
  ! ca-2.pem
  crypto pki trustpoint host.example
    chain-validation continue host.example-ca-2
  crypto pki authenticate host.example
  ! ca-1.pem
  crypto pki import host.example certificate
  ! host.example.pem
STEPS
cmp -s want got && ok "a router gets each CA after the one above it" || not_ok "a router gets each CA after the one above it" want got

# ---- what loads it ------------------------------------------------------------------------------------------------------------------
serves() { # NAME: leaf and chain, and no root
	openssl s_client -connect "127.0.0.1:$port" -servername host.example -verify_hostname host.example -CAfile R.pem -verify_return_error </dev/null \
		>shown 2>&1 && [ "$(grep -c '^ *[0-9] s:' shown)" -eq 3 ] && ok "$1 serves it" || not_ok "$1 serves it" shown "${server_log:-}"
}
chmod 711 "$TMP"
umask 022
if have nginx; then
	port=$(free_port)
	check "nginx takes it" start_nginx "$port" "$TMP/b/nginx/fullchain.pem" "$TMP/b/nginx/key.pem"
	serves nginx
else
	skip "nginx is not installed" "nginx serves it"
fi
if have haproxy; then
	port=$(free_port)
	check "HAProxy takes it" start_haproxy "$port" "$TMP/b/haproxy/haproxy.pem"
	serves HAProxy
else
	skip "haproxy is not installed" "HAProxy serves it"
fi
if have postfix && [ "$(id -u)" -eq 0 ]; then
	port=$(free_port)
	postfix_conf "$port" 'smtpd_tls_wrappermode = yes' "smtpd_tls_chain_files = $TMP/b/postfix/host.example.pem"
	check "Postfix takes it" start_postfix "$port"
	serves Postfix
else
	skip "postfix is not installed, or this is not root" "Postfix serves it"
fi
modules=/usr/lib/apache2/modules
if have apache2 && [ -e $modules/mod_ssl.so ]; then
	port=$(free_port)
	cat >apache.conf <<CONF
ServerName host.example
PidFile $TMP/apache.pid
DefaultRuntimeDir $TMP
ErrorLog $TMP/apache.log
User nobody
Group nogroup
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule socache_shmcb_module $modules/mod_socache_shmcb.so
LoadModule ssl_module $modules/mod_ssl.so
Listen 127.0.0.1:$port
SSLEngine on
SSLCertificateFile $TMP/b/apache/host.example.crt
SSLCertificateKeyFile $TMP/b/apache/host.example.key
CONF
	in_background apache apache2 -f "$TMP/apache.conf" -DFOREGROUND
	check "Apache takes it" listens "$port"
	serves Apache
else
	skip "apache2 is not installed" "Apache serves it"
fi

# ---- Java: a server with the key store, a client that knows the trust store alone ---------------------------------------------------
if have javac; then
	cp "$srcdir/tests/interop/Meet.java" .
	check "Java's server and client compile" javac -d . Meet.java
	check "a PFX with the root alone is written" "$REMINT" convert R.pem --to pfx -o plain.pfx --no-key --out-password-file pass
	java8=b/java-8-keystore java=b/java-keystore
	cat >meet <<MEET
PKCS12 $java/host.example.p12 PKCS12 $java/truststore.p12 Secret1 host.example
PKCS12 $java8/host.example.p12 PKCS12 $java8/truststore.p12 Secret1 host.example
JKS $java8/host.example.jks JKS $java8/truststore.jks Secret1 host.example
PKCS12 $java/host.example.p12 PKCS12 $java/truststore.p12 Secret1 other.example
PKCS12 $java/host.example.p12 PKCS12 plain.pfx Secret1 host.example
MEET
	java -cp . Meet <meet >met 2>err
	while IFS='|' read -r line pattern sentence; do
		sed -n "${line}p" met >out
		expect_line out "$pattern" "Java: $sentence"
	done <<'TABLE'
1|^accepted host.example 3$|the key store of today meets its trust store, and sends its chain
2|^accepted host.example 3$|the key store of Java 8 meets its trust store
3|^accepted host.example 3$|the JKS meet
4|^refused .*other.example|another host is refused
5|^refused .*trustAnchors|a PFX whose certificates are not marked as trusted is no trust store
TABLE
else
	skip "javac is not installed" "Java"
fi
if have xmllint; then
	check "the profile is XML" xmllint --nonet --noout b/apple-2019/trust.mobileconfig b/apple-profile/host.example.mobileconfig
else
	skip "xmllint is not installed" "the profile is XML"
fi
expect_status 7 "a passphrase that keytool refuses is refused here" sh -c 'printf "short\n" >short && exec "$REMINT" convert L.pem 1.pem 2.pem R.pem --key L.key \
	--for java-keystore --out b/short --out-password-file short'
check "and nothing is written" test ! -e b/short
tap_done
