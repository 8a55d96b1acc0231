# SPDX-License-Identifier: Apache-2.0
# Passphrases come from files, descriptors and the terminal; the three kinds are never mixed, and none is ever asked for
# where there is no terminal.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl

cd "$TMP" || exit 99
old_ca
old_cert old '/O=Contoso/CN=web.example.com' subjectAltName=DNS:web.example.com
quietly openssl pkcs12 -export -in old.pem -inkey old.key -out old.pfx -passout pass:secret
quietly openssl pkcs8 -topk8 -in old.key -out other.key -passout 'pass:a b'
printf 'secret\nsecond line\n' >read.pass
printf 'a b\r\n' >crlf.pass
printf 'capass' >ca.pass # no line end
printf 'outpass\n' >out.pass
: >empty.pass

expect_status 0 "the first line of a file" "$REMINT" show old.pfx --password-file read.pass
expect_out '^private-key' "opens a PFX"
expect_status 0 "CR LF ends a line too" "$REMINT" show other.key --password-file crlf.pass
expect_out 'EC P-256, encrypted' "and opens a key"
expect_status 0 "several are tried in order" "$REMINT" show old.pfx other.key --password-file crlf.pass --password-file read.pass
expect_no_line "$TMP/out" 'locked' "until each thing is open"
expect_status 7 "an empty one is one" "$REMINT" show old.pfx --password-file empty.pass
echo >blank.pass
for to in 'pfx -o empty.pfx' 'pkcs8 --content key --cipher aes-256-cbc -o empty.key'; do
	expect_status 0 "an empty one for a new file: --to $to" "$REMINT" convert old.pem --key other.key --password-file crlf.pass --to $to --out-password-file blank.pass
	expect_err 'warning: the passphrase for empty.* is empty, which protects nothing' "is told"
done

from_fd() {
	"$REMINT" show old.pfx --password-fd 3 3<read.pass
}
expect_status 0 "a descriptor" from_fd
two_from_one() {
	printf 'wrong\nsecret\n' | "$REMINT" show old.pfx --password-fd 0 --password-fd 0
}
expect_status 0 "one descriptor may hold several, a line each" two_from_one
expect_status 2 "a descriptor is a number" "$REMINT" show old.pfx --password-fd three
expect_status 7 "that is open" "$REMINT" show old.pfx --password-fd 77
expect_err 'descriptor 77' "and the failure names it"
printf 'secret\n' >shared.pass
chmod 644 shared.pass
expect_status 7 "a passphrase file that others may read is refused" "$REMINT" show old.pfx --password-file shared.pass
expect_err 'chmod 600' "and the failure says what to do"
mkfifo nobody.pass
expect_status 7 "a named pipe that nobody writes to is not waited for" "$REMINT" show old.pfx --password-file nobody.pass
expect_err 'nobody writes' "and the failure says so"

lab --ca-password-file ca.pass
if grep -rq 'BEGIN PRIVATE KEY' .local/share/remint/keys; then
	not_ok "every key of the home is encrypted"
else
	ok "every key of the home is encrypted"
fi
expect_status 7 "the CA's key is not opened by what opens inputs" "$REMINT" issue --dns a.example.com --out a --template client
expect_err 'ca-password' "and the option that would is named"
expect_status 7 "a wrong one is refused" "$REMINT" issue --dns a.example.com --out a --ca-password-file out.pass
expect_status 0 "the right one opens it" "$REMINT" issue --dns a.example.com --out a --ca-password-file ca.pass
expect_line a/key.pem 'BEGIN PRIVATE KEY' "key.pem is plain when nothing protects it"
[ "$(ls -l a/key.pem | cut -c1-10)" = -rw------- ] && ok "but only its owner reads it" || not_ok "but only its owner reads it"
expect_status 0 "it is protected when that is asked for" \
	"$REMINT" issue --dns b.example.com --out b --ca-password-file ca.pass --out-password-file out.pass
expect_line b/key.pem 'BEGIN ENCRYPTED PRIVATE KEY' "by encryption"
check "with that passphrase" openssl pkey -in b/key.pem -passin pass:outpass -noout
expect_status 0 "a PFX is protected by the same kind" \
	"$REMINT" convert old.pfx --password-file read.pass --to pfx -o new.pfx --out-password-file out.pass
check "not by the one that opened the old" openssl pkcs12 -in new.pfx -passin pass:outpass -noout
expect_status 7 "without a terminal nothing is asked" "$REMINT" convert old.pem --key old.key --to pfx -o x.pfx
expect_err 'out-password-file' "the option is named instead"

"$REMINT" init --home plain --no-password --root-key ec:p256 --issuing-key ec:p256 >/dev/null 2>"$TMP/err"
expect_err 'whoever can read the files' "init --no-password says what it means"
expect_status 2 "and contradicts a passphrase" "$REMINT" init --home x --no-password --ca-password-file ca.pass

# On a terminal, without colours.
NO_COLOR=1
export NO_COLOR
if ! command -v script >/dev/null 2>&1; then
	skip "script is not installed" "prompts on a terminal"
	tap_done
fi
# on_terminal TYPED COMMAND: what a person sees. Each line is typed when its prompt has come.
# (What a shell starts in the background would ignore an interrupt.)
on_terminal() {
	typed=$1
	shift
	rm -f seen
	mkfifo keys
	env --default-signal=INT script -qfec "$*; echo \"status \$?\"; stty -a" seen <keys >/dev/null 2>&1 &
	session=$!
	exec 9>keys
	count=0
	printf "$typed" | while IFS= read -r line; do
		count=$((count + 1))
		waited=0
		while [ "$(grep -o 'assphrase [^:]*: ' seen 2>/dev/null | wc -l)" -lt $count ] && [ $waited -lt 100 ]; do
			sleep 0.1
			waited=$((waited + 1))
		done
		printf '%s\n' "$line" >&9
	done
	wait $session
	exec 9>&-
	rm -f keys
}
on_terminal 'secret\n' "$REMINT" show old.pfx
expect_line seen 'Passphrase to open .*old\.pfx: ' "the prompt names what it opens"
expect_no_line seen 'secret' "what is typed is not shown"
expect_line seen '^private-key' "and it opens"
expect_line seen 'status 0' "with status 0"
expect_line seen '[^-]echo ' "and the terminal echoes again"
on_terminal '\003\n' trap : INT\; "$REMINT" show old.pfx
expect_line seen 'status 130' "an interrupt at the prompt ends the program"
expect_line seen '[^-]echo ' "and the terminal echoes again"
on_terminal 'no\nno\nno\n' "$REMINT" show old.pfx
expect_line seen 'status 7' "three wrong ones are enough"
expect_line seen '^That was not it\. Passphrase to open .*old\.pfx: ' "and each is said to be wrong"
on_terminal 'secret\n' "$REMINT" show old.pfx --password-file out.pass
expect_line seen 'given do not open it\. Passphrase to open ' "so is what was given in a file"
expect_line seen 'status 0' "before another is asked for"
on_terminal 'new one\nnew one\n' "$REMINT" init --home typed --root-key ec:p256 --issuing-key ec:p256
expect_line seen "^New passphrase for the CA's keys: " "a new one is asked for as such"
expect_line seen "^Once more: new passphrase for the CA's keys: " "a new one is asked for twice"
expect_line seen 'status 0' "and both must be the same"
on_terminal 'new one\nother\n' "$REMINT" init --home typo --root-key ec:p256 --issuing-key ec:p256
expect_line seen 'status 7' "or it is refused"
on_terminal 'out\nout\n' "$REMINT" convert old.pem --key old.key --to pfx -o typed.pfx
expect_line seen '^Passphrase to protect ' "what protects the output is asked for as such"
check "and protects it" openssl pkcs12 -in typed.pfx -passin pass:out -noout
on_terminal '' "$REMINT" convert old.pem --key old.key --to pkcs8
expect_line seen 'private key does not belong on a terminal' "a private key does not go to the terminal"
expect_line seen 'status 2' "which is a mistake of the call"
for form in pem pkcs8-der sec1 sec1-der traditional 'pkcs8 --charset utf-16le' 'pkcs8 --cipher aes-256-cbc --out-password-file out.pass'; do
	on_terminal '' "$REMINT" convert old.pem --key old.key --to $form
	expect_line seen 'private key does not belong on a terminal' "nor does it as $form"
	expect_no_line seen 'BEGIN|^MI' "of which nothing is seen"
done
on_terminal '' "$REMINT" convert old.pem --to der
expect_line seen 'binary output does not belong' "nor do bytes that are no text"
on_terminal 'one\ntwo\nout\nout\n' "$REMINT" convert old.pem --key old.key --to pfx -o typed2.pfx
expect_line seen '^The two differ\. Passphrase to protect ' "two that differ are asked for again"

# Whoever answers the very moment the prompt is there, or before, is neither shown nor kept waiting.
if ! command -v python3 >/dev/null 2>&1; then
	skip "python3 is not installed" "a quick answer"
	tap_done
fi
cat >quick.py <<'PYTHON'
import os, pty, select, sys, termios

# Answers at the prompt; what the terminal says of its echo at that moment goes to standard output.
def session(ahead, command):
    child, master = pty.fork()
    if child == 0:
        if ahead:
            os.read(typed, 1) # until the answer has been typed
        os.execv(command[0], command)
    seen = b""
    if ahead:
        os.write(master, b"secret\n")
        while b"secret" not in seen:
            seen += os.read(master, 1000)
        os.write(tell, b"x")
    answered = ahead
    while select.select([master], [], [], 10)[0]:
        try:
            part = os.read(master, 1000)
        except OSError:
            break
        if not part:
            break
        seen += part
        if not answered and b"assphrase" in seen:
            if termios.tcgetattr(master)[3] & termios.ECHO:
                print("the prompt was there before the echo was off")
            os.write(master, b"secret\n")
            answered = True
    else:
        os.kill(child, 9)
        print("the program waits for an answer that was given")
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        print("the program failed")
    if not ahead and b"secret" in seen:
        print("the answer was shown")

typed, tell = os.pipe()
for _ in range(10):
    session(False, sys.argv[1:])
session(True, sys.argv[1:])
PYTHON
python3 quick.py "$REMINT" show old.pfx >quick.log 2>&1 || echo "quick.py failed" >>quick.log
expect_no_line quick.log . "an answer as quick as may be is heard and not shown"
tap_done
