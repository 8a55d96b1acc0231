# SPDX-License-Identifier: Apache-2.0
# A file that no makefile fragment names is not built, not run and not shipped: nobody would notice.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/source.sh"

# unlisted ROOT: the files that should stand in a fragment and do not.
unlisted() {
	(cd "$1" && for file in src/*/*.[ch] templates/*/*.cfg docs/man/*.[1-9] docs/*.md docs/guides/*.md \
		tests/unit/*.[ch] tests/fuzz/*.c tests/fault/*.[ch] tests/cli/*.sh tests/crash/*.sh tests/interop/*.sh \
		tests/check/*.sh tests/lib/*.* tests/interop/*.* tests/golden/*.sh tests/golden/*/* tests/fixtures/*.* tests/fixtures/*/* tests/cli/golden/* \
		tests/bench/*.* examples/*.* examples/*/*.sh examples/*/*/*.sh; do
		case $file in *'*'* | */local.am | src/policy/builtin.c) continue ;; esac
		[ -e "$file" ] || continue
		cat Makefile.am src/*/local.am templates/local.am docs/local.am examples/local.am \
			tests/local.am tests/*/local.am 2>/dev/null |
			tr ' \t' '\n\n' | grep -Fqx "$file" || echo "$file: named in no local.am"
	done)
}

unlisted "$srcdir" >"$TMP/found"
expect_none "$TMP/found" "every file is named in a makefile fragment"

mkdir -p "$TMP/bad/src/x509" "$TMP/bad/tests/cli"
touch "$TMP/bad/src/x509/lost.c" "$TMP/bad/src/x509/kept.c" "$TMP/bad/tests/cli/kept.sh"
echo 'EXTRA_DIST = src/x509/kept.c tests/cli/kept.sh' >"$TMP/bad/Makefile.am"
unlisted "$TMP/bad" >"$TMP/found"
echo 'src/x509/lost.c: named in no local.am' >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/found" "a file that is named nowhere is caught"
tap_done
