# SPDX-License-Identifier: Apache-2.0
# What list and history say of a revocation: that it is one, or a hold, since when and why; as text, JSON and CSV.
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
tap_done
