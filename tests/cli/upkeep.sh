# SPDX-License-Identifier: Apache-2.0
# The status of a CA as its days go by: each thing that ends, waits or is stale is told at its time, with the name it has, the exit
# status for cron and the one line for Nagios; and the timers that run all this.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl faketime
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
lab --no-password
REMINT_HOME=$HOME/.local/share/remint
export REMINT_HOME
for row in a:20 b:40 c:100; do
	quietly "$REMINT" issue --dns "${row%:*}.example" --days "${row#*:}" --key-type ec:p256 --out "${row%:*}"
done
quietly "$REMINT" db backup --out kept

# line REGEX SENTENCE: of the page, the health in front.
line() { expect_out "^  $1" "$2"; }
# at DAYS COMMAND...: as it will be then.
at() {
	at_days=$1
	shift
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 faketime -f "$at_days" "$@"
}

expect_status 1 "today: a certificate ends in twenty days" remint status
line 'warning   1 ends within 30 days' "which is a warning"
expect_out "^ +$(date -u -d '+20 days' +%Y-%m)-[0-9]{2}  [0-9]+  a\\.example\$" "with its day and name"
line 'ok        1 ends within 90 days' "one ends later"
line 'ok        none expired within' "none has expired"
line 'ok        issuing: ends on [0-9-]+, in 36[0-9]{2} days; from [0-9-]+ on one of [0-9]+ days would outlive it' "the CA has years to go"
line 'ok        nothing waits' "nothing waits"
line 'ok        the last backup was made [0-9]+ (second|minute)s? ago' "there is a backup"
line 'ok        no checkpoint was ever made' "no checkpoint, which nobody asked for"
line 'ok        the last [0-9]+ events of [0-9]+ are whole' "the log is whole"
line 'ok        every certificate that was begun is finished' "nothing is half done"
expect_out '^warning: 0 critical, 1 to look at, of [0-9]+ checks$' "and the sum is right"
expect_status 0 "with other bounds all is well" remint status --warn-days 10 --critical-days 3
expect_status 1 "a checkpoint that is asked for" remint status --warn-days 10 --checkpoint-days 3
line 'warning   no checkpoint was ever made' "is missed"
quietly "$REMINT" db checkpoint -o head.txt
expect_status 0 "until there is one" remint status --warn-days 10 --checkpoint-days 3

# ---- as time goes by: days | exit of the page | of nagios | line | sentence
while IFS='|' read -r days page nagios wanted sentence; do
	expect_status "$page" "after $days days" at "+${days}d" "$REMINT" status
	line "$wanted" "after $days days: $sentence"
	expect_status "$nagios" "after $days days for Nagios" at "+${days}d" "$REMINT" status --nagios
done <<'TABLE'
3|1|1|warning   1 ends within 30 days|the same
15|1|2|critical  1 ends within 7 days|it is urgent
15|1|2|warning   1 ends within 30 days|another is near
15|1|2|warning   the last backup was made 1[45] days ago|the backup is old
25|1|2|critical  1 expired within the last 30 days without a successor|it was let go
60|1|2|critical  1 expired within the last 30 days without a successor|in the end the first is forgotten
3560|1|1|warning   issuing: ends on [0-9-]+, in [0-9]+ days; a certificate of [0-9]+ days, as it issues them, would outlive it: rotate it|the CA is to be rotated
3640|1|2|critical  issuing: ends on|the CA is at its end
3700|1|2|critical  issuing: expired on|and over it
TABLE
expect_status 1 "what expired long ago" at +25d "$REMINT" status --expired-days 0 --backup-days 100
expect_no_line "$TMP/out" 'expired' "may be left out"
expect_status 1 "a clock behind the last event" at -2d "$REMINT" status
line 'critical  it is .*, which is later: nothing can be issued until the clock is right' "is critical"

# ---- a successor, and one that was taken back
quietly "$REMINT" renew a/cert.pem --key a/key.pem --out a2
expect_status 0 "one that was renewed is told no more" remint status
expect_no_line "$TMP/out" ' a\.example' "by its name"
quietly "$REMINT" revoke "$(openssl x509 -in a2/cert.pem -noout -serial | sed 's/.*=//')"
expect_status 1 "unless its successor was revoked" remint status
expect_out ' a\.example$' "then it is told again"
line 'warning   issuing: 1 certificate was revoked and no list was ever published' "and that nobody can know of it"

# ---- revocation lists and OCSP responses
expect_status 0 "a list is published" remint crl --out pub --next-update 8d
remint status >"$TMP/out"
line 'ok        issuing: list 1 \(1 revoked\) holds until 20' "which is fresh"
at +5d "$REMINT" status >"$TMP/out"
line 'ok        issuing: list 1 ' "for some days"
at +5d "$REMINT" status --margin 4d >"$TMP/out"
line 'warning   issuing: list .*: a run was missed: run remint crl' "unless runs are meant to be closer"
at +7d "$REMINT" status >"$TMP/out"
line 'warning   issuing: list .*: a run was missed: run remint crl' "in the last quarter of its life it is a warning"
at +9d "$REMINT" status >"$TMP/out"
line 'critical  issuing: list .* ended at .*refuse every certificate of this authority: run remint crl' "afterwards critical"
quietly "$REMINT" revoke c/cert.pem
remint status >"$TMP/out"
line 'ok        issuing: .*; 1 change is not on it yet, since [0-9]+ seconds?' "what is not on it is told"
at +3d "$REMINT" status >"$TMP/out"
line 'warning   issuing: .*; 1 change is not on it yet, since [23] ' "and a warning after a day"
quietly "$REMINT" revoke b/cert.pem --hold
remint status >"$TMP/out"
line 'ok        issuing: .*; 2 changes are not on it yet' "a hold, too"
quietly "$REMINT" revoke b/cert.pem --release
remint status >"$TMP/out"
line 'ok        issuing: .*; 1 change is not on it yet' "until it is released: then the list says what is so"
quietly "$REMINT" revoke b/cert.pem --hold
expect_status 0 "a delta" remint crl issuing --delta --out pub
remint status >"$TMP/out"
expect_no_line "$TMP/out" 'not on it yet' "takes them up"
line 'ok        issuing: delta [0-9]+ on top of list 1 \(2 changes\) holds until 20' "and is told of"
quietly "$REMINT" revoke b/cert.pem --release
remint status >"$TMP/out"
line 'ok        issuing: .*; 1 change is not on it yet' "a release of what is on a list is not on it yet"
quietly "$REMINT" revoke b/cert.pem --hold
remint status >"$TMP/out"
expect_no_line "$TMP/out" 'not on it yet' "until it is put on hold again"
quietly "$REMINT" revoke b/cert.pem --release
at +20h "$REMINT" status >"$TMP/out"
line 'warning   issuing: delta .*: a run was missed: run remint crl --delta' "a delta grows old"
at +2d "$REMINT" status >"$TMP/out"
line 'warning   issuing: delta .* ended at .*: run remint crl --delta' "and ends, which only those see who look for it"
line 'warning   issuing: list 1 .*; 1 change is not on it yet, since ' "what it alone said is outstanding again"
quietly "$REMINT" crl --out pub --next-update 8d
remint status >"$TMP/out"
expect_no_line "$TMP/out" 'delta' "a complete list makes it needless"

# ---- an authority whose lists name deltas, partial ones too
quietly "$REMINT" init --home deltas --no-password --root-key ec:p256 --issuing-key ec:p256 --publish-url http://pki.example/ --crl-shards 2 --crl-deltas
quietly "$REMINT" db backup --home deltas
quietly "$REMINT" crl --home deltas --out pub.deltas
expect_status 1 "deltas that are named and were never published" remint status --home deltas
line 'warning   issuing: no delta was ever published, and its lists say where it should be: run remint crl --delta' "are missed"
quietly "$REMINT" crl issuing --home deltas --delta --out pub.deltas
remint status --home deltas >"$TMP/out"
line 'ok        issuing: delta [0-9]+ on top of list [0-9]+ \(0 changes\) holds until' "until they are there"
expect_status 1 "after their end" at +25h "$REMINT" status --home deltas
line 'critical  issuing: delta .*devices that check deltas refuse every certificate of this authority' "they are critical"
expect_status 1 "as JSON" at +25h "$REMINT" status --home deltas --json
json_is '.lines[] | select(.check == "delta-freshness" and .object == "issuing") | .health == "critical" and .value < 0 and .critical == 0' "a line of its own"
expect_status 2 "for Nagios" at +25h "$REMINT" status --home deltas --nagios
expect_out "'crl-delta-freshness-issuing'=-[0-9]+s;[0-9]+:;0:" "with its figure"

quietly "$REMINT" crl issuing --home deltas --out pub.deltas
remint status --home deltas >"$TMP/out"
line 'ok        issuing: delta [0-9]+ on top of list [0-9]+ .*; the list is newer and says it all$' "a complete list makes it needless, and it may stay"

# ---- OCSP: responses that are only signed as they are asked for need not be fresh
quietly openssl ocsp -issuer b/chain.pem -cert b/cert.pem -no_nonce -reqout asked.der
quietly "$REMINT" ocsp asked.der --out answer.der --next-update 1h
at +2d "$REMINT" status >"$TMP/out"
expect_no_line "$TMP/out" '^OCSP|ocsp' "where nothing is signed in advance, nothing is asked for"
expect_status 0 "responses are signed in advance" remint ocsp --all --next-update 4d
at +2d "$REMINT" status >"$TMP/out"
line 'ok        issuing: the first response signed in advance ends in' "they are fresh"
at +90h "$REMINT" status >"$TMP/out"
line 'warning   issuing: the first response .*: a run was missed: run remint ocsp --all' "they grow old"
at +5d "$REMINT" status >"$TMP/out"
line 'critical  issuing: the first response .* ended .* ago: run remint ocsp --all' "and end"
at +40d "$REMINT" status >"$TMP/out"
expect_no_line "$TMP/out" 'response' "when no run has followed for long, nobody expects one"
remint status --warn-days 300 --critical-days 299 >"$TMP/out"
[ "$(grep -c 'within 300 days' "$TMP/out")" -eq 1 ] && ok "the last bound is told once" || not_ok "the last bound is told once" "$TMP/out"
expect_no_line "$TMP/out" 'OCSP [Ss]igner|Responder' "the certificate that signs them is nobody's worry"

# ---- an address of a responder where nobody ever answered
quietly "$REMINT" init --home asked --no-password --root-key ec:p256 --issuing-key ec:p256 --ocsp-url http://ocsp.example/
quietly "$REMINT" db backup --home asked
quietly "$REMINT" issue --home asked --key-type ec:p256 --dns q.example --out q
expect_status 1 "certificates say whom to ask, and nobody answers" remint status --home asked
line 'warning   issuing: no response was ever signed, and certificates say where to ask: run remint ocsp --all or --listen' "it is told"
line 'warning   root: no response was ever signed' "of each authority"
expect_status 1 "for Nagios" remint status --home asked --nagios
expect_out '^REMINT WARNING' "a warning"
quietly openssl ocsp -issuer q/chain.pem -cert q/cert.pem -no_nonce -reqout asked.der
quietly "$REMINT" ocsp asked.der --home asked --own-key --out answer.der --force
remint status --home asked >"$TMP/out"
expect_no_line "$TMP/out" 'issuing: no response' "until one is kept, by the authority's own key"
line 'warning   root: no response was ever signed' "the other one stays silent"
quietly "$REMINT" ocsp --all --home asked
expect_status 0 "responses in advance" remint status --home asked

# ---- what waits
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout w.key -out w.csr -subj '/CN=w.example' 2>/dev/null
quietly "$REMINT" sign w.csr --hold --template server-client
quietly "$REMINT" request --cn x.example --dns x.example --out x
remint status >"$TMP/out"
line 'ok        1 request that waits for approval, the oldest for ' "a held request waits"
line 'ok        1 request that lies at another CA' "so does one at another CA"
at +8d "$REMINT" status >"$TMP/out"
line 'warning   1 request that waits for approval, the oldest for [78] days' "after a week it is a warning"

# ---- JSON and Nagios
expect_status 1 "as JSON" remint status --json
json_is '.health == "warning" and .warnings >= 1 and .criticals == 0 and (.lines | map(.section) | unique | contains(["authorities","certificates","clock","crl","database","pending"]))' "with every section"
json_is '.lines[] | select(.check == "ends-warning") | .health == "warning" and .value == 1 and .certificates[0].name == "a.example"' "with names and figures"
json_is '[.lines[] | [.section, .check, .object]] | length == (unique | length)' "each line like no other"
expect_status 1 "as one line" remint status --nagios
[ "$(wc -l <"$TMP/out")" -eq 1 ] && ok "it is one" || not_ok "it is one" "$TMP/out"
expect_out "^REMINT WARNING - 1 ends within 30 days \\|( '[^'|=]+'=-?[0-9]+(s|B)?;[0-9]*:?;[0-9]*:?)+\$" "with its figures"
expect_status 2 "a home that is not there" remint status --nagios --home absent
expect_out '^REMINT CRITICAL - ' "is critical"
expect_status 6 "and a failure on a page" remint status --home absent
expect_status 2 "bounds the wrong way round" remint status --warn-days 3 --critical-days 5
expect_status 2 "two forms at once" remint status --nagios --json
if have sqlite3; then
	cp -R "$REMINT_HOME" broken
	sqlite3 broken/ca.db 'DROP TRIGGER events_no_update; UPDATE events SET text = text || 1 WHERE id = 6'
	expect_status 1 "an altered event" remint status --home broken
	line 'critical  the event log was altered: event 6 ' "is seen"
	cp -R "$REMINT_HOME" keyless
	rm -f keyless/keys/*
	expect_status 1 "a key that is gone" remint status --home keyless
	line 'critical  issuing: .*its private key is not in keys/' "is seen"
fi

# ---- timers
mkdir 'pub lic%$x' units backups
echo secret >ca.pass
expect_status 0 "units are printed" remint timer --publish 'pub lic%$x' --ca-password-file ca.pass --run-as daemon
for wanted in '^# remint-crl\.service$' '^# remint-crl\.timer$' '^# remint-backup\.timer$' '^User=daemon$' '^LoadCredential=ca\.pass:/.*/ca\.pass$' \
	'^ExecStart=".*" crl --out ".*/pub lic%%\$\$x" --home "/.*" --ca-password-file \$\{CREDENTIALS_DIRECTORY\}/ca\.pass$' \
	'^OnCalendar=hourly$' '^ProtectSystem=strict$' '^WantedBy=timers\.target$'; do
	expect_out "$wanted" "with $wanted"
done
# A home below /tmp, as here, is not seen from a service with a /tmp of its own.
for place in /dev/shm /run "$HOME" /opt; do
	far=$(mktemp -d "$place/remint-test.XXXXXX" 2>"$TMP/err") || continue
	cp "$REMINT" "$far/remint" 2>"$TMP/err" && "$far/remint" version >"$TMP/out" 2>&1 && break
	rm -rf "$far"
	far=
done
case ${far:-/tmp/} in
/tmp/* | /var/tmp/*) skip "no directory elsewhere in which a program runs" "a service has a /tmp of its own" ;;
*)
	quietly "$REMINT" init --home "$far/home" --no-root --no-password
	expect_status 0 "units for a home elsewhere" "$far/remint" timer status --home "$far/home"
	expect_out '^PrivateTmp=yes$' "have a /tmp of their own"
	expect_status 0 "those that back it up to /var/tmp" "$far/remint" timer backup --home "$far/home" --backups /var/tmp
	expect_no_line "$TMP/out" '^PrivateTmp' "do not"
	quietly "$REMINT" init --home "$TMP/near" --no-root --no-password
	case $TMP in
	/tmp/* | /var/tmp/*)
		expect_status 0 "nor do those for a home below it" "$far/remint" timer status --home "$TMP/near"
		expect_no_line "$TMP/out" '^PrivateTmp' "which would not find it"
		expect_out '^# Without PrivateTmp=yes: ' "and they say why"
		;;
	esac
	;;
esac
[ -z "$far" ] || rm -rf "$far"
expect_status 0 "without a place to publish" remint timer
expect_no_line "$TMP/out" 'crl' "there is no such job"
expect_err 'crl is left out' "which is said"
expect_status 2 "unless it is asked for" remint timer crl
expect_status 2 "a job that there is not" remint timer statsu
expect_err 'there is no job "statsu": did you mean status' "is a slip"
expect_status 3 "a place that is not there" remint timer --publish absent
expect_status 2 "a user that is no word" remint timer --run-as 'a b'
expect_status 0 "into a directory" remint timer --publish 'pub lic%$x' --ca-password-file ca.pass --run-as daemon --name lab --out units
[ "$(ls units | tr '\n' ' ')" = 'lab-backup.service lab-backup.timer lab-check.service lab-check.timer lab-crl.service lab-crl.timer lab-ocsp.service lab-ocsp.timer lab-status.service lab-status.timer ' ] &&
	ok "a service and a timer each" || not_ok "a service and a timer each"
expect_status 4 "which is not replaced" remint timer --out units --name lab
expect_status 0 "unless it is meant" remint timer --out units --name lab --force backup
if have systemd-analyze && systemd-analyze verify --man=no "$PWD/units/lab-status.timer" >verify.log 2>&1 || grep -q lab- verify.log 2>/dev/null; then
	for unit in units/*; do
		systemd-analyze verify --man=no "$PWD/$unit" >verify.log 2>&1 && [ ! -s verify.log ] && ok "systemd has nothing against $unit" ||
			not_ok "systemd has nothing against $unit" verify.log
	done
else
	skip "systemd-analyze does not run here" "systemd has nothing against them"
fi
expect_status 0 "lines of a crontab" remint timer --cron --publish 'pub lic%$x' --backups backups
cp "$TMP/out" table
if have crontab && crontab -T table >/dev/null 2>&1; then
	ok "crontab takes them"
elif have crontab && crontab -h 2>&1 | grep -q -e ' -T'; then
	not_ok "crontab takes them" table
else
	skip "crontab -T is not here" "crontab takes them"
fi
[ "$(grep -vc '^#' table)" -eq 5 ] && ! grep -v '^#' table | grep -Evq "^[0-9*]+ [0-9*/]+ \\* \\* [0*] ('|said)" && ok "five of them" || not_ok "five of them" table
# As cron hands it to the shell: "\%" is "%".
grep 'db backup' table | cut -d' ' -f6- | sed 's/\\%/%/g' >job.sh
expect_status 0 "the job works as it stands" sh job.sh
ls backups | grep -Eqx 'remint-backup-[0-9]{8}T[0-9]{6}Z' && ok "and leaves a backup" || not_ok "and leaves a backup"
grep ' status ' table | cut -d' ' -f6- | sed 's/\\%/%/g' >job.sh
expect_status 0 "the status" sh job.sh
expect_out '^warning: ' "mails its page"
expect_status 0 "units as JSON" remint timer --json status
json_is '[.files[].name] == ["remint-status.service", "remint-status.timer"] and (.files[1].text | contains("[Timer]"))' "each with its text"
expect_status 0 "with a user" remint timer --cron --run-as ca backup
expect_out "^30 2 \\* \\* \\* ca '" "the lines are those of cron.d"

# ---- what the home asks for: deltas, and a passphrase for whoever signs
expect_status 0 "where lists have deltas" remint timer --home deltas --publish pub.deltas --cron
expect_out '^47 \* \* \* \* .* crl --delta --out ' "they have a job"
expect_out '^17 1 \* \* \* .* crl --out ' "and complete lists are for the night"
grep 'crl --delta' "$TMP/out" | cut -d' ' -f6- | sed 's/\\%/%/g' >job.sh
expect_status 0 "the job of the deltas works as it stands" sh job.sh
expect_status 0 "without deltas" remint timer --publish 'pub lic%$x'
expect_no_line "$TMP/out" 'delta' "there is no such job"
expect_status 0 "unless it is asked for" remint timer --publish 'pub lic%$x' delta
expect_out '^# remint-delta.timer$' "by its name"
expect_no_line "$TMP/err" 'passphrase' "keys without a passphrase need none"
quietly "$REMINT" init --home locked --ca-password-file ca.pass --root-key ec:p256 --issuing-key ec:p256
for form in --systemd --cron; do
	expect_status 0 "jobs of a home with a passphrase, $form" remint timer $form --home locked --publish 'pub lic%$x'
	expect_err 'crl, ocsp: these sign, and need the passphrase.*--ca-password-file' "which sign is said"
	[ "$(grep -c "^# It needs the passphrase of the CA's keys" "$TMP/out")" -eq 2 ] && ok "and written beside them" || not_ok "and written beside them" "$TMP/out"
	expect_status 0 "with the file, $form" remint timer $form --home locked --publish 'pub lic%$x' --ca-password-file ca.pass
	expect_no_line "$TMP/out" 'It needs' "nothing is missing"
	[ ! -s "$TMP/err" ] && ok "and nothing said" || not_ok "and nothing said" "$TMP/err"
	[ "$(grep -c -e "--ca-password-file [$']" "$TMP/out")" -eq 2 ] && ok "the two that sign name it" || not_ok "the two that sign name it" "$TMP/out"
done
expect_status 0 "as JSON" remint timer --json --home locked --publish 'pub lic%$x'
json_is '[.files[] | select(.needs_passphrase) | .name] == ["remint-crl.service", "remint-crl.timer", "remint-ocsp.service", "remint-ocsp.timer"]' "each file says so"
expect_status 6 "no home, no timers" remint timer --home units
tap_done
