# SPDX-License-Identifier: Apache-2.0
# remint ocsp: a request in a file, all in advance, and over HTTP: what is good, revoked, on hold, unknown or somebody else's; what is kept
# and what is signed; and clients that say nothing, half or nonsense. openssl is the client.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl curl

cd "$TMP" || exit 99
REMINT_HOME=$TMP/home
export REMINT_HOME
lab --no-password --ocsp-url http://ocsp.example.com/
for name in one two three; do
	quietly "$REMINT" issue --dns $name.example --key-type ec:p256 --out $name
done
quietly "$REMINT" ca export --out dist
cp one/chain.pem issuer.pem
cp dist/root.pem root.pem
old_ca && old_cert stranger /CN=stranger.example && mv root.pem old-root.pem && cp dist/root.pem root.pem

serial_of() {
	openssl x509 -in "$1" -noout -serial | cut -d= -f2 | tr A-F a-f
}
# ask FILE [OPTION...]: a request, by openssl.
ask() {
	ask_file=$1
	shift
	quietly openssl ocsp -issuer issuer.pem "$@" -reqout "$ask_file"
}
# said RESPONSE OPTION...: what openssl makes of it, in $TMP/said; the issuing CA's certificate stands beside the root as any client has it.
said() {
	said_file=$1
	shift
	openssl ocsp -respin "$said_file" -issuer issuer.pem -CAfile root.pem "$@" >"$TMP/said" 2>&1 </dev/null
}
one=$(serial_of one/cert.pem) two=$(serial_of two/cert.pem)

openssl x509 -in one/cert.pem -noout -ocsp_uri >said
expect_line said '^http://ocsp.example.com/$' "certificates say where to ask"
openssl x509 -in issuer.pem -noout -ocsp_uri >said
expect_line said '^http://ocsp.example.com/$' "the issuing CA's too"
quietly "$REMINT" init --no-password --root-key ec:p256 --issuing-key ec:p256 --home apart --offline-root away --ocsp-url http://ocsp.example.com/
"$REMINT" ca list --home apart --json >out
expect_line out '"name":"issuing".*"ocsp_uri":"http://ocsp.example.com/"' "an issuing CA whose root is away has the address"
expect_no_line out '"name":"root"[^}]*"ocsp_uri":"http' "the root has not"
expect_status 2 "an address that is none" "$REMINT" init --no-password --home other --ocsp-url https://ocsp.example.com/

# ---- a request in a file ---------------------------------------------------------------------------------------------------
ask q -cert one/cert.pem -no_nonce
expect_status 0 "a request is answered" "$REMINT" ocsp q --out r
expect_out "^good +$one\$" "it says what it says"
expect_err 'issued a certificate that signs OCSP responses' "a signer is issued for it"
said r -cert one/cert.pem
expect_line said '^Response verify OK' "openssl accepts the signature"
expect_line said '^one/cert.pem: good' "and reads that it is good"
expect_status 4 "a file that is there is not replaced" "$REMINT" ocsp q --out r
expect_status 0 "but by force" "$REMINT" ocsp q --out r2 --force
expect_no_line err 'issued a certificate' "the signer stays"
cmp -s r r2 && ok "what was signed is kept" || not_ok "what was signed is kept"
"$REMINT" ocsp q >r3 2>err && cmp -s r r3 && ok "standard output takes it, too" || not_ok "standard output takes it, too" err
expect_status 0 "JSON says it, too" "$REMINT" ocsp q --out r4 --json
expect_out '"result":"successful".*"kept":true.*"status":"good"' "all of it"
expect_status 2 "JSON needs a file for the response" "$REMINT" ocsp q --json

ask q -cert one/cert.pem
expect_status 0 "a nonce" "$REMINT" ocsp q --out n1 --json
expect_out '"nonce":true,"kept":false' "is answered by a signature of its own"
openssl ocsp -respin n1 -reqin q -issuer issuer.pem -CAfile root.pem >said 2>&1
expect_no_line said 'WARNING: no nonce' "the nonce comes back"
expect_line said '^Response verify OK' "in a response that is accepted"

for digest in sha1 sha224 sha256 sha384 sha512 sha3-256; do
	openssl ocsp -no_nonce -$digest -issuer issuer.pem -cert one/cert.pem -reqout q >quiet.log 2>&1
	"$REMINT" ocsp q --out r --force >out 2>err
	openssl ocsp -respin r -issuer issuer.pem -$digest -cert one/cert.pem -CAfile root.pem >said 2>&1
	expect_line said '^one/cert.pem: good' "an issuer named by $digest"
done

# ---- revoked, on hold, unknown, somebody else's ------------------------------------------------------------------------------
quietly "$REMINT" revoke "$two" --reason superseded
ask q -no_nonce -cert one/cert.pem -cert two/cert.pem -serial 0x4711
expect_status 0 "several at once" "$REMINT" ocsp q --out r --force
expect_out "^good +$one" "one is good"
expect_out "^revoked +$two, 20.*Z, superseded" "one is revoked"
expect_out "^unknown +4711" "one was never issued"
said r -cert one/cert.pem -cert two/cert.pem -serial 0x4711
expect_line said '^two/cert.pem: revoked' "openssl reads the same"
expect_line said 'Reason: superseded' "and the reason"
expect_line said '^0x4711: unknown' "and what is unknown"

check "show tells what a response says" "$REMINT" show r
expect_out "^ +good +serial $one, issuer's key" "what is good"
expect_out "^ +revoked +serial $two, issuer's key" "what is revoked"
expect_out '^ +unknown +serial 4711' "what is unknown"
expect_out '^ +signer +CN=Remint Lab Issuing CA OCSP, valid until' "and who signed"
check "and in JSON" "$REMINT" show r --json
expect_out "\"name\":\"revoked\".*\"text\":\"serial $two, issuer's key [0-9a-f]{40} by sha1, revoked 20[^\"]*Z, superseded; so since 20[^\"]*Z until 20" "all of it"
check "show tells what a request asks" "$REMINT" show q
expect_out "^ +asks +serial $one, issuer's key" "by whom and which"
check "show tells of a nonce" "$REMINT" show n1 --json
expect_out '"name":"nonce".*"text":"[0-9a-f]+"' "in JSON"

quietly openssl ocsp -issuer old-root.pem -cert stranger.pem -reqout q
expect_status 1 "a request for another CA's certificate" "$REMINT" ocsp q --out r --force
expect_err 'no authority that answers here issued' "is refused with a sentence"
openssl ocsp -respin r -issuer old-root.pem -cert stranger.pem >said 2>&1
expect_line said 'unauthorized' "and answered so"
quietly openssl ocsp -issuer issuer.pem -cert one/cert.pem -issuer old-root.pem -cert stranger.pem -reqout q
expect_status 0 "ours and theirs in one" "$REMINT" ocsp q --out r --force
expect_out '^unknown ' "theirs is unknown"
expect_out '^good ' "ours is not"
echo nonsense >q
expect_status 3 "what is no request" "$REMINT" ocsp q --out r --force
expect_err '^remint: q: .*no OCSP request that can be answered' "is refused with a sentence"
openssl ocsp -respin r -issuer issuer.pem -cert one/cert.pem >said 2>&1
expect_line said 'malformedrequest' "and answered so"
expect_status 3 "a file that is not there" "$REMINT" ocsp absent --out r5
expect_status 2 "nothing to do" "$REMINT" ocsp
expect_status 2 "two things to do" "$REMINT" ocsp q --all
expect_status 2 "an authority that is not there" "$REMINT" ocsp q --ca nobody --out r6
expect_status 2 "an answer for no time" "$REMINT" ocsp q --next-update 5s --out r7

# ---- all in advance --------------------------------------------------------------------------------------------------------------
expect_status 0 "all in advance" "$REMINT" ocsp --all --json
expect_out '"signed":[1-9]' "some are signed"
expect_status 0 "and again" "$REMINT" ocsp --all --json
expect_out '"signed":0,' "what is there stays"
expect_status 0 "but by force" "$REMINT" ocsp --all --force --json --jobs 2
expect_out '"kept":0,' "all of them anew"
expect_status 0 "a file for each" "$REMINT" ocsp --all --out responses
expect_out '0 signed, .* files' "of those that are there"
for name in one two three; do
	said "responses/issuing-$(serial_of $name/cert.pem).ocsp" -cert $name/cert.pem
	expect_line said '^Response verify OK' "openssl accepts the file for $name"
done
said "responses/issuing-$two.ocsp" -cert two/cert.pem
expect_line said '^two/cert.pem: revoked' "the revoked one is revoked"
quietly "$REMINT" revoke "$(serial_of three/cert.pem)" --reason keyCompromise
ask q -no_nonce -cert three/cert.pem
expect_status 0 "what is revoked now" "$REMINT" ocsp q --out r --force --json
expect_out '"kept":false.*"status":"revoked"' "is revoked, though it was signed as good before"
quietly "$REMINT" revoke "$one" --hold
expect_status 0 "the next run signs what is on hold now" "$REMINT" ocsp --all --json
expect_out '"signed":1,' "and nothing else"
ask q -no_nonce -cert one/cert.pem
expect_status 0 "what is on hold" "$REMINT" ocsp q --out r --force
expect_out '^revoked .*, certificateHold' "is revoked for the time being"
quietly "$REMINT" revoke "$one" --release
expect_status 0 "what is released" "$REMINT" ocsp q --out r --force
expect_out '^good ' "is good again, at once"
expect_status 0 "the database is sound" "$REMINT" db check

expect_status 0 "to hold longer than their signer" "$REMINT" ocsp --all --force --next-update 20d --json
expect_err '^remint: warning: [0-9]+ responses end before the time that was asked for, from 2.*none holds longer than the certificate that signs it' "they are cut to its end, which is said"
[ "$(grep -c 'none holds longer' "$TMP/err")" -eq 1 ] && ok "once" || not_ok "once" "$TMP/err"
expect_out '"cut":[1-9][0-9]*,"cut_at":"2' "and told to a program"
expect_status 0 "to hold as long as they can" "$REMINT" ocsp --all --force --json
expect_no_line "$TMP/err" 'none holds longer' "nothing is said"
expect_out '"cut":0\}' "and nothing cut"

# The authority itself signs; a signer with another key.
ask q -no_nonce -cert one/cert.pem
expect_status 0 "by the authority itself" "$REMINT" ocsp --all --force --own-key
expect_status 0 "its answer" "$REMINT" ocsp q --own-key --out r --force
said r -cert one/cert.pem
expect_line said '^Response verify OK' "is accepted"
expect_status 0 "by a signer of another kind" "$REMINT" ocsp --all --force --key-type ec:p256
expect_err 'issued a certificate' "which is issued for it"
expect_status 0 "its answer" "$REMINT" ocsp q --out r --force
said r -cert one/cert.pem
expect_line said '^Response verify OK' "is accepted"

# ---- over HTTP --------------------------------------------------------------------------------------------------------------------
listener=
trap '[ -z "$listener" ] || kill "$listener" 2>/dev/null; tap_exit' EXIT
# SIGHUP ends it, unless who starts the test ignores it (nohup): that is put back first.
start_listener() {
	rm -f listener.log
	env --default-signal=HUP "$REMINT" ocsp --listen 127.0.0.1:0 "$@" >listener.log 2>listener.err </dev/null &
	listener=$!
	tries=0
	until url=$(sed -n 's/^listening on //p; s/.*"address":"\([^"]*\)".*/http:\/\/\1\//p' listener.log 2>/dev/null | head -n 1) && [ -n "$url" ] || [ $tries -ge 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	port=${url##*:} port=${port%/}
}
stop_listener() {
	kill "$1" "$listener"
	wait "$listener"
	stopped=$?
	listener=
}
# online OPTION...: openssl asks the listener.
online() {
	openssl ocsp -url "$url" -issuer issuer.pem -CAfile root.pem "$@" >said 2>&1 </dev/null
}
start_listener
[ -n "$url" ] && ok "it listens" || not_ok "it listens" listener.err
online -cert one/cert.pem
expect_line said '^one/cert.pem: good' "POST with a nonce"
expect_no_line said 'WARNING: no nonce' "which comes back"
ask q -no_nonce -cert one/cert.pem
path=$(base64 -w 0 q | sed 's/+/%2B/g; s|/|%2F|g; s/=/%3D/g')
curl -s -D head -o r "$url$path"
said r -cert one/cert.pem
expect_line said '^Response verify OK' "GET with the request in the path"
for header in 'Content-Type: application/ocsp-response' 'Cache-Control: max-age=3600, public, no-transform, must-revalidate' 'ETag: "[0-9a-f]{40}"' \
	'Last-Modified: .* GMT' 'Expires: .* GMT'; do
	expect_line head "^$header" "its header ${header%%:*}"
done
curl -s -o r2 "${url}some/path//$(base64 -w 0 q)"
cmp -s r r2 && ok "GET below a path, and not escaped" || not_ok "GET below a path, and not escaped"
ask q -cert one/cert.pem
curl -s -D head -o r --data-binary @q -H 'Content-Type: application/ocsp-request' "$url"
expect_line head '^Cache-Control: no-store' "what answers a nonce is kept by nobody"
online -cert three/cert.pem -no_nonce
expect_line said '^three/cert.pem: revoked' "what is revoked"
quietly "$REMINT" issue --dns four.example --key-type ec:p256 --out four
online -cert four/cert.pem -no_nonce
expect_line said '^four/cert.pem: good' "what was issued since"
online -cert four/cert.pem -no_nonce
sleep 0.5 # until it is recorded
online -cert four/cert.pem -no_nonce
expect_line listener.log 'good .*, signed before' "is signed once"
quietly "$REMINT" revoke "$(serial_of four/cert.pem)" --reason keyCompromise
online -cert four/cert.pem -no_nonce
expect_line said '^four/cert.pem: revoked' "what another process revokes is revoked at once"
curl -s -o r --data-binary nonsense "$url"
openssl ocsp -respin r >said 2>&1
expect_line said 'malformedrequest' "nonsense is malformed"
curl -s -o r "${url}favicon.ico"
openssl ocsp -respin r >said 2>&1
expect_line said 'malformedrequest' "so is a path without a request"
curl -s -o r -w '%{http_code}' -X DELETE "$url" >code
expect_line code '^405$' "other methods are refused"
head -c 70000 /dev/zero | curl -s -o r -w '%{http_code}' --data-binary @- "$url" >code
expect_line code '^413$' "so is what is too large"

# Whoever comes and goes, says half, or stays and says nothing: the next is served.
python3 - "$port" <<'PY' && ok "a bare connection, half a request and a thousand silent clients" || not_ok "a bare connection, half a request and a thousand silent clients"
import resource, socket, sys, urllib.request
port = int(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
def served():
	with urllib.request.urlopen("http://127.0.0.1:%d/" % port, data=b"nonsense", timeout=20) as answer:
		assert answer.read() == bytes([0x30, 3, 10, 1, 1])
for _ in range(50):
	socket.create_connection(("127.0.0.1", port)).close()
served()
halves = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
for n, half in enumerate(halves):
	half.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf"[:10 + n])
served()
idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(1100)]
for _ in range(20):
	served()
PY
online -cert one/cert.pem
expect_line said '^one/cert.pem: good' "and openssl afterwards"
stop_listener -TERM
[ "$stopped" -eq 0 ] && ok "SIGTERM ends it" || not_ok "SIGTERM ends it (status $stopped)" listener.err
expect_line listener.log '^[0-9]+ requests: ' "and it says how many requests there were"
expect_no_line listener.err . "nothing went wrong meanwhile"

start_listener --json
online -cert one/cert.pem
stop_listener -HUP # SIGINT is ignored in what a shell starts in the background
[ "$stopped" -eq 0 ] && ok "SIGHUP ends it" || not_ok "SIGHUP ends it (status $stopped)"
expect_line listener.log '"event":"request".*"status":"good"' "a JSON object for each request"
expect_line listener.log '"event":"end".*"requests":1' "and one at the end"
expect_status 5 "an address that is not here" "$REMINT" ocsp --listen 192.0.2.1:0
expect_status 2 "a place that is none" "$REMINT" ocsp --listen nowhere
expect_status 2 "a listener writes no file" "$REMINT" ocsp --listen 0 --out x

# ---- two CAs with one serial number -----------------------------------------------------------------------------------------------------
REMINT_HOME=$TMP/several
quietly "$REMINT" init --root-key ec:p256 --no-issuing --no-password
for name in left right; do
	mkdir $name $name/newcerts
	quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name/key.pem -out $name/ca.pem -subj "/CN=$name" -days 900
	quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name/leaf.key -out $name/leaf.csr -subj "/CN=of-$name"
	quietly openssl x509 -req -in $name/leaf.csr -CA $name/ca.pem -CAkey $name/key.pem -set_serial 1 -days 90 -out $name/leaf.pem
	quietly "$REMINT" import $name --commit
done
expect_status 0 "their responses go into files" "$REMINT" ocsp --all --out both
for name in left right; do
	openssl ocsp -respin "both/$name-01.ocsp" -issuer $name/ca.pem -cert $name/leaf.pem -CAfile $name/ca.pem -no_nonce >said 2>&1
	expect_line said "^$name/leaf.pem: good" "and each has its own"
done

# ---- a CA whose constraints allow no certificate for a signer -------------------------------------------------------------------------------
REMINT_HOME=$TMP/constrained
quietly "$REMINT" init --root-key ec:p256 --issuing-key ec:p256 --no-password
printf 'title = "N"; extends = "issuing-ca"; name_constraints: { permitted = [ "dns:inner.example", "directory:O=Inner" ]; };\n' >narrow.cfg
quietly "$REMINT" ca add narrow --template ./narrow.cfg --subject CN=Narrow --key-type ec:p256
quietly "$REMINT" ca add later --subject CN=Later --key-type ec:p256
quietly "$REMINT" issue --ca narrow --subject O=Inner,CN=a.inner.example --dns a.inner.example --key-type ec:p256 --out narrow.d
quietly "$REMINT" issue --ca later --dns b.example --key-type ec:p256 --out later.d
check "both have issued" test -e narrow.d/cert.pem -a -e later.d/cert.pem
expect_status 4 "it is told" "$REMINT" ocsp --all --out rest
expect_err 'the authority "narrow" can have no certificate for a signer of OCSP responses .*--own-key' "with the way out"
ls rest >said
expect_line said '^later-' "and the others get their responses"
expect_no_line said '^narrow-' "it none"
expect_status 0 "which it signs itself" "$REMINT" ocsp --all --own-key --out rest
ls rest >said
expect_line said '^narrow-' "then"

# ---- a home under a passphrase --------------------------------------------------------------------------------------------------------
echo secret >pass
echo wrong >bad
REMINT_HOME=$TMP/locked
quietly "$REMINT" init --root-key ec:p256 --issuing-key ec:p256 --ca-password-file pass
quietly "$REMINT" issue --dns five.example --key-type ec:p256 --out five --ca-password-file pass
quietly openssl ocsp -issuer five/chain.pem -cert five/cert.pem -reqout q
expect_status 7 "without the passphrase" "$REMINT" ocsp q --out r8
[ -e r8 ] && not_ok "nothing is written" || ok "nothing is written"
expect_status 7 "with a wrong one" "$REMINT" ocsp q --out r8 --ca-password-file bad
expect_status 0 "with the right one" "$REMINT" ocsp q --out r8 --ca-password-file pass
expect_status 7 "the listener wants it at the start" "$REMINT" ocsp --listen 0 --seconds 5
tap_done
