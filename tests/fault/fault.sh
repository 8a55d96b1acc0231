# SPDX-License-Identifier: Apache-2.0
# The verbs of the command are run with one call of Remint's own code failing: memory, files, network, SQLite or OpenSSL (calls.h says which,
# fault.c what is judged). However it ends, it says why, leaves no half file, and the database is sound; in a build with sanitizers nothing is
# used after it was freed, and nothing is lost.
#
# The short form lets 12 calls of each verb fail, spread over its run; the long form every one, but for what has failed
# four times from the same callers.
# REMINT_FAULT_ROWS="issue sign" runs these rows alone; REMINT_FAULT="-n 17" shows what becomes of one call.
#
# A verb that is new needs a row in the table below. Not there yet: import, ocsp, status, timer, blocklist, ca ceremony, ca default,
# ca show, db check --against.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/server.sh"
need openssl
fault=$builddir/tests/fault/fault
[ -x "$fault" ] || skip_all "tests/fault/fault is not built"

samples="-s 12"
[ "${REMINT_LONG:-}" != 1 ] || samples="-r 4"
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
serve -cert first/cert.pem -key first/key.pem -cert_chain first/chain.pem

# ---- the verbs: name, status when nothing fails, arguments --------------------------------------------------------------------
rows() {
	sed "s/PORT/$port/" <<-'ROWS'
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
	peer|0|peer --as nginx --seconds 1
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
	crl|0|crl issuing --out out
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
	template-show|0|template show web-server
	help|0|help issue
	completion|0|completion bash
	ROWS
}

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
