#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds Remint and runs its whole test suite. Needs nothing done before on Debian 12 or 13, and may
# be run again at any time. The last line counts; the exit status is 0 when nothing failed.
#
#	tests/run.sh              everything, judged by other makers' implementations too
#	tests/run.sh --quick      without what needs big packages (Java, Chromium)
#	tests/run.sh --sanitize   unit and command tests under ASan and UBSan, in build-sanitize/

set -u
build=build flags= target=check sets="judges java browser"
for option; do
	case $option in
	--quick) sets=judges ;;
	--sanitize) build=build-sanitize target=check-core sets=
		flags="--enable-sanitize --enable-dev --disable-shared" ;;
	*) sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
cd "$(dirname "$0")/.." || exit 2
root=$(pwd)
jobs=$(nproc 2>/dev/null || echo 2)
passed=0 failed=0 skipped=0

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

# step TEXT COMMAND...: one step of the way, its words kept in $build/run.log. When it fails, so
# has the run.
step() {
	echo "$1"
	shift
	"$@" >"$root/$build/run.log" 2>&1 </dev/null && return 0
	tail -n 60 "$root/$build/run.log"
	echo "This failed: $*"
	failed=1
	finish
}

# results WORD: how many tests ended so. Each test program leaves a .trs file with its results.
results() {
	find . -name '*.trs' -exec cat {} + | grep -Ec "^:test-result: ($1)"
}

. examples/deps.sh
mkdir -p "$build"
deps_ensure build test || { failed=1; finish; }
[ -z "$sets" ] || deps_ensure $sets || echo "Going on: tests whose judge is missing will be skipped."

[ -x configure ] && [ -e Makefile.in ] || step "Making configure" autoreconf -fi
cd "$build" || exit 2
[ -e Makefile ] || step "Configuring $build/" ../configure -q $flags
step "Building" make -j"$jobs"
find . -name '*.trs' -exec rm -f {} +
echo "Testing"
make -k -j"$jobs" "$target" >run.log 2>&1 </dev/null
status=$?

passed=$(results 'PASS|XFAIL') failed=$(results 'FAIL|ERROR|XPASS') skipped=$(results SKIP)
find . -name '*.trs' | sort | while read -r trs; do
	name=${trs#./}
	name=${name%.trs}
	sed -n "s|^SKIP: [^ ]*[ 0-9]*-* *|skipped: $name: |; s|# SKIP ||; /^skipped/p" "${trs%.trs}.log"
	grep -Eq '^:test-result: (FAIL|ERROR|XPASS)' "$trs" || continue
	echo "==== FAILED: $name"
	grep -E '^:test-result: (FAIL|ERROR|XPASS)' "$trs" | sed 's/^:test-result: //'
	tail -n 200 "${trs%.trs}.log"
done
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
	tail -n 60 run.log
	echo "make $target failed before a test could"
	failed=1
fi
finish
