# SPDX-License-Identifier: Apache-2.0
# The rooms know only the rooms below them: by #include in the source and by symbol in the objects.
# The table is the house as docs/ARCHITECTURE.md tells it; change both together.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/source.sh"

# room: the rooms it may use. cli and serve speak only remint.h.
cat >"$TMP/rooms" <<'TABLE'
base
x509    base
read    base x509
policy  base x509
audit   base x509 read policy
issue   base x509 read policy
db      base x509 read
write   base x509 read policy
probe   base x509 read policy
verb    base x509 read policy audit issue db write probe
cli
serve
TABLE

# header: the rooms that may include it.
cat >"$TMP/headers" <<'TABLE'
libconfig.h   policy
sqlite3.h     db
jansson.h     verb
remint.h      verb cli serve
cmocka.h
sys/socket.h  probe serve
netdb.h       probe serve
netinet/in.h  probe serve
poll.h        base db probe serve
openssl/ssl.h probe serve
TABLE

# bad_includes ROOT: says what is wrong with the #include lines under ROOT/src.
bad_includes() {
	(cd "$1" && grep -EHn '^[ 	]*#[ 	]*include' src/*/*.[ch]) | awk '
	FILENAME == ARGV[1] { rooms[$1] = 1; for (i = 2; i <= NF; i++) may[$1, $i] = 1; next }
	FILENAME == ARGV[2] { owned[$1] = 1; for (i = 2; i <= NF; i++) holds[$1, $i] = 1; next }
	{
		split($0, at, ":")
		split(at[1], path, "/")
		room = path[2]
		name = $0
		sub(/^[^"<]*["<]/, "", name)
		sub(/[">].*/, "", name)
		quoted = $0 ~ /include[ \t]*"/
		if (!(room in rooms))
			print at[1] ": the room " room " is not in the table"
		if (name in owned) {
			if (!((name, room) in holds))
				print at[1] ":" at[2] ": " room " may not include " name
		} else if (quoted && name != "config.h") {
			parts = split(name, part, "/")
			if (parts != 2)
				print at[1] ":" at[2] ": write \"room/file.h\", not " name
			else if (part[1] != room && !((room, part[1]) in may))
				print at[1] ":" at[2] ": " room " may not know " part[1]
			else if (part[1] != room && part[2] != part[1] ".h")
				print at[1] ":" at[2] ": the face of " part[1] " is " part[1] ".h, not " name
		}
	}' "$TMP/rooms" "$TMP/headers" -
}

# bad_symbols DIR: says which room in DIR, of the libraries librmt_ROOM.a and the program objects
# cli.o, uses a symbol that stands in a room it may not know.
bad_symbols() {
	for object in "$1"/librmt_*.a "$1"/cli*.o; do
		[ -e "$object" ] || continue
		room=${object##*/librmt_}
		room=${room%.a}
		case $room in */cli*) room=cli ;; esac
		nm -gP "$object" | awk -v room="$room" '$1 ~ /^rmt_/ { print room, $2, $1 }'
	done | sort -u >"$TMP/symbols"
	awk '
	FILENAME == ARGV[1] { for (i = 2; i <= NF; i++) may[$1, $i] = 1; next }
	$2 != "U" { home[$3] = $1; next }
	{ uses[++count] = $0 }
	END {
		for (i = 1; i <= count; i++) {
			split(uses[i], use, " ")
			room = use[1]
			name = use[3]
			if (!(name in home))
				print room " uses " name ", which no room defines"
			else if (home[name] != room && !((room, home[name]) in may))
				print room " uses " name " of " home[name]
		}
	}' "$TMP/rooms" "$TMP/symbols"
}

# function: the objects that may call it. Certificates are signed on the one road (issuance.c), or when that is taken up again; a throwaway
# CA is trusted by nobody, and a request is signed by its own key. What answers for the CA otherwise is a list or a response, or a record.
cat >"$TMP/signers" <<'TABLE'
rmt_signer_wrap  issuance.o resume.o throwaway.o request_build.o
rmt_signer_sign  ocsp.o transcript.o
rmt_signer_seal  crl.o
TABLE

# bad_signers LIBRARY...: says which other object signs something.
bad_signers() {
	nm -AgP "$@" | sed 's/^[^[]*\[\([^]]*\)\]: */\1 /' | awk '
	FILENAME == ARGV[1] { signs[$1] = 1; for (i = 2; i <= NF; i++) may[$1, $i] = 1; next }
	$3 == "U" && $2 in signs && !(($2, $1) in may) { print $1 " calls " $2 "()" }' "$TMP/signers" -
}

# bad_files ROOT: files that are too deep, and headers beside the face and local.h.
bad_files() {
	(cd "$1" && find src -mindepth 3 -type f ! -path '*/.*' | sed 's/$/: deeper than src\/room\/file/'
	for header in src/*/*.h; do
		room=${header#src/}
		room=${room%%/*}
		case ${header##*/} in
		"$room.h" | local.h) ;;
		*) case $room in cli | serve) ;; *) echo "$header: a room has $room.h and local.h" ;; esac ;;
		esac
	done)
}

bad_includes "$srcdir" >"$TMP/found"
expect_none "$TMP/found" "no room includes what it may not know"
bad_files "$srcdir" >"$TMP/found"
expect_none "$TMP/found" "a room is one folder with one face"
mkdir "$TMP/real"
cp "$builddir"/.libs/librmt_*.a "$TMP/real"
for object in "$builddir"/src/cli/*.o; do
	cp "$object" "$TMP/real/cli-${object##*/}"
done
bad_symbols "$TMP/real" >"$TMP/found"
expect_none "$TMP/found" "no object uses a symbol of a room that it may not know"

bad_signers "$TMP"/real/librmt_*.a >"$TMP/found"
expect_none "$TMP/found" "nothing is signed but where it is meant to be"
nm -AgP "$TMP"/real/librmt_verb.a | grep -q 'issuance.*rmt_signer_wrap U' && ok "the road to a certificate ends there" ||
	not_ok "the road to a certificate ends there"

# The checks must be able to fail.
mkdir -p "$TMP/bad/src/x509/deep" "$TMP/bad/src/db" "$TMP/bad/src/cli" "$TMP/bad/src/policy"
bad_source() {
	printf '%s\n' "$2" >"$TMP/bad/src/$1"
}
bad_source x509/up.c '#include "audit/audit.h"'
bad_source x509/deep/far.c ''
bad_source x509/extra.h ''
bad_source db/side.c '#include "write/write.h"'
bad_source db/inner.c '# include "read/local.h"'
bad_source policy/sql.c '#include <sqlite3.h>'
bad_source cli/through.c '#include "base/base.h"'
bad_source cli/bare.c '#include "options.h"'
bad_includes "$TMP/bad" >"$TMP/found"
expect_found "$TMP/found" "a room that includes one above is caught" 'x509 may not know audit'
expect_found "$TMP/found" "a room that includes its neighbour is caught" 'db may not know write'
expect_found "$TMP/found" "a header that is not the face is caught" 'the face of read is read.h'
expect_found "$TMP/found" "SQL outside db is caught" 'policy may not include sqlite3.h'
expect_found "$TMP/found" "a command that reaches around remint.h is caught" 'cli may not know base'
expect_found "$TMP/found" "an include without its room is caught" 'not options.h'
bad_files "$TMP/bad" >"$TMP/found"
expect_found "$TMP/found" "a file too deep is caught" 'x509/deep/far.c: deeper'
expect_found "$TMP/found" "a second face is caught" 'x509/extra.h: a room has'

mkdir "$TMP/objects"
bad_object() {
	printf '%s\n' "$3" >"$TMP/one.c"
	${CC:-cc} -c "$TMP/one.c" -o "$TMP/objects/$2" && case $1 in
	cli) ;;
	*) (cd "$TMP/objects" && ar cr "librmt_$1.a" "$2" && rm "$2") ;;
	esac
}
bad_object base b.o 'int rmt_low(void) { return 1; }'
bad_object x509 x.o 'int rmt_high(void); int rmt_mid(void) { return rmt_high(); }'
bad_object audit a.o 'int rmt_low(void); int rmt_gone(void); int rmt_high(void) { return rmt_low() + rmt_gone(); }'
bad_object write w.o 'int rmt_signer_seal(void); int rmt_write(void) { return rmt_signer_seal(); }'
bad_object cli cli.o 'int rmt_low(void); int rmt_main(void) { return rmt_low(); }'
bad_signers "$TMP"/objects/librmt_*.a >"$TMP/found"
expect_found "$TMP/found" "an object that signs on its own is caught" 'w.o calls rmt_signer_seal()'
bad_symbols "$TMP/objects" >"$TMP/found"
expect_found "$TMP/found" "a call to a room above is caught" 'x509 uses rmt_high of audit'
expect_found "$TMP/found" "a call to what no room defines is caught" 'audit uses rmt_gone'
expect_found "$TMP/found" "a command that calls an inner room is caught" 'cli uses rmt_low of base'
expect_no_line "$TMP/found" 'audit uses rmt_low' "a call to a room below is left alone"
tap_done
