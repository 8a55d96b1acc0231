# SPDX-License-Identifier: Apache-2.0
# ca ceremony: a root before witnesses, what it certifies, and a record that cannot be altered.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
for one in online branch; do
	quietly "$REMINT" init --home $one --no-root --no-password
	"$REMINT" ca request --home $one --subject "CN=$one CA,O=Lab" --key-type ec:p256 --publish-url http://pki.example/ >$one.csr 2>"$TMP/err"
done
expect_status 2 "a ceremony writes files, and is told where" "$REMINT" ca ceremony --home vault
esc=$(printf '\033')
expect_status 0 "a root is made and certifies a CA" "$REMINT" ca ceremony --home vault --root-subject 'CN=Vault Root,O=Lab' \
	--root-key ec:p256 --no-password --publish-url http://pki.example/ --place 'Utrecht' --operator 'A. Bakker' \
	--witness 'C. Dijk' --witness "E.${esc}[31m
place = elsewhere" --out cer online.csr
for file in root.pem root.cer online-CA.pem online-CA.cer transcript.txt transcript.html; do
	expect_out "^$file\$" "$file among them"
	[ -s cer/$file ] || not_ok "$file is there"
done
for want in '^TRANSCRIPT OF A CA CEREMONY' '^remint = [0-9]' '^openssl = OpenSSL ' '^program sha256 = [0-9a-f]{64}$' \
	'^place = Utrecht$' '^operator = A\. Bakker$' '^witness = C\. Dijk$' '^made = in this ceremony$' '^key checks = passed$' \
	'^request file = online\.csr$' '^pre-flight = nothing found$' '^witness   ____' '^serial = [0-9a-f]{34}$' '^template = issuing-ca$' \
	'^template sha256 = [0-9a-f]{64}$' '^begun = ' '^ended = '; do
	expect_line cer/transcript.txt "$want" "the record has a line $want"
done
expect_no_line cer/transcript.txt "$esc|^place = elsewhere" "what is entered cannot write other lines or speak to the terminal"
hash=$(openssl x509 -in cer/root.pem -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)
expect_line cer/transcript.txt "^certificate sha256 = $hash\$" "the hash of the root is openssl's"
hash=$(openssl req -in online.csr -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)
expect_line cer/transcript.txt "^request sha256 = $hash\$" "and that of the request"
expect_line cer/transcript.html '&lt;|<pre>' "the page shows the same"
check "openssl verifies what was made" openssl verify -x509_strict -CAfile cer/root.pem cer/online-CA.pem
if have certtool; then
	check "certtool too" certtool --verify --load-ca-certificate cer/root.pem --infile cer/online-CA.pem
else
	skip "certtool is not installed" "certtool too"
fi

# ---- verify

check "the record holds" "$REMINT" ca ceremony --verify cer/transcript.txt
expect_out '^warning +root: nothing was held against the root' "but the root was not compared"
check "with the root and all that belongs to it" "$REMINT" ca ceremony --verify cer/transcript.txt cer/root.pem cer/online-CA.cer online.csr
expect_no_line "$TMP/out" '^(warning|WRONG)' "there is nothing to say against it"
expect_out 'online\.csr: a request of this ceremony' "each file is told"
expect_status 0 "for a program" "$REMINT" ca ceremony --verify cer/transcript.txt cer/root.pem --json
expect_out '"checks":\[\{"what":"transcript","holds":true' "the same in JSON"
lab --home other --no-password --no-issuing
quietly "$REMINT" ca export --home other --out other.d
expect_status 1 "the certificate of another root is told" "$REMINT" ca ceremony --verify cer/transcript.txt other.d/root.pem
expect_out '^WRONG .*other\.d/root\.pem: holds a certificate that is none of this' "as none of this ceremony's"
expect_status 1 "another request too" "$REMINT" ca ceremony --verify cer/transcript.txt branch.csr
expect_status 3 "what is no record is refused" "$REMINT" ca ceremony --verify online.csr
expect_status 3 "and what is not there" "$REMINT" ca ceremony --verify absent.txt

# Every line altered in one place: the long test of every byte is tests/unit/test_verb_ceremony.
missed=0 lines=$(wc -l <cer/transcript.txt) n=0
while [ $n -lt "$lines" ]; do
	n=$((n + 3))
	sed "${n}s/[a-zA-Z0-9]/_/" cer/transcript.txt >altered.txt
	cmp -s altered.txt cer/transcript.txt && continue
	"$REMINT" ca ceremony --verify altered.txt >"$TMP/out" 2>&1 && missed=$((missed + 1)) && diag "line $n"
done
[ $missed -eq 0 ] && ok "a change in any line is found" || not_ok "a change in any line is found ($missed were not)"
# A record of their own, signed by their own root, is no record of this root.
quietly "$REMINT" ca ceremony --home fake --root-subject 'CN=Vault Root,O=Lab' --root-key ec:p256 --no-password --out fake.d online.csr
expect_status 0 "a record that another root of the same name signed holds by itself" "$REMINT" ca ceremony --verify fake.d/transcript.txt
expect_status 1 "but not against this root" "$REMINT" ca ceremony --verify fake.d/transcript.txt cer/root.pem

# ---- the home goes on

check "what came out is installed" "$REMINT" ca install --home online cer/online-CA.pem
check "and issues" "$REMINT" issue --home online --dns a.example --out a
expect_status 4 "files that are there are not replaced" "$REMINT" ca ceremony --home vault --out cer branch.csr
expect_status 2 "a home that is there gets no other root" "$REMINT" ca ceremony --home vault --out two --root-subject 'CN=Other' branch.csr
expect_status 0 "a second ceremony takes the root as it is" "$REMINT" ca ceremony --home vault --out two branch.csr online.csr
expect_line two/transcript.txt '^made = before this ceremony$' "and says so"
expect_line two/transcript.txt '^made = before: the root had certified this key$' "a request that was certified gets no second certificate"
expect_same cer/online-CA.cer two/online-CA.cer "but the same one"
check "its record holds" "$REMINT" ca ceremony --verify two/transcript.txt cer/root.pem two/branch-CA.pem
sed 's/^M/N/' branch.csr >broken.csr
expect_status 3 "a request that cannot be read ends it" "$REMINT" ca ceremony --home vault --out three broken.csr
[ ! -e three/transcript.txt ] && ok "without a record" || not_ok "without a record"
expect_status 0 "the database is sound" "$REMINT" db check --home vault

# ---- nothing is made before all that comes in was read, and no root without its record

# refused STATUS SENTENCE OPTION...: a ceremony in a home that is not there, which leaves neither home nor record.
refused() {
	refused_status=$1 refused_sentence=$2
	shift 2
	expect_status $refused_status "$refused_sentence" "$REMINT" ca ceremony --home new --no-password --root-key ec:p256 --out new.d "$@"
	for one in new*; do
		[ ! -e "$one" ] || not_ok "$refused_sentence: $one is left"
	done
}
openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -subj '/CN=Weak CA' -out weak.csr 2>"$TMP/err"
refused 3 "a request that cannot be read makes no root" broken.csr
refused 3 "nor one that is absent, behind one that is there" branch.csr absent.csr
refused 7 "nor a request whose key is unfit" branch.csr weak.csr
expect_err 'weak\.csr: .*1024 bits' "which is named"
refused 4 "nor a lifetime that the template does not allow" --validity 60y branch.csr
refused 2 "nor a template that makes no CA" --template server branch.csr
refused 2 "nor an authority that is not there" --ca other branch.csr
mkdir taken.d && echo mine >taken.d/branch-CA.pem
expect_status 4 "nor a file that is in the way of a certificate" \
	"$REMINT" ca ceremony --home new --no-password --root-key ec:p256 --out taken.d branch.csr
[ ! -e new ] && [ "$(ls taken.d)" = branch-CA.pem ] && ok "and nothing is written beside it" || not_ok "and nothing is written beside it"
"$REMINT" list --home vault --csv >before.csv
expect_status 3 "a second request that cannot be read" "$REMINT" ca ceremony --home vault --out three online.csr broken.csr
"$REMINT" list --home vault --csv >after.csv
expect_same before.csv after.csv "leaves the first without a certificate too"
expect_status 0 "then a root is made" "$REMINT" ca ceremony --home new --no-password --root-key ec:p256 --out new.d branch.csr
expect_err 'no publish URL: what this root certifies carries no CRL .*made with --publish-url' "and without an address for its list is told how it gets one"
expect_no_line "$TMP/err" 'to init' "in words of this command"
expect_status 0 "its database is sound" "$REMINT" db check --home new
tap_done
