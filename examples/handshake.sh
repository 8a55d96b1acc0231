#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One real TLS handshake on loopback in which the server demands a certificate from its client and accepts only one
# that is fit for clients: what .NET has done since May 2017. Plain openssl on both sides.
#
#	examples/handshake.sh CERT KEY CHAIN TRUST
#
# CERT serves on both sides, as a Lync or Skype for Business server's does; CHAIN holds its intermediates; TRUST the
# roots that both sides believe. Prints what each side saw; exit status 0 when the handshake succeeded, 1 when the
# server refused its client.

set -u
cert=${1:?usage: examples/handshake.sh CERT KEY CHAIN TRUST} key=$2 chain=$3 trust=$4
tmp=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 130' INT TERM

# TLS 1.2, in which the client hears of the refusal before it can send anything. Port 0: the kernel picks a free one.
openssl s_server -accept 127.0.0.1:0 -tls1_2 -cert "$cert" -key "$key" -cert_chain "$chain" -CAfile "$trust" -Verify 4 \
	-verify_return_error -naccept 1 -www >"$tmp/server" 2>&1 </dev/null &
server=$!
port=
tries=0
while [ -z "$port" ] && [ $tries -lt 100 ]; do
	port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$tmp/server" 2>/dev/null)
	tries=$((tries + 1))
	[ -n "$port" ] || sleep 0.1
done
[ -n "$port" ] || { cat "$tmp/server"; exit 2; }

echo Q | timeout 20 openssl s_client -connect "127.0.0.1:$port" -tls1_2 -cert "$cert" -key "$key" -cert_chain "$chain" \
	-CAfile "$trust" >"$tmp/client" 2>&1
sleep 0.2
kill "$server" 2>/dev/null
wait "$server" 2>/dev/null
server=

grep -h -E '^verify error|alert number|alert unsupported|error:num=' "$tmp/server" "$tmp/client" | sort -u |
	sed 's/^[0-9A-F]*:error:[0-9A-F]*:/error: /; s/:[^:]*\.c:[0-9]*:/ /; s/^/    /'
if grep -q 'alert' "$tmp/client" || ! grep -q '^    Verify return code: 0' "$tmp/client"; then
	echo "    refused"
	exit 1
fi
echo "    accepted by both sides"
