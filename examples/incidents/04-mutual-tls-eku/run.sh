#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Incident 4: after the .NET updates of May 2017 (KB4014597) the Front End loses its Edge connection every minute. The
# internal certificates came from the template WebServer, for servers only; in mutual TLS each side is a client too.
#
#	examples/incidents/04-mutual-tls-eku/run.sh [DIR]
#
# Edge and Front End are openssl on both sides. It holds a client's certificate against its purpose as .NET has done
# since, along the whole chain: error 26, unsuitable certificate purpose, and alert 43.

. "$(dirname "$0")/../lib.sh"
incident "Incident 4: the serverAuth certificate in mutual TLS after May 2017" "$@"
also

say "The certificates as the field had them: template WebServer, serverAuth alone, no SAN; and an issuing CA with an EKU"
key root issuing narrow edge
certify root root '/DC=example/DC=corp/CN=Corp Root CA' sha256 3650 self "$ca_extensions"
certify issuing issuing '/DC=example/DC=corp/CN=Corp Issuing CA' sha256 1825 root "$ca_extensions
authorityKeyIdentifier=keyid"
certify narrow narrow '/DC=example/DC=corp/CN=Corp Web Server CA' sha256 1825 root "$ca_extensions
authorityKeyIdentifier=keyid
extendedKeyUsage=serverAuth"
edge='/O=Corp/CN=edge.corp.example'
certify edge edge "$edge" sha256 730 issuing "$leaf_extensions
extendedKeyUsage=serverAuth
1.3.6.1.4.1.311.20.2=ASN1:BMPSTRING:WebServer"
certify both edge "$edge" sha256 730 issuing "$leaf_extensions
extendedKeyUsage=serverAuth,clientAuth"
certify under-narrow edge "$edge" sha256 730 narrow "$leaf_extensions
extendedKeyUsage=serverAuth,clientAuth"
certify no-eku edge "$edge" sha256 730 issuing "$leaf_extensions"
certify any-eku edge "$edge" sha256 730 issuing "$leaf_extensions
extendedKeyUsage=serverAuth,anyExtendedKeyUsage"
windows_pfx edge.pem edge.key issuing.pem edge.pfx

# front_end OPTION...: the side that demands a certificate; TLS 1.2, in which the client hears of the refusal at once.
front_end() {
	serve -tls1_2 -cert both.pem -key edge.key -cert_chain issuing.pem -CAfile root.pem -Verify 4 -verify_return_error "$@"
}
# edge CERT CHAIN accepts|refuses WHO
edge() {
	meet "$4" "$3" -tls1_2 -cert "$1.pem" -key edge.key -cert_chain "$2.pem" -CAfile root.pem
}

say "Before May 2017: the server does not look at the purpose of its client's certificate"
front_end -purpose any
edge edge issuing accepts "serverAuth alone, before the update"

say "Since: refused (error 26 at depth 0, alert 43); the log of the Front End says nothing useful, the Edge reconnects"
front_end
edge edge issuing refuses "serverAuth alone"
told 'num=26:'
told 'alert number 43'
run 1 remint verify "127.0.0.1:$port" --name edge.corp.example --as sfb-edge-internal --trust root.pem --client-cert edge.pfx --password-file pfx.pass
told 'refuses the certificate that it was shown.*alert 43' "remint verify connects as the Edge does: the refusal is the other side's"

say "The neighbours: both purposes pass, no EKU at all passes; a CA whose own EKU lacks clientAuth spoils a good leaf"
edge both issuing accepts "serverAuth and clientAuth"
edge no-eku issuing accepts "no extended key usage at all"
edge under-narrow narrow refuses "both purposes, issuing CA with serverAuth alone"
told 'depth=1' "error 26 stands at depth 1: the fault is in the issuing CA"
edge any-eku issuing refuses "serverAuth and anyExtendedKeyUsage"
note "(the last one CryptoAPI takes and OpenSSL does not)"
stop

say "Audit: the leaf, and the issuing CA"
run 1 remint audit edge.pfx --for sfb-edge-internal --for dotnet-mtls --password-file pfx.pass --trust root.pem
told 'leaf.eku.client-auth'
cat under-narrow.pem narrow.pem >under-narrow-chain.pem
run remint audit under-narrow-chain.pem --trust root.pem --for dotnet-mtls
told 'path.eku' "the issuing CA's own EKU is found"

say "Explain: what the event log of the Edge says, tried on the file; the registry switch is a stopgap with its removal"
run remint explain 'Front End drops its Edge connection every minute' edge.pfx --password-file pfx.pass --trust root.pem --limit 1
told 'Stopgap until then, to be removed'
told 'reg delete' "RequireCertificateEKUs = 0: marked as a stopgap, with the line that removes it"
quietly remint explain 'unsuitable certificate purpose' under-narrow-chain.pem --trust root.pem
told 'path.eku'

say "Plan: what the Edge has in its file; a CA without an EKU of its own stands ready"
quietly remint init --no-password --root-key rsa:2048 --issuing-key rsa:2048 --publish-url http://pki.corp.example/
quietly remint ca export --out trust
run 1 remint plan edge.pfx --for sfb-edge-internal --password-file pfx.pass --trust root.pem -o plan.json
told 'leaf.eku.client-auth: 1 certificate, reissue'

say "Apply: the replacement with both purposes, and the name where TLS looks for it"
run remint apply plan.json --commit --out campaign --password-file pfx.pass --out-password-file pfx.pass
runbook campaign/edge/RUNBOOK.txt
import_pfx campaign/edge/edge.corp.example.pfx
openssl x509 -in imported.pem -noout -ext extendedKeyUsage,subjectAltName | sed 's/^/   /'

say "Before the night of the change: a peer of the lab, as picky as a Front End, meets the old certificate and the new one"
peer --as sfb-front-end --cert both.pem --key edge.key --chain issuing.pem --trust root.pem --trust trust/root.pem
meet "the old certificate at the peer" refuses -tls1_2 -cert edge.pem -key edge.key -cert_chain issuing.pem -CAfile root.pem
told 'its purposes lack clientAuth'
meet "the new certificate at the peer" accepts -tls1_2 -cert imported.pem -key imported.key -cert_chain imported-chain.pem -CAfile root.pem

say "The same handshake, both sides with the new certificate: accepted by the Front End that checks purposes"
serve -tls1_2 -cert imported.pem -key imported.key -cert_chain imported-chain.pem -CAfile trust/root.pem -Verify 4 -verify_return_error
meet "the Edge with its new certificate" accepts -tls1_2 -cert imported.pem -key imported.key -cert_chain imported-chain.pem \
	-CAfile trust/root.pem -verify_return_error -verify_hostname edge.corp.example
run remint verify "127.0.0.1:$port" --name edge.corp.example --as sfb-edge-internal --trust trust/root.pem \
	--client-cert campaign/edge/edge.corp.example.pfx --password-file pfx.pass
stop
note "Where the stopgap was set, remove it now: reg delete HKLM\\SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319 /v RequireCertificateEKUs"

say "Live when the new file stands in its place; closed when the CRL of the old CA lists the old certificate"
run 1 remint verify --campaign plan.json --password-file pfx.pass
cp campaign/edge/edge.corp.example.pfx edge.pfx
run remint verify --campaign plan.json --password-file pfx.pass
told '1 live'
run 1 remint apply plan.json --close --commit --password-file pfx.pass
told 'certutil -revoke'
printf '[ca]\ndefault_ca=one\n[one]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=7\n' >ca.cnf
: >index.txt
openssl ca -config ca.cnf -cert issuing.pem -keyfile issuing.key -revoke edge.pem -crl_reason superseded 2>ca.log || { cat ca.log; exit 1; }
openssl ca -config ca.cnf -cert issuing.pem -keyfile issuing.key -gencrl -out corp.crl 2>ca.log || { cat ca.log; exit 1; }
run remint apply plan.json --close --commit --crl corp.crl --chain issuing.pem --password-file pfx.pass
told '1 closed'

printf '\nFront End and Edge keep their connection.\n'
