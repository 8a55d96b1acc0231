# SPDX-License-Identifier: Apache-2.0
# The lab peer beside the real thing: a real nginx and a real HAProxy, and remint peer as either, answer the same clients
# in the same way. And Java's client, which brings its own TLS, is taken and refused as OpenSSL's is.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/peer.sh"
trap 'stop_servers; stop_peer; tap_exit' EXIT
need openssl

cd "$TMP" || exit 99
lab_certificates
leaf both sha256 serverAuth,clientAuth
leaf server sha256 serverAuth
leaf sha1 sha1 serverAuth,clientAuth
new_key small.key 1024
certify small '/CN=fe.example.com' small.key middle.pem middle.key sha256 'subjectAltName=DNS:fe.example.com'

# ---- nginx and HAProxy ---------------------------------------------------------------------------------------------------
# configure_real NAME CERT KEY: a server with this certificate and the intermediate, on $port.
configure_real() {
	port=$(free_port)
	cat "$2.pem" middle.pem >served.pem
	cat "$2.pem" middle.pem "$3" >served-all.pem
	case $1 in
	nginx) nginx_conf "$port" "$TMP/served.pem" "$TMP/$3" 'ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; # as Debian has it' ;;
	haproxy) haproxy_conf "$port" "$TMP/served-all.pem" ;;
	esac
}
# real_takes NAME: would it start so?
real_takes() {
	case $1 in
	nginx) nginx -t -c "$TMP/nginx.conf" -e "$TMP/nginx.log" ;;
	haproxy) haproxy -c -f haproxy.conf ;;
	esac
}
start_real() {
	case $1 in
	nginx) in_background nginx nginx -c "$TMP/nginx.conf" -e "$TMP/nginx.log" ;;
	haproxy) in_background haproxy haproxy -db -f haproxy.conf ;;
	esac
	listens "$port"
}
# real_serves NAME: would it start so, and would a client that trusts the root take what it sends? OpenSSL 3.5.9 leaves
# the signature of a server's own certificate to its clients; with 3.0 the server does not start.
real_serves() {
	real_takes "$1" || return 1
	start_real "$1"
	openssl s_client -connect "127.0.0.1:$port" -CAfile root.pem -verify_return_error </dev/null && served=0 || served=1
	stop_servers
	return $served
}
# What a client gets to see: an alert, or a version, a cipher, and the certificates sent.
answer() {
	printf 'HEAD / HTTP/1.0\r\n\r\n' | timeout 20 openssl s_client -connect "127.0.0.1:$port" -ign_eof "$@" >dial.log 2>&1
	sed -n 's/.*SSL alert number \([0-9]*\).*/alert \1/p' dial.log | head -n 1
	sed -n 's/^New, \(.*\), Cipher is \(.*\)/\1 \2/p' dial.log | sort -u
	grep '^ [0-9] s:' dial.log
}
clients='-tls1_3
-tls1_2
-tls1_1 -cipher ALL:@SECLEVEL=0
-tls1 -cipher ALL:@SECLEVEL=0
-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256
-tls1_2 -cipher AES128-SHA
-tls1_2 -cipher NULL-SHA256:@SECLEVEL=0
-tls1_2 -sigalgs RSA+SHA1 -cipher ALL:@SECLEVEL=0
-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256'

for name in nginx haproxy; do
	if ! have $name || ! have python3; then
		skip "$name or python3 is not installed" "$name"
		continue
	fi
	configure_real $name both leaf.key
	check "$name serves a certificate that is sound" real_serves $name
	start_real $name
	echo "$clients" | while read -r options; do echo "$options:" && answer $options; done >real.answers
	stop_servers
	start_peer --as $name --cert both.pem --key leaf.key --chain middle.pem
	echo "$clients" | while read -r options; do echo "$options:" && answer $options; done >peer.answers
	stop_peer
	check "$name answers" grep -q TLSv1.3 real.answers
	expect_same real.answers peer.answers "the peer answers as $name does"
	for pair in sha1:leaf.key small:small.key; do
		configure_real $name "${pair%:*}" "${pair#*:}"
		expect_status 1 "$name does not serve ${pair%:*}.pem" real_serves $name
		expect_status 4 "and neither does the peer" "$REMINT" peer --as $name --cert "${pair%:*}.pem" --key "${pair#*:}" \
			--chain middle.pem
	done
done

# ---- Java --------------------------------------------------------------------------------------------------------------------
if ! have javac; then
	skip "javac is not installed" "Java"
	tap_done
fi
cp "$srcdir/tests/interop/Dial.java" .
check "Java's client compiles" javac -d . Dial.java
for name in both server; do
	quietly openssl pkcs12 -export -in $name.pem -inkey leaf.key -certfile middle.pem -out $name.p12 -passout pass:secret
done
# target | PKCS#12 | what Java says | what the peer says | sentence
while IFS='|' read -r target shown java says sentence; do
	start_peer --as "$target" --cert both.pem --key leaf.key --chain middle.pem --trust root.pem
	echo "$port root.pem ${shown:+$shown.p12 secret}" | java -cp . Dial >java.out 2>&1
	expect_line java.out "$java" "Java, $target: $sentence"
	logged "$says" "and the peer says so"
	stop_peer
done <<'TABLE'
nginx||^accepted accepted as by nginx: TLSv1.3|^accepted|a whole chain is taken
cisco-ace||^refused .*unable to find valid certification path|^left .*alert 46|a leaf alone is not
dotnet-mtls|both|^accepted .*client certificate: fe.example.com|^accepted|clientAuth is taken
dotnet-mtls|server|^refused .*unsupported_certificate|^refused .*error 26|serverAuth alone is not
dotnet-mtls||^refused .*certificate_required|^refused .*no certificate|none at all is not
schannel-tls12||^accepted .*TLSv1.2|^accepted|TLS 1.2 is spoken
lync-phone-edition||^refused |^refused|TLS 1.0 is not spoken by Java
TABLE
tap_done
