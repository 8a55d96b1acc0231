# SPDX-License-Identifier: Apache-2.0
# Users' certificates by device: listed in the form of Get-CsClientCertificate, one device or all of a user's revoked.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
lab --no-password --issuing-subject 'CN=Communications Server'
one=375da200-f2d3-5fd2-847f-1b14c5a9b20c
two=48513bdd-88b6-5188-bd2d-269bc1b0841b

user_cert() { # DIRECTORY USER UUID
	quietly "$REMINT" issue --template user-device --cn "$2" --uri "sip:$2" --uri "urn:uuid:$3" --key-type ec:p256 --out "$1"
}
user_cert u1one user1@corp.example $one
user_cert u1two user1@corp.example $two
user_cert u2one user2@corp.example $one
quietly "$REMINT" issue --dns web.corp.example --key-type ec:p256 --out web

expect_status 0 "a user's certificates are listed" remint list --cs-clients --name sip:user1@corp.example
[ "$(grep -c '^Identity  *: sip:user1@corp.example$' "$TMP/out")" -eq 2 ] && ok "two of them" || not_ok "two of them" "$TMP/out"
expect_out '^CertificateType : OcsSigned$' "with the type"
expect_out "^DeviceId        : \\{$one\\}\$" "with the device in braces"
expect_out '^ExpirationTime  : [0-9]{1,2}/[0-9]{1,2}/20[0-9]{2} [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M$' "with an American date"
expect_status 0 "everybody's as CSV" remint list --cs-clients --csv
tr -d '\r' <"$TMP/out" | sed 's/,[^,]*,[^,]*$//' >got
cat >wanted <<WANTED
Identity,CertificateType,DeviceId
sip:user2@corp.example,OcsSigned,{$one}
sip:user1@corp.example,OcsSigned,{$two}
sip:user1@corp.example,OcsSigned,{$one}
WANTED
expect_same wanted got "a line a device, the server's certificate is none"
expect_status 0 "as JSON" remint list --cs-clients --json --name sip:user2@corp.example
json_is '.certificates[0].names | index("urn:uuid:'$one'")' "with all names"

# 180 days, shown as an American Windows would.
seconds=$(($(date -d "$(openssl x509 -in u1one/cert.pem -noout -enddate | sed 's/.*=//')" +%s) \
	- $(date -d "$(openssl x509 -in u1one/cert.pem -noout -startdate | sed 's/.*=//')" +%s)))
check "it is valid for 180 days" test "$seconds" -eq $((180 * 86400 - 1))
# frozen TIME COMMAND...: with a clock that stands still.
frozen() {
	frozen_time=$1
	shift
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 faketime -f "$frozen_time" "$@"
}
if command -v faketime >/dev/null 2>&1; then
	for row in '2027-03-15 00:05:09|3/15/2027 12:05:09 AM' '2027-12-01 12:00:00|12/1/2027 12:00:00 PM' \
		'2028-01-02 23:59:58|1/2/2028 11:59:58 PM'; do
		rm -rf dated
		frozen "${row%|*}" "$REMINT" init --home dated --no-password --root-key ec:p256 --issuing-key ec:p256 >dated.log 2>&1
		frozen "${row%|*}" "$REMINT" issue --home dated --template user-device --cn u@x.example --key-type ec:p256 --out dated/u \
			>>dated.log 2>&1
		frozen "${row%|*}" "$REMINT" list --home dated --cs-clients >dated.list 2>&1
		if grep -q "^PublicationTime : ${row#*|}\$" dated.list; then
			ok "${row%|*} is ${row#*|}"
		else
			not_ok "${row%|*} is ${row#*|}" dated.list dated.log
		fi
	done
else
	skip "faketime is not installed" "American dates"
fi

expect_status 0 "one device of one user is revoked at once" \
	remint revoke --user user1@corp.example --device "{$(echo $one | tr a-f A-F)}" --reason superseded
[ "$(grep -c ' revoked ' "$TMP/out")" -eq 1 ] && ok "and no other" || not_ok "and no other" "$TMP/out"
expect_status 0 "the user has one left" remint list --cs-clients --name sip:user1@corp.example
expect_out "\\{$two\\}" "the other device"
expect_no_line "$TMP/out" "$one" "and not the revoked one"
expect_status 0 "the other user keeps the same device" remint list --cs-clients --name sip:user2@corp.example
expect_out "\\{$one\\}" "of the same UUID"
refused 1 'revoked already' "once is enough" remint revoke u1one/cert.pem

user_cert u1three user1@corp.example 6a67b0ee-d47a-5225-99b3-4b32076f5a3f
expect_status 0 "all of a user's are shown first" remint revoke --user sip:user1@corp.example
expect_err '--commit revokes these 2 certificates' "with what revokes them"
expect_no_line "$TMP/out" revoked "and none is revoked"
expect_status 0 "and revoked when asked for" remint revoke --user sip:user1@corp.example --commit
[ "$(grep -c ' revoked ' "$TMP/out")" -eq 2 ] && ok "both" || not_ok "both" "$TMP/out"
expect_status 0 "then the user has none" remint list --cs-clients --name sip:user1@corp.example
[ -s "$TMP/out" ] && not_ok "nothing is listed" "$TMP/out" || ok "nothing is listed"
refused 1 'no certificate in force' "and nothing to revoke" remint revoke --user sip:user1@corp.example

# All or none; and what may not be revoked.
user_cert u2two user2@corp.example $two
refused 1 'more than one certificate' "a name of several is no answer" remint revoke user2@corp.example
refused 1 'knows no certificate' "an unknown one stops everything" remint revoke u2one/cert.pem ffffffffffff --commit
expect_status 0 "the user still has both" remint list --cs-clients --csv --name sip:user2@corp.example
[ "$(wc -l <"$TMP/out")" -eq 3 ] && ok "two lines and the heading" || not_ok "two lines and the heading" "$TMP/out"
issuing=$(remint list --name 'Communications Server' --csv | sed -n '2s/^[0-9]*,\([^,]*\),.*/\1/p')
refused 4 'authority "issuing" of this home' "an authority is not revoked" remint revoke "$issuing"
old_ca
old_cert old '/CN=old.corp.example'
quietly "$REMINT" reissue old.pem --template server-client --key-type ec:p256 --out new
refused 4 "another CA's" "another CA's certificate is refused" remint revoke old.pem
refused 2 'say which' "something must be named" remint revoke
refused 1 'knows no certificate by "\*\.corp\.example": a pattern is asked for with --name' "a pattern is asked for apart" remint revoke '*.corp.example'
refused 2 "no user's address" "a pattern is no user" remint revoke --user '*'
refused 2 "no device's UUID" "and a word no device" remint revoke --device phone
refused 2 'certificateHold' "a hold is asked for apart" remint revoke web/cert.pem --reason certificateHold
expect_status 0 "two servers' certificates by their files" remint revoke web/cert.pem new/cert.pem --commit --json
json_is '[.certificates[].status] == ["revoked", "revoked"]' "both are revoked"

# Holds.
quietly "$REMINT" issue --dns hold.lab.example --key-type ec:p256 --out hold
refused 1 'is not revoked' "what is not on hold is not released" remint revoke hold/cert.pem --release
refused 2 'leave out --reason' "a hold has no other reason" remint revoke hold/cert.pem --hold --reason superseded
refused 2 'put on or released' "one or the other" remint revoke hold/cert.pem --hold --release
expect_status 0 "it is put on hold" remint revoke hold/cert.pem --hold
refused 1 'on hold already' "once" remint revoke hold/cert.pem --hold
refused 7 'which is on hold: release it first' "nothing new comes for its key" remint renew hold/cert.pem --key hold/key.pem --out hold2
expect_status 0 "and released" remint revoke hold/cert.pem --release --json
json_is '.certificates[0].status == "valid"' "then it is valid again"
quietly "$REMINT" revoke hold/cert.pem --hold
expect_status 0 "on hold again, and revoked for good" remint revoke hold/cert.pem --reason keyCompromise
refused 1 'for good' "which is for good" remint revoke hold/cert.pem --release

# By names, keys and lists.
for name in one two other; do
	quietly "$REMINT" issue --dns "$name.lab.example" --key-type ec:p256 --out "$name"
done
expect_status 0 "a pattern means every name like it" remint revoke --name '*.LAB.example' --reason superseded
expect_err '--commit revokes these 3 certificates' "and they are only shown"
refused 1 'in force' "nothing is like it" remint revoke --name '*.nowhere.example'
expect_status 0 "a beginning and an end" remint revoke --name 'o*.lab.example' --hold --commit
[ "$(grep -c ' on hold ' "$TMP/out")" -eq 2 ] && ok "two of them" || not_ok "two of them" "$TMP/out"
expect_status 0 "the same are released" remint revoke --name 'o*.lab.example' --release --commit
expect_status 0 "by a pattern of nothing but stars no authority" remint revoke --name '*'
expect_no_line "$TMP/out" "$issuing" "is chosen"
spki=$(openssl x509 -in one/cert.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
expect_status 0 "by the hash of its key" remint revoke --key "$spki" --hold
expect_status 0 "by the key itself" remint revoke --key one/key.pem --release
expect_status 0 "by the certificate with the key" remint revoke --key one/cert.pem --reason keyCompromise --invalidity-date 2026-01-02
refused 2 'in the past' "what will be invalid is not invalid" remint revoke two/cert.pem --invalidity-date 2999-01-01
{
	echo "# lost with the shelf"
	openssl x509 -in two/cert.pem -noout -serial | sed 's/serial=//'
	echo
	echo "  other.lab.example   # by its name"
} >lost.txt
expect_status 0 "a list is shown first" remint revoke --list lost.txt
expect_err '--commit revokes these 2' "with its count"
expect_status 0 "and revoked" remint revoke --list lost.txt --commit
printf 'ffffffffffffffffff\n' >bad.txt
refused 1 'knows no certificate in force that fits' "the same list again has nothing left to do" remint revoke --list lost.txt --commit
quietly "$REMINT" issue --key-type ec:p256 --dns later.example.com --out later
{ cat lost.txt; echo later/cert.pem; } >more.txt
expect_status 0 "with one more on it" remint revoke --list more.txt --commit
expect_err 'warning: .* is revoked already: left out' "what is revoked is left out"
expect_line out later "and the new one is revoked"
refused 1 'knows no certificate' "an unknown one in a list stops everything" remint revoke --list bad.txt --commit
expect_status 0 "what was revoked is on the list" remint crl issuing --out pub
openssl crl -inform DER -in pub/issuing.crl -noout -text >said 2>&1
check "with its invalidity date" grep -q 'Jan  2 00:00:00 2026' said
check "the database agrees with its events" remint db check

# --- serial numbers as short as numbers of the database
openssl_ca small /CN=Small
echo 01 >small/serial
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
	quietly openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout small.key -subj "/CN=h$n.small" -out small.csr
	quietly openssl ca -batch -config small.cnf -passin pass:secret -notext -in small.csr
done
echo secret >small.pass
quietly "$REMINT" init --home small.home --root-key ec:p256 --issuing-key ec:p256 --no-password
quietly "$REMINT" --home small.home import --commit --password-file small.pass small
small() { remint --home small.home "$@"; }
refused 1 'means more than one certificate: .*id:N.*serial:HEX' "a number that may be either" small revoke 6
expect_status 0 "by a serial number of one digit" small revoke serial:6
expect_out '^.*h6\.small' "that one"
expect_status 0 "by its number in the database" small revoke id:6
expect_no_line "$TMP/out" 'h6\.small' "which is another"
expect_status 0 "by a short serial number with letters, as openssl prints it" small revoke 0C
expect_out 'h12\.small' "that one"
expect_status 0 "as it stands in programs" small revoke 0x0b
expect_out 'h11\.small' "that one"
refused 1 'knows no certificate' "a serial number that nobody has" small revoke serial:77
tap_done
