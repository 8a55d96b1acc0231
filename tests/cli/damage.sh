# SPDX-License-Identifier: Apache-2.0
# A database that is damaged: whatever is asked, one sentence says so and what to do, in words of ours; and what it says to do helps.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl sqlite3
cd "$TMP" || exit 99
remint() { "$REMINT" "$@"; }
quietly "$REMINT" init --home h --no-password --root-key ec:p256 --issuing-key ec:p256
for name in one two three; do
	quietly "$REMINT" issue --home h --dns "$name.example" --key-type ec:p256 --out "$name"
done
quietly "$REMINT" db backup --home h --out kept
quietly sqlite3 h/ca.db 'PRAGMA wal_checkpoint(TRUNCATE)'
size=$(wc -c <h/ca.db)
# defensively SQL: as somebody with a shell of SQLite would.
spoil_sql() { printf '.dbconfig defensive off\nPRAGMA writable_schema = ON;\n%s\n' "$1" | sqlite3 spoilt/ca.db >/dev/null 2>&1; }
# page N: random bytes over that page of the database.
spoil_page() { head -c 4096 /dev/urandom | dd of=spoilt/ca.db bs=4096 seek="$1" conv=notrunc 2>/dev/null; }
# page_of TABLE: where its rows begin.
page_of() { echo $(($(sqlite3 h/ca.db "SELECT rootpage FROM sqlite_schema WHERE name = '$1'") - 1)); }

# how | what is asked | sentence
while IFS='|' read -r how what sentence; do
	rm -rf spoilt
	cp -R h spoilt
	rm -f spoilt/ca.db-wal spoilt/ca.db-shm
	case $how in
	page\ *) spoil_page "$(page_of "${how#page }")" ;;
	sql\ *) spoil_sql "${how#sql }" ;;
	begin) spoil_page 0 ;;
	cut) dd if=/dev/null of=spoilt/ca.db bs=1 seek=$((size / 3)) 2>/dev/null ;;
	empty) : >spoilt/ca.db ;;
	gone) rm spoilt/ca.db ;;
	esac
	expect_status 6 "$sentence" remint $what --home spoilt
	[ "$(wc -l <"$TMP/err")" -eq 1 ] && ok "$sentence: in one line" || not_ok "$sentence: in one line" "$TMP/err"
	expect_err '^remint: .*: take the newest backup: remint db restore BACKUP --force$' "$sentence: with the remedy"
	expect_no_line "$TMP/err" 'malformed|\*\*\*|btree|sqlite|no such|rootpage' "$sentence: in our words"
done <<'TABLE'
page events|db check|a page of the event log, for the check
page events|status|for the status
page events|issue --dns new.example --out new|for whoever would issue
page certificates|list|a page of the certificates, for a list
page certificates|db export|for an export
page certificate_names_folded|db check|an index, for the check
sql DELETE FROM sqlite_schema WHERE name = 'crls';|status|a table that is gone, for the status
sql DELETE FROM sqlite_schema WHERE name = 'crls';|db export|for an export
sql UPDATE sqlite_schema SET sql = 'CREATE TABLE' WHERE name = 'terms';|list|a schema that is none
sql DROP TRIGGER authorities_update; UPDATE authorities SET certificate = x'3000';|issue --dns new.example --out new|a certificate of an authority that is none
sql DROP TRIGGER authorities_update; UPDATE authorities SET certificate = x'3000';|crl --out pub|for revocation lists
sql DROP TRIGGER authorities_update; UPDATE authorities SET certificate = x'3000';|ca export --out cas|for an export of the CAs
begin|list|a beginning that is no database's
begin|issue --dns new.example --out new|for whoever would issue
cut|db check|a file that ends too early
cut|status|for the status
empty|list|an empty file beside keys
gone|status|no file beside keys
TABLE
expect_status 2 "for a monitor it is critical" remint status --nagios --home spoilt
expect_out '^REMINT CRITICAL - .*remint db restore BACKUP --force' "with the remedy"

expect_status 0 "the remedy works" remint db restore kept --force --home spoilt
expect_status 0 "the database is sound again" remint db check --home spoilt
expect_status 0 "it issues again" remint issue --home spoilt --dns new.example --key-type ec:p256 --out new
[ "$(ls -d spoilt* | wc -l)" -eq 2 ] && ok "and what was damaged is still there, aside" || not_ok "and what was damaged is still there, aside"
tap_done
