# SPDX-License-Identifier: Apache-2.0
# The end of a campaign: seen served everywhere, then the old certificate is closed; and what stands in the way of it.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/campaign.sh"
. "$srcdir/tests/lib/server.sh"
need openssl jq python3

cd "$TMP" || exit 99
old_ca
lab --no-password
for n in wire file none chain; do
	old_cert $n "/O=Contoso/CN=$n.contoso.com" subjectAltName=DNS:$n.contoso.com
done
quietly "$REMINT" issue --dns ours.contoso.com --key-type ec:p256 --out ours
cp ours/cert.pem ours.pem

# restart CERT KEY [OPTION...]: the server again, at the port that it had.
restart() {
	stop
	start_at "127.0.0.1:$port" "$@"
}
# start_at ADDRESS CERT KEY [OPTION...]
start_at() {
	serve_at=$1 start_cert=$2 start_key=$3
	shift 3
	serve -cert "$start_cert" -key "$start_key" "$@"
	unset serve_at
}
stop() {
	kill "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
}

serve -cert wire.pem -key wire.key
endpoint="[{kind: \"endpoint\", source: \"127.0.0.1:$port\", index: 1}]"
{
	plan_item wire.pem wire reissue ".places = $endpoint"
	plan_item file.pem file reissue
	plan_item none.pem none reissue '.places = [{kind: "database", source: "home", index: 1}]'
	plan_item ours.pem ours rekey
} >items
plan_of a <items >plan.json
expect_status 4 "what was never applied is not looked at" "$REMINT" verify --campaign plan.json
check "the plan is carried out" "$REMINT" apply plan.json --commit --out b
mkdir -p d/wire

expect_status 1 "as long as an old certificate is in use, the answer is no" "$REMINT" verify --campaign plan.json --json
expect_states "and nothing is live" wire=exported file=exported none=exported ours=exported
jq -r '.items[].nodes[]' "$TMP/out" >nodes
expect_line nodes "^127\.0\.0\.1:$port still serves the old certificate" "the node is named"
expect_line nodes 'file\.pem still holds the old certificate' "the file, too"
expect_status 2 "endpoints of one's own have no place there" "$REMINT" verify --campaign plan.json localhost:443

expect_status 1 "nothing is closed" "$REMINT" apply plan.json --close --commit --out b --confirmed-by Ann --json
expect_states "whoever confirms it" wire=exported file=exported ours=exported
expect_err 'wire: not closed while the old certificate is in use' "and it is said why"
"$REMINT" list --status revoked --json | jq -e '.certificates == []' >"$TMP/none" && ok "nothing is revoked" ||
	not_ok "nothing is revoked"
expect_states "a person's word closes what nobody can see" none=closed

restart b/wire/cert.pem b/wire/key.pem
expect_status 1 "the new leaf alone is not live" "$REMINT" verify --campaign plan.json --json
expect_states "since a phone refuses it" wire=exported
jq -r '.items[].nodes[]' "$TMP/out" >nodes
expect_line nodes "^127\.0\.0\.1:$port serves the new certificate, but without its intermediate, so that nginx would refuse it: the issuer" \
	"and it is said what is not sent"
expect_status 1 "nor is it closed" "$REMINT" apply plan.json --close --commit --out b --confirmed-by Ann --json
expect_err 'wire: not closed while the new certificate would be refused: .*without its intermediate' "and it is said why"
restart b/wire/cert.pem b/wire/key.pem -cert_chain b/wire/chain.pem
cp b/file/fullchain.pem file.pem
cp b/ours/fullchain.pem ours.pem
expect_status 0 "when every place has the new one, the answer is yes" "$REMINT" verify --campaign plan.json --json
expect_states "and the items are live" wire=live file=live ours=live none=closed

expect_status 1 "closing says what is left to do" "$REMINT" apply plan.json --close
expect_out 'the old certificate would be revoked' "without doing it"
expect_states_are() { "$REMINT" verify --campaign plan.json --json >"$TMP/out"; }
expect_states_are
expect_states "the items stay live" wire=live ours=live

restart wire.pem wire.key
expect_status 1 "a node that goes back to the old one is noticed" "$REMINT" verify --campaign plan.json --json
expect_states "and its item is no longer live" wire=exported file=live
restart b/wire/cert.pem b/wire/key.pem -cert_chain b/wire/chain.pem

expect_status 1 "what was issued here is revoked" "$REMINT" apply plan.json --close --commit --out b --json
expect_states "and closed; what another CA issued waits for that CA" ours=closed wire=exported file=live
expect_err 'certutil -revoke 0a4711 4' "with the line for its administrator"
expect_line b/wire/CLOSE.txt '^ +certutil -revoke 0a4711 4$' "which stands in CLOSE.txt, too"
"$REMINT" list --status revoked --json | jq -r '.certificates[].name' >revoked
printf 'ours.contoso.com\n' >"$TMP/wanted"
expect_same "$TMP/wanted" revoked "the list shows what is revoked"

# ---- the other CA's list -----------------------------------------------------------------------------------------------
# crl_of NAME CA [SERIAL]: NAME.crl, signed with CA.key.
crl_of() {
	: >index.txt
	[ -z "$3" ] || printf 'R\t301231235959Z\t261101000000Z,superseded\t%s\tunknown\t/CN=x\n' "$3" >index.txt
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=30\n' >ca.cnf
	quietly openssl ca -config ca.cnf -gencrl -keyfile "$2.key" -cert "$2.pem" -out "$1.crl"
}
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout forger.key -out forger.pem \
	-subj '/O=Contoso/CN=Old Root' -days 30
crl_of empty root
crl_of forged forger 0A4711
crl_of right root 0A4711
expect_status 1 "a CRL without the serial closes nothing" \
	"$REMINT" apply plan.json --close --commit --out b --crl empty.crl --chain root.pem
expect_status 4 "nor does one that its CA did not sign" \
	"$REMINT" apply plan.json --close --commit --out b --crl forged.crl --chain root.pem
expect_err 'not signed by a CA certificate at hand' "which is said"
expect_status 3 "nor a file that is none" "$REMINT" apply plan.json --close --commit --out b --crl nowhere.crl
expect_status 0 "one that lists it does" \
	"$REMINT" apply plan.json --close --commit --out b --crl right.crl --chain root.pem --json
expect_states "every item is closed" wire=closed file=closed ours=closed none=closed
expect_status 0 "and stays so" "$REMINT" apply plan.json --close --commit --out b --json
expect_status 0 "also for an apply" "$REMINT" apply plan.json --commit --out b --json
expect_states "that comes later" wire=closed ours=closed
expect_status 0 "the database is sound" "$REMINT" db check

# ---- only the chain was wrong; a device that is gone; a person's word ------------------------------------------------------
old_ca2() {
	quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout sub.key -out sub.csr -subj '/O=Contoso/CN=Old Sub'
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' >sub.ext
	quietly openssl x509 -req -in sub.csr -CA root.pem -CAkey root.key -set_serial 77 -days 900 -out sub.pem -extfile sub.ext
	quietly openssl x509 -req -in chain.csr -CA sub.pem -CAkey sub.key -set_serial 78 -days 200 -out chain.pem -extfile chain.ext
}
old_ca2
serve -cert chain.pem -key chain.key
plan_item chain.pem chain fix-chain ".places = [{kind: \"endpoint\", source: \"127.0.0.1:$port\", index: 1}]
	| .findings = [{rule: \"chain.complete\", severity: \"error\", target: \"nginx\", message: \"x\", cleared: true}]" |
	plan_of b >chain.json
check "a chain is put right" "$REMINT" apply chain.json --commit --out c --chain root.pem --chain sub.pem
expect_status 1 "a server that still sends the leaf alone is not live" "$REMINT" verify --campaign chain.json --json
expect_states "whose item stays as it is" chain=exported
stop
expect_status 1 "one that is gone is not closed" "$REMINT" apply chain.json --close --commit --confirmed-by Ann --json
expect_err 'cannot be looked at' "since nobody could see"
restart chain.pem chain.key -cert_chain sub.pem
expect_status 0 "one that sends it whole is" "$REMINT" verify --campaign chain.json --json
expect_states "live" chain=live
expect_status 0 "and closes" "$REMINT" apply chain.json --close --commit --json
expect_states "without anything to revoke" chain=closed

# ---- two nodes behind one name, which stands in a hosts file of our own --------------------------------------------------
printf '127.0.0.1 localhost\n127.0.0.1 pair.contoso.com\n127.0.0.2 pair.contoso.com\n' >hosts
two_nodes() {
	unshare -m sh -c 'mount --bind hosts /etc/hosts && exec "$@"' sh "$@"
}
stop
old_cert pair /O=Contoso/CN=pair.contoso.com subjectAltName=DNS:pair.contoso.com
plan_item pair.pem pair reissue ".places = [{kind: \"endpoint\", source: \"pair.contoso.com:$port\", index: 1}]" | plan_of c >pair.json
check "a name with two nodes" "$REMINT" apply pair.json --commit --out e
if two_nodes true 2>/dev/null; then
	start_at "127.0.0.1:$port" pair.pem pair.key
	start_at "127.0.0.2:$port" pair.pem pair.key
	expect_status 1 "of which both have the old one" two_nodes "$REMINT" verify --campaign pair.json --json
	jq -r '.items[].nodes[]' "$TMP/out" >nodes
	expect_line nodes "\[127\.0\.0\.1:$port\] still serves the old certificate" "each is named"
	expect_line nodes "\[127\.0\.0\.2:$port\] still serves the old certificate" "by its address"
	stop_servers
	start_at "127.0.0.1:$port" pair.pem pair.key
	start_at "127.0.0.2:$port" e/pair/cert.pem e/pair/key.pem -cert_chain e/pair/chain.pem
	expect_status 1 "of which one has the new certificate is not live" two_nodes "$REMINT" verify --campaign pair.json --json
	jq -r '.items[].nodes[]' "$TMP/out" >nodes
	expect_line nodes "127\.0\.0\.1:$port.* still serves the old certificate" "the other is named"
	[ "$(wc -l <nodes)" = 1 ] && ok "and no more" || not_ok "and no more" nodes
	expect_status 1 "nor is it closed" two_nodes "$REMINT" apply pair.json --close --commit --confirmed-by Ann --json
	expect_states "whoever says so" pair=exported
	stop_servers
	start_at "127.0.0.1:$port" e/pair/cert.pem e/pair/key.pem -cert_chain e/pair/chain.pem
	expect_status 1 "nor when one of them is down" two_nodes "$REMINT" apply pair.json --close --commit --confirmed-by Ann --json
	expect_states "whatever the other has" pair=exported
	start_at "127.0.0.2:$port" e/pair/cert.pem e/pair/key.pem -cert_chain e/pair/chain.pem
	expect_status 0 "with both it is live" two_nodes "$REMINT" verify --campaign pair.json --json
	expect_states "and says so" pair=live
else
	skip "this user cannot have a hosts file of his own" "of which one has the new certificate is not live"
fi
expect_status 0 "the database is sound after all this" "$REMINT" db check
tap_done
