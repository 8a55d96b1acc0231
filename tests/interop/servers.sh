#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The files that convert writes for nginx and HAProxy, served by a real nginx and a real HAProxy on loopback; openssl
# and GnuTLS clients that know the root alone accept what they get.

. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/server.sh"
need openssl python3

"$REMINT" init --home "$TMP/home" --no-password --publish-url http://pki.corp.example/ >"$TMP/init.out" 2>&1 ||
	not_ok "init" "$TMP/init.out"
"$REMINT" issue --home "$TMP/home" --cn localhost.example --dns localhost.example --out "$TMP/in" >"$TMP/issue.out" 2>&1 ||
	not_ok "issue" "$TMP/issue.out"
"$REMINT" ca export --home "$TMP/home" --out "$TMP/trust" >/dev/null 2>&1
for target in nginx haproxy; do
	check "convert writes the files for $target" "$REMINT" convert "$TMP/in/fullchain.pem" --key "$TMP/in/key.pem" --for $target \
		--out "$TMP/$target"
done

judge() { # NAME PORT
	openssl_client() {
		echo Q | timeout 10 openssl s_client -connect "127.0.0.1:$2" -CAfile "$TMP/trust/root.pem" -verify_return_error \
			-verify_hostname localhost.example
	}
	check "openssl accepts what $1 serves" openssl_client "$@"
	check "$1 sends leaf and intermediate, not the root" test "$(grep -c '^ *[0-9] s:' "$TMP/out")" -eq 2
	if have gnutls-cli; then
		gnutls_client() {
			timeout 10 gnutls-cli --x509cafile "$TMP/trust/root.pem" --sni-hostname localhost.example \
				--verify-hostname localhost.example -p "$2" 127.0.0.1
		}
		check "GnuTLS accepts what $1 serves" gnutls_client "$@"
	else
		skip "gnutls-cli is not installed" "GnuTLS client, $1"
	fi
}

if have nginx; then
	port=$(free_port)
	check "nginx starts" start_nginx "$port" "$(find "$TMP/nginx" -name '*.pem' ! -name '*key*' | head -n 1)" \
		"$(find "$TMP/nginx" -name '*key*' | head -n 1)"
	judge nginx "$port"
else
	skip "nginx is not installed" "nginx"
fi
if have haproxy; then
	port=$(free_port)
	check "HAProxy starts" start_haproxy "$port" "$(find "$TMP/haproxy" -name '*.pem' | head -n 1)"
	judge HAProxy "$port"
else
	skip "haproxy is not installed" "HAProxy"
fi
tap_done
