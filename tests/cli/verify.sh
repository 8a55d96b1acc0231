# SPDX-License-Identifier: Apache-2.0
# remint verify: what a target would say to a live server, both ways of mutual TLS, what its rules say of the chain as
# sent, and what the database knows of the certificate served.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
. "$srcdir/tests/lib/server.sh"
need openssl python3

cd "$TMP" || exit 99
host=web.example.com

# ---- a CA, certificates of each kind for the host, another CA ---------------------------------------------------------
REMINT_HOME=$TMP/home
export REMINT_HOME
lab --no-password
made() { # NAME [OPTION...]
	made_name=$1
	shift
	quietly "$REMINT" issue --dns "$host" --out "$made_name" "$@"
}
mkdir -p home/templates/certificates
printf 'title = "For clients alone";\nextends = "server-client";\nextended_key_usage: { values = [ "clientAuth" ]; };\n' \
	>home/templates/certificates/client-alone.cfg
made both --key-type ec:p256
made server --template web-server --key-type ec:p256
made client --template client-alone --key-type ec:p256
made phone --key-type rsa:2048
quietly "$REMINT" ca export --out trusted
root=trusted/root.pem
old_ca # root.pem: another CA's
unset REMINT_HOME

with() { # NAME [OPTION...]: a server with this certificate and its chain
	with_name=$1
	shift
	serve -cert "$with_name/cert.pem" -key "$with_name/key.pem" -cert_chain "$with_name/chain.pem" "$@"
}
verify() { # STATUS SENTENCE [OPTION...]: of the server started last
	verify_status=$1 verify_sentence=$2
	shift 2
	expect_status "$verify_status" "$verify_sentence" "$REMINT" verify "$host:$port" --connect 127.0.0.1 "$@"
}
is() { # FILTER SENTENCE: true of the one address that the last output is about
	json_is "(.endpoints | length == 1) and (.endpoints[0].addresses | length == 1) and (.endpoints[0].addresses[0] | ($1))" "$2"
}

# ---- one way ------------------------------------------------------------------------------------------------------------
with both
verify 0 "a server that does everything right" --as openssl-seclevel2 --trust $root --json
is '.verdict == "accepted" and .handshake == "accepted" and (has("by") or has("reason") | not) and .shown == "not-asked"' "is accepted"
is '(.protocol | startswith("TLSv1.")) and has("cipher") and has("signature") and .name == "web.example.com" and (.chain | length == 2)' \
	"and it is said how, and what was sent"
json_is '.endpoints[0].target == "openssl-seclevel2" and .summary.accepted == 1 and .summary.compared == false and .errors == []' \
	"nothing was compared where there is no home"
verify 0 "for people" --as openssl-seclevel2 --trust $root
expect_out "^  127.0.0.1:$port  accepted$" "it is one word"
expect_no_line "$TMP/out" '^    record' "and nothing is said of a database"

verify 0 "for a spreadsheet" --as openssl-seclevel2 --trust $root --csv
expect_out "^$host:$port,127.0.0.1:$port,openssl-seclevel2,accepted,accepted,,,,TLSv1\\.[23]," "it is one line an address"
[ "$(wc -l <"$TMP/out")" -eq 2 ] && ok "below the headings" || not_ok "below the headings" "$TMP/out"

while IFS='|' read -r sentence options filter; do
	verify 1 "$sentence" --json $options
	is ".verdict == \"refused\" and .handshake == \"refused\" and .by == \"target\" and ($filter)" "$sentence: refused by the target, and why"
done <<TABLE
a root that the target does not trust|--as openssl-seclevel2 --trust root.pem|.stage == "certificate" and .verify_error == 20 and .alert_ours != false and (.reason | test("not trusted"))
another name|--as openssl-seclevel2 --trust $root --name www.example.com|.stage == "name" and .verify_error == 62 and (.reason | test("www.example.com"))
a certificate that has expired by then|--as openssl-seclevel2 --trust $root --at 2044-01-01|.stage == "certificate" and .verify_error == 10
TABLE
verify 0 "without --trust an unknown root is no reason to refuse" --as openssl-seclevel2
stop_servers

serve -cert phone/cert.pem -key phone/key.pem -cipher DEFAULT@SECLEVEL=0
verify 1 "the leaf alone, to a phone that trusts roots only" --as lync-phone-edition --trust $root --json
is '.by == "target" and .verify_error == 20 and any(.findings[]; .rule == "chain.complete")' "is refused, as the field saw it"
verify 1 "though the intermediate is at hand" --as lync-phone-edition --trust $root --chain both/chain.pem
expect_err 'warning: .*--chain is not used' "which the phone does not look at, and that is said"
verify 0 "and to one that fetches" --as dotnet-mtls --trust $root --chain both/chain.pem
stop_servers

with server
verify 1 "a rule refuses what the handshake takes" --as dotnet-mtls --trust $root --json
is '.verdict == "refused" and .handshake == "accepted" and .by == "rules" and .stage == "rules" and (.reason | startswith("leaf.eku.client-auth: "))' \
	"and it is said to be a rule"
verify 1 "for people too" --as dotnet-mtls --trust $root
expect_out 'refused by a rule, though the handshake went well$' "in words"
stop_servers

# ---- mutual TLS, after May 2017 (KB4014513) ----------------------------------------------------------------------------------
mutual() { # NAME: a server that demands a certificate fit for clients. TLS 1.2: the refusal comes within the handshake
	with "$1" -tls1_2 -Verify 4 -verify_return_error -CAfile $root
}
mutual both
verify 1 "a certificate for servers alone, shown as a client's" --as dotnet-mtls --trust $root --json \
	--client-cert server/fullchain.pem --key server/key.pem
is '.by == "server" and .stage == "client-certificate" and .alert == 43 and .alert_from == "server" and .shown == "refused" and .asked_certificate' \
	"is refused by the server, with alert 43"
cat both/key.pem both/chain.pem both/cert.pem >pile.pem
verify 0 "one for both" --as dotnet-mtls --trust $root --json --client-cert pile.pem
is '.verdict == "accepted" and .shown == "taken" and .issuers_named == 1' "is taken, with its chain, whatever the order in the file"
verify 1 "none at all" --as dotnet-mtls --trust $root --json
is '.by == "server" and .shown == "none" and .stage == "client-certificate"' "is what the server complains of"
stop_servers
mutual client
verify 1 "a certificate for clients alone, shown as a server's" --as dotnet-mtls --trust $root --json \
	--client-cert both/fullchain.pem --key both/key.pem
is '.by == "target" and .stage == "certificate" and .verify_error == 26' "is refused by the target, with error 26"
stop_servers

# ---- the database ------------------------------------------------------------------------------------------------------------------
with both
verify 0 "what this home issued" --as openssl-seclevel2 --trust $root --home home --json
is '.record == "issued" and .status == "valid" and .old == false' "is known as such"
quietly "$REMINT" rekey both/cert.pem --key-type ec:p256 --home home --out newer
new=$(openssl x509 -in newer/cert.pem -noout -serial | sed 's/serial=//' | tr A-F a-f)
verify 1 "what was replaced and is still served" --as openssl-seclevel2 --trust $root --home home --json
is ".verdict == \"accepted\" and .old and .status == \"superseded\" and .successor == \"$new\"" "is told, with what replaces it"
verify 1 "for people" --as openssl-seclevel2 --trust $root --home home
expect_out "^    record       issued here, superseded: replaced by $new$" "the same in words"
expect_out '1 still serves an old certificate' "and in the summary"

# A name with two nodes, of which one still serves the old certificate: that name stands in a hosts file of our own.
cat >hosts <<HOSTS
127.0.0.1 localhost
127.0.0.1 $host
127.0.0.2 $host
HOSTS
two_nodes() {
	unshare -m sh -c 'mount --bind hosts /etc/hosts && exec "$@"' sh "$@"
}
if two_nodes true 2>/dev/null && serve_at=127.0.0.2:$port with newer; then
	unset serve_at
	expect_status 1 "a name with two nodes" two_nodes "$REMINT" verify "$host:$port" --as openssl-seclevel2 --trust $root --home home --json
	json_is ".endpoints[0] | (.addresses | length == 2) and .spread == \"1 of 2 addresses still serves the old one: 127.0.0.1:$port\"" \
		"of which one still serves the old certificate, says which"
	expect_status 1 "for people" two_nodes "$REMINT" verify "$host:$port" --as openssl-seclevel2 --trust $root --home home
	expect_out "1 of 2 addresses still serves the old one: 127.0.0.1:$port" "too"
	expect_status 0 "show tells nodes that differ apart" two_nodes "$REMINT" show "$host:$port"
	expect_out "$host:$port \[127.0.0.2:$port\] #1" "by their addresses"
	kill "$server_pid"
	wait "$server_pid" 2>/dev/null
	expect_status 0 "a node that is down is no fault of show" two_nodes "$REMINT" show "$host:$port"
	expect_err 'warning: .*its other addresses answer' "but said"
	expect_status 5 "and no verdict of verify" two_nodes "$REMINT" verify "$host:$port" --as openssl-seclevel2 --json
	json_is '.summary.accepted == 1 and .summary.none == 1' "beside the verdict on the other"
else
	skip "this user cannot have a hosts file of his own" "a name with two nodes"
fi
stop_servers

with newer
verify 0 "the new certificate" --as openssl-seclevel2 --trust $root --home home
quietly "$REMINT" revoke "$new" --home home --reason keyCompromise
verify 1 "one that was revoked" --as openssl-seclevel2 --trust $root --home home --json
is '.old and .status == "revoked"' "is an old one"
stop_servers

# Another CA's: unknown, until it is replaced here.
quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout foreign.key -out foreign.csr -subj "/CN=$host"
printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' "$host" >foreign.ext
quietly openssl x509 -req -in foreign.csr -CA root.pem -CAkey root.key -set_serial 0x0a99 -days 200 -out foreign.pem -extfile foreign.ext
serve -cert foreign.pem -key foreign.key
verify 0 "another CA's certificate" --as openssl-seclevel2 --trust root.pem --home home --json
is '.record == "unknown" and (has("status") | not)' "is not known"
expect_status 0 "where this home has issued none for the host" "$REMINT" verify "www.example.com:$port" --connect 127.0.0.1 --name "$host" \
	--as openssl-seclevel2 --trust root.pem --home home --json
is '.record == "unknown" and (has("expected") | not)' "none is expected"
made fresh --key-type ec:p256 --home home
fresh=$(openssl x509 -in fresh/cert.pem -noout -serial | sed 's/serial=//' | tr A-F a-f)
verify 0 "where it has issued some" --as openssl-seclevel2 --trust root.pem --home home --json
is ".record == \"unknown\" and .expected == \"$fresh\"" "the newest is expected"
quietly "$REMINT" reissue foreign.pem --key-type ec:p256 --home home --out ours
verify 1 "after it was replaced" --as openssl-seclevel2 --trust root.pem --home home --json
is '.record == "foreign" and .status == "superseded" and .old' "it is known as another CA's, and old"
verify 0 "a home without a database" --as openssl-seclevel2 --trust root.pem --home nowhere
expect_err 'warning: there is no database' "is told when it was named"

# ---- no verdict, and mistakes -----------------------------------------------------------------------------------------------------
closed=$(free_port)
expect_status 5 "nobody listens" "$REMINT" verify "127.0.0.1:$closed" --as nginx --json
is '.verdict == "none" and .stage == "connect" and has("reason") and (has("shown") | not)' "is no verdict"
json_is '.errors | length == 1 and .[0].class == "network"' "and a failure of the network"
refused 2 'this is no endpoint' "a file is no endpoint" "$REMINT" verify foreign.pem --as nginx
refused 2 '--as' "somebody must be played" "$REMINT" verify "127.0.0.1:$port"
refused 2 'not as CSV' "a campaign is no table" "$REMINT" verify --campaign plan.json --csv
refused 2 'no target is named "ngink".*nginx' "who is known" "$REMINT" verify "127.0.0.1:$port" --as ngink
refused 2 '--client-cert' "a key alone is nothing to show" "$REMINT" verify "127.0.0.1:$port" --as nginx --key foreign.key
refused 7 'private key' "nor is a certificate alone" "$REMINT" verify "127.0.0.1:$port" --as nginx --client-cert foreign.pem
refused 3 'holds no certificate' "a root that is none" "$REMINT" verify "127.0.0.1:$port" --as nginx --trust foreign.key
printf '127.0.0.1:%s # one\nforeign.pem\n' "$port" >list
expect_status 3 "a file in a list" "$REMINT" verify --list list --as nginx --name "$host" --trust root.pem
expect_err '^remint: foreign.pem: this is no endpoint' "is told"
expect_out "^127.0.0.1:$port, as nginx" "and the others are asked"
tap_done
