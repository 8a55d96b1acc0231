# SPDX-License-Identifier: Apache-2.0
# Whatever stands in an input's place is refused with one clear sentence and its place, by every verb that reads; what can
# be read beside it still is.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl

cd "$TMP" || exit 99
printf 'secret\n' >pass
printf 'not it\n' >wrong.pass
old_ca
old_cert good '/O=Contoso/CN=good.example.com' extendedKeyUsage=serverAuth,clientAuth subjectAltName=DNS:good.example.com
quietly openssl pkcs12 -export -in good.pem -inkey good.key -certfile root.pem -out good.pfx -passout pass:secret
quietly openssl pkcs8 -topk8 -in good.key -out locked.key -passout pass:secret
quietly openssl x509 -in good.pem -outform DER -out good.der
quietly openssl genpkey -algorithm ED25519 -out other.key
lab --no-password

mkdir in in/directory
head -c 300 good.pem >in/cut.pem
head -c 200 good.der >in/cut.der
head -c 500 good.pfx >in/cut.pfx
printf 'no certificate at all\n' >in/text
head -c 64 /dev/zero | tr '\0' '\377' >in/bytes
: >in/empty
truncate -s 1G in/huge
mkfifo in/pipe
printf 'PK\003\004\024\000\000\000\000\000' >in/archive.zip
ln -s nowhere in/dangling
ln -s circle in/circle

# ---- every kind of thing in the place of a file, by every verb that reads

# file | what the line says
while IFS='|' read -r file says; do
	refused 3 "$file: $says" "show $file" "$REMINT" show "$file"
	expect_status 3 "audit $file" "$REMINT" audit "$file" --for rfc5280
	expect_err "^remint: $file: $says" "audit $file: the line says so"
	refused 3 "$file: $says" "convert $file" "$REMINT" convert "$file" --to pem -o new
	refused 3 "$file: $says" "sign $file" "$REMINT" sign "$file"
	refused 3 "$file: $says" "reissue $file" "$REMINT" reissue "$file" --for rfc5280 --out new
	refused 3 "$file: $says" "ca install $file" "$REMINT" ca install "$file"
	refused 3 "$file: $says" "ca sign $file" "$REMINT" ca sign "$file"
	refused 3 "$file: $says" "request --from $file" "$REMINT" request --from "$file" --out new
	refused 3 "$file: $says" "--chain $file" "$REMINT" convert good.pem --chain "$file" --to p7b -o new
	refused 3 "$file: $says" "--key $file" "$REMINT" convert good.pem --key "$file" --to pem -o new
	refused 3 "$file: $says" "--trust $file" "$REMINT" audit good.pem --trust "$file" --for rfc5280
done <<'TABLE'
in/cut.pem|line 1: .*no END line
in/cut.der|offset 0: .*cut short
in/cut.pfx|offset 0: .*cut short
in/text|offset 0: holds no certificate.*starts like text
in/bytes|offset 0: holds no certificate.*ff ff ff
in/empty|offset 0: there is nothing in it
in/dangling|cannot open: No such file
in/circle|cannot open: Too many levels
in/absent|cannot open: No such file
/dev/zero|this is a device without an end
/dev/null|offset 0: there is nothing in it
TABLE
absent new 'nothing was written by any of them'

# These take a moment: one verb is enough.
refused 3 'in/huge: offset 0: holds no certificate' "a sparse file of 1 GiB" "$REMINT" show in/huge
refused 3 'in/pipe: this is a named pipe and nobody writes to it' "a pipe without a writer" timeout 60 "$REMINT" show in/pipe
{
	printf '\060\204\077\377\377\372' # a SEQUENCE of 1 GiB
	head -c 100 good.der
} >in/huge.der
truncate -s 1G in/huge.der
refused 3 'in/huge.der: .*at most 16777216' "a DER value of 1 GiB" "$REMINT" show in/huge.der
refused 3 'in/huge.der: ' "as a request" "$REMINT" sign in/huge.der

# A directory without any file; a container of another kind.
expect_status 0 "an empty directory shows nothing" "$REMINT" show in/directory
for verb in 'audit --for rfc5280' 'convert --to pem' sign 'reissue --for rfc5280 --out new'; do
	expect_status 3 "$verb of an empty directory" "$REMINT" $verb in/directory
	expect_err '^remint: in/directory: holds no certificate' "$verb of an empty directory: is said"
	expect_status 3 "$verb of a ZIP" "$REMINT" $verb in/archive.zip
	expect_err '^remint: in/archive.zip: holds no certificate' "$verb of a ZIP: is said"
done
# What is named and not read is named by every verb, with what to do. A PEM that stands in a ZIP as it is makes no PEM of it.
printf 'PK\003\004\024\000\000\000\000\000good.pem' | cat - good.pem >in/stored.zip
quietly openssl genpkey -algorithm ed25519 -out in/plain.key
{
	echo '-----BEGIN OPENSSH PRIVATE KEY-----'
	printf 'openssh-key-v1\000none' | base64
	echo '-----END OPENSSH PRIVATE KEY-----'
} >in/ssh
printf 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n' >in/key.ppk
while IFS='|' read -r file what; do
	refused 3 "$file: holds no certificate, only $what" "convert names it" "$REMINT" convert "in/$file" --to pem
	refused 3 "$file: holds no private key, only $what" "as a key, too" "$REMINT" convert good.pem --key "in/$file" --to pem --content leaf,key
	refused 3 "$file: holds no certificate request, only $what" "so does sign" "$REMINT" sign "in/$file"
	refused 3 "$file: holds no certificate that a CA could have made of a request, only $what" "so does accept" "$REMINT" accept "in/$file"
	expect_status 3 "and audit" "$REMINT" audit "in/$file" --for rfc5280
	expect_err "$file: holds no certificate, only" "in the same words"
	refused 3 "$file: holds no certificate, only $what" "a certificate to revoke is not in it" "$REMINT" revoke "in/$file" --reason superseded
	refused 3 "$file: holds no certificate, only $what" "nor one with a history" "$REMINT" history "in/$file"
	refused 3 "$file: holds no certificate, only $what" "nor one to replace" "$REMINT" reissue "in/$file" --out new
	refused 3 "$file: holds no certificate, only $what" "nor one to ask for again" "$REMINT" request --from "in/$file" --no-record --out new
	refused 3 "$file: holds no certificate request, only $what" "nor the request for a new one" "$REMINT" reissue good.pem --request "in/$file" --out new
	refused 3 "$file: holds no certificate request, only $what" "nor one to send on" "$REMINT" request --request "in/$file" --no-record --out new
	refused 3 "$file: holds no key, certificate or request, and is no list of hashes, only $what" "nor a key to block" "$REMINT" blocklist add "in/$file"
	expect_status 3 "import has nothing to take" "$REMINT" import "in/$file" --commit
	expect_err "$file: $what" "and says what it met"
done <<'TABLE'
stored.zip|a ZIP archive: unpack it first$
ssh|an OpenSSH private key: make a PKCS#8 of a copy
key.ppk|a PuTTY private key: an SSH key, which no certificate uses$
TABLE
refused 1 'good.pem: the database does not know the certificate in this file' "revoke of a stranger's certificate" "$REMINT" revoke good.pem --reason superseded
mkdir in/named
cp in/stored.zip in/named/
expect_status 3 "import of a directory with nothing but an archive" "$REMINT" import in/named
expect_err 'stored.zip: a ZIP archive: unpack it first' "names it"
expect_status 0 "a ZIP is recognised" "$REMINT" show in/archive.zip
expect_out 'unpack it' "with advice"
refused 3 'good.key: holds no certificate, only a private key: the certificate is in another file$' "a key is no certificate" "$REMINT" convert good.key --for nginx --out new
refused 7 'other.key: the key belongs to another certificate: SPKI [0-9a-f]*, and the certificate.s is [0-9a-f]*$' "nor is any key its key" \
	"$REMINT" convert good.pem --key other.key --to pem --content leaf,key
expect_status 0 "show takes a key and the certificate of another" "$REMINT" show good.pem other.key
tr '\n' ' ' <"$TMP/err" >"$TMP/line"
check "and says so" grep -q 'other.key: the key belongs to another certificate: SPKI ' "$TMP/line"
quietly openssl req -x509 -new -key good.key -subj /CN=self.example.com -addext basicConstraints=critical,CA:TRUE -out self.pem
quietly openssl req -new -key good.key -subj /CN=self.example.com -out self.csr
expect_status 0 "beside a certificate that is its own CA" "$REMINT" show self.pem other.key
tr '\n' ' ' <"$TMP/err" >"$TMP/line"
check "it says so, too" grep -q 'other.key: the key belongs to another certificate: SPKI .*certificate in self.pem' "$TMP/line"
expect_status 0 "beside a request" "$REMINT" show self.csr other.key
tr '\n' ' ' <"$TMP/err" >"$TMP/line"
check "it says of what" grep -q 'other.key: the key belongs to another request: SPKI .*request in self.csr' "$TMP/line"
expect_status 0 "in JSON" "$REMINT" show self.csr other.key --json
expect_out '"stray_keys":\[\{"source":"other.key","spki_sha256":"[0-9a-f]{64}","beside":"self.csr","beside_spki_sha256":"[0-9a-f]{64}"\}\]' "a list tells it"
expect_status 0 "the key of one of them" "$REMINT" show self.csr good.key self.pem --json
expect_no_line "$TMP/out" stray_keys "is said nothing of"

# What a Windows CA lists is no certificate, unless the row has it.
printf '"Serial Number","Request Disposition"\r\n"6100000012","20 -- Issued"\r\n' >listed.csv
refused 3 'listed.csv: holds no certificate, only what a CA.s listing says of some: ' "a listing cannot be converted" \
	"$REMINT" convert listed.csv --for nginx --out new
expect_status 3 "nor audited" "$REMINT" audit listed.csv --for rfc5280
expect_err 'RawCertificate' "with the column to ask for"
{
	printf '"Serial Number","Binary Certificate"\r\n"1","'
	cat good.pem
	printf '"\r\n"2",EMPTY\r\n'
} >mixed.csv
"$REMINT" audit mixed.csv --for rfc5280 >"$TMP/out" 2>"$TMP/err"
expect_out '^1 certificate judged' "those of the rows that have one"
tr '\n' ' ' <"$TMP/err" >"$TMP/line"
check "and of the other rows it is said" grep -q '1 row of a CA.s listing in mixed.csv comes without its certificate, which is not judged' "$TMP/line"
printf '[NewRequest]\r\nSubject = "CN=x"\r\n' >request.inf
refused 3 'request.inf: holds no certificate, only certreq.s description of a request: ' "nor is an INF a request" \
	"$REMINT" convert request.inf --for nginx --out new
expect_status 3 "nor is it one to audit" "$REMINT" audit good.key --for rfc5280
refused 3 'good.pem: holds no certificate request' "a certificate is no request" "$REMINT" sign good.pem
expect_status 3 "also beside one" "$REMINT" sign good.pem good.csr
expect_out 'BEGIN CERTIFICATE' "which is signed"
expect_err '^remint: good.pem: holds no certificate request' "and the other is named"

# What is no request is called what it is.
while IFS='|' read -r file what; do
	refused 3 "$file: holds no certificate request, only $what" "sign names $file" "$REMINT" sign "$file"
	refused 3 "$file: holds no certificate request, only $what" "and convert says the same" "$REMINT" convert "$file" --to csr -o new
done <<'TABLE'
request.inf|certreq's description of one: make the request with certreq -new$
listed.csv|what a CA's listing says of some: the request itself is in the column RawRequest
good.pem|a certificate, which is signed already: remint reissue makes a new one for it$
good.key|a private key: the request is in another file$
TABLE

# A Secret of Kubernetes, as kubectl prints it.
printf 'apiVersion: v1\nkind: Secret\ndata:\n  tls.crt: %s\n  tls.key: %s\n' "$(base64 -w 0 <good.pem)" "$(base64 -w 0 <good.key)" >secret.yaml
expect_status 0 "a Secret is shown" "$REMINT" show secret.yaml
expect_out 'base64 of a PEM: decoded' "and what is said of it"
expect_status 0 "converted" "$REMINT" convert secret.yaml --for nginx --out from-secret
openssl x509 -in good.pem >"$TMP/wanted"
openssl x509 -in from-secret/fullchain.pem >"$TMP/got"
expect_same "$TMP/wanted" "$TMP/got" "to its certificate"
check "and its key" test -s from-secret/key.pem
base64 <good.csr >coded.csr
expect_status 0 "a request in base64 is signed" "$REMINT" sign coded.csr

# Containers whose parameters cannot be: a broken input, not a failure of ours.
refused 3 'scrypt-odd-n.pem: ' "a scrypt key whose N is odd" "$REMINT" show "$srcdir/tests/fuzz/corpus/read/scrypt-odd-n.pem" --password-file pass
refused 7 'empty-mac-salt.pfx: .*does not open' "a PFX whose MAC has no salt, like any other under another passphrase" \
	"$REMINT" show "$srcdir/tests/fuzz/corpus/read/empty-mac-salt.pfx" --password-file pass

expect_status 0 "a certificate that is too far from DER for OpenSSL is shown" \
	"$REMINT" show "$srcdir/tests/fuzz/corpus/read/string-constructed.der"
refused 3 'too far from DER' "but put into no PFX" "$REMINT" convert "$srcdir/tests/fuzz/corpus/read/string-constructed.der" \
	--to pfx -o new --out-password-file pass

# ---- several inputs: all are read, one line for each failure

mkdir pile
cp good.pem pile/1-good.pem
cp in/cut.pem in/text in/cut.pfx pile/
cp root.pem pile/z-root.pem
expect_status 3 "a pile with broken members" "$REMINT" show --json pile
json_is '[.objects[].common_name] == ["good.example.com","Old Root"]' "lists the good ones"
json_is '(.errors | length == 2) and all(.errors[]; .class == "input" and .source != "" and .place != "" and .message != "")' \
	"and an error for each broken one, with its place; a file of another kind is nobody's promise"
[ "$(grep -c '^remint: pile/' "$TMP/err")" -eq 2 ] && ok "and a line" || not_ok "and a line" "$TMP/err"
{
	cat good.pem
	sed '5s/.*/!!!! not base64 !!!!/' good.pem
	cat root.pem
} >pile.pem
expect_status 3 "a PEM pile with a broken block in the middle" "$REMINT" show --json pile.pem
json_is '[.objects[].common_name] == ["good.example.com","Old Root"] and (.errors | length == 1)' "lists the good ones"
json_is ".errors[0].place | test(\"^line $(($(wc -l <good.pem) + 5))\")" "and the line of the bad one"
refused 3 'pile.pem: line' "what is made from a pile needs all of it" "$REMINT" convert pile.pem --to p7b -o new
expect_status 3 "but a directory may hold what it likes" "$REMINT" convert pile --to pem -o new
check "and gives what was asked for" test -s new
rm -f new
expect_status 7 "a passphrase counts more than an unreadable file" "$REMINT" show good.pfx in/text
expect_status 7 "in any order" "$REMINT" show in/text good.pfx
if [ -w /dev/full ]; then
	expect_status 70 "and lost output more than both" sh -c '"$REMINT" show good.pem in/text good.pfx >/dev/full'
fi

# A certificate that comes twice is one: cert.pem and fullchain.pem often stand side by side.
cat good.pem root.pem >fullchain.pem
expect_status 0 "the same certificate in two files is no choice" "$REMINT" convert good.pem fullchain.pem --to der -o twice.der
check "and is what comes out" openssl x509 -inform DER -in twice.der -noout
cat good.pem good.pem >doubled.pem
"$REMINT" audit doubled.pem --for lync-phone-edition >doubled.out 2>"$TMP/err"
expect_line doubled.out '^1 certificate judged' "what is sent twice is judged once"
expect_line doubled.out 'chain\.duplicate' "and that it is there twice is said"
expect_status 0 "nor are they two to replace" "$REMINT" reissue good.pem fullchain.pem good.pem --for rfc5280 --out twice --json
json_is '.certificates | length == 1' "one certificate replaces it"

# A pipe of the shell can be read once only.
mkfifo once
cat good.pem >once &
expect_status 0 "audit reads a pipe" "$REMINT" audit once --for dotnet-mtls --chain root.pem --trust root.pem
expect_out '^1 certificate judged' "and judges what came through it"
wait
cat good.pem good.key >once &
expect_status 0 "so does reissue" "$REMINT" reissue once --out piped
wait
check "with its replacement" openssl x509 -in piped/cert.pem -noout -subject

# ---- passphrases

refused 7 'good.pfx: .*none was given' "a PFX without a passphrase" "$REMINT" show good.pfx
refused 7 'good.pfx: .*does not open' "a PFX with a wrong one" "$REMINT" show good.pfx --password-file wrong.pass
expect_status 7 "under --json" "$REMINT" show --json good.pfx --password-file wrong.pass
json_is '.objects == [] and .errors[0].class == "secret" and .errors[0].source == "good.pfx"' "it is an error of class secret"
expect_status 7 "convert under --json" "$REMINT" convert --json good.pfx --to pem -o new --password-file wrong.pass
json_is '. == {"schema":1,"error":{"class":"secret","place":"good.pfx","message":.error.message}}' \
	"is an error and nothing else"
refused 7 'locked.key: line 1: .*does not open' "a key with a wrong passphrase" \
	"$REMINT" show locked.key --password-file wrong.pass
expect_status 0 "a locked key is no error" "$REMINT" show --json locked.key
json_is '.errors == [] and (.objects | length == 1) and .objects[0].encrypted and .objects[0].type == "private-key"' \
	"but an object that says so"
refused 7 'locked.key.* locked' "a locked key that is needed" "$REMINT" convert good.pem --key locked.key --to pfx -o new \
	--out-password-file pass
refused 7 'locked.key' "with a wrong passphrase" "$REMINT" convert good.pem --key locked.key --to pfx -o new \
	--out-password-file pass --password-file wrong.pass
refused 7 'other.key: .*another certificate' "a key of another certificate" "$REMINT" convert good.pem --key other.key --to pfx \
	-o new --out-password-file pass
refused 7 'other.key: .*another certificate' "for a target too" "$REMINT" convert good.pem --key other.key --for nginx -o new
refused 7 '' "a target that wants a key and gets none" "$REMINT" convert good.pem --for cisco-ace -o new
absent new 'and nothing was written'
while read -r file why; do
	refused 7 "$file: .*$why" "a passphrase from $file" "$REMINT" show good.pfx --password-file "$file"
done <<'FILES'
absent No such file
in/directory directory
/dev/zero without an end
in/huge NUL byte
FILES

# ---- files that may not be read

if ! nobody_can; then
	skip "nobody cannot run remint here" "unreadable files"
	tap_done
fi
mkdir closed
cp good.pem closed/
cp good.pem closed.pem
chmod 000 closed closed.pem
chmod 644 good.pem good.key pass
refused 3 'closed.pem: cannot open: Permission denied' "an unreadable file" as_nobody ./remint show closed.pem
refused 3 'closed: cannot open .*Permission denied' "an unreadable directory" as_nobody ./remint show closed
refused 3 'closed.pem: cannot open: Permission denied' "as a key" as_nobody ./remint convert good.pem --key closed.pem --to pem
chmod 000 pass
refused 7 'pass: cannot open: Permission denied' "as a passphrase" \
	as_nobody ./remint show good.pfx --password-file pass
expect_status 3 "beside a readable one" as_nobody ./remint show --json closed.pem good.pem
json_is '(.objects | length == 1) and .errors[0].source == "closed.pem"' "which is shown"
tap_done
