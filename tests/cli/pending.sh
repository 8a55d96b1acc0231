# SPDX-License-Identifier: Apache-2.0
# Requests that wait for approval: held, listed, approved, denied; by two at once, and by one that is killed.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl jq
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
umask 077
echo secret >pass
lab --ca-password-file pass
csr() { # NAME SUBJECT [EXTENSION]
	quietly openssl req -utf8 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" ${3:+-addext "$3"}
}
csr web '/O=Contoso/CN=web.contoso.com' 'subjectAltName=DNS:web.contoso.com'
csr app '/O=Contoso/CN=app.contoso.com'
csr ca '/CN=ca.contoso.com' 'basicConstraints=critical,CA:TRUE'
csr gone '/CN=gone.contoso.com'
quietly openssl req -newkey rsa:2048 -nodes -keyout other.key -out other.csr -subj '/C=NL/O=Contoso/CN=other.contoso.com'
csr bad "$(printf '/O=x\342\200\256y/CN=evil.contoso.com')"

# ---- hold ---------------------------------------------------------------------------------------------------------------
expect_status 0 "a request is held without the passphrase of the CA" \
	remint sign web.csr --hold --template web-server --days 30 --dns alias.contoso.com --json
json_is '.pending[0] | .id == 1 and .kind == "held" and .state == "open" and .next == "us" and .command == "remint approve 1"' "as number 1"
json_is '.pending[0] | .template == "web-server" and .signer == "issuing" and .key == "EC P-256" and (.pem | startswith("-----BEGIN CERT"))' \
	"with what it asks for"
expect_status 0 "the same again" remint sign web.csr --hold --template web-server --days 30 --dns alias.contoso.com
expect_out '^request 1: web.contoso.com waits for approval' "keeps its number"
refused 4 'its key waits already, with pending request 1' "another wish for the same key is none" remint sign web.csr --hold --days 60
refused 4 'its key waits with pending request 1: remint approve 1 issues it' "nor is it signed past the approval" \
	remint sign web.csr --ca-password-file pass
refused 2 'goes without --out' "what is held is not written" remint sign app.csr --hold --out x
printf 'title = "Mine";\nextends = "nginx";\n' >mine.cfg
refused 2 'give its name' "nor is a policy that lies anywhere" remint sign app.csr --hold --for ./mine.cfg
expect_status 0 "a second one, for a target" remint sign app.csr --hold --for nginx
openssl req -in web.csr -outform DER -out broken.der 2>/dev/null
size=$(($(wc -c <broken.der) - 1))
{ head -c $size broken.der && printf '\000'; } >broken.csr
refused 3 'possession' "without possession of the key nothing is held" remint sign broken.csr --hold
refused 4 '.' "nor what a target would refuse" remint sign app.csr --hold --for nginx --subject 'O=No Name'
refused 4 'control character' "nor a name that would act on a terminal" remint sign bad.csr --hold
expect_status 0 "a third" remint sign gone.csr --hold
expect_status 0 "they are listed" remint list --pending
expect_out '^1 .*held +open +us +web.contoso.com +remint approve 1$' "a line each"
expect_out '^2 .*app.contoso.com +nginx +remint approve 2$' "with its targets"
expect_status 0 "as CSV" remint list --pending --csv
expect_out '^1,held,open,.*,web.contoso.com,"O=Contoso, CN=web' "a row each"
expect_status 0 "a page" remint list --pending --limit 1 --after 1 --json
json_is '[.pending[].id] == [2]' "goes on after a number"
refused 2 'searches certificates' "with nothing that searches certificates" remint list --pending --name x
refused 2 'goes with --pending' "and --all with nothing else" remint list --all
remint list --json >listed.json
jq -e '.certificates | length == 2' listed.json >/dev/null && ok "nothing was signed yet" || not_ok "nothing was signed yet" listed.json

# ---- approve --------------------------------------------------------------------------------------------------------------
refused 7 'passphrase' "who has no passphrase of the CA approves nothing" remint approve 1
expect_status 0 "what would be issued" remint approve 1 --dry-run --ca-password-file pass --json
json_is '.certificates[0] | .pending == 1 and (has("id") | not)' "is said without issuing it"
expect_status 0 "an approved one is issued" remint approve 1 --ca-password-file pass
cp "$TMP/out" approved.pem
expect_err 'answers pending request 1' "and says what it is"
openssl x509 -in approved.pem -noout -text >approved.txt
expect_line approved.txt 'DNS:alias.contoso.com' "with the names that were added when it was held"
[ "$(($(date -d "$(openssl x509 -in approved.pem -noout -enddate | sed 's/.*=//')" +%s) - $(date -d "$(openssl x509 -in approved.pem \
	-noout -startdate | sed 's/.*=//')" +%s)))" -eq $((30 * 86400 - 1)) ] && ok "for 30 days" || not_ok "for 30 days" approved.txt
openssl verify -CAfile "$HOME/none" approved.pem >/dev/null 2>&1
cmp -s "$(openssl x509 -in approved.pem -noout -pubkey >a.pub && echo a.pub)" "$(openssl pkey -in web.key -pubout >b.pub && echo b.pub)" &&
	ok "for the key of the request" || not_ok "for the key of the request" a.pub b.pub
expect_status 0 "once more" remint approve 1 --ca-password-file pass
expect_err 'was issued before; this is the same certificate' "it is handed over again"
expect_same approved.pem "$TMP/out" "the very same"
expect_status 0 "as a file" remint approve 2 1 --out files --ca-password-file pass
check "named after its number" test -s files/request-1.pem -a -s files/request-2.pem
[ -s files/request-2/fullchain.pem ] && [ -s files/request-2/RUNBOOK.txt ] && [ ! -e files/request-2/key.pem ] && [ ! -e files/request-1 ] &&
	ok "what was held for a target has its bundle, without the key" || not_ok "what was held for a target has its bundle, without the key"
expect_status 0 "a request that nobody announced, for a target" remint sign other.csr --for symantec-gateway --dns other.contoso.com --out gateway \
	--ca-password-file pass
{ find gateway -type f | sed 's,.*/,,' | sort | tr '\n' ' '; echo; } >got
expect_line got 'RUNBOOK.txt ca-bundle.pem cert.pem chain.pem fullchain.pem .*other.pem' "has what its gateway wants"
openssl x509 -in gateway/other/cert.pem -noout -subject >"$TMP/out" && grep -c BEGIN gateway/other/cert.pem >got
expect_line got '^1$' "the certificate by itself"
expect_line gateway/other/RUNBOOK.txt 'not here: it is where its request was made' "and the words for whoever puts it there"
head -n "$(wc -l <files/request-1.pem)" approved.pem | cmp -s - files/request-1.pem && ok "with the same" || not_ok "with the same" files/request-1.pem
expect_status 0 "and again, as the same file stands there" remint approve 2 --out files --ca-password-file pass
echo else >files/request-2.pem
refused 4 'not overwritten' "another file that is there stays" remint approve 2 --out files --ca-password-file pass
expect_status 0 "the request may be signed again, as any other" remint sign web.csr --ca-password-file pass
refused 1 'no such pending request' "a number that nobody has" remint approve 99 --ca-password-file pass
refused 2 'is no number' "and one that is none" remint approve web --ca-password-file pass
remint list --pending --all --json >all.json
serial=$(openssl x509 -in approved.pem -noout -serial | sed 's/.*=//' | tr A-F a-f)
[ "$(jq -r '.pending[0] | .state + " " + .serial' all.json)" = "issued $serial" ] && ok "the record names the certificate" ||
	not_ok "the record names the certificate" all.json

# ---- deny -----------------------------------------------------------------------------------------------------------------
refused 2 'give the reason with --why' "who denies says why" remint deny 3
expect_status 0 "one is denied" remint deny 3 --why "$(printf '=1+1, nobody of that name\033')"
expect_out '^request 3: gone.contoso.com is denied$' "and says so"
refused 1 'was denied already: =1.1, nobody of that name' "once" remint deny 3 --why again
refused 1 'was denied already: =1.1, nobody of that name' "it is not approved any more" remint approve 3 --ca-password-file pass
expect_status 0 "it can be signed all the same" remint sign gone.csr --ca-password-file pass --dry-run
expect_err 'a request with this key was denied as number 3: =1.1, nobody of that name' "and that is remarked"
refused 1 'was issued already' "what was issued is not denied" remint deny 1 --why late
expect_status 0 "nothing is owed" remint list --pending --json
json_is '.pending == []' "the list is empty"
expect_status 0 "but nothing is forgotten" remint list --pending --all
expect_out 'denied +nobody +gone.contoso.com +=1.1, nobody of that name.x1b$' "with the reason"
expect_status 0 "also as CSV" remint list --pending --all --csv
expect_out "^3,held,denied,.*\"'=1.1, nobody of that name" "where no cell is a formula"
refused 4 'asks to be a CA' "a request for a CA is not even held" remint sign ca.csr --hold
expect_status 0 "the database is sound" remint db check

# ---- many ----------------------------------------------------------------------------------------------------------------
export HOME="$TMP/many"
mkdir many many.csr
lab --no-password
n=0
while [ $n -lt 24 ]; do
	n=$((n + 1))
	csr many.csr/h$n "/CN=h$n.contoso.com"
done
expect_status 0 "a directory of requests is held" remint sign many.csr --hold --json
json_is '.pending | length == 24' "each of them"
numbers=$(seq 1 24)
# Killed again and again, then two at once: each request has one certificate.
for moment in 0.05 0.1 0.15 0.2; do
	GCOV_PREFIX=$UNCOUNTED "$REMINT" approve $numbers --out many.out --force >/dev/null 2>&1 &
	victim=$!
	sleep $moment
	kill -9 $victim 2>/dev/null
	wait $victim 2>/dev/null
done
"$REMINT" approve $numbers >/dev/null 2>&1 &
"$REMINT" approve $numbers >/dev/null 2>&1
wait $!
expect_status 0 "whoever comes last" remint approve $numbers --out many.out --force --quiet
[ "$(ls many.out | wc -l)" -eq 24 ] && ok "has all files" || not_ok "has all files"
remint list --limit 1000 --json >many.json
[ "$(jq '[.certificates[].name | select(startswith("h"))] | length == 24 and length == (unique | length)' many.json)" = true ] &&
	ok "each request has one certificate" || not_ok "each request has one certificate" many.json
expect_status 0 "nothing is left" remint list --pending --json
json_is '.pending == []' "in the list"
expect_status 0 "and the database is sound" remint db check
# ---- a key that was certified before ------------------------------------------------------------------------------------------------
quietly openssl req -newkey rsa:2048 -nodes -keyout again.key -out again.csr -subj /CN=again.contoso.com
expect_status 0 "a request is signed" remint sign again.csr --out again
expect_status 0 "and held for another certificate" remint sign again.csr --hold --json
expect_err 'again.csr: its key has a certificate already: again.contoso.com, serial number' "with a word about its key"
id=$(jq -r '.pending[0].id' "$TMP/out")
expect_status 0 "who approves it" remint approve "$id" "$id" --out again2
expect_err 'its key has a certificate already' "is told, too"
expect_no_line "$TMP/err" 'another process' "and a number named twice counts once"
tap_done
