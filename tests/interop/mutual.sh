# SPDX-License-Identifier: Apache-2.0
# What real servers make of the certificate that is shown to them: nginx answers in HTTP, HAProxy, gnutls-serv and s_server with
# an alert, under TLS 1.2 in the handshake and under TLS 1.3 behind it. `remint verify` must tell who took it.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
need jq python3
cd "$TMP" || exit 99

# ---- who there is: a server, a client, a client without the purpose, a stranger -------------------------------------------------
old_ca
old_cert server /CN=server.example subjectAltName=DNS:server.example,IP:127.0.0.1 extendedKeyUsage=serverAuth
old_cert both /CN=both.example extendedKeyUsage=serverAuth,clientAuth
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout stranger.key -out stranger.pem -days 30 \
	-subj /CN=stranger.example
cat server.pem server.key >server.all

# verdict ENDPOINT [CERT]: "accepted" or "refused", stage and whether our certificate was taken, into $got.
verdict() {
	"$REMINT" verify "$1" --as openssl-seclevel2 --trust root.pem --json ${2:+--client-cert "$2.pem" --key "$2.key"} >"$TMP/out" \
		2>"$TMP/err" </dev/null
	got=$(jq -r '.endpoints[0].addresses[0] | "\(.handshake) \(.stage // "-") \(.shown // "-")"' "$TMP/out" 2>/dev/null)
}
# judges NAME ENDPOINT [WORD]: the good one passes; the server's own, the stranger's and none at all do not. "server-taken" for a
# server that does not look at purposes.
judges() {
	for who in both "${3:-server}" stranger none; do
		case $who in
		both) wanted="accepted - taken" sentence="takes a certificate with clientAuth" ;;
		server) wanted="refused client-certificate refused" sentence="refuses serverAuth alone" ;;
		stranger) wanted="refused client-certificate refused" sentence="refuses a stranger" ;;
		server-taken) wanted="accepted - taken" sentence="does not look at purposes" ;;
		none) wanted="refused client-certificate none" sentence="refuses nobody" ;;
		esac
		[ "$who" = none ] && verdict "$2" || verdict "$2" "${who%-taken}"
		[ "$got" = "$wanted" ] && ok "$1 $sentence" || not_ok "$1 $sentence (got $got)" "$TMP/out" "$TMP/err"
	done
}

# ---- nginx ---------------------------------------------------------------------------------------------------------------------
if have nginx; then
	for version in TLSv1.2 TLSv1.3; do
		port=$(free_port)
		start_nginx "$port" "$TMP/server.pem" "$TMP/server.key" "ssl_protocols $version;" "ssl_client_certificate $TMP/root.pem;" \
			'ssl_verify_client on;' && judges "nginx, $version," "https://127.0.0.1:$port" || not_ok "nginx starts" nginx.out nginx.log
	done
else
	skip "nginx is not installed" "nginx"
fi

# ---- HAProxy -------------------------------------------------------------------------------------------------------------------
if have haproxy; then
	for version in TLSv1.2 TLSv1.3; do
		port=$(free_port)
		start_haproxy "$port" "$TMP/server.all" ca-file "$TMP/root.pem" verify required ssl-min-ver $version ssl-max-ver $version &&
			judges "HAProxy, $version," "127.0.0.1:$port" || not_ok "HAProxy starts" haproxy.out
	done
else
	skip "haproxy is not installed" "HAProxy"
fi

# ---- gnutls-serv ---------------------------------------------------------------------------------------------------------------
if have gnutls-serv; then
	for priority in NORMAL:-VERS-TLS1.3 NORMAL; do
		port=$(free_port)
		in_background gnutls gnutls-serv -q -p "$port" --x509certfile server.pem --x509keyfile server.key --x509cafile root.pem --require-client-cert \
			--verify-client-cert --priority $priority
		listens "$port" && judges "gnutls-serv, $priority," "127.0.0.1:$port" server-taken || not_ok "gnutls-serv starts" gnutls.out
	done
else
	skip "gnutls-serv is not installed" "gnutls-serv"
fi

# ---- s_server ------------------------------------------------------------------------------------------------------------------
for version in -tls1_2 -tls1_3; do
	serve -cert server.pem -key server.key -CAfile root.pem -Verify 4 -verify_return_error $version
	judges "s_server $version" "127.0.0.1:$port"
done
tap_done
