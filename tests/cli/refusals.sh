# SPDX-License-Identifier: Apache-2.0
# What a CA must refuse, and what it must survive: requests that ask for too much, keys that are too weak, issuers that are not
# valid, homes that are busy, damaged, newer, read-only or full. Nothing is half-written and nothing recorded is lost.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl

cd "$TMP" || exit 99
old_ca
old_cert good '/O=Contoso/CN=good.example.com' extendedKeyUsage=serverAuth,clientAuth subjectAltName=DNS:good.example.com
lab --no-password
home=$HOME/.local/share/remint

# ---- a home that another process is writing to: tried meanwhile, since the wait takes its time

if command -v flock >/dev/null 2>&1; then
	quietly "$REMINT" init --home busy --no-password --root-key ec:p256 --issuing-key ec:p256
	flock --no-fork busy/lock sleep 120 &
	holder=$!
	while flock -n busy/lock true; do sleep 0.05; done # until it is held
	(
		began=$(date +%s)
		timeout 100 "$REMINT" sign --home busy good.csr >busy.out 2>busy.err </dev/null
		echo "$? $(($(date +%s) - began))" >busy.status
	) &
	waiter=$!
fi

# ---- what a request asks for

# request NAME EXTENSION...: NAME.csr, asking for them, by the key of good.
request() {
	name=$1
	shift
	{
		printf '[req]\ndistinguished_name=dn\nreq_extensions=e\nprompt=no\n[dn]\nCN=%s.example.com\n[e]\n' "$name"
		for line; do printf '%s\n' "$line"; done
	} >"$name.cnf"
	quietly openssl req -new -key good.key -config "$name.cnf" -out "$name.csr"
}
request ca 'basicConstraints=critical,CA:TRUE' 'keyUsage=keyCertSign,cRLSign'
refused 4 'ca.csr: line 1, basicConstraints: .*asks to be a CA' "a request for a CA" "$REMINT" sign ca.csr
refused 4 'makes a CA' "a CA template" "$REMINT" sign good.csr --template issuing-ca
quietly "$REMINT" init --home branch --no-root --no-password
"$REMINT" ca request --home branch --name branch --subject 'CN=Branch CA' >branch.csr 2>"$TMP/err"
refused 4 'path length 0 .*no room' "a CA below one of path length 0" "$REMINT" ca sign branch.csr --ca issuing
expect_status 0 "the root certifies it" "$REMINT" ca sign branch.csr
refused 4 '5000 days are more than the 825 days that template server-client allows' "more days than the template allows" \
	"$REMINT" sign good.csr --days 5000
request certsign 'keyUsage=keyCertSign,cRLSign,digitalSignature'
request ocsp 'extendedKeyUsage=OCSPSigning'
request any 'extendedKeyUsage=anyExtendedKeyUsage'
request code 'extendedKeyUsage=codeSigning,timeStamping'
request sid '1.3.6.1.4.1.311.25.2=ASN1:UTF8String:S-1-5-21-500'
request points 'crlDistributionPoints=URI:http://evil.example/crl' 'authorityInfoAccess=OCSP;URI:http://evil.example/' \
	'certificatePolicies=1.2.3.4'
request constraints 'nameConstraints=permitted;DNS:evil.example'
# name | what the report says was dropped | what the certificate must not have
while IFS='|' read -r name dropped never; do
	expect_status 0 "a request with $name" "$REMINT" sign "$name.csr"
	expect_err "dropped *$dropped" "$name: the report says what was dropped"
	openssl x509 -in "$TMP/out" -noout -text >"$name.text" 2>"$TMP/err"
	expect_line "$name.text" "CN *= *$name.example.com" "$name: there is a certificate"
	expect_no_line "$name.text" "$never" "$name: which has nothing of it"
	expect_line "$name.text" 'CA:FALSE' "$name: and is no CA's"
done <<'TABLE'
certsign|keyUsage|Certificate Sign
ocsp|extendedKeyUsage|OCSP Signing
any|extendedKeyUsage|Any Extended
code|extendedKeyUsage|Code Signing|Time Stamping
sid|msNtdsSecurity|1.3.6.1.4.1.311.25.2|S-1-5
points|c?RLDistributionPoints|evil|1.2.3.4
constraints|nameConstraints|Name Constraints
TABLE

# ---- whose key it is, and how good

quietly openssl req -in good.csr -outform DER -out good.der
size=$(wc -c <good.der)
{
	head -c $((size - 1)) good.der
	tail -c 1 good.der | tr '\000-\377' '\001-\377\000'
} >forged.csr
refused 3 'forged.csr: signature: .*possession' "a request with a broken signature" "$REMINT" sign forged.csr
# key NAME ALGORITHM OPTION: NAME.csr by a new key.
weak() {
	quietly openssl genpkey -algorithm "$2" -pkeyopt "$3" ${4:+-pkeyopt "$4"} -out "$1.key"
	quietly openssl req -new -key "$1.key" -subj "/CN=$1.example.com" -out "$1.csr"
}
weak short RSA rsa_keygen_bits:1024
weak exponent RSA rsa_keygen_bits:2048 rsa_keygen_pubexp:3
weak curve EC ec_paramgen_curve:P-224
refused 7 'short.csr: line 1, spki.modulus: .*1024 bits' "an RSA key of 1024 bits" "$REMINT" sign short.csr
refused 7 'exponent.csr: line 1, spki.publicExponent: .* 3,' "an RSA key with the exponent 3" "$REMINT" sign exponent.csr
refused 7 'curve.csr: line 1, spki.*P-224' "an EC key on P-224" "$REMINT" sign curve.csr
refused 7 'modulus' "a weak key for a CA" "$REMINT" ca sign short.csr
refused 2 'rsa:1024' "a weak key is not made" "$REMINT" issue --cn a.example.com --key-type rsa:1024 --out new
old_cert stranger '/O=Contoso/CN=stranger.example.com' subjectAltName=DNS:stranger.example.com
refused 7 'stranger.pem: .*proof' "a key that nobody proved to have" "$REMINT" reissue stranger.pem --keep-key --for rfc5280 --out new
expect_status 7 "each refused request is one line" "$REMINT" sign short.csr ca.csr forged.csr good.csr
[ "$(grep -cE '^remint: (short|ca|forged).csr: ' "$TMP/err")" -eq 3 ] && ok "for each of three" || not_ok "for each of three" "$TMP/err"
expect_out 'BEGIN CERTIFICATE' "and the good one is signed"

# ---- issuers

quietly "$REMINT" init --home offline --no-password --no-issuing --root-key ec:p256
quietly "$REMINT" init --home pending --no-password --no-root
"$REMINT" ca request --home pending --subject 'CN=Pending CA,O=Contoso' --key-type ec:p256 >pending.csr 2>/dev/null
refused 4 'no active authority' "a CA without its certificate" "$REMINT" issue --home pending --cn a.example.com --out new
"$REMINT" ca request --home pending --subject 'CN=Pending CA,O=Contoso' >again.csr 2>"$TMP/err"
openssl req -in pending.csr -noout -pubkey >first.pub
openssl req -in again.csr -noout -pubkey >second.pub
expect_same first.pub second.pub "a request that was lost can be had again, for the same key"
refused 3 'belongs to a pending authority' "an unrelated certificate" "$REMINT" ca install --home pending good.pem root.pem
quietly openssl x509 -req -in pending.csr -CA root.pem -CAkey root.key -set_serial 7 -days 30 -out leaf.pem
refused 4 "not a CA's" "a certificate that is no CA's" "$REMINT" ca install --home pending leaf.pem root.pem
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >ca.ext
quietly openssl x509 -req -in pending.csr -CA root.pem -CAkey root.key -set_serial 8 -days 30 -extfile ca.ext -out foreign.pem
refused 3 'issuer .*not among the inputs' "a certificate without its issuer" "$REMINT" ca install --home pending foreign.pem
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout twin.key -out twin.pem \
	-subj '/O=Contoso/CN=Old Root' -days 3650
refused 3 'signature|issuer' "a certificate with another issuer of the same name" \
	"$REMINT" ca install --home pending foreign.pem twin.pem
expect_status 0 "a certificate with its issuer" "$REMINT" ca install --home pending foreign.pem root.pem
refused 4 'already' "a name that is taken" "$REMINT" ca request --home pending --subject CN=b
for name in ../out /etc/x .hidden '' 'a b'; do
	refused 2 'cannot name an authority' "an authority named \"$name\"" "$REMINT" ca request --home pending --name "$name" --subject CN=b
done

if command -v faketime >/dev/null 2>&1; then
	refused 4 'expired at' "an issuer that has expired" at '2090-01-01' "$REMINT" issue --cn a.example.com --out new
	at '2040-01-01 00:00:00' "$REMINT" init --home early --no-password --root-key ec:p256 --issuing-key ec:p256 >"$TMP/out" 2>&1
	refused 4 'the clock says .*has an event of 2040' "a clock that was set back" \
		"$REMINT" issue --home early --cn a.example.com --out new
	expect_status 0 "reading is not refused for that" "$REMINT" list --home early
	# The issuer's certificate begins in 2040; the database knows nothing later than today.
	quietly "$REMINT" init --home young --no-password --no-root
	"$REMINT" ca request --home young --subject CN=Young --key-type ec:p256 >young.csr 2>/dev/null
	at '2035-01-01 00:00:00' openssl x509 -req -in young.csr -CA root.pem -CAkey root.key -set_serial 9 -days 30 \
		-extfile ca.ext -out young.pem >"$TMP/quiet.log" 2>&1
	if quietly "$REMINT" ca install --home young young.pem root.pem; then
		refused 4 'is not valid before 203' "an issuer that is not valid yet" \
			"$REMINT" issue --home young --cn a.example.com --out new
	fi
else
	skip "faketime is not installed" "expired issuers and clocks set back"
fi
absent new 'none of the refused wrote anything'

# ---- files in the way

mkdir there
printf 'mine\n' >there/good.pem
refused 4 'there/good.pem: .*exists' "a file in the way of a certificate" "$REMINT" sign good.csr --out there
"$REMINT" list --limit 1 >before
refused 4 'there/good.pem: .*exists' "is noticed before anything is signed" "$REMINT" sign good.csr --out there
"$REMINT" list --limit 1 >after
expect_same before after "so that nothing is recorded"
expect_line there/good.pem '^mine$' "and the file is as it was"
mkdir one two
cp good.csr one/x.csr
cp any.csr two/x.csr
expect_status 0 "two requests of one file name" "$REMINT" sign one/x.csr two/x.csr --out both --force
expect_line both/x.pem 'BEGIN CERTIFICATE' "the first is written"
expect_line both/x-2.pem 'BEGIN CERTIFICATE' "the second takes another name"
mkdir target
printf 'mine\n' >target/INSTALL-cisco-ace.txt
refused 4 'target/INSTALL-cisco-ace.txt: .*exists' "a file in the way of a target's" \
	"$REMINT" issue --cn ace.example.com --for cisco-ace --out target
[ "$(ls target)" = INSTALL-cisco-ace.txt ] && ok "nothing stands beside it" || not_ok "nothing stands beside it"
ln -s "$TMP/elsewhere" target/key.pem
rm target/INSTALL-cisco-ace.txt
refused 4 'target/key.pem: .*symbolic link' "a link in the way, even by force" \
	"$REMINT" issue --cn ace.example.com --for cisco-ace --out target --force
absent elsewhere "nothing was written through it"
printf 'file\n' >plain
refused 3 'plain: .*not a directory' "a file where the directory should be" "$REMINT" issue --cn a.example.com --out plain
refused 3 'absent/b: cannot create' "a directory in none" "$REMINT" issue --cn a.example.com --out absent/b
for way in 'convert good.pem --to der -o' 'show good.pem -o'; do
	refused 4 'plain: .*exists' "$way of a file that is there" "$REMINT" $way plain
	refused 4 'target: .*directory' "$way of a directory" "$REMINT" $way target --force
	refused 4 'target/key.pem: .*symbolic link' "$way of a link" "$REMINT" $way target/key.pem --force
	refused 3 'absent/b.* No such file' "$way of a file in no directory" "$REMINT" $way absent/b/c
done
expect_line plain '^file$' "the file is as it was"

# ---- homes

refused 6 'nowhere: there is no such home' "no home" "$REMINT" list --home nowhere
refused 6 'plain: .*not a directory' "a home that is a file" "$REMINT" list --home plain
refused 2 'plain is a file' "for init too" "$REMINT" init --home plain --no-password
refused 2 'empty' "a home without a name" "$REMINT" init --home '' --no-password
refused 4 'not empty' "a home that holds something" "$REMINT" init --home there --no-password
: >empty.pass
refused 7 'empty' "an empty passphrase for the CA" "$REMINT" init --home new --ca-password-file empty.pass
refused 7 'passphrase' "no passphrase for the CA" "$REMINT" init --home new
refused 2 'address' "a publish URL that is none" "$REMINT" init --home new --no-password --publish-url "http://$(printf 'a\033b')/"
absent new "none of them made a home"
[ -z "$(find . -maxdepth 1 -name '*making*')" ] && ok "nor half of one" || not_ok "nor half of one"

# spoiled NAME: a copy of the home to spoil, with everything in the database file.
spoiled() {
	rm -rf "$1"
	cp -R "$home" "$1"
}
# words | sentence: for reading, writing and checking, of the home `spoilt`.
refused_home() {
	for verb in list 'issue --cn a.example.com --out new' 'db check' 'ca list'; do
		refused 6 "$1" "$2: $verb" "$REMINT" $verb --home spoilt
	done
	absent new "$2: nothing was written"
}
spoiled spoilt
head -c 70000 /dev/urandom >spoilt/ca.db
rm -f spoilt/ca.db-wal spoilt/ca.db-shm
refused_home 'ca.db: .*not a Remint database' "garbage for a database"
: >spoilt/ca.db
refused_home 'ca.db: .*empty' "an empty database"
rm spoilt/ca.db
mkdir spoilt/ca.db
refused_home 'ca.db: .*directory' "a directory for a database"
rmdir spoilt/ca.db
refused_home 'holds no database' "no database"
ln -s "$home/ca.db" spoilt/ca.db
refused_home 'ca.db: .*symbolic link' "a link for a database"
if command -v sqlite3 >/dev/null 2>&1; then
	spoiled spoilt
	sqlite3 spoilt/ca.db 'PRAGMA user_version = 99' >/dev/null
	refused_home 'schema 99, made by a newer' "a database of a newer Remint"
	spoiled spoilt
	sqlite3 spoilt/ca.db 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	truncate -s 40000 spoilt/ca.db
	refused_home 'ca.db: .*damaged' "a database cut short"
else
	skip "sqlite3 is not installed" "newer and damaged databases"
fi
spoiled spoilt
for file in spoilt/keys/*; do printf 'no key\n' >"$file"; done
refused 7 'keys/.*no PEM block' "a CA key that is none" "$REMINT" issue --home spoilt --cn a.example.com --out new
for file in spoilt/keys/*; do cp good.key "$file"; done
refused 7 'does not belong to its certificate' "the key of another" "$REMINT" issue --home spoilt --cn a.example.com --out new
rm spoilt/keys/*
refused 7 'keys/.*not in this home' "no CA key" "$REMINT" issue --home spoilt --cn a.example.com --out new
expect_status 0 "reading goes on without" "$REMINT" list --home spoilt
absent new "nothing was written without a key"

# ---- what may not be written

if nobody_can; then
	mkdir closed shared
	chmod 755 closed shared
	cp -R "$home" shared/home
	chmod -R a+rX shared
	chmod 644 good.pem good.csr
	expect_status 0 "a home that is read-only can be read" as_nobody ./remint list --home shared/home
	if [ "$(id -u)" -eq 0 ]; then
		refused 6 'home cannot be written' "but not written" as_nobody ./remint sign --home shared/home good.csr
		chmod 777 shared/home
		refused 6 'read-only for this user' "nor its database" as_nobody ./remint sign --home shared/home good.csr
		refused 3 'closed.*Permission denied' "no home in a read-only directory" \
			as_nobody ./remint init --home closed/home --no-password --root-key ec:p256 --issuing-key ec:p256
		refused 3 'closed/new.*Permission denied' "no file in one" as_nobody ./remint convert good.pem --to der -o closed/new
		refused 3 'closed/new.*Permission denied' "by show" as_nobody ./remint show good.pem -o closed/new
		chown -R 65534:65534 shared/home
		chmod 700 shared/home
		chown 0:0 shared/home/keys
		chmod 755 shared/home/keys
		chmod 644 shared/home/keys/*
		refused 3 'closed/new.*Permission denied' "a certificate for a directory that is read-only" \
			as_nobody ./remint sign --home shared/home good.csr --out closed/new
		mkdir open
		chown 65534:65534 open
		refused 6 'keys/.*Permission denied' "a key that the home cannot keep" \
			as_nobody ./remint issue --home shared/home --cn a.example.com --out open/new
		absent closed/home closed/new open/new "nothing was written"
	fi
	chmod 700 shared/home
	chmod 000 shared
	refused 6 'home' "a home that may not be entered" as_nobody ./remint list --home shared/home
	chmod 755 shared
else
	skip "nobody cannot run remint here" "read-only homes and directories"
fi

mkdir disk
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=1m tmpfs disk 2>/dev/null; then
	trap 'umount "$TMP/disk" 2>/dev/null; tap_exit' EXIT
	lab --home disk/home --no-password
	"$REMINT" list --home disk/home >before
	head -c 2m /dev/zero >disk/fill 2>/dev/null
	refused 6 'disk/home.*(full|No space)' "a full disk under the home" "$REMINT" issue --home disk/home --cn a.example.com --out new
	"$REMINT" list --home disk/home >after 2>&1
	expect_same before after "the database is as it was"
	expect_status 0 "and sound" "$REMINT" db check --home disk/home
	refused 3 'disk/new.*No space' "a full disk under a converted file" "$REMINT" convert good.pem --to der -o disk/new
	refused 3 'disk/new.*No space' "under the files of a target" "$REMINT" convert good.pem --key good.key --for nginx -o disk/new
	refused 6 'full|No space' "under a new home" \
		"$REMINT" init --home disk/new --no-password --root-key ec:p256 --issuing-key ec:p256
	expect_status 70 "under show" "$REMINT" show good.pem -o disk/new
	expect_err 'No space left' "which says so"
	expect_status 3 "under a signed certificate" "$REMINT" sign good.csr --out disk/new
	expect_err '^remint: disk/new.*No space left.*recorded all the same.*remint history [0-9a-f]*$' \
		"which says where it is to be found"
	serial=$(sed -n 's/.*remint history \([0-9a-f]*\)$/\1/p' "$TMP/err")
	expect_status 0 "and it is there" "$REMINT" history "$serial" --json
	[ "$(ls -A disk | sort | tr '\n' ' ')" = 'fill home ' ] && ok "nothing half-written is on the full disk" ||
		not_ok "nothing half-written is on the full disk ($(ls -A disk))"
	rm disk/fill
	expect_status 0 "with room again it works" "$REMINT" issue --home disk/home --cn a.example.com --out new
	rm -rf new
	umount disk
else
	skip "a file system cannot be mounted here" "a full disk"
fi

cp -R "$home" small
"$REMINT" list --home small >before
expect_status 6 "a limit on the size of files under the home" limited 16 "$REMINT" sign --home small good.csr
expect_err '^remint: .*small.*: ' "is a failure like a full disk, not the end by a signal"
"$REMINT" list --home small >after
expect_same before after "the database is as it was"
refused 3 'many.p7b.*File too large' "the same under a converted file" \
	limited 1 "$REMINT" convert good.pem --chain root.pem --with-root --to p7b-pem -o many.p7b
expect_status 70 "and under show" limited 1 "$REMINT" show --json good.pem root.pem -o many.json
absent many.p7b many.json "nothing half-written is left"

if [ -n "${waiter:-}" ]; then
	wait "$waiter"
	kill "$holder" 2>/dev/null
	read -r status took <busy.status
	[ "$status" -eq 6 ] && ok "a home in use is given up" || not_ok "a home in use is given up (status $status)" busy.err
	expect_line busy.err '^remint: .*another process .*try again' "with a sentence that says what to do"
	[ "$took" -le 60 ] && ok "after a while" || not_ok "after a while ($took s)"
	[ -s busy.out ] && not_ok "nothing was signed" busy.out || ok "nothing was signed"
else
	skip "flock is not installed" "a home in use"
fi
tap_done
