# SPDX-License-Identifier: Apache-2.0
# Text of a certificate that means to mislead: in the subject, every kind of name, comments, friendly names, file names, the
# database and the names of files written. Shown, it does nothing and can be told from what it pretends to be.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl

cd "$TMP" || exit 99

# ---- a certificate with the worst in every place

# hex TEXT: the bytes of what printf makes of it. value TAG TEXT: a DER value of at most 127 bytes.
hex() {
	printf "$1" | od -An -v -tx1 | tr -d ' \n'
}
value() {
	value_hex=$(hex "$2")
	printf '%s%02x%s' "$1" $((${#value_hex} / 2)) "$value_hex"
}
names=$(
	value 82 'a.example, DNS:bank.example'
	value 82 'esc\033[2Jx.example'
	value 82 'lf\nDNS:bank.example'
	value 82 'cr\rDNS:bank.example'
	value 82 'nul.example\000.bank.example'
	value 82 'rlo\342\200\256moc.knab'
	value 82 'isolate\342\201\246x'
	value 82 'c1\302\233x'
	value 82 'raw\233x'
	value 82 'zw\342\200\213x'
	value 82 'bom\357\273\277x'
	value 82 'slash\\\\x1b'
	value 82 ''
	value 81 'a@b\r\nSubject: x'
	value 86 'http://x/\177'
	value 87 '\001\002\003'
)
comment=$(value 16 'all is well\033]0;owned\007\nremint: forged')
cat >worst.cnf <<EOF
[req]
distinguished_name=dn
prompt=no
x509_extensions=e
utf8=yes
string_mask=utf8only
[dn]
O=Red$(printf '\033')[31m
OU=$(printf 'rlo\342\200\256txt.exe\342\200\213')
CN==cmd()
[e]
subjectAltName=DER:$(printf '3082%04x%s' $((${#names} / 2)) "$names")
2.16.840.1.113730.1.13=DER:$comment
certificatePolicies=@p
[p]
policyIdentifier=1.2.3
CPS.1=http://x/$(printf '\033')[0m
EOF
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout worst.key -out worst.pem -config worst.cnf \
	-days 30
friendly=$(printf 'fr\033[31m\342\200\256')
quietly openssl pkcs12 -export -in worst.pem -inkey worst.key -out worst.pfx -passout pass:secret -name "$friendly"
quietly openssl req -new -key worst.key -config worst.cnf -out worst.csr
printf 'secret\n' >pass
file=$(printf 'name\033[2J\nremint: forged\342\200\256.pem')
raw=$(printf 'raw\233\377.pem')
cp worst.pem "$file"
cp worst.pem "$raw"

# tame FILE SENTENCE: printable ASCII, line ends and what is a visible character.
tame() {
	LC_ALL=C tr -d '\012\040-\176' <"$1" >"$TMP/rest"
	if [ -s "$TMP/rest" ]; then
		od -c "$TMP/rest" >"$TMP/rest.od"
		not_ok "$2" "$TMP/rest.od"
	else
		ok "$2"
	fi
}
while IFS='|' read -r sentence arguments; do
	"$REMINT" $arguments >"$TMP/out" 2>"$TMP/err" </dev/null
	tame "$TMP/out" "$sentence: what it says is tame"
	tame "$TMP/err" "$sentence: so are its messages"
	expect_no_line "$TMP/out" '^ *remint: forged' "$sentence: no line is forged"
done <<'TABLE'
show|show worst.pem
show --json|show --json worst.pem
show of a PFX|show worst.pfx --password-file pass
show of a request|show worst.csr
show of a directory|show .
show with --strict|show --strict worst.pem
audit|audit worst.pem --for rfc5280 --for nginx --for sfb-edge-internal
audit --json|audit --json worst.pem --for rfc5280 --for nginx
audit of a host|audit worst.pem --for nginx --name bank.example
convert|convert . --to der --select nobody
TABLE
for name in "$file" "$raw" "$file.absent"; do
	"$REMINT" show "$name" >"$TMP/out" 2>"$TMP/err"
	tame "$TMP/out" "the name of a file: show"
	tame "$TMP/err" "the name of a file: its messages"
	"$REMINT" audit --for nginx "$name" >"$TMP/out" 2>"$TMP/err"
	tame "$TMP/out" "the name of a file: audit"
	tame "$TMP/err" "the name of a file: its messages in audit"
done
"$REMINT" show "$file.absent" >"$TMP/out" 2>"$TMP/err"
[ "$(wc -l <"$TMP/err")" -eq 1 ] && ok "a failure stays one line" || not_ok "a failure stays one line" "$TMP/err"
"$REMINT" show --csv . 2>"$TMP/err" | LC_ALL=C tr -d '\015' >"$TMP/out"
tame "$TMP/out" "CSV is tame"
for option in --cn --subject --dns --for --template --ca; do
	"$REMINT" issue --home nowhere --out new $option "$file" >"$TMP/out" 2>"$TMP/err"
	tame "$TMP/err" "the value of $option"
done

# ---- unambiguous: no two names look the same

"$REMINT" show worst.pem >"$TMP/out"
expect_out 'dns:a\.example\\+, DNS:bank\.example' "a comma in a name is marked"
expect_no_line "$TMP/out" '^ *(names *)?dns:bank\.example' "the name after it is none"
expect_out 'dns:nul\.example\\+(x)?00\.bank\.example' "a NUL is marked"
expect_out 'dns:raw\\+(x)?9[bB]x' "a byte that is no UTF-8 is marked"
expect_out 'dns:c1\\u\{9b\}x' "in another way than the character"
expect_out 'dns:slash\\\\\\+x1b' "a backslash is doubled"
expect_out 'dns:zw\\u\{200b\}x' "an invisible character is visible"
"$REMINT" show worst.pfx --password-file pass >"$TMP/out"
expect_out '^private-key fr\\x1b\[31m\\u\{202e\} ' "so it is in the friendly name"
"$REMINT" show worst.pem >"$TMP/out"
if command -v jq >/dev/null 2>&1; then
	"$REMINT" show --json worst.pem >"$TMP/out"
	jq -r '.objects[0].names[]' <"$TMP/out" >listed
	[ "$(sort -u listed | wc -l)" -eq "$(jq '.objects[0].names | length' <"$TMP/out")" ] &&
		ok "in JSON every name is another one" || not_ok "in JSON every name is another one" listed
	json_is '(.objects[0].names | length) == 16' "and none is missing"
	jq -j '.objects[0].common_name' <"$TMP/out" >cn
	printf '=cmd()' >wanted
	expect_same wanted cn "the CN is as it is"
else
	skip "jq is not installed" "names in JSON"
fi
for document in 'show --json .' 'audit --json --for nginx .' 'show --json worst.pfx --password-file pass'; do
	"$REMINT" $document >"$TMP/out" 2>/dev/null
	json_is 'true' "remint $document is one valid document"
done

# ---- formulas

"$REMINT" show --csv worst.pem >"$TMP/csv"
expect_line "$TMP/csv" "\"'=cmd\\(\\)\"|,'=cmd" "a CN that is a formula is disarmed"
for sign in = + - @; do
	printf '[req]\ndistinguished_name=d\nprompt=no\n[d]\nCN=%s1+1\n' "$sign" >formula.cnf
	quietly openssl req -x509 -new -key worst.key -config formula.cnf -out formula.pem
	cp formula.pem "./${sign}x.pem"
	"$REMINT" show --csv -- "${sign}x.pem" >"$TMP/csv"
	sed 1d "$TMP/csv" >"$TMP/row"
	expect_no_line "$TMP/row" "(^|,)\"?[$sign]" "no cell begins with $sign"
	rm -- "./${sign}x.pem"
done

# ---- names of files that are written

# CN | the label that stands in file names
while IFS='|' read -r cn label; do
	printf '[req]\ndistinguished_name=d\nprompt=no\n[d]\nCN=%s\n' "$cn" >label.cnf
	quietly openssl req -x509 -new -key worst.key -config label.cnf -out label.pem
	rm -rf written
	expect_status 0 "files for CN=$cn" "$REMINT" convert label.pem --key worst.key --for cisco-ace -o written
	check "are called $label" test -f "written/$label.pem" -a -f "written/$label.key"
done <<'TABLE'
../../etc/passwd|_.-..-etc-passwd
/etc/passwd|_etc-passwd
..|_.
.bashrc|_bashrc
-rf|_rf
a b;c|a-b-c
TABLE
[ "$(find . -name '*passwd*' | grep -vc '^./written/')" -eq 0 ] && ok "nothing was written elsewhere" || not_ok "nothing was written elsewhere"
mkdir requests
quietly openssl req -new -key worst.key -subj /CN=ok.example.com -out "requests/$(printf '..\033[31m;x.csr')"
lab --no-password
expect_status 0 "a request whose file name is hostile" "$REMINT" sign requests --out signed
tame "$TMP/out" "is signed with tame words"
ls signed >"$TMP/names"
expect_line "$TMP/names" '^[A-Za-z0-9._-]+\.pem$' "into a file with a tame name"

# ---- through the database

expect_status 4 "such a subject is not certified" "$REMINT" sign worst.csr --template client
tame "$TMP/err" "and the refusal is tame"
expect_status 4 "nor repeated" "$REMINT" reissue worst.pem --for rfc5280 --out again
tame "$TMP/err" "which is refused as tamely"
sed '/^O=/d; /^OU=/d; s/^CN=.*/CN=host.example.com/' worst.cnf >names.cnf
quietly openssl req -x509 -new -key worst.key -config names.cnf -out names.pem
quietly openssl req -new -key worst.key -config names.cnf -reqexts e -out names.csr
expect_status 4 "such names of a request are not certified" "$REMINT" sign names.csr --template client
tame "$TMP/err" "and that refusal is tame"
expect_status 0 "those of an old certificate" "$REMINT" reissue names.pem --for rfc5280 --template server-client --out again
tame "$TMP/out" "are reported tamely"
"$REMINT" show --json again/cert.pem >"$TMP/out"
json_is '.objects[0].names == ["dns:host.example.com"]' "and are dropped: the CN alone is left"
for verb in list 'list --csv' 'list --json' 'history names.pem' 'history --json names.pem' 'ca list' 'db check'; do
	expect_status 0 "$verb afterwards" "$REMINT" $verb
	LC_ALL=C tr -d '\015' <"$TMP/out" >"$TMP/plain"
	tame "$TMP/plain" "$verb afterwards is tame"
done
tap_done
