# SPDX-License-Identifier: Apache-2.0
# Every call that Remint's own objects make of a library is known to the loop that lets calls fail: tests/fault/calls.h lists those it
# fails, tests/fault/spared.txt those that cannot fail, with the reason. A call that is new stands in neither, and is told here.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/source.sh"

# asked_for OBJECT...: the functions of libraries that these objects ask for.
asked_for() {
	nm -gP "$@" | awk '$2 != "U" && NF > 1 { ours[$1] = 1 } $2 == "U" { asked[$1] = 1 }
		END { for (name in asked) if (!(name in ours)) print name }' | sort
}
# listed CALLS SPARED: "kind name" of each name in the two files.
listed() {
	sed -n 's/^[A-Z]*(\([A-Za-z0-9_]*\),.*/failed \1/p' "$1"
	grep -v '^#' "$2" | tr -s ' ' '\n' | sed -n 's/..*/spared &/p'
}
# unknown NAMES CALLS SPARED: the names that neither file has, and what is listed twice.
unknown() {
	listed "$2" "$3" | awk '
	FILENAME == "-" {
		if ($2 in kind)
			print $2 ": listed twice"
		kind[$2] = $1
		if (sub(/\*$/, "", $2))
			begins[$2] = 1
		next
	}
	{
		known = $1 in kind
		for (start in begins)
			known = known || index($1, start) == 1
		if (!known)
			print $1 ": neither in calls.h nor in spared.txt"
	}' - "$1"
}
# stale NAMES CALLS ROOT: calls that would fail, but which nobody makes. The compiler may have put another one in their place.
stale() {
	bare_code "$3"/src/*/*.c "$3"/src/*/*.h | sed 's/^[^:]*:[^:]*://' | tr -cs 'A-Za-z0-9_' '\n' | sort -u >"$TMP/words"
	listed "$2" /dev/null | awk '{ print $2 }' | sort | comm -23 - "$1" | comm -23 - "$TMP/words" | sed 's/$/: in calls.h, but nobody calls it/'
}

asked_for "$builddir"/.libs/librmt_*.a "$builddir"/src/cli/*.o >"$TMP/names" 2>"$TMP/err"
[ "$(wc -l <"$TMP/names")" -gt 300 ] && ok "the objects ask for $(wc -l <"$TMP/names") functions" || not_ok "the objects are read" "$TMP/names" "$TMP/err"
unknown "$TMP/names" "$srcdir/tests/fault/calls.h" "$srcdir/tests/fault/spared.txt" >"$TMP/found"
expect_none "$TMP/found" "each is made to fail, or is spared for a reason"
stale "$TMP/names" "$srcdir/tests/fault/calls.h" "$srcdir" >"$TMP/found"
expect_none "$TMP/found" "each call that is made to fail is made somewhere"

# The checks must be able to fail.
mkdir -p "$TMP/bad/src/base"
cat >"$TMP/bad/src/base/one.c" <<'SAMPLE'
int getchar(void); int putchar(int); int inner(void); void *malloc(unsigned long);
int inner(void) { return putchar(getchar()) + (malloc(3) != 0); } /* once() is a word of a comment */
int outer(void) { return inner(); }
SAMPLE
${CC:-cc} -c "$TMP/bad/src/base/one.c" -o "$TMP/bad/one.o"
printf '%s\n' 'MEMORY(malloc, 0, ENOMEM)' 'FILES(once, 0, ENOSPC)' 'FILES(puts, -1, EIO)' >"$TMP/bad/calls.h"
printf '%s\n' '# they say what is wrong' 'put* puts' '_GLOBAL_OFFSET_TABLE_ __asan_* __ubsan_* __stack_chk_* __gcov_*' >"$TMP/bad/spared.txt"
asked_for "$TMP/bad/one.o" >"$TMP/names"
unknown "$TMP/names" "$TMP/bad/calls.h" "$TMP/bad/spared.txt" >"$TMP/found"
printf '%s\n' 'puts: listed twice' 'getchar: neither in calls.h nor in spared.txt' >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/found" "a call that is new is caught, and one that is listed twice"
touch "$TMP/bad/src/base/one.h"
stale "$TMP/names" "$TMP/bad/calls.h" "$TMP/bad" >"$TMP/found"
printf '%s\n' 'once: in calls.h, but nobody calls it' 'puts: in calls.h, but nobody calls it' >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/found" "and one that nobody makes"
tap_done
