# SPDX-License-Identifier: Apache-2.0
# remint explain: each form in which administrators paste a failure is known, in three languages, and on files the
# cause that is there is told from those that are not.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
old_ca
old_cert server '/O=Contoso/CN=fe.example.com' extendedKeyUsage=serverAuth subjectAltName=DNS:fe.example.com
old_cert both '/O=Contoso/CN=fe.example.com' extendedKeyUsage=serverAuth,clientAuth subjectAltName=DNS:fe.example.com
quietly openssl x509 -req -in both.csr -CA root.pem -CAkey root.key -set_serial 0x0a4712 -days 200 -sha512 \
	-extfile both.ext -out sha512.pem
quietly openssl x509 -req -in both.csr -CA root.pem -CAkey root.key -set_serial 0x0a4713 -days 200 -sha1 \
	-extfile both.ext -out sha1.pem
quietly openssl pkcs12 -export -in both.pem -inkey both.key -out new.pfx -passout pass:secret
echo secret >secret.pass
echo wrong >wrong.pass

# ---- what is pasted: the symptom | a word of the first cause -------------------------------------------------------
while IFS='|' read -r symptom cause; do
	expect_status 0 "known: $symptom" "$REMINT" explain "$symptom"
	sed -n '/^ 1\. /,/^    [a-z]/p' "$TMP/out" | tr -s ' \n' '  ' >"$TMP/first"
	grep -Eqi -e "$cause" "$TMP/first" && ok "and first for it stands: $cause" ||
		not_ok "first for \"$symptom\" stands: $cause" "$TMP/out"
done <<'TABLE'
0x80090331|SHA-512
-2146893007|SHA-512
2148074289|SHA-512
SEC_E_ALGORITHM_MISMATCH|SHA-512
An account matching this phone number cannot be found|intermediate
Impossible de trouver un compte correspondant à ce numéro de téléphone|intermediate
Es wurde kein Konto gefunden, das dieser Telefonnummer entspricht|intermediate
unsuitable certificate purpose|extended key usage
verify error:num=26:unsuitable certificate purpose|extended key usage
error 26|extended key usage
36888|SHA-512
Schannel 36888|SHA-512
Schannel event 36888|SHA-512
SChannel event ID 36888 on fe1.example.com|SHA-512
Schannel 36874|SHA-512
36887|peer ended
Schannel 36887|peer ended
Test-CsPhoneBootstrap passes but phone fails|intermediate
We ran Test-CsPhoneBootstrap, it says Success|intermediate
alert 40|common
alert 42|certificate
alert 43|clientAuth
alert 46|refused
alert 48|root
NET::ERR_CERT_WEAK_SIGNATURE_ALGORITHM|SHA-1
Mac verify error: invalid password?|passphrase
The specified network password is not correct|password
Das angegebene Netzwerkkennwort ist falsch|password
invalid password|passphrase
454 4.7.5|certificate
root CA is not the last certificate in the chain|order
java.security.cert.CertificateException: No name matching mail.example.com found|host
java.security.cert.CertificateException: No subject alternative names present|SAN
java.security.cert.CertificateException: Certificates do not conform to algorithm constraints|signature
PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target|trust store
RemoteCertificateChainErrors|purpose
Das Remotezertifikat ist laut Validierungsverfahren ungültig|clientAuth
Le certificat distant n'est pas valide selon la procédure de validation|clientAuth
2148074254|401
curl: (60) SSL certificate problem: unable to get local issuer certificate|reason
x509: certificate is valid for a.example.com, not b.example.com|SAN
inconsistencies between private key and certificate loaded from PEM file '/etc/haproxy/a.pem'|key
SEC_ERROR_UNKNOWN_ISSUER|intermediate
0x80094800|template
TABLE

# ---- what the field knows ------------------------------------------------------------------------------------------
expect_status 0 "the algorithm mismatch is explained" "$REMINT" explain 0x80090331
expect_out 'never.*SHA-1' "and SHA-1 is named as what is no cure"
expect_status 0 "the refused purpose is explained" "$REMINT" explain 'RequireCertificateEKUs'
expect_out 'stopgap' "the switch is a stopgap"
expect_out 'reg delete' "with the step that removes it"
expect_status 0 "the phone is explained" "$REMINT" explain 'An account matching this phone number cannot be found'
expect_out 'source address' "with the other cure: persistence by source address"
expect_out 'Test-CsPhoneBootstrap' "and what proves nothing about the phone"

# From every side from which an incident may be met: the symptom | what its explanation must say.
while IFS='|' read -r symptom knowledge; do
	"$REMINT" explain "$symptom" 2>&1 | tr -s ' \n' '  ' >"$TMP/out"
	grep -Eq -e "$knowledge" "$TMP/out" && ok "$symptom: $knowledge" || not_ok "$symptom: $knowledge" "$TMP/out"
done <<'TABLE'
SIPStack TLS negotiation failed|Do not go back to SHA-1
The client and server cannot communicate, because they do not possess a common algorithm|Do not reissue with SHA-1
Impossible de se connecter à Lync|Do not go back to SHA-1
Anmeldung bei Lync nicht möglich|Do not go back to SHA-1
36874|SHA-1
Front End drops its Edge connection every minute|Stopgap until then, to be removed again: DWORD RequireCertificateEKUs = 0 .* reg delete
41025|Stopgap .* reg delete
The remote certificate is invalid according to the validation procedure|Stopgap .* reg delete
Das Remotezertifikat ist laut Validierungsverfahren ungültig|Stopgap .* reg delete
alert 43|RequireCertificateEKUs
Phones behind the load balancer cannot sign in, desktop clients can|balance TCP by source address
Phones behind the load balancer cannot sign in, desktop clients can|Test-CsPhoneBootstrap
Telefone hinter dem Load Balancer können sich nicht anmelden, Desktop-Clients schon|source address
Account used is not authorized|Test-CsPhoneBootstrap .* proves nothing about the phone
GET /CertProv/CertProvisioningService.svc 443 - 192.0.2.7 401 1 2148074254 15|0x8009030E, written in decimal
Échec de la connexion|prove nothing by themselves
Ausgestellt von Communications Server|UseLyncCertStore.*15\.0.* 16\.0
Sélectionner un certificat|Do not only delete the certificate from the store
TABLE

# ---- on files -------------------------------------------------------------------------------------------------------
# first FILE PROOF SENTENCE: the proof of the cause that stands first.
first() {
	"$REMINT" explain --json --limit 1 "$4" $5 "$1" >"$TMP/out" 2>"$TMP/err"
	grep -q "\"proof\":\"$2\"" "$TMP/out" && ok "$3" || not_ok "$3" "$TMP/out" "$TMP/err"
}
first server.pem proved "a certificate without clientAuth proves the refused purpose" 'error 26' ''
first both.pem absent "a certificate with both purposes does not have it" 'error 26' ''
first sha512.pem proved "SHA-512 proves the algorithm mismatch" 0x80090331 ''
first sha1.pem absent "SHA-1 does not" 0x80090331 ''
first sha1.pem proved "SHA-1 proves the browser's refusal" NET::ERR_CERT_WEAK_SIGNATURE_ALGORITHM ''
first new.pfx proved "a modern PFX proves the refused import" 'The specified network password is not correct' \
	'--password-file secret.pass'
mkdir other
(cd other && old_ca)
first both.pem absent "an expired path is no missing issuer" 'error 20: unable to get local issuer certificate' \
	'--trust root.pem --at 2040-01-01'
first both.pem proved "but an expired certificate" 'certificate has expired' '--trust root.pem --at 2040-01-01'
first both.pem proved "an unknown root is" 'error 20: unable to get local issuer certificate' '--trust other/root.pem'
# A path that Go and strict consumers refuse for what has nothing to do with a missing issuer: a CA without key usage.
printf 'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' >bare.ext
quietly openssl req -new -newkey rsa:2048 -nodes -keyout bare.key -out bare.csr -subj '/O=Contoso/CN=Bare CA'
quietly openssl x509 -req -in bare.csr -CA root.pem -CAkey root.key -set_serial 0x0a4720 -days 300 -sha256 -extfile bare.ext \
	-out bare.pem
quietly openssl x509 -req -in both.csr -CA bare.pem -CAkey bare.key -set_serial 0x0a4721 -days 200 -sha256 -extfile both.ext \
	-out below.pem
cat below.pem bare.pem >bare-chain.pem
expect_status 0 "a path that fails for another reason" "$REMINT" explain 'tlsv1 alert unknown ca' bare-chain.pem --trust root.pem
expect_no_line "$TMP/out" 'path.valid  ' "is no sign of a missing issuer"
expect_no_line "$TMP/out" 'proof  *likely' "and makes no such cause likely"
expect_status 0 "a path without its root" "$REMINT" explain 'tlsv1 alert unknown ca' both.pem --trust other/root.pem
expect_out 'path.valid +unable to get local issuer' "is one"
first server.pem none "no rule tells that a permission is missing" 0x80094012 ''
expect_status 0 "a proved cause is named with its rule" "$REMINT" explain 'error 26' server.pem
expect_out 'proved' "as proved"
expect_out 'leaf.eku.client-auth' "by the rule"
expect_out 'remint audit server.pem --for dotnet-mtls' "with the command that shows it"
expect_status 0 "what was given of an audit" "$REMINT" explain 'An account matching this phone number cannot be found' \
	server.pem --trust root.pem --chain other/root.pem --json
expect_out '"remint audit server.pem --for lync-phone-edition --trust root.pem --chain other/root.pem"' \
	"is in the command of a target's incident"
expect_status 0 "a stand-in of a command" "$REMINT" explain 'error 26' server.pem --trust other/root.pem --name a.example.com --json
expect_out '"remint audit server.pem --for dotnet-mtls --trust other/root.pem --name a.example.com"' "gives way to it"
cp server.pem 'a $(b) file.pem'
expect_status 0 "a file of any name" "$REMINT" explain 'error 26' 'a $(b) file.pem'
expect_out "'a \\\$\\(b\\) file.pem'" "is quoted for the shell"

# ---- what is not known, and what cannot be read ----------------------------------------------------------------------
expect_status 1 "what nobody knows" "$REMINT" explain 'zyzzyva plover xyzzy'
expect_err 'nothing is known' "is said to be unknown"
expect_status 1 "under --json too" "$REMINT" explain --json 'zyzzyva plover xyzzy'
expect_out '"causes":\[\]' "with an empty list"
expect_status 2 "no symptom" "$REMINT" explain
expect_status 2 "an empty symptom" "$REMINT" explain ''
expect_status 3 "a file that is not there" "$REMINT" explain 'error 26' absent.pem
[ "$(grep -c '^remint: ' "$TMP/err")" -eq 1 ] && ok "is one line, however many causes were tried" ||
	not_ok "is one line, however many causes were tried" "$TMP/err"
expect_status 7 "a PFX with a wrong passphrase" "$REMINT" explain 'Mac verify error' new.pfx --password-file wrong.pass
"$REMINT" explain "$(printf 'error 26 \033[31m')" >"$TMP/out" 2>&1
expect_no_line "$TMP/out" "$(printf '\033')" "no escape sequence comes back"
status=0
printf 'one line\nPKIX path building failed\0\n' | "$REMINT" explain - >"$TMP/out" 2>"$TMP/err" || status=$?
[ "$status" -eq 0 ] && ok "a log from standard input" || not_ok "a log from standard input" "$TMP/err"

# ---- a file of symptoms of one's own ------------------------------------------------------------------------------------
mkdir -p mine/symptoms
cat >mine/symptoms/mine.cfg <<'CFG'
title = "Mine";
entries = ({ symptoms = [ "the frobnicator is unhappy" ]; cause = "It wants coffee."; fix = "Make some."; source = "ticket 1"; });
CFG
expect_status 0 "one's own file is read" "$REMINT" explain --policies mine 'frobnicator is unhappy'
expect_out 'It wants coffee' "and its cause told"
echo 'title = "Mine"; entries = ({ symptoms = [ "x y z" ]; cuase = "?"; });' >mine/symptoms/mine.cfg
expect_status 3 "a broken one is a failure" "$REMINT" explain --policies mine 'error 26'
expect_err 'did you mean "cause"' "that names its fault"
expect_out 'extended key usage' "and hides nothing else"
tap_done
