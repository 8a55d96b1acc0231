#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Incident 5: a Skype Room System that shows its calendar and cannot sign in. The pool's certificates come from a CA that
# signs with SHA-1. Desktop clients take that from a private CA, Exchange has another certificate, so only the room fails.
#
#	examples/incidents/05-sha1-chain/run.sh [DIR]
#
# The room system is an openssl client at security level 1, which takes no SHA-1 signature below the root; the desktop
# is one at level 0. Chrome says NET::ERR_CERT_WEAK_SIGNATURE_ALGORITHM where the room system says nothing.

. "$(dirname "$0")/../lib.sh"
incident "Incident 5: the SHA-1 chain that the room system does not take" "$@"
also gnutls-cli

say "Three chains: SHA-1 in the leaf, in the issuing CA, in the root alone; and what the field had, SHA-1 everywhere"
key root issuing pool
for digest in 1 256; do
	certify root$digest root '/DC=example/DC=corp/CN=Corp Root CA' sha$digest 3650 self "$ca_extensions"
done
for digest in 1 256; do
	certify issuing$digest issuing '/DC=example/DC=corp/CN=Corp Issuing CA' sha$digest 1825 root256 "$ca_extensions
authorityKeyIdentifier=keyid"
done
for digest in 1 256; do
	certify pool$digest pool '/O=Corp/CN=pool01.corp.example' sha$digest 730 issuing256 "$leaf_extensions
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:pool01.corp.example,DNS:webint.corp.example"
done
windows_pfx pool1.pem pool.key issuing1.pem pool01.pfx

# An OpenSSL of today loads a SHA-1 certificate at security level 0 only: the server runs at that level.
front_end() { # LEAF CHAIN
	serve -cipher DEFAULT:@SECLEVEL=0 -cert "$1.pem" -key pool.key -cert_chain "$2.pem"
}
room() { # accepts|refuses ROOT WHAT
	meet "room system: $3" "$1" -cipher DEFAULT:@SECLEVEL=1 -CAfile "$2.pem" -verify_return_error -verify_hostname pool01.corp.example
}
desktop() {
	meet "desktop:     $3" "$1" -cipher DEFAULT:@SECLEVEL=0 -CAfile "$2.pem" -verify_return_error -verify_hostname pool01.corp.example
}

say "The failure: the pool as it is. The desktop signs in, the room system does not (CA signature digest algorithm too weak)"
front_end pool1 issuing1
desktop accepts root1 "SHA-1 everywhere"
room refuses root1 "SHA-1 everywhere"
told 'too weak'
run 1 remint verify "127.0.0.1:$port" --name pool01.corp.example --as skype-room-system --trust root1.pem
told 'too weak a digest' "remint verify connects as the room system does and says what it would see"

say "Told apart, one handshake each: leaf and issuing CA count, the root's own signature never"
front_end pool1 issuing256
room refuses root256 "leaf SHA-1"
told 'num=68:'
front_end pool256 issuing1
room refuses root256 "issuing CA SHA-1"
told 'num=68:'
front_end pool256 issuing256
room accepts root1 "root SHA-1 (trusted, its signature is not looked at)"
room accepts root256 "SHA-256 everywhere"
if have gnutls-cli; then
	front_end pool1 issuing256
	quietly 1 gnutls-cli --x509cafile root256.pem --verify-hostname pool01.corp.example -p "$port" 127.0.0.1
	told 'insecure algorithm' "GnuTLS refuses the SHA-1 leaf, too: signed with an insecure algorithm"
fi
stop

say "Audit: the leaf, the issuing CA, the root, each by a rule of its own; the root is a warning that says why"
run 1 remint audit pool01.pfx --for skype-room-system --password-file pfx.pass --trust root1.pem
told 'leaf.signature.digest'
told 'ca.signature.digest'
told 'root.signature.digest'
quietly remint audit pool256.pem --chain issuing256.pem --trust root1.pem --for skype-room-system
told 'root.signature.digest'
untold '(leaf|ca)\.signature\.digest'

say "Explain: what the room shows, and the 401 with sc-win32-status 2148074254 from the log of IIS that leads astray"
run remint explain 'Skype Room System: sign-in failed, calendar works' pool01.pfx --password-file pfx.pass --trust root1.pem --limit 1
told 'in decimal'
quietly remint explain 'GET /CertProv/CertProvisioningService.svc 443 - 401 1 2148074254 15' pool01.pfx --password-file pfx.pass
told 'proves? nothing' "2148074254 is 0x8009030E, the first step of every sign-in: it proves nothing"
quietly remint explain NET::ERR_CERT_WEAK_SIGNATURE_ALGORITHM pool01.pfx --password-file pfx.pass
told 'proved' "what Chrome says at https://POOL/CertProv/CertProvisioningService.svc is the same fault"

say "Plan: what stands behind the pool's address; the issuing CA is SHA-1 too, so that the step is a new CA"
quietly remint init --no-password --root-key rsa:2048 --issuing-key rsa:2048 --publish-url http://pki.corp.example/
quietly remint ca export --out trust
front_end pool1 issuing1
run 1 remint plan "127.0.0.1:$port" --for sfb-front-end --for skype-room-system --name pool01.corp.example --trust root1.pem -o plan.json
told 'replace-ca'
edit_plan device '"fe01"'

say "Apply: the replacement from the CA that signs with SHA-256, with the files for the Front End and the root for the device"
run remint apply plan.json --commit --out campaign --out-password-file pfx.pass
runbook campaign/fe01/RUNBOOK.txt
grep -E '^  certutil -(dspublish|addstore) .*root' campaign/fe01/RUNBOOK.txt | sort -u | sed 's/^ */   /'
openssl x509 -inform DER -in campaign/fe01/skype-room-system/root.cer -noout -subject | sed 's/^/   for the device: root.cer, /'

say "The pool with its new PFX, the same handshakes: room system and desktop sign in"
import_pfx campaign/fe01/sfb-front-end/pool01.corp.example.pfx
serve_again -cert imported.pem -key imported.key -cert_chain imported-chain.pem
room accepts trust/root "the new certificate"
desktop accepts trust/root "the new certificate"
run remint verify "127.0.0.1:$port" --name pool01.corp.example --as skype-room-system --trust trust/root.pem
run remint verify --campaign plan.json
told '1 live'

say "Close: once the old CA's administrator has revoked the old certificate"
quietly remint apply plan.json --close --commit --confirmed-by 'J. Doe'
told '1 closed'
stop

printf '\nThe room system signs in.\n'
