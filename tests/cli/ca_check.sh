# SPDX-License-Identifier: Apache-2.0
# The pre-flight of an issuing CA: what `ca check` finds, issuing refuses with the same sentence; and what either refuses is really refused
# by openssl, what they accept accepted.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
lab --home h --no-password --publish-url http://pki.example/
expect_status 0 "nothing stands against a CA of ours" "$REMINT" ca check --home h --for nginx
expect_out '^0 errors, 0 warnings\. It may issue this\.$' "and so it says"
expect_status 0 "nor against its root" "$REMINT" ca check --home h root
expect_status 2 "an authority that is none is not checked" "$REMINT" ca check --home h nobody

# root: root.pem, root.key, which certify what the tests want.
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -subj '/CN=Outer Root' \
	-days 3650 -addext keyUsage=critical,keyCertSign,cRLSign
# home NAME DAYS DIGEST EXTENSION...: a home whose CA the root certified with these extensions.
home() {
	home=$1 days=$2 digest=$3
	shift 3
	quietly "$REMINT" init --home "$home" --no-root --no-password
	"$REMINT" ca request --home "$home" --subject "CN=$home CA" --key-type ec:p256 --publish-url http://pki.example/ >"$home.csr" 2>"$TMP/err"
	printf '%s\n' 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' "$@" >"$home.ext"
	quietly openssl x509 -req -in "$home.csr" -CA root.pem -CAkey root.key -set_serial 0x1234567890abcdef -days "$days" -"$digest" \
		-extfile "$home.ext" -out "$home.pem"
	"$REMINT" ca install --home "$home" "$home.pem" root.pem >"$TMP/out" 2>"$TMP/err" || not_ok "$home is installed" "$TMP/err"
	cp "$TMP/err" "$home.said"
}
CA='basicConstraints=critical,CA:TRUE,pathlen:0'
SIGN='keyUsage=critical,keyCertSign,cRLSign'

home purposes 3650 sha256 "$CA" "$SIGN" extendedKeyUsage=serverAuth
expect_line purposes.said 'purposes CA may not issue for .*clientAuth: .*\(issuer\.purposes; see remint ca check\)' "a CA that cannot issue for clients is warned of when it is installed"
expect_status 1 "a CA whose purposes leave clientAuth out may not issue by the template for both" \
	"$REMINT" ca check --home purposes --template client
expect_out 'issuer\.purposes' "its purposes are found"
expect_out 'purposes CA may not issue for .*clientAuth' "and the one that is missing is named"
expect_status 4 "issuing refuses it" "$REMINT" issue --home purposes --template client --dns a.example --out purposes.d
expect_err 'purposes CA may not issue for .*clientAuth' "with the same sentence"
expect_status 0 "for servers it may" "$REMINT" ca check --home purposes --template web-server
expect_status 0 "and does" "$REMINT" issue --home purposes --template web-server --dns a.example --out purposes.d
check "which openssl accepts for servers" openssl verify -purpose sslserver -CAfile root.pem -untrusted purposes.pem purposes.d/cert.pem
# What would have been made, made by openssl with the CA's own key.
quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout forced.key -out forced.csr -subj '/CN=a.example'
printf '%s\n' 'subjectAltName=DNS:a.example' 'extendedKeyUsage=clientAuth' >forced.ext
openssl x509 -in purposes.pem -pubkey -noout >want.pub
for key in purposes/keys/*.pem; do
	openssl pkey -in "$key" -pubout 2>"$TMP/err" | cmp -s - want.pub &&
		quietly openssl x509 -req -in forced.csr -CA purposes.pem -CAkey "$key" -set_serial 77 -days 30 -extfile forced.ext -out forced.pem
done
expect_status 2 "what was refused is refused by openssl for clients" \
	openssl verify -purpose sslclient -CAfile root.pem -untrusted purposes.pem forced.pem

home mute 3650 sha256 "$CA" keyUsage=critical,keyCertSign
expect_status 1 "a CA that may not sign CRLs is found" "$REMINT" ca check --home mute
expect_out 'lacks cRLSign' "and said so"

home both 3650 sha256 "$CA" keyUsage=critical,keyCertSign extendedKeyUsage=serverAuth
expect_status 1 "a CA with two faults" "$REMINT" ca check --home both --template client
expect_out 'lacks cRLSign' "has both told"
expect_out 'issuer\.purposes' "with their rules"
[ "$(grep -c ', for ' "$TMP/out")" -eq 1 ] && ok "under one heading" || not_ok "under one heading" "$TMP/out"
expect_status 0 "its help asks" "$REMINT" ca check --help
expect_out '^May an authority issue this, and will targets take it\?$' "with one mark at the end"

home nosign 3650 sha256 "$CA" keyUsage=critical,cRLSign
expect_status 1 "a CA that may not sign certificates is found" "$REMINT" ca check --home nosign
expect_out 'issuer\.may-issue' "as one that may not issue"
expect_status 4 "and issues nothing" "$REMINT" issue --home nosign --dns a.example --out nosign.d
expect_err 'the key usage of .*nosign CA lacks keyCertSign' "with the same sentence"

home brief 100 sha256 "$CA" "$SIGN"
expect_status 0 "a CA that ends soon may issue" "$REMINT" ca check --home brief --template web-server
expect_out 'issuer\.lifetime' "but it is told"
expect_status 1 "which is enough for a stricter caller" "$REMINT" ca check --home brief --template web-server --fail-on warning
expect_status 0 "it issues" "$REMINT" issue --home brief --dns a.example --out brief.d
expect_out 'cut from .* to the issuing authority' "and says that it cut the certificate"
[ "$(openssl x509 -in brief.d/cert.pem -noout -enddate)" = "$(openssl x509 -in brief.pem -noout -enddate)" ] &&
	ok "to the CA's last second" || not_ok "to the CA's last second"

home old 3650 sha1 "$CA" "$SIGN"
expect_status 1 "a CA signed with SHA-1 is found for a target that takes none" "$REMINT" ca check --home old --for nginx
expect_out 'ca\.signature\.digest' "by the target's own rule"
expect_status 4 "and issues nothing for it" "$REMINT" issue --home old --for nginx --dns a.example --out old.d
expect_err 'nginx would refuse every certificate of "issuing" \(ca\.signature\.digest\)' "with the same sentence"
expect_status 2 "openssl agrees" openssl verify -auth_level 2 -CAfile root.pem old.pem

home names 3650 sha256 "$CA" "$SIGN" 'nameConstraints=critical,permitted;DNS:inner.example'
expect_status 0 "name constraints are told" "$REMINT" ca check --home names --json
expect_out '"rule":"issuer.name-constraints","severity":"info"' "as information"

expect_no_line "$TMP/out" 'names-left' "and names are left"
# ring NAME LENGTH DNS: a template of CAs for these names.
ring() {
	printf 'title = "%s"; extends = "issuing-ca"; basic_constraints: { path_length = %s; }; name_constraints: { permitted = [ "dns:%s" ]; };\n' "$1" "$2" "$3" >"$1.cfg"
}
quietly "$REMINT" init --home rings --root-key ec:p256 --no-issuing --no-password
ring outer 2 example.com
ring inner 1 .lab.example.com
ring other 0 other.org
quietly "$REMINT" ca add outer --home rings --subject CN=Outer --key-type ec:p256 --template ./outer.cfg
quietly "$REMINT" ca add inner --home rings --parent outer --subject CN=Inner --key-type ec:p256 --template ./inner.cfg
expect_status 0 "a CA with names within those above it" "$REMINT" ca check inner --home rings
expect_no_line "$TMP/out" 'names-left' "is fit"
expect_status 0 "a CA with names outside those above it is made" "$REMINT" ca add other --home rings --parent inner --subject CN=Other --key-type ec:p256 --template ./other.cfg
expect_err 'no DNS name is within the name constraints of .other. and of those above it' "with a warning"
expect_status 1 "and is found" "$REMINT" ca check other --home rings
expect_out 'issuer\.names-left' "by its rule"
expect_status 4 "since it can issue nothing" "$REMINT" issue --ca other --home rings --dns www.other.org --out never

rm h/keys/*.pem
expect_status 1 "a CA whose key is gone is found" "$REMINT" ca check --home h
expect_out 'the private key of "issuing" is not in this home' "and said so"
tap_done
