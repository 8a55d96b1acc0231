# SPDX-License-Identifier: Apache-2.0
# Revocation lists: complete, partial and as deltas, numbered without a gap, published atomically; what openssl reads in them.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
lab --no-password --publish-url http://pki.example/ --crl-shards 3 --crl-deltas

# said FILE: what openssl reads in a list, without its signature.
said() { openssl crl -inform "$1" -in "$2" -noout -text 2>/dev/null | sed '/Signature Value/,$d'; }
# entries FILE: how many.
entries() { openssl crl -inform DER -in "$1" -noout -text 2>/dev/null | grep -c 'Serial Number:'; }
# number FILE
number() { openssl crl -inform DER -in "$1" -noout -crlnumber | sed 's/.*0x//; s/^crlNumber=0*//'; }

for name in a b c d e f; do
	quietly "$REMINT" issue --dns "$name.example" --key-type ec:p256 --out "$name"
done

refused 2 'which directory' "a directory must be said" remint crl
refused 2 'no authority is called "other"' "an authority that is not there" remint crl other --out pub
refused 4 'no complete list' "a delta stands on nothing" remint crl --delta --out pub
refused 2 'next-update' "a list is good for some time" remint crl --out pub --next-update yesterday
refused 2 'good for some time' "and not for none" remint crl --out pub --next-update 0d

expect_status 0 "lists are published before anything is revoked" remint crl --out pub
for name in root issuing issuing-shard1 issuing-shard2 issuing-shard3; do
	check "$name.crl is there" test -s "pub/$name.crl"
	said DER "pub/$name.crl" >der.txt
	said PEM "pub/$name.crl.pem" >pem.txt
	check "and the PEM says the same" cmp -s der.txt pem.txt
	check "it is empty" test "$(entries "pub/$name.crl")" -eq 0
done
check "nothing else is there" test "$(find pub -type f | wc -l)" -eq 10
first=$(number pub/issuing.crl)

quietly "$REMINT" revoke a/cert.pem --reason keyCompromise
quietly "$REMINT" revoke b/cert.pem
expect_status 0 "the next ones" remint crl --out pub --json
json_is '.lists | length == 5' "five lists"
json_is '[.lists[] | select(.authority == "issuing") | .number] | unique | length == 1' "of one number"
json_is '.lists[] | select(.authority == "issuing" and .shard == 0) | .entries == 2' "two entries"
json_is '[.lists[] | select(.shard > 0) | .entries] | add == 2' "each in one partial list"
sum=$(jq -r '.lists[] | select(.file == "pub/issuing.crl") | .sha256' "$TMP/out" 2>/dev/null)
if command -v jq >/dev/null 2>&1; then
	check "with the hash of the file" test "$sum" = "$(sha256sum <pub/issuing.crl | cut -d' ' -f1)"
fi
check "the number has grown by one" test $((0x$(number pub/issuing.crl))) -eq $((0x$first + 1))
said DER pub/issuing.crl >said
check "the reason stands there" grep -q 'Key Compromise' said
check "no reason where none was given" test "$(grep -c 'Reason Code' said)" -eq 1
check "the deltas' place stands there" grep -q 'URI:http://pki.example/issuing-delta.crl' said
openssl x509 -in a/cert.pem -noout -ext crlDistributionPoints >place
shard=$(sed -n 's/.*issuing-shard\([123]\)\.crl/\1/p' place)
said DER "pub/issuing-shard$shard.crl" >said
check "the certificate names a partial list" test -n "$shard"
check "which is for its place alone" grep -q "URI:http://pki.example/issuing-shard$shard.crl" said
check "and lists it" grep -qi "$(openssl x509 -in a/cert.pem -noout -serial | sed 's/serial=//')" said

expect_status 0 "our own reader shows it" remint show pub/issuing.crl
expect_out 'revoked +2 certificates' "with the count"
expect_out '[0-9a-f]{34} 20[0-9T:Z-]+ keyCompromise$' "and each entry with its reason"
quietly "$REMINT" revoke c/cert.pem
expect_status 0 "a delta" remint crl issuing --delta --out pub
expect_out 'issuing-delta.crl: number 3 on top of 2, 1 entry' "says what changed"
check "the complete list stays" test $((0x$(number pub/issuing.crl))) -eq 2
said DER pub/issuing-delta.crl >said
check "it is marked as one" grep -q 'Delta CRL Indicator: critical' said
expect_status 0 "another delta stands on the same list" remint crl issuing --delta --out pub
expect_out 'issuing-delta.crl: number 4 on top of 2, 1 entry' "and says the same again"

# What is in the way.
mkdir -p way/issuing.crl
refused 4 'not a regular file' "a directory is in the way" remint crl issuing --out way
check "nothing is left beside it" test "$(find way -type f -name '.*' | wc -l)" -eq 0
expect_status 0 "the number is not given again" remint crl issuing --out pub --json
json_is '.lists[0].number == 6' "six comes after four, five was for nothing"
ln -s pub/issuing.crl link
mkdir linked && ln -s ../pub/issuing.crl linked/issuing.crl
refused 4 'not a regular file' "links are not written through" remint crl issuing --out linked

# A certificate leaves one list after it expired.
if command -v faketime >/dev/null 2>&1; then
	later() {
		later_days=$1
		shift
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 faketime -f "+${later_days}d" "$REMINT" "$@"
	}
	expect_status 0 "after they expired" later 1000 crl issuing --out pub
	check "they stand on one more list" test "$(entries pub/issuing.crl)" -eq 3
	expect_status 0 "and on the next" later 1001 crl issuing --out pub
	check "no more" test "$(entries pub/issuing.crl)" -eq 0
else
	skip "faketime is not installed" "expired entries"
fi
check "the database agrees with its events" remint db check

# Lists are for everybody, also where nothing else is.
lab --home q --no-password --publish-url http://pki.example/
REMINT_HOME=q
export REMINT_HOME
(umask 077 && "$REMINT" crl issuing --out everybody >mask.log 2>&1)
for list in issuing.crl issuing.crl.pem; do
	check "everybody may read $list, whatever the umask" test "$(stat -c %a "everybody/$list")" = 644
done

# What stands there is of another home, of a copy of this one, or no list at all.
lab --home r --no-password
refused 4 'a list by another key of "O=Remint Lab, CN=Remint Lab Issuing CA"' "another home's CA of the same name" remint crl issuing --home r --out everybody
rm -rf renamed && mkdir renamed
cp everybody/issuing.crl renamed/root.crl
refused 4 'renamed/root.crl: here stands a list by another CA, .*Issuing CA' "another CA's list under this name" remint crl root --out renamed
cp everybody/issuing.crl.pem renamed/ && rm renamed/root.crl
refused 4 'issuing.crl.pem: here stands a list by another key' "also where only the PEM stands" remint crl issuing --home r --out renamed
check "nothing was written" test "$(ls renamed)" = issuing.crl.pem
cp -a q copy
quietly "$REMINT" issue --dns lost.example --key-type ec:p256 --out lost --home copy
quietly "$REMINT" revoke lost/cert.pem --home copy
quietly "$REMINT" crl issuing --home copy --out everybody
before=$(sha256sum <everybody/issuing.crl)
for try in 1 2 3; do
	refused 4 'here stands list 2 of this CA, and this would be 2: another copy' "a copy's newer list, however often it is tried ($try)" remint crl issuing --out everybody
done
check "it still stands" test "$(sha256sum <everybody/issuing.crl)" = "$before"
quietly "$REMINT" import everybody/issuing.crl --commit
expect_status 0 "what it says is taken over" remint crl issuing --out everybody
expect_out 'number 3, 1 entry' "with the number after it"
for junk in '' 0 30 3080 30843000000030843000000030 30840000000a3084000000053003020101 '30820400308203f0020101' "$(head -c 99 everybody/issuing.crl | od -An -v -tx1 | tr -d ' \n')"; do
	octal=
	for byte in $(printf '%s' "$junk" | sed 's/../& /g'); do octal="$octal$(printf '\\%03o' "0x$byte")"; done
	printf "$octal" >renamed/root.crl
	refused 4 'root.crl: here stands what is no revocation list' "no list (${#junk} digits)" remint crl root --out renamed
done
expect_status 0 "it is replaced when that is asked for" remint crl root --out renamed --force
expect_status 0 "and the next one replaces that unasked" remint crl root --out renamed
# What openssl ca publishes names no key: the signature tells.
openssl_ca plain /CN=Plain
quietly openssl ca -config plain.cnf -passin pass:secret -gencrl -crldays 30 -out plain.pem
openssl_ca other-plain /CN=Plain
quietly openssl ca -config other-plain.cnf -passin pass:secret -gencrl -crldays 30 -out other-plain.pem
echo secret >plain.pass
quietly "$REMINT" init --home s --no-root --no-password
quietly "$REMINT" import --home s --commit --password-file plain.pass plain
mkdir -p s.pub
openssl crl -in other-plain.pem -outform DER -out s.pub/Plain.crl
refused 4 'by another key' "a list that names no key, signed by another" remint crl --home s --out s.pub
openssl crl -in plain.pem -outform DER -out s.pub/Plain.crl
expect_status 0 "signed by this one" remint crl --home s --out s.pub

# Partial lists and deltas of every CA that is made or comes.
place_of() { openssl x509 -in "$1" -noout -ext crlDistributionPoints | sed -n 's/.*URI://p'; }
# names FILE NAME: the list that a certificate names is like this.
names() { place_of "$1" | grep -q "^http://pki.example/$2\$"; }
refused 2 'give --publish-url' "partial lists need an address" remint ca add other --subject 'CN=Other CA' --crl-shards 2
refused 2 'give --publish-url' "and so do deltas" remint ca add other --subject 'CN=Other CA' --crl-deltas
refused 2 '999' "there are not too many" remint ca add other --subject 'CN=Other CA' --crl-shards 1000
expect_status 0 "another CA with partial lists" remint ca add other --subject 'CN=Other CA' --key-type ec:p256 \
	--publish-url http://pki.example/ --crl-shards 2 --crl-deltas
quietly "$REMINT" issue --ca other --dns other.example --key-type ec:p256 --out other
check "its certificates name one" names other/cert.pem 'other-shard[12].crl'
expect_status 0 "its lists" remint crl other --out q.pub
check "are all there" test -s q.pub/other.crl -a -s q.pub/other-shard1.crl -a -s q.pub/other-shard2.crl -a ! -e q.pub/other-shard3.crl
said DER q.pub/other.crl >said
check "and say where deltas are" grep -q 'URI:http://pki.example/other-delta.crl' said
expect_status 0 "its successor has as many" remint ca rotate other --key-type ec:p256
expect_status 0 "or as many as are asked for" remint ca rotate other-2 --crl-shards 1
quietly "$REMINT" crl --out q.pub
check "two of the one, one of the other" test -s q.pub/other-2-shard2.crl -a -s q.pub/other-3-shard1.crl -a ! -e q.pub/other-3-shard2.crl
quietly "$REMINT" init --home p --no-password --root-key ec:p256 --issuing-key ec:p256
refused 2 'give --publish-url' "a successor without an address has none" remint ca rotate --home p issuing --crl-shards 2

openssl_ca old /CN=Old
quietly openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout old.key -subj /CN=old.example -out old.csr
quietly openssl ca -batch -config old.cnf -passin pass:secret -notext -in old.csr
quietly openssl ca -config old.cnf -passin pass:secret -revoke old/newcerts/1000.pem -crl_reason superseded
echo secret >old.pass
quietly "$REMINT" init --home i --no-root --no-password
refused 2 'give --publish-url' "what is imported needs an address, too" remint import --home i --commit --crl-shards 2 --password-file old.pass old
expect_status 0 "an imported CA gets partial lists" remint import --home i --commit --crl-shards 2 --crl-deltas \
	--publish-url http://pki.example/ --password-file old.pass old
quietly "$REMINT" issue --home i --dns new.example --key-type ec:p256 --out i.new
check "which new certificates name" names i.new/cert.pem 'Old-shard[12].crl'
expect_status 0 "they are published" remint crl --home i --out i.pub
check "beside the complete one, which holds what came along" test "$(entries i.pub/Old.crl)" -eq 1 -a "$(entries i.pub/Old-shard1.crl)" -eq 0
expect_status 0 "the database of the imported CA is sound" remint db check --home i
tap_done
