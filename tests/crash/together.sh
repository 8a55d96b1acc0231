# SPDX-License-Identifier: Apache-2.0
# Two to eight processes issue, revoke and publish at once in one home: each does all that it was to do, no update is lost, and none waits for
# ever. What they do in a second is told and not judged.
#
# The long form has each issue 60 certificates, the short one 4.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/load.sh"
need openssl jq

turns=4
[ "${REMINT_LONG:-}" != 1 ] || turns=60
cat >"$TMP/worker" <<'WORKER'
. "$srcdir/tests/lib/load.sh"
"load_$1" "$2" "$3"
WORKER

for processes in 2 4 8; do
	mkdir "$TMP/$processes" && cd "$TMP/$processes" || exit 99
	REMINT_HOME=$PWD/home
	export REMINT_HOME
	load_begin
	load_faults >/dev/null
	own=$(wc -l <load.known) # the CA's
	before=$(date +%s%N | sed 's/......$//')
	pids=
	n=0
	while [ $n -lt $processes ]; do
		n=$((n + 1))
		# One of each four only issues, one publishes lists too; the others issue and revoke.
		case $((n % 4)) in
		1) kind=issue ;;
		3) kind=publish ;;
		*) kind=revoke ;;
		esac
		timeout -k 5 600 sh "$TMP/worker" $kind worker$n $turns >"$TMP/$processes.$n" 2>&1 &
		pids="$pids $!"
	done
	status=0
	for pid in $pids; do wait "$pid" || status=$?; done
	took=$(($(date +%s%N | sed 's/......$//') - before))
	grep -h 'status' "$TMP/$processes".* >"$TMP/found"
	[ $status = 0 ] || echo "a process ends with status $status (124: it did not end)" >>"$TMP/found"
	load_faults >>"$TMP/found" 2>&1
	issuers=$((processes - processes / 4)) revokers=$((processes / 2))
	[ "$(wc -l <load.known)" -eq $((own + issuers * turns)) ] || echo "$(wc -l <load.known) certificates, not $((own + issuers * turns))" >>"$TMP/found"
	[ "$(wc -l <load.revoked)" -eq $((revokers * turns)) ] || echo "$(wc -l <load.revoked) revoked, not $((revokers * turns))" >>"$TMP/found"
	work=$(((issuers + revokers + processes / 4) * turns))
	if [ -s "$TMP/found" ]; then
		not_ok "$processes processes at once lose nothing" "$TMP/found"
	else
		ok "$processes processes at once lose nothing"
	fi
	diag "$processes processes: $work certificates, revocations and lists in $took ms, $((work * 1000 / (took + 1))) a second"
done
tap_done
