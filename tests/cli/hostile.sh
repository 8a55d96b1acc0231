# SPDX-License-Identifier: Apache-2.0
# Text from a hostile certificate or file name does nothing to a terminal, a spreadsheet or a reader of JSON.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
esc=$(printf '\033')
old_ca
# ESC, LF, CR, a bidi override, a zero-width space, DEL and a C1 control in the subject; a NUL and an ESC in the SAN; a
# formula for a CN of its own.
old_cert esc "/O=$(printf 'Red\033[31m')/OU=$(printf 'line\nremint: forged\r')/CN=$(printf 'e\342\200\256vil\342\200\213\177\302\233')" \
	"subjectAltName=DER:30:12:82:10:61:2e:63:6f:6d:00:2e:65:76:69:6c:1b:5b:31:6d:0a"
old_cert formula '/O=Contoso/CN==HYPERLINK("http:\/\/evil")'
name=$(printf 'na\033[2Jme\n.pem')
cp esc.pem "$name"

# tame FILE SENTENCE: no byte but printable ASCII, LF (and CR LF in CSV), and what is no invisible character.
tame() {
	LC_ALL=C tr -d '\012\040-\176' <"$1" >"$TMP/rest"
	if [ -s "$TMP/rest" ]; then
		od -c "$TMP/rest" >"$TMP/rest.od"
		not_ok "$2" "$TMP/rest.od"
	else
		ok "$2"
	fi
}

expect_status 0 "a hostile certificate is shown" "$REMINT" show esc.pem "$name"
tame "$TMP/out" "show writes nothing that a terminal acts on"
expect_out 'O=Red\\1B\[31m' "ESC is visible"
expect_out 'OU=line\\0Aremint: forged\\0D' "so are LF and CR"
expect_out 'CN=e\\u\{202e\}vil\\u\{200b\}\\7F\\u\{9b\}' "so are bidi, zero-width and C1 characters"
expect_out 'dns:a\.com\\00\.evil\\1B\[1m\\0A' "a NUL ends nothing"
expect_out 'na\\x1b\[2Jme\\x0a\.pem' "the name of the file is tamed too"
expect_no_line "$TMP/out" '^remint: forged' "no line is forged"

"$REMINT" audit esc.pem --for dotnet-mtls >"$TMP/out" 2>"$TMP/err"
tame "$TMP/out" "audit writes nothing that a terminal acts on"
"$REMINT" show "$name.not" >"$TMP/out" 2>"$TMP/err"
tame "$TMP/err" "neither does a failure"
[ "$(wc -l <"$TMP/err")" -eq 1 ] && ok "which stays one line" || not_ok "which stays one line" "$TMP/err"
"$REMINT" "$name" >"$TMP/out" 2>"$TMP/err"
tame "$TMP/err" "nor a command that is none"
"$REMINT" show --"$name" >"$TMP/out" 2>"$TMP/err"
tame "$TMP/err" "nor an option that is none"

expect_status 0 "JSON of a hostile certificate" "$REMINT" show --json esc.pem
tame "$TMP/out" "is plain too"
expect_out '"common_name":"e\\u202evil\\u200b\\u007f\\u009b"' "with what acts on terminals as JSON has it"
if command -v jq >/dev/null 2>&1; then
	jq -j '.objects[0].common_name' <"$TMP/out" >"$TMP/cn"
	printf 'e\342\200\256vil\342\200\213\177\302\233' >"$TMP/wanted"
	expect_same "$TMP/wanted" "$TMP/cn" "a program gets the true name"
else
	skip "jq is not installed" "a program gets the true name"
fi

lab --no-password
expect_status 0 "a formula can be certified" "$REMINT" sign formula.csr --template client -q
"$REMINT" show --csv formula.pem esc.pem >"$TMP/csv"
expect_line "$TMP/csv" "\"'=HYPERLINK\\(\"\"http://evil\"\"\\)\"" "in CSV the formula is disarmed and quoted"
LC_ALL=C tr -d '\015' <"$TMP/csv" >"$TMP/plain"
tame "$TMP/plain" "and the rest is tame"
[ "$(wc -l <"$TMP/csv")" -eq 3 ] && ok "one row a certificate" || not_ok "one row a certificate" "$TMP/csv"
awk '!/\r$/' "$TMP/csv" >"$TMP/bare"
expect_no_line "$TMP/bare" . "each row ends with CR LF"
"$REMINT" list --csv >"$TMP/csv"
expect_line "$TMP/csv" "\"'=HYPERLINK" "in the list of the database too"
tap_done
