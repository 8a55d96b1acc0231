# SPDX-License-Identifier: Apache-2.0
# A device that makes its own key: asked for a request, which is waited for, told from others when it comes, and signed for what was
# recorded. openssl is the device.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl jq
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
lab --no-password
device_csr() { # NAME BITS SUBJECT [EXTENSION]
	quietly openssl req -newkey "rsa:$2" -nodes -keyout "$1.key" -out "$1.csr" -subj "$3" ${4:+-addext "$4"}
}
ask() {
	remint request --on-device --for cisco-ace --subject "$1" --json
}

expect_status 0 "a device is asked" ask 'CN=vip.contoso.com, O=Contoso, C=NL'
expect_status 0 "and waited for" remint list --pending --json
json_is '.pending | length == 1 and (.[0] | .kind == "device" and .next == "device" and .name == "vip.contoso.com" and .targets == ["cisco-ace"])' \
	"with what it was asked for"
expect_status 0 "asked again" ask 'CN=vip.contoso.com, O=Contoso, C=NL'
expect_status 0 "it is" remint list --pending --json
json_is '.pending | length == 1' "waited for once"

device_csr wrong 2048 '/C=NL/O=Contoso Evil/OU=Sales/CN=vip.contoso.com' 'subjectAltName=DNS:vip.contoso.com,DNS:bank.contoso.com'
refused 4 'O is "Contoso Evil" instead of "Contoso"; OU "Sales" was not asked for; the name dns:bank.contoso.com was not asked for' \
	"another request than the one asked for" remint sign wrong.csr
device_csr small 3072 '/C=NL/O=Contoso/CN=vip.contoso.com'
refused 4 'the key is RSA 3072 instead of rsa:2048' "another key" remint sign small.csr
refused 4 'pending request 1 is for other targets' "and other targets, when it is named" remint sign small.csr --for nginx --pending 1
expect_status 0 "for other targets it is signed by itself" remint sign small.csr --for nginx --json
json_is '.certificates[0] | has("pending") | not' "as no answer"
expect_err 'small.csr: pending request 1 waits under this name, but for other targets' "with a word about it"
expect_status 0 "it still waits" remint list --pending --json
json_is '.pending[0].state == "open"' "as before"

device_csr vip 2048 '/C=NL/O=Contoso/CN=VIP.contoso.com'
expect_status 0 "what would be signed" remint sign vip.csr --dry-run --json
json_is '.certificates[0] | .pending == 1 and .targets == ["cisco-ace"]' "is for the record"
expect_status 0 "the right one is signed" remint sign vip.csr --out signed --json
json_is '.certificates[0] | .pending == 1 and .targets == ["cisco-ace"] and .files[0] == "vip.pem"' "for whom it was asked"
[ "$(openssl x509 -in signed/vip.pem -noout -pubkey)" = "$(openssl pkey -in vip.key -pubout)" ] && ok "with the key of the device" ||
	not_ok "with the key of the device"
expect_status 0 "nothing is owed any more" remint list --pending --all --json
json_is '.pending[0] | .state == "issued" and .next == "nobody" and (.serial | length > 0) and (.pem | startswith("-----BEGIN CERT"))' \
	"and the record has request and certificate"
expect_status 0 "the same request signed again" remint sign vip.csr --json
json_is '.certificates[0] | has("pending") | not' "is one of its own"

# ---- the files of the device, without the key that it keeps -----------------------------------------------------------------
# no_key DIRECTORY: nothing in it is a private key.
no_key() {
	! grep -rlq 'PRIVATE KEY' "$1"
}
expect_status 0 "a bundle" ls signed/vip
for file in RUNBOOK.txt INSTALL-cisco-ace.txt VIP.contoso.com.pem intermediate-1.pem cert.pem chain.pem fullchain.pem; do
	check "has $file" test -s "signed/vip/$file"
done
check "and no key" no_key signed/vip
check "the runbook imports none" sh -c '! grep -q "crypto import non-exportable sftp <server> <user> VIP" signed/vip/INSTALL-cisco-ace.txt'
check "but has the device compare it" grep -q '^  crypto verify VIP.contoso.com.key VIP.contoso.com.pem' signed/vip/INSTALL-cisco-ace.txt
expect_status 0 "the answer is converted for its device" remint convert signed/vip.pem --for cisco-ace --out again
expect_err 'answers request 1: its key is in the device' "which keeps its key"
check "without one" no_key again
check "and with a runbook" grep -q 'The key is not here' again/INSTALL-cisco-ace.txt
serial=$(openssl x509 -in signed/vip.pem -noout -serial | sed 's/.*=//')
expect_status 0 "by its serial number, too" remint convert "serial:$serial" --for cisco-ace --out by-serial
check "with the root that the home knows, the same runbook" cmp by-serial/INSTALL-cisco-ace.txt signed/vip/INSTALL-cisco-ace.txt
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout alien.key -subj /CN=alien.example -out alien.pem 2>/dev/null
refused 7 '--key FILE adds it, --no-key says' "a certificate whose key may have been forgotten" remint convert alien.pem --for cisco-ace --out alien
check "leaves nothing" test ! -e alien
check "unless it is not wanted" remint convert alien.pem --no-key --for haproxy --for f5 --out alien
check "then what holds it is reduced" grep -q 'BEGIN CERT' alien/haproxy/haproxy.pem
check "or left out" test ! -e alien/f5/alien.example.key
check "everywhere" no_key alien
mkdir all
for target in $("$REMINT" target list --json | jq -r '.targets[].name'); do
	case $target in rfc5280) continue ;; esac
	out=$(printf 'Abcdefgh12345\n' | "$REMINT" convert "serial:$serial" --no-key --for "$target" --out "all/$target" --out-password-fd 0 2>&1) ||
		printf '%s\n' "$out" >"$TMP/err.$target"
	[ -s "all/$target/INSTALL-$target.txt" ] && no_key "all/$target" && ok "$target without the key" || not_ok "$target without the key" "$TMP/err.$target"
done

# ---- two devices of one name, and none ------------------------------------------------------------------------------------
expect_status 0 "one device" ask 'CN=pair.contoso.com'
expect_status 0 "and another of its name" remint request --on-device --for netscaler --cn pair.contoso.com --json
device_csr pair 2048 '/CN=pair.contoso.com'
refused 4 'answers pending request 2 as well as 3: say which with --pending' "which of the two is asked" remint sign pair.csr
expect_status 0 "and said" remint sign pair.csr --for netscaler --json
json_is '.certificates[0].pending == 3' "by the target"
expect_status 0 "a device that will never answer" remint deny 2 --why 'sold'
expect_out '^request 2: pair.contoso.com is withdrawn$' "is no longer waited for"
expect_status 0 "nor matched" remint sign pair.csr --json
json_is '.certificates[0] | has("pending") | not' "by what comes then"

# ---- names that a form has no field for -------------------------------------------------------------------------------------
gateway='CN=gw.contoso.com, O=Contoso, L=Utrecht, ST=Utrecht, C=NL'
expect_status 0 "a gateway is asked" remint request --on-device --for symantec-gateway --subject "$gateway" --dns gw.contoso.com --dns quarantine.contoso.com --out gw
expect_line gw/DEVICE.txt '^#   dns:quarantine\.contoso\.com$' "and it is said which names its request cannot ask for"
number=$(remint list --pending --json | jq -r '.pending[] | select(.name == "gw.contoso.com") | .id')
device_csr gw 2048 '/C=NL/ST=Utrecht/L=Utrecht/O=Contoso/CN=gw.contoso.com'
expect_status 0 "its request is signed" remint sign gw.csr --out gw.d
openssl x509 -in gw.d/gw.pem -noout -ext subjectAltName >"$TMP/out"
expect_out 'DNS:gw\.contoso\.com, DNS:quarantine\.contoso\.com' "with the names that were recorded"
expect_status 0 "a request with a key of our own" remint request --for symantec-gateway --subject "$gateway" --dns gw.contoso.com --dns quarantine.contoso.com --no-record --out own
openssl req -in own/request.pem -noout -text >"$TMP/out"
expect_out 'DNS:gw\.contoso\.com, DNS:quarantine\.contoso\.com' "asks for them itself"
expect_out 'TLS Web Server Authentication' "and for the purposes"

while IFS='|' read -r target name; do
	expect_status 0 "$target is asked with a name that its form has no field for: $name" remint request --on-device --for "$target" \
		--subject "$gateway" --dns gw.contoso.com "--${name%%:*}" "${name#*:}" --no-record
	expect_out "^#   $name\$" "which is told apart"
	expect_no_line "$TMP/out" '^#   dns:gw' "and no other"
	expect_err "does not allow names of type ${name%%:*}: $name is for another CA" "with a word about who signs"
done <<'END'
paloalto|email:a@b.example
cisco-ios|uri:https://a.example
cisco-ise|upn:a@b.example
END

# ---- wildcards -------------------------------------------------------------------------------------------------------------
while IFS='|' read -r rc target options what; do
	expect_status "$rc" "a wildcard for $target" remint request --for "$target" $options --no-record --out wild
	expect_err "$what" "as its rules have it"
	if [ "$rc" = 0 ]; then rm -r wild; else check "and no key is made" test ! -e wild; fi
done <<'END'
4|sfb-front-end|--cn *.contoso.com|takes no wildcard as the common name .leaf.cn.wildcard.: ask for the names of its hosts
4|vmware-vcenter|--cn vc.contoso.com --dns *.contoso.com|takes no wildcard as an alternative name .leaf.san.wildcard.
0|sfb-mediation|--cn med.contoso.com --dns *.contoso.com|sfb-mediation is said to take no wildcard as an alternative name
END
openssl req -new -newkey rsa:2048 -nodes -keyout wild.key -out wild.csr -subj '/CN=*.contoso.com' 2>"$TMP/out"
expect_status 4 "nor one in a request that a device made" remint request --for sfb-front-end --request wild.csr --no-record --out wild
expect_err 'takes no wildcard as the common name' "which is told before it goes to a CA"
expect_status 0 "who takes wildcards gets one" remint request --for nginx --cn '*.contoso.com' --no-record --out wild

# ---- approval --------------------------------------------------------------------------------------------------------------
expect_status 0 "a device is asked again" ask 'CN=held.contoso.com'
device_csr held 2048 '/CN=held.contoso.com'
expect_status 0 "what it sends can be held" remint sign held.csr --hold --json
number=$((number + 1))
json_is '.pending[0] | .id == '$number' and .kind == "device" and .next == "us" and .command == "remint approve '$number'"' "under the number it has"
expect_status 0 "and approved" remint approve $number --json
json_is '.certificates[0] | .pending == '$number' and .targets == ["cisco-ace"]' "for what was recorded"
expect_status 0 "again, into a directory" remint approve $number --out approved
check "with the files of its device" test -s approved/request-$number/INSTALL-cisco-ace.txt
expect_status 0 "and once more" remint approve $number --out approved
expect_err 'was issued before; this is the same certificate' "which is the same again"
printf 'else\n' >approved/request-$number.pem
expect_status 4 "but not over something else" remint approve $number --out approved
expect_status 0 "another gateway is asked" remint request --on-device --for netscaler --subject 'CN=less.contoso.com, O=Contoso, OU=Mail, L=Utrecht'
device_csr less 2048 '/O=Contoso/CN=less.contoso.com'
expect_status 0 "its request may ask for less" remint request --request less.csr --for netscaler --out less
expect_err 'has less of a subject than was asked for: have the CA add what is missing of .*OU=Mail' "but not without a word"
expect_status 0 "the database is sound" remint db check
tap_done
