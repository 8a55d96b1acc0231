# SPDX-License-Identifier: Apache-2.0
# remint plan: a directory of certificates with faults of every kind becomes one inventory, each with the step that it needs.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
. "$srcdir/tests/lib/server.sh"
need openssl jq python3
cd "$TMP" || exit

# ---- what an organisation has lying about -------------------------------------------------------------------------------
both=extendedKeyUsage=serverAuth,clientAuth
old_ca
old_cert good '/O=Contoso/CN=good.example.com' $both subjectAltName=DNS:good.example.com
old_cert server-only '/O=Contoso/CN=eku.example.com' extendedKeyUsage=serverAuth subjectAltName=DNS:eku.example.com
old_cert many '/O=Contoso/CN=many.example.com' extendedKeyUsage=serverAuth subjectAltName=DNS:many.example.com
quietly openssl req -newkey rsa:1024 -nodes -keyout weak.key -out weak.csr -subj '/O=Contoso/CN=weak.example.com'
printf 'basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n%s\nsubjectAltName=DNS:weak.example.com\n' \
	$both >weak.ext
quietly openssl x509 -req -in weak.csr -CA root.pem -CAkey root.key -set_serial 5 -days 200 -out weak.pem -extfile weak.ext
lapsed_cert expired good
quietly openssl x509 -req -in good.csr -CA root.pem -CAkey root.key -set_serial 7 -days 5 -out soon.pem -extfile good.ext
# An issuing CA whose own purposes forbid the client role.
quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout inter.key -out inter.csr -subj '/O=Contoso/CN=Server CA'
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' >inter.ext
quietly openssl x509 -req -in inter.csr -CA root.pem -CAkey root.key -set_serial 8 -days 300 -out inter.pem -extfile inter.ext
quietly openssl x509 -req -in good.csr -CA inter.pem -CAkey inter.key -set_serial 9 -days 200 -out below.pem -extfile good.ext
# One without fault below an intermediate without fault, in a chain that lacks it.
grep -v extendedKeyUsage inter.ext >plain.ext
quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout plain.key -out plain.csr -subj '/O=Contoso/CN=Plain CA'
quietly openssl x509 -req -in plain.csr -CA root.pem -CAkey root.key -set_serial 10 -days 300 -out plain.pem -extfile plain.ext
quietly openssl x509 -req -in good.csr -CA plain.pem -CAkey plain.key -set_serial 11 -days 200 -out lonely.pem -extfile good.ext

mkdir -p fleet/web1 fleet/web2 fleet/pile fleet/locked fleet/odd
cp good.pem fleet/web1/server.pem
cp server-only.pem fleet/web2/server.pem
cp weak.pem expired.pem soon.pem fleet/
cat below.pem inter.pem >fleet/below.pem
cp lonely.pem fleet/lonely.pem
cat weak.pem good.pem root.pem >fleet/pile/pile.pem
for copy in a b c; do
	mkdir fleet/copy-$copy
	cp many.pem fleet/copy-$copy/tls.pem
done
openssl pkcs12 -export -in many.pem -inkey many.key -out fleet/copy-a/tls.pfx -passout pass:secret
openssl pkcs12 -export -in many.pem -inkey many.key -out fleet/locked/locked.pfx -passout pass:unknown
echo secret >pfx.pass
cp root.pem fleet/root.pem

expect_status 7 "a directory with faults of every kind" \
	"$REMINT" plan fleet --for dotnet-mtls --trust root.pem --password-file pfx.pass -o plan.json
expect_err 'locked.pfx.*passphrase' "what cannot be opened is named"
expect_err 'the plan is in plan.json' "and the rest goes on"
expect_out '^reissue +4 +7$' "the table counts certificates and places"
expect_out '^leaf.eku.client-auth: 2 certificates, reissue' "the reasons are told"
expect_out '^8 certificates, found in files 13 times: 6 to be dealt with, replacements signed by another CA' "and the sum"
expect_no_line plan.json '[^ -~]' "the plan is plain text"

# of PLACE: the item found there first.
of() {
	jq -c --arg place "fleet/$1" '.items[] | select(any(.places[]; .source == $place))' plan.json
}
# step PLACE ACTION RULE SENTENCE: the step, and the rule that is told as the reason and cleared.
step() {
	if of "$1" | jq -e --arg action "$2" --arg rule "$3" \
		'.action == $action and any(.findings[]; .rule == $rule and .cleared)' >/dev/null; then
		ok "$4"
	else
		of "$1" | jq 'del(.pem)' >"$TMP/item"
		not_ok "$4" "$TMP/item"
	fi
}
step weak.pem rekey leaf.key.sound "a weak key takes a new one"
step web2/server.pem reissue leaf.eku.client-auth "a missing purpose takes another certificate"
step expired.pem reissue leaf.dates.valid "so does the end of its days"
step soon.pem reissue leaf.dates.expiring "and their approach, though it is a warning"
step lonely.pem fix-chain path.valid "a missing intermediate takes another chain"
of web1/server.pem | jq -r '.action + ": " + .why' >"$TMP/out"
expect_out '^keep: every target accepts it$' "what is good is kept"
of web2/server.pem | jq -r .why >"$TMP/out"
expect_out '^dotnet-mtls refuses it: the extended key usage lists only serverAuth' "the reason is one sentence"
check "a certificate in many places is one item" sh -c \
	'jq -e "[.items[] | select(.name == \"many.example.com\")] | length == 1 and (.[0].places | length == 4)" plan.json'
check "every id is the beginning of its certificate's SHA-256" sh -c 'jq -r ".items[] | .id + \" \" + .sha256" plan.json |
	while read -r id sha256; do case $sha256 in "$id"*) ;; *) exit 1 ;; esac; done'
jq -r '.items[0].pem' plan.json >first.pem
openssl x509 -in first.pem -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f >got
jq -r '.items[0].sha256' plan.json >wanted
expect_same wanted got "and openssl finds the same"
check "devices are named after files, or the certificate where a file holds several" sh -c \
	'jq -r "[.items[].device] | sort | join(\" \")" plan.json | grep -qx "below expired good.example.com lonely server soon tls weak.example.com" ||
	{ jq -r "[.items[].device] | sort | join(\" \")" plan.json >&2; exit 1; }'
check "no CA is an item" sh -c '! jq -r ".items[].name" plan.json | grep CA'

# ---- the same again --------------------------------------------------------------------------------------------------------
"$REMINT" plan fleet --for dotnet-mtls --trust root.pem --password-file pfx.pass >again.json 2>/dev/null
sed '/^  "id"/d; /^  "made"/d' plan.json >one
sed '/^  "id"/d; /^  "made"/d' again.json >two
expect_same one two "the same inputs give the same plan, but for id and time"
check "the id is another" sh -c '[ "$(jq -r .id plan.json)" != "$(jq -r .id again.json)" ]'
"$REMINT" plan fleet/copy-c fleet/copy-a fleet/copy-b fleet/copy-a --for dotnet-mtls --password-file pfx.pass >other.json 2>/dev/null
check "the order of inputs does not matter, and one given twice is one place" sh -c \
	'jq -e "[.items[0].places[].source] == [\"fleet/copy-a/tls.pem\", \"fleet/copy-a/tls.pfx\", \"fleet/copy-b/tls.pem\", \"fleet/copy-c/tls.pem\"]" other.json'

# ---- files of one device ------------------------------------------------------------------------------------------------------
mkdir device
cp lonely.pem device/cert.pem
cat lonely.pem plain.pem >device/fullchain.pem
expect_status 0 "a leaf alone beside its full chain asks for nothing" \
	"$REMINT" plan device --for nginx --trust root.pem -o device.json
rm device/fullchain.pem
expect_status 1 "without it, it does" "$REMINT" plan device --for nginx --trust root.pem
json_is '.items[0].action == "fix-chain"' "the chain is to be fixed"

# ---- warnings -------------------------------------------------------------------------------------------------------------------
expect_status 0 "a warning asks for nothing" "$REMINT" plan fleet/below.pem --for dotnet-mtls --trust root.pem
json_is '.items[0] | .action == "keep" and (.findings[0].rule == "path.eku") and (.why | test("1 finding beside it"))' "but it is told"
expect_status 1 "unless it is to" "$REMINT" plan fleet/below.pem --for dotnet-mtls --trust root.pem --act-on warning
json_is '.items[0] | .action == "replace-ca" and .findings[0].cleared' "then an issuer that may not takes another issuer"
json_is '.items[0].why | test("^dotnet-mtls warns \\(unconfirmed\\): ")' "and what nobody confirmed is called so"

# ---- many files of one name ---------------------------------------------------------------------------------------------------------
mkdir -p sites/one sites/two sites/Two
cp server-only.pem sites/one/tls.crt
cp many.pem sites/two/tls.crt
cp weak.pem sites/Two/tls.crt
expect_status 1 "files of one name" "$REMINT" plan sites --for dotnet-mtls
json_is '[.items[].device] == ["Two-tls", "one-tls", "two-tls-2"]' "are told apart by their directories, without regard to case"

# ---- names --------------------------------------------------------------------------------------------------------------------------
expect_status 1 "a name that is missing" "$REMINT" plan good.pem --for dotnet-mtls --name other.example.com
json_is '.items[0] | .action == "reissue" and .names == ["dns:other.example.com"]' "is to be added"

cp "$srcdir/examples/topology.cfg" .
expect_status 1 "the names of a role" "$REMINT" plan good.pem --for sfb-mediation --topology topology.cfg
json_is '.items[0] | .action == "reissue" and .cn == "medpool.contoso.com" and
	.names == ["dns:medpool.contoso.com", "dns:med01.contoso.com", "dns:med02.contoso.com"]' "are those of the new certificate"
expect_status 1 "the names of one server" "$REMINT" plan good.pem --for sfb-mediation --topology topology.cfg --server med02.contoso.com
json_is '.items[0].names | index("dns:med02.contoso.com") and (index("dns:med01.contoso.com") | not)' "are its own"
refused 2 'med01.contoso.com|did you mean' "a server that nobody knows" \
	"$REMINT" plan good.pem --for sfb-mediation --topology topology.cfg --server med0l.contoso.com

# ---- a home ---------------------------------------------------------------------------------------------------------------------------
lab --no-password
quietly "$REMINT" issue --dns ours.example.com --key-type ec:p256 --out ours
quietly "$REMINT" issue --dns theirs.example.com --key-type ec:p256 --out theirs
quietly "$REMINT" renew theirs/cert.pem --out renewed
expect_status 0 "the database" "$REMINT" plan --database --for dotnet-mtls
json_is '[.items[].name] | sort == ["ours.example.com", "theirs.example.com"]' "what is superseded is no item"
json_is '[.items[].places[].kind] | unique == ["database"]' "each is found there"
json_is '.items[0].places[0].source | startswith("serial:")' "by its serial number"
expect_status 0 "database and files" "$REMINT" plan ours --database --for dotnet-mtls
json_is '[.items[] | select(.name == "ours.example.com") | .places[].kind] == ["file", "file", "database"]' "are one inventory"
expect_status 1 "this home signs when it can" "$REMINT" plan server-only.pem --for dotnet-mtls
json_is '.items[0].signer == "issuing" and (.authority | test("^[0-9a-f]{64}$"))' "and the plan names its authority"
expect_status 1 "or another CA" "$REMINT" plan server-only.pem --for dotnet-mtls --signer external
json_is '.items[0].signer == "external" and .authority == ""' "when that is asked for"

expect_status 1 "a plan with the names of a role" "$REMINT" plan good.pem --for sfb-mediation --topology topology.cfg -o role.json
expect_out '^leaf.crl-distribution.present: 1 certificate, no step clears it' "and with what a CA without a publish URL cannot write"
expect_status 0 "is carried out" "$REMINT" apply role.json --commit --out role --out-password-file pfx.pass
openssl x509 -in role/good/cert.pem -noout -subject -ext subjectAltName >"$TMP/out"
expect_out 'O ?= ?Contoso, CN ?= ?medpool.contoso.com$' "with the common name of the pool in the old subject"
expect_out 'DNS:medpool.contoso.com, DNS:med01.contoso.com, DNS:med02.contoso.com' "and with its names"
expect_status 1 "what was replaced and is still there" "$REMINT" plan good.pem --for sfb-mediation --topology topology.cfg
json_is '.items[0] | .action == "reissue" and .approved == false and (.why | test("has replaced it by [0-9a-f]+, which is to be installed$"))' \
	"is not to be replaced once more, unless somebody says so"
expect_err '1 certificate, 1 to be dealt with, 1 replaced already' "which the summary says"
expect_status 1 "the summary of a file" "$REMINT" plan good.pem --for sfb-mediation --topology topology.cfg -o summary.json
expect_out '^1 of them was replaced by this home already' "too"
expect_status 1 "for another target" "$REMINT" plan good.pem --for dotnet-mtls --name further.example.com
json_is '.items[0] | .approved == false and (.why | test(", for other targets: another is made only when that is revoked$"))' \
	"neither, since a campaign made it"
old_cert apart /O=Contoso/CN=apart.example.com $both subjectAltName=DNS:apart.example.com
quietly "$REMINT" reissue apart.pem --for nginx --out apart
expect_status 1 "what was replaced without a plan" "$REMINT" plan apart.pem --for sfb-mediation --name further.example.com
json_is '.items[0] | .approved and (.why | test(", for other targets$"))' "is replaced for another target"
expect_status 0 "what was made asks for nothing more" \
	"$REMINT" plan role --for sfb-mediation --topology topology.cfg --password-file pfx.pass

# ---- what is served ---------------------------------------------------------------------------------------------------------------------
serve -cert server-only.pem -key server-only.key
first=$port
serve -cert server-only.pem -key server-only.key
second=$port
serve -cert lonely.pem -key good.key -cert_chain plain.pem
whole=$port
expect_status 1 "endpoints and files" "$REMINT" plan "localhost:$first" "127.0.0.1:$second" server-only.pem --for dotnet-mtls
json_is ".items | length == 1 and .[0].places == ([{kind: \"file\", source: \"server-only.pem\", index: 1}] + ([{kind: \"endpoint\", source: \"localhost:$first\", index: 0}, {kind: \"endpoint\", source: \"127.0.0.1:$second\", index: 0}] | sort_by(.source)))" \
	"what is served in two places and stands in a file is one item"
json_is '.items[0].names == ["dns:localhost"]' "the name by which it was asked for is to be added"
expect_status 1 "an endpoint alone" "$REMINT" plan "127.0.0.1:$first" --for dotnet-mtls
json_is '.items[0].device == "127.0.0.1"' "is a device by its host"
expect_status 0 "what is served with its chain is kept" \
	"$REMINT" plan "127.0.0.1:$whole" --for nginx --trust root.pem
expect_status 5 "one that does not answer" "$REMINT" plan "127.0.0.1:$first" "127.0.0.1:$(free_port)" --for dotnet-mtls
json_is '.items | length == 1' "does not stop the others"
printf 'server-only.pem\n127.0.0.1:%s # the first\n' "$first" >list
expect_status 1 "a list of places" "$REMINT" plan --list list --for dotnet-mtls
json_is '.items[0].places | length == 2' "is taken"

# ---- hostile names -----------------------------------------------------------------------------------------------------------------------
old_cert hostile "/O=Con\"toso\\\\/CN=$(printf 'evil\033[2J\342\200\256')" $both subjectAltName=DNS:evil.example.com
mkdir hostile
cp hostile.pem "hostile/$(printf 'a\nb\033]0;x\007 \342\200\256.pem')"
cp server-only.pem "hostile/$(printf 'no-utf8-\377.pem')"
cp many.pem "hostile/..."
cp soon.pem "hostile/-rf"
expect_status 1 "hostile names" "$REMINT" plan hostile --for dotnet-mtls -o hostile.json
expect_no_line "$TMP/out" "$(printf '\033')" "no escape reaches the terminal"
expect_no_line hostile.json '[^ -~]' "and none stands in the plan"
check "devices are safe directory names" sh -c \
	'jq -r ".items[].device" hostile.json | grep -vqE "^[A-Za-z0-9_][A-Za-z0-9._-]*$" && exit 1 || [ "$(jq ".items | length" hostile.json)" = 4 ]'

# ---- refusals -----------------------------------------------------------------------------------------------------------------------------
refused 4 '--force replaces it' "a plan that exists is left alone" "$REMINT" plan good.pem --for nginx -o plan.json
expect_status 0 "unless --force" "$REMINT" plan good.pem --for dotnet-mtls -o plan.json --force
cp plan.json before.json
expect_status 3 "when nothing can be read" "$REMINT" plan absent.pem --for nginx -o plan.json --force
expect_same before.json plan.json "no plan takes the place of another"
expect_status 3 "and none is made" "$REMINT" plan absent.pem --for nginx -o new.json
absent new.json "there is no file then"
refused 2 'nothing to plan' "no input" "$REMINT" plan --for nginx
refused 2 'name a target with --for' "no target" "$REMINT" plan good.pem
refused 2 'no target' "a target that nobody knows" "$REMINT" plan good.pem --for ngimx
refused 2 'contradict' "all targets at once" "$REMINT" plan good.pem --for all
refused 2 'issuing external|external' "a signer that nobody knows" "$REMINT" plan good.pem --for nginx --signer me
refused 6 'ca.db|no CA|remint init' "the database of a home that is none" "$REMINT" --home "$TMP/nowhere" plan --database --for nginx
refused 3 'cannot create' "a file where no directory is" "$REMINT" plan good.pem --for nginx -o nowhere/plan.json
rm -f new.json
expect_status 70 "a disk that is full" limited 1 "$REMINT" plan server-only.pem many.pem weak.pem --for dotnet-mtls --signer external -o new.json
expect_err '^remint: new.json: cannot write: ' "is a failure that says so"
absent new.json "leaves no plan"
mkdir empty
expect_status 3 "an empty directory" "$REMINT" plan empty --for nginx -o empty.json
absent empty.json "is no plan"
lab --no-password --home bare
expect_status 0 "an empty database" "$REMINT" --home bare plan --database --for nginx -o empty.json
check "is an empty plan" sh -c 'jq -e ".items == []" empty.json'

# ---- the manual -----------------------------------------------------------------------------------------------------------------------------
{
	jq -r 'keys[], (.items[0] | keys[])' again.json
	jq -r '[.items[].places[] | keys[]] | unique[]' again.json
	jq -r '[.items[].findings[] | keys[]] | unique[]' again.json
} | sort -u >wanted
sed -n 's/^\.It Cm //p; s/^\.Cm \(places\|findings\)$/\1/p' "$srcdir/docs/man/remint-plan.5" | sed 's/ , /\n/g' | sort -u >got
expect_same wanted got "remint-plan(5) describes every key, and no others"
tap_done
