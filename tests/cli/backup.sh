# SPDX-License-Identifier: Apache-2.0
# A backup is made while others write, is whole when it appears, says when it was tampered with, and becomes a home again; nothing is
# replaced, nothing half-made is left.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
echo secret >ca.pass
lab --home home --ca-password-file ca.pass
REMINT_HOME=$TMP/home
export REMINT_HOME
issue() { # NAME
	quietly "$REMINT" issue --dns "$1.example" --key-type ec:p256 --ca-password-file ca.pass --out "$1"
}
issue one
mkdir -p home/templates/certificates
printf 'title = "Mine";\nextends = "server-client";\n' >home/templates/certificates/mine.cfg
sums() { (cd "$1" && find . -type f ! -name lock ! -name 'ca.db-*' ! -name MANIFEST | sort | xargs sha256sum); }

# ---- making one
expect_status 0 "a backup is made" remint db backup --out kept
expect_out '^kept: [0-9]+ files, [0-9.]+ MiB, up to event [0-9]+\.$' "it says where, how much and up to which event"
[ "$(stat -c %a kept)" = 700 ] && [ -z "$(find kept -type f ! -perm 600)" ] && ok "for its owner alone" || not_ok "for its owner alone"
[ "$(ls kept)" = "$(printf 'MANIFEST\nca.db\nkeys\ntemplates')" ] && ok "with nothing but what belongs to it" || not_ok "with nothing but what belongs to it"
cmp -s home/templates/certificates/mine.cfg kept/templates/certificates/mine.cfg && ok "own policies come along" || not_ok "own policies come along"
(cd home/keys && sha256sum ./*) >wanted
(cd kept/keys && sha256sum ./*) >got
expect_same wanted got "every key comes along as it stands"
sed -n 's/^file \([0-9a-f]*\) [0-9]* \(.*\)/\1  .\/\2/p' kept/MANIFEST | sort -k2 >wanted
sums kept | sort -k2 >got
expect_same wanted got "the manifest has the SHA-256 of every file"
expect_status 0 "it is a home by itself" remint db check --home kept
rm -f kept/ca.db-wal kept/ca.db-shm
expect_status 0 "an event tells of it" remint db export --table events
expect_out '"kind":"backup","text":"event=[0-9]+ files=' "with the state that it holds"
expect_status 0 "as JSON" remint db backup --out as-json --json
json_is '.backup | .path == "as-json" and .files > 3 and .bytes > 1000 and (.hash | length == 64)' "with the same figures"

expect_status 4 "one that is there is not replaced" remint db backup --out kept
expect_status 4 "nor is a home filled" remint db backup --out home
touch file
expect_status 4 "nor a file replaced" remint db backup --out file
mkdir holder
expect_status 0 "a directory that is there gets it" remint db backup --out holder
ls holder | grep -Eqx 'home-backup-[0-9]{8}T[0-9]{6}Z' && ok "under the name of the home and the time" || not_ok "under the name of the home and the time"
expect_status 0 "without a name it stands" remint db backup
ls | grep -Eqx 'home-backup-[0-9]{8}T[0-9]{6}Z' && ok "beside the home" || not_ok "beside the home"
expect_status 3 "where no directory can be made there is none" remint db backup --out absent/kept
expect_status 6 "without a home there is nothing to back up" remint db backup --home nowhere --out none
[ -z "$(find . -maxdepth 2 -name '*.??????' -type d)" ] && ok "nothing half-made is left" || not_ok "nothing half-made is left"


# ---- while others write
i=0
while [ $i -lt 12 ]; do
	issue "busy$i" || break
	i=$((i + 1))
done &
writer=$!
good=0
for n in 1 2 3 4 5; do
	if remint db backup --out "live$n" >live.out 2>&1 && remint db check --home "live$n" >>live.out 2>&1; then
		good=$((good + 1))
	else
		cat live.out >>live.log
	fi
done
wait $writer
[ $good -eq 5 ] && ok "five backups while a dozen certificates are issued, all sound" || not_ok "five backups while a dozen certificates are issued, all sound" live.log
check "and the home is sound" remint db check

# ---- restoring
issue late
expect_status 0 "a home is made from it" remint db restore kept --home again
expect_out 'stands as it was at ' "it says of when"
expect_out 'not known here' "and that the rest is not known"
sums kept | grep -v ' \./ca.db$' >wanted
sums again | grep -v ' \./ca.db$' >got
expect_same wanted got "keys and policies are the same"
[ "$(stat -c %a again)" = 700 ] && ok "for its owner alone" || not_ok "for its owner alone"
expect_status 0 "it is sound" remint db check --home again
expect_status 0 "an event tells of it" remint db export --home again --table events
expect_out '"kind":"restore","text":"backup=20' "with the backup"
expect_status 1 "what came later is not in it" remint history --home again late.example
expect_status 0 "what came before is" remint history --home again one.example
if have sqlite3; then
	numbers=$(sqlite3 again/ca.db 'SELECT count(*) FROM authorities a WHERE (SELECT max(number) FROM crls c WHERE c.authority = a.id) >= 1000')
	[ "$numbers" = 2 ] && ok "each authority goes on with numbers of lists far ahead" || not_ok "each authority goes on with numbers of lists far ahead"
else
	skip "sqlite3 is not installed" "each authority goes on with numbers of lists far ahead"
fi
quietly "$REMINT" crl --out pub --ca-password-file ca.pass
quietly "$REMINT" crl --out pub --ca-password-file ca.pass
quietly "$REMINT" crl --home again --out pub.again --ca-password-file ca.pass
list_number() { printf '%d' "0x$(openssl crl -inform DER -in "$1" -noout -crlnumber | sed 's/.*0x//; s/^crlNumber=//')"; }
[ "$(list_number pub.again/issuing.crl)" -gt "$(($(list_number pub/issuing.crl) + 990))" ] && ok "and the next list has a number behind those of the lost home" ||
	not_ok "and the next list has a number behind those of the lost home"
expect_status 0 "it goes on issuing" remint issue --home again --dns new.example --key-type ec:p256 --ca-password-file ca.pass --out new
expect_status 0 "soundly" remint db check --home again
expect_status 4 "a home that is there is not replaced" remint db restore kept --home again
expect_status 0 "unless it is moved aside" remint db restore kept --home again --force
ls | grep -Eqx 'again\.before-restore-[0-9]{8}T[0-9]{6}Z' && ok "where it is kept" || not_ok "where it is kept"
expect_status 0 "whole" remint history --home "$(ls -d again.before-restore-*)" new.example

# ---- what is no longer what it was: sentence | what happened to a copy | message
while IFS='|' read -r sentence change message; do
	rm -rf bad got.home
	cp -R kept bad
	(cd bad && sh -c "$change")
	expect_status 3 "$sentence is refused" remint db restore bad --home got.home
	expect_err "$message" "$sentence: and says why"
	[ ! -e got.home ] && [ -z "$(find . -maxdepth 1 -name 'got.home.*')" ] && ok "$sentence: and leaves nothing" || not_ok "$sentence: and leaves nothing"
done <<'TABLE'
a key that was changed|for k in keys/*; do echo >>"$k"; break; done|not the file that was backed up
a database with one byte changed|dd if=MANIFEST of=ca.db bs=1 count=1 seek=9000 conv=notrunc 2>/dev/null|not the file that was backed up
a database that was written to|printf x >ca.db-wal|written to after it was made
a policy that is gone|rm templates/certificates/mine.cfg|mine.cfg: cannot open
a manifest without its end|head -c -10 MANIFEST >M; mv M MANIFEST|line [0-9]+: this line was changed
a manifest that leads elsewhere|sed -i 's#keys/#keys/../../#' MANIFEST|line [0-9]+: this line was changed
an absolute name|sed -i 's# ca.db$# /etc/passwd#' MANIFEST|line [0-9]+: this line was changed
a manifest without the database|sed -i '/ ca.db$/d' MANIFEST|names no database
a directory without a manifest|rm MANIFEST|no directory with a MANIFEST
something else as the manifest|echo hello >MANIFEST|neither the manifest of a backup nor a checkpoint
TABLE
rm -rf bad
cp -R kept bad
sed -i 's/^event \([0-9]*\) \(....\)/event \1 0000/' bad/MANIFEST
expect_status 6 "a manifest of another state is refused" remint db restore bad --home got.home
expect_err 'does not end with the event' "and says why"

tap_done
