# SPDX-License-Identifier: Apache-2.0
# What list and history say of a revocation: that it is one, or a hold, since when and why; as text, JSON and CSV.
# And what leaves the database by an export: every table.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl jq
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
lab --no-password
REMINT_HOME=$HOME/.local/share/remint
export REMINT_HOME
for name in kept lost held free plain; do
	quietly "$REMINT" issue --dns "$name.example" --key-type ec:p256 --out "$name"
done
quietly "$REMINT" revoke lost/cert.pem --reason keyCompromise
quietly "$REMINT" revoke plain/cert.pem
quietly "$REMINT" revoke held/cert.pem --hold
quietly "$REMINT" revoke free/cert.pem --hold
quietly "$REMINT" revoke free/cert.pem --release

# name | status in the text | status, reason in JSON | reason in CSV | sentence
while IFS='|' read -r name text status reason csv sentence; do
	for verb in list history; do
		arguments="--name $name.example"
		[ $verb = list ] || arguments=$name/cert.pem
		expect_status 0 "$verb: $sentence" remint $verb $arguments
		expect_out "^ *[0-9]+ +20[0-9-]+  $text  +$name\\.example " "$verb says so"
		expect_status 0 "$verb as JSON" remint $verb $arguments --json
		json_is ".certificates[0] | .status == \"$status\" and .reason == $reason and (.revoked == null) == ($reason == null)" "$verb says so in JSON"
		expect_status 0 "$verb as CSV" remint $verb $arguments --csv
		expect_out '^id,.*,sha256,revoked,reason' "$verb names the columns"
		expect_out "^[0-9]+,.*,$name\\.example,$status,.*,$csv" "$verb says so in CSV"
	done
done <<'TABLE'
kept|valid|valid|null|,|one in force has no reason
lost|revoked \(keyCompromise\)|revoked|"keyCompromise"|20[0-9TZ:-]+,keyCompromise|one that is revoked has its reason
plain|revoked|revoked|"unspecified"|20[0-9TZ:-]+,unspecified|one that nobody gave a reason for is just revoked
held|on hold|revoked|"certificateHold"|20[0-9TZ:-]+,certificateHold|one on hold is on hold
free|valid|valid|null|,|one that was released is in force
TABLE
expect_status 0 "what is on hold is among the revoked" remint list --status revoked --json
json_is '[.certificates[].name] | sort == ["held.example", "lost.example", "plain.example"]' "and what was released is not"

# ---- export: a row in most of the tables, then all of them
quietly "$REMINT" crl --out pub
quietly "$REMINT" ocsp --all
quietly "$REMINT" blocklist add plain/key.pem --why found
quietly openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout w.key -out w.csr -subj /CN=w.example
quietly "$REMINT" sign w.csr --hold --template server-client
expect_status 0 "a table without rows" remint db export --table campaigns --csv
echo id,plan,file,sha256,started,event | tr -d '\r' >want
tr -d '\r' <"$TMP/out" >got
expect_same want got "has its heading in CSV"
expect_status 0 "in JSON" remint db export --table campaigns
[ ! -s "$TMP/out" ] && ok "there is no line" || not_ok "there is no line" "$TMP/out"
tables=$("$REMINT" help db export | tr -s '\n ' ' ' | sed -n 's/.*this table alone: \([a-z_, ]*[a-z]\) (may.*/\1/p' | tr -d ,)
for table in $tables; do
	expect_status 0 "the table $table is exported" remint db export --table "$table"
	expect_status 0 "as CSV, too" remint db export --table "$table" --csv
done
[ "$(echo $tables | wc -w)" -gt 10 ] && ok "they are many" || not_ok "they are many ($tables)"
expect_status 0 "all of them" remint db export
jq -r .table "$TMP/out" | sort -u >got
[ -z "$(for table in $(cat got); do echo " $tables " | grep -v " $table "; done)" ] && ok "and none that the help does not name" ||
	not_ok "and none that the help does not name" got
while IFS='~' read -r table condition sentence; do
	jq -s -e "map(select(.table == \"$table\")) | $condition" "$TMP/out" >"$TMP/jq" 2>&1 && ok "$table: $sentence" || not_ok "$table: $sentence" "$TMP/jq"
done <<'TABLE'
crls~any(.number == 1 and .entries == 3 and (.sha256 | length == 64) and .base == null)~the list with its number and hash
revocations~length == 5 and (map(.reason) | contains(["certificateHold", "removeFromCRL", "keyCompromise", "unspecified"]))~every word that was said
ocsp_responses~length >= 5 and all(.hash == "sha1" and .der != null and .next_update != null)~the responses that are kept
blocked_keys~all(.source == "found") and any(.kind == "spki-sha256") and .[0].blocked != null~a blocked key with its source
pending~length == 1 and .[0].kind == "held" and .[0].state == "open" and .[0].name == "w.example"~what waits
settings~any(.name == "passphrase" and .value == "no")~the settings
authorities~all(.crl_shards == 0 and .crl_deltas == false)~how each publishes its lists
TABLE
tap_done
