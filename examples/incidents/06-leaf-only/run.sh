#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Incident 6: a load balancer (Cisco ACE) that sends its certificate without the intermediate. Desktop clients sign in,
# phones say "An account matching this phone number cannot be found": they know roots only and fetch nothing.
#
#	examples/incidents/06-leaf-only/run.sh [DIR]
#
# The phone is an openssl client that speaks TLS 1.0 with RSA key exchange and has only the root; the desktop has the
# intermediate in its store as well. Both ask the virtual address, which is an openssl server. gnutls-cli and curl are
# asked too where they are installed.

. "$(dirname "$0")/../lib.sh"
incident "Incident 6: the load balancer that sends the leaf only" "$@"
also gnutls-cli curl

say "The pool's certificate as the field had it: root, issuing CA, and one certificate for Front Ends and load balancer"
key root issuing pool
certify root root '/DC=example/DC=corp/CN=Corp Root CA' sha256 3650 self "$ca_extensions"
certify issuing issuing '/DC=example/DC=corp/CN=Corp Issuing CA' sha256 1825 root "$ca_extensions
authorityKeyIdentifier=keyid"
certify pool pool '/O=Corp/CN=pool01.corp.example' sha256 730 issuing "$leaf_extensions
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:pool01.corp.example,DNS:webint.corp.example"
cat root.pem issuing.pem >root-and-issuing.pem

old_tls='-cipher DEFAULT:@SECLEVEL=0'
phone() { # accepts|refuses ROOT
	meet "phone (TLS 1.0, knows the root)" "$1" -tls1 -cipher AES128-SHA:AES256-SHA:@SECLEVEL=0 -CAfile "$2" \
		-verify_return_error -verify_hostname webint.corp.example
}
desktop() {
	meet "desktop (has the intermediate in its store)" "$1" -CAfile "$2" -verify_return_error -verify_hostname webint.corp.example
}

say "Directly on a Front End, which sends leaf and intermediate, both sign in; that is why nobody suspects the certificate"
serve $old_tls -cert pool.pem -key pool.key -cert_chain issuing.pem
phone accepts root.pem
desktop accepts root-and-issuing.pem

say "Through the virtual address, without a chain group: the phone fails (error 20, alert 48), the desktop does not"
serve $old_tls -cert pool.pem -key pool.key
phone refuses root.pem
told 'num=20'
told 'alert number 48' "the log of the load balancer, if it has one, shows alert 48 (unknown CA)"
desktop accepts root-and-issuing.pem
if have gnutls-cli; then
	quietly 1 gnutls-cli --x509cafile root.pem --verify-hostname webint.corp.example -p "$port" 127.0.0.1
	told 'issuer is unknown' "GnuTLS with the root alone: the certificate issuer is unknown"
fi
if have curl; then
	run_command curl -sS --cacert root.pem --resolve "webint.corp.example:$port:127.0.0.1" "https://webint.corp.example:$port/"
	[ "$got" -eq 60 ] || failed "curl ends with status $got, where 60 was expected"
	told 'unable to get local issuer certificate' "curl with the root alone: error 60"
fi
note "Test-CsPhoneBootstrap would succeed now: it runs on a server that has the intermediate, as the desktop does."

say "Verify: connect as the phone does, and as a desktop that has the intermediate"
run 1 remint verify "127.0.0.1:$port" --name webint.corp.example --as lync-phone-edition --trust root.pem
told 'its issuer was not sent'
quietly remint verify "127.0.0.1:$port" --name webint.corp.example --as sfb-front-end --trust root.pem --chain issuing.pem
told 'accepted' "the desktop's view: accepted"

say "Explain: the words on the phone's display, proved on the virtual address"
run remint explain 'An account matching this phone number cannot be found' "127.0.0.1:$port" --trust root.pem --limit 1
told 'proof proved'
told 'Test-CsPhoneBootstrap' "Test-CsPhoneBootstrap proves nothing about the phone"
told 'source address' "and the other cure is named: source address persistence, TLS ends on the Front Ends"

say "Audit: the chain as it is sent, by the load balancer's own target"
run 1 remint audit "127.0.0.1:$port" --trust root.pem --for cisco-ace
told 'chain.complete'

say "Plan: the certificate is good, what is sent with it is not: fix-chain"
quietly remint init --no-password --root-key rsa:2048 --issuing-key rsa:2048
run 1 remint plan "127.0.0.1:$port" --for cisco-ace --name webint.corp.example --trust root.pem -o plan.json
told 'fix-chain'
edit_plan device '"ace"'

say "Apply: the same certificate and key, and a chain group that holds the intermediate and nothing else"
run remint apply plan.json --commit --out campaign --key pool.key --chain issuing.pem
sed -n '/^2\. Install/,/^3\. /p' campaign/ace/RUNBOOK.txt | sed -n '/^  crypto chaingroup/,/^    chaingroup/s/^/   /p'
group=campaign/ace/intermediate-1.pem
leaf=$(echo campaign/ace/pool01*.pem)
[ ! -e campaign/ace/intermediate-2.pem ] && [ "$(grep -c BEGIN $group)" -eq 1 ] || failed "the chain group holds one certificate"
cmp -s issuing.pem $group || [ "$(openssl x509 -in $group -outform DER | openssl dgst -r)" = "$(openssl x509 -in issuing.pem -outform DER | openssl dgst -r)" ] ||
	failed "the chain group holds the intermediate"
[ "$(openssl x509 -in "$leaf" -outform DER | openssl dgst -r)" = "$(openssl x509 -in pool.pem -outform DER | openssl dgst -r)" ] ||
	failed "the certificate stays the same"

say "Nothing is installed yet, and the campaign sees that the certificate alone does not make it"
run 1 remint verify --campaign plan.json
told 'still has what was to be cleared: chain.complete'

say "The virtual address with that chain group: phone and desktop sign in"
serve_again $old_tls -cert "$leaf" -key campaign/ace/pool01*.key -cert_chain $group
phone accepts root.pem
desktop accepts root-and-issuing.pem
run remint verify "127.0.0.1:$port" --name webint.corp.example --as lync-phone-edition --trust root.pem
run remint verify --campaign plan.json
told '1 live'
run remint apply plan.json --close --commit
told '1 closed'

say "What the field did: leaf, intermediate and root in the chain group. It works, and the doubled leaf is reported"
cat pool.pem issuing.pem root.pem >chaingroup.pem
serve $old_tls -cert pool.pem -key pool.key -cert_chain chaingroup.pem
phone accepts root.pem
run remint audit "127.0.0.1:$port" --trust root.pem --for cisco-ace
told 'chain.duplicate' "sent twice: found, as a remark"
told 'chain.root-included'
stop

printf '\nThe phones sign in again.\n'
