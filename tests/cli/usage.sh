# SPDX-License-Identifier: Apache-2.0
# The command line is understood as GNU habits have it, and a mistake in it is one line, with a hint, and status 2.
. "${srcdir:-.}/tests/lib/tap.sh"

# sentence | arguments | what the line says
while IFS='|' read -r sentence arguments says; do
	expect_status 2 "$sentence" "$REMINT" $arguments
	expect_err "^remint: .*$says" "$sentence: the line says so"
	lines=$(wc -l <"$TMP/err")
	[ "$lines" -eq 1 ] && ok "$sentence: in one line" || not_ok "$sentence: in one line" "$TMP/err"
	expect_no_line "$TMP/out" . "$sentence: and standard output is empty"
done <<'TABLE'
an unknown verb has a nearest|isue|did you mean issue\?
an unknown member of a group has a nearest|target lst|did you mean target list\?
a word that is near nothing has none|zebra|unknown command "zebra" \(see remint --help\)
a group alone is not a command|ca|needs a second word
an unknown option has a nearest|audit --fro x y|did you mean --for\?
an option of another verb is unknown|version --force|unknown option --force
an unknown letter|show -Z x|unknown option -Z
an option without its value|issue --cn|--cn needs a value: NAME
a letter without its value|show x -o|-o needs a value: FILE
a switch with a value|show --strict=yes x|--strict takes no value
an option given twice|issue --cn a --cn b|--cn is given twice
a word that is no choice has a nearest|audit x --for y --fail-on eror|did you mean error\?
a number that is none|list --limit many|takes a number from 1
a number out of range|show x --jobs 65|takes a number from 1 to 64
a date that is none|audit x --for rfc5280 --at tomorrow|--at: .*tomorrow
a duration that is none|issue --cn a --validity soon --out d|--validity: .*soon
an argument too few|show|show needs FILE
neither a file nor a list|audit --for nginx|audit needs FILE
an argument too many|version now|takes no argument "now"
two ways to say the subject|issue --cn a --subject CN=b --out d|--cn or --subject
two ways to say the end|issue --cn a --days 3 --not-after 2030-01-01 --out d|one of --days
a new key without a directory|issue --cn a|--out DIR
a reissue without a directory|reissue x --for rfc5280|--out DIR
a request without a directory|request --cn a|--out DIR
an audit without a target|audit x|--for
a conversion to nothing|convert x|--to FORMAT or --for TARGET
a conversion to two things|convert x --to pem --for nginx --out d|--to FORMAT or --for TARGET
a shell without completions|completion tcsh|bash, zsh or fish
a pattern that the list does not know|list --name a*b|its beginning and a \*
policies that are not there|target list --policies nowhere|no directory "nowhere"
files of a target to standard output|convert x --for nginx -o -|a directory with --out DIR
help for what is not there|help nothing|no command "nothing"
TABLE

# A mistake is a JSON document too when JSON was asked for, wherever that stands.
expect_status 2 "a mistake under --json is status 2 too" "$REMINT" show --frobnicate --json x
printf '%s\n' '{"schema":1,"error":{"class":"usage","place":"","message":"unknown option --frobnicate"}}' >"$TMP/wanted"
expect_same "$TMP/wanted" - "and a document with nothing else"
expect_status 2 "two formats at once" "$REMINT" list --csv --json
expect_err 'give --json or --csv' "are refused"
expect_status 2 "a --json behind -- is an argument" "$REMINT" version -- --json

# Ways to write the same.
cat >"$TMP/one.pem" <<'PEM'
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
PEM
cp "$TMP/one.pem" "$TMP/--json"
cd "$TMP" || exit 99
"$REMINT" show --json one.pem >wanted
mkdir a b
while read -r arguments; do
	expect_status 0 "remint $arguments" "$REMINT" $arguments
	expect_same "$TMP/wanted" - "says the same as show --json one.pem"
done <<'TABLE'
show one.pem --json
--json show one.pem
show --json -- one.pem
show -q --json one.pem
show -qj1 --json one.pem
show -j 1 --json one.pem
show --jobs=1 --json one.pem
show --home=nowhere --policies=a --policies b --json one.pem
TABLE
expect_status 0 "-oFILE writes into a file" "$REMINT" show -qosame --json one.pem
expect_same wanted same "with the same content"
expect_status 4 "but not over one that is there" "$REMINT" show -osame --json one.pem
expect_status 0 "unless forced" "$REMINT" show -fosame one.pem
expect_line same '^public-key' "which replaces it"
expect_status 0 "-- ends the options" "$REMINT" show -- --json
expect_out '^public-key +--json #1' "and what follows is a file"

# Help.
expect_status 0 "without arguments there is an overview" "$REMINT"
expect_out '^  reissue +make a compliant replacement' "with every verb in a line"
cp "$TMP/out" overview
for way in --help -h help; do
	expect_status 0 "remint $way" "$REMINT" $way
	expect_same overview - "is the overview"
done
"$REMINT" help issue >wanted
for way in 'issue --help' 'issue -h' '--help issue' 'issue --cn x --help'; do
	expect_status 0 "remint $way" "$REMINT" $way
	expect_same wanted - "is the help of issue"
done
expect_line wanted '^EXIT STATUS$' "help has the exit statuses"
expect_line wanted '^EXAMPLES$' "and examples"
expect_status 0 "a member of a group has help" "$REMINT" help ca sign
expect_out '^usage: remint ca sign \[option...\] REQUEST$' "with its arguments"
expect_status 0 "a group has help" "$REMINT" ca --help
expect_out '^  ca install FILE...' "which lists its members"
awk 'length > 100' wanted overview >"$TMP/long"
expect_no_line "$TMP/long" . "nothing is wider than 100 columns"
tap_done
