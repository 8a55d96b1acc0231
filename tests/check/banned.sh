# SPDX-License-Identifier: Apache-2.0
# Functions that are not called: unsafe ones nowhere, and the world (terminal, environment, clock,
# randomness, files, exit) only in the rooms that own it. Prototypes and strings do not count.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/source.sh"

# reason | functions | rooms that may call them
cat >"$TMP/banned" <<'TABLE'
it writes beyond its bounds|strcpy strcat stpcpy sprintf vsprintf gets alloca strncpy strncat|
it hides an error|atoi atol atoll atof sscanf scanf fscanf|
it keeps a hidden state|strtok asctime ctime gmtime localtime strerror rand srand random tmpnam mktemp getpwnam getpwuid|
it starts a shell|system popen|
it ignores the caller's threads|fork vfork|
only the command talks to the terminal|printf vprintf puts putchar perror|cli serve
only base asks what an input is, and the command what its output is|isatty|base cli serve
only base writes to a stream|fprintf vfprintf fputs fwrite putc fputc|base cli serve
only base reads the environment|getenv secure_getenv setenv putenv|base cli serve
only base reads the clock|time clock gettimeofday clock_gettime|base cli serve
only base draws random numbers|RAND_bytes RAND_priv_bytes getrandom getentropy|base
only the command ends the process|exit _exit _Exit quick_exit|cli serve
this room does not open files|open openat fopen fdopen creat opendir stat lstat unlink rename mkdir|base policy db write verb cli serve
only probe and serve open sockets|socket connect accept bind listen getaddrinfo|probe serve
TABLE

# bad_calls ROOT: says which call under ROOT/src stands in a room that may not make it. abort() is
# nobody's, and a name after "." or "->" is a member.
bad_calls() {
	(cd "$1" && bare_code src/*/*.[ch]) | awk -v table="$TMP/banned" '
	BEGIN {
		while ((getline line < table) > 0) {
			split(line, field, "|")
			count = split(field[2], name, " ")
			for (i = 1; i <= count; i++) {
				reason[name[i]] = field[1]
				split(field[3], room, " ")
				for (j in room)
					may[name[i], room[j]] = 1
			}
		}
	}
	{
		split($0, at, ":")
		split(at[1], path, "/")
		rest = substr($0, length(at[1]) + length(at[2]) + 3)
		while (match(rest, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
			before = substr(rest, 1, RSTART - 1)
			called = substr(rest, RSTART, RLENGTH)
			rest = substr(rest, RSTART + RLENGTH)
			sub(/[ \t]*\($/, "", called)
			if (called in reason && before !~ /(\.|->|[A-Za-z0-9_])$/ && !((called, path[2]) in may))
				print at[1] ":" at[2] ": " called "(): " reason[called]
		}
	}'
}

bad_calls "$srcdir" >"$TMP/found"
expect_none "$TMP/found" "no room calls what it may not"

mkdir -p "$TMP/bad/src/x509" "$TMP/bad/src/base" "$TMP/bad/src/cli"
cat >"$TMP/bad/src/x509/one.c" <<'SAMPLE'
	strcpy(to, from);
	p = getenv ("HOME");
	now = time(NULL); puts("x");
	/* system("in a comment"); */ s = "atoi(1)"; rule->time(3); retime(4); // gets(5)
	/* a comment that
	 * calls exit(1) */ c = '"'; popen(a);
SAMPLE
echo 'x = getenv("HOME"); printf("x");' >"$TMP/bad/src/base/two.c"
echo 'printf("x"); exit(1); y = RAND_bytes(b, 1);' >"$TMP/bad/src/cli/three.c"
bad_calls "$TMP/bad" | sed 's/(.*//; s/^src.//' >"$TMP/found"
cat >"$TMP/wanted" <<'LIST'
base/two.c:1: printf
cli/three.c:1: RAND_bytes
x509/one.c:1: strcpy
x509/one.c:2: getenv
x509/one.c:3: time
x509/one.c:3: puts
x509/one.c:6: popen
LIST
expect_same "$TMP/wanted" "$TMP/found" "of a bad sample exactly the bad calls are caught"
tap_done
