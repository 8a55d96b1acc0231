# SPDX-License-Identifier: Apache-2.0
# What the guards over the source share. Read after tap.sh.

# expect_none FILE SENTENCE: a checker wrote nothing. expect_found FILE SENTENCE TEXT: it wrote a
# line with this text.
expect_none() {
	if [ -s "$1" ]; then not_ok "$2" "$1"; else ok "$2"; fi
}
expect_found() {
	if grep -Fq -e "$3" "$1"; then ok "$2"; else not_ok "$2 (nothing says: $3)" "$1"; fi
}

# bare_code FILE...: the lines as FILE:LINE:TEXT, without comments, strings and characters.
bare_code() {
	awk '
	FNR == 1 { inside = 0 }
	{
		rest = $0
		text = ""
		while (rest != "") {
			if (inside) {
				end = index(rest, "*/")
				if (!end)
					break
				rest = substr(rest, end + 2)
				inside = 0
			} else if (match(rest, /\/\*|\/\/|"|'\''/)) {
				text = text substr(rest, 1, RSTART - 1)
				mark = substr(rest, RSTART, RLENGTH)
				rest = substr(rest, RSTART + RLENGTH)
				if (mark == "//")
					break
				else if (mark == "/*")
					inside = 1
				else
					rest = after_quote(rest, mark)
			} else {
				text = text rest
				break
			}
		}
		print FILENAME ":" FNR ":" text
	}
	function after_quote(s, mark,    i, c) {
		for (i = 1; i <= length(s); i++) {
			c = substr(s, i, 1)
			if (c == "\\")
				i++
			else if (c == mark)
				break
		}
		return substr(s, i + 1)
	}' "$@"
}
