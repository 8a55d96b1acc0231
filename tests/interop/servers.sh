#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The files that convert writes for nginx and HAProxy, served by a real nginx and a real HAProxy on loopback; openssl
# and GnuTLS clients that know the root alone accept what they get.

. "${srcdir:-.}/tests/lib/tap.sh"
need openssl
pids=
stop_servers() {
	for pid in $pids; do kill "$pid" 2>/dev/null; done
	pids=
}
trap 'stop_servers; tap_exit' EXIT

"$REMINT" init --home "$TMP/home" --no-password --publish-url http://pki.corp.example/ >"$TMP/init.out" 2>&1 ||
	not_ok "init" "$TMP/init.out"
"$REMINT" issue --home "$TMP/home" --cn localhost.example --dns localhost.example --out "$TMP/in" >"$TMP/issue.out" 2>&1 ||
	not_ok "issue" "$TMP/issue.out"
"$REMINT" ca export --home "$TMP/home" --out "$TMP/trust" >/dev/null 2>&1
for target in nginx haproxy; do
	check "convert writes the files for $target" "$REMINT" convert "$TMP/in/fullchain.pem" --key "$TMP/in/key.pem" --for $target \
		--out "$TMP/$target"
done

# A free port on loopback, as the kernel gives it.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null ||
		echo $((20000 + $$ % 20000))
}

# wait_for PORT: until somebody listens, ten seconds at most.
wait_for() {
	tries=0
	until (echo Q | timeout 2 openssl s_client -connect "127.0.0.1:$1" >/dev/null 2>&1) || [ $tries -ge 50 ]; do
		tries=$((tries + 1))
		sleep 0.2
	done
}

judge() { # NAME PORT
	wait_for "$2"
	openssl_client() {
		echo Q | timeout 10 openssl s_client -connect "127.0.0.1:$2" -CAfile "$TMP/trust/root.pem" -verify_return_error \
			-verify_hostname localhost.example
	}
	check "openssl accepts what $1 serves" openssl_client "$@"
	check "$1 sends leaf and intermediate, not the root" test "$(grep -c '^ *[0-9] s:' "$TMP/out")" -eq 2
	if command -v gnutls-cli >/dev/null 2>&1; then
		gnutls_client() {
			timeout 10 gnutls-cli --x509cafile "$TMP/trust/root.pem" --sni-hostname localhost.example \
				--verify-hostname localhost.example -p "$2" 127.0.0.1
		}
		check "GnuTLS accepts what $1 serves" gnutls_client "$@"
	else
		skip "gnutls-cli is not installed" "GnuTLS client, $1"
	fi
}

if command -v nginx >/dev/null 2>&1; then
	port=$(free_port)
	chain=$(find "$TMP/nginx" -name '*.pem' ! -name '*key*' | head -n 1)
	key=$(find "$TMP/nginx" -name '*key*' | head -n 1)
	cat >"$TMP/nginx.conf" <<CONF
daemon off;
pid $TMP/nginx.pid;
error_log $TMP/nginx.log;
events {}
http {
	access_log off;
	client_body_temp_path $TMP/n1; proxy_temp_path $TMP/n2; fastcgi_temp_path $TMP/n3; uwsgi_temp_path $TMP/n4; scgi_temp_path $TMP/n5;
	server {
		listen 127.0.0.1:$port ssl;
		ssl_certificate $chain;
		ssl_certificate_key $key;
		location / { return 200 "ok"; }
	}
}
CONF
	nginx -c "$TMP/nginx.conf" -e "$TMP/nginx.log" >"$TMP/nginx.out" 2>&1 &
	pids="$pids $!"
	judge nginx "$port"
else
	skip "nginx is not installed" "nginx"
fi

if command -v haproxy >/dev/null 2>&1; then
	port=$(free_port)
	cat >"$TMP/haproxy.conf" <<CONF
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
frontend tls
	bind 127.0.0.1:$port ssl crt $(find "$TMP/haproxy" -name '*.pem' | head -n 1)
	http-request return status 200
CONF
	haproxy -db -f "$TMP/haproxy.conf" >"$TMP/haproxy.out" 2>&1 &
	pids="$pids $!"
	judge HAProxy "$port"
else
	skip "haproxy is not installed" "HAProxy"
fi
stop_servers
tap_done
