#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/formats.md and the table of tests/interop/corpora.sh say the same: each class of differences with its judges and numbers, each
# corpus with its counts. (That "What is written" is the table of formats, tests/unit/test_write tells.)
. "${srcdir:-.}/tests/lib/tap.sh"

page=$srcdir/docs/formats.md table=$srcdir/tests/interop/corpora.expect

# What the page must hold, as the beginnings of its lines.
awk -F'\t' '
$1 == "corpus" {
	line = "| " $3 " | " $2 " |"
	for (i = 4; i <= NF; i++) line = line " " $i " |"
	print line
}
$1 == "differ" {
	if (!($2 in judges)) { order[++n] = $2; judges[$2] = "" }
	count = split($3, one, ",")
	for (i = 1; i <= count; i++) if (!seen[$2, one[i]]++) judges[$2] = judges[$2] (judges[$2] ? ", " : "") one[i]
	found[$2] += $6
	later[$2] += $7
}
END { for (i = 1; i <= n; i++) print "| `" order[i] "` | " judges[order[i]] " | " found[order[i]] " | " later[order[i]] " |" }
' "$table" >"$TMP/wanted"
[ -s "$TMP/wanted" ] && ok "there is a table" || not_ok "there is a table"
# missing PAGE: what it should say and does not.
missing() {
	while read -r line; do
		grep -Fq -- "$line" "$1" || echo "$line"
	done <"$TMP/wanted"
}
missing "$page" >"$TMP/missing"
expect_no_line "$TMP/missing" . "docs/formats.md says what the table says"
sed -n '/^## Held against/,$s/^| `\([a-z0-9-]*\)` .*/\1/p' "$page" | sort >"$TMP/page"
sed -n 's/^| `\([a-z0-9-]*\)` .*/\1/p' "$TMP/wanted" | sort >"$TMP/classes"
expect_same "$TMP/classes" "$TMP/page" "and explains every class once, and no other"

sed 's/^\(| `dates` | [^|]* | \)\([0-9]\)/\19\2/' "$page" >"$TMP/rotten"
missing "$TMP/rotten" >"$TMP/out"
expect_out '^. `dates`' "another number is noticed"
tap_done
