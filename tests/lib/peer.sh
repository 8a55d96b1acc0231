# SPDX-License-Identifier: Apache-2.0
# A lab peer and certificates for it, RSA as old devices have it, made with the plain openssl program in the working
# directory. Read after tap.sh and pki.sh.

peer_pid=
trap 'stop_peer; tap_exit' EXIT

# new_key FILE [BITS]
new_key() { quietly openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${2:-2048}" -out "$1"; }
ca_ext='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'

# certify NAME SUBJECT KEY CA CAKEY DIGEST EXTENSIONS
certify() {
	quietly openssl req -utf8 -new -key "$3" -subj "$2" -out "$1.csr"
	printf '%s\n' "$7" >"$1.ext"
	serial=$((serial + 1))
	quietly openssl x509 -req -in "$1.csr" -CA "$4" -CAkey "$5" -set_serial "$serial" -days 200 "-$6" -out "$1.pem" \
		-extfile "$1.ext"
}

# leaf NAME DIGEST PURPOSES [SUBJECT]
leaf() {
	certify "$1" "${4:-/CN=fe.example.com}" leaf.key middle.pem middle.key "$2" "basicConstraints=critical,CA:FALSE
subjectAltName=DNS:fe.example.com,DNS:localhost,IP:127.0.0.1
${3:+extendedKeyUsage=$3}"
}

# lab_certificates: root.pem, middle.pem and leaf.key, for leaf() to sign by and for.
lab_certificates() {
	serial=100
	for name in root middle leaf; do new_key $name.key; done
	quietly openssl req -x509 -key root.key -out root.pem -subj '/CN=Test Root' -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign
	certify middle '/CN=Test Middle' middle.key root.pem root.key sha256 "$ca_ext"
}

# start_peer OPTION...: runs in the background; $port, and the log in peer.log. It may have to make its keys first, which takes a while on a
# machine with much to do.
start_peer() {
	: >peer.log
	env --default-signal=INT "$REMINT" peer --seconds 120 "$@" >peer.log 2>peer.err &
	peer_pid=$!
	peer_tries=0
	while ! grep -q '^listening\|"listening"' peer.log && kill -0 "$peer_pid" 2>/dev/null && [ $peer_tries -lt 600 ]; do
		peer_tries=$((peer_tries + 1))
		sleep 0.05
	done
	port=$(sed -n 's/^listening on [^ ]*:\([0-9]*\) as .*/\1/p; s/.*"address":"[^"]*:\([0-9]*\)".*/\1/p' peer.log)
	[ -n "$port" ] || not_ok "it listens: $*" peer.log peer.err
}

# logged REGEX SENTENCE: a line of the peer's log says so, soon: it is written when the guest has gone.
logged() {
	log_tries=0
	until grep -Eq -e "$1" peer.log || [ $log_tries -ge 400 ]; do
		log_tries=$((log_tries + 1))
		sleep 0.05
	done
	grep -Eq -e "$1" peer.log && ok "$2" || not_ok "$2 (no line matches $1)" peer.log dial.log
}

# stop_peer: its exit status is left in peer_status.
stop_peer() {
	[ -n "$peer_pid" ] || return 0
	kill -TERM "$peer_pid" 2>/dev/null
	peer_status=0
	wait "$peer_pid" || peer_status=$?
	peer_pid=
}

# dial OPTION...: an openssl client, which waits for the answer.
dial() {
	timeout 20 openssl s_client -connect "127.0.0.1:$port" -ign_eof "$@" >dial.log 2>&1 </dev/null
}
