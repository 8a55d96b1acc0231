# SPDX-License-Identifier: Apache-2.0
# What real servers make of the certificate that is shown to them: nginx answers in HTTP, HAProxy, gnutls-serv and s_server with
# an alert, under TLS 1.2 in the handshake and under TLS 1.3 behind it. `remint verify` must tell who took it.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
need jq python3
cd "$TMP" || exit 99

listens() {
	listens_left=50
	until python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$1" 2>/dev/null; do
		listens_left=$((listens_left - 1))
		[ $listens_left -gt 0 ] || return 1
		sleep 0.1
	done
}

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
start_nginx() {
	port=$(free_port)
	cat >nginx.conf <<CONF
daemon off;
master_process off;
pid $TMP/nginx.pid;
error_log $TMP/nginx.log;
events { }
http {
	access_log off;
	client_body_temp_path $TMP/nginx.1;
	proxy_temp_path $TMP/nginx.2;
	fastcgi_temp_path $TMP/nginx.3;
	uwsgi_temp_path $TMP/nginx.4;
	scgi_temp_path $TMP/nginx.5;
	server {
		listen 127.0.0.1:$port ssl;
		ssl_protocols $1;
		ssl_certificate $TMP/server.pem;
		ssl_certificate_key $TMP/server.key;
		ssl_client_certificate $TMP/root.pem;
		ssl_verify_client on;
		return 200 hello;
	}
}
CONF
	nginx -c "$TMP/nginx.conf" -e "$TMP/nginx.log" >nginx.out 2>&1 &
	server_pids="$server_pids $!"
	listens "$port"
}
if command -v nginx >/dev/null 2>&1; then
	for version in TLSv1.2 TLSv1.3; do
		start_nginx $version && judges "nginx, $version," "https://127.0.0.1:$port" || not_ok "nginx starts" nginx.out nginx.log
	done
else
	skip "nginx is not installed" "nginx"
fi

# ---- HAProxy -------------------------------------------------------------------------------------------------------------------
start_haproxy() {
	port=$(free_port)
	cat >haproxy.conf <<CONF
global
	maxconn 50
defaults
	mode tcp
	timeout client 5s
	timeout server 5s
	timeout connect 5s
frontend secure
	bind 127.0.0.1:$port ssl crt $TMP/server.all ca-file $TMP/root.pem verify required ssl-min-ver $1 ssl-max-ver $1
	tcp-request content reject
CONF
	haproxy -db -f haproxy.conf >haproxy.out 2>&1 &
	server_pids="$server_pids $!"
	listens "$port"
}
if command -v haproxy >/dev/null 2>&1; then
	for version in TLSv1.2 TLSv1.3; do
		start_haproxy $version && judges "HAProxy, $version," "127.0.0.1:$port" || not_ok "HAProxy starts" haproxy.out
	done
else
	skip "haproxy is not installed" "HAProxy"
fi

# ---- gnutls-serv ---------------------------------------------------------------------------------------------------------------
if command -v gnutls-serv >/dev/null 2>&1; then
	for priority in NORMAL:-VERS-TLS1.3 NORMAL; do
		port=$(free_port)
		gnutls-serv -q -p "$port" --x509certfile server.pem --x509keyfile server.key --x509cafile root.pem --require-client-cert \
			--verify-client-cert --priority $priority >gnutls.out 2>&1 </dev/null &
		server_pids="$server_pids $!"
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
