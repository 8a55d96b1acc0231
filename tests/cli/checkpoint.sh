# SPDX-License-Identifier: Apache-2.0
# What somebody with the database in hand can do to it, and what db check says: a tail cut off the event log, rows and events
# together; a log made anew; a signature of another key. What the chain cannot show shows against a checkpoint kept elsewhere.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
need openssl sqlite3
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
lab --no-password
REMINT_HOME=$HOME/.local/share/remint
export REMINT_HOME
issue() { # NAME [HOME]
	quietly "$REMINT" issue --dns "$1.example" --key-type ec:p256 --out "$1" ${2:+--home "$2"}
}
issue one
expect_status 0 "the head of the log is written down" remint db checkpoint
cp "$TMP/out" head.txt
[ "$(sed 's/ .*//' head.txt | tr '\n' ' ')" = 'remint-checkpoint home event made schema ' ] && ok "as five lines" || not_ok "as five lines" head.txt
last=$(sed -n 's/^event \([0-9]*\) .*/\1/p' head.txt)
remint db export --table events >events
[ "$(tail -n 1 events | sed 's/.*"id":\([0-9]*\),.*"kind":"\([a-z]*\)".*"hash":"\([0-9a-f]*\)".*/event \1 \3 \2/')" = \
	"$(sed -n 's/^\(event [0-9]* [0-9a-f]*\) .*/\1 checkpoint/p' head.txt)" ] && ok "the event that tells of it is the head" || not_ok "the event that tells of it is the head" events
expect_status 0 "into a file" remint db checkpoint -o head2.txt
expect_status 4 "which is not replaced" remint db checkpoint -o head2.txt
remint db export --table events | wc -l >count
expect_status 0 "unless it is meant" remint db checkpoint -o head2.txt --force
[ "$(remint db export --table events | wc -l)" -eq $(($(cat count) + 1)) ] && ok "and what was refused is no event" || not_ok "and what was refused is no event"
expect_status 0 "as JSON" remint db checkpoint --json
json_is ".checkpoint | .event == $last + 3 and (.hash | length == 64) and (.text | startswith(\"remint-checkpoint 1\"))" "too"
expect_status 0 "a log that ends with it is in order" remint db check --against head.txt
expect_out "goes on from the checkpoint: event $last is still" "and says so"
issue two
expect_status 0 "so is one that went on" remint db check --against head.txt
expect_status 0 "also as JSON" remint db check --against head.txt --json
json_is ".database.against == $last and .database.signatures == 4 and .orphans == []" "with the event"
expect_status 0 "a backup's manifest does as well" remint db backup --out kept
expect_status 0 "for the same" remint db check --quick --against kept/MANIFEST
expect_out '^The database is sound' "a quick check"
expect_no_line "$TMP/out" 'signature' "leaves the signatures out"

# forge HOME SQL: as whoever has the file: triggers away, rows changed, triggers back.
forge() {
	rm -rf "$1"
	cp -R "$REMINT_HOME" "$1"
	sqlite3 "$1/ca.db" "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger'" >triggers.sql
	{
		sqlite3 "$1/ca.db" "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'"
		echo "$2;"
		cat triggers.sql
	} | quietly_sql "$1/ca.db"
}
quietly_sql() {
	sqlite3 -bail "$1" >sql.log 2>&1 || not_ok "the database is forged" sql.log
}
cut='DELETE FROM certificate_names WHERE certificate >= 4; DELETE FROM certificate_targets WHERE certificate >= 4;
DELETE FROM certificate_der WHERE certificate >= 4; DELETE FROM certificates WHERE id >= 4; DELETE FROM tbs WHERE id >= 4'

forge tail "$cut; DELETE FROM events WHERE id >= $last"
expect_status 0 "a tail cut off, rows and events together, shows in nothing else" remint db check --home tail
expect_status 6 "against the checkpoint it does" remint db check --home tail --against head.txt
expect_err "the end of the event log was cut off: it ends with event $((last - 1)), and head.txt knows event $last" "and says what is gone"
expect_status 6 "also after it went on" sh -c '"$REMINT" issue --home tail --dns three.example --key-type ec:p256 --out three >/dev/null && "$REMINT" issue --home tail --dns four.example --key-type ec:p256 --out four >/dev/null && "$REMINT" db check --home tail --against head.txt'
expect_err "the event log was replaced: its event $last is not the one that head.txt knows" "as a log of its own"
forge empty "$cut; DELETE FROM events"
expect_status 6 "an empty log" remint db check --home empty --against head.txt
expect_err 'the event log is empty' "is told as one"
forge changed "UPDATE events SET text = text || ' ' WHERE id = 5"
expect_status 6 "an altered event" remint db check --home changed --against head.txt
expect_err 'event 5 does not have the hash' "is seen by the chain"

quietly "$REMINT" init --home other --root-key ec:p256 --issuing-key ec:p256 --no-password
expect_status 6 "another home" remint db check --home other --against head.txt
expect_err 'made from another home' "is told apart"
expect_status 0 "one that was restored" remint db restore kept --home restored
remint db checkpoint >head3.txt
expect_status 0 "goes on from what its backup holds" remint db check --home restored --against kept/MANIFEST
expect_status 6 "and not from what came later" remint db check --home restored --against head3.txt
expect_err 'this home was restored at .*what followed the backup is lost' "which is explained"
for bad in /dev/null head.cut absent.txt; do
	head -n 3 head.txt >head.cut
	expect_status 3 "$bad is no checkpoint" remint db check --against $bad
done
expect_err 'absent.txt: cannot' "and says so"

# A signature of another key: everything fits but the signature. The issuing CA's row is left in its place.
quietly openssl ecparam -name prime256v1 -genkey -noout -out other.key
cat >resign.py <<'PY'
import hashlib, sqlite3, subprocess, sys
def lengthed(tag, body):
    n = len(body)
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else bytes([0x82, n >> 8, n & 255])) + body
db = sqlite3.connect(sys.argv[1])
tbs, = db.execute('SELECT bytes FROM tbs WHERE id = 3').fetchone()
open('tbs.bin', 'wb').write(tbs)
sig = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', 'other.key', 'tbs.bin'], stdout=subprocess.PIPE, check=True).stdout
der, = db.execute('SELECT der FROM certificate_der WHERE certificate = 3').fetchone()
at = der.index(tbs) + len(tbs)
algorithm = der[at:at + 2 + der[at + 1]]
new = lengthed(0x30, tbs + algorithm + lengthed(0x03, b'\0' + sig))
print("UPDATE certificate_der SET der = x'%s' WHERE certificate = 3; UPDATE certificates SET fingerprint = x'%s' WHERE id = 3"
      % (new.hex(), hashlib.sha256(new).hexdigest()))
PY
if have python3; then
	# The event of the row and the chain behind it are made anew, as a careful hand would.
	cat >rechain.py <<'PY'
import hashlib, re, sqlite3, sys
field = lambda b: len(b).to_bytes(8, 'big') + b
db = sqlite3.connect(sys.argv[1])
row = db.execute('''SELECT c.id, c.authority, c.recorded, c.fingerprint, c.tbs, ifnull(c.supersedes, 0), ifnull(c.request, 0), c.proved,
	ifnull(t.text, ''), c.targets FROM certificates c LEFT JOIN terms t ON t.id = c.template WHERE c.id = 3''').fetchone()
text = lambda v: field(v if isinstance(v, bytes) else str(v).encode())
vouch = hashlib.sha256(bytes(32) + b''.join(text(v) for v in row)).hexdigest()
before = bytes(32)
for id, at, kind, said in db.execute('SELECT id, at, kind, text FROM events ORDER BY id').fetchall():
    if kind == 'issue' and ' ids=3 ' in said:
        said = re.sub('sha256=.*', 'sha256=' + vouch, said)
    before = hashlib.sha256(before + text(id) + text(at) + text(kind) + text(said)).digest()
    db.execute('UPDATE events SET text = ?, hash = ? WHERE id = ?', (said, before, id))
db.commit()
PY
	forge signed "$(python3 resign.py "$REMINT_HOME/ca.db")"
	expect_status 6 "a certificate with another signature does not fit its event" remint db check --home signed
	sqlite3 signed/ca.db "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'" | quietly_sql signed/ca.db
	check "with the log made anew" python3 rechain.py signed/ca.db
	quietly_sql signed/ca.db <triggers.sql
	expect_status 0 "it fits everything" remint db check --home signed --quick
	expect_status 6 "but its issuer's key" remint db check --home signed --jobs 2
	expect_err 'certificate 3 was not signed by the authority that it stands under' "which is said"
else
	skip "python3 is not installed" "a signature of another key"
fi
tap_done
