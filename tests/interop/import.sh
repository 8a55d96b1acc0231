# SPDX-License-Identifier: Apache-2.0
# What other CAs leave, made by themselves: openssl ca, easy-rsa, cfssl, XCA, gnoMint. Taken over without loss, once, and whole after
# a kill; afterwards the home issues where they stopped.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl jq sqlite3
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
printf 'secret\n' >pw

# home NAME: an empty home, used from now on.
home() {
	REMINT_HOME=$TMP/$1
	export REMINT_HOME
	quietly "$REMINT" init --no-root --no-password
}
# counts CERTIFICATES CAS KEYS REVOKED SENTENCE SOURCE...: dry, then for good, then again.
counts() {
	counts_want="$1 $2 $3 $4" counts_none="0 0 0 0" counts_sentence=$5
	shift 5
	for counts_run in dry commit again; do
		counts_commit=--commit
		[ $counts_run != dry ] || counts_commit=
		# shellcheck disable=SC2086
		"$REMINT" import --json $counts_commit --password-file pw "$@" >out 2>err </dev/null
		echo "$? $(jq -r '[.imported[] | [.certificates.new, .authorities.new, .keys.new, .revocations.new]] | transpose | map(add) | join(" ")' out)" >got
		jq -r '[.imported[] | [.certificates.found, .authorities.found, .keys.found, .revocations.found]] | transpose | map(add) | join(" ")' out >found
		case $counts_run in
		dry | commit) echo "0 $counts_want" >wanted ;;
		again) echo "0 $counts_none" >wanted ;;
		esac
		expect_same wanted got "$counts_sentence, $counts_run: new certificates, CAs, keys, revocations"
		echo "$counts_want" >wanted
		expect_same wanted found "$counts_sentence, $counts_run: found"
		[ $counts_run != dry ] || [ "$(remint list --json | jq '.certificates | length')" -eq 0 ] || not_ok "$counts_sentence: a dry run writes nothing"
	done
	cp err said
	grep -q 'there is nothing new in it' err && ok "$counts_sentence: the second time says so" || not_ok "$counts_sentence: the second time says so" err
	expect_status 0 "$counts_sentence: the database is sound" remint db check
}
# goes_on CA PEM LAST [SERIAL REASON]...: what the authority issues verifies, and its list goes on behind number LAST with these in it.
goes_on() {
	goes_ca=$1 goes_pem=$2 goes_last=$3
	shift 3
	rm -rf "new-$goes_ca" "crl-$goes_ca"
	expect_status 0 "$goes_ca issues" remint issue --ca "$goes_ca" --dns new.example --key-type ec:p256 --out "new-$goes_ca"
	expect_status 0 "... and openssl takes it" openssl verify -CAfile "$goes_pem" "new-$goes_ca/cert.pem"
	expect_status 0 "$goes_ca publishes a list" remint crl "$goes_ca" --out "crl-$goes_ca"
	openssl crl -in "crl-$goes_ca/$goes_ca.crl.pem" -CAfile "$goes_pem" -noout -text >crl.txt 2>crl.err
	grep -q 'verify OK' crl.err && ok "... which openssl verifies" || not_ok "... which openssl verifies" crl.err
	sed -n '/CRL Number/{n;s/^ *//;p;}' crl.txt >number
	if have certtool; then
		expect_status 0 "... and GnuTLS" certtool --verify-crl --load-ca-certificate "$goes_pem" --infile "crl-$goes_ca/$goes_ca.crl.pem"
	else
		skip "certtool is not installed" "... and GnuTLS"
	fi
	expect_line number "^$((goes_last + 1))\$" "... with the next number"
	while [ $# -gt 0 ]; do
		awk -v s="Serial Number: 0*$1\$" '$0 ~ s { on = 1; next } /Serial Number/ { on = 0 } on' crl.txt >entry
		if [ "$2" = - ] && [ -s entry ]; then
			ok "... and $1 in it"
		elif grep -q "$2" entry; then
			ok "... and $1, revoked for $2"
		else
			not_ok "... and $1, revoked for $2" crl.txt
		fi
		shift 2
	done
}

# ---- openssl ca ----------------------------------------------------------------------------------------------------------

ca() { quietly openssl ca -batch -config demoCA.cnf -passin pass:secret "$@"; }
openssl_ca demoCA /CN=Demo
for n in 1 2 3 4 5; do
	quietly openssl req -config demoCA.cnf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k$n.pem -out r$n.csr -subj /CN=leaf$n
	ca -in r$n.csr -notext -out c$n.pem
done
ca -revoke c1.pem -crl_reason keyCompromise
ca -revoke c2.pem -crl_hold holdInstructionReject
ca -revoke c3.pem -crl_compromise 20250101000000Z
ca -revoke c5.pem
rm demoCA/newcerts/1004.pem # revoked, and its certificate is lost
ca -gencrl -out demoCA/crl.pem
home h-openssl
counts 5 1 1 4 "openssl ca" demoCA
expect_line said 'line 5: there is no certificate with this serial number: its revocation is kept' "a lost certificate is named with its row"
expect_status 0 "the requests say that their makers have the keys" remint import --commit r4.csr c4.pem
goes_on Demo demoCA/cacert.pem 5 1000 'Key Compromise' 1001 'Certificate Hold' 1002 'Jan  *1 00:00:00 2025' 1004 -
openssl x509 -in new-Demo/cert.pem -noout -text >text
expect_line text 'http://pki.example/demo.crl' "new certificates say that lists are where they were"
remint list --json >all.json
check "no serial number was given twice" jq -e '[.certificates[].serial] | length == (unique | length)' all.json
check "a lost certificate's subject is in the log" sqlite3 "$REMINT_HOME/ca.db" \
	"SELECT 1/count(*) FROM events WHERE kind = 'import' AND text LIKE '%serial=1004 subject=/CN=leaf5'"

quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout plain.key -subj /CN=Plain -days 30 -out plain.pem \
	-config demoCA.cnf -addext basicConstraints=CA:TRUE
expect_status 0 "a CA without keyUsage" remint import --commit plain.pem plain.key
expect_err 'warning: .*key usage.*remint ca check' "is looked at when it comes"
rm plain.key

home h-locked
expect_status 7 "a CA whose key stays locked is foreign" remint import --commit demoCA
expect_err 'cakey.pem: .*no passphrase was given' "and the message names the file"
expect_out '^  state +foreign' "its state says so"
expect_status 4 "nobody can issue with it" remint issue --ca Demo --dns x.example --out none
check "its certificates are another CA's" sh -c "\"$REMINT\" list --json | jq -e '[.certificates[] | select(.foreign)] | length == 5'"
expect_status 0 "the key may come later" remint import --commit demoCA --password-file pw
expect_out 'CAs +1 +1 +0' "it is counted as new then"
check "and what it signed is ours" sh -c "\"$REMINT\" list --json | jq -e '[.certificates[] | select(.foreign)] | length == 0'"
expect_status 0 "the database is sound" remint db check
goes_on Demo demoCA/cacert.pem 5 1000 'Key Compromise'

# Certificates, and what they are revoked for, before anything is known of their CA; then a CA that signed the CA.
home h-late
expect_status 0 "certificates before their CA" remint import --commit c1.pem c4.pem k4.pem
foreign() { remint list --json | jq '[.certificates[] | select(.foreign)] | length'; }
[ "$(foreign)" -eq 2 ] && ok "are nobody's" || not_ok "are nobody's"
rm -rf late
cp -r demoCA late
rm -r late/newcerts
expect_status 7 "the CA comes, without its key" remint import --commit late
expect_out '^adopted 2: ' "and what it signed is counted"
expect_no_line "$TMP/err" 'line 1: there is no certificate' "a row whose certificate is on record is no loss"
expect_err 'line 2: there is no certificate' "one whose certificate is lost is named"
expect_status 0 "the database is sound" remint db check
expect_status 0 "its key comes, in a dry run" remint import late --password-file pw
expect_no_line "$TMP/out" '^adopted' "nothing is adopted twice"
expect_status 0 "its key comes" remint import --commit late --password-file pw
[ "$(foreign)" -eq 0 ] && ok "the certificates are ours now" || not_ok "the certificates are ours now"
expect_status 0 "the revoked one is known by its file" remint list --status revoked
expect_out 'leaf1' "and listed as revoked"
expect_status 0 "the database is sound" remint db check
goes_on Demo demoCA/cacert.pem 5 1000 'Key Compromise'
expect_status 0 "one that was adopted is revoked" remint revoke --commit c4.pem --reason superseded
goes_on Demo demoCA/cacert.pem 6 1000 'Key Compromise' 1003 Superseded
expect_status 0 "once more" remint import --commit late --password-file pw --json
mv "$TMP/out" again.json
check "changes nothing" jq -e '[.imported[] | .adopted, .certificates.new, .authorities.new, .revocations.new] | add == 0' again.json
sqlite3 "$REMINT_HOME/ca.db" "DROP TRIGGER adopted_no_update; DROP TRIGGER adopted_no_delete; DROP TRIGGER certificates_no_update;
	UPDATE certificates SET authority = NULL WHERE id = 1; DELETE FROM adopted WHERE certificate = 1" >sql.log 2>&1
expect_status 6 "who takes a certificate away from its CA is found out" remint db check
home h-below
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout top.key -out top.pem -subj /CN=Top -days 90
quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout sub.key -out sub.csr -subj /CN=Sub
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' >sub.ext
quietly openssl x509 -req -in sub.csr -CA top.pem -CAkey top.key -set_serial 0x51 -days 60 -extfile sub.ext -out sub.pem
expect_status 0 "a CA before the one that signed it" remint import --commit sub.pem sub.key
expect_status 0 "that one follows, with its key" remint import --commit top.pem top.key
expect_out '^adopted 1: ' "the CA below it is counted"
expect_status 0 "the database is sound" remint db check
expect_status 0 "the CA below issues" remint issue --ca Sub --dns below.example --key-type ec:p256 --out below
expect_status 0 "with a chain up to the other" sh -c 'cat below/*chain*.pem | openssl verify -CAfile top.pem -untrusted /dev/stdin below/cert.pem'

# ---- easy-rsa --------------------------------------------------------------------------------------------------------------

easyrsa=/usr/share/easy-rsa/easyrsa
if [ -x $easyrsa ]; then
	mkdir easy
	cp -r /usr/share/easy-rsa/. easy/
	easy() { (cd easy && quietly env EASYRSA_BATCH=1 ./easyrsa "$@"); }
	easy init-pki
	(EASYRSA_REQ_CN=EasyCA && export EASYRSA_REQ_CN && easy build-ca nopass)
	for n in a b c; do easy build-server-full srv-$n nopass; done
	easy revoke srv-a superseded
	easy gen-crl
	home h-easy
	counts 4 1 4 1 "easy-rsa" easy
	serial=$(sed -n 's/^R\t[^\t]*\t[^\t]*\t\([^\t]*\).*/\1/p' easy/pki/index.txt)
	goes_on EasyCA easy/pki/ca.crt 0 "$serial" Superseded
else
	skip "easy-rsa is not installed" "easy-rsa"
fi

# ---- cfssl ------------------------------------------------------------------------------------------------------------------

if have cfssl; then
	mkdir cf
	echo '{"CN":"CFSSL CA","key":{"algo":"ecdsa","size":256},"names":[{"O":"Lab"}]}' >cf/ca.json
	cfssl gencert -initca cf/ca.json >cf/ca.out 2>cf/log
	jq -r .cert cf/ca.out >cf/ca.pem
	jq -r .key cf/ca.out >cf/ca-key.pem
	sqlite3 certs.db 'CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob,
		status blob NOT NULL, reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL, issued_at timestamp,
		not_before timestamp, metadata jsonb, sans jsonb, common_name text, PRIMARY KEY (serial_number, authority_key_identifier))'
	echo '{"driver":"sqlite3","data_source":"certs.db"}' >cf/db.json
	for n in 1 2 3; do
		echo "{\"CN\":\"cf$n\",\"hosts\":[\"cf$n.example\"],\"key\":{\"algo\":\"ecdsa\",\"size\":256}}" >cf/leaf.json
		cfssl gencert -ca cf/ca.pem -ca-key cf/ca-key.pem -db-config cf/db.json cf/leaf.json >cf/leaf.out 2>>cf/log
	done
	key_id=$(openssl x509 -in cf/ca.pem -noout -ext subjectKeyIdentifier | sed -n 's/^ *\([0-9A-F:]*\)$/\1/p' | tr -d ': \n' | tr A-F a-f)
	sqlite3 certs.db "UPDATE certificates SET authority_key_identifier = '$key_id'" # which cfssl 1.2 leaves empty
	first=$(sqlite3 certs.db 'SELECT serial_number FROM certificates ORDER BY rowid LIMIT 1')
	cfssl revoke -db-config cf/db.json -serial "$first" -aki "$key_id" -reason superseded 2>>cf/log
	# One whose certificate is not there, revoked for a key compromise.
	sqlite3 certs.db "INSERT INTO certificates (serial_number, authority_key_identifier, status, reason, expiry, revoked_at, pem)
		VALUES ('4660', '$key_id', 'revoked', 1, '2027-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', '')"
	home h-cfssl
	counts 4 1 1 2 "cfssl" certs.db cf/ca.pem cf/ca-key.pem
	hex=$(openssl x509 -noout -serial -in cf/ca.pem >/dev/null && sqlite3 certs.db "SELECT pem FROM certificates WHERE serial_number = '$first'" |
		openssl x509 -noout -serial | sed 's/serial=//')
	goes_on CFSSL-CA cf/ca.pem 0 "$hex" Superseded 1234 'Key Compromise'
	# The certificate of a revoked row is damaged: that it is revoked is said beside it.
	sqlite3 certs.db ".backup torn.db"
	sqlite3 torn.db "UPDATE certificates SET pem = replace(pem, 'MII', 'M!I') WHERE serial_number = '$first'"
	home h-torn
	expect_status 3 "a row whose certificate is damaged is told" remint import --commit torn.db cf/ca.pem cf/ca-key.pem
	expect_out 'revoked +2 +2 +0' "and its revocation taken all the same"
	"$REMINT" db export --table revocations >torn.out
	expect_line torn.out "\"serial\":\"0*$(echo "$hex" | tr A-F a-f)\".*superseded" "under its serial number"
else
	skip "cfssl is not installed" "cfssl"
fi

# A program on a terminal, and what is typed there, a line whenever it waits; the last line again and again.
cat >terminal.py <<'PYTHON'
import os, pty, select, sys, time
typed = []
words = sys.argv[1:]
if '--' in words:
    words, typed = words[:words.index('--')], words[words.index('--') + 1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(words[0], words)
end = time.time() + 60
while time.time() < end:
    if not select.select([terminal], [], [], 0.7)[0]:
        os.write(terminal, typed[0].encode() + b'\n')
        typed = typed[1:] or typed
        continue
    try:
        if not os.read(terminal, 4096):
            break
    except OSError:
        break
os.waitpid(pid, 0)
PYTHON

# ---- XCA --------------------------------------------------------------------------------------------------------------------

if have xca && have python3; then
	mkdir xca-in
	old_ca
	mv root.pem root.key xca-in/
	for n in 1 2 3; do
		quietly openssl req -newkey rsa:2048 -nodes -keyout xca-in/l$n.key -subj /CN=xleaf$n -out xca-in/l$n.csr
		quietly openssl x509 -req -in xca-in/l$n.csr -CA xca-in/root.pem -CAkey xca-in/root.key -set_serial 0x7100$n -out xca-in/l$n.pem -days 300
	done
	QT_QPA_PLATFORM=offscreen
	export QT_QPA_PLATFORM
	quietly timeout 100 python3 terminal.py xca --no-gui --database=x.xdb --import --exit xca-in/root.key xca-in/root.pem xca-in/l1.pem \
		xca-in/l2.pem xca-in/l3.pem xca-in/l3.key xca-in/l1.csr -- secret # the password of a new database
	quietly timeout 100 xca --no-gui --database=x.xdb --password=file:pw '--crlgen=Old Root' --exit
	ca_item=$(sqlite3 x.xdb 'SELECT item FROM certs WHERE ca = 1')
	sqlite3 x.xdb "INSERT INTO revocations VALUES ($ca_item, '071001', '20260101000000Z', '20251231000000Z', 7, 4);
		INSERT INTO revocations VALUES ($ca_item, '0ABC', '20260102000000Z', NULL, NULL, 1); UPDATE authority SET crlNo = 9"
	home h-xca
	counts 4 1 2 2 "XCA" x.xdb
	goes_on Old-Root xca-in/root.pem 9 71001 Superseded 0ABC 'Key Compromise'
	home h-xca-locked
	expect_status 7 "XCA's keys need its password" remint import --commit x.xdb
	expect_err 'x.xdb: private_keys, row 1: .*no passphrase' "the message names table and row"
else
	skip "xca or python3 is not installed" "XCA"
fi

# ---- gnoMint ----------------------------------------------------------------------------------------------------------------

if have gnomint-cli; then
	gno() { gnomint-cli g.db >>gno.log 2>&1; }
	printf '%s\n' addca DE State City Org Unit GnoCA '' 2048 '' no yes quit | gno
	for n in 1 2; do
		printf '%s\n' addcsr DE State City Org Unit gno$n.example '' 2048 no yes quit | gno
		printf '%s\n' "sign $n 1" 12 no yes quit | gno
	done
	# A number of a request is given again when the one before is signed.
	[ "$(sqlite3 g.db 'SELECT count(*) FROM certificates')" -eq 3 ] || printf '%s\n' 'sign 1 1' 12 no yes quit | gno
	printf '%s\n' 'revoke 2' yes 'crlgen 1 gno.crl' quit | gno
	home h-gnomint
	counts 3 1 3 1 "gnoMint" g.db
	sqlite3 g.db 'SELECT pem FROM certificates WHERE id = 1' >gno.pem
	goes_on GnoCA gno.pem 1 2 -
	if have python3; then
		quietly timeout 100 python3 terminal.py gnomint-cli g.db -- changepassword yes secret secret quit
		[ "$(sqlite3 g.db "SELECT count(*) FROM certificates WHERE private_key LIKE '-----%'")" -eq 0 ] || not_ok "gnoMint has sealed its keys"
		home h-gnomint-sealed
		counts 3 1 3 1 "gnoMint's database under a password" g.db
		goes_on GnoCA gno.pem 1 2 -
		# As releases before 1.3 wrote it: the phrase folded into a key, a counter that is always the same.
		openssl pkey -in "$TMP/k4.pem" -out plain.key
		key=$(python3 -c "
import sys
phrase, key = b'gnoMintPrivateKey' + b'secret' + sys.argv[1].encode(), bytearray(32)
for i, c in enumerate(phrase): key[i % 32] ^= c
print(key.hex())" "$(sqlite3 g.db 'SELECT dn FROM certificates WHERE id = 3')")
		openssl enc -aes-256-ctr -K "$key" -iv "$(printf 'dg4eJ53lc-!GzAz=' | od -An -tx1 | tr -d ' \n')" -in plain.key -out sealed
		cp g.db old.db
		sqlite3 old.db "UPDATE certificates SET private_key = '$(od -An -v -tx1 sealed | tr -d ' \n' | tr a-f A-F)', pem = '$(cat c4.pem)' WHERE id = 3"
		home h-gnomint-old
		"$REMINT" import --commit old.db --password-file pw --json >old.json 2>old.err
		check "a key as gnoMint sealed it before 1.3" jq -e '.imported[0].keys.new == 3 and .imported[0].refused == []' old.json
		home h-gnomint-locked
		expect_status 7 "gnoMint's keys need its password" remint import --commit g.db
		expect_err 'g.db: certificates, row 1: .*--password-file' "the message names table and row"
		echo wrong >wrong
		expect_status 7 "its password, and no other" remint import --commit g.db --password-file wrong
		expect_err 'g.db: certificates, row 1: none of the passphrases given opens' "which is said"
		sqlite3 g.db "UPDATE certificates SET private_key_in_db = 0, private_key = '/elsewhere/ca.key' WHERE id = 1"
		expect_status 7 "a key in a file elsewhere" remint import --commit g.db --password-file pw
		expect_err 'row 1: .*a file beside the database' "is told as such"
	fi
else
	skip "gnomint-cli is not installed" "gnoMint"
fi

# ---- AD CS ------------------------------------------------------------------------------------------------------------------

# The listing is in certutil's form: one row with its certificate, two without, of which one has its serial number the other way round.
home h-adcs
{
	printf '"Issued Request ID","Request Disposition","Serial Number","Effective Revocation Date","Revocation Reason","Issued Common Name","Certificate Expiration Date","Binary Certificate"\r\n'
	printf '"7","21 -- Revoked","1003","11/20/2026 5:53 AM","0x4 -- Superseded","leaf4","12/31/2027 5:53 AM","'
	openssl x509 -in c4.pem
	printf '"\r\n"8","21 -- Revoked","0210","11/21/2026 5:53 AM","1 -- Key Compromise","leaf3","12/31/2027 5:53 AM",EMPTY\r\n'
	printf '"9","20 -- Issued","2b","",0,"lost","12/31/2027 5:53 AM",EMPTY\r\n'
} >adcs.csv
counts 3 1 0 2 "certutil's listing" adcs.csv demoCA/cacert.pem c3.pem
expect_line said 'adcs.csv: line [0-9]+: the certificate is not in this row' "rows without a certificate are explained"
expect_status 0 "what they were is known" remint list --status revoked
expect_out '1003' "by its certificate"
expect_out '1002' "and by its serial number, though turned round"

# ---- files and endpoints ----------------------------------------------------------------------------------------------------

mkdir files
cp c1.pem c2.pem demoCA/cacert.pem demoCA/crl.pem k2.pem files/
home h-files
counts 3 1 1 4 "a directory of files" files
expect_line said 'there is nothing new in it' "what is known is told apart"
home h-nothing
mkdir empty junk
echo hello >junk/readme
cp c1.pem junk/
: >nothing.pem
refused 3 'absent.d: there is no such file' "a source that is not there" remint import absent.d
expect_status 3 "a directory without anything" remint import empty
expect_err 'empty: there is no certificate' "is told as such"
expect_status 3 "an empty file" remint import nothing.pem
expect_err 'nothing.pem: .*there is nothing in it' "likewise"
expect_err 'there was nothing to take over' "and nothing else is said"
printf 'PK\003\004\024\000\000\000\000\000' >archive.zip
expect_status 3 "nor is anything in an archive that is not unpacked" remint import archive.zip
expect_status 0 "a directory with something else in it" remint import junk
expect_out '^left out 1: a file of a directory in which nothing is read' "counts it"
expect_status 3 "what is not there stops nothing" remint import absent.d junk --commit
expect_out 'certificates +1 +1 +0' "the rest is taken"
if have setpriv && [ "$(id -u)" -eq 0 ]; then
	cp c2.pem junk/closed.pem
	mkdir junk/closed
	chmod 0 junk/closed.pem junk/closed
	cp -r h-nothing h-nobody
	chown -R 65534 h-nobody junk/c1.pem junk/readme junk
	chmod 755 "$TMP"
	chown 0 junk/closed junk/closed.pem
	expect_status 3 "files that may not be read" setpriv --reuid=65534 --clear-groups "$REMINT" import --home h-nobody junk
	expect_err 'junk/closed.pem: .*Permission denied' "are named"
	expect_err 'junk/closed: .*Permission denied' "and so are directories"
	expect_out '^refused 2: cannot be read' "and counted"
	chmod 700 "$TMP" junk/closed
else
	skip "not root" "files that may not be read"
fi
home h-stdin
cat demoCA/cacert.pem c1.pem demoCA/crl.pem >pile.pem
"$REMINT" import --commit --json - <pile.pem >pile.json 2>err
check "standard input, read once" jq -e '.imported[0] | .certificates.new == 2 and .revocations.new == 4' pile.json

openssl s_server -accept 0 -cert c4.pem -key k4.pem -cert_chain demoCA/cacert.pem -quiet >server.log 2>&1 &
server=$!
port=
for _ in 1 2 3 4 5 6 7 8 9 10; do
	port=$(ss -ltnp 2>/dev/null | sed -n "s/.*:\([0-9]*\) .*pid=$server,.*/\1/p" | head -n 1)
	[ -z "$port" ] || break
	sleep 0.3
done
if [ -n "$port" ]; then
	home h-wire
	expect_status 0 "an endpoint's chain is taken in" remint import --commit "127.0.0.1:$port"
	expect_out '\(endpoint\)' "as an endpoint"
	expect_out 'certificates +2 +2 +0' "leaf and CA"
	check "they are another CA's" sh -c "\"$REMINT\" list --json | jq -e '[.certificates[] | select(.foreign)] | length == 2'"
else
	skip "ss does not tell the port" "an endpoint's chain"
fi
kill $server 2>/dev/null
expect_status 5 "an endpoint that does not answer" remint import --timeout 2s "127.0.0.1:${port:-1}"

# ---- killed and run again ---------------------------------------------------------------------------------------------------

openssl_ca big /CN=Big
set --
n=0
while [ $n -lt 1500 ]; do set -- "$@" r1.csr; n=$((n + 1)); done
quietly openssl ca -batch -config big.cnf -passin pass:secret -notext -infiles "$@"
awk -F '\t' 'NR % 3 == 0 { $1 = "R"; $3 = "261001000000Z,superseded" } { print $1 "\t" $2 "\t" $3 "\t" $4 "\t" $5 "\t" $6 }' big/index.txt >index
mv index big/index.txt
home h-whole
expect_status 0 "1,500 certificates and 500 revocations" remint import --commit --password-file pw big
expect_out 'certificates +1501 +1501 +0' "all of them"
expect_out 'revoked +500 +500 +0' "all revocations"
state_of() {
	sqlite3 "$1/ca.db" 'SELECT hex(serial) FROM certificates ORDER BY 1; SELECT hex(serial), reason, at FROM revoked ORDER BY 1;
		SELECT name, state, key_here FROM authorities; SELECT number FROM crls'
}
state_of "$REMINT_HOME" >wanted
home h-killed
for delay in 0.05 0.1 0.2 0.3 0.4 0.6; do
	GCOV_PREFIX=$UNCOUNTED "$REMINT" import --commit --password-file pw big >/dev/null 2>&1 &
	victim=$!
	sleep $delay
	kill -9 $victim 2>/dev/null
	wait $victim 2>/dev/null
	diag "killed after $delay s: $(sqlite3 "$REMINT_HOME/ca.db" 'SELECT count(*) FROM certificates') certificates"
done
expect_status 0 "killed six times and run again" remint import --commit --password-file pw big
state_of "$REMINT_HOME" >got
expect_same wanted got "it ends like the one that was left alone"
expect_status 0 "and the database is sound" remint db check

# ---- hostile estates --------------------------------------------------------------------------------------------------------

home h-hostile
cp -r demoCA bad
mkdir outside
cp k1.pem outside/secret.key
ln -s ../../outside/secret.key bad/newcerts/link.pem
ln -s 1000.pem bad/newcerts/inside.pem
mkfifo bad/newcerts/pipe
{
	printf 'V\t300101000000Z\t\t../../outside/secret\tunknown\t/CN=traversal\n'
	printf 'R\t300101000000Z\t260101000000Z,because\t77\tunknown\t/CN=reason\n'
	printf 'R\t300101000000Z\tyesterday\t78\tunknown\t/CN=time\n'
	printf 'R\t300101000000Z\t260101000000Z,removeFromCRL\t79\tunknown\t/CN=removed\n'
	printf 'R\tsoon\t260101000000Z,CAkeyTime,then\t7A\tunknown\t/CN=expiry\n'
	printf 'V\t300101000000Z\t\t2F\t../../../etc/passwd\t/CN=file\n'
	printf '\000\001\002 garbage\n'
	printf 'V\t300101000000Z\t\t99\tunknown\t/CN='
	head -c 200000 /dev/zero | tr '\0' A
	printf '\n'
} >>bad/index.txt
echo zzzz >bad/crlnumber
expect_status 3 "what cannot be understood is refused, and the rest taken" remint import --commit --password-file pw bad
for row in 'index.txt: line 6: .*serial number' 'warning: bad/index.txt: line 7: its reason for revocation is none: revoked all the same' \
	'index.txt: line 12: ' 'index.txt: line 13: this row is longer' 'crlnumber: line 1: ' \
	'bad/newcerts/link.pem: the link leads out of the directory'; do
	expect_err "$row" "it names $row"
done
expect_out 'certificates +5 +5 +0' "all certificates are there"
expect_out 'revoked +8 +8 +0' "and all revocations, whatever is said beside"
expect_out 'left out 4: the part of a revocation that cannot be understood' "which the account counts"
check "none is lost, whatever stands beside it" sh -c "\"$REMINT\" db export --table revocations | jq -s -e '
	map({key: .serial, value: [.reason, (.at != null), .expires == null, .invalid_since]}) | from_entries |
	.\"77\"[0] == \"unspecified\" and .\"78\"[1] and .\"79\"[0] == \"unspecified\" and .\"7a\"[0] == \"cACompromise\" and .\"7a\"[2]'"
expect_no_line "$TMP/out" 'private keys +2' "the key outside was not touched"
expect_status 0 "the database is sound" remint db check

# A certificate of which somebody says that our CA made it.
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout evil.key -out evil.pem -subj /CN=Demo -days 30 \
	-addext keyUsage=critical,keyCertSign
cp evil.pem evil-ca.pem
key_id=$(openssl x509 -in demoCA/cacert.pem -noout -ext subjectKeyIdentifier | sed -n 2p | tr -d ' ')
printf 'authorityKeyIdentifier=keyid\nbasicConstraints=CA:FALSE\n' >evil.ext
quietly openssl x509 -req -in r5.csr -CA evil.pem -CAkey evil.key -set_serial 0x1000 -days 30 -out forged.pem -extfile evil.ext
home h-forged
quietly "$REMINT" import --commit --password-file pw demoCA
expect_status 0 "a certificate of a CA of the same name" remint import --commit forged.pem
check "is recorded, and not as our CA's" sh -c "\"$REMINT\" list --json | jq -e '[.certificates[] | select(.foreign)] | length == 1'"
# Bytes of one of ours, with another name in them: the signature no longer holds.
openssl x509 -in c4.pem -outform DER | LC_ALL=C sed 's/leaf4/leafX/' >altered.der
expect_status 3 "a certificate that was altered is refused" remint import --commit altered.der
expect_err 'says that CN=Demo signed it, whose key did not' "and the message says by whom it claims to be"
openssl crl -in demoCA/crl.pem -outform DER | LC_ALL=C sed 's/Demo/Demo/;s/\x10\x03/\x10\x04/' >altered.crl
if ! openssl crl -in demoCA/crl.pem -outform DER | cmp -s - altered.crl; then
	expect_status 3 "so is a list" remint import --commit altered.crl
fi

# A signature that nobody here can verify is not a false one: the certificate is taken, and no revocation is lost.
quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout odd.key -out odd.pem -subj /CN=Odd -days 30
printf 'R\t350101000000Z\t260101000000Z,keyCompromise\t32\tunknown\t/CN=worse.example\n' >odd.index
echo 07 >odd.number
printf '%s\n' '[ca]' 'default_ca=odd' '[odd]' 'database=odd.index' 'crlnumber=odd.number' 'default_crl_days=30' 'default_md=sha256' \
	'crl_extensions=list' '[list]' 'authorityKeyIdentifier=keyid' >odd.cnf
quietly openssl x509 -req -in r5.csr -CA odd.pem -CAkey odd.key -set_serial 0x31 -days 30 -outform DER -out known-leaf.der -extfile evil.ext
quietly openssl ca -config odd.cnf -gencrl -cert odd.pem -keyfile odd.key -out known.pem
quietly openssl crl -in known.pem -outform DER -out known.crl
# PKCS#1 gives no algorithm the number 65.
nobodys() {
	LC_ALL=C sed 's/\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b/\x2a\x86\x48\x86\xf7\x0d\x01\x01\x41/g' "$1"
}
nobodys known-leaf.der >odd-leaf.der
nobodys known.crl >odd.crl
home h-odd
expect_status 0 "a certificate and a list by an algorithm of nobody's" remint import --commit odd.pem odd-leaf.der odd.crl
expect_err 'odd-leaf.der: the certificate with serial number 31 is taken, but its signature cannot be verified here: ' "the certificate is taken with a warning"
expect_err 'odd.crl: what the revocation list of CN=Odd says is revoked, but its signature cannot be verified here: ' "so is the list"
expect_out '^left out 1: the signature of a revocation list that nobody here can verify' "and the account says so"
expect_out '^revoked +1 +1 ' "no revocation is lost"
expect_status 0 "the database is sound" remint db check --json
json_is '.database | .signatures == 1 and .unverifiable == 1 and .foreign == 0' "the certificate stands under the CA, and is called what it is"
sqlite3 "$REMINT_HOME"/*.db 'SELECT hex(serial) FROM revocations' >got
expect_line got '32$' "the revocation of a certificate that is not there is kept"
# The same list of a CA with the same name and another key: of which is it?
quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout odd2.key -out odd2.pem -subj /CN=Odd -days 30
home h-odd2
expect_status 3 "a list by another key of the same name" remint import --commit odd2.pem odd.crl
expect_err 'the revocation list of CN=Odd cannot be verified here .*no key of that name is known to be the one' "is refused"
# Whoever has the CA's key can make the list again: nobody else may say what is revoked there.
home h-odd3
expect_status 3 "a list that cannot be verified, of a CA whose key is here" remint import --commit odd.pem odd.key odd-leaf.der odd.crl
expect_err 'odd.crl: the revocation list of CN=Odd cannot be verified here .*the key of that CA is in this home' "is refused"
expect_out '^revoked +0 +0 ' "and nothing of it is taken"
expect_status 0 "the same list by SHA-256" remint import --commit known.crl
expect_out '^revoked +1 +1 ' "is"
# By a digest that is known, and false.
openssl crl -in demoCA/crl.pem -outform DER >cut.crl
size=$(wc -c <cut.crl)
{ head -c $((size - 8)) cut.crl; printf 'not true'; } >false.crl
home h-false
quietly "$REMINT" import --commit --password-file pw demoCA
expect_status 3 "a list whose signature is false is refused" remint import --commit false.crl
expect_err 'whose key did not sign it' "and the message says why"

# Peer lesson: a certificate without basicConstraints is never made a CA that issues.
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout bare.key -subj /CN=Bare -days 30 -out bare.pem \
	-config demoCA.cnf -addext keyUsage=keyCertSign
home h-bare
expect_status 4 "a CA without basicConstraints is refused as authority" remint import --commit bare.pem bare.key
expect_err 'CN=Bare is no CA to issue with: .*basicConstraints' "and the message says why"
expect_out '^  state +foreign' "it stays foreign"
expect_status 4 "nothing is issued with it" remint issue --ca Bare --dns x.example --out none

# Databases that are none, are cut, are in use, or hold SQL of somebody else's.
if [ -s certs.db ]; then
	home h-database
	head -c 5000 certs.db >cut.db
	refused 3 'cannot be read|damaged' "a database that was cut" remint import cut.db
	cp certs.db busy.db
	echo x >busy.db-journal
	refused 3 'beside it' "a database in use" remint import busy.db
	sqlite3 view.db 'CREATE TABLE t (x); CREATE VIEW certificates AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
		SELECT x AS serial_number, x AS authority_key_identifier, x AS status, x AS reason, x AS expiry, x AS revoked_at, x AS pem FROM n'
	expect_status 3 "a view is no table" timeout 20 "$REMINT" import view.db
	refused 3 'no source of the kind' "and is not taken for cfssl's" remint import --from cfssl view.db
	cp certs.db large.db
	sqlite3 large.db "UPDATE certificates SET pem = zeroblob(17000000) WHERE rowid = 1"
	expect_status 3 "a cell of 17 MB is refused" remint import large.db
	printf 'SQLite format 3\000' >none.db
	refused 3 'cut short' "a heading is no database" remint import none.db
fi
refused 2 'did you mean openssl' "a kind that there is not" remint import --from opensl demoCA
refused 3 'no source of the kind' "a source of another kind" remint import --from xca demoCA
tap_done
