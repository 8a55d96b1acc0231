# SPDX-License-Identifier: Apache-2.0
# remint peer: a TLS server of the lab that is as picky as a target. For each of the picky ones a client that is accepted,
# and one that is refused for the very reason; openssl, GnuTLS and curl are the clients.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
. "$srcdir/tests/lib/peer.sh"
need openssl

cd "$TMP" || exit 99

# ---- certificates: leaves that differ in one thing ----------------------------------------------------------------------
lab_certificates
leaf both sha256 serverAuth,clientAuth
leaf server sha256 serverAuth
leaf none sha256 ''
leaf sha512 sha512 serverAuth,clientAuth
leaf sha1 sha1 serverAuth,clientAuth
quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out curve.key
for name in pool curve; do # as Skype for Business wants it
	[ $name = curve ] && key=curve.key || key=leaf.key
	certify $name '/CN=fe.example.com' $key middle.pem middle.key sha256 "basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=DNS:fe.example.com
extendedKeyUsage=serverAuth,clientAuth
crlDistributionPoints=URI:http://crl.example.com/middle.crl"
done
leaf hostile sha256 clientAuth "$(printf '/CN=evil\033[31m\342\200\256')"
new_key small.key 1024
certify small '/CN=fe.example.com' small.key middle.pem middle.key sha256 'subjectAltName=DNS:fe.example.com'
quietly openssl pkcs12 -export -in both.pem -inkey leaf.key -certfile middle.pem -out both.pfx -passout pass:secret
echo secret >pass
cat both.pem middle.pem >both-chain.pem
cat server.pem middle.pem >server-chain.pem
cat >tls13.cfg <<'CFG'
title = "Schannel as it would be with TLS 1.3";
extends = "schannel-tls12";
client: {
	max_version = "tls1.3";
	signature_algorithms = [ "RSA+SHA256", "RSA+SHA384", "RSA+SHA1", "rsa_pss_rsae_sha256" ];
};
CFG
printf 'title = "A server of TLS 1.2";\nextends = "symantec-gateway";\nclient: { max_version = "tls1.2"; };\n' >tls12.cfg
printf 'title = "Root on the wire";\nextends = "schannel-tls12";\npresents = "leaf+intermediates+root";\n' >sends-root.cfg

# ---- clients ------------------------------------------------------------------------------------------------------------
heard() {
	expect_line dial.log "$1" "$2"
}

serve="--key leaf.key --chain middle.pem --trust root.pem"
trust="-CAfile root.pem -verify_return_error"

# target | served | client | the peer says | the client hears
while IFS='|' read -r target served client says hears sentence; do
	start_peer --as "$target" --cert "$served.pem" $serve
	dial $client
	logged "$says" "$target: $sentence"
	[ -z "$hears" ] || heard "$hears" "$target: the client hears of it"
	stop_peer
done <<TABLE
schannel-tls12|both|-tls1_2 $trust|^accepted .*TLSv1.2|HTTP/1.0 200|SHA-256 is served
schannel-tls12|sha512|-tls1_2|^refused .*"fe.example.com": it is signed with sha512WithRSA|alert number 40|SHA-512 is not, under TLS 1.2
schannel-tls12|both|-tls1_3|^refused |alert number 70|TLS 1.3 is not spoken
tls13.cfg|sha512|-tls1_3|^accepted .*TLSv1.3|HTTP/1.0 200|SHA-512 is served under TLS 1.3
tls13.cfg|sha512|-tls1_2|^refused .*no shared cipher|alert number 40|and not under TLS 1.2
sends-root.cfg|both|-tls1_2|^accepted |^ 2 s:|a SHA-256 root is sent
dotnet-mtls|both|-tls1_2 $trust -cert both.pem -key leaf.key -cert_chain middle.pem|^accepted .*client certificate CN=fe.example.com|HTTP/1.0 200|clientAuth is taken
dotnet-mtls|both|-tls1_3 $trust -cert both.pem -key leaf.key -cert_chain middle.pem|^accepted .*TLSv1.3|HTTP/1.0 200|and under TLS 1.3
dotnet-mtls|both|-tls1_2 -cert server.pem -key leaf.key -cert_chain middle.pem|^refused .*clientAuth .*error 26|alert number 43|serverAuth alone is refused
dotnet-mtls|both|-tls1_3 -cert server.pem -key leaf.key -cert_chain middle.pem|^refused .*clientAuth .*error 26|alert number 43|and under TLS 1.3
dotnet-mtls|both|-tls1_2 -cert none.pem -key leaf.key -cert_chain middle.pem|^accepted |HTTP/1.0 200|no purpose at all is taken
dotnet-mtls|both|-tls1_2|^refused .*no certificate|alert number 40|no certificate is refused
dotnet-mtls|both|-tls1_3|^refused .*no certificate|alert number 116|and under TLS 1.3
sfb-front-end|both|-tls1_2 -cert both.pem -key leaf.key -cert_chain middle.pem|^accepted |HTTP/1.0 200|the Edge with both purposes is let in
sfb-front-end|both|-tls1_2 -cert server.pem -key leaf.key -cert_chain middle.pem|^refused .*error 26|alert number 43|the Edge with serverAuth alone is not
sfb-front-end|sha1|-tls1_2 -cipher DEFAULT:@SECLEVEL=0 -cert both.pem -key leaf.key|^accepted |HTTP/1.0 200|Windows has the intermediate, and serves SHA-1
sfb-front-end|sha512|-tls1_2 -cert both.pem -key leaf.key -cert_chain middle.pem|^refused .*"fe.example.com": it is signed with sha512WithRSA|alert number 40|SHA-512 is not served under TLS 1.2
sfb-front-end|both|-tls1_2 -cert sha512.pem -key leaf.key -cert_chain middle.pem|^refused .*sha512WithRSA|alert number|nor taken of an Edge
sfb-front-end|both|-tls1_2|^refused .*no certificate|alert number 40|no certificate is refused
sfb-front-end|both|-tls1_3 -cert both.pem -key leaf.key -cert_chain middle.pem|^accepted .*TLSv1.3|HTTP/1.0 200|RSA goes as RSA-PSS under TLS 1.3
sfb-director|sha512|-tls1_2 -cert both.pem -key leaf.key|^refused .*sha512WithRSA|alert number 40|SHA-512 is not served under TLS 1.2
sfb-mediation|both|-tls1_2 -cert sha512.pem -key leaf.key -cert_chain middle.pem|^refused .*sha512WithRSA|alert number|SHA-512 is not taken
sfb-edge-internal|both|-tls1_2 -cert sha512.pem -key leaf.key -cert_chain middle.pem|^refused .*sha512WithRSA|alert number|SHA-512 is not taken
sfb-edge-internal|both|-tls1_3 -cert both.pem -key leaf.key -cert_chain middle.pem|^accepted |HTTP/1.0 200|the Front End with both purposes is let in
sfb-edge-internal|both|-tls1_3 -cert server.pem -key leaf.key -cert_chain middle.pem|^refused .*error 26|alert number 43|the Front End with serverAuth alone is not
skype-room-system|both|-tls1_2 $trust|^accepted |HTTP/1.0 200|SHA-256 is served
lync-phone-edition|both|-tls1 -cipher ALL:@SECLEVEL=0|^accepted .*TLSv1, AES[12].*-SHA|HTTP/1.0 200|TLS 1.0 with RSA key exchange is spoken
lync-phone-edition|both|-tls1_2|^refused .*another version|unsupported protocol|TLS 1.2 is not
nginx|both|-tls1_3 $trust|^accepted |HTTP/1.0 200|TLS 1.3 is spoken
nginx|both|-tls1_1 -cipher ALL:@SECLEVEL=0|^refused |alert number [78]0|TLS 1.1 is not, as nginx has it at level 2
haproxy|both|-tls1_2 $trust|^accepted |HTTP/1.0 200|a whole chain is sent
openssl-seclevel2|both|-tls1 -cipher ALL:@SECLEVEL=0|^refused |alert number 70|TLS 1.0 is not spoken
cisco-ace|both|-tls1_2 $trust|^left .*alert 48|unable to|the leaf goes alone, and who knows the root alone leaves
cisco-ace|both|-tls1_2 -CAfile middle.pem -partial_chain -verify_return_error|^accepted |HTTP/1.0 200|who has the intermediate stays
TABLE

# ---- what a target does not serve at all --------------------------------------------------------------------------------
refused 4 'sha1WithRSAEncryption.*level 1' "a room system's level takes no SHA-1" "$REMINT" peer --as skype-room-system \
	--cert sha1.pem $serve
refused 4 'key of .*too weak' "HAProxy takes no RSA key of 1024 bits" "$REMINT" peer --as haproxy --cert small.pem \
	--key small.key --chain middle.pem

# ---- whom it trusts, and what it asks for ---------------------------------------------------------------------------------
start_peer --as dotnet-mtls --cert both.pem $serve
dial -tls1_2
heard 'Acceptable client certificate CA names' "issuers are named"
heard 'CN ?= ?Test Root' "the one that is trusted"
stop_peer
(mkdir -p other && cd other && old_ca)
start_peer --as dotnet-mtls --cert both.pem --key leaf.key --chain middle.pem --trust other/root.pem
dial -tls1_2 -cert both.pem -key leaf.key -cert_chain middle.pem
logged '^refused .*error (19|20)' "another root's clients are refused"
heard 'alert number 48' "as of an unknown authority"
stop_peer
start_peer --as dotnet-mtls
expect_line peer.err 'without --trust' "without --trust that is said"
dial -tls1_2 -cert both.pem -key leaf.key -cert_chain middle.pem
logged '^accepted ' "and any root will do"
dial -tls1_2 -cert server.pem -key leaf.key -cert_chain middle.pem
logged '^refused .*error 26' "but not any purpose"
heard 'No client certificate CA names sent' "and no issuer is named"
stop_peer

# ---- other clients ----------------------------------------------------------------------------------------------------------
start_peer --as nginx --cert both.pem $serve
if command -v curl >/dev/null 2>&1; then
	check "curl accepts what nginx would serve" curl -s --cacert root.pem "https://localhost:$port/"
	expect_out '^accepted as by nginx: TLSv1' "and shows the line"
	expect_status 60 "curl with other roots does not" curl -s --cacert other/root.pem "https://localhost:$port/"
	logged '^left .*alert 48' "and the peer says so"
else
	skip "curl is not installed" "curl speaks to it"
fi
gnutls() { timeout 20 gnutls-cli --x509cafile root.pem --verify-hostname fe.example.com -p "$port" "$@" 127.0.0.1; }
if command -v gnutls-cli >/dev/null 2>&1; then
	check "GnuTLS accepts what nginx would serve" gnutls
	stop_peer
	start_peer --as cisco-ace --cert both.pem $serve
	expect_status 1 "GnuTLS, which knows the root alone, refuses a leaf that comes alone" gnutls
	stop_peer
	start_peer --as dotnet-mtls --cert both.pem $serve
	check "GnuTLS with clientAuth is accepted" gnutls --x509certfile both-chain.pem --x509keyfile leaf.key
	gnutls --x509certfile server-chain.pem --x509keyfile leaf.key >dial.log 2>&1 </dev/null
	logged '^refused .*error 26' "GnuTLS with serverAuth alone is not"
else
	skip "gnutls-cli is not installed" "GnuTLS"
fi
stop_peer

# ---- both sides at once: remint verify plays the other target --------------------------------------------------------------
# the peer | what it serves | as whom it is verified | further options | exit status | the peer says | sentence
while IFS='|' read -r target served other options status says sentence; do
	start_peer --as "$target" --cert "$served.pem" $serve
	expect_status "$status" "$target and $other: $sentence" "$REMINT" verify "127.0.0.1:$port" --as "$other" --trust root.pem \
		--name fe.example.com $options
	logged "$says" "and so does the peer"
	stop_peer
done <<'TABLE'
cisco-ace|both|lync-phone-edition||1|^left |the phone lacks the intermediate
cisco-ace|both|schannel-tls12|--chain middle.pem|0|^accepted |the desktop has it
dotnet-mtls|both|openssl-seclevel2||1|^refused .*no certificate|without a certificate it comes to nothing
sfb-front-end|both|dotnet-mtls|--client-cert both-chain.pem --key leaf.key|0|^accepted |both purposes do
sfb-front-end|both|dotnet-mtls|--client-cert server-chain.pem --key leaf.key|1|^refused .*error 26|serverAuth alone does not
schannel-tls12|sha512|schannel-tls12||1|^refused .*sha512|SHA-512 comes to nothing
symantec-gateway|sha512|schannel-tls12||1|^left |the gateway sends SHA-512, and Windows refuses it
haproxy|both|openssl-seclevel2||0|^accepted |all is well
haproxy|pool|sfb-front-end||0|^accepted .*TLSv1.3|the Front End takes SHA-256, and RSA-PSS under TLS 1.3
schannel-tls12|pool|sfb-edge-internal||0|^accepted .*TLSv1.2|and under TLS 1.2
tls12.cfg|sha512|sfb-front-end||1|^left |the Front End does not take SHA-512
tls12.cfg|sha512|sfb-edge-internal||1|^left |nor does the Edge
sfb-front-end|sha512|sfb-edge-internal|--client-cert both-chain.pem --key leaf.key|1|^accepted .*TLSv1.3|under TLS 1.3 only the rules mind SHA-512
TABLE
start_peer --as sfb-front-end --cert curve.pem --key curve.key --chain middle.pem --trust root.pem
for version in 1_2 1_3; do
	dial -tls$version -cert both.pem -key leaf.key -cert_chain middle.pem
	heard 'HTTP/1.0 200' "sfb-front-end: a certificate with an EC key is served, TLS $version"
done
expect_status 0 "sfb-edge-internal takes it of sfb-front-end" "$REMINT" verify "127.0.0.1:$port" --as sfb-edge-internal \
	--trust root.pem --name fe.example.com --client-cert both-chain.pem --key leaf.key
stop_peer
start_peer --as sfb-front-end --cert sha512.pem $serve
expect_line peer.err 'serves no "fe.example.com" under TLS 1.2: it is signed with sha512With' "what is not served is told at the start"
stop_peer

# ---- every shipped target starts, and takes a good client -----------------------------------------------------------------
"$REMINT" target list --csv | sed 1d | cut -d, -f1 | sort >targets
check "there are targets" test "$(wc -l <targets)" -ge 38
while read -r target; do
	start_peer --as "$target" --cert both.pfx --password-file pass --trust root.pem
	dial -min_protocol TLSv1 -cipher ALL:@SECLEVEL=0 -cert both.pem -key leaf.key -cert_chain middle.pem
	grep -q '^accepted as by' dial.log || { echo "$target"; cat peer.log peer.err; } >>bad
	stop_peer
	[ "$peer_status" -eq 0 ] || echo "$target ends with $peer_status" >>bad
done <targets
if [ -s bad ]; then not_ok "every target takes a good client" bad; else ok "every target takes a good client"; fi

# ---- how it ends, and what it says ------------------------------------------------------------------------------------------
start_peer --as nginx
logged 'made for this run' "without --cert one is made"
expect_line peer.log '^listening on 127.0.0.1:' "it listens on loopback alone"
dial
dial -tls1_1 -cipher ALL:@SECLEVEL=0
kill -INT "$peer_pid"
status=0
wait "$peer_pid" || status=$?
peer_pid=
check "SIGINT ends it with 0" test "$status" -eq 0
expect_line peer.log '^2 connections: 1 accepted, 1 refused$' "and with a summary"
start_peer --as nginx
stop_peer
check "so does SIGTERM" test "$peer_status" -eq 0
expect_line peer.log '^0 connections$' "and a summary of nothing"
start_peer --as nginx --once
dial
wait "$peer_pid"
expect_line peer.log '^1 connection: 1 accepted$' "--once ends it after one"
peer_pid=
start_peer --as nginx --count 2
dial
dial
wait "$peer_pid"
expect_line peer.log '^2 connections: 2 accepted$' "--count 2 after two"
peer_pid=
expect_status 0 "--seconds ends it, too" "$REMINT" peer --as nginx --seconds 1
"$REMINT" peer --as nginx --seconds 60 2>/dev/null | head -n 1 >first.log &
pipe_pid=$!
until [ -s first.log ]; do sleep 0.05; done
port=$(sed -n 's/^listening on [^ ]*:\([0-9]*\) as .*/\1/p' first.log)
dial
wait "$pipe_pid"
tries=0
until dial; grep -Eq 'refused|errno' dial.log || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
heard 'refused|errno' "it ends when nobody reads what it says"
start_peer --as nginx --listen '[::1]:0'
if [ -n "$port" ]; then
	logged '^listening on \[::1\]:' "IPv6 is listened on"
	timeout 20 openssl s_client -connect "[::1]:$port" -ign_eof >dial.log 2>&1 </dev/null
	logged '^accepted +\[::1\]:' "and told"
fi
stop_peer
lab --no-password
quietly "$REMINT" issue --cn web.example.com --dns web.example.com --out issued
start_peer --as nginx --cert "serial:$(openssl x509 -in issued/cert.pem -noout -serial | sed 's/.*=//' | tr A-F a-f)"
dial
heard '^ 1 s:.*Issuing' "a certificate of the database is served with its chain"
stop_peer

start_peer --as dotnet-mtls --json --trust root.pem
dial -tls1_2 -servername fe.example.com -cert both.pem -key leaf.key -cert_chain middle.pem
dial -tls1_2 -cert server.pem -key leaf.key -cert_chain middle.pem
dial -tls1_2 -cert hostile.pem -key leaf.key -cert_chain middle.pem
logged '"subject":"CN=evil' "JSON: each guest is told when it has gone"
stop_peer
if command -v jq >/dev/null 2>&1; then
	told() { # N FILTER SENTENCE
		if sed -n "$1p" peer.log | jq -e ".schema == 1 and ($2)" >jq.log 2>&1; then ok "$3"; else not_ok "$3" peer.log jq.log; fi
	}
	told 1 '.event == "listening" and .demands_certificate and .self_made and (.root_pem | startswith("-----BEGIN CERT"))' \
		"JSON: what it serves"
	told 2 '.outcome == "accepted" and .server_name == "fe.example.com" and .client.certificates == 2 and .reason == null' \
		"JSON: who was accepted"
	told 3 '.outcome == "refused" and .alert == 43 and .alert_from == "peer" and .verify_error == 26 and .verify_depth == 0' \
		"JSON: who was refused, and why"
	told 4 '.client.subject | startswith("CN=evil")' "JSON: a hostile name is kept"
	told 5 '.event == "end" and .accepted == 2 and .refused == 1' "JSON: the summary"
	jq -r .root_pem peer.log 2>/dev/null | openssl x509 -noout >/dev/null 2>&1 &&
		ok "the root that was made is a certificate" || not_ok "the root that was made is a certificate" peer.log
else
	skip "jq is not installed" "JSON"
fi
expect_no_line peer.log "$(printf '\033')" "JSON holds no escape sequence"
start_peer --as dotnet-mtls
dial -tls1_2 -cert hostile.pem -key leaf.key
logged '^accepted ' "a hostile name is told"
heard 'evil\\x1b' "escaped to the client, too"
expect_no_line peer.log "$(printf '\033')" "and no escape sequence is"
stop_peer

# ---- guests that are none ------------------------------------------------------------------------------------------------------
if command -v python3 >/dev/null 2>&1; then
	cat >crowd.py <<'PYTHON'
import socket, sys, time
port, number, what = int(sys.argv[1]), int(sys.argv[2]), bytes.fromhex(sys.argv[3])
crowd = []
for i in range(number):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(what)
    crowd.append(s)
print("there", flush=True)
time.sleep(60)
PYTHON
	crowd() { # NUMBER BYTES
		: >crowd.log
		python3 crowd.py "$port" "$1" "$2" >crowd.log 2>&1 &
		crowd_pid=$!
		crowd_tries=0
		until grep -q there crowd.log || [ $crowd_tries -ge 300 ]; do
			crowd_tries=$((crowd_tries + 1))
			sleep 0.1
		done
	}
	start_peer --as nginx --timeout 1m
	crowd 200 ''
	check "with 200 idle connections" grep -q there crowd.log
	dial
	heard 'accepted as by nginx' "a client is served at once"
	kill "$crowd_pid"
	stop_peer
	: >peer.log # what the one before said must not be taken for this one's port
	(
		ulimit -n 60
		exec env "$REMINT" peer --as nginx --timeout 1m --seconds 120 >peer.log 2>peer.err
	) &
	peer_pid=$!
	until grep -q '^listening' peer.log || ! kill -0 $peer_pid 2>/dev/null; do sleep 0.05; done
	port=$(sed -n 's/^listening on [^ ]*:\([0-9]*\) as .*/\1/p' peer.log)
	crowd 100 160301
	dial
	heard 'accepted as by nginx' "and when there are no descriptors left"
	logged '^timed-out .*gave way' "since the oldest give way"
	kill "$crowd_pid"
	stop_peer
	check "and it ends well" test "$peer_status" -eq 0
else
	skip "python3 is not installed" "idle connections"
fi
start_peer --as nginx --timeout 1s
sleep 2 | timeout 10 openssl s_client -connect "127.0.0.1:$port" -starttls smtp >dial.log 2>&1
logged '^(timed-out|no-tls) ' "one that waits for another to speak is timed out"
stop_peer

# ---- what it cannot do ------------------------------------------------------------------------------------------------------------
refused 2 'as whom' "no target" "$REMINT" peer
refused 2 'did you mean "nginx"' "an unknown target" "$REMINT" peer --as nginxx
refused 2 'no port' "no port" "$REMINT" peer --as nginx --listen 127.0.0.1:http
refused 2 'no port' "a port too high" "$REMINT" peer --as nginx --listen 65536
refused 2 'no place to listen' "an address of IPv6 without brackets" "$REMINT" peer --as nginx --listen ::1:8443
refused 2 'not both' "--once and --count" "$REMINT" peer --as nginx --once --count 2
refused 2 'name its certificate' "a key without a certificate" "$REMINT" peer --as nginx --key leaf.key
refused 2 'takes a number' "no connection at all" "$REMINT" peer --as nginx --count 0
refused 3 'absent.pem' "a certificate that is not there" "$REMINT" peer --as nginx --cert absent.pem
refused 3 'holds no certificate' "a file without a certificate" "$REMINT" peer --as nginx --cert leaf.key
refused 3 'leaf.key: holds no certificate, only a private key: the certificate is in another file' "roots that are none" "$REMINT" peer --as nginx --trust leaf.key
refused 7 'no private key' "a certificate without its key" "$REMINT" peer --as nginx --cert both.pem
refused 7 'no private key' "a certificate with another's key" "$REMINT" peer --as nginx --cert both.pem --key root.key
refused 5 'listen' "an address that is not ours" "$REMINT" peer --as nginx --listen 192.0.2.77:0
start_peer --as nginx
refused 5 'in use' "a port that is taken" "$REMINT" peer --as nginx --listen "$port"
stop_peer
status=0
"$REMINT" peer --as nginx --cert both.pfx --json >"$TMP/out" 2>"$TMP/err" </dev/null || status=$?
cp "$TMP/out" got
check "a PFX without its passphrase" test "$status" -eq 7
grep -q '^{"schema":1,"error":{"class":"secret"' got && ok "is told as JSON" || not_ok "is told as JSON" got
tap_done
