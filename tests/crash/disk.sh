# SPDX-License-Identifier: Apache-2.0
# The disk of the CA goes bad while a command writes: from the n-th call on, for every n, it is full, read-only or gives errors. Nothing
# half is released or published, the database is sound when the disk is good again, and the same command then does its work. At the end a disk
# that is really full, where that can be had.
#
# The long form tries every n of the smaller commands and 60 of the others, for each of the three errors; the short one two.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/load.sh"
need openssl jq
nm "$REMINT" 2>/dev/null | grep -q __asan_init && skip_all "a preloaded library does not go with AddressSanitizer"
${CC:-cc} -shared -fPIC -o "$TMP/badfs.so" "$srcdir/tests/crash/badfs.c" -ldl >"$TMP/out" 2>&1 || skip_all "no shared library can be built"

most=2
[ "${REMINT_LONG:-}" != 1 ] || most=60
cd "$TMP" && mkdir good && cd good || exit 99
REMINT_HOME=home
export REMINT_HOME
load_begin
quietly "$REMINT" issue --dns www.contoso.com --key-type ec:p256 --out out/www
www=$(openssl x509 -in out/www/cert.pem -noout -serial | sed 's/.*=//' | tr A-F a-f)
load_revoke gone 1 # is on every list
cd "$TMP" || exit 99

# bad ERRNO N COMMAND...: with a disk that is bad from the n-th call on; its calls are counted in $TMP/count.
bad() {
	bad_errno=$1 bad_from=$2
	shift 2
	BADFS_PATH=$TMP/work BADFS_ERRNO=$bad_errno BADFS_FROM=$bad_from BADFS_COUNT=$TMP/count LD_PRELOAD=$TMP/badfs.so "$@"
}
# half: files below out/, crls/ and bundles/ that are not whole.
half() {
	find out crls bundles -type f 2>/dev/null | while read -r file; do
		case $file in
		*.pem) grep -q -- '-----END' "$file" || echo "half a file: $file" ;;
		*.crl) openssl crl -inform DER -in "$file" -noout 2>/dev/null || echo "half a list: $file" ;;
		esac
		[ -s "$file" ] || echo "an empty file: $file"
	done
}
# try NAME COMMAND...: for each of the errors and some or all n.
try() {
	try_name=$1
	shift
	rm -rf work && cp -R good work && cd work || exit 99
	: >"$TMP/unsynced"
	BADFS_UNSYNCED=$TMP/unsynced bad 5 1000000 "$@" >"$TMP/out" 2>"$TMP/err" || not_ok "$try_name works on a good disk" "$TMP/err"
	expect_no_line "$TMP/unsynced" . "$try_name: each file is on the disk before it gets its name, and all in the end"
	try_calls=$(cat "$TMP/count")
	try_step=$((try_calls / most + 1))
	: >"$TMP/faults"
	try_runs=0
	for try_errno in 28 30 5; do # ENOSPC, EROFS, EIO
		try_n=1
		while [ $try_n -le "$try_calls" ]; do
			cd "$TMP" && rm -rf work && cp -R good work && cd work || exit 99
			try_status=0
			bad $try_errno $try_n "$@" >"$TMP/out" 2>"$TMP/err" || try_status=$?
			try_runs=$((try_runs + 1))
			{
				case $try_status in
				0 | 3 | 6) ;;
				*) echo "status $try_status" ;;
				esac
				[ $try_status = 0 ] || grep -q '^remint: ' "$TMP/err" || echo "no message"
				half
				load_faults
				"$@" >"$TMP/out" 2>"$TMP/err" || { # what was released before the disk went bad stands in the way
					grep -q 'is not overwritten without force\|is revoked already\|was revoked' "$TMP/err" || sed 's/^/again: /' "$TMP/err"
				}
				[ "$try_name" != revoke ] || echo "$www" >>revoked
				load_faults
				load_list_faults
			} 2>&1 | sed "s/^/$try_name, errno $try_errno from call $try_n on: /" >>"$TMP/faults"
			try_n=$((try_n + try_step))
		done
	done
	cd "$TMP" || exit 99
	[ -s "$TMP/faults" ] && not_ok "$try_name on a bad disk" "$TMP/faults" || ok "$try_name on a bad disk: $try_runs times, $try_calls calls"
}

try issue "$REMINT" issue --for nginx --dns bad.contoso.com --key-type ec:p256 --out out/bad
try revoke "$REMINT" revoke www.contoso.com --reason superseded
try crl "$REMINT" crl issuing --out crls/one
try apply "$REMINT" apply plan.json --commit --out bundles --chain root.pem

# ---- a database that takes no more: TABLE | COMMAND. What is not on record is neither released nor told -------------------------------
if have sqlite3; then
	while IFS='|' read -r table command; do
		cd "$TMP" && rm -rf work && cp -R good work && cd work || exit 99
		quietly "$REMINT" ocsp --all
		known=$("$REMINT" list --json --limit 1000 | jq '.certificates | length')
		quietly sqlite3 home/ca.db "CREATE TRIGGER stop BEFORE INSERT ON $table BEGIN SELECT RAISE(ABORT, 'no more'); END"
		# shellcheck disable=SC2086
		expect_status 6 "no row into $table: ${command%% *} fails" "$REMINT" $command
		quietly sqlite3 home/ca.db 'DROP TRIGGER stop'
		find new -type f 2>/dev/null >"$TMP/found"
		expect_no_line "$TMP/found" . "and releases nothing"
		expect_no_line "$TMP/out" . "and tells of nothing"
		check "and certifies nothing" test "$("$REMINT" list --json --limit 1000 | jq '.certificates | length')" -eq "$known"
		check "and the database is sound" "$REMINT" db check
	done <<-'TABLE'
		tbs|issue --for nginx --dns bad.contoso.com --key-type ec:p256 --out new
		certificates|issue --for nginx --dns bad.contoso.com --key-type ec:p256 --out new
		crls|crl issuing --out new
		ocsp_responses|ocsp --all --force --out new
		revocations|revoke www.contoso.com --reason superseded
		campaigns|apply plan.json --commit --out new --chain root.pem
		campaign_items|apply plan.json --commit --out new --chain root.pem
	TABLE
	cd "$TMP" || exit 99
else
	skip "sqlite3 is not installed" "a database that takes no more"
fi

# ---- a disk that is really full -------------------------------------------------------------------------------------------------
full="a really full disk: the database is sound and knows what was released"
mkdir small
if [ "$(id -u)" != 0 ] || ! mount -t tmpfs -o size=1400k none small 2>"$TMP/err"; then
	skip "a file system cannot be mounted here" "$full"
else
	trap 'umount "$TMP/small"; tap_exit' EXIT
	cp -R good/. small/ && cd small || exit 99
	head -c 200000 /dev/zero >ballast # for what is written below, when the disk is full
	full_n=0 full_status=0
	while [ $full_n -lt 400 ] && [ $full_status = 0 ]; do
		full_n=$((full_n + 1))
		"$REMINT" issue --dns "full-$full_n.contoso.com" --key-type ec:p256 --out "out/full-$full_n" >"$TMP/out" 2>"$TMP/err" || full_status=$?
	done
	diag "$full_n certificates, then status $full_status: $(tail -n 1 "$TMP/err")"
	case $full_status in
	3 | 6) ok "a full disk is said" ;;
	*) not_ok "a full disk is said (status $full_status after $full_n)" "$TMP/err" ;;
	esac
	half >"$TMP/found"
	rm -f ballast
	{
		load_faults
		load_list_faults
	} >>"$TMP/found" 2>&1
	[ -s "$TMP/found" ] && not_ok "$full" "$TMP/found" || ok "$full"
	cd "$TMP" || exit 99
fi
tap_done
