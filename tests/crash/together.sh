# SPDX-License-Identifier: Apache-2.0
# Two to eight processes issue, revoke and publish at once in one home: each does all that it was to do, no update is lost, and none waits for
# ever. What they do in a second is told and not judged. At the end several want to revoke the same: one does.
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
		# Of each four one only issues, one only publishes lists, and two issue and revoke.
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
	{
		load_faults
		load_list_faults
		find . -name '.remint-*' | sed 's/^/a temporary file: /'
	} >>"$TMP/found" 2>&1
	issuers=$((processes - processes / 4)) revokers=$((processes / 2))
	[ "$(wc -l <load.known)" -eq $((own + issuers * turns)) ] || echo "$(wc -l <load.known) certificates, not $((own + issuers * turns))" >>"$TMP/found"
	[ "$(wc -l <load.revoked)" -eq $((revokers * turns)) ] || echo "$(wc -l <load.revoked) revoked, not $((revokers * turns))" >>"$TMP/found"
	lists=$((processes / 4 * turns))
	work=$(((issuers + revokers) * turns + lists))
	if [ -s "$TMP/found" ]; then
		not_ok "$processes processes at once lose nothing" "$TMP/found"
	else
		ok "$processes processes at once lose nothing"
	fi
	diag "$processes processes: $((issuers * turns)) certificates, $((revokers * turns)) revocations, $lists lists in $took ms: $((work * 1000 / (took + 1))) a second"
done

# ---- one that is overtaken -------------------------------------------------------------------------------------------------------
# A list that has its number is held up, and the next one is published meanwhile: elsewhere, and then in the same place.
# overtaken DIRECTORY: the first is published in slow/, and the second there.
overtaken() {
	BADFS_PATH=$PWD/slow BADFS_STOP=1 LD_PRELOAD=$TMP/badfs.so "$REMINT" crl issuing --out slow >/dev/null 2>said.slow &
	slow=$!
	until grep -q '^State:.T' /proc/$slow/status; do sleep 0.05; done
	"$REMINT" crl issuing --out "$1" >/dev/null 2>said.quick
	quick=$?
	kill -CONT $slow
	wait $slow
	slow=$?
}
if nm "$REMINT" 2>/dev/null | grep -q __asan_init; then
	skip "a preloaded library does not go with AddressSanitizer" "a list that is overtaken"
elif ! ${CC:-cc} -shared -fPIC -o "$TMP/badfs.so" "$srcdir/tests/crash/badfs.c" -ldl >"$TMP/out" 2>&1; then
	skip "no shared library can be built" "a list that is overtaken"
else
	mkdir slow quick
	quietly "$REMINT" crl issuing --out slow
	first=$(load_crl_number slow/issuing.crl)
	overtaken quick
	check "both are published where they are to be" [ "$slow$quick $(load_crl_number slow/issuing.crl) $(load_crl_number quick/issuing.crl)" = "00 $((first + 1)) $((first + 2))" ]
	expect_no_line said.slow . "without a warning"
	overtaken slow
	check "an older one is not put over a newer one" [ "$slow$quick $(load_crl_number slow/issuing.crl)" = "00 $((first + 4))" ]
	expect_line said.slow "list $((first + 3)) of .issuing. is left out: a newer one was published meanwhile" "with a warning"
	check "the database is sound" "$REMINT" db check

	# Held up behind every question to the database, just before the bytes to be signed are recorded.
	# held_up SENTENCE STATUS COMMAND...: meanwhile the command is done; afterwards the certificate is refused with this status.
	held_up() {
		sentence=$1 status=$2
		shift 2
		rm -rf held
		BADFS_STOP_LOCK=1 LD_PRELOAD=$TMP/badfs.so "$REMINT" sign held.csr --out held >/dev/null 2>said.held &
		held=$!
		until grep -q '^State:.T' /proc/$held/status 2>/dev/null || ! kill -0 $held; do sleep 0.05; done
		check "$sentence: done meanwhile" "$@"
		kill -CONT $held
		wait $held
		held=$?
		check "$sentence: it is not issued any more" [ "$held $(ls held 2>/dev/null)" = "$status " ]
		diag "$(tail -n 1 said.held)"
	}
	quietly openssl req -new -newkey rsa:2048 -nodes -keyout held.key -subj /CN=held.contoso.com -out held.csr
	quietly "$REMINT" sign held.csr --out first
	held_up "its key is lost" 7 "$REMINT" revoke held.contoso.com --reason keyCompromise
	quietly openssl req -new -newkey rsa:2048 -nodes -keyout held.key -subj /CN=held.contoso.com -out held.csr
	held_up "its key is blocked" 7 "$REMINT" blocklist add held.key
	quietly openssl req -new -newkey rsa:2048 -nodes -keyout held.key -subj /CN=held.contoso.com -out held.csr
	cp -r home kept
	retire() { "$REMINT" ca rotate issuing && "$REMINT" ca retire issuing; }
	held_up "its CA is retired" 4 retire
	rm -rf home && cp -r kept home
	held_up "its CA is revoked" 4 "$REMINT" revoke --authority issuing --reason cACompromise --commit
	rm -rf home && mv kept home
	check "and the database is sound" "$REMINT" db check
fi

# ---- the same by several ----------------------------------------------------------------------------------------------------------
# In the home of the eight: those that only issued, each revoked by four at once.
contested=$(for file in out/worker1-*/cert.pem; do openssl x509 -in "$file" -noout -serial; done | sed 's/.*=//' | tr A-F a-f | head -n 8)
for n in 1 2 3 4; do
	for serial in $contested; do
		"$REMINT" revoke "$serial" --reason superseded >/dev/null 2>"said.$n.$serial" && echo "$serial"
	done >"won.$n" &
done
wait
cat won.? | sort >won
: >"$TMP/found"
for serial in $contested; do
	[ "$(grep -c "$serial" won)" = 1 ] || echo "$serial was revoked by $(grep -c "$serial" won) of four"
	[ "$(cat said.?."$serial" | grep -c 'revoked')" -ge 3 ] || echo "$serial: the others are not told that it was revoked"
done >>"$TMP/found"
cat won >>revoked
{
	load_faults
	load_list_faults
} >>"$TMP/found" 2>&1
[ -s "$TMP/found" ] && not_ok "what four want to revoke is revoked once" "$TMP/found" said.1.* || ok "what four want to revoke is revoked once, by one: $(echo "$contested" | wc -w) certificates"
tap_done
