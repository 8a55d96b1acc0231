# SPDX-License-Identifier: Apache-2.0
# Plans as a person might have edited them, made with jq. Read after tap.sh and pki.sh.

# plan_item CERTIFICATE DEVICE ACTION [FILTER]: one item for nginx, as JSON; the jq FILTER changes it.
plan_item() {
	plan_sha=$(openssl x509 -in "$1" -outform der | openssl dgst -sha256 -r | cut -d' ' -f1)
	jq -cn --arg id "$(echo "$plan_sha" | cut -c1-16)" --arg device "$2" --arg action "$3" --arg pem "$(openssl x509 -in "$1")" \
		--arg source "$PWD/$1" \
		'{id: $id, action: $action, approved: true, why: "its key is weak", device: $device, signer: "issuing",
		targets: ["nginx"], key: "ec:p256", keep_key: false, places: [{kind: "file", source: $source, index: 1}],
		findings: [], pem: ($pem + "\n")} | '"${4:-.}"
}
# plan_of ID [HOME]: the items on standard input as a plan, made with the CA of a home.
plan_of() {
	plan_authority=$("$REMINT" ca list --json ${2:+--home "$2"} | jq -r '.authorities[] | select(.name == "issuing").sha256')
	jq -s --arg id "$1" --arg authority "$plan_authority" '{schema: 1, id: ($id * 32)[0:32], made: "2026-11-22T09:00:00Z",
		by: "a test", authority: $authority, targets: ["nginx"], items: .}'
}
# state_of DEVICE: of the last output with --json.
state_of() {
	jq -r --arg device "$1" '.items[] | select(.device == $device).state' "$TMP/out"
}
# expect_states SENTENCE DEVICE=STATE...: of the last output with --json.
expect_states() {
	plan_sentence=$1 plan_wrong=
	shift
	for plan_want; do
		plan_got=$(state_of "${plan_want%%=*}")
		[ "$plan_got" = "${plan_want#*=}" ] || plan_wrong="$plan_wrong ${plan_want%%=*} is $plan_got, not ${plan_want#*=};"
	done
	if [ -z "$plan_wrong" ]; then ok "$plan_sentence"; else not_ok "$plan_sentence:$plan_wrong" "$TMP/out" "$TMP/err"; fi
}
# certificates: how many the database holds.
certificates() {
	"$REMINT" list --json --limit 100000 | jq '.certificates | length'
}
