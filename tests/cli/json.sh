# SPDX-License-Identifier: Apache-2.0
# What --json writes is one valid document, for every verb, whether it does its work or fails.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl
if command -v jq >/dev/null 2>&1; then
	judge() { jq -e "$1" "$2"; }
else
	skip_all "jq is not installed"
fi

cd "$TMP" || exit 99
old_ca
old_cert old '/O=Contoso/CN=web.example.com' extendedKeyUsage=serverAuth subjectAltName=DNS:web.example.com,IP:192.0.2.1
quietly openssl pkcs8 -topk8 -in old.key -out locked.key -passout pass:secret
printf 'secret\n' >pass

# document STATUS SENTENCE FILTER COMMAND...: the status, one document, and a jq filter that is true of it.
document() {
	status=$1 sentence=$2 filter=$3
	shift 3
	expect_status "$status" "$sentence" "$REMINT" "$@"
	cp "$TMP/out" "$TMP/document"
	if judge "(.schema == 1) and ($filter)" "$TMP/document" >"$TMP/jq" 2>&1 && [ "$(wc -l <"$TMP/document")" -eq 1 ]; then
		ok "$sentence: $filter"
	else
		not_ok "$sentence: $filter" "$TMP/jq" "$TMP/document"
	fi
}

document 0 "show" '(.objects | length == 2) and .errors == [] and .objects[0].serial == "0a4711"' show --json old.pem root.pem
document 0 "a certificate" '.objects[0] | .type == "certificate" and .names == ["dns:web.example.com","ip:192.0.2.1"] and .ca == false
	and .index == 1 and .source == "old.pem" and (.pem | startswith("-----BEGIN CERTIFICATE-----\n")) and (.sha256 | length == 64)
	and (.not_after | test("^20[0-9-]+T[0-9:]+Z$")) and (.extensions | map(.name) | contains(["extendedKeyUsage"]))' show --json old.pem
document 0 "a request" '.objects[0] | .type == "request" and .subject == "O=Contoso, CN=web.example.com"' show --json old.csr
document 0 "a private key has no PEM" '.objects[0] | .type == "private-key" and .encrypted == false and (has("pem") | not)' show --json old.key
document 0 "a locked key is an object" '.objects[0].encrypted == true and .objects[0].locked == true and .errors == []' show --json locked.key
document 0 "an opened key is still an encrypted one" '.objects[0].encrypted == true and .objects[0].locked == false' \
	show --json locked.key --password-file pass
document 3 "what cannot be read" '.objects == [] and (.errors | length == 1) and .errors[0].class == "input"
	and .errors[0].source == "absent" and (.errors[0] | has("place") and has("message"))' show --json absent
document 0 "the PEM can be left out" '.objects[0] | has("pem") | not' show --json --no-pem old.pem

document 1 "audit" '.findings[0] | has("rule") and has("severity") and has("target") and has("object") and has("place")
	and has("message") and has("citation") and has("fix")' audit --json old.pem --for dotnet-mtls
document 1 "the summary counts" '.summary | .certificates == 1 and .findings.error >= 1 and has("verifications")' \
	audit --json old.pem --for dotnet-mtls
document 2 "an audit for nobody fails as a whole" '(keys == ["error","schema"]) and .error.class == "usage"' \
	audit --json old.pem --for nobody
document 6 "so does a list without a home" '(keys == ["error","schema"]) and (.error | keys == ["class","message","place"])' list --json

document 0 "init" '.authorities | map(.name) == ["root","issuing"] and (.[0].pem | contains("BEGIN CERTIFICATE"))' \
	init --json --no-password --root-key ec:p256 --issuing-key ec:p256
document 4 "init again" '.error.class == "policy"' init --json --no-password
document 0 "issue" '.certificates[0] | .id > 0 and (.serial | test("^[0-9a-f]+$")) and .files == ["cert.pem","chain.pem","fullchain.pem","key.pem"]
	and .directory == "new" and .findings == [] and (.decided | length > 0)' issue --json --dns new.example.com --out new
document 0 "a dry run has no certificate" '.certificates[0] | has("pem") or has("id") | not' issue --json --dns x.example.com --dry-run
document 0 "sign" '.certificates[0] | .source == "old.csr" and (.pem | contains("BEGIN")) and (.chain_pem | contains("BEGIN"))' sign --json old.csr
document 3 "sign, one of two" '(.certificates | length == 1) and (.errors | length == 1)' sign --json old.csr absent.csr
document 0 "reissue" '.certificates[0] | .superseded_serial == "0a4711" and .supersedes > 0 and .targets == ["dotnet-mtls"]
	and (.decided | map(select(.field == "subject"))[0].decision == "kept")' \
	reissue --json old.pem --for dotnet-mtls --out again --out-password-file pass
document 0 "renew" '.certificates | length == 1' renew --json new/cert.pem --out renewed
document 0 "rekey" '.certificates | length == 1' rekey --json new/cert.pem --out rekeyed
document 0 "list" '.certificates | length > 4 and (map(.status) | contains(["valid"]))' list --json
document 0 "history" '(.certificates | length == 2) and .certificates[0].foreign and .certificates[0].superseded_by == .certificates[1].id
	and .certificates[1].supersedes == .certificates[0].id' history --json old.pem
document 1 "history of nothing" '.error.class == "negative"' history --json nothing.example.com
document 0 "request" '.requests[0] | .subject == "CN=a" and (.pem | contains("REQUEST"))' request --json --cn a --out req
document 0 "convert" '.files == [{"name":"old.der","secret":false}]' convert --json old.pem --to der -o old.der
document 2 "convert to standard output" '.error.class == "usage"' convert --json old.pem --to der
document 0 "ca list" '.authorities | length == 2' ca list --json
document 0 "ca export" '.files | map(.name) | contains(["root.cer","chain.p7b"])' ca export --json --out ca
document 0 "db check" '.database.schema >= 1 and .database.orphans == 0' db check --json
document 0 "db backup" '.backup.path == "kept" and .backup.files >= 3' db backup --json --out kept
document 0 "db restore" '.restored.path == "elsewhere" and .restored.event > 0' db restore --json kept --home elsewhere
document 0 "db checkpoint" '.checkpoint.text | startswith("remint-checkpoint 1")' db checkpoint --json
document 0 "target list" '.targets | map(.name) | contains(["rfc5280","dotnet-mtls"])' target list --json
document 0 "target show" '.target.name == "rfc5280" and (.target.rules[0] | has("rule") and has("severity"))' target show --json rfc5280
document 2 "target show of nobody" '.error.message | contains("nobody")' target show --json nobody
document 0 "template list" '.templates | map(.name) | contains(["server-client"])' template list --json
document 0 "template show" '.template.text | contains("server-client")' template show --json server-client
document 2 "template check" '(.checked | map(.good) == [true,false]) and (.errors | length == 1)' template check --json server-client nobody
document 0 "version" '.version | test("^[0-9.]+$")' version --json

# A CRL with entries that break DER: a negative serial number, a time of this century as GeneralizedTime.
cat >crl.cnf <<'CNF'
asn1 = SEQUENCE:crl
[crl]
tbs = SEQUENCE:tbs
algorithm = SEQUENCE:algorithm
signature = FORMAT:HEX,BITSTRING:00
[algorithm]
oid = OID:sha256WithRSAEncryption
parameters = NULL
[tbs]
version = INTEGER:1
algorithm = SEQUENCE:algorithm
issuer = SEQUENCE:issuer
thisUpdate = UTCTIME:260101000000Z
nextUpdate = UTCTIME:270101000000Z
revoked = SEQUENCE:revoked
[issuer]
rdn = SET:rdn
[rdn]
cn = SEQUENCE:cn
[cn]
oid = OID:commonName
value = UTF8:list
[revoked]
one = SEQUENCE:one
two = SEQUENCE:two
[one]
serial = INTEGER:-5
when = UTCTIME:260101000000Z
[two]
serial = INTEGER:7
when = GENTIME:20260101000000Z
CNF
openssl asn1parse -genconf crl.cnf -noout -out crl.der
document 0 "every entry of a CRL counts" '.objects[0].revoked == 2' show --json crl.der

# Long output streams: what has left is closed properly when the verb then fails for an input.
i=0
while [ $i -lt 600 ]; do
	cat old.pem
	i=$((i + 1))
done >pile.pem
document 3 "more than is held back" '(.objects | length == 1200) and (.errors | length == 1)' show --json pile.pem absent pile.pem
tap_done
