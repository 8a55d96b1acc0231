# SPDX-License-Identifier: Apache-2.0
# The voice of every shell test, in the Test Anything Protocol; POSIX sh. A test begins with
#
#	. "${srcdir:-.}/tests/lib/tap.sh"
#
# and ends with `tap_done`. A script that ends without it, for whatever reason, has failed.
# $REMINT is the built program, $TMP a fresh directory that is removed at exit, $srcdir and
# $builddir are absolute.

: "${srcdir:=.}" "${builddir:=.}" "${LC_ALL:=C}" "${TZ:=UTC}"
srcdir=$(cd "$srcdir" && pwd) && builddir=$(cd "$builddir" && pwd) || exit 99
: "${REMINT:=$builddir/remint}"
TMP=$(mktemp -d "${TMPDIR:-/tmp}/remint-test.XXXXXX") || exit 99
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps nginx and haproxy
export PATH LC_ALL TZ REMINT TMP srcdir builddir
unset REMINT_HOME
umask 077 # passphrase files that others may read are refused
HOME=$TMP
export HOME
# A program that was built to measure coverage leaves its counts beside its objects when it ends. GCOV_PREFIX=$UNCOUNTED goes before one
# that may not write there, or would leave half of them because it is killed.
UNCOUNTED=$TMP/uncounted
tap_count=0
tap_failed=0
tap_ended=no
trap tap_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# ok SENTENCE: a check that passed.
ok() {
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s\n' "$tap_count" "$1"
}

# not_ok SENTENCE [FILE...]: a check that failed; the files say more.
not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_count" "$1"
	shift
	for tap_file; do
		[ -s "$tap_file" ] && sed -n '1,40s/^/#   /p' "$tap_file"
	done
	return 0
}

# diag TEXT...: a remark for the log.
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# have TOOL: it is installed.
have() {
	command -v "$1" >/dev/null 2>&1
}

# skip REASON [SENTENCE]: one check that cannot run here.
skip() {
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_count" "${2:-}" "$1"
}

# skip_all REASON: nothing in this script can run here. Ends it.
skip_all() {
	tap_ended=yes
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# need TOOL...: skip the whole script when a tool is absent.
need() {
	for tap_tool; do
		have "$tap_tool" || skip_all "$tap_tool is not installed"
	done
}

# check SENTENCE COMMAND...: the command must succeed.
check() {
	expect_status 0 "$@"
}

# expect_status N SENTENCE COMMAND...: the command must exit with N. Its output is left in $TMP/out
# and $TMP/err.
expect_status() {
	tap_want=$1 tap_sentence=$2
	shift 2
	tap_got=0
	"$@" >"$TMP/out" 2>"$TMP/err" </dev/null || tap_got=$?
	if [ "$tap_got" -eq "$tap_want" ]; then
		ok "$tap_sentence"
	else
		not_ok "$tap_sentence (exit status $tap_got, not $tap_want: $*)" "$TMP/out" "$TMP/err"
	fi
}

# expect_out REGEX SENTENCE: a line of the last command's output matches (grep -E); expect_err the
# same for its messages.
expect_out() {
	expect_line "$TMP/out" "$1" "$2"
}
expect_err() {
	expect_line "$TMP/err" "$1" "$2"
}
expect_line() {
	if grep -Eq -e "$2" "$1"; then
		ok "$3"
	else
		not_ok "$3 (no line matches $2)" "$1"
	fi
}

# expect_no_line FILE REGEX SENTENCE: no line of the file matches.
expect_no_line() {
	if grep -E -e "$2" "$1" >"$TMP/tap.lines"; then
		not_ok "$3" "$TMP/tap.lines"
	else
		ok "$3"
	fi
}

# expect_same WANTED GOT SENTENCE: two files are the same; GOT may be - for the last output.
expect_same() {
	tap_file=$2
	[ "$tap_file" = - ] && tap_file=$TMP/out
	if diff -u "$1" "$tap_file" >"$TMP/tap.diff" 2>&1; then
		ok "$3"
	else
		not_ok "$3" "$TMP/tap.diff"
	fi
}

tap_done() {
	tap_ended=yes
	printf '1..%d\n' "$tap_count"
	exit $((tap_failed > 0))
}

tap_exit() {
	tap_status=$?
	if [ "$tap_ended" = no ]; then
		not_ok "the script ran to its end (it stopped with status $tap_status)"
		printf '1..%d\n' "$tap_count"
	fi
	chmod -R u+w "$TMP" 2>/dev/null
	rm -rf "$TMP"
}
