# SPDX-License-Identifier: Apache-2.0
# A CA that issues, revokes, publishes its list and carries out a campaign, all at once, is killed with everything that runs, at random
# moments: SIGKILL to the group. Afterwards the database is sound, knows what was released, and has what it said it has.
#
# The long form kills 1,000 times, the short one 20 times. REMINT_CRASH_SEED repeats the moments of a run.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/load.sh"
need openssl jq setsid

kills=20 each=10
[ "${REMINT_LONG:-}" != 1 ] || kills=1000 each=40
seed=${REMINT_CRASH_SEED:-$(date +%s)}
diag "the seed is $seed"

# moment: within four times what a certificate and its revocation take while others issue and publish, in seconds. So each worker does
# something a few times in this time, however busy the machine is.
moment() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	awk -v r=$((seed / 65536)) -v took=$took 'BEGIN { printf "%.3f", (0.1 + r / 32768 * 3.9) * took / 1000 }'
}
milliseconds() {
	date +%s%N | sed 's/......$//'
}

# worker KIND NAME: a shell of its own that is the first of its group.
cat >"$TMP/worker" <<'WORKER'
. "$srcdir/tests/lib/load.sh"
"load_$1" "$2"
WORKER

killed=0 round=0 issued=0 revoked=0 campaign=0
while [ $killed -lt $kills ]; do
	round=$((round + 1)) in_round=0
	mkdir "$TMP/$round" && cd "$TMP/$round" || exit 99
	REMINT_HOME=$PWD/home
	export REMINT_HOME
	load_begin $((8 * each)) # not done before the last kill
	before=$(milliseconds)
	load_issue issue 1 &
	load_publish publish 1 &
	load_revoke revoke 1 2>"$TMP/err" || true
	wait
	took=$(($(milliseconds) - before))
	while [ $in_round -lt $each ] && [ $killed -lt $kills ]; do
		setsid sh -c '
			sh "$1" issue issue'"$killed"' 2>/dev/null &
			sh "$1" revoke revoke'"$killed"' 2>/dev/null &
			sh "$1" apply campaign 2>/dev/null &
			sh "$1" publish published 2>/dev/null &
			wait' sh "$TMP/worker" &
		group=$!
		sleep "$(moment)"
		kill -9 -$group 2>/dev/null
		wait $group 2>/dev/null
		killed=$((killed + 1)) in_round=$((in_round + 1))
		load_crl_seen
		# A busier machine than it was when this was measured gets more time: about one revocation for each kill is to be done.
		[ "$(wc -l <revoked)" -gt $in_round ] || took=$((took * 5 / 4))
		"$REMINT" db check >/dev/null 2>"$TMP/err" || not_ok "after kill $killed the database is sound" "$TMP/err"
	done
	bundles=$(find bundles -name cert.pem 2>/dev/null | wc -l)
	# What was cut off is finished by the next run.
	apply_status=0
	"$REMINT" apply plan.json --commit --out bundles --chain root.pem >"$TMP/out" 2>"$TMP/err" || apply_status=$?
	[ $apply_status = 0 ] || not_ok "round $round: the campaign ends (status $apply_status)" "$TMP/err"
	{
		load_faults
		load_list_faults
	} >"$TMP/found" 2>&1
	if [ -s "$TMP/found" ]; then
		not_ok "round $round, $killed kills: nothing is lost" "$TMP/found"
	else
		ok "round $round, $killed kills: $(wc -l <load.known) certificates, $(wc -l <revoked) revocations reported, $(wc -l <load.revoked) known, $(wc -l <load.listed) on the list, $bundles bundles of the campaign, nothing lost"
	fi
	issued=$((issued + $(wc -l <load.known))) revoked=$((revoked + $(wc -l <revoked))) campaign=$((campaign + bundles))
	cd "$TMP" && rm -rf "${TMP:?}/$round"
done
[ $issued -gt $kills ] && [ $revoked -gt $round ] && [ $campaign -gt $round ] && ok "killed $killed times in $round homes, while they worked" ||
	not_ok "there was work to be killed ($issued certificates, $revoked revocations, $campaign bundles in $killed times)"
tap_done
