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
json_is '.certificates[0] | .pending == 1 and .targets == ["cisco-ace"] and .files == ["vip.pem"]' "for whom it was asked"
[ "$(openssl x509 -in signed/vip.pem -noout -pubkey)" = "$(openssl pkey -in vip.key -pubout)" ] && ok "with the key of the device" ||
	not_ok "with the key of the device"
expect_status 0 "nothing is owed any more" remint list --pending --all --json
json_is '.pending[0] | .state == "issued" and .next == "nobody" and (.serial | length > 0) and (.pem | startswith("-----BEGIN CERT"))' \
	"and the record has request and certificate"
expect_status 0 "the same request signed again" remint sign vip.csr --json
json_is '.certificates[0] | has("pending") | not' "is one of its own"

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

# ---- approval --------------------------------------------------------------------------------------------------------------
expect_status 0 "a device is asked again" ask 'CN=held.contoso.com'
device_csr held 2048 '/CN=held.contoso.com'
expect_status 0 "what it sends can be held" remint sign held.csr --hold --json
json_is '.pending[0] | .id == 4 and .kind == "device" and .next == "us" and .command == "remint approve 4"' "under the number it has"
expect_status 0 "and approved" remint approve 4 --json
json_is '.certificates[0] | .pending == 4 and .targets == ["cisco-ace"]' "for what was recorded"
expect_status 0 "the database is sound" remint db check
tap_done
