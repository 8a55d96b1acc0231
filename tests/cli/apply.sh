# SPDX-License-Identifier: Apache-2.0
# A plan carried out: what each kind of item becomes, that nothing is done twice, and what a plan may not ask for.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/campaign.sh"
need openssl jq

cd "$TMP" || exit 99
old_ca
for n in web mail kept gone asked chain later open; do
	old_cert $n "/O=Contoso/CN=$n.contoso.com" subjectAltName=DNS:$n.contoso.com
done
lab --no-password
printf 'secret\n' >pass
chmod 600 pass
rm gone.key

{
	plan_item web.pem web reissue
	plan_item mail.pem mail rekey '.targets = ["nginx", "windows-pfx"] | .names = ["dns:smtp.contoso.com"]'
	plan_item kept.pem kept reissue '.keep_key = true'
	plan_item gone.pem gone reissue '.keep_key = true'
	plan_item asked.pem asked reissue '.signer = "external"'
	plan_item chain.pem chain fix-chain
	plan_item later.pem later reissue '.approved = false'
	plan_item open.pem open keep
} >items
plan_of a <items >plan.json

before=$(certificates)
expect_status 7 "a dry run says what would be done" "$REMINT" apply plan.json --chain root.pem
expect_err 'gone: keeping the key needs it' "also what would fail"
expect_out 'a replacement would be issued' "for each item"
expect_out '^8 items: 8 planned\.$' "with a line of counts"
expect_out 'Nothing was done' "and that nothing was"
[ "$(certificates)" = "$before" ] && ok "and does nothing" || not_ok "and does nothing"
expect_status 2 "a commit needs a directory" "$REMINT" apply plan.json --commit

expect_status 7 "a plan is carried out" \
	"$REMINT" apply plan.json --commit --out b --chain root.pem --out-password-file pass --json
expect_states "each item gets as far as it can" web=exported mail=exported kept=exported gone=failed asked=requested \
	chain=exported later=skipped open=skipped
expect_err 'gone: keeping the key needs it' "what fails is said in one sentence"
[ "$(grep -c '^remint: gone' "$TMP/err")" = 1 ] && ok "once" || not_ok "once" "$TMP/err"
[ "$(certificates)" = $((before + 7)) ] && ok "three certificates are issued, and the old ones recorded, also of what is asked for" ||
	not_ok "three certificates are issued, and the old ones recorded: $(certificates)"
"$REMINT" ca export --out ca >/dev/null
check "the bundle holds a chain that verifies" \
	openssl verify -CAfile ca/root.pem -untrusted b/web/chain.pem b/web/cert.pem
expect_status 0 "and passes the audit" "$REMINT" audit b/mail/nginx/fullchain.pem --for nginx
openssl x509 -in b/mail/cert.pem -noout -ext subjectAltName >"$TMP/names"
expect_line "$TMP/names" 'smtp\.contoso\.com' "a name that the plan adds is in it"
[ -s b/mail/windows-pfx/mail.contoso.com.pfx ] && ok "of several targets each has its directory" ||
	not_ok "of several targets each has its directory"
for file in web/RUNBOOK.txt mail/RUNBOOK.txt chain/RUNBOOK.txt; do
	grep -q . "b/$file" && ok "there is $file" || not_ok "there is $file"
done
openssl x509 -in kept.pem -noout -pubkey >"$TMP/wanted"
openssl x509 -in b/kept/cert.pem -noout -pubkey >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "a key that is kept is the same"
cmp -s kept.pem b/kept/cert.pem && not_ok "in another certificate" || ok "in another certificate"
openssl x509 -in chain.pem >"$TMP/wanted"
openssl x509 -in b/chain/cert.pem >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "a certificate whose chain is put right stays the same"
check "a request for the other CA verifies" openssl req -in b/asked/request.pem -verify -noout
expect_line b/asked/REQUEST.txt 'certreq -submit' "and comes with the line that hands it in"
quietly "$REMINT" request --for nginx --cn asked.contoso.com --key-type ec:p256 --no-record --out usual
for file in usual b/asked; do
	openssl req -in $file/request.pem -noout -text | grep -A 1 -E 'Key Usage' | sed 's/^ *//' >"$TMP/usages.${file#b/}"
	tr -d '\r' <$file/request.inf | grep -E '^(2\.5\.29\.37|KeyUsage)' >"$TMP/inf.${file#b/}"
done
expect_line "$TMP/usages.asked" '^TLS Web Server Authentication' "it asks for the purposes of the template"
expect_same "$TMP/usages.usual" "$TMP/usages.asked" "as remint request does for the same target"
expect_same "$TMP/inf.usual" "$TMP/inf.asked" "and so does its INF"
expect_status 0 "the history shows old and new" "$REMINT" history web.contoso.com
expect_out 'superseded .*\(foreign\)' "linked"
expect_status 0 "the database is sound" "$REMINT" db check

(cd b && find . -type f -exec openssl dgst -sha256 -r {} + | sort -k2) >"$TMP/wanted"
count=$(certificates)
expect_status 7 "a second run does nothing but try again what failed" \
	"$REMINT" apply plan.json --commit --out b --chain root.pem --out-password-file pass --json
(cd b && find . -type f -exec openssl dgst -sha256 -r {} + | sort -k2) >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "every file is as it was"
[ "$(certificates)" = "$count" ] && ok "no certificate is added" || not_ok "no certificate is added"

rm -r b/mail b/asked
expect_status 7 "a bundle that is gone is written again" \
	"$REMINT" apply plan.json --commit --out b --chain root.pem --out-password-file pass --json
[ -s b/mail/nginx/key.pem ] && [ -s b/asked/key.pem ] && ok "with its key" || not_ok "with its key"
[ "$(certificates)" = "$count" ] && ok "from the same certificate" || not_ok "from the same certificate"

jq -c '.items[] | if .device == "later" then .approved = true elif .device == "web" then .names = ["dns:www.contoso.com"]
	elif .device == "gone" then .keep_key = false else . end' plan.json >items
old_cert new '/O=Contoso/CN=new.contoso.com'
plan_item new.pem new reissue >>items
plan_of a <items >edited.json
expect_status 0 "a plan may be edited between runs" \
	"$REMINT" apply edited.json --commit --out b --chain root.pem --out-password-file pass --json
expect_states "what was approved, mended or added since is taken" later=exported gone=exported new=exported
expect_err 'web: the plan asks for something else now' "what was issued already is said, not done again"
jq -e '.items[] | select(.device == "web").changed' "$TMP/out" >"$TMP/changed" && ok "also in JSON" || not_ok "also in JSON"
[ "$(certificates)" = $((count + 6)) ] && ok "and nothing else is issued" || not_ok "and nothing else is issued"

# ---- what the other CA makes of the request -----------------------------------------------------------------------------
# answer NAME EXTENSION...: the request of the item, signed by the old CA.
answer() {
	answer_name=$1
	shift
	printf '%s\n' basicConstraints=critical,CA:FALSE subjectKeyIdentifier=hash authorityKeyIdentifier=keyid "$@" >answer.ext
	quietly openssl x509 -req -in b/asked/request.pem -CA root.pem -CAkey root.key -set_serial 0x0b01 -days 200 \
		-out "$answer_name" -extfile answer.ext
}
answer bad.cer extendedKeyUsage=clientAuth subjectAltName=DNS:asked.contoso.com
answer good.cer extendedKeyUsage=serverAuth subjectAltName=DNS:asked.contoso.com
expect_status 0 "somebody else's certificate is no answer" \
	"$REMINT" apply edited.json --commit --out b --out-password-file pass --chain root.pem --cert web.pem --json
expect_states "and the item waits on" asked=requested
expect_status 3 "an answer whose issuer nobody has is not taken" "$REMINT" apply edited.json --commit --out b --out-password-file pass --cert good.cer
expect_status 4 "nor one that the device would refuse" \
	"$REMINT" apply edited.json --commit --out b --out-password-file pass --chain root.pem --cert bad.cer --json
expect_err 'asked: .*what the other CA made would be refused by nginx' "and it is said why"
count=$(certificates)
expect_status 0 "a good answer becomes the bundle" \
	"$REMINT" apply edited.json --commit --out b --out-password-file pass --chain root.pem --cert good.cer --json
expect_states "of its device" asked=exported
openssl x509 -in good.cer >"$TMP/wanted"
openssl x509 -in b/asked/cert.pem >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "with that certificate"
openssl x509 -in good.cer -noout -pubkey >"$TMP/wanted"
openssl pkey -in b/asked/key.pem -passin file:pass -pubout >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "and the key that was kept for it"
[ -s b/asked/INSTALL-nginx.txt ] && ok "in the target's files" || not_ok "in the target's files"
expect_status 0 "which is done once" \
	"$REMINT" apply edited.json --commit --out b --out-password-file pass --chain root.pem --cert good.cer --json
[ "$(certificates)" = $((count + 1)) ] && ok "the new one is recorded" || not_ok "the new one is recorded: $(certificates)"
"$REMINT" list --pending --all --json | jq -r '.pending[] | select(.name == "asked.contoso.com") | .state' >"$TMP/got"
echo issued >"$TMP/wanted"
expect_same "$TMP/wanted" "$TMP/got" "and nothing waits for it any more"
expect_status 0 "linked" "$REMINT" history asked.contoso.com
expect_out 'valid .*\(foreign\)' "as another CA's"
expect_status 0 "the database is sound" "$REMINT" db check

plan_item later.pem later reissue | plan_of 9 >again.json
before=$(certificates)
expect_status 4 "a new plan for a certificate that has its replacement is refused" "$REMINT" apply again.json --commit --out again --json
expect_err 'later: another campaign of this home .plan\.json, id a{32}. has replaced this certificate already, by serial number' "by name"
expect_states "as its item is" later=failed
expect_status 4 "a dry run says so, too" "$REMINT" apply again.json
sed "s/\"id\": \"a\{32\}\"/\"id\": \"$(printf %032d 1)\"/" edited.json >renamed.json
expect_status 4 "another id makes no second certificate" \
	"$REMINT" apply renamed.json --commit --out renamed --chain root.pem --out-password-file pass --json
expect_states "of any item" web=failed mail=failed asked=failed later=failed new=failed
[ "$(certificates)" = "$before" ] && ok "nothing is issued" || not_ok "nothing is issued"
expect_status 1 "where everything failed the answer is no" "$REMINT" verify --campaign again.json
expect_status 1 "and nothing can be closed" "$REMINT" apply again.json --close --commit
expect_err 'later: is not exported yet' "which is said"
"$REMINT" apply again.json --commit --out again >"$TMP/out" 2>"$TMP/err"
expect_no_line "$TMP/out" 'RUNBOOK' "nobody is sent to install what is not there"
quietly "$REMINT" revoke "$("$REMINT" list --name later.contoso.com --status valid --json | jq -r '.certificates[] | select(.foreign | not).serial')"
expect_status 0 "one that was revoked stands in nobody's way" "$REMINT" apply again.json --commit --out again
expect_out 'RUNBOOK' "and then there is something to install"
jq '.items |= [.[] | if .device == "chain" then .action = "reissue" else . end]' edited.json >more.json
expect_status 4 "a step that can be done again follows the plan" \
	"$REMINT" apply more.json --commit --out b --out-password-file pass
expect_err 'b/chain/.*exists' "over files only when it is said"
expect_status 0 "so" "$REMINT" apply more.json --commit --out b --out-password-file pass --force --json
[ "$(jq -r '.items[] | select(.device == "chain") | .serial' "$TMP/out")" != null ] && ok "with a new certificate" ||
	not_ok "with a new certificate" "$TMP/out"

# ---- what is in the way ------------------------------------------------------------------------------------------------
old_cert way '/O=Contoso/CN=way.contoso.com'
plan_item way.pem way reissue | plan_of b >way.json
mkdir -p b/way
echo mine >b/way/cert.pem
count=$(certificates)
expect_status 4 "a dry run sees somebody's file" "$REMINT" apply way.json --out b
expect_status 4 "somebody's file is not replaced" "$REMINT" apply way.json --commit --out b
[ "$(certificates)" = "$count" ] && ok "and nothing is signed" || not_ok "and nothing is signed"
expect_status 0 "unless it is said" "$REMINT" apply way.json --commit --out b --force

# refuse STATUS PATTERN SENTENCE FILTER [CN]: a plan of one fresh certificate, changed by the filter; a dry run says the same.
refuse() {
	old_cert one "/O=Contoso/CN=${5:-one.contoso.com}"
	plan_item one.pem one reissue "$4" | plan_of c >one.json
	expect_status "$1" "$3" "$REMINT" apply one.json --commit --out c
	expect_err "$2" "and it is said why"
	grep '^remint: ' "$TMP/err" | grep -v ' warning: ' >refused
	expect_status "$1" "in a dry run too" "$REMINT" apply one.json --out c
	grep '^remint: ' "$TMP/err" | grep -v ' warning: ' >foretold
	expect_same refused foretold "in the same words"
}
refuse 3 'no target is named .nosuch' "an unknown target fails the item" '.targets = ["nosuch"]'
refuse 3 'no template is named .nosuch' "an unknown template fails the item" '.template = "nosuch"'
refuse 3 'dsa:1024' "an unknown kind of key fails the item" '.key = "dsa:1024"'
refuse 3 'items\[0\].*action' "an unknown action is refused" '.action = "burn"'
refuse 4 'has to be replaced first' "a CA of others is not replaced here" '.action = "replace-ca" | .signer = "external"'
refuse 4 '.' "a template for a CA is refused" '.template = "issuing-ca"'
refuse 3 'items\[0\]\.template: .*is a path' "a template is named, no file" '.template = "../../x"'
refuse 3 'items\[0\]\.template: .*is a path' "wherever it lies" '.template = "x.cfg"'
refuse 3 'items\[0\]\.targets: .*is a path' "so is a target" '.targets = ["nginx", "/etc/passwd"]'
refuse 4 'sfb-front-end would refuse it' "a name that the device refuses fails the item" '.targets = ["sfb-front-end"] | .key = null' localhost
tab=$(printf '\t')
refuse 4 'holds a control character.*: write the name anew, as .cn. of the item' "a common name that nobody can have typed" . "a${tab}b"
refuse 3 'issuers are not at hand' "a chain that nobody has is not made up" '.action = "fix-chain"'
[ "$(ls c | wc -l)" = 0 ] && ok "none of them leaves a file" || not_ok "none of them leaves a file"

plan_item one.pem one reissue | plan_of d >other.json
# The issuing CA is at fault: ours takes its place, if it does better.
printf '%s\n' 'title = "Picky";' 'extends = "nginx";' 'rules = ( {' 'rule = "ca.key.type"; severity = "error";' \
	'values = [ "rsa" ]; source = "a test"; confidence = "measured";' '} );' >picky.cfg
mkdir -p "$HOME/.local/share/remint/templates/targets"
mv picky.cfg "$HOME/.local/share/remint/templates/targets/"
plan_item one.pem one replace-ca | plan_of 7 >ca.json
expect_status 0 "an issuing CA is replaced by this home's" "$REMINT" apply ca.json --commit --out f --json
expect_states "by a reissue under it" one=exported
old_cert one /O=Contoso/CN=one.contoso.com
plan_item one.pem two replace-ca '.targets = ["picky"]' | plan_of 8 >ca.json
expect_status 4 "which the targets must take" "$REMINT" apply ca.json --commit --out f
expect_err "two: picky would refuse every certificate of .issuing. \(ca\.key\.type\)" "else it is said what to do"

old_cert one '/O=Contoso/CN=one.contoso.com'
plan_item one.pem crl reissue '.targets = ["sfb-front-end"] | .key = "rsa:2048"' | plan_of 6 >known.json
expect_status 0 "what a CA without a publish URL cannot write is no reason to fail" "$REMINT" apply known.json --commit --out g --out-password-file pass
expect_out '\(accepted\)' "nor kept quiet"
expect_out 'accepted +this CA has no publish URL' "and in words"

old_cert one '/O=Contoso/CN=one.contoso.com'
plan_item one.pem one reissue | plan_of f >never.json
lab --no-password --home other
expect_status 4 "a plan of another database is refused" "$REMINT" apply other.json --commit --out d --home other
expect_err 'made with another database' "and it is said why"
expect_status 3 "a file that is no plan is refused" "$REMINT" apply one.pem --commit --out d
expect_status 3 "a plan that is not there is refused" "$REMINT" apply nowhere.json
expect_status 2 "--crl is for --close" "$REMINT" apply plan.json --crl root.pem
expect_status 4 "what was never applied is not closed" "$REMINT" apply never.json --close
expect_status 0 "the database is sound after all this" "$REMINT" db check

# ---- a device that makes its own key --------------------------------------------------------------------------------------
# rsa_cert NAME [SUBJECT]
rsa_cert() {
	quietly openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "${2:-/C=FR/ST=Isere/L=Grenoble/O=Contoso/CN=$1.contoso.com}"
	printf 'basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' >"$1.ext"
	quietly openssl x509 -req -in "$1.csr" -CA root.pem -CAkey root.key -set_serial 0x0a4712 -days 200 -out "$1.pem" -extfile "$1.ext"
}
# gateway_item DEVICE FILTER: a step for a gateway.
gateway_item() {
	plan_item "$1.pem" "$1" reissue '.targets = ["symantec-gateway"] | .key = null | '"$2"
}
for n in sg1 sg2 sg3 sg4 sg5; do rsa_cert $n; done
expect_status 1 "the plan for a gateway" "$REMINT" plan sg1.pem --for symantec-gateway -k sg1.key --chain root.pem --out sg.json
[ "$(jq -r '.items[0] | "\(.action) \(.keep_key)"' sg.json)" = 'reissue true' ] && ok "keeps its key" || not_ok "keeps its key" sg.json
expect_status 0 "which is at hand" "$REMINT" apply sg.json --commit --out g -k sg1.key
openssl x509 -in sg1.pem -noout -pubkey >"$TMP/wanted"
openssl x509 -in g/sg1/cert.pem -noout -pubkey >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "the new certificate is for that key"
[ ! -e g/sg1/key.pem ] && ok "which stays where it is" || not_ok "which stays where it is"
expect_line g/sg1/RUNBOOK.txt '^# The key is not here: it is where its request was made\.$' "as the runbook says"
rm sg2.key sg3.key
{ gateway_item sg2 '.keep_key = true'; gateway_item sg3 .; gateway_item sg4 '.signer = "external"'; } | plan_of 5 >sg.json
count=$(certificates)
expect_status 4 "no key is made for a device that makes its own" "$REMINT" apply sg.json --commit --out g
for n in sg2 sg3; do
	expect_err "$n: .*makes its own key: make a request on the device.*remint reissue OLD --for symantec-gateway --request FILE" \
		"$n: it is said what to do"
done
[ "$(certificates)" = "$count" ] && [ ! -e g/sg2 ] && [ ! -e g/sg4/key.pem ] && ok "and nothing is issued" || not_ok "and nothing is issued"
expect_line g/sg4/DEVICE.txt '^#   Common name: sg4\.contoso\.com$' "for another CA the device is told what to ask for"
expect_status 0 "which is waited for" "$REMINT" list --pending
expect_out 'device .*open .*sg4\.contoso\.com' "by its name"
for case in '/CN=other.contoso.com||CN is "other.contoso.com" instead of "sg4.contoso.com"' \
	'/CN=sg4.contoso.com|DNS:bank.example|the name dns:bank.example was not asked for' '/O=Contoso/OU=Bank/CN=sg4.contoso.com||OU "Bank" was not asked for'; do
	IFS='|' read -r subject name what <<-CASE
		$case
	CASE
	quietly openssl req -new -newkey rsa:2048 -nodes -keyout other.key -out other.csr -subj "$subject" ${name:+-addext "subjectAltName=$name"}
	jq '.items[2].request = "other.csr" | .items |= [.[2]]' sg.json >other.json
	expect_status 4 "a request for something else is refused" "$REMINT" apply other.json --commit --out g
	expect_err "sg4: it is not what this item asked for: $what" "with what it is"
	[ ! -e g/sg4/request.pem ] && ok "and goes nowhere" || not_ok "and goes nowhere"
done
quietly openssl req -new -newkey rsa:2048 -nodes -keyout lost.key -out lost.csr -subj /CN=sg4.contoso.com
quietly "$REMINT" blocklist add lost.key
jq '.items[2].request = "lost.csr" | .items |= [.[2]]' sg.json >lost.json
expect_status 7 "no other CA is asked to certify a blocked key" "$REMINT" apply lost.json --commit --out g
expect_err 'sg4: .*the key is blocked' "with the reason"
[ ! -e g/sg4/request.pem ] && ok "and it goes nowhere" || not_ok "and it goes nowhere"
quietly openssl req -new -newkey rsa:2048 -nodes -keyout sg4-device.key -out sg4-device.csr -subj /CN=sg4.contoso.com
jq '.items[2].request = "sg4-device.csr" | .items |= [.[2]]' sg.json >sg4.json
expect_status 0 "its request goes to the other CA" "$REMINT" apply sg4.json --commit --out g --ca-template Gateway
[ -s g/sg4/request.pem ] && [ ! -e g/sg4/key.pem ] && ok "without a key" || not_ok "without a key"
expect_status 0 "and the device is waited for no more" "$REMINT" list --pending
expect_no_line "$TMP/out" 'device .*open .*sg4\.contoso\.com' "since its request came"
expect_line g/sg4/REQUEST.txt 'CertificateTemplate:Gateway' "by its template"
printf '%s\n' basicConstraints=critical,CA:FALSE subjectKeyIdentifier=hash authorityKeyIdentifier=keyid extendedKeyUsage=serverAuth \
	subjectAltName=DNS:sg4.contoso.com >sg4.ext
quietly openssl x509 -req -in g/sg4/request.pem -CA root.pem -CAkey root.key -set_serial 0x0b44 -days 200 -out sg4.cer -extfile sg4.ext
expect_status 0 "and what comes of it is taken without the plan" "$REMINT" accept sg4.cer --chain root.pem
"$REMINT" apply sg4.json >"$TMP/got"
expect_line "$TMP/got" 'issued  *sg4' "for the item"
expect_status 0 "whose bundle is written by the next run, with the chain that came then" "$REMINT" apply sg4.json --commit --out g
[ -s g/sg4/ca-bundle.pem ] && ok "as its device wants it" || not_ok "as its device wants it"
quietly openssl req -new -newkey rsa:2048 -nodes -keyout device.key -out device.csr -subj /CN=sg3.contoso.com
jq '.items[1].request = "device.csr" | .items |= [.[1]]' sg.json >device.json
expect_status 0 "a request that the device made is signed" "$REMINT" apply device.json --commit --out g
openssl pkey -in device.key -pubout >"$TMP/wanted"
openssl x509 -in g/sg3/cert.pem -noout -pubkey >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "for its key"
rm -r g/sg3
expect_status 0 "its bundle needs no key to be written again" "$REMINT" apply device.json --commit --out g
[ -s g/sg3/ca-bundle.pem ] && [ ! -e g/sg3/key.pem ] && ok "and holds none" || not_ok "and holds none"
while IFS='|' read -r subject targets what; do
	rsa_cert sg6 "$subject"
	plan_item sg6.pem sg6 reissue ".signer = \"external\" | .key = null | .targets = $targets" | plan_of 7 >form.json
	for commit in '' '--commit --out g'; do
		expect_status 4 "a subject that the target's fields cannot hold: $subject $commit" "$REMINT" apply form.json $commit
		expect_err "sg6: symantec-gateway takes no such subject: $what\\. .*new_subject" "names the fields, and what to do"
	done
done <<'END'
/DC=com/DC=contoso/CN=sg6.contoso.com|["symantec-gateway"]|it lacks O, L, ST, C, and there is no field for DC
/C=FR/O=Contoso/CN=sg6.contoso.com|["symantec-gateway"]|it lacks L, ST
/DC=com/DC=contoso/C=FR/ST=Isere/L=Grenoble/O=Contoso/CN=sg6.contoso.com|["nginx", "symantec-gateway"]|there is no field for DC
END
[ ! -e g/sg6 ] && ok "and no words for the device are written" || not_ok "and no words for the device are written"
expect_status 0 "nor anything recorded" "$REMINT" list --pending
expect_no_line "$TMP/out" 'sg6' "that would be waited for"
jq '.items[0].new_subject = "CN=sg6.contoso.com, O=Contoso, L=Grenoble, ST=Isere, C=FR"' form.json >stated.json
expect_status 0 "the plan can state another" "$REMINT" apply stated.json
expect_status 0 "in a dry run, and for good" "$REMINT" apply stated.json --commit --out stated
expect_line stated/sg6/DEVICE.txt '^# *subject: .*Grenoble' "which the device is told"
printf '%s\n' 'title = "Fields";' 'extends = "nginx";' 'request: { allow = [ "CN" ]; };' >"$HOME/.local/share/remint/templates/targets/fields.cfg"
old_cert fields '/O=Contoso/CN=fields.contoso.com'
plan_item fields.pem fields reissue '.signer = "external" | .targets = ["fields"]' | plan_of 8 >form.json
expect_status 4 "nor a key made for such a subject" "$REMINT" apply form.json --commit --out g
expect_err 'fields: fields takes no such subject: there is no field for O' "whose fields are named"
[ ! -e g/fields ] && ok "and no file is written" || not_ok "and no file is written"
# As plan wrote it, and then as DEVICE.txt says.
expect_status 1 "a plan that another CA is to sign" "$REMINT" plan sg5.pem --for symantec-gateway -k sg5.key --chain root.pem --out kept.json
jq '.items[0].signer = "external"' kept.json >device1.json
expect_status 0 "tells the device" "$REMINT" apply device1.json --commit --out k
expect_line k/sg5/DEVICE.txt '"request" of this item, set its "key" to null and "keep_key" to false' "and what to change in the plan"
quietly openssl req -new -newkey rsa:2048 -nodes -keyout sg5-new.key -out sg5-new.csr -subj /C=FR/ST=Isere/L=Grenoble/O=Contoso/CN=sg5.contoso.com
jq '.items[0] |= (.request = "sg5-new.csr" | .key = null | .keep_key = false)' device1.json >device2.json
expect_status 0 "which then takes its request" "$REMINT" apply device2.json --commit --out k
[ -s k/sg5/request.pem ] && ok "to the other CA" || not_ok "to the other CA"
gateway_item sg5 '.request = "sg5.pem"' | plan_of 6 >none.json
expect_status 3 "a file without a request is refused" "$REMINT" apply none.json --commit --out g
expect_err 'sg5.pem: holds no certificate request, only a certificate' "by its file"
gateway_item sg5 '.request = "device.csr" | .keep_key = true' | plan_of 6 >both.json
expect_status 3 "a request does not go with another key" "$REMINT" apply both.json --commit --out g
expect_err 'items\[0\]\.request: brings its own key: set "key" of this item to null and "keep_key" to false' "and it is said what to do"

# ---- what the plan knows already -------------------------------------------------------------------------------------------
expect_status 0 "a plan with the certificates of CAs" "$REMINT" plan web.pem --for nginx --chain root.pem --trust root.pem --out told.json
[ "$(jq -c .chain told.json)" = '["root.pem"]' ] && ok "names their file" || not_ok "names their file" told.json
plan_item web.pem ace fix-chain '.targets = ["cisco-ace"]' | plan_of 6 | jq '.chain = ["root.pem"]' >ace.json
expect_status 0 "it is not asked for again" "$REMINT" apply ace.json --commit --out h
for line in 'Serial number of the old certificate: 0a4711' 'certutil -dspublish -f root\.cer RootCA' \
	'# *root\.cer  the root, DER' '# It is the certificate that stands there today'; do
	expect_line h/ace/RUNBOOK.txt "$line" "the runbook has: $line"
done
jq '.chain = ["nowhere.pem"]' ace.json >moved.json
expect_status 0 "a file that has moved is not needed where its CA was met" "$REMINT" apply moved.json --commit --out i
expect_err 'nowhere.pem, which the plan names' "but missed by name"
expect_status 0 "and may be given" "$REMINT" apply moved.json --commit --out i --chain root.pem

old_cert browser /O=Contoso/CN=browser.contoso.com subjectAltName=DNS:browser.contoso.com
plan_item browser.pem browser reissue '.targets = ["cabf-br"] | .key = null' | plan_of 2 >browser.json
expect_status 0 "what a CA without addresses cannot write is no failure" "$REMINT" apply browser.json --commit --out j
expect_line j/browser/RUNBOOK.txt '^It must be refused for nothing but this' "but is said where it would be taken for one"
expect_line j/browser/RUNBOOK.txt '^# leaf\.authority-info\.present: ' "by its rule"
cp j/browser/RUNBOOK.txt "$TMP/wanted"
rm -r j/browser
expect_status 0 "another run" "$REMINT" apply browser.json --commit --out j
expect_same "$TMP/wanted" j/browser/RUNBOOK.txt "says the same"
expect_line h/ace/RUNBOOK.txt '^It must be accepted, on every node' "where there is nothing, it is not said"

# ---- a home under a passphrase -------------------------------------------------------------------------------------------
quietly "$REMINT" init --home locked --root-key ec:p256 --issuing-key ec:p256 --ca-password-file pass
old_cert shut /O=Contoso/CN=shut.contoso.com
plan_item shut.pem shut reissue | plan_of 1 locked >shut.json
expect_status 0 "a dry run needs no passphrase" "$REMINT" apply shut.json --home locked
expect_out 'a replacement would be issued' "to say what would be done"
expect_status 7 "without the passphrase nothing is issued" "$REMINT" apply shut.json --commit --out l --home locked
expect_status 0 "with it, it is" "$REMINT" apply shut.json --commit --out l --home locked --ca-password-file pass
expect_status 0 "nobody is asked for it when nothing is left to do" "$REMINT" apply shut.json --commit --out l --home locked
rm -r l/shut
expect_status 7 "a bundle is not written without its key" "$REMINT" apply shut.json --commit --out l --home locked
[ ! -e l/shut ] && ok "not even in part" || not_ok "not even in part"
expect_status 0 "but with it" "$REMINT" apply shut.json --commit --out l --home locked --ca-password-file pass
[ -s l/shut/key.pem ] && ok "which is in it" || not_ok "which is in it"
find locked/keys -name '*.pem' -newer shut.json -exec rm {} +
rm -r l/shut
expect_status 7 "a key that is gone from the home is missed" \
	"$REMINT" apply shut.json --commit --out l --home locked --ca-password-file pass
expect_err 'its private key is no longer in the home' "by name"

# ---- two at once -------------------------------------------------------------------------------------------------------
n=0
: >items
while [ $n -lt 12 ]; do
	n=$((n + 1))
	old_cert two$n "/O=Contoso/CN=two$n.contoso.com"
	plan_item two$n.pem two$n reissue >>items
done
plan_of e <items >two.json
count=$(certificates)
"$REMINT" apply two.json --commit --out e >one.out 2>one.err &
first=$!
"$REMINT" apply two.json --commit --out e >two.out 2>two.err
wait $first
check "after two runs at once a third finds nothing to do" "$REMINT" apply two.json --commit --out e
[ "$(certificates)" = $((count + 24)) ] && ok "no item has two certificates" || not_ok "no item has two certificates" one.err two.err
expect_status 0 "and the database is sound" "$REMINT" db check
# ---- a passphrase that comes later ----------------------------------------------------------------------------------------
for n in late posted web2; do
	old_cert $n "/O=Contoso/CN=$n.contoso.com" subjectAltName=DNS:$n.contoso.com
done
{
	plan_item late.pem late reissue '.targets = ["nginx", "apache"]'
	plan_item posted.pem posted reissue '.signer = "external" | .targets = ["apache"]'
	plan_item web2.pem web2 reissue
} >items
plan_of d <items >late.json
# sealed FILE: it is a private key under the passphrase.
sealed() {
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$1" && openssl pkey -in "$1" -passin file:pass -noout
}
expect_status 0 "a run without a passphrase" "$REMINT" apply late.json --commit --out l --json
check "leaves its keys open" grep -q 'BEGIN PRIVATE KEY' l/late/key.pem l/posted/key.pem
expect_status 0 "the next one has one" "$REMINT" apply late.json --commit --out l --out-password-file pass --json
expect_err 'l/late/key.pem stood there unencrypted: it is under the passphrase now' "a key that stood open is told of"
expect_states "nothing changes its state" late=exported posted=requested web2=exported
check "the key of an export is protected" sealed l/late/key.pem
check "and that of a request" sealed l/posted/key.pem
check "what a device reads as it is stays" grep -q 'BEGIN PRIVATE KEY' l/web2/key.pem
expect_status 0 "the run after it" "$REMINT" apply late.json --commit --out l --out-password-file pass
check "finds all as it should be" test "$(grep -c 'stood there' "$TMP/err")" = 0
quietly openssl x509 -req -in l/posted/request.pem -CA root.pem -CAkey root.key -set_serial 0x0b07 -days 200 -out posted.cer -extfile posted.ext
expect_status 0 "an answer comes" "$REMINT" apply late.json --commit --out l --chain root.pem --cert posted.cer --out-password-file pass
check "key.pem stays protected" sealed l/posted/key.pem
check "and the device has its own" grep -q 'BEGIN PRIVATE KEY' l/posted/posted.contoso.com.key

tap_done
