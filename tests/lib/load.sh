# SPDX-License-Identifier: Apache-2.0
# A CA at work, and what has to be true of it however it was stopped. Read after tap.sh and pki.sh; needs openssl and jq. What is done in
# $REMINT_HOME, or is to be, stands in files of the working directory:
#
#	out/*/cert.pem   what was released
#	revoked          serial numbers whose revocation was reported as done
#	crls/*           directories with a revocation list, one for each time it was published
#	plan.json        a campaign of a few items; its bundles go to bundles/

# load_begin: a home, and what the workers need.
load_begin() {
	lab --no-password
	mkdir -p out crls
	: >revoked
	old_ca
	for load_name in one two three four five six; do old_cert "$load_name" "/O=Contoso/CN=$load_name.contoso.com"; done
	"$REMINT" plan one.pem two.pem three.pem four.pem five.pem six.pem --for nginx --chain root.pem -o proposed.json >/dev/null 2>&1
	jq '.items[] |= (.approved = true | .key = "ec:p256" | if .action == "keep" then .action = "reissue" else . end)' proposed.json >plan.json
}

# The workers: each goes on for ever, or with a number for so many turns. What a turn has done is written down only when the command said so.
# load_issue NAME [TURNS]
load_issue() {
	load_turn=0
	while [ $load_turn != "${2:-for ever}" ]; do
		load_turn=$((load_turn + 1))
		"$REMINT" issue --dns "$1-$load_turn.contoso.com" --key-type ec:p256 --out "out/$1-$load_turn" >/dev/null || echo "issue: status $?" >&2
	done
}
# load_revoke NAME [TURNS]: what this worker has issued itself, so that no other revokes it first.
load_revoke() {
	load_turn=0
	while [ $load_turn != "${2:-for ever}" ]; do
		load_turn=$((load_turn + 1))
		"$REMINT" issue --dns "$1-$load_turn.contoso.com" --key-type ec:p256 --out "out/$1-$load_turn" >/dev/null || {
			echo "issue: status $?" >&2
			continue
		}
		load_serial=$(openssl x509 -in "out/$1-$load_turn/cert.pem" -noout -serial | sed 's/.*=//' | tr A-F a-f)
		if "$REMINT" revoke "$load_serial" --reason superseded >/dev/null; then
			echo "$load_serial" >>revoked
		else
			echo "revoke: status $?" >&2
		fi
	done
}
# load_publish NAME [TURNS]
load_publish() {
	load_turn=0
	while [ $load_turn != "${2:-for ever}" ]; do
		load_turn=$((load_turn + 1))
		"$REMINT" crl issuing --out "crls/$1-$load_turn" >/dev/null || echo "crl: status $?" >&2
	done
}
# load_apply NAME [TURNS]
load_apply() {
	load_turn=0
	while [ $load_turn != "${2:-for ever}" ]; do
		load_turn=$((load_turn + 1))
		"$REMINT" apply plan.json --commit --out bundles --chain root.pem >/dev/null || echo "apply: status $?" >&2
	done
}

# load_faults: what may never be, one line each; nothing when all is well.
load_faults() {
	"$REMINT" db check >/dev/null 2>load.err || sed 's/^/db check: /' load.err
	"$REMINT" list --json --limit 100000 >load.all || echo "the list fails"
	jq '.certificates |= map(select(.foreign | not))' load.all >load.list
	jq -r '.certificates[].serial' load.list | sort >load.known
	uniq -d load.known | sed 's/^/a serial number twice: /'
	jq -r '.certificates[].supersedes | select(.)' load.list | sort | uniq -d | sed 's/^/two certificates for one item: /'
	for load_file in out/*/cert.pem bundles/*/cert.pem; do
		[ -e "$load_file" ] || continue
		openssl x509 -in "$load_file" -noout -serial | sed 's/.*=//' | tr A-F a-f
	done | sort -u >load.released
	comm -23 load.released load.known | sed 's/^/released and unknown: /'
	jq -r '.certificates[] | select(.status == "revoked").serial' load.list | sort >load.revoked
	sort -u revoked | comm -23 - load.revoked | sed 's/^/a revocation that was reported is lost: /'
	find . -name '.remint-*' -newer plan.json | sed 's/^/a temporary file: /' >load.temporary
	load_crl_faults
}

# The numbers of the lists that one worker published only grow, and no two lists have the same.
load_crl_faults() {
	for load_file in crls/*/issuing.crl; do
		[ -e "$load_file" ] || continue
		load_number=$(openssl crl -inform DER -in "$load_file" -noout -crlnumber 2>/dev/null | sed 's/.*=0x//; s/.*=//')
		[ -n "$load_number" ] || echo "half a list: $load_file"
		load_file=${load_file%/*} load_turn=${load_file##*-}
		echo "${load_file%-*} $load_turn $(printf %d "0x${load_number:-0}")"
	done | sort -k1,1 -k2,2n >load.numbers
	grep '^half' load.numbers
	awk '$1 == worker && $3 <= number { print "the number of a list does not grow: " $0 } { worker = $1; number = $3 }' load.numbers
	cut -d' ' -f3 load.numbers | sort | uniq -d | sed 's/^/two lists have the number /'
}
