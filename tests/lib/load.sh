# SPDX-License-Identifier: Apache-2.0
# A CA at work, and what has to be true of it however it was stopped. Read after tap.sh and pki.sh; needs openssl and jq. What is done in
# $REMINT_HOME, or is to be, stands in files of the working directory:
#
#	out/*/cert.pem   what was released
#	revoked          serial numbers whose revocation was reported as done
#	crls/NAME        where one worker publishes the revocation list, again and again
#	crls/NAME.log    the numbers of the lists that were reported as published there, or found there
#	whole            the list that is published at the end, to be held against what was revoked
#	plan.json        a campaign; its bundles go to bundles/

# load_begin [ITEMS]: a home, and what the workers need: a campaign of so many items, 6 without. Their certificates are made once.
load_begin() {
	lab --no-password
	mkdir -p out crls
	: >revoked
	[ -d "$TMP/estate" ] || (mkdir "$TMP/estate" && cd "$TMP/estate" && load_estate "${1:-6}")
	cp "$TMP"/estate/*.pem .
	"$REMINT" plan old*.pem --for nginx --chain root.pem -o proposed.json >/dev/null 2>&1
	jq '.items[] |= (.approved = true | .key = "ec:p256" | if .action == "keep" then .action = "reissue" else . end)' proposed.json >plan.json
}
load_estate() {
	old_ca
	load_item=0
	while [ $load_item -lt "$1" ]; do
		load_item=$((load_item + 1))
		old_cert old$load_item "/O=Contoso/CN=old$load_item.contoso.com"
	done
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
# load_publish NAME [TURNS]: each list in the place of the one before.
load_publish() {
	load_turn=0
	while [ $load_turn != "${2:-for ever}" ]; do
		load_turn=$((load_turn + 1))
		if "$REMINT" crl issuing --out "crls/$1" >/dev/null; then
			load_crl_number "crls/$1/issuing.crl" >>"crls/$1.log"
		else
			echo "crl: status $?" >&2
		fi
	done
}
# load_crl_number FILE: in decimal; nothing when it is no list.
load_crl_number() {
	load_number=$(openssl crl -inform DER -in "$1" -noout -crlnumber 2>/dev/null | sed 's/.*=0x//; s/.*=//')
	[ -z "$load_number" ] || echo $((0x$load_number))
}
# load_crl_seen: a list that stands in its place was published, whether or not its worker lived to say so.
load_crl_seen() {
	for load_place in crls/*/; do
		load_place=${load_place%/}
		load_now=$(load_crl_number "$load_place/issuing.crl")
		[ -z "$load_now" ] || [ "$load_now" = "$(tail -n 1 "$load_place.log" 2>/dev/null)" ] || echo "$load_now" >>"$load_place.log"
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
	load_crl_faults
}

# load_list_faults: after load_faults, the same of a list that is published now: on it stands what was reported as revoked and what the
# database knows as revoked, and nothing else. It goes where no worker publishes, and its number is in no log.
load_list_faults() {
	"$REMINT" crl issuing --out whole >/dev/null 2>load.err || sed 's/^/no list can be published: /' load.err
	openssl crl -inform DER -in whole/issuing.crl -noout -text 2>load.err >load.text || echo "no list is published"
	sed -n 's/^ *Serial Number: *//p' load.text | tr A-F a-f | sort >load.listed
	uniq -d load.listed | sed 's/^/twice on the list: /'
	sort -u revoked load.revoked | comm -23 - load.listed | sed 's/^/revoked, and not on the list: /'
	comm -13 load.revoked load.listed | sed 's/^/on the list, and not known as revoked: /'
}

# A place has a whole list in both forms, never an older one than was reported; numbers only grow, and no two lists have the same.
load_crl_faults() {
	for load_place in crls/*/; do
		load_place=${load_place%/}
		[ -e "$load_place/issuing.crl" ] || continue
		load_now=$(load_crl_number "$load_place/issuing.crl")
		[ -n "$load_now" ] || echo "half a list: $load_place/issuing.crl"
		openssl crl -in "$load_place/issuing.crl.pem" -noout 2>/dev/null || echo "half a list: $load_place/issuing.crl.pem"
		[ "${load_now:-0}" -ge "$(tail -n 1 "$load_place.log" 2>/dev/null || echo 0)" ] || echo "an older list than was reported: $load_place"
	done
	awk 'FNR > 1 && $1 <= number { print "the number of a list does not grow: " FILENAME ": " $0 } { number = $1 }' crls/*.log 2>/dev/null
	sort crls/*.log 2>/dev/null | uniq -d | sed 's/^/two lists have the number /'
}
