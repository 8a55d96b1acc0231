# SPDX-License-Identifier: Apache-2.0
# The verbs of the command are run with one call of Remint's own code failing: memory, files, network, SQLite or OpenSSL (calls.h says which,
# fault.c what is judged). However it ends, it says why, leaves no half file, and the database is sound; in a build with sanitizers nothing is
# used after it was freed, and nothing is lost.
#
# The short form lets 9 calls of each verb fail, spread over its run; the long form every one, but for what has failed
# twice from the same callers: the same call in a loop, or on behalf of each of many items.
# REMINT_FAULT_ROWS="issue sign" runs these rows alone; REMINT_FAULT="-n 17" shows what becomes of one call, REMINT_FAULT="-c fsync,close"
# lets only calls of these fail.
#
# A verb that is new needs a row in the table below: the first check here compares it with the table of the command.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
need openssl sqlite3 python3
fault=$builddir/tests/fault/fault
[ -x "$fault" ] || skip_all "tests/fault/fault is not built"

samples="-s 9"
[ "${REMINT_LONG:-}" != 1 ] || samples="-r 2"
LSAN_OPTIONS="exitcode=98:suppressions=$srcdir/tests/fault/leaks.txt:print_suppressions=0"
ASAN_OPTIONS=exitcode=99
UBSAN_OPTIONS=exitcode=97
export LSAN_OPTIONS ASAN_OPTIONS UBSAN_OPTIONS

# Thousands of copies of a home: in memory where there is such a place.
work=$TMP
if [ -w /dev/shm ]; then
	work=$(mktemp -d /dev/shm/remint-fault.XXXXXX) || exit 99
	trap 'stop_servers; rm -rf "$work"; tap_exit' EXIT
fi

# ---- what each run begins with ----------------------------------------------------------------------------------------------
mkdir "$work/fixture" && cd "$work/fixture" || exit 99
REMINT_HOME=home
export REMINT_HOME
printf 'secret\n' >pass
old_ca
old_cert old '/O=Contoso/CN=h1.contoso.com' subjectAltName=DNS:h1.contoso.com extendedKeyUsage=clientAuth
old_cert other '/O=Contoso/CN=h2.contoso.com' subjectAltName=DNS:h2.contoso.com
old_cert third '/O=Contoso/CN=h3.contoso.com' subjectAltName=DNS:h3.contoso.com
quietly openssl pkcs12 -export -in old.pem -inkey old.key -certfile root.pem -passout file:pass -out old.pfx
cat old.pem root.pem >pile.pem
lab --no-password
quietly "$REMINT" issue --key-type ec:p256 --for nginx --dns www.contoso.com --out first
quietly "$REMINT" sign other.csr --hold                                   # pending 1
quietly "$REMINT" request --on-device --for cisco-ace --cn vip.contoso.com # pending 2
quietly "$REMINT" request --for nginx --dns ext.contoso.com --out asked  # pending 3
quietly openssl x509 -req -in asked/request.pem -CA root.pem -CAkey root.key -set_serial 77 -days 90 -copy_extensions copy -out answer.pem
"$REMINT" plan old.pem other.pem --for nginx --chain root.pem -o plan.json >/dev/null 2>&1
sed 's/"approved": false/"approved": true/; s/"key": "rsa:[0-9]*"/"key": "ec:p256"/' plan.json >t.plan && mv t.plan plan.json
quietly "$REMINT" ca request --name second --subject CN=second --out second.csr
quietly "$REMINT" init --home elsewhere --no-issuing --no-password --root-key ec:p256
quietly "$REMINT" ca sign second.csr --home elsewhere --out second.pem
quietly "$REMINT" ca export --out trusted
quietly "$REMINT" ca add fifth --subject CN=fifth --key-type ec:p256
quietly "$REMINT" crl --out published
quietly "$REMINT" db backup --out copy
quietly "$REMINT" db checkpoint --out head.txt
quietly "$REMINT" ca add sixth --subject CN=sixth --key-type ec:p256
quietly "$REMINT" ca rotate sixth --key-type ec:p256 --out sixth-2.pem
quietly "$REMINT" ca ceremony --home strongroom --root-subject 'CN=Strong Root' --root-key ec:p256 --no-password --out witnessed second.csr
mkdir units
openssl_ca demoCA /CN=Demo
openssl_ca oldCA /CN=Old # taken over in part
for one in old other third; do
	quietly openssl ca -batch -config demoCA.cnf -passin file:pass -in $one.csr -notext -out demo-$one.pem
	quietly openssl ca -batch -config oldCA.cnf -passin file:pass -in $one.csr -notext -out half-$one.pem
done
quietly openssl ca -batch -config demoCA.cnf -passin file:pass -revoke demo-old.pem -crl_reason keyCompromise
quietly openssl ca -batch -config oldCA.cnf -passin file:pass -revoke half-old.pem -crl_reason superseded
quietly openssl ca -config demoCA.cnf -passin file:pass -gencrl -out demoCA/crl.pem
quietly "$REMINT" import oldCA/cacert.pem half-old.pem --commit
mkdir found && cp old.pem root.pem root.key demoCA/crl.pem found/
sqlite3 foreign.db "CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob,
	status blob NOT NULL, reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL,
	PRIMARY KEY (serial_number, authority_key_identifier));
	INSERT INTO certificates VALUES (4096, '', '', 'revoked', 1, '2030-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', '$(cat demo-old.pem)');
	INSERT INTO certificates VALUES (4097, '', '', 'good', 0, '2030-01-01 00:00:00+00:00', '', '$(cat demo-other.pem)')"
quietly openssl ocsp -issuer first/chain.pem -cert first/cert.pem -no_nonce -reqout asked.der
# A client of the rows that listen, which asks them as soon as they do. The ports are none of those that the kernel gives away.
while :; do
	responder=$(awk -v pid=$$ 'BEGIN { srand(pid + srand()); print 20000 + int(rand() * 12000) }')
	guest=$((responder + 1))
	listens_now "$responder" || listens_now $guest || break
done
cat >"$TMP/client.py" <<'CLIENT'
import http.client, socket, ssl, sys, time
responder, guest, request = int(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "rb").read()
anybody = ssl.create_default_context()
anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
def ask():
    server = http.client.HTTPConnection("127.0.0.1", responder, timeout=5)
    server.request("POST", "/", request, {"Content-Type": "application/ocsp-request"})
    server.getresponse().read()
def greet():
    with socket.create_connection(("127.0.0.1", guest), 5) as plain, anybody.wrap_socket(plain) as wire:
        wire.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while wire.recv(4096):
            pass
while True:
    for visit in ask, greet:
        try:
            visit()
        except (OSError, http.client.HTTPException):
            pass
    time.sleep(0.02)
CLIENT
in_background client python3 "$TMP/client.py" "$responder" $guest asked.der
serve -cert first/cert.pem -key first/key.pem -cert_chain first/chain.pem

# ---- the verbs: name, status when nothing fails, arguments --------------------------------------------------------------------
rows() {
	sed "s/PORT/$port/; s/RESPONDER/$responder/; s/GUEST/$guest/" <<-'ROWS'
	init|0|init --home new --root-key ec:p256 --issuing-key ec:p256 --no-password
	init-offline|0|init --home new --root-key ec:p256 --issuing-key ec:p256 --no-password --offline-root vault --publish-url http://pki.example/
	init-password|0|init --home new --root-key ec:p256 --no-issuing --ca-password-file pass
	issue|0|issue --key-type ec:p256 --for nginx --dns a.contoso.com --out out
	issue-dry|0|issue --key-type ec:p256 --dns a.contoso.com --dry-run --json
	sign|0|sign third.csr --out out
	sign-answer|0|sign third.csr --for haproxy --out out --json
	hold|0|sign old.csr --hold
	approve|0|approve 1 --out out
	deny|0|deny 1 --why no
	request|0|request --key-type ec:p256 --for nginx --dns b.contoso.com --out out
	request-device|0|request --on-device --for netscaler --cn c.contoso.com --out out
	accept|0|accept answer.pem --chain root.pem --anyway --out out
	reissue|0|reissue --key-type ec:p256 old.pem --for nginx --key old.key --out out
	renew|0|renew first/cert.pem --out out
	rekey|0|rekey --key-type ec:p256 first/cert.pem --out out
	show|0|show old.pem old.csr root.pem old.key pile.pem
	show-pfx|0|show old.pfx --password-file pass --json
	audit|1|audit old.pem --for nginx --for sfb-front-end --trust root.pem
	audit-json|1|audit pile.pem --for all --json
	audit-csv|1|audit old.pem --for nginx --csv
	explain|0|explain 0x80092013 old.pem
	verify|0|verify 127.0.0.1:PORT --as nginx --trust trusted/root.pem --name www.contoso.com
	show-wire|0|show 127.0.0.1:PORT
	peer|0|peer --as nginx --listen 127.0.0.1:GUEST --count 1 --seconds 5
	plan|1|plan old.pem other.pem --for nginx --chain root.pem -o out.json
	apply-dry|0|apply plan.json
	apply|0|apply plan.json --commit --out out --chain root.pem --key old.key
	report|0|report plan.json --html out.html
	convert-pfx|0|convert first/fullchain.pem --key first/key.pem --to pfx --out-password-file pass -o out.pfx
	convert-jks|0|convert first/fullchain.pem --key first/key.pem --to jks --out-password-file pass -o out.jks
	convert-p7b|0|convert first/fullchain.pem --to p7b -o out.p7b
	convert-key|0|convert first/key.pem --to pkcs8 --cipher aes-256-cbc --out-password-file pass -o out.pem
	convert-legacy|0|convert old.pfx --password-file pass --to pfx --profile legacy --out-password-file pass -o out.pfx
	convert-target|0|convert first/fullchain.pem --key first/key.pem --for haproxy --out out
	convert-bundle|0|convert first/fullchain.pem --key first/key.pem --for windows-pfx --out out --out-password-file pass
	convert-split|0|convert pile.pem --to der --split --out out
	revoke|0|revoke www.contoso.com --reason superseded
	revoke-hold|0|revoke www.contoso.com --hold
	revoke-authority|0|revoke --authority fifth --commit
	crl|0|crl issuing --out out
	crl-there|0|crl issuing --out published
	crl-delta|0|crl issuing --delta --out published
	list|0|list
	list-json|0|list --pending --all --json
	history|0|history www.contoso.com
	ca-list|0|ca list
	ca-check|0|ca check
	ca-add|0|ca add fourth --subject CN=fourth --key-type ec:p256
	ca-rotate|0|ca rotate issuing --key-type ec:p256 --out out.pem
	ca-retire|0|ca retire fifth --why old
	ca-export|0|ca export --out out
	ca-sign|0|ca sign second.csr --out out.pem
	ca-install|0|ca install second.pem
	ca-request|0|ca request --name third --subject CN=third --out out.csr
	db-check|0|db check
	db-backup|0|db backup --out out
	db-restore|0|db restore copy --home restored
	db-export|0|db export --out out.json
	db-checkpoint|0|db checkpoint
	lint|0|lint old.pem first/cert.pem
	target-list|0|target list
	target-show|0|target show sfb-front-end
	target-check|0|target check nginx
	template-list|0|template list
	template-show|0|template show web-server
	template-check|0|template check web-server
	import-dry|0|import demoCA --password-file pass
	import-openssl|0|import demoCA --commit --password-file pass
	import-resumed|0|import oldCA --commit --password-file pass --json
	import-files|0|import found --commit
	import-foreign|0|import foreign.db demoCA/cacert.pem --commit
	import-wire|0|import 127.0.0.1:PORT --commit
	ocsp|0|ocsp asked.der --out out --own-key
	ocsp-signer|0|ocsp asked.der --out out --key-type ec:p256 --json
	ocsp-all|0|ocsp --all --out out --own-key
	ocsp-listen|0|ocsp --listen 127.0.0.1:RESPONDER --own-key --count 1 --seconds 5
	status|1|status --warn-days 400
	status-json|1|status --warn-days 400 --json
	status-nagios|1|status --warn-days 400 --nagios
	timer|0|timer --out units --publish published
	timer-cron|0|timer --cron status backup
	blocklist-add|0|blocklist add other.key --why found
	blocklist-list|0|blocklist list --json
	ca-show|0|ca show issuing
	ca-default|0|ca default fifth
	ca-ceremony|0|ca ceremony --home vault --root-subject CN=Vault --root-key ec:p256 --no-password --out out second.csr
	ca-ceremony-verify|0|ca ceremony --verify witnessed/transcript.txt witnessed/root.pem second.csr
	ca-rotate-cross|0|ca rotate root --key-type ec:p256 --cross --out out.pem
	ca-rotate-status|0|ca rotate --status
	db-check-against|0|db check --against head.txt
	db-export-csv|0|db export --table events --csv
	version|0|version
	help|0|help issue
	completion|0|completion bash
	ROWS
}

# The command's own table against this one.
"$REMINT" help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' | grep -v '^remint$' | while read -r verb; do
	"$REMINT" help "$verb" | sed -n "s/^  \($verb [a-z]*\) .*/\1/p" >"$work/members"
	if [ -s "$work/members" ]; then cat "$work/members"; else echo "$verb"; fi
done >"$work/verbs"
rows | cut -d'|' -f3 >"$work/calls"
while read -r verb; do
	grep -Eq "^$verb( |\$)" "$work/calls" || echo "remint $verb has no row"
done <"$work/verbs" >"$work/missing"
[ -s "$work/missing" ] && not_ok "every verb has a row" "$work/missing" || ok "each of $(wc -l <"$work/verbs") verbs has a row"

# run_row NAME STATUS ARGUMENTS: its result in the files NAME.log and NAME.status.
run_row() {
	mkdir -p "$work/$1"
	# shellcheck disable=SC2086 # no argument of the table has a blank in it
	$fault ${REMINT_FAULT:-$samples} -e "$2" "$work/fixture" "$work/$1/run" $3 >"$work/$1.log" 2>&1
	echo $? >"$work/$1.status"
	rm -rf "${work:?}/$1"
}

# run_every K: each second row, from the K-th on.
run_every() {
	rows | awk -v k="$1" 'NR % 2 == k' | while IFS='|' read -r name status arguments; do
		case " ${REMINT_FAULT_ROWS:-$name} " in *" $name "*) run_row "$name" "$status" "$arguments" ;; esac
	done
}
run_every 0 &
run_every 1
wait $!
rows | cut -d'|' -f1 | while read -r name; do
	[ ! -e "$work/$name.status" ] || echo "$name"
done >"$work/names"
while read -r name; do
	sentence="$name: $(sed -n '$s/^# //p' "$work/$name.log")"
	[ "$(cat "$work/$name.status")" = 0 ] && ok "$sentence" || not_ok "$sentence" "$work/$name.log"
	[ -z "${REMINT_FAULT:-}" ] || cat "$work/$name.log"
done <"$work/names"
tap_done
