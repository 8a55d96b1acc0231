# SPDX-License-Identifier: Apache-2.0
# A campaign is killed at random moments and run again until it is done: the end must be that of a run nobody killed. In 40 places lie
# certificates with faults of every kind; the plan was edited, so that items of every kind are in it.
#
# The long form takes 500 certificates and 50 kills, the short one 40 and 5. REMINT_CRASH_SEED repeats the moments of a run.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/campaign.sh"
need openssl jq

case ${REMINT_LONG:-} in
1) items=500 kills=50 places=40 secret= ;;
# A passphrase, so that PFX and key.pem have other bytes each time, costs more time than all the rest.
*) items=40 kills=5 places=8 secret="--out-password-file pass" ;;
esac
seed=${REMINT_CRASH_SEED:-$(date +%s)}
diag "the seed is $seed"

cd "$TMP" || exit 99
export HOME="$TMP/fresh"
mkdir fresh
(umask 077 && echo secret >pass)

# ---- the inventory ------------------------------------------------------------------------------------------------------
old_ca
# make_one N: a certificate with the fault that N stands for, in one of the places; every ninth lies in a second one, too.
make_one() {
	place=place$(($1 % places))
	mkdir -p "$place"
	days=200 digest=sha256 key=ec:P-256 san=subjectAltName=DNS:h$1.contoso.com usage=extendedKeyUsage=serverAuth
	case $(($1 % 8)) in
	0) digest=sha1 ;;
	1) days=2000 ;;
	2) san=keyUsage=digitalSignature ;;
	3) usage=extendedKeyUsage=clientAuth ;;
	4) digest=sha1 days=5000 ;;
	5) usage=keyUsage=cRLSign ;;
	6) days=1 ;;
	esac
	quietly openssl req -x509 -CA root.pem -CAkey root.key -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -"$digest" \
		-keyout "$place/h$1.key" -out "$place/h$1.pem" -subj "/O=Contoso/CN=h$1.contoso.com" -days $days \
		-addext basicConstraints=critical,CA:FALSE -addext "$san" -addext "$usage"
	[ $(($1 % 9)) != 0 ] || { mkdir -p again && cp "$place/h$1.pem" again/; }
}
n=0
while [ $n -lt $items ]; do
	n=$((n + 1))
	make_one $n
done
lab --no-password
"$REMINT" plan place* again --for nginx -o proposed.json >plan.log 2>&1
# What a person makes of it: other signers, kept keys, items taken out, mistakes.
jq --argjson pfx "$([ -n "$secret" ] && echo true || echo false)" '.items |= [to_entries[] | .key as $k | .value | .key = "ec:p256" |
	if .action == "keep" then .action = "reissue" else . end |
	if $k % 13 == 3 then .signer = "external" elif $k % 13 == 5 then .keep_key = true
	elif $k % 13 == 7 then .approved = false elif $k % 13 == 8 then .action = "fix-chain"
	elif $k % 13 == 9 and $pfx then .targets += ["windows-pfx"]
	elif $k % 13 == 10 then .template = "nosuch" elif $k % 13 == 11 then .action = "keep" else . end]' \
	proposed.json >plan.json
[ "$(jq '.items | length' plan.json)" = $items ] && ok "the plan has an item for each of $items certificates" ||
	not_ok "the plan has an item for each of $items certificates" plan.log

# ---- the run that nobody kills ------------------------------------------------------------------------------------------
# apply DIRECTORY: carry the plan out.
apply() {
	"$REMINT" apply plan.json --commit --out "$1" --chain root.pem --json $secret
}
milliseconds() {
	date +%s%N | sed 's/......$//'
}
# describe BUNDLES: the end, apart from what is random in it.
describe() {
	apply "$1" 2>/dev/null | jq -r '.items[] | "\(.device) \(.state) \(.serial != null) \(.text)"'
	(cd "$1" && find . | sort)
	echo "$(certificates) certificates"
}
cp -R fresh calm
HOME=$TMP/calm
before=$(milliseconds)
apply calm.out >"$TMP/out" 2>"$TMP/err"
took=$(($(milliseconds) - before))
describe calm.out >wanted
issued=$(jq '[.items[] | select(.serial != null)] | length' "$TMP/out")
[ "$issued" -gt $((items / 2)) ] && ok "$issued certificates are issued in $took ms" || not_ok "$issued certificates are issued" "$TMP/err"
grep -c failed wanted >"$TMP/failures"
[ "$(cat "$TMP/failures")" -gt 0 ] && ok "some items fail, and do not stop the others" || not_ok "some items fail" wanted

# ---- the runs that are killed ---------------------------------------------------------------------------------------------
# moment: a random time within which about a quarter of what is left gets done, in seconds.
moment() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	awk -v r=$((seed / 65536)) -v took="$took" -v kills="$pace" 'BEGIN { printf "%.3f", r / 32768 * 2 * took / kills / 1000 }'
}
# faults: what may never be, after any round.
faults() {
	"$REMINT" list --json --limit 100000 >list.json
	jq -e '[.certificates[].serial] | length == (unique | length)' list.json >/dev/null || echo "a serial number twice"
	jq -e '[.certificates[].supersedes | select(.)] | length == (unique | length)' list.json >/dev/null ||
		echo "two certificates for one item"
	[ "$(jq '[.certificates[] | select(.supersedes)] | length' list.json)" = "$issued" ] || echo "not $issued replacements"
	"$REMINT" db check >/dev/null 2>db.err || cat db.err
	for bundle in $(ls round.out | sed -n '1p;5p;9p'); do
		[ -e "round.out/$bundle/cert.pem" ] && [ -e "round.out/$bundle/key.pem" ] || continue
		[ "$(openssl x509 -in "round.out/$bundle/cert.pem" -noout -pubkey)" = "$(openssl pkey -in "round.out/$bundle/key.pem" -pubout -passin file:pass)" ] ||
			echo "$bundle: another key than the certificate's"
	done
}
pace=$kills
[ $pace -le 12 ] || pace=12
killed=0 rounds=0
while [ $killed -lt $kills ]; do
	rounds=$((rounds + 1))
	rm -rf round round.out
	cp -R fresh round
	HOME=$TMP/round
	while [ $killed -lt $kills ]; do
		"$REMINT" apply plan.json --commit --out round.out --chain root.pem $secret >/dev/null 2>&1 & # no function: that would be a shell
		victim=$!
		sleep "$(moment)"
		kill -9 $victim 2>/dev/null
		wait $victim 2>/dev/null
		[ $? = 137 ] || { # it was done before: the first run was slower than this one, as on a machine that was busy
			took=$((took / 2))
			break
		}
		killed=$((killed + 1))
	done
	# Two at once finish it.
	apply round.out >/dev/null 2>&1 &
	apply round.out >/dev/null 2>"$TMP/err"
	wait $!
	describe round.out >got
	expect_same wanted got "round $rounds, after $killed kills, ends as if nobody had killed it"
	faults >found
	expect_no_line found . "no serial number twice, one certificate for an item, a sound database"
done
ok "$killed kills in $rounds rounds"
tap_done
