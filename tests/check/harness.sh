# SPDX-License-Identifier: Apache-2.0
# The test harness itself: a crash, a short plan and an early end are failures, never silence.
. "${srcdir:-.}/tests/lib/tap.sh"

# cmocka_says SENTENCE WANTED PROGRAM: what becomes of a program's words, in one line.
cmocka_says() {
	printf '%s\n' "$3" >"$TMP/program"
	sh "$srcdir/tests/lib/cmocka.sh" sh "$TMP/program" | sed '/^#/d; s/ - .*//' | tr '\n' ';' >"$TMP/got"
	echo >>"$TMP/got"
	printf '%s\n' "$2" >"$TMP/wanted"
	expect_same "$TMP/wanted" "$TMP/got" "$1"
}

cmocka_says "two groups are numbered through" 'ok 1;ok 2;ok 3;1..3;' \
	'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"; echo 1..1; echo "ok 1 - c"'
cmocka_says "a failed test stays failed" 'not ok 1;1..1;' \
	'echo 1..1; echo "at x.c:3"; echo "not ok 1 - a"; exit 1'
cmocka_says "both spellings of a skip are a skip" 'ok 1 # SKIP a;ok 2 # SKIP b;1..2;' \
	'echo 1..2; echo "not ok 1 # SKIP a"; echo "ok 2 # SKIP b"'
cmocka_says "a crash is a failure of every test not reached" 'ok 1;not ok 2;not ok 3;1..3;' \
	'echo 1..3; echo "ok 1 - a"; kill -9 $$'
cmocka_says "a bad end after good tests is a failure" 'ok 1;not ok 2;1..2;' \
	'echo 1..1; echo "ok 1 - a"; exit 3'
cmocka_says "a program that says nothing has failed" 'not ok 1;1..1;' 'exit 127'

# script_says SENTENCE WANTED SCRIPT: the same for a script that uses tap.sh.
script_says() {
	printf '. "$srcdir/tests/lib/tap.sh"\n%s\n' "$3" >"$TMP/script"
	sh "$TMP/script" 2>/dev/null | sed '/^#/d; s/ - .*//' | tr '\n' ';' >"$TMP/got"
	echo >>"$TMP/got"
	printf '%s\n' "$2" >"$TMP/wanted"
	expect_same "$TMP/wanted" "$TMP/got" "$1"
}

script_says "a script counts its checks" 'ok 1;not ok 2;1..2;' 'check a true; check b false; tap_done'
script_says "a script that ends early has failed" 'ok 1;not ok 2;1..2;' 'check a true; exit 0; tap_done'
script_says "a wrong exit status is a failure" 'not ok 1;1..1;' 'expect_status 3 a sh -c "exit 4"; tap_done'
script_says "a missing tool skips the script" '1..0 # SKIP no-such-tool is not installed;' \
	'need no-such-tool; check a true; tap_done'
script_says "a missing line is a failure" 'ok 1;not ok 2;1..2;' 'check a echo x; expect_out y b; tap_done'
tap_done
