# SPDX-License-Identifier: Apache-2.0
# What the tests of refusals share. Read after tap.sh and pki.sh.

# refused STATUS WORDS SENTENCE COMMAND...: the status, nothing on standard output, and one line of
# messages that matches WORDS (grep -E). Warnings do not count.
refused() {
	refuse_status=$1 refuse_words=$2 refuse_sentence=$3
	shift 3
	expect_status "$refuse_status" "$refuse_sentence" "$@"
	grep -v '^remint: warning: ' "$TMP/err" >"$TMP/said"
	if [ "$(wc -l <"$TMP/said")" -eq 1 ] && grep -Eq -e "^remint: .*$refuse_words" "$TMP/said"; then
		ok "$refuse_sentence: one line says so"
	else
		not_ok "$refuse_sentence: one line says $refuse_words" "$TMP/err"
	fi
	if [ -s "$TMP/out" ]; then
		not_ok "$refuse_sentence: and nothing is on standard output" "$TMP/out"
	fi
}

# absent FILE... SENTENCE: none of them is there, not even half-written.
absent() {
	refuse_there=
	while [ $# -gt 1 ]; do
		if [ -e "$1" ] || [ -L "$1" ]; then refuse_there="$refuse_there $1"; fi
		shift
	done
	if [ -z "$refuse_there" ]; then ok "$1"; else not_ok "$1 (there is$refuse_there)"; fi
}

# json_is FILTER SENTENCE: the last output is one JSON document, and a jq filter is true of it.
json_is() {
	if ! command -v jq >/dev/null 2>&1; then
		skip "jq is not installed" "$2"
	elif jq -e -s "length == 1 and (.[0] | .schema == 1 and ($1))" "$TMP/out" >"$TMP/jq" 2>&1; then
		ok "$2"
	else
		not_ok "$2 ($1)" "$TMP/out" "$TMP/jq"
	fi
}

# as_nobody COMMAND...: by a user who owns nothing here. nobody_can: whether that can be done.
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		GCOV_PREFIX=$UNCOUNTED setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}
# A program of its own place: what was built may stand where nobody may go.
nobody_can() {
	chmod 711 "$TMP"
	mkdir -p "$UNCOUNTED" && chmod 1777 "$UNCOUNTED"
	cp "$REMINT" "$TMP/remint" && chmod 755 "$TMP/remint"
	as_nobody "$TMP/remint" --version >/dev/null 2>&1
}

# limited BLOCKS COMMAND...: no file may grow beyond that many blocks of 512 bytes (of 1024 in some shells).
limited() {
	(
		ulimit -f "$1"
		shift
		GCOV_PREFIX=$UNCOUNTED "$@"
	)
}

# at TIME COMMAND...: with the clock at TIME. Needs faketime; the address sanitizer wants to be the
# first library and is told that it will not be.
at() {
	refuse_time=$1
	shift
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 \
		faketime "$refuse_time" "$@"
}
