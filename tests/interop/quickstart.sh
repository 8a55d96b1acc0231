#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The quickstart's road on a program that is built already: refused, audited, reissued, converted, accepted, remembered.

. "${srcdir:-.}/tests/lib/tap.sh"
need openssl
cd "$TMP" || exit 99
REMINT_HOME=$TMP/home
export REMINT_HOME
check "the refused certificate is made" sh "$srcdir/examples/refused.sh" "$TMP/old" edge.corp.example
expect_status 1 "mutual TLS refuses it" sh "$srcdir/examples/handshake.sh" old/old.pem old/old.key old/issuer.pem old/root.pem
expect_out 'error:num=26' "the server names error 26"
expect_out 'alert number 43' "the client is told by alert 43"

expect_status 1 "the audit refuses it" "$REMINT" audit old/old.pfx --for sfb-edge-internal --chain old/issuer.cer \
	--chain old/chain.p7b --password-file old/pfx.pass
for rule in leaf.eku.client-auth leaf.san.present; do
	expect_out "$rule" "the audit names $rule"
done

for url in yes no; do
	REMINT_HOME=$TMP/home.$url
	publish=
	[ $url = yes ] && publish='--publish-url http://pki.corp.example/'
	echo "lab passphrase" >ca.pass
	chmod 600 ca.pass
	check "init (publish URL: $url)" "$REMINT" init $publish --ca-password-file ca.pass
	[ $url = yes ] || expect_err 'publish URL' "init warns that there is no publish URL"
	check "reissue (publish URL: $url)" "$REMINT" reissue old/old.pfx --for sfb-edge-internal --password-file old/pfx.pass \
		--ca-password-file ca.pass --out-password-file old/pfx.pass --out "new.$url"
	if [ $url = no ]; then
		expect_err 'publish URL' "reissue warns that there is no publish URL"
		expect_out 'leaf.crl-distribution' "the second audit lists that one finding as accepted"
	fi
	for file in cert.pem chain.pem fullchain.pem key.pem; do
		check "$file is there" test -s "new.$url/$file"
	done
done
REMINT_HOME=$TMP/home.yes
openssl x509 -in old/old.pem -noout -subject -nameopt dn_rev,utf8,show_type >was
openssl x509 -in new.yes/cert.pem -noout -subject -nameopt dn_rev,utf8,show_type >is
expect_same was is "the subject is the same, string types included"
openssl x509 -in new.yes/cert.pem -noout -text >text
for line in 'sha256WithRSAEncryption' 'TLS Web Server Authentication, TLS Web Client Authentication' 'DNS:edge.corp.example' \
	'http://pki.corp.example/issuing.crl'; do
	check "the new certificate has $line" grep -q "$line" text
done
check "convert for the ACE" "$REMINT" convert new.yes/fullchain.pem --key new.yes/key.pem --password-file old/pfx.pass \
	--for cisco-ace --out ace
check "the ACE's steps stand beside its files" grep -q 'crypto chaingroup edge.corp.example-chain' ace/INSTALL-cisco-ace.txt
expect_no_line ace/INSTALL-cisco-ace.txt '\{label\}' "the steps name the real files"
check "convert for HAProxy" "$REMINT" convert new.yes/fullchain.pem --key new.yes/key.pem --password-file old/pfx.pass \
	--for haproxy --out haproxy
check "ca export" "$REMINT" ca export --out trust
check "mutual TLS accepts the new one" sh "$srcdir/examples/handshake.sh" haproxy/*.pem haproxy/*.pem new.yes/chain.pem trust/root.pem
check "history knows both" "$REMINT" history edge.corp.example
expect_out superseded "the old one is superseded"
expect_out valid "the new one is valid"
tap_done
