#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Incident 1: a Lync Front End whose certificate is signed with SHA-512. No client signs in, SIPStack traces
# 0x80090331, SEC_E_ALGORITHM_MISMATCH: Schannel before KB2973337 offers no SHA-512 in TLS 1.2.
#
#	examples/incidents/01-sha512-front-end/run.sh [DIR]
#
# The server is openssl in strict mode, which like Schannel sends only what the client's list of signature algorithms
# allows; the client offers the list of an unpatched Windows.

. "$(dirname "$0")/../lib.sh"
incident "Incident 1: the SHA-512 Front End that nobody can sign in to" "$@"
also

say "The certificates as the field had them, and every mixture: root, issuing CA and Front End, with SHA-256 or SHA-512"
key root issuing pool
for digest in 256 512; do
	certify root$digest root '/DC=example/DC=corp/CN=Corp Root CA' sha$digest 3650 self "$ca_extensions"
done
for digest in 256 512; do
	certify issuing$digest issuing '/DC=example/DC=corp/CN=Corp Issuing CA' sha$digest 1825 root256 "$ca_extensions
authorityKeyIdentifier=keyid"
done
for digest in 256 512; do
	certify pool$digest pool '/O=Corp/CN=pool01.corp.example' sha$digest 730 issuing256 "$leaf_extensions
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:pool01.corp.example,DNS:fe01.corp.example,DNS:sip.corp.example"
done
windows_pfx pool512.pem pool.key issuing256.pem pool01.pfx
cat issuing256.pem root512.pem >with-root.pem
openssl x509 -in pool512.pem -noout -text | sed -n '/Signature Algorithm/{s/^ */   pool01.pfx: /p;q;}'

# What Windows 7 to Server 2012 R2 offer in TLS 1.2 before the update, and what the update appends.
before='RSA+SHA256:RSA+SHA384:RSA+SHA1:ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA1'
after="$before:RSA+SHA512:ECDSA+SHA512"
windows="-tls1_2 -sigalgs $before -verify_return_error"
patched="-tls1_2 -sigalgs $after -verify_return_error"
front_end() { # LEAF CHAIN
	serve -strict -cert "$1.pem" -key pool.key -cert_chain "$2.pem"
}

say "The failure: the Front End has nothing that the client would take (alert 40, handshake_failure; in Windows 0x80090331)"
front_end pool512 issuing256
meet "unpatched Windows, leaf with SHA-512" refuses $windows -CAfile root256.pem
told 'alert number 40'
told 'no shared cipher|no suitable signature algorithm'

say "The whole matrix, one real handshake each: it is what stands on the wire that counts, in TLS 1.2 alone"
front_end pool256 issuing256
meet "leaf 256, issuing CA 256" accepts $windows -CAfile root256.pem
front_end pool256 issuing512
meet "leaf 256, issuing CA 512" refuses $windows -CAfile root256.pem
told 'alert number 40'
front_end pool256 issuing256
meet "root 512, trusted and not sent" accepts $windows -CAfile root512.pem
note "(the root by remint peer: openssl in strict mode looks at a root that it sends in version 3.0, and no longer in 3.5)"
printf 'title = "A Front End that sends its root";\nextends = "schannel-tls12";\npresents = "leaf+intermediates+root";\n' >sends-root.cfg
peer --as sends-root.cfg --cert pool256.pem --key pool.key --chain issuing256.pem --trust root512.pem
meet "root 512, sent" refuses $windows -CAfile root512.pem
told 'alert number 40'
told 'refused .*Corp Root CA.*signed with sha512WithRSA'
front_end pool512 issuing256
meet "leaf 512, client with KB2973337" accepts $patched -CAfile root256.pem
meet "leaf 512, a client with today's list" accepts -tls1_2 -verify_return_error -CAfile root256.pem
serve -strict -cipher DEFAULT:@SECLEVEL=0 -cert pool512.pem -key pool.key -cert_chain issuing256.pem
meet "leaf 512, TLS 1.1" accepts -tls1_1 -cipher DEFAULT:@SECLEVEL=0 -verify_return_error -CAfile root256.pem
meet "leaf 512, TLS 1.3" accepts -tls1_3 -verify_return_error -CAfile root256.pem

say "Verify: connect to the Front End as an unpatched Windows does, and say what it would see"
serve -cert pool512.pem -key pool.key -cert_chain issuing256.pem
run 1 remint verify "127.0.0.1:$port" --name pool01.corp.example --as schannel-tls12 --trust root256.pem
told 'refuses the certificate at depth 0 .pool01.corp.example.: it is signed with sha512WithRSAEncryption'

say "Audit: who would refuse it, and why, by the PFX; and the other two places, issuing CA and root on the wire"
run 1 remint audit pool01.pfx --for sfb-front-end --for schannel-tls12 --password-file pfx.pass --trust root256.pem
told 'leaf.signature.digest'
cat pool256.pem issuing512.pem >issuing-on-wire.pem
quietly 1 remint audit issuing-on-wire.pem --for schannel-tls12
told 'ca.signature.digest' "the issuing CA's signature is found"
cat pool256.pem with-root.pem >root-on-wire.pem
quietly 1 remint audit root-on-wire.pem --for schannel-tls12
told 'chain.root-digest' "the SHA-512 root on the wire is found"
quietly remint audit pool256.pem --chain issuing256.pem --trust root512.pem --for schannel-tls12
told 'root.signature.digest' "the same root, trusted and not sent, is a remark"

say "Explain: the code from the SIPStack trace, proved on the running server; the cure is not SHA-1"
run remint explain 'TLS negotiation failed: 0x80090331 SEC_E_ALGORITHM_MISMATCH' "127.0.0.1:$port" --trust root256.pem --limit 1
told 'proof proved'
told 'Do not go back to SHA-1' "and it says what must not be done"

say "Plan: a CA that signs with SHA-256, and what is proposed for what stands behind the address; read, edited, signed off"
quietly remint init --no-password --root-key rsa:2048 --issuing-key rsa:2048 --publish-url http://pki.corp.example/
quietly remint ca export --out trust
run 1 remint plan "127.0.0.1:$port" --for sfb-front-end --name pool01.corp.example --trust root256.pem -o plan.json
told 'leaf.signature.digest: 1 certificate, reissue'
edit_plan device '"fe01"'
edit_plan note '"night of the 5th; J. Doe"'

say "Apply: first what would be done, then the replacement and its bundle, with the runbook for the person at the device"
run remint apply plan.json
told 'Nothing was done'
run remint apply plan.json --commit --out campaign --out-password-file pfx.pass
runbook campaign/fe01/RUNBOOK.txt
openssl x509 -in campaign/fe01/cert.pem -noout -text | grep -q 'Signature Algorithm: sha256With' || failed "the replacement is not signed with SHA-256"
for name in pool01 fe01 sip; do
	openssl x509 -in campaign/fe01/cert.pem -noout -ext subjectAltName | grep -q "DNS:$name.corp.example" || failed "the name $name is lost"
done

say "Nobody has installed it yet, and the campaign knows: the old certificate is not closed while it is served"
run 1 remint verify --campaign plan.json
told 'still serves the old certificate'
quietly 1 remint apply plan.json --close --commit
told 'not closed while the old certificate is in use'

say "The Front End with its new PFX: the same client, the same handshake, accepted, once the new root is trusted"
import_pfx campaign/fe01/pool01.corp.example.pfx
serve_again -strict -cert imported.pem -key imported.key -cert_chain imported-chain.pem
meet "unpatched Windows, the new certificate" accepts $windows -CAfile trust/root.pem
run remint verify "127.0.0.1:$port" --name pool01.corp.example --as schannel-tls12 --trust trust/root.pem
told 'issued here, valid' "it is the one that we issued"
run remint verify --campaign plan.json
told '1 live'

say "Close: the old certificate is another CA's; its administrator gets the line to type, and says when it is done"
run 1 remint apply plan.json --close --commit --out campaign
cat campaign/*/CLOSE.txt | sed 's/^/   /'
grep -q 'certutil -revoke' campaign/*/CLOSE.txt || failed "nobody is told how to revoke the old certificate"
run remint apply plan.json --close --commit --confirmed-by 'J. Doe'
told '1 closed'
stop

printf '\nThe Front End is served by SHA-256 again.\n'
